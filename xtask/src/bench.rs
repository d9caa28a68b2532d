//! Speed: runs the project's benches one after the other.

use crate::Failed;
use crate::shell;

/// The bench that needs the plug-in.
const WINDOW: &str = "window";

/// `cargo bench`: everything without the plug-in, then its window; or only the bench that is named, or a part of it.
pub fn run(names: &[String]) -> Result<(), Failed> {
    let one = |name: &str, part: &[String]| {
        let mut cargo = shell::cargo();
        cargo.args(["bench", "--package", "seiche", "--bench", name]);
        if name != WINDOW {
            cargo.arg("--no-default-features");
        }
        shell::run(cargo.arg("--").args(part))
    };
    match names {
        [] => one("*", &[]).and_then(|()| one(WINDOW, &[])),
        [name, part @ ..] => one(name, part),
    }
}

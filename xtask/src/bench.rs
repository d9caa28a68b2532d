//! Speed: runs the project's benches one after the other.

use crate::Failed;
use crate::shell;

/// `cargo bench`: everything without the plug-in, then its window.
pub fn run() -> Result<(), Failed> {
    shell::run(shell::cargo().args([
        "bench",
        "--no-default-features",
        "--package",
        "seiche",
        "--bench",
        "*",
    ]))?;
    shell::run(shell::cargo().args(["bench", "--package", "seiche", "--bench", "window"]))
}

//! Speed: runs the project's benches one after the other.

use crate::Failed;
use crate::shell;

/// `cargo bench`, without the plug-in and its window.
pub fn run() -> Result<(), Failed> {
    shell::run(shell::cargo().args(["bench", "--no-default-features", "--package", "seiche", "--bench", "*"]))
}

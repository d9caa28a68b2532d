//! Folders of the project and starting other programs.

use crate::{Failed, failed};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The project's folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// A path inside the project's target folder.
pub fn target(inside: &str) -> PathBuf {
    root().join("target").join(inside)
}

/// The cargo that runs us.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Whether a program of this name is on the path.
pub fn has_program(name: &str) -> bool {
    let Some(path) = std::env::var_os("PATH") else { return false };
    std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
}

/// Runs a command with its output shown.
pub fn run(command: &mut Command) -> Result<(), Failed> {
    let status = command.status().map_err(|e| Failed(format!("cannot start {}: {e}", name(command))))?;
    if status.success() { Ok(()) } else { failed!("{} ended with {status}", name(command)) }
}

/// Runs a command and returns what it printed, both streams, whether it succeeded or not.
pub fn output(command: &mut Command) -> Result<Output, Failed> {
    command.output().map_err(|e| Failed(format!("cannot start {}: {e}", name(command))))
}

/// What a command printed to standard output; an error with both streams if it did not succeed.
pub fn text(command: &mut Command) -> Result<String, Failed> {
    let output = output(command)?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    failed!(
        "{} ended with {}\n{text}{}",
        name(command),
        output.status,
        String::from_utf8_lossy(&output.stderr)
    )
}

fn name(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|w| w.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

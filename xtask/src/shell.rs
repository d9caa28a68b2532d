//! Folders of the project and starting other programs.

use crate::{Failed, failed};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

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
    // What is built once need not be prepared for the next time.
    if std::env::var_os("CI").is_some() {
        command.env("CARGO_INCREMENTAL", "0");
    }
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

/// As [`text`], but a program that takes longer than `limit` is ended, with an error that says so.
pub fn text_within(command: &mut Command, limit: Duration) -> Result<String, Failed> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    // Both pipes are emptied while the program runs, or it would wait for us once they are full.
    let (out, err) = (drain(child.stdout.take()), drain(child.stderr.take()));
    let end = Instant::now() + limit;
    let status = loop {
        match child.try_wait()? {
            Some(status) => break Some(status),
            None if Instant::now() > end => {
                child.kill()?;
                child.wait()?;
                break None;
            }
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    let (out, err) = (out.join().unwrap_or_default(), err.join().unwrap_or_default());
    match status {
        Some(status) if status.success() => Ok(out),
        Some(status) => failed!("{} ended with {status}\n{out}{err}", name(command)),
        None => failed!("{} was not done after {} s\n{out}{err}", name(command), limit.as_secs()),
    }
}

fn drain(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // What could be read before an error is what there is to show.
        let _ = pipe.map(|mut p| p.read_to_end(&mut bytes));
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

fn name(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|w| w.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Time that the processor has spent on this thread: unlike a clock on the wall it does not count what else the machine does.
/// Where the system does not say, the time since the first question.
pub fn thread_time() -> Duration {
    #[cfg(unix)]
    {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: the call writes the structure it is given.
        if unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) } == 0 {
            return Duration::new(time.tv_sec as u64, time.tv_nsec as u32);
        }
    }
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

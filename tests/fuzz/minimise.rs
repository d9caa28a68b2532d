//! Makes an input small that breaks something: parts are left out as long as it breaks in the same way, each try in a process of
//! its own.

use std::io::Write;
use std::process::{ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

/// How long to search.
const PATIENCE: Duration = Duration::from_secs(60);

/// What went wrong, in one line: where a panic was, which bound was passed, or how the process ended.
pub fn fault(status: ExitStatus, errors: &str) -> String {
    let panic = errors.lines().find(|line| line.contains("panicked at"));
    let bound = errors.lines().find(|line| line.starts_with("fuzz:"));
    match panic.and_then(|line| line.split_once("panicked at")) {
        Some((_, place)) => format!("panic at {}", place.trim().trim_end_matches(':')),
        None => bound.map_or_else(|| format!("ended by {status}"), str::to_owned),
    }
}

/// The smallest input found that still has this fault.
pub fn minimise(mut input: Vec<u8>, wanted: &str) -> Vec<u8> {
    let end = Instant::now() + PATIENCE;
    let breaks = |bytes: &[u8]| try_one(bytes).is_some_and(|found| found == wanted);
    // Lines first, then words, then single bytes.
    for by in [split_lines as fn(&[u8]) -> Vec<Vec<u8>>, split_words, split_bytes] {
        let mut parts = by(&input);
        let mut width = parts.len().div_ceil(2);
        while width > 0 && Instant::now() < end {
            let mut at = 0;
            let before = parts.len();
            while at < parts.len() && Instant::now() < end {
                let mut less = parts.clone();
                less.drain(at..(at + width).min(parts.len()));
                if breaks(&less.concat()) { parts = less } else { at += width }
            }
            width = if width > 1 { width / 2 } else { usize::from(parts.len() < before) };
        }
        input = parts.concat();
    }
    input
}

/// The fault of one input, if it has one.
fn try_one(bytes: &[u8]) -> Option<String> {
    let output = run_one(bytes, &[])?;
    (!output.status.success()).then(|| fault(output.status, &String::from_utf8_lossy(&output.stderr)))
}

/// What one input prints as errors.
pub fn errors_of(bytes: &[u8], options: &[&str]) -> String {
    run_one(bytes, options).map_or(String::new(), |o| String::from_utf8_lossy(&o.stderr).into_owned())
}

fn run_one(bytes: &[u8], options: &[&str]) -> Option<Output> {
    let mut command = crate::again();
    command.arg("--one").args(options).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().ok()?;
    child.stdin.take()?.write_all(bytes).ok()?;
    child.wait_with_output().ok()
}

fn split_lines(bytes: &[u8]) -> Vec<Vec<u8>> {
    bytes.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect()
}

fn split_words(bytes: &[u8]) -> Vec<Vec<u8>> {
    let word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_' || *b >= 0x80;
    bytes.chunk_by(|a, b| word(a) && word(b)).map(<[u8]>::to_vec).collect()
}

fn split_bytes(bytes: &[u8]) -> Vec<Vec<u8>> {
    bytes.iter().map(|b| vec![*b]).collect()
}

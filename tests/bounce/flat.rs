//! What a bounce leaves behind: nothing. In a process of its own, since memory is counted for all threads together.

use std::process::Command;
use std::sync::atomic::Ordering;

use seiche::bounce::Source;

use super::files::Folder;
use super::support::ALLOCATED;
use super::{JOINED, Wish};

/// Set in the process that counts.
const ALONE: &str = "SEICHE_TEST_ALONE";

/// Runs a test again, in a process that does nothing else.
pub fn alone(name: &str, test: impl FnOnce()) {
    if std::env::var_os(ALONE).is_some() {
        return test();
    }
    let program = std::env::current_exe().expect("a program");
    let run = Command::new(program)
        .args(["--exact", name, "--include-ignored", "--nocapture"])
        .env(ALONE, "1")
        .output()
        .expect("starts");
    let said = [run.stdout, run.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(run.status.success() && said.contains("1 passed"), "{said}");
}

/// Open files, and threads; where the system tells.
fn handles() -> [usize; 2] {
    ["fd", "task"].map(|what| std::fs::read_dir(format!("/proc/self/{what}")).map_or(0, Iterator::count))
}

/// Bounces so many times: to files, in memory, and some that fail.
fn many(times: usize) {
    let folder = Folder::new(&format!("flat-{times}"));
    let wish = |n: usize| {
        let mut wish = Wish::new(JOINED, 2_000);
        if n.is_multiple_of(2) {
            wish.export.outputs = vec![folder.output(Source::Mix, "mix.wav", seiche::bounce::Depth::Int16)];
        }
        if n % 5 == 4 {
            wish.export.outputs =
                vec![folder.output(Source::Mix, "no/such.wav", seiche::bounce::Depth::Int16)];
        }
        assert_eq!(wish.bounce().is_ok(), n % 5 != 4);
    };
    // The first ones make what stays: tables, the text's vocabulary.
    (0..10).for_each(&wish);
    let before = (ALLOCATED.load(Ordering::Relaxed), handles());
    (0..times).for_each(&wish);
    let after = (ALLOCATED.load(Ordering::Relaxed), handles());
    assert_eq!(before.1, after.1, "open files and threads");
    let grown = after.0 - before.0;
    assert!(grown.abs() <= 16 << 10, "{grown} bytes more after {times} bounces");
    eprintln!("{times} bounces: {grown} bytes, handles {:?}", after.1);
}

#[test]
fn bounces_leave_memory_and_handles_as_they_were() {
    alone("flat::bounces_leave_memory_and_handles_as_they_were", || many(50));
}

#[test]
#[ignore = "takes minutes"]
fn bounces_by_the_thousand_leave_memory_and_handles_as_they_were() {
    alone("flat::bounces_by_the_thousand_leave_memory_and_handles_as_they_were", || many(1_000));
}

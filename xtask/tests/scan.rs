//! What a host does with every plug-in of the machine: load, read, create, destroy. In a program of its own, so that nothing else runs.

mod common;

use common::*;
use std::time::{Duration, Instant};

/// Loads the library, reads the descriptors, creates and destroys an instance of each.
fn scan() {
    let bundle = open();
    let found = bundle.descriptors();
    assert_eq!(found.iter().map(|d| d.id.as_str()).collect::<Vec<_>>(), BOTH);
    for descriptor in &found {
        drop(bundle.instance(&descriptor.id).unwrap());
    }
}

#[test]
fn scan_is_quick_and_starts_no_loader() {
    let begin = Instant::now();
    scan();
    let first = begin.elapsed();
    assert!(first < Duration::from_millis(100), "the first scan took {first:?}");

    let bundle = open();
    let instances: Vec<_> = BOTH.iter().map(|id| bundle.instance(id).unwrap()).collect();
    std::thread::sleep(Duration::from_millis(50));
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else { return };
    let names = threads.flatten().filter_map(|t| std::fs::read_to_string(t.path().join("comm")).ok());
    // The test runner's own, and the one idle worker that the framework keeps for all instances of a plug-in.
    let known = |name: &String| name.starts_with("scan") || name.trim() == "bg-worker";
    let others: Vec<String> = names.filter(|n| !known(n)).collect();
    assert!(others.is_empty(), "a scan started {others:?}");
    drop(instances);
}

#[test]
fn scan_reads_no_files() {
    // The kernel counts the bytes that this process asked to read: loading the library maps it, and is over before.
    let bundle = open();
    drop(bundle.instance(SEICHE).unwrap());
    let read = || {
        let io = std::fs::read_to_string("/proc/thread-self/io").unwrap_or_default();
        io.lines().find_map(|l| l.strip_prefix("syscr: ")?.parse::<u64>().ok()).unwrap_or(0)
    };
    let before = read();
    let overhead = read() - before;
    let before = read();
    for id in BOTH {
        drop(bundle.instance(id).unwrap());
    }
    let calls = read() - before;
    assert!(
        calls <= overhead,
        "creating and destroying instances made {calls} read calls (measuring makes {overhead})"
    );
}

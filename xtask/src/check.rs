//! `cargo xtask test`: every check in turn, one line each with its time, what failed in full, and a sum at the end. A failed
//! step does not stop the others.

use crate::bundle::{self, Kind};
use crate::shell::{cargo, has_program, output, target};
use crate::{Failed, failed, licences, setup};
use std::process::Command;
use std::time::Instant;

/// What a step found.
#[derive(Default)]
struct Outcome {
    passed: usize,
    failed: usize,
    /// Shown when something failed.
    log: String,
}

struct Step {
    name: &'static str,
    /// Told whether there is time for the long form.
    run: fn(bool) -> Result<Outcome, Failed>,
}

const STEPS: &[Step] = &[
    Step { name: "setup", run: |_| one(setup::run()) },
    Step { name: "format", run: |_| command(cargo().args(["fmt", "--all", "--check"])) },
    Step {
        name: "lints",
        run: |_| {
            command(cargo().args([
                "clippy",
                "--workspace",
                "--all-targets",
                "--quiet",
                "--",
                "-D",
                "warnings",
            ]))
        },
    },
    Step { name: "licences", run: |_| one(licences::check()) },
    Step { name: "unit tests", run: unit_tests },
    Step { name: "fuzz", run: fuzz },
    Step { name: "bundle", run: |_| one(bundle::build(Kind::Release).map(|_| ())) },
    Step { name: "bundle with counters", run: |_| one(bundle::build(Kind::RtCheck).map(|_| ())) },
    Step { name: "host tests", run: host_tests },
];

/// Runs all steps. `long` gives those that search for faults at random, and those that play for long, minutes instead of seconds.
pub fn run(long: bool) -> Result<(), Failed> {
    let begin = Instant::now();
    let (mut passed, mut failed) = (0, 0);
    for step in STEPS {
        let start = Instant::now();
        let outcome =
            (step.run)(long).unwrap_or_else(|Failed(log)| Outcome { failed: 1, log, ..Outcome::default() });
        let result = if outcome.failed == 0 { "ok" } else { "FAILED" };
        let count = outcome.passed + outcome.failed;
        println!(
            "{:<22} {:>7.1} s  {count:>5} {:<6} {result}",
            step.name,
            start.elapsed().as_secs_f64(),
            "checks"
        );
        if outcome.failed > 0 {
            println!("{}", outcome.log.trim_end());
        }
        passed += outcome.passed;
        failed += outcome.failed;
    }
    println!("{passed} passed, {failed} failed in {:.0} s", begin.elapsed().as_secs_f64());
    if failed == 0 { Ok(()) } else { failed!("{failed} checks failed") }
}

/// A step that is one check.
fn one(result: Result<(), Failed>) -> Result<Outcome, Failed> {
    result.map(|()| Outcome { passed: 1, ..Outcome::default() })
}

fn command(command: &mut Command) -> Result<Outcome, Failed> {
    one(crate::shell::text(command).map(|_| ()))
}

/// What the tests are built of, the program for people without a host included: one build for all of them.
const ALL: [&str; 5] = ["--workspace", "--exclude", "xtask", "--features", "seiche/play"];

fn unit_tests(long: bool) -> Result<Outcome, Failed> {
    if has_program("cargo-nextest") {
        let ignored: &[&str] = if long { &["--run-ignored", "all"] } else { &[] };
        let run = ["nextest", "run", "--no-fail-fast"];
        let mut outcome = tests("unit", cargo().args(run).args(ALL).args(ignored))?;
        let documented = tests("doc", cargo().args(["test", "--doc"]).args(ALL))?;
        outcome.passed += documented.passed;
        outcome.failed += documented.failed;
        outcome.log.push_str(&documented.log);
        return Ok(outcome);
    }
    let ignored: &[&str] = if long { &["--", "--include-ignored"] } else { &[] };
    tests("unit", cargo().args(["test", "--no-fail-fast"]).args(ALL).args(ignored))
}

/// Invented and damaged libraries against the loader: the same ones each time, as far as the time goes.
fn fuzz(long: bool) -> Result<Outcome, Failed> {
    let seconds = if long { "180" } else { "20" };
    command(cargo().arg("test").args(ALL).args(["--test", "fuzz", "--", "--seconds", seconds]))
}

fn host_tests(long: bool) -> Result<Outcome, Failed> {
    let ignored: &[&str] = if long { &["--", "--include-ignored"] } else { &[] };
    tests("hosts", cargo().args(["test", "--package", "xtask", "--no-fail-fast"]).args(ignored))
}

/// Runs a test command, keeps its output in `target/test-logs` and counts.
fn tests(name: &str, command: &mut Command) -> Result<Outcome, Failed> {
    let output = output(command.env("CARGO_TERM_COLOR", "never").env("RUST_BACKTRACE", "0"))?;
    let log =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let folder = target("test-logs");
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join(format!("{name}.log")), &log)?;
    let (passed, mut failed) = count(&log);
    // A build that breaks, or a crash that takes the test program with it, leaves no count behind.
    if !output.status.success() && failed == 0 {
        failed = 1;
    }
    Ok(Outcome { passed, failed, log: interesting(&log) })
}

/// Passed and failed tests in the output of `cargo test` ("test result: ok. 3 passed; 0 failed; …") or of nextest
/// ("Summary [ 1.2s] 8 tests run: 7 passed, 1 failed, 0 skipped").
fn count(log: &str) -> (usize, usize) {
    let number_before = |line: &str, word: &str| {
        let words: Vec<&str> = line.split([' ', ',', ';']).filter(|w| !w.is_empty()).collect();
        let at = words.iter().position(|w| *w == word);
        at.and_then(|i| words.get(i.checked_sub(1)?)?.parse::<usize>().ok()).unwrap_or(0)
    };
    let lines =
        log.lines().filter(|l| l.starts_with("test result:") || l.trim_start().starts_with("Summary ["));
    lines.fold((0, 0), |(p, f), l| (p + number_before(l, "passed"), f + number_before(l, "failed")))
}

/// The part of a log that says what failed: compiler errors and the failed tests' own words.
fn interesting(log: &str) -> String {
    let ordinary = |line: &&str| {
        let line = line.trim_start();
        let tools = ["Compiling ", "Running ", "Finished ", "Downloaded ", "Downloading ", "Fresh ", "PASS "];
        let passed = line.starts_with("test ") && line.ends_with("... ok");
        !passed && !tools.iter().any(|t| line.starts_with(t))
    };
    let lines: Vec<&str> = log.lines().filter(ordinary).collect();
    lines[lines.len().saturating_sub(150)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_counts_both_runners() {
        let log = "test result: ok. 3 passed; 0 failed; 0 ignored\nnoise\ntest result: FAILED. 1 passed; 2 failed; 0 ignored\n\
                   \x20    Summary [   0.010s] 8 tests run: 7 passed (1 slow), 1 failed, 0 skipped\n";
        assert_eq!(count(log), (11, 3));
    }
}

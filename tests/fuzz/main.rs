//! Feeds the loader with damaged and invented libraries, and plays what compiles: nothing may panic, allocate while it plays, take
//! more than a second or 512 MB, or put out what is no finite number. Every input follows from its seed.
//!
//! `cargo test --test fuzz` runs for 20 seconds; `-- --seconds N` for as long as one likes, `-- --seed N` from there,
//! `-- --one` takes one library from standard input. `cargo xtask test` runs it as one of its steps.

mod generate;
mod guard;
mod minimise;

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use generate::Generator;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |name: &str, otherwise: u64| {
        let at = args.iter().position(|a| a == name);
        at.and_then(|i| args.get(i + 1)?.parse().ok()).unwrap_or(otherwise)
    };
    let seconds = Duration::from_secs(number("--seconds", 20));
    let seed = number("--seed", 1);
    guard::arm(args.iter().any(|a| a == "--plain"));
    if args.iter().any(|a| a == "--one") {
        return one();
    }
    if args.iter().any(|a| a == "--child") {
        return child(seed, seconds);
    }
    match parent(seed, seconds) {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(report) => {
            println!("{report}");
            ExitCode::FAILURE
        }
    }
}

/// This program, to be run once more.
fn again() -> Command {
    Command::new(std::env::current_exe().expect("a program knows where it is"))
}

/// The library on standard input. What is wrong is said by how the process ends.
fn one() -> ExitCode {
    let mut bytes = vec![];
    std::io::stdin().read_to_end(&mut bytes).expect("an input");
    let tally = guard::run(bytes);
    println!("{tally}");
    ExitCode::SUCCESS
}

/// Input after input, each announced by its seed before it is tried.
fn child(mut seed: u64, seconds: Duration) -> ExitCode {
    let generator = Generator::new(Path::new(env!("CARGO_MANIFEST_DIR")));
    let end = Instant::now() + seconds;
    let mut tally = guard::Tally::default();
    let mut out = std::io::stdout();
    while Instant::now() < end {
        // A closed pipe means that nobody listens any more.
        if writeln!(out, "{seed}").and_then(|()| out.flush()).is_err() {
            return ExitCode::FAILURE;
        }
        tally += guard::run(generator.input(seed));
        seed += 1;
    }
    println!("{tally}");
    ExitCode::SUCCESS
}

/// Watches a child. Where it ends before its time, its last input is made small and shown.
fn parent(seed: u64, seconds: Duration) -> Result<String, String> {
    let mut child = again()
        .args(["--child", "--seed", &seed.to_string(), "--seconds", &seconds.as_secs().to_string()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| e.to_string())?;
    let errors = child.stderr.take().map(|mut pipe| {
        std::thread::spawn(move || {
            let mut bytes = vec![];
            let _ = pipe.read_to_end(&mut bytes);
            String::from_utf8_lossy(&bytes).into_owned()
        })
    });
    let (mut last, mut summary) = (seed, String::new());
    for line in child.stdout.take().into_iter().flat_map(|pipe| BufReader::new(pipe).lines()) {
        let line = line.map_err(|e| e.to_string())?;
        match line.parse() {
            Ok(seed) => last = seed,
            Err(_) => summary = line,
        }
    }
    let status = child.wait().map_err(|e| e.to_string())?;
    let errors = errors.and_then(|e| e.join().ok()).unwrap_or_default();
    if status.success() {
        return Ok(format!("{} inputs from seed {seed}: {summary}", last - seed + 1));
    }
    let fault = minimise::fault(status, &errors);
    let input = Generator::new(Path::new(env!("CARGO_MANIFEST_DIR"))).input(last);
    let small = minimise::minimise(input, &fault);
    let errors = if fault.starts_with("ended") { minimise::errors_of(&small, &["--plain"]) } else { errors };
    Err(format!(
        "seed {last}: {fault}\n{}\nthe smallest input found:\n{}",
        errors.trim_end(),
        String::from_utf8_lossy(&small)
    ))
}

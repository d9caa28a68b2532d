//! `cargo xtask`: everything that is done to Seiche beside editing it. Runs on a person's or a build machine, never in a host.

use std::process::ExitCode;
use xtask::{Failed, bench, bless, bundle, check, demo, setup, trigger};

struct Command {
    name: &'static str,
    options: &'static str,
    help: &'static str,
    run: fn(&[String]) -> Result<(), Failed>,
}

const COMMANDS: &[Command] = &[
    Command {
        name: "setup",
        options: "",
        help: "Install what building and testing need (Debian, Ubuntu); elsewhere say what that is.",
        run: |_| setup::run(),
    },
    Command {
        name: "bundle",
        options: "[--rt-check]",
        help: "Build target/bundled/Seiche.clap and Seiche.vst3 in release mode. --rt-check builds the variant that counts \
               allocations on the audio thread into target/rt-check.",
        run: |options| {
            let kind = if options.iter().any(|o| o == "--rt-check") {
                bundle::Kind::RtCheck
            } else {
                bundle::Kind::Release
            };
            bundle::build(kind).map(|b| b.print())
        },
    },
    Command {
        name: "install",
        options: "",
        help: "Build the bundles and copy them to your CLAP and VST3 folders.",
        run: |_| bundle::install(),
    },
    Command {
        name: "demo",
        options: "",
        help: "Play a shipped song through the built CLAP in an embedded host; write target/demo/*.wav and print a report.",
        run: |_| demo::run(),
    },
    Command {
        name: "test",
        options: "[--long]",
        help: "Everything that is checked before a change is kept: unit tests, lints, format, licences, damaged libraries, the \
               bundles in five hosts, the window. Under 25 minutes. --long searches for faults for minutes instead of seconds.",
        run: |options| check::run(options.iter().any(|o| o == "--long")),
    },
    Command {
        name: "bless",
        options: "",
        help: "Write the reference page, its pictures and the JSON schema anew, after the table of nodes has changed.",
        run: |_| bless::run(),
    },
    Command {
        name: "bench",
        options: "[NAME [PART]]",
        help: "Measure speed: seconds of audio per second of CPU, beside hand-written kernels. NAME: only this bench (of benches/), or \
               this part of it.",
        run: bench::run,
    },
    Command {
        name: "train-trigger",
        options: "FOLDER",
        help: "Make the weights of the drum trigger anew, from the corpora that xtask/python/trigger_corpora.py has made in FOLDER.",
        run: |options| trigger::train(options),
    },
    Command {
        name: "measure-trigger",
        options: "FOLDER",
        help: "Measure the drum trigger on the corpora in FOLDER, beside a threshold, a gate and aubio.",
        run: |options| trigger::measure(options),
    },
];

fn help() -> String {
    let mut text = String::from("Usage: cargo xtask COMMAND\n\n");
    for c in COMMANDS {
        let head = format!("{} {}", c.name, c.options);
        text.push_str(&format!("  {head:<22} {}\n", c.help));
    }
    text.push_str("\nA fresh clone needs nothing before `cargo xtask demo` or `cargo xtask test`.\n");
    text
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let Some(name) = args.first().filter(|a| !matches!(a.as_str(), "help" | "--help" | "-h")) else {
        print!("{}", help());
        return ExitCode::SUCCESS;
    };
    let Some(command) = COMMANDS.iter().find(|c| c.name == name) else {
        eprint!("error: no command '{name}'\n\n{}", help());
        return ExitCode::from(2);
    };
    let known = |o: &String| {
        command.options.contains(&format!("[{o}]")) || command.options == "FOLDER" && !o.starts_with('-')
    };
    if let Some(wrong) = args[1..].iter().find(|o| !known(o)) {
        eprintln!("error: `{name}` has no option '{wrong}'; usage: cargo xtask {name} {}", command.options);
        return ExitCode::from(2);
    }
    match (command.run)(&args[1..]) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failed(why)) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

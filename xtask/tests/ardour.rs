//! Ardour without a screen: notes recorded into the VST3, saved, reopened by another program and exported.
#![cfg(target_os = "linux")]

mod common;

use common::*;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};
use vst3_host::Vst3Host;
use xtask::shell::{self, has_program, target};
use xtask::{bundle, wav};

const ARDOUR: &str = "/usr/lib/ardour7";

/// A home folder in which Ardour knows the plug-in and a preset that plays `keys`.
fn home() -> PathBuf {
    let home = target("hosts/ardour");
    let _absent_at_first = std::fs::remove_dir_all(&home);
    let plugin = home.join(".vst3/Seiche.vst3");
    std::fs::create_dir_all(home.join(".vst3")).unwrap();
    bundle::copy_all(&bundles().vst3, &plugin).unwrap();
    // Ardour takes what its scanner found only if that is newer than the plug-in.
    let long_ago = SystemTime::now() - Duration::from_secs(2 * 86_400);
    let binary = bundle::Bundles { clap: PathBuf::new(), vst3: plugin.clone() }.vst3_binary();
    std::fs::File::options().write(true).open(&binary).unwrap().set_modified(long_ago).unwrap();
    ardour(&home, &format!("{ARDOUR}/ardour-vst3-scanner"), &["-f", plugin.to_str().unwrap()]);
    let found = std::fs::read_dir(home.join(".cache/ardour7/vst")).unwrap().flatten();
    let found: Vec<PathBuf> =
        found.map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "v3i")).collect();
    assert!(!found.is_empty(), "the scanner found no plug-in");
    for file in found {
        std::fs::File::options().write(true).open(file).unwrap().set_modified(SystemTime::now()).unwrap();
    }
    let presets = home.join(".vst3/presets/Seiche/Seiche");
    std::fs::create_dir_all(&presets).unwrap();
    let mut host = Vst3Host::builder().sample_rate(48_000.0).block_size(1_024).build().unwrap();
    let mut instance = host.load_plugin(&bundles().vst3).unwrap();
    let base = open().instance(SEICHE).unwrap().save().unwrap();
    instance.load_state(&patch("keys").into_state(&base).unwrap()).unwrap();
    instance.save_vstpreset(presets.join("keys.vstpreset")).unwrap();
    home
}

fn ardour(home: &Path, program: &str, args: &[&str]) -> String {
    try_ardour(home, program, args).unwrap_or_else(|e| panic!("{program} {args:?}: {}", e.0))
}

/// Exports the session. Ardour 7's exporter now and then writes beyond the buffer of an export channel and is aborted when it frees that,
/// in sessions without any plug-in too: an abort is not held against the plug-in unless it comes every time.
fn export(home: &Path, session: &Path, file: &Path) {
    let args = ["-b", "float", "-o", file.to_str().unwrap(), session.to_str().unwrap(), "take"];
    for _ in 0..3 {
        match try_ardour(home, "ardour7-export", &args) {
            Ok(_) => return,
            Err(e) if e.0.contains("SIGABRT") => eprintln!("ardour7-export was aborted: once more"),
            Err(e) => panic!("ardour7-export: {}", e.0),
        }
    }
    panic!("ardour7-export is aborted every time");
}

fn try_ardour(home: &Path, program: &str, args: &[&str]) -> Result<String, xtask::Failed> {
    let mut command = Command::new(program);
    command
        .args(args)
        .env("HOME", home)
        .env("LD_LIBRARY_PATH", ARDOUR)
        .env_remove("DISPLAY")
        .env_remove("XDG_CONFIG_HOME");
    shell::text_within(&mut command, Duration::from_secs(60))
}

#[test]
fn ardour_records_saves_reopens_and_exports() {
    if !has_program("ardour7-lua") {
        panic!("Ardour 7 is not installed (cargo xtask setup)");
    }
    let home = home();
    let session = home.join("session");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("ardour/record.lua");
    let said = ardour(
        &home,
        "ardour7-lua",
        &[script.to_str().unwrap(), session.to_str().unwrap(), "take", "Seiche"],
    );
    let starts: Vec<usize> =
        said.lines().filter_map(|l| l.strip_prefix("on ")?.trim().parse().ok()).collect();
    assert_eq!(starts.len(), 3, "{said}");
    let file = home.join("export.wav");
    export(&home, &session, &file);
    let (rate, heard) = wav::read(&file).unwrap();
    assert_eq!(rate, 48_000.0);
    assert!(wav::finite(&heard) && wav::peak(&heard) > 0.05, "peak {}", wav::peak(&heard));
    // The exported range begins with the recording; the notes' distances and pitches are what was played.
    let mut from = 0;
    let mut first = None;
    for (start, hertz) in starts.iter().zip([220.0, 329.628, 440.0]) {
        let onset = wav::onset(&heard, from, 1e-4).unwrap_or_else(|| panic!("no note after frame {from}"));
        let shift = *first.get_or_insert(onset as i64 - *start as i64);
        let late = onset as i64 - *start as i64 - shift;
        assert!(late.abs() < 2_400, "a note recorded at {start} sounds {late} frames off");
        let pitch = wav::frequency(&heard[0][onset + 2_000..onset + 12_000], rate);
        assert!((pitch - hertz).abs() < 0.5, "{pitch} Hz where {hertz} Hz was recorded");
        from = onset + 19_000;
    }
}

//! The built VST3 in hosts made by others, beside the CLAP in ours: the same notes must sound the same.
#![cfg(target_os = "linux")]

mod common;

use common::*;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use xtask::host::*;
use xtask::shell::{self, target};
use xtask::{setup, wav};

/// Runs a script of `xtask/python` in the hosts' own Python.
fn python(script: &str, args: &[&str]) -> String {
    let python = setup::python().unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("python");
    let mut command = Command::new(python);
    command.arg(folder.join(script)).args(args).env("PYTHONDONTWRITEBYTECODE", "1").env_remove("DISPLAY");
    shell::text_within(&mut command, Duration::from_secs(120))
        .unwrap_or_else(|e| panic!("{script} {args:?}: {}", e.0))
}

fn out(name: &str) -> PathBuf {
    std::fs::create_dir_all(target("hosts")).unwrap();
    target("hosts").join(name)
}

/// The saved state of an instance that plays a sound, as a file; one per test, because tests run at once.
fn state_file(name: &str, sound: &str) -> PathBuf {
    let mut instance = offline(&open(), SEICHE, &patch(sound));
    let path = out(name);
    std::fs::write(&path, instance.save().unwrap()).unwrap();
    path
}

/// The same notes through the CLAP in our host: what the others are held against.
fn reference() -> Vec<Vec<f32>> {
    let played = render(&open(), SEICHE, &patch("keys"), &three_notes(), 57_600, Blocks::Of(512));
    wav::write(&out("clack.wav"), 48_000.0, played.main()).unwrap();
    assert_three_notes("clack-host", played.main());
    played.main().to_vec()
}

fn assert_same(who: &str, heard: &[Vec<f32>], reference: &[Vec<f32>]) {
    assert_three_notes(who, heard);
    let null = wav::null_db(heard, reference);
    assert!(null <= -120.0, "{who} and clack-host differ by {null:.1} dBFS");
}

#[test]
fn hosts_pedalboard_sounds_like_clap() {
    let state = state_file("pedalboard.state", "keys");
    let bundle = bundles().vst3;
    let reference = reference();
    for name in ["Seiche", "Seiche Multi"] {
        let (first, second) =
            (out(&format!("pedalboard {name}.wav")), out(&format!("pedalboard {name} again.wav")));
        let paths = [bundle.as_path(), state.as_path(), &first, &second].map(|p| p.to_str().unwrap());
        python("play_pedalboard.py", &[paths[0], name, paths[1], paths[2], paths[3]]);
        let (rate, heard) = wav::read(&first).unwrap();
        assert_eq!(rate, 48_000.0);
        assert_same(&format!("pedalboard, {name}"), &heard, &reference);
        let (_, again) = wav::read(&second).unwrap();
        assert!(heard == again, "{name}: a saved state sounds different in a fresh instance");
    }
}

#[test]
fn hosts_dawdreamer_sounds_like_clap() {
    let state = state_file("dawdreamer.state", "keys");
    let reference = reference();
    for (variant, channels) in [("Seiche", 2), ("Seiche Multi", 34)] {
        let bundle = only(variant, "notes");
        let file = out(&format!("dawdreamer {variant}.wav"));
        let paths = [bundle.as_path(), state.as_path(), &file].map(|p| p.to_str().unwrap());
        python("play_dawdreamer.py", &[paths[0], paths[1], paths[2], &channels.to_string()]);
        let (_, heard) = wav::read(&file).unwrap();
        assert_eq!(heard.len(), channels);
        assert_same(&format!("dawdreamer, {variant}"), &heard[..2], &reference);
        assert!(wav::finite(&heard));
    }
}

#[test]
fn hosts_pedalboard_sets_and_reads_every_parameter() {
    for name in ["Seiche", "Seiche Multi"] {
        let count = python("parameters_pedalboard.py", &[bundles().vst3.to_str().unwrap(), name]);
        assert_eq!(count.lines().last().unwrap().trim(), parameters(SEICHE).to_string(), "{name}");
    }
}

#[test]
fn hosts_dawdreamer_automates_every_parameter() {
    let state = state_file("automated.state", "tone");
    for (variant, id) in [("Seiche", SEICHE), ("Seiche Multi", MULTI)] {
        let bundle = only(variant, "automated");
        let count = python(
            "parameters_dawdreamer.py",
            &[bundle, state.clone()].each_ref().map(|p| p.to_str().unwrap()),
        );
        assert_eq!(count.lines().last().unwrap().trim(), parameters(id).to_string(), "{variant}");
    }
}

/// How many parameters a CLAP host sees.
fn parameters(id: &str) -> usize {
    open().instance(id).unwrap().parameters().unwrap().len()
}

#[test]
fn hosts_dawdreamer_adds_the_outputs_up_to_the_mix() {
    let play = |sound: &str, variant: &str, channels: usize| {
        let state = state_file(&format!("{sound} {variant}.state"), sound);
        let file = out(&format!("dawdreamer {sound}.wav"));
        let bundle = only(variant, "outputs");
        let paths = [bundle.as_path(), state.as_path(), &file].map(|p| p.to_str().unwrap());
        python("play_dawdreamer.py", &[paths[0], paths[1], paths[2], &channels.to_string()]);
        wav::read(&file).unwrap().1
    };
    let mix = play("strips", "Seiche", 2);
    let apart = play("routed", "Seiche Multi", 34);
    assert!(wav::peak(&mix) > 0.1 && wav::peak(&apart[..2]) == 0.0);
    let sum: Vec<Vec<f32>> = (0..2)
        .map(|side| {
            let outputs = || apart[2..].iter().skip(side).step_by(2);
            (0..mix[0].len()).map(|n| outputs().map(|channel| channel[n]).sum()).collect()
        })
        .collect();
    let null = wav::null_db(&sum, &mix);
    assert!(null <= -120.0, "the outputs differ from the mix by {null:.1} dBFS");
}

/// The VST3 bundle with a list of contents that names one plug-in only: DawDreamer always takes the first. One for each test.
fn only(name: &str, test: &str) -> PathBuf {
    let info = vst3_host::discovery::get_detailed_plugin_info(&bundles().vst3).unwrap();
    let class = info.classes.iter().find(|c| c.name == name && c.category == "Audio Module Class").unwrap();
    let folder = out(&format!("only {name} {test}"));
    let _absent_at_first = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let bundle = folder.join("Seiche.vst3");
    xtask::bundle::copy_all(&bundles().vst3, &bundle).unwrap();
    let list = serde_json::json!({
        "Name": "Seiche", "Version": env!("CARGO_PKG_VERSION"),
        "Factory Info": {"Vendor": "Seiche", "URL": "", "E-Mail": "",
            "Flags": {"Unicode": true, "Classes Discardable": false, "Component Non Discardable": false}},
        "Compatibility": [],
        "Classes": [{"CID": class.class_id.replace('-', ""), "Category": class.category, "Name": name, "Vendor": "Seiche",
            "Version": env!("CARGO_PKG_VERSION"), "SDKVersion": "VST 3.7.14", "Sub Categories": ["Instrument"],
            "Class Flags": 0, "Cardinality": class.cardinality, "Snapshots": []}],
    });
    std::fs::create_dir_all(bundle.join("Contents/Resources")).unwrap();
    std::fs::write(bundle.join("Contents/Resources/moduleinfo.json"), list.to_string()).unwrap();
    bundle
}

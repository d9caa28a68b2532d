//! `seiche play`: says what is wrong where there is no audio, or no library. `xtask/tests/play.rs` lets it play.
#![cfg(target_os = "linux")]

use std::process::Command;

fn seiche() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seiche"));
    // A server of nobody's.
    command
        .env("JACK_DEFAULT_SERVER", format!("seiche-{}", std::process::id()))
        .env("JACK_NO_START_SERVER", "1");
    command.env("SEICHE_PREFERENCES", "");
    command
}

fn library() -> std::path::PathBuf {
    let path = std::env::temp_dir().join(format!("seiche-play-{}.yaml", std::process::id()));
    std::fs::write(&path, "tone: {osc: {type: sin, freq: 440, amp: 0.5}}\n").unwrap();
    path
}

#[test]
fn play_without_a_device_says_so() {
    let path = library();
    for (backend, device) in
        [("jack", None), ("alsa", Some("a device that nobody has")), ("auto", Some("none"))]
    {
        let mut command = seiche();
        command.arg("play").arg(&path).args(["--no-window", "--backend", backend]);
        if let Some(device) = device {
            command.args(["--output", device]);
        }
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{backend}: {text}");
        assert!(text.contains("seiche: there is no audio to be had from"), "{backend}: {text}");
    }
}

#[test]
fn play_of_a_file_that_is_not_there_says_so() {
    let output = seiche().args(["play", "/nowhere/a.yaml"]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && text.contains("/nowhere/a.yaml: there is no such file"), "{text}");
}

//! Files come into the window of the built plug-in as people bring them: dragged from another program, and chosen in the desktop's dialog.
#![cfg(target_os = "linux")]

mod common;

use common::seat::Seat;
use common::*;
use std::os::unix::fs::PermissionsExt;

#[test]
fn files_are_dropped_and_chosen() {
    let scratch = Scratch::new("files");
    let (home, away, programs) =
        (scratch.0.join("home"), scratch.0.join("far away"), scratch.0.join("programs"));
    for folder in [&home, &away, &programs] {
        std::fs::create_dir(folder).unwrap();
    }
    let library = home.join("song.yaml");
    std::fs::write(&library, "seiche: 1\ntone: {osc: {freq: 440, amp: 0.25}}\n").unwrap();
    let chosen = away.join("other.yaml");
    std::fs::write(&chosen, "seiche: 1\nother: {osc: {freq: 440, amp: 0.75}}\n").unwrap();
    let sample = away.join("große Trommel.wav");
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 48_000,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::create(&sample, spec).unwrap();
    (0..480_000).for_each(|_| writer.write_sample(0.5f32).unwrap());
    writer.finalize().unwrap();
    // A desktop whose user chooses at once.
    let program = programs.join("zenity");
    std::fs::write(&program, format!("#!/bin/sh\necho '{}'\n", chosen.display())).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    // SAFETY: this program has one test, and no other thread yet.
    unsafe { std::env::set_var("PATH", path) };

    Seat::take("files", |seat| {
        seat.until("the window is there", |seat| seat.says("Nothing is open"));
        let mut drag = seat.screen.drag(seat.parent, &[&library]).unwrap();
        seat.until("the window welcomes it", |seat| seat.says("Drop a library to open it"));
        seat.keep("dragged");
        drag.leave().unwrap();
        seat.until("the drag has left", |seat| !seat.says("Drop a library to open it"));
        assert!(seat.says("Nothing is open"));
        assert!(seat.screen.drag(seat.parent, &[&library]).unwrap().release().unwrap(), "it was taken");
        seat.hear("the library", 0.24..=0.26);

        assert!(seat.screen.drag(seat.parent, &[&sample]).unwrap().release().unwrap());
        seat.wait_for("Play it as a new sound");
        seat.keep("dropped");
        seat.click("Play it as a new sound");
        seat.hear("the sample", 0.49..=0.51);
        seat.keep("sample");
        assert!(home.join("samples/große Trommel.wav").is_file());

        seat.click("Open a library");
        seat.hear("what was chosen in the dialog", 0.74..=0.76);
        seat.keep("chosen");
    });
}

//! What a user notices of the session: a library opens, a broken text changes nothing, a saved state brings the sound back.

mod export;
mod files;
mod freeze;
#[cfg(unix)]
mod full;
mod keyboard;
mod macros;
mod presets;
mod samples;
mod strips;
mod texts;
mod undo;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::*;
use crate::engine::Io;
use crate::library::Scratch;

const RATE: f64 = 48_000.0;
const LIMIT: Duration = Duration::from_secs(20);
/// Two sounds that differ in level.
const TWO: &str =
    "loud: {osc: {type: sin, freq: 440, amp: 0.5}}\nsoft: {osc: {type: sin, freq: 440, amp: 0.125}}\n";

/// A library file in a folder of its own, which goes with the returned value.
fn library(name: &str, text: &str) -> (Scratch, PathBuf) {
    let scratch = Scratch::new(&format!("session-{name}"));
    let path = scratch.0.join("two.yaml");
    std::fs::write(&path, text).unwrap();
    (scratch, path)
}

/// The left channel of a second, after what was loaded has faded in.
fn play(engine: &mut Geared) -> Vec<f32> {
    let mut heard = vec![];
    for _ in 0..100 {
        let (mut left, mut right) = ([0.0; 480], [0.0; 480]);
        engine.process(
            Io { sidechain: None, main: [&mut left, &mut right], aux: &mut [], stems: &mut [] },
            &[],
            None,
        );
        heard.extend(left);
    }
    heard.split_off(24_000)
}

fn peak(heard: &[f32]) -> f32 {
    heard.iter().fold(0.0, |peak, x| x.abs().max(peak))
}

fn assert_plays(engine: &mut Geared, level: f32) {
    let peak = peak(&play(engine));
    assert!((peak - level).abs() < 0.01, "peak {peak} where {level} belongs");
}

#[test]
fn session_opens_a_library_and_plays_its_first_sound() {
    let session = Session::new();
    let mut engine = session.engine(RATE);
    let (_scratch, path) = library("open", TWO);
    session.send(Message::Open(path));
    assert!(session.settle(LIMIT));
    let seen = session.snapshot();
    assert_eq!(seen.status, Status::Playing, "{:?}", seen.findings);
    assert_eq!(seen.sounds, ["loud", "soft"]);
    assert_eq!(seen.sound, "loud");
    assert_plays(&mut engine, 0.5);
    session.send(Message::Choose("soft".into()));
    assert!(session.settle(LIMIT));
    assert_plays(&mut engine, 0.125);
    assert!(session.take_changed() && !session.take_changed(), "the host is told once");
}

#[test]
fn session_broken_text_leaves_sound_and_state_alone() {
    let (_scratch, path) = library("broken", TWO);
    let session = Session::new();
    let mut engine = session.engine(RATE);
    session.send(Message::Open(path.clone()));
    assert!(session.settle(LIMIT));
    let saved = session.save();
    std::fs::write(&path, "loud: {osc: {type: sin, freq: 440, amp: 0.25}\nsoft: [").unwrap();
    session.send(Message::TakeDisk);
    assert!(session.settle(LIMIT));
    let seen = session.snapshot();
    assert_eq!(seen.status, Status::Broken);
    let place = seen.findings.first().and_then(|f| f.place.clone()).expect("an error with its place");
    assert!(place.file.ends_with("two.yaml") && place.line >= 1);
    assert_plays(&mut engine, 0.5);
    assert_eq!(session.save(), saved, "the text that sounds is saved");
    std::fs::write(&path, TWO.replace("0.5", "0.25")).unwrap();
    session.send(Message::TakeDisk);
    assert!(session.settle(LIMIT));
    assert_eq!(session.snapshot().status, Status::Playing);
    assert_plays(&mut engine, 0.25);
}

#[test]
fn session_state_brings_the_sound_back_without_the_file() {
    let (_scratch, path) = library("state", TWO);
    let first = Session::new();
    first.send(Message::Open(path.clone()));
    first.send(Message::Choose("soft".into()));
    assert!(first.settle(LIMIT));
    let saved = first.save();
    assert_eq!(saved, first.save());
    std::fs::remove_file(path).unwrap();
    let second = Session::new();
    second.restore(&saved);
    assert_eq!(second.save(), saved, "saved again before it was ever played");
    let mut engine = second.engine(RATE);
    assert!(second.settle(LIMIT));
    assert_plays(&mut engine, 0.125);
    assert_eq!(second.save(), saved);
}

#[test]
fn session_garbage_is_refused_and_the_sound_goes_on() {
    let session = Session::new();
    let mut engine = session.engine(RATE);
    let (_scratch, path) = library("garbage", TWO);
    session.send(Message::Open(path));
    assert!(session.settle(LIMIT));
    let saved = session.save();
    let mut noise = 1u32;
    let garbage: String = (0..3_000_000)
        .map(|_| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from((noise >> 24) as u8)
        })
        .collect();
    session.restore(&garbage);
    assert!(session.settle(LIMIT));
    assert!(session.snapshot().findings[0].message.contains("saved state"));
    assert_eq!(session.save(), saved);
    assert_plays(&mut engine, 0.5);
}

#[test]
fn session_missing_file_is_an_error_without_a_place() {
    let session = Session::new();
    let (_scratch, path) = library("missing", TWO);
    session.send(Message::Open(path.with_file_name("nothing.yaml")));
    assert!(session.settle(LIMIT));
    let seen = session.snapshot();
    assert_eq!(seen.status, Status::Broken);
    assert_eq!(seen.findings.len(), 1);
    assert!(session.save().contains("\"files\":[]"));
}

#[test]
fn session_host_parameter_overrides_the_chosen_sound() {
    let session = Session::new();
    let mut engine = session.engine(RATE);
    let (_scratch, path) = library("override", TWO);
    session.send(Message::Open(path));
    assert!(session.override_sound(2) && !session.override_sound(2));
    session.nudge();
    assert!(session.settle(LIMIT));
    assert_plays(&mut engine, 0.125);
    assert!(session.save().contains("\"sound\":\"\""), "the choice itself is not changed");
    session.override_sound(0);
    let end = Instant::now() + LIMIT;
    while session.snapshot().sound != "loud" && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_plays(&mut engine, 0.5);
}

#[test]
fn session_new_rate_gets_the_program_again() {
    let (_scratch, path) = library("rate", TWO);
    let session = Session::new();
    drop(session.engine(RATE));
    session.send(Message::Open(path.clone()));
    assert!(session.settle(LIMIT));
    // Also where the text on the disk is broken meanwhile.
    std::fs::write(&path, "[").unwrap();
    session.send(Message::TakeDisk);
    let mut engine = session.engine(RATE / 2.0);
    assert!(session.settle(LIMIT));
    assert_plays(&mut engine, 0.5);
}

#[test]
fn session_newest_request_wins_and_closing_does_not_wait() {
    let (_scratch, first) = library("newest-1", TWO);
    let (_other, second) = library("newest-2", "last: {osc: {type: sin, freq: 50, amp: 1}}\n");
    let session = Session::new();
    for _ in 0..50 {
        session.send(Message::Open(first.clone()));
    }
    session.send(Message::Open(second));
    assert!(session.settle(LIMIT));
    assert_eq!(session.snapshot().sounds, ["last"]);
    for _ in 0..50 {
        session.send(Message::Open(first.clone()));
    }
    let start = Instant::now();
    drop(session);
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn session_empty_document_is_silence() {
    let session = Session::new();
    let mut engine = session.engine(RATE);
    let (_scratch, path) = library("empty", TWO);
    session.send(Message::Open(path));
    assert!(session.settle(LIMIT));
    assert_plays(&mut engine, 0.5);
    session.restore_nothing();
    assert!(session.settle(LIMIT));
    assert_eq!(session.snapshot().status, Status::Empty);
    play(&mut engine);
    assert_eq!(peak(&play(&mut engine)), 0.0);
}

#[test]
fn session_waits_to_start_its_loader() {
    let session = Session::new();
    session.restore(r#"{"path":"/nowhere.yaml"}"#);
    assert!(session.loader().is_none(), "a scan starts no thread");
    assert!(session.settle(Duration::ZERO));
}

/// Renders blocks in real time until the peak of one is at `level`; false after the limit.
fn becomes(engine: &mut Geared, level: f32) -> bool {
    let end = Instant::now() + LIMIT;
    while Instant::now() < end {
        let (mut left, mut right) = ([0.0; 480], [0.0; 480]);
        engine.process(
            Io { sidechain: None, main: [&mut left, &mut right], aux: &mut [], stems: &mut [] },
            &[],
            None,
        );
        if (peak(&left) - level).abs() < 0.01 {
            return true;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    false
}

#[test]
fn session_follows_a_saved_file_and_keeps_playing_over_a_typo() {
    let session = Session::new();
    let mut engine = session.engine(RATE);
    let (scratch, path) = library("saved", TWO);
    session.send(Message::Open(path.clone()));
    assert!(session.settle(LIMIT));
    assert_plays(&mut engine, 0.5);
    std::fs::write(&path, TWO.replace("amp: 0.5", "amp: 0.25")).unwrap();
    assert!(becomes(&mut engine, 0.25), "a saved edit is heard");
    std::fs::write(&path, TWO.replace("amp: 0.5", "amp: [")).unwrap();
    let end = Instant::now() + LIMIT;
    while session.snapshot().status != Status::Broken && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(session.snapshot().status, Status::Broken, "a typo is shown");
    assert_plays(&mut engine, 0.25);
    // As many editors save: a new file under the old name.
    std::fs::write(scratch.0.join("two.tmp"), TWO.replace("amp: 0.5", "amp: 0.75")).unwrap();
    std::fs::rename(scratch.0.join("two.tmp"), &path).unwrap();
    assert!(becomes(&mut engine, 0.75), "a mended text is heard");
    std::fs::remove_dir_all(&scratch.0).unwrap();
    std::thread::sleep(Duration::from_millis(400));
    assert_plays(&mut engine, 0.75);
}

/// Every text here compiles; the broken ones are found by trying them out.
#[test]
fn session_tries_a_program_out_before_it_is_heard() {
    let mix = |bad: &str| format!("s: {{mix: {{good: {{osc: {{freq: 440, amp: 0.5}}}}, odd: {bad}}}}}\n");
    let faulty = [
        "{expression: {exp: 1 / x, x: {osc: {freq: 0}}}}",
        "{expression: {exp: log(x), x: {osc: {freq: 1, amp: 0}}}}",
        "{midi_in: {signal: {expression: {exp: velocity / x, x: {osc: {freq: 0}}}}}}",
    ];
    for odd in faulty {
        let session = Session::new();
        let mut engine = session.engine(RATE);
        let (_scratch, path) = library("trial", &mix("{osc: {amp: 0}}"));
        send(&session, Message::Open(path.clone()));
        assert_plays(&mut engine, 0.5);
        let seen = send(&session, save(&path, &mix(odd).replace("0.5", "0.25")));
        assert_eq!(seen.status, Status::Broken, "{odd}");
        let found = seen.findings.iter().find(|f| f.message.contains("`odd` in `s`")).expect(odd);
        assert!(found.message.contains("not finite") && found.place.is_some(), "{}", found.message);
        assert_plays(&mut engine, 0.5);
        // Where nothing plays yet the other tracks are better than nothing.
        let session = Session::new();
        let mut engine = session.engine(RATE);
        let seen = send(&session, Message::Open(path));
        assert_eq!(seen.status, Status::Broken, "{odd}");
        assert_plays(&mut engine, 0.25);
    }
}

/// Waits until the snapshot is as it should be.
fn shows(session: &Session, what: &str, test: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
    let end = Instant::now() + LIMIT;
    while Instant::now() < end {
        let seen = session.snapshot();
        if test(&seen) {
            return seen;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("{what}: not in {:?}", session.snapshot().texts);
}

fn send(session: &Session, message: Message) -> Arc<Snapshot> {
    session.send(message);
    assert!(session.settle(LIMIT));
    session.snapshot()
}

/// A text of one sound at this level.
fn tone(level: f32) -> String {
    format!("tone: {{osc: {{type: sin, freq: 440, amp: {level}}}}}\n")
}

fn edit(path: &std::path::Path, text: &str) -> Message {
    Message::Edit { file: path.display().to_string(), text: text.into() }
}

fn save(path: &std::path::Path, text: &str) -> Message {
    Message::Save { file: path.display().to_string(), text: text.into() }
}

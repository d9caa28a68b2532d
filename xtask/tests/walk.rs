//! A whole job in the window of the built plug-in, by nothing but a hand at mouse and keyboard: open a library, listen, edit a value, mix, let a
//! trigger learn, export.
#![cfg(target_os = "linux")]

mod common;

use common::seat::{Seat, Told};
use common::*;
use std::path::Path;
use xtask::host::hand::key;

const TEXT: &str = "seiche: 1
song:
  mixer:
    tracks:
      low: {osc: {freq: 110, amp: 0.4, duration: 0.5}}
      high: {osc: {freq: 880, amp: 0.2, duration: 0.5}}
keys:
  midi_in: {signal: {osc: {freq: freq, amp: 0.3}}}
loud:
  mixer:
    tracks:
      low: {osc: {freq: 110, amp: 0.5}}
      drum: {trigger: {threshold: -30 dB, play: {osc: {freq: 220, amp: 0.1, duration: 0.1}}}}
";

/// The highest value of a file.
fn peak(file: &Path) -> f32 {
    let mut reader = hound::WavReader::open(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let most = reader.samples::<i32>().map(|x| x.unwrap().unsigned_abs()).max().unwrap_or(0);
    most as f32 / (1 << 23) as f32
}

#[test]
fn walk_from_opening_to_stems_by_a_hand() {
    let scratch = Scratch::new("walk");
    let file = scratch.0.join("song.yaml");
    std::fs::write(&file, TEXT).unwrap();
    Seat::take("walk", |seat| {
        open_and_listen(seat, &file);
        edit(seat, &file);
        let share = mix(seat);
        learn(seat);
        export(seat, &scratch.0, share);
        assert_eq!(seat.bundle.allocations(), Some(0), "a hand at the window lets the audio thread allocate");
    });
}

/// What is opened plays, what is clicked is heard.
fn open_and_listen(seat: &mut Seat, file: &Path) {
    seat.fill("Path of a library", &file.display().to_string());
    seat.click("Open");
    seat.until("it plays", |seat| seat.says("Plays") && seat.peak(1) > 0.3);
    seat.keep("opened");
    seat.hear("the song ends", 0.0..=1e-5);
    seat.click("keys");
    seat.until("a note is heard", |seat| (0.1..0.35).contains(&seat.peak(1)));
    seat.keep("heard");
    seat.hear("the note ends", 0.0..=1e-5);
}

/// A value is changed in the text: it is heard once it is saved, and not before.
fn edit(seat: &mut Seat, file: &Path) {
    let shows = |text: String| {
        move |seat: &mut Seat| seat.find("Text of song.yaml").is_some_and(|one| one.value == text)
    };
    seat.click("loud");
    seat.hear("the steady sound", 0.45..=0.55);
    let text = seat.wait_for("Text of song.yaml");
    seat.click_at((text.at[0] as i16 + 30, text.at[1] as i16 + 8));
    seat.until("it has the keys", |seat| seat.find("Text of song.yaml").is_some_and(|one| one.focused));
    let strike = |times: usize, key: u32| (0..times).for_each(|_| seat.screen.strike(&[], key).unwrap());
    seat.screen.strike(&[key::CTRL], key::HOME).unwrap();
    seat.screen.write("# mine").unwrap();
    strike(1, key::ENTER);
    let mine = format!("# mine\n{TEXT}");
    // The arrow keys belong to the text from its second frame on.
    seat.until("a line is typed", shows(mine.clone()));
    let strike = |times: usize, key: u32| (0..times).for_each(|_| seat.screen.strike(&[], key).unwrap());
    strike(TEXT.lines().position(|line| line.ends_with("amp: 0.5}}")).unwrap(), key::DOWN);
    strike(1, key::END);
    strike(2, key::LEFT);
    strike(1, key::BACK);
    seat.screen.write("25").unwrap();
    let edited = mine.replace("amp: 0.5}", "amp: 0.25}");
    seat.until("the value is typed", shows(edited.clone()));
    seat.until("the window says so", |seat| seat.says("typed, not played yet"));
    assert!((0.45..=0.55).contains(&seat.peak(2)), "what is typed is not played yet: {}", seat.peak(2));
    seat.keep("typed");
    seat.screen.strike(&[key::CTRL], u32::from('s')).unwrap();
    seat.hear("the change", 0.2..=0.3);
    assert_eq!(std::fs::read_to_string(file).unwrap(), edited, "it is saved");
}

/// The host is told of a fader from the first to the last moment, and it is heard. The answer is what it lets through.
fn mix(seat: &mut Seat) -> f32 {
    let gain = seat.instance.parameter("Strip 1 Gain").unwrap().id;
    let before = seat.peak(2);
    seat.click("Mixer");
    let (x, y) = seat.wait_for("Level of low").middle();
    seat.screen.point(seat.parent, x, y).unwrap();
    seat.see();
    seat.press(true);
    for way in 1..=8 {
        seat.screen.point(seat.parent, x, y + 5 * way).unwrap();
        seat.see();
    }
    let mut moves = vec![];
    seat.until("the fader moves at the host", |seat| {
        moves.extend(seat.told_of(gain));
        moves.len() > 3
    });
    seat.press(false);
    seat.until("the hand is off", |seat| {
        moves.extend(seat.told_of(gain));
        moves.last() == Some(&Told::End)
    });
    assert_eq!(moves[0], Told::Begin);
    assert_eq!(moves.iter().filter(|told| matches!(told, Told::Begin | Told::End)).count(), 2, "{moves:?}");
    let Some(Told::Value(last)) = moves.get(moves.len() - 2) else { panic!("{moves:?}") };
    assert!((seat.instance.value(gain).unwrap() - last).abs() < 1e-6);
    let mixed = seat.hear("the fader", 0.01..=before * 0.8);
    seat.keep("mixed");
    mixed / before
}

/// A trigger learns a drum, as the host's switch of it says, and plays at its strokes.
fn learn(seat: &mut Seat) {
    let learn = seat.instance.parameter("Trigger 1 Learn").unwrap().id;
    let before = seat.peak(2);
    seat.click("Scope");
    seat.click("Let trigger 1 learn");
    seat.until("the host hears of it", |seat| seat.told_of(learn).contains(&Told::Value(1.0)));
    seat.coming = strokes().repeat(3);
    seat.until("strokes are heard", |seat| (4..8).any(|n| seat.says(&format!("{n} strokes heard"))));
    seat.keep("trigger");
    seat.until("it has learned", |seat| !seat.says("strokes heard"));
    seat.until("the strokes are over", |seat| seat.coming.is_empty());
    assert!(seat.heard.iter().rev().take(96_000).any(|x| x.abs() > before + 0.05), "its sound was played");
}

/// The song with its stems, with the fader where it stands.
fn export(seat: &mut Seat, folder: &Path, share: f32) {
    seat.click("song");
    seat.wait_for("Sound: song");
    seat.click("Export");
    seat.fill("File", &folder.join("night.wav").display().to_string());
    seat.click("Stems: Only the mix");
    seat.click("Tracks behind their faders");
    seat.wait_for("Stems: Tracks behind their faders");
    seat.click("Begin the export");
    seat.until("the export is done", |seat| seat.says("done in"));
    seat.keep("exported");
    let [mix, low, high] =
        ["night.wav", "night_01_low.wav", "night_02_high.wav"].map(|name| peak(&folder.join(name)));
    assert!((low - 0.4 * share).abs() < 0.01, "the fader counts: {low}, where it let {share} through");
    assert!(
        (high - 0.2).abs() < 0.01 && mix <= low + high + 0.001 && mix > high,
        "{mix} of {low} and {high}"
    );
}

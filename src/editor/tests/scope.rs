//! The scope: what it shows of the output, of strips, and of triggers.

use egui_kittest::kittest::Queryable;

use super::stage::{Play, stage};
use super::*;
use crate::editor::record::Recorded;
use crate::editor::scope::Lane;
use crate::session::{Candidate, Fate, Reason, Saved, TakePlace, Told, TriggerControl, TriggerSeen};

/// A tone, and a trigger that has heard strokes.
pub fn sounding() -> Play {
    let mut play = Play::of(super::mixer::mixed(3));
    play.panes.tab = Tab::Scope;
    let value = |n: usize| {
        let t = n as f32 / 48_000.0;
        let tone = |hertz: f32| (std::f32::consts::TAU * hertz * t).sin();
        [0.4 * tone(110.0) + 0.2 * tone(1_760.0), 0.5 * tone(220.0)]
    };
    let stroke = |at: u64, fate: Fate, velocity: f32| Candidate { at, fate, velocity };
    let strokes = vec![
        stroke(60_000, Fate::Accepted, 110.0),
        stroke(84_000, Fate::Masked, 40.0),
        stroke(100_000, Fate::Accepted, 60.0),
        stroke(130_000, Fate::Bleed(Reason::Unlike), 30.0),
        stroke(160_000, Fate::BelowThreshold, 4.0),
        stroke(180_000, Fate::Bleed(Reason::Reference), 20.0),
    ];
    let loud = |n: u64| {
        let at = n * 256;
        let since = strokes.iter().rev().find(|one| one.at <= at);
        since.map_or(0.002, |one| {
            (one.velocity / 127.0 * 0.97f32.powi(((at - one.at) / 256) as i32)).max(0.002)
        })
    };
    let columns = (0..=750).map(loud).collect();
    let seen = TriggerSeen { at: 192_000, threshold: -30.0, columns, candidates: strokes };
    let seen = Lane { seen, learning: Some(3) };
    play.panes.scope.fill((0..48_000).map(value).collect(), vec![(0, seen)]);
    play
}

#[test]
fn scope_tells_what_became_of_each_stroke_and_lets_a_trigger_learn() {
    let mut stage = stage(sounding());
    for text in ["2 stroke", "1 too soft", "1 too soon", "1 unlike", "1 elsewhere", "3 strokes heard"] {
        assert!(stage.query_by_label(text).is_some(), "{text}");
    }
    assert!(stage.query_by_label("Input of trigger 1").is_some());
    let learn = Control::Trigger(0, TriggerControl::Learn);
    stage.get_by_label("Let trigger 1 learn").click();
    stage.run();
    assert!(stage.state().host.is_on(learn));
    stage.get_by_label("Let trigger 1 learn").click();
    stage.run();
    assert!(!stage.state().host.is_on(learn));
}

#[test]
fn scope_writes_the_strokes_of_a_trigger_as_midi() {
    let name = "Strokes of trigger 1 to MIDI";
    let mut stage = stage(sounding());
    stage.get_by_label(name).click();
    stage.run();
    assert_eq!(stage.state().recorded, None, "nobody has said where to");
    let folder = std::env::temp_dir();
    stage.state_mut().preferences.takes = folder.display().to_string();
    stage.run();
    stage.get_by_label(name).click();
    stage.run();
    let sound = stage.state().snapshot.sound.clone();
    let place = TakePlace { folder: folder.clone(), name: format!("{sound} trigger 1") };
    assert_eq!(stage.state().recorded, Some(Recorded::Strokes(0, place)));
    let file = folder.join("drums trigger 1 take 1.mid");
    stage.state_mut().recording.saved = Some(Saved { files: vec![file], ..Saved::default() });
    stage.run();
    assert!(stage.query_by_label("drums trigger 1 take 1.mid").is_some());
    stage.get_by_label("Show the folder").click();
    stage.run();
    assert_eq!(stage.state().outside.as_ref(), Some(&folder));
}

#[test]
fn scope_shows_the_output_or_a_strip() {
    let mut stage = stage(sounding());
    assert!(stage.query_by_label("Wave").is_some() && stage.query_by_label("Spectrum").is_some());
    stage.get_by_label("Shows: Output").click();
    stage.run();
    stage.get_by_label("bass").click();
    stage.run();
    assert!(stage.query_by_label("Shows: bass").is_some());
    stage.state_mut().snapshot.strips.truncate(1);
    stage.run();
    assert!(stage.query_by_label("Shows: Output").is_some(), "that strip is gone");
}

/// Notes of an instrument, heard while its node of this kind is watched.
fn voices_of(
    name: &str,
    signal: &str,
    kind: &str,
    blocks: &[usize],
) -> (Play, Vec<Vec<crate::session::Voice>>) {
    let folder = std::env::temp_dir().join(format!("seiche-heads-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut wave = hound::WavWriter::create(
        folder.join("ramp.wav"),
        hound::WavSpec {
            channels: 1,
            sample_rate: 48_000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        },
    )
    .unwrap();
    (0..48_000).for_each(|n| wave.write_sample((n % 400 * 60) as i16).unwrap());
    wave.finalize().unwrap();
    let path = folder.join("song.yaml");
    std::fs::write(&path, format!("seiche: 1\nsong: {{midi_in: {{signal: {signal}}}}}\n")).unwrap();
    let session = Session::with_presets(None);
    let mut engine = session.engine(48_000.0);
    session.send(Message::Open(path));
    assert!(session.settle(Duration::from_secs(60)));
    let snapshot = session.snapshot();
    assert_eq!(snapshot.status, Status::Playing, "{:?}", snapshot.findings);
    let title = snapshot.graph.nodes.iter().find(|node| node.kind == kind).unwrap().title();
    let mut play = Play::of(Snapshot::clone(&snapshot));
    play.panes.tab = Tab::Scope;
    play.panes.scope.show(title);
    let (meters, mut told) = (session.meters().unwrap(), vec![]);
    play.panes.scope.follow(&meters, session.drums(), &snapshot.graph);
    let key = |key| crate::engine::Event {
        at: 0,
        what: crate::engine::What::NoteOn { channel: 0, key, note: -1, velocity: 1.0 },
    };
    for (number, blocks) in blocks.iter().enumerate() {
        for block in 0..*blocks {
            let (mut left, mut right) = ([0.0; 480], [0.0; 480]);
            let io = crate::engine::Io {
                sidechain: None,
                main: [&mut left, &mut right],
                aux: &mut [],
                stems: &mut [],
            };
            let note = [key(60 + 7 * number as u8)];
            engine.process(io, if block == 0 { &note } else { &[] }, None);
            play.panes.scope.follow(&meters, session.drums(), &snapshot.graph);
        }
        told.push(play.panes.scope.voices().to_vec());
    }
    let _ = std::fs::remove_dir_all(folder);
    play.behind = Some((session, engine));
    (play, told)
}

/// Three notes of a sample, as they stand after a while.
pub fn playing_a_file() -> Play {
    voices_of("picture", "{sample: {file: ramp.wav}}", "sample", &[25, 25, 40]).0
}

/// Two notes with an envelope.
pub fn in_an_envelope() -> Play {
    voices_of("stages", ENVELOPE, "envelope", &[30, 75]).0
}

const ENVELOPE: &str = "{envelope: {attack: 0.5, decay: 0.5, sustain: 0.25, release: 1, gate: gate, signal: {osc: {freq: freq}}}}";

#[test]
fn scope_shows_where_the_voices_are_in_their_file() {
    let sample = "{sample: {file: ramp.wav}}";
    let (play, told) = voices_of("sample", sample, "sample", &[25, 25, 80]);
    let at = |voice: &crate::session::Voice| match voice.told {
        Told::Head { file: 0, at } => at,
        other => panic!("{other:?}"),
    };
    let places: Vec<Vec<f32>> = told.iter().map(|voices| voices.iter().map(at).collect()).collect();
    assert!(places[0].len() == 1 && (places[0][0] - 0.25).abs() < 0.01, "{places:?}");
    let [newest, first] = places[1][..] else { panic!("{places:?}") };
    assert!((newest - 0.25).abs() < 0.01 && (first - 0.5).abs() < 0.01, "the newest first: {places:?}");
    assert_eq!(places[2].len(), 1, "the others have come to the end: {places:?}");
    let stage = stage(play);
    assert!(stage.query_by_label_contains("File: voices at 80 %").is_some());
}

#[test]
fn scope_shows_where_the_newest_voice_is_in_its_envelope() {
    let (play, told) = voices_of("envelope", ENVELOPE, "envelope", &[30, 75]);
    let Told::Stage { stage: 0, part, level } = told[0][0].told else { panic!("{told:?}") };
    assert!((part - 0.6).abs() < 0.01 && level > 0.3 && level < 1.0, "{told:?}");
    let [newest, first] = &told[1][..] else { panic!("{told:?}") };
    assert!(
        matches!(newest.told, Told::Stage { stage: 1, part, .. } if (part - 0.5).abs() < 0.01),
        "{told:?}"
    );
    assert!(
        matches!(first.told, Told::Stage { stage: 2, level, .. } if (level - 0.25).abs() < 0.01),
        "{told:?}"
    );
    let stage = stage(play);
    assert!(stage.query_by_label_contains("Envelope: Decay, level 0.").is_some());
}

#[test]
fn scope_follows_what_the_engine_plays() {
    let session = Session::with_presets(None);
    let mut engine = session.engine(48_000.0);
    session.send(Message::Preset(crate::session::Pick::At(crate::session::PresetPlace::Factory("Song"))));
    assert!(session.settle(Duration::from_secs(60)));
    let meters = session.meters().unwrap();
    let mut scope = crate::editor::scope::Scope::default();
    let snapshot = session.snapshot();
    scope.follow(&meters, session.drums(), &snapshot.graph);
    let mut heard = vec![];
    for _ in 0..40 {
        let (mut left, mut right) = ([0.0; 480], [0.0; 480]);
        let io = crate::engine::Io {
            sidechain: None,
            main: [&mut left, &mut right],
            aux: &mut [],
            stems: &mut [],
        };
        engine.process(io, &[], None);
        heard.extend(left.iter().zip(&right).map(|(left, right)| [*left, *right]));
        scope.follow(&meters, session.drums(), &snapshot.graph);
    }
    assert!(heard.iter().any(|frame| frame[0] != 0.0));
    assert_eq!(scope.heard(), heard, "every frame, once");
}

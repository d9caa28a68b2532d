//! Freezing from the plug-in: in the background, as an edit that can be undone, and back to the byte.

use super::*;
use crate::session::{Freezing, Standing};

const TEXT: &str = "seiche: 1\nsong:\n  mix:\n    low: {osc: {type: saw, freq: 110, amp: 0.25, duration: 0.25}}\n    \
                    high: {osc: {freq: 880, amp: 0.25, duration: 0.25}}\n";

fn freezing(track: &str) -> Freezing {
    Freezing { track: track.into(), post_fader: false, bpm: None, seconds: Some(0.25), rate: RATE as u32 }
}

/// Waits until the text that sounds has something, or has it no more.
fn until(session: &Session, frozen: bool) -> String {
    let begin = Instant::now();
    loop {
        let saved = session.save();
        if saved.contains("frozen/song_low.wav") == frozen {
            return saved;
        }
        assert!(begin.elapsed() < LIMIT, "{:?}", session.snapshot().findings);
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn session_freezes_a_track_and_sets_it_free_without_a_trace() {
    let (scratch, path) = library("freeze", TEXT);
    let session = Session::new();
    let mut engine = session.engine(RATE);
    session.send(Message::Open(path.clone()));
    assert!(session.settle(LIMIT));
    let before = session.save();
    assert!(session.freeze(freezing("low"), vec![]));
    session.exports().finish();
    let Standing::Done(report) = session.exports().entries().pop().unwrap().standing else {
        panic!("not done")
    };
    assert!(report.warnings.iter().any(|w| w.contains("% saved")), "{:?}", report.warnings);
    let frozen = until(&session, true);
    assert!(
        session.settle(LIMIT) && frozen.contains("samples"),
        "the recording is one of the project's samples"
    );
    assert!(scratch.0.join("frozen/song_low.wav").is_file());
    assert_eq!(session.snapshot().status, Status::Playing, "{:?}", session.snapshot().findings);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), TEXT, "the file is the user's to save");
    engine.process(Io { sidechain: None, main: [&mut [], &mut []], aux: &mut [], stems: &mut [] }, &[], None);
    assert!(session.unfreeze("low") && session.settle(LIMIT));
    assert_eq!(until(&session, false), before, "the state is the same to the byte");
    assert!(!session.unfreeze("low"));
    assert!(session.freeze(freezing("nobody"), vec![]));
    session.exports().finish();
    let Standing::Failed(why) = session.exports().entries().pop().unwrap().standing else {
        panic!("it was frozen")
    };
    assert!(why.to_string().contains("its tracks are: low, high"), "{why}");
}

#[test]
fn session_exports_a_song_to_its_end() {
    let scratch = Scratch::new("export-song");
    let (text, out) = (scratch.0.join("a.yaml"), scratch.0.join("out.wav"));
    std::fs::write(&text, "seiche: 1\nsong: {song: {length: 1 bar, signal: {pattern: {instrument: {osc: {freq: freq}}, notes: C4}}}}\n")
        .unwrap();
    let session = Session::with_presets(None);
    let _engine = session.engine(RATE);
    session.send(Message::Open(text));
    assert!(session.settle(LIMIT));
    let export =
        Export { path: out.display().to_string(), ending: crate::session::Ending::Cut, ..Export::default() };
    assert!(session.export(export, vec![]));
    session.exports().finish();
    assert_eq!(hound::WavReader::open(&out).unwrap().duration(), 96_000, "a bar at 120 beats a minute");
}

//! Macros: defaults until they are moved, positions that survive a save and a project.

use super::*;
use crate::engine::{Control, Event, What};

const LEVEL: &str = "seiche: 1\nmacros: {level: {range: [0, 1], default: 0.25}}\n\
                     tone: {osc: {type: sin, freq: 440, amp: level}}\n";

/// What the plug-in does on the host's main thread, and then in its audio thread.
fn follow(session: &Session, engine: &mut Geared) -> News {
    let news = session.macros().take_news();
    for (slot, share) in &news.turns {
        if session.macros().claim(*slot) {
            turn(engine, *slot, *share);
        }
    }
    news
}

fn turn(engine: &mut Geared, slot: u8, value: f32) {
    let event = Event { at: 0, what: What::Control { control: Control::Macro(slot), value } };
    let (mut left, mut right) = ([0.0; 64], [0.0; 64]);
    let io = Io { sidechain: None, main: [&mut left, &mut right], aux: &mut [], stems: &mut [] };
    engine.process(io, &[event], None);
}

#[test]
fn macros_stand_at_their_defaults_and_keep_their_positions_when_saved() {
    let (_scratch, path) = library("macros", LEVEL);
    let session = Session::new();
    let mut engine = session.engine(RATE);
    session.send(Message::Open(path.clone()));
    assert!(session.settle(LIMIT));
    assert_eq!(session.snapshot().macros[0].title, "Level");
    assert_plays(&mut engine, 0.25);
    assert!(!session.save().contains("macros\":"), "the host does not know yet");
    assert_eq!(follow(&session, &mut engine), News { described: true, turns: vec![(0, 0.25)] });
    assert!(session.save().contains(r#""macros":{"1":"level"}"#));
    turn(&mut engine, 0, 0.5);
    assert_plays(&mut engine, 0.5);
    // Another default and range: the position stays. Another name: its default.
    let edits = [
        (LEVEL.replace("default: 0.25", "default: 0.1"), 0.5, vec![]),
        (LEVEL.replace("[0, 1], default: 0.25", "[0, 0.5]"), 0.25, vec![]),
        (LEVEL.replace("level", "loud"), 0.25, vec![(0, 0.25)]),
    ];
    for (text, heard, turns) in edits {
        std::fs::write(&path, text).unwrap();
        session.send(Message::TakeDisk);
        assert!(session.settle(LIMIT));
        assert_plays(&mut engine, heard);
        assert_eq!(follow(&session, &mut engine).turns, turns);
        assert_plays(&mut engine, heard);
    }
    // An edit that leaves the macros as they are is no news.
    std::fs::write(&path, LEVEL.replace("level", "loud").replace("440", "330")).unwrap();
    session.send(Message::TakeDisk);
    assert!(session.settle(LIMIT));
    assert_eq!(follow(&session, &mut engine), News::default());
}

#[test]
fn macros_of_a_project_stay_where_the_host_saved_them() {
    let (_scratch, path) = library("macros-project", LEVEL);
    let first = Session::new();
    let mut engine = first.engine(RATE);
    first.send(Message::Open(path));
    assert!(first.settle(LIMIT));
    follow(&first, &mut engine);
    let saved = first.save();
    let second = Session::new();
    second.restore(&saved);
    let mut engine = second.engine(RATE);
    assert!(second.settle(LIMIT));
    assert!(second.macros().holds(0));
    turn(&mut engine, 0, 0.5);
    assert_eq!(follow(&second, &mut engine), News { described: true, turns: vec![] }, "only its name");
    assert_plays(&mut engine, 0.5);
    assert_eq!(second.save(), saved);
    second.restore_nothing();
    assert!(second.settle(LIMIT) && !second.macros().holds(0));
    assert!(second.snapshot().macros.is_empty());
}

//! Undo and redo over what has sounded.

use super::*;

#[test]
fn session_undo_and_redo_change_what_sounds_and_not_the_disk() {
    let (_scratch, path) = library("undo", &tone(0.5));
    let session = Session::new();
    let mut engine = session.engine(RATE);
    let seen = send(&session, Message::Open(path.clone()));
    assert_eq!((&seen.texts.undo, &seen.texts.redo), (&None, &None));
    send(&session, save(&path, &tone(0.25)));
    std::fs::write(&path, tone(0.75)).unwrap();
    assert!(becomes(&mut engine, 0.75));
    let seen = shows(&session, "undo", |seen| seen.texts.undo.is_some());
    assert_eq!(seen.texts.undo.as_deref(), Some("two.yaml, 1 line"));
    let seen = send(&session, Message::Undo);
    assert_plays(&mut engine, 0.25);
    assert_eq!(seen.texts.redo.as_deref(), Some("two.yaml, 1 line"));
    assert_eq!(seen.texts.files[0].disk, Disk::Differs, "the disk stays as it is");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), tone(0.75));
    assert!(session.save().contains("0.25"), "the project follows");
    let seen = send(&session, Message::Undo);
    assert_plays(&mut engine, 0.5);
    assert_eq!(seen.texts.undo, None);
    send(&session, Message::Undo);
    assert_plays(&mut engine, 0.5);
    // Two at once, as quick fingers do.
    session.send(Message::Redo);
    let seen = send(&session, Message::Redo);
    assert_plays(&mut engine, 0.75);
    assert_eq!((&seen.texts.redo, seen.texts.files[0].disk), (&None, Disk::Same));
    // A new text after an undo is the end of what was undone.
    send(&session, Message::Undo);
    let seen = send(&session, edit(&path, &tone(0.125)));
    assert_eq!((seen.texts.redo.as_deref(), seen.texts.undo.as_deref()), (None, Some("two.yaml, 1 line")));
    assert_plays(&mut engine, 0.125);
    // And a save in another program is heard also after an undo.
    send(&session, Message::Undo);
    std::fs::write(&path, tone(0.375)).unwrap();
    assert!(becomes(&mut engine, 0.375));
}

#[test]
fn session_undo_leaves_a_text_with_errors_for_the_last_good_one() {
    let (_scratch, path) = library("undo-broken", &tone(0.5));
    let session = Session::new();
    let mut engine = session.engine(RATE);
    send(&session, Message::Open(path.clone()));
    let seen = send(&session, edit(&path, "tone: ["));
    assert_eq!((seen.status, seen.texts.undo.as_deref()), (Status::Broken, Some("two.yaml, 1 line")));
    let seen = send(&session, Message::Undo);
    assert_eq!((seen.status, &*seen.texts.files[0].text), (Status::Playing, &*tone(0.5)));
    assert_plays(&mut engine, 0.5);
}

#[test]
fn session_undo_goes_back_to_another_library() {
    let (_first, one) = library("undo-one", &tone(0.5));
    let (_second, two) = library("undo-two", &tone(0.25));
    let session = Session::new();
    let mut engine = session.engine(RATE);
    send(&session, Message::Open(one.clone()));
    let seen = send(&session, Message::Open(two.clone()));
    assert_eq!(seen.texts.undo, Some(one.display().to_string()));
    assert_plays(&mut engine, 0.25);
    let seen = send(&session, Message::Undo);
    assert_eq!(seen.path, one.display().to_string());
    assert_plays(&mut engine, 0.5);
    std::fs::write(&one, tone(0.75)).unwrap();
    assert!(becomes(&mut engine, 0.75), "and follows that one");
    assert_eq!(session.snapshot().texts.redo, None);
}

#[test]
fn session_undo_keeps_the_choice_of_a_sound() {
    let (_scratch, path) = library("undo-choice", TWO);
    let session = Session::new();
    let mut engine = session.engine(RATE);
    send(&session, Message::Open(path.clone()));
    send(&session, edit(&path, &TWO.replace("0.125", "0.25")));
    let seen = send(&session, Message::Choose("soft".into()));
    assert_eq!(seen.texts.undo.as_deref(), Some("two.yaml, 1 line"), "a choice is no step");
    assert_plays(&mut engine, 0.25);
    send(&session, Message::Undo);
    assert_plays(&mut engine, 0.125);
}

#[test]
fn session_undo_takes_the_choice_back_where_the_text_does_not_have_it() {
    let text = |name: &str, level: f32| tone(level).replace("tone", name);
    let (_scratch, path) = library("undo-renamed", &text("old", 0.5));
    let session = Session::new();
    let mut engine = session.engine(RATE);
    send(&session, Message::Open(path.clone()));
    send(&session, Message::Choose("old".into()));
    // Another name in two steps: the text, and the choice.
    send(&session, edit(&path, &(text("old", 0.5) + &text("new", 0.25))));
    send(&session, Message::Choose("new".into()));
    send(&session, edit(&path, &text("new", 0.125)));
    assert!(becomes(&mut engine, 0.125));
    let undone = |steps: usize| {
        (0..steps).for_each(|_| session.send(Message::Undo));
        session.settle(LIMIT);
        session.snapshot()
    };
    assert_eq!(undone(1).sound, "new");
    assert!(becomes(&mut engine, 0.25));
    let seen = undone(1);
    assert_eq!((seen.status, seen.sound.as_str(), seen.findings.len()), (Status::Playing, "old", 0));
    assert!(becomes(&mut engine, 0.5));
    assert!(session.save().contains(r#""sound":"old""#), "a project opens with it");
    let seen = send(&session, Message::Redo);
    assert_eq!((seen.status, seen.sound.as_str()), (Status::Playing, "new"));
    assert!(becomes(&mut engine, 0.25));
    send(&session, Message::Redo);
    assert!(becomes(&mut engine, 0.125));
}

//! How keyboards are understood: a setting of the instance, saved beside the library.

use super::*;

const KIT: &str = "kit: {midi_in: {notes: {36: Kick}, signal: {osc: {}}}}\nbell: {osc: {}}\n";

#[test]
fn mpe_settings_are_saved_with_the_project_and_stay_when_the_library_changes() {
    let (_scratch, path) = library("keyboard", KIT);
    let session = Session::new();
    assert!(!session.save().contains("performance"), "as it was before there were any");
    let lower = Zone { members: 7, bend_range: 24 };
    let wanted = Performance { mpe: Mpe::On, lower, ..Performance::default() };
    session.perform(wanted);
    assert!(session.take_changed(), "the project is to be saved again");
    session.perform(wanted);
    assert!(!session.take_changed());
    session.engine(RATE);
    session.send(Message::Open(path));
    assert!(session.settle(LIMIT));
    assert_eq!(session.performance(), wanted, "another library leaves it alone");
    let saved = session.save();
    assert!(saved.contains(r#""performance":{"mpe":"on","lower":{"members":7,"bend_range":24}"#), "{saved}");
    let other = Session::new();
    other.restore(&saved);
    assert_eq!(other.performance(), wanted);
    assert_eq!(other.save(), saved);
    other.restore_nothing();
    assert_eq!(other.performance(), Performance::default());
    // What is out of bounds is brought within them.
    other.restore(r#"{"performance":{"lower":{"members":200},"upper":{"members":9},"bend_range":255}}"#);
    let Performance { lower, upper, bend_range, .. } = other.performance();
    assert_eq!((lower.members, upper.members, bend_range), (15, 0, 96));
}

#[test]
fn notes_names_of_the_sound_that_plays_are_known() {
    let (_scratch, path) = library("names", KIT);
    let session = Session::new();
    session.engine(RATE);
    session.send(Message::Open(path));
    assert!(session.settle(LIMIT));
    let kick = NoteName { key: 36, channel: Some(0), name: "Kick".into() };
    assert_eq!(*session.snapshot().note_names, [kick]);
    session.send(Message::Choose("bell".into()));
    assert!(session.settle(LIMIT));
    assert!(session.snapshot().note_names.is_empty());
}

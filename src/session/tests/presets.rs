//! What a user notices of presets: they are found, gone through, saved with the project, and changed only as copies.

use super::*;
use crate::session::presets::{Opened, Pick};

/// A session whose user has two presets of their own: `Loud`, and `Soft` that opens with its second sound.
fn session(name: &str) -> (Scratch, Arc<Session>) {
    let scratch = Scratch::new(&format!("session-presets-{name}"));
    std::fs::write(scratch.0.join("a.yaml"), format!("seiche: 1\nabout: {{name: Loud}}\n{TWO}")).unwrap();
    let soft = format!("seiche: 1\nabout: {{name: Soft, sound: soft}}\n{TWO}");
    std::fs::write(scratch.0.join("b.yaml"), soft).unwrap();
    let session = Session::with_presets(Some(scratch.0.clone()));
    (scratch, session)
}

fn current(seen: &Snapshot) -> &str {
    seen.preset.map_or("", |at| &seen.presets[at].name)
}

#[test]
fn preset_next_and_previous_go_round_through_factory_and_user() {
    let (_scratch, session) = session("round");
    let mut engine = session.engine(RATE);
    let seen = send(&session, Message::ListPresets);
    let names: Vec<&str> = seen.presets.iter().map(|preset| preset.name.as_str()).collect();
    assert_eq!(names, ["Drums", "Synth", "Song", "Tide", "Loud", "Soft"]);
    assert_eq!((seen.preset, seen.status), (None, Status::Empty), "looking opens nothing");
    let step = |by| {
        let seen = send(&session, Message::Preset(Pick::Step(by)));
        assert_eq!(seen.status, Status::Playing, "{:?}", seen.findings);
        (current(&seen).to_owned(), seen.sound.clone(), seen.path.is_empty())
    };
    assert_eq!(step(1), ("Drums".into(), "kit".into(), true));
    assert_eq!(step(-1), ("Soft".into(), "soft".into(), false));
    assert_plays(&mut engine, 0.125);
    assert_eq!(step(-1), ("Loud".into(), "loud".into(), false));
    assert_plays(&mut engine, 0.5);
    assert_eq!(step(3), ("Synth".into(), "poly".into(), true));
}

#[test]
fn preset_is_asked_for_by_the_audio_thread_with_steps_and_numbers() {
    let (_scratch, session) = session("asked");
    let _engine = session.engine(RATE);
    session.presets().number(5);
    shows(&session, "a program change", |seen| current(seen) == "Soft" && seen.status == Status::Playing);
    session.presets().step(false);
    shows(&session, "previous", |seen| current(seen) == "Loud" && seen.status == Status::Playing);
    (0..3).for_each(|_| session.presets().step(true));
    shows(&session, "three times next", |seen| current(seen) == "Synth" && seen.status == Status::Playing);
    session.presets().number(900);
    std::thread::sleep(Duration::from_millis(150));
    assert_eq!(current(&session.snapshot()), "Synth", "there are not so many");
}

#[test]
fn preset_of_the_factory_is_saved_with_the_project_and_known_again() {
    let (_scratch, first) = session("saved");
    assert!(!first.take_changed());
    let seen = send(&first, Message::Preset(Pick::At(PresetPlace::Factory("Song"))));
    assert_eq!((current(&seen), seen.sound.as_str()), ("Song", "song"));
    assert!(first.take_changed(), "the host's project is not as it was saved");
    let saved = first.save();
    let second = Session::with_presets(None);
    second.restore(&saved);
    assert_eq!(second.save(), saved);
    let seen = send(&second, Message::ListPresets);
    assert_eq!((current(&seen), seen.status), ("Song", Status::Playing));
}

#[test]
fn preset_of_the_factory_that_was_changed_is_saved_as_one_of_the_users() {
    for name in ["Drums", "Song"] {
        let (scratch, session) = session(&format!("kept-{name}"));
        let seen = send(&session, Message::Preset(Pick::At(PresetPlace::factory(name).unwrap())));
        let shown = seen.texts.files[0].clone();
        assert!(shown.saved && shown.sounds);
        let text = format!("{}\n# mine\n", shown.text);
        let seen = send(&session, Message::Edit { file: shown.path.clone(), text: text.as_str().into() });
        assert!(!seen.texts.files[0].saved, "so that it can be saved");
        let seen = send(&session, Message::Save { file: shown.path, text: text.as_str().into() });
        assert_eq!(seen.status, Status::Playing, "{:?}", seen.findings);
        let ending = if name == "Drums" { ".yaml" } else { "" };
        assert_eq!(seen.path, scratch.0.join(format!("{name}{ending}")).display().to_string());
        assert!(seen.texts.files.iter().any(|file| file.saved && *file.text == *text));
        let at = &seen.presets[seen.preset.unwrap()];
        assert_eq!((at.name.as_str(), &at.place), (name, &PresetPlace::File(seen.path.clone().into())));
        assert_eq!(seen.sound, at.about.sound.clone().unwrap(), "what was chosen stays chosen");
    }
}

#[test]
fn preset_with_mistakes_is_reported_and_the_last_sound_goes_on() {
    let (scratch, session) = session("broken");
    let mut engine = session.engine(RATE);
    let broken = scratch.0.join("c.yaml");
    std::fs::write(&broken, "seiche: 1\nabout: {name: Broken}\nloud: {osc: {frek: 1}}\n").unwrap();
    send(&session, Message::Preset(Pick::Number(4)));
    let loud = PresetPlace::File(scratch.0.join("a.yaml"));
    assert_eq!(session.presets().take_opened(), [Opened { place: loud, outcome: Ok(()) }]);
    send(&session, Message::Preset(Pick::Step(2)));
    let opened = session.presets().take_opened();
    let [Opened { place, outcome: Err(reason) }] = &opened[..] else { panic!("{opened:?}") };
    assert_eq!(*place, PresetPlace::File(broken));
    assert!(reason.contains("frek") && reason.contains("c.yaml:3"), "{reason}");
    assert_plays(&mut engine, 0.5);
    send(&session, Message::Preset(Pick::At(PresetPlace::File(scratch.0.join("gone.yaml")))));
    let opened = session.presets().take_opened();
    assert!(opened[0].outcome.as_ref().is_err_and(|reason| reason.contains("there is no file")));
    assert_plays(&mut engine, 0.5);
    // What is opened otherwise is no preset that the host asked for.
    send(&session, Message::Open(scratch.0.join("b.yaml")));
    assert_eq!(session.presets().take_opened(), []);
}

#[test]
fn preset_change_can_be_undone() {
    let (_scratch, session) = session("undone");
    send(&session, Message::Preset(Pick::Number(0)));
    let seen = send(&session, Message::Preset(Pick::Number(1)));
    assert_eq!(seen.texts.undo.as_deref(), Some("Drums"));
    let seen = send(&session, Message::Undo);
    assert_eq!((current(&seen), seen.sound.as_str()), ("Drums", "kit"));
    let seen = send(&session, Message::Preset(Pick::Number(4)));
    assert_eq!(seen.texts.undo.as_deref(), Some("Drums"));
    let seen = send(&session, Message::Undo);
    assert_eq!((current(&seen), seen.path.as_str()), ("Drums", ""));
}

#[test]
fn learn_is_saved_with_the_project_and_stays_when_the_library_changes() {
    let (_scratch, session) = session("learn");
    let controller = Controller { channel: 2, number: 74, fine: false };
    session.bind(3, Some(controller));
    assert!(session.take_changed());
    send(&session, Message::Preset(Pick::Number(4)));
    send(&session, Message::Preset(Pick::Number(5)));
    send(&session, Message::Undo);
    let saved = session.save();
    assert!(saved.contains(r#""learned":{"4":{"channel":2,"number":74}}"#), "{saved}");
    let other = Session::new();
    other.bind(0, Some(controller));
    other.restore(&saved);
    assert_eq!(other.learn().saved(), session.learn().saved());
    other.restore_nothing();
    assert!(other.learn().saved().is_empty());
}

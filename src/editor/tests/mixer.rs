//! The mixer: moved by hand, by keys, by text; and what it shows.

use egui_kittest::kittest::Queryable;

use super::stage::{Play, stage};
use super::*;
use crate::session::{Freezing, StripControl};

/// Tracks, and two buses.
pub fn mixed(tracks: usize) -> Snapshot {
    let names = ["drums", "bass", "keys", "a pad with a very long name", "voice", "hat", "strings", "brass"];
    let name = |n: usize| match n / names.len() {
        0 => names[n].to_owned(),
        _ => format!("{} {}", names[n % names.len()], n / names.len() + 1),
    };
    let mut strips: Vec<Strip> = (0..tracks).map(|n| strip(&name(n), Role::Track)).collect();
    strips.extend([strip("room", Role::Bus), strip("echo", Role::Bus)]);
    strips[0].output = Output::Aux(2);
    Snapshot { strips, ..plain() }
}

fn mixer(tracks: usize) -> egui_kittest::Harness<'static, Play> {
    let mut play = Play::of(mixed(tracks)).loud(0.5, &[1.2, 0.3]);
    play.panes.tab = Tab::Mixer;
    stage(play)
}

#[test]
fn mixer_tracks_are_frozen_and_set_free() {
    let mut stage = mixer(2);
    stage.state_mut().preferences.export.bpm = Some(98.0);
    let choose = |stage: &mut egui_kittest::Harness<'static, Play>, what: &str| {
        stage.get_by_label("More about bass").click();
        stage.run();
        stage.get_by_label(what).click();
        stage.run();
        stage.state_mut().exporting.take()
    };
    let Some(Exporting::Freeze(freezing, _)) = choose(&mut stage, "Freeze behind the fader") else {
        panic!("not asked")
    };
    let wanted =
        Freezing { track: "bass".into(), post_fader: true, bpm: Some(98.0), seconds: None, rate: 48_000 };
    assert_eq!(*freezing, wanted);
    assert_eq!(choose(&mut stage, "Set free"), Some(Exporting::Unfreeze("bass".into())));
    assert!(stage.query_by_label("More about room").is_none(), "a bus is none");
}

const DRUMS: Control = Control::Strip(0, StripControl::Gain);

#[test]
fn mixer_fader_is_dragged_as_one_move() {
    let mut stage = mixer(2);
    let at = stage.get_by_label("Level of drums").rect().center();
    let before = stage.state().host.share(DRUMS);
    stage.drag_at(at);
    for way in [10.0, 20.0, 30.0] {
        stage.hover_at(at + vec2(0.0, way));
        stage.step();
    }
    stage.drop_at(at + vec2(0.0, 30.0));
    stage.run();
    let turns = &stage.state().turns;
    assert!(turns.len() >= 3 && turns.iter().all(|turn| turn.control == DRUMS), "{turns:?}");
    let (last, held) = turns.split_last().unwrap();
    assert!(!last.holding && held.iter().all(|turn| turn.holding), "{turns:?}");
    assert!(last.share < before, "downwards is softer");
    // With Shift a tenth of the way.
    let coarse = before - last.share;
    let before = last.share;
    stage.state_mut().turns.clear();
    let at = stage.get_by_label("Level of drums").rect().center();
    stage.drag_at(at);
    stage.step();
    for way in [10.0, 20.0, 30.0] {
        stage.event_modifiers(Event::PointerMoved(at + vec2(0.0, way)), Modifiers::SHIFT);
        stage.step();
    }
    stage.drop_at(at + vec2(0.0, 30.0));
    stage.run();
    let fine = before - stage.state().turns.last().unwrap().share;
    assert!(fine > 0.0 && fine < coarse * 0.3, "{fine} after {coarse}");
}

#[test]
fn mixer_values_are_typed_with_their_units() {
    let mut stage = mixer(2);
    let type_in = |stage: &mut egui_kittest::Harness<'static, Play>, name: &str, text: &str, end: Key| {
        stage.get_by_label(name).click();
        stage.run();
        stage.event(Event::Text(text.into()));
        stage.key_press(end);
        stage.run();
    };
    type_in(&mut stage, "Level of drums: 0.00 dB", "-6 dB", Key::Enter);
    assert!(stage.query_by_label("Level of drums: -6.00 dB").is_some());
    type_in(&mut stage, "Pan of bass: C", "L50", Key::Enter);
    assert!(stage.query_by_label("Pan of bass: L 50.0").is_some());
    type_in(&mut stage, "Send of drums to echo: -inf", "-12", Key::Enter);
    assert!(stage.query_by_label("Send of drums to echo: -12.00").is_some());
    let known = stage.state().turns.len();
    type_in(&mut stage, "Level of drums: -6.00 dB", "0 dB", Key::Escape);
    type_in(&mut stage, "Level of drums: -6.00 dB", "loud", Key::Enter);
    assert_eq!(stage.state().turns.len(), known, "left, and no value");
    assert!(stage.query_by_label("Level of drums: -6.00 dB").is_some());
}

#[test]
fn mixer_is_moved_by_keys_and_by_programs_that_read_aloud() {
    let mut stage = mixer(2);
    stage.get_by_label("Pan of drums").focus();
    stage.run();
    for (key, share) in
        [(Key::ArrowUp, 0.51), (Key::PageUp, 0.61), (Key::End, 1.0), (Key::Home, 0.0), (Key::Delete, 0.5)]
    {
        stage.key_press(key);
        stage.run();
        let now = stage.state().host.share(Control::Strip(0, StripControl::Pan));
        assert!((now - share).abs() < 1e-4, "{key:?}: {now}");
    }
    stage.get_by_label("Level of drums").set_value_accesskit(0.25);
    stage.run();
    assert!((stage.state().host.share(DRUMS) - 0.25).abs() < 1e-6);
    stage.get_by_label("Level of drums").increment_accesskit();
    stage.run();
    assert!((stage.state().host.share(DRUMS) - 0.26).abs() < 1e-6);
}

#[test]
fn mixer_mutes_and_soloes() {
    let mut stage = mixer(2);
    // The master stands at the right, behind all strips.
    let (master, last) = ("Meter of the output", "Meter of bass");
    assert!(stage.get_by_label(master).rect().left() > stage.get_by_label(last).rect().right() + 100.0);
    for (name, control) in [("Mute bass", StripControl::Mute), ("Solo bass", StripControl::Solo)] {
        let control = Control::Strip(1, control);
        stage.get_by_label(name).click();
        stage.run();
        assert!(stage.state().host.is_on(control));
        stage.get_by_label(name).click();
        stage.run();
        assert!(!stage.state().host.is_on(control));
    }
}

#[test]
fn mixer_shows_levels_and_what_was_too_loud() {
    let mut stage = mixer(2);
    assert_eq!(stage.get_by_label("Meter of drums").value().as_deref(), Some("1.6 dB"));
    assert!(stage.query_by_label("Meter of room").is_none(), "the engine has not measured that one");
    stage.get_by_label("Highest peak of drums: 1.6 dB, too loud").click();
    stage.run();
    assert_eq!(stage.state().forget, Some(Forget::Peaks(Some(0))));
    stage.state_mut().levels.forget(Some(0));
    stage.state_mut().loudness =
        Loudnesses { momentary: Some(-14.2), short: None, integrated: Some(-16.0), true_peak: Some(0.3) };
    stage.run();
    assert!(stage.query_by_label_contains("Highest peak of drums: -inf dB, not too loud").is_some());
    assert!(stage.query_by_label("-14.2 LUFS").is_some() && stage.query_by_label("0.3 dBTP").is_some());
    assert!(
        stage.query_by_label_contains("Highest peak of the output: -6.0 dB, too loud").is_some(),
        "true peak"
    );
}

#[test]
fn mixer_has_controls_for_sixteen_tracks_and_none_for_buses() {
    let mut stage = mixer(17);
    assert!(stage.query_by_label("Level of brass 2").is_some());
    assert!(
        stage.query_by_label("Level of drums 3").is_none() && stage.query_by_label("Level of room").is_none()
    );
    stage.state_mut().snapshot.strips.clear();
    stage.run();
    assert!(stage.query_by_label("No sound plays. Its tracks stand here then.").is_some());
}

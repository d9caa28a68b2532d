//! The mixer: moved by hand, by keys, by text; and what it shows.

use egui_kittest::kittest::Queryable;

use super::stage::{Play, stage};
use super::*;
use crate::session::{Color, Destination, Freezing, Look, StripControl, StripEdit, Width};

/// Tracks, and two buses.
pub fn mixed(tracks: usize) -> Snapshot {
    let names = ["drums", "bass", "keys", "a pad with a very long name", "voice", "hat", "strings", "brass"];
    let name = |n: usize| match n / names.len() {
        0 => names[n].to_owned(),
        _ => format!("{} {}", names[n % names.len()], n / names.len() + 1),
    };
    let mut strips: Vec<Strip> = (0..tracks).map(|n| strip(&name(n), Role::Track)).collect();
    strips.extend([strip("room", Role::Bus), strip("echo", Role::Bus)]);
    for strip in &mut strips {
        let buses = if strip.role == Role::Track { vec!["room".into(), "echo".into()] } else { vec![] };
        strip.said.to = Some(Destination { out: "main".into(), buses });
        strip.said.width = Width::Fixed(1.0);
    }
    strips[0].output = Output::Aux(2);
    strips[0].said.to.as_mut().unwrap().out = "3".into();
    strips[0].said.color = Color::read("orange");
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
    stage.get_by_label("More about room").click();
    stage.run();
    assert!(stage.query_by_label("Heard in main").is_some());
    assert!(stage.query_by_label("Set free").is_none(), "a bus is no track");
}

#[test]
fn mixer_strips_have_the_colours_of_their_text() {
    let painted = |look: Look, color: &str| {
        let mut snapshot = mixed(2);
        snapshot.strips[0].said.color = None;
        snapshot.strips[1].said.color = Color::read(color);
        let mut play = Play::of(snapshot);
        (play.panes.tab, play.preferences.look) = (Tab::Mixer, look);
        let stage = stage(play);
        let fill = |clipped: &egui::epaint::ClippedShape| match &clipped.shape {
            egui::Shape::Rect(rect) if rect.rect.height() == 3.0 => Some(rect.fill),
            _ => None,
        };
        stage.output().shapes.iter().filter_map(fill).collect::<Vec<_>>()
    };
    let orange = egui::Color32::from_rgb(0xFF, 0xA5, 0x00);
    let dark = painted(Look::Dark, "orange");
    assert_eq!(dark[1], orange);
    assert_ne!(dark[0], orange, "only that of bass");
    let light = painted(Look::Light, "orange")[1];
    assert!(light != orange && light.r() > light.b(), "made darker on a light ground: {light:?}");
}

/// What was asked to be written, since the last question.
fn written(stage: &mut egui_kittest::Harness<'static, Play>) -> Vec<(String, StripEdit)> {
    let messages = stage.state_mut().messages.drain(..);
    let edit = |message| match message {
        Message::SetStrip { strip, edit } => Some((strip, edit)),
        _ => None,
    };
    messages.filter_map(edit).collect()
}

#[test]
fn mixer_width_is_written_once_when_the_hand_is_off() {
    let mut stage = mixer(2);
    let at = stage.get_by_label("Width of bass").rect().center();
    stage.drag_at(at);
    for way in [10.0, 20.0, 40.0] {
        stage.hover_at(at + vec2(0.0, way));
        stage.step();
    }
    assert_eq!(written(&mut stage), [], "the hand is on it");
    stage.drop_at(at + vec2(0.0, 40.0));
    stage.run();
    let asked = written(&mut stage);
    let [(strip, StripEdit::Width(width))] = &asked[..] else { panic!("{asked:?}") };
    assert!(strip == "bass" && (0.4..=0.6).contains(width), "{asked:?}");
    let shown = format!("Width of bass: {width:.2}");
    assert!(stage.query_by_label(&shown).is_some(), "it stays until the text has it");
    // Keys and typed values at once.
    stage.get_by_label("Width of drums").focus();
    stage.run();
    stage.key_press(Key::ArrowUp);
    stage.run();
    assert_eq!(written(&mut stage), [("drums".into(), StripEdit::Width(1.02))]);
    let type_in = |stage: &mut egui_kittest::Harness<'static, Play>, now: &str, text: &str| {
        stage.get_by_label(now).click();
        stage.run();
        stage.event(Event::Text(text.into()));
        stage.key_press(Key::Enter);
        stage.run();
        written(stage)
    };
    assert_eq!(type_in(&mut stage, "Width of room: 1.00", "50 %"), [("room".into(), StripEdit::Width(0.5))]);
    assert_eq!(type_in(&mut stage, "Width of echo: 1.00", "3"), [("echo".into(), StripEdit::Width(3.0))]);
    // The text has it now.
    stage.state_mut().snapshot.strips[3].said.width = Width::Fixed(3.0);
    for nonsense in ["-1", "wide", "nan", "inf"] {
        assert_eq!(type_in(&mut stage, "Width of echo: 3.00", nonsense), [], "{nonsense}");
    }
}

#[test]
fn mixer_width_that_cannot_be_written_says_why() {
    let mut stage = mixer(3);
    let strips = &mut stage.state_mut().snapshot.strips;
    (strips[0].said.width, strips[1].said.width) = (Width::Computed, Width::Mono);
    strips[2].said.width = Width::Nowhere;
    stage.run();
    for there in ["Width of drums: computed", "Width of bass: mono"] {
        assert!(stage.query_by_label(there).is_some(), "{there}");
    }
    assert!(stage.query_by_label_contains("Width of keys").is_none());
    stage.get_by_label("Width of drums: computed").hover();
    for _ in 0..40 {
        stage.step();
    }
    assert!(stage.query_by_label_contains("The text computes it").is_some());
    // With a text that does not sound nothing is written.
    with_file(&mut stage.state_mut().snapshot, |file| file.sounds = false);
    stage.run();
    assert!(stage.query_by_label("Width of room: as written").is_some());
    stage.get_by_label("More about drums").click();
    stage.run();
    stage.get_by_label("Heard in room").click();
    stage.run();
    assert_eq!(written(&mut stage), []);
}

#[test]
fn mixer_strips_are_sent_elsewhere() {
    let mut stage = mixer(2);
    for (strip, there, out) in [
        ("bass", "Heard in echo", "echo"),
        ("bass", "Heard in output 16", "16"),
        ("room", "Heard in output 2", "2"),
    ] {
        stage.get_by_label(&format!("More about {strip}")).click();
        stage.run();
        stage.get_by_label(there).click();
        stage.run();
        assert_eq!(written(&mut stage), [(strip.to_owned(), StripEdit::Out(out.into()))]);
    }
    stage.get_by_label("More about room").click();
    stage.run();
    assert!(stage.query_by_label("Heard in echo").is_none(), "it would come back");
}

#[test]
fn mixer_lamps_tell_of_peaks_between_the_samples() {
    let mut stage = mixer(2);
    stage.state_mut().levels.hear_over(1, 1.2);
    stage.run();
    assert!(stage.query_by_label("True peak of drums: below -6 dBTP, not too loud").is_some());
    stage.get_by_label("True peak of bass: 1.6 dBTP, too loud").click();
    stage.run();
    assert_eq!(stage.state().forget, Some(Forget::Peaks(Some(1))));
    stage.state_mut().levels.forget(Some(1));
    stage.run();
    assert!(stage.query_by_label("True peak of bass: below -6 dBTP, not too loud").is_some());
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
fn mixer_buttons_of_a_row_stand_side_by_side() {
    let stage = mixer(16);
    for pair in [
        ["Mute bass", "Solo bass"],
        ["Highest peak of bass: -10.5 dB, not too loud", "True peak of bass: below -6 dBTP, not too loud"],
    ] {
        let [one, two] = pair.map(|name| stage.get_by_label(name).rect());
        assert_eq!((one.top(), one.bottom()), (two.top(), two.bottom()), "{pair:?}");
        assert!(one.right() <= two.left(), "{pair:?}");
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

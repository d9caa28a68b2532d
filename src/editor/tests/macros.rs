//! The macros: turned by hand, typed, and brought back.

use super::*;

/// A library with macros.
pub fn turned() -> Snapshot {
    let text = "seiche: 1\nmacros:\n  cut: {range: [80 Hz, 8 kHz], curve: log, default: 800 Hz, name: Brightness}\n  \
                drive: {slot: 5, range: [-24 dB, 0 dB], default: -6 dB}\n";
    let library = crate::language::Library::read(vec![("a.yaml".into(), text)], &[]);
    Snapshot { macros: library.macros().into(), ..plain() }
}

/// Presses the button at a place, moves, and lets go; what was turned meanwhile.
fn drag(bench: &mut Bench, from: egui::Pos2, to: egui::Pos2) -> Vec<Turn> {
    let button = |pos, pressed| Event::PointerButton {
        pos,
        button: PointerButton::Primary,
        pressed,
        modifiers: Default::default(),
    };
    let mut turns = vec![];
    for events in [
        vec![Event::PointerMoved(from)],
        vec![button(from, true)],
        vec![Event::PointerMoved(to)],
        vec![button(to, false)],
    ] {
        bench.frame(events);
        turns.extend(bench.turn);
    }
    turns
}

fn place(bench: &Bench, text: &str) -> egui::Pos2 {
    bench.written.iter().find(|(written, _)| written == text).expect("is shown").1.center()
}

#[test]
fn editor_turns_macros_by_hand_by_text_and_back() {
    let mut bench = Bench::new(turned());
    for expected in ["MACROS  2", "Brightness", "800 Hz", "Drive", "-12 dB"] {
        assert!(bench.shows(expected), "{expected} is missing: {:?}", bench.written);
    }
    assert_eq!(bench.turn, None, "nothing moves by itself");
    // Typed, with a unit.
    bench.click("800 Hz");
    bench.press(CTRL, Key::A);
    bench.frame(vec![Event::Text("2.53 kHz".into())]);
    bench.press(Modifiers::NONE, Key::Enter);
    bench.frame(vec![]);
    assert!(bench.shows("2.53 kHz") && (bench.position(0) - 0.75).abs() < 1e-3);
    // By hand: as long as it is on the slider, the host takes it for one move.
    let at = place(&bench, "-12 dB") - vec2(0.0, 28.0);
    let turns = drag(&mut bench, at, at - vec2(0.0, 30.0));
    assert!(turns.len() >= 2 && turns.iter().all(|t| t.control == Control::Macro(4)), "{turns:?}");
    let (last, before) = turns.split_last().unwrap();
    assert!(!last.holding && before.iter().all(|t| t.holding), "{turns:?}");
    let there = bench.position(4);
    assert!(there != 0.5);
    // Twice at the same place, after a while: the default.
    (0..60).for_each(|_| drop(bench.frame(vec![])));
    for _ in 0..2 {
        drag(&mut bench, at, at);
    }
    assert_eq!(bench.position(4), 0.75, "-6 dB of -24 to 0");
    bench.frame(vec![]);
    assert!(bench.shows("-6 dB"));
}

#[test]
fn editor_shows_no_pane_without_macros() {
    assert!(!Bench::new(plain()).written.iter().any(|(text, _)| text.starts_with("MACROS")));
}

#[test]
fn learn_is_started_shown_and_forgotten() {
    let mut bench = Bench::new(turned());
    let all = |bench: &Bench, text: &str| bench.written.iter().filter(|(written, _)| written == text).count();
    assert_eq!(all(&bench, "Learn"), 2, "one for each macro");
    bench.click("Learn");
    bench.follows[0].waits = true;
    bench.frame(vec![]);
    assert!(bench.shows("Move it ..."));
    bench.follows[0] = Follows {
        controller: Some(Controller { channel: 2, number: 74, fine: false }),
        ..Default::default()
    };
    bench.frame(vec![]);
    assert!(bench.shows("CC 74") && all(&bench, "Learn") == 1);
    bench.follows[0].apart = Some(0.25);
    bench.frame(vec![]);
    assert!(bench.shows("CC 74 ⏶"), "the controller is below its macro: {:?}", bench.written);
    bench.follows[0].apart = Some(0.75);
    bench.frame(vec![]);
    assert!(bench.shows("CC 74 ⏷"));
    bench.follows[0].apart = None;
    bench.frame(vec![]);
    bench.click("CC 74");
    bench.frame(vec![]);
    let at = place(&bench, "Forget");
    let asked = press(&mut bench, at);
    assert_eq!(asked, Some(Learning::Forget(0)));
}

#[test]
fn learn_asks_for_the_slot_of_its_macro() {
    let mut bench = Bench::new(turned());
    let second = bench.written.iter().filter(|(written, _)| written == "Learn").nth(1).unwrap().1.center();
    assert_eq!(press(&mut bench, second), Some(Learning::Wait(Some(4))));
    bench.follows[4].waits = true;
    bench.frame(vec![]);
    let waiting = place(&bench, "Move it ...");
    assert_eq!(press(&mut bench, waiting), Some(Learning::Wait(None)), "a second click gives it up");
}

/// Clicks at a place; what was asked for about controllers.
fn press(bench: &mut Bench, at: egui::Pos2) -> Option<Learning> {
    let button = |pressed| Event::PointerButton {
        pos: at,
        button: PointerButton::Primary,
        pressed,
        modifiers: Default::default(),
    };
    bench.frame(vec![Event::PointerMoved(at), button(true)]);
    bench.frame(vec![button(false)]);
    bench.learning
}

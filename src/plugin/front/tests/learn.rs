//! MIDI controllers that move macros.

use super::*;
use crate::session::Controller;

const BEGIN: u16 = CLAP_EVENT_PARAM_GESTURE_BEGIN;
const END: u16 = CLAP_EVENT_PARAM_GESTURE_END;
const VALUE: u16 = CLAP_EVENT_PARAM_VALUE;

/// What is heard is where the macros stand.
const TEXT: &str =
    "seiche: 1\nmacros: {level: [0, 1], other: {default: 0.5}}\na: {expression: {exp: 0.5 * level}}\n";

#[test]
fn learn_binds_the_controller_that_moves_and_follows_it_at_its_frame() {
    let scratch = Scratch::new("learn-binds");
    let plugin = Instance::with(&scratch, TEXT);
    let level = plugin.id("Level");
    plugin.told();
    plugin.play(64, vec![midi(0, [0xb3, 20, 9])]);
    assert_eq!(plugin.session().learn().saved().len(), 0, "nobody waits for it");
    plugin.session().learn().wait(Some(0));
    plugin.play(64, vec![midi(0, [0xb3, 123, 0]), midi(1, [0xb3, 20, 0])]);
    let controller = Controller { channel: 4, number: 20, fine: false };
    assert_eq!(plugin.session().learn().saved().get(&1), Some(&controller));
    plugin.main();
    assert_eq!(plugin.told().dirty, 1, "the project has something to save");
    assert!(String::from_utf8_lossy(&plugin.state()).contains("learned"));
    // The hand goes on: from its very frame on, and the host can write it down.
    let (heard, out) = plugin.play(256, vec![midi(100, [0xb3, 20, 127]), midi(120, [0xb0, 20, 1])]);
    assert_eq!(out, [(100, VALUE, level, 1.0)], "the hand is on it since it was learnt");
    assert!(heard[..100].iter().all(|x| *x == 0.0) && heard[101] > 0.0, "{:?}", &heard[98..104]);
    assert_eq!(plugin.value(level), 1.0);
    let (heard, out) = plugin.play(4096, vec![]);
    assert_eq!((heard[4000], out.len()), (0.5, 0));
    let ends: Vec<Out> = (0..4).flat_map(|_| plugin.play(4096, vec![]).1).collect();
    assert!(matches!(ends[..], [(_, END, id, _)] if id == level), "{ends:?}");
    let (_, out) = plugin.play(64, vec![midi(7, [0xb3, 20, 126])]);
    assert_eq!(
        out.iter().map(|(time, kind, ..)| (*time, *kind)).collect::<Vec<_>>(),
        [(7, BEGIN), (7, VALUE)]
    );
}

#[test]
fn learn_waits_for_the_controller_to_come_past_the_macro() {
    let scratch = Scratch::new("learn-pickup");
    let plugin = Instance::with(&scratch, TEXT);
    let other = plugin.id("Other");
    plugin.session().bind(1, Some(Controller { channel: 1, number: 74, fine: false }));
    assert_eq!(plugin.value(other), 0.5);
    let turn = |to: u8| {
        let (_, out) = plugin.play(64, vec![midi(0, [0xb0, 74, to])]);
        assert_eq!(
            out.iter().any(|(_, kind, ..)| *kind == VALUE),
            plugin.value(other) == f64::from(f32::from(to) / 127.0)
        );
        plugin.value(other)
    };
    assert_eq!((turn(0), turn(30)), (0.5, 0.5));
    let follows = plugin.session().learn().look()[1];
    assert_eq!(follows.apart, Some(30.0 / 127.0), "so that the window can show the way");
    assert_eq!(turn(100), f64::from(100.0f32 / 127.0), "past it");
    assert_eq!(plugin.session().learn().look()[1].apart, None);
    // Automation moves it away, in the same block and before the controller.
    let id = other;
    let (_, out) = plugin.play(64, vec![value(5, id, 0.1), midi(6, [0xb0, 74, 101])]);
    assert!(out.iter().all(|(_, kind, ..)| *kind != VALUE), "{out:?}");
    assert!((plugin.value(other) - 0.1).abs() < 1e-6);
    assert_eq!(turn(10), f64::from(10.0f32 / 127.0), "found again");
}

#[test]
fn learn_reads_pairs_of_14_bits() {
    let scratch = Scratch::new("learn-fine");
    let plugin = Instance::with(&scratch, TEXT);
    let level = plugin.id("Level");
    plugin.session().learn().wait(Some(0));
    let pair = |coarse, fine| vec![midi(0, [0xb0, 1, coarse]), midi(0, [0xb0, 33, fine])];
    plugin.play(64, pair(0, 0));
    assert_eq!(plugin.session().learn().saved()[&1], Controller { channel: 1, number: 1, fine: true });
    plugin.play(64, pair(64, 1));
    assert_eq!(plugin.value(level), f64::from(8193.0f32 / 16_383.0));
    plugin.play(64, pair(127, 127));
    assert_eq!(plugin.value(level), 1.0);
}

#[test]
fn learn_leaves_controllers_to_the_library_too() {
    let scratch = Scratch::new("learn-passes");
    let text = "seiche: 1\nmacros: {level: [0, 1]}\na: {expression: {exp: c, c: {midi_cc: {cc: 20}}}}\n";
    let plugin = Instance::with(&scratch, text);
    plugin.session().bind(0, Some(Controller { channel: 1, number: 20, fine: false }));
    plugin.play(64, vec![midi(0, [0xb0, 20, 0])]);
    plugin.play(64, vec![midi(0, [0xb0, 20, 127])]);
    let (heard, _) = plugin.play(4096, vec![]);
    assert!(heard[4000] > 0.9, "{}", heard[4000]);
}

//! A host's modulation of the whole instrument or of single notes: on top of the value, at its frame, and never saved.

use super::*;

/// What is heard with this event, and without it; they are the same up to its frame.
fn differs_from(plugin: &Instance, other: &Instance, event: Event, frame: usize) -> (Vec<f32>, Vec<f32>) {
    let (with, _) = plugin.play(1024, vec![event]);
    let (without, _) = other.play(1024, vec![]);
    assert!(with[..frame] == without[..frame], "nothing before its frame");
    assert!(with[frame..frame + 64] != without[frame..frame + 64], "something from there on");
    (with, without)
}

#[test]
fn plugin_modulation_of_macros_and_strips_acts_at_its_frame_and_is_not_saved() {
    let scratch = Scratch::new("modulation");
    let text = "seiche: 1\nmacros: {level: {default: 0.5}}\n\
                a: {mixer: {tracks: {one: {expression: {exp: 0.5 * level}}}}}\n";
    for (name, amount, louder) in [("Level", 0.25, true), ("Strip 1 Gain", -0.25, false)] {
        let (plugin, still) = (Instance::with(&scratch, text), Instance::with(&scratch, text));
        let id = plugin.id(name);
        let (before, state) = (plugin.value(id), plugin.state());
        let (with, without) = differs_from(&plugin, &still, modulation(300, id, amount), 300);
        assert!(if louder { with[1000] > without[1000] } else { with[1000] < without[1000] }, "{name}");
        assert!((plugin.value(id) - before - amount).abs() < 1e-6, "{name}");
        assert_eq!(plugin.state(), state, "{name}: the state is that of the value");
        // A value that comes meanwhile is modulated, too, and going back leaves it.
        plugin.play(64, vec![value(0, id, 0.5)]);
        assert!((plugin.value(id) - 0.5 - amount).abs() < 1e-6, "{name}");
        plugin.play(64, vec![modulation(0, id, 0.0)]);
        assert!((plugin.value(id) - 0.5).abs() < 1e-6, "{name}");
    }
}

#[test]
fn plugin_modulation_of_single_notes_is_heard_in_them_alone_until_the_host_is_told_of_their_ends() {
    let scratch = Scratch::new("modulation-notes");
    let text = "seiche: 1\nmacros: {level: {default: 0.5}}\n\
                a: {midi_in: {signal: {envelope: {attack: 0, decay: 0, sustain: 1, release: 0.02, gate: gate, \
                signal: {expression: {exp: level}}}}}}\n";
    let plugin = Instance::with(&scratch, text);
    let (level, gain) = (plugin.id("Level"), plugin.id("Gain"));
    let (before, state) = (plugin.value(level), plugin.state());
    // The modulation stands beside the note at the same frame, as hosts send it.
    let begun = vec![
        note(100, CLAP_EVENT_NOTE_ON, 60, 7),
        modulation_of(7, 100, level, 0.25),
        note(200, CLAP_EVENT_NOTE_ON, 64, 8),
        modulation_of(8, 300, gain, -0.5),
    ];
    let (heard, out) = plugin.play(1024, begun);
    assert!((heard[150] - 0.75).abs() < 1e-6, "one note, modulated: {}", heard[150]);
    assert!((heard[1_000] - 1.25).abs() < 1e-6, "the other as it is: {}", heard[1_000]);
    assert_eq!(out, [], "nothing is over");
    assert_eq!((plugin.value(level), plugin.state()), (before, state), "the position is not moved");
    let (_, out) = plugin.play(512, vec![note(0, CLAP_EVENT_NOTE_OFF, 60, 7)]);
    assert_eq!(out, [], "the release still sounds");
    // A voice is over once it has been silent for a while.
    plugin.play(4_096, vec![]);
    let (heard, out) = plugin.play(4_096, vec![]);
    assert_eq!(out, [(4_095, CLAP_EVENT_NOTE_END, 7, 60.0)]);
    assert!((heard[1_000] - 0.5).abs() < 1e-6);
    // A note that nothing plays is over at once, and so is one that is cut.
    let (_, out) = plugin.play(64, vec![note(5, CLAP_EVENT_NOTE_CHOKE, 64, 8)]);
    assert_eq!(out, [(63, CLAP_EVENT_NOTE_END, 8, 64.0)]);
}

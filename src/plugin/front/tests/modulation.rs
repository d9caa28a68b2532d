//! A host's modulation of the whole instrument: on top of the value, at its frame, and never saved.

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

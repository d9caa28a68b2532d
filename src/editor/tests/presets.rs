//! Presets in the window: stepped through, found and chosen.

use super::*;
use crate::session::{Pick, PresetPlace, factory};

fn listed() -> Snapshot {
    Snapshot { presets: factory().into(), preset: Some(1), ..plain() }
}

#[test]
fn preset_row_steps_shows_and_lets_choose() {
    let mut bench = Bench::new(listed());
    bench.panes = Panes::default();
    assert!(matches!(bench.frame(vec![]), Some(Message::ListPresets)), "a new window asks for them, once");
    assert!(bench.frame(vec![]).is_none());
    assert!(bench.shows("Synth"));
    assert!(matches!(bench.click("⏵"), Some(Message::Preset(Pick::Step(1)))));
    assert!(matches!(bench.click("⏴"), Some(Message::Preset(Pick::Step(-1)))));
    assert!(!bench.shows("Drums"));
    assert!(matches!(bench.click("Synth"), Some(Message::ListPresets)), "looks for new ones");
    bench.frame(vec![]);
    assert!(bench.shows("FACTORY") && bench.shows("Drums") && bench.shows("Song"));
    let asked = bench.click("Song");
    let Some(Message::Preset(Pick::At(place))) = asked else { panic!("nothing was chosen") };
    assert_eq!(place, PresetPlace::Factory("Song"));
    bench.frame(vec![]);
    assert!(!bench.shows("FACTORY"), "the list is closed");
}

//! The settings.

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use super::stage::{Play, stage, stage_of};
use super::*;

#[test]
fn settings_take_the_room_of_samples_by_keyboard() {
    let mut play = Play::of(plain());
    play.panes.tab = Tab::Settings;
    let mut stage = stage(play);
    assert_eq!(stage.state().preferences.samples, 512);
    let room = stage.get_by_label("Keep up to");
    room.focus();
    stage.run();
    stage.key_press(Key::ArrowUp);
    stage.run();
    assert_ne!(stage.state().preferences.samples, 512);
}

#[test]
fn settings_choose_the_quality_live_and_offline() {
    let mut play = Play::of(plain());
    play.panes.tab = Tab::Settings;
    let mut stage = stage_of(Harness::builder().with_size(vec2(SIZE.0, 1.5 * SIZE.1)), play);
    assert!(stage.query_by_label_contains("begins to play anew").is_none());
    stage.get_by_label("Offline quality: High").click();
    stage.run();
    assert_eq!(stage.state().tiers, Tiers { live: Quality::Normal, offline: Quality::High });
    stage.get_by_label("Live quality: Draft").focus();
    stage.run();
    stage.key_press(Key::Enter);
    stage.run();
    assert_eq!(stage.state().tiers, Tiers { live: Quality::Draft, offline: Quality::High });
    assert!(stage.query_by_label_contains("begins to play anew").is_some());
}

//! The settings.

use egui_kittest::kittest::Queryable;

use super::stage::{Play, stage};
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

//! What the panes are made of, beside egui's own: things that are turned, typed and read. Each has a name for those who do not see it,
//! and can be reached and moved with the keyboard alone. Window thread.

mod fader;
mod grip;
mod knob;
mod meter;
mod typed;

pub use fader::fader;
pub use grip::{Grip, Moved};
pub use knob::knob;
pub use meter::{decibels, lamp, meter, over, position};
pub use typed::typed;

/// A button of exactly this size, with as little around its words as can be: what is higher than its row pushes its neighbours down.
pub fn flat(ui: &mut egui::Ui, size: egui::Vec2, button: egui::Button<'_>) -> egui::Response {
    let show = |ui: &mut egui::Ui| {
        ui.spacing_mut().button_padding = egui::vec2(1.0, 0.0);
        ui.spacing_mut().interact_size.y = size.y;
        ui.add_sized(size, button.min_size(size))
    };
    ui.scope(show).inner
}

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
pub use meter::{decibels, lamp, meter, position};
pub use typed::typed;

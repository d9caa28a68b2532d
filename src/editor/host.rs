//! What the window knows of the host's parameters: where they stand, how that is written, and that a hand moves one. The plug-in stands
//! behind it; in tests something simpler does. Window thread.

pub use crate::session::{Control, StripControl};

/// The host's parameters.
pub trait Host {
    /// Where one stands, 0..1 of its way, without what modulates it.
    fn share(&self, control: Control) -> f32;
    /// Where it stood at first.
    fn first(&self, control: Control) -> f32;
    /// What a place on its way is called, with the unit.
    fn text(&self, control: Control, share: f32) -> String;
    /// The place that a text means, if it means one.
    fn read(&self, control: Control, text: &str) -> Option<f32>;

    /// All that are not where they stood at first, in the units of the engine.
    fn moved(&self) -> Vec<(Control, f32)>;

    /// Whether one that is on or off is on.
    fn is_on(&self, control: Control) -> bool {
        self.share(control) >= 0.5
    }
}

/// A parameter that is being moved.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Turn {
    pub control: Control,
    /// Where it goes, 0..1.
    pub share: f32,
    /// The hand is still on it.
    pub holding: bool,
}

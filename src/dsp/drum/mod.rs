//! The drum trigger: a microphone in, strokes out, each with its frame and velocity. No host and no YAML; after construction nothing is
//! allocated, and the same audio gives the same strokes for every block size.
//!
//! The way of a stroke: [`cut`] (gain and filters) → [`bands`] (levels, four a millisecond) → [`contrast`] (may something have begun?) →
//! [`model`] (what does it look like?) → [`detector`] (the decision) → [`velocity`]. [`profile`] is the drum that is listened for,
//! [`reference`] a second microphone that explains spill.

pub mod bands;
pub mod contrast;
mod cut;
mod detector;
pub mod history;
pub mod model;
pub mod profile;
mod reference;
pub mod settings;
mod velocity;

#[cfg(test)]
mod tests;

pub use detector::{Detector, Fate, Heard, Reason};
pub use profile::{Profile, Stroke, Strokes};
pub use settings::{Instrument, Mode, Settings};

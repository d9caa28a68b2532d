//! Help while a library is being written: what may be typed at a place, and what stands there. Pure functions over text that may be
//! broken; they know the node tables and nothing else of the program. Any thread but the audio thread.

mod complete;
mod hover;
mod outline;
mod place;
#[cfg(test)]
mod tests;

use std::ops::Range;

pub use complete::complete;
pub use hover::hover;

/// Something that may be typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The text to put in the place of what was typed.
    pub insert: String,
    /// The name to show.
    pub label: String,
    /// A few words beside the name: what it is.
    pub detail: String,
    /// Help in Markdown; may be empty.
    pub help: String,
}

/// What may be typed at a place, best first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// The bytes of the text that a candidate replaces.
    pub replace: Range<usize>,
    pub candidates: Vec<Candidate>,
}

/// What stands at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hover {
    /// The bytes of the text that it is about.
    pub range: Range<usize>,
    /// Markdown.
    pub text: String,
}

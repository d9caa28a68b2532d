//! What the compiler hands to the audio thread: complete in memory, immutable in shape.

use std::sync::Arc;

use crate::kernel::{Graph, Outbox, Port};

/// A named track of the sound, before the mixer.
pub struct Strip {
    pub name: String,
    pub(crate) port: Port,
    pub(crate) channels: usize,
}

/// A compiled sound.
pub struct Program {
    /// Name of the sound.
    pub name: String,
    /// Frames per second for which it was compiled.
    pub rate: f64,
    pub(crate) graph: Graph,
    pub(crate) strips: Vec<Strip>,
    /// Notes on their way to the host.
    pub(crate) outbox: Arc<Outbox>,
    /// Frames after which the sound is over, if it says so.
    pub length: Option<u64>,
}

impl Program {
    /// The tracks, in the order in which they are added up.
    pub fn strips(&self) -> &[Strip] {
        &self.strips
    }

    /// Channels of the sound: 2 as soon as one of its tracks is stereo.
    pub fn channels(&self) -> usize {
        self.strips.iter().map(|s| s.channels).max().unwrap_or(1)
    }
}

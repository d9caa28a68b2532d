//! What the compiler hands to the audio thread: complete in memory, immutable in shape.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::kernel::carry::Carry;
use crate::kernel::{Graph, Outbox, Port};

/// A named track of the sound, before the mixer.
pub struct Strip {
    pub name: String,
    pub(crate) port: Port,
    pub(crate) channels: usize,
    /// Whose controls of the mixer it has: its own place, or that of the track it was in the program before.
    pub(crate) place: usize,
}

/// A compiled sound.
pub struct Program {
    /// Name of the sound.
    pub name: String,
    /// Frames per second for which it was compiled.
    pub rate: f64,
    /// Tells programs apart.
    pub(crate) number: u64,
    /// The number of the program that it replaces, and how that one's state passes.
    pub(crate) carry: Option<(u64, Carry)>,
    /// Voices of the program before that are left behind: it waits until all of these say that they are silent.
    pub(crate) after: Vec<Arc<AtomicBool>>,
    pub(crate) graph: Graph,
    /// The named ones, then tracks of the program before that are no more and fade.
    pub(crate) strips: Vec<Strip>,
    /// Notes on their way to the host.
    pub(crate) outbox: Arc<Outbox>,
    /// Frames after which the sound is over, if it says so.
    pub length: Option<u64>,
}

impl Program {
    /// The tracks, in the order in which they are added up.
    pub fn strips(&self) -> &[Strip] {
        let named = self.strips.iter().position(|s| s.name.is_empty()).unwrap_or(self.strips.len());
        &self.strips[..named]
    }

    /// Channels of the sound: 2 as soon as one of its tracks is stereo.
    pub fn channels(&self) -> usize {
        self.strips.iter().map(|s| s.channels).max().unwrap_or(1)
    }
}

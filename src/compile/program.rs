//! What the compiler hands to the audio thread: complete in memory, immutable in shape.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::kernel::carry::Carry;
use crate::kernel::{Graph, Outbox, Port};
use crate::spec::Color;

/// A named strip of the sound, behind its fader.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Strip {
    pub name: String,
    /// 1 where both sides are the same, unless the host pans it.
    pub channels: usize,
    pub role: Role,
    pub output: Output,
    pub said: Said,
}

/// What the text of a mixer says of a strip, for those who look at it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said {
    pub color: Option<Color>,
    pub width: Width,
    /// Where it goes; none where the sound is no mixer.
    pub to: Option<Destination>,
}

/// How the width of a strip stands in the text.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Width {
    /// Nowhere: the sound is no mixer.
    #[default]
    Nowhere,
    /// The strip has one side, which is as wide as it is.
    Mono,
    /// A factor, 1 where none is written.
    Fixed(f64),
    /// An expression, a node or a list of points.
    Computed,
}

/// Where a strip goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// As `out` is written: `main`, an output from 1, or the name of a bus.
    pub out: String,
    /// The buses that it could go to without coming back to itself.
    pub buses: Vec<String>,
}

/// What a strip is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    #[default]
    Track,
    Bus,
    /// The sum behind the master's effects.
    Master,
    /// A strip of the program before that is no more, or goes elsewhere now, and fades.
    Gone,
}

/// Where a strip is heard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Output {
    #[default]
    Main,
    /// A further output, from 0.
    Aux(u8),
    /// In a bus, or in the master.
    Inside,
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
    /// Tracks, buses, the master, and what fades of the program before; each with what it puts out.
    pub(crate) strips: Vec<(Strip, Port)>,
    /// Names of its tracks and buses, in the order of the strips.
    pub(crate) names: Arc<[String]>,
    /// The part of each step, where tracks can be rendered apart from each other.
    pub(crate) part_of: Vec<u32>,
    /// The text has soloed a track.
    pub(crate) soloed: bool,
    /// By how many frames all outputs are late.
    pub latency: u64,
    /// Notes on their way to the host.
    pub(crate) outbox: Arc<Outbox>,
    /// A bit for each macro that stands at its default, wherever the macro was that had its slot before.
    pub unmoved: u16,
    /// Frames after which the sound is over, if it says so.
    pub length: Option<u64>,
}

impl Program {
    /// The tracks and buses, in the order in which they are added up.
    pub fn strips(&self) -> impl Iterator<Item = &Strip> {
        self.strips.iter().map(|(strip, _)| strip).take_while(|s| matches!(s.role, Role::Track | Role::Bus))
    }

    /// How many kernels of a node kind run in the sound itself (not in its voices).
    pub fn kernels(&self, kind: &str) -> usize {
        self.graph.ids().filter(|id| id.rsplit('.').next() == Some(kind)).count()
    }

    /// Channels of the sound: 2 as soon as one of its strips is stereo.
    pub fn channels(&self) -> usize {
        self.strips.iter().map(|(strip, _)| strip.channels).max().unwrap_or(1)
    }
}

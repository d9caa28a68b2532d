//! What a kernel is told when it is built: which inputs were written, its fixed parameters, how many lanes and channels to keep
//! state for. Loader thread; this is where a kernel allocates everything it will ever need.

use std::cell::Cell;
use std::ops::Range;
use std::sync::Arc;

use crate::quality::Quality;
use crate::spec::{Default, NodeSpec, ParamKind};

use super::outbox::Outbox;
use super::pass::Kernel;
use super::tape::Tape;

/// Decoded audio. `channels × frames`, at `rate` frames per second.
#[derive(Debug, Default, PartialEq)]
pub struct Audio {
    pub rate: f64,
    pub channels: Vec<Vec<f32>>,
}

impl Audio {
    pub fn frames(&self) -> usize {
        self.channels.first().map_or(0, Vec::len)
    }
}

/// A fixed parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Fixed {
    Number(f64),
    Flag(bool),
    Text(String),
    Word(&'static str),
    Numbers(Vec<f64>),
}

/// Inputs of a parameter: none, one, two (`Pair`) or many (`Signals`); and whether they were written or are defaults.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    pub ports: Range<usize>,
    pub given: bool,
}

/// How much memory a program may still take. Its voices multiply what a node keeps, so this is asked before it is taken.
pub struct Memory {
    limit: usize,
    left: Cell<usize>,
}

impl Memory {
    /// `limit` in bytes.
    pub fn new(limit: usize) -> Memory {
        Memory { limit, left: Cell::new(limit) }
    }

    /// Counts `each` bytes for every one of `count`.
    ///
    /// # Errors
    /// One sentence, where that is more than is left.
    pub fn take(&self, count: usize, each: usize) -> Result<(), String> {
        let left = each.checked_mul(count).and_then(|bytes| self.left.get().checked_sub(bytes));
        self.left.set(left.ok_or_else(|| {
            format!("with all voices the sound would take more than {} MB of memory", self.limit >> 20)
        })?);
        Ok(())
    }
}

/// Nodes and inputs whose number, where it is fixed, becomes part of the kernel: another number makes another kernel.
pub const BAKED: &[(&str, &str)] = &[
    ("osc", "freq"),
    ("delay", "time"),
    ("automation", "interval"),
    ("buffer", "offset"),
    ("buffer", "speed"),
    ("buffer", "length"),
];

/// Nodes that play later what they are given now: what sounds already when they are new is let in gradually, or they would play
/// its sudden beginning.
pub const REMEMBERS: &[&str] = &["delay", "buffer", "reverb", "retrigger", "limiter"];

/// Nodes that put out their signal later than it comes in, and the fixed parameter that says by how many seconds.
pub const LATE: &[(&str, &str)] = &[("limiter", "lookahead")];

/// By how many frames a node puts out its signal late; `fixed` by declared parameter. 0 for all that are not in [`LATE`].
pub fn latency(spec: &NodeSpec, fixed: &[Option<Fixed>], rate: f64) -> u64 {
    let Some((_, name)) = LATE.iter().find(|(node, _)| *node == spec.name) else { return 0 };
    spec.param(name)
        .and_then(|(index, _)| number(spec, fixed, index))
        .map_or(0, |s| (s * rate).round() as u64)
}

/// A fixed number, or its default; `None` if absent or infinite.
fn number(spec: &NodeSpec, fixed: &[Option<Fixed>], index: usize) -> Option<f64> {
    match (&fixed[index], spec.params[index].default) {
        (Some(Fixed::Number(x)), _) => Some(*x),
        (_, Default::Number(x)) => Some(x),
        _ => None,
    }
}

/// Nodes that change over to another fixed parameter by themselves, with all that they remember; where their mode or their channels
/// change as well, a new kernel fades in.
pub const CHANGES_OVER: &[&str] = &["delay", "buffer", "pitch", "strip"];

/// The building of one kernel.
pub struct Build<'a> {
    pub spec: &'static NodeSpec,
    /// Per declared parameter.
    pub inputs: &'a [Inputs],
    /// Per declared parameter; `None` where not written (or not a fixed one).
    pub fixed: &'a [Option<Fixed>],
    /// Named arguments: name and port, in source order.
    pub named: &'a [(String, usize)],
    /// Number of inputs in all.
    pub ports: usize,
    /// Voices to keep state for.
    pub lanes: usize,
    /// Channels of the output: 1 or 2.
    pub channels: usize,
    /// Per input: its channels, 1 or 2.
    pub input_channels: &'a [usize],
    /// Frames per second.
    pub rate: f64,
    /// How finely it is computed; `High`: `rate` is a multiple of the rate that is heard.
    pub quality: Quality,
    /// The node's own `duration`, in seconds.
    pub duration: Option<f64>,
    /// Seed of the node's random streams: project seed and node path.
    pub seed: u64,
    /// The file of a node that plays one.
    pub audio: Option<Arc<Audio>>,
    /// The files of a folder, for a node that chooses among them.
    pub folder: &'a [Arc<Audio>],
    /// Per lane: the tape of a node that has or shares one; else empty.
    pub tapes: &'a [Arc<Tape>],
    /// Where notes for the host go.
    pub outbox: &'a Arc<Outbox>,
    /// Per input: its value, where it is a fixed number (an empty item of a list is not a number).
    pub constants: &'a [Option<f64>],
    /// The node belongs to the song, not to a voice: it follows the host's position.
    pub song: bool,
    /// To be asked before long memories (delays) are made.
    pub memory: &'a Memory,
    /// The library asks for band-limited oscillators (`seiche: 1` and later).
    pub band_limited: bool,
    /// Where a strip of the mixer stands.
    pub strip: Option<StripPlace>,
}

/// Where a strip of the mixer stands, and what it follows in the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StripPlace {
    /// Number among the strips, for faults.
    pub number: usize,
    /// Number of the track whose controls in the host it follows; buses and further tracks have none.
    pub track: Option<u8>,
    pub part: StripPart,
}

/// What of a strip it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StripPart {
    Fader,
    /// A send, before the fader or behind it; the host has controls for those to the first bus and to the second.
    Send {
        bus: Option<u8>,
        pre_fader: bool,
    },
}

impl Build<'_> {
    fn index(&self, name: &str) -> usize {
        match self.spec.param(name) {
            Some((index, _)) => index,
            None => unreachable!("`{}` has no parameter `{name}`", self.spec.name),
        }
    }

    /// The input port of parameter `name`. A `Signal` with a default always has one; an absent one has none.
    pub fn port(&self, name: &str) -> Option<usize> {
        let ports = &self.inputs[self.index(name)].ports;
        (!ports.is_empty()).then_some(ports.start)
    }

    /// The ports of parameter `name` (pairs and lists).
    pub fn ports(&self, name: &str) -> Range<usize> {
        self.inputs[self.index(name)].ports.clone()
    }

    /// Whether parameter `name` was written.
    pub fn given(&self, name: &str) -> bool {
        let index = self.index(name);
        self.inputs[index].given || self.fixed[index].is_some()
    }

    /// Whether an item of a list was left empty.
    pub fn is_empty(&self, port: usize) -> bool {
        self.constants.get(port).copied().flatten().is_some_and(f64::is_nan)
    }

    /// Fixed number `name`, or its default; `None` if absent or infinite.
    pub fn number(&self, name: &str) -> Option<f64> {
        number(self.spec, self.fixed, self.index(name))
    }

    /// The value of input `name` where it is a fixed number: for memory that depends on it, and to more digits than an
    /// input carries.
    pub fn constant(&self, name: &str) -> Option<f64> {
        debug_assert!(BAKED.contains(&(self.spec.name, name)), "{} {name} is not in BAKED", self.spec.name);
        match self.fixed[self.index(name)] {
            Some(Fixed::Number(x)) => Some(x),
            _ => self.constants.get(self.port(name)?).copied().flatten().filter(|x| !x.is_nan()),
        }
    }

    /// By how many frames the node puts out its signal late.
    pub fn latency(&self) -> u64 {
        latency(self.spec, self.fixed, self.rate)
    }

    /// Fixed flag `name`, or its default.
    pub fn flag(&self, name: &str) -> bool {
        let index = self.index(name);
        match (&self.fixed[index], self.spec.params[index].default) {
            (Some(Fixed::Flag(x)), _) => *x,
            (_, Default::Flag(x)) => x,
            _ => false,
        }
    }

    /// The word of choice `name`, or its default.
    pub fn word(&self, name: &str) -> &'static str {
        let index = self.index(name);
        debug_assert!(matches!(self.spec.params[index].kind, ParamKind::Choice(_)));
        match (&self.fixed[index], self.spec.params[index].default) {
            (Some(Fixed::Word(w)), _) => w,
            (_, Default::Word(w)) => w,
            _ => "",
        }
    }

    /// `duration` in whole frames, cut off as the reference does.
    pub fn duration_frames(&self) -> Option<u64> {
        self.duration.map(|d| (d * self.rate + 1e-9).max(0.0) as u64)
    }
}

/// Makes a kernel, or says in one sentence why it cannot.
pub type MakeKernel = fn(&Build) -> Result<Box<dyn Kernel>, String>;

//! The node kinds: one file each, its table entry and its kernel side by side. [`ALL`] is the one table that validation,
//! documentation, schema, completion and the compiler read. Adding a kind is adding a file and a line.

use crate::kernel::{Build, MakeKernel, Pass, silence_after};
use crate::spec::{NodeSpec, ParamSpec};
use crate::units::Unit;

/// Writes an expression of the frame number to all frames of a channel, or once where it is flat. Not a function with a closure:
/// a closure's body would not be compiled for the pass's instruction set.
macro_rules! fill {
    ($pass:expr, $channel:expr, $flat:expr, |$n:ident| $value:expr) => {
        if $flat {
            let $n = 0;
            let value = $value;
            $pass.outputs[$channel].set_flat(value);
        } else {
            for ($n, y) in $pass.output::<L>($channel).iter_mut().enumerate() {
                *y = $value;
            }
        }
    };
}

/// Parameters of everything that goes through steps.
const SWING: ParamSpec =
    ParamSpec::optional("swing", Unit::None, "Swing, -1 to 1: makes even steps shorter and odd ones longer.");
const TRIGGER: ParamSpec = ParamSpec::optional(
    "trigger",
    Unit::None,
    "Goes to the next step whenever it rises through 0.5, instead of by `interval`.",
);
const RESET: ParamSpec =
    ParamSpec::optional("reset", Unit::None, "Goes back to the first step when it rises through 0.5.");

mod automation;
mod buffer;
mod clips;
mod compressor;
mod context;
mod curve;
mod delay;
mod envelope;
mod expression;
mod filter;
mod follow;
mod glide;
mod hold;
mod input;
mod interval;
mod invert;
mod limiter;
mod map;
mod midi_cc;
mod midi_in;
mod midi_out;
mod mix;
mod mixer;
mod multiply;
mod osc;
mod pattern;
mod pitch;
mod reference;
mod retrigger;
mod reverb;
mod sample;
mod select;
mod sequencer;
mod shuffle;
mod smooth;
mod snap;
mod song;
mod spawn;
mod speeds;
pub mod strip;
mod tempo;
mod track;
mod trigger;

pub use delay::SHORTEST_TAPE;

/// One node kind: what it is, and how it runs.
pub struct NodeDef {
    pub spec: NodeSpec,
    pub runs: Runs,
}

/// How a node kind becomes part of a program.
#[derive(Clone, Copy)]
pub enum Runs {
    /// By a kernel.
    Kernel(MakeKernel),
    /// By a kernel that is handed its `signal` as finished audio, rendered while the program is compiled.
    Ahead(MakeKernel),
    /// By a rule of the compiler: scopes, voices and sums.
    Structure(Structure),
}

/// Node kinds that shape the program rather than compute a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Structure {
    Mix,
    Mixer,
    Expression,
    Context,
    Tempo,
    Reference,
    Sequencer,
    Select,
    Multiply,
    Spawn,
    Trigger,
    MidiIn,
    Pattern,
    Clips,
    Song,
    Curve,
}

/// Every node kind, in the order of the reference page.
pub static ALL: &[&NodeDef] = &[
    &osc::DEF,
    &filter::DEF,
    &envelope::DEF,
    &delay::DEF,
    &retrigger::DEF,
    &reverb::DEF,
    &compressor::DEF,
    &limiter::DEF,
    &sample::DEF,
    &buffer::DEF,
    &track::DEF,
    &follow::DEF,
    &map::DEF,
    &smooth::DEF,
    &glide::DEF,
    &snap::DEF,
    &hold::DEF,
    &interval::DEF,
    &pitch::DEF,
    &shuffle::DEF,
    &invert::DEF,
    &automation::DEF,
    &expression::DEF,
    &context::DEF,
    &tempo::DEF,
    &mix::DEF,
    &mixer::DEF,
    &reference::DEF,
    &sequencer::DEF,
    &select::DEF,
    &multiply::DEF,
    &spawn::DEF,
    &trigger::DEF,
    &pattern::DEF,
    &clips::DEF,
    &song::DEF,
    &curve::DEF,
    &midi_in::DEF,
    &midi_cc::DEF,
    &midi_out::DEF,
    &input::DEF,
];

/// The node kind of this name.
pub fn find(name: &str) -> Option<&'static NodeDef> {
    ALL.iter().find(|d| d.spec.name == name).copied()
}

/// The port of an input that every build has.
fn need(b: &Build, name: &str) -> Result<usize, String> {
    b.port(name).ok_or_else(|| format!("`{}` needs `{name}`", b.spec.name))
}

/// The values of an input for one lane of the pass.
#[derive(Clone, Copy)]
struct Lanes<'a> {
    values: &'a [f32],
    stride: usize,
}

impl<'a> Lanes<'a> {
    #[inline(always)]
    fn new(pass: &Pass<'a>, port: usize, channel: usize, k: usize) -> Self {
        let (values, flat) = pass.raw(port, channel);
        Lanes { values: &values[k..], stride: if flat { 0 } else { pass.width() } }
    }
    #[inline(always)]
    fn is_flat(&self) -> bool {
        self.stride == 0
    }
    #[inline(always)]
    fn at(&self, n: usize) -> f32 {
        self.values[n * self.stride]
    }
}

/// Whether a lane of the pass starts at its first frame.
#[inline(always)]
fn starts(pass: &Pass) -> bool {
    pass.ages[pass.lane..pass.lane + pass.width()].contains(&0)
}

/// Zeroes what comes after the ends in `outputs[0].ends`, for kernels that say their own.
#[inline(always)]
fn silence_ended(pass: &mut Pass) {
    let (ends, width, frames) = (pass.outputs[0].ends, pass.width(), pass.frames);
    if ends[..width].iter().fold(false, |any, e| any | (*e < frames as u8)) {
        for tile in pass.outputs.iter_mut() {
            silence_after(tile, &ends, width, frames);
        }
    }
}

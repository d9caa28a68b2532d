//! The compiler's intermediate form: a sound, or the voices of a pool, as a list of operations on wires. Stages take a plan and
//! give a plan; `build` turns the last one into kernels. Loader thread.

use std::fmt::Write as _;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use crate::kernel::clock::ClockPlan;
use crate::kernel::lamp::Lamp;
use crate::kernel::macros::MacroPlan;
use crate::kernel::plumbing::Law;
use crate::kernel::recordings::RecordingsPlan;
use crate::kernel::tape::Tape;
use crate::kernel::voices::{ScorePlan, Touched};
use crate::kernel::{Audio, Fixed, Inputs, StripPlace};
use crate::language::model::Span;
use crate::library::samples::is_missing;
use crate::nodes::NodeDef;
use crate::score::{Curve, Timeline};

use super::pools::{BankDraft, Driver, Voices};
use crate::kernel::formula::FormulaProgram;

/// One channel of a signal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    Const(f64),
    /// A scope variable.
    Slot(u32),
    /// Output channel of an operation.
    Op(usize, u8),
}

/// A signal: both sides are the same value when it is mono.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wire {
    pub left: Value,
    pub right: Value,
}

impl Value {
    /// The operation that it comes from.
    pub fn op(self) -> Option<usize> {
        if let Value::Op(op, _) = self { Some(op) } else { None }
    }
}

impl Wire {
    pub fn mono(value: Value) -> Self {
        Wire { left: value, right: value }
    }

    pub fn number(x: f64) -> Self {
        Wire::mono(Value::Const(x))
    }

    /// The output of an operation.
    pub fn op(op: usize, channels: usize) -> Self {
        Wire { left: Value::Op(op, 0), right: Value::Op(op, if channels == 2 { 1 } else { 0 }) }
    }

    /// The operations that its two sides come from.
    pub fn ops(&self) -> impl Iterator<Item = usize> + use<> {
        [self.left, self.right].into_iter().filter_map(Value::op)
    }

    pub fn is_stereo(&self) -> bool {
        self.left != self.right
    }

    pub fn as_number(&self) -> Option<f64> {
        match (self.left, self.right) {
            (Value::Const(a), Value::Const(b)) if a == b => Some(a),
            _ => None,
        }
    }

    /// As [`Wire::as_number`]; not a number stays so.
    pub fn as_number_or_nan(&self) -> Option<f64> {
        match (self.left, self.right) {
            (Value::Const(a), Value::Const(b)) if a == b || a.is_nan() => Some(a),
            _ => None,
        }
    }

    /// The same where the operations stand at other places.
    pub fn renumbered(&self, place: &[usize]) -> Wire {
        let one = |value| match value {
            Value::Op(op, channel) => Value::Op(place[op], channel),
            other => other,
        };
        Wire { left: one(self.left), right: one(self.right) }
    }

    pub fn channel(&self, channel: usize) -> Value {
        if channel == 0 { self.left } else { self.right }
    }
}

/// When an operation's output ends, in terms of its inputs.
#[derive(Clone, Debug, PartialEq)]
pub enum Ends {
    Never,
    With(usize),
    AllOf(Vec<usize>),
    Own,
}

/// What an operation is made of.
#[derive(Clone)]
pub enum What {
    Node(Box<Recipe>),
    Formula(FormulaProgram),
    /// An interpolated list: its points' values and positions are inputs.
    Curve {
        positions: Vec<bool>,
        frames: u64,
    },
    /// Adds its inputs up, in order.
    Sum,
    /// Its first input; the others only say when it ends.
    First,
    /// Its input so many frames ago, for what meets something late.
    Late {
        frames: u64,
    },
    /// Its input, and its last value after it has ended.
    Held,
    /// (left + right) / 2.
    Average,
    /// Ends its first input after so many frames, or as soon as one of the others has ended.
    Cut {
        frames: Option<u64>,
    },
    /// Filled from the graph around this one.
    Import {
        index: usize,
        channel: usize,
    },
    FeedbackRead {
        line: usize,
    },
    FeedbackWrite {
        line: usize,
    },
    /// Something of the tempo that its input says, or of the host's.
    Tempo {
        part: super::tempo::Part,
        host: bool,
    },
    /// A curve that follows the song.
    Along {
        curve: Arc<Curve>,
        clock: ClockPlan,
    },
    /// Written notes for the host.
    NotesOut(ScorePlan),
    /// Recordings along the song.
    Recordings(RecordingsPlan),
    /// The tempo of a song.
    SongTempo {
        line: Arc<Timeline>,
    },
    /// What the host turns.
    Macro(MacroPlan),
    /// What a hand does to a note, out of variables of its voice.
    Touch(Touched),
    /// A macro's share, and a note's own one, as what they are worth.
    Turn(MacroPlan),
    Voices(Box<Voices>),
    /// From its first input to its second, when the program replaces another.
    Fade(Law),
    /// The place of a kernel of the program before.
    Leaving,
}

/// All that a node's kernel is built from, except its place.
#[derive(Clone)]
pub struct Recipe {
    pub def: &'static NodeDef,
    pub inputs: Vec<Inputs>,
    pub fixed: Vec<Option<Fixed>>,
    pub named: Vec<(String, usize)>,
    pub duration: Option<f64>,
    pub audio: Option<Arc<Audio>>,
    /// The files of a folder that the node chooses from.
    pub folder: Vec<Arc<Audio>>,
    /// The memory that a buffer has or shares: how deep the scope is whose it is, and its number there.
    pub memory: Option<(usize, usize)>,
    /// What that memory is like, and whether the buffer is the only one that can have it.
    pub tape: Option<(String, bool)>,
    pub band_limited: bool,
    /// Where a strip of the mixer stands.
    pub strip: Option<StripPlace>,
    pub span: Span,
}

impl Recipe {
    /// Whether the node does something beside its output: it runs even where nobody hears it.
    pub fn acts(&self) -> bool {
        let writes = || self.def.spec.param("signal").is_some_and(|(i, _)| !self.inputs[i].ports.is_empty());
        self.def.spec.name == "midi_out" || (self.memory.is_some() && writes())
    }

    /// Whether two of them, or one and anything else, have nothing in common: noise, and recordings.
    pub fn is_noisy(&self) -> bool {
        let noise = self.def.spec.param("type").is_some_and(|(index, _)| {
            matches!(self.fixed[index], Some(Fixed::Word("noise" | "perlin" | "wander")))
        });
        noise || self.audio.is_some() || !self.folder.is_empty()
    }

    /// The word of the parameter `mode`, or its default; empty for nodes without one.
    pub fn mode(&self) -> &'static str {
        let Some((index, param)) = self.def.spec.param("mode") else { return "" };
        match (&self.fixed[index], param.default) {
            (Some(Fixed::Word(word)), _) => word,
            (_, crate::spec::Default::Word(word)) => word,
            _ => "",
        }
    }
}

/// One operation.
#[derive(Clone)]
pub struct Op {
    pub what: What,
    pub inputs: Vec<Wire>,
    pub channels: usize,
    pub ends: Ends,
    /// Key of the node's state.
    pub id: String,
    /// Nobody reads it but at control points and at a lane's first frame.
    pub sparse: bool,
    /// It comes from the program before and runs only until that has faded.
    pub leaving: bool,
    /// Tells whoever looks how loud it is.
    pub lamp: Arc<Lamp>,
}

impl Op {
    pub fn new(what: What, inputs: Vec<Wire>, channels: usize, ends: Ends, id: String) -> Self {
        Op { what, inputs, channels, ends, id, sparse: false, leaving: false, lamp: Arc::default() }
    }
}

/// A memory that buffers share.
#[derive(Clone, Default)]
pub struct MemoryDraft {
    pub name: String,
    /// Seconds, where a buffer says so (the most, if the length moves), and where.
    pub seconds: Option<(f64, Span)>,
    pub channels: usize,
    pub file: Option<Arc<Audio>>,
    /// Who writes it, and the last node that reads it.
    pub writer: Option<Span>,
    pub reader: Span,
    /// It has no name in the text: only one buffer has it.
    pub own: bool,
    /// The tapes that are made of it.
    pub made: Made,
    /// The memory of the program before that goes on in this one.
    pub before: Before,
}

/// The tapes of a memory, one per lane, from when they have been built.
pub type Made = Arc<OnceLock<Vec<Arc<Tape>>>>;

/// What becomes of a memory of the program before.
#[derive(Clone, Default)]
pub enum Before {
    /// There is none.
    #[default]
    Nothing,
    /// It goes on as it is.
    Same(Made),
    /// Its length, its channels or its file have changed: what it has recorded stays.
    Other(Made),
}

impl MemoryDraft {
    /// Memories of equal identities are interchangeable.
    pub fn identity(&self) -> String {
        let name = if self.own { "" } else { &self.name };
        let file = self.file.as_ref().map(Arc::as_ptr);
        format!("{name} {:?} {} {file:?}", self.seconds.map(|(seconds, _)| seconds), self.channels.max(1))
    }
}

/// Operations that go round in a loop shorter than a tile: they run in parts.
#[derive(Clone)]
pub struct Round {
    pub ops: Range<usize>,
    /// Most frames of a part.
    pub grain: usize,
}

/// The operations of one graph.
#[derive(Clone, Default)]
pub struct Plan {
    pub ops: Vec<Op>,
    /// Initial values of the scope variables.
    pub slots: Vec<f64>,
    /// Feedback lines, by how many frames they are late.
    pub lines: Vec<usize>,
    /// Loops shorter than a tile, in order.
    pub rounds: Vec<Round>,
    /// Memories of buffers.
    pub memories: Vec<MemoryDraft>,
    /// What the graph puts out.
    pub outputs: Vec<Wire>,
}

impl Plan {
    pub fn push(&mut self, op: Op) -> usize {
        self.ops.push(op);
        self.ops.len() - 1
    }

    pub fn slot(&mut self, value: f64) -> u32 {
        self.slots.push(value);
        self.slots.len() as u32 - 1
    }

    /// A copy that shares nothing with this one that running kernels write to.
    pub fn apart(&self) -> Plan {
        let mut plan = self.clone();
        plan.memories.iter_mut().for_each(|memory| memory.made = Made::default());
        for op in &mut plan.ops {
            if let What::Voices(voices) = &mut op.what {
                for bank in voices.pools.iter_mut().flat_map(|pool| pool.banks_mut()) {
                    *bank =
                        BankDraft { closing: bank.closing, ..BankDraft::new(bank.plan.apart(), bank.voices) };
                }
            }
        }
        plan
    }

    /// Whether voices in it are started by notes.
    pub fn hears_notes(&self) -> bool {
        self.ops.iter().any(|op| match &op.what {
            What::Voices(voices) => {
                matches!(voices.driver, Driver::MidiIn { .. })
                    || voices.pools.iter().any(|pool| pool.main.plan.hears_notes())
            }
            _ => false,
        })
    }

    /// Whether an operation, or one in its voices, sends notes or controllers to the host.
    pub fn sends(&self) -> bool {
        self.ops.iter().any(|op| match &op.what {
            What::Voices(voices) => {
                matches!(&voices.driver, Driver::Hit(plan) if plan.note.is_some())
                    || voices.pools.iter().any(|pool| pool.main.plan.sends())
            }
            What::NotesOut(_) => true,
            what => what.name() == "midi_out",
        })
    }

    /// Ids of the operations, also in voices, that play a file which is missing.
    pub fn without_samples(&self) -> Vec<String> {
        let mut ids = vec![];
        for op in &self.ops {
            match &op.what {
                What::Node(recipe) if recipe.audio.iter().chain(&recipe.folder).any(is_missing) => {
                    ids.push(op.id.clone());
                }
                What::Recordings(plan) if plan.takes.iter().any(|take| is_missing(&take.audio)) => {
                    ids.push(op.id.clone());
                }
                What::Voices(voices) => {
                    ids.extend(voices.pools.iter().flat_map(|pool| pool.main.plan.without_samples()));
                }
                _ => {}
            }
        }
        ids
    }

    /// The plan as text, one operation a line, for tests and `--explain`.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for (index, op) in self.ops.iter().enumerate() {
            let inputs: Vec<String> = op.inputs.iter().map(wire_text).collect();
            let stereo = if op.channels == 2 { " stereo" } else { "" };
            let _ = writeln!(text, "{index}: {}({}){stereo}", op.what.name(), inputs.join(", "));
        }
        let outputs: Vec<String> = self.outputs.iter().map(wire_text).collect();
        let _ = writeln!(text, "out: {}", outputs.join(", "));
        text
    }
}

fn wire_text(wire: &Wire) -> String {
    let one = |value: Value| match value {
        Value::Const(x) => format!("{x}"),
        Value::Slot(s) => format!("${s}"),
        Value::Op(op, channel) => format!("#{op}{}", if channel == 1 { "r" } else { "" }),
    };
    if wire.is_stereo() { format!("{}|{}", one(wire.left), one(wire.right)) } else { one(wire.left) }
}

impl What {
    pub(super) fn name(&self) -> &'static str {
        match self {
            What::Node(recipe) => recipe.def.spec.name,
            What::Formula(_) => "formula",
            What::Curve { .. } => "curve",
            What::Sum => "sum",
            What::First => "first",
            What::Late { .. } => "late",
            What::Held => "held",
            What::Average => "average",
            What::Cut { .. } => "cut",
            What::Import { .. } => "import",
            What::FeedbackRead { .. } => "feedback-read",
            What::FeedbackWrite { .. } => "feedback-write",
            What::Tempo { .. } => "tempo",
            What::Along { .. } => "along",
            What::SongTempo { .. } => "song-tempo",
            What::Recordings(_) => "recordings",
            What::NotesOut(_) => "notes for the host",
            What::Macro(_) => "macro",
            What::Turn(_) => "macro of a note",
            What::Touch(Touched::Value) => "touch",
            What::Touch(Touched::Pitch) => "pitch of a note",
            What::Voices(_) => "voices",
            What::Fade(_) => "fade",
            What::Leaving => "leaving",
        }
    }
}

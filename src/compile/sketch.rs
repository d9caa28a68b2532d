//! What the loader remembers of a program that it has handed over: enough to tell, when the next one is compiled, which of its
//! operations go on. Loader thread.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::kernel::lamp::Lamp;
use crate::kernel::{Audio, BAKED, CHANGES_OVER, Outbox};
use crate::language::model::Span;

use super::plan::{Ends, Made, MemoryDraft, Op, Plan, Value, What, Wire};
use super::pools::{BankDraft, Driver, PoolDraft};
use super::program::Strip;

/// A program as its successor sees it.
#[derive(Clone)]
pub struct Blueprint {
    /// Tells programs apart.
    pub(super) program: u64,
    pub(super) rate: f64,
    pub(super) strips: Vec<Strip>,
    pub(super) graph: GraphSketch,
    pub(super) outbox: Arc<Outbox>,
}

/// A graph: the operations of its plan, before anything of its own predecessor was added.
#[derive(Clone, Default)]
pub(super) struct GraphSketch {
    pub ops: Vec<OpSketch>,
    pub outputs: Vec<Wire>,
    /// Slots that are variables of voices.
    pub variables: usize,
    pub memories: Vec<MemorySketch>,
}

/// A memory that buffers share.
#[derive(Clone)]
pub(super) struct MemorySketch {
    pub name: String,
    pub own: bool,
    pub identity: String,
    pub made: Made,
}

#[derive(Clone)]
pub(super) struct OpSketch {
    pub id: String,
    pub part: Part,
    /// All that the kernel is built from: kernels of equal keys are interchangeable.
    pub key: String,
    pub audio: Vec<Arc<Audio>>,
    /// The memory of the graph that it alone has.
    pub memory: Option<usize>,
    pub inputs: Vec<Wire>,
    /// Per input: the sound of what is there is part of this one's.
    pub passes: Vec<bool>,
    /// What it sounds like is its own: nothing it could be compared with.
    pub noisy: bool,
    /// The mode of a node that changes over by itself.
    pub mode: Option<&'static str>,
    pub channels: usize,
    pub ends: Ends,
    /// Where it stands in the running graph.
    pub step: u32,
    pub pools: Vec<PoolSketch>,
    /// Where it was written, if it is a node of the text.
    pub span: Option<Span>,
    /// As in [`Op`].
    pub lamp: Arc<Lamp>,
}

#[derive(Clone)]
pub(super) struct PoolSketch {
    pub name: String,
    /// The first takes new voices; the others as in [`PoolDraft`].
    pub banks: Vec<BankSketch>,
}

#[derive(Clone)]
pub(super) struct BankSketch {
    pub voices: usize,
    pub graph: GraphSketch,
    /// As in [`BankDraft`].
    pub silent: Arc<AtomicBool>,
}

/// What an operation is, as far as that decides how its state passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Kernel(&'static str),
    Import {
        index: usize,
        channel: usize,
    },
    /// Of a feedback line, and how many frames that is late.
    Read(usize, usize),
    Write(usize, usize),
    Voices(&'static str),
}

impl Part {
    /// Whether one can be the successor of the other.
    pub fn continues(&self, other: &Part) -> bool {
        match (self, other) {
            (Part::Read(_, a), Part::Read(_, b)) | (Part::Write(_, a), Part::Write(_, b)) => a == b,
            // The graph around says which of them are the same.
            (Part::Import { .. }, _) => false,
            _ => self == other,
        }
    }
}

impl GraphSketch {
    pub fn of(plan: &Plan) -> GraphSketch {
        let steps = steps_of(&plan.ops);
        let ops = plan.ops.iter().zip(steps).map(|(op, step)| OpSketch::of(op, step, &plan.lines)).collect();
        let memory = |draft: &MemoryDraft| MemorySketch {
            name: draft.name.clone(),
            own: draft.own,
            identity: draft.identity(),
            made: draft.made.clone(),
        };
        let memories = plan.memories.iter().map(memory).collect();
        GraphSketch { ops, outputs: plan.outputs.clone(), variables: plan.slots.len(), memories }
    }

    /// Whether nothing has changed, so that the running graph itself can go on.
    pub fn is(&self, other: &GraphSketch) -> bool {
        let same = |(a, b): (&OpSketch, &OpSketch)| a.is(b) && a.inputs.iter().zip(&b.inputs).all(same_wire);
        self.variables == other.variables
            && self.ops.len() == other.ops.len()
            && self.outputs.iter().zip(&other.outputs).all(same_wire)
            && self.ops.iter().zip(&other.ops).all(same)
    }

    /// Whether each of the banks in which notes are held is silent.
    pub fn notes(&self, silent: &mut Vec<Arc<AtomicBool>>) {
        for op in &self.ops {
            for bank in op.pools.iter().flat_map(|pool| &pool.banks) {
                match op.part {
                    Part::Voices("midi_in") => silent.push(bank.silent.clone()),
                    _ => bank.graph.notes(silent),
                }
            }
        }
    }

    /// The running graph stays: its steps are where the other graph, which [`GraphSketch::is`] the same, has them.
    fn stay(&mut self, other: &GraphSketch) {
        self.memories.clone_from(&other.memories);
        for (op, other) in self.ops.iter_mut().zip(&other.ops) {
            op.step = other.step;
            op.lamp.clone_from(&other.lamp);
            op.stay(other);
        }
    }
}

impl OpSketch {
    fn of(op: &Op, step: u32, lines: &[usize]) -> OpSketch {
        let recipe = if let What::Node(recipe) = &op.what { Some(recipe) } else { None };
        let audio = recipe.into_iter().flat_map(|r| r.audio.iter().chain(&r.folder).cloned()).collect();
        let pools = match &op.what {
            What::Voices(voices) => voices.pools.iter().map(PoolSketch::of).collect(),
            _ => vec![],
        };
        OpSketch {
            id: op.id.clone(),
            part: part(&op.what, lines),
            key: key(op),
            audio,
            memory: recipe
                .and_then(|r| r.memory.filter(|_| r.tape.as_ref().is_some_and(|(_, own)| *own)))
                .map(|(_, n)| n),
            inputs: op.inputs.clone(),
            passes: (0..op.inputs.len()).map(|port| passes(&op.what, port)).collect(),
            mode: recipe.filter(|r| CHANGES_OVER.contains(&r.def.spec.name)).map(|r| r.mode()),
            noisy: recipe.is_some_and(|recipe| recipe.is_noisy()),
            channels: op.channels,
            ends: op.ends.clone(),
            step,
            pools,
            span: match &op.what {
                What::Node(recipe) => Some(recipe.span),
                What::Voices(voices) => Some(voices.span),
                _ => None,
            },
            lamp: op.lamp.clone(),
        }
    }

    /// The running voices stay, those in older banks too.
    pub fn stay(&mut self, other: &OpSketch) {
        for (pool, other) in self.pools.iter_mut().zip(&other.pools) {
            pool.banks[0].graph.stay(other.graph());
            pool.banks[0].silent = other.banks[0].silent.clone();
            pool.banks.extend(other.banks[1..].iter().cloned());
        }
    }

    /// Whether its kernel takes over from the other's and changes over by itself.
    pub fn changes_over(&self, other: &OpSketch) -> bool {
        let shape = |op: &OpSketch| (op.part, op.mode, op.channels, op.inputs.len());
        self.mode.is_some() && shape(self) == shape(other)
    }

    /// Whether the other's kernel could stand in this one's place.
    pub fn is(&self, other: &OpSketch) -> bool {
        let same_audio = |(a, b): (&Arc<Audio>, &Arc<Audio>)| Arc::ptr_eq(a, b) || a == b;
        let same_pool =
            |(a, b): (&PoolSketch, &PoolSketch)| a.voices() == b.voices() && a.graph().is(b.graph());
        self.part == other.part
            && self.key == other.key
            && self.inputs.len() == other.inputs.len()
            && self.audio.len() == other.audio.len()
            && self.audio.iter().zip(&other.audio).all(same_audio)
            && self.pools.len() == other.pools.len()
            && self.pools.iter().zip(&other.pools).all(same_pool)
    }
}

impl PoolSketch {
    fn of(draft: &PoolDraft) -> PoolSketch {
        PoolSketch { name: draft.name.clone(), banks: vec![BankSketch::of(&draft.main)] }
    }

    /// Where new voices begin.
    pub fn graph(&self) -> &GraphSketch {
        &self.banks[0].graph
    }

    pub fn voices(&self) -> usize {
        self.banks[0].voices
    }
}

impl BankSketch {
    pub fn of(draft: &BankDraft) -> BankSketch {
        BankSketch { voices: draft.voices, graph: GraphSketch::of(&draft.plan), silent: draft.silent.clone() }
    }
}

/// The steps of the operations' graph: imports have none.
pub(super) fn steps_of(ops: &[Op]) -> Vec<u32> {
    let mut next = 0;
    let step = |op: &Op| match op.what {
        What::Import { .. } => u32::MAX,
        _ => {
            next += 1;
            next - 1
        }
    };
    ops.iter().map(step).collect()
}

pub(super) fn same_wire((a, b): (&Wire, &Wire)) -> bool {
    same_value(a.left, b.left) && same_value(a.right, b.right)
}

pub(super) fn same_value(a: Value, b: Value) -> bool {
    match (a, b) {
        (Value::Const(a), Value::Const(b)) => a.to_bits() == b.to_bits(),
        _ => a == b,
    }
}

/// Whether the sound of an input is part of the output's.
pub(super) fn passes(what: &What, port: usize) -> bool {
    match what {
        What::Node(recipe) => {
            recipe.def.spec.param("signal").is_some_and(|(i, _)| recipe.inputs[i].ports.contains(&port))
        }
        What::Sum | What::Average | What::Formula(_) => true,
        // What a trigger hears comes out again as its strokes.
        What::Voices(voices) => matches!(voices.driver, Driver::Hit(_)) && port == 0,
        What::First | What::Held | What::Cut { .. } | What::Late { .. } => port == 0,
        _ => false,
    }
}

fn part(what: &What, lines: &[usize]) -> Part {
    match what {
        What::Import { index, channel } => Part::Import { index: *index, channel: *channel },
        What::FeedbackRead { line } => Part::Read(*line, lines[*line]),
        What::FeedbackWrite { line } => Part::Write(*line, lines[*line]),
        What::Voices(voices) => Part::Voices(match voices.driver {
            Driver::Sequencer { .. } => "sequencer",
            Driver::MidiIn { .. } => "midi_in",
            Driver::Multiply { .. } => "multiply",
            Driver::Select { .. } => "select",
            Driver::Blend { .. } => "automation",
            Driver::Hit(_) => "trigger",
            Driver::Spawn { .. } => "spawn",
        }),
        what => Part::Kernel(what.name()),
    }
}

pub(super) fn key(op: &Op) -> String {
    let mut key = format!("{} {}", op.channels, op.inputs.len());
    for wire in &op.inputs {
        key.push(if wire.is_stereo() { 's' } else { 'm' });
    }
    let _ = match &op.what {
        What::Node(recipe) => {
            for (param, inputs) in recipe.def.spec.params.iter().zip(&recipe.inputs) {
                let baked = BAKED.contains(&(recipe.def.spec.name, param.name));
                for port in inputs.ports.clone() {
                    let number = op.inputs[port].as_number_or_nan();
                    let told = number.filter(|x| baked || x.is_nan());
                    let _ = write!(key, " {told:?}");
                }
            }
            let r = recipe;
            write!(
                key,
                " {:?} {:?} {:?} {:?} {} {:?} {:?}",
                r.inputs,
                r.fixed,
                r.named,
                r.duration,
                r.band_limited,
                r.tape.as_ref().map(|(identity, _)| identity),
                r.strip
            )
        }
        What::Formula(program) => write!(key, " {program:?}"),
        What::Curve { positions, frames } => {
            let numbers: Vec<_> = op.inputs.iter().map(Wire::as_number).collect();
            write!(key, " {positions:?} {frames} {numbers:?}")
        }
        What::Cut { frames } => write!(key, " {frames:?}"),
        What::Late { frames } => write!(key, " {frames}"),
        What::Tempo { part, host } => write!(key, " {part:?} {host}"),
        What::Along { curve, clock } => write!(key, " {curve:?} {clock:?}"),
        What::SongTempo { line } => write!(key, " {line:?}"),
        What::Recordings(plan) => write!(key, " {plan:?}"),
        What::NotesOut(plan) => write!(key, " {plan:?}"),
        What::Macro(plan) | What::Turn(plan) => write!(key, " {plan:?}"),
        What::Voices(voices) => write!(key, " {:?}", voices.driver),
        _ => Ok(()),
    };
    key
}

//! Voices as the compiler sees them: the plans of what is played, and who starts it. Loader thread.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::kernel::course::Courses;
use crate::kernel::steps::StepPlan;
use crate::kernel::voices::{HitPlan, Manner, NoteVariable, Order, ScorePlan, Steal, StepCall};
use crate::language::model::Span;

use super::plan::{Made, Plan};

/// The voices of one kind.
#[derive(Clone)]
pub struct PoolDraft {
    /// Tells the pools of a node apart, and finds them again in the next program.
    pub name: String,
    /// Where voices begin.
    pub main: BankDraft,
    /// Where voices of programs before go on, which had more or fewer of them.
    pub older: Vec<BankDraft>,
}

/// Voices that share a graph.
#[derive(Clone)]
pub struct BankDraft {
    pub plan: Plan,
    /// Lanes per lane of the graph around it.
    pub voices: usize,
    /// Whether no voice is in it: the audio thread says so with every piece.
    pub silent: Arc<AtomicBool>,
    /// Its voices fade at once.
    pub closing: bool,
}

impl PoolDraft {
    pub fn new(name: String, plan: Plan, voices: usize) -> Self {
        PoolDraft { name, main: BankDraft::new(plan, voices), older: vec![] }
    }

    pub fn banks_mut(&mut self) -> impl Iterator<Item = &mut BankDraft> {
        std::iter::once(&mut self.main).chain(&mut self.older)
    }
}

impl BankDraft {
    pub fn new(mut plan: Plan, voices: usize) -> Self {
        // Every bank has tapes of its own.
        plan.memories.iter_mut().for_each(|memory| memory.made = Made::default());
        BankDraft { plan, voices, silent: Arc::new(AtomicBool::new(true)), closing: false }
    }
}

/// An operation that plays voices. Its inputs are its own, then what the pools import.
#[derive(Clone)]
pub struct Voices {
    /// The node in the text.
    pub span: Span,
    pub driver: Driver,
    pub pools: Vec<PoolDraft>,
}

impl Driver {
    /// Whether it wants to know how loud its voices are.
    pub fn measures(&self) -> bool {
        matches!(self, Driver::MidiIn { manner, .. } if manner.steal == Steal::Quietest)
    }
}

/// Who starts voices.
#[derive(Clone, Debug)]
pub enum Driver {
    Sequencer {
        steps: Vec<Vec<StepCall>>,
        order: Order,
    },
    MidiIn {
        manner: Box<Manner>,
        variables: Vec<(NoteVariable, u32)>,
        /// Notes that were written.
        score: Option<ScorePlan>,
        /// Its voices end by themselves.
        rings: bool,
    },
    Multiply {
        number: Option<usize>,
        copies: Vec<Vec<(u32, f32)>>,
    },
    Select {
        keys: Vec<f32>,
        test: usize,
        ends: bool,
    },
    Blend {
        clock: StepPlan,
        courses: Courses,
    },
    Hit(Box<HitPlan>),
    Spawn {
        trigger: usize,
        threshold: f32,
        limit: usize,
        life: Option<u64>,
        variables: Vec<(u32, f32)>,
    },
}

//! Voices as the compiler sees them: the plans of what is played, and who starts it. Loader thread.

use crate::kernel::course::Courses;
use crate::kernel::steps::StepPlan;
use crate::kernel::voices::{NoteVariable, Order, StepCall};
use crate::language::model::Span;

use super::plan::Plan;

/// The voices of one kind.
pub struct PoolDraft {
    /// Tells the pools of a node apart, and finds them again in the next program.
    pub name: String,
    pub plan: Plan,
    /// Lanes per lane of the graph around it.
    pub voices: usize,
}

/// An operation that plays voices. Its inputs are its own, then what the pools import.
pub struct Voices {
    /// The node in the text.
    pub span: Span,
    pub driver: Driver,
    pub pools: Vec<PoolDraft>,
}

/// Who starts voices.
#[derive(Debug)]
pub enum Driver {
    Sequencer { steps: Vec<Vec<StepCall>>, order: Order },
    MidiIn { channel: Option<u8>, limit: usize, variables: Vec<(NoteVariable, u32)>, bend_range: f32 },
    Multiply { number: Option<usize>, copies: Vec<Vec<(u32, f32)>> },
    Select { keys: Vec<f32>, test: usize, ends: bool },
    Blend { clock: StepPlan, courses: Courses },
    Spawn { trigger: usize, threshold: f32, limit: usize, life: Option<u64>, variables: Vec<(u32, f32)> },
}

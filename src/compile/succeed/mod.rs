//! Stage between `prune` and `rates`, where a program replaces a running one: finds what goes on, keeps of the old program what must
//! fade out, and puts a fade wherever something that goes on reads something else than before. What has not changed runs on
//! untouched, to the bit. Loader thread.
//!
//! ```text
//!   before:  lfo ─► filter ─► out        after:  saw ─► filter ─► out
//!
//!   running for the 10 ms after the change:   lfo (leaves) ─┐
//!                                             saw ──────────┴► fade ─► filter ─► out
//! ```

mod merge;
mod summary;

use std::collections::{HashMap, HashSet};

use crate::kernel::Graph;
use crate::kernel::carry::{Carry, How};

use super::loops;
use super::plan::{Op, Plan, What, Wire};
use super::sketch::{GraphSketch, OpSketch, Part, PoolSketch, steps_of};
use merge::Merge;
pub use summary::{Summary, summary};

/// A graph among graphs.
#[derive(Clone, Copy)]
pub(super) struct Level {
    pub lanes: usize,
    /// The memories that buffers share go on: none has come, gone or changed.
    pub tapes: bool,
}

/// Adds to `new` what it needs of `old`, and says how the state passes. `sketch` (of `new`) learns where its operations stand.
/// `imports` pairs operations of both graphs that read the same from around them.
pub(super) fn succeed(
    old: &GraphSketch,
    new: Plan,
    sketch: &mut GraphSketch,
    level: Level,
    imports: &[(usize, usize)],
    pairs: &[(usize, usize)],
) -> (Plan, Carry) {
    let Plan { ops, slots, lines, outputs, memories, .. } = new;
    let successor = matches(old, sketch, level, imports);
    let mut predecessor = vec![None; ops.len()];
    for (from, to) in successor.iter().enumerate() {
        if let Some(to) = to {
            predecessor[*to] = Some(from);
        }
    }
    let variables = old.variables.min(sketch.variables);
    let mut merge = Merge {
        old,
        sketch,
        level,
        successor,
        predecessor,
        placed: vec![None; ops.len()],
        entered: vec![false; ops.len()],
        left: vec![None; old.ops.len()],
        fresh: ops.into_iter().map(Some).collect(),
        ops: vec![],
        steps: vec![],
        fades: vec![],
        lines: HashMap::new(),
        late: lines,
        carry: Carry { variables, tapes: level.tapes, ..Carry::default() },
    };
    merge.carry_lines();
    for op in 0..merge.fresh.len() {
        merge.place(op);
    }
    let mut outputs: Vec<Wire> = outputs.iter().map(|w| merge.new_wire(w)).collect();
    for (from, to) in pairs {
        outputs[*to] = merge.faded(old.outputs[*from], outputs[*to], "out", *to);
    }
    // What sounded beside the outputs that go on fades to nothing.
    for from in (0..old.outputs.len()).filter(|from| !pairs.iter().any(|(f, _)| f == from)) {
        outputs.push(merge.faded(old.outputs[from], Wire::number(0.0), "gone", from));
    }
    merge.finish_lines();
    let (ops, lines) = (merge.ops, merge.late);
    let mut plan = Plan { ops, slots, lines, outputs, memories, ..Plan::default() };
    let place = loops::reorder(&mut plan);
    let steps = steps_of(&plan.ops);
    for (op, placed) in merge.sketch.ops.iter_mut().zip(&merge.placed) {
        op.step = placed.map_or(u32::MAX, |p| steps[place[p]]);
    }
    let mut carry = merge.carry;
    let kept: HashSet<usize> = merge.steps.iter().map(|(_, to, _)| place[*to]).collect();
    let timeless = |op: &Op| matches!(op.what, What::Import { .. } | What::Fade | What::Leaving);
    let born =
        plan.ops.iter().enumerate().filter(|(n, op)| !timeless(op) && !op.leaving && !kept.contains(n));
    carry.born = born.map(|(n, _)| steps[n]).collect();
    carry.steps = merge.steps.into_iter().map(|(from, to, how)| (from, steps[place[to]], how)).collect();
    // What is copied from may move on afterwards, and voices are taken before their graph's owner leaves.
    carry.steps.sort_by_key(|(.., how)| matches!(how, How::Move));
    (plan, carry)
}

/// Per old operation, the new one that goes on with its state.
fn matches(
    old: &GraphSketch,
    new: &GraphSketch,
    level: Level,
    imports: &[(usize, usize)],
) -> Vec<Option<usize>> {
    let mut found = vec![None; old.ops.len()];
    let mut by_id: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, op) in new.ops.iter().enumerate() {
        by_id.entry(&op.id).or_default().push(index);
    }
    let mut taken = vec![false; new.ops.len()];
    for (index, op) in old.ops.iter().enumerate() {
        let fits = |to: &&usize| !taken[**to] && continues(op, &new.ops[**to], level);
        let to = by_id.get(op.id.as_str()).and_then(|all| all.iter().find(fits)).copied();
        if let Some(to) = to {
            taken[to] = true;
            found[index] = Some(to);
        }
    }
    for (from, to) in imports {
        found[*from] = Some(*to);
    }
    found
}

fn continues(old: &OpSketch, new: &OpSketch, level: Level) -> bool {
    if !old.part.continues(&new.part) || (old.memory || new.memory) && !level.tapes {
        return false;
    }
    let Part::Voices(kind) = old.part else { return true };
    let fits = |(a, b): (&PoolSketch, &PoolSketch)| same_shape(a.voices, b.voices, level.lanes);
    kind == "sequencer" || (old.pools.len() == new.pools.len() && old.pools.iter().zip(&new.pools).all(fits))
}

/// Whether the voices of two pools can keep their lanes: the new pool is made as large as the old one.
fn same_shape(old: usize, new: usize, parents: usize) -> bool {
    let new = new.max(old);
    Graph::lanes_for(parents * old) == Graph::lanes_for(parents * new) && (parents == 1 || old == new)
}

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

mod fades;
mod matching;
mod merge;
mod summary;
mod voices;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::kernel::Graph;
use crate::kernel::carry::{Carry, How};

use super::loops;
use super::plan::{Before, MemoryDraft, Op, Plan, What, Wire};
use super::program::{Role, Strip};
use super::sketch::{GraphSketch, steps_of};
use fades::{Spot, heard};
use matching::matches;
use merge::Merge;
pub use summary::{Summary, summary};

/// A graph among graphs.
#[derive(Clone, Copy)]
pub(super) struct Level<'a> {
    pub lanes: usize,
    /// Room is short: voices that are silent at the moment are left behind where they would need memory of their own.
    pub frugal: bool,
    /// The voices around are silent, as this says.
    pub silent: Option<&'a Arc<AtomicBool>>,
}

/// What belongs together in two graphs.
pub(super) struct Links {
    /// Per old operation, the new one that goes on with its state.
    pub ops: Vec<Option<usize>>,
    /// Outputs: what goes on, old and new.
    pub outputs: Vec<(usize, usize)>,
}

impl Links {
    /// Of two sounds: strips of the same name belong together, then those that play what goes on, then the only one that is left. What is
    /// heard elsewhere now does not: it fades here and there.
    pub fn of_tracks(old: (&GraphSketch, &[Strip]), new: (&GraphSketch, &[Strip])) -> Links {
        let stays = |from: usize, to: usize| {
            let (from, to) = (&old.1[from], &new.1[to]);
            from.output == to.output && (from.role == Role::Master) == (to.role == Role::Master)
        };
        let place = |name: &str| new.1.iter().position(|strip| strip.name == name);
        let named = old.1.iter().enumerate().filter_map(|(from, strip)| Some((from, place(&strip.name)?)));
        let mut outputs: Vec<(usize, usize)> = named.filter(|(from, to)| stays(*from, *to)).collect();
        let ops = matches(old.0, new.0, &[], &outputs);
        let left = |outputs: &[(usize, usize)]| {
            let old = (0..old.0.outputs.len()).filter(|n| outputs.iter().all(|(from, _)| from != n));
            let new = (0..new.0.outputs.len()).filter(|n| outputs.iter().all(|(_, to)| to != n));
            (old.collect::<Vec<_>>(), new.collect::<Vec<_>>())
        };
        let (was, mut is) = left(&outputs);
        for from in was {
            let to = old.0.outputs[from].left.op().and_then(|op| ops[op]);
            let goes_on = |n: &usize| to.is_some() && new.0.outputs[*n].left.op() == to && stays(from, *n);
            if let Some(found) = is.iter().position(goes_on) {
                outputs.push((from, is.remove(found)));
            }
        }
        if let (&[from], &[to]) = (&left(&outputs).0[..], &left(&outputs).1[..])
            && stays(from, to)
        {
            outputs.push((from, to));
        }
        Links { ops, outputs }
    }

    /// Of two voices.
    pub fn of_voices(old: &GraphSketch, new: &GraphSketch, imports: &[(usize, usize)]) -> Links {
        let outputs = vec![(0, 0)];
        Links { ops: matches(old, new, imports, &outputs), outputs }
    }
}

/// Adds to `new` what it needs of `old`, and says how the state passes. `sketch` (of `new`) learns where its operations stand.
pub(super) fn succeed<'a>(
    old: &'a GraphSketch,
    new: Plan,
    sketch: &'a mut GraphSketch,
    level: Level<'a>,
    links: Links,
) -> (Plan, Carry) {
    let Plan { ops, slots, lines, outputs, mut memories, .. } = new;
    let Links { ops: successor, outputs: pairs } = links;
    let mut predecessor = vec![None; ops.len()];
    for (from, to) in successor.iter().enumerate() {
        if let Some(to) = to {
            predecessor[*to] = Some(from);
        }
    }
    let tapes = remember(old, sketch, &mut memories, &successor);
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
        heirs: vec![],
        heard: vec![],
        fresh: ops.into_iter().map(Some).collect(),
        ops: vec![],
        steps: vec![],
        fades: vec![],
        lines: HashMap::new(),
        late: lines,
        carry: Carry { variables, tapes, ..Carry::default() },
    };
    merge.heard = heard(merge.sketch);
    merge.carry_lines();
    for op in 0..merge.fresh.len() {
        merge.place(op);
    }
    let mut outputs: Vec<Wire> = outputs.iter().map(|w| merge.new_wire(w)).collect();
    for (from, to) in &pairs {
        outputs[*to] = merge.faded(old.outputs[*from], outputs[*to], Spot::Output("out", *to));
    }
    // Outputs that are new begin with what they play, or fade in where that sounds already.
    for to in (0..outputs.len()).filter(|to| !pairs.iter().any(|(_, t)| t == to)) {
        if merge.goes_on(outputs[to]) {
            outputs[to] = merge.faded(Wire::number(0.0), outputs[to], Spot::Output("new", to));
        }
    }
    // What sounded beside the outputs that go on fades to nothing.
    for from in (0..old.outputs.len()).filter(|from| !pairs.iter().any(|(f, _)| f == from)) {
        outputs.push(merge.faded(old.outputs[from], Wire::number(0.0), Spot::Output("gone", from)));
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
    let timeless = |op: &Op| matches!(op.what, What::Import { .. } | What::Fade(_) | What::Leaving);
    let born =
        plan.ops.iter().enumerate().filter(|(n, op)| !timeless(op) && !op.leaving && !kept.contains(n));
    carry.born = born.map(|(n, _)| steps[n]).collect();
    carry.steps = merge.steps.into_iter().map(|(from, to, how)| (from, steps[place[to]], how)).collect();
    // What is copied from may move on afterwards, and voices are taken before their graph's owner leaves.
    carry.steps.sort_by_key(|(.., how)| matches!(how, How::Move));
    (plan, carry)
}

/// Which memories go on: those of one name, and those of buffers that go on. Returns old and new numbers of those that have changed.
fn remember(
    old: &GraphSketch,
    new: &GraphSketch,
    drafts: &mut [MemoryDraft],
    successor: &[Option<usize>],
) -> Vec<(u32, u32)> {
    let named = |from: usize| {
        let name = &old.memories[from].name;
        new.memories.iter().position(|memory| !memory.own && memory.name == *name)
    };
    let pairs =
        old.ops.iter().zip(successor).filter_map(|(op, to)| Some((op.memory?, new.ops[(*to)?].memory?)));
    let names = (0..old.memories.len()).filter(|from| !old.memories[*from].own);
    let pairs = pairs.chain(names.filter_map(|from| Some((from, named(from)?))));
    let mut changed = vec![];
    for (from, to) in pairs {
        let Some(draft) = drafts.get_mut(to) else { continue };
        let made = old.memories[from].made.clone();
        if old.memories[from].identity == new.memories[to].identity {
            draft.before = Before::Same(made);
        } else {
            draft.before = Before::Other(made);
            changed.push((from as u32, to as u32));
        }
    }
    changed
}

/// Whether the voices of two banks can keep their lanes: the new one is made as large as the old one.
fn same_shape(old: usize, new: usize, parents: usize) -> bool {
    let new = new.max(old);
    Graph::lanes_for(parents * old) == Graph::lanes_for(parents * new) && (parents == 1 || old == new)
}

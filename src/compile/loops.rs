//! Stage behind `prune`: loops that are shorter than a tile. Their operations are brought together, so that they, and nothing else,
//! can run in parts no longer than the loop; what is read late without a loop is put behind what it reads. Loader thread.

use std::collections::{BTreeSet, HashMap};

use crate::kernel::{Loop, Source, Step, TILE};

use super::allocate::Tiles;
use super::plan::{Op, Plan, Round, Value, What, Wire};
use super::sketch::steps_of;

/// Brings the loops of a plan and of its voices together.
pub(super) fn gather(mut plan: Plan) -> Plan {
    reorder(&mut plan);
    for op in &mut plan.ops {
        if let What::Voices(voices) = &mut op.what {
            for pool in &mut voices.pools {
                pool.main.plan = gather(std::mem::take(&mut pool.main.plan));
            }
        }
    }
    plan
}

/// Brings the loops of this plan together, without its voices. Returns the new place of every operation.
pub(super) fn reorder(plan: &mut Plan) -> Vec<usize> {
    plan.rounds.clear();
    if plan.lines.iter().all(|late| *late >= TILE) {
        return (0..plan.ops.len()).collect();
    }
    let mut place = vec![0; plan.ops.len()];
    let mut order = vec![];
    for group in groups(&needs(plan)) {
        let start = order.len();
        for op in group {
            place[op] = order.len();
            order.push(op);
        }
        let late = |op: &usize| match plan.ops[*op].what {
            What::FeedbackRead { line } => Some(plan.lines[line]),
            _ => None,
        };
        if let Some(grain) = order[start..].iter().filter_map(late).min()
            && order.len() - start > 1
        {
            plan.rounds.push(Round { ops: start..order.len(), grain });
        }
    }
    let mut old: Vec<Option<Op>> = plan.ops.drain(..).map(Some).collect();
    plan.ops = order.into_iter().filter_map(|op| old[op].take()).collect();
    for wire in plan.ops.iter_mut().flat_map(|op| &mut op.inputs).chain(&mut plan.outputs) {
        *wire = wire.renumbered(&place);
    }
    place
}

/// What must run before each operation: what it reads, the end of a short loop before its beginning, and whatever acts beside its
/// output in the order of the text.
fn needs(plan: &Plan) -> Vec<Vec<usize>> {
    let mut ends = vec![vec![]; plan.lines.len()];
    for (index, op) in plan.ops.iter().enumerate() {
        if let What::FeedbackWrite { line } = op.what {
            ends[line].push(index);
        }
    }
    let mut acted = None;
    let one = |(index, op): (usize, &Op)| {
        let values = op.inputs.iter().flat_map(|wire| [wire.left, wire.right]);
        let mut needs: Vec<usize> = values.filter_map(Value::op).collect();
        match op.what {
            What::FeedbackRead { line } if plan.lines[line] < TILE => needs.extend(&ends[line]),
            _ if shares(op) => needs.extend(acted.replace(index)),
            _ => {}
        }
        needs
    };
    plan.ops.iter().enumerate().map(one).collect()
}

/// Whether an operation, or one of its voices', reads or changes something beside its inputs and its output.
fn shares(op: &Op) -> bool {
    match &op.what {
        What::Node(recipe) => recipe.memory.is_some() || recipe.acts(),
        What::Voices(voices) => voices.pools.iter().any(|pool| pool.main.plan.ops.iter().any(shares)),
        // A kernel of the program before may be anything.
        What::Leaving => true,
        _ => false,
    }
}

/// Operations that need each other, as groups, each behind what it needs (Tarjan's strongly connected components). Within a group
/// the order stays.
pub(super) fn groups(needs: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut groups = vec![];
    // In the order of discovery, from 1 on; and the earliest that an operation leads back to.
    let (mut number, mut back) = (vec![0; needs.len()], vec![0; needs.len()]);
    let (mut found, mut open, mut grouped) = (0, vec![], vec![false; needs.len()]);
    let mut path: Vec<(usize, usize)> = vec![];
    for root in 0..needs.len() {
        let mut enter = (number[root] == 0).then_some(root);
        loop {
            if let Some(op) = enter.take() {
                found += 1;
                (number[op], back[op]) = (found, found);
                open.push(op);
                path.push((op, 0));
            }
            let Some((op, next)) = path.last_mut() else { break };
            let op = *op;
            if let Some(need) = needs[op].get(*next).copied() {
                *next += 1;
                if number[need] == 0 {
                    enter = Some(need);
                } else if !grouped[need] {
                    back[op] = back[op].min(number[need]);
                }
                continue;
            }
            path.pop();
            if let Some((user, _)) = path.last() {
                back[*user] = back[*user].min(back[op]);
            }
            if back[op] == number[op] {
                let first = open.iter().rposition(|o| *o == op).unwrap_or(0);
                let mut group = open.split_off(first);
                group.iter().for_each(|op| grouped[*op] = true);
                group.sort_unstable();
                groups.push(group);
            }
        }
    }
    groups
}

/// The loops of a plan as the graph runs them, but for tiles of their own.
pub(super) fn loops(plan: &Plan, tiles: &Tiles) -> Vec<Loop> {
    let steps = steps_of(&plan.ops);
    let one = |Round { ops, grain }: &Round| {
        let (mut enter, mut leave) = (BTreeSet::new(), BTreeSet::new());
        let mut crossing = |wires: &[Wire], inside: bool| {
            for value in wires.iter().flat_map(|wire| [wire.left, wire.right]) {
                let Value::Op(from, channel) = value else { continue };
                if ops.contains(&from) != inside {
                    let tiles_of = if inside { &mut enter } else { &mut leave };
                    tiles_of.insert(tiles.of[from][usize::from(channel)]);
                }
            }
        };
        for (index, op) in plan.ops.iter().enumerate() {
            crossing(&op.inputs, ops.contains(&index));
        }
        crossing(&plan.outputs, false);
        // Nothing in a loop is imported, so that it is whole as steps as well.
        let first = steps[ops.start] as usize;
        let same = |tiles: BTreeSet<u32>| tiles.into_iter().map(|tile| (tile, tile)).collect();
        Loop { steps: first..first + ops.len(), grain: *grain, enter: same(enter), leave: same(leave) }
    };
    plan.rounds.iter().map(one).collect()
}

/// Gives the steps of loops tiles of their own, from `count` on. Returns how many tiles there are then.
pub(super) fn own_tiles(loops: &mut [Loop], steps: &mut [Step], count: usize) -> usize {
    let mut owned: HashMap<u32, u32> = HashMap::new();
    let mut own = |tile: &mut u32| {
        let next = (count + owned.len()) as u32;
        *tile = *owned.entry(*tile).or_insert(next);
    };
    for Loop { steps: inside, enter, leave, .. } in loops {
        for step in &mut steps[inside.clone()] {
            let sources = step.inputs.iter_mut().flat_map(|port| [&mut port.left, &mut port.right]);
            sources.for_each(|source| {
                if let Source::Tile(tile) = source {
                    own(tile);
                }
            });
            step.outputs[..step.channels].iter_mut().for_each(&mut own);
        }
        enter.iter_mut().for_each(|(_, tile)| own(tile));
        leave.iter_mut().for_each(|(tile, _)| own(tile));
    }
    count + owned.len()
}

#[cfg(test)]
mod tests {
    use super::super::plan::Ends;
    use super::*;

    fn op(what: What, inputs: &[usize]) -> Op {
        let inputs = inputs.iter().map(|i| Wire::op(*i, 1)).collect();
        Op::new(what, inputs, 1, Ends::Never, String::new())
    }

    // read ─► a ─► b ─► write, and beside it: c ─► b, d ─► out
    #[test]
    fn loops_hold_nothing_but_what_goes_round() {
        let ops = |late: usize| Plan {
            ops: vec![
                op(What::FeedbackRead { line: 0 }, &[]),
                op(What::Sum, &[0]),
                op(What::Sum, &[]),
                op(What::Sum, &[2]),
                op(What::Sum, &[1, 2]),
                op(What::Average, &[1]),
                op(What::FeedbackWrite { line: 0 }, &[4]),
            ],
            lines: vec![late],
            outputs: vec![Wire::op(3, 1), Wire::op(5, 1)],
            ..Plan::default()
        };
        let mut short = ops(3);
        let place = reorder(&mut short);
        let round = &short.rounds[0];
        assert_eq!((short.rounds.len(), round.grain), (1, 3));
        let mut inside: Vec<usize> = (0..7).filter(|op| round.ops.contains(&place[*op])).collect();
        inside.sort_unstable();
        assert_eq!(inside, [0, 1, 4, 6]);
        for (index, op) in short.ops.iter().enumerate() {
            let inputs = op.inputs.iter().filter_map(|wire| wire.left.op());
            assert!(inputs.into_iter().all(|input| input < index), "an operation comes behind what it reads");
        }
        let mut long = ops(64);
        assert_eq!(reorder(&mut long), [0, 1, 2, 3, 4, 5, 6]);
        assert!(long.rounds.is_empty());
    }
}

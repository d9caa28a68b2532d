//! Which tile each operation writes to: tiles are reused as soon as nobody reads them any more, so that a graph's working set
//! stays small. Loader thread.

use super::plan::{Plan, Value, What};

/// Tiles of every operation (per channel), and how many there are.
pub(super) struct Tiles {
    pub of: Vec<[u32; 2]>,
    pub count: usize,
}

pub(super) fn allocate(plan: &Plan) -> Tiles {
    let never = usize::MAX;
    let mut last = vec![0; plan.ops.len()];
    let mut read = |value: Value, at: usize| {
        if let Value::Op(op, _) = value {
            last[op] = if last[op] == never { never } else { at.max(last[op]) };
        }
    };
    for (index, op) in plan.ops.iter().enumerate() {
        for wire in &op.inputs {
            read(wire.left, index);
            read(wire.right, index);
        }
    }
    // What enters a loop is handed in part by part, until its end.
    for round in &plan.rounds {
        for wire in plan.ops[round.ops.clone()].iter().flat_map(|op| &op.inputs) {
            for value in [wire.left, wire.right] {
                if matches!(value, Value::Op(op, _) if !round.ops.contains(&op)) {
                    read(value, round.ops.end - 1);
                }
            }
        }
    }
    for wire in &plan.outputs {
        read(wire.left, never);
        read(wire.right, never);
    }
    let mut free: Vec<u32> = vec![];
    let mut count = 0;
    let mut of = vec![[u32::MAX; 2]; plan.ops.len()];
    let mut take = |free: &mut Vec<u32>| {
        free.pop().unwrap_or_else(|| {
            count += 1;
            count - 1
        })
    };
    // What is read from around the graph is there before its first step, so these tiles are never lent.
    for (index, op) in plan.ops.iter().enumerate() {
        if let What::Import { .. } = op.what {
            of[index][0] = take(&mut free);
            last[index] = never;
        }
    }
    let mut ending: Vec<Vec<usize>> = vec![vec![]; plan.ops.len()];
    for (op, at) in last.iter().enumerate() {
        if *at != never {
            ending[(*at).max(op)].push(op);
        }
    }
    for index in 0..plan.ops.len() {
        if !matches!(plan.ops[index].what, What::Import { .. }) {
            for tile in of[index].iter_mut().take(plan.ops[index].channels) {
                *tile = take(&mut free);
            }
        }
        // Only now: an operation never writes over what it reads.
        for done in &ending[index] {
            free.extend(of[*done].iter().take(plan.ops[*done].channels));
        }
    }
    Tiles { of, count: count as usize }
}

#[cfg(test)]
mod tests {
    use super::super::plan::{Ends, Op, Wire};
    use super::*;

    fn op(inputs: &[usize]) -> Op {
        let inputs = inputs.iter().map(|i| Wire::op(*i, 1)).collect();
        Op::new(What::Sum, inputs, 1, Ends::Never, String::new())
    }

    // 0 ─► 1 ─► 2 ─┐
    //  └───────────┴► 3
    #[test]
    fn allocate_reuses_tiles_but_never_what_is_still_read() {
        let plan = Plan {
            ops: vec![op(&[]), op(&[0]), op(&[1]), op(&[0, 2])],
            outputs: vec![Wire::op(3, 1)],
            ..Plan::default()
        };
        let tiles = allocate(&plan);
        let of: Vec<u32> = tiles.of.iter().map(|t| t[0]).collect();
        assert_eq!(tiles.count, 3);
        assert!(of[1] != of[0] && of[2] != of[0] && of[2] != of[1] && of[3] != of[0] && of[3] != of[2]);
    }
}

//! Stages that make a plan smaller without changing what is heard: equal operations are computed once, unheard ones not at all.
//! Loader thread.

use std::collections::HashMap;

use super::plan::{Op, Plan, Value, What, Wire};

/// Computes equal stateless operations once.
pub(super) fn share(mut plan: Plan) -> Plan {
    let mut same: Vec<usize> = (0..plan.ops.len()).collect();
    // First operations by their inputs.
    let mut known: HashMap<Vec<u64>, Vec<usize>> = HashMap::new();
    for index in 0..plan.ops.len() {
        for wire in &mut plan.ops[index].inputs {
            *wire = wire.renumbered(&same);
        }
        let op = &plan.ops[index];
        if matches!(op.what, What::Formula(_) | What::Average | What::Tempo { .. }) {
            let alike = known.entry(op.inputs.iter().flat_map(key).collect()).or_default();
            match alike.iter().find(|first| equal(&plan.ops[**first], op)) {
                Some(first) => same[index] = *first,
                None => alike.push(index),
            }
        }
        if let What::Voices(voices) = &mut plan.ops[index].what {
            for pool in &mut voices.pools {
                pool.main.plan = share(std::mem::take(&mut pool.main.plan));
            }
        }
    }
    for wire in &mut plan.outputs {
        *wire = wire.renumbered(&same);
    }
    plan
}

/// A wire as numbers to look it up by: equal wires have equal keys.
fn key(wire: &Wire) -> [u64; 4] {
    let one = |value| match value {
        // Zero equals its negative.
        Value::Const(x) => [0, (x + 0.0).to_bits()],
        Value::Slot(slot) => [1, u64::from(slot)],
        Value::Op(op, channel) => [2 + u64::from(channel), op as u64],
    };
    let ([a, b], [c, d]) = (one(wire.left), one(wire.right));
    [a, b, c, d]
}

fn equal(a: &Op, b: &Op) -> bool {
    if a.inputs != b.inputs || a.ends != b.ends {
        return false;
    }
    match (&a.what, &b.what) {
        (What::Formula(a), What::Formula(b)) => a.is_pure() && a == b,
        (What::Average, What::Average) => true,
        (What::Tempo { part: a, host: x }, What::Tempo { part: b, host: y }) => (a, x) == (b, y),
        _ => false,
    }
}

/// Drops operations that neither the outputs nor a loop needs.
pub(super) fn prune(plan: Plan) -> Plan {
    reached(plan, acts)
}

/// Drops operations that the outputs do not need, whatever else they do.
pub(super) fn only(plan: Plan) -> Plan {
    reached(plan, |_| false)
}

fn reached(mut plan: Plan, acts: fn(&Op) -> bool) -> Plan {
    let mut heard = vec![false; plan.ops.len()];
    let acting = plan.ops.iter().enumerate().filter(|(_, op)| acts(op)).map(|(index, _)| index);
    let mut open: Vec<usize> = plan.outputs.iter().flat_map(Wire::ops).chain(acting).collect();
    while let Some(op) = open.pop() {
        if std::mem::replace(&mut heard[op], true) {
            continue;
        }
        open.extend(plan.ops[op].inputs.iter().flat_map(Wire::ops));
        if let What::FeedbackRead { line } = plan.ops[op].what {
            let writes = |o: &Op| matches!(o.what, What::FeedbackWrite { line: l } if l == line);
            open.extend(plan.ops.iter().enumerate().filter(|(_, o)| writes(o)).map(|(i, _)| i));
        }
    }
    let mut place = vec![0; plan.ops.len()];
    let mut kept = vec![];
    for (index, mut op) in plan.ops.drain(..).enumerate() {
        if !heard[index] {
            continue;
        }
        place[index] = kept.len();
        for wire in &mut op.inputs {
            *wire = wire.renumbered(&place);
        }
        if let What::Voices(voices) = &mut op.what {
            for pool in &mut voices.pools {
                pool.main.plan = prune(std::mem::take(&mut pool.main.plan));
            }
        }
        kept.push(op);
    }
    plan.ops = kept;
    for wire in &mut plan.outputs {
        *wire = wire.renumbered(&place);
    }
    plan
}

/// Whether an operation, or one of its voices', does something beside its output.
fn acts(op: &Op) -> bool {
    match &op.what {
        What::Node(recipe) => recipe.acts(),
        What::NotesOut(_) => true,
        What::Voices(voices) => voices.pools.iter().any(|pool| pool.main.plan.ops.iter().any(acts)),
        _ => false,
    }
}

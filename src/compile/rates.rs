//! Which operations are read only at control points: what feeds nothing but a filter's cutoff need not be computed for every
//! frame. Exact, not an approximation: the values that are read are the same. Loader thread.

use crate::spec::{ParamKind, Stereo};

use super::plan::{Op, Plan, Value, What};
use super::pools::PoolDraft;

/// Marks what is sparse, from the outputs backwards.
pub(super) fn rates(mut plan: Plan) -> Plan {
    let mut sparse: Vec<bool> = plan.ops.iter().map(|op| can_be_sparse(&op.what)).collect();
    let read_everywhere = |sparse: &mut Vec<bool>, value: Value| {
        if let Value::Op(op, _) = value {
            sparse[op] = false;
        }
    };
    for wire in &plan.outputs {
        read_everywhere(&mut sparse, wire.left);
        read_everywhere(&mut sparse, wire.right);
    }
    // An operation comes before what reads it, except through feedback lines, which are never sparse.
    for index in (0..plan.ops.len()).rev() {
        let op = &plan.ops[index];
        for (port, wire) in op.inputs.iter().enumerate() {
            let at_points = match op.what {
                What::Formula(_) | What::Fade(_) => sparse[index],
                // Of the others, only the ends are read.
                What::First => port > 0 || sparse[index],
                _ => reads_at_points(op, port),
            };
            if !at_points {
                read_everywhere(&mut sparse, wire.left);
                read_everywhere(&mut sparse, wire.right);
            }
        }
    }
    for (op, sparse) in plan.ops.iter_mut().zip(sparse) {
        op.sparse = sparse;
        if let What::Voices(voices) = &mut op.what {
            for bank in voices.pools.iter_mut().flat_map(PoolDraft::banks_mut) {
                bank.plan = rates(std::mem::take(&mut bank.plan));
            }
        }
    }
    plan
}

/// Kinds that know how to leave frames out.
fn can_be_sparse(what: &What) -> bool {
    match what {
        What::Formula(_) | What::First | What::Fade(_) => true,
        What::Node(recipe) => recipe.def.spec.name == "osc",
        _ => false,
    }
}

fn reads_at_points(op: &Op, port: usize) -> bool {
    let What::Node(recipe) = &op.what else { return false };
    let params = recipe.def.spec.params.iter().zip(&recipe.inputs);
    params.into_iter().any(|(param, inputs)| {
        param.kind == ParamKind::Signal(Stereo::Control) && inputs.ports.contains(&port)
    })
}

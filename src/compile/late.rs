//! Stage behind `lower`: what meets something that is late (a limiter that looks ahead) is made as late, so that everything arrives
//! together: at sums, in expressions, at sidechains, at the outputs, and in voices. Loader thread.

use std::collections::HashMap;

use crate::kernel::latency;

use super::plan::{Ends, Op, Plan, Value, What, Wire};
use super::pools::Driver;
use super::sketch::passes;

/// Makes signals late where they meet later ones, and says by how many frames all of the plan's outputs are.
pub(super) fn compensate(plan: Plan, rate: f64) -> (Plan, u64) {
    if !is_late(&plan, rate) {
        return (plan, 0);
    }
    compensated(plan, rate, &[])
}

/// Whether anything in the plan, or in its voices, is late by itself.
fn is_late(plan: &Plan, rate: f64) -> bool {
    plan.ops.iter().any(|op| match &op.what {
        What::Voices(voices) => {
            own(op, rate) > 0 || voices.pools.iter().any(|pool| is_late(&pool.main.plan, rate))
        }
        _ => own(op, rate) > 0,
    })
}

fn own(op: &Op, rate: f64) -> u64 {
    match &op.what {
        What::Node(recipe) => latency(&recipe.def.spec, &recipe.fixed, rate),
        What::Voices(voices) => match &voices.driver {
            Driver::Hit(hit) => hit.late,
            _ => 0,
        },
        _ => 0,
    }
}

/// `around`: how late what the voices import is.
fn compensated(mut plan: Plan, rate: f64, around: &[u64]) -> (Plan, u64) {
    let mut stage = Stage { ops: vec![], late: vec![], place: vec![], delayed: HashMap::new() };
    for mut op in std::mem::take(&mut plan.ops) {
        let inputs: Vec<Wire> = op.inputs.iter().map(|wire| wire.renumbered(&stage.place)).collect();
        let meets = |port: usize| passes(&op.what, port) || is_sidechain(&op, port);
        let latest = (0..inputs.len()).filter(|p| meets(*p)).map(|p| stage.of(inputs[p])).max().unwrap_or(0);
        let aligned = inputs.iter().enumerate().map(|(port, wire)| match meets(port) {
            true => stage.delay(*wire, latest, &format!("{}.{port}", op.id)),
            false => *wire,
        });
        op.inputs = aligned.collect();
        let heard = latest;
        let late = match &mut op.what {
            What::Import { index, .. } => around.get(*index).copied().unwrap_or(0),
            What::Voices(voices) => {
                let around: Vec<u64> = op.inputs.iter().map(|wire| stage.of(*wire)).collect();
                let mut latest = 0;
                let mut done = vec![];
                for pool in &mut voices.pools {
                    let (inner, late) = compensated(std::mem::take(&mut pool.main.plan), rate, &around);
                    latest = latest.max(late);
                    done.push((inner, late));
                }
                for (pool, (inner, late)) in voices.pools.iter_mut().zip(done) {
                    pool.main.plan = later(inner, latest - late);
                }
                // The voices sound until their last frame has come out.
                if let Driver::Sequencer { steps, .. } = &mut voices.driver {
                    let calls = steps.iter_mut().flatten();
                    calls.filter_map(|call| call.life.as_mut()).for_each(|life| *life += latest);
                }
                match &mut voices.driver {
                    Driver::Hit(hit) => {
                        hit.dry_late += latest;
                        heard + hit.late + latest
                    }
                    _ => latest,
                }
            }
            What::Cut { frames } => {
                frames.iter_mut().for_each(|frames| *frames += latest);
                latest
            }
            _ => latest + own(&op, rate),
        };
        stage.put(op, late);
    }
    let outputs: Vec<Wire> = plan.outputs.iter().map(|wire| wire.renumbered(&stage.place)).collect();
    let latest = outputs.iter().map(|wire| stage.of(*wire)).max().unwrap_or(0);
    let aligned = outputs.iter().enumerate().map(|(n, wire)| stage.delay(*wire, latest, &format!("out.{n}")));
    plan.outputs = aligned.collect();
    plan.ops = stage.ops;
    (plan, latest)
}

/// All outputs of a plan `frames` later.
fn later(mut plan: Plan, frames: u64) -> Plan {
    let mut stage =
        Stage { late: vec![0; plan.ops.len()], ops: plan.ops, place: vec![], delayed: HashMap::new() };
    let outputs = plan.outputs.iter().enumerate();
    plan.outputs = outputs.map(|(n, wire)| stage.delay(*wire, frames, &format!("out.{n}"))).collect();
    plan.ops = stage.ops;
    plan
}

/// A signal that decides what is done with another one belongs to the same moment.
fn is_sidechain(op: &Op, port: usize) -> bool {
    let What::Node(recipe) = &op.what else { return false };
    recipe.def.spec.param("sidechain").is_some_and(|(index, _)| recipe.inputs[index].ports.contains(&port))
}

/// Output channel of an operation.
type Channel = (usize, u8);

struct Stage {
    ops: Vec<Op>,
    /// Per operation of the new plan, how late it is.
    late: Vec<u64>,
    /// Where the operations of the old plan stand.
    place: Vec<usize>,
    /// What has been made late already, by how much.
    delayed: HashMap<(Channel, Channel, u64), Wire>,
}

impl Stage {
    fn put(&mut self, op: Op, late: u64) {
        self.place.push(self.ops.len());
        self.ops.push(op);
        self.late.push(late);
    }

    fn of(&self, wire: Wire) -> u64 {
        wire.ops().map(|op| self.late[op]).max().unwrap_or(0)
    }

    /// A signal as late as `latest`. Numbers are never late.
    fn delay(&mut self, wire: Wire, latest: u64, id: &str) -> Wire {
        let frames = latest - self.of(wire).min(latest);
        if frames == 0 || wire.ops().next().is_none() {
            return wire;
        }
        let key = match (wire.left, wire.right) {
            (Value::Op(left, a), Value::Op(right, b)) => Some(((left, a), (right, b), frames)),
            _ => None,
        };
        if let Some(known) = key.and_then(|key| self.delayed.get(&key)) {
            return *known;
        }
        let channels = 1 + usize::from(wire.is_stereo());
        let delayed = Wire::op(self.ops.len(), channels);
        let op = Op::new(What::Late { frames }, vec![wire], channels, Ends::Own, format!("{id}.late"));
        self.ops.push(op);
        self.late.push(latest);
        self.delayed.extend(key.map(|key| (key, delayed)));
        delayed
    }
}

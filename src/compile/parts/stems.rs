//! Where stems are taken from: more outputs of the plan, aligned with the others. Loader thread.

use std::ops::Range;

use crate::compile::lower::Track;
use crate::compile::plan::{Op, Plan, Value, What, Wire};
use crate::compile::program::Role;

/// At which point of a strip a stem is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// Before its effects.
    Dry,
    /// Behind its effects, before its fader.
    PostInsert,
    PostFader,
}

/// What stems are wanted, one for each track and bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StemWish {
    pub point: Point,
    /// Each goes through the master's effects on its own.
    pub master: bool,
}

/// The operations of the master's effects, and what goes into them.
pub(in crate::compile) struct MasterOps {
    pub ops: Range<usize>,
    pub input: Wire,
    pub output: Wire,
}

/// Adds the stems to the plan's outputs. Returns the strip of each.
pub(super) fn tap(
    plan: &mut Plan,
    tracks: &[Track],
    master: Option<&MasterOps>,
    wish: StemWish,
) -> Vec<usize> {
    let wanted = tracks.iter().enumerate().filter(|(_, t)| matches!(t.role, Role::Track | Role::Bus));
    let mut strips = vec![];
    for (strip, track) in wanted {
        let wire = match wish.point {
            Point::Dry => track.dry,
            Point::PostInsert => track.inserted,
            Point::PostFader => track.wire,
        };
        let wire = match master.filter(|_| wish.master) {
            Some(master) => again(plan, master, wire),
            None => wire,
        };
        plan.outputs.push(wire);
        strips.push(strip);
    }
    strips
}

/// The master's effects once more, for another input. Their ids, and so what is random in them, stay the same.
fn again(plan: &mut Plan, master: &MasterOps, input: Wire) -> Wire {
    let MasterOps { ops, input: old, output } = master;
    let shift = plan.ops.len() - ops.start;
    let moved = |wire: &Wire| {
        if wire == old {
            return input;
        }
        let one = |value: Value, new: Value| match value {
            Value::Op(op, channel) if ops.contains(&op) => Value::Op(op + shift, channel),
            value if value == old.left => input.left,
            value if value == old.right && old.is_stereo() => new,
            value => value,
        };
        Wire { left: one(wire.left, input.right), right: one(wire.right, input.right) }
    };
    let (lines, memories) = (plan.lines.len(), plan.memories.len());
    let (mut own_lines, mut own_memories) = (vec![], vec![]);
    let mut again: Vec<Op> = plan.ops[ops.clone()].to_vec();
    for op in &mut again {
        op.inputs.iter_mut().for_each(|wire| *wire = moved(wire));
        match &mut op.what {
            What::FeedbackRead { line } | What::FeedbackWrite { line } => {
                *line = lines + place_of(&mut own_lines, *line);
            }
            What::Node(recipe) => {
                if let Some((0, memory)) = &mut recipe.memory {
                    *memory = memories + place_of(&mut own_memories, *memory);
                }
            }
            _ => {}
        }
    }
    plan.lines.extend(own_lines.iter().map(|line| plan.lines[*line]).collect::<Vec<_>>());
    let copies: Vec<_> = own_memories.iter().map(|memory| plan.memories[*memory].clone()).collect();
    plan.memories.extend(copies);
    plan.ops.extend(again);
    moved(output)
}

/// Where a number stands in a list, to which it is added if need be.
fn place_of(list: &mut Vec<usize>, number: usize) -> usize {
    list.iter().position(|known| *known == number).unwrap_or_else(|| {
        list.push(number);
        list.len() - 1
    })
}

//! The fades of a merge: where they stand, and whether they go in a straight line or with equal power. Loader thread.

use std::collections::HashSet;

use crate::kernel::plumbing::Law;

use super::super::plan::{Ends, Op, What, Wire};
use super::super::sketch::{GraphSketch, Part, passes, same_wire};
use super::merge::Merge;

/// Where a fade stands.
#[derive(Clone, Copy)]
pub enum Spot<'a> {
    /// Before an input of an operation, whose id this is; whether that input is heard, rather than moving something.
    Port(&'a str, usize, bool),
    /// At an output: one that goes on, is new, or is gone.
    Output(&'static str, usize),
}

impl Merge<'_> {
    /// From an old signal to a new one; the new one itself where they are the same.
    pub fn faded(&mut self, old: Wire, new: Wire, spot: Spot) -> Wire {
        let (Some(left), Some(right)) = (self.old_value(old.left), self.old_value(old.right)) else {
            return new;
        };
        let old = Wire { left, right };
        if same_wire((&old, &new)) || new.as_number_or_nan().is_some_and(f64::is_nan) {
            return new;
        }
        self.fade(old, new, spot)
    }

    /// From one signal of this plan to another.
    pub fn fade(&mut self, old: Wire, new: Wire, spot: Spot) -> Wire {
        let law = self.law(old, new, spot);
        let known = |(f, t, l, _): &&(Wire, Wire, Law, Wire)| {
            same_wire((f, &old)) && same_wire((t, &new)) && *l == law
        };
        if let Some((.., faded)) = self.fades.iter().find(known) {
            return *faded;
        }
        let (id, number, gone) = match spot {
            Spot::Port(id, port, _) => (id, port, false),
            Spot::Output(id, number) => (id, number, id == "gone"),
        };
        let channels = 1 + usize::from(new.is_stereo() || (old.is_stereo() && gone));
        let what = What::Fade(law);
        self.ops.push(Op::new(what, vec![old, new], channels, Ends::With(1), format!("{id}.fade.{number}")));
        let faded = Wire::op(self.ops.len() - 1, channels);
        self.fades.push((old, new, law, faded));
        faded
    }

    /// Two sounds that have nothing in common keep their power through the fade. What has anything in common, and what is not heard
    /// itself, goes in a straight line.
    fn law(&self, old: Wire, new: Wire, spot: Spot) -> Law {
        let sounds = old.left.op().is_some() && new.left.op().is_some();
        if !sounds || matches!(spot, Spot::Port(.., false)) {
            return Law::Linear;
        }
        let (was, is) = (self.sources(old), self.sources(new));
        let heir = |(from, to): &(usize, usize)| {
            let (from, to) = (self.left[*from], self.placed[*to]);
            from.is_some_and(|from| was.contains(&from)) && to.is_some_and(|to| is.contains(&to))
        };
        match was.intersection(&is).next().is_some() || self.heirs.iter().any(heir) {
            true => Law::Linear,
            false => Law::Power,
        }
    }

    /// All operations whose sound is part of a signal.
    fn sources(&self, wire: Wire) -> HashSet<usize> {
        let mut found = HashSet::new();
        let mut open: Vec<usize> = wire.ops().collect();
        while let Some(index) = open.pop() {
            if !found.insert(index) {
                continue;
            }
            let op = &self.ops[index];
            let old = self.left.iter().position(|left| *left == Some(index)).map(|old| &self.old.ops[old]);
            for (port, wire) in op.inputs.iter().enumerate() {
                let part = match old {
                    Some(old) => old.passes.get(port).copied().unwrap_or(false),
                    None => passes(&op.what, port) || matches!(op.what, What::Fade(_)),
                };
                if part {
                    open.extend(wire.ops());
                }
            }
        }
        found
    }

    /// Whether something sounds in a signal that has sounded before.
    pub fn goes_on(&self, wire: Wire) -> bool {
        let sources = self.sources(wire);
        self.steps.iter().any(|(_, to, _)| sources.contains(to))
    }
}

/// Which operations are heard, rather than moving something.
pub fn heard(graph: &GraphSketch) -> Vec<bool> {
    let mut heard = vec![false; graph.ops.len()];
    let mut open: Vec<usize> = graph.outputs.iter().flat_map(Wire::ops).collect();
    while let Some(index) = open.pop() {
        let op = &graph.ops[index];
        if std::mem::replace(&mut heard[index], true) || op.part == Part::Kernel("formula") {
            continue;
        }
        let ports = op.inputs.iter().zip(&op.passes).filter(|(_, passes)| **passes);
        open.extend(ports.flat_map(|(wire, _)| wire.ops()));
    }
    heard
}

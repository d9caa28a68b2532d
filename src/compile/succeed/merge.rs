//! The merging of two plans: new operations in their order, old ones that leave where they are still read, fades in between. Loader
//! thread.

use std::collections::HashMap;

use crate::kernel::REMEMBERS;
use crate::kernel::carry::{Carry, How};
use crate::kernel::plumbing::Law;

use super::super::plan::{Op, Value, What, Wire};
use super::super::sketch::{GraphSketch, Part, PoolSketch, passes};
use super::Level;
use super::fades::Spot;

pub(super) struct Merge<'a> {
    pub old: &'a GraphSketch,
    pub sketch: &'a mut GraphSketch,
    pub level: Level<'a>,
    pub successor: Vec<Option<usize>>,
    pub predecessor: Vec<Option<usize>>,
    /// Where the new operations stand in the merged plan.
    pub placed: Vec<Option<usize>>,
    pub entered: Vec<bool>,
    /// Where the old ones that leave stand.
    pub left: Vec<Option<usize>>,
    /// Old operations and new ones that begin where those are, and sound alike.
    pub heirs: Vec<(usize, usize)>,
    /// Per new operation: it is heard, rather than moving something.
    pub heard: Vec<bool>,
    pub fresh: Vec<Option<Op>>,
    pub ops: Vec<Op>,
    pub steps: Vec<(u32, usize, How)>,
    /// Fades made so far: from, to, how, and the result.
    pub fades: Vec<(Wire, Wire, Law, Wire)>,
    pub lines: HashMap<usize, usize>,
    /// Feedback lines, by how late they are.
    pub late: Vec<usize>,
    pub carry: Carry,
}

impl Merge<'_> {
    /// Puts a new operation, after everything that it reads.
    pub fn place(&mut self, index: usize) {
        if std::mem::replace(&mut self.entered[index], true) {
            return;
        }
        let Some(mut op) = self.fresh[index].take() else { return };
        op.inputs = op.inputs.iter().map(|w| self.new_wire(w)).collect();
        let from = self.predecessor[index];
        let how = from.and_then(|from| self.go_on(from, index, &mut op));
        let new = match (from, &how) {
            (None, _) => true,
            (Some(from), Some(How::Copy)) => self.successor[from].is_none(),
            _ => false,
        };
        if new {
            self.let_in(&mut op);
        }
        let at = self.ops.len();
        self.ops.push(op);
        self.placed[index] = Some(at);
        if let (Some(from), Some(how)) = (from, how) {
            self.steps.push((self.old.ops[from].step, at, how));
        }
    }

    /// Lets what has sounded before into a new node that would play its sudden beginning later.
    fn let_in(&mut self, op: &mut Op) {
        let remembers = |op: &Op| matches!(&op.what, What::Node(r) if REMEMBERS.contains(&r.def.spec.name));
        if !remembers(op) {
            return;
        }
        for port in (0..op.inputs.len()).filter(|port| passes(&op.what, *port)) {
            if self.goes_on(op.inputs[port]) {
                let spot = Spot::Port(&op.id, port, false);
                op.inputs[port] = self.fade(Wire::number(0.0), op.inputs[port], spot);
            }
        }
    }

    /// How the state of an old operation passes to the one that goes on with it; its inputs fade to what they are now.
    fn go_on(&mut self, from: usize, index: usize, op: &mut Op) -> Option<How> {
        let old = &self.old.ops[from];
        match (old.part, &mut op.what) {
            (Part::Import { .. }, _) => None,
            (Part::Read(..), _) => None,
            (Part::Write(..), _) => {
                self.fade_inputs(from, index, op, 1);
                None
            }
            (Part::Voices(_), What::Voices(_)) => {
                if old.is(&self.sketch.ops[index]) {
                    self.fade_inputs(from, index, op, old.inputs.len());
                    self.sketch.ops[index].stay(old);
                    return Some(How::Move);
                }
                let own = |inputs: usize, pools: &[PoolSketch]| {
                    let imports = pools.iter().flat_map(|p| &p.graph().ops);
                    let first = imports
                        .filter_map(
                            |o| if let Part::Import { index, .. } = o.part { Some(index) } else { None },
                        )
                        .min();
                    first.unwrap_or(inputs)
                };
                let before = own(old.inputs.len(), &old.pools);
                if before == own(op.inputs.len(), &self.sketch.ops[index].pools) {
                    self.fade_inputs(from, index, op, before);
                }
                Some(How::Voices(self.voices(from, index, op)))
            }
            _ if old.is(&self.sketch.ops[index]) => {
                self.fade_inputs(from, index, op, old.inputs.len());
                Some(How::Move)
            }
            (_, What::Sum) if old.part == Part::Kernel("sum") && old.channels == op.channels => {
                self.fade_sum(from, index, op);
                Some(How::Move)
            }
            _ if self.sketch.ops[index].changes_over(old) => {
                for port in 0..op.inputs.len() {
                    // From number to number it changes over by itself.
                    let number = |wire: &Wire| wire.as_number_or_nan().is_some() && !old.passes[port];
                    if number(&old.inputs[port]) || number(&op.inputs[port]) {
                        continue;
                    }
                    let spot = Spot::Port(&op.id, port, self.heard[index] && old.passes[port]);
                    op.inputs[port] = self.faded(old.inputs[port], op.inputs[port], spot);
                }
                Some(How::Copy)
            }
            // Something fixed has changed: the new kernel begins where the old one is, which plays on while it fades.
            _ => {
                self.successor[from] = None;
                if !old.noisy && !self.sketch.ops[index].noisy {
                    self.heirs.push((from, index));
                }
                Some(How::Copy)
            }
        }
    }

    /// Puts fades before the first `count` inputs that are not what they were.
    fn fade_inputs(&mut self, from: usize, index: usize, op: &mut Op, count: usize) {
        let count = count.min(op.inputs.len());
        let mut before = self.old.ops[from].inputs[..count].to_vec();
        if let What::Sum = op.what {
            self.align(&mut before, index);
        }
        for (port, before) in before.into_iter().enumerate() {
            let heard = self.heard[index] && passes(&op.what, port) && !matches!(op.what, What::Formula(_));
            op.inputs[port] = self.faded(before, op.inputs[port], Spot::Port(&op.id, port, heard));
        }
    }

    /// A sum of more or fewer: what goes on is left alone, what is gone fades to nothing, and what sounded elsewhere before comes in.
    fn fade_sum(&mut self, from: usize, index: usize, op: &mut Op) {
        let before = self.old.ops[from].inputs.clone();
        let mut left = vec![true; before.len()];
        let heard = self.heard[index];
        for port in 0..op.inputs.len() {
            let now = self.sketch.ops[index].inputs[port].left.op();
            let same =
                |wire: &Wire| wire.left.op().is_some_and(|op| now.is_some() && self.successor[op] == now);
            let place = (0..before.len()).find(|place| left[*place] && same(&before[*place]));
            let spot = Spot::Port(&op.id, port, heard);
            if let Some(place) = place {
                left[place] = false;
                op.inputs[port] = self.faded(before[place], op.inputs[port], spot);
            } else if self.goes_on(op.inputs[port]) {
                op.inputs[port] = self.fade(Wire::number(0.0), op.inputs[port], spot);
            }
        }
        for (place, before) in before.into_iter().enumerate().filter(|(place, _)| left[*place]) {
            let gone =
                self.faded(before, Wire::number(0.0), Spot::Port(&op.id, op.inputs.len() + place, heard));
            if gone.as_number().is_none() {
                op.inputs.push(gone);
            }
        }
    }

    /// Brings what a sum read into the order of what it reads now: what goes on is not faded only because it has another number.
    fn align(&self, before: &mut [Wire], index: usize) {
        for port in 0..before.len() {
            let Some(now) = self.sketch.ops[index].inputs[port].left.op() else { continue };
            let same = |wire: &Wire| wire.left.op().is_some_and(|op| self.successor[op] == Some(now));
            if let Some(place) = before[port..].iter().position(same) {
                before[port..=port + place].rotate_right(1);
            }
        }
    }

    pub fn new_wire(&mut self, wire: &Wire) -> Wire {
        Wire { left: self.new_value(wire.left), right: self.new_value(wire.right) }
    }

    fn new_value(&mut self, value: Value) -> Value {
        let Value::Op(op, channel) = value else { return value };
        self.place(op);
        // An operation comes before what reads it, so it stands by now.
        Value::Op(self.placed[op].unwrap_or(0), channel)
    }

    /// Where the value of an old signal is found now; nowhere if that would need what is only about to be placed.
    pub fn old_value(&mut self, value: Value) -> Option<Value> {
        let Value::Op(op, channel) = value else {
            return match value {
                Value::Slot(slot) if slot as usize >= self.carry.variables => None,
                value => Some(value),
            };
        };
        if let Some(to) = self.successor[op] {
            if !self.ready(to) {
                return None;
            }
            // Whether it really goes on is known once it is placed.
            self.place(to);
            if self.successor[op].is_some() {
                return self.placed[to].map(|at| Value::Op(at, channel));
            }
        }
        self.leave(op).map(|at| Value::Op(at, channel))
    }

    /// Whether a new operation can be placed now: it needs nothing that is just about to be.
    fn ready(&self, op: usize) -> bool {
        let mut seen = vec![false; self.fresh.len()];
        let mut open = vec![op];
        while let Some(op) = open.pop() {
            if self.placed[op].is_some() || std::mem::replace(&mut seen[op], true) {
                continue;
            }
            let Some(fresh) = self.fresh[op].as_ref() else { return false };
            open.extend(fresh.inputs.iter().flat_map(Wire::ops));
        }
        true
    }

    /// The memories of loops that go on.
    pub fn carry_lines(&mut self) {
        for (from, to) in self.successor.iter().enumerate() {
            let Some(to) = to else { continue };
            if let (
                Part::Read(before, _) | Part::Write(before, _),
                Part::Read(after, _) | Part::Write(after, _),
            ) = (self.old.ops[from].part, self.sketch.ops[*to].part)
                && !self.lines.contains_key(&before)
                && !self.lines.values().any(|line| *line == after)
            {
                self.lines.insert(before, after);
                self.carry.lines.push((before as u32, after as u32));
            }
        }
    }

    /// Keeps an old operation while it fades.
    fn leave(&mut self, index: usize) -> Option<usize> {
        if let Some(at) = self.left[index] {
            return Some(at);
        }
        let old = &self.old.ops[index];
        let what = match old.part {
            Part::Import { .. } => return None,
            Part::Read(line, late) => What::FeedbackRead { line: self.line(line, late) },
            Part::Write(line, late) => What::FeedbackWrite { line: self.line(line, late) },
            Part::Kernel(_) | Part::Voices(_) => What::Leaving,
        };
        let inputs = old.inputs.iter().map(|wire| {
            let mut value = |v| self.old_value(v).unwrap_or(Value::Const(0.0));
            Wire { left: value(wire.left), right: value(wire.right) }
        });
        let inputs = inputs.collect();
        let at = self.ops.len();
        let mut op = Op::new(what, inputs, old.channels, old.ends.clone(), format!("{}.leaving", old.id));
        op.leaving = true;
        self.ops.push(op);
        self.left[index] = Some(at);
        if matches!(old.part, Part::Kernel(_) | Part::Voices(_)) {
            self.steps.push((old.step, at, How::Move));
        }
        Some(at)
    }

    /// The new number of an old feedback line.
    fn line(&mut self, old: usize, late: usize) -> usize {
        if let Some(line) = self.lines.get(&old) {
            return *line;
        }
        let new = self.late.len();
        self.late.push(late);
        self.lines.insert(old, new);
        self.carry.lines.push((old as u32, new as u32));
        new
    }

    /// Loops that leave are still written to.
    pub fn finish_lines(&mut self) {
        for (index, op) in self.old.ops.iter().enumerate() {
            if let Part::Write(line, late) = op.part
                && self.successor[index].is_none()
                && self.lines.contains_key(&line)
                && self
                    .old
                    .ops
                    .iter()
                    .zip(&self.left)
                    .any(|(o, l)| o.part == Part::Read(line, late) && l.is_some())
            {
                self.leave(index);
            }
        }
    }
}

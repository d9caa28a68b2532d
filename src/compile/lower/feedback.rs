//! Nodes that are read before they run: the feedback lines that carry their output to later frames, and what is worth saying about
//! them. Loader thread.

use crate::compile::plan::{self, Ends, Op, What, Wire};
use crate::kernel::TILE;
use crate::language::Diagnostic;
use crate::language::model::{Node, Span};
use crate::nodes::SHORTEST_TAPE;

use super::{Lower, Result};

/// The line that stands in for a node until it runs.
#[derive(Clone, Copy)]
pub(super) struct Line {
    /// What readers get.
    wire: Wire,
    left: usize,
    /// A second line, where the node is known to be stereo.
    right: Option<usize>,
    /// Who read it first.
    reader: Span,
}

impl Lower<'_> {
    /// The line of a node that has not run yet.
    pub(super) fn feedback(&mut self, scope: usize, id: &str, reader: Span) -> Wire {
        if let Some(line) = self.scopes[scope].feedback.get(id) {
            return line.wire;
        }
        let stereo = self.stereo.contains(id);
        let plan = &mut self.scopes[scope].plan;
        let mut line = || {
            // How late it is, is known where the node is found.
            let line = plan.lines.len();
            plan.lines.push(TILE);
            let what = What::FeedbackRead { line };
            let op = Op::new(what, vec![], 1, Ends::Never, format!("{id}.loop"));
            (line, Wire::op(plan.push(op), 1))
        };
        let (left, first) = line();
        let (right, wire) = match stereo {
            true => {
                let (right, second) = line();
                (Some(right), Wire { left: first.left, right: second.left })
            }
            false => (None, first),
        };
        self.scopes[scope].feedback.insert(id.to_owned(), Line { wire, left, right, reader });
        wire
    }

    /// Closes the loops that wait for this node.
    pub(super) fn close(&mut self, node: &Node, id: &str, wire: Wire) -> Result<()> {
        let Some(line) = self.scope().feedback.get(id).copied() else {
            self.unused(node, &format!("nothing reads `{id}` before it runs"));
            return Ok(());
        };
        let stereo = wire.is_stereo();
        let told = node.feedback.map(|(frames, _)| frames).or(self.library.late(node.span.file));
        let asked = told.unwrap_or(TILE);
        let early = self.early(wire, asked)?;
        let (source, late) = early.unwrap_or((wire, asked));
        if early.is_some() && late >= TILE {
            self.unused(node, "the loop lasts exactly the delay's time");
        }
        self.note(node, id, wire, &line, early.is_none().then_some(late));
        for (line, value) in [(Some(line.left), source.left), (line.right, source.right)] {
            if let Some(line) = line {
                self.scope().plan.lines[line] = late;
                let (what, inputs) = (What::FeedbackWrite { line }, vec![Wire::mono(value)]);
                self.scope().plan.push(Op::new(what, inputs, 0, Ends::Never, format!("{id}.feedback")));
            }
        }
        if stereo && line.right.is_none() {
            self.stereo.insert(id.to_owned());
        }
        Ok(())
    }

    /// What to feed back for a delay, and how late: its own time makes up for the frames of the feedback line, so that a loop through
    /// it is exactly as long as it says. (A second delay of the same signal, that much shorter.) Nothing for other nodes, and for a
    /// delay that is shorter than its line.
    fn early(&mut self, wire: Wire, asked: usize) -> Result<Option<(Wire, usize)>> {
        let rate = self.request.rate;
        let plan::Value::Op(op, _) = wire.left else { return Ok(None) };
        let op = &self.scope().plan.ops[op];
        let What::Node(recipe) = &op.what else { return Ok(None) };
        let time = recipe.def.spec.param("time").map(|(index, _)| recipe.inputs[index].ports.start);
        let (Some(port), "delay") = (time, recipe.def.spec.name) else {
            return Ok(None);
        };
        let frames = op.inputs[port].as_number().map(|seconds| seconds * rate);
        let shortest = if recipe.mode() == "tape" { SHORTEST_TAPE } else { 0.0 };
        let late = match frames {
            // Nothing is gained by a shorter line.
            Some(frames) if frames >= TILE as f64 + shortest => TILE,
            _ => asked.min(TILE),
        };
        let seconds = late as f64 / rate;
        if frames.is_some_and(|frames| frames < late as f64 + shortest) {
            return Ok(None);
        }
        let (recipe, mut inputs) = (recipe.clone(), op.inputs.clone());
        let (channels, ends, id) = (op.channels, op.ends.clone(), format!("{}.early", op.id));
        inputs[port] = self.shorter(inputs[port], seconds, recipe.span)?;
        Ok(Some((self.push(What::Node(recipe), inputs, channels, ends, id), late)))
    }

    /// Warns that a node's `feedback` changes nothing.
    pub(super) fn unused(&mut self, node: &Node, why: &str) {
        if let Some((_, key)) = node.feedback {
            let warning = Diagnostic::warning("ignored", key, format!("`feedback` does nothing here: {why}"));
            self.warnings.push(
                warning.hint("it says how late a node is where its `id` is read above or inside of it"),
            );
        }
    }

    /// Says where a node is read early, through what, and how many frames late that makes it: none for a loop through a delay.
    fn note(&mut self, node: &Node, id: &str, wire: Wire, line: &Line, late: Option<usize>) {
        let exact = late.is_none();
        let late = lateness(late.unwrap_or(0), self.request.rate);
        let through = self.path(line.wire, wire);
        let (code, message) = match &through[..] {
            [] => ("late-read", format!("`{id}` is read here before it runs: {late}")),
            _ if exact => {
                let nodes = through.join(" → ");
                ("feedback", format!("a loop through `{id}` ({nodes}): it lasts exactly the delay's time"))
            }
            _ => ("feedback", format!("a loop through `{id}` ({}): {late}", through.join(" → "))),
        };
        let note = Diagnostic::note(code, line.reader, message);
        let note = match through.is_empty() {
            true => note.hint("what stands before its reader is not late"),
            false => note,
        };
        self.notes.push(note.related(node.span, "the node that is read"));
    }

    /// The kinds of the nodes between reading a line and what is written to it, in the order of the signal.
    fn path(&self, from: Wire, to: Wire) -> Vec<&'static str> {
        let (plan::Value::Op(from, _), plan::Value::Op(to, _)) = (from.left, to.left) else { return vec![] };
        let ops = &self.scopes[self.scopes.len() - 1].plan.ops;
        // Operations stand behind what they read, so one look at each is enough.
        let mut reached = vec![false; ops.len()];
        reached[from] = true;
        for op in from + 1..=to {
            let inputs = ops[op].inputs.iter().flat_map(|w| [w.left, w.right]);
            reached[op] = inputs.into_iter().any(|v| matches!(v, plan::Value::Op(i, _) if reached[i]));
        }
        if !reached[to] {
            return vec![];
        }
        let mut needed = vec![false; ops.len()];
        needed[to] = true;
        let mut kinds = vec![];
        for op in (from + 1..=to).rev().filter(|op| reached[*op]) {
            if needed[op] {
                for value in ops[op].inputs.iter().flat_map(|w| [w.left, w.right]) {
                    if let plan::Value::Op(input, _) = value {
                        needed[input] = true;
                    }
                }
                kinds.push(kind(&ops[op]));
            }
        }
        kinds.reverse();
        kinds.dedup();
        kinds
    }
}

fn lateness(frames: usize, rate: f64) -> String {
    let milliseconds = frames as f64 / rate * 1000.0;
    let digits = if milliseconds < 1.0 { 2 } else { 1 };
    let plural = if frames == 1 { "" } else { "s" };
    format!("{frames} frame{plural} late ({milliseconds:.digits$} ms)")
}

fn kind(op: &Op) -> &'static str {
    match &op.what {
        What::Node(recipe) => recipe.def.spec.name,
        What::Voices(_) => "voices",
        What::Sum => "mix",
        _ => "expression",
    }
}

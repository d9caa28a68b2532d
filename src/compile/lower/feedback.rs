//! Nodes that are read before they run: the feedback lines that carry their output to the next 64 frames, and what is worth saying
//! about them. Loader thread.

use crate::compile::plan::{self, Ends, Op, What, Wire};
use crate::kernel::TILE;
use crate::language::Diagnostic;
use crate::language::model::{Node, Span};

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
            let line = plan.feedback_lines;
            plan.feedback_lines += 1;
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
        let Some(line) = self.scope().feedback.get(id).copied() else { return Ok(()) };
        let stereo = wire.is_stereo();
        let source = self.early(wire)?;
        self.note(node, id, wire, &line, source != wire);
        for (line, value) in [(Some(line.left), source.left), (line.right, source.right)] {
            if let Some(line) = line {
                let (what, inputs) = (What::FeedbackWrite { line }, vec![Wire::mono(value)]);
                self.scope().plan.push(Op::new(what, inputs, 0, Ends::Never, format!("{id}.feedback")));
            }
        }
        if stereo && line.right.is_none() {
            self.stereo.insert(id.to_owned());
        }
        Ok(())
    }

    /// Says where a node is read early, through what, and how late that makes it.
    fn note(&mut self, node: &Node, id: &str, wire: Wire, line: &Line, exact: bool) {
        let milliseconds = TILE as f64 / self.request.rate * 1000.0;
        let late = format!("{TILE} frames late ({milliseconds:.1} ms)");
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

fn kind(op: &Op) -> &'static str {
    match &op.what {
        What::Node(recipe) => recipe.def.spec.name,
        What::Voices(_) => "voices",
        What::Sum => "mix",
        _ => "expression",
    }
}

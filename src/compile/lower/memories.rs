//! Which buffers share a memory. A buffer without `name` has one of its own, called by its id; a `name` means the memory of the
//! buffer with that id in the scopes around, else the program's memory of that name. Loader thread.

use std::sync::Arc;

use crate::compile::plan::{MemoryDraft, Plan, What, Wire};
use crate::compile::pools::PoolDraft;
use crate::kernel::{Audio, Inputs};
use crate::language::Diagnostic;
use crate::language::model::{Node, Value};

use super::{Lower, Result};

impl Lower<'_> {
    /// The memory of a buffer (its scope and its number there), and how many channels the node puts out.
    pub(super) fn memory(
        &mut self,
        node: &Node,
        inputs: &[Inputs],
        wires: &[Wire],
        file: Option<Arc<Audio>>,
        channels: usize,
    ) -> Result<((usize, usize), usize)> {
        let wire = |name: &str| {
            let (index, _) = node.spec.param(name)?;
            wires.get(inputs[index].ports.start).filter(|_| !inputs[index].ports.is_empty()).copied()
        };
        let deepest = self.scopes.len() - 1;
        let own = self.declared(node, "name").is_none() && node.id.is_none();
        let name = match self.declared(node, "name").map(|p| &p.value) {
            Some(Value::Text(name)) => Some(name.clone()),
            _ => None,
        };
        let (depth, name) = match (name, &node.id) {
            (Some(name), _) => {
                let holds = |depth: &usize| self.scopes[*depth].declared.contains(&name);
                ((0..=deepest).rev().find(holds).unwrap_or(0), name)
            }
            (None, Some(id)) => (deepest, id.clone()),
            (None, None) => (deepest, node.path.clone()),
        };
        let seconds = match (wire("length"), self.declared(node, "length")) {
            (Some(wire), Some(param)) => match wire.as_number() {
                Some(seconds) => Some((seconds, param.span)),
                None if ["start", "end"].iter().any(|name| self.declared(node, name).is_some()) => {
                    let message =
                        "where `start` or `end` is given, `length` cannot change while the sound plays";
                    return Err(Diagnostic::error("not-fixed", param.span, message).into());
                }
                None => Some((if deepest == 0 { 30.0 } else { 4.0 }, param.span)),
            },
            _ => None,
        };
        let scope = &mut self.scopes[depth];
        let index = scope.plan.memories.iter().position(|m| m.name == name).unwrap_or_else(|| {
            scope.plan.memories.push(MemoryDraft { name: name.clone(), own, ..MemoryDraft::default() });
            scope.plan.memories.len() - 1
        });
        let memory = &mut scope.plan.memories[index];
        if let (Some((first, at)), Some((second, here))) = (memory.seconds, seconds)
            && first != second
        {
            let message = format!("the memory `{name}` cannot be {second} s long and {first} s as well");
            return Err(Diagnostic::error("two-lengths", here, message)
                .related(at, "the other length")
                .hint("give the length only where the signal is")
                .into());
        }
        memory.seconds = memory.seconds.or(seconds);
        memory.reader = node.span;
        if wire("signal").is_some() {
            if let Some(first) = memory.writer {
                let message = format!("two buffers write into the memory `{name}`");
                return Err(Diagnostic::error("two-writers", node.span, message)
                    .related(first, "the other one")
                    .hint("mix what is to be recorded, and write it with one buffer")
                    .into());
            }
            memory.writer = Some(node.span);
        }
        if file.is_some() {
            memory.file = file;
        }
        // A reader that came before its writer was taken for mono: another attempt knows better.
        let key = format!("the memory {name}");
        let known = if self.stereo.contains(&key) { 2 } else { 1 };
        memory.channels = memory.channels.max(channels).max(known);
        let channels = memory.channels;
        if channels == 2 {
            self.stereo.insert(key);
        }
        Ok(((depth, index), channels))
    }

    /// Says which memories of the innermost scope are read, but never written.
    pub(super) fn check_memories(&mut self) {
        let Some(scope) = self.scopes.last() else { return };
        for memory in scope.plan.memories.iter().filter(|m| m.writer.is_none() && m.file.is_none()) {
            let message = format!("nothing is ever written into the memory `{}`: it is silent", memory.name);
            self.warnings.push(
                Diagnostic::warning("silent-memory", memory.reader, message)
                    .hint("give one buffer of that name a `signal` or a `file`"),
            );
        }
    }
}

/// Tells every buffer, once all of them are known, what its memory is like. `around`: the memories of the graphs around.
pub(super) fn tell(plan: &mut Plan, around: &mut Vec<Vec<(String, bool)>>) {
    around.push(plan.memories.iter().map(|memory| (memory.identity(), memory.own)).collect());
    for op in &mut plan.ops {
        match &mut op.what {
            What::Node(recipe) => {
                let known = |(depth, index): (usize, usize)| around.get(depth)?.get(index).cloned();
                recipe.tape = recipe.memory.and_then(known);
            }
            What::Voices(voices) => {
                let banks = voices.pools.iter_mut().flat_map(PoolDraft::banks_mut);
                banks.for_each(|bank| tell(&mut bank.plan, around));
            }
            _ => {}
        }
    }
    around.pop();
}

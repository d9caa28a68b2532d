//! What a name in an expression means: the innermost surroundings first, then ids, library variables and constants.

use std::rc::Rc;

use crate::compile::formula::Name;
use crate::compile::plan::{Ends, Op, Value as Source, What, Wire};
use crate::compile::tempo::{self, Part, Stretch};
use crate::kernel::macros::MacroPlan;
use crate::kernel::voices::{NoteVariable, Touched};
use crate::language::model::{Span, Value};
use crate::language::{Diagnostic, nearest, vocabulary};

use super::{Lower, Result};

/// Names handed down from nodes above: a list that grows at its head.
#[derive(Clone, Default)]
pub(super) struct Env(Option<Rc<Binding>>);

struct Binding {
    name: String,
    bound: Bound,
    rest: Env,
}

/// What a name stands for.
#[derive(Clone)]
pub(super) enum Bound {
    /// A wire of a scope (by its depth).
    Wire(usize, Wire),
    /// The beats per minute of a `tempo` node: everything else about time follows from it; and whether a host's tempo comes first.
    Tempo(usize, Wire, bool),
}

/// Not by recursion: the list may be long.
impl Drop for Env {
    fn drop(&mut self) {
        let mut at = self.0.take();
        while let Some(mut binding) = at.and_then(|shared| Rc::try_unwrap(shared).ok()) {
            at = binding.rest.0.take();
        }
    }
}

impl Env {
    pub fn with(&self, name: &str, bound: Bound) -> Env {
        Env(Some(Rc::new(Binding { name: name.to_owned(), bound, rest: self.clone() })))
    }

    /// The innermost `tempo` node: the scope and wire of its beats per minute, and whether a host's come first.
    pub fn tempo(&self) -> Option<(usize, Wire, bool)> {
        self.iter().find_map(|b| match b.bound {
            Bound::Tempo(scope, wire, host) => Some((scope, wire, host)),
            Bound::Wire(..) => None,
        })
    }

    /// All names and what they stand for, the innermost first.
    pub fn outwards(&self) -> Vec<(String, Bound)> {
        self.iter().map(|b| (b.name.clone(), b.bound.clone())).collect()
    }

    fn iter(&self) -> impl Iterator<Item = &Binding> {
        let mut at = self.0.as_deref();
        std::iter::from_fn(move || {
            let here = at?;
            at = here.rest.0.as_deref();
            Some(here)
        })
    }
}

impl Lower<'_> {
    /// The wire that a name stands for, in the present scope; `None` where it is a constant or unknown.
    pub(super) fn named(&mut self, name: &str, env: &Env, span: Span) -> Result<Option<Wire>> {
        if let Some(wire) = self.by_id(name, span)? {
            return Ok(Some(wire));
        }
        let depth = self.scopes.len() - 1;
        let found = env.iter().find_map(|b| match &b.bound {
            Bound::Wire(scope, wire) if b.name == name => Some((*scope, *wire, None)),
            Bound::Tempo(scope, wire, _) if name == "bpm" => Some((*scope, *wire, None)),
            Bound::Tempo(scope, wire, host) if is_tempo_name(name) => Some((*scope, *wire, Some(*host))),
            _ => None,
        });
        match found {
            Some((scope, wire, None)) => Ok(Some(self.import(depth, scope, wire))),
            Some((scope, wire, Some(host))) => {
                let bpm = self.import(depth, scope, wire);
                self.tempo_name(name, bpm, host, span).map(Some)
            }
            None => Ok(None),
        }
    }

    /// What an expression's name is, given its own arguments.
    pub(super) fn resolve(
        &mut self,
        name: &str,
        span: Span,
        env: &Env,
        args: &[(String, Wire)],
        inputs: &mut Vec<Wire>,
    ) -> std::result::Result<Name, Diagnostic> {
        let argument = args.iter().rev().find(|(n, _)| n == name).map(|(_, w)| *w);
        let wire = match argument {
            Some(wire) => Some(wire),
            None if matches!(name, "t" | "time") => return Ok(Name::Time),
            None => match self.named(name, env, span).map_err(first)? {
                Some(wire) => Some(wire),
                None => self.turned(name),
            },
        };
        if let Some(wire) = wire {
            if let Some(x) = wire.as_number() {
                return Ok(Name::Number(x));
            }
            let at = inputs.iter().position(|w| *w == wire).unwrap_or(inputs.len());
            if at == inputs.len() {
                inputs.push(wire);
            }
            return Ok(Name::Input(at));
        }
        if matches!(name, "n" | "samples") {
            return Ok(Name::Frames);
        }
        let variable =
            self.library.vars().iter().find(|(n, _, _)| n == name).map(|(_, v, s)| (v.clone(), *s));
        if let Some((value, at)) = variable {
            return match value {
                Value::Number(x) => Ok(Name::Number(x)),
                Value::Flag(x) => Ok(Name::Number(f64::from(x))),
                _ => Err(Diagnostic::error(
                    "not-a-number",
                    span,
                    format!("the variable `{name}` is not a number"),
                )
                .related(at, "defined here")),
            };
        }
        if matches!(name, "sr" | "sample_rate") {
            return Ok(Name::Number(self.request.rate));
        }
        if let Some(x) = vocabulary::constant(name) {
            return Ok(Name::Number(x));
        }
        if let Some(key) = vocabulary::note_key(name) {
            return self.note_name(name, key, span);
        }
        if let Some(scale) = vocabulary::scale(name) {
            return Ok(Name::Scale(scale));
        }
        Err(self.unknown(name, span, env, args))
    }

    /// The wire of a macro: one for all voices, or for those of each note, which the host may modulate alone.
    fn turned(&mut self, name: &str) -> Option<Wire> {
        let item = self.library.macros().iter().find(|m| m.name == name && !self.fixed)?;
        let (law, low, high) = item.law();
        let (default, worth) = (item.default as f32, item.worth(item.default) as f32);
        let plan = MacroPlan { slot: item.slot, law, ends: [low as f32, high as f32], default, worth };
        let (innermost, id) = (self.scopes.len() - 1, format!("macro.{name}"));
        let Some(notes) = self.scopes.iter().rposition(|scope| scope.notes) else {
            let wire = self.macro_op(0, id, What::Macro(plan), vec![]);
            return Some(self.import(innermost, 0, wire));
        };
        let share = self.macro_op(0, format!("{id}.share"), What::Macro(plan.share()), vec![]);
        let share = self.import(notes, 0, share);
        let own = Wire::mono(Source::Slot(NoteVariable::Macro(item.slot).slot()));
        let own = self.macro_op(notes, format!("{id}.own"), What::Touch(Touched::Value), vec![own]);
        let wire = self.macro_op(notes, id, What::Turn(plan), vec![share, own]);
        Some(self.import(innermost, notes, wire))
    }

    /// What is made once of a macro in a scope.
    fn macro_op(&mut self, depth: usize, id: String, what: What, inputs: Vec<Wire>) -> Wire {
        let scope = &mut self.scopes[depth];
        let known = scope.macros.iter().find(|(known, _)| *known == id).map(|(_, wire)| *wire);
        known.unwrap_or_else(|| {
            let wire = Wire::op(scope.plan.push(Op::new(what, inputs, 1, Ends::Never, id.clone())), 1);
            scope.macros.push((id, wire));
            wire
        })
    }

    /// The frequency of a note, by the library's tuning.
    fn note_name(&self, name: &str, key: i32, span: Span) -> std::result::Result<Name, Diagnostic> {
        let hertz = match self.library.tuning() {
            Some(tuning) => tuning.hertz(key),
            None => vocabulary::note(name),
        };
        hertz.map(Name::Number).ok_or_else(|| {
            Diagnostic::error(
                "tuning",
                span,
                format!("the library's tuning has no note `{name}` (key {key})"),
            )
            .hint("its keyboard mapping leaves this key out")
        })
    }

    fn unknown(&self, name: &str, span: Span, env: &Env, args: &[(String, Wire)]) -> Diagnostic {
        let shown = match name.char_indices().nth(40) {
            Some((end, _)) => format!("{}…", &name[..end]),
            None => name.to_owned(),
        };
        let error = Diagnostic::error("unknown-name", span, format!("nothing is called `{shown}` here"));
        if is_tempo_name(name) || name == "bpm" {
            return error.hint(format!("`{name}` is known below a `tempo` node"));
        }
        if vocabulary::function_named(name).is_some() {
            return error.hint(format!("`{name}` is a function: write `{name}(…)`"));
        }
        let mut known: Vec<&str> = args.iter().map(|(n, _)| n.as_str()).collect();
        known.extend(env.iter().map(|b| b.name.as_str()));
        for scope in &self.scopes {
            known.extend(scope.declared.iter().map(String::as_str));
        }
        known.extend(self.library.vars().iter().map(|(n, ..)| n.as_str()));
        known.extend(self.library.macros().iter().map(|m| m.name.as_str()));
        known.sort_unstable();
        let words = vocabulary::constant_names().chain(vocabulary::scale_names());
        match nearest(name, known).or_else(|| nearest(name, words)) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint("names come from `context` variables, arguments, ids, `vars` and `macros`"),
        }
    }

    /// The output of the node with this id, of the innermost scope that has it. A node that has not been rendered yet is read
    /// through a feedback line, some frames late.
    pub(super) fn by_id(&mut self, id: &str, reader: Span) -> Result<Option<Wire>> {
        let depth = self.scopes.len() - 1;
        for scope in (0..=depth).rev() {
            if let Some(wire) = self.scopes[scope].ids.get(id).copied() {
                return Ok(Some(self.import(depth, scope, wire)));
            }
            if self.scopes[scope].declared.contains(id) {
                let wire = self.feedback(scope, id, reader);
                return Ok(Some(self.import(depth, scope, wire)));
            }
        }
        Ok(None)
    }

    /// Brings a wire of an outer scope into an inner one, through every scope between.
    pub(super) fn import(&mut self, to: usize, from: usize, wire: Wire) -> Wire {
        if to == from || wire.as_number().is_some() {
            return wire;
        }
        let outer = self.import(to - 1, from, wire);
        let scope = &mut self.scopes[to];
        let index = scope.imports.iter().position(|w| *w == outer).unwrap_or_else(|| {
            scope.imports.push(outer);
            scope.imports.len() - 1
        });
        let mut side = |channel: usize| {
            let same = |what: &What| matches!(what, What::Import { index: i, channel: c } if (*i, *c) == (index, channel));
            let op = scope.plan.ops.iter().position(|op| same(&op.what)).unwrap_or_else(|| {
                let what = What::Import { index, channel };
                let id = format!("import.{index}.{channel}");
                scope.plan.push(Op::new(what, vec![], 1, Ends::Never, id))
            });
            Wire::op(op, 1).left
        };
        let left = side(0);
        let right = if outer.is_stereo() { side(1) } else { left };
        Wire { left, right }
    }

    fn tempo_name(&mut self, name: &str, bpm: Wire, host: bool, span: Span) -> Result<Wire> {
        let part = match tempo::length(name) {
            Some(Stretch::Beats(beats)) => return self.number_over(60.0 * beats, bpm, span),
            Some(Stretch::Bars(bars)) if !host => return self.number_over(240.0 * bars, bpm, span),
            Some(Stretch::Bars(_)) => Some(Part::Bar),
            None => tempo::part(name),
        };
        match part {
            Some(part) => {
                Ok(self.push(What::Tempo { part, host }, vec![bpm], 1, Ends::Never, format!("tempo.{name}")))
            }
            None => Ok(bpm),
        }
    }
}

fn is_tempo_name(name: &str) -> bool {
    tempo::length(name).is_some() || tempo::part(name).is_some()
}

fn first(failed: super::Failed) -> Diagnostic {
    failed
        .0
        .into_iter()
        .next()
        .unwrap_or_else(|| Diagnostic::general("unresolved", "a name cannot be resolved"))
}

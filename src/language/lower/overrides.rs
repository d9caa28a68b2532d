//! Sub-patches: a copy of a sound with parameters set on its root, and only there. A sound that contains itself is refused.

use super::node::{frames, put};
use super::value::Slot;
use super::{Lower, Reported, Site};
use crate::language::diagnostic::Diagnostic;
use crate::language::model::{Expr, ExprKind, Node, Span, Target, Value};
use crate::language::tree::Entry;
use crate::spec::{COMMON, ParamKind};

impl Lower<'_> {
    /// A sound used as a node.
    pub(super) fn sub_patch(
        &mut self,
        sound: usize,
        span: Span,
        body: &[Entry],
        site: Site<'_>,
    ) -> Result<Node, Reported> {
        self.used.insert(sound);
        if let Some(first) = self.expanding.iter().position(|(index, _)| *index == sound) {
            return Err(self.cycle(first, span));
        }
        self.enter(span)?;
        // The id belongs to the place of use; what is inside has ids of its own in a scope of its own.
        let id = match site.id {
            Some(id) => Ok(Some(id)),
            None => self.written_id(body),
        };
        let scope = match &id {
            Ok(Some((_, path))) => path.clone(),
            _ => site.path.to_string(),
        };
        let outer = std::mem::replace(&mut self.scope, scope);
        self.expanding.push((sound, span));
        let failed = id.is_err();
        let root = self.root_of(sound, Site { path: site.path, id: id.unwrap_or(None) });
        self.expanding.pop();
        self.scope = outer;
        self.leave();
        let mut root = root?;
        root.span = span;
        let mut failed = failed;
        for entry in body.iter().filter(|e| &*e.key != "id") {
            failed |= self.override_entry(&mut root, entry, sound).is_err();
        }
        if failed { Err(Reported) } else { Ok(root) }
    }

    fn override_entry(&mut self, root: &mut Node, entry: &Entry, sound: usize) -> Result<(), Reported> {
        let key = target_of(root, &entry.key);
        if !self.accepts(root, key, entry.key_span) {
            return Err(self.unknown_override(root, &entry.key, entry.key_span, sound));
        }
        let entry = Entry { key: key.into(), ..entry.clone() };
        self.set(root, &entry)
    }

    fn unknown_override(&mut self, root: &Node, key: &str, span: Span, sound: usize) -> Reported {
        let sound = &self.library.sounds[sound];
        let named = root.params.iter().map(|p| p.name.as_str());
        let known = root.spec.params.iter().chain(COMMON).map(|p| p.name).chain(named);
        let hint = self.suggest(
            key,
            known,
            format!("only what stands at the root of `{}` (`{}`) can be set", sound.name, root.spec.name),
        );
        let message = format!("the sound `{}` has no parameter `{key}`", sound.name);
        self.report(
            Diagnostic::error("unknown-override", span, message)
                .hint(hint)
                .related(sound.span, "defined here"),
        )
    }

    /// A number set on the root from a step or from the command line. What the root does not know may still be a variable that
    /// something below reads.
    pub(super) fn override_number(
        &mut self,
        root: &mut Node,
        name: &str,
        value: f64,
        span: Span,
    ) -> Result<(), Reported> {
        let key = target_of(root, name);
        if !self.accepts(root, key, span) {
            if reads(root, name) {
                return Ok(());
            }
            let sound = self.expanding.first().map_or(0, |(index, _)| *index);
            return Err(self.unknown_override(root, name, span, sound));
        }
        let slot = match (root.spec.param(key), self.common(key, span)) {
            (Some((index, param)), _) => Slot::declared(root.spec, index, param),
            (None, Some(param)) => Slot::common(root.spec, param),
            (None, None) => Slot::named(root.spec, key),
        };
        let set = match slot.kind {
            _ if slot.takes() == "a node" => None,
            ParamKind::Integer if value.fract() != 0.0 => None,
            ParamKind::Signal(_) | ParamKind::Formula | ParamKind::Number | ParamKind::Integer => {
                Some(Value::Number(self.in_range(value, span, &slot)?))
            }
            ParamKind::Flag if value == 0.0 || value == 1.0 => Some(Value::Flag(value == 1.0)),
            _ => None,
        };
        let Some(set) = set else {
            let message =
                format!("`{key}` of `{}` takes {}, not the number {value}", root.spec.name, slot.takes());
            return Err(self.error("wrong-type", span, message, "set it in the text of the library"));
        };
        if slot.declared.is_none() && self.common("feedback", span).is_some_and(|p| p.name == key) {
            root.feedback = frames(Some(&set), span);
            return Ok(());
        }
        if key == "duration" {
            root.duration = Some(value);
        }
        if slot.declared.is_some() || key != "duration" {
            let (key, declared) = (key.to_string(), slot.declared);
            put(root, &key, declared, Some(set), span, span);
        }
        Ok(())
    }

    /// Whether an override can be set on this root: declared, common, or a named argument that is there already.
    fn accepts(&self, root: &Node, name: &str, span: Span) -> bool {
        root.spec.param(name).is_some()
            || self.common(name, span).is_some()
            || root.params.iter().any(|p| p.name == name)
    }

    /// Reports a sound that contains itself. The message begins with the first of its sounds, wherever it was entered.
    fn cycle(&mut self, first: usize, span: Span) -> Reported {
        let library = self.library;
        // Every sound of the loop with the place where it uses the next one.
        let members: Vec<usize> = self.expanding[first..].iter().map(|(index, _)| *index).collect();
        let uses = self.expanding[first + 1..].iter().map(|(_, span)| *span).chain([span]);
        let mut links: Vec<(usize, Span)> = members.into_iter().zip(uses).collect();
        let start = (0..links.len()).min_by_key(|i| links[*i].0).unwrap_or(0);
        links.rotate_left(start);
        let name = |index: usize| &*library.sounds[index].name;
        let mut round: Vec<String> = links.iter().map(|(index, _)| format!("`{}`", name(*index))).collect();
        round.extend(round.first().cloned());
        let (last, span) = links[links.len() - 1];
        let message = match links.len() {
            1 => format!("the sound {} contains itself", round[0]),
            _ => format!("these sounds contain each other: {}", round.join(" → ")),
        };
        let hint = format!("remove the use inside of `{}`", name(last));
        let mut diagnostic = Diagnostic::error("cycle", span, message).hint(hint);
        for (i, (index, span)) in links.iter().enumerate().take(links.len() - 1) {
            let next = links[i + 1].0;
            diagnostic = diagnostic.related(*span, format!("`{}` uses `{}` here", name(*index), name(next)));
        }
        self.report(diagnostic)
    }
}

/// An override called `signal` means the input of an effect, where there is one.
fn target_of<'n>(root: &Node, name: &'n str) -> &'n str {
    match name {
        "signal" if root.params.iter().any(|p| p.name == "input_signal") => "input_signal",
        _ => name,
    }
}

/// Whether an expression below reads this name; sounds started by steps may read anything.
pub(super) fn reads(node: &Node, name: &str) -> bool {
    node.params.iter().any(|p| value_reads(&p.value, name))
}

fn value_reads(value: &Value, name: &str) -> bool {
    match value {
        Value::Expr(expr) => expr_reads(expr, name),
        Value::Curve(points) => points
            .iter()
            .any(|p| expr_reads(&p.value, name) || p.position.as_ref().is_some_and(|e| expr_reads(e, name))),
        Value::List(items) => items.iter().any(|(v, _)| value_reads(v, name)),
        Value::Steps(steps) => steps.iter().flatten().any(|call| match &call.target {
            Target::Sound(_) => true,
            Target::Inline(node) => reads(node, name),
        }),
        Value::Map(parts) => parts.iter().any(|part| value_reads(&part.value, name)),
        Value::Node(node) => reads(node, name),
        Value::Null
        | Value::Flag(_)
        | Value::Number(_)
        | Value::Text(_)
        | Value::Word(_)
        | Value::Color(_)
        | Value::Time(_)
        | Value::Notes(_) => false,
    }
}

fn expr_reads(expr: &Expr, wanted: &str) -> bool {
    match &expr.kind {
        ExprKind::Number(_) => false,
        ExprKind::Name { name, .. } => name == wanted,
        ExprKind::Unary(_, a) => expr_reads(a, wanted),
        ExprKind::Binary(_, a, b) => expr_reads(a, wanted) || expr_reads(b, wanted),
        ExprKind::Call { args, .. } | ExprKind::List(args) => args.iter().any(|a| expr_reads(a, wanted)),
        ExprKind::If { condition, then, otherwise } => {
            [condition, then, otherwise].iter().any(|e| expr_reads(e, wanted))
        }
    }
}

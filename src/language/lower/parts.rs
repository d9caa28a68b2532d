//! Parts of nodes: names with tables of their own (tracks, buses, sends), and chains of effects.

use std::sync::Arc;

use super::value::Slot;
use super::{Lower, Reported, Site};
use crate::language::limits::KEYS;
use crate::language::model::{Node, Param, Span, Value};
use crate::language::scalar::is_null;
use crate::language::tree::{Entry, Kind, Scalar, Style, Tree};
use crate::spec::{Default, Extra, NodeSpec};

/// What an effect of a chain reads as its input.
pub const INPUT: &str = "input";

impl Lower<'_> {
    /// Names with what belongs to each.
    pub(super) fn parts(
        &mut self,
        entries: &[Entry],
        span: Span,
        spec: &'static NodeSpec,
        path: &str,
    ) -> Result<Value, Reported> {
        if entries.len() > KEYS {
            let message = format!("more than {KEYS} entries");
            return Err(self.error("too-large", span, message, "use fewer"));
        }
        let mut parts = vec![];
        let mut failed = false;
        for entry in entries {
            match self.part(entry, spec, &format!("{path}.{}", entry.key)) {
                Ok(node) => parts.push(Param {
                    name: entry.key.to_string(),
                    declared: None,
                    value: Value::Node(Box::new(node)),
                    key_span: entry.key_span,
                    span: entry.value.span,
                }),
                Err(Reported) => failed = true,
            }
        }
        if failed { Err(Reported) } else { Ok(Value::Map(parts)) }
    }

    /// One of them: a mapping of the table's keys, or only a value for the first.
    fn part(&mut self, entry: &Entry, spec: &'static NodeSpec, path: &str) -> Result<Node, Reported> {
        if let Some(reported) = self.unreadable(&entry.value) {
            return Err(reported);
        }
        let body = match &entry.value.kind {
            Kind::Map(body) if is_table(body, spec) => body.clone(),
            // What has nothing that must be written may be empty.
            Kind::Map(body) if body.is_empty() && !needs_value(spec) => vec![],
            Kind::Scalar(_) if is_null(&entry.value) && !needs_value(spec) => vec![],
            _ => vec![Entry { key: spec.params[0].name.into(), ..entry.clone() }],
        };
        self.kind(spec, entry.key_span, &body, Site::at(path))
    }

    /// Effects one behind the other.
    pub(super) fn chain(&mut self, tree: &Tree, slot: &Slot<'_>, path: &str) -> Result<Value, Reported> {
        let items: Vec<&Tree> = match &tree.kind {
            Kind::List(items) => items.iter().map(|item| &**item).collect(),
            _ => vec![tree],
        };
        let mut effects = vec![];
        let mut failed = false;
        for (i, item) in items.into_iter().enumerate() {
            let Kind::Map(entries) = &item.kind else {
                if self.unreadable(item).is_none() {
                    self.wrong_type(item, slot);
                }
                failed = true;
                continue;
            };
            match self.effect(entries, item.span, &format!("{path}.{i}")) {
                Ok(node) => effects.push((Value::Node(Box::new(node)), item.span)),
                Err(Reported) => failed = true,
            }
        }
        if failed { Err(Reported) } else { Ok(Value::List(effects)) }
    }

    /// A node that is given its `signal`, unless it says itself what it does with `$input`.
    fn effect(&mut self, entries: &[Entry], span: Span, path: &str) -> Result<Node, Reported> {
        let head = entries.iter().find(|e| {
            self.library.kind(&e.key, e.key_span.file).is_some() || matches!(e.value.kind, Kind::Map(_))
        });
        let Some(head) = head.filter(|_| !entries.iter().any(|e| &*e.key == "signal")) else {
            return self.node(entries, span, path);
        };
        let Kind::Map(body) = &head.value.kind else { return self.node(entries, span, path) };
        let takes_signal = match self.library.kind(&head.key, head.key_span.file) {
            Some(spec) => spec.param("signal").is_some(),
            None => self.library.find(&head.key, head.key_span.file).is_some(),
        };
        if !takes_signal || body.iter().any(|e| &*e.key == "signal") {
            let node = self.node(entries, span, path)?;
            let reads = node.spec.extra != Extra::Refused || super::overrides::reads(&node, INPUT);
            return match reads {
                true => Ok(node),
                false => {
                    let message = format!("`{}` does nothing with what comes in here", head.key);
                    let hint = "use an effect, or read what comes in as `$input`";
                    Err(self.error("not-an-effect", head.key_span, message, hint))
                }
            };
        }
        let text = Scalar { text: format!("${INPUT}").into(), style: Style::Plain };
        let input = Arc::new(Tree::new(Kind::Scalar(text), head.key_span));
        let mut body = body.clone();
        body.push(Entry { key: "signal".into(), key_span: head.key_span, value: input });
        let value = Arc::new(Tree::new(Kind::Map(body), head.value.span));
        let replaced = |e: &Entry| {
            if e.key == head.key { Entry { value: value.clone(), ..e.clone() } } else { e.clone() }
        };
        let entries: Vec<Entry> = entries.iter().map(replaced).collect();
        self.node(&entries, span, path)
    }
}

fn needs_value(spec: &NodeSpec) -> bool {
    spec.params[0].default == Default::Required
}

/// Whether a mapping is meant to hold the table's keys, rather than to be a node.
fn is_table(body: &[Entry], spec: &NodeSpec) -> bool {
    body.iter().any(|e| spec.param(&e.key).is_some())
}

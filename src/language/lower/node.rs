//! One node: its parameters in source order, each by its table entry, then what is missing.

use super::value::Slot;
use super::{Lower, Reported, Site};
use crate::language::diagnostic::Diagnostic;
use crate::language::model::{Node, Param, Span, Value};
use crate::language::names::nearest;
use crate::language::scalar::{Meaning, meaning};
use crate::language::tree::{Entry, Kind, Tree};
use crate::spec::{COMMON, Default, Extra, NodeSpec, ParamKind, ParamSpec};

/// Kinds of which plain files may hold stray keys: the language's first program ignored them there.
const LENIENT: &[&str] = &["envelope", "pitch"];
/// Names that `mix` never played as tracks.
const NO_TRACKS: &[&str] = &["bpm", "context"];

impl Lower<'_> {
    /// A node of a known kind.
    pub(super) fn kind(
        &mut self,
        spec: &'static NodeSpec,
        span: Span,
        body: &[Entry],
        site: Site<'_>,
    ) -> Result<Node, Reported> {
        self.enter(span)?;
        let result = self.kind_within(spec, span, body, site);
        self.leave();
        result
    }

    fn kind_within(
        &mut self,
        spec: &'static NodeSpec,
        span: Span,
        body: &[Entry],
        site: Site<'_>,
    ) -> Result<Node, Reported> {
        let mut failed = false;
        let id = match site.id {
            Some(id) => Some(id),
            None => self.written_id(body).unwrap_or_else(|Reported| {
                failed = true;
                None
            }),
        };
        let (id, path) = match id {
            Some((id, path)) => (Some(id), self.unique(path, span)),
            None => (None, format!("{}.{}", site.path, spec.name)),
        };
        let mut node =
            Node { spec, id, path, duration: None, monitor: false, feedback: None, params: vec![], span };
        let body = if spec.name == "mix" { self.old_mix(body) } else { body.into() };
        for entry in body.iter().filter(|e| &*e.key != "id") {
            failed |= self.set(&mut node, entry).is_err();
        }
        for param in spec.params.iter().filter(|p| p.default == Default::Required) {
            // A key that is a slip for this parameter has been reported as that.
            let meant = |key: &str| {
                let refused = spec.extra == Extra::Refused && !LENIENT.contains(&spec.name);
                refused && spec.param(key).is_none() && nearest(key, [param.name]).is_some()
            };
            if !body.iter().any(|e| &*e.key == param.name || meant(&e.key)) {
                let message = format!("`{}` needs `{}`", spec.name, param.name);
                self.error(
                    "missing-parameter",
                    span,
                    message,
                    format!("add `{}: …`: {}", param.name, param.help),
                );
            }
            failed |= !body.iter().any(|e| &*e.key == param.name);
        }
        if failed { Err(Reported) } else { Ok(node) }
    }

    /// An explicit id among these keys, with its path.
    pub(super) fn written_id(&mut self, body: &[Entry]) -> Result<Option<(String, String)>, Reported> {
        let Some(entry) = body.iter().find(|e| &*e.key == "id") else { return Ok(None) };
        if let Some(reported) = self.unreadable(&entry.value) {
            return Err(reported);
        }
        match &entry.value.kind {
            Kind::Scalar(s) if !s.text.trim().is_empty() => {
                let id = s.text.trim().to_string();
                let path = if self.scope.is_empty() { id.clone() } else { format!("{}/{id}", self.scope) };
                Ok(Some((id, path)))
            }
            _ => {
                let message = "an id is a word of letters, digits and underscores";
                Err(self.error(
                    "wrong-type",
                    entry.value.span,
                    message,
                    "write `id: name`, and read it as `$name`",
                ))
            }
        }
    }

    fn unique(&mut self, path: String, span: Span) -> String {
        let Some((first, count)) = self.ids.get_mut(&path) else {
            self.ids.insert(path.clone(), (span, 1));
            return path;
        };
        let (first, mut number) = (*first, *count + 1);
        *count = number;
        let message = format!("two nodes of this sound have the id `{path}`");
        let hint = "give each node an id of its own, or leave the id out where nothing reads it";
        self.diagnostics.push(
            Diagnostic::warning("duplicate-id", span, message).related(first, "the first one").hint(hint),
        );
        // An id may be called like that as well.
        while self.ids.contains_key(&format!("{path}#{number}")) {
            number += 1;
        }
        let path = format!("{path}#{number}");
        self.ids.insert(path.clone(), (span, 1));
        path
    }

    /// Sets one parameter from its text: a new one goes to the end, a known one keeps its place. Null means "not written".
    pub(super) fn set(&mut self, node: &mut Node, entry: &Entry) -> Result<(), Reported> {
        let key = &*entry.key;
        if let Some(reported) = self.unreadable(&entry.value) {
            return Err(reported);
        }
        if key == "monitor" && node.spec.param(key).is_none() {
            node.monitor = self.monitor(&entry.value)?;
            return Ok(());
        }
        let slot = match (node.spec.param(key), self.common(key, entry.key_span), node.spec.extra) {
            (Some((index, param)), ..) if param.kind == ParamKind::Worth => {
                Slot::declared(node.spec, index, param).in_unit(self.unit)
            }
            (Some((index, param)), ..) => Slot::declared(node.spec, index, param),
            (None, Some(param), _) => Slot::common(node.spec, param),
            (None, None, Extra::Named(_)) => Slot::named(node.spec, key),
            (None, None, Extra::Refused) => return self.unknown_parameter(node.spec, entry),
        };
        if node.spec.name == "mix" && NO_TRACKS.contains(&key) {
            let message = format!("a track cannot be called `{key}`");
            return Err(self.error("reserved-name", entry.key_span, message, "give the track another name"));
        }
        if slot.kind == ParamKind::Ignored {
            let message = format!("`{key}` of `{}` does nothing", node.spec.name);
            let help = slot.declared.and_then(|i| node.spec.params.get(i)).map_or("", |p| p.help);
            self.diagnostics.push(Diagnostic::warning("ignored", entry.key_span, message).hint(help));
            return Ok(());
        }
        let path = format!("{}.{key}", node.path);
        let value = self.value(&entry.value, &slot, &path)?;
        if slot.declared.is_none() && self.common("feedback", entry.key_span).is_some_and(|p| p.name == key) {
            node.feedback = frames(value.as_ref(), entry.key_span);
            return Ok(());
        }
        if key == "duration" {
            node.duration = match value {
                Some(Value::Number(seconds)) => Some(seconds),
                _ => None,
            };
            if slot.declared.is_none() {
                return Ok(());
            }
        }
        put(node, key, slot.declared, value, entry.key_span, entry.value.span);
        Ok(())
    }

    /// The key of this name that every node has.
    pub(super) fn common(&self, key: &str, span: Span) -> Option<&'static ParamSpec> {
        common_in(self.version(span)).find(|p| p.name == key)
    }

    fn unknown_parameter(&mut self, spec: &'static NodeSpec, entry: &Entry) -> Result<(), Reported> {
        let version = self.version(entry.key_span);
        let known = spec.params.iter().chain(common_in(version)).map(|p| p.name);
        let all = spec.params.iter().map(|p| p.name).collect::<Vec<_>>().join(", ");
        let all =
            if all.is_empty() { "it has none of its own".to_string() } else { format!("it knows {all}") };
        let hint = match COMMON.iter().any(|p| p.name == &*entry.key) {
            true => format!("`{}` is known in files that begin with `seiche: 1`", entry.key),
            false => self.suggest(&entry.key, known, all),
        };
        let message = format!("`{}` has no parameter `{}`", spec.name, entry.key);
        if LENIENT.contains(&spec.name) && version == 0 {
            self.diagnostics.push(
                Diagnostic::warning("unknown-parameter", entry.key_span, message + "; it does nothing")
                    .hint(hint),
            );
            return Ok(());
        }
        Err(self.error("unknown-parameter", entry.key_span, message, hint))
    }

    /// `monitor: true | false | bipolar | {type: level | value | bipolar, range: [low, high]}`.
    fn monitor(&mut self, tree: &Tree) -> Result<bool, Reported> {
        match &tree.kind {
            Kind::Scalar(s) if &*s.text == "bipolar" => return Ok(true),
            Kind::Scalar(s) => match meaning(s, self.version(tree.span)) {
                Meaning::Flag(on) => return Ok(on),
                Meaning::Null => return Ok(false),
                _ => {}
            },
            Kind::Map(entries) if entries.iter().all(|e| monitor_part(e, self.version(e.key_span))) => {
                return Ok(true);
            }
            _ => {}
        }
        let hint = "write true, bipolar, or {type: level, range: [0, 1]} with type level, value or bipolar";
        Err(self.error("wrong-type", tree.span, "`monitor` does not take this", hint))
    }
}

/// The keys that every node has in files of this version. Plain files know no `feedback`: the name is free there.
fn common_in(version: u32) -> impl Iterator<Item = &'static ParamSpec> {
    COMMON.iter().filter(move |p| p.name != "feedback" || version > 0)
}

fn monitor_part(entry: &Entry, version: u32) -> bool {
    let number = |tree: &Tree| matches!(&tree.kind, Kind::Scalar(s) if matches!(meaning(s, version), Meaning::Number(n) if n.is_finite()));
    match (&*entry.key, &entry.value.kind) {
        ("type", Kind::Scalar(s)) => matches!(&*s.text, "level" | "value" | "bipolar"),
        ("range", Kind::List(ends)) => ends.len() == 2 && ends.iter().all(|end| number(end)),
        _ => false,
    }
}

/// How late a loop is to be.
pub(super) fn frames(value: Option<&Value>, key: Span) -> Option<(usize, Span)> {
    if let Some(Value::Number(frames)) = value { Some((*frames as usize, key)) } else { None }
}

/// Sets or (with `None`) removes a parameter.
pub(super) fn put(
    node: &mut Node,
    name: &str,
    declared: Option<usize>,
    value: Option<Value>,
    key_span: Span,
    span: Span,
) {
    let place = node.params.iter().position(|p| p.name == name);
    match (place, value) {
        (Some(place), Some(value)) => {
            node.params[place] = Param { name: name.into(), declared, value, key_span, span }
        }
        (Some(place), None) => {
            node.params.remove(place);
        }
        (None, Some(value)) => node.params.push(Param { name: name.into(), declared, value, key_span, span }),
        (None, None) => {}
    }
}

//! Values of music: times, notes, tables of entries, and sounds that are played by name.

use std::sync::Arc;

use super::value::{Slot, shorten};
use super::{Lower, Reported, Site};
use crate::language::expr::Places;
use crate::language::limits::YAML_VALUES;
use crate::language::model::{Node, Param, Value};
use crate::language::scalar::{Meaning, is_null};
use crate::language::tree::{Entry, Kind, Scalar, Tree};
use crate::score::{Fault, Line, Time, note_key, read_hits, read_notes};
use crate::spec::{Default, NodeSpec};

impl Lower<'_> {
    /// A musical time, or the name of a marker.
    pub(super) fn time(
        &mut self,
        scalar: &Scalar,
        meaning: Meaning,
        tree: &Tree,
        slot: &Slot<'_>,
    ) -> Result<Value, Reported> {
        let text = scalar.text.trim();
        let time = match meaning {
            Meaning::Number(beats) if beats.is_finite() => Some(Time::beats(beats)),
            Meaning::Text => Time::read(text),
            _ => None,
        };
        if let Some(time) = time {
            if time.value.abs() > 1e9 {
                return Err(self.error(
                    "out-of-range",
                    tree.span,
                    "this time is too long",
                    "write a shorter one",
                ));
            }
            return Ok(Value::Time(time));
        }
        let word = text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
        if meaning == Meaning::Text && word && text.starts_with(char::is_alphabetic) {
            return Ok(Value::Text(text.to_owned()));
        }
        let message = format!("`{}` of `{}` is no time: `{}`", slot.name, slot.owner.name, shorten(text));
        let hint = "write a number of beats, `2 bars`, `3 steps`, `480 ticks`, `0.5 s`, `1/8`, or the name of a marker";
        Err(self.error("wrong-type", tree.span, message, hint))
    }

    /// A sound by its name, as if it stood here with nothing behind it.
    pub(super) fn sound_named(
        &mut self,
        scalar: &Scalar,
        tree: &Tree,
        path: &str,
    ) -> Result<Value, Reported> {
        let name = scalar.text.trim();
        let Some(sound) = self.library.find(name, tree.span.file) else {
            let library = self.library;
            let hint =
                self.suggest(name, library.sound_names(), "name a sound of the library, or write a node");
            let message = format!("there is no sound `{}`", shorten(name));
            return Err(self.error("unknown-sound", tree.span, message, hint));
        };
        self.sub_patch(sound, tree.span, &[], Site::at(path)).map(|node| Value::Node(Box::new(node)))
    }

    /// A list of entries, or one of them.
    pub(super) fn table(
        &mut self,
        tree: &Tree,
        spec: &'static NodeSpec,
        slot: &Slot<'_>,
        path: &str,
    ) -> Result<Value, Reported> {
        let alone = std::slice::from_ref(tree);
        let all: Vec<&Tree> = match &tree.kind {
            Kind::List(items) => items.iter().map(|item| &**item).collect(),
            _ => alone.iter().collect(),
        };
        if all.is_empty() {
            let message = format!("`{}` of `{}` is empty", slot.name, slot.owner.name);
            return Err(self.error("wrong-type", tree.span, message, "a list needs at least one entry"));
        }
        // What needs several values is one entry where there is no list in the list.
        let required = spec.params.iter().filter(|param| param.default == Default::Required).count();
        let flat = all.iter().all(|item| matches!(item.kind, Kind::Scalar(_)));
        let all = if flat && required > 1 && matches!(tree.kind, Kind::List(_)) { vec![tree] } else { all };
        let mut entries = vec![];
        let mut failed = false;
        for (number, item) in all.into_iter().enumerate() {
            match self.row(item, spec, &format!("{path}.{number}")) {
                Ok(node) => entries.push((Value::Node(Box::new(node)), item.span)),
                Err(Reported) => failed = true,
            }
        }
        if failed { Err(Reported) } else { Ok(Value::List(entries)) }
    }

    /// One entry: a mapping of the table's keys, its values in their order, or only the first.
    fn row(&mut self, tree: &Tree, spec: &'static NodeSpec, path: &str) -> Result<Node, Reported> {
        if let Some(reported) = self.unreadable(tree) {
            return Err(reported);
        }
        let named = |(param, value): (&str, &Arc<Tree>)| Entry {
            key: param.into(),
            key_span: value.span,
            value: value.clone(),
        };
        let body: Vec<Entry> = match &tree.kind {
            // A key that is also that of a node: `{pattern: {notes: …}}` is a node, `{pattern: name}` an entry.
            Kind::Map(entries) if self.is_node_alone(entries) => {
                vec![named((spec.params[0].name, &again(tree)))]
            }
            Kind::Map(entries)
                if entries.iter().any(|e| spec.param(&e.key).is_some()) || entries.is_empty() =>
            {
                entries.clone()
            }
            Kind::List(values) if values.len() > spec.params.len() || values.is_empty() => {
                let all: Vec<&str> = spec.params.iter().map(|p| p.name).collect();
                let message = format!("this is no {}: it has {} values", spec.name, values.len());
                let hint = format!("write a mapping, or values in this order: {}", all.join(", "));
                return Err(self.error("wrong-type", tree.span, message, hint));
            }
            Kind::List(values) => spec.params.iter().map(|p| p.name).zip(values).map(named).collect(),
            Kind::Map(_) | Kind::Scalar(_) => vec![named((spec.params[0].name, &again(tree)))],
            Kind::Broken => return Err(Reported),
        };
        self.kind(spec, tree.span, &body, Site::at(path))
    }

    /// Whether a mapping is nothing but a node with parameters of its kind.
    fn is_node_alone(&self, entries: &[Entry]) -> bool {
        let [Entry { key, key_span, value }] = entries else { return false };
        let Kind::Map(body) = &value.kind else { return false };
        let kind = self.library.kind(key, key_span.file);
        kind.is_some_and(|kind| body.iter().any(|e| kind.param(&e.key).is_some()))
    }

    /// Notes: text, lines of strokes, or entries.
    pub(super) fn notes(
        &mut self,
        tree: &Tree,
        spec: &'static NodeSpec,
        slot: &Slot<'_>,
        path: &str,
    ) -> Result<Option<Value>, Reported> {
        match &tree.kind {
            Kind::Scalar(scalar) if is_null(tree) && scalar.text.trim() != "~" => Ok(None),
            Kind::Scalar(scalar) => self.line(scalar, tree, read_notes).map(Some),
            Kind::Map(lines) => self.lines(lines, tree).map(Some),
            Kind::List(items) if items.len() > YAML_VALUES as usize => Err(self.wrong_type(tree, slot)),
            _ => self.table(tree, spec, slot, path).map(Some),
        }
    }

    /// Text in the compact notation; what is wrong is told at its place.
    fn line(
        &mut self,
        scalar: &Scalar,
        tree: &Tree,
        read: fn(&str) -> Result<Line, Vec<Fault>>,
    ) -> Result<Value, Reported> {
        let library = self.library;
        let source = library.files.get(tree.span.file as usize).map_or("", |f| &*f.text);
        read(&scalar.text).map(|line| Value::Notes(Arc::new(line))).map_err(|faults| {
            let places = Places::new(source, tree.span, &scalar.text, scalar.style);
            for Fault { message, hint, place } in faults {
                self.error("notation", places.span(place.start, place.end), message, hint);
            }
            Reported
        })
    }

    /// Lines of strokes, each for a key.
    fn lines(&mut self, lines: &[Entry], tree: &Tree) -> Result<Value, Reported> {
        let mut failed = lines.is_empty();
        if failed {
            self.error("wrong-type", tree.span, "there are no notes here", "write `C2: x . x .`");
        }
        let mut parts = vec![];
        for Entry { key, key_span, value } in lines {
            if note_key(key).is_none() && key.parse::<u8>().ok().is_none_or(|key| key > 127) {
                let message = format!("`{}` is no key", shorten(key));
                self.error(
                    "notation",
                    *key_span,
                    message,
                    "a line of strokes is for a note (`C2`) or a key (36)",
                );
                failed = true;
            }
            let line = match &value.kind {
                Kind::Scalar(scalar) => self.line(scalar, value, read_hits),
                _ => {
                    Err(self.error("wrong-type", value.span, "a line of strokes is text", "write `x . x .`"))
                }
            };
            match line {
                Ok(line) => parts.push(Param {
                    name: key.to_string(),
                    declared: None,
                    value: line,
                    key_span: *key_span,
                    span: value.span,
                }),
                Err(Reported) => failed = true,
            }
        }
        if failed { Err(Reported) } else { Ok(Value::Map(parts)) }
    }
}

/// The same tree once more, to be owned.
fn again(tree: &Tree) -> Arc<Tree> {
    let kind = match &tree.kind {
        Kind::Scalar(Scalar { text, style }) => Kind::Scalar(Scalar { text: text.clone(), style: *style }),
        Kind::List(items) => Kind::List(items.clone()),
        Kind::Map(entries) => Kind::Map(entries.clone()),
        Kind::Broken => Kind::Broken,
    };
    Arc::new(Tree::new(kind, tree.span))
}

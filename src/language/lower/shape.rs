//! What makes a mapping a node: one key that is a node kind or a sound, with a mapping behind it. In parameter values other keys may
//! stand beside the node's key; they are moved inside.

use std::borrow::Cow;

use super::value::shorten;
use super::{Lower, Reported, Site};
use crate::language::limits::KEYS;
use crate::language::model::{Node, Span};
use crate::language::scalar::is_null;
use crate::language::tree::{Entry, Kind, Tree};
use crate::spec::ADDED;

impl Lower<'_> {
    /// The node that a parameter's value or a list's item is.
    pub(super) fn node(&mut self, entries: &[Entry], span: Span, path: &str) -> Result<Node, Reported> {
        let Some(first) = entries.first() else {
            return Err(self.error(
                "node-form",
                span,
                "an empty mapping is no node",
                "write `{osc: {freq: 220}}`",
            ));
        };
        if entries.len() == 1 {
            return self.one_key(first, Site::at(path));
        }
        let head = self.head_of(entries, span)?;
        let Some(inner) = body_of(&head.value) else { return self.one_key(head, Site::at(path)) };
        self.few_keys(&head.key, head.key_span, entries.len().max(inner.len()))?;
        let mut all = inner.to_vec();
        for outer in entries.iter().filter(|e| e.key != head.key) {
            match all.iter_mut().find(|e| e.key == outer.key) {
                Some(place) => *place = outer.clone(),
                None => all.push(outer.clone()),
            }
        }
        self.named(&head.key, head.key_span, &all, Site::at(path))
    }

    /// Of several keys the one that names the node.
    fn head_of<'e>(&mut self, entries: &'e [Entry], span: Span) -> Result<&'e Entry, Reported> {
        let kinds: Vec<&Entry> =
            entries.iter().filter(|e| self.library.kind(&e.key, e.key_span.file).is_some()).collect();
        // Kinds that came later may be called as a parameter of an older one, or of a plain file's sound, is.
        let meant = |entry: &&&Entry| {
            let beside = entries.iter().filter(|e| e.key != entry.key);
            let mut older = beside.filter(|e| match self.library.kind(&e.key, e.key_span.file) {
                Some(spec) => spec.param(&entry.key).is_some(),
                None => {
                    self.library.version(e.key_span.file) == 0
                        && self.library.find(&e.key, e.key_span.file).is_some()
                }
            });
            !ADDED.contains(&&*entry.key) || older.next().is_none()
        };
        let kinds: Vec<&Entry> = kinds.iter().filter(meant).copied().collect();
        if let [head] = kinds[..] {
            return Ok(head);
        }
        let mut sounds = entries.iter().filter(|e| self.library.find(&e.key, e.key_span.file).is_some());
        if let (Some(head), None) = (sounds.next(), sounds.next()) {
            return Ok(head);
        }
        let Some((first, second)) = kinds.first().zip(kinds.get(1)) else {
            let guess = entries.iter().find(|e| matches!(e.value.kind, Kind::Map(_))).or(entries.first());
            let Some(guess) = guess else { return Err(Reported) };
            return Err(self.unknown_node(&guess.key, guess.key_span));
        };
        let message = format!("`{}` and `{}` are both nodes: only one can stand here", first.key, second.key);
        Err(self.error(
            "ambiguous-node",
            span_of(first, span),
            message,
            "add them with `mix: {a: {…}, b: {…}}`",
        ))
    }

    /// A mapping of exactly one key.
    pub(super) fn one_key(&mut self, entry: &Entry, site: Site<'_>) -> Result<Node, Reported> {
        if let Some(reported) = self.unreadable(&entry.value) {
            return Err(reported);
        }
        if let Kind::Map(body) = &entry.value.kind {
            return self.named(&entry.key, entry.key_span, body, site);
        }
        let known = self.library.kind(&entry.key, entry.key_span.file).is_some()
            || self.library.find(&entry.key, entry.key_span.file).is_some();
        if !known {
            return Err(self.unknown_node(&entry.key, entry.key_span));
        }
        let message = format!("`{}` needs a mapping of its parameters behind it", entry.key);
        let hint = format!("write `{}: {{}}` if it has none", entry.key);
        Err(self.error("node-form", entry.key_span, message, hint))
    }

    /// A node kind or, if there is none of this name, a sound.
    pub(super) fn named(
        &mut self,
        key: &str,
        span: Span,
        body: &[Entry],
        site: Site<'_>,
    ) -> Result<Node, Reported> {
        self.few_keys(key, span, body.len())?;
        if let Some(spec) = self.library.kind(key, span.file) {
            return self.kind(spec, span, body, site);
        }
        match self.library.find(key, span.file) {
            Some(sound) => self.sub_patch(sound, span, body, site),
            None => Err(self.unknown_node(key, span)),
        }
    }

    /// Keys are compared with each other, so their number is bounded.
    fn few_keys(&mut self, node: &str, span: Span, keys: usize) -> Result<(), Reported> {
        if keys <= KEYS {
            return Ok(());
        }
        let message = format!("`{}` has more than {KEYS} keys", shorten(node));
        Err(self.error("too-large", span, message, "put some of them into a node of their own"))
    }

    fn unknown_node(&mut self, name: &str, span: Span) -> Reported {
        let library = self.library;
        let known = library.spec_names().chain(library.sound_names());
        let hint =
            self.suggest(name, known, "a node is a mapping with one key: its kind or a sound of the library");
        self.error("unknown-node", span, format!("`{name}` is neither a node kind nor a sound"), hint)
    }

    /// The root of a sound; here nothing is moved.
    pub(super) fn root_of(&mut self, index: usize, site: Site<'_>) -> Result<Node, Reported> {
        let library = self.library;
        let sound = &library.sounds[index];
        if let Some(reported) = self.unreadable(&sound.body) {
            return Err(reported);
        }
        match &sound.body.kind {
            Kind::Map(entries) if entries.len() == 1 => self.one_key(&entries[0], site),
            Kind::Map(entries) if !entries.is_empty() => {
                let hint = match entries.iter().find(|e| library.kind(&e.key, e.key_span.file).is_some()) {
                    Some(e) => format!("indent the other keys so that they stand below `{}`", e.key),
                    None => "put its parts into a `mix`".into(),
                };
                let message = format!(
                    "the sound `{}` has {} keys, but a sound is exactly one node",
                    sound.name,
                    entries.len()
                );
                Err(self.error("sound-form", entries[1].key_span, message, hint))
            }
            _ => {
                let message =
                    format!("the sound `{}` is {}, but a sound is a node", sound.name, describe(&sound.body));
                let hint = format!("write `{}: {{osc: {{freq: 220}}}}`", sound.name);
                Err(self.error("sound-form", sound.span, message, hint))
            }
        }
    }
}

/// The parameters behind a node's key, where other keys stand beside it: nothing is as good as `{}`.
fn body_of(tree: &Tree) -> Option<Cow<'_, [Entry]>> {
    match &tree.kind {
        Kind::Map(entries) => Some(Cow::Borrowed(entries)),
        _ if is_null(tree) => Some(Cow::Borrowed(&[])),
        _ => None,
    }
}

fn describe(tree: &Tree) -> &'static str {
    match &tree.kind {
        _ if is_null(tree) => "empty",
        Kind::Map(_) => "an empty mapping",
        _ => tree.describe(),
    }
}

fn span_of(entry: &Entry, otherwise: Span) -> Span {
    if entry.key_span.end > entry.key_span.start { entry.key_span } else { otherwise }
}

//! Folds parser events into trees, within bounds on depth and on the number of values with everything behind aliases counted.
//! Loader thread.

use std::collections::HashMap;
use std::sync::Arc;

use granit_parser::{Event, ScalarStyle};

use crate::language::diagnostic::Diagnostic;
use crate::language::limits::{YAML_DEPTH, YAML_VALUES};
use crate::language::model::Span;
use crate::language::tree::{Entry, Kind, Scalar, Style, Tree};

/// A list or mapping that is still being read.
struct Open {
    start: usize,
    anchor: usize,
    parts: Parts,
}

enum Parts {
    List(Vec<Arc<Tree>>),
    Map(MapParts),
}

#[derive(Default)]
struct MapParts {
    entries: Vec<Entry>,
    places: HashMap<Arc<str>, usize>,
    /// What `<<` keys bring, weakest first.
    merged: Vec<Entry>,
    key: Key,
}

/// The key that waits for its value.
#[derive(Default)]
enum Key {
    #[default]
    None,
    Name(Arc<str>, Span),
    Merge,
    /// Not text: reported, its value is dropped.
    Bad,
}

pub(super) struct Builder<'t> {
    text: &'t str,
    file: u32,
    /// The top-level entries of all documents read so far.
    pub top: Vec<Entry>,
    places: HashMap<Arc<str>, usize>,
    pub diagnostics: Vec<Diagnostic>,
    /// Keys written twice: name, first and second place.
    pub duplicates: Vec<(Arc<str>, Span, Span)>,
    open: Vec<Open>,
    anchors: HashMap<usize, Arc<Tree>>,
    values: u32,
    /// A bound that concerns the whole file was hit.
    pub full: bool,
    /// Reading began again behind a syntax error, so that anchors may be missing.
    restarted: bool,
}

/// An error that ends the reading of a top-level entry.
type Taken = Result<(), Box<Diagnostic>>;

impl<'t> Builder<'t> {
    pub fn new(text: &'t str, file: u32) -> Self {
        Builder {
            text,
            file,
            top: vec![],
            places: HashMap::new(),
            diagnostics: vec![],
            duplicates: vec![],
            open: vec![],
            anchors: HashMap::new(),
            values: 0,
            full: false,
            restarted: false,
        }
    }

    pub fn span(&self, start: usize, end: usize) -> Span {
        Span { file: self.file, start: start as u32, end: end.max(start) as u32 }
    }

    /// Prepares for a new stream of events.
    pub fn begin(&mut self, restarted: bool) {
        self.open.clear();
        self.anchors.clear();
        self.restarted = restarted;
    }

    /// Number of lists and mappings that are open.
    pub fn depth(&self) -> usize {
        self.open.len()
    }

    /// Takes one event that stands at these bytes of the text.
    pub fn event(&mut self, event: Event<'_>, start: usize, end: usize) -> Taken {
        let span = self.span(start, end);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let mut style = style_of(style);
                if let Some(tag) = tag {
                    match tag.core_suffix() {
                        Some("str") => style = Style::SingleQuoted,
                        _ => self.diagnostics.push(tag_error(span)),
                    }
                }
                let tree = Tree::new(Kind::Scalar(Scalar { text: text.into(), style }), span);
                self.finish(Arc::new(tree), anchor, span, 1)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.start(span, anchor, tag.is_some(), Parts::List(vec![]))
            }
            Event::MappingStart(_, anchor, tag) => {
                self.start(span, anchor, tag.is_some(), Parts::Map(MapParts::default()))
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(end),
            Event::Alias(id) => match self.anchors.get(&id).cloned() {
                Some(tree) => {
                    let weight = tree.weight;
                    self.finish(tree, 0, span, weight)
                }
                None => Err(Box::new(
                    Diagnostic::error("yaml-alias", span, "this alias stands inside of what it names")
                        .hint("an alias can only repeat something that is complete"),
                )),
            },
            Event::UnresolvedAlias(name) => {
                if !self.restarted {
                    let message = format!("no anchor `&{name}` stands before this alias");
                    let hint = "write `&name` before the value to be repeated; put `*` into quotes where it is no alias";
                    self.diagnostics.push(Diagnostic::error("yaml-alias", span, message).hint(hint));
                }
                self.finish(Arc::new(Tree::new(Kind::Broken, span)), 0, span, 1)
            }
            _ => Ok(()),
        }
    }

    fn start(&mut self, span: Span, anchor: usize, tagged: bool, parts: Parts) -> Taken {
        if tagged {
            self.diagnostics.push(tag_error(span));
        }
        if self.open.len() >= YAML_DEPTH {
            return Err(too_deep(span));
        }
        self.open.push(Open { start: span.start as usize, anchor, parts });
        Ok(())
    }

    fn close(&mut self, end: usize) -> Taken {
        let Some(open) = self.open.pop() else { return Ok(()) };
        // Block collections end where the next thing begins: the blanks between are not theirs.
        let end = open.start + self.text[open.start..end.max(open.start)].trim_end().len();
        let span = self.span(open.start, end);
        let kind = match open.parts {
            Parts::List(items) => Kind::List(items),
            Parts::Map(map) => Kind::Map(map.merged()),
        };
        let tree = Tree::new(kind, span);
        if !self.open.is_empty() {
            return self.finish(Arc::new(tree), open.anchor, span, 1);
        }
        match tree.kind {
            Kind::Map(entries) => self.document(entries),
            _ => self.no_mapping(&tree),
        }
        Ok(())
    }

    /// Puts a complete value where it belongs. `added` is what it adds to the size of the expanded file.
    fn finish(&mut self, tree: Arc<Tree>, anchor: usize, span: Span, added: u32) -> Taken {
        self.values = self.values.saturating_add(added);
        if self.values > YAML_VALUES {
            self.full = true;
            let message = format!("this file has more than {YAML_VALUES} values");
            let hint = "what stands behind an alias counts as often as it is used";
            return Err(Box::new(Diagnostic::error("yaml-size", span, message).hint(hint)));
        }
        if self.open.len() + tree.height as usize > YAML_DEPTH + 1 {
            return Err(too_deep(span));
        }
        if anchor != 0 {
            self.anchors.insert(anchor, tree.clone());
        }
        match self.open.last_mut().map(|open| &mut open.parts) {
            None => self.no_mapping(&tree),
            Some(Parts::List(items)) => items.push(tree),
            Some(Parts::Map(map)) => match std::mem::take(&mut map.key) {
                Key::None => match key_of(&tree, span) {
                    Ok(key) => map.key = key,
                    Err(diagnostic) => {
                        map.key = Key::Bad;
                        self.diagnostics.push(*diagnostic);
                    }
                },
                Key::Name(key, key_span) => {
                    let name = key.clone();
                    if let Some(first) =
                        put(&mut map.entries, &mut map.places, Entry { key, key_span, value: tree })
                    {
                        self.duplicates.push((name, first, key_span));
                    }
                }
                Key::Merge => self.diagnostics.extend(merge(&mut map.merged, &tree, span)),
                Key::Bad => {}
            },
        }
        Ok(())
    }

    /// Takes the entries of a document. An unreadable entry never replaces a readable one.
    fn document(&mut self, entries: Vec<Entry>) {
        for entry in entries {
            let (name, second) = (entry.key.clone(), entry.key_span);
            if matches!(entry.value.kind, Kind::Broken) && self.places.contains_key(&name) {
                continue;
            }
            if let Some(first) = put(&mut self.top, &mut self.places, entry) {
                self.duplicates.push((name, first, second));
            }
        }
    }

    /// A document that is neither empty nor a mapping.
    fn no_mapping(&mut self, tree: &Tree) {
        if matches!(&tree.kind, Kind::Scalar(s) if matches!(&*s.text, "" | "~" | "null")) {
            return;
        }
        let start = tree.span.start as usize;
        let line = self.text[start..].find('\n').map_or(self.text.len(), |i| start + i);
        let span = self.span(start, line.min(tree.span.end as usize));
        let message = format!("a library is a mapping of sounds, but this is {}", tree.describe());
        let hint = "write `name: {osc: {freq: 220}}`";
        self.diagnostics.push(Diagnostic::error("library-form", span, message).hint(hint));
    }

    /// Keeps the complete top-level entries of a document that cannot be read to its end; the unfinished one by name only.
    pub fn abandon(&mut self) {
        if let Some(Open { parts: Parts::Map(map), .. }) = std::mem::take(&mut self.open).into_iter().next() {
            let mut entries = map.entries;
            if let Key::Name(key, key_span) = map.key {
                entries.push(Entry { key, key_span, value: Arc::new(Tree::new(Kind::Broken, key_span)) });
            }
            self.document(entries);
        }
    }
}

impl MapParts {
    /// The entries with what `<<` brings: merged ones first, own ones win.
    fn merged(self) -> Vec<Entry> {
        if self.merged.is_empty() {
            return self.entries;
        }
        let (mut all, mut places) = (vec![], HashMap::new());
        for entry in self.merged.into_iter().chain(self.entries) {
            put(&mut all, &mut places, entry);
        }
        all
    }
}

/// Sets an entry: a new key goes to the end, a known one keeps its place and gets the new value. Returns where it stood before.
fn put(entries: &mut Vec<Entry>, places: &mut HashMap<Arc<str>, usize>, entry: Entry) -> Option<Span> {
    match places.get(&entry.key) {
        Some(&place) => Some(std::mem::replace(&mut entries[place], entry).key_span),
        None => {
            places.insert(entry.key.clone(), entries.len());
            entries.push(entry);
            None
        }
    }
}

fn key_of(tree: &Tree, span: Span) -> Result<Key, Box<Diagnostic>> {
    match &tree.kind {
        Kind::Scalar(s) if &*s.text == "<<" && s.style == Style::Plain => Ok(Key::Merge),
        Kind::Scalar(s) => Ok(Key::Name(s.text.as_ref().into(), span)),
        Kind::Broken => Ok(Key::Bad),
        _ => {
            let message = format!("a key must be plain text, not {}", tree.describe());
            let hint = "put the key into quotes if it begins with `[`, `{` or `?`";
            Err(Box::new(Diagnostic::error("yaml-key", span, message).hint(hint)))
        }
    }
}

/// Adds what stands behind a `<<` key: a mapping, or a list of mappings of which the earlier ones win.
fn merge(merged: &mut Vec<Entry>, tree: &Tree, span: Span) -> Option<Diagnostic> {
    let wrong = |tree: &Tree| {
        let message = format!("`<<` takes a mapping or a list of mappings, not {}", tree.describe());
        Some(Diagnostic::error("yaml-merge", span, message).hint("write `<<: *name`"))
    };
    match &tree.kind {
        Kind::Map(entries) => merged.extend(entries.iter().cloned()),
        Kind::List(items) => {
            for item in items.iter().rev() {
                let Kind::Map(entries) = &item.kind else { return wrong(item) };
                merged.extend(entries.iter().cloned());
            }
        }
        Kind::Broken => {}
        Kind::Scalar(_) => return wrong(tree),
    }
    None
}

fn style_of(style: ScalarStyle) -> Style {
    match style {
        ScalarStyle::Plain => Style::Plain,
        ScalarStyle::SingleQuoted => Style::SingleQuoted,
        ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
        ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
    }
}

fn tag_error(span: Span) -> Diagnostic {
    Diagnostic::error("yaml-tag", span, "tags such as `!name` mean nothing here")
        .hint("remove the tag, or put the text into quotes if it begins with `!`")
}

pub(super) fn too_deep(span: Span) -> Box<Diagnostic> {
    Box::new(
        Diagnostic::error("yaml-depth", span, format!("nested too deeply: more than {YAML_DEPTH} levels"))
            .hint("give inner parts their own names at the top level, and use them by name"),
    )
}

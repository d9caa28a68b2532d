//! The documents that have sounded, in order, and which of them sounds now: what undo and redo go along. Loader thread. The texts are
//! shared among the steps, so that a step costs little more than what it changed.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use super::{Document, File};
use crate::library::samples::Encoded;

/// Most steps that are kept.
const STEPS: usize = 100;
/// Most bytes that they may take together.
const BYTES: usize = 64 << 20;
/// What a file costs a step beside its text.
const FILE_COST: usize = 128;

/// Where undo and redo can go.
#[derive(Default)]
pub struct History {
    steps: VecDeque<Step>,
    at: usize,
}

struct Step {
    document: Arc<Document>,
    /// Bytes that the step before does not hold.
    cost: usize,
}

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Undo,
    Redo,
}

impl History {
    /// A document sounds that was not reached by undo or redo: what could be done again is forgotten. The same texts with another
    /// choice of sound are no step of their own.
    pub fn record(&mut self, document: Arc<Document>) {
        if document.is_empty() {
            return;
        }
        if let Some(step) = self.steps.get_mut(self.at).filter(|step| same_texts(&step.document, &document)) {
            step.document = document;
            return;
        }
        self.steps.truncate(self.at + 1);
        let before = self.steps.back().map(|step| &*step.document);
        self.steps.push_back(Step { cost: cost(before, &document), document });
        self.at = self.steps.len() - 1;
        while self.at > 0 && (self.steps.len() > STEPS || self.bytes() > BYTES) {
            self.steps.pop_front();
            self.at -= 1;
        }
    }

    /// The document of this step sounds now.
    pub fn arrive(&mut self, step: usize, document: Arc<Document>) {
        if let Some(there) = self.steps.get_mut(step) {
            (there.document, self.at) = (document, step);
        }
    }

    /// The step that lies this way. `from`: the step that is already on its way. `astray`: what is wanted is not what sounds (it has errors):
    /// then undo brings back what sounds.
    pub fn next(&self, way: Way, from: Option<usize>, astray: bool) -> Option<(usize, &Arc<Document>)> {
        let from = from.unwrap_or(self.at);
        let to = match way {
            Way::Undo if astray => from,
            Way::Undo => from.checked_sub(1)?,
            Way::Redo => from + 1,
        };
        self.steps.get(to).map(|step| (to, &step.document))
    }

    fn bytes(&self) -> usize {
        self.steps.iter().map(|step| step.cost).sum()
    }
}

fn same_texts(a: &Document, b: &Document) -> bool {
    a.library() == b.library() && a.files == b.files
}

fn cost(before: Option<&Document>, document: &Document) -> usize {
    let files = before.map_or(&[][..], |before| &before.files);
    let known: HashSet<*const u8> = files.iter().map(|file| file.text.as_ptr()).collect();
    let cost = |file: &File| if known.contains(&file.text.as_ptr()) { 0 } else { file.text.len() };
    let texts: usize = document.files.iter().map(|file| FILE_COST + cost(file)).sum();
    let copies = before.map(|before| &before.copies);
    let known: HashSet<*const u8> = copies.into_iter().flatten().map(|(_, copy)| copy.address()).collect();
    let copies = document.copies.values().filter(|copy| !known.contains(&copy.address()));
    texts + copies.map(Encoded::size).sum::<usize>()
}

/// Names of the files that differ, and how many lines of them do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    pub files: Vec<String>,
    pub lines: usize,
}

impl Difference {
    /// What has to change for one set of texts to become another.
    pub fn between(from: &[File], to: &[File]) -> Difference {
        let mut old: HashMap<&str, &File> = from.iter().map(|file| (file.path.as_str(), file)).collect();
        let mut found = Difference::default();
        let mut add = |path: &str, old: &str, new: &str| {
            if old != new {
                found.files.push(name(path));
                found.lines += changed_lines(old, new);
            }
        };
        for file in to {
            let before = old.remove(file.path.as_str());
            add(&file.path, before.map_or("", |old| &old.text), &file.text);
        }
        for file in from.iter().filter(|file| old.contains_key(file.path.as_str())) {
            add(&file.path, &file.text, "");
        }
        found
    }

    /// `filter.yaml, 2 lines`.
    pub fn to_text(&self) -> String {
        let lines = if self.lines == 1 { "1 line".into() } else { format!("{} lines", self.lines) };
        match self.files.as_slice() {
            [] => "nothing".into(),
            [one] => format!("{one}, {lines}"),
            [first, more @ ..] => format!("{first} and {} more, {lines}", more.len()),
        }
    }
}

fn name(path: &str) -> String {
    std::path::Path::new(path).file_name().map_or(path.into(), |name| name.to_string_lossy().into_owned())
}

/// Lines that only one of the texts has, whichever has more of them; at least one, as lines may also change places.
fn changed_lines(old: &str, new: &str) -> usize {
    let mut counts: HashMap<&str, isize> = HashMap::new();
    old.lines().for_each(|line| *counts.entry(line).or_default() -= 1);
    new.lines().for_each(|line| *counts.entry(line).or_default() += 1);
    let sum = |sign: isize| counts.values().map(|count| (count * sign).max(0) as usize).sum::<usize>();
    sum(1).max(sum(-1)).max(1)
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use super::*;

    fn document(text: &str) -> Arc<Document> {
        let files = vec![File { path: "/l/a.yaml".into(), text: text.into() }];
        Arc::new(Document { path: "/l".into(), files, ..Document::default() })
    }

    fn next(history: &History, way: Way) -> Option<String> {
        history.next(way, None, false).map(|(_, document)| document.files[0].text.to_string())
    }

    #[test]
    fn history_goes_back_and_forth_and_forgets_what_was_undone() {
        let mut history = History::default();
        history.record(Arc::default());
        assert_eq!(next(&history, Way::Undo), None, "silence is no step");
        for text in ["1", "2", "2", "3"] {
            history.record(document(text));
        }
        let (step, back) = history.next(Way::Undo, None, false).unwrap();
        let back = back.clone();
        assert_eq!(&*back.files[0].text, "2");
        assert_eq!(history.next(Way::Undo, Some(step), false).unwrap().1.files[0].text.as_ref(), "1");
        history.arrive(step, back);
        assert_eq!(
            (next(&history, Way::Undo), next(&history, Way::Redo)),
            (Some("1".into()), Some("3".into()))
        );
        assert_eq!(history.next(Way::Undo, None, true).unwrap().0, step, "from a text with errors");
        history.record(document("4"));
        assert_eq!((next(&history, Way::Undo), next(&history, Way::Redo)), (Some("2".into()), None));
    }

    #[test]
    fn history_is_bounded_in_steps_and_bytes() {
        let mut history = History::default();
        (0..300).for_each(|n| history.record(document(&n.to_string())));
        assert_eq!((history.steps.len(), history.at), (STEPS, STEPS - 1));
        let large = |n: u8| document(&char::from(b'a' + n).to_string().repeat(BYTES / 4));
        (0..10).for_each(|n| history.record(large(n)));
        assert!((3..=4).contains(&history.steps.len()), "{} steps", history.steps.len());
        history.record(document(&"x".repeat(BYTES * 2)));
        assert_eq!(history.steps.len(), 1, "what sounds is always kept");
    }

    #[test]
    fn history_tells_what_differs() {
        let file = |path: &str, text: &str| File { path: format!("/l/{path}"), text: text.into() };
        let text = |from: &[File], to: &[File]| Difference::between(from, to).to_text();
        let (old, new) = (file("a.yaml", "1\n2\n3\n"), file("a.yaml", "1\nx\n3\ny\n"));
        let other = file("b.yaml", "1\n");
        assert_eq!(text(from_ref(&old), from_ref(&new)), "a.yaml, 2 lines");
        assert_eq!(text(&[old.clone(), other.clone()], from_ref(&new)), "a.yaml and 1 more, 3 lines");
        assert_eq!(text(&[file("a.yaml", "1\n2\n")], &[file("a.yaml", "2\n1\n")]), "a.yaml, 1 line");
        assert_eq!(text(&[old.clone(), other.clone()], &[old, other]), "nothing");
    }
}

//! Keys of a versioned file that are no sounds: `about`, `roots`, `tuning` and `feedback`. Loader thread.

use std::path::{Path, PathBuf};

use super::diagnostic::Diagnostic;
use super::model::Span;
use super::scalar::{Meaning, meaning};
use super::tree::{Entry, Kind, Tree};
use super::tuning::{self, Keyboard, Scale, Tuning};
use super::{Library, nearest, yaml};
use crate::spec::LATE;

/// Keys of `about`.
pub(super) const ABOUT: &[&str] = &["name", "author", "description", "tags", "license", "url", "sound"];

/// What a file says about itself, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    pub name: Option<String>,
    pub author: Option<String>,
    pub description: Option<String>,
    pub license: Option<String>,
    pub url: Option<String>,
    /// The sound that the library opens with.
    pub sound: Option<String>,
    pub tags: Vec<String>,
}

/// Files that a tuning is made of, where they are named.
#[derive(Debug)]
pub(super) struct Wanted {
    key: Span,
    scale: Option<(String, Span)>,
    keyboard: Option<(String, Span)>,
}

/// Whether a file of a library is no YAML, but named by one.
pub(super) fn is_tuning_file(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("scl") || e.eq_ignore_ascii_case("kbm"))
}

/// The files that the text of a library names as its tuning, relative to itself.
pub fn tuning_files(text: &str) -> Vec<String> {
    // Most texts have none, and need not be read twice.
    if !text.contains("tuning") {
        return vec![];
    }
    let file = yaml::read(text, 0);
    let tuning = file.entries.iter().filter(|e| file.version > 0 && &*e.key == "tuning");
    let parts = tuning.filter_map(|e| match &e.value.kind {
        Kind::Map(parts) => Some(parts),
        _ => None,
    });
    parts.flatten().filter_map(|part| plain_text(&part.value, file.version)).collect()
}

fn plain_text(tree: &Tree, version: u32) -> Option<String> {
    match &tree.kind {
        Kind::Scalar(s) if meaning(s, version) != Meaning::Null => Some(s.text.to_string()),
        _ => None,
    }
}

/// The entries of a setting that is a mapping of known keys; others are reported.
fn parts<'e>(library: &mut Library, entry: &'e Entry, known: &[&str], form: &str) -> Vec<&'e Entry> {
    let Kind::Map(parts) = &entry.value.kind else {
        let message = format!("`{}` is a mapping, not {}", entry.key, entry.value.describe());
        report(library, entry.key_span, entry, message, form);
        return vec![];
    };
    let (parts, unknown): (Vec<&Entry>, Vec<&Entry>) = parts.iter().partition(|p| known.contains(&&*p.key));
    for part in unknown {
        let hint = match nearest(&part.key, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it knows {}", known.join(", ")),
        };
        report(library, part.key_span, entry, format!("`{}` has no key `{}`", entry.key, part.key), &hint);
    }
    parts
}

fn report(library: &mut Library, span: Span, entry: &Entry, message: String, hint: &str) {
    let code = match &*entry.key {
        "about" => "about",
        "roots" => "roots",
        "feedback" => "feedback",
        _ => "tuning",
    };
    library.diagnostics.push(Diagnostic::error(code, span, message).hint(hint));
}

pub(super) fn about(library: &mut Library, entry: &Entry, version: u32) {
    let mut about = About::default();
    for part in parts(library, entry, ABOUT, "write `about: {name: Night Bus, tags: [drums]}`") {
        if &*part.key == "tags" {
            about.tags = texts(library, entry, &part.value, version, "write `tags: [drums, techno]`");
            continue;
        }
        let Some(text) = plain_text(&part.value, version) else {
            let message = format!("`{}` of `about` is text, not {}", part.key, part.value.describe());
            report(library, part.value.span, entry, message, "put it into quotes");
            continue;
        };
        let field = match &*part.key {
            "name" => &mut about.name,
            "author" => &mut about.author,
            "description" => &mut about.description,
            "license" => &mut about.license,
            "sound" => {
                library.openings.push((text.clone(), part.value.span));
                &mut about.sound
            }
            _ => &mut about.url,
        };
        *field = Some(text);
    }
    library.abouts.push((entry.key_span.file, about));
}

/// Complains about sounds to open with that there are not, once all files of the library are known.
pub(super) fn open(library: &mut Library) {
    for (sound, span) in std::mem::take(&mut library.openings) {
        if library.find(&sound, span.file).is_some() {
            continue;
        }
        let hint = match nearest(&sound, library.sound_names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "name one of the library's sounds".to_string(),
        };
        let message = format!("there is no sound `{sound}` to open with");
        library.diagnostics.push(Diagnostic::error("about", span, message).hint(hint));
    }
}

/// A list of texts.
fn texts(library: &mut Library, entry: &Entry, tree: &Tree, version: u32, form: &str) -> Vec<String> {
    let Kind::List(items) = &tree.kind else {
        report(library, tree.span, entry, format!("this is a list of texts, not {}", tree.describe()), form);
        return vec![];
    };
    let mut all = vec![];
    for item in items {
        match plain_text(item, version) {
            Some(text) => all.push(text),
            None => report(library, item.span, entry, "every item must be a text".to_string(), form),
        }
    }
    all
}

pub(super) fn roots(library: &mut Library, entry: &Entry, version: u32) {
    let spans: Vec<Span> = match &entry.value.kind {
        Kind::List(items) => items.iter().map(|i| i.span).collect(),
        _ => vec![],
    };
    let folders = texts(library, entry, &entry.value, version, "write `roots: [samples, ../recordings]`");
    let roots = folders.into_iter().zip(spans).map(|(folder, span)| (PathBuf::from(folder), span));
    library.roots.extend(roots);
}

pub(super) fn tuning(library: &mut Library, entry: &Entry, version: u32) {
    let mut wanted = Wanted { key: entry.key_span, scale: None, keyboard: None };
    let form = "write `tuning: {scale: just.scl, keyboard: a432.kbm}`";
    for part in parts(library, entry, &["scale", "keyboard"], form) {
        let Some(file) = plain_text(&part.value, version) else {
            let message = format!("`{}` of `tuning` is the name of a file", part.key);
            report(library, part.value.span, entry, message, form);
            continue;
        };
        let file = Some((file, part.value.span));
        match &*part.key {
            "scale" => wanted.scale = file,
            _ => wanted.keyboard = file,
        }
    }
    if let Some(first) = &library.wanted {
        let message = "a library has one tuning, and it is said already";
        let clash = Diagnostic::error("name-clash", entry.key_span, message);
        let clash = clash.related(first.key, "first said here").hint("remove one of the two");
        library.diagnostics.push(clash);
        return;
    }
    library.wanted = Some(wanted);
}

/// How many frames late the loops of a file are.
pub(super) fn feedback(library: &mut Library, entry: &Entry, version: u32) {
    let number = match &entry.value.kind {
        Kind::Scalar(s) => match meaning(s, version) {
            Meaning::Number(x) => Some(x),
            _ => None,
        },
        _ => None,
    };
    match number.filter(|x| x.fract() == 0.0 && (LATE.0..=LATE.1).contains(x)) {
        Some(frames) => {
            library.late.insert(entry.key_span.file, frames as usize);
        }
        None => {
            let message = format!("`feedback` is a whole number of frames from {} to {}", LATE.0, LATE.1);
            report(library, entry.value.span, entry, message, "write `feedback: 1`");
        }
    }
}

/// Reads the files of the tuning, once all files of the library are known.
pub(super) fn tune(library: &mut Library) {
    let Some(wanted) = library.wanted.take() else { return };
    let scale = part(library, wanted.scale.as_ref(), tuning::scale).map(Option::unwrap_or_default);
    let keyboard = part(library, wanted.keyboard.as_ref(), tuning::keyboard).map(Option::unwrap_or_default);
    let (Some(scale), Some(keyboard)): (Option<Scale>, Option<Keyboard>) = (scale, keyboard) else { return };
    library.tuning = Tuning::new(scale, keyboard);
    if library.tuning.is_none() {
        let span = wanted.keyboard.as_ref().map_or(wanted.key, |(_, span)| *span);
        let message = "the reference key of this keyboard mapping plays no note";
        let hint = "choose another reference key in the file, or map it to a note of the scale";
        library.diagnostics.push(Diagnostic::error("tuning", span, message).hint(hint));
    }
    library.wanted = Some(wanted);
}

/// One file of the tuning: `Some(None)` where none is named, `None` after an error.
fn part<T>(
    library: &mut Library,
    named: Option<&(String, Span)>,
    read: fn(&str, u32) -> Result<T, Diagnostic>,
) -> Option<Option<T>> {
    let Some((name, span)) = named else { return Some(None) };
    let folder = library.files.get(span.file as usize).and_then(|f| f.path.parent()).unwrap_or(Path::new(""));
    let path = folder.join(name);
    let Some(number) = library.files.iter().position(|f| *f.path == *path) else {
        let message = format!("there is no tuning file `{name}` in the library's folder");
        let hint =
            "scales end in .scl, keyboard mappings in .kbm; they lie beside this file, or in a folder there";
        library.diagnostics.push(Diagnostic::error("missing-tuning", *span, message).hint(hint));
        return None;
    };
    match read(&library.files[number].text, number as u32) {
        Ok(value) => Some(Some(value)),
        Err(fault) => {
            library.diagnostics.push(fault.related(*span, "named here"));
            None
        }
    }
}

//! Files to a library: which top-level keys are sounds, which are settings, and which names clash.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::diagnostic::Diagnostic;
use super::limits::{FILE_BYTES, VARIABLES};
use super::model::{SourceFile, Span, Value};
use super::scalar::{Meaning, meaning};
use super::tree::{Entry, Kind, Tree};
use super::{Library, Sound, settings, yaml};
use crate::spec::NodeSpec;

/// The plain file in which `vars` are variables and not a sound.
const VARS_FILE: &str = "waves.yaml";
/// Keys of versioned files that belong to the language but not yet to this program.
const NOT_YET: &[&str] = &["macros"];

pub(super) fn read(files: Vec<(PathBuf, Vec<u8>)>, specs: &[&'static NodeSpec]) -> Library {
    let mut library = Library {
        files: vec![],
        versions: vec![],
        specs: specs.iter().map(|s| (s.name, *s)).collect(),
        sounds: vec![],
        index: HashMap::new(),
        vars: vec![],
        abouts: vec![],
        late: HashMap::new(),
        roots: vec![],
        wanted: None,
        tuning: None,
        diagnostics: vec![],
    };
    for (number, (path, bytes)) in files.into_iter().enumerate() {
        add_file(&mut library, number as u32, path, bytes);
    }
    report_clashes(&mut library);
    settings::tune(&mut library);
    library
}

fn add_file(library: &mut Library, number: u32, path: PathBuf, bytes: Vec<u8>) {
    let place = Span { file: number, start: 0, end: 0 };
    if bytes.len() > FILE_BYTES {
        let message = format!("this file is larger than {} MB", FILE_BYTES >> 20);
        library
            .diagnostics
            .push(Diagnostic::error("file-size", place, message).hint("split it into several files"));
        library.files.push(SourceFile { path, text: "".into() });
        library.versions.push(0);
        return;
    }
    let (text, encoding) = decode(bytes, number);
    if settings::is_tuning_file(&path) {
        library.files.push(SourceFile { path, text });
        library.versions.push(0);
        return;
    }
    let file = yaml::read(&text, number);
    let named_vars = file.version > 0 || path.file_name().is_some_and(|n| n == VARS_FILE);
    library.files.push(SourceFile { path, text });
    library.versions.push(file.version);
    match encoding {
        // What follows in such a file is mostly a consequence.
        Some(diagnostic) => library.diagnostics.push(diagnostic),
        None => library.diagnostics.extend(file.diagnostics),
    }
    for (i, entry) in file.entries.into_iter().enumerate() {
        match &*entry.key {
            "seiche" if i == 0 => {}
            "seiche" => {
                let message = "`seiche` must be the first key of its file";
                library.diagnostics.push(
                    Diagnostic::error("version", entry.key_span, message)
                        .hint("move `seiche: 1` to the first line"),
                );
            }
            "vars" if named_vars => add_vars(library, &entry, file.version),
            "vars" if !is_node(&entry.value) => {
                let message = "variables cannot stand in this file";
                let hint = format!("move them to {VARS_FILE}, or begin this file with `seiche: 1`");
                library.diagnostics.push(Diagnostic::error("vars", entry.key_span, message).hint(hint));
            }
            "about" if file.version > 0 => settings::about(library, &entry, file.version),
            "roots" if file.version > 0 => settings::roots(library, &entry, file.version),
            "tuning" if file.version > 0 => settings::tuning(library, &entry, file.version),
            "feedback" if file.version > 0 => settings::feedback(library, &entry, file.version),
            key if file.version > 0 && NOT_YET.contains(&key) => {
                let message = format!("`{key}` is not available in this version of the program");
                library
                    .diagnostics
                    .push(Diagnostic::error("not-available", entry.key_span, message).hint("remove it"));
            }
            _ => add_sound(library, entry),
        }
    }
}

/// The text of a file, without a byte order mark; where it is not UTF-8, with replacement characters and an error.
fn decode(mut bytes: Vec<u8>, number: u32) -> (Arc<str>, Option<Diagnostic>) {
    if bytes.starts_with(b"\xEF\xBB\xBF") {
        bytes.drain(..3);
    }
    match String::from_utf8(bytes) {
        Ok(text) => (text.into(), None),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let byte = error.as_bytes().get(at).copied().unwrap_or(0);
            let span = Span { file: number, start: at as u32, end: at as u32 + 3 };
            let message = format!("this file is not UTF-8: byte {byte:#04X} at offset {at}");
            let diagnostic =
                Diagnostic::error("encoding", span, message).hint("save the file with the encoding UTF-8");
            (String::from_utf8_lossy(error.as_bytes()).into(), Some(diagnostic))
        }
    }
}

fn add_sound(library: &mut Library, entry: Entry) {
    let (name, span) = (entry.key, entry.key_span);
    if name.trim().is_empty() {
        library.diagnostics.push(
            Diagnostic::error("sound-form", span, "a sound needs a name").hint("write `name: {osc: {}}`"),
        );
        return;
    }
    if library.spec(&name).is_some() {
        let message = format!(
            "the sound `{name}` has the name of a node kind: it can be played, but not used in other sounds"
        );
        library
            .diagnostics
            .push(Diagnostic::warning("shadowed-sound", span, message).hint("give it another name"));
    }
    library.index.entry(name.clone()).or_default().push(library.sounds.len());
    library.sounds.push(Sound { name, span, body: entry.value });
}

fn report_clashes(library: &mut Library) {
    let path =
        |span: Span| library.files.get(span.file as usize).map_or(Path::new(""), |f| &f.path).display();
    let mut clashes = vec![];
    for sounds in library.index.values().filter(|s| s.len() > 1) {
        let first = &library.sounds[sounds[0]];
        for second in &sounds[1..] {
            let second = &library.sounds[*second];
            let message = format!("the sound `{}` is also defined in {}", second.name, path(first.span));
            clashes.push(
                Diagnostic::error("name-clash", second.span, message)
                    .related(first.span, "first defined here")
                    .hint("rename one of the two"),
            );
        }
    }
    clashes.sort_by_key(|d| d.span.map(|s| (s.file, s.start)));
    library.diagnostics.extend(clashes);
}

/// Whether a tree looks like a node: one key with a mapping behind it.
fn is_node(tree: &Tree) -> bool {
    matches!(&tree.kind, Kind::Map(entries) if matches!(&entries[..], [e] if matches!(e.value.kind, Kind::Map(_))))
}

/// Variables are kept as they are written; expressions in them are not evaluated.
fn add_vars(library: &mut Library, entry: &Entry, version: u32) {
    let Kind::Map(vars) = &entry.value.kind else {
        let message = format!("`vars` is a mapping of names to values, not {}", entry.value.describe());
        library
            .diagnostics
            .push(Diagnostic::error("vars", entry.key_span, message).hint("write `vars: {bpm: 128}`"));
        return;
    };
    for var in vars {
        if library.vars.len() >= VARIABLES {
            let message = format!("the library has more than {VARIABLES} variables");
            let diagnostic = Diagnostic::error("too-large", var.key_span, message);
            library.diagnostics.push(diagnostic.hint("write some of them where they are used"));
            return;
        }
        let Some(value) = raw(&var.value, version, true) else {
            let message = format!("the variable `{}` must be a number, a text or a list of these", var.key);
            library.diagnostics.push(
                Diagnostic::error("vars", var.value.span, message)
                    .hint("a node can be a variable of a `context`"),
            );
            continue;
        };
        if let Some((_, _, first)) = library.vars.iter().find(|(name, ..)| *name == *var.key) {
            let message = format!("the variable `{}` is defined twice", var.key);
            let diagnostic =
                Diagnostic::error("name-clash", var.key_span, message).related(*first, "first defined here");
            library.diagnostics.push(diagnostic.hint("remove one of the two"));
            continue;
        }
        library.vars.push((var.key.to_string(), value, var.key_span));
    }
}

fn raw(tree: &Tree, version: u32, lists: bool) -> Option<Value> {
    match &tree.kind {
        Kind::Scalar(s) => match meaning(s, version) {
            Meaning::Null => None,
            Meaning::Flag(on) => Some(Value::Flag(on)),
            Meaning::Number(n) => Some(Value::Number(n)),
            Meaning::Text => Some(Value::Text(s.text.to_string())),
        },
        Kind::List(items) if lists => {
            let values: Option<Vec<_>> =
                items.iter().map(|t| raw(t, version, false).map(|v| (v, t.span))).collect();
            values.map(Value::List)
        }
        _ => None,
    }
}

//! Files to a library: which top-level keys are sounds, which are settings, and which names clash.

use std::collections::HashMap;
use std::path::Path;

use super::diagnostic::Diagnostic;
use super::limits::VARIABLES;
use super::macros::{self, Draft};
use super::model::{SourceFile, Span, Value};
use super::reader::Parsed;
use super::scalar::{Meaning, meaning};
use super::tree::{Entry, Kind, Tree};
use super::{Library, Sound, frozen, settings};
use crate::spec::{ADDED, ALIKE, NodeSpec};

/// The plain file in which `vars` are variables and not a sound.
const VARS_FILE: &str = "waves.yaml";

/// The library in these files, which are numbered as they stand.
pub(super) fn library(files: &[Parsed], specs: &[&'static NodeSpec]) -> Library {
    let sounds = files.iter().map(|file| file.entries.len()).sum();
    let mut library = Library {
        files: Vec::with_capacity(files.len()),
        versions: Vec::with_capacity(files.len()),
        specs: specs.iter().map(|s| (s.name, *s)).collect(),
        sounds: Vec::with_capacity(sounds),
        index: HashMap::with_capacity(sounds),
        vars: vec![],
        macros: vec![],
        abouts: vec![],
        openings: vec![],
        late: HashMap::new(),
        frozen: vec![],
        roots: vec![],
        wanted: None,
        tuning: None,
        diagnostics: vec![],
    };
    let mut drafts = vec![];
    files.iter().for_each(|file| add_file(&mut library, file, &mut drafts));
    macros::settle(&mut library, drafts);
    report_clashes(&mut library);
    settings::tune(&mut library);
    settings::open(&mut library);
    library
}

fn add_file(library: &mut Library, file: &Parsed, drafts: &mut Vec<Draft>) {
    let named_vars = file.version > 0 || file.path.file_name().is_some_and(|n| n == VARS_FILE);
    library.files.push(SourceFile { path: file.path.clone(), text: file.text.clone() });
    library.versions.push(file.version);
    library.diagnostics.extend(file.diagnostics.iter().cloned());
    for (i, entry) in file.entries.iter().enumerate() {
        match &*entry.key {
            "seiche" if i == 0 => {}
            "seiche" => {
                let message = "`seiche` must be the first key of its file";
                library.diagnostics.push(
                    Diagnostic::error("version", entry.key_span, message)
                        .hint("move `seiche: 1` to the first line"),
                );
            }
            "vars" if named_vars => add_vars(library, entry, file.version),
            "vars" if !is_node(&entry.value) => {
                let message = "variables cannot stand in this file";
                let hint = format!("move them to {VARS_FILE}, or begin this file with `seiche: 1`");
                library.diagnostics.push(Diagnostic::error("vars", entry.key_span, message).hint(hint));
            }
            "about" if file.version > 0 => settings::about(library, entry, file.version),
            "frozen" if file.version > 0 => frozen::draft(library, entry, file.version),
            "roots" if file.version > 0 => settings::roots(library, entry, file.version),
            "tuning" if file.version > 0 => settings::tuning(library, entry, file.version),
            "feedback" if file.version > 0 => settings::feedback(library, entry, file.version),
            "macros" if file.version > 0 => macros::draft(library, drafts, entry, file.version),
            _ => add_sound(library, entry),
        }
    }
}

fn add_sound(library: &mut Library, entry: &Entry) {
    let (name, span) = (entry.key.clone(), entry.key_span);
    if name.trim().is_empty() {
        library.diagnostics.push(
            Diagnostic::error("sound-form", span, "a sound needs a name").hint("write `name: {osc: {}}`"),
        );
        return;
    }
    let alike = ALIKE.contains(&&*name);
    if library.spec(&name).is_some()
        && !alike
        && !(ADDED.contains(&&*name) && library.version(span.file) == 0)
    {
        let message = format!(
            "the sound `{name}` has the name of a node kind: it can be played, but not used in other sounds"
        );
        library
            .diagnostics
            .push(Diagnostic::warning("shadowed-sound", span, message).hint("give it another name"));
    }
    let earlier = library.index.insert(name.clone(), library.sounds.len());
    library.sounds.push(Sound { name, span, body: entry.value.clone(), earlier });
}

fn report_clashes(library: &mut Library) {
    let path =
        |span: Span| library.files.get(span.file as usize).map_or(Path::new(""), |f| &f.path).display();
    let mut clashes = vec![];
    for (number, second) in library.sounds.iter().enumerate().filter(|(_, sound)| sound.earlier.is_some()) {
        let Some(first) = library.of_same_name(number).last().map(|first| &library.sounds[first]) else {
            continue;
        };
        let message = format!("the sound `{}` is also defined in {}", second.name, path(first.span));
        clashes.push(
            Diagnostic::error("name-clash", second.span, message)
                .related(first.span, "first defined here")
                .hint("rename one of the two"),
        );
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

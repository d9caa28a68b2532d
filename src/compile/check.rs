//! The check of a whole library, with what only compiling finds: every sound is compiled, none is played. Loader thread or command
//! line; it reads the samples and may take its time.

use std::collections::HashSet;
use std::sync::Mutex;

use super::{Request, compile};
use crate::language::limits::FINDINGS;
use crate::language::{Diagnostic, Library};
use crate::library::samples::Store;
use crate::quality::Quality;

/// What a part of other sounds need not know by itself: it gets its surroundings where it is used.
const BY_SURROUNDINGS: &[&str] = &["unknown-name", "unknown-id", "no-duration"];

/// Everything that is wrong with a library, each finding once and in the order of the text: what
/// [`Library::check`] finds, and what compiling every sound for `rate` frames per second adds. `store` keeps the decoded samples.
pub fn check(library: &Library, rate: f64, store: &Mutex<Store>) -> Vec<Diagnostic> {
    let (mut findings, parts) = library.check_with_parts();
    findings.extend(crate::library::missing_roots(library));
    let mut seen: HashSet<_> = findings.iter().map(key).collect();
    for (sound, _) in library.sounds() {
        let request =
            Request { library, sound, overrides: &[], rate, quality: Quality::Normal, seed: 0, store };
        let mut found = match compile(&request) {
            Ok(compiled) => [compiled.warnings, compiled.notes].concat(),
            Err(errors) => errors,
        };
        if parts.contains(sound) {
            found.retain(|d| !BY_SURROUNDINGS.contains(&d.code));
        }
        found.retain(|d| !d.repeats() && seen.insert(key(d)));
        findings.append(&mut found);
        if findings.len() > FINDINGS {
            break;
        }
    }
    findings.sort_by_key(|d| d.span.map(|s| (s.file, s.start)));
    findings
}

fn key(d: &Diagnostic) -> (Option<crate::language::model::Span>, &'static str, String) {
    (d.span, d.code, d.message.clone())
}

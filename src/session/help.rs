//! Help for who types a library's text: what may be typed at a place, and what stands there, out of the node table. Any thread but the
//! audio thread.

use crate::language;

pub use crate::language::{Candidate, Completion, Hover};

/// What may be typed at byte `at` of a text, best first; `sounds` are the names of the library's sounds.
pub fn complete(text: &str, at: usize, sounds: &[String]) -> Completion {
    language::complete(text, at, &specs(), &names(sounds))
}

/// What is known of the word at byte `at` of a text.
pub fn hover(text: &str, at: usize, sounds: &[String]) -> Option<Hover> {
    language::hover(text, at, &specs(), &names(sounds))
}

/// The names of all kinds of nodes.
pub fn kinds() -> Vec<&'static str> {
    crate::nodes::ALL.iter().map(|def| def.spec.name).collect()
}

/// Whether a name means something to the language or to YAML, so that a sound should not be called so.
pub fn is_word(name: &str) -> bool {
    let yaml = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let settings = complete("", 0, &[]).candidates;
    yaml.contains(&name) || kinds().contains(&name) || settings.iter().any(|setting| setting.label == name)
}

fn specs() -> Vec<&'static crate::spec::NodeSpec> {
    crate::nodes::ALL.iter().map(|def| &def.spec).collect()
}

fn names(sounds: &[String]) -> Vec<&str> {
    sounds.iter().map(String::as_str).collect()
}

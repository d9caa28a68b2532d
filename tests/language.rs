//! The language as its users meet it: small libraries in `tests/language/*.txt`, each with the findings that `seiche check` must
//! give for it, at their places.
//!
//! A case:
//! ```text
//! === what it shows
//! --- name.yaml              (optional; further files follow in the same way)
//! bass: {filter: {cutof: 800, signal: {osc: {}}}}
//! >>>
//! 1:17 unknown-parameter "no parameter `cutof`" hint "did you mean `cutoff`?"
//! ```
//! A finding is `[file:]line:column code "part of the message"`, optionally `hint "part"` and `also [file:]line:column` for every
//! related place; warnings begin with `warning`. `ok` stands for no finding. All findings must be listed, in order.
//! In the text `{{repeat 3 abc}}` repeats, `{{close 3}}` closes braces, `{{bytes FF 00}}` and `{{tab}}` insert what an editor would hide.

use std::path::PathBuf;

use seiche::language::{Diagnostic, Library, Severity};
use seiche::spec::NodeSpec;

#[path = "language/cases.rs"]
mod cases;
#[path = "language/specs.rs"]
mod specs;

use cases::{all, matches, show};

fn read(files: &[(&str, &[u8])]) -> Library {
    let specs: Vec<&'static NodeSpec> = specs::ALL.iter().collect();
    Library::read(files.iter().map(|(path, bytes)| (PathBuf::from(path), bytes.to_vec())).collect(), &specs)
}

#[test]
fn language_cases_give_the_listed_findings() {
    let cases = all("tests/language");
    let mut failures = vec![];
    for case in &cases {
        let files: Vec<(&str, &[u8])> = case.files.iter().map(|(n, b)| (n.as_str(), &b[..])).collect();
        let library = read(&files);
        let found: Vec<String> =
            library.check().iter().map(|d| show(&library, d, files.len() == 1)).collect();
        let expected: Vec<&String> = case.expected.iter().filter(|l| *l != "ok").collect();
        let same = found.len() == expected.len() && expected.iter().zip(&found).all(|(e, f)| matches(e, f));
        if !same || case.expected.is_empty() {
            failures.push(format!("{}\n  found:\n    {}\n", case.place, found.join("\n    ")));
        }
    }
    println!("{} cases of findings", cases.len());
    assert!(
        failures.is_empty(),
        "{} of {} cases differ\n{}",
        failures.len(),
        cases.len(),
        failures.join("\n")
    );
    assert!(cases.len() >= 110, "only {} cases were found", cases.len());
}

/// Findings that a schema can see, where the value is not an expression.
const FOR_SCHEMAS: &[&str] =
    &["missing-parameter", "sound-form", "unknown-parameter", "unknown-word", "about", "feedback"];

/// Cases that look like those, but need to know what a sound is, or what beside a node belongs to it.
const NOT_FOR_SCHEMAS: &[&str] =
    &["overrides are checked like parameters", "a wrong key beside a node is an unknown parameter"];

#[test]
fn schema_agrees_with_the_findings_where_it_can_see_them() {
    let specs: Vec<&'static NodeSpec> = specs::ALL.iter().collect();
    let schema = jsonschema::draft7::new(&seiche::language::schema(&specs)).expect("a schema");
    let (mut accepted, mut rejected, mut wrong) = (0, 0, vec![]);
    for case in all("tests/language") {
        let [(_, bytes)] = &case.files[..] else { continue };
        let Ok(text) = std::str::from_utf8(bytes) else { continue };
        let Ok(value) = seiche::language::plain_json(text) else { continue };
        let findings = read(&[("lib.yaml", bytes)]).check();
        if findings.is_empty() {
            accepted += 1;
            if let Err(error) = schema.validate(&value) {
                wrong.push(format!("{} is rejected: {}: {error}", case.place, error.instance_path()));
            }
        }
        let visible = |d: &Diagnostic| d.severity == Severity::Error && FOR_SCHEMAS.contains(&d.code);
        let known = NOT_FOR_SCHEMAS.iter().any(|title| case.place.ends_with(title));
        if findings.iter().any(visible) && !known {
            rejected += 1;
            if schema.is_valid(&value) {
                wrong.push(format!("{} is accepted", case.place));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(accepted > 20 && rejected > 10, "only {accepted} good and {rejected} bad cases");
}

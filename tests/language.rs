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

use seiche::language::{Diagnostic, Library, Severity, place};
use seiche::spec::NodeSpec;

#[path = "language/specs.rs"]
mod specs;

fn read(files: &[(&str, &[u8])]) -> Library {
    let specs: Vec<&'static NodeSpec> = specs::ALL.iter().collect();
    Library::read(files.iter().map(|(path, bytes)| (PathBuf::from(path), bytes.to_vec())).collect(), &specs)
}

/// Replaces `{{…}}` in a case's text.
fn expand(text: &str) -> Vec<u8> {
    let mut bytes = vec![];
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let (command, tail) = after.split_once("}}").expect("}} closes {{");
        bytes.extend(before.as_bytes());
        let (name, argument) = command.split_once(' ').unwrap_or((command, ""));
        match name {
            "repeat" => {
                let (count, what) = argument.split_once(' ').expect("repeat COUNT TEXT");
                bytes.extend(what.repeat(count.parse().expect("count")).as_bytes());
            }
            "bytes" => bytes.extend(argument.split(' ').map(|b| u8::from_str_radix(b, 16).expect("hex"))),
            "close" => bytes.extend("}".repeat(argument.parse().expect("count")).as_bytes()),
            "tab" => bytes.push(b'\t'),
            other => panic!("unknown command {other}"),
        }
        rest = tail;
    }
    bytes.extend(rest.as_bytes());
    bytes
}

struct Case {
    place: String,
    files: Vec<(String, Vec<u8>)>,
    expected: Vec<String>,
}

fn cases(path: &str, text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = vec![];
    let mut in_text = false;
    let mut buffer = String::new();
    for (number, line) in text.lines().enumerate() {
        let case = cases.last_mut();
        if let Some(title) = line.strip_prefix("=== ") {
            cases.push(Case {
                place: format!("{path}:{}: {title}", number + 1),
                files: vec![],
                expected: vec![],
            });
            (in_text, buffer) = (true, String::new());
        } else if let Some(name) = line.strip_prefix("--- ").filter(|n| in_text && n.ends_with(".yaml")) {
            let case = case.expect("=== first");
            if let Some(file) = case.files.last_mut() {
                file.1 = expand(&buffer);
            }
            case.files.push((name.to_string(), vec![]));
            buffer.clear();
        } else if line == ">>>" {
            let case = case.expect("=== first");
            if case.files.is_empty() {
                case.files.push(("lib.yaml".into(), vec![]));
            }
            case.files.last_mut().expect("a file").1 = expand(&buffer);
            in_text = false;
        } else if in_text {
            buffer.push_str(line);
            buffer.push('\n');
        } else if let Some(case) = case.filter(|_| !line.trim().is_empty()) {
            case.expected.push(line.to_string());
        }
    }
    cases
}

/// What a finding looks like in a case, complete.
fn show(library: &Library, d: &Diagnostic, one_file: bool) -> String {
    let at = |span| {
        let text = place(library.files(), span);
        if one_file { text.split_once(':').map_or(text.clone(), |(_, rest)| rest.to_string()) } else { text }
    };
    let mut line = match d.severity {
        Severity::Warning => "warning ".to_string(),
        Severity::Error => String::new(),
    };
    line += &format!("{} {} \"{}\"", d.span.map_or("?".into(), at), d.code, d.message.replace('"', "'"));
    if let Some(hint) = &d.hint {
        line += &format!(" hint \"{hint}\"");
    }
    for (span, _) in &d.related {
        line += &format!(" also {}", at(*span));
    }
    line
}

/// Whether the complete line has everything that the expected one asks for: the words as they are, quoted texts as parts.
fn matches(expected: &str, found: &str) -> bool {
    let (mut wanted, mut have) = (expected.split('"'), found.split('"'));
    let head = |s: Option<&str>| s.unwrap_or("").trim().to_string();
    if head(wanted.next()) != head(have.next())
        || !have.next().unwrap_or("").contains(wanted.next().unwrap_or(""))
    {
        return false;
    }
    let rest: Vec<&str> = have.collect();
    let hint = rest.get(1).copied().unwrap_or("");
    let tail = rest.join("");
    let parts: Vec<&str> = wanted.collect();
    parts.iter().enumerate().all(|(i, part)| match part.trim() {
        "" | "hint" => true,
        text if i > 0 && parts[i - 1].trim() == "hint" => hint.contains(text),
        also => tail.trim_end().ends_with(also),
    })
}

#[test]
fn language_cases_give_the_listed_findings() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/language");
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).expect("folder").filter_map(|e| Some(e.ok()?.path())).collect();
    paths.retain(|p| p.extension().is_some_and(|e| e == "txt"));
    paths.sort();
    let (mut count, mut failures) = (0, vec![]);
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("readable");
        for case in cases(&path.file_name().expect("name").to_string_lossy(), &text) {
            count += 1;
            let files: Vec<(&str, &[u8])> = case.files.iter().map(|(n, b)| (n.as_str(), &b[..])).collect();
            let library = read(&files);
            let found: Vec<String> =
                library.check().iter().map(|d| show(&library, d, files.len() == 1)).collect();
            let expected: Vec<&String> = case.expected.iter().filter(|l| *l != "ok").collect();
            let same =
                found.len() == expected.len() && expected.iter().zip(&found).all(|(e, f)| matches(e, f));
            if !same || case.expected.is_empty() {
                failures.push(format!("{}\n  found:\n    {}\n", case.place, found.join("\n    ")));
            }
        }
    }
    assert!(failures.is_empty(), "{} of {count} cases differ\n{}", failures.len(), failures.join("\n"));
    assert!(count >= 80, "only {count} cases were found");
}

//! Files of cases: how they are read, and how findings are compared with what a case lists. Shared by the tests of the language; the
//! form is described in `tests/language.rs` and `tests/sounds.rs`.
#![allow(dead_code)]

use std::path::PathBuf;

use seiche::language::{Diagnostic, Library, Severity, place};

/// The cases of all `.txt` files of a folder of the project, in order.
pub fn all(folder: &str) -> Vec<Case> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).expect("folder").filter_map(|e| Some(e.ok()?.path())).collect();
    paths.retain(|p| p.extension().is_some_and(|e| e == "txt"));
    paths.sort();
    let text = |path: &PathBuf| std::fs::read_to_string(path).expect("readable");
    let name = |path: &PathBuf| path.file_name().expect("name").to_string_lossy().into_owned();
    paths.iter().flat_map(|path| cases(&name(path), &text(path))).collect()
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

/// One case: where it stands, its files, and what it lists behind `>>>`.
pub struct Case {
    pub place: String,
    pub files: Vec<(String, Vec<u8>)>,
    pub expected: Vec<String>,
}

/// Whether a line behind `--- ` names a file of the case (and is not a YAML document).
fn is_file(name: &str) -> bool {
    [".yaml", ".scl", ".kbm"].iter().any(|end| name.ends_with(end))
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
        } else if let Some(name) = line.strip_prefix("--- ").filter(|n| in_text && is_file(n)) {
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
pub fn show(library: &Library, d: &Diagnostic, one_file: bool) -> String {
    let at = |span| {
        let text = place(library.files(), span);
        if one_file { text.split_once(':').map_or(text.clone(), |(_, rest)| rest.to_string()) } else { text }
    };
    let mut line = match d.severity {
        Severity::Note => "note ".to_string(),
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
pub fn matches(expected: &str, found: &str) -> bool {
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

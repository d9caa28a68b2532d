//! Keeps the plan of `ARCHITECTURE.md`: reads every `crate::…` path under `src/` and fails on an arrow that points back.
//! What stands behind `#[cfg(test)]` may look anywhere.

use std::fs;
use std::path::{Path, PathBuf};

/// Every room with the rooms it may import, in the order in which a sound passes through them.
const ROOMS: &[(&str, &[&str])] = &[
    ("units", &[]),
    ("quality", &[]),
    ("spec", &["units"]),
    ("score", &["units"]),
    ("dsp", &["units"]),
    ("kernel", &["quality", "units", "spec", "score", "dsp"]),
    ("nodes", &["quality", "units", "spec", "dsp", "kernel"]),
    ("mixer", &["units", "dsp", "kernel"]),
    ("language", &["units", "spec", "score"]),
    ("library", &["units", "kernel", "language"]),
    (
        "compile",
        &["quality", "units", "spec", "score", "dsp", "kernel", "nodes", "mixer", "language", "library"],
    ),
    ("engine", &["quality", "units", "dsp", "kernel", "mixer", "compile"]),
    ("bounce", &["quality", "units", "language", "library", "compile", "engine"]),
    ("reference", &["quality", "spec", "nodes", "language", "library", "compile", "engine", "bounce"]),
    (
        "session",
        &[
            "quality", "units", "spec", "score", "nodes", "mixer", "language", "library", "compile",
            "engine", "bounce",
        ],
    ),
    ("editor", &["units", "session"]),
    ("plugin", &["units", "engine", "session", "editor"]),
    (
        "cli",
        &[
            "quality",
            "units",
            "spec",
            "score",
            "dsp",
            "nodes",
            "language",
            "library",
            "compile",
            "engine",
            "bounce",
            "session",
            "reference",
            "plugin",
        ],
    ),
];

/// The room of a source file: its top folder or file name; `src/bin` is the command line. `lib.rs` is the house itself.
fn room_of(path: &Path) -> Option<String> {
    let inside = path.strip_prefix("src").ok()?;
    let first = inside.components().next()?.as_os_str().to_str()?;
    match first {
        "lib.rs" => None,
        "bin" => Some("cli".into()),
        name => Some(name.trim_end_matches(".rs").into()),
    }
}

const TEST: &str = "#[cfg(test)]";

/// The source without comments and without the items that exist only in tests; lines keep their numbers.
fn code(source: &str) -> String {
    let plain =
        |line: &str| if line.trim_start().starts_with("//") { String::new() } else { line.to_string() };
    let mut text = source.lines().map(plain).collect::<Vec<_>>().join("\n");
    while let Some(start) = text.find(TEST) {
        let end = start + TEST.len() + item_length(&text[start + TEST.len()..]);
        let blank = "\n".repeat(text[start..end].matches('\n').count());
        text.replace_range(start..end, &blank);
    }
    text
}

/// Length of the first item: up to its semicolon, or to the brace that closes it.
fn item_length(text: &str) -> usize {
    let mut depth = 0;
    for (i, c) in text.char_indices() {
        match c {
            ';' if depth == 0 => return i + 1,
            '{' => depth += 1,
            '}' if depth <= 1 => return i + 1,
            '}' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

/// Names of the files that a module declares for tests only.
fn test_modules(source: &str) -> Vec<String> {
    let after = source.split(TEST).skip(1).filter_map(|rest| rest.split(';').next());
    let names = after.filter_map(|item| item.trim().trim_start_matches("pub(crate) ").strip_prefix("mod "));
    names.filter(|name| !name.contains(['{', '\n'])).map(|name| name.trim().to_string()).collect()
}

/// The first names after `crate::` (or `seiche::` in the binary): one, or those of a group in braces.
fn imports(source: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let code = code(source);
    for prefix in ["crate::", "seiche::"] {
        for (at, _) in code.match_indices(prefix) {
            let line = code[..at].matches('\n').count() + 1;
            let rest = code[at + prefix.len()..].trim_start();
            let names = match rest.strip_prefix('{') {
                Some(group) => top_level_names(group),
                None => vec![first_name(rest)],
            };
            found.extend(names.into_iter().filter(|n| !n.is_empty()).map(|n| (line, n)));
        }
    }
    found
}

/// The leading identifier of each item of a `{…}` group, up to its closing brace.
fn top_level_names(group: &str) -> Vec<String> {
    let (mut depth, mut start, mut names) = (0, 0, Vec::new());
    for (i, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                names.push(first_name(&group[start..i]));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                names.push(first_name(&group[start..i]));
                start = i + 1;
            }
            _ => {}
        }
    }
    names
}

fn first_name(text: &str) -> String {
    text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// All source files of a folder but those that exist only in tests.
fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> =
        fs::read_dir(folder).expect("src is readable").flatten().map(|e| e.path()).collect();
    entries.sort();
    let read = |path: &PathBuf| fs::read_to_string(path).unwrap_or_default();
    let tests: Vec<String> =
        entries.iter().filter(|p| p.is_file()).flat_map(|p| test_modules(&read(p))).collect();
    for path in entries {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if tests.contains(&name) {
            continue;
        }
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push(path);
        }
    }
}

#[test]
fn architecture_arrows_never_point_back() {
    std::env::set_current_dir(env!("CARGO_MANIFEST_DIR")).expect("the crate's folder exists");
    let mut files = Vec::new();
    sources(Path::new("src"), &mut files);
    assert!(files.len() > 10, "only {} source files found", files.len());
    let mut wrong = Vec::new();
    for file in files {
        let Some(room) = room_of(&file) else { continue };
        let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| *name == room) else {
            wrong.push(format!("{}: '{room}' is not a room of the plan", file.display()));
            continue;
        };
        for (line, name) in imports(&fs::read_to_string(&file).expect("source files are text")) {
            let is_room = ROOMS.iter().any(|(known, _)| *known == name);
            if is_room && name != room && !allowed.contains(&name.as_str()) {
                wrong.push(format!("{}:{line}: {room} may not import {name}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "arrows that point back:\n{}", wrong.join("\n"));
}

#[test]
fn architecture_table_has_no_circles() {
    for (i, (room, allowed)) in ROOMS.iter().enumerate() {
        for name in *allowed {
            assert!(
                ROOMS[..i].iter().any(|(earlier, _)| earlier == name),
                "{room} may import {name}, which comes later"
            );
        }
    }
}

#[test]
fn architecture_reader_sees_groups_and_paths() {
    let source = "use crate::{units::Unit, engine::{a, b}};\n// crate::plugin\nlet x = crate::mixer::new();\n\
                  #[cfg(test)]\nmod probe;\nuse crate::spec::A;\n#[cfg(test)]\nmod tests {\n use crate::cli; { }\n}\nuse crate::nodes;";
    let found = [(1, "units"), (1, "engine"), (3, "mixer"), (6, "spec"), (11, "nodes")];
    assert_eq!(imports(source), found.map(|(line, name)| (line, name.to_string())));
    assert_eq!(test_modules(source), ["probe"]);
}

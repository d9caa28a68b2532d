//! `seiche check` as it is called: exit codes, text and JSON, paths that are no libraries.
#![cfg(feature = "cli")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder with the given files, removed at the end of a test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, files: &[(&str, &[u8])]) -> Folder {
        let path = std::env::temp_dir().join(format!("seiche-check-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("folder");
        for (file, bytes) in files {
            fs::write(path.join(file), bytes).expect("file");
        }
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn check(arguments: &[&str], folder: &Path) -> (Option<i32>, String) {
    let program = env!("CARGO_BIN_EXE_seiche");
    let Output { status, stdout, .. } =
        Command::new(program).arg("check").args(arguments).current_dir(folder).output().expect("starts");
    (status.code(), String::from_utf8(stdout).expect("text"))
}

const GOOD: &[u8] = b"a: {osc: {freq: 220}}\n";
const BAD: &[u8] = b"b:\n  filter: {cutof: 800, signal: {osc: {}}}\n";

#[test]
fn check_of_a_good_library_is_quiet_and_succeeds() {
    let folder = Folder::new("good", &[("a.yaml", GOOD), ("notes.txt", BAD)]);
    assert_eq!(check(&["."], &folder.0), (Some(0), "1 sound, 0 errors, 0 warnings\n".into()));
    assert_eq!(check(&["a.yaml"], &folder.0).0, Some(0));
    assert_eq!(check(&["--format", "json", "a.yaml"], &folder.0), (Some(0), "[]\n".into()));
}

#[test]
fn check_shows_place_line_and_hint_and_fails() {
    let folder = Folder::new("bad", &[("a.yaml", GOOD), ("b.yml", BAD)]);
    let (code, text) = check(&["."], &folder.0);
    assert_eq!(code, Some(1));
    for part in [
        "b.yml:2:12",
        "filter: {cutof: 800",
        "^^^^^",
        "did you mean `cutoff`?",
        "2 sounds, 1 error, 0 warnings",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    let (code, text) = check(&["--format", "json", "a.yaml", "b.yml"], &folder.0);
    let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((code, json.as_array().map(Vec::len)), (Some(1), Some(1)));
    assert_eq!((json[0]["line"].as_u64(), json[0]["column"].as_u64()), (Some(2), Some(12)));
    assert_eq!(json[0]["code"], "unknown-parameter");
}

#[test]
fn check_takes_files_named_together_as_one_library() {
    let folder = Folder::new("together", &[("a.yaml", GOOD), ("b.yaml", b"b: {mix: {x: {a: {}}}}")]);
    assert_eq!(check(&["b.yaml"], &folder.0).0, Some(1), "alone it lacks `a`");
    assert_eq!(check(&["b.yaml", "a.yaml", "a.yaml"], &folder.0).0, Some(0));
}

#[test]
fn check_says_what_cannot_be_read() {
    let folder = Folder::new("paths", &[("latin.yaml", b"a: {osc: {}}\n# caf\xE9\n")]);
    fs::create_dir_all(folder.0.join("empty.yaml")).expect("folder");
    for (arguments, part) in [
        (["missing.yaml"], "no file or folder missing.yaml"),
        (["empty.yaml"], "has no .yaml files"),
        (["latin.yaml"], "latin.yaml:2:6"),
    ] {
        let (code, text) = check(&arguments, &folder.0);
        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains(part), "{part} in\n{text}");
    }
    let (code, text) = check(&["--format", "json", "missing.yaml"], &folder.0);
    assert_eq!(code, Some(1));
    assert!(text.contains("\"code\": \"missing-file\""), "{text}");
}

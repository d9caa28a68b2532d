use std::fs;

use super::*;
use crate::library::{Scratch, read as read_library};

fn put(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn parsed(contents: &[(PathBuf, Content)]) -> Library {
    let specs: Vec<_> = crate::nodes::ALL.iter().map(|def| &def.spec).collect();
    Library::read(contents.to_vec(), &specs)
}

fn collected(path: &Path, store: &mut Store) -> Result<Collection, Vec<Diagnostic>> {
    let contents = read_library(path).unwrap();
    collect(&parsed(&contents), &contents, store)
}

/// All files below a folder, or in a bundle, with what they hold.
fn listed(path: &Path) -> BTreeMap<String, Vec<u8>> {
    if bundle::is(path) {
        let names = bundle::names(path).unwrap();
        return names
            .into_iter()
            .map(|name| (name.clone(), bundle::read(path, &name, 1 << 20).unwrap()))
            .collect();
    }
    let mut all = BTreeMap::new();
    let mut folders = vec![path.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            match entry.path() {
                folder if folder.is_dir() => folders.push(folder),
                file => {
                    let name = plain(file.strip_prefix(path).unwrap());
                    all.insert(name, fs::read(file).unwrap());
                }
            }
        }
    }
    all
}

const TEXT: &str = "seiche: 1\n# kept as it is\nroots: [../recordings, samples]\ntuning: {scale: tunings/x.scl}\n\
    a: {sample: {file: kick.wav}}\n\
    b: {mix: {x: {sample: {file: 'in/side.wav'}}, y: {sample: {file: \"../recordings/deep/ä.wav\"}}}}\n\
    c: {sample: {file: hits, chop: 1}}\n\
    d: {sequencer: {interval: 1, steps: [{sample: {file: deep/ä.wav}}, a]}}\n";

/// A library that names files inside and outside of its folder.
fn scattered(name: &str) -> (Scratch, PathBuf) {
    let scratch = Scratch::new(name);
    let file = |name: &str| scratch.0.join(name);
    put(&file("library/song.yaml"), TEXT.as_bytes());
    put(&file("library/other.yaml"), b"e: {sample: {file: in/side.wav}}\n");
    put(&file("library/tunings/x.scl"), b"\xe4 tuning in an old encoding\n1\n2/1\n");
    put(&file("library/in/side.wav"), b"inside");
    put(&file("library/unused.wav"), b"nobody plays it");
    put(&file("library/samples/hits/1.wav"), b"one");
    put(&file("library/samples/hits/2.WAV"), b"two");
    put(&file("recordings/kick.wav"), b"kick");
    put(&file("recordings/deep/\u{e4}.wav"), b"deep");
    let library = file("library");
    (scratch, library)
}

#[test]
fn collect_brings_everything_together_and_changes_only_names() {
    let (scratch, library) = scattered("collect");
    let made = collected(&library, &mut Store::default()).unwrap();
    assert!(made.notes.is_empty(), "{:?}", made.notes);
    assert_eq!(made.bytes, 4 + 4 + 6 + 3 + 3);
    let (folder, packed) = (scratch.0.join("out"), scratch.0.join("out.seiche"));
    let report = write(&made, &folder, false).unwrap();
    assert_eq!(report.line(), "2 texts and 6 files (0.0 MB)");
    write(&made, &packed, false).unwrap();
    let files = listed(&folder);
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    let expected = [
        "in/side.wav",
        "other.yaml",
        "recordings/deep/\u{e4}.wav",
        "recordings/kick.wav",
        "samples/hits/1.wav",
        "samples/hits/2.WAV",
        "song.yaml",
        "tunings/x.scl",
    ];
    assert_eq!(names, expected);
    assert_eq!(files["tunings/x.scl"], fs::read(library.join("tunings/x.scl")).unwrap());
    let text = String::from_utf8(files["song.yaml"].clone()).unwrap();
    let changed =
        TEXT.replace("[../recordings,", "[\"recordings\",").replace("../recordings/deep", "recordings/deep");
    assert_eq!(text, changed);
    assert_eq!(listed(&packed), files);
    // What was collected is whole by itself, and collecting it again changes nothing.
    fs::remove_dir_all(&library).unwrap();
    fs::remove_dir_all(scratch.0.join("recordings")).unwrap();
    for made in [&folder, &packed] {
        let again = collected(made, &mut Store::default()).unwrap();
        assert!(super::super::missing_roots(&parsed(&read_library(made).unwrap())).is_empty());
        let twice = scratch.0.join("twice.seiche");
        write(&again, &twice, true).unwrap();
        assert!(fs::read(&twice).unwrap() == fs::read(&packed).unwrap(), "the same bytes");
    }
}

#[test]
fn collect_refuses_what_is_missing_and_names_it() {
    let (scratch, library) = scattered("collect-missing");
    fs::remove_file(scratch.0.join("recordings/kick.wav")).unwrap();
    let mut store = Store::default();
    let errors = collected(&library, &mut store).unwrap_err();
    let lines: Vec<_> =
        errors.iter().map(|error| (error.code, error.span.unwrap().file, error.message.as_str())).collect();
    assert_eq!(lines, [("missing-sample", 1, "there is no file `kick.wav` in the library's folder")]);
    // Where it lies.
    put(&scratch.0.join("away/x/kick.wav"), b"kick");
    let contents = read_library(&library).unwrap();
    look_for_missing(&parsed(&contents), &contents, &mut store);
    assert_eq!(store.relink("", &scratch.0.join("away")).unwrap(), ["kick.wav"]);
    let made = collected(&library, &mut store).unwrap();
    assert!(made.files.contains_key("kick.wav"));
}

#[test]
fn collect_keeps_files_of_the_same_name_apart() {
    let scratch = Scratch::new("collect-same");
    let file = |name: &str| scratch.0.join(name);
    let text = |sound: &str, root: &str| {
        format!("seiche: 1\nroots: [../{root}/kit]\n{sound}: {{sample: {{file: x.wav}}}}\n")
    };
    put(&file("library/a.yaml"), text("a", "one").as_bytes());
    put(&file("library/b.yaml"), text("b", "two").as_bytes());
    put(&file("one/kit/x.wav"), b"one");
    put(&file("two/kit/x.wav"), b"two");
    let made = collected(&file("library"), &mut Store::default()).unwrap();
    let names: Vec<_> = made.files.keys().collect();
    assert_eq!(names, ["kit-2/x.wav", "kit/x.wav"]);
    assert!(made.texts["b.yaml"].contains("roots: [\"kit-2\"]"), "{}", made.texts["b.yaml"]);
}

#[test]
fn collect_writes_all_or_nothing() {
    let (scratch, library) = scattered("collect-whole");
    let made = collected(&library, &mut Store::default()).unwrap();
    let file = |name: &str| scratch.0.join(name);
    put(&file("full/x"), b"");
    assert!(write(&made, &file("full"), false).unwrap_err().contains("not an empty folder"));
    fs::write(file("there.seiche"), b"precious").unwrap();
    assert!(write(&made, &file("there.seiche"), false).unwrap_err().contains("is there already"));
    assert_eq!(fs::read(file("there.seiche")).unwrap(), b"precious");
    // A sample that changes meanwhile.
    fs::write(file("recordings/kick.wav"), b"another").unwrap();
    for out in ["out", "there.seiche"] {
        let why = write(&made, &file(out), true).unwrap_err();
        assert!(why.contains("was changed meanwhile"), "{why}");
    }
    assert_eq!(fs::read(file("there.seiche")).unwrap(), b"precious");
    let mut left: Vec<_> = fs::read_dir(&scratch.0).unwrap().flatten().map(|e| e.file_name()).collect();
    left.sort();
    assert_eq!(left, ["full", "library", "recordings", "there.seiche"]);
}

#[test]
fn collect_takes_the_recordings_of_frozen_tracks() {
    let scratch = Scratch::new("collect-frozen");
    let text = "seiche: 1\nx: {osc: {}}\nfrozen: {x: {x: {file: frozen/x.wav, source: \"1\"}}}\n";
    fs::write(scratch.0.join("a.yaml"), text).unwrap();
    fs::create_dir(scratch.0.join("frozen")).unwrap();
    fs::write(scratch.0.join("frozen/x.wav"), "a recording").unwrap();
    let made = collected(&scratch.0.join("a.yaml"), &mut Store::default()).unwrap();
    assert!(made.files.contains_key("frozen/x.wav") && made.texts["a.yaml"] == text);
}

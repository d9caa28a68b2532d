//! The reference page, the pictures of its examples and the JSON schema are what the tables say; libraries that play are valid to the
//! schema. With `SEICHE_BLESS` set the files are written instead (`cargo xtask bless`).

use std::fs;
use std::path::{Path, PathBuf};

use seiche::language::{plain_json, pretty};
use seiche::reference;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The first lines that differ.
fn difference(path: &str, committed: &str, made: &str) -> String {
    let (mut old, mut new) = (committed.lines(), made.lines());
    for number in 1.. {
        match (old.next(), new.next()) {
            (None, None) => break,
            (a, b) if a == b => {}
            (a, b) => {
                let show = |line: Option<&str>| {
                    line.map_or("(end)".into(), |l| l.chars().take(160).collect::<String>())
                };
                return format!("{path}:{number}\n  committed: {}\n  the table: {}", show(a), show(b));
            }
        }
    }
    format!("{path}: line ends differ")
}

#[test]
fn reference_files_are_what_the_tables_say() {
    let folder = std::env::temp_dir().join(format!("seiche-reference-{}", std::process::id()));
    let pages = reference::pages(&folder);
    let _ = fs::remove_dir_all(&folder);
    let pages = pages.unwrap_or_else(|faults| panic!("{faults}"));
    if std::env::var_os("SEICHE_BLESS").is_some() {
        let _ = fs::remove_dir_all(root().join("docs/reference"));
        for page in &pages {
            let path = root().join(&page.path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, &page.text).unwrap();
        }
        return;
    }
    let mut wrong = vec![];
    for page in &pages {
        let committed = fs::read_to_string(root().join(&page.path)).unwrap_or_default();
        if committed != page.text {
            wrong.push(difference(&page.path, &committed, &page.text));
        }
    }
    for entry in fs::read_dir(root().join("docs/reference")).into_iter().flatten().flatten() {
        let name = format!("docs/reference/{}", entry.file_name().to_string_lossy());
        if !pages.iter().any(|p| p.path == name) {
            wrong.push(format!("{name} belongs to no node"));
        }
    }
    assert!(wrong.is_empty(), "run `cargo xtask bless`:\n{}", wrong.join("\n"));
}

#[test]
fn reference_pictures_are_small() {
    let folder = fs::read_dir(root().join("docs/reference")).unwrap();
    let sizes: Vec<(PathBuf, u64)> =
        folder.flatten().map(|e| (e.path(), e.metadata().map_or(0, |m| m.len()))).collect();
    assert_eq!(sizes.len(), seiche::nodes::ALL.len());
    let large: Vec<_> = sizes.iter().filter(|(_, bytes)| *bytes > 6000).collect();
    assert!(large.is_empty(), "{large:?}");
}

#[test]
fn reference_says_something_useful_of_everything() {
    let mut thin = vec![];
    for spec in reference::specs() {
        let mut say = |name: &str, help: &str| {
            let sentence = help.starts_with(|c: char| !c.is_lowercase()) && help.ends_with('.');
            if help.len() < 15 || !sentence || help.contains('\n') {
                thin.push(format!("{}.{name}: {help}", spec.name));
            }
        };
        say("", spec.help);
        spec.params.iter().for_each(|p| say(p.name, p.help));
        // The example shows the node itself.
        if !spec.example.contains(&format!("{}:", spec.name)) {
            thin.push(format!("{}: the example does not use it", spec.name));
        }
    }
    assert!(thin.is_empty(), "{}", thin.join("\n"));
}

/// Every yaml block of the documents, and the presets.
fn libraries() -> Vec<(String, String)> {
    let mut all = vec![];
    for folder in ["presets", "docs", "."] {
        for entry in fs::read_dir(root().join(folder)).unwrap().flatten() {
            let path = entry.path();
            let text = || fs::read_to_string(&path).unwrap();
            match path.extension().and_then(|e| e.to_str()) {
                Some("yaml") => all.push((path.display().to_string(), text())),
                Some("md") => {
                    let text = text();
                    let blocks = text.split("```yaml\n").skip(1).filter_map(|b| b.split("```").next());
                    all.extend(
                        blocks
                            .enumerate()
                            .map(|(i, b)| (format!("{}, block {}", path.display(), i + 1), outdent(b))),
                    );
                }
                _ => {}
            }
        }
    }
    all
}

fn outdent(block: &str) -> String {
    let indent = block.lines().next().map_or(0, |l| l.len() - l.trim_start().len());
    block.lines().map(|l| format!("{}\n", l.get(indent..).unwrap_or(""))).collect()
}

#[test]
fn schema_accepts_every_library_of_the_project() {
    let schema = seiche::language::schema(&reference::specs());
    assert!(jsonschema::draft7::meta::is_valid(&schema), "the schema itself is no schema");
    let validator = jsonschema::draft7::new(&schema).unwrap();
    let libraries = libraries();
    assert!(libraries.len() > 50, "only {} libraries found", libraries.len());
    for (place, text) in libraries {
        let value = plain_json(&text).unwrap_or_else(|e| panic!("{place}: {e:?}"));
        if let Err(error) = validator.validate(&value) {
            panic!("{place}: {}: {error}", error.instance_path());
        }
        // What the page prints means the same as what the table says.
        let printed = pretty(&text, 80).unwrap_or_else(|e| panic!("{place}: {e:?}"));
        assert!(text.contains('&') || plain_json(&printed).is_ok_and(|v| v == value), "{place}:\n{printed}");
    }
}

#[test]
fn schema_rejects_what_it_can_see() {
    let validator = jsonschema::draft7::new(&seiche::language::schema(&reference::specs())).unwrap();
    let wrong = [
        "a: {osc: {frq: 3}}",
        "a: {osc: {type: zigzag}}",
        "a: {osc: {range: [1]}}",
        "a: {osc: {scale: -1}}",
        "a: {filter: {cutoff: 800}}",
        "a: {envelope: {attack: {osc: {}}}}",
        "a: {osc: {freq: {filter: {cutoff: 80}}}}",
        "a: {mix: {x: 3}}",
        "a: {midi_in: {voices: 1000, signal: {osc: {}}}}",
        "a: {sequencer: {interval: 1, steps: []}}",
        "a: {interval: {scale: [0, 1.5]}}",
        "a: {osc: {}, filter: {}}",
        "a: 3",
        "a: [1]",
        "about: {nmae: x}",
        "a: {osc: {monitor: loud}}",
    ];
    for text in wrong {
        let value = plain_json(text).unwrap();
        assert!(!validator.is_valid(&value), "accepted: {text}");
    }
    let right = [
        "a: {osc: {type: SAW, amp: {osc: {freq: 3}, range: [0, 1]}, seed: '7'}}",
        "seiche: 1\nvars: {x: [1, two]}\na: {osc: {freq: 80 Hz, amp: -6 dB, attack: 1/8}}",
        "a: {bell: {pitch: 3}}\nb: {osc: {amp: {bell: {}, v: 1}}}",
        "a: {sequencer: {interval: 1, steps: [~, kick v1, [kick, {osc: {}}], {osc: {}}]}}",
        "vars: {osc: {freq: 3}}",
    ];
    for text in right {
        let value = plain_json(text).unwrap();
        assert!(validator.is_valid(&value), "rejected: {text}: {:?}", validator.validate(&value).err());
    }
}

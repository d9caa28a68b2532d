//! Saved states of all versions keep opening: every file of `tests/states` sounds, to the bit, as its text does when it is compiled
//! afresh. A file that was written once is never changed.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use base64::Engine as _;
use seiche::compile::{self, Request};
use seiche::engine::{Gear, Geared, Io};
use seiche::language::{Content, Library};
use seiche::library::samples::Store;
use seiche::library::vault::Vault;
use seiche::quality::Quality;
use seiche::session::{Document, Session};

mod support;

use support::RATE;

const LIMIT: Duration = Duration::from_secs(60);

fn states() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/states");
    let mut all: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .flatten()
        .map(|entry| {
            (
                entry.file_name().into_string().unwrap(),
                fs::read_to_string(entry.path()).unwrap().trim_end().to_owned(),
            )
        })
        .collect();
    all.sort();
    assert!(all.len() >= 8, "states are missing");
    all
}

/// Bits of half a second, both sides.
fn play(engine: &mut Geared) -> Vec<u32> {
    let mut heard = vec![];
    for _ in 0..50 {
        let (mut left, mut right) = ([0.0f32; 480], [0.0f32; 480]);
        nice_assert_no_alloc::assert_no_alloc(|| {
            let io = Io { sidechain: None, main: [&mut left, &mut right], aux: &mut [], stems: &mut [] };
            engine.process(io, &[], None);
        });
        heard.extend(left.iter().chain(&right).map(|x| x.to_bits()));
    }
    heard
}

/// What the text of a document sounds like, with its samples in a folder.
fn fresh(document: &Document, name: &str) -> Vec<u32> {
    let folder = std::env::temp_dir().join(format!("seiche-states-{name}-{}", std::process::id()));
    let old = |path: &str| PathBuf::from(path).file_name().map(PathBuf::from).unwrap();
    let files: Vec<_> = document
        .files
        .iter()
        .map(|file| (folder.join(old(&file.path)), Content::Text(file.text.clone())))
        .collect();
    let json = serde_json::from_str::<serde_json::Value>(&document.to_json()).unwrap();
    for reference in &document.samples {
        let path = folder.join(&reference.path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let copy = json["copies"][reference.hash.to_string()].as_str().unwrap();
        fs::write(path, base64::engine::general_purpose::STANDARD.decode(copy).unwrap()).unwrap();
    }
    let specs: Vec<_> = seiche::nodes::ALL.iter().map(|def| &def.spec).collect();
    let library = Library::read(files, &specs);
    let (mut engine, mut remote) = Geared::new(Gear::new(Quality::Normal, RATE), 0);
    let first = library.sounds().next().map(|(name, _)| name.to_owned()).unwrap_or_default();
    let sound = if document.sound.is_empty() { first } else { document.sound.clone() };
    if !sound.is_empty() {
        let store = Mutex::new(Store::new(Vault::new(1 << 20), Box::new(|| false)));
        let request = Request {
            library: &library,
            sound: &sound,
            overrides: &[],
            rate: RATE,
            quality: Quality::Normal,
            seed: document.seed,
            store: &store,
        };
        let mut program =
            compile::compile(&request).unwrap_or_else(|errors| panic!("{name}: {errors:?}")).program;
        program.unmoved = document.macros.keys().fold(!0, |bits, slot| bits & !(1 << (slot - 1)));
        assert!(remote.send(program).is_ok());
    }
    let heard = play(&mut engine);
    let _ = fs::remove_dir_all(folder);
    heard
}

#[test]
fn state_of_every_version_sounds_as_its_text() {
    let mut silent = vec![];
    for (name, text) in states() {
        let document = Document::from_json(&text).unwrap_or_else(|why| panic!("{name}: {why}"));
        let session = Session::new();
        session.restore(&text);
        let mut engine = session.engine(RATE);
        assert!(session.settle(LIMIT), "{name}");
        let heard = play(&mut engine);
        assert!(heard == fresh(&document, &name), "{name} sounds different");
        if heard.iter().all(|bits| f32::from_bits(*bits) == 0.0) {
            silent.push(name.clone());
        }
        // What is saved then is of the present version, keeps all, and is the same from then on.
        let saved = session.save();
        assert_eq!(Document::from_json(&saved).unwrap(), document, "{name}");
        assert!(saved.starts_with(r#"{"version":2,"#), "{name}: {saved}");
        if name.starts_with("v2_") {
            assert_eq!(saved, text, "{name}: the same bytes");
        }
    }
    assert_eq!(silent, ["v1_empty.json", "v2_empty.json"]);
}

#[test]
fn state_that_cannot_be_read_leaves_sound_and_project_alone() {
    let states = states();
    let (_, good) = states.iter().find(|(name, _)| name == "v2_samples.json").unwrap();
    let session = Session::new();
    session.restore(good);
    let mut engine = session.engine(RATE);
    assert!(session.settle(LIMIT));
    play(&mut engine);
    let mut random = support::Random(7);
    let mut noise = String::new();
    (0..5000).for_each(|_| noise.push(char::from((random.below(95) + 32) as u8)));
    let ends = (1..40).map(|n| good.len() * n / 40).filter(|end| good.is_char_boundary(*end));
    let mut bad: Vec<String> = ends.map(|end| good[..end].to_owned()).collect();
    bad.extend([
        noise,
        "null".into(),
        "[]".into(),
        r#"{"version":3}"#.into(),
        r#"{"version":0}"#.into(),
        r#"{"version":2,"samples":[{"path":"x","hash":"12","bytes":1}]}"#.into(),
        r#"{"version":2,"samples":[{"path":"x"}]}"#.into(),
        r#"{"version":2,"embed":-1}"#.into(),
        r#"{"version":2,"copies":{"x":"AAAA"}}"#.into(),
        r#"{"params":{},"fields":{}, "version":"0.9 of another plug-in"}"#.into(),
    ]);
    for text in bad {
        session.restore(&text);
        assert!(session.settle(LIMIT));
        let seen = session.snapshot();
        assert!(
            seen.findings.iter().any(|f| f.message.starts_with("The saved state")),
            "{text:.80}: {:?}",
            seen.findings
        );
        assert_eq!(session.save(), *good, "{text:.80}");
    }
    let heard = play(&mut engine);
    assert!(heard.iter().any(|bits| f32::from_bits(*bits).abs() > 0.1), "the sound goes on");
}

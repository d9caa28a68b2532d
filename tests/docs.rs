//! The examples in the documents: every ```yaml block is a library that loads without a finding, and all its sounds are heard.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use seiche::bounce::{self, Depth, Job};
use seiche::compile::{self, Request};
use seiche::engine::{Event, What};
use seiche::language::{Library, render as show};
use seiche::library::samples::Store;
use seiche::quality::Quality;

const RATE: f64 = 44_100.0;

/// A block and where it begins: file and line.
struct Block {
    place: String,
    text: String,
}

fn blocks() -> Vec<Block> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = std::fs::read_dir(root.join("docs")).unwrap().map(|e| e.unwrap().path());
    let mut files: Vec<PathBuf> = docs.filter(|p| p.extension().is_some_and(|e| e == "md")).collect();
    files.push(root.join("README.md"));
    files.sort();
    files.iter().flat_map(|file| blocks_of(file)).collect()
}

fn blocks_of(file: &Path) -> Vec<Block> {
    let text = std::fs::read_to_string(file).unwrap();
    let mut blocks = vec![];
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        if line.trim() != "```yaml" {
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        let inside = lines.by_ref().map(|(_, l)| l).take_while(|l| l.trim() != "```");
        let text: String = inside.map(|l| format!("{}\n", l.get(indent..).unwrap_or(""))).collect();
        blocks.push(Block { place: format!("{}:{}", file.display(), number + 2), text });
    }
    blocks
}

/// Where the samples of the examples are.
fn folder() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("seiche-docs-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("samples")).unwrap();
    let clap: Vec<f32> = (0..22_050).map(|i| (i as f32 * 0.07).sin() * (-i as f32 / 5000.0).exp()).collect();
    bounce::write_wav(&folder.join("samples/clap.wav"), &[&clap], 44_100, Depth::Int16).unwrap();
    folder
}

#[test]
fn docs_examples_load_without_a_finding_and_sound() {
    let folder = folder();
    let specs: Vec<_> = seiche::nodes::ALL.iter().map(|d| &d.spec).collect();
    let key = |at: u32, what: fn(u8) -> What| Event { at, what: what(57) };
    let down = |key| What::NoteOn { channel: 0, key, note: -1, velocity: 0.8 };
    let up = |key| What::NoteOff { channel: 0, key, note: -1, velocity: 0.0 };
    let events = [key(100, down), key(30_000, up)];
    let mut wrong = vec![];
    let blocks = blocks();
    assert!(blocks.len() > 20, "only {} blocks found", blocks.len());
    for Block { place, text } in blocks {
        let library = Library::read(vec![(folder.join("example.yaml"), text.into_bytes())], &specs);
        let found = library.check();
        if !found.is_empty() {
            wrong.push(format!("{place}:\n{}", show(&found, library.files(), false)));
            continue;
        }
        for (sound, _) in library.sounds() {
            let store = Mutex::new(Store::default());
            let request = Request {
                library: &library,
                sound,
                overrides: &[],
                rate: RATE,
                quality: Quality::Normal,
                seed: 0,
                store: &store,
            };
            let compiled = match compile::compile(&request) {
                Ok(compiled) if compiled.warnings.is_empty() => compiled,
                Ok(compiled) => {
                    let text = show(&compiled.warnings, library.files(), false);
                    wrong.push(format!("{place}: {sound}:\n{text}"));
                    continue;
                }
                Err(errors) => {
                    wrong.push(format!("{place}: {sound}:\n{}", show(&errors, library.files(), false)));
                    continue;
                }
            };
            let job = Job { frames: 2 * RATE as usize, events: &events, ..Job::default() };
            let r = bounce::render(compiled.program, &job, &mut |_| true);
            let peak = r.main.iter().flatten().fold(0.0f32, |p, x| p.max(x.abs()));
            let finite = r.main.iter().flatten().all(|x| x.is_finite());
            if r.faults != 0 || !finite || !(0.02..=1.0).contains(&peak) {
                wrong.push(format!("{place}: {sound} peaks at {peak}, faults {}", r.faults));
            }
        }
    }
    let _ = std::fs::remove_dir_all(&folder);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

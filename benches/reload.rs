//! What a saved edit costs: from the write to the first changed sample, the loader's share of it, and the swap in the callback.
//! Run with `cargo xtask bench`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use seiche::compile::{Blueprint, Request, compile_after};
use seiche::engine::{Engine, Event, Io};
use seiche::language::Library;
use seiche::library::samples::Store;
use seiche::session::{Message, Session};

const RATE: f64 = 48_000.0;

fn main() {
    for lines in [1_000, 10_000] {
        let text = library(lines);
        loader(&text, lines);
    }
    swaps();
    latency();
}

/// A library of about so many lines: tracks of a mix with a filter each.
fn library(lines: usize) -> String {
    let mut text = String::from("seiche: 1\ns:\n  mix:\n    lead: {osc: {freq: 220, amp: 0.1}}\n");
    for n in 0..lines / 8 {
        let _ = writeln!(
            text,
            "sound_{n}:\n  filter:\n    cutoff: {}\n    peak: 0.3\n    signal:\n      osc:\n        type: saw\n        freq: {}",
            200 + n % 4_000,
            30 + n % 900
        );
    }
    text
}

fn read(text: &str) -> Library {
    let specs: Vec<_> = seiche::nodes::ALL.iter().map(|d| &d.spec).collect();
    Library::read(vec![(PathBuf::from("bench.yaml"), text.as_bytes().to_vec())], &specs)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn compiled(library: &Library, sound: &str, before: Option<&Blueprint>) -> seiche::compile::Compiled {
    let store = Mutex::new(Store::default());
    let request = Request { library, sound, overrides: &[], rate: RATE, seed: 0, store: &store };
    match compile_after(&request, before) {
        Ok(compiled) => compiled,
        Err(errors) => panic!("{}", seiche::language::render(&errors, library.files(), false)),
    }
}

/// Reading and compiling as the successor of a running program.
fn loader(text: &str, lines: usize) {
    let first = compiled(&read(text), "s", None).blueprint;
    let mut times = [vec![], vec![]];
    for n in 0..9 {
        let edited = text.replace("freq: 220", &format!("freq: {}", 221 + n));
        let began = Instant::now();
        let library = read(&edited);
        times[0].push(began.elapsed().as_secs_f64() * 1e3);
        let began = Instant::now();
        std::hint::black_box(compiled(&library, "s", Some(&first)));
        times[1].push(began.elapsed().as_secs_f64() * 1e3);
    }
    let [read, compile] = times.map(median);
    let limit = if lines == 1_000 { 20 } else { 60 };
    println!(
        "loader, {lines:6} lines: read {read:.1} ms, compile {compile:.2} ms (together at most {limit} ms)"
    );
}

fn block(engine: &mut Engine, frames: usize, events: &[Event]) -> (f64, [Vec<f32>; 2]) {
    let (mut left, mut right) = (vec![0.0f32; frames], vec![0.0f32; frames]);
    let io = Io { sidechain: None, main: [&mut left, &mut right], aux: &mut [], stems: &mut [] };
    let began = Instant::now();
    engine.process(io, events, None);
    (began.elapsed().as_secs_f64() * 1e6, [left, right])
}

/// The shipped song, with a number in it changed again and again while it plays in blocks of 64.
fn swaps() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("presets");
    let Ok(files) = seiche::library::read(&folder) else { return };
    let specs: Vec<_> = seiche::nodes::ALL.iter().map(|d| &d.spec).collect();
    let (mut engine, mut remote) = Engine::new(RATE);
    let mut before: Option<Blueprint> = None;
    let (mut plain, mut swaps) = (vec![], vec![]);
    for n in 0..60 {
        let mut files = files.clone();
        for (_, bytes) in &mut files {
            let mut text = String::from_utf8_lossy(bytes).into_owned();
            for cutoff in [3_400, 2_600, 1_400] {
                text = text.replace(&format!("cutoff: {cutoff}"), &format!("cutoff: {}", cutoff + 1 + n % 7));
            }
            *bytes = text.into_bytes();
        }
        let compiled = compiled(&Library::read(files, &specs), "song", before.as_ref());
        before = Some(compiled.blueprint);
        let _ = remote.send(compiled.program);
        swaps.push(block(&mut engine, 64, &[]).0);
        for _ in 0..40 {
            plain.push(block(&mut engine, 64, &[]).0);
        }
        remote.collect();
    }
    // The first block starts the song and is no swap.
    swaps.remove(0);
    let (usual, worst) = (median(plain), swaps.iter().copied().fold(0.0, f64::max));
    let swap = median(swaps) - usual;
    let share = |us: f64| 100.0 * us / (64.0 / RATE * 1e6);
    println!(
        "swap of the shipped song: {swap:.0} µs more than a usual block ({:.1} % of a block of 64; worst {:.1} %, at most 10 %)",
        share(swap),
        share(worst - usual)
    );
}

/// A file is written over while an engine plays it in real time, blocks of 512.
fn latency() {
    let folder = std::env::temp_dir().join(format!("seiche-bench-{}", std::process::id()));
    let path = folder.join("a.yaml");
    if std::fs::create_dir_all(&folder).is_err() || std::fs::write(&path, library(1_000)).is_err() {
        return;
    }
    let session = Session::new();
    let mut engine = session.engine(RATE);
    session.send(Message::Open(path.clone()));
    session.settle(Duration::from_secs(10));
    let level = |engine: &mut Engine| {
        std::thread::sleep(Duration::from_micros(10_666));
        let (_, [left, _]) = block(engine, 512, &[]);
        left.iter().fold(0.0f32, |peak, x| peak.max(x.abs()))
    };
    let mut times = vec![];
    for n in 0..15 {
        for _ in 0..20 {
            level(&mut engine);
        }
        let amp = if n % 2 == 0 { 0.3 } else { 0.1 };
        let before = level(&mut engine);
        let _ = std::fs::write(
            &path,
            library(1_000).replace("freq: 220, amp: 0.1", &format!("freq: 220, amp: {amp}")),
        );
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(5) && (level(&mut engine) - before).abs() < 0.01 {}
        times.push(began.elapsed().as_secs_f64() * 1e3);
    }
    let _ = std::fs::remove_dir_all(&folder);
    println!("from the write to the first changed sample: {:.0} ms (at most 150 ms)", median(times));
}

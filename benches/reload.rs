//! What a saved edit costs: from the write to the first changed sample, the loader's share of it, and the swap in the callback.
//! Run with `cargo xtask bench`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use seiche::compile::{Blueprint, Request, compile_after, compile_to_try};
use seiche::engine::{Engine, Event, Geared, Io, try_out};
use seiche::language::{Library, Reader};
use seiche::library::samples::Store;
use seiche::library::watch::Watch;
use seiche::quality::Quality;
use seiche::session::{Message, Session};

const RATE: f64 = 48_000.0;

fn main() {
    for lines in [1_000, 10_000] {
        let text = library(lines);
        loader(&text, lines);
    }
    folders();
    looks();
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
    let request = Request {
        library,
        sound,
        overrides: &[],
        rate: RATE,
        quality: Quality::Normal,
        seed: 0,
        store: &store,
    };
    match compile_after(&request, before) {
        Ok(compiled) => compiled,
        Err(errors) => panic!("{}", seiche::language::render(&errors, library.files(), false)),
    }
}

/// Compiles as the successor of a running program, and tries a copy out, as the loader does. Milliseconds of both.
fn prepared(library: &Library, sound: &str, before: Option<&Blueprint>) -> [f64; 2] {
    let store = Mutex::new(Store::default());
    let request = Request {
        library,
        sound,
        overrides: &[],
        rate: RATE,
        quality: Quality::Normal,
        seed: 0,
        store: &store,
    };
    let began = Instant::now();
    let copy = compile_to_try(&request, before).ok().and_then(|(_, copy)| copy);
    let compiled = began.elapsed().as_secs_f64() * 1e3;
    assert!(copy.is_some_and(|copy| try_out(copy).is_ok()));
    [compiled, began.elapsed().as_secs_f64() * 1e3 - compiled]
}

/// Reading and compiling as the successor of a running program.
fn loader(text: &str, lines: usize) {
    let first = compiled(&read(text), "s", None).blueprint;
    let mut times = [vec![], vec![], vec![]];
    for n in 0..9 {
        let edited = text.replace("freq: 220", &format!("freq: {}", 221 + n));
        let began = Instant::now();
        let library = read(&edited);
        times[0].push(began.elapsed().as_secs_f64() * 1e3);
        let [compile, trial] = prepared(&library, "s", Some(&first));
        times[1].push(compile);
        times[2].push(trial);
    }
    let [read, compile, trial] = times.map(median);
    let limit = if lines == 1_000 { 20 } else { 60 };
    println!(
        "loader, {lines:6} lines: read {read:.1} ms, compile {compile:.2} ms, trial {trial:.2} ms (together at most {limit} ms)"
    );
}

/// A folder of its own that goes at the end.
struct Folder(PathBuf);

impl Folder {
    /// So many files of a sound with about 20 lines each.
    fn new(files: usize) -> Folder {
        let folder =
            Folder(std::env::temp_dir().join(format!("seiche-bench-{}-{files}", std::process::id())));
        let _ = std::fs::create_dir_all(&folder.0);
        (0..files).for_each(|n| folder.save(n, 100 + n % 900));
        folder
    }

    fn save(&self, number: usize, freq: usize) {
        let mut text = format!("sound_{number}:\n  mix:\n");
        for track in 0..4 {
            let _ = writeln!(
                text,
                "    track_{track}:\n      filter:\n        cutoff: {}\n        peak: 0.3\n        signal: {{osc: {{type: saw, freq: {}}}}}",
                300 + 10 * track,
                freq + track
            );
        }
        let _ = std::fs::write(self.0.join(format!("{number:05}.yaml")), text);
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// From the notice of a save in a folder to the finished program, in turns for a folder of one file and one of 200.
fn folders() {
    let folders = [1, 200].map(Folder::new);
    // Files that have just been written are read again, as they may be written once more within the grain of the clock.
    std::thread::sleep(Duration::from_millis(2_100));
    let mut now = Instant::now();
    let mut loaders: Vec<_> = folders.iter().map(|_| (Watch::default(), Reader::default(), None)).collect();
    let mut times = [vec![], vec![]];
    let mut stages = [[vec![], vec![], vec![]], [vec![], vec![], vec![]]];
    let specs: Vec<_> = seiche::nodes::ALL.iter().map(|d| &d.spec).collect();
    for n in 0..41 {
        for (which, (folder, (watch, reader, before))) in folders.iter().zip(&mut loaders).enumerate() {
            if n == 0 {
                watch.follow(&folder.0);
            } else {
                folder.save(0, 500 + n);
                while !watch.look(now) {
                    now += Duration::from_secs(1);
                }
            }
            let began = Instant::now();
            let Ok(Some(files)) = watch.read(&|| false) else { panic!("the folder cannot be read") };
            let read = began.elapsed();
            let Some(library) = reader.read_unless(files, &specs, &|| false) else { return };
            let parsed = began.elapsed();
            let compiled = compiled(&library, "sound_0", before.as_ref());
            let done = began.elapsed();
            *before = Some(compiled.blueprint);
            if n > 0 {
                times[which].push(done.as_secs_f64() * 1e3);
                for (all, stage) in stages[which].iter_mut().zip([read, parsed - read, done - parsed]) {
                    all.push(stage.as_secs_f64() * 1e3);
                }
            }
        }
    }
    let [one, many] = times.map(median);
    let stages = stages.map(|stages| stages.map(median).map(|ms| format!("{ms:.3}")).join(" + "));
    println!("edit of one file alone: {one:.3} ms (read, parse, compile: {})", stages[0]);
    println!("edit of one file among 200: {many:.3} ms ({}), {:.2} x (at most 1.5 x)", stages[1], many / one);
}

/// What watching a folder of 10,000 files costs, and opening it.
fn looks() {
    let folder = Folder::new(10_000);
    let mut watch = Watch::default();
    let began = Instant::now();
    watch.follow(&folder.0);
    let look = began.elapsed().as_secs_f64() * 1e3;
    let files = watch.read(&|| false).ok().flatten().unwrap_or_default();
    let mut reader = Reader::default();
    let read = began.elapsed().as_secs_f64() * 1e3;
    let specs: Vec<_> = seiche::nodes::ALL.iter().map(|d| &d.spec).collect();
    let Some(library) = reader.read_unless(files, &specs, &|| false) else { return };
    let parsed = began.elapsed().as_secs_f64() * 1e3;
    // A loader that does nothing but look, as often as it does.
    let (began, mut busy) = (Instant::now(), Duration::ZERO);
    while began.elapsed() < Duration::from_secs(4) {
        let start = Instant::now();
        watch.look(start);
        busy += start.elapsed();
        std::thread::sleep(Duration::from_millis(10));
    }
    let share = 100.0 * busy.as_secs_f64() / began.elapsed().as_secs_f64();
    println!(
        "10,000 files: look {look:.0} ms, read {:.0} ms, parse {:.0} ms ({} sounds); watching takes {share:.1} % of a core (at most 3 %)",
        read - look,
        parsed - read,
        library.sounds().count()
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
    let (mut plain, mut swaps, mut first, mut prepare) = (vec![], vec![], vec![], vec![]);
    for n in 0..200 {
        let mut files = files.clone();
        for (_, content) in &mut files {
            let mut text = content.text().into_owned();
            for cutoff in [3_400, 2_600, 1_400] {
                text = text.replace(&format!("cutoff: {cutoff}"), &format!("cutoff: {}", cutoff + 1 + n % 7));
            }
            *content = text.into_bytes().into();
        }
        let library = Library::read(files, &specs);
        prepare.push(prepared(&library, "song", before.as_ref()));
        let compiled = compiled(&library, "song", before.as_ref());
        before = Some(compiled.blueprint);
        let _ = remote.send(compiled.program);
        // A block without frames takes the program and renders nothing.
        swaps.push(block(&mut engine, 0, &[]).0);
        first.push(block(&mut engine, 64, &[]).0);
        for _ in 0..40 {
            plain.push(block(&mut engine, 64, &[]).0);
        }
        remote.collect();
    }
    let part = |which: usize| median(prepare.iter().map(|times| times[which]).collect());
    println!("the shipped song: compile {:.1} ms, trial {:.1} ms", part(0), part(1));
    // The first block starts the song and is no swap.
    swaps.remove(0);
    first.remove(0);
    let worst = swaps.iter().copied().fold(0.0, f64::max);
    let (usual, swap, after) = (median(plain), median(swaps), median(first));
    let share = |us: f64| 100.0 * us / (64.0 / RATE * 1e6);
    println!(
        "swap of the shipped song: {swap:.0} µs ({:.1} % of a block of 64; worst of 199 {:.1} %, at most 10 %)",
        share(swap),
        share(worst)
    );
    println!(
        "the block after it: {:.0} µs more than a usual one of {usual:.0} µs ({:.1} % of a block of 64)",
        after - usual,
        share(after - usual)
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
    let level = |engine: &mut Geared| {
        std::thread::sleep(Duration::from_micros(10_666));
        let (_, [left, _]) = block(engine.engine(), 512, &[]);
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

//! What the bounce gains, part by part, beside a naive one in the same run (`bounce/naive.rs`). And what it costs: chunks, stems, memory.
//! Run with `cargo xtask bench`. Costs are processor time where a clock would measure other programs, too.

#[path = "bounce/naive.rs"]
mod naive;
#[path = "bounce/offline.rs"]
mod offline;
#[path = "bounce/song.rs"]
mod song;
#[path = "bounce/tiers.rs"]
mod tiers;
#[path = "bounce/workloads.rs"]
mod workloads;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use seiche::bounce::{
    Cache, Container, Control, Crew, Depth, Export, Job, Length, Level, Measure, Output, Policy, Report,
    Shape, Source, Tags, Tail, Target, render, write_wav,
};
use seiche::compile::parts::{Cut, Point, StemWish, compile_parts};
use seiche::compile::{self, Request};
use seiche::engine::schedule::simulate;
use seiche::engine::{Event, Gear};
use seiche::language::{Library, render as show};
use seiche::library::samples::Store;
use seiche::library::vault::Vault;
use seiche::quality::Quality;

use song::{Song, Track, prepare};

const RATE: f64 = 48_000.0;
const SECONDS: usize = 12;
const FRAMES: usize = SECONDS * RATE as usize;
const RUNS: usize = 5;

struct Bench {
    folder: PathBuf,
}

/// What a bounce took.
struct Run {
    /// From the text to the files.
    seconds: f64,
    /// Processor time of all of that.
    cpu: f64,
    report: Report,
}

/// Seconds of processor time of all threads so far.
fn cpu() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock is known, and the place is ours.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

impl Bench {
    fn library(&self, text: &str) -> Library {
        let specs: Vec<_> = seiche::nodes::ALL.iter().map(|d| &d.spec).collect();
        Library::read(vec![(self.folder.join("bench.yaml"), text.as_bytes().to_vec())], &specs)
    }

    /// A bounce of so many seconds into memory, with these decoded samples.
    fn bounce_with(
        &self,
        vault: Arc<Vault>,
        song: &Song,
        seconds: usize,
        change: impl FnOnce(&mut Export),
    ) -> Run {
        let (begin, before) = (Instant::now(), cpu());
        let library = self.library(&song.text());
        let mut export = Export {
            gear: Gear::new(Quality::Normal, RATE),
            length: Length { from: 0, to: (seconds as f64 * RATE) as u64, tail: Tail::None },
            events: prepare(&song.all_notes()),
            transport: None,
            outputs: vec![Output { source: Source::Mix, target: None, measure: Measure::Peak }],
            level: Level::default(),
            crew: Crew { workers: 1, ..Crew::default() },
            policy: Policy::Stop,
            time_limit: None,
            cache: None,
        };
        change(&mut export);
        let store = Mutex::new(Store::new(vault, Box::new(|| false)));
        let request = Request {
            library: &library,
            sound: "x",
            overrides: &[],
            rate: export.gear.engine_rate(),
            quality: export.gear.quality,
            seed: 0,
            store: &store,
        };
        let wish = StemWish { point: Point::PostFader, master: false };
        let parts = compile_parts(&request, Cut { stems: Some(wish), whole: false })
            .unwrap_or_else(|e| panic!("{}", show(&e, library.files(), false)));
        let bounced = seiche::bounce::export(&parts, &request, &export, &Control::default(), &mut |_| {});
        let report = bounced.unwrap_or_else(|e| panic!("{e}")).report;
        Run { cpu: cpu() - before, seconds: begin.elapsed().as_secs_f64(), report }
    }

    fn bounce(&self, song: &Song, change: impl FnOnce(&mut Export)) -> Run {
        self.bounce_with(Vault::shared(), song, SECONDS, change)
    }

    /// The same by the engine in one go, in processor time.
    fn engine(&self, song: &Song) -> f64 {
        let before = cpu();
        let library = self.library(&song.text());
        let store = Mutex::new(Store::default());
        let request = Request {
            library: &library,
            sound: "x",
            overrides: &[],
            rate: RATE,
            quality: Quality::Normal,
            seed: 0,
            store: &store,
        };
        let program =
            compile::compile(&request).unwrap_or_else(|e| panic!("{}", show(&e, library.files(), false)));
        let events: Vec<Event> = prepare(&song.all_notes());
        let job = Job { frames: FRAMES, events: &events, blocks: &[4096], ..Job::default() };
        std::hint::black_box(render(program.program, &job, &mut |_| true));
        cpu() - before
    }
}

/// The best of several runs: others take time on this machine, too.
fn best(mut run: impl FnMut() -> f64) -> f64 {
    (0..RUNS).map(|_| run()).fold(f64::INFINITY, f64::min)
}

/// The best of both, in turns.
fn beside(mut one: impl FnMut() -> f64, mut other: impl FnMut() -> f64) -> (f64, f64) {
    (0..RUNS).fold((f64::INFINITY, f64::INFINITY), |(a, b), _| (a.min(one()), b.min(other())))
}

fn workers(n: usize) -> impl Fn(&mut Export) {
    move |export| export.crew.workers = n
}

/// A part of the measurements.
type Part = fn(&Bench, &Path);

fn main() {
    let folder = std::env::temp_dir().join(format!("seiche-bench-bounce-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let hit: Vec<f32> =
        (0..480_000).map(|n| (n as f32 * 0.05).sin() * (-(n as f32) / 20_000.0).exp()).collect();
    write_wav(&folder.join("hit.wav"), &[&hit], 48_000, Depth::Int24).expect("a sample");
    let bench = Bench { folder: folder.clone() };
    let only = std::env::args().nth(1).filter(|argument| !argument.starts_with('-'));
    let parts: [(&str, Part); 9] = [
        ("chunks", chunks),
        ("crew", crew),
        ("stems", stems),
        ("factors", factors),
        ("tiers", tiers::run),
        ("offline", offline::run),
        ("dense", workloads::dense),
        ("long", workloads::long),
        ("tiny", workloads::tiny),
    ];
    for (name, part) in parts {
        if only.as_ref().is_none_or(|only| only == name) {
            part(&bench, &folder);
        }
    }
    let _ = std::fs::remove_dir_all(&folder);
}

fn reference() -> Song {
    Song::new(&[Track::default(); 8])
}

fn chunks(bench: &Bench, _: &Path) {
    let song = reference();
    let whole = |export: &mut Export| (export.crew.workers, export.crew.chunk) = (1, FRAMES);
    let (single, one) = beside(|| bench.bounce(&song, whole).cpu, || bench.bounce(&song, workers(1)).cpu);
    println!("chunks: {:+.1} % of a single one (asked: at most 2)", (one / single - 1.0) * 100.0);
    let (engine, one) = beside(|| bench.engine(&song), || bench.bounce(&song, workers(1)).cpu);
    println!("  taken apart and in chunks: {:+.1} % of the engine in one go", (one / engine - 1.0) * 100.0);
    for chunk in [256, 1_024, 16_384] {
        let change = |export: &mut Export| (export.crew.workers, export.crew.chunk) = (1, chunk);
        let run = best(|| bench.bounce(&song, change).cpu);
        println!("  of {chunk} frames: {:+.1} %", (run / engine - 1.0) * 100.0);
    }
}

/// Workers that are only imagined do what was measured.
fn simulated(report: &Report, workers: usize) -> (f64, f64) {
    let chunks = (report.frames as usize).div_ceil(report.chunk).max(1);
    let is_bus = |name: &str| name == "room" || name == "echo";
    let tracks = report.parts.iter().filter(|part| !is_bus(&part.name));
    let mut nodes: Vec<_> = tracks.map(|part| (vec![], part.seconds / chunks as f64)).collect();
    let all: Vec<usize> = (0..nodes.len()).collect();
    let buses = report.parts.iter().filter(|part| is_bus(&part.name));
    nodes.extend(buses.map(|part| (all.clone(), part.seconds / chunks as f64)));
    let longest = nodes.iter().map(|(_, cost)| cost * chunks as f64).fold(0.0, f64::max);
    (simulate(&nodes, chunks, report.ahead, workers), longest)
}

fn crew(bench: &Bench, _: &Path) {
    let song = reference();
    let (one, two) =
        beside(|| bench.bounce(&song, workers(1)).seconds, || bench.bounce(&song, workers(2)).seconds);
    println!("two workers: {:.2} times (asked 1.85)", one / two);
    let report = bench.bounce(&song, workers(1)).report;
    let (alone, _) = simulated(&report, 1);
    for workers in [2, 8, 64] {
        let (seconds, longest) = simulated(&report, workers);
        println!(
            "  simulated from the measured parts, {workers}: {:.2} times, {:.2} of the longest",
            alone / seconds,
            seconds / longest
        );
    }
    let mut tracks = [Track { short: true, ..Track::default() }; 8];
    tracks[3].reverbs = 24;
    let unequal = Song::new(&tracks);
    let report = bench.bounce(&unequal, workers(1)).report;
    let longest = report.parts.iter().map(|part| part.seconds).fold(0.0, f64::max);
    let took = best(|| bench.bounce(&unequal, workers(2)).seconds);
    println!(
        "one long track and seven short ones, two workers: {:.2} of the longest (asked 1.2)",
        took / longest
    );
}

fn stems(bench: &Bench, _: &Path) {
    let song = reference();
    let all = |export: &mut Export| {
        let stem = |n| Output { source: Source::Stem(n), target: None, measure: Measure::Peak };
        export.outputs.extend((0..10).map(stem));
    };
    let (mix, stems) = beside(|| bench.bounce(&song, |_| {}).seconds, || bench.bounce(&song, all).seconds);
    println!("all stems in one pass: {:.2} of the mix alone (asked 1.25)", stems / mix);
}

fn factors(bench: &Bench, folder: &Path) {
    let song = reference();
    let report = bench.bounce(&song, workers(1)).report;
    let buses: f64 =
        report.parts.iter().filter(|p| p.name == "room" || p.name == "echo").map(|p| p.seconds).sum();
    let tracks: f64 = report.parts.iter().map(|part| part.seconds).sum::<f64>() - buses;
    println!(
        "reference song: eight tracks {:.0} ms, two shared effects {:.0} ms, {SECONDS} s of sound",
        tracks * 1e3,
        buses * 1e3
    );
    println!("factors, beside what the browser workstation hopes for:");
    let (one, two) =
        beside(|| bench.bounce(&song, workers(1)).seconds, || bench.bounce(&song, workers(2)).seconds);
    println!("  tracks in parallel {:.2} on two cores (5–8 on 8)", one / two);
    let fresh = || bench.bounce_with(Vault::new(0), &song, SECONDS, workers(2)).seconds;
    let (cold, warm) = beside(fresh, || bench.bounce(&song, workers(2)).seconds);
    println!("  samples decoded before {:.2} (1.2–1.5)", cold / warm);
    let notes: Vec<_> = std::iter::repeat_n(song.all_notes(), 8).flatten().collect();
    let clock = |act: &dyn Fn()| {
        let begin = Instant::now();
        act();
        begin.elapsed().as_secs_f64()
    };
    let (each, batch) = beside(
        || clock(&|| drop(std::hint::black_box(naive::one_by_one(&notes)))),
        || clock(&|| drop(std::hint::black_box(prepare(&notes)))),
    );
    println!("  {} notes prepared at once {:.2} (1.1–1.3)", notes.len(), each / batch);
    let own = Song { own_effects: true, ..song.clone() };
    let (own, shared) = beside(|| bench.engine(&own), || bench.engine(&song));
    println!("  effects that tracks share {:.2} (1.2–1.4)", own / shared);
    let to_file = |level: Level| {
        let shape = Shape { channels: 2, rate: 48_000, depth: Depth::Int24 };
        let target = Target {
            path: folder.join("x.wav"),
            container: Container::Wav,
            shape,
            dither: None,
            tags: Tags::default(),
        };
        bench.bounce(&song, |export| {
            export.crew.workers = 2;
            export.level = level;
            export.outputs[0].target = Some(target);
        })
    };
    let level = Level { peak: Some(-1.0), ..Level::default() };
    let (twice, spooled) = beside(
        || to_file(Level::default()).seconds + to_file(Level::default()).seconds,
        || to_file(level).seconds,
    );
    println!("  the gain as a multiplication instead of a second render {:.2} (1.05–1.1)", twice / spooled);

    let (naive, cold) = beside(|| naive::bounce(bench, &song), fresh);
    println!("in all, cold: {:.1} times (asked 4 on two cores)", naive / cold);
    let cache = Cache::new(&folder.join("cache"), 1 << 30).expect("a cache");
    let cached = |song: &Song| {
        bench.bounce(song, |export| (export.cache, export.crew.workers) = (Some(cache.clone()), 2))
    };
    println!("second bounce, samples decoded: {:.1} times (asked 6)", naive / warm);
    cached(&song);
    let again = cached(&song);
    let counts = again.report.cache;
    println!(
        "  unchanged, with a cache: {:.1} times, {} decodes, {} builds",
        naive / again.seconds,
        counts.decodes,
        counts.builds
    );
    let mut least = (f64::INFINITY, Report::default());
    for n in 1..=RUNS {
        let run = cached(&Song { speed: 3.0 + n as f64 / 10.0, ..song.clone() });
        least = if run.seconds < least.0 { (run.seconds, run.report) } else { least };
    }
    let (seconds, report) = least;
    let rendered: f64 =
        report.parts.iter().filter(|part| part.how == "rendered").map(|part| part.seconds).sum();
    println!(
        "one of eight tracks edited: {} parts from the cache, {:.2} of that track, its effects and the mix (asked 1.3), {:.2} of the whole",
        report.cache.hits,
        seconds / (rendered + report.mix),
        seconds / two
    );
}

/// Most bytes of memory so far.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap_or(0) << 10
}

//! What the bounce gains, part by part, beside a naive one in the same run: sequential, samples decoded anew, a set of effects for each track,
//! buffers of their own for each block; nothing else made slow. And what it costs: chunks, stems, memory, cancelling.
//! Run with `cargo xtask bench`.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Instant;

use seiche::bounce::schedule::simulate;
use seiche::bounce::{
    Cache, Control, Crew, Depth, Export, Job, Length, Level, Measure, Output, Policy, Report, Source, Tail,
    render, write_wav,
};
use seiche::compile::parts::{Cut, Point, StemWish, compile_parts};
use seiche::compile::{self, Request};
use seiche::language::{Library, render as show};
use seiche::library::samples::Store;
use seiche::library::vault::Vault;

const RATE: f64 = 48_000.0;
const SECONDS: usize = 12;
const TRACKS: usize = 8;
const RUNS: usize = 5;

/// What a track plays: sixteen voices, a filter and a sample, through so many reverbs.
fn track(n: usize, reverbs: usize) -> String {
    let inserts = vec!["{reverb: {size: 0.5, decay: 1}}"; reverbs].join(", ");
    format!(
        "t{n}: {{signal: {{mix: {{\
         a: {{filter: {{cutoff: 900 + 600 * sin(t * {n}), signal: {{multiply: {{number: 16, signal: {{osc: {{type: saw, freq: {} * (1 + i * 0.003), amp: 0.01}}}}}}}}}}}}, \
         b: {{sequencer: {{interval: 0.5, repeat: .inf, steps: [{{sample: {{file: hit.wav}}}}]}}}}}}}}, inserts: [{inserts}], sends: {{room: -9 dB}}}}",
        50 + 13 * n
    )
}

/// A song of tracks with these numbers of reverbs, all sent to one more.
fn song(reverbs: &[usize]) -> String {
    let tracks: String =
        reverbs.iter().enumerate().map(|(n, r)| format!("      {}\n", track(n, *r))).collect();
    format!(
        "seiche: 1\nx:\n  mixer:\n    tracks:\n{tracks}    buses:\n      room: {{signal: {{reverb: {{size: 0.8, decay: 2}}}}}}\n"
    )
}

struct Bench {
    folder: PathBuf,
}

impl Bench {
    fn library(&self, text: &str) -> Library {
        let specs: Vec<_> = seiche::nodes::ALL.iter().map(|d| &d.spec).collect();
        Library::read(vec![(self.folder.join("bench.yaml"), text.as_bytes().to_vec())], &specs)
    }

    /// A bounce of so many seconds into memory.
    fn bounce(&self, text: &str, seconds: usize, change: impl FnOnce(&mut Export)) -> (f64, Report) {
        let begin = Instant::now();
        let library = self.library(text);
        let store = Mutex::new(Store::default());
        let request =
            Request { library: &library, sound: "x", overrides: &[], rate: RATE, seed: 0, store: &store };
        let wish = StemWish { point: Point::PostFader, master: false };
        let parts = compile_parts(&request, Cut { stems: Some(wish), whole: false })
            .unwrap_or_else(|e| panic!("{}", show(&e, library.files(), false)));
        let mut export = Export {
            length: Length { from: 0, to: seconds as u64 * RATE as u64, tail: Tail::None },
            events: vec![],
            transport: None,
            outputs: vec![Output { source: Source::Mix, target: None, measure: Measure::Peak }],
            level: Level::default(),
            crew: Crew { workers: 1, ..Crew::default() },
            policy: Policy::Stop,
            time_limit: None,
            cache: None,
        };
        change(&mut export);
        let bounced = seiche::bounce::export(&parts, &request, &export, &Control::default(), &mut |_| {});
        (begin.elapsed().as_secs_f64(), bounced.unwrap_or_else(|e| panic!("{e}")).report)
    }

    /// The engine alone, one program after the other, each with samples of its own.
    fn naive(&self, texts: &[String]) -> f64 {
        let begin = Instant::now();
        let frames = SECONDS * RATE as usize;
        let mut sum = vec![0.0f32; frames];
        for text in texts {
            let library = self.library(text);
            let store = Mutex::new(Store::new(Vault::new(0), Box::new(|| false)));
            let request =
                Request { library: &library, sound: "x", overrides: &[], rate: RATE, seed: 0, store: &store };
            let program = match compile::compile(&request) {
                Ok(compiled) => compiled.program,
                Err(e) => panic!("{}", show(&e, library.files(), false)),
            };
            let job = Job { frames, blocks: &[128], ..Job::default() };
            let mut blocks: Vec<Vec<f32>> = vec![];
            let rendering = render(program, &job, &mut |done| {
                blocks.push(vec![0.0; 2 * 128]);
                done < frames
            });
            sum.iter_mut().zip(&rendering.main[0]).for_each(|(sum, x)| *sum += x);
        }
        std::hint::black_box(sum);
        begin.elapsed().as_secs_f64()
    }
}

fn best(mut run: impl FnMut() -> f64) -> f64 {
    (0..RUNS).map(|_| run()).fold(f64::INFINITY, f64::min)
}

fn main() {
    let folder = std::env::temp_dir().join(format!("seiche-bench-bounce-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let hit: Vec<f32> =
        (0..480_000).map(|n| (n as f32 * 0.05).sin() * (-(n as f32) / 20_000.0).exp()).collect();
    write_wav(&folder.join("hit.wav"), &[&hit], 48_000, Depth::Int24).expect("a sample");
    measure(&Bench { folder: folder.clone() }, &folder);
    let _ = std::fs::remove_dir_all(&folder);
}

fn measure(bench: &Bench, folder: &Path) {
    let equal = song(&[1; TRACKS]);
    let workers = |n: usize| move |export: &mut Export| export.crew.workers = n;
    println!("eight equal tracks into one reverb, {SECONDS} s; best of {RUNS} runs");
    let (mut one, mut two, mut engine) = (f64::INFINITY, f64::INFINITY, f64::INFINITY);
    let mut last = Report::default();
    for _ in 0..RUNS {
        let (seconds, report) = bench.bounce(&equal, SECONDS, workers(1));
        one = one.min(seconds);
        last = report;
        two = two.min(bench.bounce(&equal, SECONDS, workers(2)).0);
        engine = engine.min(bench.naive(std::slice::from_ref(&equal)));
    }
    println!(
        "  one worker {:.0} ms, two {:.0} ms: {:.2} times (asked 1.85)",
        one * 1e3,
        two * 1e3,
        one / two
    );
    println!(
        "  beside the engine in one go {:.0} ms: chunks cost {:+.1} % (asked 2)",
        engine * 1e3,
        (one / engine - 1.0) * 100.0
    );
    let simulated = |report: &Report, workers: usize| {
        let chunks = (report.frames as usize).div_ceil(report.chunk).max(1);
        let tracks = report.parts.iter().filter(|part| part.name != "room");
        let mut nodes: Vec<_> = tracks.map(|part| (vec![], part.seconds / chunks as f64)).collect();
        let room = report.parts.iter().find(|part| part.name == "room").map_or(0.0, |part| part.seconds);
        nodes.push(((0..nodes.len()).collect(), room / chunks as f64));
        let longest = nodes.iter().map(|(_, cost)| cost * chunks as f64).fold(0.0, f64::max);
        (simulate(&nodes, chunks, report.ahead, workers), longest)
    };
    let (alone, _) = simulated(&last, 1);
    for workers in [2, 8, 64] {
        let (seconds, longest) = simulated(&last, workers);
        println!(
            "  simulated from the measured parts, {workers} workers: {:.2} times; {:.2} of the longest",
            alone / seconds,
            seconds / longest
        );
    }

    let unequal = song(&[0, 0, 0, 16, 0, 0, 0, 0]);
    let (_, report) = bench.bounce(&unequal, SECONDS, workers(1));
    let longest = report.parts.iter().map(|part| part.seconds).fold(0.0, f64::max);
    let took = best(|| bench.bounce(&unequal, SECONDS, workers(2)).0);
    println!(
        "one long track and seven short ones, two workers: {:.2} of the longest alone (asked 1.2)",
        took / longest
    );

    let stems = |export: &mut Export| {
        let stem = |n| Output { source: Source::Stem(n), target: None, measure: Measure::Peak };
        export.outputs.extend((0..TRACKS + 1).map(stem));
    };
    let (mut mix, mut all) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..RUNS {
        mix = mix.min(bench.bounce(&equal, SECONDS, |_| {}).0);
        all = all.min(bench.bounce(&equal, SECONDS, stems).0);
    }
    println!("all stems in one pass: {:.2} of the mix alone (asked 1.25)", all / mix);

    let cache = || Some(Cache::new(&folder.join("cache"), 1 << 30).expect("a cache"));
    let cached =
        |text: &str| bench.bounce(text, SECONDS, |export| (export.cache, export.crew.workers) = (cache(), 2));
    cached(&equal);
    let warm = cached(&equal);
    println!(
        "second bounce: {:.1} times faster, {} decodes, {} builds",
        two / warm.0,
        warm.1.cache.decodes,
        warm.1.cache.builds
    );
    let mut edit = (f64::INFINITY, Report::default());
    for n in 0..RUNS {
        let edited = equal.replace("sin(t * 3)", &format!("sin(t * 3.{n}1)"));
        let run = cached(&edited);
        edit = if run.0 < edit.0 { run } else { edit };
    }
    println!(
        "one of eight tracks edited: {} parts from the cache, {:.2} of the whole",
        edit.1.cache.hits,
        edit.0 / two
    );

    // Each track with a reverb of its own, one after the other, samples decoded anew.
    let alone: Vec<String> = (0..TRACKS)
        .map(|n| {
            song(&[1; TRACKS])
                .lines()
                .filter(|line| {
                    !line.trim_start().starts_with('t')
                        || line.trim_start().starts_with(&format!("t{n}:"))
                        || line.contains("tracks:")
                })
                .map(|line| format!("{line}\n"))
                .collect()
        })
        .collect();
    let naive = best(|| bench.naive(&alone));
    println!("factors beside the browser workstation's hopes:");
    println!("  parallel tracks {:.2} (5–8 on 8 cores)", one / two);
    println!("  shared effects and samples, one pass {:.2} (1.2–1.4 for effects)", naive / engine);
    println!("  only what has changed {:.2}", two / edit.0);
    println!("  in all, cold {:.1} (asked 4), warm {:.1} (asked 6)", naive / two, naive / warm.0);

    let many = song(&[0; 64]);
    let before = resident();
    let (seconds, report) = bench.bounce(&many, 60, workers(2));
    println!(
        "64 tracks, 60 s: {seconds:.1} s, buffers {} MB, process {} MB more (asked 100 for 10 min; only the mix in memory grows: {} MB)",
        report.memory.buffers >> 20,
        resident().saturating_sub(before) >> 20,
        (60 * RATE as u64 * 8) >> 20,
    );
}

/// Most bytes of memory so far.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap_or(0) << 10
}

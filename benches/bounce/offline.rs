//! From which block on several threads are faster, in a host that renders offline: the figure behind `seiche::engine::WORTH`.

use std::path::Path;
use std::sync::Mutex;
use std::time::Instant;

use seiche::bounce::{Job, render};
use seiche::compile::{self, Request};
use seiche::engine::WORTH;
use seiche::language::render as show;
use seiche::library::samples::Store;
use seiche::quality::Quality;

use super::{Bench, RATE, beside};

/// Seconds of sound.
const SECONDS: f64 = 2.0;
const THREADS: usize = 2;

/// So many equal tracks, each of an oscillator and so many filters.
fn text(tracks: usize, filters: usize) -> String {
    let inserts = vec!["{filter: {cutoff: 2000 + 500 * sin(t)}}"; filters].join(", ");
    let track = |n| {
        format!(
            "    t{n}: {{signal: {{osc: {{type: saw, freq: {}, amp: 0.02}}}}, inserts: [{inserts}]}}\n",
            50 + 7 * n
        )
    };
    format!("seiche: 1\nx:\n  mixer:\n   tracks:\n{}", (0..tracks).map(track).collect::<String>())
}

/// Seconds that the engine takes, and whether blocks were taken apart.
fn took(bench: &Bench, text: &str, block: usize, worth: Option<usize>) -> (f64, bool) {
    let library = bench.library(text);
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
    let offline = worth.map(|worth| (THREADS, worth));
    let job = Job { frames: (SECONDS * RATE) as usize, blocks: &[block], offline, ..Job::default() };
    let begin = Instant::now();
    let done = std::hint::black_box(render(program.program, &job, &mut |_| true));
    (begin.elapsed().as_secs_f64(), done.taken_apart > 0)
}

pub fn run(bench: &Bench, _: &Path) {
    println!(
        "host offline, {THREADS} threads: times as fast as one, by frames of a block (* taken apart from {WORTH} frames times nodes on)"
    );
    for (tracks, filters) in [(2, 1), (4, 2), (8, 2), (16, 4)] {
        let text = text(tracks, filters);
        let factors: Vec<String> = [64, 256, 512, 1_024, 2_048, 4_096, 16_384]
            .into_iter()
            .map(|block| {
                let (one, more) =
                    beside(|| took(bench, &text, block, None).0, || took(bench, &text, block, Some(0)).0);
                let mark = if took(bench, &text, block, Some(WORTH)).1 { "*" } else { "" };
                format!("{block}: {:.2}{mark}", one / more)
            })
            .collect();
        println!("  {tracks} tracks of {filters} filters: {}", factors.join(", "));
    }
}

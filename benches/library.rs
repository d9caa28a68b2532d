//! What reading a large library costs: 10,000 sounds in a good megabyte of text, from bytes to everything that `seiche check` finds. Its parts
//! are printed one by one, beside the bare events of the YAML parser in the same run.
//! Run with `cargo xtask bench`.

use std::fmt::Write;
use std::hint::black_box;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Instant;

use seiche::compile;
use seiche::language::{Library, render as show};
use seiche::nodes;

const SOUNDS: usize = 10_000;
const RUNS: usize = 7;
/// Most milliseconds from bytes to findings.
const LIMIT: f64 = 250.0;

/// Bodies of sounds. `#` is a number that differs from sound to sound, `@` a sound that was written before and plays alone.
const BODIES: &[&str] = &[
    "osc: {type: saw, freq: #, amp: 0.3, attack: 0.01, release: 0.2, duration: 1}",
    "osc: {freq: '# * 2 ** (3 / 12) + 5 * sin(t * tau * 4)', amp: [1, [0.5, 0.2], 0], duration: 0.4}",
    "filter:\n    type: bandpass\n    cutoff: 800 + # * exp(-4 * t)\n    peak: 0.4\n    signal: {osc: {type: noise, amp: 0.2}}",
    "mix:\n    low: {@: {}}\n    high: {osc: {id: high, freq: # * 1.5, amp: 0.2}}\n    both: {expression: {exp: $high * 0.5}}",
    "context:\n    tune: #\n    v: 0.8\n    signal: {osc: {freq: tune * (1 + 0.2 * exp(-50 * t)), amp: v}}",
    "tempo: {bpm: 120, signal: {sequencer: {interval: beat / 2, steps: [@, null, [@, @], @]}}}",
    "envelope: {attack: 0.002, decay: 0.1, sustain: 0.6, release: 0.3, signal: {@: {}}}",
    "midi_in: {voices: 8, signal: {track: {pan: velocity - 0.5, signal: {osc: {freq: freq, amp: velocity * 0.#}}}}}",
    "delay: {time: 80 ms, signal: {reverb: {size: 0.5, decay: 1.#, signal: {@: {}}}}}",
    "multiply: {number: 4, signal: {osc: {freq: '# * (1 + i * 0.003) if i < 3 else 220', amp: 0.1}}}",
];

fn main() {
    let text = library();
    let specs: Vec<_> = nodes::ALL.iter().map(|def| &def.spec).collect();
    let files = || vec![(PathBuf::from("large.yaml"), text.clone().into_bytes())];
    let (mut events, mut read, mut lower, mut check, mut whole) = ([f64::INFINITY; 5]).into();
    let mut compiling = f64::INFINITY;
    for _ in 0..RUNS {
        events =
            events.min(time(|| granit_parser::Parser::new_from_str(&text).filter(Result::is_ok).count()));
        let mut library = None;
        let reading = time(|| library = Some(Library::read(files(), &specs)));
        let Some(library) = library else { return };
        let lowering =
            time(|| library.sounds().filter(|(name, _)| library.instantiate(name, &[]).is_ok()).count());
        let mut findings = vec![];
        let checking = time(|| findings = library.check());
        let store = Mutex::default();
        compiling = compiling.min(time(|| findings.extend(compile::check(&library, 48_000.0, &store))));
        assert!(findings.is_empty(), "{}", show(&findings[..findings.len().min(3)], library.files(), false));
        (read, lower, check) = (read.min(reading), lower.min(lowering), check.min(checking));
        whole = whole.min(reading + checking);
    }
    let line = |what: &str, ms: f64| {
        let per_byte = ms * 1e6 / text.len() as f64;
        println!("{what:34} {ms:7.1} ms {per_byte:6.1} ns/byte {:5.2} x bare events", ms / events);
    };
    println!("{SOUNDS} sounds in {} bytes", text.len());
    line("bare parser events", events);
    line("read: YAML to trees and names", read);
    line("lower: every sound by itself", lower);
    line("check: lower all, collect findings", check);
    line("read and check", whole);
    line("compile every sound, too", compiling);
    println!("limit {LIMIT} ms: {}", if whole <= LIMIT { "kept" } else { "MISSED" });
}

fn time<T>(work: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    black_box(work());
    start.elapsed().as_secs_f64() * 1e3
}

/// The text: always the same.
fn library() -> String {
    let mut text = String::from("seiche: 1\n");
    for sound in 0..SOUNDS {
        let body = BODIES[sound % BODIES.len()];
        let number = (100 + sound * 7 % 900).to_string();
        // Every tenth sound is of the first kind.
        let used = format!("sound_{}", sound / 10 * 7 % (sound / 10 + 1) * 10);
        let _ = writeln!(text, "sound_{sound}:\n  {}", body.replace('#', &number).replace('@', &used));
    }
    text
}

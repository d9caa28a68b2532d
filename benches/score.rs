//! What it takes to prepare notes: the one pass over all of them, beside a conversion note by note that knows nothing of its neighbours,
//! in the same run and with the same result. Run with `cargo xtask bench`.

mod clock;

use std::hint::black_box;

use clock::now;
use seiche::score::{Arrays, Chances, Clip, Groove, Note, Pattern, TempoMap, TempoPoint, Timeline, prepare};

const RATE: f64 = 48_000.0;
const RUNS: usize = 5;

/// A long pattern with swing, a groove and micro-timing.
fn pattern(notes: usize) -> Pattern {
    let note = |n: usize| Note {
        start: (n / 4) as f64 * 0.25,
        length: 0.25 * (1 + n % 3) as f64,
        key: 36 + (n * 7 % 48) as u8,
        velocity: 0.3 + (n % 7) as f32 / 10.0,
        shift: (n % 5) as f64 * 0.002,
        ..Note::default()
    };
    let groove = Groove { swing: 0.58, timing: vec![0.0, 0.02, 0.0, -0.01], ..Groove::default() };
    Pattern { notes: (0..notes).map(note).collect(), length: notes as f64 / 16.0, groove, chase: true }
}

/// A tempo that changes with every fourth bar, with ramps.
fn timeline(beats: f64) -> Timeline {
    let count = (beats / 16.0).ceil() as usize;
    let point =
        |n: usize| TempoPoint { at: 16.0 * n as f64, bpm: 100.0 + (n * 13 % 40) as f64, ramp: n % 2 == 1 };
    let tempo = TempoMap::new(&(0..count.max(1)).map(point).collect::<Vec<_>>());
    Timeline { tempo, ..Timeline::default() }
}

fn clips(pattern: &Pattern) -> [Clip<'_>; 2] {
    let half = pattern.length / 2.0;
    let clip = Clip {
        pattern,
        start: 0.0,
        length: half,
        offset: 0.0,
        looped: true,
        muted: false,
        transpose: 0,
        velocity: 1.0,
        seed: 7,
    };
    [clip, Clip { start: half, offset: half, ..clip }]
}

/// Note by note: each is placed by itself, and the order is made at the end.
fn by_note(clips: &[Clip], line: &Timeline) -> Vec<(f64, f64, Note)> {
    let mut all: Vec<(f64, f64, Note)> = vec![];
    for clip in clips {
        for number in 0..clip.pattern.notes.len() {
            let one = Pattern {
                notes: vec![clip.pattern.notes[number]],
                length: clip.pattern.length,
                groove: clip.pattern.groove.clone(),
                chase: true,
            };
            let alone = Clip { pattern: &one, ..*clip };
            let made = prepare(&[alone], Chances::Drawn, Some((line, RATE)));
            for n in 0..made.len() {
                all.push((made.start_frame[n], made.end_frame[n], one.notes[0]));
            }
        }
    }
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    all
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn prepared(notes: usize) -> (f64, Arrays, Pattern, Timeline) {
    let (pattern, line) = (pattern(notes), timeline(notes as f64 / 16.0));
    let mut made = Arrays::default();
    let times = (0..RUNS).map(|_| {
        let begin = now();
        made = black_box(prepare(&clips(&pattern), Chances::Drawn, Some((&line, RATE))));
        now() - begin
    });
    let time = median(times.collect());
    (time, made, pattern, line)
}

fn main() {
    for (notes, most) in [(10_000, 0.002), (100_000, 0.02), (1_000_000, 0.25)] {
        let (time, made, pattern, line) = prepared(notes);
        print!("{notes:>9} notes: {:8.2} ms (at most {} ms)", time * 1e3, most * 1e3);
        if notes <= 100_000 {
            let begin = now();
            let alone = black_box(by_note(&clips(&pattern), &line));
            let slow = now() - begin;
            let starts: Vec<f64> = alone.iter().map(|(start, ..)| *start).collect();
            assert!(starts == made.start_frame, "both make the same");
            print!(", note by note {:10.2} ms, {:.0} times as long", slow * 1e3, slow / time);
        }
        println!();
        assert!(!cfg!(not(debug_assertions)) || time <= most, "too slow");
    }
}

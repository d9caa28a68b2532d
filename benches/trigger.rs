//! What hearing costs: one drum detector at 48 kHz in each mode, as a share of one core and beside a naive gate in the same run; and the
//! edge detector beside a scalar loop, in the cache and far beyond it. Run with `cargo xtask bench`.

mod clock;

use std::hint::black_box;

use clock::now;
use seiche::dsp::drum::{Detector, Instrument, Mode, Settings};
use seiche::dsp::edge::{Edges, positions};
use seiche::kernel::{Isa, edge};

const RATE: f64 = 48_000.0;
const SECONDS: usize = 10;
const RUNS: usize = 7;

/// The median of several runs, in seconds.
fn time(mut work: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let begin = now();
            work();
            now() - begin
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[RUNS / 2]
}

struct Noise(u32);

impl Noise {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as f32 / (1u32 << 23) as f32 - 1.0
    }
}

/// Eight strokes a second over noise and a ringing shell: more than most drums play.
fn drums() -> Vec<f32> {
    let mut noise = Noise(1);
    (0..SECONDS * RATE as usize)
        .map(|n| {
            let t = (n % 6000) as f32 / RATE as f32;
            let body = (t * 190.0 * std::f32::consts::TAU).sin() * (-t / 0.12).exp();
            0.5 * (0.4 * noise.next() * (-t / 0.03).exp() + 0.6 * body) + 0.001 * noise.next()
        })
        .collect()
}

fn detectors() {
    let input = drums();
    for mode in [Mode::Live, Mode::Tight, Mode::Exact] {
        let mut strokes = 0;
        let seconds = time(|| {
            let settings = Settings { mode, instrument: Instrument::Snare, ..Settings::default() };
            let mut detector = Detector::new(RATE, settings);
            for block in input.chunks(64) {
                detector.process(block, None, None, |heard| {
                    black_box(heard);
                    strokes += 1;
                });
            }
        });
        println!(
            "drum detector, {mode:?}: {:.2} % of one core ({} candidates a second)",
            100.0 * seconds / SECONDS as f64,
            strokes / RUNS / SECONDS
        );
    }
}

/// One by one, as a loop over frames would.
fn scalar(values: &[f32], out: &mut Vec<u32>) {
    let mut last = 0.0f32;
    for (i, x) in values.iter().enumerate() {
        if last < 0.5 && *x >= 0.5 {
            out.push(i as u32);
        }
        last = *x;
    }
}

fn edges() {
    let isa = Isa::detect();
    for (what, length, rounds) in [("16 Ki values", 1 << 14, 4000), ("64 Mi values", 1 << 26, 1)] {
        // A slow wave: an edge every thousand values.
        let values: Vec<f32> = (0..length).map(|n| if n % 1000 < 400 { 0.9 } else { 0.1 }).collect();
        let mut found = vec![0u64; length / 64];
        let mut out: Vec<u32> = Vec::with_capacity(length / 500);
        let slow = time(|| {
            for _ in 0..rounds {
                out.clear();
                scalar(black_box(&values), &mut out);
                black_box(&out);
            }
        });
        let count = out.len();
        let quick = time(|| {
            for _ in 0..rounds {
                out.clear();
                let mut edges = Edges::new(0.5, 0.0, 1);
                edge::find(isa, &mut edges, black_box(&values), &mut found);
                out.extend(positions(&found).map(|i| i as u32));
                black_box(&out);
            }
        });
        assert_eq!(out.len(), count);
        let sum = time(|| {
            for _ in 0..rounds {
                let mut sums = [0u32; 64];
                for group in black_box(&values).chunks_exact(64) {
                    for (sum, x) in sums.iter_mut().zip(group) {
                        *sum ^= x.to_bits();
                    }
                }
                black_box(sums);
            }
        });
        let bytes = (4 * length * rounds) as f64 * 1e-9;
        println!(
            "edges, {what}: {:.1} GB/s, {:.1} times a scalar loop ({:.1} GB/s); reading alone {:.1} GB/s",
            bytes / quick,
            slow / quick,
            bytes / slow,
            bytes / sum
        );
    }
}

fn main() {
    detectors();
    edges();
}

//! The edge detector beside a scalar loop, in the cache and far beyond it. Run with `cargo xtask bench`.

use std::hint::black_box;

use seiche::dsp::edge::{Edges, positions};
use seiche::kernel::{Isa, edge};

const RUNS: usize = 7;

/// Processor seconds this thread has taken: what others do on the machine does not count.
#[cfg(unix)]
fn now() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is written by the call and lives through it.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

#[cfg(not(unix))]
fn now() -> f64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0.0, |d| d.as_secs_f64())
}

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

fn main() {
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

//! Reading between the frames of a recording: windowed-sinc interpolation, with lower cutoffs where it is played faster than
//! recorded, so that little aliases. Tables are made once, by whoever asks first (a loader thread); reading never allocates.

use std::f64::consts::PI;
use std::sync::OnceLock;

/// Frames that one result is made of.
pub const TAPS: usize = 16;
const PHASES: usize = 512;
/// One table per half octave of speed, up to four times.
const TABLES: usize = 5;
/// Shape of the Kaiser window: about 70 dB of stop band.
const BETA: f64 = 7.0;

/// Interpolation tables.
pub struct Sinc {
    /// `[table][phase 0..=PHASES][tap]`
    tables: Vec<[f32; TAPS]>,
}

/// Modified Bessel function of the first kind, order 0, by its power series.
pub(super) fn bessel(x: f64) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    for k in 1..40 {
        term *= (x / (2.0 * k as f64)).powi(2);
        sum += term;
    }
    sum
}

impl Sinc {
    /// The tables, made at the first call.
    pub fn shared() -> &'static Sinc {
        static SHARED: OnceLock<Sinc> = OnceLock::new();
        SHARED.get_or_init(|| Sinc { tables: (0..TABLES).flat_map(Self::table).collect() })
    }

    fn table(index: usize) -> Vec<[f32; TAPS]> {
        let cutoff = (-0.5 * index as f64).exp2();
        let half = TAPS as f64 / 2.0;
        (0..=PHASES)
            .map(|phase| {
                let taps: [f64; TAPS] = std::array::from_fn(|tap| {
                    // Distance of the tap from the point that is read.
                    let x = tap as f64 - (half - 1.0) - phase as f64 / PHASES as f64;
                    let window = bessel(BETA * (1.0 - (x / half).powi(2)).max(0.0).sqrt()) / bessel(BETA);
                    let angle = PI * cutoff * x;
                    // Whole distances at full bandwidth are zeros, exactly.
                    let sinc = match (x == 0.0, index == 0 && x.fract() == 0.0) {
                        (true, _) => 1.0,
                        (_, true) => 0.0,
                        _ => angle.sin() / angle,
                    };
                    sinc * window
                });
                let sum: f64 = taps.iter().sum();
                taps.map(|t| (t / sum) as f32)
            })
            .collect()
    }

    /// The value `fraction` (0..1) after frame `TAPS / 2 - 1` of `frames`, for a recording that is read `speed` frames per frame.
    #[inline(always)]
    pub fn read(&self, frames: &[f32; TAPS], fraction: f32, speed: f32) -> f32 {
        let speed = speed.abs();
        const LIMITS: [f32; TABLES - 1] = [1.05, 1.45, 2.05, 2.9];
        let table = LIMITS.iter().filter(|l| speed > **l).count();
        let place = fraction * PHASES as f32;
        let phase = (place as usize).min(PHASES - 1);
        let between = place - phase as f32;
        let at = table * (PHASES + 1) + phase;
        let (a, b) = (&self.tables[at], &self.tables[at + 1]);
        // Four partial sums in a fixed order: quick, and the same everywhere.
        let mut sums = [0.0f32; 4];
        for group in 0..TAPS / 4 {
            for k in 0..4 {
                let tap = group * 4 + k;
                sums[k] += frames[tap] * (a[tap] + between * (b[tap] - a[tap]));
            }
        }
        (sums[0] + sums[1]) + (sums[2] + sums[3])
    }
    /// The value of a recording at a place in it, read `speed` frames per frame. What is `round` (from, to) goes on from its other end;
    /// else there is silence around the recording.
    #[inline(always)]
    pub fn read_at(&self, recording: &[f32], at: f64, speed: f32, round: Option<(i64, i64)>) -> f32 {
        let whole = at.floor();
        let (index, fraction) = (whole as i64, (at - whole) as f32);
        let first = index - (TAPS as i64 / 2 - 1);
        let inside = |i: i64| recording.get(i as usize).copied().unwrap_or(0.0);
        if fraction == 0.0 && speed.abs() == 1.0 {
            return inside(index);
        }
        let (low, high) = round.unwrap_or((0, recording.len() as i64));
        if first >= low
            && first + TAPS as i64 <= high
            && let Some(taps) = recording[first as usize..].first_chunk::<TAPS>()
        {
            return self.read(taps, fraction, speed);
        }
        let taps = std::array::from_fn(|k| {
            let i = first + k as i64;
            match (round, i < 0) {
                (Some(_), _) => inside(low + (i - low).rem_euclid((high - low).max(1))),
                (None, true) => 0.0,
                (None, false) => inside(i),
            }
        });
        self.read(&taps, fraction, speed)
    }
}

/// As [`Sinc::read_at`], along the straight line between two frames: quick, and duller.
#[inline(always)]
pub fn straight(recording: &[f32], at: f64, round: Option<(i64, i64)>) -> f32 {
    let whole = at.floor();
    let (index, fraction) = (whole as i64, (at - whole) as f32);
    let inside = |i: i64| recording.get(i as usize).copied().unwrap_or(0.0);
    if fraction == 0.0 {
        return inside(index);
    }
    let next = match round {
        Some((low, high)) if index + 1 >= high => low,
        _ => index + 1,
    };
    let (a, b) = (inside(index), inside(next));
    a + fraction * (b - a)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(step: f64, hertz: f64) -> f64 {
        let wave = |t: f64| (2.0 * PI * hertz / 44100.0 * t).sin();
        (0..2000).fold(0.0, |worst: f64, n| {
            let at = 100.0 + n as f64 * step;
            let i = at.floor();
            let frames = std::array::from_fn(|k| wave(i + k as f64 - 7.0) as f32);
            let y = Sinc::shared().read(&frames, (at - i) as f32, step as f32) as f64;
            worst.max((y - wave(at)).abs())
        })
    }

    #[test]
    fn sinc_reads_between_frames() {
        for hertz in [100.0, 1000.0, 5000.0, 12000.0] {
            let e = error(0.7131, hertz);
            assert!(e < 1e-3, "{hertz} Hz: {e}");
        }
    }

    #[test]
    fn sinc_suppresses_what_would_alias() {
        // At double speed, 15 kHz would fold to 14.1 kHz: what comes out is the error plus nothing.
        let e = error(2.0, 15000.0);
        assert!((e - 1.0).abs() < 0.1, "{e}");
        assert!(error(2.0, 3000.0) < 0.01);
    }

    #[test]
    fn sinc_is_exact_on_frames() {
        let frames = std::array::from_fn(|k| k as f32);
        assert_eq!(Sinc::shared().read(&frames, 0.0, 1.0), 7.0);
    }
}

//! Sound made fit to be looked at: waves in columns, a steady place to begin, spectra. Pure functions and their memory; window thread.

use std::sync::Arc;

use realfft::{RealFftPlanner, RealToComplex, num_complex::Complex32};

/// Values that are looked at together, so that the compiler makes vectors of them.
const TOGETHER: usize = 16;

/// The lowest and the highest value.
fn reach(frames: &[[f32; 2]], side: usize) -> (f32, f32) {
    let (mut low, mut high) = ([f32::MAX; TOGETHER], [f32::MIN; TOGETHER]);
    let whole = frames.chunks_exact(TOGETHER);
    let rest = whole.remainder();
    for chunk in whole {
        for lane in 0..TOGETHER {
            let x = chunk[lane][side];
            low[lane] = if x < low[lane] { x } else { low[lane] };
            high[lane] = if x > high[lane] { x } else { high[lane] };
        }
    }
    let ends = low.into_iter().zip(high).chain(rest.iter().map(|frame| (frame[side], frame[side])));
    ends.fold((f32::MAX, f32::MIN), |all, one| (all.0.min(one.0), all.1.max(one.1)))
}

/// The lowest and the highest value of each of so many columns. Empty where there are fewer frames.
pub fn columns(frames: &[[f32; 2]], side: usize, count: usize) -> Vec<(f32, f32)> {
    if frames.len() < count {
        return vec![];
    }
    let edge = |column: usize| column * frames.len() / count;
    (0..count).map(|column| reach(&frames[edge(column)..edge(column + 1)], side)).collect()
}

/// The newest so many frames that begin where the wave rises through its middle, so that a tone stands still.
pub fn steady(frames: &[[f32; 2]], wanted: usize) -> &[[f32; 2]] {
    let spare = frames.len().saturating_sub(wanted);
    let first = spare.saturating_sub(wanted.clamp(256, 4096));
    let sum = |n: usize| frames[n][0] + frames[n][1];
    let rises = |n: &usize| sum(*n - 1) < 0.0 && sum(*n) >= 0.0;
    let begin = (first.max(1)..=spare).rev().filter(|n| *n < frames.len()).find(rises).unwrap_or(spare);
    &frames[begin..(begin + wanted).min(frames.len())]
}

/// Spectra of so many frames, under the window of Hann.
pub struct Spectrum {
    transform: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    input: Vec<f32>,
    output: Vec<Complex32>,
    scratch: Vec<Complex32>,
}

impl Spectrum {
    pub fn new(frames: usize) -> Self {
        let transform = RealFftPlanner::new().plan_fft_forward(frames);
        let turn = std::f32::consts::TAU / frames as f32;
        // A sine of amplitude 1 is 0 dB.
        let window = (0..frames).map(|n| (2.0 - 2.0 * (turn * n as f32).cos()) / frames as f32).collect();
        let (input, output, scratch) =
            (transform.make_input_vec(), transform.make_output_vec(), transform.make_scratch_vec());
        Self { transform, window, input, output, scratch }
    }

    /// The highest level, in decibels, between each two neighbours of `edges` (hertz, rising), of the newest frames.
    pub fn levels(&mut self, frames: &[[f32; 2]], rate: f64, edges: impl Iterator<Item = f32>) -> Vec<f32> {
        let newest = &frames[frames.len().saturating_sub(self.window.len())..];
        self.input.fill(0.0);
        for (n, [left, right]) in newest.iter().enumerate() {
            self.input[n] = 0.5 * (left + right) * self.window[n];
        }
        // Its lengths are its own: it cannot fail.
        let _ = self.transform.process_with_scratch(&mut self.input, &mut self.output, &mut self.scratch);
        let per_bin = rate as f32 / self.window.len() as f32;
        let power = |bin: usize| self.output.get(bin).map_or(0.0, |z| z.norm_sqr());
        let level = |power: f32| 10.0 * power.max(1e-20).log10();
        let edges: Vec<f32> = edges.collect();
        let between = |pair: &[f32]| {
            let (low, high) = (pair[0] / per_bin, pair[1] / per_bin);
            let bins = low.ceil() as usize..=high.floor() as usize;
            if bins.is_empty() {
                // Narrower than a bin: on the line between its neighbours.
                let (bin, part) = (low.floor(), low.fract());
                let ends = [power(bin as usize), power(bin as usize + 1)];
                return level(ends[0] + (ends[1] - ends[0]) * part);
            }
            level(bins.map(power).fold(0.0, f32::max))
        };
        edges.windows(2).map(between).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hertz: f64, frames: usize) -> Vec<[f32; 2]> {
        (0..frames)
            .map(|n| [(0.5 * (std::f64::consts::TAU * hertz * n as f64 / 48_000.0).sin()) as f32; 2])
            .collect()
    }

    #[test]
    fn scope_columns_hold_every_frame_once() {
        let mut frames = vec![[0.0; 2]; 1_003];
        (frames[0], frames[500], frames[1_002]) = ([0.5, 0.0], [-0.25, 0.0], [1.0, 0.0]);
        let all = columns(&frames, 0, 100);
        assert_eq!(all.len(), 100);
        assert_eq!((all[0], all[99]), ((0.0, 0.5), (0.0, 1.0)));
        assert_eq!(all.iter().filter(|(low, _)| *low == -0.25).count(), 1);
        assert!(columns(&frames, 1, 100).iter().all(|column| *column == (0.0, 0.0)));
        assert!(columns(&frames[..50], 0, 100).is_empty());
    }

    #[test]
    fn scope_a_tone_stands_still() {
        let frames = tone(440.0, 20_000);
        for end in [15_000, 15_031, 16_077] {
            let part = steady(&frames[..end], 4_800);
            assert_eq!(part.len(), 4_800);
            assert!(
                part[0][0] >= 0.0 && part[0][0] < 0.03 && part[5][0] > part[0][0],
                "{end}: {:?}",
                part[0]
            );
        }
        assert_eq!(steady(&frames[..100], 4_800).len(), 100);
        assert!(steady(&[], 4_800).is_empty());
        assert_eq!(steady(&vec![[1.0; 2]; 9_000], 4_800).len(), 4_800, "nothing rises");
    }

    #[test]
    fn scope_spectrum_shows_a_tone_at_its_level() {
        let mut spectrum = Spectrum::new(8_192);
        let edges = |n: usize| 20.0 * 1000f32.powf(n as f32 / 500.0);
        let levels = spectrum.levels(&tone(1_000.0, 10_000), 48_000.0, (0..=500).map(edges));
        let (at, top) = levels.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).unwrap();
        assert!((edges(at)..edges(at + 1) + 6.0).contains(&1_000.0), "{}", edges(at));
        assert!((top + 6.0).abs() < 1.5, "{top} dB");
        assert!(levels[100] < -70.0 && levels[490] < -70.0);
        assert!(spectrum.levels(&[], 48_000.0, (0..=500).map(edges)).iter().all(|level| *level <= -120.0));
    }
}

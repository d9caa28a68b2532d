//! True peaks: how high a signal goes between its samples, by the filter of ITU-R BS.1770-4, annex 2, which makes it four times as fine. Only what
//! could reach full scale is filtered. No allocation; any thread.

use super::dynamics;

/// Values that the filter looks at.
const TAPS: usize = 12;
/// Values of before that are kept.
const KEPT: usize = TAPS - 1;
/// Most values at once.
pub const MOST: usize = 64;

/// By how much the filter raises a peak at most: what is softer than its inverse does not come near full scale.
const RAISES: f32 = 2.03;

/// The filter for each quarter of a step.
const PHASES: [[f32; TAPS]; 4] = [
    [
        0.001_708_984_4,
        0.010_986_328,
        -0.019_653_32,
        0.033_203_125,
        -0.059_448_242,
        0.137_329_1,
        0.972_167_97,
        -0.102_294_92,
        0.047_607_42,
        -0.026_611_328,
        0.014_892_578,
        -0.008_300_781,
    ],
    [
        -0.029_174_805,
        0.029_296_875,
        -0.051_757_812,
        0.089_111_33,
        -0.166_503_9,
        0.465_087_9,
        0.779_785_16,
        -0.200_317_38,
        0.101_562_5,
        -0.058_227_54,
        0.033_081_055,
        -0.018_920_898,
    ],
    [
        -0.018_920_898,
        0.033_081_055,
        -0.058_227_54,
        0.101_562_5,
        -0.200_317_38,
        0.779_785_16,
        0.465_087_9,
        -0.166_503_9,
        0.089_111_33,
        -0.051_757_812,
        0.029_296_875,
        -0.029_174_805,
    ],
    [
        -0.008_300_781,
        0.014_892_578,
        -0.026_611_328,
        0.047_607_42,
        -0.102_294_92,
        0.972_167_97,
        0.137_329_1,
        -0.059_448_242,
        0.033_203_125,
        -0.019_653_32,
        0.010_986_328,
        0.001_708_984_4,
    ],
];

/// What has been heard of a signal.
#[derive(Clone, Copy, Debug, Default)]
pub struct TruePeak {
    before: [f32; KEPT],
    /// How many of these are the signal's, the last ones.
    known: usize,
    /// The greatest absolute value among them.
    peak: f32,
}

impl TruePeak {
    /// Another signal comes.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// Listens to at most [`MOST`] values whose greatest absolute value is `peak`. The answer is the true peak; 0 where that is below
    /// full scale for certain.
    #[inline(always)]
    pub fn hear(&mut self, values: &[f32], peak: f32) -> f32 {
        let count = values.len().min(MOST);
        let mut line = [0.0f32; KEPT + MOST];
        line[..KEPT].copy_from_slice(&self.before);
        line[KEPT..KEPT + count].copy_from_slice(&values[..count]);
        let loud = peak.max(self.peak) * RAISES > 1.0;
        let first = (KEPT - self.known).min(count);
        let mut highest = 0.0f32;
        if loud {
            for taps in &PHASES {
                let mut fine = [0.0f32; MOST];
                for (tap, factor) in taps.iter().enumerate() {
                    for (fine, value) in fine.iter_mut().zip(&line[tap..tap + MOST]) {
                        *fine += factor * value;
                    }
                }
                highest = fine[first..count].iter().fold(highest, |highest, x| highest.max(x.abs()));
            }
        }
        self.before.copy_from_slice(&line[count..count + KEPT]);
        self.known = (self.known + count).min(KEPT);
        self.peak = dynamics::peak(&self.before);
        highest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::dynamics::peak;

    /// The highest true peak of a signal that is heard in pieces of these lengths.
    fn heard(signal: &[f32], lengths: &[usize]) -> f32 {
        let (mut meter, mut rest, mut turn, mut highest) = (TruePeak::default(), signal, 0, 0.0f32);
        while !rest.is_empty() {
            let (piece, more) = rest.split_at(lengths[turn % lengths.len()].min(rest.len()));
            highest = highest.max(meter.hear(piece, peak(piece)));
            (rest, turn) = (more, turn + 1);
        }
        highest
    }

    fn sine(period: f64, phase: f64, level: f64) -> Vec<f32> {
        let at = |n: usize| (level * (std::f64::consts::TAU * (n as f64 / period + phase)).sin()) as f32;
        (0..4_800).map(at).collect()
    }

    #[test]
    fn true_peak_lies_between_the_samples() {
        // A quarter of the rate, sampled beside its tops: 3 dB lower than it is.
        let tone = sine(4.0, 0.125, 1.2);
        assert!((peak(&tone) - 0.8485).abs() < 1e-3);
        let found = heard(&tone, &[64]);
        assert!((found / 1.2 - 1.0).abs() < 0.05, "{found}");
        assert_eq!(heard(&sine(4.0, 0.125, 0.4), &[64]), 0.0, "far from full scale");
        // A signal that begins loud has nothing before it.
        assert!(heard(&[0.9; 640], &[64]) < 1.0);
    }

    #[test]
    fn true_peak_is_the_same_for_every_division_and_near_that_of_another_meter() {
        for (period, phase) in [(4.0, 0.1), (5.3, 0.0), (9.7, 0.3), (48.0, 0.0)] {
            let tone = sine(period, phase, 1.1);
            let whole = heard(&tone, &[64]);
            for lengths in [&[1][..], &[17, 3, 64], &[11, 12, 13], &[5, 40]] {
                assert_eq!(heard(&tone, lengths), whole, "{lengths:?}");
            }
            let mut other = ebur128::EbuR128::new(1, 48_000, ebur128::Mode::TRUE_PEAK).unwrap();
            other.add_frames_f32(&tone).unwrap();
            let (one, two) = (f64::from(whole), other.true_peak(0).unwrap());
            let apart = 20.0 * (one / two).log10();
            assert!(apart.abs() < 0.3, "period {period}: {one} and {two}, {apart} dB");
        }
    }
}

//! Spectra for tests: the discrete Fourier transform and a window. Not in the built library.

use std::f64::consts::{PI, TAU};

/// Magnitudes of bins 0 to half of `x.len()`, a power of two.
pub fn magnitudes(x: &[f64]) -> Vec<f64> {
    let n = x.len();
    let bits = n.trailing_zeros();
    let mut z: Vec<(f64, f64)> = (0..n).map(|i| (x[i.reverse_bits() >> (usize::BITS - bits)], 0.0)).collect();
    let mut size = 2;
    while size <= n {
        let half = size / 2;
        let turns: Vec<(f64, f64)> = (0..half)
            .map(|k| -TAU * k as f64 / size as f64)
            .map(|angle| (angle.cos(), angle.sin()))
            .collect();
        for part in z.chunks_mut(size) {
            for (k, w) in turns.iter().enumerate() {
                let (a, b) = (part[k], part[k + half]);
                let b = (b.0 * w.0 - b.1 * w.1, b.0 * w.1 + b.1 * w.0);
                (part[k], part[k + half]) = ((a.0 + b.0, a.1 + b.1), (a.0 - b.0, a.1 - b.1));
            }
        }
        size *= 2;
    }
    z[..=n / 2].iter().map(|z| z.0.hypot(z.1)).collect()
}

/// The four-term Blackman-Harris window (Harris 1978; side lobes below -92 dB, main lobe ±4 bins) over `x`, scaled so that a
/// sine of amplitude 1 in the middle of a bin has magnitude 1.
pub fn windowed(x: &[f32]) -> Vec<f64> {
    let terms = [0.358_75, -0.488_29, 0.141_28, -0.011_68];
    let scale = 2.0 / (terms[0] * x.len() as f64);
    let window = |i: usize| {
        let angle = 2.0 * PI * i as f64 / x.len() as f64;
        (0..4).map(|k| terms[k] * (k as f64 * angle).cos()).sum::<f64>()
    };
    x.iter().enumerate().map(|(i, x)| f64::from(*x) * window(i) * scale).collect()
}

pub fn decibels(x: f64) -> f64 {
    20.0 * x.log10()
}

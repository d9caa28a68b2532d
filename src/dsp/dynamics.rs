//! Levels: peaks, decibels, and what a compressor does to them. The curve is the gain computer with a soft knee of D. Giannoulis,
//! M. Massberg and J. D. Reiss, "Digital Dynamic Range Compressor Design", J. Audio Eng. Soc. 60 (2012), equation 4. Pure functions.

use super::lane::Lane;
use super::math;

/// Levels are kept between these amplitudes: ±200 dB.
const FAINTEST: f32 = 1e-10;
const LOUDEST: f32 = 1e10;

/// Decibels of an amplitude; what is no number counts as silence.
#[inline(always)]
pub fn decibels<L: Lane>(amplitude: L) -> L {
    let x = amplitude.max(L::splat(FAINTEST)).min(L::splat(LOUDEST));
    L::splat(20.0) * math::log10(x)
}

/// Factor of a level in decibels.
#[inline(always)]
pub fn gain<L: Lane>(decibels: L) -> L {
    math::exp2(decibels * L::splat(std::f32::consts::LOG2_10 / 20.0))
}

/// The greatest absolute value; not finite where one of them is not.
#[inline(always)]
pub fn peak(values: &[f32]) -> f32 {
    // As whole numbers, positive floats have the same order, and what is not finite comes last.
    f32::from_bits(values.iter().fold(0, |peak, x| peak.max(x.to_bits() as i32 & i32::MAX)) as u32)
}

/// The sum of all values squared.
#[inline(always)]
pub fn energy(values: &[f32]) -> f32 {
    // In the order that vectors add in.
    let mut sums = [0.0f32; 16];
    let whole = values.chunks_exact(sums.len());
    let rest = whole.remainder();
    for chunk in whole {
        for lane in 0..sums.len() {
            sums[lane] += chunk[lane] * chunk[lane];
        }
    }
    sums.iter().sum::<f32>() + rest.iter().map(|x| x * x).sum::<f32>()
}

/// By how many decibels a level lies too high, 0 or more. `share` is what is taken of each decibel above the threshold (1 - 1 / ratio);
/// in the `knee`, so many decibels wide and centred on the threshold, it comes in gradually. Anything that is no number takes nothing.
#[inline(always)]
pub fn reduction<L: Lane>(level: L, threshold: L, share: L, knee: L) -> L {
    let zero = L::splat(0.0);
    let (above, knee) = (level - threshold, knee.max(L::splat(1e-6)));
    let half = knee * L::splat(0.5);
    let bent = (above + half).max(zero).min(knee);
    let over = bent * bent / (knee + knee) + (above - half).max(zero);
    (share * over).max(zero).min(L::splat(400.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dynamics_curve_is_that_of_the_paper() {
        // Equation 4, as it is printed: output level for an input level.
        let paper = |x: f64, t: f64, r: f64, w: f64| {
            if 2.0 * (x - t) < -w {
                x
            } else if 2.0 * (x - t).abs() <= w && w > 0.0 {
                x + (1.0 / r - 1.0) * (x - t + w / 2.0).powi(2) / (2.0 * w)
            } else {
                t + (x - t) / r
            }
        };
        for (threshold, ratio, knee) in
            [(-20.0, 4.0, 0.0), (-20.0, 4.0, 12.0), (-6.0, 1e9, 3.0), (-40.0, 1.0, 6.0)]
        {
            for x in (-900..100).map(|x| f64::from(x) * 0.1) {
                let share = 1.0 - 1.0 / ratio;
                let taken = reduction(x as f32, threshold as f32, share as f32, knee as f32);
                let want = x - paper(x, threshold, ratio, knee);
                assert!(
                    (f64::from(taken) - want).abs() < 1e-4,
                    "{x} dB over {threshold} by {ratio}, knee {knee}"
                );
            }
        }
    }

    #[test]
    fn dynamics_of_what_is_no_number_is_nothing() {
        assert_eq!(decibels(f32::NAN), -200.0);
        assert_eq!(decibels(f32::INFINITY), 200.0);
        assert_eq!(reduction(f32::NAN, -20.0, 0.5, 6.0), 0.0);
        assert_eq!(reduction(0.0, -20.0, f32::NAN, 6.0), 0.0);
        assert_eq!(reduction(0.0f32, f32::NAN, 0.5, 6.0), 0.0);
        assert!((gain(-20.0f32) - 0.1).abs() < 1e-7);
    }
}

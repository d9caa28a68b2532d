//! Times as counts of frames, and the one curve that attacks, decays and releases follow. Pure functions; any thread.

use super::lane::Lane;
use super::math;

/// Whole frames of a time, cut off. Seconds arrive with the precision of an input (24 bits), so a time within that of the next
/// whole frame counts as it.
#[inline(always)]
pub fn frames(seconds: f32, rate: f64) -> u64 {
    (seconds as f64 * rate * (1.0 + 1.2e-7)).max(0.0) as u64
}

/// A time as frames, with their fraction, of at most `longest`. Seconds come with 24 bits: what is a whole number of frames by them
/// is one.
#[inline(always)]
pub fn frames_of(seconds: f32, rate: f64, longest: f64) -> f64 {
    let frames = seconds as f64 * rate;
    let whole = (frames + 0.5) as i64 as f64;
    let frames = if (frames - whole).abs() < frames * 1.2e-7 { whole } else { frames };
    if frames > 0.0 { frames.min(longest) } else { 0.0 }
}

/// Time constants that an attack, decay or release lasts: it stops e^-5 (0.7 %) short of its target.
const CONSTANTS: f32 = 5.0;

/// Exponent per frame (to base 2) of a curve of `frames` frames, for [`fall`].
#[inline(always)]
pub fn fall_rate(frames: u64) -> f32 {
    if frames > 1 { -CONSTANTS * std::f32::consts::LOG2_E / (frames - 1) as f32 } else { 0.0 }
}

/// e^(-5 k / (frames - 1)) at frame `k`, from [`fall_rate`].
#[inline(always)]
pub fn fall<L: Lane>(k: L, rate: L) -> L {
    math::exp2(k * rate)
}

/// What of such a curve is lost in each frame, 1 - 2^`rate`: an exact little step, where the factor itself would be rounded.
pub fn loss(rate: f32) -> f32 {
    // By Taylor's series for a 64th of the exponent, doubled six times.
    let x = f64::from(rate) * std::f64::consts::LN_2 / 64.0;
    let mut y = x * (1.0 + x / 2.0 * (1.0 + x / 3.0 * (1.0 + x / 4.0 * (1.0 + x / 5.0 * (1.0 + x / 6.0)))));
    for _ in 0..6 {
        y *= y + 2.0;
    }
    -y as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_counts_what_was_written() {
        for (seconds, want) in
            [(0.7f32, 30870), (0.2, 8820), (0.3, 13230), (0.1, 4410), (-1.0, 0), (0.004, 176)]
        {
            assert_eq!(frames(seconds, 44100.0), want);
        }
        assert_eq!(frames(f32::NAN, 44100.0), 0);
    }

    #[test]
    fn time_curve_ends_where_it_should() {
        assert!((fall(99.0f32, fall_rate(100)) - (-5f32).exp()).abs() < 1e-6);
        assert_eq!(fall(0.0f32, fall_rate(1)), 1.0);
    }

    #[test]
    fn time_loss_is_one_frame_of_the_curve() {
        for frames in [2, 3, 10, 1000, 1 << 24] {
            let want = -(-5.0 / (frames - 1) as f64).exp_m1();
            assert!((loss(fall_rate(frames)) as f64 / want - 1.0).abs() < 2e-7, "{frames}");
        }
        assert_eq!(loss(0.0), 0.0);
    }
}

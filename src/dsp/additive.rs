//! Band-limited waves of high pitch as the sums of their harmonics: exact, without state, and each harmonic fades out before it
//! reaches half the frame rate, so that nothing folds back. Pure functions; any thread.
//!
//! Sums are Clenshaw's recurrence: two additions and a product a harmonic, over a group of `G` frames at a time. Terms beyond a
//! lane's highest harmonic are exact zeros, so the bits do not depend on what other lanes or frames need.

use super::lane::Lane;
use super::math;

/// Above this speed (cycles per frame) a wave is wholly a sum; below [`LOW`] it is none.
const HIGH: f32 = 1.0 / 49.0;
pub const LOW: f32 = 1.0 / 56.0;
/// Harmonics below half the frame rate at [`LOW`].
const MOST: usize = 28;
/// A harmonic is whole up to 0.46 of the frame rate and gone at a half.
const TOP: f32 = 0.5;
const FADE: f32 = 25.0;

/// Which of the harmonics there are.
#[derive(Clone, Copy, PartialEq)]
enum Series {
    /// sin kx.
    Every,
    /// sin (2j + 1)x.
    Odd,
}

/// Harmonics of a saw that rises through 0 at phase 0: ±2/πk, by `k`.
const SAW: [f32; MOST + 1] = harmonics(-1.0);
/// Those of one that falls from 1 at phase 0: 2/πk.
const FALL: [f32; MOST + 1] = harmonics(1.0);
/// Odd harmonics of a triangle: ±8/(π (2j + 1))², by `j`.
const TRI: [f32; MOST + 1] = odd();

const fn harmonics(turn: f64) -> [f32; MOST + 1] {
    let (mut a, mut k, mut sign) = ([0.0; MOST + 1], 1, 1.0);
    while k <= MOST {
        a[k] = (sign * std::f64::consts::FRAC_2_PI / k as f64) as f32;
        sign *= turn;
        k += 1;
    }
    a
}

const fn odd() -> [f32; MOST + 1] {
    let (mut a, mut j, mut sign) = ([0.0; MOST + 1], 0, 1.0);
    while j < MOST / 2 {
        let x = std::f64::consts::FRAC_2_PI / (2 * j + 1) as f64;
        a[j] = (sign * 2.0 * x * x) as f32;
        sign = -sign;
        j += 1;
    }
    a
}

/// How much of a wave of this speed (absolute, cycles per frame) is a sum of harmonics, 0 to 1.
#[inline(always)]
pub fn share<L: Lane>(step: L) -> L {
    ((step - L::splat(LOW)) * L::splat(1.0 / (HIGH - LOW))).clamp(L::splat(0.0), L::splat(1.0))
}

/// A wave's phases (cycles) and absolute speeds (cycles per frame) at the frames of a group. With `FLAT` the first speed is that of
/// all of them.
pub struct Group<'a, L, const G: usize, const FLAT: bool> {
    pub phase: &'a [L; G],
    pub step: &'a [L; G],
}

impl<L: Lane, const G: usize, const FLAT: bool> Group<'_, L, G, FLAT> {
    /// The highest harmonic that any lane and frame needs.
    #[inline(always)]
    fn top(&self) -> usize {
        let mut least = self.step[0];
        if !FLAT {
            for step in self.step {
                least = least.min(*step);
            }
        }
        let least = least.max(L::splat(LOW));
        let mut k = MOST;
        while k > 0 && !L::any((least * L::splat(k as f32)).lt(L::splat(TOP))) {
            k -= 1;
        }
        k
    }

    #[inline(always)]
    fn sum(&self, phase: &[L; G], series: Series, amplitudes: &[f32; MOST + 1]) -> [L; G] {
        let zero = L::splat(0.0);
        let (mut turn, mut b1, mut b2) = ([zero; G], [zero; G], [zero; G]);
        let scale = L::splat(if series == Series::Odd { 2.0 } else { 1.0 });
        for i in 0..G {
            turn[i] = math::cos_cycles(phase[i] * scale);
            turn[i] = turn[i] + turn[i];
        }
        let top = self.top();
        let (first, last) = if series == Series::Odd { (0, top.div_ceil(2)) } else { (1, top + 1) };
        for k in (first..last).rev() {
            let a = L::splat(amplitudes[k]);
            let harmonic = L::splat(if series == Series::Odd { 2 * k + 1 } else { k } as f32);
            let flat = a * fade(harmonic * self.step[0]);
            for i in 0..G {
                let a = if FLAT { flat } else { a * fade(harmonic * self.step[i]) };
                let b = a + (turn[i] * b1[i] - b2[i]);
                b2[i] = b1[i];
                b1[i] = b;
            }
        }
        for i in 0..G {
            let b = if series == Series::Odd { b1[i] + b2[i] } else { b1[i] };
            b1[i] = b * math::sin_cycles(phase[i]);
        }
        b1
    }

    /// Rises through 0 at phase 0, falls at ±0.5.
    #[inline(always)]
    pub fn saw(&self) -> [L; G] {
        self.sum(self.phase, Series::Every, &SAW)
    }

    /// 0 at phase 0, 1 at a quarter.
    #[inline(always)]
    pub fn tri(&self) -> [L; G] {
        self.sum(self.phase, Series::Odd, &TRI)
    }

    /// 1 from phase 0 for `width` (0 to 1) of the cycle, then -1: the difference of two saws.
    #[inline(always)]
    pub fn sqr(&self, width: &[L; G]) -> [L; G] {
        let mut wave = self.sum(self.phase, Series::Every, &FALL);
        let mut later = *self.phase;
        for i in 0..G {
            later[i] = later[i] - width[i];
        }
        let down = self.sum(&later, Series::Every, &FALL);
        for i in 0..G {
            wave[i] = wave[i] - down[i] + (width[i] + width[i] - L::splat(1.0));
        }
        wave
    }
}

/// Level of a harmonic at this many cycles per frame.
#[inline(always)]
fn fade<L: Lane>(frequency: L) -> L {
    ((L::splat(TOP) - frequency) * L::splat(FADE)).clamp(L::splat(0.0), L::splat(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::shape;

    #[test]
    fn additive_waves_are_those_of_the_formulas() {
        // At the lowest speed the sums come close to the sharp waves away from their jumps.
        let step = [LOW; 1];
        for n in 0..40 {
            let p = [n as f32 / 40.0 - 0.49];
            let group = Group::<f32, 1, true> { phase: &p, step: &step };
            let far = |jump: f32| shape::wrap(p[0] - jump).abs() > 0.1;
            assert!((group.tri()[0] - shape::tri(p[0])).abs() < 0.02);
            assert!(!far(0.5) || (group.saw()[0] - shape::saw(p[0])).abs() < 0.1);
            let sqr = group.sqr(&[0.3])[0];
            assert!(!far(0.0) || !far(0.3) || (sqr - shape::sqr(p[0], 0.3)).abs() < 0.2, "{n} {sqr}");
        }
    }
}

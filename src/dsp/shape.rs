//! Wave shapes as functions of the phase: naive ones, which alias as their formulas do, and band-limited ones, whose jumps and
//! corners are rounded over four frames. Pure functions; any thread.
//!
//! The rounding kernel is an even function of support ±2 frames, a sum of powers of `a = (2 - |u|)+` and `b = (1 - |u|)+`. Its
//! coefficients are a least-squares fit: flat (±0.3 dB) up to 0.3 of the frame rate, then as little as possible beyond 0.7 of it,
//! weighted with 1/f². The residuals below are its first and second integral.

use super::lane::Lane;

const A: [f32; 3] = [-1.255_499_3, 1.870_413_7, -0.605_194_6];
const B: [f32; 3] = [1.099_663_8, -1.129_328, 0.776_829_2];

/// What of a unit step at 0 has not happened yet, `u` ≥ 0 frames after it (and, mirrored, what has happened before it).
#[inline(always)]
fn step_residual<L: Lane>(u: L) -> L {
    let c = L::splat;
    let (a, b) = ((c(2.0) - u).max(c(0.0)), (c(1.0) - u).max(c(0.0)));
    let pa = c(A[0] / 3.0) + a * (c(A[1] / 4.0) + a * c(A[2] / 5.0));
    let pb = c(B[0] / 3.0) + b * (c(B[1] / 4.0) + b * c(B[2] / 5.0));
    a * a * a * pa + b * b * b * pb
}

/// How far a rounded corner (unit change of slope at 0) lies from the sharp one, `u` ≥ 0 frames from it.
#[inline(always)]
fn corner_residual<L: Lane>(u: L) -> L {
    let c = L::splat;
    let (a, b) = ((c(2.0) - u).max(c(0.0)), (c(1.0) - u).max(c(0.0)));
    let pa = c(A[0] / 12.0) + a * (c(A[1] / 20.0) + a * c(A[2] / 30.0));
    let pb = c(B[0] / 12.0) + b * (c(B[1] / 20.0) + b * c(B[2] / 30.0));
    let (a2, b2) = (a * a, b * b);
    a2 * a2 * pa + b2 * b2 * pb
}

/// `x` with the sign of `p`.
#[inline(always)]
fn signed<L: Lane>(x: L, p: L) -> L {
    L::select(p.lt(L::splat(0.0)), -x, x)
}

/// Wraps cycles to -0.5..0.5.
#[inline(always)]
pub fn wrap<L: Lane>(p: L) -> L {
    p - p.round_half_up()
}

/// Triangle: 0 at phase 0, 1 at a quarter. `p` in -0.5..=0.5 cycles, here and below.
#[inline(always)]
pub fn tri<L: Lane>(p: L) -> L {
    let a = p.abs();
    signed((a * L::splat(4.0)).min(L::splat(2.0) - a * L::splat(4.0)), p)
}

/// Saw: rises through 0 at phase 0, falls at ±0.5.
#[inline(always)]
pub fn saw<L: Lane>(p: L) -> L {
    p + p
}

/// Square: 1 from phase 0 for `width` of the cycle, then -1.
#[inline(always)]
pub fn sqr<L: Lane>(p: L, width: L) -> L {
    let c = L::splat;
    let q = L::select(p.lt(c(0.0)), p + c(1.0), p);
    L::select(q.lt(width), c(1.0), c(-1.0))
}

/// Frames per cycle, for the functions below; `step` in cycles per frame. Above a quarter of the frame rate the rounding
/// narrows, so that neighbouring jumps do not meet.
#[inline(always)]
pub fn frames_per_cycle<L: Lane>(step: L) -> L {
    L::splat(1.0) / step.abs().clamp(L::splat(1e-6), L::splat(0.25))
}

/// Band-limited [`saw`]; `f` from [`frames_per_cycle`].
#[inline(always)]
pub fn saw_smooth<L: Lane>(p: L, f: L) -> L {
    let u = (L::splat(0.5) - p.abs()) * f;
    // Most frames are near nobody's jump, where the residual is 0.
    if !L::any(u.lt(L::splat(2.0))) {
        return saw(p);
    }
    let r = step_residual(u);
    saw(p) - signed(r + r, p)
}

/// Band-limited [`sqr`].
#[inline(always)]
pub fn sqr_smooth<L: Lane>(p: L, width: L, f: L) -> L {
    let fall = wrap(p - width);
    if !L::any((p.abs().min(fall.abs()) * f).lt(L::splat(2.0))) {
        return sqr(p, width);
    }
    let up = signed(step_residual(p.abs() * f), p);
    let down = signed(step_residual(fall.abs() * f), fall);
    let r = down - up;
    sqr(p, width) + (r + r)
}

/// Band-limited [`tri`].
#[inline(always)]
pub fn tri_smooth<L: Lane>(p: L, f: L) -> L {
    let c = L::splat;
    let bottom = wrap(p + c(0.25)).abs();
    let top = wrap(p - c(0.25)).abs();
    if !L::any((bottom.min(top) * f).lt(c(2.0))) {
        return tri(p) + c(0.0);
    }
    tri(p) + c(8.0) / f * (corner_residual(bottom * f) - corner_residual(top * f))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shape_residuals_meet_their_ends() {
        assert!((step_residual(0.0f32) - 0.5).abs() < 1e-6);
        assert_eq!(step_residual(2.0f32), 0.0);
        assert_eq!(corner_residual(2.5f32), 0.0);
        // The corner's residual is the integral of the step's.
        let sum: f32 = (0..2000).map(|i| step_residual(i as f32 * 1e-3 + 5e-4) * 1e-3).sum();
        assert!((sum - corner_residual(0.0f32)).abs() < 1e-4);
    }

    /// Power of what is not a harmonic of `k` cycles in 4096 frames, in dB below the first harmonic.
    fn alias(k: usize, wave: impl Fn(f32, f32) -> f32) -> f64 {
        let n = 4096;
        let step = k as f64 / n as f64;
        let x: Vec<f64> = (0..n)
            .map(|i| {
                let p = (i as f64 * step + 0.123).fract();
                wave((if p >= 0.5 { p - 1.0 } else { p }) as f32, 1.0 / step as f32) as f64
            })
            .collect();
        let power = |h: usize| {
            let (mut re, mut im) = (0.0, 0.0);
            for (i, x) in x.iter().enumerate() {
                let w = std::f64::consts::TAU * ((h * i) % n) as f64 / n as f64;
                re += x * w.cos();
                im += x * w.sin();
            }
            re * re + im * im
        };
        // Below 10 kHz at 44.1 kHz, where it is heard.
        let loud = (1..n * 23 / 100).filter(|h| h % k != 0).map(power).fold(0.0, f64::max);
        10.0 * (loud / power(k)).log10()
    }

    #[test]
    fn shape_band_limited_waves_alias_less() {
        let k = 211; // 2.3 kHz at 44.1 kHz; shares no factor with 4096
        let saws = (alias(k, |p, _| saw(p)), alias(k, saw_smooth));
        let sqrs = (alias(k, |p, _| sqr(p, 0.3)), alias(k, |p, f| sqr_smooth(p, 0.3, f)));
        let tris = (alias(k, |p, _| tri(p)), alias(k, tri_smooth));
        println!("alias: saw {saws:?} sqr {sqrs:?} tri {tris:?}");
        assert!(saws.1 < -60.0 && saws.0 > -35.0, "{saws:?}");
        assert!(sqrs.1 < -58.0 && sqrs.0 > -35.0, "{sqrs:?}");
        assert!(tris.1 < -75.0 && tris.0 > -65.0, "{tris:?}");
    }
}

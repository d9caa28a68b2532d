//! Mathematics on lanes: own polynomials in place of the system's library, for speed and so that every system, width and
//! instruction set gives the same bits. Any thread; nothing here allocates, and every argument (infinite, not a number) has a result.
//!
//! The polynomials are minimax fits of ours (Remez exchange, relative error); no operation is fused. Error bounds are those of
//! the tests below. Numbers below the smallest normal one count as zero.

use super::lane::Lane;

const TAU: f32 = std::f32::consts::TAU;
const FRAC_PI_2: f32 = std::f32::consts::FRAC_PI_2;
const FRAC_PI_4: f32 = std::f32::consts::FRAC_PI_4;
const LOG2_E: f32 = std::f32::consts::LOG2_E;

/// The polynomial c0 + c1 x + c2 x² + … by Horner's rule.
#[inline(always)]
pub fn polynomial<L: Lane, const N: usize>(x: L, c: [f32; N]) -> L {
    let mut y = L::splat(c[N - 1]);
    for k in (0..N - 1).rev() {
        y = y * x + L::splat(c[k]);
    }
    y
}

/// `x` within `low..=high`; not a number stays what it is (unlike [`Lane::clamp`]).
#[inline(always)]
fn within<L: Lane>(x: L, low: f32, high: f32) -> L {
    L::splat(high).min(L::splat(low).max(x))
}

/// -1 for negative `x`, else 1.
#[inline(always)]
fn side<L: Lane>(x: L) -> L {
    L::select(x.lt(L::splat(0.0)), L::splat(-1.0), L::splat(1.0))
}

/// Sine of |r| ≤ π/2.
#[inline(always)]
fn sin_half<L: Lane>(r: L) -> L {
    let z = r * r;
    r + r
        * z
        * polynomial(z, [-1.666_666_7e-1, 8.333_331e-3, -1.984_086_8e-4, 2.752_538_4e-6, -2.388_891_2e-8])
}

/// sin(2πx) for |x| ≤ 1/2, as phases are. Absolute error 2e-7.
#[inline(always)]
pub fn sin_near<L: Lane>(x: L) -> L {
    let half = L::splat(0.5);
    sin_half((-half - x).max(x.min(half - x)) * L::splat(TAU))
}

/// cos(2πx) for |x| ≤ 1/2. Absolute error 2e-7.
#[inline(always)]
pub fn cos_near<L: Lane>(x: L) -> L {
    sin_half((L::splat(0.25) - x.abs()) * L::splat(TAU))
}

/// sin(2πx), `x` in cycles. Absolute error 2e-7; any range (large values only as exact as `x` itself).
#[inline(always)]
pub fn sin_cycles<L: Lane>(x: L) -> L {
    sin_near(x - x.round_half_up())
}

/// cos(2πx), `x` in cycles. Absolute error 2e-7.
#[inline(always)]
pub fn cos_cycles<L: Lane>(x: L) -> L {
    cos_near(x - x.round_half_up())
}

/// `x - kπ` in three steps (after Cody and Waite), so that nothing is lost for |k| < 8192.
#[inline(always)]
fn less_half_turns<L: Lane>(x: L, k: L, scale: f32) -> L {
    x - k * L::splat(3.140_625 * scale)
        - k * L::splat(9.675_026e-4 * scale)
        - k * L::splat(1.509_958e-7 * scale)
}

/// 1 for odd whole numbers, 0 for even ones.
#[inline(always)]
fn odd<L: Lane>(k: L) -> L {
    k - L::splat(2.0) * (k * L::splat(0.5)).floor()
}

/// Sine of radians. Absolute error 2e-7 for |x| ≤ 25 000.
#[inline(always)]
pub fn sin<L: Lane>(x: L) -> L {
    let k = (x * L::splat(std::f32::consts::FRAC_1_PI)).round_half_up();
    // A little beyond π/2, because `k` may be one off where `x` is large.
    let r = within(less_half_turns(x, k, 1.0), -1.58, 1.58);
    sin_half(r) * (L::splat(1.0) - L::splat(2.0) * odd(k))
}

/// Sine and cosine of |r| ≤ π/4.
#[inline(always)]
fn sin_cos_eighth<L: Lane>(r: L) -> (L, L) {
    let z = r * r;
    let s = r + r * z * polynomial(z, [-1.666_665_5e-1, 8.332_155e-3, -1.951_445_3e-4]);
    let c = L::splat(1.0) - z * L::splat(0.5)
        + z * z * polynomial(z, [4.166_664_6e-2, -1.388_736e-3, 2.443_753_3e-5]);
    (s, c)
}

/// Cosine of radians. Absolute error 2e-7 for |x| ≤ 12 000.
#[inline(always)]
pub fn cos<L: Lane>(x: L) -> L {
    let k = (x * L::splat(std::f32::consts::FRAC_2_PI)).round_half_up();
    let (s, c) = sin_cos_eighth(within(less_half_turns(x, k, 0.5), -0.8, 0.8));
    let y = L::select(odd(k).gt(L::splat(0.5)), s, c);
    // Quadrants 1 and 2 are negative.
    let negative = odd(((k + L::splat(1.0)) * L::splat(0.5)).floor());
    y * (L::splat(1.0) - L::splat(2.0) * negative)
}

/// Tangent of radians. Relative error 3e-7 for |x| ≤ 12 000 away from its zeros and poles beyond the first.
#[inline(always)]
pub fn tan<L: Lane>(x: L) -> L {
    let k = (x * L::splat(std::f32::consts::FRAC_2_PI)).round_half_up();
    let (s, c) = sin_cos_eighth(within(less_half_turns(x, k, 0.5), -0.8, 0.8));
    let turned = odd(k).gt(L::splat(0.5));
    L::select(turned, -c, s) / L::select(turned, s, c)
}

/// `p · 2^(k-1)` for whole `k` in -126..=128; 0 for -126.
#[inline(always)]
fn scale_half<L: Lane>(p: L, k: L) -> L {
    p * (k - L::splat(1.0)).exp2_whole()
}

/// 2 to the power of `f` times 2, for |f| ≤ 1/2.
#[inline(always)]
fn twice_exp2_fraction<L: Lane>(f: L) -> L {
    L::splat(2.0) + f * polynomial(f, EXP2)
}
const EXP2: [f32; 6] =
    [1.386_294_5, 4.804_530_4e-1, 1.110_062_1e-1, 1.923_538_6e-2, 2.681_329e-3, 3.118_933_2e-4];

/// 2 to the power of `x`. Relative error 2e-7; infinite from 128, 0 below -125.5.
#[inline(always)]
pub fn exp2<L: Lane>(x: L) -> L {
    let x = within(x, -126.0, 128.0);
    let k = x.round_half_up();
    scale_half(twice_exp2_fraction(x - k), k)
}

/// e to the power of `x`. Relative error 2e-7; infinite from 88.72, 0 below -87.
#[inline(always)]
pub fn exp<L: Lane>(x: L) -> L {
    let x = within(x, -87.336_54, 89.0);
    let k = (x * L::splat(LOG2_E)).round_half_up();
    let f = x - k * L::splat(6.931_457_5e-1) - k * L::splat(1.428_606_8e-6);
    let p = L::splat(2.0) + f * polynomial(f, EXP);
    scale_half(p, k)
}
const EXP: [f32; 6] = [2.0, 1.000_000_1, 3.333_272_6e-1, 8.332_953e-2, 1.675_829_9e-2, 2.812_351e-3];

/// Exponent `e` and natural logarithm of the mantissa, |ln m| ≤ ln 2 / 2, of a positive normal number.
#[inline(always)]
fn log_parts<L: Lane>(x: L) -> (L, L) {
    let (e, m) = x.exponent_mantissa();
    let high = m.gt(L::splat(std::f32::consts::SQRT_2));
    let m = L::select(high, m * L::splat(0.5), m);
    let e = L::select(high, e + L::splat(1.0), e);
    // ln m = 2 artanh((m - 1) / (m + 1)).
    let d = m - L::splat(1.0);
    let s = d / (d + L::splat(2.0));
    let z = s * s;
    (e, s * polynomial(z, [2.0, 6.666_666e-1, 4.000_033_7e-1, 2.853_722_6e-1, 2.358_380_6e-1]))
}

/// Puts the special cases of a logarithm right: infinity, zero, negative, not a number.
#[inline(always)]
fn log_edges<L: Lane>(x: L, y: L) -> L {
    let y = L::select(x.lt(L::splat(f32::MIN_POSITIVE)), L::splat(f32::NEG_INFINITY), y);
    let y = L::select(x.le(L::splat(-f32::MIN_POSITIVE)), L::splat(f32::NAN), y);
    L::select(x.lt(L::splat(f32::INFINITY)), y, x)
}

/// Logarithm to the base 2. Relative error 3e-7; -infinity for 0, not a number below.
#[inline(always)]
pub fn log2<L: Lane>(x: L) -> L {
    let (e, l) = log_parts(x);
    log_edges(x, e + l * L::splat(LOG2_E))
}

/// Natural logarithm. Relative error 3e-7; -infinity for 0, not a number below.
#[inline(always)]
pub fn ln<L: Lane>(x: L) -> L {
    let (e, l) = log_parts(x);
    log_edges(x, e * L::splat(6.931_457_5e-1) + (e * L::splat(1.428_606_8e-6) + l))
}

/// Logarithm to the base 10. Relative error 3e-7; -infinity for 0, not a number below.
#[inline(always)]
pub fn log10<L: Lane>(x: L) -> L {
    let (e, l) = log_parts(x);
    let low = e * L::splat(4.605_038_6e-6) + l * L::splat(std::f32::consts::LOG10_E);
    log_edges(x, e * L::splat(3.010_254e-1) + low)
}

/// `x` to the power of `y` for `x` ≥ 0. Relative error 2e-7 + 1e-7 |y| (exponents enter in two exact pieces).
#[inline(always)]
fn pow_positive<L: Lane>(x: L, y: L) -> L {
    let (e, l) = log_parts(x);
    // y·log2(x) = y·e + y·l; y in two parts, so that the first product is exact.
    let y = within(y, -1e30, 1e30);
    let wide = y * L::splat(4097.0);
    let y_high = wide - (wide - y);
    let y_low = y - y_high;
    let fraction = y_low * e + y * (l * L::splat(LOG2_E));
    let whole = y_high * e;
    let k = within(whole + fraction, -126.0, 128.0).round_half_up();
    // Where `k` was limited, so is the rest.
    let f = within((whole - k) + fraction, -0.5, 0.5);
    let p = scale_half(twice_exp2_fraction(f), k);
    let (zero, infinity) = (L::splat(0.0), L::splat(f32::INFINITY));
    let falling = y.lt(zero);
    let p = L::select(x.lt(L::splat(f32::MIN_POSITIVE)), L::select(falling, infinity, zero), p);
    let p = L::select(x.eq(infinity), L::select(falling, zero, infinity), p);
    let p = L::select(x.eq(x), p, x);
    let p = L::select(y.eq(y), p, y);
    L::select(y.eq(zero), L::splat(1.0), p)
}

/// `x` to the power of `y`. Negative `x` has a power only where `y` is whole, else the result is not a number.
/// Relative error 2e-7 + 1e-7 |y|.
#[inline(always)]
pub fn pow<L: Lane>(x: L, y: L) -> L {
    let p = pow_positive(x.abs(), y);
    let zero = L::splat(0.0);
    let sign = L::splat(1.0) - L::splat(2.0) * odd(y);
    let negative = L::select(y.floor().eq(y), sign * p, L::splat(f32::NAN));
    let negative = L::select(y.eq(zero), L::splat(1.0), negative);
    L::select(x.lt(zero), negative, p)
}

/// sign(x)·|x|^y: the power that keeps the sign of its base.
#[inline(always)]
pub fn signed_pow<L: Lane>(x: L, y: L) -> L {
    sign(x) * pow_positive(x.abs(), y)
}

/// -1, 0 or 1; not a number stays what it is.
#[inline(always)]
pub fn sign<L: Lane>(x: L) -> L {
    let zero = L::splat(0.0);
    L::select(zero.lt(x), L::splat(1.0), L::select(x.lt(zero), L::splat(-1.0), x))
}

/// Hyperbolic tangent. Relative error 4e-7.
#[inline(always)]
pub fn tanh<L: Lane>(x: L) -> L {
    let x = within(x, -9.02, 9.02);
    let z = x * x;
    let p = polynomial(z, [1.0, 1.337_970_3e-1, 3.494_017_5e-3, 2.058_321_1e-5, 1.331_872e-8]);
    let q = polynomial(z, [1.0, 4.671_301_8e-1, 2.587_100_7e-2, 3.283_065_5e-4, 7.761_870_5e-7]);
    within(x * p / q, -1.0, 1.0)
}

/// Arc tangent in radians. Relative error 3e-7.
#[inline(always)]
pub fn atan<L: Lane>(x: L) -> L {
    let one = L::splat(1.0);
    let a = x.abs();
    // atan a = π/2 - atan(1/a) above tan(3π/8), and π/4 + atan((a - 1)/(a + 1)) above tan(π/8).
    let steep = a.gt(L::splat(2.414_213_7));
    let middle = a.gt(L::splat(0.414_213_57));
    let over = L::select(steep, -one, L::select(middle, a - one, a));
    let under = L::select(steep, a, L::select(middle, a + one, one));
    let from = L::select(steep, L::splat(FRAC_PI_2), L::select(middle, L::splat(FRAC_PI_4), L::splat(0.0)));
    let s = over / under;
    let z = s * s;
    let r = s + s * z * polynomial(z, [-3.333_295_6e-1, 1.997_789_7e-1, -1.387_951_8e-1, 8.059_149e-2]);
    (from + r) * side(x)
}

/// Arc sine in radians; not a number outside -1..=1. Absolute error 3e-7.
#[inline(always)]
pub fn asin<L: Lane>(x: L) -> L {
    let a = x.abs();
    // asin a = π/2 - 2 asin √((1 - a)/2) for large a.
    let large = a.gt(L::splat(0.5));
    let half = (L::splat(1.0) - a) * L::splat(0.5);
    let s = L::select(large, half.sqrt(), a);
    let z = L::select(large, half, a * a);
    let r = s + s
        * z
        * polynomial(z, [1.666_675_4e-1, 7.495_242e-2, 4.547_71e-2, 2.414_758_6e-2, 4.221_860_3e-2]);
    L::select(large, L::splat(FRAC_PI_2) - r * L::splat(2.0), r) * side(x)
}

/// Arc cosine in radians; not a number outside -1..=1. Absolute error 4e-7.
#[inline(always)]
pub fn acos<L: Lane>(x: L) -> L {
    L::splat(FRAC_PI_2) - asin(x)
}

/// Nearest whole number, halves to the even one.
#[inline(always)]
pub fn round_half_even<L: Lane>(x: L) -> L {
    // Adding 1.5·2²³ leaves no room for a fraction.
    let magic = L::splat(12_582_912.0);
    L::select(x.abs().lt(L::splat(4_194_304.0)), (x + magic) - magic, x)
}

/// Remainder of `x / y` with the sign of `y`; 0 ≤ |result| < |y|. Not a number where `y` is 0.
#[inline(always)]
pub fn modulo<L: Lane>(x: L, y: L) -> L {
    let r = x - (x / y).floor() * y;
    // Rounding of the quotient may leave the remainder one step outside.
    let zero = L::splat(0.0);
    let r = L::select((r * side(y)).lt(zero), r + y, r);
    L::select(y.abs().le(r.abs()), r - y, r)
}

#[cfg(test)]
mod tests;

use super::*;
use crate::dsp::lane::{Plain4, Two};

/// Every function of one argument: name, range, absolute and relative bound, the true value.
type True = fn(f64) -> f64;
const FUNCTIONS: &[(&str, f32, f32, f64, f64, True)] = &[
    ("sin", -25e3, 25e3, 2e-7, 0.0, f64::sin),
    ("cos", -12e3, 12e3, 2e-7, 0.0, f64::cos),
    ("tan", -1.57, 1.57, 0.0, 3e-7, f64::tan),
    ("sin_cycles", -2.0, 2.0, 2e-7, 0.0, |x| (x * std::f64::consts::TAU).sin()),
    ("cos_cycles", -2.0, 2.0, 2e-7, 0.0, |x| (x * std::f64::consts::TAU).cos()),
    ("exp", -86.0, 88.6, 0.0, 2e-7, f64::exp),
    ("exp2", -125.0, 127.9, 0.0, 2e-7, f64::exp2),
    ("ln", 1e-30, 8.0, 0.0, 3e-7, f64::ln),
    ("log2", 1e-30, 1e9, 0.0, 3e-7, f64::log2),
    ("log10", 1e-30, 100.0, 0.0, 3e-7, f64::log10),
    ("tanh", -12.0, 12.0, 0.0, 4e-7, f64::tanh),
    ("atan", -50.0, 50.0, 0.0, 3e-7, f64::atan),
    ("asin", -1.0, 1.0, 3e-7, 0.0, f64::asin),
    ("acos", -1.0, 1.0, 4e-7, 0.0, f64::acos),
    ("round", -300.0, 300.0, 0.0, 0.0, f64::round_ties_even),
];
/// Functions of two arguments are held by their second one: `name y`.
const POWERS: &[f32] = &[-3.0, -0.5, 0.3333, 0.5, 1.0, 1.7, 2.0, 5.0];

#[inline(always)]
fn call<L: Lane>(function: usize, x: L) -> L {
    match FUNCTIONS.get(function).map(|f| f.0) {
        Some("sin") => sin(x),
        Some("cos") => cos(x),
        Some("tan") => tan(x),
        Some("sin_cycles") => sin_cycles(x),
        Some("cos_cycles") => cos_cycles(x),
        Some("exp") => exp(x),
        Some("exp2") => exp2(x),
        Some("ln") => ln(x),
        Some("log2") => log2(x),
        Some("log10") => log10(x),
        Some("tanh") => tanh(x),
        Some("atan") => atan(x),
        Some("asin") => asin(x),
        Some("acos") => acos(x),
        Some("round") => round_half_even(x),
        Some(other) => unreachable!("{other}"),
        None => match function - FUNCTIONS.len() {
            0 => modulo(x, L::splat(0.3)),
            1 => modulo(x, L::splat(-7.0)),
            2 => sign(x),
            k => pow(x, L::splat(POWERS[(k - 3) % POWERS.len()])),
        },
    }
}

#[inline(always)]
fn apply<L: Lane>(function: usize, xs: &[f32]) -> Vec<u32> {
    let mut out = Vec::new();
    for x in xs.chunks_exact(L::N) {
        let y = call(function, L::load(x)).to_array();
        // All that is not a number is alike.
        out.extend(y[..L::N].iter().map(|y| if y.is_nan() { f32::NAN.to_bits() } else { y.to_bits() }));
    }
    out
}

fn sweep(low: f32, high: f32) -> impl Iterator<Item = f32> {
    (0..=40_000).map(move |k| low + (high - low) * (k as f32 / 40_000.0))
}

#[test]
fn math_is_as_exact_as_it_says() {
    for (index, &(name, low, high, absolute, relative, truth)) in FUNCTIONS.iter().enumerate() {
        let near = sweep(0.01 * low.max(-1.0), 0.01 * high.min(1.0));
        for x in sweep(low, high).chain(near).filter(|x| (low..=high).contains(x)) {
            let (y, t) = (call(index, x) as f64, truth(x as f64));
            let error = (y - t).abs();
            assert!(
                error <= absolute + relative * t.abs(),
                "{name}({x}) = {y}, not {t}: {:e}",
                error / t.abs()
            );
        }
    }
}

#[test]
fn math_powers_are_as_exact_as_they_say() {
    for &y in POWERS {
        for x in sweep(0.001, 9.0).chain(sweep(100.0, 20_000.0)) {
            let truth = (x as f64).powf(y as f64);
            let error = (pow(x, y) as f64 / truth - 1.0).abs();
            assert!(error <= 2e-7 + 1e-7 * y.abs() as f64, "{x}^{y}: {error:e}");
        }
    }
    assert_eq!(pow(-2.0, 3.0), -8.0);
    assert_eq!(pow(-2.0, 2.0), 4.0);
    assert!(pow(-2.0, 0.5).is_nan());
    assert_eq!(pow(0.0, 2.0), 0.0);
    assert_eq!(pow(0.0, 0.0), 1.0);
    assert_eq!(pow(0.0, -1.0), f32::INFINITY);
    assert_eq!(pow(f32::INFINITY, -1.0), 0.0);
    assert_eq!(pow(2.0, 200.0), f32::INFINITY);
    assert_eq!(pow(2.0, -200.0), 0.0);
    assert_eq!(signed_pow(-4.0, 0.5), -2.0);
    assert_eq!(signed_pow(0.0, 0.5), 0.0);
}

#[test]
fn math_edges_have_results() {
    assert_eq!(exp2(200.0), f32::INFINITY);
    assert_eq!(exp2(-200.0), 0.0);
    assert_eq!(exp(f32::INFINITY), f32::INFINITY);
    assert_eq!(exp(f32::NEG_INFINITY), 0.0);
    assert_eq!(ln(0.0), f32::NEG_INFINITY);
    assert_eq!(ln(f32::INFINITY), f32::INFINITY);
    assert!(ln(-1.0).is_nan() && log2(f32::NAN).is_nan());
    assert!(sin(f32::INFINITY).is_nan() && exp2(f32::NAN).is_nan() && tanh(f32::NAN).is_nan());
    assert!(sin(3e9).abs() <= 1.0 && cos(3e9).abs() <= 1.0 && sin_cycles(1e30).abs() <= 1.0);
    assert_eq!(tanh(f32::INFINITY), 1.0);
    assert_eq!(atan(f32::NEG_INFINITY), -FRAC_PI_2);
    assert!(asin(1.01).is_nan());
    assert_eq!(modulo(-1.0, 12.0), 11.0);
    assert_eq!(modulo(1.0, -12.0), -11.0);
    assert!(modulo(-1e-12, 1.0) < 1.0 && modulo(1.0, 0.0).is_nan());
    assert_eq!([0.5, 1.5, 2.5, -0.5, -1.5].map(round_half_even), [0.0, 2.0, 2.0, 0.0, -2.0]);
}

#[cfg(target_arch = "x86_64")]
mod packs {
    use super::*;
    use crate::dsp::lane::x86::{V4, V8, V16};

    #[target_feature(enable = "avx2")]
    fn eight(function: usize, xs: &[f32]) -> Vec<u32> {
        apply::<V8>(function, xs)
    }

    #[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl")]
    fn sixteen(function: usize, xs: &[f32]) -> Vec<u32> {
        apply::<V16>(function, xs)
    }

    #[test]
    fn math_gives_the_same_bits_in_every_pack() {
        let special = [0.0, -0.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 1e-45, -1e-40, 3e38];
        let mut xs: Vec<f32> =
            special.into_iter().chain(sweep(-1.2, 1.2)).chain(sweep(-200.0, 200.0)).collect();
        xs.extend((0..40_000u32).map(|k| f32::from_bits(k.wrapping_mul(2_654_435_769))));
        xs.truncate(xs.len() / 32 * 32);
        for function in 0..FUNCTIONS.len() + 3 + POWERS.len() {
            let one = apply::<f32>(function, &xs);
            assert!(one == apply::<V4>(function, &xs), "function {function}, four lanes");
            assert!(one == apply::<Plain4>(function, &xs), "function {function}, plain lanes");
            assert!(one == apply::<Two<V4>>(function, &xs), "function {function}, two packs");
            if is_x86_feature_detected!("avx2") {
                // SAFETY: checked above.
                assert!(one == unsafe { eight(function, &xs) }, "function {function}, eight lanes");
            }
            if is_x86_feature_detected!("avx512dq") && is_x86_feature_detected!("avx512vl") {
                // SAFETY: checked above.
                assert!(one == unsafe { sixteen(function, &xs) }, "function {function}, sixteen lanes");
            }
        }
    }
}

use super::*;
use crate::dsp::spectrum::{decibels, magnitudes, windowed};
use crate::kernel::Fixed;
use crate::kernel::probe::{Probe, difference};
use std::f64::consts::TAU;

fn osc(wave: &'static str, freq: f32) -> Probe {
    Probe::new(&DEF).fixed("type", Fixed::Word(wave)).set("freq", freq)
}

#[test]
fn osc_shapes_are_what_they_say() {
    let cycles = |n: usize| ((n + 1) as f64 * 101.25 / 44100.0 + 0.5).rem_euclid(1.0) - 0.5;
    type Shape = fn(f64) -> f64;
    let shapes: [(&str, Shape); 5] = [
        ("sin", |p| (TAU * p).sin()),
        ("cos", |p| (TAU * p).cos()),
        ("tri", |p| (TAU * p).sin().asin() * 2.0 / std::f64::consts::PI),
        ("saw", |p| 2.0 * p),
        ("ramp", |p| -2.0 * p),
    ];
    for (wave, f) in shapes {
        let out = osc(wave, 101.25).set("amp", 0.5).laws(1200);
        let d = difference(out.mono(), (0..1200).map(|n| 0.5 * f(cycles(n))));
        assert!(d < 1e-6, "{wave}: {d}");
    }
    let out = osc("sqr", 101.25).set("pulse_width", 0.2).laws(1200);
    let up = out.mono().iter().filter(|x| **x == 1.0).count();
    assert!(up.abs_diff(240) < 90 / 4, "{up}");
}

#[test]
fn osc_square_edges_fall_on_their_frames() {
    // 2.1 Hz at 44.1 kHz: an edge every 10500 frames exactly.
    let out = osc("sqr", 2.1).number("freq", 2.1).render(42000);
    for edge in (1..4).map(|n| n * 10500) {
        assert!(out.mono()[edge - 1] != out.mono()[edge - 2], "{edge}");
    }
}

#[test]
fn osc_is_exact_after_minutes() {
    let out = osc("sin", 440.0).with(|p| p.cuts = vec![64, 3]).render(44100 * 20);
    let n = 44100 * 20 - 1;
    let want = (TAU * (((n + 1) as f64 * 440.0 / 44100.0).fract())).sin();
    assert!((out.mono()[n] as f64 - want).abs() < 1e-5);
}

#[test]
fn osc_without_frequency_is_one_hertz_from_zero() {
    let out = Probe::new(&DEF).laws(300);
    assert!(difference(out.mono(), (0..300).map(|n| (TAU * n as f64 / 44100.0).sin())) < 1e-6);
}

#[test]
fn osc_follows_frequency_and_phase_frame_by_frame() {
    let f = |n: u64| 300.0 + 200.0 * (n as f64 * 0.01).sin();
    let m = |n: u64| 2.0 * (n as f64 * 0.02).sin();
    let out = osc("sin", 0.0)
        .signal("freq", move |l, n| f(n) as f32 + l as f32)
        .signal("phase", move |_, n| m(n) as f32)
        .laws(700);
    let mut p = 0.0;
    let want = (0..700).map(|n| {
        p += TAU * (f(n) as f32) as f64 / 44100.0;
        (p + m(n)).sin()
    });
    assert!(difference(out.mono(), want) < 5e-6);
    for wave in ["saw", "tri", "sqr"] {
        osc(wave, 0.0)
            .signal("freq", move |l, n| f(n) as f32 * (1 + l) as f32)
            .signal("phase", move |_, n| m(n) as f32)
            .signal("pulse_width", |_, n| 0.5 + 0.3 * (n as f32 * 0.001).sin())
            .with(|p| p.band_limited = true)
            .laws(300);
    }
}

#[test]
fn osc_flat_and_moving_inputs_give_the_same_bits() {
    for band_limited in [false, true] {
        for wave in ["saw", "sqr", "sin", "tri"] {
            let flat = osc(wave, 1234.5).set("amp", 0.7).with(|p| p.band_limited = band_limited).laws(400);
            let moving = osc(wave, 0.0)
                .signal("freq", |_, _| 1234.5)
                .signal("amp", |_, _| 0.7)
                .with(|p| p.band_limited = band_limited)
                .laws(400);
            assert!(flat.mono() == moving.mono(), "{wave}");
        }
    }
}

#[test]
fn osc_attack_release_and_duration() {
    let p = osc("sqr", 0.01).set("attack", 0.1).set("release", 0.3).with(|p| p.duration = Some(1.5));
    let out = p.clone().with(|p| p.stagger = 13).laws(44100 * 2);
    let (x, e) = (out.mono(), |k: f64, n: f64| (-5.0 * k / (n - 1.0)).exp());
    assert!((x[1000] as f64 - (1.0 - e(1000.0, 4410.0))).abs() < 1e-5);
    assert_eq!(x[4410], 1.0);
    assert!((x[52920 + 100] as f64 - e(100.0, 13230.0)).abs() < 1e-5);
    assert_eq!(out.ends[0], Some(66150));
    assert!(x[66150..].iter().all(|x| *x == 0.0) && x[66149] > 0.006);
    // Longer than the duration: from the first frame.
    let long = osc("sqr", 0.01).set("release", 2.0).with(|p| p.duration = Some(0.5)).render(100);
    assert!((long.mono()[99] as f64 - e(99.0, 88200.0)).abs() < 1e-5);
}

#[test]
fn osc_range_maps_after_the_envelope_and_keeps_channels() {
    let out = osc("sqr", 1.0).set("attack", 0.1).list("range", &[0.0, 10.0]).laws(200);
    assert!((out.mono()[0] - 5.0).abs() < 1e-5);
    let p = osc("sqr", 1.0).list("range", &[0.0, 10.0]).with(|p| p.channels = Some(2)).laws(100);
    assert_eq!(p.frames[1][0][5], 10.0);
    assert_eq!(osc("none", 3.0).list("range", &[0.0, 10.0]).laws(70).mono()[3], 5.0);
}

#[test]
fn osc_noises_are_random_repeatable_and_split_alike() {
    for wave in ["noise", "perlin", "wander"] {
        let p = osc(wave, 1.0).number("scale", 3000.0).with(|p| p.stagger = 3);
        let (a, b) = (p.laws(500), p.clone().with(|p| p.seed = 8).render(500));
        assert!(a.mono() != b.mono(), "{wave}");
        let seeded = p.number("seed", 3.0);
        assert!(
            seeded.render(500).mono() == seeded.with(|p| p.seed = 8).render(500).mono() || wave == "noise"
        );
    }
    let x = osc("noise", 1.0).render(40000);
    let power: f32 = x.mono().iter().map(|x| x * x).sum::<f32>() / 4e4;
    assert!((power - 1.0).abs() < 0.05, "{power}");
}

#[test]
fn osc_band_limited_follows_library_and_quality() {
    let jump = |p: Probe| p.render(2000).mono().windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
    let saw = osc("saw", 441.0);
    assert!(jump(saw.clone()) > 1.9);
    assert!(jump(saw.clone().with(|p| p.band_limited = true)) < 1.6);
    assert!(jump(saw.fixed("quality", Fixed::Word("naive")).with(|p| p.band_limited = true)) > 1.9);
}

/// The spectrum of a band-limited wave at 48 kHz: level of the loudest bin that belongs to no harmonic, in dB below the
/// fundamental, and the largest difference of a harmonic below 0.4 of the rate from what it should be, in dB.
fn spectrum(probe: &Probe, hertz: f64, level: impl Fn(f64) -> f64) -> (f64, f64) {
    const N: usize = 16384;
    let out = probe.clone().with(|p| (p.rate, p.band_limited) = (48000.0, true)).render(N);
    let bins = magnitudes(&windowed(out.mono()));
    let bin = 48000.0 / N as f64;
    // A peak's level does not depend on where between two bins it lies, to 0.01 dB, if it is read off three of them.
    let peak = |hertz: f64| {
        let k = (hertz / bin).round() as usize;
        let power: f64 = (k - 3..=k + 3).map(|k| bins[k] * bins[k]).sum();
        // Noise bandwidth of the window.
        (power / 2.004_35).sqrt()
    };
    let first = peak(hertz);
    let mut alias = 0.0f64;
    for (k, x) in bins.iter().enumerate().skip(5) {
        let near = (k as f64 * bin / hertz).round() * hertz;
        if (k as f64 * bin - near).abs() > 5.0 * bin {
            alias = alias.max(*x);
        }
    }
    let mut wrong = 0.0f64;
    for h in 1..=(19_200.0 / hertz) as usize {
        let want = level(h as f64);
        if want > 1e-3 {
            wrong = wrong.max(decibels(peak(h as f64 * hertz) / want).abs());
        }
    }
    (decibels(alias / first), wrong)
}

#[test]
fn osc_band_limited_waves_are_clean_from_one_to_five_kilohertz() {
    use std::f64::consts::PI;
    for hertz in [1000.3, 1701.1, 2503.7, 3307.9, 5003.3] {
        for wave in ["saw", "ramp"] {
            let (alias, wrong) = spectrum(&osc(wave, hertz as f32), hertz, |h| 2.0 / (PI * h));
            assert!(alias < -80.0 && wrong < 0.1, "{wave} {hertz}: aliases {alias} dB, {wrong} dB wrong");
        }
        for width in [0.5, 0.37, 0.04] {
            let level = |h: f64| (4.0 / (PI * h) * (PI * h * width).sin()).abs();
            let sqr = osc("sqr", hertz as f32).set("pulse_width", width as f32);
            let (alias, wrong) = spectrum(&sqr, hertz, level);
            assert!(alias < -80.0 && wrong < 0.1, "{width} {hertz}: aliases {alias} dB, {wrong} dB wrong");
        }
        let level = |h: f64| if h % 2.0 == 1.0 { 8.0 / (PI * h).powi(2) } else { 0.0 };
        let (alias, wrong) = spectrum(&osc("tri", hertz as f32), hertz, level);
        assert!(alias < -80.0 && wrong < 0.1, "tri {hertz}: aliases {alias} dB, {wrong} dB wrong");
    }
}

#[test]
fn osc_band_limited_waves_obey_the_laws_at_every_pitch() {
    for wave in ["saw", "ramp", "sqr", "tri"] {
        let p = osc(wave, 0.0).set("pulse_width", 0.3).with(|p| (p.band_limited, p.stagger) = (true, 7));
        // A pack of low, middling and high voices, at rest and gliding through all three.
        p.clone().lanes_of("freq", |l| 200.0 * (1 + l) as f32).laws(150);
        p.clone().lanes_of("freq", |l| 850.0 + 3.0 * l as f32).laws(150);
        p.signal("freq", |l, n| 600.0 + 3.0 * n as f32 + 100.0 * l as f32).laws(300);
    }
}

#[test]
fn osc_band_limited_glides_do_not_click() {
    // The steepest that a saw can be is what its harmonics allow; a click would be steeper than any steady tone nearby.
    let steepest = |p: Probe| {
        let out = p.with(|p| (p.rate, p.band_limited) = (48000.0, true)).render(48000);
        // The second difference of a triangle is small but for its corners.
        out.mono().windows(3).map(|w| (w[2] - 2.0 * w[1] + w[0]).abs()).fold(0.0, f32::max)
    };
    for (low, high) in [(800.0, 1050.0), (4000.0, 7000.0), (11_000.0, 23_900.0)] {
        let glide =
            steepest(osc("tri", 0.0).signal("freq", move |_, n| low + (high - low) * n as f32 / 48e3));
        let steady =
            (0..=10).map(|k| steepest(osc("tri", low + (high - low) * k as f32 / 10.0))).fold(0.0, f32::max);
        assert!(glide < steady * 1.03, "{low} to {high}: {glide}, steady {steady}");
    }
}

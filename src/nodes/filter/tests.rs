//! What the filters let pass, against the theory of their design.

use super::*;
use crate::dsp::spectrum::{decibels, magnitudes};
use crate::kernel::Fixed;
use crate::kernel::probe::{Probe, difference};

fn saw(n: u64) -> f32 {
    ((n as f64 * 110.37 / 44100.0).fract() - 0.5) as f32
}

fn filter(kind: &'static str, cutoff: f32, peak: f32) -> Probe {
    Probe::new(&DEF)
        .fixed("type", Fixed::Word(kind))
        .set("cutoff", cutoff)
        .set("peak", peak)
        .signal("signal", |l, n| saw(n + 7 * l as u64))
}

/// What the whole is multiplied by.
fn level(kind: &str, q: f64) -> f64 {
    if kind == "notch" { 1.0 } else { 1.0 / q.max(1.0).sqrt() }
}

/// The textbook biquad in f64, direct form I.
fn biquad(kind: &str, cutoff: f64, q: f64, x: impl Iterator<Item = f64>) -> Vec<f64> {
    let w = std::f64::consts::TAU * cutoff.clamp(20.0, 21950.0) / 44100.0;
    let alpha = w.sin() / (2.0 * q);
    let c = w.cos();
    let b = match kind {
        "lowpass" => [(1.0 - c) / 2.0, 1.0 - c, (1.0 - c) / 2.0],
        "highpass" => [(1.0 + c) / 2.0, -(1.0 + c), (1.0 + c) / 2.0],
        "notch" => [1.0, -2.0 * c, 1.0],
        _ => [alpha, 0.0, -alpha],
    };
    let gain = level(kind, q) / (1.0 + alpha);
    let (a1, a2) = (-2.0 * c / (1.0 + alpha), (1.0 - alpha) / (1.0 + alpha));
    let (mut x1, mut x2, mut y1, mut y2) = (0.0, 0.0, 0.0, 0.0);
    x.map(|x| {
        let y = gain * (b[0] * x + b[1] * x1 + b[2] * x2) - a1 * y1 - a2 * y2;
        (x2, x1, y2, y1) = (x1, x, y1, y);
        y
    })
    .collect()
}

#[test]
fn filter_has_the_biquads_response() {
    for kind in ["lowpass", "highpass", "bandpass", "notch"] {
        for (cutoff, peak, q) in [
            (800.0, 0.0, 0.707),
            (60.0, 0.5, 0.707 + 9.293 * 0.25),
            (1500.0, 1.0, 10.0),
            (800.0, 2.0, 37.879),
            (1.0, -1.0, 0.5),
            (90000.0, 0.9, 0.707 + 9.293 * 0.81),
            (20.0, 1.0, 10.0),
        ] {
            let out = filter(kind, cutoff, peak).render(20000);
            let want = biquad(kind, cutoff as f64, q, (0..20000).map(|n| saw(n) as f64));
            let d = difference(out.mono(), want.into_iter());
            assert!(d < 2e-5, "{kind} {cutoff} {peak}: {d}");
        }
    }
}

#[test]
fn filter_obeys_the_laws_at_rest_and_in_motion() {
    for kind in ["lowpass", "highpass", "bandpass", "notch"] {
        filter(kind, 700.0, 0.6).laws(400);
        filter(kind, 700.0, 0.6)
            .signal("cutoff", |l, n| 500.0 + (n / 50) as f32 * 100.0 + l as f32 * 50.0)
            .signal("peak", |_, n| 0.5 + 0.4 * (n as f32 * 0.01).sin())
            .with(|p| (p.stagger, p.at) = (37, 1000))
            .laws(500);
    }
}

#[test]
fn filter_flat_cutoff_is_the_same_as_a_constant_signal() {
    let a = filter("lowpass", 700.0, 0.6).render(300);
    let b = filter("lowpass", 0.0, 0.6).signal("cutoff", |_, _| 700.0).render(300);
    assert!(a.mono() == b.mono());
}

#[test]
fn filter_stays_stable_in_wild_modulation() {
    let out = filter("lowpass", 0.0, 1.0)
        .signal("cutoff", |_, n| if n * 2654435761 % 97 < 48 { 30.0 } else { 21000.0 })
        .render(40000);
    let peak = out.mono().iter().fold(0.0f32, |m, x| m.max(x.abs()));
    assert!(peak < 10.0, "{peak}");
}

#[test]
fn filter_keeps_channels_apart() {
    let out = filter("lowpass", 500.0, 0.0)
        .stereo("signal", |_, c, n| if c == 0 { saw(n) } else { -saw(n) })
        .laws(200);
    assert!(out.frames[0][0].iter().zip(&out.frames[1][0]).all(|(a, b)| *a == -*b));
    assert!(out.frames[0][0][100] != 0.0);
}

/// Level of the textbook biquad at a frequency, from its transfer function on the unit circle.
fn response(kind: &str, cutoff: f64, q: f64, hertz: f64) -> f64 {
    let angle = |hertz: f64| std::f64::consts::TAU * hertz / 44100.0;
    let (w, z) = (angle(cutoff), angle(hertz));
    let (alpha, c) = (w.sin() / (2.0 * q), w.cos());
    let b = match kind {
        "lowpass" => [(1.0 - c) / 2.0, 1.0 - c, (1.0 - c) / 2.0],
        "highpass" => [(1.0 + c) / 2.0, -(1.0 + c), (1.0 + c) / 2.0],
        "notch" => [1.0, -2.0 * c, 1.0],
        _ => [alpha, 0.0, -alpha],
    };
    let size = |k: [f64; 3]| {
        let re = k[0] + k[1] * z.cos() + k[2] * (2.0 * z).cos();
        let im = k[1] * z.sin() + k[2] * (2.0 * z).sin();
        re.hypot(im)
    };
    level(kind, q) * size(b) / size([1.0 + alpha, -2.0 * c, 1.0 - alpha])
}

/// Frames after which a filter rings no longer, as a power of two.
fn quiet(cutoff: f64, q: f64) -> usize {
    let falling = std::f64::consts::TAU * cutoff / 44100.0 / (2.0 * q);
    ((30.0 / falling) as usize).next_power_of_two().max(4096)
}

#[test]
fn filter_passes_every_frequency_at_its_level() {
    // Single precision leaves this much of the input, -120 dB, where a response is the difference of large parts: a high-pass far
    // below its cutoff. Everything above -80 dB is within 0.1 dB.
    const ROUNDING: f64 = 1e-6;
    for kind in ["lowpass", "highpass", "bandpass", "notch"] {
        for cutoff in [20.0, 60.0, 200.0, 1500.0, 9000.0, 17640.0] {
            for peak in [-1.0f32, 0.0, 0.4, 1.0] {
                let q =
                    f64::from(if peak < 0.0 { 0.707 + 0.207 * peak } else { 0.707 + 9.293 * (peak * peak) });
                let frames = quiet(f64::from(cutoff), q);
                let probe = filter(kind, cutoff, peak).signal("signal", |_, n| f32::from(n == 0));
                let out = probe.render(frames);
                let bins = magnitudes(&out.mono().iter().map(|x| f64::from(*x)).collect::<Vec<_>>());
                for (k, got) in bins.iter().enumerate().take(frames * 2 / 5).skip(1) {
                    let hertz = k as f64 * 44100.0 / frames as f64;
                    let want = response(kind, f64::from(cutoff), q, hertz);
                    let wrong = decibels(got / want).abs();
                    let near = wrong < 0.1 || want < 1e-4 && (got - want).abs() < ROUNDING;
                    assert!(near, "{kind} {cutoff} {peak}: {wrong} dB at {hertz} Hz ({want})");
                }
            }
        }
    }
}

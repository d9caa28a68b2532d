use super::*;

/// A drum by synthesis: a tone and partials up to 12 kHz that decay, from a given second on, with a peak amplitude. All sample rates hear
/// the same drum.
fn strike(out: &mut [f32], rate: f64, at: f64, peak: f32, tone: f64) {
    let partials: Vec<(f64, f64)> = (0..40u32)
        .map(|k| {
            let mixed = k.wrapping_mul(0x9e37_79b9) ^ 0x5bd1_e995;
            let share = f64::from(mixed.wrapping_mul(0x2c1b_3c6d) >> 8) / f64::from(1u32 << 24);
            (200.0 * 60f64.powf(f64::from(k) / 40.0 + 0.02 * share), share)
        })
        .collect();
    let begin = (at * rate).ceil() as usize;
    for (n, out) in out.iter_mut().enumerate().skip(begin) {
        let t = n as f64 / rate - at;
        if t > 0.4 {
            break;
        }
        let noise: f64 = match t < 0.15 {
            true => partials.iter().map(|(f, phase)| (std::f64::consts::TAU * (f * t + phase)).sin()).sum(),
            false => 0.0,
        };
        let body = (std::f64::consts::TAU * tone * t).sin() * (-t / 0.05).exp();
        let attack = (t / 0.0004).min(1.0);
        *out += peak * (attack * (0.1 * noise * (-t / 0.03).exp() + 0.5 * body)) as f32;
    }
}

/// Strokes every so often, with their peaks.
fn track(rate: f64, strokes: &[(f64, f32)], seconds: f64) -> Vec<f32> {
    let mut out = vec![0.0; (rate * seconds) as usize];
    for (at, peak) in strokes {
        strike(&mut out, rate, *at, *peak, 190.0);
    }
    out
}

fn groove() -> Vec<(f64, f32)> {
    (0..12).map(|n| (0.2 + 0.2371 * f64::from(n), [0.5, 0.2, 0.35, 0.12][n as usize % 4])).collect()
}

fn settings(mode: Mode) -> Settings {
    Settings { mode, instrument: Instrument::Snare, ..Settings::default() }
}

/// Everything that is heard, in blocks of the given sizes, in turn.
fn hear(rate: f64, settings: Settings, input: &[f32], blocks: &[usize]) -> Vec<Heard> {
    let mut detector = Detector::new(rate, settings);
    let (mut all, mut at) = (Vec::with_capacity(1000), 0);
    for n in blocks.iter().cycle() {
        let end = (at + n).min(input.len());
        nice_assert_no_alloc::assert_no_alloc(|| {
            detector.process(&input[at..end], None, None, |h| all.push(h))
        });
        at = end;
        if at == input.len() {
            return all;
        }
    }
    all
}

fn accepted(heard: &[Heard]) -> Vec<Heard> {
    heard.iter().copied().filter(|h| h.fate == Fate::Accepted).collect()
}

#[test]
fn drum_hears_every_stroke_once_where_it_is() {
    let strokes = groove();
    let rate = 48_000.0;
    let input = track(rate, &strokes, 3.2);
    for (mode, early, late) in
        [(Mode::Live, 0.0, 0.006), (Mode::Tight, -0.002, 0.004), (Mode::Exact, -0.0015, 0.0015)]
    {
        let detector = Detector::new(rate, settings(mode));
        let heard = accepted(&hear(rate, settings(mode), &input, &[512]));
        let places: Vec<f64> =
            heard.iter().map(|h| (h.at as f64 - f64::from(detector.latency())) / rate).collect();
        assert_eq!(places.len(), strokes.len(), "{mode:?}: {places:?}");
        for ((at, _), place) in strokes.iter().zip(&places) {
            assert!((early..late).contains(&(place - at)), "{mode:?}: {at} was heard at {place}");
        }
    }
}

#[test]
fn drum_gives_the_same_strokes_for_every_block_size() {
    let input = track(44_100.0, &groove(), 3.2);
    for mode in [Mode::Live, Mode::Tight, Mode::Exact] {
        let whole = hear(44_100.0, settings(mode), &input, &[4096]);
        assert!(accepted(&whole).len() >= 10);
        for blocks in [&[1][..], &[64], &[7, 1, 300, 64, 4096, 2], &[11]] {
            let cut = hear(44_100.0, settings(mode), &input, blocks);
            assert!(cut == whole, "{mode:?} {blocks:?}");
        }
    }
}

#[test]
fn drum_notes_fall_into_the_block_that_they_belong_to() {
    let input = track(48_000.0, &groove(), 3.2);
    for mode in [Mode::Live, Mode::Exact] {
        let mut detector = Detector::new(48_000.0, settings(mode));
        for (n, block) in input.chunks(50).enumerate() {
            let frames = n as u64 * 50..n as u64 * 50 + block.len() as u64;
            detector.process(block, None, None, |h| assert!(frames.contains(&h.at), "{h:?} {frames:?}"));
        }
    }
}

#[test]
fn drum_strokes_agree_between_sample_rates() {
    // What is decided late is decided at a hop, and that is a quarter of a millisecond.
    for (mode, apart) in [(Mode::Tight, 2.5e-4), (Mode::Exact, 1e-4)] {
        let places = |rate: f64| -> Vec<f64> {
            let input = track(rate, &groove(), 3.2);
            let heard = accepted(&hear(rate, settings(mode), &input, &[256]));
            heard.iter().map(|h| h.at as f64 / rate).collect()
        };
        let (a, b, c) = (places(44_100.0), places(48_000.0), places(96_000.0));
        assert!(a.len() == b.len() && b.len() == c.len() && a.len() == 12, "{mode:?}");
        for i in 0..a.len() {
            assert!(
                (a[i] - b[i]).abs() < apart && (b[i] - c[i]).abs() < apart,
                "{mode:?} {i}: {} {} {}",
                a[i],
                b[i],
                c[i]
            );
        }
    }
}

#[test]
fn drum_velocity_follows_the_peak() {
    let strokes: Vec<(f64, f32)> =
        (0..10).map(|n| (0.2 + 0.25 * f64::from(n), 0.5 * 0.8f32.powi(n))).collect();
    let input = track(48_000.0, &strokes, 3.0);
    let velocities: Vec<f32> =
        accepted(&hear(48_000.0, settings(Mode::Exact), &input, &[512])).iter().map(|h| h.velocity).collect();
    assert_eq!(velocities.len(), 10);
    assert!(velocities.windows(2).all(|v| v[1] < v[0]), "{velocities:?}");
    let fixed = Settings { fixed: Some(99.0), ..settings(Mode::Exact) };
    assert!(accepted(&hear(48_000.0, fixed, &input, &[512])).iter().all(|h| h.velocity == 99.0));
    let narrow = Settings { least: 40.0, greatest: 80.0, ..settings(Mode::Exact) };
    assert!(
        accepted(&hear(48_000.0, narrow, &input, &[512])).iter().all(|h| (40.0..=80.0).contains(&h.velocity))
    );
    let at = |curve: f32| {
        accepted(&hear(48_000.0, Settings { curve, ..settings(Mode::Exact) }, &input, &[512]))[4].velocity
    };
    assert!(at(-1.0) < at(-0.5) && at(-0.5) < at(0.0) && at(0.0) < at(0.5) && at(0.5) < at(1.0));
}

#[test]
fn drum_threshold_and_sensitivity_keep_soft_strokes_out() {
    let input = track(48_000.0, &groove(), 3.2);
    let count = |s: Settings| accepted(&hear(48_000.0, s, &input, &[512])).len();
    let usual = settings(Mode::Exact);
    assert_eq!(count(usual), 12);
    let loud = Settings { threshold: -9.0, ..usual };
    assert_eq!(count(loud), 6);
    assert!(hear(48_000.0, loud, &input, &[512]).iter().any(|h| h.fate == Fate::BelowThreshold));
    assert!(count(Settings { sensitivity: 0.0, ..usual }) <= count(usual));
    assert_eq!(count(Settings { gain: -6.0, threshold: -15.0, ..usual }), 6);
}

#[test]
fn drum_hold_masks_what_comes_too_soon() {
    let strokes = [(0.2, 0.5), (0.28, 0.5), (0.8, 0.5), (0.88, 0.5)];
    let input = track(48_000.0, &strokes, 1.4);
    for mode in [Mode::Live, Mode::Exact] {
        assert_eq!(accepted(&hear(48_000.0, settings(mode), &input, &[512])).len(), 4, "{mode:?}");
        let held = hear(48_000.0, Settings { hold: 0.12, ..settings(mode) }, &input, &[512]);
        assert_eq!(accepted(&held).len(), 2, "{mode:?}");
        assert_eq!(held.iter().filter(|h| h.fate == Fate::Masked).count(), 2, "{mode:?}");
    }
}

#[test]
fn drum_learns_eight_strokes() {
    let strokes: Vec<(f64, f32)> = (0..9).map(|n| (0.2 + 0.3 * f64::from(n), 0.25)).collect();
    let input = track(48_000.0, &strokes, 3.2);
    let mut detector = Detector::new(48_000.0, settings(Mode::Live));
    detector.learn();
    assert_eq!(detector.learning(), Some(0));
    let mut last = 0.0;
    for block in input.chunks(512) {
        detector.process(block, None, None, |h| last = h.velocity);
    }
    assert_eq!(detector.learning(), None);
    assert_eq!(detector.profile().learned, 1.0);
    // The drum's loudest strokes are full ones now, though they are 6 dB below what the preset expects.
    assert!(last > 100.0, "{last}");
    detector.forget();
    assert_eq!(detector.profile().learned, 0.0);
}

#[test]
fn drum_refuses_what_the_reference_explains() {
    let rate = 48_000.0;
    let own = track(rate, &[(0.4, 0.5), (1.4, 0.5), (2.4, 0.5)], 3.2);
    let mut other = vec![0.0; own.len()];
    for n in 0..6 {
        strike(&mut other, rate, 0.15 + 0.5 * f64::from(n), 0.6, 320.0);
    }
    let mixed: Vec<f32> = own.iter().zip(&other).map(|(a, b)| a + 0.2 * b).collect();
    let count = |reference: Option<&[f32]>| {
        let mut detector = Detector::new(rate, settings(Mode::Exact));
        let mut heard = Vec::new();
        detector.process(&mixed, reference, None, |h| heard.push(h));
        let spill = heard.iter().filter(|h| h.fate == Fate::Bleed(Reason::Reference)).count();
        (accepted(&heard).len(), spill)
    };
    let (without, none) = count(None);
    let (with, spill) = count(Some(&other));
    assert_eq!((none, with), (0, 3));
    assert!(without > 3 && spill >= 3, "{without} {spill}");
}

#[test]
fn drum_takes_any_input() {
    let rate = 48_000.0;
    let n = 48_000;
    let mut seed = 1u32;
    let mut noise = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) as f32 / (1u32 << 23) as f32 - 1.0
    };
    let silence = vec![0.0; n];
    let constant = vec![0.7; n];
    let nan: Vec<f32> = (0..n).map(|i| [f32::NAN, f32::INFINITY, 1e30, -1e-40][i % 4]).collect();
    let clipped: Vec<f32> = track(rate, &groove(), 1.0).iter().map(|x| (x * 20.0).clamp(-1.0, 1.0)).collect();
    let storm: Vec<(f64, f32)> = (0..100).map(|k| (0.01 * f64::from(k), 0.5)).collect();
    let storm = track(rate, &storm, 1.0);
    let hiss: Vec<f32> = (0..n).map(|_| 0.01 * noise()).collect();
    for mode in [Mode::Live, Mode::Tight, Mode::Exact] {
        let count = |input: &[f32]| accepted(&hear(rate, settings(mode), input, &[333])).len();
        assert_eq!(count(&silence), 0);
        assert!(count(&constant) <= 1, "{mode:?}");
        assert_eq!(count(&hiss), 0, "{mode:?}");
        count(&nan);
        assert!(count(&clipped) >= 3, "{mode:?}");
        assert!(count(&storm) <= 100);
        // What came before leaves nothing behind.
        let mut mended = nan.clone();
        mended.extend(track(rate, &[(0.5, 0.5)], 1.0));
        let after = accepted(&hear(rate, settings(mode), &mended, &[333]));
        assert!(after.iter().any(|h| (h.at as i64 - 72_000).abs() < 800), "{mode:?}");
    }
}

#[test]
fn drum_listens_through_its_filters() {
    let rate = 48_000.0;
    let low: Vec<f32> =
        (0..9600).map(|n| (n as f32 * 60.0 * std::f32::consts::TAU / 48_000.0).sin()).collect();
    let settings = Settings { high_pass: Some(600.0), low_pass: Some(5000.0), ..settings(Mode::Live) };
    let mut detector = Detector::new(rate, settings);
    let mut listen = vec![0.0; low.len()];
    detector.process(&low, None, Some(&mut listen), |_| {});
    let loudest = listen[4800..].iter().fold(0.0f32, |m, x| m.max(x.abs()));
    assert!(loudest < 0.02 && loudest > 0.001, "{loudest}");
}

#[test]
fn drum_align_moves_notes_and_only_earlier_ones_cost_latency() {
    let input = track(48_000.0, &[(0.3, 0.5)], 1.0);
    let at = |align: f64| {
        let s = Settings { align, ..settings(Mode::Exact) };
        (accepted(&hear(48_000.0, s, &input, &[512]))[0].at, Detector::new(48_000.0, s).latency())
    };
    let (usual, late, early) = (at(0.0), at(0.01), at(-0.01));
    assert_eq!((usual.1, late.1, early.1), (480, 480, 960));
    assert_eq!((late.0 - usual.0, early.0), (480, usual.0));
}

#[test]
fn drum_settings_stay_inside_their_ranges() {
    let wild = Settings { gain: f32::NAN, threshold: 90.0, hold: -1.0, least: 200.0, ..Settings::default() };
    let s = wild.within();
    assert_eq!((s.gain, s.threshold, s.hold, s.least, s.greatest), (0.0, 0.0, 0.005, 127.0, 127.0));
    assert_eq!(Mode::Exact.ahead(), 0.010);
}

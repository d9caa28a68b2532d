//! Quality tiers: what is heard live is what a bounce of the same tier writes, bit by bit; what they cost in aliasing, and what they keep.

use std::sync::Mutex;

use seiche::bounce::Tail;
use seiche::compile::{self, Request};
use seiche::engine::{Event, Gear, Geared, Io, Offline};
use seiche::library::samples::Store;
use seiche::quality::Quality;

use super::support::{RATE, library, note, release, rms};
use super::{JOINED, Wish, difference, playing, song};

fn wish(text: &str, frames: u64, quality: Quality) -> Wish<'_> {
    let mut wish = Wish::new(text, frames);
    wish.export.gear = Gear::new(quality, RATE);
    wish
}

/// The mix as a host hears it in blocks of these sizes, without the latency that it compensates.
fn live(wish: &Wish, blocks: &[usize], offline: Option<usize>) -> [Vec<f32>; 2] {
    let gear = wish.export.gear;
    let library = library(wish.text);
    let store = Mutex::new(Store::default());
    let request = Request {
        library: &library,
        sound: "x",
        overrides: &[],
        rate: gear.engine_rate(),
        quality: gear.quality,
        seed: 7,
        store: &store,
    };
    let program = compile::compile(&request).unwrap_or_else(|_| panic!("{}", wish.text)).program;
    let late = gear.latency(program.latency) as usize;
    let most = blocks.iter().max().copied().unwrap_or(0);
    // Blocks of more than there is room for come in parts.
    let (mut geared, mut remote) = Geared::new(gear, most.min(2_048));
    let pool = offline.map(|threads| Offline::new(threads, most * gear.factor, 0));
    geared.engine().render_offline(pool);
    assert!(remote.send(program).is_ok());
    let frames = wish.export.length.to as usize + late;
    let mut main = [vec![0.0; frames], vec![0.0; frames]];
    let (mut from, mut next) = (0, 0);
    for block in blocks.iter().cycle() {
        let to = frames.min(from + block);
        let events = &wish.export.events;
        let here = events[next..].iter().take_while(|event| (event.at as usize) < to).count();
        let now: Vec<Event> = events[next..next + here]
            .iter()
            .map(|event| Event { at: event.at - from as u32, ..*event })
            .collect();
        next += here;
        let [left, right] = &mut main;
        let io = Io {
            sidechain: None,
            main: [&mut left[from..to], &mut right[from..to]],
            aux: &mut [],
            stems: &mut [],
        };
        let transport = wish.export.transport.map(|t| t.after(from as u64, RATE));
        geared.process(io, &now, transport.as_ref());
        remote.collect();
        from = to;
        if from == frames {
            break;
        }
    }
    assert!(offline.is_none() || geared.engine().taken_apart() > 0, "blocks are taken apart");
    main.map(|side| side[late..].to_vec())
}

#[test]
fn quality_of_one_tier_is_the_same_bits_live_offline_and_in_a_bounce() {
    for quality in [Quality::Draft, Quality::High] {
        for seed in [41, 42, 44] {
            let text = song::generate(seed);
            let mut wish = wish(&text, 6_000, quality);
            if seed % 2 == 0 {
                wish.export.transport = playing(97.0);
            }
            let bounced = wish.bounce().expect("bounced").audio.swap_remove(0);
            assert_eq!(bounced[0].len(), 6_000, "{text}");
            assert!(rms(&bounced[0]) > 1e-6, "something is heard\n{text}");
            for block in [1, 17, 64, 441, 512, 4_096] {
                let odd = difference(&[live(&wish, &[block], None)], std::slice::from_ref(&bounced));
                assert_eq!(odd, None, "{quality:?}, song {seed}, live, {block}\n{text}");
            }
            let odd = difference(&[live(&wish, &[2_048], Some(2))], &[bounced]);
            assert_eq!(odd, None, "{quality:?}, song {seed}, offline\n{text}");
        }
    }
}

#[test]
fn quality_keeps_notes_loops_and_what_is_late_in_their_places() {
    let (text, events) = song::played(2);
    let mut played = wish(&text, 12_000, Quality::High);
    played.export.events = events;
    let joined = wish(JOINED, 12_000, Quality::High);
    for wish in [played, joined] {
        let bounced = wish.bounce().expect("bounced").audio.swap_remove(0);
        for blocks in [&[64][..], &[441, 100, 3_000]] {
            let odd = difference(&[live(&wish, blocks, None)], std::slice::from_ref(&bounced));
            assert_eq!(odd, None, "{blocks:?}");
        }
    }
    // A click is where it is in any tier.
    const CLICK: &str =
        "seiche: 1\nx: {midi_in: {signal: {osc: {type: sin, freq: 1500, amp: [1, 0], duration: 0.01}}}}\n";
    let onset = |quality| {
        let mut wish = wish(CLICK, 4_000, quality);
        wish.export.events = vec![note(1_000, 60, 1.0), release(2_000, 60)];
        let [left, _] = wish.bounce().expect("bounced").audio.swap_remove(0);
        let most = left.iter().fold(0.0f32, |most, x| most.max(x.abs()));
        left.iter().position(|x| x.abs() > 0.5 * most).expect("a click") as i64
    };
    assert!((onset(Quality::High) - onset(Quality::Normal)).abs() <= 1);
    assert_eq!(onset(Quality::Draft), onset(Quality::Normal));
}

/// The level in decibels of what is not a harmonic of `hertz`, against all of it: least squares takes the harmonics away.
fn aliased(text: &str, hertz: f64, quality: Quality) -> f64 {
    const FRAMES: usize = 9_600;
    let [left, _] =
        wish(text, FRAMES as u64 + 4_800, quality).bounce().expect("bounced").audio.swap_remove(0);
    let mut rest: Vec<f64> = left[4_800..].iter().map(|x| f64::from(*x)).collect();
    let whole: f64 = rest.iter().map(|x| x * x).sum();
    // Whole periods in the window: harmonics are orthogonal.
    assert!((FRAMES as f64 * hertz / RATE).fract().abs() < 1e-9);
    for harmonic in 0..=(RATE / 2.0 / hertz) as usize {
        let wave = |phase: f64| {
            move |n: usize| (harmonic as f64 * hertz * n as f64 / RATE * std::f64::consts::TAU + phase).cos()
        };
        for phase in [0.0, -std::f64::consts::FRAC_PI_2] {
            let wave = wave(phase);
            let norm: f64 = (0..FRAMES).map(|n| wave(n) * wave(n)).sum();
            if norm > 1.0 {
                let share = rest.iter().enumerate().map(|(n, x)| x * wave(n)).sum::<f64>() / norm;
                rest.iter_mut().enumerate().for_each(|(n, x)| *x -= share * wave(n));
            }
        }
    }
    // Only what is heard counts: half-band filters let a little pass around the limit.
    10.0 * (rest.iter().map(|x| x * x).sum::<f64>() / whole).max(1e-20).log10()
}

#[test]
fn quality_high_takes_the_aliasing_of_distortion_and_fm_away() {
    // 1,235 Hz: no alias falls on a harmonic.
    let drive = "seiche: 1\nx: {expression: {exp: tanh(12 * a), a: {osc: {freq: 1235}}}}\n";
    let bell = "seiche: 1\nx: {osc: {freq: 1235, phase: {osc: {freq: 2470, amp: 6}}}}\n";
    for (text, least) in [(drive, 15.0), (bell, 15.0)] {
        let [normal, high] = [Quality::Normal, Quality::High].map(|quality| aliased(text, 1_235.0, quality));
        assert!(high < normal - least, "{normal:.1} dB, then {high:.1} dB\n{text}");
    }
    // The sums of harmonics that a draft does without.
    let saw = "seiche: 1\nx: {osc: {type: saw, freq: 5015}}\n";
    let [draft, normal] = [Quality::Draft, Quality::Normal].map(|quality| aliased(saw, 5_015.0, quality));
    assert!(normal < -60.0 && draft > normal + 20.0 && draft < -20.0, "{draft:.1} dB, then {normal:.1} dB");
}

#[test]
fn quality_does_not_change_how_loud_noise_and_tones_are() {
    let sounds = [
        "seiche: 1\nx: {osc: {type: noise, amp: 0.2}}\n",
        "seiche: 1\nx: {filter: {cutoff: 3000, signal: {osc: {type: noise, amp: 0.2}}}}\n",
        "seiche: 1\nx: {filter: {cutoff: 900, peak: 0.6, signal: {osc: {type: saw, freq: 110, amp: 0.3}}}}\n",
        "seiche: 1\nx: {reverb: {signal: {osc: {type: sqr, freq: 220, amp: [0.5, 0], duration: 0.1}}}}\n",
    ];
    for text in sounds {
        let level = |quality| {
            let [left, _] = wish(text, 96_000, quality).bounce().expect("bounced").audio.swap_remove(0);
            20.0 * rms(&left).log10()
        };
        let normal = level(Quality::Normal);
        for quality in [Quality::Draft, Quality::High] {
            let other = level(quality);
            assert!(
                (other - normal).abs() < 0.6,
                "{quality:?}: {other:.2} dB instead of {normal:.2}\n{text}"
            );
        }
    }
}

#[test]
fn quality_makes_no_file_longer_and_keeps_tails_and_loops() {
    let text = "seiche: 1\nx: {reverb: {decay: 0.3, signal: {sequencer: {interval: 0.25, steps: [{osc: {freq: 880, amp: [0.5, 0], duration: 0.1}}, null]}}}}\n";
    for tail in [Tail::None, Tail::Fixed(3_001), Tail::Silence(96_000), Tail::Wrapped] {
        let length = |quality| {
            let mut wish = wish(text, 24_001, quality);
            wish.export.transport = playing(120.0);
            wish.export.length.tail = tail;
            let done = wish.bounce().expect("bounced");
            assert_eq!(done.report.quality, quality.name());
            assert_eq!(done.report.rate, RATE);
            done.audio[0][0].len() as i64
        };
        let (normal, high) = (length(Quality::Normal), length(Quality::High));
        let near = if matches!(tail, Tail::Silence(_)) { 200 } else { 0 };
        assert!((normal - high).abs() <= near, "{tail:?}: {normal} and {high}");
    }
}

//! How loud a song is going to be: foretold, and then rendered.

use seiche::bounce::{Level, Tail};

use super::{Wish, peak, song, support};

/// Foretells a song, renders it, and returns how many decibels too high that was, and how far the bound is above the truth.
fn compare(seed: u64) -> (f64, Option<f64>, String) {
    let (text, events) = song::played(seed);
    let mut wish = Wish::new(&text, 48_000 * 3);
    wish.export.events = events;
    let forecast = wish.forecast();
    let truth = 20.0 * f64::from(peak(&wish.bounce().expect("bounced").audio[0])).log10();
    let expected = forecast.mix.expected.expect("it is heard");
    (expected - truth, forecast.mix.bound.map(|bound| bound - truth), format!("{forecast:?}\n{text}"))
}

fn corpus(seeds: std::ops::Range<u64>, good: usize) {
    let mut near = 0;
    let (mut bounds, mut odd) = (0, vec![]);
    let count = seeds.end - seeds.start;
    for seed in seeds {
        let (over, bound, told) = compare(seed);
        near += usize::from(over.abs() <= 3.0);
        if over.abs() > 3.0 {
            odd.push((seed, over));
        }
        bounds += usize::from(bound.is_some());
        assert!(bound.is_none_or(|above| above >= -1e-3), "song {seed}: {bound:?} below the truth\n{told}");
    }
    eprintln!("{near} of {count} songs within 3 dB, {bounds} with a bound; others {odd:?}");
    assert!(near >= good, "{near} of {count}: {odd:?}");
    assert!(bounds >= count as usize / 5, "a bound for linear chains: {bounds}");
}

#[test]
fn forecast_is_near_and_its_bound_never_below_the_truth() {
    corpus(0..15, 13);
}

#[test]
#[ignore = "takes minutes"]
fn forecast_of_a_hundred_songs_is_near() {
    corpus(0..100, 90);
}

#[test]
fn forecast_leaves_headroom_with_one_gain() {
    let text = "
seiche: 1
x:
  mixer:
    tracks:
      a: {midi_in: {signal: {envelope: {gate: gate, release: 0.01, signal: {osc: {freq: freq, amp: 0.9 * velocity}}}}}}
      b: {signal: {midi_in: {channel: 1, signal: {envelope: {gate: gate, release: 0.01, signal: {osc: {freq: freq, amp: 0.9 * velocity}}}}}}, gain: -6 dB}
";
    let mut wish = Wish::new(text, 48_000);
    let note = |at, channel, key, velocity| {
        let mut event = support::note(at, key, velocity);
        if let seiche::engine::What::NoteOn { channel: of, .. } = &mut event.what {
            *of = channel;
        }
        event
    };
    wish.export.events =
        vec![note(0, 0, 57, 1.0), note(0, 0, 64, 1.0), note(0, 0, 69, 0.5), note(100, 1, 81, 1.0)];
    let forecast = wish.forecast();
    assert_eq!((forecast.overlap, forecast.weak.as_slice()), (4, &[][..]));
    let (a, b) = (&forecast.strips[0].1, &forecast.strips[1].1);
    let bound = |guess: &seiche::bounce::Guess| 10f64.powf(guess.bound.expect("linear") / 20.0);
    assert!((bound(a) - 2.25).abs() < 0.03 && (bound(b) - 0.451).abs() < 0.01, "{forecast:?}");
    assert!((bound(&forecast.mix) - 2.7).abs() < 0.05, "{forecast:?}");
    let gain = forecast.gain(0.0);
    assert!(gain < -3.0, "{gain}");
    let plain = wish.bounce().expect("bounced").audio;
    wish.export.level = Level { headroom: Some(0.0), foretold: Some(gain), ..Level::default() };
    let bounced = wish.bounce().expect("bounced");
    assert!(bounced.report.gain <= gain && peak(&bounced.audio[0]) <= 1.0, "never above full scale");
    // Too much was foretold, and that stays: the gain was decided beforehand. Too little is mended exactly.
    wish.export.level.foretold = Some(-40.0);
    assert_eq!(wish.bounce().expect("bounced").report.gain, -40.0);
    wish.export.level.foretold = Some(0.0);
    let mended = wish.bounce().expect("bounced");
    assert!((peak(&mended.audio[0]) - 1.0).abs() < 1e-6, "{}", peak(&mended.audio[0]));
    let ratio = |audio: &[[Vec<f32>; 2]]| f64::from(peak(&audio[1])) / f64::from(peak(&audio[2]));
    assert!((ratio(&mended.audio) / ratio(&plain) - 1.0).abs() < 1e-6, "the balance stays");
    wish.export.length.tail = Tail::Silence(48_000);
    assert_eq!(wish.forecast().mix, forecast.mix);
}

#[test]
fn forecast_counts_the_notes_of_patterns() {
    let text = "
seiche: 1
tone: {midi_in: {voices: 8, signal: {envelope: {gate: gate, release: 0.01, signal: {osc: {freq: freq, amp: 0.1 * velocity}}}}}}
low: {pattern: {instrument: tone, length: 1 bar, notes: C2v1 . . .}}
high: {pattern: {instrument: tone, length: 1 bar, notes: '[C2v1 G2v1 D3v1 A3v1 E4v1 B4v1] . . .'}}
x: {song: {tempo: 120, signal: {clips: {clips: [[low, 0, 32], [high, 32, 8]]}}}}
";
    let mut wish = Wish::new(text, 20 * 48_000);
    wish.export.transport = super::playing(120.0);
    let forecast = wish.forecast();
    let truth = 20.0 * f64::from(peak(&wish.bounce().expect("bounced").audio[0])).log10();
    assert!(truth > -9.0, "the chord behind the first twelve seconds is the loudest: {truth}");
    let expected = forecast.mix.expected.expect("it is heard");
    assert!((expected - truth).abs() <= 3.0, "{expected} and {truth}\n{forecast:?}");
    assert_eq!((forecast.overlap, forecast.mix.bound), (6, None));
    assert!((forecast.density - (8.0 + 12.0) / 20.0).abs() < 0.2, "{forecast:?}");
}

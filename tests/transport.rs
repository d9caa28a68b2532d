//! The host's transport: what belongs to the song is a function of its position. Loops repeat to the bit, jumps land where playing on would
//! have come, tempo ramps and changes of metre move nothing twice and leave nothing out.

mod support;

use seiche::engine::{Engine, Io, Transport};
use support::*;

const SOUNDS: &str = "
seiche: 1
click: {osc: {type: sqr, freq: 100, amp: 1, duration: 0.001}}
blip: {osc: {type: saw, freq: 200 + 800 * rand(), amp: 0.2, release: 0.05, duration: 0.08}}
song:
  tempo:
    signal:
      mix:
        arp: {sequencer: {interval: sixteenth, swing: 0.3, steps: [blip, null, [blip, blip], blip, blip]}}
        hat: {spawn: {trigger: eighth_tick, signal: {osc: {type: noise, amp: 0.1, release: 0.02, duration: 0.03}}}}
        line: {osc: {type: noise, amp: {automation: {interval: eighth, mode: ramp, steps: [0.1, 0, 0.2, 0.05]}}}}
        drawn: {expression: {exp: 0.1 * rand()}}
values:
  tempo: {signal: {expression: {exp: s + 0.01 * bar_number + 0.001 * beat_number, s: {automation: {interval: sixteenth, steps: [1, 2, 3, 5, 8]}}}}}
ramp: {tempo: {signal: {automation: {interval: 3 * eighth, mode: ramp, steps: [0, 1, -1, 0.5]}}}}
ticks: {tempo: {signal: {expression: {exp: sixteenth_tick}}}}
steps: {tempo: {signal: {sequencer: {interval: sixteenth, steps: [click]}}}}
fixed: {sequencer: {interval: 0.125, steps: [click]}}
bars: {tempo: {signal: {expression: {exp: bar_tick * bar_number}}}}
every: {tempo: {signal: {expression: {exp: two_bar_tick}}}}
bar: {tempo: {signal: {expression: {exp: bar}}}}
";

fn engine(sound: &str) -> Engine {
    let (mut engine, mut remote) = Engine::new(RATE);
    assert!(remote.send(program(SOUNDS, sound, RATE, 7)).is_ok());
    engine.process(io(&mut [], &mut []), &[], None);
    engine
}

fn io<'a>(left: &'a mut [f32], right: &'a mut [f32]) -> Io<'a> {
    Io { sidechain: None, main: [left, right], aux: &mut [], stems: &mut [] }
}

/// Plays a block and adds its left side to what was heard.
fn block(engine: &mut Engine, frames: usize, at: &Transport, heard: &mut Vec<f32>) {
    let from = heard.len();
    heard.resize(from + frames, 0.0);
    let mut right = vec![0.0; frames];
    engine.process(io(&mut heard[from..], &mut right), &[], Some(at));
}

fn at(tempo: f64, beats: f64) -> Transport {
    Transport { playing: true, tempo, beats, frame: None, time_signature: (4, 4), bar: None }
}

fn plays(sound: &str, tempo: f64, from: f64, frames: usize, size: usize) -> Vec<f32> {
    let (mut engine, mut heard) = (engine(sound), Vec::with_capacity(frames));
    while heard.len() < frames {
        let beats = from + heard.len() as f64 * tempo / 60.0 / RATE;
        let n = size.min(frames - heard.len());
        block(&mut engine, n, &at(tempo, beats), &mut heard);
    }
    heard
}

fn onsets(signal: &[f32]) -> Vec<usize> {
    (0..signal.len()).filter(|n| signal[*n] > 0.5 && (*n == 0 || signal[n - 1] <= 0.5)).collect()
}

#[test]
fn transport_repeats_a_loop_a_hundred_times_to_the_bit() {
    // Two bars at 480 a minute: a second, which is a whole number of control periods.
    let (tempo, length) = (480.0, 48_000);
    for size in [512, 441] {
        let (mut engine, mut heard) = (engine("song"), Vec::with_capacity(101 * length));
        for pass in 0..100 {
            let mut done = 0;
            while done < length {
                let n = size.min(length - done);
                block(&mut engine, n, &at(tempo, 16.0 + done as f64 / 6_000.0), &mut heard);
                done += n;
            }
            // The first has nothing from before in its beginning.
            if pass >= 2 {
                let (last, second) = (&heard[pass * length..], &heard[length..2 * length]);
                let differ = (0..length).find(|n| last[*n].to_bits() != second[*n].to_bits());
                assert_eq!(differ, None, "pass {pass} in blocks of {size}");
            }
        }
        assert!(rms(&heard) > 0.01);
        let halves = [&heard[..length / 2], &heard[length / 2..length]];
        assert!(halves[0] != halves[1], "what is random repeats with the song, not within it");
    }
}

#[test]
fn transport_draws_the_same_at_the_same_place_and_others_elsewhere() {
    let one = plays("song", 480.0, 16.0, 24_000, 512);
    assert!(one == plays("song", 480.0, 16.0, 24_000, 512));
    // The same steps four bars later.
    assert!(one != plays("song", 480.0, 32.0, 24_000, 512));
}

#[test]
fn transport_lands_where_playing_on_would_have_come() {
    let tempo = 137.0;
    let mut random = Random(5);
    for (sound, tolerance) in [("values", 0.0), ("ramp", 1e-5)] {
        let whole = plays(sound, tempo, 0.0, 600_000, 480);
        let mut engine = engine(sound);
        for _ in 0..60 {
            let place = random.below(590_000) as usize;
            let mut heard = vec![];
            for part in 0..5 {
                let beats = (place + part * 500) as f64 * tempo / 60.0 / RATE;
                block(&mut engine, 500, &at(tempo, beats), &mut heard);
            }
            for (n, (got, wanted)) in heard.iter().zip(&whole[place..]).enumerate() {
                assert!(
                    (got - wanted).abs() <= tolerance,
                    "{sound}: {got} instead of {wanted}, {n} after {place}"
                );
            }
        }
    }
}

/// Frames at which sixteenths begin while the tempo goes evenly from one to another in so many seconds, and the host's position and tempo
/// at a frame.
struct Ramp {
    from: f64,
    /// Per second.
    slope: f64,
    seconds: f64,
}

impl Ramp {
    fn at(&self, frame: usize) -> Transport {
        let t = frame as f64 / RATE;
        at(self.from + self.slope * t, self.beats(t))
    }

    fn beats(&self, t: f64) -> f64 {
        (self.from * t + self.slope * t * t / 2.0) / 60.0
    }

    /// When the song is at a position, in frames.
    fn when(&self, beats: f64) -> f64 {
        let (a, b, c) = (self.slope / 2.0, self.from, -60.0 * beats);
        (-b + (b * b - 4.0 * a * c).sqrt()) / (2.0 * a) * RATE
    }
}

#[test]
fn transport_follows_a_ramp_of_the_tempo_without_doubles_or_gaps() {
    for ramp in [
        Ramp { from: 60.0, slope: 45.0, seconds: 3.9 },
        Ramp { from: 240.0, slope: -45.0, seconds: 3.9 },
        Ramp { from: 120.0, slope: 2.5, seconds: 7.9 },
    ] {
        let frames = (ramp.seconds * RATE) as usize;
        let sixteenths = (ramp.beats(ramp.seconds) * 4.0).ceil() as usize;
        let exact: Vec<f64> = (0..sixteenths).map(|n| ramp.when(n as f64 / 4.0)).collect();
        for sound in ["ticks", "steps"] {
            for size in [64, 512, 4096] {
                let (mut engine, mut heard) = (engine(sound), vec![]);
                while heard.len() < frames {
                    let here = heard.len();
                    block(&mut engine, size, &ramp.at(here), &mut heard);
                }
                let found = onsets(&heard[..frames]);
                // Within a block the tempo stands still: so far that is off at its end. Half a frame is no matter.
                let seconds = size as f64 / RATE;
                let bound = 1.5 + 0.5 * ramp.slope.abs() * seconds * seconds / 60.0 * RATE;
                let off = found.iter().zip(&exact).map(|(f, e)| (*f as f64 - e).abs()).fold(0.0, f64::max);
                let what = format!("{sound}, from {}, in blocks of {size}", ramp.from);
                assert_eq!(found.len(), sixteenths, "{what}: {off}");
                assert!(off <= bound, "{what}: {off} frames off, {bound} allowed");
            }
        }
    }
}

#[test]
fn transport_begins_steps_at_their_frames_from_20_to_999_a_minute() {
    for tempo in [20.0, 61.7, 120.0, 333.3, 999.0] {
        let frames = (20.0 * 60.0 / tempo * RATE) as usize;
        for size in [17, 512] {
            let found = onsets(&plays("steps", tempo, 0.0, frames, size));
            let exact = |n: usize| n as f64 * 15.0 / tempo * RATE;
            assert_eq!(found.len(), 80, "{tempo}");
            let off = found
                .iter()
                .enumerate()
                .map(|(n, f)| *f as f64 - exact(n))
                .fold(0.0f64, |o, d| o.max(d.abs()));
            assert!(off < 1.0, "{tempo}: {off} frames");
        }
    }
}

#[test]
fn transport_keeps_steps_on_the_song_for_an_hour() {
    // The position 60 minutes into the song, reached by a jump: where the thousandth step of the sum lies must not matter.
    let beats = 60.0 * 133.0;
    let found = onsets(&plays("steps", 133.0, beats - 0.1, 48_000, 512));
    let exact = 0.1 * 60.0 / 133.0 * RATE;
    assert!((found[0] as f64 - exact).abs() <= 1.0, "{} instead of {exact}", found[0]);
}

#[test]
fn transport_knows_the_hosts_bars() {
    // Two bars of four, then bars of seven eighths, at 120: 4 + 4 quarters, then 3.5 each.
    let bar = |beats: f64| match beats {
        b if b < 8.0 => ((4, 4), ((b / 4.0).floor() * 4.0, (b / 4.0).floor() as i64)),
        b => ((7, 8), (8.0 + ((b - 8.0) / 3.5).floor() * 3.5, 2 + ((b - 8.0) / 3.5).floor() as i64)),
    };
    let starts = [0.0, 4.0, 8.0, 11.5, 15.0, 18.5];
    let host = |beats: f64| {
        let (time_signature, (start, number)) = bar(beats + 1e-9);
        Transport { time_signature, bar: Some((start, number)), ..at(120.0, beats) }
    };
    let play = |sound: &str, from: f64, to: f64| {
        let (mut engine, mut heard) = (engine(sound), vec![]);
        // Blocks of a hundredth of a quarter: the metre changes between blocks, as hosts do it.
        for n in 0..((to - from) * 100.0).round() as usize {
            block(&mut engine, 240, &host(from + n as f64 / 100.0), &mut heard);
        }
        heard
    };
    let heard = play("bars", 0.0, 20.0);
    let found: Vec<(usize, f32)> =
        heard.iter().enumerate().filter(|(_, x)| **x != 0.0).map(|(n, x)| (n, *x)).collect();
    let wanted: Vec<(usize, f32)> =
        starts.iter().enumerate().map(|(n, b)| ((b * 24_000.0) as usize, n as f32 + 1.0)).collect();
    assert_eq!(found, wanted);
    let pairs: Vec<usize> = onsets(&play("every", 0.0, 20.0)).iter().map(|n| n / 240).collect();
    assert_eq!(pairs, [0, 800, 1500], "every second bar");
    // A jump into the middle of a bar: the next one has its number.
    let heard = play("bars", 12.0, 20.0);
    assert_eq!(heard.iter().position(|x| *x != 0.0), Some(72_000));
    assert_eq!(heard[72_000], 5.0);
    assert_eq!(play("bar", 4.0, 4.1)[0], 2.0);
    assert_eq!(play("bar", 9.0, 9.1)[0], 1.75);
    // Hosts that number no bars: they count from the beginning of the song.
    let (mut engine, mut heard) = (engine("bars"), vec![]);
    for n in 0..1300 {
        let three = Transport {
            time_signature: (3, 4),
            bar: Some(((n / 300) as f64 * 3.0, 0)),
            ..at(120.0, n as f64 / 100.0)
        };
        block(&mut engine, 240, &three, &mut heard);
    }
    assert_eq!(heard[4 * 72_000], 5.0);
}

#[test]
fn transport_starts_at_its_frame_and_stands_still_when_stopped() {
    let mut engine = engine("steps");
    let stopped = Transport { playing: false, ..at(120.0, 0.9) };
    let mut heard = vec![];
    for _ in 0..10 {
        block(&mut engine, 333, &stopped, &mut heard);
    }
    assert_eq!(peak(&heard), 0.0);
    heard.clear();
    block(&mut engine, 6_000, &at(120.0, 0.9), &mut heard);
    // A tenth of a quarter to the next sixteenth.
    assert_eq!(onsets(&heard), [2_400]);
    // Before the song's beginning nothing belongs to it yet.
    heard.clear();
    block(&mut engine, 48_000, &at(120.0, -1.0), &mut heard);
    assert_eq!(onsets(&heard)[0], 24_000);
}

#[test]
fn transport_goes_on_by_itself_where_the_host_has_none() {
    let mut engine = engine("fixed");
    let (mut left, mut right) = (vec![0.0; 48_000], vec![0.0; 48_000]);
    engine.process(io(&mut left, &mut right), &[], None);
    assert_eq!(onsets(&left).len(), 8);
}

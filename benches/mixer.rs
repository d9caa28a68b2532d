//! What the mixer costs: 64 stereo tracks with gain, pan and width, beside a plain mixer by hand that works frame by frame, in the same
//! run. Every track plays the same, so that little but the mixer is measured. Run with `cargo xtask bench`.

mod clock;

use std::hint::black_box;
use std::sync::Mutex;

use clock::now;
use seiche::compile::{self, Program, Request};
use seiche::engine::{Engine, Io, METERED};
use seiche::language::{Library, render as show};
use seiche::library::samples::Store;
use seiche::quality::Quality;

const RATE: f64 = 48_000.0;
const BLOCK: usize = 64;
const TRACKS: usize = 64;
const BLOCKS: usize = 10 * RATE as usize / BLOCK;
const RUNS: usize = 7;

/// Stereo tracks that change with every frame, as cheaply as can be; with their strips, or with strips at rest.
fn library(strips: bool) -> Library {
    let tracks: String = (0..TRACKS)
        .map(|n| {
            // The first plays the input, the others what the first plays.
            let signal = if n == 0 { "{input: {}}" } else { "$t0" };
            let pan = n as f64 / 32.0 - 1.0;
            match strips {
                true => {
                    format!("      t{n}: {{signal: {signal}, gain: -{}, pan: {pan}, width: 0.9}}\n", n % 20)
                }
                false => format!("      t{n}: {signal}\n"),
            }
        })
        .collect();
    let text = format!("seiche: 1\nx:\n  mixer:\n    tracks:\n{tracks}");
    let specs: Vec<_> = seiche::nodes::ALL.iter().map(|d| &d.spec).collect();
    Library::read(vec![("mixer.yaml".into(), text.into_bytes())], &specs)
}

fn program(library: &Library) -> Box<Program> {
    let store = Mutex::new(Store::default());
    let request = Request {
        library,
        sound: "x",
        overrides: &[],
        rate: RATE,
        quality: Quality::Normal,
        seed: 0,
        store: &store,
    };
    match compile::compile(&request) {
        Ok(compiled) => compiled.program,
        Err(errors) => panic!("{}", show(&errors, library.files(), false)),
    }
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Seconds that the engine takes for ten seconds of the library, while somebody looks at its strips or not.
fn engine(library: &Library, input: &[f32], seen: bool) -> f64 {
    let (mut engine, mut remote) = Engine::new(RATE);
    assert!(remote.send(program(library)).is_ok());
    let mut out = [[0.0f32; BLOCK]; 2];
    let begin = now();
    for _ in 0..BLOCKS {
        if seen {
            remote.meters().nodes.look();
        }
        let [left, right] = &mut out;
        let io = Io { sidechain: Some([input, input]), main: [left, right], aux: &mut [], stems: &mut [] };
        engine.process(io, &[], None);
        black_box(&out);
    }
    now() - begin
}

/// A channel of a mixer by hand.
struct Channel {
    /// Where its gains go: to left from left and right, to right from left and right.
    aim: [f32; 4],
    gains: [f32; 4],
    mute: bool,
    peak: [f32; 2],
}

impl Channel {
    fn new(n: usize) -> Channel {
        let (gain, pan, width) = (10f32.powf(-((n % 20) as f32) / 20.0), n as f32 / 32.0 - 1.0, 0.9f32);
        let (left, right) = (gain * (1.0 - pan).min(1.0), gain * (1.0 + pan).min(1.0));
        let (own, other) = (0.5 * (1.0 + width), 0.5 * (1.0 - width));
        let aim = [left * own, left * other, right * other, right * own];
        Channel { aim, gains: aim, mute: false, peak: [0.0; 2] }
    }
}

/// As a plain mixer does it: frame by frame, every channel with gains that are smoothed.
fn by_hand(channels: &mut [Channel], inputs: &[[Vec<f32>; 2]]) -> f64 {
    let mut out = [[0.0f32; BLOCK]; 2];
    let begin = now();
    for _ in 0..BLOCKS {
        for frame in 0..BLOCK {
            let mut sum = [0.0f32; 2];
            for (channel, input) in channels.iter_mut().zip(inputs).filter(|(channel, _)| !channel.mute) {
                for (gain, aim) in channel.gains.iter_mut().zip(channel.aim) {
                    *gain += 0.002 * (aim - *gain);
                }
                let (l, r) = (input[0][frame], input[1][frame]);
                let [ll, lr, rl, rr] = channel.gains;
                let (left, right) = (l * ll + r * lr, l * rl + r * rr);
                channel.peak = [channel.peak[0].max(left.abs()), channel.peak[1].max(right.abs())];
                sum = [sum[0] + left, sum[1] + right];
            }
            (out[0][frame], out[1][frame]) = (sum[0], sum[1]);
        }
        black_box(&out);
    }
    black_box(&channels);
    now() - begin
}

/// A channel as it is defined: what the user sets, smoothed, and the law of its pan at every frame.
struct Defined {
    aim: [f32; 3],
    now: [f32; 3],
    peak: [f32; 2],
}

/// The definition written down, one value after the other: gain, pan and width glide, and each frame is placed by equal power.
fn defined(channels: &mut [Defined], inputs: &[[Vec<f32>; 2]]) -> f64 {
    let mut out = [[0.0f32; BLOCK]; 2];
    let begin = now();
    for _ in 0..BLOCKS {
        for frame in 0..BLOCK {
            let mut sum = [0.0f32; 2];
            for (channel, input) in channels.iter_mut().zip(inputs) {
                for (now, aim) in channel.now.iter_mut().zip(channel.aim) {
                    *now += 0.002 * (aim - *now);
                }
                let [gain, pan, width] = channel.now;
                let (mid, side) = (input[0][frame] + input[1][frame], input[0][frame] - input[1][frame]);
                let (l, r) = (0.5 * (mid + width * side), 0.5 * (mid - width * side));
                let angle = (pan + 1.0) * std::f32::consts::FRAC_PI_4;
                let (left, right) = (l * gain * angle.cos(), r * gain * angle.sin());
                channel.peak = [channel.peak[0].max(left.abs()), channel.peak[1].max(right.abs())];
                sum = [sum[0] + left, sum[1] + right];
            }
            (out[0][frame], out[1][frame]) = (sum[0], sum[1]);
        }
        black_box(&out);
    }
    black_box(&channels);
    now() - begin
}

/// The least that can be done: gains that never move, whole blocks, whatever the compiler makes of it.
fn bare(channels: &[Channel], inputs: &[[Vec<f32>; 2]]) -> f64 {
    let mut out = [[0.0f32; BLOCK]; 2];
    let begin = now();
    for _ in 0..BLOCKS {
        out.iter_mut().for_each(|side| side.fill(0.0));
        for (channel, input) in channels.iter().zip(inputs) {
            let [ll, lr, rl, rr] = channel.gains;
            for frame in 0..BLOCK {
                let (l, r) = (input[0][frame], input[1][frame]);
                out[0][frame] += l * ll + r * lr;
                out[1][frame] += l * rl + r * rr;
            }
        }
        black_box(&out);
    }
    now() - begin
}

fn main() {
    let input: Vec<f32> = (0..BLOCK).map(|n| (n as f32 * 0.37).sin() * 0.1).collect();
    let inputs: Vec<[Vec<f32>; 2]> = (0..TRACKS).map(|_| [input.clone(), input.clone()]).collect();
    let loud: Vec<f32> = input.iter().map(|x| x * 9.5).collect();
    let mut channels: Vec<Channel> = (0..TRACKS).map(Channel::new).collect();
    let (strips, plain) = (library(true), library(false));
    let controls = |n: usize| [10f32.powf(-((n % 20) as f32) / 20.0), n as f32 / 32.0 - 1.0, 0.9];
    let defined_of = |n: usize| Defined { aim: controls(n), now: controls(n), peak: [0.0; 2] };
    let mut as_defined: Vec<Defined> = (0..TRACKS).map(defined_of).collect();
    let (mut with, mut rest, mut hand, mut least, mut plainly) = (vec![], vec![], vec![], vec![], vec![]);
    let (mut lamps, mut peaks) = (vec![], vec![]);
    for _ in 0..RUNS {
        with.push(engine(&strips, &input, false));
        rest.push(engine(&plain, &input, false));
        lamps.push(engine(&plain, &input, true));
        peaks.push(engine(&plain, &loud, true));
        plainly.push(defined(&mut as_defined, &inputs));
        hand.push(by_hand(&mut channels, &inputs));
        least.push(bare(&channels, &inputs));
    }
    let each = 1e9 / (TRACKS * BLOCK * BLOCKS) as f64;
    let times = [with, rest, hand, least, plainly, lamps, peaks];
    let [with, rest, hand, least, plainly, lamps, peaks] = times.map(|times| median(times) * each);
    println!("64 tracks, nanoseconds a track and stereo frame:");
    println!("  strips with gain, pan and width {with:.2}; strips at rest {rest:.2}; asked for at most 1.5");
    let metered = TRACKS as f64 / METERED as f64;
    println!(
        "  while somebody looks {lamps:.2} in all; true peaks of a strip near full scale {:.2} more: {:.2} % of a core for {METERED} of them",
        (peaks - lamps) * metered,
        (peaks - lamps) * TRACKS as f64 * RATE * 1e-7
    );
    println!(
        "  as it is defined, frame by frame, the law of the pan at each {plainly:.2}: {:.1} times as much (asked: 5)",
        plainly / with
    );
    println!(
        "  by hand, frame by frame, the law worked out before and only its gains smoothed {hand:.2}: {:.1} times",
        hand / with
    );
    println!(
        "  by hand, whole blocks, gains that never move, no meters {least:.2}: {:.1} times",
        least / with
    );
}

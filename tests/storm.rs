//! A storm of edits, good and broken, while notes are held: no gap, no click, no lost note, no memory lost. The short one runs with
//! every test, the long one where ignored tests are asked for. The allocation guard is armed.

#[path = "reload/host.rs"]
mod host;
#[path = "storm/score.rs"]
mod score;
mod support;

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Mutex, OnceLock};

use host::*;
use score::*;
use seiche::bounce::{Depth, write_wav};
use seiche::engine::{Event, Mpe, Performance, What};
use support::*;

/// Where the recordings are.
fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = std::env::temp_dir().join(format!("seiche-storm-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        for (name, hertz) in [("low", 100.0), ("lower", 70.0)] {
            let step = std::f64::consts::TAU * hertz / RATE;
            let wave: Vec<f32> = (0..48_000).map(|n| 0.04 * (step * f64::from(n)).sin() as f32).collect();
            write_wav(&folder.join(format!("{name}.wav")), &[&wave], 48_000, Depth::Float32).unwrap();
        }
        folder
    })
}

/// What a storm has left behind.
#[derive(Default)]
struct Weather {
    /// Of all that came out.
    hash: u64,
    frames: usize,
    taken: usize,
    refused: usize,
    /// Bytes that are allocated after 50 edits and at the end.
    memory: [[isize; 2]; 2],
    faults: Vec<String>,
}

/// The largest step and the peak of what a text plays by itself.
fn steady(text: &str, score: &Score) -> (f32, f32) {
    let mut host = Host::at(folder());
    assert!(host.offer(text, "s").is_ok(), "{text}");
    let held: Vec<_> = score.notes.iter().map(|key| note(0, *key, 1.0)).collect();
    host.play(40, &held);
    (largest_step(&host.main), peak(&host.main))
}

/// How much of a frequency there is at the end of a signal.
fn tone(signal: &[f32], key: u8) -> f64 {
    let window = &signal[signal.len() - WINDOW..];
    let step = std::f64::consts::TAU * 440.0 * 2f64.powf((f64::from(key) - 69.0) / 12.0) / RATE;
    let (mut sin, mut cos, mut weights) = (0.0, 0.0, 0.0);
    for (n, x) in window.iter().enumerate() {
        let hann = (std::f64::consts::PI * n as f64 / WINDOW as f64).sin().powi(2);
        weights += hann;
        sin += f64::from(*x) * hann * (step * n as f64).sin();
        cos += f64::from(*x) * hann * (step * n as f64).cos();
    }
    2.0 * sin.hypot(cos) / weights
}

const WINDOW: usize = 4096;

/// Steps above what both texts do by themselves, with a fade between them.
fn clicks(signal: &[f32], was: (f32, f32), is: (f32, f32)) -> Option<(usize, f32)> {
    // (A fade with equal power is at most 1.8 times as steep as a straight line of 10 ms.)
    let room = was.0 + is.0 + 1.8 * (was.1 + is.1) / (0.01 * RATE as f32);
    let step = |w: &[f32]| (w[1] - w[0]).abs();
    let worst = signal.windows(2).map(step).enumerate().max_by(|a, b| a.1.total_cmp(&b.1))?;
    (worst.1 > room).then_some(worst)
}

/// The channel of a key: an MPE keyboard plays.
fn channel(key: u8) -> u8 {
    1 + key % 15
}

/// A key goes down or comes up.
fn stroke((key, down): &(u8, bool)) -> Event {
    let (channel, key, note) = (channel(*key), *key, -1);
    let what = match down {
        true => What::NoteOn { channel, key, note, velocity: 1.0 },
        false => What::NoteOff { channel, key, note, velocity: 0.5 },
    };
    Event { at: 9, what }
}

/// What the hands do meanwhile: pressure and slides on the notes, bends on the channels that have none.
fn hands(number: usize, score: &Score) -> Vec<Event> {
    let mut random = Random(number as u64 + 1);
    let busy: Vec<u8> = score.notes.iter().map(|key| channel(*key)).collect();
    let mut events: Vec<Event> = (0..20)
        .map(|_| {
            let (at, value) = (random.below(2 * BLOCK as u64) as u32, random.below(1_001) as f32 / 1_000.0);
            let channel = random.below(16) as u8;
            let what = match random.below(3) {
                0 => What::Pressure { channel, value },
                1 => What::Controller { channel, number: 74, value },
                _ if channel == 0 || busy.contains(&channel) => What::Pressure { channel, value: 0.0 },
                _ => What::Bend { channel, value: 2.0 * value - 1.0 },
            };
            Event { at, what }
        })
        .collect();
    events.sort_by_key(|event| event.at);
    events
}

/// One test at a time: what others allocate would be counted as well.
static ALONE: Mutex<()> = Mutex::new(());

/// How much is allocated when everything has ended but the first text: as it goes on from what was there before, and begun anew.
fn memory(host: &mut Host, score: &Score) -> [isize; 2] {
    host.play(60, &score.notes.iter().map(|key| stroke(&(*key, false))).collect::<Vec<_>>());
    let mut allocated = |text: &str| {
        for _ in 0..2 {
            assert!(host.offer(text, "s").is_ok());
            host.play(60, &[]);
        }
        host.main = vec![];
        ALLOCATED.load(Ordering::Relaxed)
    };
    let went_on = allocated(&score.first);
    // Both recordings: the store keeps what it has read.
    allocated(
        "s: {mix: {a: {sample: {file: low.wav, loop: true}}, b: {sample: {file: lower.wav, loop: true}}}}",
    );
    let anew = allocated(&score.first);
    [went_on, anew]
}

/// Plays a score; broken texts only if `broken`.
fn storm(score: &Score, broken: bool) -> Weather {
    let mut weather = Weather { hash: 0xcbf2_9ce4_8422_2325, ..Weather::default() };
    let mut host = Host::at(folder());
    assert!(host.offer(&score.first, "s").is_ok());
    let zones = Performance { mpe: Mpe::On, ..Performance::default() };
    host.play(20, &[Event { at: 0, what: What::Perform(zones) }]);
    let mut level = steady(&score.first, score);
    let (mut held, mut last) = (vec![], host.main.last().copied());
    for (number, edit) in score.edits.iter().enumerate() {
        host.main.clear();
        let before = level;
        if edit.broken && broken {
            weather.refused += 1;
            assert!(host.offer(&edit.text, "s").is_err(), "edit {number} should be refused:\n{}", edit.text);
        } else if !edit.broken {
            weather.taken += 1;
            assert!(host.offer(&edit.text, "s").is_ok(), "edit {number} should be taken:\n{}", edit.text);
            level = steady(&edit.text, score);
        }
        let mut events: Vec<Event> = edit.keys.iter().map(stroke).collect();
        events.extend(hands(number, score));
        events.sort_by_key(|event| event.at);
        host.play(edit.blocks, &events);
        for (key, down) in &edit.keys {
            held.retain(|k| k != key);
            if *down {
                held.push(*key);
            }
        }
        let signal: Vec<f32> = last.into_iter().chain(host.main.iter().copied()).collect();
        last = signal.last().copied();
        let mut fault = |what: String| weather.faults.push(format!("edit {number} ({}): {what}", edit.what));
        if let Some((frame, step)) = clicks(&signal, before, level) {
            fault(format!("a step of {step} at frame {frame}"));
        }
        if let Some(gap) = host.main.chunks(BLOCK).position(|block| peak(block) < 0.01) {
            fault(format!("a gap in block {gap}"));
        }
        if host.main.len() >= 3 * WINDOW {
            for key in &score.notes {
                let loud = tone(&host.main, *key);
                match held.contains(key) {
                    true if loud < 0.02 => fault(format!("the held note {key} is lost: {loud}")),
                    false if loud > 0.01 => fault(format!("the released note {key} hangs: {loud}")),
                    _ => {}
                }
            }
        }
        weather.frames += host.main.len();
        for x in &host.main {
            weather.hash = (weather.hash ^ u64::from(x.to_bits())).wrapping_mul(0x0100_0000_01b3);
        }
        if number + 1 == 50 || number + 1 == score.edits.len() {
            drop(signal);
            weather.memory[usize::from(number + 1 != 50)] = memory(&mut host, score);
            level = steady(&score.first, score);
            last = None;
            held.clear();
        }
    }
    weather
}

#[test]
fn storm_finds_a_click_that_is_there() {
    let _alone = ALONE.lock();
    let score = Score::new(1, 0, 0);
    let mut host = Host::at(folder());
    assert!(host.offer(&score.first, "s").is_ok());
    host.play(40, &[]);
    let level = steady(&score.first, &score);
    assert_eq!(clicks(&host.main, level, level), None);
    let middle = host.main.len() / 2;
    host.main[middle..].iter_mut().for_each(|x| *x += 0.12);
    assert_eq!(clicks(&host.main, level, level).map(|(frame, _)| frame), Some(middle - 1));
}

#[test]
fn storm_of_edits_is_heard_without_gaps_clicks_and_lost_notes() {
    let _alone = ALONE.lock();
    let score = Score::new(20, 50, 60);
    let weather = storm(&score, true);
    assert!(weather.faults.is_empty(), "{:#?}", weather.faults);
    assert!(weather.taken > 25 && weather.refused > 5, "{} and {}", weather.taken, weather.refused);
    assert!(weather.frames as f64 / RATE > 50.0);
    assert_eq!(storm(&score, false).hash, weather.hash, "broken texts are heard");
}

#[test]
#[ignore = "ten minutes of audio"]
fn storm_of_a_thousand_edits() {
    let _alone = ALONE.lock();
    let score = Score::new(7, 1000, 600);
    let weather = storm(&score, true);
    let [early, late] = weather.memory.map(|bytes| bytes.map(|bytes| bytes as f64 / 1e6));
    println!(
        "{} edits taken, {} refused, {:.0} s of audio, {early:.2?} MB after 50 edits, {late:.2?} MB at the end",
        weather.taken,
        weather.refused,
        weather.frames as f64 / RATE,
    );
    let some = &weather.faults[..weather.faults.len().min(10)];
    assert!(some.is_empty(), "{} faults, such as {some:#?}", weather.faults.len());
    // What goes on may keep lines of other lengths for a while, but not more and more of them.
    assert!(late[0] < 2.0 * early[0] && late[1] < 1.02 * early[1], "{early:?} MB, then {late:?}");
}

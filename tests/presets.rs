//! The shipped libraries: every sound is heard, none too loud, and what comes out depends on nothing but text, notes and seed.

use std::path::Path;
use std::sync::Mutex;

use seiche::bounce::{self, Job, Rendering};
use seiche::compile::parts::{Cut, compile_parts};
use seiche::compile::{self, Request};
use seiche::engine::{Event, Transport, What};
use seiche::language::{Library, render as show};
use seiche::library::samples::Store;
use seiche::quality::Quality;

const RATE: f64 = 44_100.0;

fn presets() -> Library {
    let files = seiche::library::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("presets")).unwrap();
    let specs: Vec<_> = seiche::nodes::ALL.iter().map(|d| &d.spec).collect();
    Library::read(files, &specs)
}

/// How a sound is rendered.
#[derive(Clone, Copy)]
struct How<'a> {
    seconds: f64,
    blocks: &'a [usize],
    seed: u64,
    tempo: Option<f64>,
    /// Notes, one after the other; none: a few that suit the sound.
    keys: &'a [u8],
}

const PLAIN: How = How { seconds: 2.0, blocks: &[512], seed: 1, tempo: None, keys: &[] };

/// Renders a sound with a few notes; what is not played by notes does not mind them.
fn play(library: &Library, sound: &str, how: How) -> Rendering {
    let store = Mutex::new(Store::default());
    let request = Request {
        library,
        sound,
        overrides: &[],
        rate: RATE,
        quality: Quality::Normal,
        seed: how.seed,
        store: &store,
    };
    let compiled = compile::compile(&request)
        .unwrap_or_else(|e| panic!("{sound} does not compile:\n{}", show(&e, library.files(), false)));
    assert!(compiled.warnings.is_empty(), "{sound}: {}", show(&compiled.warnings, library.files(), false));
    let keys = match (how.keys, sound) {
        ([], "kit") => &[36, 42, 38, 46, 39, 45, 37, 49, 48][..],
        ([], _) => &[57, 60, 64, 69],
        (keys, _) => keys,
    };
    let mut events = vec![];
    for (i, key) in keys.iter().enumerate() {
        let at = (i as f64 * 0.17 * RATE) as u32 + 5;
        let (channel, key, note, velocity) = (0, *key, -1, 0.9);
        events.push(Event { at, what: What::NoteOn { channel, key, note, velocity } });
        events.push(Event { at: at + 13_333, what: What::NoteOff { channel, key, note, velocity } });
    }
    events.sort_by_key(|e| e.at);
    let transport = how.tempo.map(Transport::starting);
    let job = Job {
        frames: (how.seconds * RATE) as usize,
        events: &events,
        transport,
        blocks: how.blocks,
        ..Job::default()
    };
    let rendering = bounce::render(compiled.program, &job, &mut |_| true);
    assert_eq!(rendering.faults, 0, "{sound} fails while it plays");
    rendering
}

fn peak(r: &Rendering) -> f32 {
    r.main.iter().flatten().fold(0.0, |p, x| p.max(x.abs()))
}

fn rms(x: &[f32]) -> f64 {
    (x.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / x.len().max(1) as f64).sqrt()
}

fn bits(r: &Rendering) -> [Vec<u32>; 2] {
    r.main.each_ref().map(|side| side.iter().map(|x| x.to_bits()).collect())
}

/// Part of the energy of the beginning (0.75 s) that lies between two frequencies, by a plain Fourier sum over every 5th bin.
fn share(x: &[f32], low: f64, high: f64) -> f64 {
    let n = x.len().min(32_768);
    let (mut inside, mut all) = (0.0, 0.0);
    for bin in (1..n / 2).step_by(5) {
        let frequency = bin as f64 * RATE / n as f64;
        let step = std::f64::consts::TAU * bin as f64 / n as f64;
        // Goertzel's recurrence.
        let (mut a, mut b) = (0.0, 0.0);
        for sample in &x[..n] {
            (a, b) = (f64::from(*sample) + 2.0 * step.cos() * a - b, a);
        }
        let energy = a * a + b * b - 2.0 * step.cos() * a * b;
        all += energy;
        inside += if (low..high).contains(&frequency) { energy } else { 0.0 };
    }
    inside / all
}

/// Sounds that people choose, rather than parts of others.
const MAIN: &[&str] =
    &["kick", "snare", "hat", "clap", "crash", "kit", "poly", "bass", "pad", "lead", "song", "tide"];

#[test]
fn presets_have_no_findings() {
    let library = presets();
    let found = library.check();
    assert!(found.is_empty(), "{}", show(&found, library.files(), false));
    let names: Vec<&str> = library.sounds().map(|(n, _)| n).collect();
    let missing: Vec<_> = MAIN.iter().filter(|n| !names.contains(n)).collect();
    assert!(missing.is_empty(), "{missing:?} of {names:?}");
}

#[test]
fn presets_all_sound_and_none_clips() {
    let library = presets();
    let names: Vec<String> = library.sounds().map(|(n, _)| n.to_owned()).collect();
    for name in names {
        let r = play(&library, &name, PLAIN);
        let peak = peak(&r);
        assert!(peak.is_finite() && (0.1..=1.0).contains(&peak), "{name} peaks at {peak}");
        assert!(r.main.iter().flatten().all(|x| x.is_finite()), "{name}");
    }
}

#[test]
fn presets_drums_have_their_places_in_the_spectrum() {
    let library = presets();
    let short = How { seconds: 0.5, ..PLAIN };
    let of = |name, low, high| share(&play(&library, name, short).main[0], low, high);
    let (kick, hat, open) = (of("kick", 0.0, 120.0), of("hat", 5e3, 22e3), of("open_hat", 5e3, 22e3));
    assert!(kick > 0.7, "{kick} of the kick below 120 Hz");
    assert!(hat > 0.8 && open > 0.8, "{hat}, {open} of the hats above 5 kHz");
    let snare = of("snare", 150.0, 10e3);
    assert!(snare > 0.8, "{snare} of the snare from 150 Hz to 10 kHz");
}

#[test]
fn presets_kit_plays_the_drum_of_the_note() {
    let library = presets();
    let of = |key, low, high| {
        let r = play(&library, "kit", How { seconds: 0.4, keys: &[key], ..PLAIN });
        share(&r.main[0], low, high)
    };
    assert!(of(36, 0.0, 150.0) > 0.7, "kick");
    assert!(of(38, 150.0, 10e3) > 0.8, "snare");
    assert!(of(42, 5e3, 22e3) > 0.8 && of(46, 5e3, 22e3) > 0.8, "hats");
    assert!(of(45, 60.0, 200.0) > 0.7, "tom");
    assert!(peak(&play(&library, "kit", How { keys: &[60], ..PLAIN })) == 0.0, "no drum has note 60");
}

#[test]
fn presets_song_is_mixed_with_headroom_and_moves() {
    let library = presets();
    let r = play(&library, "song", How { seconds: 70.0, ..PLAIN });
    let seconds = r.main[0].len() as f64 / RATE;
    assert!((69.9..=70.1).contains(&seconds), "{seconds} s");
    let peak = 20.0 * peak(&r).log10();
    assert!((-6.0..=-0.5).contains(&peak), "peak {peak} dBFS");
    let mut meter = ebur128::EbuR128::new(2, RATE as u32, ebur128::Mode::I).unwrap();
    meter.add_frames_planar_f32(&[&r.main[0], &r.main[1]]).unwrap();
    let loudness = meter.loudness_global().unwrap();
    assert!((-20.0..=-10.0).contains(&loudness), "{loudness} LUFS");
    let part = |bar: usize, bars: usize| {
        let at = |bar: usize| (bar as f64 * 2.0 * RATE) as usize;
        rms(&r.main[0][at(bar)..at(bar + bars)])
    };
    assert!(rms(&r.main[0][..(0.5 * RATE) as usize]) > 0.01, "silent in its first beat");
    let (intro, groove, pause, drop) = (part(0, 4), part(8, 4), part(16, 3), part(20, 4));
    assert!(groove > 1.3 * intro && drop > 1.3 * pause, "{intro} {groove} {pause} {drop}");
    let tail = rms(&r.main[0][(69.5 * RATE) as usize..]);
    assert!(tail < 0.003, "still {tail} at its end");
}

#[test]
fn presets_tide_is_a_written_arrangement_that_plays_in_all_its_sections() {
    let library = presets();
    let store = Mutex::new(Store::default());
    let request = Request {
        library: &library,
        sound: "tide",
        overrides: &[],
        rate: RATE,
        quality: Quality::Normal,
        seed: 1,
        store: &store,
    };
    let parts = compile_parts(&request, Cut::default()).unwrap_or_else(|e| panic!("{e:?}"));
    let piece = parts.arrangement;
    let names = ["shore", "flood", "drift", "break", "again", "ebb"];
    let marks: Vec<(&str, u64)> = piece.markers(RATE, None).collect();
    assert!(marks.iter().map(|(name, _)| *name).eq(names));
    let length = piece.frames(RATE, None).expect("it ends");
    assert!((50.0..65.0).contains(&(length as f64 / RATE)), "{}", length as f64 / RATE);
    assert!(piece.tracks.iter().all(|(_, notes)| notes.len() > 5) && piece.tracks.len() >= 5);
    let r = play(&library, "tide", How { seconds: length as f64 / RATE, ..PLAIN });
    let peak = 20.0 * peak(&r).log10();
    assert!((-8.0..=-0.5).contains(&peak), "peak {peak} dBFS");
    let sections: Vec<u64> = marks.iter().map(|(_, at)| *at).chain([length]).collect();
    let level =
        |n: usize| rms(&r.main[0][sections[n] as usize..(sections[n + 1] as usize).min(r.main[0].len())]);
    let levels: Vec<f64> = (0..6).map(level).collect();
    assert!(levels.iter().all(|level| *level > 0.01), "{levels:?}");
    assert!(levels[1] > 1.2 * levels[0] && levels[4] > 1.1 * levels[5], "{levels:?}");
}

#[test]
fn presets_do_not_depend_on_the_block_size() {
    let library = presets();
    let mut state = 0x9e37_79b9_u32;
    let mut random = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 20) as usize + 1
    };
    let random: Vec<usize> = (0..200).map(|_| random()).collect();
    for name in MAIN {
        for tempo in [None, Some(97.3)] {
            let how = How { tempo, ..PLAIN };
            let wanted = bits(&play(&library, name, how));
            for blocks in [&[1][..], &[17], &[64], &[441], &[4096], &random] {
                let got = bits(&play(&library, name, How { blocks, ..how }));
                let first = (0..2).find_map(|c| got[c].iter().zip(&wanted[c]).position(|(a, b)| a != b));
                let same = got == wanted;
                assert!(same, "{name}, tempo {tempo:?}, blocks of {:?}: frame {first:?}", &blocks[..1]);
            }
        }
    }
}

#[test]
fn presets_are_the_same_again_and_differ_by_seed_where_there_is_noise() {
    let library = presets();
    for name in MAIN {
        let one = bits(&play(&library, name, PLAIN));
        assert!(one == bits(&play(&library, name, PLAIN)), "{name} differs from itself");
        // The first seconds of the arrangement are a pad.
        let noisy = !["poly", "bass", "pad", "lead", "tide"].contains(name);
        let other = bits(&play(&library, name, How { seed: 2, ..PLAIN }));
        assert_eq!(one != other, noisy, "{name} with another seed");
    }
}

#[test]
fn presets_song_follows_the_tempo_of_a_host() {
    let library = presets();
    // The hats of the first bars: an onset every sixteenth, at either tempo.
    for tempo in [90.0, 140.0] {
        let r = play(&library, "song", How { seconds: 4.0, tempo: Some(tempo), ..PLAIN });
        let still = play(&library, "song", How { seconds: 4.0, tempo: Some(120.0), ..PLAIN });
        assert!(bits(&r) != bits(&still));
        let beat = 60.0 / tempo * RATE;
        let at = |beats: f64| (beats * beat) as usize;
        // The pump is not on yet, but the arpeggio strikes on every sixteenth: more just after than just before.
        let (mut before, mut after) = (0.0, 0.0);
        for sixteenth in 1..16 {
            let edge = at(f64::from(sixteenth) * 0.25);
            let high = |range: std::ops::Range<usize>| {
                r.main[0][range].windows(2).map(|w| f64::from(w[1] - w[0]).powi(2)).sum::<f64>()
            };
            before += high(edge - 600..edge - 60);
            after += high(edge..edge + 540);
        }
        assert!(after > 1.5 * before, "no onsets at {tempo} bpm: {before} {after}");
    }
}

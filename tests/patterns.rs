//! Patterns, clips, songs and curves: what is written is heard at its frame, in a host and alone, for every block size, in a bounce as
//! live, and on through edits. Most sounds here put variables of their notes out as they are, so that they can be read off. The
//! allocation guard is armed.

#[path = "patterns/freeze.rs"]
mod freeze;
#[path = "reload/host.rs"]
mod host;
#[path = "patterns/recordings.rs"]
mod recordings;
#[path = "patterns/song.rs"]
mod song;
mod support;

use std::sync::Mutex;

use seiche::bounce::Job;
use seiche::compile::{self, Request};
use seiche::engine::{Engine, Io, Transport, What};
use seiche::language::render as show;
use seiche::library::samples::Store;
use seiche::quality::Quality;
use support::*;

/// Instruments: a click of one frame at every beginning; the velocity while the key is down; the pitch of the key.
const INSTRUMENTS: &str = "
seiche: 1
click: {midi_in: {voices: 64, signal: {expression: {exp: velocity * (t < 0.00001)}}}}
held: {midi_in: {voices: 64, signal: {expression: {exp: velocity * gate}}}}
pitch: {midi_in: {voices: 1, mode: mono, signal: {expression: {exp: freq * gate}}}}
";

fn text(sound: &str) -> String {
    format!("{INSTRUMENTS}{sound}")
}

/// The left side of a sound that plays alone.
fn hear(sound: &str, frames: usize) -> Vec<f32> {
    let r = render(&text(sound), "x", &Job { frames, ..Job::default() });
    assert_eq!(r.faults, 0);
    r.main[0].clone()
}

/// A pattern of clicks: where they are, and how strong.
fn clicks(pattern: &str, frames: usize) -> Vec<(usize, f32)> {
    strokes(&hear(&format!("x: {{pattern: {{instrument: click, {pattern}}}}}\n"), frames))
}

fn strokes(signal: &[f32]) -> Vec<(usize, f32)> {
    signal.iter().enumerate().filter(|(_, x)| **x > 1e-3).map(|(n, x)| (n, *x)).collect()
}

fn places(found: &[(usize, f32)]) -> Vec<usize> {
    found.iter().map(|(n, _)| *n).collect()
}

/// Frames of a beat at 120 a minute.
const BEAT: f64 = 24_000.0;

/// The frame at which a place in beats begins.
fn frame(beats: f64) -> usize {
    (beats * BEAT - 1e-6).ceil() as usize
}

fn errors(sound: &str) -> String {
    let library = library(&text(sound));
    let store = Mutex::new(Store::default());
    let request = Request {
        library: &library,
        sound: "x",
        overrides: &[],
        rate: RATE,
        quality: Quality::Normal,
        seed: 0,
        store: &store,
    };
    match compile::compile(&request) {
        Ok(_) => String::new(),
        Err(errors) => show(&errors, library.files(), false),
    }
}

fn io<'a>(left: &'a mut [f32], right: &'a mut [f32]) -> Io<'a> {
    Io { sidechain: None, main: [left, right], aux: &mut [], stems: &mut [] }
}

fn at(tempo: f64, beats: f64, playing: bool) -> Transport {
    Transport { playing, tempo, beats, frame: None, time_signature: (4, 4), bar: None }
}

/// What a host does: from which frame on it stands where.
struct Hosted {
    engine: Engine,
    heard: Vec<f32>,
}

impl Hosted {
    fn new(sound: &str) -> Hosted {
        let (mut engine, mut remote) = Engine::new(RATE);
        assert!(remote.send(program(&text(sound), "x", RATE, 0)).is_ok());
        engine.process(io(&mut [], &mut []), &[], None);
        Hosted { engine, heard: vec![] }
    }

    /// Plays so many frames from a place in beats, in blocks of a size.
    fn play(&mut self, tempo: f64, from: f64, frames: usize, size: usize) {
        let mut done = 0;
        while done < frames {
            let n = size.min(frames - done);
            let here = self.heard.len();
            self.heard.resize(here + n, 0.0);
            let mut right = vec![0.0; n];
            let beats = from + done as f64 * tempo / 60.0 / RATE;
            self.engine.process(io(&mut self.heard[here..], &mut right), &[], Some(&at(tempo, beats, true)));
            done += n;
        }
    }

    fn stop(&mut self, frames: usize) {
        let here = self.heard.len();
        self.heard.resize(here + frames, 0.0);
        let mut right = vec![0.0; frames];
        self.engine.process(io(&mut self.heard[here..], &mut right), &[], Some(&at(120.0, 0.0, false)));
    }
}

#[test]
fn pattern_plays_its_steps_at_their_frames_and_begins_again() {
    let found = clicks("notes: \"C4 . E4v0.5 [C4 E4] - {G4 A4}\"", 90_000);
    let wanted: Vec<usize> =
        [0.0, 0.5, 0.75, 1.25, 1.375, 1.5, 2.0, 2.25, 2.75, 2.875, 3.0, 3.5].map(frame).into();
    assert_eq!(places(&found), wanted);
    assert!((found[1].1 - 0.5).abs() < 1e-6 && (found[2].1 - 1.6).abs() < 1e-6, "a chord is two notes");
}

#[test]
fn pattern_text_shares_the_length_or_keeps_its_step() {
    assert_eq!(places(&clicks("length: 1 bar, notes: C4 C4 C4", 96_000)), [0, 32_000, 64_000]);
    assert_eq!(places(&clicks("length: 1 bar, step: 1/8, notes: C4 C4 C4", 96_000)), [0, 12_000, 24_000]);
    assert_eq!(places(&clicks("loop: false, notes: C4 C4", 96_000)), [0, 6_000]);
    assert_eq!(
        places(&clicks("length: 1, step: 1/8, notes: C4 C4 C4 C4", 24_000)),
        [0, 12_000],
        "the rest is cut"
    );
    // Lines of strokes share the length as well: three against four.
    let found = clicks("length: 1 bar, notes: {C2: xxx, D2: x.X.}", 96_000);
    assert_eq!(places(&found), [0, 32_000, 48_000, 64_000]);
    assert_eq!(found[2].1, 1.0);
}

#[test]
fn pattern_entries_say_everything_of_a_note() {
    let pattern = "length: 1 bar, notes: [[0, C4], [1/4, 'C4 E4', 1/8, 64], {at: 2, note: C4, ratchet: 3, length: 1}, \
                   {at: 480 ticks, note: C4, mute: true}, {at: 3, note: C4, shift: -30 ms}, {at: 1.75 s, note: D4, chance: 0}]";
    let found = clicks(pattern, 95_000);
    assert_eq!(places(&found), [0, 24_000, 48_000, 56_000, 64_000, 70_560]);
    assert!((found[1].1 - 2.0 * 64.0 / 127.0).abs() < 1e-6);
    let out = hear(
        "x: {pattern: {instrument: held, length: 1 bar, gate: 0.5, notes: [[0, C4, 1], [2, C4, 2 bars]]}}\n",
        96_000,
    );
    let on = |n: usize| out[n] > 0.5;
    assert!(on(0) && on(11_999) && !on(12_000) && !on(47_999) && on(48_000) && on(95_999));
    let tones = "x: {pattern: {instrument: {midi_in: {signal: {expression: {exp: pan + 10 * gate * release_velocity}}}}, length: 1, \
                 notes: [{at: 0, note: C4, pan: L50, length: 0.5}]}}\n";
    assert_eq!(hear(tones, 100)[50], -0.5);
}

#[test]
fn pattern_swing_moves_every_second_step() {
    for percent in [50.0, 54.0, 58.0, 62.0, 66.0, 71.0, 75.0] {
        let found = clicks(&format!("swing: {percent} %, notes: C4!16"), 96_000);
        let wanted = |n: usize| (n / 2) as f64 * 0.5 + if n % 2 == 1 { 0.5 * percent / 100.0 } else { 0.0 };
        assert_eq!(found.len(), 16);
        for (n, (at, _)) in found.iter().enumerate() {
            let exact = wanted(n) * BEAT;
            assert!((*at as f64 - exact).abs() < 1.0, "{percent} %: {at} for {exact}");
        }
    }
    let found = clicks("groove: [0, 0.2], accents: [1, 0.5], velocity: 1, notes: C4!4", 24_000);
    assert_eq!(places(&found), [0, 7_200, 12_000, 19_200]);
    assert_eq!(found[1].1, 0.5);
}

#[test]
fn pattern_scales_chords_rhythms_and_transposition() {
    let pitches = |pattern: &str| -> Vec<i32> {
        let out = hear(&format!("x: {{pattern: {{instrument: pitch, {pattern}}}}}\n"), 24_000);
        let key = |n: usize| (69.0 + 12.0 * (f64::from(out[n]) / 440.0).log2()).round() as i32;
        (0..4).map(|n| key(n * 6_000 + 3_000)).collect()
    };
    assert_eq!(pitches("scale: D minor, notes: 1 3 8 0"), [62, 65, 74, 60]);
    assert_eq!(pitches("notes: 60 62 64 65, transpose: 12"), [72, 74, 76, 77]);
    assert_eq!(clicks("length: 1, notes: 'C4:m7'", 100)[0].1, 3.2);
    assert_eq!(places(&clicks("notes: 'C2(3,8)'", 48_000)), [0, 18_000, 36_000]);
}

#[test]
fn pattern_slides_glide_in_any_instrument() {
    let semitones = |x: f32| 12.0 * (f64::from(x) / 440.0).log2() + 9.0;
    for mode in ["poly", "mono", "legato"] {
        let sound = format!(
            "x: {{pattern: {{instrument: {{midi_in: {{mode: {mode}, signal: {{expression: {{exp: freq * gate}}}}}}}}, step: 1/4, slide: 0.1, notes: C4 /C5}}}}\n"
        );
        let out = hear(&sound, 48_000);
        assert!((semitones(out[20_000]) - 0.0).abs() < 0.01);
        assert!((semitones(out[24_000 + 2_400]) - 6.0).abs() < 0.1, "{mode}: {}", semitones(out[26_400]));
        assert!((semitones(out[24_000 + 5_000]) - 12.0).abs() < 0.01, "{mode}");
    }
}

#[test]
fn pattern_voices_are_those_of_live_notes() {
    // Forty notes on sixteen voices, all at once, and one after the other.
    let chord: Vec<String> = (0..40).map(|n| (30 + n).to_string()).collect();
    let instrument = "i: {midi_in: {voices: 16, signal: {envelope: {attack: 0.01, decay: 0.2, sustain: 0.4, release: 0.3, gate: gate, signal: {osc: {type: saw, freq: freq, amp: 0.1 * velocity}}}}}}\n";
    for notes in
        [format!("[{}] - - .", chord.join(" ")), chord.join(" "), "C4 E4 G4 C5 B4 G4 E4 C4".to_owned()]
    {
        let step = 1_500;
        let sound = format!(
            "{instrument}x: {{pattern: {{instrument: i, step: 60 ticks, loop: false, notes: \"{notes}\"}}}}\n"
        );
        let written = render(&text(&sound), "x", &Job { frames: 96_000, ..Job::default() });
        let mut events = vec![];
        if notes.starts_with('[') {
            (0..40).for_each(|n| events.push(note(0, 30 + n, 0.8)));
            (0..40).for_each(|n| events.push(release(3 * step, 30 + n)));
        } else {
            let keys: Vec<u8> = match notes.starts_with('C') {
                true => vec![60, 64, 67, 72, 71, 67, 64, 60],
                false => (30..70).collect(),
            };
            for (n, key) in keys.iter().enumerate() {
                if n > 0 {
                    events.push(release(n as u32 * step, keys[n - 1]));
                }
                events.push(note(n as u32 * step, *key, 0.8));
            }
            events.push(release(keys.len() as u32 * step, keys[keys.len() - 1]));
        }
        let live = render(&text(instrument), "i", &Job { frames: 96_000, events: &events, ..Job::default() });
        assert!(bits(&written) == bits(&live) && rms(&live.main[0]) > 0.01, "{notes}");
    }
}

#[test]
fn pattern_plays_sounds_that_know_no_notes() {
    // A drum rings out; what would never end is cut with its key.
    let drum = "d: {envelope: {decay: 0.5, sustain: 0, sustain_duration: 0, signal: {osc: {freq: 100}}}}\n";
    let out = hear(&format!("{drum}x: {{pattern: {{instrument: d, loop: false, notes: C4}}}}\n"), 48_000);
    assert!(rms(&out[12_000..18_000]) > 0.01, "the step is over after 6000 frames");
    for endless in ["{osc: {freq: freq}}", "{envelope: {attack: 0.01, signal: {osc: {freq: freq}}}}"] {
        let out =
            hear(&format!("x: {{pattern: {{instrument: {endless}, loop: false, notes: C4}}}}\n"), 24_000);
        assert!(rms(&out[..6_000]) > 0.1 && peak(&out[6_500..]) == 0.0, "{endless}");
    }
}

#[test]
fn pattern_chances_repeat_with_the_song_and_follow_the_seed() {
    let sound =
        |seed: u32| format!("x: {{pattern: {{instrument: click, seed: {seed}, notes: \"C4?!16\"}}}}\n");
    let one = strokes(&hear(&sound(0), 960_000));
    assert!((55..105).contains(&one.len()), "{} of 160", one.len());
    assert_eq!(one, strokes(&hear(&sound(0), 960_000)));
    assert_ne!(one, strokes(&hear(&sound(1), 960_000)));
    let bar = |n: usize| -> Vec<usize> {
        places(&one).iter().filter(|at| **at / 96_000 == n).map(|at| at % 96_000).collect()
    };
    assert_ne!(bar(0), bar(1), "every time through is drawn anew");
    // A host's loop draws the same each time.
    let mut hosted = Hosted::new(&sound(0));
    for _ in 0..3 {
        hosted.play(120.0, 4.0, 96_000, 480);
    }
    let rounds: Vec<Vec<usize>> =
        (0..3).map(|n| places(&strokes(&hosted.heard[n * 96_000..(n + 1) * 96_000]))).collect();
    assert!(rounds[0] == rounds[1] && rounds[1] == rounds[2] && rounds[0] == bar(1));
}

#[test]
fn pattern_follows_the_host_through_loops_jumps_stops_and_tempos() {
    let sound =
        "x: {pattern: {instrument: held, length: 1 bar, gate: 0.5, notes: C4v1 D4v0.5 E4v0.25 F4v0.125}}\n";
    let mut hosted = Hosted::new(sound);
    hosted.play(120.0, 0.0, 36_000, 512);
    // The loop goes back while the second note is held: it ends, and the first begins.
    assert_eq!((hosted.heard[30_000], hosted.heard[36_000 - 1]), (0.5, 0.5));
    hosted.play(120.0, 0.0, 30_000, 512);
    assert_eq!([36_000, 47_999, 48_000, 60_000].map(|n| hosted.heard[n]), [1.0, 1.0, 0.0, 0.5]);
    // A jump into the middle of a note: it sounds from there to its end.
    hosted.play(120.0, 2.25, 30_000, 512);
    let here = [0, 5_999, 6_000, 17_999, 18_000].map(|n| hosted.heard[66_000 + n]);
    assert_eq!(here, [0.25, 0.25, 0.0, 0.0, 0.125]);
    hosted.stop(1_000);
    assert!(peak(&hosted.heard[96_000..97_000]) == 0.0, "keys come up when the host stops");
    // Twice as fast from beat 1 on: the note that is held ends with the host's beats.
    hosted.play(120.0, 0.9, 2_400, 512);
    hosted.play(240.0, 1.0, 12_000, 512);
    let from = 97_000 + 2_400;
    assert_eq!(
        [from, from + 5_999, from + 6_000, from + 11_999].map(|n| hosted.heard[n]),
        [0.5, 0.5, 0.0, 0.0]
    );
    // Blocks of any size, to the bit.
    for size in [1, 17, 64, 441, 4096] {
        let mut other = Hosted::new(sound);
        let mut wanted = Hosted::new(sound);
        for hosted in [(&mut other, size), (&mut wanted, 512)] {
            let (hosted, size) = hosted;
            hosted.play(97.3, 0.0, 50_000, size);
            hosted.play(97.3, 2.3, 50_000, size);
        }
        let same = other.heard.iter().zip(&wanted.heard).position(|(a, b)| a.to_bits() != b.to_bits());
        assert_eq!(same, None, "{size}");
    }
}

#[test]
fn pattern_notes_sound_on_where_the_song_jumps_into_them() {
    let jumped = |pattern: &str, to: f64| -> Hosted {
        let mut hosted = Hosted::new(&format!("x: {{pattern: {{{pattern}}}}}\n"));
        hosted.play(120.0, 5.0, 1_000, 256);
        hosted.play(120.0, to, 96_000, 256);
        hosted
    };
    let level = |hosted: &Hosted, beats: f64| hosted.heard[1_000 + frame(beats)];
    // A chord of which one key is up already, and one that is to come.
    let notes = "length: 8, notes: [[0, C4, 3, 1], [0.5, E4, 0.5, 0.5], [1, G4, 4, 0.25], [4, C5, 1, 0.125]]";
    let found = jumped(&format!("instrument: held, {notes}"), 2.0);
    assert_eq!([0.0, 0.9, 1.1, 2.1, 3.1].map(|at| level(&found, at)), [1.25, 1.25, 0.25, 0.375, 0.0]);
    let found = jumped(&format!("instrument: held, chase: false, {notes}"), 2.0);
    assert_eq!([0.0, 1.9, 2.1].map(|at| level(&found, at)), [0.0, 0.0, 0.125]);
    // Where one key sounds, it is the last one; what was cut stays silent; no pitch glides there.
    let last = "length: 8, notes: [[0, C4, 4, 1], {at: 1, note: A4, length: 3, slide: 2}]";
    assert_eq!(level(&jumped(&format!("instrument: pitch, {last}"), 2.0), 0.001), 440.0);
    let cut =
        "length: 8, notes: [[0, C4, 4, 1], {at: 1, note: A4, length: 0.5, choke: true}, [1.5, C5, 2, 0.5]]";
    let found = jumped(&format!("instrument: held, {cut}"), 2.0);
    assert_eq!([0.5, 1.6].map(|at| level(&found, at)), [0.5, 0.0]);
    // A drum that rings out is not struck in its middle.
    let drum =
        "instrument: {envelope: {decay: 0.5, sustain: 0, sustain_duration: 0, signal: {osc: {freq: 100}}}}";
    let found = jumped(&format!("{drum}, length: 8, notes: [[0, C4, 4, 1]]"), 2.0);
    assert_eq!(peak(&found.heard), 0.0);
    // The next time through a pattern has nothing of the one before, and among very many notes those that are held are found.
    let many: Vec<String> = (0..300).map(|n| format!("[{}, D4, 0.05, 0.001]", f64::from(n) * 0.1)).collect();
    let many = format!("instrument: held, length: 32, notes: [[0, C4, 31, 1], {}]", many.join(", "));
    assert_eq!(level(&jumped(&many, 25.08), 0.0), 1.0);
    assert_eq!(level(&jumped(&many, 31.5 + 32.0), 0.0), 0.0);
    assert_eq!(level(&jumped(&many, 57.08), 0.0), 1.0);
    // Nothing stays behind: the host stops, and goes on elsewhere.
    let mut hosted = jumped(&format!("instrument: held, {notes}"), 2.0);
    for place in [2.5, 0.2, 4.5, 0.9, 7.0] {
        hosted.play(120.0, place, 700, 64);
    }
    hosted.stop(1_000);
    let end = hosted.heard.len();
    assert_eq!(peak(&hosted.heard[end - 1_700..]), 0.0);
}

#[test]
fn pattern_notes_go_to_the_host_at_their_frames() {
    let sound = "x: {mix: {a: {pattern: {instrument: held, length: 1, to_host: true, notes: C4v1 . E4v0.5 -}}, \
                 b: {clips: {clips: [{pattern: {pattern: {instrument: held, to_host: true, notes: G4}}, start: 1, length: 1/16}, \
                 {pattern: {pattern: {instrument: held, notes: A4}}}]}}}}\n";
    for size in [64, 441, 4096] {
        let mut hosted = Hosted::new(sound);
        let mut sent = vec![];
        let mut here = 0;
        let mut play = |hosted: &mut Hosted, from: f64, frames: usize, playing: bool| {
            let mut done = 0;
            while done < frames {
                let n = size.min(frames - done);
                let beats = from + done as f64 / BEAT;
                let transport = at(120.0, beats, playing);
                let (mut left, mut right) = (vec![0.0; n], vec![0.0; n]);
                hosted.engine.process(io(&mut left, &mut right), &[], Some(&transport));
                sent.extend(hosted.engine.output_events().iter().map(|e| (here + e.at as usize, e.what)));
                (done, here) = (done + n, here + n);
            }
        };
        play(&mut hosted, 0.0, 30_000, true);
        // A jump into the middle of a note, and the stop: what is down comes up.
        play(&mut hosted, 0.6, 1_000, true);
        play(&mut hosted, 0.6, 500, false);
        let on = |key, velocity| What::NoteOn { channel: 0, key, note: -1, velocity };
        let off = |key| What::NoteOff { channel: 0, key, note: -1, velocity: 0.0 };
        let wanted = [
            (0, on(60, 1.0)),
            (6_000, off(60)),
            (12_000, on(64, 0.5)),
            (24_000, off(64)),
            (24_000, on(60, 1.0)),
            (24_000, on(67, 0.8)),
            (30_000, off(60)),
            (30_000, off(67)),
            (30_000, on(64, 0.5)),
            (31_000, off(64)),
        ];
        let order = |all: &mut Vec<(usize, What)>| all.sort_by_key(|(at, what)| (*at, format!("{what:?}")));
        let mut wanted = wanted.to_vec();
        order(&mut wanted);
        order(&mut sent);
        assert_eq!(sent, wanted, "blocks of {size}");
    }
}

#[test]
fn pattern_below_a_tempo_follows_it_alone() {
    let found = |tempo: &str| {
        strokes(&hear(
            &format!("x: {{tempo: {{{tempo}signal: {{pattern: {{instrument: click, notes: C4!4}}}}}}}}\n"),
            48_000,
        ))
    };
    assert_eq!(places(&found("bpm: 60, ")), [0, 12_000, 24_000, 36_000]);
    assert_eq!(found("bpm: 97.3, ").len(), 7);
    // A tempo that moves: from 60 to 180 a minute in the first second, evenly with time.
    let moving =
        places(&found("bpm: {automation: {mode: ramp, interval: 1, repeat: 1, steps: [60, 180]}}, "));
    let exact = |n: usize| {
        let beats = n as f64 / 4.0;
        let t = (-1.0 + (1.0 + 4.0 * beats).sqrt()) / 2.0;
        t * RATE
    };
    for (n, at) in moving.iter().enumerate().take(7) {
        assert!((*at as f64 - exact(n)).abs() < 8.0, "{n}: {at} for {}", exact(n));
    }
}

#[test]
fn pattern_errors_say_what_to_do() {
    for (sound, says) in [
        ("x: {pattern: {instrument: click, notes: C4 H4}}\n", "`H4` is no note"),
        ("x: {pattern: {instrument: clik, notes: C4}}\n", "did you mean `click`?"),
        ("x: {pattern: {instrument: click}}\n", "needs `notes`"),
        ("x: {pattern: {instrument: click, notes: C4, file: a.mid}}\n", "not both"),
        ("x: {pattern: {instrument: click, file: a.mid}}\n", "a.mid"),
        ("x: {pattern: {instrument: click, notes: C4, transpose: 90}}\n", "from 0 to 127"),
        ("x: {pattern: {instrument: click, notes: C4, scale: C mayor}}\n", "is no scale"),
        ("x: {pattern: {instrument: click, notes: C4, length: 2 weeks}}\n", "no time"),
        ("x: {pattern: {instrument: click, notes: C4, length: verse}}\n", "no place of the song"),
        ("x: {pattern: {instrument: click, notes: C4, length: 0}}\n", "shorter than a tick"),
        ("x: {pattern: {instrument: click, notes: {Q: x}}}\n", "`Q` is no key"),
        ("x: {pattern: {instrument: click, notes: {C4: y}}}\n", "is no stroke"),
        (
            "x: {multiply: {number: 2, signal: {pattern: {instrument: click, notes: C4}}}}\n",
            "cannot stand in voices",
        ),
        ("x: {clips: {clips: [click]}}\n", "plays a `pattern`"),
        (
            "a: {pattern: {instrument: click, notes: C4}}\nx: {clips: {clips: [[a, 0, 1e9]]}}\n",
            "outside of any song",
        ),
        (
            "a: {pattern: {instrument: click, step: 1 ticks, notes: C4}}\nx: {clips: {clips: [[a, 0, 1e6]]}}\n",
            "more than 2000000 notes",
        ),
        ("x: {song: {tempo: [120, [90, 2], [80, 1]], signal: {osc: {}}}}\n", "in the order of time"),
        ("x: {song: {metre: 5/3, signal: {osc: {}}}}\n", "is no metre"),
        ("x: {song: {sections: {a: 1 bar}, markers: {a: 2}, signal: {osc: {}}}}\n", "are called `a`"),
        ("x: {song: {loop: [2, 1], signal: {osc: {}}}}\n", "ends where it begins"),
        ("x: {osc: {freq: {curve: {points: [[1, 220], [0, 440]]}}}}\n", "in the order of time"),
        ("x: {osc: {freq: {curve: {points: [[0, 220, bezier]]}}}}\n", "four numbers"),
        ("x: {osc: {freq: {curve: {points: [[0, -6 dB]]}}}}\n", "level"),
    ] {
        let found = errors(sound);
        assert!(found.contains(says), "{sound}{found}");
    }
}

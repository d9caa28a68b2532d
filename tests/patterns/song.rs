//! Songs: clips, tempo maps, sections, curves; the bounce beside what is heard live; edits while it plays; MIDI files.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use midi_file::MidiFile;
use midi_file::core::Message;
use midi_file::file::Event as FileEvent;
use seiche::bounce::{
    self, Control, Crew, Export, Job, Length, Level, Measure, Output, Policy, Source, Tail,
};
use seiche::compile::Request;
use seiche::compile::parts::{Arrangement, Cut, Parts, compile_parts};
use seiche::engine::{Gear, Transport};
use seiche::language::{Library, render as show};
use seiche::library::samples::Store;
use seiche::quality::Quality;
use seiche::score::midi::{Written, write};

use super::host::{BLOCK, Host};
use super::support::*;
use super::{BEAT, Hosted, at, clicks, errors, frame, hear, places, strokes, text};

const RIFFS: &str = "
a: {pattern: {instrument: click, length: 1 bar, notes: C4v1 . C4v0.5 .}}
b: {pattern: {instrument: click, length: 2, notes: C4v0.25 C4v0.25}}
";

fn clips(list: &str, frames: usize) -> Vec<(usize, f32)> {
    strokes(&hear(&format!("{RIFFS}x: {{song: {{signal: {{clips: {{clips: [{list}]}}}}}}}}\n"), frames))
}

/// Where clicks are, in beats.
fn beats(found: &[(usize, f32)]) -> Vec<f64> {
    found.iter().map(|(n, _)| *n as f64 / BEAT).collect()
}

/// What the playback of clips can be like.
const CASES: [(&str, &str, &[f64]); 8] = [
    ("plain", "a", &[0.0, 2.0]),
    ("two clips", "a, [b, 6]", &[0.0, 2.0, 6.0, 7.0]),
    ("one behind the other", "b, a", &[0.0, 1.0, 2.0, 4.0]),
    ("split with an offset", "[a, 0, 2], {pattern: a, start: 4, offset: 2, length: 2}", &[0.0, 4.0]),
    ("longer than its pattern", "[b, 0, 5]", &[0.0, 1.0, 2.0, 3.0, 4.0]),
    ("longer, but not repeated", "{pattern: b, length: 5, loop: false}", &[0.0, 1.0]),
    ("overlapping", "a, [b, 1]", &[0.0, 1.0, 2.0]),
    ("muted", "{pattern: a, mute: true}, b", &[4.0, 5.0]),
];

#[test]
fn clips_play_where_and_as_long_as_they_say() {
    for (what, list, wanted) in CASES {
        assert_eq!(beats(&clips(list, 8 * BEAT as usize)), wanted, "{what}");
    }
    let found = clips("a, {pattern: a, velocity: 0.5}", 8 * BEAT as usize);
    assert_eq!(found[2].1, 0.5);
    assert!(errors("x: {clips: {clips: [gone]}}\n").contains("no sound `gone`"));
    assert!(
        errors("a: {pattern: {instrument: gone, notes: C4}}\nx: {clips: {clips: [a]}}\n").contains("`gone`")
    );
}

fn parts(text: &str, folder: &Path) -> (Library, Parts) {
    let specs: Vec<_> = seiche::nodes::ALL.iter().map(|d| &d.spec).collect();
    let library = Library::read(vec![(folder.join("test.yaml"), text.as_bytes().to_vec())], &specs);
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
    match compile_parts(&request, Cut::default()) {
        Ok(parts) => (library, parts),
        Err(errors) => panic!("{}", show(&errors, library.files(), false)),
    }
}

/// The mix of a bounce by two workers, left.
pub fn bounced(text: &str, frames: u64, transport: Option<Transport>, tail: Tail, chunk: usize) -> Vec<f32> {
    let (library, parts) = parts(text, Path::new(""));
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
    let export = Export {
        gear: Gear::new(Quality::Normal, RATE),
        length: Length { from: 0, to: frames, tail },
        events: vec![],
        transport,
        outputs: vec![Output { source: Source::Mix, target: None, measure: Measure::Peak }],
        level: Level::default(),
        crew: Crew { workers: 2, chunk, ..Crew::default() },
        policy: Policy::Stop,
        time_limit: None,
        cache: None,
    };
    let done = bounce::export(&parts, &request, &export, &Control::default(), &mut |_| {});
    done.unwrap_or_else(|failure| panic!("{failure}")).audio.remove(0)[0].clone()
}

/// Everything that notes can have, in a mix with a curve and chances.
fn whole_song(list: &str) -> String {
    text(&format!(
        "lead: {{midi_in: {{voices: 4, portamento: 0.02, signal: {{envelope: {{attack: 0.002, decay: 0.1, sustain: 0.5, release: 0.2, gate: gate, signal: {{osc: {{type: saw, freq: freq, amp: 0.2 * velocity}}}}}}}}}}}}
a: {{pattern: {{instrument: lead, length: 1 bar, swing: 61 %, notes: \"C3 /E3*3?0.7 [G3 B3]v0.4 - C4?!4\"}}}}
b: {{pattern: {{instrument: lead, length: 2, groove: [0, 0.1], notes: \"C5<0.1 D5>0.2 E5 -\"}}}}
x:
  song:
    tempo: [137, [90, 3, true]]
    signal:
      mix:
        lead: {{clips: {{clips: [{list}]}}}}
        second: {{filter: {{cutoff: {{curve: {{points: [[0, 200 Hz, exponential], [1 bar, 4 kHz]]}}}}, signal: {{pattern: {{instrument: {{osc: {{type: saw, freq: freq, amp: 0.2}}}}, notes: \"C2 C2*2 . G2?\"}}}}}}}}
"
    ))
}

#[test]
fn song_bounce_is_what_is_heard_live_in_every_case() {
    let frames = 150_000;
    for (what, list, _) in CASES {
        let text = whole_song(list);
        for transport in [None, Some(at(113.7, 0.0, true))] {
            let job = Job { frames, transport, blocks: &[441, 64, 1, 512, 17], ..Job::default() };
            let live = render(&text, "x", &job);
            assert!(rms(&live.main[0]) > 0.01 && live.faults == 0, "{what}");
            let made = bounced(&text, frames as u64, transport, Tail::None, 997);
            let differ = live.main[0].iter().zip(&made).position(|(a, b)| a.to_bits() != b.to_bits());
            assert_eq!(differ, None, "{what}, host {}", transport.is_some());
        }
    }
    // What is repeated begins in the middle of notes: they sound from there.
    let song = whole_song("[a, 0, 16]").replace("tempo: [137", "loop: [1.3, 3.1, 3]\n    tempo: [137");
    let job = Job { frames, blocks: &[441, 64, 1, 512, 17], ..Job::default() };
    let (live, made) = (render(&song, "x", &job), bounced(&song, frames as u64, None, Tail::None, 997));
    assert!(live.main[0].iter().zip(&made).all(|(a, b)| a.to_bits() == b.to_bits()));
    let without = song.replace("length: 1 bar", "chase: false, length: 1 bar");
    assert!(render(&without, "x", &job).main[0] != live.main[0], "a note was held there");
    // Where a host goes round, the bounce goes round.
    let text = whole_song(CASES[1].1);
    let round = 96_000;
    let made = bounced(&text, round, Some(at(120.0, 0.0, true)), Tail::Wrapped, 1_000);
    let body = text.strip_prefix(super::INSTRUMENTS).unwrap_or(&text);
    for size in [512, 77] {
        let mut live = Hosted::new(body);
        live.play(120.0, 0.0, round as usize, size);
        live.play(120.0, 0.0, round as usize, size);
        assert!(live.heard[round as usize..].iter().zip(&made).all(|(a, b)| a.to_bits() == b.to_bits()));
    }
    // A loop, a jump and another tempo in the middle: the same for every block size.
    let journey = |size: usize| {
        let mut live = Hosted::new(body);
        live.play(120.0, 0.0, 60_000, size);
        live.play(120.0, 1.0, 30_000, size);
        live.play(87.3, 5.5, 40_000, size);
        live.stop(2_000);
        live.play(87.3, 0.0, 20_000, size);
        live.heard
    };
    let wanted = journey(512);
    for size in [1, 64, 441, 2048] {
        assert!(journey(size).iter().zip(&wanted).all(|(a, b)| a.to_bits() == b.to_bits()), "{size}");
    }
}

#[test]
fn song_tempos_and_metres_are_the_closed_forms() {
    let click = "t: {pattern: {instrument: click, length: 1 bar, notes: C4!16}}\n";
    let song = |rest: &str, frames: usize| {
        let sound = format!("{click}x: {{song: {{{rest}, signal: {{clips: {{clips: [[t, 0, 16]]}}}}}}}}\n");
        places(&strokes(&hear(&sound, frames)))
    };
    // 60 to 180 in eight beats takes four seconds: t = 2 (sqrt(1 + beats) - 1).
    let found = song("tempo: [60, [180, 8, true]]", 5 * RATE as usize);
    assert!(found.len() > 40);
    for (n, at) in found.iter().enumerate() {
        let beats = n as f64 / 4.0;
        let seconds =
            if beats <= 8.0 { 2.0 * ((1.0 + beats).sqrt() - 1.0) } else { 4.0 + (beats - 8.0) / 3.0 };
        assert!((*at as f64 - seconds * RATE).abs() < 1.0, "{n}: {at} for {}", seconds * RATE);
    }
    // Bars of 4, 4, 3 and 3 beats, and clips in bars.
    let sound = "t: {pattern: {instrument: click, length: 1, notes: C4}}\nx: {song: {metre: [4/4, [3/4, 2 bars]], \
                 tempo: 240, signal: {clips: {clips: [[t, 0, 1], [t, 1 bar, 1], [t, 2 bars, 1], [t, 3 bars, 1], [t, 4 bars, 1]]}}}}\n";
    let found = places(&strokes(&hear(sound, 4 * RATE as usize)));
    assert_eq!(found, [0, 4, 8, 11, 14].map(|beat| beat * 12_000));
}

#[test]
fn song_sections_are_places_and_regions_are_repeated() {
    let sound = |rest: &str| {
        format!(
            "t: {{pattern: {{instrument: click, length: 1 bar, notes: C4v0.5}}}}\nu: {{pattern: {{instrument: click, length: 1 bar, notes: C4v1}}}}\n\
             x: {{song: {{tempo: 240, sections: {{intro: 1 bar, verse: 1 bar, end: 1 bar}}, {rest}signal: {{clips: {{clips: [t, [u, verse], [t, end]]}}}}}}}}\n"
        )
    };
    let heard = |rest: &str| strokes(&hear(&sound(rest), 6 * RATE as usize));
    let list = |places: &[(usize, f32)]| places.iter().map(|(bar, x)| (bar * 48_000, *x)).collect::<Vec<_>>();
    assert_eq!(heard(""), list(&[(0, 0.5), (1, 1.0), (2, 0.5)]));
    let twice = "loop: {from: verse, to: end, times: 3}, ";
    assert_eq!(heard(twice), list(&[(0, 0.5), (1, 1.0), (2, 1.0), (3, 1.0), (4, 0.5)]));
    assert_eq!(heard("loop: [verse, end], ").len(), 6);
    let length = |rest: &str| parts(&text(&sound(rest)), Path::new("")).1.arrangement.frames(RATE, None);
    assert_eq!(length(""), Some(144_000));
    assert_eq!(length(twice), Some(240_000));
    assert_eq!(length("length: 1.5 bars, "), Some(72_000));
    // A pattern that goes round and round ends with the song.
    let round = "x: {song: {tempo: 240, length: 1 bar, signal: {pattern: {instrument: click, notes: C4}}}}\n";
    assert_eq!(strokes(&hear(round, 96_000)).len(), 16);
}

#[test]
fn song_tempo_is_known_below_it() {
    let song = |rest: &str| {
        hear(&format!("x: {{song: {{{rest}signal: {{expression: {{exp: bpm / 1000}}}}}}}}\n"), 96_000)
    };
    assert_eq!(song("tempo: 96, ")[5], 0.096);
    let ramp = song("tempo: [60, [180, 4, true]], ");
    assert!((ramp[48_000] - 0.12).abs() < 1e-5 && (ramp[95_999] - 0.18).abs() < 1e-5);
    let mut hosted = Hosted::new("x: {song: {tempo: 60, signal: {expression: {exp: bpm / 1000}}}}\n");
    hosted.play(133.0, 0.0, 100, 100);
    assert_eq!(hosted.heard[99], 0.133);
    let own = "x: {song: {tempo: 60, source: internal, signal: {pattern: {instrument: click, step: 1/4, notes: C4}}}}\n";
    let mut hosted = Hosted::new(own);
    hosted.play(120.0, 1.0, 96_000, 512);
    // The host stands at half a second there: half a beat of the song, in the middle of a note.
    assert_eq!(places(&strokes(&hosted.heard)), [0, 24_000, 72_000]);
}

#[test]
fn curve_is_its_formula_at_every_frame() {
    type Formula = fn(f64) -> f64;
    let shapes: [(&str, Formula); 6] = [
        ("linear", |u| u),
        ("step", |_| 0.0),
        ("exponential", |u| (32f64.powf(u) - 1.0) / 31.0),
        ("logarithmic", |u| 1.0 - (32f64.powf(1.0 - u) - 1.0) / 31.0),
        ("smooth", |u| u * u * (3.0 - 2.0 * u)),
        ("bezier, [0.42, 0, 0.58, 1]", |u| {
            let x = |t: f64| 3.0 * (1.0 - t).powi(2) * t * 0.42 + 3.0 * (1.0 - t) * t * t * 0.58 + t.powi(3);
            let (mut low, mut high) = (0.0, 1.0);
            for _ in 0..60 {
                let t = (low + high) / 2.0;
                if x(t) < u { low = t } else { high = t }
            }
            3.0 * (1.0 - low) * low * low + low.powi(3)
        }),
    ];
    for (shape, formula) in shapes {
        let sound = format!("x: {{curve: {{points: [[0.5, -1, {shape}], [1.5, 1, step], [2, 0.25]]}}}}\n");
        let value = |beats: f64| match beats {
            b if b < 0.5 => -1.0,
            b if b < 1.5 => -1.0 + 2.0 * formula(b - 0.5),
            b if b < 2.0 => 1.0,
            _ => 0.25,
        };
        let alone = hear(&sound, 60_000);
        let mut hosted = Hosted::new(&sound);
        hosted.play(97.0, 0.25, 60_000, 333);
        for (signal, tempo, from) in [(&alone, 120.0, 0.0), (&hosted.heard, 97.0, 0.25)] {
            for (n, x) in signal.iter().enumerate() {
                let beats = from + n as f64 * tempo / 60.0 / RATE;
                // At a jump the frame itself may be on either side.
                if [0.5, 1.5, 2.0].iter().all(|at| (beats - at).abs() > 1e-6) {
                    assert!((f64::from(*x) - value(beats)).abs() < 1e-6, "{shape} at {beats}: {x}");
                }
            }
        }
    }
}

#[test]
fn curve_moves_parameters_of_nodes_voices_strips_and_tempo() {
    // A sine under a moving gain is the product, without a step: what is left is below -90 dBFS.
    let out = hear("x: {osc: {freq: 1000, amp: {curve: {points: [[0, 0.25, smooth], [2, 1]]}}}}\n", 48_000);
    let mut worst = 0.0f64;
    for (n, x) in out.iter().enumerate() {
        let u = n as f64 / 48_000.0;
        let gain = 0.25 + 0.75 * u * u * (3.0 - 2.0 * u);
        let sine = (std::f64::consts::TAU * 1000.0 * (n + 1) as f64 / RATE).sin();
        worst = worst.max((f64::from(*x) - gain * sine).abs());
    }
    assert!(worst < 10f64.powf(-90.0 / 20.0), "{worst}");
    // In decibels on a strip, in hertz in a voice, in beats per minute on a tempo.
    let strip = hear(
        "x: {mixer: {tracks: {t: {signal: 1, gain: {curve: {points: [[0, -20 dB, step], [1, 0 dB]]}}, pan: 0}}}}\n",
        30_000,
    );
    assert!((strip[12_000] / strip[29_000] - 0.1).abs() < 1e-4);
    let voice = hear(
        "x: {pattern: {instrument: {expression: {exp: c * gate, c: {curve: {points: [[0, 100 Hz], [2, 2.1 kHz]]}}}}, step: 1, notes: C4 - -}}\n",
        48_000,
    );
    assert!((voice[24_000] - 1_100.0).abs() < 0.1);
    let found = strokes(&hear(
        "x: {tempo: {bpm: {curve: {points: [[0, 120, step], [1, 240]]}}, signal: {pattern: {instrument: click, step: 1/4, notes: C4}}}}\n",
        48_000,
    ));
    assert!(found.len() >= 3);
}

#[test]
fn pattern_edits_keep_the_place_and_the_notes_that_are_held() {
    let sound = |notes: &str| {
        text(&format!("x: {{pattern: {{id: p, instrument: held, length: 4, notes: {notes}}}}}\n"))
    };
    let first = sound("[[0, C4, 3, 1], [3, C4, 0.25, 0.5]]");
    let mut host = Host::new(0);
    host.save(&first, "x");
    host.play(60, &[]);
    // The second note comes earlier and louder; the first one goes on as it was begun.
    host.save(&sound("[[0, C4, 3, 1], [2.5, E4, 0.25, 0.25], [3, C4, 0.25, 0.75]]"), "x");
    host.play(140, &[]);
    let level = |beats: f64| host.main[frame(beats) + 700];
    assert!((level(1.0) - 1.0).abs() < 1e-6 && (level(1.3) - 1.0).abs() < 1e-6, "held through the edit");
    assert!((level(2.5) - 1.25).abs() < 1e-6 && (level(3.0) - 0.75).abs() < 1e-6 && level(3.3) == 0.0);
    assert!((level(4.0) - 1.0).abs() < 1e-6, "it begins again at its place");
    // Saved as it is, nothing changes.
    let mut steady = Host::new(0);
    steady.save(&first, "x");
    steady.play(200, &[]);
    let mut saved = Host::new(0);
    for _ in 0..10 {
        saved.save(&first, "x");
        saved.play(20, &[]);
    }
    assert!(steady.main == saved.main && peak(&saved.main) > 0.5);
    // Another instrument parameter: the notes go on as well.
    let mut moved = Host::new(0);
    moved.save(&first, "x");
    moved.play(60, &[]);
    moved.save(&first.replace("velocity * gate", "0.5 * velocity * gate"), "x");
    moved.play(20, &[]);
    assert!((moved.main[79 * BLOCK] - 0.5).abs() < 1e-6);
}

/// "Frère Jacques" (traditional, 18th century) as a round for three voices.
fn round() -> String {
    let tune = "C4 - D4 - E4 - C4 - C4 - D4 - E4 - C4 - E4 - F4 - G4 - - - E4 - F4 - G4 - - - \
                G4 A4 G4 F4 E4 - C4 - G4 A4 G4 F4 E4 - C4 - C4 - G3 - C4 - - - C4 - G3 - C4 - - -";
    text(&format!(
        "tune: {{pattern: {{instrument: click, step: 1/8, notes: \"{tune}\"}}}}
x:
  song:
    tempo: [120, [90, 12 bars]]
    metre: 4/4
    markers: {{second: 2 bars}}
    signal:
      mix:
        soprano: {{clips: {{clips: [[tune, 0, 16 bars]]}}}}
        alto: {{clips: {{clips: [{{pattern: tune, start: second, length: 14 bars, transpose: -12}}]}}}}
        bass: {{clips: {{clips: [{{pattern: tune, start: 4 bars, length: 12 bars, transpose: -24, velocity: 0.75}}]}}}}
"
    ))
}

fn arrangement(text: &str, folder: &Path) -> Arrangement {
    parts(text, folder).1.arrangement
}

fn file_of(piece: &Arrangement) -> Vec<u8> {
    let names = ["soprano", "alto", "bass"];
    let tracks: Vec<Written> =
        names.iter().zip(&piece.tracks).map(|(name, (_, notes))| Written { name, notes }).collect();
    write(&tracks, piece.line.as_ref().expect("a song")).expect("a file")
}

#[test]
fn midi_of_a_song_is_read_by_others_as_it_was_written() {
    let piece = arrangement(&round(), Path::new(""));
    assert_eq!(piece.tracks.iter().map(|(_, notes)| notes.len()).collect::<Vec<_>>(), [64, 58, 46]);
    let read = MidiFile::read(&file_of(&piece)[..]).expect("another library reads it");
    assert_eq!(read.tracks_len(), 4);
    for (track, (_, notes)) in read.tracks().skip(1).zip(&piece.tracks) {
        let mut ticks = 0u64;
        let (mut downs, mut ups) = (vec![], 0);
        for event in track.events() {
            ticks += u64::from(event.delta_time());
            match event.event() {
                FileEvent::Midi(Message::NoteOn(note)) => {
                    downs.push((ticks, u8::from(note.note_number()), u8::from(note.velocity())));
                }
                FileEvent::Midi(Message::NoteOff(_)) => ups += 1,
                _ => {}
            }
        }
        let wanted: Vec<_> = (0..notes.len())
            .map(|n| {
                let tick = (notes.start[n] * 960.0).round() as u64;
                (tick, notes.key[n], (notes.velocity[n] * 127.0).round() as u8)
            })
            .collect();
        assert_eq!((downs, ups), (wanted, notes.len()));
    }
}

#[test]
fn midi_files_play_as_the_same_tune_in_text() {
    let folder: PathBuf = std::env::temp_dir().join(format!("seiche-patterns-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let written = round();
    std::fs::write(folder.join("round.mid"), file_of(&arrangement(&written, Path::new("")))).unwrap();
    let tracks: String = ["soprano", "alto", "bass"]
        .iter()
        .map(|name| {
            format!("        {name}: {{pattern: {{instrument: click, file: round.mid, tracks: [{name}], length: 16 bars}}}}\n")
        })
        .collect();
    let from_file =
        text(&format!("x:\n  song:\n    tempo: [120, [90, 12 bars]]\n    signal:\n      mix:\n{tracks}"));
    let piece = arrangement(&from_file, &folder);
    let frames = piece.frames(RATE, None).unwrap_or(0);
    let mut host = Host::at(&folder);
    host.offer(&from_file, "x").unwrap_or_else(|fault| panic!("{fault:?}"));
    host.play((8 * 24_000 * 4 / BLOCK) + 10, &[]);
    let text_heard = render(&written, "x", &Job { frames: host.main.len(), ..Job::default() });
    let onsets = |signal: &[f32]| strokes(signal);
    let (a, b) = (onsets(&host.main), onsets(&text_heard.main[0]));
    assert_eq!(places(&a), places(&b));
    assert!(a.len() > 30 && frames > 0);
    assert!(a.iter().zip(&b).all(|((_, a), (_, b))| (a - b).abs() < 0.02), "velocities of seven bits");
    // What is not in the file.
    for (with, says) in [("tracks: [tenor]", "no such track"), ("file: x.yaml", "x.yaml")] {
        let wrong = text(&format!("x: {{pattern: {{instrument: click, file: round.mid, {with}}}}}\n"));
        let wrong = if with.starts_with("file") { wrong.replace("file: round.mid, ", "") } else { wrong };
        let fault = Host::at(&folder).offer(&wrong, "x").expect_err(says);
        assert!(fault.message.contains(says), "{}", fault.message);
    }
    let _ = std::fs::remove_dir_all(&folder);
    assert!(!clicks("notes: C4", 100).is_empty());
}

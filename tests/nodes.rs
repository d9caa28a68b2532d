//! What every node kind promises: its example sounds, the same for every block size and every time, without allocating; and each of
//! its parameters does something, or says that it does not.

mod support;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock};

use seiche::bounce::{Depth, write_wav};
use seiche::compile::{self, NoteName, Request};
use seiche::engine::{Engine, Event, Io, Transport, What};
use seiche::language::{Library, render as show};
use seiche::library::samples::Store;
use seiche::nodes::ALL;
use seiche::quality::Quality;
use seiche::spec::{ADDED, Color, NodeSpec, parts};
use support::{RATE, Random, note, peak, release};

/// A folder with the samples that examples play.
fn folder() -> &'static PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = std::env::temp_dir().join(format!("seiche-nodes-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("samples/kit")).unwrap();
        let wave = |step: f32| -> Vec<f32> {
            (0..12_000).map(|i| (i as f32 * step).sin() * (-i as f32 / 6000.0).exp()).collect()
        };
        for (name, step) in [("clap", 0.06), ("click", 0.07), ("kit/a", 0.05), ("kit/B", 0.11)] {
            let left = wave(step);
            write_wav(&folder.join(format!("samples/{name}.wav")), &[&left], 48_000, Depth::Int16).unwrap();
        }
        folder
    })
}

fn library(text: &str) -> Library {
    let specs: Vec<_> = ALL.iter().map(|d| &d.spec).collect();
    Library::read(vec![(folder().join("test.yaml"), text.as_bytes().to_vec())], &specs)
}

/// What a sound does: its audio and what it sends to the host; or everything that is said against it.
struct Heard {
    main: [Vec<f32>; 2],
    sent: Vec<(usize, What)>,
    /// What hosts are told of its keys.
    names: Vec<NoteName>,
    /// How its strips are shown.
    colors: Vec<Option<Color>>,
    ended: Option<u64>,
    faults: u64,
    findings: String,
}

impl Heard {
    fn bits(&self) -> Vec<u32> {
        self.main.iter().flatten().map(|x| x.to_bits()).collect()
    }
}

fn events() -> Vec<Event> {
    let controller = |at, number, value| Event { at, what: What::Controller { channel: 0, number, value } };
    vec![
        note(100, 57, 0.8),
        note(5_000, 69, 0.5),
        controller(9_000, 1, 0.9),
        Event { at: 11_000, what: What::Bend { channel: 0, value: 0.5 } },
        controller(12_500, 2, 0.1),
        release(15_000, 57),
        release(17_000, 69),
    ]
}

fn hear(text: &str, frames: usize, blocks: &[usize]) -> Heard {
    let library = library(text);
    let findings: Vec<_> = library.diagnostics().iter().cloned().chain(library.check()).collect();
    let mut heard = Heard {
        main: [vec![], vec![]],
        sent: vec![],
        names: vec![],
        colors: vec![],
        ended: None,
        faults: 0,
        findings: String::new(),
    };
    heard.findings = show(&findings, library.files(), false);
    let store = Mutex::new(Store::default());
    let request = Request {
        library: &library,
        sound: "example",
        overrides: &[],
        rate: RATE,
        quality: Quality::Normal,
        seed: 1,
        store: &store,
    };
    let program = match compile::compile(&request) {
        Ok(compiled) => {
            heard.findings += &show(&compiled.warnings, library.files(), false);
            heard.names = compiled.note_names;
            heard.colors = compiled.program.strips().map(|strip| strip.said.color).collect();
            compiled.program
        }
        Err(errors) => {
            heard.findings += &show(&errors, library.files(), false);
            return heard;
        }
    };
    let (mut engine, mut remote) = Engine::new(RATE);
    assert!(remote.send(program).is_ok());
    let all = events();
    let side: Vec<f32> = (0..frames).map(|n| (n as f32 * 0.031).sin() * 0.4).collect();
    let other: Vec<f32> = side.iter().map(|x| -0.5 * x).collect();
    heard.main = [vec![0.0; frames], vec![0.0; frames]];
    let (mut at, mut turn) = (0, 0);
    while at < frames {
        let to = (at + blocks[turn % blocks.len()]).min(frames);
        turn += 1;
        let here: Vec<Event> = all
            .iter()
            .filter(|e| (at..to).contains(&(e.at as usize)))
            .map(|e| Event { at: e.at - at as u32, ..*e })
            .collect();
        let [left, right] = &mut heard.main;
        let io = Io {
            sidechain: Some([&side[at..to], &other[at..to]]),
            main: [&mut left[at..to], &mut right[at..to]],
            aux: &mut [],
            stems: &mut [],
        };
        // A host's tempo is there only where the library asks whose tempo counts.
        let transport = Transport {
            playing: true,
            tempo: 97.0,
            beats: at as f64 * 97.0 / 60.0 / RATE,
            frame: None,
            time_signature: (4, 4),
            bar: None,
        };
        engine.process(io, &here, text.contains("tempo: {").then_some(&transport));
        heard.sent.extend(engine.output_events().iter().map(|e| (at + e.at as usize, e.what)));
        at = to;
    }
    heard.ended = engine.ended_at();
    heard.faults = remote.meters().faults();
    heard
}

#[test]
fn nodes_examples_sound_the_same_for_every_block_size_and_every_time() {
    let frames = 24_000;
    let mut random = Random(5);
    let mixed: Vec<usize> = (0..300).map(|_| 1 + random.below(900) as usize).collect();
    for def in ALL {
        let (name, text) = (def.spec.name, def.spec.example);
        let wanted = hear(text, frames, &[512]);
        assert_eq!(wanted.findings, "", "{name}");
        assert_eq!(wanted.faults, 0, "{name}");
        assert!(wanted.main.iter().flatten().all(|x| x.is_finite()), "{name} is not finite");
        assert!(peak(&wanted.main[0]) > 1e-3, "{name} is silent");
        for blocks in [&[512][..], &[1], &[17], &[64], &[441], &[4096], &mixed] {
            let got = hear(text, frames, blocks);
            let first = wanted.bits().iter().zip(got.bits()).position(|(a, b)| *a != b);
            assert_eq!(first, None, "{name} in blocks of {:?} frames", &blocks[..1]);
            assert_eq!(wanted.sent, got.sent, "{name} sends in blocks of {:?} frames", &blocks[..1]);
            assert_eq!(wanted.ended, got.ended, "{name}");
        }
    }
}

/// A node with parameters that let every other one be heard, and another value for each of them.
struct Case {
    node: &'static str,
    /// A library in which `@` stands for the node, and `%` for its parameters in braces.
    around: &'static str,
    base: &'static [(&'static str, &'static str)],
    /// Parameter and its other value; what else this one needs follows behind bars, as `name: value`.
    others: &'static [(&'static str, &'static str)],
}

const TONE: &str = "{osc: {type: saw, freq: 110, amp: 0.3, duration: 0.2}}";
const STEPS: &str = "{automation: {interval: 0.03, steps: [0, 1, 3, 2]}}";
const BEAT: &str = "{osc: {type: sqr, freq: 9}}";

const CASES: &[Case] = &[
    Case {
        node: "osc",
        around: "@",
        base: &[("type", "sqr"), ("freq", "110"), ("amp", "0.3"), ("duration", "0.2")],
        others: &[
            ("type", "saw"),
            ("freq", "220"),
            ("amp", "0.2"),
            ("pulse_width", "0.3"),
            ("phase", "1"),
            ("attack", "0.05"),
            ("release", "0.05"),
            ("scale", "40 | type: perlin"),
            ("seed", "7 | type: perlin | scale: 40"),
            ("range", "[0, 1]"),
            ("quality", "band_limited"),
        ],
    },
    Case {
        node: "filter",
        around: "@",
        base: &[("cutoff", "800"), ("signal", TONE)],
        others: &[("cutoff", "300"), ("peak", "0.5"), ("type", "highpass"), ("signal", BEAT)],
    },
    Case {
        node: "envelope",
        around: "@",
        base: &[
            ("attack", "0.02"),
            ("decay", "0.03"),
            ("sustain", "0.5"),
            ("release", "0.05"),
            ("sustain_duration", "0.05"),
            ("signal", "{osc: {freq: 220}}"),
        ],
        others: &[
            ("attack", "0.05"),
            ("decay", "0.06"),
            ("sustain", "0.2"),
            ("release", "0.1"),
            ("sustain_duration", "0.1"),
            ("gate", BEAT),
            ("trigger", BEAT),
            ("signal", TONE),
            ("end", "false"),
        ],
    },
    Case {
        node: "delay",
        around: "@",
        base: &[("time", "{osc: {freq: 3, range: [0.01, 0.05]}}"), ("signal", TONE)],
        others: &[("time", "0.07"), ("mode", "tape"), ("max_time", "0.02"), ("signal", BEAT)],
    },
    Case {
        node: "retrigger",
        around: "@",
        base: &[("time", "0.05"), ("spread", "0.5"), ("signal", TONE)],
        others: &[
            ("time", "0.03"),
            ("repeat", "5"),
            ("feedback", "0.7"),
            ("spread", "1"),
            ("movement", "3"),
            ("signal", BEAT),
        ],
    },
    Case {
        node: "reverb",
        around: "@",
        base: &[("signal", TONE)],
        others: &[
            ("signal", BEAT),
            ("size", "0.9"),
            ("decay", "0.5"),
            ("damping", "0.9"),
            ("pre_delay", "0.05"),
            ("low_cut", "400"),
            ("width", "0.2"),
            ("mix", "0.9"),
        ],
    },
    Case {
        node: "compressor",
        around: "@",
        base: &[("signal", TONE), ("threshold", "-30 dB")],
        others: &[
            ("signal", BEAT),
            ("sidechain", BEAT),
            ("threshold", "-20 dB"),
            ("ratio", "2"),
            ("knee", "20"),
            ("attack", "50 ms"),
            ("release", "20 ms"),
            ("detector", "rms"),
            ("makeup", "3 dB"),
            ("mix", "0.5"),
        ],
    },
    Case {
        node: "limiter",
        around: "@",
        base: &[("signal", TONE), ("ceiling", "-30 dB")],
        others: &[("signal", BEAT), ("ceiling", "-20 dB"), ("release", "5 ms"), ("lookahead", "5 ms")],
    },
    Case {
        node: "sample",
        around: "@",
        base: &[("file", "samples/click.wav"), ("end", "0.5")],
        others: &[
            ("file", "samples/kit/a.wav"),
            ("start", "0.1"),
            ("end", "0.2"),
            ("loop", "true"),
            ("speed", "0.5"),
            ("base_freq", "220 | freq: 330"),
            ("freq", "330 | base_freq: 220"),
            ("offset", "0.01"),
            ("chop", "1 | file: samples/kit"),
            ("overlap", "0.1"),
        ],
    },
    Case {
        node: "buffer",
        around: "{mix: {a: {buffer: {id: tape, length: 0.1, signal: {osc: {freq: 110, amp: 0.3}}}}, b: @}}",
        base: &[("name", "tape"), ("start", "0.2"), ("end", "0.9"), ("loop", "true")],
        others: &[
            ("name", "other | file: samples/click.wav"),
            ("length", "0.2"),
            ("file", "samples/click.wav"),
            ("signal", TONE),
            ("offset", "0.03"),
            ("start", "0.4"),
            ("end", "0.5"),
            ("loop", "false"),
            ("base_freq", "220 | freq: 330"),
            ("freq", "330 | base_freq: 220"),
            ("speed", "0.5"),
            ("overlap", "0.1"),
        ],
    },
    Case {
        node: "track",
        around: "@",
        base: &[("signal", TONE)],
        others: &[("signal", BEAT), ("pan", "0.3"), ("volume", "0.4")],
    },
    Case {
        node: "follow",
        around: "@",
        base: &[("signal", TONE)],
        others: &[("signal", BEAT), ("range", "[1, 3]"), ("attack", "0.1"), ("release", "0.01")],
    },
    Case {
        node: "map",
        around: "@",
        base: &[("signal", TONE), ("to", "[0, 1]")],
        others: &[("signal", BEAT), ("from", "[-1, 1]"), ("to", "[0, 2]"), ("clip", "[0, 0.1]")],
    },
    Case {
        node: "smooth",
        around: "@",
        base: &[("signal", BEAT)],
        others: &[("signal", TONE), ("step", "0.001")],
    },
    Case {
        node: "glide",
        around: "@",
        base: &[("signal", BEAT)],
        others: &[("signal", TONE), ("time", "0.02")],
    },
    Case {
        node: "snap",
        around: "@",
        base: &[("signal", TONE), ("values", "[0, 0.1, 0.2]")],
        others: &[
            ("signal", BEAT),
            ("values", "[0, 0.3]"),
            ("range", "[0, 1]"),
            ("interval", "0.25"),
            ("glide", "0.5"),
        ],
    },
    Case {
        node: "hold",
        around: "@",
        base: &[("signal", "{osc: {type: cos, freq: 110}}")],
        others: &[("signal", "{osc: {type: saw, freq: 110}}"), ("trigger", BEAT)],
    },
    Case {
        node: "interval",
        around: "{osc: {amp: 0.3, freq: @}}",
        base: &[("note", STEPS)],
        others: &[("root", "220"), ("note", BEAT), ("scale", "minor")],
    },
    Case {
        node: "pitch",
        around: "@",
        base: &[("signal", "{osc: {freq: {osc: {type: sqr, freq: 3, range: [150, 400]}}}}")],
        others: &[
            ("signal", "{osc: {freq: 330}}"),
            ("min_freq", "200"),
            ("max_freq", "300"),
            ("per_sample", "true"),
            ("smoothing", "0.5"),
        ],
    },
    Case {
        node: "shuffle",
        around: "@",
        base: &[("signal", "{osc: {freq: [110, 440], amp: 0.3, duration: 0.4}}"), ("size", "0.05")],
        others: &[
            ("signal", TONE),
            ("size", "0.03"),
            ("chunks", "5"),
            ("invert", "1"),
            ("crossfade", "0.01"),
            ("seed", "4"),
        ],
    },
    Case {
        node: "invert",
        around: "@",
        base: &[("signal", "{osc: {freq: [110, 440], amp: 0.3, duration: 0.4}}")],
        others: &[("signal", TONE)],
    },
    Case {
        node: "automation",
        around: "@",
        base: &[("interval", "0.03"), ("steps", "[0, 1, 3, 2]")],
        others: &[
            ("interval", "0.04"),
            ("swing", "0.5"),
            ("trigger", BEAT),
            ("reset", BEAT),
            ("steps", "[0, 2]"),
            ("mode", "ramp"),
            ("overlap", "0.02 | mode: overlap"),
            ("repeat", "2"),
        ],
    },
    Case {
        node: "expression",
        around: "@",
        base: &[("exp", "s * 0.5"), ("s", TONE)],
        others: &[("exp", "s * 0.2")],
    },
    Case {
        node: "context",
        around: "@",
        base: &[("pitch", "220"), ("signal", "{osc: {freq: pitch}}")],
        others: &[("signal", "{osc: {freq: pitch * 2}}")],
    },
    Case {
        node: "tempo",
        around: "@",
        base: &[("bpm", "300"), ("signal", "{osc: {freq: 220, amp: beat_tick * 0.5}}")],
        others: &[
            ("device", "x"),
            ("bpm", "400 | source: internal"),
            ("source", "internal"),
            ("signal", "{osc: {freq: 1 / beat}}"),
        ],
    },
    Case {
        node: "reference",
        around: "{mix: {a: {osc: {id: a, freq: 220, amp: 0.2}}, b: {osc: {id: b, freq: 330, amp: 0.2}}, c: @}}",
        base: &[("ref", "a")],
        others: &[("ref", "b")],
    },
    Case {
        node: "sequencer",
        around: "@",
        base: &[("interval", "0.05"), ("steps", "[blip, blip freq440, blip freq220]")],
        others: &[
            ("interval", "0.04"),
            ("swing", "0.5"),
            ("trigger", BEAT),
            ("reset", BEAT),
            ("steps", "[blip]"),
            ("chain", "[blip, blip freq440] | steps: []"),
            ("repeat", "1"),
        ],
    },
    Case {
        node: "select",
        around: "@",
        base: &[("test", STEPS), ("'0'", TONE), ("'1'", BEAT)],
        others: &[("test", "1")],
    },
    Case {
        node: "multiply",
        around: "@",
        base: &[("number", "3"), ("signal", "{osc: {freq: 110 * i, amp: 0.1 * n + 0.01 * item}}")],
        others: &[("number", "4"), ("items", "[1, 2]"), ("signal", "{osc: {freq: 70 * i}}")],
    },
    Case {
        node: "spawn",
        around: "@",
        base: &[("trigger", "{osc: {freq: 40}}"), ("signal", "{osc: {freq: 330, amp: 0.2, duration: 0.1}}")],
        others: &[
            ("trigger", BEAT),
            ("voices", "1"),
            ("threshold", "0.9"),
            ("signal", "{osc: {freq: 440, amp: 0.2, duration: 0.1}}"),
        ],
    },
    Case {
        node: "pattern",
        // What is repeated begins in the middle of a note.
        around: "{song: {loop: [0.2, 0.35, 2], signal: @}}",
        base: &[
            ("instrument", "{osc: {type: saw, freq: freq, amp: 0.3 * velocity}}"),
            ("notes", "'[C4 E4] G4 - A4'"),
            ("step", "0.1"),
        ],
        others: &[
            ("instrument", "{osc: {freq: freq}}"),
            ("notes", "C3 D3"),
            ("file", "riff.mid"),
            ("tracks", "[1]"),
            ("channels", "[0]"),
            ("length", "0.15"),
            ("step", "0.15"),
            ("loop", "false"),
            ("velocity", "0.3"),
            ("release_velocity", "0.9 | instrument: {expression: {exp: release_velocity + 0.1 * gate}}"),
            ("gate", "0.3"),
            ("swing", "0.7"),
            ("swing_step", "0.15 | swing: 0.7"),
            ("groove", "[0, 0.3]"),
            ("accents", "[1, 0.3]"),
            ("scale", "C minor | notes: 1 3 5"),
            ("transpose", "5"),
            ("slide", "0.2 | notes: C4 /C5"),
            ("chase", "false"),
            ("mute", "true"),
            ("to_host", "true"),
            ("seed", "5 | notes: C4? E4? G4? C4? E4? G4? A4?"),
            ("voices", "1"),
            ("mode", "mono"),
        ],
    },
    Case {
        node: "pattern_note",
        around: "{pattern: {instrument: {expression: {exp: pan + release_velocity + 0.1 * freq / 440 + velocity * gate}}, length: 0.5, notes: [%, [0.25, D4, 0.2]]}}",
        base: &[("at", "0.05"), ("note", "C4"), ("length", "0.1")],
        others: &[
            ("at", "0.1"),
            ("note", "C4:m7"),
            ("length", "0.05"),
            ("velocity", "0.2"),
            ("release_velocity", "0.9"),
            ("pan", "0.5"),
            ("pitch", "3"),
            ("slide", "0.1"),
            ("chance", "0"),
            ("ratchet", "2"),
            ("shift", "0.05"),
            ("choke", "true"),
            ("mute", "true"),
        ],
    },
    Case {
        node: "clips",
        around: "@",
        base: &[("clips", "[{pattern: {instrument: {osc: {freq: freq}}, step: 0.1, notes: C4 E4}}]")],
        others: &[
            ("clips", "[{pattern: {instrument: {osc: {freq: freq}}, step: 0.1, notes: C4 G4}}]"),
            ("instrument", "{osc: {type: saw, freq: freq}}"),
            ("mute", "true"),
            ("to_host", "true"),
        ],
    },
    Case {
        node: "clip",
        around: "{clips: {clips: [%]}}",
        base: &[
            (
                "pattern",
                "{pattern: {instrument: {osc: {freq: freq, amp: velocity}}, step: 0.1, notes: C4 E4}}",
            ),
            ("length", "0.5"),
        ],
        others: &[
            ("pattern", "{pattern: {instrument: {osc: {freq: freq}}, step: 0.1, notes: C4 G4}}"),
            ("start", "0.1"),
            ("length", "0.3"),
            ("offset", "0.1"),
            ("loop", "false"),
            ("transpose", "3"),
            ("velocity", "0.5"),
            ("mute", "true"),
            ("file", "samples/click.wav"),
            ("gain", "-6 | pattern: null | file: samples/click.wav"),
            ("fade_in", "10 ms | pattern: null | file: samples/click.wav"),
            ("fade_out", "0.2 | pattern: null | file: samples/click.wav"),
            ("fade", "smooth | pattern: null | file: samples/click.wav | fade_out: 0.2"),
            ("speed", "0.5 | pattern: null | file: samples/click.wav"),
            ("reverse", "true | pattern: null | file: samples/click.wav"),
        ],
    },
    Case {
        node: "song",
        around: "@",
        base: &[
            ("markers", "{a: 0.1}"),
            (
                "signal",
                "{mix: {a: {clips: {clips: [[{pattern: {instrument: {osc: {freq: freq}}, step: 0.1, notes: C4 E4}}, a, 0.1 bars]]}}, b: {pattern: {instrument: {osc: {freq: freq}}, step: 0.1, notes: C5 .}}}}",
            ),
        ],
        others: &[
            ("tempo", "200"),
            ("metre", "3/4"),
            ("sections", "{c: 0.4}"),
            ("markers", "{a: 0.3}"),
            ("loop", "[0, 0.25]"),
            ("length", "0.3"),
            ("source", "internal | tempo: {bpm: 200}"),
            ("signal", BEAT),
        ],
    },
    Case {
        node: "tempo_change",
        around: "{song: {tempo: [150, %], signal: {pattern: {instrument: {osc: {freq: freq}}, step: 0.1, notes: C4 .}}}}",
        base: &[("bpm", "90"), ("at", "0.2")],
        others: &[("bpm", "300"), ("at", "0.4"), ("ramp", "true")],
    },
    Case {
        node: "metre_change",
        around: "{song: {tempo: 999, metre: [4/4, %], signal: {clips: {clips: [[{pattern: {instrument: {osc: {freq: freq}}, notes: C4 .}}, 1.1 bars]]}}}}",
        base: &[("metre", "3/4"), ("at", "1 bar")],
        others: &[("metre", "7/8"), ("at", "2 bars")],
    },
    Case {
        node: "section",
        around: "{song: {sections: {a: %, b: 0.2}, signal: {clips: {clips: [[{pattern: {instrument: {osc: {freq: freq}}, step: 0.1, notes: C4 .}}, b]]}}}}",
        base: &[("length", "0.2")],
        others: &[("length", "0.3")],
    },
    Case {
        node: "marker",
        around: "{song: {markers: {a: %}, signal: {clips: {clips: [[{pattern: {instrument: {osc: {freq: freq}}, step: 0.1, notes: C4 .}}, a]]}}}}",
        base: &[("at", "0.1")],
        others: &[("at", "0.3")],
    },
    Case {
        node: "region",
        around: "{song: {loop: %, signal: {clips: {clips: [[{pattern: {instrument: {osc: {freq: freq}}, step: 0.07, notes: C4 E4 .}}, 0, 0.6]]}}}}",
        base: &[("from", "0.1"), ("to", "0.25")],
        others: &[("from", "0.05"), ("to", "0.3"), ("times", "2")],
    },
    Case {
        node: "curve",
        around: "@",
        base: &[("points", "[[0, 0], [0.5, 1]]")],
        others: &[("points", "[[0, 1], [0.5, 0]]")],
    },
    Case {
        node: "point",
        around: "{curve: {points: [%, [0.5, 1]]}}",
        base: &[("at", "0.1"), ("value", "0")],
        others: &[("at", "0.2"), ("value", "0.5"), ("shape", "step"), ("bend", "[0.3, 0, 0.7, 0.2]")],
    },
    Case {
        node: "midi_in",
        around: "@",
        base: &[("signal", "{osc: {freq: freq, amp: velocity * 0.3}}")],
        others: &[
            ("channel", "3"),
            ("keys", "40-60"),
            ("mode", "mono"),
            ("priority", "low"),
            ("portamento", "0.1"),
            ("portamento_mode", "legato"),
            ("voices", "1"),
            ("steal", "quietest | mode: mono"),
            ("same_key", "replace | mode: mono"),
            ("bend_range", "12"),
            ("name", "Kick | keys: 36"),
            ("choke", "hats"),
            ("notes", "{36: Kick}"),
            ("device", "x"),
            ("signal", "{osc: {freq: freq * 2, amp: 0.2}}"),
        ],
    },
    Case {
        node: "key",
        around: "{midi_in: {notes: {57: %, 69: {choke: hats}}, signal: {osc: {freq: freq, amp: 0.3}}}}",
        base: &[("name", "Kick")],
        others: &[("name", "Snare"), ("choke", "hats")],
    },
    Case {
        node: "midi_cc",
        around: "@",
        base: &[("cc", "1")],
        others: &[("cc", "2"), ("channel", "3"), ("range", "[1, 3]"), ("initial", "0.1"), ("device", "x")],
    },
    Case {
        node: "midi_out",
        around: "@",
        base: &[("note", "60"), ("gate", BEAT), ("signal", TONE)],
        others: &[
            ("note", "61"),
            ("velocity", "50"),
            ("gate", "{osc: {type: sqr, freq: 5}}"),
            ("cc", "7"),
            ("value", "64"),
            ("channel", "3"),
            ("device", "x"),
            ("signal", BEAT),
        ],
    },
    Case {
        node: "input",
        around: "@",
        base: &[],
        others: &[("channel", "left"), ("amp", "0.5"), ("device", "x")],
    },
    Case {
        node: "trigger",
        around: "@",
        base: &[("input", STROKES), ("play", STRUCK)],
        others: &[
            (
                "input",
                "{expression: {exp: 0.4 * x, x: {osc: {type: noise, amp: {osc: {type: saw, freq: 9}}}}}}",
            ),
            ("reference", SPILL),
            (
                "reject",
                "0 | reference: {expression: {exp: 8 * exp(-60 * (t - 0.06 * floor(t / 0.06))) * n, n: {osc: {type: noise}}}}",
            ),
            ("preset", "kick"),
            ("mode", "exact"),
            ("gain", "-12"),
            ("threshold", "-12"),
            ("hysteresis", "24 | threshold: -12 | sensitivity: 1"),
            ("sensitivity", "0"),
            ("hold", "0.1"),
            (
                "retrigger",
                "0.2 | mode: exact | sensitivity: 0.8 | input: {expression: {exp: (0.3 + 0.6 * (t / 0.16 - floor(t / 0.16) > 0.5)) * n * exp(-60 * (t - 0.08 * floor(t / 0.08))), n: {osc: {type: noise}}}}",
            ),
            ("retrigger_cancel", "1"),
            ("highpass", "6000"),
            ("lowpass", "200"),
            ("scan", "0.005"),
            ("velocity_curve", "exp"),
            ("velocity_min", "100"),
            ("velocity_max", "60"),
            ("velocity_fixed", "90"),
            ("match", "1"),
            ("align", "0.01"),
            ("adapt", "false"),
            ("play", "blip"),
            ("voices", "1"),
            ("choke", "true"),
            ("note", "40"),
            ("channel", "3 | note: 40"),
            ("length", "0.5 | note: 40"),
            ("dry", "0.5"),
            ("output", "hits"),
        ],
    },
    Case { node: "mix", around: "@", base: &[("a", TONE)], others: &[] },
    Case {
        node: "mixer",
        around: "@",
        base: &[("tracks", "{a: {signal: {osc: {}}, sends: {room: 0}}}"), ("buses", "{room: {}}")],
        others: &[
            ("tracks", "{a: {osc: {freq: 500}}}"),
            ("buses", "{room: {gain: -20}}"),
            ("master", "{expression: {exp: $input * 0.5}}"),
        ],
    },
    Case {
        node: "strip",
        around: "{mixer: {tracks: {a: %, b: {signal: {osc: {freq: 70}}, solo: true}}, buses: {room: {signal: {delay: {time: 0.01}}}}}}",
        base: &[("signal", TONE), ("solo", "true")],
        others: &[
            ("signal", BEAT),
            ("gain", "-6"),
            ("pan", "0.3"),
            ("pan_law", "linear | pan: 0.5"),
            ("width", "0 | signal: {track: {pan: 0.5, signal: {osc: {}}}}"),
            ("polarity", "inverted"),
            ("mute", "true"),
            ("solo", "false"),
            ("solo_safe", "true | solo: false"),
            ("sends", "{room: -6}"),
            ("inserts", "{expression: {exp: $input * 0.5}}"),
            ("out", "room"),
            ("color", "teal"),
        ],
    },
    Case {
        node: "bus",
        around: "{mixer: {tracks: {a: {signal: {osc: {}}, sends: {one: 0}}}, buses: {one: %, two: {signal: {delay: {time: 0.01}}}}}}",
        base: &[],
        others: &[
            ("signal", "{expression: {exp: $input * 0.5}}"),
            ("gain", "-6"),
            ("pan", "0.3"),
            ("pan_law", "linear | pan: 0.5"),
            ("width", "0 | signal: {track: {pan: 0.5}}"),
            ("polarity", "left"),
            ("mute", "true"),
            ("sends", "{two: -6}"),
            ("inserts", "{expression: {exp: $input * 0.5}}"),
            ("out", "two"),
            ("color", "'#4080ff'"),
        ],
    },
    Case {
        node: "send",
        around: "{mixer: {tracks: {a: {signal: {osc: {}}, gain: -12, sends: {one: %}}}, buses: {one: {}}}}",
        base: &[],
        others: &[("level", "-6"), ("pre_fader", "true")],
    },
];

/// Strokes of noise, each third one loud.
const STROKES: &str = "{expression: {exp: (0.12 + 0.45 * (t / 0.18 - floor(t / 0.18) > 0.66)) * n * exp(-40 * (t - 0.06 * floor(t / 0.06))), n: {osc: {type: noise, amp: 0.4}}}}";
const SPILL: &str =
    "{expression: {exp: 8 * exp(-60 * (t - 0.06 * floor(t / 0.06))) * n, n: {osc: {type: noise}}}}";
const STRUCK: &str = "{osc: {freq: 330, amp: velocity, duration: 0.1}}";

/// The library of a case with some parameters set anew.
fn text(case: &Case, changes: &[(&str, &str)]) -> String {
    let mut params: Vec<(&str, &str)> = case.base.to_vec();
    for (name, value) in changes {
        params.retain(|(n, _)| n != name);
        params.push((name, value));
    }
    let params: Vec<String> = params.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let body = format!("{{{}}}", params.join(", "));
    let node = format!("{{{}: {body}}}", case.node);
    let blip = "blip: {osc: {freq: 330, amp: 0.3, duration: 0.08}}\n";
    format!("{blip}example: {}\n", case.around.replace('@', &node).replace('%', &body))
}

#[test]
fn nodes_that_plain_files_did_not_know_give_way_to_their_sounds() {
    assert!(ADDED.iter().all(|name| ALL.iter().any(|def| def.spec.name == *name)));
    assert_eq!(ALL.len() - ADDED.len(), 32, "a node kind that is new stands in `spec::ADDED`");
}

#[test]
fn nodes_parameters_change_what_is_heard_or_say_that_they_do_not() {
    let mut silent = vec![];
    let specs: Vec<&NodeSpec> = ALL.iter().map(|def| &def.spec).collect();
    for spec in specs.iter().copied().chain(parts(&specs)) {
        let case = CASES.iter().find(|c| c.node == spec.name);
        let case = case.unwrap_or_else(|| panic!("no case for `{}`", spec.name));
        let known: BTreeSet<&str> = spec.params.iter().map(|p| p.name).collect();
        let tried: BTreeSet<&str> = case.others.iter().map(|(name, _)| *name).collect();
        assert_eq!(known, tried, "parameters of `{}`", spec.name);
        for (name, other) in case.others {
            let mut parts = other.split(" | ");
            let value = parts.next().unwrap_or_default();
            let needs: Vec<(&str, &str)> = parts.filter_map(|need| need.split_once(": ")).collect();
            let before = hear(&text(case, &needs), 20_000, &[512]);
            let mut changes = needs.clone();
            changes.push((name, value));
            let after = hear(&text(case, &changes), 20_000, &[512]);
            let same = before.bits() == after.bits()
                && before.sent == after.sent
                && before.ended == after.ended
                && before.names == after.names
                && before.colors == after.colors;
            if same && after.findings.is_empty() {
                silent.push(format!("{}.{name}", spec.name));
            }
            // A case that does not even compile shows nothing about the parameter.
            let compiled = !before.main[0].is_empty();
            if !compiled && !["chain", "chop", "base_freq", "freq"].contains(name) {
                silent.push(format!("{}.{name}: the case itself: {}", spec.name, before.findings));
            }
        }
    }
    assert!(silent.is_empty(), "these change nothing:\n{}", silent.join("\n"));
}

#[test]
fn nodes_controls_that_end_stay_where_they_were() {
    // A sweep of 0.1 s; then the tone goes on at its last pitch, while a level that has ended is silence.
    let text = "example: {osc: {freq: {osc: {type: cos, freq: 0.0001, range: [0, 960], duration: 0.1}}, amp: 0.5, duration: 1}}";
    let heard = hear(text, 48_000, &[512]);
    let crossings = heard.main[0][24_000..].windows(2).filter(|w| w[0] < 0.0 && w[1] >= 0.0).count();
    assert!((479..=481).contains(&crossings), "{crossings} cycles in half a second");
    let text =
        "example: {osc: {freq: 960, amp: {osc: {type: cos, freq: 0.0001, duration: 0.1}}, duration: 1}}";
    assert_eq!(peak(&hear(text, 9_600, &[512]).main[0][4_800..]), 0.0);
}

#[test]
fn nodes_buffer_loops_in_exactly_its_length() {
    let text = "
example:
  buffer:
    id: loop
    length: 0.1
    duration: 1
    signal: {expression: {exp: dry + back * 0.5, dry: {osc: {type: cos, freq: 1, duration: 0.0001}}, back: {buffer: {name: loop}}}}
";
    let heard = hear(text, 15_000, &[512]);
    assert_eq!(heard.findings, "");
    let clicks: Vec<(usize, f32)> =
        heard.main[0].iter().enumerate().filter(|(_, x)| x.abs() > 0.1).map(|(n, x)| (n, *x)).collect();
    let starts: Vec<usize> = clicks.iter().map(|c| c.0).filter(|n| n % 4_800 == 0).collect();
    assert_eq!(starts, [0, 4_800, 9_600, 14_400]);
    for blocks in [&[1][..], &[17], &[441]] {
        assert_eq!(heard.bits(), hear(text, 15_000, blocks).bits());
    }
}

#[test]
fn nodes_buffers_of_one_name_share_what_was_recorded() {
    let text = "
example:
  mix:
    rec: {track: {volume: 0, signal: {buffer: {name: tape, length: 0.2, signal: {osc: {freq: 440, amp: 0.5}}}}}}
    late: {buffer: {name: tape, offset: 0.05}}
";
    let heard = hear(text, 9_600, &[512]);
    assert_eq!(heard.findings, "");
    assert_eq!(peak(&heard.main[0][..2_400]), 0.0);
    let want = |n: usize| 0.5 * ((n - 2_400 + 1) as f32 * std::f32::consts::TAU * 440.0 / 48_000.0).sin();
    let off = (2_400..9_600).map(|n| (heard.main[0][n] - want(n)).abs()).fold(0.0, f32::max);
    assert!(off < 1e-3, "{off}");
    let two = text.replace(
        "late: {buffer: {name: tape, offset: 0.05}}",
        "two: {buffer: {name: tape, signal: {osc: {}}}}",
    );
    assert!(hear(&two, 64, &[64]).findings.contains("two buffers write"));
    assert!(
        hear("example: {buffer: {name: nobody}}", 64, &[64]).findings.contains("nothing is ever written")
    );
}

#[test]
fn nodes_midi_out_sends_every_note_at_its_frame_and_ends_it() {
    let off = |key| What::NoteOff { channel: 2, key, note: -1, velocity: 0.0 };
    let on = |key| What::NoteOn { channel: 2, key, note: -1, velocity: 1.0 };
    // Steps of 0.05 s that last 0.02 s, and a voice that is cut by the end of the sound's life.
    let text = "
hit: {midi_out: {note: key, velocity: 127, channel: 2, duration: 0.02, signal: {osc: {freq: 440}}}}
example: {sequencer: {interval: 0.05, repeat: 1, steps: [{context: {key: 60, signal: {hit: {}}}}, {context: {key: 64, signal: {hit: {}}}}]}}
";
    let wanted = vec![(0, on(60)), (960, off(60)), (2_400, on(64)), (3_360, off(64))];
    for blocks in [&[512][..], &[1], &[64], &[960], &[4_096]] {
        let heard = hear(text, 9_600, blocks);
        assert_eq!((heard.findings.as_str(), heard.sent), ("", wanted.clone()), "blocks of {blocks:?}");
    }
    let cut = "example: {sequencer: {interval: 0.5, repeat: 1, steps: [{midi_out: {note: 60, velocity: 127, channel: 2}}]}}";
    assert_eq!(hear(cut, 60_000, &[512]).sent, [(0, on(60)), (48_000, off(60))]);
    let moved = "example: {midi_out: {cc: 7, value: [0, 127], duration: 0.1, channel: 2}}";
    let sent = hear(moved, 9_600, &[100]).sent;
    assert!((120..=128).contains(&sent.len()), "{} messages", sent.len());
}

#[test]
fn nodes_that_need_their_signal_beforehand_say_what_they_cannot_know() {
    let endless = hear("example: {shuffle: {signal: {osc: {freq: 220}}}}", 64, &[64]);
    assert!(endless.findings.contains("needs its whole signal beforehand"), "{}", endless.findings);
    let note =
        hear("example: {midi_in: {signal: {invert: {duration: 1, signal: {osc: {freq: freq}}}}}}", 64, &[64]);
    assert!(note.findings.contains("only fixed names"), "{}", note.findings);
}

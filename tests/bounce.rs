//! The bounce: the same bits as the engine however the work is divided, files that are whole or not there, faults that stay where
//! they are, and a cache that changes nothing but the time.

#[path = "bounce/faults.rs"]
mod faults;
#[path = "bounce/files.rs"]
mod files;
#[path = "bounce/flat.rs"]
mod flat;
#[path = "bounce/forecast.rs"]
mod forecast;
#[path = "bounce/memory.rs"]
mod memory;
#[path = "bounce/offline.rs"]
mod offline;
#[path = "bounce/progress.rs"]
mod progress;
#[path = "bounce/quality.rs"]
mod quality;
#[path = "bounce/song.rs"]
mod song;
mod support;

use std::sync::Mutex;

use seiche::bounce::{
    Bounced, Control, Crew, Export, Failure, Job, Length, Level, Measure, Output, Policy, Source, Tail,
};
use seiche::compile::Request;
use seiche::compile::parts::{Cut, Parts, Point, StemWish, compile_parts};
use seiche::engine::{Event, Gear, Transport};
use seiche::language::render as show;
use seiche::library::samples::{Excuse, Store};
use seiche::quality::Quality;
use support::{RATE, library, program};

/// A bounce of a sound into memory: the mix, then the stems.
pub struct Wish<'a> {
    pub text: &'a str,
    pub cut: Cut,
    pub export: Export,
    /// Where its samples are.
    pub folder: Option<&'a std::path::Path>,
}

pub const POST_FADER: Cut =
    Cut { stems: Some(StemWish { point: Point::PostFader, master: false }), whole: false };

/// So many frames from the beginning.
pub fn first(frames: u64) -> Export {
    Export {
        gear: Gear::new(Quality::Normal, RATE),
        length: Length { from: 0, to: frames, tail: Tail::None },
        events: vec![],
        transport: None,
        outputs: vec![],
        level: Level::default(),
        crew: Crew { workers: 2, ..Crew::default() },
        policy: Policy::Stop,
        time_limit: None,
        cache: None,
    }
}

impl<'a> Wish<'a> {
    pub fn new(text: &'a str, frames: u64) -> Wish<'a> {
        Wish { text, cut: POST_FADER, export: first(frames), folder: None }
    }

    pub fn parts(&self) -> Parts {
        self.with(|request, cut| {
            compile_parts(request, cut)
                .unwrap_or_else(|e| panic!("{}", show(&e, request.library.files(), false)))
        })
    }

    /// How loud it is thought to become.
    pub fn forecast(&self) -> seiche::bounce::Forecast {
        self.forecast_or_failure().expect("foretold")
    }

    pub fn forecast_or_failure(&self) -> Result<seiche::bounce::Forecast, Failure> {
        self.with(|request, _| seiche::bounce::forecast(request, &self.export, &Control::default()))
    }

    fn with<R>(&self, act: impl FnOnce(&Request, Cut) -> R) -> R {
        let library = match self.folder {
            Some(folder) => support::library_at(&folder.join("test.yaml"), self.text),
            None => library(self.text),
        };
        let mut store = Store::default();
        store.begin(Excuse::Everything);
        let store = Mutex::new(store);
        let request = Request {
            library: &library,
            sound: "x",
            overrides: &[],
            rate: self.export.gear.engine_rate(),
            quality: self.export.gear.quality,
            seed: 7,
            store: &store,
        };
        act(&request, self.cut)
    }

    /// Bounces; without outputs of its own, the mix and all stems into memory.
    pub fn bounce(&self) -> Result<Bounced, Failure> {
        self.bounce_watched(&Control::default(), &mut |_| {})
    }

    pub fn bounce_watched(
        &self,
        control: &Control,
        tell: &mut dyn FnMut(&seiche::bounce::Progress),
    ) -> Result<Bounced, Failure> {
        self.with(|request, cut| {
            let parts = compile_parts(request, cut)
                .unwrap_or_else(|e| panic!("{}", show(&e, request.library.files(), false)));
            let mut export = self.export.clone();
            if export.outputs.is_empty() {
                let all = std::iter::once(Source::Mix).chain((0..parts.stems.len()).map(Source::Stem));
                let memory = |source| Output { source, target: None, measure: Measure::Peak };
                export.outputs = all.map(memory).collect();
            }
            seiche::bounce::export(&parts, request, &export, control, tell)
        })
    }

    /// What the engine puts out: the mix, then the strips.
    pub fn engine(&self) -> Vec<[Vec<f32>; 2]> {
        self.engine_in(&[512])
    }

    /// What it puts out in a host that renders offline, with so many threads.
    pub fn offline_in(&self, blocks: &[usize], threads: usize) -> Vec<[Vec<f32>; 2]> {
        let Length { from, to, .. } = self.export.length;
        self.engine_with(&Job {
            frames: (to - from) as usize,
            events: &self.export.events,
            transport: self.export.transport,
            stems: true,
            blocks,
            offline: Some((threads, 0)),
        })
    }

    /// The same in a host whose blocks have these sizes in turn.
    pub fn engine_in(&self, blocks: &[usize]) -> Vec<[Vec<f32>; 2]> {
        let frames = (self.export.length.to - self.export.length.from) as usize;
        let job = Job {
            frames,
            events: &self.export.events,
            transport: self.export.transport,
            stems: true,
            blocks,
            ..Job::default()
        };
        self.engine_with(&job)
    }

    fn engine_with(&self, job: &Job) -> Vec<[Vec<f32>; 2]> {
        let program = program(self.text, "x", RATE, 7);
        let rendering = seiche::bounce::render(program, job, &mut |_| true);
        assert!(job.offline.is_none() || rendering.taken_apart > 0, "blocks are taken apart\n{}", self.text);
        std::iter::once(rendering.main).chain(rendering.stems.into_iter().map(|(_, sides)| sides)).collect()
    }
}

/// The first difference of two sets of signals, in words.
pub fn difference(a: &[[Vec<f32>; 2]], b: &[[Vec<f32>; 2]]) -> Option<String> {
    if a.len() != b.len() {
        return Some(format!("{} signals and {}", a.len(), b.len()));
    }
    for (number, (a, b)) in a.iter().zip(b).enumerate() {
        for side in 0..2 {
            if a[side].len() != b[side].len() {
                return Some(format!("signal {number}: {} frames and {}", a[side].len(), b[side].len()));
            }
            let odd = a[side].iter().zip(&b[side]).position(|(a, b)| a.to_bits() != b.to_bits());
            if let Some(frame) = odd {
                let (a, b) = (a[side][frame], b[side][frame]);
                return Some(format!("signal {number}, side {side}, frame {frame}: {a} and {b}"));
            }
        }
    }
    None
}

pub fn peak(sides: &[Vec<f32>; 2]) -> f32 {
    sides.iter().flatten().fold(0.0, |peak: f32, x| peak.max(x.abs()))
}

pub fn playing(tempo: f64) -> Option<Transport> {
    Some(Transport::starting(tempo))
}

/// Everything that joins tracks: sends, groups, sidechains, what several read, loops, memories, what is late, and a master.
pub const JOINED: &str = "
seiche: 1
hit: {osc: {type: noise, amp: [1, 0], duration: 0.05}}
x:
  tempo:
    bpm: 140
    signal:
      mixer:
        tracks:
          kick: {signal: {sequencer: {interval: beat, repeat: .inf, steps: [{osc: {freq: 60, amp: [1, 0], duration: 0.2}}]}}}
          bass:
            signal: {osc: {type: saw, freq: 55 + 5 * sin(t * 3), amp: 0.4}}
            inserts: [{filter: {cutoff: 400 + 300 * sin(t)}}, {expression: {exp: $input * (1 - abs($kick))}}]
            out: group
          hats:
            signal: {sequencer: {interval: beat / 4, repeat: .inf, steps: [hit, hit, null, hit]}}
            gain: -12 dB
            pan: 0.4
            sends: {room: -9 dB, echo: {level: -6 dB, pre_fader: true}}
          lead:
            signal: {expression: {id: back, exp: 0.3 * sin(t * 440 * tau) + 0.4 * $back}}
            sends: {room: -12 dB}
            out: group
          record:
            signal: {buffer: {id: tape, length: 0.2, signal: {osc: {type: tri, freq: 330, amp: 0.3}}}}
          repeat:
            signal: {buffer: {name: tape, offset: 0.1}}
          late: {signal: {osc: {type: sqr, freq: 220, amp: 0.5}}, inserts: [{limiter: {ceiling: -9 dB, lookahead: 3 ms}}]}
        buses:
          group: {signal: {compressor: {threshold: -20 dB, ratio: 4}}, sends: {room: -20 dB}}
          room: {signal: {reverb: {size: 0.5, decay: 0.8}}}
          echo: {signal: [{delay: {time: 0.11}}, {expression: {exp: $input * (0.5 + $kick)}}]}
        master: [{expression: {exp: tanh($input)}}]
";

#[test]
fn bounce_puts_out_the_bits_of_the_engine() {
    let wish = Wish::new(JOINED, 30_000);
    let parts = wish.parts();
    let names: Vec<&str> = parts.parts.iter().map(|part| part.name.as_str()).collect();
    assert!(parts.parts.len() >= 11, "taken apart: {names:?}");
    let engine = wish.engine();
    let bounced = wish.bounce().expect("bounced");
    assert_eq!(difference(&bounced.audio, &engine), None);
    assert!(engine.iter().all(|sides| peak(sides) > 0.01), "every strip is heard");
}

#[test]
fn bounce_does_not_depend_on_workers_and_chunks() {
    for seed in 1..=20 {
        let text = song::generate(seed);
        let mut wish = Wish::new(&text, 3_000);
        if seed % 2 == 0 {
            wish.export.transport = playing(133.0);
        }
        let engine = wish.engine();
        let chunks = [1, 17, 63, 64, 441, 1_000, 4_096, 48_000];
        for (n, workers) in [1, 2, 4, 8, 16].into_iter().enumerate() {
            let chunk = chunks[(seed as usize + 3 * n) % chunks.len()];
            wish.export.crew = Crew { workers, chunk, ahead: 1 + n, ..Crew::default() };
            let bounced = wish.bounce().expect("bounced");
            let odd = difference(&bounced.audio, &engine);
            assert_eq!(odd, None, "song {seed}, {workers} workers, chunks of {chunk}\n{text}");
        }
    }
}

#[test]
fn bounce_is_what_a_host_hears_whatever_its_blocks() {
    for seed in 21..=30 {
        let text = song::generate(seed);
        let mut wish = Wish::new(&text, 9_000);
        wish.export.transport = playing(97.0);
        let bounced = wish.bounce().expect("bounced").audio;
        for block in [1, 17, 64, 441, 512, 4_096] {
            let odd = difference(&wish.engine_in(&[block]), &bounced);
            assert_eq!(odd, None, "song {seed}, blocks of {block}\n{text}");
        }
    }
}

#[test]
fn bounce_follows_notes_and_controls_at_their_frames() {
    use seiche::engine::{Control as Knob, StripControl, What};
    let text = "
seiche: 1
macros: {tone: [100 Hz, 4 kHz]}
x:
  mixer:
    tracks:
      keys: {signal: {midi_in: {voices: 4, signal: {envelope: {release: 0.02, gate: gate, signal: {filter: {cutoff: tone, signal: {osc: {type: saw, freq: freq, amp: velocity}}}}}}}}, sends: {room: -6 dB}}
      pad: {osc: {freq: 220, amp: 0.2}}
    buses:
      room: {signal: {reverb: {size: 0.4, decay: 0.5}}}
";
    let mut wish = Wish::new(text, 20_000);
    let control = |at, control, value| Event { at, what: What::Control { control, value } };
    let pan = Knob::Strip(0, StripControl::Pan);
    wish.export.events = vec![
        support::note(100, 60, 0.7),
        control(1_001, Knob::Macro(0), 0.3),
        support::note(1_500, 64, 0.9),
        control(3_333, pan, -0.5),
        support::release(6_000, 60),
        control(8_000, Knob::Gain, 0.5),
        control(9_000, Knob::Strip(1, StripControl::Solo), 1.0),
        control(12_000, Knob::Strip(1, StripControl::Solo), 0.0),
        support::release(13_000, 64),
    ];
    let engine = wish.engine();
    for (workers, chunk) in [(1, 4_096), (3, 777)] {
        wish.export.crew = Crew { workers, chunk, ahead: 3, ..Crew::default() };
        assert_eq!(difference(&wish.bounce().expect("bounced").audio, &engine), None, "{workers} workers");
    }
}

#[test]
fn bounce_ends_where_the_sound_ends() {
    let text = "x: {mix: {a: {osc: {freq: 100, amp: 0.5, duration: 0.1}}, b: {osc: {freq: 200, amp: 0.5, duration: 0.05}}}}";
    let wish = Wish::new(text, 48_000);
    let bounced = wish.bounce().expect("bounced");
    assert_eq!(bounced.audio[0][0].len(), 4_800);
    assert!(bounced.report.ended);
    assert_eq!(difference(&bounced.audio, &wish.engine()), None);
}

#[test]
fn bounce_of_a_range_is_a_part_of_the_whole() {
    let mut wish = Wish::new(JOINED, 20_000);
    wish.export.transport = playing(120.0);
    let whole = wish.bounce().expect("bounced").audio;
    for (from, to) in [(5_000, 12_345), (64, 65), (19_999, 20_000)] {
        wish.export.length = Length { from, to, tail: Tail::None };
        let part = wish.bounce().expect("bounced").audio;
        let slice: Vec<_> = whole
            .iter()
            .map(|sides| sides.each_ref().map(|s| s[from as usize..to as usize].to_vec()))
            .collect();
        assert_eq!(difference(&part, &slice), None, "{from}..{to}");
    }
}

/// A pulse on every beat, into a delay that rings into the next.
const PULSES: &str = "
seiche: 1
x:
  tempo:
    signal:
      mixer:
        tracks:
          pulse:
            signal: {sequencer: {interval: beat, repeat: .inf, steps: [{osc: {freq: 500, amp: [0.5, 0], duration: 0.02}}]}}
            inserts: [{delay: {time: 0.4}}, {reverb: {size: 0.4, decay: 1.2}}]
";

#[test]
fn bounce_with_a_tail_ends_when_it_is_silent() {
    let mut wish = Wish::new(PULSES, 48_000);
    wish.export.transport = playing(120.0);
    let frames = |wish: &Wish| wish.bounce().expect("bounced").audio[0][0].len() as u64;
    wish.export.length.tail = Tail::Fixed(12_000);
    assert_eq!(frames(&wish), 60_000);
    wish.export.length.tail = Tail::Silence(60 * 48_000);
    let bounced = wish.bounce().expect("bounced");
    let [left, right] = &bounced.audio[0];
    let quiet = &left[left.len() - 9_600..];
    assert!(left.len() > 72_000 && left.len() < 48_000 * 15, "{}", left.len());
    assert!(quiet.iter().all(|x| x.abs() < 1.6e-5), "a fifth of a second of silence");
    let last = left.len() - 9_601;
    assert!(left[last].abs().max(right[last].abs()) >= 1.58e-5, "and no more");
    wish.export.length.tail = Tail::Silence(10_000);
    assert_eq!(frames(&wish), 58_000, "no longer than was said");
}

#[test]
fn bounce_wraps_the_tail_into_the_beginning() {
    let mut wish = Wish::new(PULSES, 0);
    wish.export.transport = playing(120.0);
    wish.export.length = Length { from: 0, to: 96_000, tail: Tail::Wrapped };
    let looped = wish.bounce().expect("bounced").audio;
    assert_eq!(looped[0][0].len(), 96_000, "four beats at 120 bpm, exactly");
    wish.export.length = Length { from: 0, to: 96_000, tail: Tail::None };
    let once = wish.bounce().expect("bounced").audio;
    assert!(once[0][0][..480] != looped[0][0][..480], "what rang out behind the end is in front");
    // Played on without a loop, the second four beats are the same: steady state.
    wish.export.length = Length { from: 96_000, to: 192_000, tail: Tail::None };
    assert_eq!(difference(&wish.bounce().expect("bounced").audio, &looped), None);
}

#[test]
fn stems_before_and_behind_effects_and_master() {
    let text = "
seiche: 1
x:
  mixer:
    tracks:
      a: {signal: {osc: {freq: 100, amp: 0.5}}, inserts: [{expression: {exp: $input * 0.5}}], gain: -20 dB}
      b: {signal: {osc: {freq: 300, amp: 0.2}}, sends: {room: 0 dB}}
    buses:
      room: {signal: {expression: {exp: $input * 2}}}
    master: [{expression: {exp: $input * 3}}]
";
    let peaks = |point, master| {
        let mut wish = Wish::new(text, 4_800);
        wish.cut = Cut { stems: Some(StemWish { point, master }), whole: false };
        wish.bounce().expect("bounced").audio.iter().map(peak).collect::<Vec<f32>>()
    };
    let near = |a: &[f32], b: &[f32]| {
        assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-3 * b), "{a:?} and {b:?}");
    };
    near(&peaks(Point::Dry, false)[1..], &[0.5, 0.2, 0.2]);
    near(&peaks(Point::PostInsert, false)[1..], &[0.25, 0.2, 0.4]);
    near(&peaks(Point::PostFader, false)[1..], &[0.025, 0.2, 0.4]);
    near(&peaks(Point::PostFader, true)[1..], &[0.075, 0.6, 1.2]);
    // With a plain sum, stems behind the fader add up to the mix, to the bit.
    let wish = Wish::new(text, 4_800);
    let without = text.replace("    master: [{expression: {exp: $input * 3}}]\n", "");
    let plain = Wish { text: &without, ..wish };
    let audio = plain.bounce().expect("bounced").audio;
    let sum: Vec<f32> = (0..4_800).map(|n| audio[1..].iter().fold(0.0, |sum, s| sum + s[0][n])).collect();
    assert!(sum == audio[0][0]);
}

//! Frozen tracks: the mix is what it was, the text comes back as it was, and a change of the source is noticed.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use seiche::bounce::{Control, Failure, Freeze, Iced, Job, unfreeze};
use seiche::compile::{self, Request};
use seiche::engine::{Engine, Io};
use seiche::language::Library;
use seiche::library::samples::Store;
use seiche::quality::Quality;

use super::support::*;
use super::{at, bits};

/// A song with a pad that is worth freezing: noise, chances, a filter along the song, a reverb that rings on behind its end.
const SONG: &str = "seiche: 1
pad: {midi_in: {voices: 8, signal: {envelope: {attack: 0.05, decay: 0.1, sustain: 0.6, release: 0.3, gate: gate, signal: {mix: {a: {osc: {type: saw, freq: freq, amp: 0.1}}, b: {osc: {type: noise, amp: 0.02}}}}}}}}
chords: {pattern: {instrument: pad, length: 1 bar, seed: 3, notes: \"[C3 E3 G3] - {A3?0.5 B3} - F3\"}}
kick: {envelope: {decay: 0.2, sustain: 0, sustain_duration: 0, signal: {osc: {freq: 60, amp: 0.4}}}}
beat: {pattern: {instrument: kick, length: 1 bar, notes: {C2: x.x.}}}
x:
  song:
    tempo: [150, [110, 3, true]]
    length: 2 bars
    signal:
      mixer:
        tracks:
          pad:
            signal: {clips: {clips: [[chords, 0, 2 bars]]}}
            inserts: [{filter: {cutoff: {curve: {points: [[0, 400 Hz], [6, 3 kHz]]}}}}, {reverb: {decay: 1}}]
            gain: {curve: {points: [[0, -12 dB], [7, 0 dB]]}}
            pan: 0.3
            sends: {room: -9 dB}
          beat: {signal: {clips: {clips: [[beat, 0, 2 bars]]}}}
        buses: {room: {inserts: [{delay: {time: 0.1}}]}}
";

struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let folder = std::env::temp_dir().join(format!("seiche-freeze-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Scratch(folder)
    }

    fn library(&self, text: &str) -> Library {
        library_at(&self.0.join("song.yaml"), text)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn freeze(library: &Library, track: &str, post_fader: bool, bpm: Option<f64>) -> Result<Iced, Failure> {
    let store = Mutex::new(Store::default());
    let freeze = Freeze {
        library,
        sound: "x",
        track,
        post_fader,
        bpm,
        seconds: None,
        rate: RATE,
        seed: 0,
        store: &store,
        drums: None,
        events: vec![],
    };
    freeze.run(&Control::default(), &mut |_| {})
}

/// The engine's mix, and what is said of the text.
fn live(library: &Library, job: &Job) -> (Vec<u32>, Vec<String>) {
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
    let compiled = compile::compile(&request).unwrap_or_else(|e| panic!("{e:?}"));
    let warnings = compiled.warnings.iter().map(|w| w.message.clone()).collect();
    (bits(&seiche::bounce::render(compiled.program, job, &mut |_| true)), warnings)
}

#[test]
fn frozen_tracks_leave_the_mix_as_it_was_and_the_text_comes_back() {
    for (number, (post_fader, bpm)) in
        [(false, None), (true, None), (false, Some(117.0)), (true, Some(117.0))].into_iter().enumerate()
    {
        let scratch = Scratch::new(&format!("mix-{number}"));
        let source = scratch.library(SONG);
        let iced = freeze(&source, "pad", post_fader, bpm).unwrap_or_else(|why| panic!("{why}"));
        // To the bit, but for what is cut off where its tail cannot be heard any more.
        assert!(iced.differs <= 1e-7, "{}", iced.told());
        assert!(iced.after < iced.before, "{}", iced.told());
        let recorded = hound::WavReader::open(&iced.recording).unwrap();
        assert_eq!(recorded.spec().sample_format, hound::SampleFormat::Float);
        let tail = f64::from(recorded.duration()) / RATE - iced.seconds;
        assert!(tail > 0.3, "its reverb rings on: {tail} s");
        // Live in any blocks, from the beginning on.
        let frozen = scratch.library(&iced.text);
        assert_eq!((frozen.frozen().len(), frozen.diagnostics().len()), (1, 0));
        let transport = bpm.map(|bpm| at(bpm, 0.0, true));
        for blocks in [&[512][..], &[441, 64, 1, 17]] {
            let job = Job { frames: 120_000, transport, blocks, ..Job::default() };
            let (a, b) = (live(&source, &job), live(&frozen, &job));
            assert!(b.1.is_empty(), "{:?}", b.1);
            assert!(a.0 == b.0, "post-fader {post_fader}, {bpm:?}");
        }
        let (file, text, recording) = unfreeze(&frozen, "x", "pad").expect("it is frozen");
        assert_eq!((file, text.as_str(), &recording), (0, SONG, &iced.recording));
    }
}

#[test]
fn frozen_tracks_sound_from_where_the_host_jumps_to() {
    let scratch = Scratch::new("jump");
    // Without the drum, which rings on where it was struck before.
    let source = scratch.library(&SONG.replace("beat: {signal:", "beat: {mute: true, signal:"));
    let iced = freeze(&source, "pad", false, Some(120.0)).unwrap_or_else(|why| panic!("{why}"));
    let frozen = scratch.library(&iced.text);
    let store = Mutex::new(Store::default());
    let request = Request {
        library: &frozen,
        sound: "x",
        overrides: &[],
        rate: RATE,
        quality: Quality::Normal,
        seed: 0,
        store: &store,
    };
    let (mut engine, mut remote) = Engine::new(RATE);
    assert!(remote.send(compile::compile(&request).unwrap_or_else(|e| panic!("{e:?}")).program).is_ok());
    let whole =
        live(&frozen, &Job { frames: 96_000, transport: Some(at(120.0, 0.0, true)), ..Job::default() });
    let mut heard = vec![];
    for (from, frames) in [(1.0, 4_800), (2.5, 9_600)] {
        let (mut left, mut right) = (vec![0.0; frames], vec![0.0; frames]);
        let io = Io { sidechain: None, main: [&mut left, &mut right], aux: &mut [], stems: &mut [] };
        engine.process(io, &[], Some(&at(120.0, from, true)));
        heard = left;
    }
    // As in the whole song, once its fader has come there and the echo has nothing of the place before.
    let (from, whole) = (60_000, whole.0);
    let off = (7_200..9_600).map(|n| (heard[n] - f32::from_bits(whole[from + n])).abs()).fold(0.0, f32::max);
    assert!(off < 1e-6 && peak(&heard) > 0.005, "{off}, {}", peak(&heard));
}

#[test]
fn frozen_tracks_whose_source_has_changed_are_told_and_play_it() {
    let scratch = Scratch::new("stale");
    let source = scratch.library(SONG);
    let iced = freeze(&source, "pad", false, None).unwrap_or_else(|why| panic!("{why}"));
    let job = Job { frames: 20_000, ..Job::default() };
    let edited = |text: &str| text.replace("release: 0.3", "release: 0.2").replace("amp: 0.1}", "amp: 0.05}");
    let (heard, said) = live(&scratch.library(&edited(&iced.text)), &job);
    assert!(said.iter().any(|w| w.contains("`pad` has changed since it was frozen")), "{said:?}");
    assert!(heard == live(&scratch.library(&edited(SONG)), &job).0);
    // What others do, remarks and the order of the text are none of its business.
    let other = iced.text.replace("{C2: x.x.}", "{C2: xxxx}").replace("chords:", "# a remark\nchords:");
    assert!(live(&scratch.library(&other), &job).1.is_empty());
    let gone = iced.text.replace("          pad:\n", "          keys:\n");
    assert!(live(&scratch.library(&gone), &job).1.iter().any(|w| w.contains("no track `pad` any more")));
    // Frozen again, it is as new.
    let again = freeze(&scratch.library(&edited(&iced.text)), "pad", false, None)
        .unwrap_or_else(|why| panic!("{why}"));
    assert!(live(&scratch.library(&again.text), &job).1.is_empty());
    assert_eq!(unfreeze(&scratch.library(&again.text), "x", "pad").map(|u| u.1), Some(edited(SONG)));
}

#[test]
fn frozen_cannot_be_what_hosts_play_or_never_ends() {
    let scratch = Scratch::new("refused");
    let refused = |text: &str, track: &str| match freeze(&scratch.library(text), track, false, None) {
        Ok(_) => panic!("{track} was frozen"),
        Err(why) => why.to_string(),
    };
    let keys =
        "seiche: 1\nx: {mix: {keys: {midi_in: {signal: {osc: {freq: freq}}}}, hum: {osc: {freq: 50}}}}\n";
    assert!(refused(keys, "keys").contains("`midi_in`"));
    assert!(refused(keys, "hum").contains("how long it lasts"));
    assert!(refused(keys, "bass").contains("its tracks are: keys, hum"));
    assert!(
        refused("x: {mix: {hum: {osc: {freq: 50, duration: 1}}}}\n", "hum")
            .contains("begins with `seiche: 1`")
    );
    let round = SONG.replace("length: 2 bars\n    signal", "length: 2 bars\n    loop: [0, 4, 2]\n    signal");
    assert!(refused(&round, "pad").contains("`loop`"));
    assert!(!Path::new(&scratch.0).join("frozen").exists(), "nothing is left");
}

//! Saved files while a host plays, through the built CLAP: the new sound comes without a gap, in every instance, and a project keeps
//! what sounds. The counter inside the bundle is the process's, so the tests run one after the other.

mod common;

use common::*;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use xtask::host::*;
use xtask::state::Patch;
use xtask::wav;

const LIMIT: Duration = Duration::from_secs(20);
const BLOCK: u32 = 256;

static ONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An instance that plays as hosts do: in real time, without waiting for its loader.
struct Live {
    instance: Instance,
    running: Running,
    heard: Vec<f32>,
}

impl Live {
    fn open(bundle: &Bundle, patch: &Patch) -> Live {
        let mut instance = bundle.instance(SEICHE).unwrap();
        let base = instance.save().unwrap();
        instance.load(&patch.into_state(&base).unwrap()).unwrap();
        let running = instance.start(48_000.0, BLOCK).unwrap();
        Live { instance, running, heard: vec![] }
    }

    /// Plays 10 ms, and lets the host's main loop run; returns the peak.
    fn play(&mut self, score: &Score) -> f32 {
        let played = score.play(&mut self.running, 480, &Blocks::Of(BLOCK)).unwrap();
        self.instance.idle();
        self.heard.extend(&played.main()[0]);
        wav::peak(played.main())
    }

    /// Plays in real time until the level is there.
    fn until(&mut self, level: f32) {
        let end = Instant::now() + LIMIT;
        while (self.play(&Score::default()) - level).abs() > 0.01 {
            assert!(Instant::now() < end, "the level never became {level}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn stop(mut self) {
        self.instance.stop(self.running);
    }
}

/// A sine for each note, at this level.
fn keys(level: f32) -> String {
    let envelope = "attack: 0.002, decay: 0, sustain: 1, release: 0.02, gate: gate";
    let osc = format!("osc: {{type: sin, freq: freq, amp: {level}}}");
    format!("keys: {{midi_in: {{voices: 8, signal: {{envelope: {{{envelope}, signal: {{{osc}}}}}}}}}}}\n")
}

#[test]
fn reload_in_a_host_keeps_the_held_note_and_allocates_nothing() {
    let _alone = alone();
    let bundle = Bundle::open(&counting().clap_binary()).unwrap();
    let scratch = Scratch::new("held");
    let mut live = Live::open(&bundle, &Patch::on_disk(&scratch.save(&keys(0.4)), "keys"));
    let allocated = bundle.allocations().expect("the counting bundle has its counter");
    let held = Score { events: vec![(0, What::On { key: 69, velocity: 0.8 })], ..Score::default() };
    live.play(&held);
    live.until(0.4);
    live.instance.asked(Request::Dirty);
    let since = live.heard.len();
    for level in [0.2, 0.3, 0.1] {
        scratch.save(&keys(level));
        live.until(level);
    }
    assert_eq!(bundle.allocations().unwrap() - allocated, 0, "on the audio thread");
    assert!(live.instance.asked(Request::Dirty), "the host is told that the project has changed");
    // A sine of 440 Hz that is never quieter than 0.1, and moves by no more than its slope at 0.4.
    let heard = &live.heard[since..];
    let quietest = heard.chunks_exact(120).map(|c| c.iter().fold(0.0f32, |p, x| p.max(x.abs())));
    assert!(quietest.fold(1.0, f32::min) > 0.08, "there is a gap");
    let step = heard.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
    assert!(step < 0.03, "there is a click of {step}");
    live.stop();
}

#[test]
fn reload_reaches_every_instance_on_the_folder() {
    let _alone = alone();
    let bundle = open();
    let scratch = Scratch::new("two");
    scratch.tone(0.4);
    let mut both = [0, 1].map(|_| Live::open(&bundle, &Patch::on_disk(&scratch.0, "tone")));
    both.iter_mut().for_each(|live| live.until(0.4));
    scratch.tone(0.2);
    both.iter_mut().for_each(|live| live.until(0.2));
    both.into_iter().for_each(Live::stop);
}

#[test]
fn reload_broken_text_leaves_sound_and_project_alone() {
    let _alone = alone();
    let bundle = open();
    let scratch = Scratch::new("broken");
    let mut live = Live::open(&bundle, &Patch::on_disk(&scratch.tone(0.4), "tone"));
    live.until(0.4);
    scratch.tone(0.3);
    live.until(0.3);
    scratch.save("tone: {osc: [");
    let end = Instant::now() + Duration::from_secs(1);
    while Instant::now() < end {
        assert!((live.play(&Score::default()) - 0.3).abs() < 0.01);
        std::thread::sleep(Duration::from_millis(10));
    }
    let saved = live.instance.save().unwrap();
    live.stop();
    // The project opens with what sounded, while the file is still broken.
    let mut again = bundle.instance(MULTI).unwrap();
    again.set_offline(true).unwrap();
    again.load(&saved).unwrap();
    let mut running = again.start(48_000.0, BLOCK).unwrap();
    let played = Score::default().play(&mut running, 9_600, &Blocks::Of(BLOCK)).unwrap();
    assert!((wav::peak(played.main()) - 0.3).abs() < 0.01);
    again.stop(running);
    assert_eq!(std::fs::read_to_string(scratch.0.join("library.yaml")).unwrap(), "tone: {osc: [");
}

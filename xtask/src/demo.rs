//! `cargo xtask demo`: a shipped song through the built CLAP, with transport, notes and automation, live and as a bounce; the sound
//! goes to `target/demo`, the figures to the screen.

use crate::bundle::{self, Kind};
use crate::host::{Blocks, Bundle, Instance, Note, Recording, Score, What};
use crate::shell::{root, target};
use crate::state::Patch;
use crate::{Failed, failed, setup, wav};
use std::time::Duration;

/// The variant with further outputs.
const PLUGIN: &str = "org.seiche.multi";
const RATE: f64 = 48_000.0;
const BLOCK: u32 = 256;
const TEMPO: f64 = 120.0;
/// The sound that plays by itself, of the libraries in `presets/`: 32 bars and the ring-out.
const SONG: (&str, f64) = ("song", 68.0);
/// The sound that is played by notes.
const KEYS: (&str, f64) = ("poly", 12.0);

/// Builds, plays, writes, reports.
pub fn run() -> Result<(), Failed> {
    setup::packages()?;
    let release = bundle::build(Kind::Release)?;
    let bundle = Bundle::open(&bundle::build(Kind::RtCheck)?.clap_binary())?;

    let song = perform(&bundle, SONG.0, |instance| song_score(instance, (SONG.1 * RATE) as u64), SONG.1)?;
    let keys = perform(&bundle, KEYS.0, |_| Ok(keys_score()), KEYS.1)?;

    let mix = target("demo/mix.wav");
    wav::write(&mix, RATE, song.live.main())?;
    let notes = target("demo/notes.wav");
    wav::write(&notes, RATE, keys.live.main())?;

    song.report("song, with transport and automation")?;
    keys.report("played by notes")?;
    println!("sound         {}\n              {}", mix.display(), notes.display());
    println!("plug-ins      {}\n              {}", release.clap.display(), release.vst3.display());
    println!("to install    cargo xtask install");
    song.check()?;
    keys.check()
}

/// A sound played live and bounced.
struct Performance {
    sound: &'static str,
    live: Recording,
    bounce: Recording,
    allocations: u64,
    voices: u32,
}

fn perform(
    bundle: &Bundle,
    sound: &'static str,
    score: impl Fn(&mut Instance) -> Result<Score, Failed>,
    seconds: f64,
) -> Result<Performance, Failed> {
    let patch = Patch::folder(&root().join("presets"), sound)?;
    let frames = (seconds * RATE) as u64;
    let mut offline = bundle.instance(PLUGIN)?;
    offline.set_offline(true)?;
    let state = patch.into_state(&offline.save()?)?;
    offline.load(&state)?;
    let score = score(&mut offline)?;
    let bounce = play(&mut offline, &score, frames)?;

    let mut instance = bundle.instance(PLUGIN)?;
    instance.load(&state)?;
    let (Some(before), Some(_)) = (bundle.allocations(), bundle.voices()) else {
        return failed!("the bundle has no counters");
    };
    let live = play_live(&mut instance, &score, frames)?;
    let allocations = bundle.allocations().unwrap_or(before) - before;
    Ok(Performance { sound, live, bounce, allocations, voices: bundle.voices().unwrap_or(0) })
}

/// The song's own notes, and the host fades it out at the end.
fn song_score(instance: &mut Instance, frames: u64) -> Result<Score, Failed> {
    let gain = instance.parameter("Gain")?;
    let fade = 4 * RATE as u64;
    let point = |step: u64| {
        let value = gain.default + (gain.min - gain.default) * (step as f64 / 400.0).powi(2);
        (frames - fade + step * fade / 401, What::Parameter { id: gain.id, value })
    };
    Ok(Score { events: (0..=400).map(point).collect(), ..Score::default() }.with_tempo(TEMPO))
}

/// Chords over a line, a beat a note.
fn keys_score() -> Score {
    let beat = (RATE * 60.0 / TEMPO) as u64;
    let chords: [[u8; 3]; 4] = [[57, 60, 64], [53, 57, 60], [48, 52, 55], [55, 59, 62]];
    let mut notes = Vec::new();
    for (bar, chord) in chords.iter().enumerate() {
        let start = bar as u64 * 4 * beat;
        notes.extend(chord.iter().map(|key| Note {
            at: start,
            length: 4 * beat - 2_000,
            key: *key,
            velocity: 0.5,
        }));
        let line = |i: u64| Note {
            at: start + i * beat,
            length: beat,
            key: chord[i as usize % 3] + 12,
            velocity: 0.8,
        };
        notes.extend((0..4).map(line));
    }
    Score::notes(&notes).with_tempo(TEMPO)
}

fn play(instance: &mut Instance, score: &Score, frames: u64) -> Result<Recording, Failed> {
    let mut running = instance.start(RATE, BLOCK)?;
    let recording = score.play(&mut running, frames, &Blocks::Of(BLOCK));
    instance.stop(running);
    recording
}

/// As a host plays: it does not wait for the loader, so stand still until the sound is there, then start from the top.
fn play_live(instance: &mut Instance, score: &Score, frames: u64) -> Result<Recording, Failed> {
    let mut running = instance.start(RATE, BLOCK)?;
    let standing = Score::default();
    for _ in 0..300 {
        standing.play(&mut running, u64::from(BLOCK), &Blocks::Of(BLOCK))?;
        instance.idle();
        std::thread::sleep(Duration::from_millis(10));
    }
    running.reset();
    let recording = score.play(&mut running, frames, &Blocks::Of(BLOCK));
    instance.stop(running);
    recording
}

impl Performance {
    fn report(&self, how: &str) -> Result<(), Failed> {
        let main = self.live.main();
        let mut meter = ebur128::EbuR128::new(2, RATE as u32, ebur128::Mode::I)?;
        let slices: Vec<&[f32]> = main.iter().map(Vec::as_slice).collect();
        meter.add_frames_planar_f32(&slices)?;
        let seconds = main.first().map_or(0, Vec::len) as f64 / RATE;
        let spent = self.live.work.as_secs_f64();
        let peak = 20.0 * wav::peak(main).log10();
        let [worst, work] = [self.live.worst, self.live.worst_work].map(|t| t.as_secs_f64() * 1e3);
        let limit = f64::from(BLOCK) / RATE * 1e3;
        let same = match self.live.buses == self.bounce.buses {
            true => "equal to the bit".into(),
            false => format!("differ by {:.0} dBFS", wav::null_db(main, self.bounce.main())),
        };
        println!(
            "{:<13} {how}: {seconds:.0} s at {RATE} Hz in blocks of {BLOCK}, through the CLAP",
            self.sound
        );
        println!("  level       peak {peak:.1} dBFS, loudness {:.1} LUFS", meter.loudness_global()?);
        println!("  voices      at most {} at once", self.voices);
        println!(
            "  speed       {:.0} times real time, {:.2} % of one core",
            seconds / spent,
            100.0 * spent / seconds
        );
        println!(
            "  worst block {work:.3} ms of work, done after {worst:.3} ms of the {limit:.2} ms there are"
        );
        println!("  allocations {} on the audio thread", self.allocations);
        println!("  live and bounced: {same}");
        Ok(())
    }

    fn check(&self) -> Result<(), Failed> {
        let main = self.live.main();
        if wav::peak(main) == 0.0 || !wav::finite(main) {
            return failed!("{} is silent or not finite", self.sound);
        }
        if self.allocations > 0 {
            return failed!("{} allocations on the audio thread", self.allocations);
        }
        Ok(())
    }
}

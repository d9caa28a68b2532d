//! `cargo xtask demo`: a shipped song through the built CLAP, with transport, notes and automation, live and as a bounce; the sound
//! goes to `target/demo`, the figures to the screen.

use crate::bundle::{self, Kind};
use crate::host::{Blocks, Bundle, Instance, Note, Recording, Score, What};
use crate::shell::{root, target};
use crate::state::Patch;
use crate::{Failed, failed, setup, wav};
use std::time::Duration;

/// The variant with an output per strip.
const PLUGIN: &str = "org.seiche.multi";
const RATE: f64 = 48_000.0;
const BLOCK: u32 = 256;
/// The sound that is played, of the libraries in `presets/`.
const SONG: &str = "song";
const TEMPO: f64 = 120.0;
/// 32 bars and the ring-out.
const SECONDS: f64 = 68.0;

/// Builds, plays, writes, reports.
pub fn run() -> Result<(), Failed> {
    setup::packages()?;
    let release = bundle::build(Kind::Release)?;
    let counting = bundle::build(Kind::RtCheck)?;
    let bundle = Bundle::open(&counting.clap_binary())?;
    let patch = Patch::folder(&root().join("presets"), SONG)?;
    let frames = (SECONDS * RATE) as u64;

    let mut bounced = bundle.instance(PLUGIN)?;
    bounced.set_offline(true)?;
    let base = bounced.save()?;
    bounced.load(&patch.into_state(&base)?)?;
    let score = score(&mut bounced, frames)?;
    let bounce = play(&mut bounced, &score, frames)?;

    let mut live = bundle.instance(PLUGIN)?;
    live.load(&patch.into_state(&base)?)?;
    let Some(before) = bundle.allocations() else { return failed!("the counting bundle has no counter") };
    let played = play_live(&mut live, &score, frames)?;
    let allocations = bundle.allocations().unwrap_or(before) - before;

    let mix = target("demo/mix.wav");
    wav::write(&mix, RATE, played.main())?;
    let mut stems = 0;
    for (index, bus) in played.buses.iter().enumerate().skip(1).filter(|(_, bus)| wav::peak(bus) > 0.0) {
        wav::write(&target(&format!("demo/stem-{index:02}.wav")), RATE, bus)?;
        stems += 1;
    }
    report(&played, &bounce, allocations)?;
    println!("sound         {} and {stems} stems beside it", mix.display());
    println!("plug-ins      {}\n              {}", release.clap.display(), release.vst3.display());
    println!("to install    cargo xtask install");
    if wav::peak(played.main()) == 0.0 || !wav::finite(played.main()) {
        return failed!("the song is silent or not finite");
    }
    if allocations > 0 {
        return failed!("{allocations} allocations on the audio thread");
    }
    Ok(())
}

/// A few played notes and a fade-out of the output on top of the song.
fn score(instance: &mut Instance, frames: u64) -> Result<Score, Failed> {
    let beat = (RATE * 60.0 / TEMPO) as u64;
    let notes: Vec<Note> = (0..8)
        .map(|i| Note {
            at: (32 + i * 2) * beat,
            length: beat,
            key: [57, 60, 64, 67][i as usize % 4],
            velocity: 0.7,
        })
        .collect();
    let mut score = Score::notes(&notes).with_tempo(TEMPO);
    let gain = instance.parameter("Gain")?;
    let fade = 4 * RATE as u64;
    for step in 0..=400 {
        let value = gain.default + (gain.min - gain.default) * (step as f64 / 400.0).powi(2);
        score.events.push((frames - fade + step * fade / 401, What::Parameter { id: gain.id, value }));
    }
    score.events.sort_by_key(|e| e.0);
    Ok(score)
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

fn report(played: &Recording, bounce: &Recording, allocations: u64) -> Result<(), Failed> {
    let main = played.main();
    let mut meter = ebur128::EbuR128::new(2, RATE as u32, ebur128::Mode::I | ebur128::Mode::TRUE_PEAK)?;
    let slices: Vec<&[f32]> = main.iter().map(Vec::as_slice).collect();
    meter.add_frames_planar_f32(&slices)?;
    let seconds = main.first().map_or(0, Vec::len) as f64 / RATE;
    let spent = played.total.as_secs_f64();
    let limit = f64::from(BLOCK) / RATE * 1e3;
    let peak = wav::peak(main);
    println!(
        "song          {SONG}, {seconds:.0} s at {RATE} Hz in blocks of {BLOCK}, through the CLAP ({PLUGIN})"
    );
    println!(
        "level         peak {:.1} dBFS, loudness {:.1} LUFS",
        20.0 * peak.log10(),
        meter.loudness_global()?
    );
    println!(
        "speed         {:.0} times real time, {:.2} % of one core",
        seconds / spent,
        100.0 * spent / seconds
    );
    println!("worst block   {:.3} ms of the {limit:.2} ms there are", played.worst.as_secs_f64() * 1e3);
    println!("allocations   {allocations} on the audio thread");
    let null = wav::null_db(main, bounce.main());
    let same = if played.buses == bounce.buses {
        "equal to the bit".into()
    } else {
        format!("differ by {null:.0} dBFS")
    };
    println!("live, bounce  {same}");
    Ok(())
}

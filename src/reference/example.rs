//! Plays the examples of the node table as the engine would, with a few notes. Any thread but the audio thread.

use std::path::Path;
use std::sync::Mutex;

use crate::bounce::{self, Depth, Job, Rendering};
use crate::compile::{self, Request};
use crate::engine::{Event, What};
use crate::language::{Library, render};
use crate::library::samples::Store;
use crate::quality::Quality;
use crate::spec::NodeSpec;

const RATE: f64 = 44_100.0;
/// Longest rendering of an example in seconds.
const LONGEST: f64 = 2.0;
/// Keys that are played one after the other where a sound waits for notes: start and end in seconds.
const NOTES: &[(u8, f64, f64)] = &[(57, 0.05, 0.6), (60, 0.65, 1.2), (64, 1.25, 1.6)];

/// What an example sounds like.
pub struct Played {
    pub channels: [Vec<f32>; 2],
    pub seconds: f64,
}

/// Renders the sound `example` of a node kind. The samples that examples use are written into `folder` first.
///
/// # Errors
/// A sentence with every finding; also where nothing is to be heard, or something that is no sound.
pub fn play(spec: &NodeSpec, specs: &[&'static NodeSpec], folder: &Path) -> Result<Played, String> {
    let fail = |why: &str| format!("the example of `{}`: {why}", spec.name);
    write_samples(folder).map_err(|e| fail(&e.to_string()))?;
    let path = folder.join(format!("{}.yaml", spec.name));
    let library = Library::read(vec![(path, spec.example.as_bytes().to_vec())], specs);
    let found = library.check();
    if !found.is_empty() {
        return Err(fail(&render(&found, library.files(), false)));
    }
    let store = Mutex::new(Store::default());
    let request = Request {
        library: &library,
        sound: "example",
        overrides: &[],
        rate: RATE,
        quality: Quality::Normal,
        seed: 0,
        store: &store,
    };
    let compiled = compile::compile(&request).map_err(|e| fail(&render(&e, library.files(), false)))?;
    if !compiled.warnings.is_empty() {
        return Err(fail(&render(&compiled.warnings, library.files(), false)));
    }
    let events = events();
    let job = Job { frames: (LONGEST * RATE) as usize, events: &events, ..Job::default() };
    let Rendering { main, faults, .. } = bounce::render(compiled.program, &job, &mut |_| true);
    let peak = main.iter().flatten().fold(0.0f32, |p, x| p.max(x.abs()));
    let finite = main.iter().flatten().all(|x| x.is_finite());
    if faults != 0 || !finite || !(0.05..=1.0).contains(&peak) {
        return Err(fail(&format!("peaks at {peak}, faults {faults}")));
    }
    let seconds = main[0].len() as f64 / RATE;
    Ok(Played { channels: main, seconds })
}

fn events() -> Vec<Event> {
    let mut events = vec![];
    for (key, start, end) in NOTES {
        let at = |seconds: f64| (seconds * RATE) as u32;
        let (channel, key, note) = (0, *key, -1);
        events.push(Event { at: at(*start), what: What::NoteOn { channel, key, note, velocity: 0.8 } });
        events.push(Event { at: at(*end), what: What::NoteOff { channel, key, note, velocity: 0.0 } });
    }
    events
}

/// A struck block of wood, as `samples/clap.wav`: two damped sines.
fn write_samples(folder: &Path) -> std::io::Result<()> {
    let path = folder.join("samples/clap.wav");
    if path.exists() {
        return Ok(());
    }
    std::fs::create_dir_all(folder.join("samples"))?;
    let sample = |i: u32| {
        let t = f64::from(i) / RATE;
        let partial = |f: f64, decay: f64| (std::f64::consts::TAU * f * t).sin() * (-decay * t).exp();
        (0.5 * partial(820.0, 18.0) + 0.3 * partial(1330.0, 30.0)) as f32
    };
    let clap: Vec<f32> = (0..22_050).map(sample).collect();
    bounce::write_wav(&path, &[&clap], RATE as u32, Depth::Int16)
}

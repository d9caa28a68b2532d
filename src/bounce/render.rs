//! A program into memory, by the engine itself, one block after the other: what the parallel bounce is held against.

use crate::compile::Program;
use crate::engine::{Engine, Event, Io, Offline, Transport};

/// How to render.
pub struct Job<'a> {
    /// Frames to render at most; the sound may end earlier.
    pub frames: usize,
    /// Notes and controllers; `Event::at` counts from the beginning.
    pub events: &'a [Event],
    /// Musical time at the beginning, if a host is to be played: it rolls from there.
    pub transport: Option<Transport>,
    /// Whether each strip is kept apart as well.
    pub stems: bool,
    /// The sizes of the blocks in turn, round and round. Never empty, never 0.
    pub blocks: &'a [usize],
    /// As a host that renders offline: with so many threads, and blocks taken apart from so many frames times nodes on (see
    /// [`crate::engine::WORTH`]).
    pub offline: Option<(usize, usize)>,
}

impl Default for Job<'_> {
    fn default() -> Self {
        Job { frames: 0, events: &[], transport: None, stems: false, blocks: &[512], offline: None }
    }
}

/// What came out.
pub struct Rendering {
    /// Left and right × frames.
    pub main: [Vec<f32>; 2],
    /// Per strip: name, left and right × frames.
    pub stems: Vec<(String, [Vec<f32>; 2])>,
    /// Frame at which the sound ended by itself.
    pub ended_at: Option<u64>,
    /// 1 or 2: the sound's own channels (mono is on both sides of `main`).
    pub channels: usize,
    /// Bit per strip that was silenced because of a fault.
    pub faults: u64,
    /// The most voices that sounded at once.
    pub voices: u32,
    /// Blocks that several threads have rendered.
    pub taken_apart: u64,
}

/// Renders a program from its beginning. `progress` is told the frames done after every block; returning `false` stops.
pub fn render(program: Box<Program>, job: &Job, progress: &mut dyn FnMut(usize) -> bool) -> Rendering {
    let rate = program.rate;
    let (channels, late) = (program.channels(), program.latency as usize);
    let names: Vec<String> = program.strips().map(|s| s.name.clone()).collect();
    let (mut engine, mut remote) = Engine::new(rate);
    let most = job.blocks.iter().copied().max().unwrap_or(1);
    engine.render_offline(job.offline.map(|(threads, worth)| Offline::new(threads, most, worth)));
    // A new engine's queue has room.
    let _ = remote.send(program);
    // What is late is rendered on and cut off in front.
    let frames = job.frames + late;
    let buffer = || [vec![0.0f32; frames], vec![0.0f32; frames]];
    let mut main = buffer();
    let mut stems: Vec<(String, [Vec<f32>; 2])> =
        if job.stems { names.into_iter().map(|name| (name, buffer())).collect() } else { vec![] };
    let mut at = 0;
    let mut voices = 0;
    let mut next_event = 0;
    let mut here = vec![];
    for block in job.blocks.iter().cycle() {
        if at >= frames || engine.ended_at().is_some() {
            break;
        }
        let to = (at + (*block).max(1)).min(frames);
        here.clear();
        while let Some(event) = job.events.get(next_event)
            && (event.at as usize) < to
        {
            here.push(Event { at: event.at.saturating_sub(at as u32), ..*event });
            next_event += 1;
        }
        let transport = job.transport.map(|t| Transport {
            beats: t.beats + at as f64 * t.tempo / (60.0 * rate),
            frame: t.frame.map(|f| f + at as i64),
            ..t
        });
        let [left, right] = &mut main;
        let mut strips: Vec<[&mut [f32]; 2]> =
            stems.iter_mut().map(|(_, [l, r])| [&mut l[at..to], &mut r[at..to]]).collect();
        let io = Io {
            sidechain: None,
            main: [&mut left[at..to], &mut right[at..to]],
            aux: &mut [],
            stems: &mut strips,
        };
        engine.process(io, &here, transport.as_ref());
        voices = voices.max(remote.meters().voices());
        at = to;
        if !progress(at.saturating_sub(late)) {
            break;
        }
    }
    let ended_at = engine.ended_at();
    let length = ended_at.map_or(at, |e| (e as usize).min(at));
    for side in main.iter_mut().chain(stems.iter_mut().flat_map(|(_, sides)| sides)) {
        side.truncate(length);
        side.drain(..late.min(length));
    }
    let ended_at = ended_at.map(|at| at.saturating_sub(late as u64));
    let (faults, taken_apart) = (remote.meters().faults(), engine.taken_apart());
    Rendering { main, stems, ended_at, channels, faults, voices, taken_apart }
}

//! What workers do for a chunk: render a part, read it from the cache, add the mix up, write a file. Each task is at one worker at a time.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use crate::compile::parts::{Feed, Signal};
use crate::engine::{Mixdown, PartPlayer, Place, Stop, Stretch};

use super::cache;
use super::control::Control;
use super::fault::{Failure, Policy};
use super::file::Sink;
use super::meter::Meter;

/// When the song is over, as the mix finds out; all workers look here. `u64::MAX`: not yet known.
pub(super) struct Ending {
    /// Rendered frames that are kept end before this one.
    pub window: AtomicU64,
    /// The sound itself has ended.
    pub ended: AtomicBool,
}

impl Default for Ending {
    fn default() -> Self {
        Ending { window: AtomicU64::new(u64::MAX), ended: AtomicBool::new(false) }
    }
}

pub(super) enum Task {
    Part(Box<PartTask>),
    /// A part that is left out.
    Silent,
    Cached(cache::Reader),
    Mix(Box<MixTask>),
    File(Box<FileTask>),
}

/// What a task is given for a chunk.
pub(super) struct Work<'a> {
    pub place: &'a Place<'a>,
    pub inputs: &'a [&'a Stretch],
    pub outputs: &'a mut [Stretch],
    pub control: &'a Control,
    pub ending: &'a Ending,
}

impl Task {
    /// Does a chunk.
    pub fn run(&mut self, work: Work) -> Result<(), Failure> {
        match self {
            Task::Part(task) => task.run(work),
            Task::Silent => {
                work.outputs.iter_mut().for_each(|output| output.silence(work.place));
                Ok(())
            }
            Task::Cached(reader) => reader.read(work.place, work.outputs),
            Task::Mix(task) => {
                task.run(work);
                Ok(())
            }
            Task::File(task) => task.run(work),
        }
    }
}

/// A part, its faults, and the cache that keeps what it puts out.
pub(super) struct PartTask {
    pub player: PartPlayer,
    pub number: usize,
    pub name: String,
    pub policy: Policy,
    /// Seconds that it may take in all.
    pub limit: Option<f64>,
    pub spent: f64,
    pub keep: Option<cache::Keeper>,
}

impl PartTask {
    fn run(&mut self, work: Work) -> Result<(), Failure> {
        let Work { place, inputs, outputs, control, .. } = work;
        let begin = Instant::now();
        let (limit, spent) = (self.limit, self.spent);
        let late = || limit.is_some_and(|limit| spent + begin.elapsed().as_secs_f64() > limit);
        let stop = || match () {
            () if control.is_cancelled() => Stop::Cancelled,
            () if late() => Stop::TooSlow,
            () => Stop::No,
        };
        let whole = self.player.render(place, inputs, outputs, &stop);
        self.spent += begin.elapsed().as_secs_f64();
        if !whole {
            return Err(Failure::Cancelled);
        }
        match (self.player.fault(), self.policy) {
            (Some(fault), Policy::Stop | Policy::Skip) if self.player.knows_node() => {
                return Err(Failure::Part {
                    number: self.number,
                    part: self.name.clone(),
                    fault: fault.clone(),
                });
            }
            // What is wrong is not worth keeping.
            (Some(_), _) => self.keep = None,
            _ => {}
        }
        if let Some(keep) = &mut self.keep
            && keep.write(outputs).is_err()
        {
            // The bounce can do without.
            self.keep = None;
        }
        Ok(())
    }
}

/// The sum of all strips.
pub(super) struct MixTask {
    pub mixdown: Mixdown,
    /// From where on silence ends the song, and how much of it.
    pub listen: Option<(u64, u64)>,
    pub quiet: u64,
    /// Nothing begins anew from here on.
    pub last_jump: u64,
}

/// -96 dBFS.
const SILENCE: f32 = 1.584_893_2e-5;

impl MixTask {
    fn run(&mut self, work: Work) {
        let Work { place, inputs, outputs, ending, .. } = work;
        outputs.iter_mut().for_each(|output| output.whole(place));
        if let [left, right] = outputs {
            self.mixdown.add(place, inputs, [&mut left.values, &mut right.values]);
            self.listen(place, [&left.values, &right.values], ending);
        }
        let ended = self.mixdown.ended();
        ending.ended.store(ended.is_some(), Relaxed);
        if let Some(at) = ended.filter(|at| *at >= self.last_jump) {
            ending.window.fetch_min(at, Relaxed);
        }
    }

    /// Notices the silence behind the end.
    fn listen(&mut self, place: &Place, sides: [&[f32]; 2], ending: &Ending) {
        let Some((from, enough)) = self.listen else { return };
        for frame in (from.saturating_sub(place.at) as usize).min(place.frames)..place.frames {
            let loud = sides.iter().any(|side| side[frame].abs() >= SILENCE);
            self.quiet = if loud { 0 } else { self.quiet + 1 };
            if self.quiet >= enough {
                ending.window.fetch_min(place.at + frame as u64 + 1, Relaxed);
                return;
            }
        }
    }
}

/// A file, or what stands for one.
pub(super) struct FileTask {
    pub name: String,
    /// Its cables are numbers of the inputs.
    pub signal: Signal,
    /// Rendered frames that it takes.
    pub window: Range<u64>,
    pub meter: Meter,
    pub sink: Sink,
    pub frames: u64,
    /// It was given something that is not finite.
    pub odd: bool,
    pub clean: [Vec<f32>; 2],
}

impl FileTask {
    fn run(&mut self, work: Work) -> Result<(), Failure> {
        let Work { place, inputs, ending, .. } = work;
        let end = self.window.end.min(ending.window.load(Relaxed));
        let from = self.window.start.clamp(place.at, place.at + place.frames as u64);
        let to = end.clamp(from, (place.at + place.frames as u64).max(from));
        let range = (from - place.at) as usize..(to - place.at) as usize;
        if range.is_empty() {
            return Ok(());
        }
        let FileTask { signal, clean, odd, .. } = self;
        for (feed, clean) in signal.iter().zip(clean.iter_mut()) {
            clean.clear();
            match feed {
                Feed::Cable(n) => clean.extend_from_slice(&inputs[*n].values[range.clone()]),
                Feed::Number(x) => clean.resize(range.len(), *x),
            }
            for x in clean.iter_mut().filter(|x| !x.is_finite()) {
                (*x, *odd) = (0.0, true);
            }
        }
        let sides = [clean[0].as_slice(), clean[1].as_slice()];
        self.meter.see(sides);
        self.frames += range.len() as u64;
        self.sink
            .write(sides)
            .map_err(|error| Failure::File { name: self.name.clone(), error: error.to_string() })
    }
}

//! What workers do for a chunk: render a part, read it from the cache, add the mix up, write a file. Each task is at one worker at a time.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use crate::compile::parts::{Feed, Signal};
use crate::engine::{Gear, Lower, Mixdown, PartPlayer, Place, Stop, Stretch};

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
    /// By how many frames more than the sound the files are late.
    pub late: u64,
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
            ending.window.fetch_min(at + self.late, Relaxed);
        }
    }

    /// Notices the silence behind the end.
    fn listen(&mut self, place: &Place, sides: [&[f32]; 2], ending: &Ending) {
        let Some((from, enough)) = self.listen else { return };
        for frame in (from.saturating_sub(place.at) as usize).min(place.frames)..place.frames {
            let loud = sides.iter().any(|side| side[frame].abs() >= SILENCE);
            self.quiet = if loud { 0 } else { self.quiet + 1 };
            if self.quiet >= enough {
                ending.window.fetch_min(place.at + frame as u64 + 1 + self.late, Relaxed);
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
    pub gear: Gear,
    /// Left and right on their way to the file's rate.
    pub lower: [Lower; 2],
    pub meter: Meter,
    pub sink: Sink,
    pub frames: u64,
    /// It was given something that is not finite.
    pub odd: bool,
    pub clean: [Vec<f32>; 2],
    pub heard: [Vec<f32>; 2],
}

impl FileTask {
    fn run(&mut self, work: Work) -> Result<(), Failure> {
        let Work { place, inputs, ending, .. } = work;
        let end = self.window.end.min(ending.window.load(Relaxed));
        let behind = place.at + place.frames as u64;
        // What is lowered is heard from its beginning, as it is where it plays.
        let lowered = self.gear.factor > 1;
        let from = if lowered { place.at } else { self.window.start.clamp(place.at, behind) };
        let to = if lowered { behind } else { end.clamp(from, behind.max(from)) };
        if from >= to {
            return Ok(());
        }
        let range = (from - place.at) as usize..(to - place.at) as usize;
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
        if lowered {
            self.lower(place.at, end);
        }
        let sides = if lowered { &self.heard } else { &self.clean }.each_ref().map(Vec::as_slice);
        self.meter.see(sides);
        self.frames += sides[0].len() as u64;
        self.sink
            .write(sides)
            .map_err(|error| Failure::File { name: self.name.clone(), error: error.to_string() })
    }

    /// Brings a chunk that began at this frame to the file's rate, and keeps what belongs into the file, which ends before `end`.
    fn lower(&mut self, at: u64, end: u64) {
        let factor = self.gear.factor as u64;
        for ((lower, clean), heard) in self.lower.iter_mut().zip(&self.clean).zip(&mut self.heard) {
            heard.resize(clean.len() / self.gear.factor + 1, 0.0);
            let count = lower.run(clean, heard);
            heard.truncate(count);
            let first = at / factor;
            let place = |frame: u64| (frame.saturating_sub(first) as usize).min(count);
            let (from, to) = (place(self.window.start / factor), place(end / factor));
            heard.truncate(to.max(from));
            heard.drain(..from);
        }
    }
}

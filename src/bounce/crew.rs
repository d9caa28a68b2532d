//! The workers: threads that take tasks from the [`Schedule`] until all chunks are done, while the caller's thread looks after them
//! (`lookout`). Signals go from task to task in buffers that are used again and again.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::engine::Stretch;
use crate::engine::schedule::{Node, Schedule};

use super::control::{Control, Progress};
use super::fault::Failure;
use super::lookout::look_after;
use super::task::{Ending, Task, Work};
use super::timeline::Timeline;

/// How often those who wait look whether there is something to do.
const LOOK: Duration = Duration::from_millis(50);

/// A task with what it reads and puts out.
pub(super) struct Station {
    pub task: Task,
    /// Cables.
    pub reads: Vec<usize>,
    pub writes: Vec<usize>,
    /// Stations whose chunk must be done before, beside those that it reads.
    pub after: Vec<usize>,
    /// A first guess of what it costs.
    pub guess: f64,
    /// Shown in the progress.
    pub shown: Option<String>,
}

/// How the work is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crew {
    /// Threads; 0: one for each core.
    pub workers: usize,
    /// Frames of a chunk.
    pub chunk: usize,
    /// Chunks that a part may be ahead of its readers.
    pub ahead: usize,
    /// Bytes that signals between parts may take. What is short of memory gets smaller buffers, then fewer workers.
    pub memory: u64,
}

impl Default for Crew {
    fn default() -> Self {
        Crew { workers: 0, chunk: 4096, ahead: 4, memory: 64 << 20 }
    }
}

/// The smallest chunk that the lack of memory makes.
const LEAST: usize = 256;

impl Crew {
    pub fn threads(&self) -> usize {
        match self.workers {
            0 => std::thread::available_parallelism().map_or(1, |n| n.get()),
            n => n.min(256),
        }
    }

    /// Chunks of each signal that are in memory at most.
    fn kept(&self) -> usize {
        self.ahead.max(1) + 1 + usize::from(self.threads() > 1)
    }

    /// Bytes of so many signals.
    pub(super) fn bytes(&self, cables: usize) -> u64 {
        cables as u64 * self.kept() as u64 * self.chunk as u64 * 4
    }

    /// The same with less memory: what costs the least time first. None: it takes no less.
    fn less(self) -> Option<Crew> {
        match self {
            Crew { ahead, .. } if ahead > 2 => Some(Crew { ahead: ahead - 1, ..self }),
            Crew { chunk, .. } if chunk > LEAST => Some(Crew { chunk: (chunk / 2).max(LEAST), ..self }),
            _ if self.threads() > 1 => {
                let workers = self.threads() / 2;
                Some(Crew { workers, ahead: if workers > 1 { self.ahead } else { 1 }, ..self })
            }
            _ => None,
        }
    }

    /// Buffers for so many signals in chunks of at most `longest` frames, and how the work is divided so that there is memory for them.
    pub(super) fn reserve(self, cables: usize, longest: usize) -> Result<(Crew, Buffers), Failure> {
        let mut crew = self;
        loop {
            let less = crew.less();
            let fits = crew.bytes(cables) <= crew.memory || less.is_none();
            let buffer = || Stretch::reserve(crew.chunk.min(longest.max(1)));
            let taken: Option<Buffers> = (0..if fits { cables } else { 0 })
                .map(|_| (0..crew.kept()).map(|_| buffer()).collect::<Option<Vec<_>>>())
                .collect();
            match (taken.filter(|_| fits), less) {
                (Some(buffers), _) => return Ok((crew, buffers)),
                (None, Some(less)) => crew = less,
                (None, None) => return Err(Failure::Memory(crew.bytes(cables))),
            }
        }
    }
}

/// Those of each cable.
pub(super) type Buffers = Vec<Vec<Stretch>>;

/// What has been done.
pub(super) struct Done {
    /// Those of the stations, in their order.
    pub tasks: Vec<Task>,
    /// Seconds that each was worked at.
    pub seconds: Vec<f64>,
    pub effort: Effort,
}

/// What the workers have had to do with it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Effort {
    /// Those that there were.
    pub workers: usize,
    /// Seconds that all of them together were busy.
    pub busy: f64,
    /// From the first chunk to the last.
    pub seconds: f64,
    /// Chunks done by another worker than the one before of the same station.
    pub steals: usize,
}

/// The buffers of a cable.
struct Ring {
    /// The chunk that `slots` begins with.
    first: usize,
    slots: VecDeque<Arc<Stretch>>,
    free: Vec<Stretch>,
    source: usize,
}

pub(super) struct State {
    pub schedule: Schedule,
    rings: Vec<Ring>,
    tasks: Vec<Option<Task>>,
    /// Who was last at each of them.
    hands: Vec<Option<usize>>,
    pub failure: Option<Failure>,
    effort: Effort,
}

pub(super) struct Site<'a> {
    state: Mutex<State>,
    /// Something is ready, or all is over.
    pub wake: Condvar,
    /// Told to the one who looks after them when all is over.
    pub news: Condvar,
    stations: Vec<(Vec<usize>, Vec<usize>)>,
    pub timeline: &'a Timeline,
    pub control: &'a Control,
    ending: &'a Ending,
}

impl Site<'_> {
    pub fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that could panic runs while the lock is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs the stations through the song.
pub(super) fn run(
    stations: Vec<Station>,
    timeline: &Timeline,
    (crew, mut buffers): (Crew, Buffers),
    control: &Control,
    tell: &mut dyn FnMut(&Progress),
) -> Result<Done, Failure> {
    let begin = Instant::now();
    let cables = stations.iter().flat_map(|s| &s.writes).max().map_or(0, |last| last + 1);
    let mut sources = vec![0; cables];
    for (number, station) in stations.iter().enumerate() {
        station.writes.iter().for_each(|cable| sources[*cable] = number);
    }
    let needs = |station: &Station| {
        let mut needs: Vec<usize> = station.reads.iter().map(|cable| sources[*cable]).collect();
        needs.extend(&station.after);
        needs.sort_unstable();
        needs.dedup();
        needs
    };
    let nodes = stations.iter().map(|station| Node::new(needs(station), station.guess)).collect();
    let schedule = Schedule::new(nodes, timeline.chunks(), crew.ahead, timeline.barriers());
    let ring = |(source, free): (&usize, Vec<Stretch>)| Ring {
        first: 0,
        slots: VecDeque::with_capacity(crew.ahead + 1),
        free,
        source: *source,
    };
    buffers.resize_with(cables, Vec::new);
    let rings = sources.iter().zip(buffers).map(ring).collect();
    let (mut tasks, mut ports, mut shown) = (vec![], vec![], vec![]);
    for Station { task, reads, writes, shown: name, .. } in stations {
        tasks.push(Some(task));
        ports.push((reads, writes));
        shown.push(name);
    }
    let hands = vec![None; tasks.len()];
    let state = Mutex::new(State { schedule, rings, tasks, hands, failure: None, effort: Effort::default() });
    let (wake, news, ending) = (Condvar::new(), Condvar::new(), Ending::default());
    let site = Site { state, wake, news, stations: ports, timeline, control, ending: &ending };
    let workers = std::thread::scope(|scope| {
        let site = &site;
        let spawn = |n: &usize| {
            let worker = std::thread::Builder::new().name(format!("bounce {n}"));
            let n = *n;
            worker.spawn_scoped(scope, move || work(site, n)).is_ok()
        };
        // Fewer threads do it, too; where there is none, this one does.
        let workers = (0..crew.threads()).take_while(spawn).count();
        if workers == 0 {
            work(site, 0);
        }
        look_after(site, &shown, begin, tell);
        workers.max(1)
    });
    let State { schedule, tasks, failure, effort, .. } =
        site.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(failure) = failure {
        return Err(failure);
    }
    let seconds = schedule.nodes().iter().map(Node::seconds).collect();
    let effort = Effort { workers, seconds: begin.elapsed().as_secs_f64(), ..effort };
    let tasks = tasks.into_iter().flatten().collect();
    Ok(Done { tasks, seconds, effort })
}

/// A worker's life; `me` is its number.
fn work(site: &Site, me: usize) {
    let mut state = site.state();
    loop {
        if state.failure.is_some() || state.schedule.is_over() {
            site.wake.notify_all();
            site.news.notify_all();
            return;
        }
        let held = site.control.is_paused();
        let taken = if held { None } else { state.schedule.take() };
        let Some((number, chunk)) = taken else {
            state = site.wake.wait_timeout(state, LOOK).unwrap_or_else(PoisonError::into_inner).0;
            continue;
        };
        let woken = Instant::now();
        let (reads, writes) = &site.stations[number];
        let inputs: Vec<Arc<Stretch>> = reads
            .iter()
            .map(|cable| state.rings[*cable].slots[chunk - state.rings[*cable].first].clone())
            .collect();
        let mut outputs: Vec<Stretch> =
            writes.iter().map(|cable| state.rings[*cable].free.pop().unwrap_or_default()).collect();
        let Some(mut task) = state.tasks[number].take() else { continue };
        let before = state.hands[number].replace(me);
        state.effort.steals += usize::from(before.is_some_and(|before| before != me));
        drop(state);

        let begin = Instant::now();
        let result = {
            let inputs: Vec<&Stretch> = inputs.iter().map(|input| &**input).collect();
            let ended = site.ending.ended.load(Relaxed);
            site.timeline.with(chunk, ended, |place| {
                let outputs = outputs.as_mut_slice();
                let work =
                    Work { place, inputs: &inputs, outputs, control: site.control, ending: site.ending };
                // Kernels are caught within; this is for everything around them.
                catch_unwind(AssertUnwindSafe(|| task.run(work))).unwrap_or_else(|_| Err(Failure::itself()))
            })
        };
        let seconds = begin.elapsed().as_secs_f64();
        drop(inputs);

        state = site.state();
        state.tasks[number] = Some(task);
        for (cable, output) in writes.iter().zip(outputs) {
            state.rings[*cable].slots.push_back(Arc::new(output));
        }
        state.schedule.finish(number, seconds);
        if let Err(failure) = result {
            state.failure.get_or_insert(failure);
        } else if site.control.is_cancelled() {
            state.failure.get_or_insert(Failure::Cancelled);
        }
        let end = site.ending.window.load(Relaxed);
        if end < u64::MAX {
            let last = site.timeline.chunk_of(end.saturating_sub(1)) + 1;
            state.schedule.limit(last);
        }
        recycle(&mut state, reads.iter().chain(writes));
        state.effort.busy += woken.elapsed().as_secs_f64();
        // (The one who looks after them looks by itself, and hears of the end from whoever notices it.)
        site.wake.notify_all();
    }
}

/// Frees the buffers that nobody reads any more.
fn recycle<'a>(state: &mut State, cables: impl Iterator<Item = &'a usize>) {
    let State { schedule, rings, .. } = state;
    for cable in cables {
        let Ring { first, slots, free, source } = &mut rings[*cable];
        let read = schedule.read_up_to(*source);
        while *first < read
            && let Some(slot) = slots.pop_front()
        {
            *first += 1;
            // Its readers have given it back.
            free.extend(Arc::into_inner(slot));
        }
    }
}

//! The workers: threads that take tasks from the [`Schedule`] until all chunks are done. The caller's thread looks after them: it tells the
//! progress, and holds them while the bounce is paused. Signals go from task to task in buffers that are used again and again.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::engine::Stretch;

use super::control::{Control, Progress};
use super::fault::Failure;
use super::schedule::{Node, Schedule};
use super::score::Score;
use super::task::{Ending, Shared, Task, Work};

/// How often the progress is told.
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
}

impl Default for Crew {
    fn default() -> Self {
        Crew { workers: 0, chunk: 4096, ahead: 6 }
    }
}

impl Crew {
    pub fn threads(&self) -> usize {
        match self.workers {
            0 => std::thread::available_parallelism().map_or(1, |n| n.get()),
            n => n.min(256),
        }
    }
}

/// What has been done.
pub(super) struct Done {
    pub stations: Vec<Station>,
    /// Per station: seconds at work, and chunks.
    pub work: Vec<(f64, usize)>,
}

/// The buffers of a cable.
struct Ring {
    /// The chunk that `slots` begins with.
    first: usize,
    slots: VecDeque<Arc<Stretch>>,
    free: Vec<Stretch>,
    source: usize,
}

struct State {
    schedule: Schedule,
    rings: Vec<Ring>,
    tasks: Vec<Option<Task>>,
    failure: Option<Failure>,
}

struct Site<'a> {
    state: Mutex<State>,
    /// Something is ready, or all is over.
    wake: Condvar,
    /// Told to the one who looks after them.
    news: Condvar,
    stations: Vec<(Vec<usize>, Vec<usize>)>,
    score: &'a Score,
    control: &'a Control,
    ending: Shared,
}

impl Site<'_> {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that could panic runs while the lock is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs the stations through the score.
pub(super) fn run(
    stations: Vec<Station>,
    score: &Score,
    crew: Crew,
    ending: Shared,
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
    let schedule = Schedule::new(nodes, score.chunks(), crew.ahead, score.barriers());
    let ring =
        |source| Ring { first: 0, slots: VecDeque::with_capacity(crew.ahead + 1), free: vec![], source };
    let rings = sources.iter().map(|source| ring(*source)).collect();
    let (mut tasks, mut ports, mut shown) = (vec![], vec![], vec![]);
    let mut kept = vec![];
    for station in stations {
        tasks.push(Some(station.task));
        ports.push((station.reads.clone(), station.writes.clone()));
        shown.push(station.shown.clone());
        kept.push((station.reads, station.writes, station.after, station.guess, station.shown));
    }
    let state = Mutex::new(State { schedule, rings, tasks, failure: None });
    let (wake, news) = (Condvar::new(), Condvar::new());
    let site = Site { state, wake, news, stations: ports, score, control, ending };
    std::thread::scope(|scope| {
        for n in 0..crew.threads() {
            let worker = std::thread::Builder::new().name(format!("bounce {n}"));
            // Fewer threads do it, too; one is this one if there is no other.
            if worker.spawn_scoped(scope, || work(&site)).is_err() && n == 0 {
                work(&site);
            }
        }
        look_after(&site, &shown, begin, tell);
    });
    let State { schedule, tasks, failure, .. } =
        site.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(failure) = failure {
        return Err(failure);
    }
    let work = schedule.nodes().iter().map(|node| (node.seconds(), node.done())).collect();
    let station = |(task, (reads, writes, after, guess, shown)): (Option<Task>, _)| {
        Some(Station { task: task?, reads, writes, after, guess, shown })
    };
    let stations = tasks.into_iter().zip(kept).filter_map(station).collect();
    Ok(Done { stations, work })
}

/// A worker's life.
fn work(site: &Site) {
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
        let (reads, writes) = &site.stations[number];
        let inputs: Vec<Arc<Stretch>> = reads
            .iter()
            .map(|cable| state.rings[*cable].slots[chunk - state.rings[*cable].first].clone())
            .collect();
        let mut outputs: Vec<Stretch> =
            writes.iter().map(|cable| state.rings[*cable].free.pop().unwrap_or_default()).collect();
        let Some(mut task) = state.tasks[number].take() else { continue };
        drop(state);

        let begin = Instant::now();
        let result = {
            let inputs: Vec<&Stretch> = inputs.iter().map(|input| &**input).collect();
            let ended = site.ending.ended.load(Relaxed);
            site.score.with(chunk, ended, |place| {
                let outputs = outputs.as_mut_slice();
                let work =
                    Work { place, inputs: &inputs, outputs, control: site.control, ending: &site.ending };
                // Kernels are caught within; this is for everything around them.
                catch_unwind(AssertUnwindSafe(|| task.run(work))).unwrap_or_else(|_| {
                    Err(Failure::Wish("the bounce itself has failed: please report it".into()))
                })
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
            let last = site.score.chunk_of(end.saturating_sub(1)) + 1;
            state.schedule.limit(last);
        }
        recycle(&mut state, reads.iter().chain(writes));
        site.wake.notify_all();
        site.news.notify_all();
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

/// Tells the progress until all is over.
fn look_after(site: &Site, shown: &[Option<String>], begin: Instant, tell: &mut dyn FnMut(&Progress)) {
    let mut told = Progress::default();
    let mut last: Option<Instant> = None;
    let mut state = site.state();
    loop {
        let over = state.failure.is_some() || state.schedule.is_over();
        if site.control.is_cancelled() && !over {
            state.failure = Some(Failure::Cancelled);
            site.wake.notify_all();
            continue;
        }
        if over || last.is_none_or(|last| last.elapsed() >= LOOK) {
            last = Some(Instant::now());
            progress(&state, site, shown, begin, &mut told);
            drop(state);
            tell(&told);
            state = site.state();
        }
        if over {
            return;
        }
        state = site.news.wait_timeout(state, LOOK).unwrap_or_else(PoisonError::into_inner).0;
    }
}

/// How far everything is.
fn progress(state: &State, site: &Site, shown: &[Option<String>], begin: Instant, told: &mut Progress) {
    let schedule = &state.schedule;
    // How long a tail rings is not known: it is not counted.
    let tail = site.score.listen.map_or(usize::MAX, |end| site.score.chunk_of(end) + 1);
    let chunks = schedule.chunks().min(tail).max(1);
    let nodes = schedule.nodes();
    let all: f64 = nodes.iter().map(|node| node.cost() * chunks as f64).sum();
    let done: f64 = nodes.iter().map(|node| node.cost() * node.done().min(chunks) as f64).sum();
    let share = if all > 0.0 { (done / all).clamp(0.0, 1.0) } else { 1.0 };
    told.done = told.done.max(share);
    told.paused = site.control.is_paused();
    let spent = begin.elapsed().as_secs_f64();
    let known = told.done > 0.02 && spent > 0.1;
    told.left = known.then(|| Duration::from_secs_f64(spent * (1.0 - told.done) / told.done));
    let part = |node: &Node| (node.done() as f64 / chunks as f64).min(1.0);
    let parts = nodes.iter().zip(shown).filter_map(|(node, name)| Some((name.clone()?, part(node))));
    told.parts = parts.collect();
    let written = nodes.iter().map(Node::done).min().unwrap_or(0).min(schedule.chunks());
    told.written =
        written.checked_sub(1).map_or(0.0, |last| site.score.span(last).end as f64 / site.score.rate());
}

impl Ending {
    pub fn shared() -> Shared {
        Shared::default()
    }
}

//! Bounces that wait for each other: one runs at a time, on a thread of its own, with all the workers. They can be put into another order,
//! held, and taken back. Any thread but the audio thread.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use super::control::{Control, Progress};
use super::fault::Failure;
use super::report::Report;

/// What is done for a bounce; runs on the queue's thread.
pub type Errand = Box<dyn FnOnce(&Control, &mut dyn FnMut(&Progress)) -> Result<Report, Failure> + Send>;

/// Results that are remembered.
const REMEMBERED: usize = 100;

/// Where a bounce stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Standing {
    Waiting,
    Running(Progress),
    Done(Box<Report>),
    Failed(Failure),
}

/// A bounce as others see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Tells bounces apart, for good.
    pub id: u64,
    pub name: String,
    pub standing: Standing,
}

struct Job {
    entry: Entry,
    control: Control,
    errand: Option<Errand>,
}

#[derive(Default)]
struct State {
    /// In the order in which they are done: what is over, what runs, what waits.
    jobs: VecDeque<Job>,
    next: u64,
    closed: bool,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that could panic runs while the lock is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// See the head of this file. Dropped, it cancels what runs and forgets what waits.
pub struct Queue {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Queue {
    /// An empty queue.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub fn new() -> std::io::Result<Queue> {
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new() });
        let own = shared.clone();
        let thread = std::thread::Builder::new().name("bounces".into()).spawn(move || run(&own))?;
        Ok(Queue { shared, thread: Some(thread) })
    }

    /// Puts a bounce at the end. Returns its number.
    pub fn add(&self, name: String, errand: Errand) -> u64 {
        let mut state = self.shared.state();
        let id = state.next;
        state.next += 1;
        let entry = Entry { id, name, standing: Standing::Waiting };
        state.jobs.push_back(Job { entry, control: Control::default(), errand: Some(errand) });
        self.shared.changed.notify_all();
        id
    }

    /// All of them, in order.
    pub fn entries(&self) -> Vec<Entry> {
        self.shared.state().jobs.iter().map(|job| job.entry.clone()).collect()
    }

    /// Moves one that waits in front of all others that wait.
    pub fn hurry(&self, id: u64) {
        let mut state = self.shared.state();
        let waiting = |job: &Job| job.entry.standing == Standing::Waiting;
        let Some(from) = state.jobs.iter().position(|job| job.entry.id == id && waiting(job)) else { return };
        let Some(to) = state.jobs.iter().position(waiting) else { return };
        if let Some(job) = state.jobs.remove(from) {
            state.jobs.insert(to, job);
        }
    }

    /// Holds one; while it runs, those behind it wait, too. One that waits is held once it runs.
    pub fn pause(&self, id: u64) {
        self.with(id, |job| job.control.pause());
    }

    pub fn resume(&self, id: u64) {
        self.with(id, |job| job.control.resume());
    }

    /// Stops one that runs, or never begins one that waits.
    pub fn cancel(&self, id: u64) {
        self.with(id, |job| {
            job.control.cancel();
            if job.entry.standing == Standing::Waiting {
                (job.entry.standing, job.errand) = (Standing::Failed(Failure::Cancelled), None);
            }
        });
        self.shared.changed.notify_all();
    }

    /// Waits until nothing runs or waits any more.
    pub fn finish(&self) {
        let mut state = self.shared.state();
        let busy = |job: &Job| matches!(job.entry.standing, Standing::Waiting | Standing::Running(_));
        while state.jobs.iter().any(busy) {
            state = self.shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn with(&self, id: u64, act: impl FnOnce(&mut Job)) {
        let mut state = self.shared.state();
        if let Some(job) = state.jobs.iter_mut().find(|job| job.entry.id == id) {
            act(job);
        }
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.closed = true;
        state.jobs.iter().for_each(|job| job.control.cancel());
        drop(state);
        self.shared.changed.notify_all();
        // It contains what its errands do.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// The queue's thread.
fn run(shared: &Shared) {
    let mut state = shared.state();
    loop {
        if state.closed {
            return;
        }
        let next = state.jobs.iter_mut().find(|job| job.entry.standing == Standing::Waiting);
        let Some((id, control, errand)) = next.and_then(|job| {
            let errand = job.errand.take()?;
            job.entry.standing = Standing::Running(Progress::default());
            Some((job.entry.id, job.control.clone(), errand))
        }) else {
            state = shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            continue;
        };
        drop(state);
        let put = |standing: Standing| {
            let mut state = shared.state();
            if let Some(job) = state.jobs.iter_mut().find(|job| job.entry.id == id) {
                job.entry.standing = standing;
            }
        };
        let mut tell = |progress: &Progress| put(Standing::Running(progress.clone()));
        // The next one is to be done whatever becomes of this one.
        let result = catch_unwind(AssertUnwindSafe(|| errand(&control, &mut tell)));
        let result = result.unwrap_or_else(|_| Err(Failure::itself()));
        put(match result {
            Ok(report) => Standing::Done(Box::new(report)),
            Err(failure) => Standing::Failed(failure),
        });
        state = shared.state();
        while state.jobs.len() > REMEMBERED
            && matches!(state.jobs[0].entry.standing, Standing::Done(_) | Standing::Failed(_))
        {
            state.jobs.pop_front();
        }
        shared.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn queue_keeps_its_order_until_somebody_is_in_a_hurry() {
        let queue = Queue::new().unwrap();
        let (done, order) = mpsc::channel();
        let (gate, opened) = mpsc::channel::<()>();
        let (begun, begins) = mpsc::channel::<()>();
        let errand = |name: &'static str| -> Errand {
            let done = done.clone();
            Box::new(move |control, tell| {
                tell(&Progress { done: 0.5, ..Progress::default() });
                let _ = done.send(name);
                if control.is_cancelled() { Err(Failure::Cancelled) } else { Ok(Report::default()) }
            })
        };
        let first = queue.add("first".into(), {
            let inner = errand("first");
            Box::new(move |control, tell| {
                let _ = begun.send(());
                let _ = opened.recv();
                inner(control, tell)
            })
        });
        let second = queue.add("second".into(), errand("second"));
        let third = queue.add("third".into(), errand("third"));
        let never = queue.add("never".into(), errand("never"));
        begins.recv().unwrap();
        queue.hurry(third);
        queue.cancel(never);
        queue.cancel(second + 1_000);
        gate.send(()).unwrap();
        queue.finish();
        assert_eq!(order.try_iter().collect::<Vec<_>>(), ["first", "third", "second"]);
        let standings: Vec<_> = queue.entries().into_iter().map(|e| (e.id, e.standing)).collect();
        let good = || Standing::Done(Box::default());
        let cancelled = Standing::Failed(Failure::Cancelled);
        assert_eq!(standings, [(first, good()), (third, good()), (second, good()), (never, cancelled)]);
    }

    #[test]
    fn queue_goes_on_when_an_errand_fails() {
        let queue = Queue::new().unwrap();
        let odd = queue.add("odd".into(), Box::new(|_, _| panic!("on purpose")));
        let good = queue.add("good".into(), Box::new(|_, _| Ok(Report::default())));
        queue.finish();
        let standings: Vec<_> = queue.entries().into_iter().map(|e| (e.id, e.standing)).collect();
        assert_eq!(standings[0], (odd, Standing::Failed(Failure::itself())));
        assert_eq!(standings[1], (good, Standing::Done(Box::default())));
    }

    #[test]
    fn queue_forgets_and_ends() {
        let queue = Queue::new().unwrap();
        for n in 0..3 * REMEMBERED {
            queue.add(n.to_string(), Box::new(|_, _| Ok(Report::default())));
        }
        queue.finish();
        assert!(queue.entries().len() <= REMEMBERED + 1);
        // One that runs until it is cancelled ends with the queue.
        queue.add(
            "long".into(),
            Box::new(|control, _| {
                while !control.is_cancelled() {
                    std::thread::yield_now();
                }
                Err(Failure::Cancelled)
            }),
        );
        drop(queue);
    }
}

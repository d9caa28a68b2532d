//! Threads that stay while a host renders offline: they sleep between blocks, and share a block's portions by the rules of the
//! [`Schedule`]. Made and ended by threads that may wait; the one that renders works along with them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::Instant;

use crate::engine::schedule::Schedule;

use super::portion::{Block, Member};

/// What is to be done, and by whom.
pub(super) struct State {
    pub schedule: Schedule,
    /// Away while somebody works at them.
    pub members: Vec<Option<Box<Member>>>,
    closing: bool,
}

pub(super) struct Shared {
    state: Mutex<State>,
    wake: Condvar,
    pub block: RwLock<Block>,
}

impl Shared {
    pub fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that could panic runs while the lock is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what is ready until there is nothing more to do; helpers wait for more.
    fn work(&self, helps: bool) {
        let mut state = self.state();
        loop {
            if state.closing || (!helps && state.schedule.is_over()) {
                return;
            }
            let Some((number, chunk)) = state.schedule.take() else {
                state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let member = state.members[number].take();
            drop(state);
            let begin = Instant::now();
            let member = member.map(|mut member| {
                let block = self.block.read().unwrap_or_else(PoisonError::into_inner);
                // contained_panic: nobody may wait for a thread that is gone.
                let run = AssertUnwindSafe(|| {
                    nice_assert_no_alloc::assert_no_alloc(|| member.render(&block, chunk));
                });
                if catch_unwind(run).is_err() {
                    member.failed = Some(block.at);
                }
                member
            });
            let seconds = begin.elapsed().as_secs_f64();
            state = self.state();
            state.members[number] = member;
            state.schedule.finish(number, seconds);
            self.wake.notify_all();
        }
    }
}

/// See the head of this file.
pub(super) struct Crew {
    pub shared: Arc<Shared>,
    helpers: Vec<JoinHandle<()>>,
}

impl Crew {
    /// With so many threads beside the one that renders, or as many as there can be.
    pub fn new(helpers: usize, block: Block) -> Crew {
        let schedule = Schedule::new(vec![], 0, 1, vec![]);
        let state = Mutex::new(State { schedule, members: vec![], closing: false });
        let shared = Arc::new(Shared { state, wake: Condvar::new(), block: RwLock::new(block) });
        let helper = |n: usize| {
            let shared = shared.clone();
            std::thread::Builder::new()
                .name(format!("seiche offline {n}"))
                .spawn(move || shared.work(true))
                .ok()
        };
        let helpers = (0..helpers).map_while(helper).collect();
        Crew { shared, helpers }
    }

    /// Renders what has been scheduled, together with all helpers, and comes back when it is done.
    pub fn run(&self) {
        self.shared.wake.notify_all();
        self.shared.work(false);
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.shared.state().closing = true;
        self.shared.wake.notify_all();
        for helper in self.helpers.drain(..) {
            // One that panicked has said so.
            let _ = helper.join();
        }
    }
}

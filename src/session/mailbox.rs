//! The way of messages to the loader thread: a queue that is taken whole, so that the newest request wins, and counters that tell when
//! all has been done. Any thread; only hosts that render offline may wait here while they process.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Everything that is asked of the loader, in order.
pub struct Mailbox<M> {
    state: Mutex<State<M>>,
    /// For the loader: there is something to do.
    wake: Condvar,
    /// For those who wait: something has been done.
    done: Condvar,
}

struct State<M> {
    waiting: Vec<M>,
    /// There is something to look at, though there is no message.
    nudged: bool,
    posted: u64,
    finished: u64,
    closed: bool,
}

/// What the loader finds.
pub enum Taken<M> {
    /// All messages (none after a nudge), and the number to be handed to [`Mailbox::finish`].
    Messages(Vec<M>, u64),
    /// Nothing came in time.
    Nothing,
    /// The instance is going away.
    Closed,
}

impl<M> Mailbox<M> {
    pub fn new() -> Self {
        let state = State { waiting: vec![], nudged: false, posted: 0, finished: 0, closed: false };
        Self { state: Mutex::new(state), wake: Condvar::new(), done: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State<M>> {
        // Nothing that could panic runs while the lock is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a message and wakes the loader.
    pub fn post(&self, message: M) {
        let mut state = self.state();
        state.waiting.push(message);
        state.posted += 1;
        drop(state);
        self.wake.notify_one();
    }

    /// Wakes the loader without a message. Allocates nothing.
    pub fn nudge(&self) {
        let mut state = self.state();
        state.nudged = true;
        state.posted += 1;
        drop(state);
        self.wake.notify_one();
    }

    /// Waits for messages, at most `limit`. Loader thread.
    pub fn take(&self, limit: Duration) -> Taken<M> {
        let idle = |state: &mut State<M>| state.waiting.is_empty() && !state.nudged && !state.closed;
        let (mut state, _) =
            self.wake.wait_timeout_while(self.state(), limit, idle).unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            Taken::Closed
        } else if state.waiting.is_empty() && !std::mem::take(&mut state.nudged) {
            Taken::Nothing
        } else {
            state.nudged = false;
            Taken::Messages(std::mem::take(&mut state.waiting), state.posted)
        }
    }

    /// Says that everything up to `number` has been done. Loader thread.
    pub fn finish(&self, number: u64) {
        self.state().finished = number;
        self.done.notify_all();
    }

    /// Whether there is something newer to do, so that unfinished work may be given up. Loader thread, between stages.
    pub fn superseded(&self) -> bool {
        let state = self.state();
        state.closed || !state.waiting.is_empty()
    }

    /// Waits until everything posted so far has been done; false if that took longer than `limit`.
    pub fn settle(&self, limit: Duration) -> bool {
        let end = Instant::now() + limit;
        let mut state = self.state();
        let number = state.posted;
        while state.finished < number && !state.closed {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state = self.done.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// Ends the loader after its present stage.
    pub fn close(&self) {
        self.state().closed = true;
        self.wake.notify_all();
        self.done.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_mailbox_hands_over_all_messages_at_once() {
        let mailbox = Mailbox::new();
        mailbox.post(1);
        mailbox.post(2);
        assert!(mailbox.superseded());
        let Taken::Messages(messages, number) = mailbox.take(Duration::ZERO) else { panic!("nothing taken") };
        assert_eq!(messages, [1, 2]);
        assert!(!mailbox.superseded());
        assert!(!mailbox.settle(Duration::from_millis(1)), "not done yet");
        mailbox.finish(number);
        assert!(mailbox.settle(Duration::ZERO));
        assert!(matches!(mailbox.take(Duration::ZERO), Taken::Nothing));
    }

    #[test]
    fn session_mailbox_nudge_wakes_without_a_message() {
        let mailbox = Mailbox::<()>::new();
        mailbox.nudge();
        assert!(!mailbox.settle(Duration::ZERO));
        let Taken::Messages(messages, number) = mailbox.take(Duration::ZERO) else { panic!("nothing taken") };
        assert!(messages.is_empty());
        mailbox.finish(number);
        assert!(mailbox.settle(Duration::ZERO));
        assert!(matches!(mailbox.take(Duration::ZERO), Taken::Nothing));
    }

    #[test]
    fn session_mailbox_closing_frees_those_who_wait() {
        let mailbox = std::sync::Arc::new(Mailbox::new());
        mailbox.post(());
        let waiting = mailbox.clone();
        let thread = std::thread::spawn(move || waiting.settle(Duration::from_secs(60)));
        mailbox.close();
        assert!(thread.join().unwrap());
        assert!(matches!(mailbox.take(Duration::ZERO), Taken::Closed));
    }
}

//! Work that would keep the window waiting (a dialog of the desktop, the copy of a file) on a thread of its own. It is told to stop when nobody waits
//! for it any more, and waited for then: no thread of ours outlives the window. Window thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::{Builder, JoinHandle};

use egui::Context;

/// Whether it is to stop.
pub type Stop = Arc<AtomicBool>;

/// What is under way.
pub struct Errand<T> {
    done: Receiver<T>,
    stop: Stop,
    thread: Option<JoinHandle<()>>,
}

impl<T: Send + 'static> Errand<T> {
    /// Begins; the window is drawn once it is done. `None` where there is no thread for it.
    pub fn start(context: &Context, work: impl FnOnce(&Stop) -> T + Send + 'static) -> Option<Errand<T>> {
        let (say, done) = sync_channel(1);
        let stop = Stop::default();
        let (told, context) = (stop.clone(), context.clone());
        let work = move || {
            let _ = say.send(work(&told));
            context.request_repaint();
        };
        let thread = Builder::new().name("seiche errand".into()).spawn(work).ok()?;
        Some(Errand { done, stop, thread: Some(thread) })
    }

    /// What has come of it, once.
    pub fn result(&self) -> Option<T> {
        self.done.try_recv().ok()
    }
}

impl<T> Drop for Errand<T> {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

//! Everything between window, host and engine that is not audio: the project's document, and what the window is told. Any thread but
//! the audio thread may call a [`Session`].

mod document;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

pub use document::{Document, File};

/// Called when the host should ask [`Session::take_changed`].
pub type Notify = Box<dyn Fn() + Send + Sync>;

/// One instance's state outside the audio thread. Making one starts no thread and reads no file.
pub struct Session {
    document: ArcSwap<Document>,
    changed: AtomicBool,
    notify: Mutex<Notify>,
}

impl Session {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            document: ArcSwap::from_pointee(Document::default()),
            changed: AtomicBool::new(false),
            notify: Mutex::new(Box::new(|| ())),
        })
    }

    /// The text to be saved with the project.
    pub fn save(&self) -> String {
        self.document.load().to_json()
    }

    /// Takes a saved text over; what cannot be read changes nothing.
    pub fn restore(&self, text: &str) {
        if let Ok(document) = Document::from_json(text) {
            self.document.store(Arc::new(document));
        }
    }

    /// Takes over a saved state that has no document.
    pub fn restore_nothing(&self) {
        self.document.store(Arc::default());
    }

    /// Whom to call, from any thread, when the document has changed other than by the host.
    pub fn on_change(&self, notify: Notify) {
        *self.notify.lock().unwrap_or_else(PoisonError::into_inner) = notify;
    }

    /// Whether the document has changed since the last question.
    pub fn take_changed(&self) -> bool {
        self.changed.swap(false, Ordering::AcqRel)
    }
}

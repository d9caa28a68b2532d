//! What others may do to a bounce while it runs, and what they are told of it. Any thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::time::Duration;

const RUN: u8 = 0;
const PAUSE: u8 = 1;
const CANCEL: u8 = 2;

/// Pauses, resumes and cancels; all copies are one. A cancelled bounce stays so.
#[derive(Clone, Debug, Default)]
pub struct Control(Arc<AtomicU8>);

impl Control {
    /// No further chunk is begun.
    pub fn pause(&self) {
        let _ = self.0.compare_exchange(RUN, PAUSE, Relaxed, Relaxed);
    }

    pub fn resume(&self) {
        let _ = self.0.compare_exchange(PAUSE, RUN, Relaxed, Relaxed);
    }

    /// Everything stops within a piece of 64 frames, and no file is left.
    pub fn cancel(&self) {
        self.0.store(CANCEL, Relaxed);
    }

    pub fn is_paused(&self) -> bool {
        self.0.load(Relaxed) == PAUSE
    }

    pub fn is_cancelled(&self) -> bool {
        self.0.load(Relaxed) == CANCEL
    }
}

/// How far a bounce is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    /// By work, 0..=1; never goes back.
    pub done: f64,
    /// How much longer, once that can be told.
    pub left: Option<Duration>,
    /// Seconds of the song that are in the files.
    pub written: f64,
    /// Parts (tracks, buses, what they share), with how far each is, 0..=1.
    pub parts: Vec<(String, f64)>,
    pub paused: bool,
}

//! The key that the window presses so that a sound is heard: the window says which, the audio thread plays it. Atomics only.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// See the head of this file.
#[derive(Debug, Default)]
pub struct Audition {
    /// The key from 1; 0 for none.
    key: AtomicU32,
}

impl Audition {
    /// Presses a key, 0 to 127, instead of the one before; `None` releases it.
    pub fn press(&self, key: Option<u8>) {
        self.key.store(key.map_or(0, |key| u32::from(key & 127) + 1), Relaxed);
    }

    /// The key that is down. Audio thread.
    pub fn key(&self) -> Option<u8> {
        self.key.load(Relaxed).checked_sub(1).map(|key| key as u8)
    }
}

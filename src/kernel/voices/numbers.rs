//! What tells the random streams of voices apart: numbers that count on, or, for what belongs to the song while a host's transport runs,
//! the song's position at the voice's beginning, so that a loop of the host repeats. Audio thread.

use crate::kernel::pass::{Pass, Start};

/// Numbers by position are above all that count.
const BY_SONG: u64 = 1 << 63;
/// Voices that begin at the same frame.
const AT_ONCE: u64 = 1 << 12;

#[derive(Clone, Copy, Debug, Default)]
pub struct Numbers {
    count: u64,
    /// Absolute frame of the last voice, and how many began there before it.
    at: u64,
    before: u64,
}

impl Numbers {
    /// For the voices inside of one that was started so.
    pub fn within(start: Start) -> Self {
        Self { count: start.voice.wrapping_mul(65_536), ..Self::default() }
    }

    /// The number of a voice that begins at a frame of the pass.
    pub fn next(&mut self, pass: &Pass, frame: usize) -> u64 {
        self.count = self.count.wrapping_add(1);
        if !pass.draws_by_song {
            return self.count;
        }
        let at = pass.at + frame as u64;
        self.before = if at == self.at { self.before + 1 } else { 0 };
        self.at = at;
        let position = (pass.song.frame + frame as i64) as u64;
        BY_SONG | position.wrapping_mul(AT_ONCE).wrapping_add(self.before)
    }
}

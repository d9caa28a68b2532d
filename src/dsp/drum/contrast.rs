//! Where something may have begun: a band that stands out of its own decaying background. Cheap, and it lets everything through that
//! could be a stroke; what really is one, is for the model to say. Audio thread.

use super::bands::{BANDS, Levels};

/// How many hops after the last rise a stroke is still looked for: 9.75 ms.
const WINDOW: u32 = 39;
/// A rise by so much against the background: 3 dB.
const RISE: f32 = 1.0;
/// How fast a band's level may fall, a hop: half a decibel a millisecond. Low bands are not silent between their waves.
const FALL: f32 = 0.04;
/// What is below -72 dB does not rise.
const FLOOR: f32 = -24.0;

#[derive(Clone, Copy, Default)]
pub struct Contrast {
    held: Levels,
    background: Levels,
    left: u32,
}

impl Contrast {
    /// Goes on by a hop; `true`: something may have begun within the last 10 ms.
    #[inline]
    pub fn follow(&mut self, levels: &Levels) -> bool {
        let mut rises = false;
        for b in 0..BANDS {
            let level = if levels[b] > FLOOR { levels[b] } else { FLOOR };
            let falls = self.held[b] - FALL;
            self.held[b] = if level > falls { level } else { falls };
            let above = self.held[b] - self.background[b];
            rises |= above > RISE;
            self.background[b] += 0.05 * above;
        }
        self.left = if rises { WINDOW } else { self.left.saturating_sub(1) };
        self.left > 0
    }
}

//! The levels of the last eighth of a second, and what the model looks at in them: the loudest hop of windows that grow longer into
//! the past, against the drum's own levels. Audio thread, after construction.

use super::bands::{BANDS, Levels, SILENCE};
use super::profile::Profile;

/// How many hops are remembered: 128 ms.
pub const REMEMBERED: usize = 512;

/// How far below a full stroke the model still tells levels apart: 72 dB.
const DEPTH: f32 = -24.0;

/// Ends of the windows of *early* decisions (live, tight), in hops back from now: fine where a stroke has just begun.
pub const EARLY: &[usize] = &[1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 128, 256, 512];

/// Ends of the windows of *late* decisions (exact): fine around a stroke of 6 to 10 ms ago.
pub const LATE: &[usize] =
    &[4, 8, 12, 16, 20, 22, 24, 26, 28, 30, 32, 34, 36, 38, 40, 44, 48, 56, 72, 128, 256, 512];

/// Inputs beside those of the windows: the drum's colour, whether it was learned, which instrument it is, and how it rises.
pub const BESIDE: usize = BANDS + 8;

/// How many inputs a model with these windows has.
pub const fn inputs(windows: &[usize]) -> usize {
    windows.len() * BANDS + BESIDE
}

/// The last levels.
#[derive(Clone)]
pub struct History {
    /// The last [`REMEMBERED`] of them end at `end`; there is room for as many again before they are moved to the front.
    levels: Vec<Levels>,
    end: usize,
}

impl Default for History {
    fn default() -> History {
        History { levels: vec![[SILENCE; BANDS]; 2 * REMEMBERED], end: REMEMBERED }
    }
}

impl History {
    /// Forgets everything.
    pub fn restart(&mut self) {
        self.levels.fill([SILENCE; BANDS]);
        self.end = REMEMBERED;
    }

    pub fn push(&mut self, levels: Levels) {
        if self.end == self.levels.len() {
            self.levels.copy_within(self.end - REMEMBERED.., 0);
            self.end = REMEMBERED;
        }
        self.levels[self.end] = levels;
        self.end += 1;
    }

    /// The last hops, oldest first.
    pub fn last(&self, hops: usize) -> &[Levels] {
        &self.levels[self.end - hops..self.end]
    }
}

/// The loudest level of each band.
#[inline]
pub fn loudest(levels: &[Levels]) -> Levels {
    let mut most = [SILENCE; BANDS];
    for hop in levels {
        for b in 0..BANDS {
            most[b] = if hop[b] > most[b] { hop[b] } else { most[b] };
        }
    }
    most
}

/// Writes the inputs of a model: [`inputs`] of `windows`. `levels`: the last [`REMEMBERED`], oldest first.
#[inline]
pub fn look(levels: &[Levels], windows: &[usize], profile: &Profile, out: &mut [f32]) {
    let now = levels.len();
    let mut from = 0;
    let (taps, beside) = out.split_at_mut(windows.len() * BANDS);
    for (tap, &to) in taps.chunks_exact_mut(BANDS).zip(windows) {
        let most = loudest(&levels[now - to..now - from]);
        for b in 0..BANDS {
            let x = most[b] - profile.stroke.levels[b];
            tap[b] = if x > DEPTH { x } else { DEPTH };
        }
        from = to;
    }
    beside.copy_from_slice(&profile.beside());
}

//! Tiles: the fixed pieces of signal that kernels read and write, 64 frames of up to 32 lanes, frame by frame, lanes side by
//! side. Allocated by the compiler, reused by liveness; the audio thread never allocates one.

use crate::dsp::lane::{Lane, MAX_LANES};

/// The most frames a pass renders at once.
pub const TILE: usize = 64;
/// Control values are read at frames that are a multiple of this on the absolute grid.
pub const CONTROL: usize = 32;

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; 16]);

/// One channel of a node's output for one pass.
#[derive(Default)]
pub struct Tile {
    lines: Vec<Line>,
    /// The value of the first frame holds for the whole pass; the other frames are not written.
    pub flat: bool,
    /// Per lane of the pass: how many of its frames came before the signal's end (all of them while it goes on). Only the
    /// tile of a node's first channel counts.
    pub ends: [u8; MAX_LANES],
}

impl Tile {
    /// A tile for passes of up to `lanes` lanes.
    pub fn new(lanes: usize) -> Self {
        let lines = (TILE * lanes).div_ceil(16);
        Self { lines: vec![Line([0.0; 16]); lines], flat: true, ends: [0; MAX_LANES] }
    }

    /// All values: `TILE` frames × lanes.
    #[inline(always)]
    pub fn floats(&self) -> &[f32] {
        // SAFETY: `Line` is sixteen floats without padding.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.lines.len() * 16) }
    }

    #[inline(always)]
    pub fn floats_mut(&mut self) -> &mut [f32] {
        // SAFETY: as in `floats`; the borrow is exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.lines.len() * 16) }
    }

    /// One pack per frame.
    #[inline(always)]
    pub fn frames<L: Lane>(&self) -> &[L] {
        L::cast(self.floats())
    }

    /// One pack per frame, to write. Whoever writes frames says so with `flat = false`; see [`Tile::set_flat`].
    #[inline(always)]
    pub fn frames_mut<L: Lane>(&mut self) -> &mut [L] {
        L::cast_mut(self.floats_mut())
    }

    /// One value for the whole pass.
    #[inline(always)]
    pub fn set_flat<L: Lane>(&mut self, x: L) {
        self.frames_mut::<L>()[0] = x;
        self.flat = true;
    }

    /// Writes a flat value out to the frames of a pass of `lanes` lanes, for readers that need memory.
    pub fn unflatten(&mut self, lanes: usize, frames: usize) {
        if self.flat {
            let floats = self.floats_mut();
            for frame in 1..frames {
                floats.copy_within(..lanes, frame * lanes);
            }
            self.flat = false;
        }
    }
}

//! A portion of the running program, chunk by chunk through a block of a host that renders offline. The threads of the [`super::crew`].

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{PoisonError, RwLock};

use crate::dsp::lane::MAX_LANES;
use crate::engine::cuts::Cuts;
use crate::engine::denormals::Flush;
use crate::engine::song::SongClock;
use crate::kernel::{Controls, Event, Piece, Portion, TILE, Width};

use super::{Course, Held, Stretch};

/// Frames of a chunk: what one thread takes at a time.
pub(super) const CHUNK: usize = 8 * TILE;

/// What all portions know of a block.
pub(super) struct Block {
    /// Absolute frame of its first one.
    pub at: u64,
    pub frames: usize,
    pub events: Vec<Event>,
    pub song: SongClock,
    pub controls: Controls,
    /// The audio input; empty where there is none.
    pub sidechain: [Vec<f32>; 2],
    /// For each cable its chunks, `room` of them.
    pub cables: Vec<RwLock<Stretch>>,
    pub room: usize,
}

impl Block {
    /// The first frame of a chunk: chunks lie on the absolute grid.
    pub fn start(&self, chunk: usize) -> usize {
        match chunk {
            0 => 0,
            n => (n * CHUNK - (self.at % CHUNK as u64) as usize).min(self.frames),
        }
    }

    /// The chunk of a frame.
    pub fn chunk_of(&self, frame: usize) -> usize {
        (frame + (self.at % CHUNK as u64) as usize) / CHUNK
    }

    pub fn chunks(&self) -> usize {
        self.chunk_of(self.frames.saturating_sub(1)) + 1
    }

    pub fn cable(&self, cable: usize, chunk: usize) -> &RwLock<Stretch> {
        &self.cables[cable * self.room + chunk]
    }
}

/// See the head of this file.
pub(super) struct Member {
    pub portion: Portion,
    pub course: Course,
    /// Absolute frame of the piece in which it panicked.
    pub failed: Option<u64>,
}

impl Member {
    /// Renders a chunk; it never allocates, unless it panics.
    pub fn render(&mut self, block: &Block, chunk: usize) {
        let _flush = Flush::enter();
        let Member { portion, course, failed } = self;
        if chunk == 0 {
            course.song = block.song;
            course.controls.copy_from(&block.controls);
        }
        let (from, to) = (block.start(chunk), block.start(chunk + 1));
        for (cable, _) in &portion.writes {
            block.cable(*cable, chunk).write().unwrap_or_else(PoisonError::into_inner).begin(to - from);
        }
        let mut cuts = Cuts::from(&block.events, block.frames, from);
        let mut number = 0;
        let nothing = |_: &Event, _: u64| {};
        course.walk(block.at + from as u64, &mut cuts, to, nothing, |at, frames, events, song, controls| {
            let count = frames.len();
            let here = frames.start - from..frames.end - from;
            for (cable, tile) in &portion.reads {
                let input = block.cable(*cable, chunk).read().unwrap_or_else(PoisonError::into_inner);
                input.show(number, here.clone(), portion.graph.tile_mut(*tile));
            }
            let sidechain = block.sidechain.each_ref().map(|side| side.get(frames.clone()).unwrap_or(&[]));
            let block_frame = frames.start;
            let piece = Piece { at, frames: count, song, events, block_frame, controls, sidechain };
            if failed.is_none() {
                // contained_panic: as in the player, to which it is told.
                let run = AssertUnwindSafe(|| portion.graph.render(&piece, 0, Width::One));
                if catch_unwind(run).is_err() {
                    *failed = Some(at);
                }
            }
            for (cable, tile) in &portion.writes {
                let mut output = block.cable(*cable, chunk).write().unwrap_or_else(PoisonError::into_inner);
                let values = &mut output.values[here.clone()];
                if failed.is_some() {
                    // The tiles are not all in their places any more.
                    values.fill(0.0);
                    output.pieces.push(Held { flat: true, end: count as u8 });
                    continue;
                }
                let tile = portion.graph.tile(*tile);
                // Of what holds, the first value says all.
                let known = if tile.flat { 1 } else { count };
                values[..known].copy_from_slice(&tile.floats()[..known]);
                output.pieces.push(Held { flat: tile.flat, end: tile.ends[0] });
            }
            number += 1;
            true
        });
    }
}

impl Stretch {
    /// Lets a tile hold what this one has in its piece of that number, at these frames.
    pub(super) fn show(&self, number: usize, frames: std::ops::Range<usize>, tile: &mut crate::kernel::Tile) {
        let held = self.pieces[number];
        (tile.flat, tile.ends) = (held.flat, [held.end; MAX_LANES]);
        let values = &self.values[frames];
        let known = if held.flat { 1 } else { values.len() };
        tile.floats_mut()[..known].copy_from_slice(&values[..known]);
    }
}

//! How a block is cut into pieces: on the grid of tiles, and where a control of the host changes. Audio thread, and the bounce's workers.

use std::ops::Range;

use crate::kernel::{Event, TILE, What};

/// The way through a block. `Event::at` counts from its first frame; events are in order.
pub struct Cuts<'a> {
    events: &'a [Event],
    frames: usize,
    from: usize,
    next_event: usize,
}

impl<'a> Cuts<'a> {
    pub fn new(events: &'a [Event], frames: usize) -> Self {
        Cuts { events, frames, from: 0, next_event: 0 }
    }

    /// The same from a frame on at which a piece begins: a multiple of [`TILE`] on the absolute grid, say.
    pub fn from(events: &'a [Event], frames: usize, from: usize) -> Self {
        let next_event = if from == 0 { 0 } else { events.partition_point(|e| (e.at as usize) < from) };
        Cuts { events, frames, from, next_event }
    }

    /// The frame of the block at which the next piece begins.
    pub fn here(&self) -> usize {
        self.from
    }

    /// The next piece, whose first frame is absolute frame `at`: its frames in the block and what happens in it. What has moved before
    /// its first frame, that one included, is told to `control` first.
    pub fn next(&mut self, at: u64, mut control: impl FnMut(&Event)) -> Option<(Range<usize>, &'a [Event])> {
        let Cuts { events, frames, from, .. } = *self;
        if from >= frames {
            return None;
        }
        while let Some(event) = events.get(self.next_event)
            && (event.at as usize) <= from
        {
            control(event);
            self.next_event += 1;
        }
        let room = TILE - (at % TILE as u64) as usize;
        let change = events[self.next_event..].iter().find(|e| matches!(e.what, What::Control { .. }));
        let change = change.map_or(frames, |e| (e.at as usize).min(frames));
        let to = (from + room).min(change.max(from + 1)).min(frames);
        self.from = to;
        let start = events.partition_point(|e| (e.at as usize) < from);
        // Events stamped behind the block count as its last frame.
        let end = if to == frames { events.len() } else { events.partition_point(|e| (e.at as usize) < to) };
        Some((from..to, &events[start.min(end)..end]))
    }

    /// Whether all pieces have been cut.
    pub fn is_over(&self) -> bool {
        self.from >= self.frames
    }

    /// What was stamped behind the end, and has not been seen yet.
    pub fn rest(&self) -> &'a [Event] {
        &self.events[self.next_event..]
    }
}

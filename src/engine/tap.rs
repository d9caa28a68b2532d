//! Hands what is played to a recorder: the audio thread fills blocks that somebody else has made, and takes empty ones back. Where none is
//! left, frames are counted as lost; it never allocates or waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Frames of a block.
pub const FRAMES: usize = 256;

/// A stretch of what was played.
pub struct Block {
    pub frames: usize,
    /// The strips of the program that was played, in their order.
    pub names: Option<Arc<[String]>>,
    /// How many of them there is room for.
    strips: usize,
    /// Per signal (the mix, then strips) left and right, `FRAMES` each.
    values: Box<[f32]>,
}

impl Block {
    fn new(strips: usize) -> Block {
        let values = vec![0.0; (1 + strips) * 2 * FRAMES].into();
        Block { frames: 0, names: None, strips, values }
    }

    /// Strips that are in it.
    pub fn stems(&self) -> usize {
        self.names.as_ref().map_or(0, |names| names.len().min(self.strips))
    }

    /// Left and right of a signal: 0 is the mix, 1 the first strip.
    pub fn signal(&self, signal: usize) -> [&[f32]; 2] {
        [0, 1].map(|side| &self.values[(2 * signal + side) * FRAMES..][..self.frames])
    }

    fn side(&mut self, signal: usize, side: usize, frames: usize) -> &mut [f32] {
        &mut self.values[(2 * signal + side) * FRAMES + self.frames..][..frames]
    }

    /// Empties it. Not on the audio thread: names may be freed.
    pub fn clear(&mut self) {
        (self.frames, self.names) = (0, None);
    }
}

/// The audio thread's end.
pub struct Tap {
    free: rtrb::Consumer<Block>,
    full: rtrb::Producer<Block>,
    /// The one that is being filled.
    open: Option<Block>,
    lost: Arc<AtomicU64>,
}

/// The recorder's end.
pub struct Reel {
    pub free: rtrb::Producer<Block>,
    pub full: rtrb::Consumer<Block>,
    lost: Arc<AtomicU64>,
    /// How many strips its blocks have room for.
    pub strips: usize,
}

impl Reel {
    /// Frames for which there was no block since the last question.
    pub fn lost(&self) -> u64 {
        self.lost.swap(0, Ordering::Relaxed)
    }
}

/// A tap with so many blocks, each with room for so many strips beside the mix.
pub fn tap(strips: usize, blocks: usize) -> (Tap, Reel) {
    let (mut free, empty) = rtrb::RingBuffer::new(blocks);
    let (full, filled) = rtrb::RingBuffer::new(blocks);
    for _ in 0..blocks {
        // There is room for all of them.
        let _ = free.push(Block::new(strips));
    }
    let lost = Arc::new(AtomicU64::new(0));
    (Tap { free: empty, full, open: None, lost: lost.clone() }, Reel { free, full: filled, lost, strips })
}

impl Tap {
    /// A piece of a program whose strips are called so.
    pub fn begin(&mut self, frames: usize, names: &Arc<[String]>) {
        let other = |known: &Arc<[String]>| !Arc::ptr_eq(known, names);
        let ripe = |open: &mut Block| open.frames + frames > FRAMES || open.names.as_ref().is_some_and(other);
        if let Some(block) = self.open.take_if(ripe)
            && let Err(rtrb::PushError::Full(block)) = self.full.push(block)
        {
            // (Never: there are no more blocks than fit.)
            self.open = Some(block);
        }
        if self.open.is_none() {
            self.open = self.free.pop().ok();
        }
        let Some(block) = &mut self.open else {
            self.lost.fetch_add(frames as u64, Ordering::Relaxed);
            return;
        };
        block.names.get_or_insert_with(|| names.clone());
        for signal in 1..=block.stems() {
            (0..2).for_each(|side| block.side(signal, side, frames).fill(0.0));
        }
    }

    /// What a strip puts out in this piece; where one value holds throughout, that.
    pub fn strip(&mut self, strip: usize, frames: usize, sides: [(&[f32], bool); 2]) {
        let Some(block) = self.open.as_mut().filter(|block| strip < block.stems()) else { return };
        for (side, (values, flat)) in sides.into_iter().enumerate() {
            let out = block.side(1 + strip, side, frames);
            match flat {
                true => out.fill(values[0]),
                false => out.copy_from_slice(&values[..frames]),
            }
        }
    }

    /// The whole of this piece.
    pub fn finish(&mut self, main: [&[f32]; 2]) {
        let Some(block) = &mut self.open else { return };
        let frames = main[0].len();
        for (side, values) in main.into_iter().enumerate() {
            block.side(0, side, frames).copy_from_slice(values);
        }
        block.frames += frames;
    }
}

/// Where an engine's tap comes from, and where the one before goes.
pub struct Jack {
    taps: rtrb::Consumer<Tap>,
    used: rtrb::Producer<Tap>,
    pub tap: Option<Tap>,
}

/// The recorder's end of that.
pub struct Plug {
    taps: rtrb::Producer<Tap>,
    used: rtrb::Consumer<Tap>,
}

/// A way for taps to an engine.
pub fn jack() -> (Jack, Plug) {
    let (to, taps) = rtrb::RingBuffer::new(1);
    let (back, used) = rtrb::RingBuffer::new(1);
    (Jack { taps, used: back, tap: None }, Plug { taps: to, used })
}

impl Jack {
    /// Takes a tap that waits, if the one before can go back.
    pub fn turn(&mut self) {
        if self.used.is_full() || self.taps.is_empty() {
            return;
        }
        let old = std::mem::replace(&mut self.tap, self.taps.pop().ok());
        if let Some(Err(rtrb::PushError::Full(old))) = old.map(|old| self.used.push(old)) {
            // (Never: there was room.)
            self.tap = Some(old);
        }
    }
}

impl Plug {
    /// Hands a tap to the engine; false where one waits still.
    pub fn send(&mut self, tap: Tap) -> bool {
        self.taps.push(tap).is_ok()
    }

    /// Whether the engine has given its tap back, with what was in it.
    pub fn returned(&mut self) -> Option<Option<Block>> {
        self.used.pop().ok().map(|tap| tap.open)
    }
}

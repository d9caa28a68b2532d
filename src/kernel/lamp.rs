//! How loud each operation of a program is, and the signal of one of them, for whoever looks. The audio thread writes, nothing but stores
//! and only while somebody looks; the window reads. Nothing that is rendered depends on it.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

use super::tile::{TILE, Tile};
use super::trail::Trail;
use crate::dsp::dynamics::peak;

/// Frames for which a look lasts: half a second at 48 kHz. Who goes on looking looks again before that.
const LASTS: u32 = 24_000;

/// How loud the output of an operation is.
#[derive(Debug, Default)]
pub struct Lamp {
    /// The highest value, regardless of its sign, since it was taken; as bits.
    peak: AtomicU32,
    /// By how much it was taken back at most since then: 1 less the factor, as bits.
    taken: AtomicU32,
    /// Its signal goes to [`Onlooker::trail`].
    watched: AtomicBool,
}

/// Who looks at the operations of an engine.
#[derive(Debug)]
pub struct Onlooker {
    /// Frames for which somebody still looks.
    left: AtomicU32,
    /// What is watched, by the frames of the grid of tiles: all lanes that sound, added up.
    sum: [[AtomicU32; 2]; TILE],
    /// The signal of the lamp that is watched.
    pub trail: Trail,
}

/// What an operation has put out in a pass.
pub struct Seen<'a> {
    pub outputs: &'a [Box<Tile>],
    /// Absolute frame of the first one, and how many there are.
    pub at: u64,
    pub frames: usize,
    /// By the lanes of the pass: whether it sounds.
    pub alive: &'a [bool],
    /// Only the first frame counts.
    pub held: bool,
    /// The least factor by which it takes its signal back, where it does such a thing.
    pub taken_back: Option<f32>,
}

impl Lamp {
    /// The highest value since the last question, regardless of its sign.
    pub fn take(&self) -> f32 {
        f32::from_bits(self.peak.swap(0, Relaxed))
    }

    /// The least factor by which it has taken its signal back since the last question.
    pub fn take_taken(&self) -> f32 {
        1.0 - f32::from_bits(self.taken.swap(0, Relaxed))
    }

    /// Puts its signal on [`Onlooker::trail`] from now on, or no longer.
    pub fn watch(&self, watched: bool) {
        self.watched.store(watched, Relaxed);
    }
}

/// A lamp is equal to nothing but itself.
impl PartialEq for Lamp {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Default for Onlooker {
    fn default() -> Self {
        let sum = std::array::from_fn(|_| Default::default());
        Self { left: AtomicU32::new(0), sum, trail: Trail::default() }
    }
}

impl Onlooker {
    /// Lamps are lit for the next moments. Any thread but the audio thread.
    pub fn look(&self) {
        self.left.store(LASTS, Relaxed);
    }

    /// Whether somebody looks. Audio thread.
    #[inline]
    pub fn looks(&self) -> bool {
        self.left.load(Relaxed) > 0
    }

    /// Takes note of what an operation has put out. Audio thread.
    pub fn see(&self, lamp: &Lamp, seen: &Seen) {
        let lanes = seen.alive.len();
        let mut highest = 0.0f32;
        for tile in seen.outputs {
            let frames = if tile.flat || seen.held { 1 } else { seen.frames };
            let values = &tile.floats()[..frames * lanes];
            if lanes == 1 {
                highest = highest.max(peak(values));
                continue;
            }
            for frame in values.chunks_exact(lanes) {
                let sounding = frame.iter().zip(seen.alive).filter(|(_, alive)| **alive);
                highest = sounding.fold(highest, |highest, (value, _)| highest.max(value.abs()));
            }
        }
        // Positive floats order as their bits do.
        let raise = |known: &AtomicU32, value: f32| {
            if value.to_bits() > known.load(Relaxed) {
                known.store(value.to_bits(), Relaxed);
            }
        };
        raise(&lamp.peak, highest);
        if let Some(factor) = seen.taken_back {
            raise(&lamp.taken, (1.0 - factor).max(0.0));
        }
        if lamp.watched.load(Relaxed) {
            self.add(seen, lanes);
        }
    }

    fn add(&self, seen: &Seen, lanes: usize) {
        let Some(last) = seen.outputs.len().checked_sub(1) else { return };
        for side in 0..2 {
            let tile = &seen.outputs[side.min(last)];
            let still = tile.flat || seen.held;
            for frame in 0..seen.frames {
                let from = if still { 0 } else { frame * lanes };
                let values = tile.floats()[from..from + lanes].iter().zip(seen.alive);
                let value: f32 = values.filter(|(_, alive)| **alive).map(|(value, _)| value).sum();
                let sum = &self.sum[(seen.at as usize + frame) % TILE][side];
                sum.store((f32::from_bits(sum.load(Relaxed)) + value).to_bits(), Relaxed);
            }
        }
    }

    /// Frames `at..at + frames` are over. Audio thread.
    pub fn finish(&self, at: u64, frames: usize) {
        let left = self.left.load(Relaxed);
        if left == 0 {
            return;
        }
        // (Somebody who looks at this very moment looks again.)
        self.left.store(left.saturating_sub(frames as u32), Relaxed);
        let here = |frame: usize| &self.sum[(at as usize + frame) % TILE];
        self.trail.put(frames, |frame| here(frame).each_ref().map(|x| f32::from_bits(x.load(Relaxed))));
        (0..frames).for_each(|frame| here(frame).iter().for_each(|sum| sum.store(0, Relaxed)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two lanes, of which the second counts only where it is alive.
    fn tile(frames: usize) -> Box<Tile> {
        let mut tile = Box::new(Tile::new(2));
        tile.flat = false;
        (0..frames)
            .for_each(|frame| tile.floats_mut()[2 * frame..2 * frame + 2].copy_from_slice(&[0.25, -8.0]));
        tile
    }

    #[test]
    fn lamp_shows_the_lanes_that_sound_and_only_while_somebody_looks() {
        let (lamp, onlooker) = (Lamp::default(), Onlooker::default());
        assert!(!onlooker.looks());
        onlooker.look();
        onlooker.trail.written();
        lamp.watch(true);
        let outputs = [tile(16)];
        let seen =
            |at, alive| Seen { outputs: &outputs, at, frames: 16, alive, held: false, taken_back: Some(0.5) };
        onlooker.see(&lamp, &seen(48, &[true, false]));
        onlooker.see(&lamp, &seen(48, &[true, false]));
        onlooker.finish(48, 16);
        assert_eq!((lamp.take(), lamp.take()), (0.25, 0.0), "taken once");
        assert_eq!((lamp.take_taken(), lamp.take_taken()), (0.5, 1.0));
        onlooker.see(&lamp, &seen(64, &[true, true]));
        onlooker.finish(64, 16);
        assert_eq!(lamp.take(), 8.0);
        let mut heard = vec![];
        onlooker.trail.read(0, &mut heard);
        assert_eq!(heard.len(), 32);
        assert_eq!(heard[..16], [[0.5; 2]; 16], "passes are added up");
        assert_eq!(heard[16..], [[-7.75; 2]; 16]);
        for piece in 0..2_000 {
            onlooker.finish(128 + piece * 64, 64);
        }
        assert!(!onlooker.looks(), "nobody has looked for long");
    }
}

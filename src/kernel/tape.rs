//! Tapes that `buffer` nodes share: a ring of frames that one node writes and any number read. Who reads another's tape sees it as
//! it was at the last multiple of 64 frames, so that neither the order of nodes nor the cutting of time is heard. A tape of another
//! length reads what is older than itself in the rings before it, without a copy. Audio thread; atomics only because kernels that share
//! a tape must be able to move between threads together.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};

use super::build::Audio;
use super::tile::TILE;
use crate::dsp::line::EDGE;

/// Most cells that are written in a frame.
pub const FASTEST: f64 = 16.0;
/// The fewest frames of a tape.
pub const SHORTEST: usize = TILE * FASTEST as usize + TILE;

/// Most rings that a tape looks back to.
const PAST: usize = 4;

type Cells = Box<[AtomicU32]>;

/// The memory itself, one set of cells per channel.
type Ring = Vec<Cells>;

/// What a tape of another length had recorded: cells from the first on, up to the second, as far as they fit into the ring.
struct Past {
    ring: Arc<Ring>,
    from: AtomicU64,
    until: AtomicU64,
}

/// Frames of one or two channels, written round and round. Cells count from 0 without end; the ring holds the newest.
pub struct Tape {
    channels: Arc<Ring>,
    /// The first cell in the ring, while any cell before it may still be read in the rings before; else 0.
    since: AtomicU64,
    /// The rings before, newest last.
    past: Vec<Past>,
    /// Per channel: what the cells written since the tile began held before.
    before: Vec<Cells>,
    /// What cells hold that were never written: a file at the engine's rate, else silence.
    backdrop: Option<Arc<Audio>>,
    length: usize,
    /// Place of the last frame written, as `f64` bits; -1 at first.
    head: AtomicU64,
    /// The absolute tile in which writing was last seen, the first cell that was written in it, and whether the frame before it was written.
    tile: AtomicU64,
    from: AtomicU64,
    moving: AtomicBool,
    /// One more than the absolute frame last written; 0: none.
    next: AtomicU64,
    /// Frames that the writer lets go round, now and when the tile began, as `f64` bits.
    round: AtomicU64,
    round_before: AtomicU64,
    /// Who writes: voices count up, the last begun writes.
    writer: AtomicU64,
}

impl Tape {
    /// A tape of `length` frames (at least [`SHORTEST`]).
    pub fn new(length: usize, channels: usize, backdrop: Option<Arc<Audio>>) -> Self {
        let length = length.max(SHORTEST);
        let cells = |n: usize| -> Ring {
            (0..channels).map(|_| (0..n).map(|_| AtomicU32::new(0)).collect()).collect()
        };
        let tape = Self {
            channels: Arc::new(cells(length)),
            since: AtomicU64::new(0),
            past: vec![],
            before: cells(SHORTEST),
            backdrop,
            length,
            head: AtomicU64::new(0),
            tile: AtomicU64::new(0),
            from: AtomicU64::new(0),
            moving: AtomicBool::new(false),
            next: AtomicU64::new(0),
            round: AtomicU64::new(0),
            round_before: AtomicU64::new(0),
            writer: AtomicU64::new(0),
        };
        tape.reset();
        tape
    }

    /// A tape that goes on with what `old` has recorded once it [takes over](Tape::take) from it. Loader thread.
    pub fn after(length: usize, channels: usize, backdrop: Option<Arc<Audio>>, old: &Tape) -> Self {
        let mut tape = Tape::new(length, channels, backdrop);
        let part =
            |ring: &Arc<Ring>| Past { ring: ring.clone(), from: AtomicU64::new(0), until: AtomicU64::new(0) };
        // One that has not played yet may be about to take over itself.
        if old.since.load(Relaxed) > 0 || old.written() == 0 {
            let skip = (old.past.len() + 1).saturating_sub(PAST);
            tape.past.extend(old.past[skip..].iter().map(|past| part(&past.ring)));
        }
        tape.past.push(part(&old.channels));
        tape
    }

    /// Goes on from where the tape is that it was made [after](Tape::after): the newest of what that has recorded stays.
    pub fn take(&self, old: &Tape) {
        let pairs = [(&self.head, &old.head), (&self.tile, &old.tile), (&self.from, &old.from)];
        let more = [(&self.next, &old.next), (&self.writer, &old.writer)];
        pairs.iter().chain(&more).for_each(|(new, old)| new.store(old.load(Relaxed), Relaxed));
        self.moving.store(old.moving.load(Relaxed), Relaxed);
        let (first, written) = (old.from.load(Relaxed), old.written());
        let fresh = written.saturating_sub(first).min(SHORTEST as u64) as usize;
        for (new, old) in self.before.iter().zip(&old.before) {
            new.iter().zip(old).take(fresh).for_each(|(new, old)| new.store(old.load(Relaxed), Relaxed));
        }
        // Where all of the memory goes round, all of the new one will.
        let round = f64::from_bits(old.round.load(Relaxed));
        if round != old.length as f64 {
            let round = round.min(self.length as f64).to_bits();
            self.round.store(round, Relaxed);
            self.round_before.store(round, Relaxed);
        }
        self.since.store(written, Relaxed);
        let Some((newest, older)) = self.past.split_last() else { return };
        newest.from.store(old.since.load(Relaxed), Relaxed);
        newest.until.store(written, Relaxed);
        for (new, old) in older.iter().rev().zip(old.past.iter().rev()) {
            new.from.store(old.from.load(Relaxed), Relaxed);
            new.until.store(old.until.load(Relaxed), Relaxed);
        }
    }

    pub fn length(&self) -> usize {
        self.length
    }

    pub fn channels(&self) -> usize {
        self.channels.len()
    }

    /// Forgets everything that was written.
    pub fn reset(&self) {
        self.head.store((-1.0f64).to_bits(), Relaxed);
        self.tile.store(u64::MAX, Relaxed);
        self.from.store(0, Relaxed);
        self.moving.store(false, Relaxed);
        self.next.store(0, Relaxed);
        let whole = (self.length as f64).to_bits();
        self.round.store(whole, Relaxed);
        self.round_before.store(whole, Relaxed);
        self.writer.store(0, Relaxed);
        self.since.store(0, Relaxed);
    }

    /// Becomes the one who writes. The number proves it.
    pub fn claim(&self) -> u64 {
        self.writer.fetch_add(1, Relaxed) + 1
    }

    pub fn is_writer(&self, claim: u64) -> bool {
        claim != 0 && self.writer.load(Relaxed) == claim
    }

    /// Place of the last frame written.
    #[inline]
    pub fn head(&self) -> f64 {
        f64::from_bits(self.head.load(Relaxed))
    }

    fn written(&self) -> u64 {
        (self.head().floor() + 1.0) as u64
    }

    /// Moves the head by `speed` cells (0..=[`FASTEST`]) at absolute frame `at`; the cells on its way take the straight line from the frame
    /// before, `last`, to this one. `round` is how many frames the writer lets go round from now on.
    #[inline]
    pub fn write(&self, at: u64, speed: f64, x: [f32; 2], last: [f32; 2], round: f64) {
        let tile = at / TILE as u64;
        if self.tile.load(Relaxed) != tile {
            self.tile.store(tile, Relaxed);
            self.from.store(self.written(), Relaxed);
            self.moving.store(self.next.load(Relaxed) == tile * TILE as u64 && at > 0, Relaxed);
            let since = self.since.load(Relaxed);
            if since > 0 && self.written() >= since + (self.length + SHORTEST) as u64 {
                self.since.store(0, Relaxed);
            }
            self.round_before.store(self.round.load(Relaxed), Relaxed);
        }
        self.round.store(round.to_bits(), Relaxed);
        self.next.store(at + 1, Relaxed);
        let (old, first) = (self.head(), self.from.load(Relaxed));
        let head = old + speed;
        let mut cell = self.written();
        while cell as f64 <= head {
            let part = ((cell as f64 - old) / speed) as f32;
            let index = (cell % self.length as u64) as usize;
            for (c, cells) in self.channels.iter().enumerate() {
                let now = if part >= 1.0 { x[c] } else { last[c] + (x[c] - last[c]) * part };
                let was = self.stored(c, index, cell);
                self.before[c][(cell - first) as usize % SHORTEST].store(was.to_bits(), Relaxed);
                cells[index].store(now.to_bits(), Relaxed);
            }
            cell += 1;
        }
        self.head.store(head.to_bits(), Relaxed);
    }

    /// What a place of the ring holds, when so many cells have been written in all.
    #[inline]
    fn stored(&self, channel: usize, index: usize, written: u64) -> f32 {
        if written >= self.length as u64 || (index as u64) < written {
            let since = self.since.load(Relaxed);
            if since > 0 {
                let newest = written - 1;
                let back =
                    (newest % self.length as u64 + self.length as u64 - index as u64) % self.length as u64;
                if newest - back < since {
                    return self.recorded_before(channel, newest - back);
                }
            }
            return f32::from_bits(self.channels[channel][index].load(Relaxed));
        }
        let file = self
            .backdrop
            .as_ref()
            .and_then(|audio| audio.channels.get(channel.min(audio.channels.len() - 1)));
        file.and_then(|frames| frames.get(index)).copied().unwrap_or(0.0)
    }

    /// A cell that was written before this tape; the oldest of what is remembered comes in without a click.
    #[cold]
    fn recorded_before(&self, channel: usize, cell: u64) -> f32 {
        let Some(past) = self.past.iter().rev().find(|past| cell >= past.from.load(Relaxed)) else {
            return 0.0;
        };
        let Some(cells) = past.ring.get(channel.min(past.ring.len() - 1)) else { return 0.0 };
        let lost = past.until.load(Relaxed).saturating_sub(cells.len() as u64);
        if cell < lost {
            return 0.0;
        }
        let x = f32::from_bits(cells[(cell % cells.len() as u64) as usize].load(Relaxed));
        let known = cell - lost;
        if lost > past.from.load(Relaxed) && known < EDGE as u64 {
            x * (known as f32 / EDGE as f32)
        } else {
            x
        }
    }

    #[inline]
    fn place(&self, cell: i64) -> usize {
        cell.rem_euclid(self.length as i64) as usize
    }

    /// A cell as its writer sees it: with all that was written.
    #[inline]
    pub fn own(&self, channel: usize, cell: i64) -> f32 {
        self.stored(channel.min(self.channels.len() - 1), self.place(cell), self.written())
    }

    /// A cell as everybody else sees it during the tile of absolute frame `at`: as it was when the tile began.
    #[inline]
    pub fn other(&self, at: u64, channel: usize, cell: i64) -> f32 {
        let (channel, index) = (channel.min(self.channels.len() - 1), self.place(cell));
        if self.tile.load(Relaxed) != at / TILE as u64 {
            return self.stored(channel, index, self.written());
        }
        let from = self.from.load(Relaxed);
        let place = (index as u64 + self.length as u64 - from % self.length as u64) % self.length as u64;
        if place < self.written() - from {
            return f32::from_bits(self.before[channel][place as usize % SHORTEST].load(Relaxed));
        }
        self.stored(channel, index, from)
    }

    /// How many frames the writer lets go round, as everybody else sees it during the tile of absolute frame `at`.
    #[inline]
    pub fn round(&self, at: u64) -> f64 {
        let same = self.tile.load(Relaxed) == at / TILE as u64;
        f64::from_bits(if same { &self.round_before } else { &self.round }.load(Relaxed))
    }

    /// Where, as far as it was known when the tile began, the frame at `at` will be written (or writing goes on, when it rests).
    pub fn next_cell(&self, at: u64) -> f64 {
        let tile = at / TILE as u64;
        let (from, moving) = match self.tile.load(Relaxed) == tile {
            true => (self.from.load(Relaxed), self.moving.load(Relaxed)),
            false => (self.written(), at >= TILE as u64 && self.next.load(Relaxed) == tile * TILE as u64),
        };
        from as f64 + if moving { (at % TILE as u64) as f64 } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tape_shows_others_what_was_there_when_the_tile_began() {
        let tape = Tape::new(0, 1, None);
        let length = tape.length() as u64;
        for at in 0..length + 10 {
            tape.write(at, 1.0, [at as f32; 2], [0.0; 2], 500.0 + at as f64);
            let tile = at / TILE as u64 * TILE as u64;
            assert_eq!(tape.round(at), if tile > 0 { 499.0 + tile as f64 } else { length as f64 });
            assert_eq!(tape.own(0, at as i64), at as f32);
            let seen = tape.other(at, 0, at as i64);
            assert_eq!(seen, if at < length { 0.0 } else { (at - length) as f32 });
            if tile > 0 {
                assert_eq!(tape.other(at, 0, tile as i64 - 1), tile as f32 - 1.0);
            }
        }
    }

    #[test]
    fn tape_at_half_and_double_speed_takes_straight_lines() {
        let tape = Tape::new(0, 1, None);
        let mut last = [0.0; 2];
        for at in 0..10 {
            let x = [at as f32 + 1.0; 2];
            tape.write(at, 2.0, x, last, 0.0);
            last = x;
        }
        assert_eq!((tape.own(0, 1), tape.own(0, 2), tape.own(0, 3)), (1.0, 1.5, 2.0));
        assert_eq!(tape.head(), 19.0);
    }
}

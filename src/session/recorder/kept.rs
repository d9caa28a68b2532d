//! What was played lately, piece by piece, in memory. Silence takes no room.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::engine::tap::Block;

/// A stretch of what was played.
pub struct Piece {
    pub frames: usize,
    /// The strips of the program that was played.
    pub names: Arc<[String]>,
    /// The mix, then strips: left and right; none where it is silent.
    signals: Vec<Option<[Box<[f32]>; 2]>>,
}

/// Whether anything is in a signal.
fn heard(sides: &[impl AsRef<[f32]>; 2]) -> bool {
    sides.iter().any(|side| side.as_ref().iter().any(|x| x.to_bits() != 0))
}

impl Piece {
    pub fn of(block: &Block) -> Piece {
        let signal = |number| {
            let sides = block.signal(number);
            heard(&sides).then(|| sides.map(Box::from))
        };
        Piece {
            frames: block.frames,
            names: block.names.clone().unwrap_or_else(|| Arc::new([])),
            signals: (0..=block.stems()).map(signal).collect(),
        }
    }

    /// The same strips with other frames, the mix first: as many in each.
    pub fn with(&self, signals: Vec<[Vec<f32>; 2]>) -> Piece {
        let frames = signals.first().map_or(0, |[left, _]| left.len());
        let signals =
            signals.into_iter().map(|sides| heard(&sides).then(|| sides.map(Vec::into_boxed_slice)));
        Piece { frames, names: self.names.clone(), signals: signals.collect() }
    }

    /// How many signals are in it, the mix among them.
    pub fn signals(&self) -> usize {
        self.signals.len()
    }

    /// Whether all strips of the program are in it.
    pub fn is_complete(&self) -> bool {
        self.signals.len() > self.names.len()
    }

    /// Left and right of a signal: 0 is the mix, 1 the first strip. None: silence.
    pub fn signal(&self, number: usize) -> Option<[&[f32]; 2]> {
        self.signals.get(number)?.as_ref().map(|sides| [&*sides[0], &*sides[1]])
    }

    /// Without its first frames.
    pub fn behind(&self, skipped: usize) -> Piece {
        let cut = |sides: &Option<[Box<[f32]>; 2]>| {
            sides.as_ref().map(|sides| sides.each_ref().map(|side| Box::from(&side[skipped..])))
        };
        let signals = self.signals.iter().map(cut).collect();
        Piece { frames: self.frames - skipped, names: self.names.clone(), signals }
    }
}

/// The pieces of the last while.
pub struct Kept {
    pieces: VecDeque<Piece>,
    frames: u64,
    most: u64,
}

impl Kept {
    /// Keeps so many frames.
    pub fn new(most: u64) -> Kept {
        Kept { pieces: VecDeque::new(), frames: 0, most }
    }

    pub fn frames(&self) -> u64 {
        self.frames.min(self.most)
    }

    pub fn push(&mut self, piece: Piece) {
        self.frames += piece.frames as u64;
        self.pieces.push_back(piece);
        while let Some(first) = self.pieces.front()
            && self.frames - first.frames as u64 >= self.most
        {
            self.frames -= first.frames as u64;
            self.pieces.pop_front();
        }
    }

    /// The last frames, as far as they are there.
    pub fn last(&self, frames: u64, mut each: impl FnMut(&Piece)) {
        let mut skipped = self.frames.saturating_sub(frames.min(self.most));
        for piece in &self.pieces {
            let here = skipped.min(piece.frames as u64);
            skipped -= here;
            match here as usize {
                0 => each(piece),
                all if all == piece.frames => {}
                some => each(&piece.behind(some)),
            }
        }
    }
}

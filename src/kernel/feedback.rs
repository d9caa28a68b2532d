//! Loops: the memory between the end of one and its beginning, and the way to run one that is shorter than a tile, in parts that are
//! no longer than it is late. Audio thread, after construction.

use std::ops::Range;

use super::pass::{Pass, Piece};
use super::tile::{TILE, Tile};

/// The memory of a loop: what a node puts out is read `late` frames later by a node that runs before it.
pub(super) struct Feedback {
    late: usize,
    lanes: usize,
    /// A ring of `late` frames and a tile, lanes side by side, by absolute frame.
    memory: Vec<f32>,
}

impl Feedback {
    pub fn new(late: usize, lanes: usize) -> Self {
        Self { late, lanes, memory: vec![0.0; frames_kept(late) * lanes] }
    }

    pub fn late(&self) -> usize {
        self.late
    }

    pub fn start(&mut self, lane: usize) {
        self.memory.iter_mut().skip(lane).step_by(self.lanes).for_each(|x| *x = 0.0);
    }

    /// Where in the memory the frames of a pass begin, `ahead` frames later.
    fn place(&self, pass: &Pass, ahead: usize) -> (usize, usize) {
        let (line, end) = (frames_kept(self.late), self.memory.len());
        (((pass.at + ahead as u64) % line as u64) as usize * self.lanes + pass.lane, end)
    }

    pub fn read(&self, pass: &mut Pass) {
        // The ring is a tile longer than the loop, so what was written `late` frames ago is a tile ahead.
        let (mut place, end) = self.place(pass, TILE);
        let width = pass.width();
        let tile = &mut pass.outputs[0];
        tile.flat = false;
        for out in tile.floats_mut()[..pass.piece.frames * width].chunks_exact_mut(width) {
            out.copy_from_slice(&self.memory[place..][..width]);
            place += self.lanes;
            if place >= end {
                place -= end;
            }
        }
    }

    pub fn write(&mut self, pass: &Pass) {
        let (mut place, end) = self.place(pass, 0);
        let width = pass.width();
        let (values, flat) = pass.raw(0, 0);
        for frame in 0..pass.frames {
            let source = &values[if flat { 0 } else { frame * width }..][..width];
            self.memory[place..][..width].copy_from_slice(source);
            place += self.lanes;
            if place >= end {
                place -= end;
            }
        }
    }
}

/// How many frames a loop remembers that is so many frames late.
pub fn frames_kept(late: usize) -> usize {
    late + TILE
}

/// Steps that run in parts of a piece, because each part needs what they put out in the one before. They have tiles of their own:
/// what comes from other steps is handed in part by part, and what others read is put together from the parts.
#[derive(Clone, Debug, PartialEq)]
pub struct Loop {
    pub steps: Range<usize>,
    /// Most frames of a part.
    pub grain: usize,
    /// Tiles handed in: the outer one, and the steps' own.
    pub enter: Vec<(u32, u32)>,
    /// Tiles that leave: the steps' own, and the outer one.
    pub leave: Vec<(u32, u32)>,
}

impl Loop {
    /// The parts of a piece, with their first frames in it.
    pub(super) fn parts<'a>(&self, piece: &Piece<'a>) -> impl Iterator<Item = (usize, Piece<'a>)> + use<'a> {
        let (grain, piece) = (self.grain.max(1), *piece);
        let part = move |from| (from, piece.part(from, (from + grain).min(piece.frames)));
        (0..piece.frames).step_by(grain).map(part)
    }

    /// Hands the frames of a part in.
    pub(super) fn enter(&self, tiles: &mut [Box<Tile>], from: usize, frames: usize, width: usize) {
        for (outer, own) in &self.enter {
            let Ok([outer, own]) = tiles.get_disjoint_mut([*outer as usize, *own as usize]) else { continue };
            own.flat = outer.flat;
            let (start, values) = if outer.flat { (0, width) } else { (from * width, frames * width) };
            own.floats_mut()[..values].copy_from_slice(&outer.floats()[start..start + values]);
            for (own, outer) in own.ends[..width].iter_mut().zip(outer.ends) {
                *own = (outer as usize).saturating_sub(from).min(frames) as u8;
            }
        }
    }

    /// Puts the frames of a part to those before.
    pub(super) fn leave(&self, tiles: &mut [Box<Tile>], from: usize, frames: usize, width: usize) {
        for (own, outer) in &self.leave {
            let Ok([outer, own]) = tiles.get_disjoint_mut([*outer as usize, *own as usize]) else { continue };
            own.unflatten(width, frames);
            outer.flat = false;
            let place = from * width..(from + frames) * width;
            outer.floats_mut()[place].copy_from_slice(&own.floats()[..frames * width]);
            for (outer, own) in outer.ends[..width].iter_mut().zip(own.ends) {
                // What has ended in an earlier part stays so.
                if from == 0 || *outer as usize == from {
                    *outer = from as u8 + own;
                }
            }
        }
    }
}

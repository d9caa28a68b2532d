//! Rising edges of the inputs of nodes, pass by pass: what `dsp::edge` finds, with the last value of every lane kept from pass to
//! pass. Everything that waits for triggers looks here. Audio thread, after construction.

use super::isa::{Packwise, in_packs};
use super::{Isa, MAX_LANES, Pass, TILE};
use crate::dsp::edge::{Edges, positions};
use crate::dsp::lane::Lane;

/// An input whose rising edges matter.
#[derive(Clone)]
pub struct Trigger {
    port: usize,
    threshold: f32,
    /// Per lane of the graph: the value at the frame before; 0 where a lane starts.
    pub last: Vec<f32>,
}

impl Trigger {
    pub fn new(port: usize, threshold: f32, lanes: usize) -> Trigger {
        Trigger { port, threshold, last: vec![0.0; lanes] }
    }

    /// The edges of a pass; the next call is for the pass after it.
    pub fn find(&mut self, pass: &Pass) -> Rising {
        let lanes = pass.width();
        let last = &mut self.last[pass.lane..pass.lane + lanes];
        let mut edges = Edges::new(self.threshold, 0.0, lanes);
        edges.below = 0;
        for (k, last) in last.iter().enumerate() {
            edges.below |= u64::from(*last < self.threshold) << k;
        }
        let (values, flat) = pass.raw(self.port, 0);
        // Where one frame holds for all, only the first can be an edge.
        let values = &values[..if flat { lanes } else { lanes * pass.frames }];
        let mut rising = Rising { found: [0; WORDS] };
        find(pass.isa, &mut edges, values, &mut rising.found);
        last.copy_from_slice(&values[values.len() - lanes..]);
        rising
    }
}

const WORDS: usize = TILE * MAX_LANES / 64;

/// Edges of a pass.
#[derive(Clone, Copy)]
pub struct Rising {
    found: [u64; WORDS],
}

impl Rising {
    pub const NONE: Rising = Rising { found: [0; WORDS] };

    /// Whether value `index` (frame × lanes of the pass + lane) is an edge.
    #[inline]
    pub fn has(&self, index: usize) -> bool {
        self.found[index / 64] >> (index % 64) & 1 == 1
    }

    /// All of them, frame by frame.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        positions(&self.found)
    }

    /// The first of them from `index` on, in this one or in another.
    pub fn next_with(&self, other: &Rising, index: usize) -> Option<usize> {
        let mut word = index / 64;
        let mut bits = (self.found.get(word)? | other.found[word]) & (u64::MAX << (index % 64));
        while bits == 0 {
            word += 1;
            bits = self.found.get(word)? | other.found[word];
        }
        Some(word * 64 + bits.trailing_zeros() as usize)
    }
}

/// [`Edges::find`] in the widest packs of an instruction set.
pub fn find(isa: Isa, edges: &mut Edges, values: &[f32], found: &mut [u64]) {
    in_packs(isa, Find { edges, values, found });
}

struct Find<'a> {
    edges: &'a mut Edges,
    values: &'a [f32],
    found: &'a mut [u64],
}

impl Packwise for Find<'_> {
    #[inline(always)]
    fn run<P: Lane>(self) {
        self.edges.find::<P>(self.values, self.found);
    }
}

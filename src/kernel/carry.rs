//! How the state of a running program passes into its successor: whole kernels change places by pointer, changed ones take over
//! what they can, voices keep their lanes. The loader says what goes where; the audio thread does it, without allocating.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::graph::{Graph, Work};
use super::pass::Kernel;

/// What goes where between two graphs.
#[derive(Debug, Default)]
pub struct Carry {
    /// Steps of the old graph and of the new one, and how the state passes. Copies come first: what is copied from may move on.
    pub steps: Vec<(u32, u32, How)>,
    /// Steps of the new graph that the old one does not have: they begin now.
    pub born: Vec<u32>,
    /// Feedback lines, old and new.
    pub lines: Vec<(u32, u32)>,
    /// So many slots hold the variables of voices, in the same order in both.
    pub variables: usize,
    /// Memories of buffers that go on in another shape, old and new.
    pub tapes: Vec<(u32, u32)>,
    /// Voices that are left behind: all of these must be silent when the program takes over.
    pub after: Vec<Arc<AtomicBool>>,
}

/// How a step's state passes to another.
#[derive(Debug)]
pub enum How {
    /// The new kernel is of the same kind and takes over what fits.
    Copy,
    /// The kernel itself: nothing about it has changed.
    Move,
    /// The kernel plays voices.
    Voices(Vec<Passage>),
}

/// How the voices of a bank pass into another of the same shape.
#[derive(Debug)]
pub struct Passage {
    /// Pool of the old kernel, and bank of that pool.
    pub from: (usize, usize),
    /// The same of the new kernel.
    pub to: (usize, usize),
    pub carry: Carry,
}

/// Seconds over which the old gives way to the new.
pub const FADE: f64 = 0.01;

impl Graph {
    /// Takes the state of `old`, at absolute frame `at`; `sounds` says of a lane whether it does. What is left in `old` is for the
    /// loader to free.
    pub fn succeed(&mut self, old: &mut Graph, carry: &mut Carry, at: u64, sounds: impl Fn(usize) -> bool) {
        if self.lanes() != old.lanes() {
            return;
        }
        self.take_lanes(old, carry.variables);
        for (from, to) in &carry.tapes {
            self.take_tapes(old, *from as usize, *to as usize);
        }
        for (from, to) in &carry.lines {
            self.take_line(old, *from as usize, *to as usize);
        }
        for (from, to, how) in &mut carry.steps {
            let (Some(from), Some(to)) = (old.step_mut(*from), self.step_mut(*to)) else { continue };
            to.born = from.born;
            match (how, &mut from.work, &mut to.work) {
                (How::Move, from, to) => std::mem::swap(from, to),
                (How::Copy, Work::Kernel(from), Work::Kernel(to)) => to.take(&mut **from, &mut [], at),
                (How::Voices(passages), Work::Kernel(from), Work::Kernel(to)) => {
                    to.take(&mut **from, passages, at);
                }
                _ => {}
            }
        }
        for step in &carry.born {
            self.bear(*step, at, &sounds);
        }
        self.leave(at);
    }
}

/// The other kernel, if it is of the same type.
pub fn same<K: Kernel>(kernel: &mut dyn Kernel) -> Option<&mut K> {
    let any: &mut dyn std::any::Any = kernel;
    any.downcast_mut()
}

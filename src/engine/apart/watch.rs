//! Looks on while a graph runs: which node is at it (for when it panics), how long each takes, and which one first puts out something
//! that is not finite. The bounce's workers.

use std::time::Instant;

use crate::dsp::dynamics::peak;
use crate::kernel::{Tile, Watch};

/// What a node has taken.
#[derive(Clone, Debug)]
pub struct NodeTime {
    /// Its place in the text.
    pub id: String,
    pub seconds: f64,
}

/// One piece of so many is timed.
const EVERY: u64 = 32;

#[derive(Default)]
pub(super) struct Watcher {
    /// The step that runs.
    pub step: usize,
    /// Seconds of the pieces that were timed, by step.
    seconds: Vec<f64>,
    pieces: u64,
    since: Option<Instant>,
    /// The first step whose output is not finite, once it is looked for.
    pub look: bool,
    pub bad: Option<usize>,
}

impl Watcher {
    pub fn new(steps: usize) -> Self {
        Watcher { seconds: vec![0.0; steps], ..Watcher::default() }
    }

    pub fn begin(&mut self) {
        self.since = self.pieces.is_multiple_of(EVERY).then(Instant::now);
        self.pieces += 1;
    }

    /// The share of each step in the time of all.
    pub fn shares(&self) -> impl Iterator<Item = f64> {
        let all: f64 = self.seconds.iter().sum();
        self.seconds.iter().map(move |seconds| if all > 0.0 { seconds / all } else { 0.0 })
    }
}

impl Watch for Watcher {
    #[inline(always)]
    fn before(&mut self, step: usize) {
        self.step = step;
    }

    #[inline(always)]
    fn after(&mut self, step: usize, outputs: &[Box<Tile>], frames: usize) {
        if let Some(since) = self.since {
            let now = Instant::now();
            self.seconds[step] += (now - since).as_secs_f64();
            self.since = Some(now);
        }
        if self.look && self.bad.is_none() {
            let odd = |tile: &Tile| !peak(&tile.floats()[..if tile.flat { 1 } else { frames }]).is_finite();
            self.bad = outputs.iter().any(|tile| odd(tile)).then_some(step);
        }
    }
}

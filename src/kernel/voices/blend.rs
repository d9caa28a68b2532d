//! `automation` between nodes in straight lines or crossfades: only the nodes that are heard run; time stands still in the others.
//! Each node is a pool of one voice. Audio thread, after construction.

use crate::dsp::lane::MAX_LANES;
use crate::kernel::carry::{Passage, same};
use crate::kernel::course::{Course, Courses};
use crate::kernel::pass::{Kernel, Pass, Start, silence};
use crate::kernel::steps::{Began, Cursor, Progress, StepClock, StepPlan};
use crate::kernel::tile::Tile;

use super::pool::{Opening, Pool, PoolPlan};

pub struct BlendPlan {
    pub pools: Vec<PoolPlan>,
    pub clock: StepPlan,
    /// Of pools, by number.
    pub courses: Courses,
    /// Lanes of the graph around.
    pub parents: usize,
}

pub struct Blend {
    pools: Vec<Pool>,
    clock: StepClock,
    courses: Courses,
    /// Per lane: the step in progress up to where the output has been filled.
    steps: Vec<Progress>,
    /// What one pool puts out.
    own: Box<Tile>,
}

/// The pools that a lane hears.
type Heard = [Option<usize>; 2];

impl Blend {
    pub fn new(plan: BlendPlan) -> Self {
        Self {
            pools: plan.pools.into_iter().map(Pool::new).collect(),
            clock: StepClock::new(plan.clock, plan.parents),
            courses: plan.courses,
            steps: vec![Progress::default(); plan.parents],
            own: Box::new(Tile::new(plan.parents.min(MAX_LANES))),
        }
    }

    fn course(&self, lane: usize) -> Course {
        self.courses.present(&self.steps[lane])
    }

    fn weight(&self, pass: &Pass, k: usize, frame: usize) -> f32 {
        let lane = pass.lane + k;
        self.courses.weight(self.course(lane), &self.steps[lane], pass, lane, frame)
    }

    /// Who is heard at a frame: the node that is left and the one that is reached; after a crossfade only the latter.
    fn heard(&self, pass: &Pass, k: usize, frame: usize) -> Heard {
        match self.course(pass.lane + k) {
            Course::Nothing => [None; 2],
            Course::Held(pool) => [Some(pool), None],
            Course::Ramp { from, to, .. } => [Some(from), Some(to)],
            Course::Overlap { from, to } => {
                [Some(from).filter(|_| self.weight(pass, k, frame) < 1.0), Some(to)]
            }
        }
    }

    /// Fills frames in which no step begins.
    fn fill(&mut self, pass: &mut Pass, mut from: usize, end: usize) {
        let lanes = pass.width();
        while from < end {
            let mut heard = [[None; 2]; MAX_LANES];
            for (k, heard) in heard[..lanes].iter_mut().enumerate() {
                *heard = self.heard(pass, k, from);
            }
            let same = |frame: usize| (0..lanes).all(|k| self.heard(pass, k, frame) == heard[k]);
            let to = (from + 1..end).find(|frame| !same(*frame)).unwrap_or(end);
            for number in 0..self.pools.len() {
                let mut any = false;
                for (k, heard) in heard[..lanes].iter().enumerate() {
                    let runs = heard.contains(&Some(number));
                    self.pools[number].pause(pass.lane + k, !runs);
                    any |= runs;
                }
                if any {
                    self.add(pass, number, from, to);
                }
            }
            from = to;
        }
    }

    /// Renders a pool and adds as much of it as each lane hears.
    fn add(&mut self, pass: &mut Pass, number: usize, from: usize, to: usize) {
        let lanes = pass.width();
        std::mem::swap(&mut pass.outputs[0], &mut self.own);
        pass.outputs[0].flat = false;
        pass.outputs[0].floats_mut()[from * lanes..to * lanes].fill(0.0);
        self.pools[number].render(pass, from, to);
        std::mem::swap(&mut pass.outputs[0], &mut self.own);
        for k in 0..lanes {
            let course = self.course(pass.lane + k);
            for frame in from..to {
                let weight = self.weight(pass, k, frame);
                let much = match course {
                    Course::Nothing => continue,
                    Course::Held(pool) => f32::from(pool == number),
                    Course::Ramp { from, to, .. } | Course::Overlap { from, to } => {
                        let (left, reached) = (1.0 - weight, weight);
                        (if from == number { left } else { 0.0 }) + (if to == number { reached } else { 0.0 })
                    }
                };
                let at = frame * lanes + k;
                pass.outputs[0].floats_mut()[at] += self.own.floats()[at] * much;
            }
        }
    }
}

impl Kernel for Blend {
    fn pools(&self) -> &[Pool] {
        &self.pools
    }

    fn pools_mut(&mut self) -> &mut [Pool] {
        &mut self.pools
    }

    fn take(&mut self, old: &mut dyn Kernel, passages: &mut [Passage], at: u64) {
        let Some(old) = same::<Self>(old) else { return };
        self.clock.take(&old.clock);
        Pool::take(&mut self.pools, &mut old.pools, passages, at);
    }

    fn start(&mut self, lane: usize, start: Start) {
        self.clock.start(lane);
        self.steps[lane] = Progress::default();
        for (number, pool) in self.pools.iter_mut().enumerate() {
            pool.clear(lane, start.at);
            pool.start(&Opening::of_part(lane, start, number));
        }
    }

    fn stop(&mut self, lane: usize, at: u64) {
        for pool in &mut self.pools {
            pool.clear(lane, at);
        }
    }

    fn render(&mut self, pass: &mut Pass) {
        silence(pass);
        self.clock.locate(pass);
        for lane in pass.lane..pass.lane + pass.width() {
            self.steps[lane] = self.clock.step(lane);
        }
        let (mut from, mut cursor) = (0, Cursor::default());
        // A step lasts until the next one begins: what comes before is filled when that is known.
        loop {
            let began = self.clock.next(pass, &mut cursor);
            let to = began.map_or(pass.frames, |b| b.frame);
            self.fill(pass, from, to);
            from = from.max(to);
            let Some(Began { lane, .. }) = began else { break };
            self.steps[lane] = self.clock.step(lane);
        }
    }
}

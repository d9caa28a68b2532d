//! `sequencer`: starts voices on steps: at intervals, on triggers, or one after the other.

use crate::dsp::lane::MAX_LANES;
use crate::kernel::carry::{Passage, same};
use crate::kernel::pass::{Kernel, Pass, Start, silence};
use crate::kernel::steps::{Cursor, StepClock, StepPlan};
use crate::kernel::tile::TILE;

use super::numbers::Numbers;
use super::pool::{Opening, Pool, PoolPlan};

/// One sound started by a step.
#[derive(Clone, Debug)]
pub struct StepCall {
    pub pool: usize,
    /// Scope variables given by the step.
    pub set: Vec<(u32, f32)>,
    /// Frames the voice lasts.
    pub life: Option<u64>,
}

/// When the steps of a sequencer begin.
#[derive(Clone, Debug)]
pub enum Order {
    Clocked(StepPlan),
    /// Each when the voices of the one before have ended; so many times through.
    Chain(Option<u64>),
}

pub struct SequencerPlan {
    /// Those that steps call, then some that are no more and fade.
    pub pools: Vec<PoolPlan>,
    pub steps: Vec<Vec<StepCall>>,
    pub order: Order,
    /// Lanes of the graph around.
    pub parents: usize,
}

enum Run {
    Clocked(StepClock),
    /// Per lane: steps begun; and the number of them in all.
    Chain(Vec<u64>, u64),
}

pub struct Sequencer {
    pools: Vec<Pool>,
    steps: Vec<Vec<StepCall>>,
    run: Run,
    /// Per lane: of the voices to come.
    numbers: Vec<Numbers>,
}

impl Sequencer {
    pub fn new(plan: SequencerPlan) -> Self {
        let steps = plan.steps.len() as u64;
        Self {
            pools: plan.pools.into_iter().map(Pool::new).collect(),
            steps: plan.steps,
            run: match plan.order {
                Order::Clocked(clock) => Run::Clocked(StepClock::new(clock, plan.parents)),
                Order::Chain(repeat) => {
                    Run::Chain(vec![0; plan.parents], repeat.map_or(u64::MAX, |r| r.saturating_mul(steps)))
                }
            },
            numbers: vec![Numbers::default(); plan.parents],
        }
    }

    fn over(&self, lane: usize) -> bool {
        match &self.run {
            Run::Clocked(clock) => clock.over(lane),
            Run::Chain(begun, total) => begun[lane] >= *total || self.steps.is_empty(),
        }
    }

    fn busy(&self, lane: usize) -> bool {
        self.pools.iter().any(|p| p.busy(lane))
    }

    /// Starts the voices of a step at a frame of the pass.
    fn play(&mut self, lane: usize, count: u64, pass: &Pass, frame: usize) {
        let at = pass.at + frame as u64;
        let step = &self.steps[(count % self.steps.len() as u64) as usize];
        for call in step {
            let (voice, life) = (self.numbers[lane].next(pass, frame), call.life);
            self.pools[call.pool].start(&Opening { parent: lane, at, voice, life, set: &call.set });
        }
    }

    fn clocked(&mut self, pass: &mut Pass) -> [u8; MAX_LANES] {
        let mut ends = [0u8; MAX_LANES];
        let mut from = 0;
        let mut cursor = Cursor::default();
        if let Run::Clocked(clock) = &mut self.run {
            clock.locate(pass);
        }
        loop {
            let Run::Clocked(clock) = &mut self.run else { return ends };
            let Some(began) = clock.next(pass, &mut cursor) else { break };
            self.render_pools(pass, from, began.frame, &mut ends);
            from = from.max(began.frame);
            self.play(began.lane, began.count, pass, from);
        }
        self.render_pools(pass, from, pass.frames, &mut ends);
        ends
    }

    /// One after the other: the next step begins at the frame at which the last voice of this one has ended.
    fn chained(&mut self, pass: &mut Pass) -> [u8; MAX_LANES] {
        let mut ends = [0u8; MAX_LANES];
        let mut from = 0;
        // Steps without sound end at once: a bound keeps a chain of nothing from going round for ever.
        let mut rounds = 0;
        while from < pass.frames {
            for lane in pass.lane..pass.lane + pass.width() {
                while !self.over(lane) && !self.busy(lane) && rounds < TILE * 4 {
                    rounds += 1;
                    let Run::Chain(begun, _) = &mut self.run else { return ends };
                    let count = begun[lane];
                    begun[lane] += 1;
                    self.play(lane, count, pass, from);
                }
            }
            let lanes = pass.lane..pass.lane + pass.width();
            let left =
                lanes.flat_map(|lane| self.pools.iter().filter_map(move |p| p.shortest_life(lane))).min();
            let to =
                left.map_or(pass.frames, |left| from.saturating_add(left.max(1) as usize)).min(pass.frames);
            self.render_pools(pass, from, to, &mut ends);
            from = to;
        }
        ends
    }

    fn render_pools(&mut self, pass: &mut Pass, from: usize, to: usize, ends: &mut [u8; MAX_LANES]) {
        if from >= to {
            return;
        }
        for pool in &mut self.pools {
            let sounded = pool.render(pass, from, to);
            for (end, s) in ends.iter_mut().zip(sounded) {
                if s > 0 {
                    *end = (*end).max(from as u8 + s);
                }
            }
        }
    }
}

impl Kernel for Sequencer {
    fn pools(&self) -> &[Pool] {
        &self.pools
    }

    fn pools_mut(&mut self) -> &mut [Pool] {
        &mut self.pools
    }

    fn take(&mut self, old: &mut dyn Kernel, passages: &mut [Passage], at: u64) {
        let Some(old) = same::<Self>(old) else { return };
        match (&mut self.run, &old.run) {
            (Run::Clocked(new), Run::Clocked(old)) => new.take(old),
            (Run::Chain(new, _), Run::Chain(old, _)) => new.copy_from_slice(old),
            _ => {}
        }
        self.numbers.copy_from_slice(&old.numbers);
        Pool::take(&mut self.pools, &mut old.pools, passages, at);
    }

    fn start(&mut self, lane: usize, start: Start) {
        for pool in &mut self.pools {
            pool.clear(lane, start.at);
        }
        match &mut self.run {
            Run::Clocked(clock) => clock.start(lane),
            Run::Chain(begun, _) => begun[lane] = 0,
        }
        self.numbers[lane] = Numbers::within(start);
    }

    fn stop(&mut self, lane: usize, at: u64) {
        for pool in &mut self.pools {
            pool.clear(lane, at);
        }
    }

    fn render(&mut self, pass: &mut Pass) {
        silence(pass);
        let mut ends = match self.run {
            Run::Clocked(_) => self.clocked(pass),
            Run::Chain(..) => self.chained(pass),
        };
        // It ends when all passes are over and the last voice has ended; until then it goes on.
        for (k, end) in ends[..pass.width()].iter_mut().enumerate() {
            let lane = pass.lane + k;
            if !self.over(lane) || self.busy(lane) {
                *end = pass.frames as u8;
            }
        }
        pass.outputs[0].ends = ends;
    }
}

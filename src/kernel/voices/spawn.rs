//! `spawn`: a voice for every rising edge of its trigger, at the edge's frame.

use std::slice::{from_mut, from_ref};

use crate::kernel::carry::{Passage, same};
use crate::kernel::edge::Trigger;
use crate::kernel::pass::{Kernel, Pass, Start, silence};

use super::numbers::Numbers;
use super::pool::{Opening, Pool, PoolPlan};

pub struct SpawnPlan {
    pub pool: PoolPlan,
    pub trigger: usize,
    pub threshold: f32,
    /// How many voices sound at once; the oldest gives way.
    pub limit: usize,
    /// Frames a voice lasts at most.
    pub life: Option<u64>,
    pub variables: Vec<(u32, f32)>,
}

pub struct Spawn {
    pool: Pool,
    trigger: Trigger,
    limit: usize,
    life: Option<u64>,
    variables: Vec<(u32, f32)>,
    numbers: Vec<Numbers>,
}

impl Spawn {
    pub fn new(plan: SpawnPlan) -> Self {
        let parents = plan.pool.parents();
        Self {
            pool: Pool::new(plan.pool),
            trigger: Trigger::new(plan.trigger, plan.threshold, parents),
            limit: plan.limit.max(1),
            life: plan.life,
            variables: plan.variables,
            numbers: vec![Numbers::default(); parents],
        }
    }
}

impl Kernel for Spawn {
    fn pools(&self) -> &[Pool] {
        from_ref(&self.pool)
    }

    fn pools_mut(&mut self) -> &mut [Pool] {
        from_mut(&mut self.pool)
    }

    fn take(&mut self, old: &mut dyn Kernel, passages: &mut [Passage], at: u64) {
        let Some(old) = same::<Self>(old) else { return };
        Pool::take(from_mut(&mut self.pool), from_mut(&mut old.pool), passages, at);
        self.trigger.last.copy_from_slice(&old.trigger.last);
        self.numbers.copy_from_slice(&old.numbers);
    }

    fn start(&mut self, lane: usize, start: Start) {
        self.pool.clear(lane, start.at);
        self.trigger.last[lane] = 0.0;
        self.numbers[lane] = Numbers::within(start);
    }

    fn stop(&mut self, lane: usize, at: u64) {
        self.pool.clear(lane, at);
    }

    fn render(&mut self, pass: &mut Pass) {
        silence(pass);
        let lanes = pass.width();
        let mut from = 0;
        for edge in self.trigger.find(pass).iter() {
            let (frame, lane) = (edge / lanes, pass.lane + edge % lanes);
            if frame > from {
                self.pool.render(pass, from, frame);
                from = frame;
            }
            if self.pool.playing(lane) >= self.limit
                && let Some(oldest) = self.pool.oldest(lane)
            {
                self.pool.fade(oldest);
            }
            let (at, voice) = (pass.at + frame as u64, self.numbers[lane].next(pass, frame));
            self.pool.start(&Opening { parent: lane, at, voice, life: self.life, set: &self.variables });
        }
        self.pool.render(pass, from, pass.frames);
        pass.outputs[0].ends.fill(pass.frames as u8);
    }
}

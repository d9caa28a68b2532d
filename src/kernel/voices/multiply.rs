//! `multiply`: a fixed number of voices that start with the node. Each knows its number and, with `items`, its item.

use std::slice::{from_mut, from_ref};

use crate::kernel::carry::{Passage, same};
use crate::kernel::pass::{Kernel, Pass, Start, silence};

use super::pool::{Opening, Place, Pool, PoolPlan};

pub struct MultiplyPlan {
    pub pool: PoolPlan,
    /// Input that says how many voices sound; none when the number is fixed.
    pub number: Option<usize>,
    /// Per copy: its scope variables (`i`, `n`, `item`).
    pub copies: Vec<Vec<(u32, f32)>>,
}

pub struct Multiply {
    pool: Pool,
    number: Option<usize>,
    copies: Vec<Vec<(u32, f32)>>,
    /// Per lane: where the copies are that have been started.
    running: Vec<Vec<Option<Place>>>,
    starts: Vec<Start>,
}

impl Multiply {
    pub fn new(plan: MultiplyPlan) -> Self {
        let parents = plan.pool.parents();
        let copies = plan.copies.len();
        Self {
            pool: Pool::new(plan.pool),
            number: plan.number,
            copies: plan.copies,
            running: vec![vec![None; copies]; parents],
            starts: vec![Start { at: 0, voice: 0 }; parents],
        }
    }

    /// Lets the first `wanted` copies of `parent` sound.
    fn follow(&mut self, parent: usize, wanted: usize, at: u64) {
        for copy in 0..self.copies.len() {
            match (copy < wanted, self.running[parent][copy]) {
                (true, None) => {
                    let voice = self.starts[parent].voice.wrapping_mul(4096).wrapping_add(copy as u64 + 1);
                    let opening = Opening { parent, at, voice, life: None, set: &self.copies[copy] };
                    self.running[parent][copy] = self.pool.start(&opening);
                }
                (false, Some(place)) => {
                    self.pool.fade(place);
                    self.running[parent][copy] = None;
                }
                _ => {}
            }
        }
    }
}

impl Kernel for Multiply {
    fn pools(&self) -> &[Pool] {
        from_ref(&self.pool)
    }

    fn pools_mut(&mut self) -> &mut [Pool] {
        from_mut(&mut self.pool)
    }

    fn take(&mut self, old: &mut dyn Kernel, passages: &mut [Passage], at: u64) {
        let Some(old) = same::<Self>(old) else { return };
        Pool::take(from_mut(&mut self.pool), from_mut(&mut old.pool), passages, at);
        self.starts.copy_from_slice(&old.starts);
        for parent in 0..self.running.len().min(old.running.len()) {
            let mut runs = false;
            for (copy, before) in old.running[parent].iter().enumerate() {
                let Some(place) = before.and_then(|place| place.after(0, passages)) else { continue };
                runs = true;
                // Copies that are too many fade; what the others know may have changed.
                let Some(running) = self.running[parent].get_mut(copy) else {
                    self.pool.fade(place);
                    continue;
                };
                *running = Some(place);
                for (slot, value) in &self.copies[copy] {
                    self.pool.set(place, *slot, *value);
                }
            }
            if self.number.is_none() && runs {
                self.follow(parent, self.copies.len(), at);
            }
        }
    }

    fn start(&mut self, lane: usize, start: Start) {
        self.pool.clear(lane, start.at);
        self.running[lane].fill(None);
        self.starts[lane] = start;
        if self.number.is_none() {
            self.follow(lane, self.copies.len(), start.at);
        }
    }

    fn stop(&mut self, lane: usize, at: u64) {
        self.pool.clear(lane, at);
        self.running[lane].fill(None);
    }

    fn render(&mut self, pass: &mut Pass) {
        silence(pass);
        let lanes = pass.width();
        let mut from = 0;
        let mut ends = [0u8; crate::kernel::MAX_LANES];
        while from < pass.frames {
            let mut to = pass.frames;
            if let Some(port) = self.number {
                // The number is read where a lane begins and at control points.
                to = pass.control_points().find(|p| *p > from).unwrap_or(pass.frames);
                let (values, flat) = pass.raw(port, 0);
                let control = (pass.at + from as u64).is_multiple_of(crate::kernel::CONTROL as u64);
                for k in 0..lanes {
                    let parent = pass.lane + k;
                    if control || pass.ages[parent] + from as u64 == 0 {
                        let number = values[if flat { k } else { from * lanes + k }];
                        self.follow(parent, number.max(0.0) as usize, pass.at + from as u64);
                    }
                }
            }
            let sounded = self.pool.render(pass, from, to);
            for (end, s) in ends.iter_mut().zip(sounded) {
                *end = if s > 0 { from as u8 + s } else { *end };
            }
            from = to;
        }
        if self.number.is_some() {
            ends.fill(pass.frames as u8);
        }
        pass.outputs[0].ends = ends;
    }
}

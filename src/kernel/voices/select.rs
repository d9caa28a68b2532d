//! `select`: of several paths only the chosen one runs; time stands still in the others. Each path is a pool of one voice.

use crate::dsp::lane::MAX_LANES;
use crate::kernel::carry::{Carry, same};
use crate::kernel::pass::{Kernel, Pass, Start, silence};
use crate::kernel::steps::read;

use super::pool::{Pool, PoolPlan};

/// Values this close to a key are meant to be it.
const SAME: f32 = 1e-6;

pub struct SelectPlan {
    pub pools: Vec<PoolPlan>,
    /// Per path: the value of the test that chooses it.
    pub keys: Vec<f32>,
    /// Input of the test.
    pub test: usize,
    /// Whether the whole ends with a path that is chosen when it ends (else it is silent from then on).
    pub ends: bool,
    /// Lanes of the graph around.
    pub parents: usize,
}

pub struct Select {
    paths: Vec<(f32, Pool)>,
    test: usize,
    ends: bool,
    /// Per lane: a chosen path has ended, and the whole with it.
    over: Vec<bool>,
}

impl Select {
    pub fn new(plan: SelectPlan) -> Self {
        let pools = plan.pools.into_iter().map(Pool::new);
        Self {
            paths: plan.keys.into_iter().zip(pools).collect(),
            test: plan.test,
            ends: plan.ends,
            over: vec![false; plan.parents],
        }
    }

    fn path(&self, value: f32) -> Option<usize> {
        self.paths.iter().position(|(key, _)| (key - value).abs() < SAME)
    }
}

impl Kernel for Select {
    fn tail(&self) -> u64 {
        self.paths.iter().map(|(_, pool)| pool.tail()).max().unwrap_or(0)
    }

    fn voices(&self) -> Option<usize> {
        Some(self.paths.iter().map(|(_, pool)| pool.sounding_voices()).sum())
    }

    fn take(&mut self, old: &mut dyn Kernel, pools: &mut [(u32, u32, Carry)], at: u64) {
        let Some(old) = same::<Self>(old) else { return };
        self.over.copy_from_slice(&old.over);
        for (from, to, carry) in pools {
            if let (Some((_, from)), Some((_, to))) =
                (old.paths.get_mut(*from as usize), self.paths.get_mut(*to as usize))
            {
                to.take(from, carry, at);
            }
        }
    }

    fn start(&mut self, lane: usize, start: Start) {
        self.over[lane] = false;
        for (number, (_, pool)) in self.paths.iter_mut().enumerate() {
            pool.clear(lane, start.at);
            pool.start(lane, start.at, start.voice.wrapping_mul(256).wrapping_add(number as u64), None, &[]);
        }
    }

    fn stop(&mut self, lane: usize, at: u64) {
        for (_, pool) in &mut self.paths {
            pool.clear(lane, at);
        }
    }

    fn render(&mut self, pass: &mut Pass) {
        silence(pass);
        let lanes = pass.width();
        let mut ends = [pass.frames as u8; MAX_LANES];
        let mut chosen = [None; MAX_LANES];
        let mut from = 0;
        while from < pass.frames {
            for (k, chosen) in chosen[..lanes].iter_mut().enumerate() {
                *chosen = self.path(read(pass, self.test, from, k));
            }
            // As long as every lane stays with its choice.
            let same =
                |frame: usize| (0..lanes).all(|k| self.path(read(pass, self.test, frame, k)) == chosen[k]);
            let to = (from + 1..pass.frames).find(|frame| !same(*frame)).unwrap_or(pass.frames);
            for (number, (_, pool)) in self.paths.iter_mut().enumerate() {
                let mut any = false;
                for (k, chosen) in chosen[..lanes].iter().enumerate() {
                    let runs = *chosen == Some(number) && !self.over[pass.lane + k];
                    pool.pause(pass.lane + k, !runs);
                    any |= runs;
                }
                if !any {
                    continue;
                }
                let sounded = pool.render(pass, from, to);
                for (k, chosen) in chosen[..lanes].iter().enumerate() {
                    let over = &mut self.over[pass.lane + k];
                    if self.ends && *chosen == Some(number) && !*over && (sounded[k] as usize) < to - from {
                        *over = true;
                        ends[k] = (from + sounded[k] as usize) as u8;
                    }
                }
            }
            from = to;
        }
        for (k, end) in ends[..lanes].iter_mut().enumerate() {
            // Over since an earlier pass.
            if self.over[pass.lane + k] && *end == pass.frames as u8 {
                *end = 0;
            }
        }
        pass.outputs[0].ends = ends;
    }
}

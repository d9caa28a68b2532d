//! `select`: of several paths only the chosen one runs; time stands still in the others. Each path is a pool of one voice.

use crate::dsp::lane::MAX_LANES;
use crate::kernel::carry::{Passage, same};
use crate::kernel::pass::{Kernel, Pass, Start, silence};
use crate::kernel::steps::read;

use super::pool::{Opening, Pool, PoolPlan};

/// Values this close to a key are meant to be it.
const SAME: f32 = 1e-6;

pub struct SelectPlan {
    /// The paths, then some that are no more and fade.
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
    keys: Vec<f32>,
    pools: Vec<Pool>,
    /// Per path and lane: it has been started. Paths that come with a saved edit start when they are first heard.
    begun: Vec<Vec<bool>>,
    starts: Vec<Start>,
    test: usize,
    ends: bool,
    /// Per lane: a chosen path has ended, and the whole with it.
    over: Vec<bool>,
}

impl Select {
    pub fn new(plan: SelectPlan) -> Self {
        Self {
            begun: vec![vec![false; plan.parents]; plan.keys.len()],
            starts: vec![Start { at: 0, voice: 0 }; plan.parents],
            keys: plan.keys,
            pools: plan.pools.into_iter().map(Pool::new).collect(),
            test: plan.test,
            ends: plan.ends,
            over: vec![false; plan.parents],
        }
    }

    fn path(&self, value: f32) -> Option<usize> {
        self.keys.iter().position(|key| (key - value).abs() < SAME)
    }

    fn begin(&mut self, number: usize, lane: usize, at: u64) {
        let start = Start { at, ..self.starts[lane] };
        self.begun[number][lane] = true;
        self.pools[number].start(&Opening::of_part(lane, start, number));
    }
}

impl Kernel for Select {
    fn pools(&self) -> &[Pool] {
        &self.pools
    }

    fn pools_mut(&mut self) -> &mut [Pool] {
        &mut self.pools
    }

    fn take(&mut self, old: &mut dyn Kernel, passages: &mut [Passage], at: u64) {
        let Some(old) = same::<Self>(old) else { return };
        self.over.copy_from_slice(&old.over);
        self.starts.copy_from_slice(&old.starts);
        Pool::take(&mut self.pools, &mut old.pools, passages, at);
        for Passage { from, to, .. } in passages {
            if let (Some(old), Some(new)) = (old.begun.get(from.0), self.begun.get_mut(to.0)) {
                new.copy_from_slice(old);
            }
        }
    }

    fn start(&mut self, lane: usize, start: Start) {
        self.over[lane] = false;
        self.starts[lane] = start;
        self.pools.iter_mut().for_each(|pool| pool.clear(lane, start.at));
        (0..self.keys.len()).for_each(|number| self.begin(number, lane, start.at));
    }

    fn stop(&mut self, lane: usize, at: u64) {
        self.pools.iter_mut().for_each(|pool| pool.clear(lane, at));
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
            for number in 0..self.keys.len() {
                let mut any = false;
                for (k, chosen) in chosen[..lanes].iter().enumerate() {
                    let lane = pass.lane + k;
                    let runs = *chosen == Some(number) && !self.over[lane];
                    if runs && !self.begun[number][lane] {
                        self.begin(number, lane, pass.at + from as u64);
                    }
                    self.pools[number].pause(lane, !runs);
                    any |= runs;
                }
                if !any {
                    continue;
                }
                let sounded = self.pools[number].render(pass, from, to);
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
        for pool in &mut self.pools[self.keys.len()..] {
            pool.render(pass, 0, pass.frames);
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

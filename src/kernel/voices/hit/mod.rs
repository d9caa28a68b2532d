//! `trigger`: hears a drum in its input ([`crate::dsp::drum`]) and, for every stroke, starts voices, sends a note to the host and puts out a
//! signal, all at the frame that its [`Ear`] says. Audio thread, after construction.

mod dry;
mod ear;
mod plan;

use std::sync::Arc;

use crate::dsp::drum::Heard;
use crate::dsp::lane::MAX_LANES;
use crate::kernel::Outbox;
use crate::kernel::carry::{Passage, same};
use crate::kernel::pass::{Kernel, Pass, Start, silence};

use super::numbers::Numbers;
use super::pool::{Opening, Place, Pool, PoolPlan};
use dry::Dry;
use ear::Ear;
pub use plan::{HitPlan, HitVariable, Knob, Output};

/// A voice whose gate is still open.
#[derive(Clone, Copy)]
struct Open {
    pool: usize,
    place: Place,
    until: u64,
}

pub struct Hit {
    plan: HitPlan,
    pools: Vec<Pool>,
    outbox: Arc<Outbox>,
    numbers: Numbers,
    /// Strokes so far.
    count: u64,
    /// Velocity of the last stroke.
    last: f32,
    open: Vec<Open>,
    /// End of the note that sounds.
    note_ends: Option<u64>,
    /// No notes are sent any more.
    hushed: bool,
    ear: Ear,
    dry: Dry,
}

impl Hit {
    pub fn new(plan: HitPlan, pools: Vec<PoolPlan>, rate: f64, outbox: Arc<Outbox>) -> Self {
        let pools: Vec<Pool> = pools.into_iter().map(Pool::new).collect();
        let room = pools.iter().map(Pool::room).sum();
        Self {
            pools,
            outbox,
            numbers: Numbers::default(),
            count: 0,
            last: 0.0,
            open: Vec::with_capacity(room),
            note_ends: None,
            hushed: false,
            ear: Ear::new(plan.settings, rate),
            dry: Dry::new(&plan),
            plan,
        }
    }

    /// A stroke at a frame of the pass.
    fn strike(&mut self, pass: &Pass, frame: usize, stroke: &Heard) {
        let at = pass.at + frame as u64;
        let velocity = stroke.velocity / 127.0;
        self.end_note(at);
        if let Some((key, channel)) = self.plan.note.filter(|_| !self.hushed)
            && self.outbox.note_on(at, channel, key, velocity)
        {
            self.note_ends = Some(at + self.plan.length);
        }
        if self.plan.choke {
            for pool in &mut self.pools {
                while let Some(oldest) = pool.oldest(0) {
                    pool.fade(oldest);
                }
            }
            self.open.clear();
        }
        let step = match self.plan.steps.len() as u64 {
            0 => return,
            steps => (self.count % steps) as usize,
        };
        self.count += 1;
        for call in &self.plan.steps[step] {
            let pool = &mut self.pools[call.pool];
            if pool.playing(0) >= self.plan.limit
                && let Some(oldest) = pool.oldest(0)
            {
                pool.fade(oldest);
            }
            let voice = self.numbers.next(pass, frame);
            let Some(place) = pool.start(&Opening { parent: 0, at, voice, life: call.life, set: &call.set })
            else {
                continue;
            };
            for ((_, variable), slot) in HitVariable::ALL.iter().zip(&self.plan.variables[call.pool]) {
                let value = match variable {
                    HitVariable::Velocity => velocity,
                    HitVariable::Peak => stroke.peak,
                    HitVariable::Brightness => stroke.brightness,
                    HitVariable::Gate => 1.0,
                };
                if let Some(slot) = slot {
                    pool.set(place, *slot, value);
                }
            }
            self.open.retain(|open| (open.pool, open.place) != (call.pool, place));
            if self.open.len() < self.open.capacity() {
                self.open.push(Open { pool: call.pool, place, until: at + self.plan.length });
            }
        }
    }

    /// Ends the note that sounds, if one does.
    fn end_note(&mut self, at: u64) {
        if let (Some(_), Some((key, channel))) = (self.note_ends.take(), self.plan.note) {
            self.outbox.note_off(at, channel, key);
        }
    }

    /// The next frame of the pass, from `from` on, at which a gate closes.
    fn closes(&self, pass: &Pass, from: usize) -> Option<usize> {
        let due = self.open.iter().map(|open| open.until.saturating_sub(pass.at) as usize).min()?;
        (due < pass.frames).then_some(due.max(from))
    }

    fn close(&mut self, at: u64) {
        let gate = HitVariable::ALL.iter().position(|(_, v)| *v == HitVariable::Gate).unwrap_or(0);
        for open in self.open.extract_if(.., |open| open.until <= at) {
            if let Some(slot) = self.plan.variables[open.pool][gate] {
                self.pools[open.pool].set(open.place, slot, 0.0);
            }
            self.pools[open.pool].release(open.place);
        }
    }

    fn sound(&mut self, pass: &mut Pass, from: usize, to: usize) {
        if from < to {
            for pool in &mut self.pools {
                pool.render(pass, from, to);
            }
        }
    }
}

impl Kernel for Hit {
    fn tail(&self) -> u64 {
        self.plan.late + self.pools.iter().map(Pool::tail).max().unwrap_or(0)
    }

    fn hush(&mut self, at: u64) {
        self.pools.iter_mut().for_each(|pool| pool.hush(at));
        self.end_note(at);
        self.hushed = true;
    }

    fn pools(&self) -> &[Pool] {
        &self.pools
    }

    fn pools_mut(&mut self) -> &mut [Pool] {
        &mut self.pools
    }

    fn take(&mut self, old: &mut dyn Kernel, passages: &mut [Passage], at: u64) {
        let Some(old) = same::<Self>(old) else { return };
        Pool::take(&mut self.pools, &mut old.pools, passages, at);
        self.ear.take(&mut old.ear);
        self.dry.take(&mut old.dry);
        (self.count, self.last, self.numbers) = (old.count, old.last, old.numbers);
        if self.plan.note == old.plan.note {
            self.note_ends = old.note_ends.take();
        }
        self.open.clear();
        for open in &old.open {
            if let Some((pool, place)) = open.place.through(open.pool, passages)
                && self.open.len() < self.open.capacity()
            {
                self.open.push(Open { pool, place, until: open.until });
            }
        }
    }

    fn start(&mut self, lane: usize, start: Start) {
        for pool in &mut self.pools {
            pool.clear(lane, start.at);
        }
        (self.count, self.last) = (0, 0.0);
        self.numbers = Numbers::within(start);
        self.open.clear();
        self.ear.restart(start.at);
        self.dry.clear();
    }

    fn stop(&mut self, lane: usize, at: u64) {
        for pool in &mut self.pools {
            pool.clear(lane, at);
        }
        self.end_note(at);
    }

    fn render(&mut self, pass: &mut Pass) {
        silence(pass);
        self.ear.listen(pass, &self.plan);
        let frames = pass.frames;
        let mut from = 0;
        let mut next = 0;
        loop {
            let due = self.ear.heard.get(next);
            let due = due.map(|stroke| (stroke.at.saturating_sub(pass.at) as usize).clamp(from, frames - 1));
            let closes = self.closes(pass, from).filter(|closes| due.is_none_or(|due| *closes < due));
            let to = closes.or(due).unwrap_or(frames);
            if let Some(until) = self.note_ends.filter(|until| *until <= pass.at + to as u64) {
                self.end_note(until.max(pass.at));
            }
            self.sound(pass, from, to);
            self.put_velocity(pass, from, to);
            from = to;
            if closes.is_some() {
                self.close(pass.at + to as u64);
            } else if due.is_some() {
                let stroke = self.ear.heard[next];
                next += 1;
                self.last = stroke.velocity / 127.0;
                self.strike(pass, to, &stroke);
                if self.plan.output == Output::Hits {
                    let width = pass.width();
                    pass.outputs.iter_mut().for_each(|tile| tile.floats_mut()[to * width] = 1.0);
                }
            } else {
                break;
            }
        }
        self.dry.add(pass, &self.plan);
        pass.outputs[0].ends = [frames as u8; MAX_LANES];
    }
}

impl Hit {
    fn put_velocity(&self, pass: &mut Pass, from: usize, to: usize) {
        if self.plan.output == Output::Velocity {
            let width = pass.width();
            for tile in pass.outputs.iter_mut() {
                for n in from..to {
                    tile.floats_mut()[n * width] = self.last;
                }
            }
        }
    }
}

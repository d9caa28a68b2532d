//! The voices of one kind, in banks. New voices begin in the first; the others hold those that began before a saved edit made the pool
//! larger or smaller, until they are over. Audio thread, after construction.

use super::bank::{Bank, BankPlan};
use crate::dsp::lane::MAX_LANES;
use crate::kernel::carry::Passage;
use crate::kernel::pass::{Pass, Start};

/// How a pool is put together: at least one bank.
pub struct PoolPlan {
    pub banks: Vec<BankPlan>,
}

/// The beginning of a voice.
pub struct Opening<'a> {
    pub parent: usize,
    /// Absolute frame.
    pub at: u64,
    /// Distinguishes the random streams of voices.
    pub voice: u64,
    /// Frames until it is cut.
    pub life: Option<u64>,
    /// Scope variables.
    pub set: &'a [(u32, f32)],
}

impl Opening<'_> {
    /// One of the parts of a node that goes from part to part.
    pub fn of_part(parent: usize, start: Start, number: usize) -> Self {
        let voice = start.voice.wrapping_mul(256).wrapping_add(number as u64);
        Opening { parent, at: start.at, voice, life: None, set: &[] }
    }
}

impl PoolPlan {
    /// Lanes of the graph around.
    pub fn parents(&self) -> usize {
        self.banks.first().map_or(0, |bank| bank.parents)
    }
}

/// Where a voice is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    bank: usize,
    lane: usize,
}

impl Place {
    /// Where the voice of the pool with this number is after the passages; nowhere if it has been left behind.
    pub fn after(self, pool: usize, passages: &[Passage]) -> Option<Place> {
        self.through(pool, passages).map(|(_, place)| place)
    }

    /// The same, with the number of the pool there.
    pub fn through(self, pool: usize, passages: &[Passage]) -> Option<(usize, Place)> {
        let Passage { to: (pool, bank), .. } = *passages.iter().find(|p| p.from == (pool, self.bank))?;
        Some((pool, Place { bank, lane: self.lane }))
    }
}

pub struct Pool {
    banks: Vec<Bank>,
    /// Voices begun.
    started: u64,
}

impl Pool {
    pub fn new(plan: PoolPlan) -> Self {
        Self { banks: plan.banks.into_iter().map(Bank::new).collect(), started: 0 }
    }

    /// Lets banks of `old` pools pass into `new` ones, at absolute frame `at`.
    pub fn take(new: &mut [Pool], old: &mut [Pool], passages: &mut [Passage], at: u64) {
        for Passage { from, to, carry } in passages {
            let (Some(old), Some(new)) = (old.get_mut(from.0), new.get_mut(to.0)) else { continue };
            new.started = new.started.max(old.started);
            if let (Some(old), Some(new)) = (old.banks.get_mut(from.1), new.banks.get_mut(to.1)) {
                new.take(old, carry, at);
            }
        }
    }

    /// Nodes of its voices.
    pub fn nodes(&self) -> usize {
        self.banks.iter().map(Bank::nodes).sum()
    }

    /// How many voices there is room for, those of all parents together.
    pub fn room(&self) -> usize {
        self.banks.iter().map(Bank::room).sum()
    }

    /// Begins a voice; `None` when every lane is taken (those that fade are reused first).
    pub fn start(&mut self, opening: &Opening) -> Option<Place> {
        self.started += 1;
        Some(Place { bank: 0, lane: self.banks.first_mut()?.start(opening, self.started)? })
    }

    /// Changes a scope variable of a sounding voice.
    pub fn set(&mut self, place: Place, slot: u32, value: f32) {
        self.banks[place.bank].set(place.lane, slot, value);
    }

    /// Lets a voice fade out quickly.
    pub fn fade(&mut self, place: Place) {
        self.banks[place.bank].fade(place.lane);
    }

    /// From now on the voice is over when it has been silent long enough.
    pub fn release(&mut self, place: Place) {
        self.banks[place.bank].release(place.lane);
    }

    /// Lets time stand still for the voices of `parent`, or go on.
    pub fn pause(&mut self, parent: usize, paused: bool) {
        self.banks.iter_mut().for_each(|bank| bank.pause(parent, paused));
    }

    /// Ends every voice of `parent` at once, at absolute frame `at`.
    pub fn clear(&mut self, parent: usize, at: u64) {
        self.banks.iter_mut().for_each(|bank| bank.clear(parent, at));
    }

    /// See [`Kernel::hush`](crate::kernel::Kernel::hush).
    pub fn hush(&mut self, at: u64) {
        self.banks.iter_mut().for_each(|bank| bank.hush(at));
    }

    pub fn sounding(&self, place: Place) -> bool {
        self.banks[place.bank].sounding(place.lane)
    }

    /// How loud a voice was in the last two tiles, in banks that measure it.
    pub fn level(&self, place: Place) -> f32 {
        self.banks[place.bank].level(place.lane)
    }

    /// Voices of `parent` that do not fade.
    pub fn playing(&self, parent: usize) -> usize {
        self.banks.iter().map(|bank| bank.playing(parent)).sum()
    }

    /// Whether `parent` has voices, fading ones too.
    pub fn busy(&self, parent: usize) -> bool {
        self.banks.iter().any(|bank| bank.busy(parent))
    }

    /// Voices of all parents, and what sounds inside them.
    pub fn sounding_voices(&self) -> usize {
        self.banks.iter().map(Bank::sounding_voices).sum()
    }

    /// How long, in frames, voices may sound on after everything that drives them is silent.
    pub fn tail(&self) -> u64 {
        self.banks.iter().map(Bank::tail).max().unwrap_or(0)
    }

    /// Frames until the first of the voices of `parent` is cut.
    pub fn shortest_life(&self, parent: usize) -> Option<u64> {
        self.banks.iter().filter_map(|bank| bank.shortest_life(parent)).min()
    }

    /// The oldest voice of `parent` that does not fade.
    pub fn oldest(&self, parent: usize) -> Option<Place> {
        let banks = self.banks.iter().enumerate();
        let oldest = banks.filter_map(|(number, bank)| {
            let (began, lane) = bank.oldest(parent)?;
            Some((began, Place { bank: number, lane }))
        });
        oldest.min_by_key(|(began, _)| *began).map(|(_, place)| place)
    }

    /// Renders frames `from..to` of `pass` for the voices of the pass's lanes and adds them to the output, which must not be
    /// flat. Returns, per parent of the pass, the frame after `from` up to which any voice sounded.
    pub fn render(&mut self, pass: &mut Pass, from: usize, to: usize) -> [u8; MAX_LANES] {
        let Some((first, older)) = self.banks.split_first_mut() else { return [0; MAX_LANES] };
        let mut sounded = first.render(pass, from, to);
        first.note_silent();
        for bank in older {
            let also = bank.render(pass, from, to);
            sounded.iter_mut().zip(also).for_each(|(most, count)| *most = (*most).max(count));
            bank.note_silent();
        }
        sounded
    }
}

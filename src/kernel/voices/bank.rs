//! Voices that share a graph, a lane each. They are packed for speed, but neither who sounds nor the bits of the sum depend on the
//! packing: lane `v` of a parent always stands at place `v mod 32` of a fixed summation tree (see `sums`). Audio thread, after
//! construction.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::import::{Import, import};
use super::pool::Opening;
use super::roster::{Fared, Roster};
use super::sums::{Fold, Voices, add_voices};
use crate::dsp::lane::MAX_LANES;
use crate::kernel::carry::Carry;
use crate::kernel::graph::{Graph, Step};
use crate::kernel::isa::{Width, vectorised};
use crate::kernel::pass::{Pass, Piece, Start};
use crate::kernel::tile::{TILE, Tile};

/// Length of the fade that ends a voice whose place is needed, in seconds.
const STEAL_FADE: f64 = 0.005;
/// A released voice that has been silent for so long (in seconds), and longer than its delays, is over.
const QUIET: f64 = 0.1;

/// How a bank is put together.
pub struct BankPlan {
    /// A graph with at least `parents × voices` lanes.
    pub graph: Graph,
    /// Tiles of the voices' output.
    pub output: [u32; 2],
    pub channels: usize,
    pub imports: Vec<Import>,
    /// Lanes of the graph around.
    pub parents: usize,
    /// Lanes for each of them: the voice limit and room for voices that fade.
    pub voices: usize,
    /// Tells the loader whether no voice is in it.
    pub silent: Arc<AtomicBool>,
    /// It is no longer wanted: its voices fade as soon as they have been taken over.
    pub closing: bool,
    /// Somebody wants to know how loud the voices are.
    pub measured: bool,
}

pub struct Bank {
    graph: Graph,
    output: [u32; 2],
    channels: usize,
    imports: Vec<Import>,
    parents: usize,
    voices: usize,
    silent: Arc<AtomicBool>,
    closing: bool,
    roster: Roster,
    /// Where somebody wants to know it: peaks of each voice in the tile before, and in the present one so far.
    peaks: Vec<[f32; 2]>,
    /// Where there are several parents, per channel and parent of a pass: 32 partial sums per frame.
    sums: [Vec<Tile>; 2],
}

impl Bank {
    pub fn new(plan: BankPlan) -> Self {
        let fade = (STEAL_FADE * plan.graph.rate()).ceil().max(1.0) as u32;
        let patience = plan.graph.tail().max((QUIET * plan.graph.rate()) as u64);
        let sums = |channels: usize| {
            let parents =
                if plan.channels >= channels && plan.parents > 1 { plan.parents.min(MAX_LANES) } else { 0 };
            (0..parents).map(|_| Tile::new(MAX_LANES)).collect()
        };
        Self {
            sums: [sums(1), sums(2)],
            roster: Roster::new(plan.parents, plan.voices, fade, patience),
            peaks: if plan.measured { vec![[0.0; 2]; plan.graph.lanes()] } else { vec![] },
            graph: plan.graph,
            output: plan.output,
            channels: plan.channels,
            imports: plan.imports,
            parents: plan.parents,
            voices: plan.voices,
            silent: plan.silent,
            closing: plan.closing,
        }
    }

    /// Begins a voice. The lane, or `None` when every lane is taken (those that fade are reused first).
    pub fn start(&mut self, opening: &Opening, number: u64) -> Option<usize> {
        let Opening { parent, at, voice, life, set } = *opening;
        let lane = self.roster.place(parent)?;
        if self.sounding(lane) {
            self.graph.stop(lane, at);
        }
        for (slot, value) in set {
            self.graph.slots_mut().set(*slot, lane, *value);
        }
        self.graph.start(lane, Start { at, voice });
        self.roster.begin(lane, number, life);
        if let Some(peaks) = self.peaks.get_mut(lane) {
            // What has only just begun is not the quietest.
            *peaks = [f32::INFINITY; 2];
        }
        Some(lane)
    }

    /// How loud a voice was in the last two tiles; 0 where nobody measures.
    pub fn level(&self, lane: usize) -> f32 {
        self.peaks.get(lane).map_or(0.0, |[before, now]| before.max(*now))
    }

    /// Looks how loud the lanes of a pass are. Tiles lie on the absolute grid, so the answer does not depend on how time was cut.
    fn measure(&mut self, piece: &Piece, lane: usize, lanes: usize) {
        let begins = piece.at.is_multiple_of(TILE as u64);
        for (k, [before, now]) in self.peaks.iter_mut().skip(lane).take(lanes).enumerate() {
            if begins {
                (*before, *now) = (*now, 0.0);
            }
            for channel in 0..self.channels {
                let tile = self.graph.tile(self.output[channel]);
                let frames = if tile.flat { 1 } else { piece.frames };
                for frame in 0..frames {
                    *now = now.max(tile.floats()[frame * lanes + k].abs());
                }
            }
        }
    }

    /// Takes over the voices of a bank of the same shape.
    pub fn take(&mut self, old: &mut Bank, carry: &mut Carry, at: u64) {
        if self.graph.lanes() != old.graph.lanes() || (self.parents > 1 && self.voices != old.voices) {
            return;
        }
        self.roster.take(&mut old.roster);
        for (new, old) in self.peaks.iter_mut().zip(&old.peaks) {
            *new = *old;
        }
        let roster = &self.roster;
        self.graph.succeed(&mut old.graph, carry, at, |lane| roster.voice(lane).is_some());
        if self.closing {
            (0..self.roster.len()).for_each(|lane| self.roster.fade(lane));
        }
    }

    /// Tells the loader whether any voice is left: an edit may leave a bank without voices behind.
    pub fn note_silent(&self) {
        self.silent.store(self.roster.count() == 0, Ordering::Relaxed);
    }

    /// Changes a scope variable of a sounding voice.
    pub fn set(&mut self, lane: usize, slot: u32, value: f32) {
        self.graph.slots_mut().set(slot, lane, value);
    }

    /// Lets a voice fade out quickly.
    pub fn fade(&mut self, lane: usize) {
        self.roster.fade(lane);
    }

    /// From now on the voice is over when it has been silent long enough.
    pub fn release(&mut self, lane: usize) {
        self.roster.release(lane);
    }

    /// Lets time stand still for the voices of `parent`, or go on.
    pub fn pause(&mut self, parent: usize, paused: bool) {
        self.roster.pause(parent, paused);
    }

    /// Ends every voice of `parent` at once, at absolute frame `at`.
    pub fn clear(&mut self, parent: usize, at: u64) {
        for lane in self.roster.range(parent) {
            if self.roster.voice(lane).is_some() {
                self.graph.stop(lane, at);
            }
        }
        self.roster.clear(parent);
    }

    /// Voices it has room for.
    pub fn room(&self) -> usize {
        self.roster.len()
    }

    pub fn nodes(&self) -> usize {
        self.graph.steps().iter().map(Step::nodes).sum()
    }

    pub fn hush(&mut self, at: u64) {
        self.graph.hush(at);
    }

    pub fn sounding(&self, lane: usize) -> bool {
        self.roster.voice(lane).is_some()
    }

    /// Voices of `parent` that do not fade.
    pub fn playing(&self, parent: usize) -> usize {
        self.roster.of(parent).filter(|(_, v)| v.fading.is_none()).count()
    }

    /// Whether `parent` has voices, fading ones too.
    pub fn busy(&self, parent: usize) -> bool {
        self.roster.of(parent).next().is_some()
    }

    /// Voices of all parents, and what sounds inside them.
    pub fn sounding_voices(&self) -> usize {
        self.roster.count() + self.graph.voices()
    }

    /// How long, in frames, voices may sound on after everything that drives them is silent.
    pub fn tail(&self) -> u64 {
        self.graph.tail()
    }

    /// Frames until the first of the voices of `parent` is cut.
    pub fn shortest_life(&self, parent: usize) -> Option<u64> {
        self.roster.of(parent).map(|(_, v)| v.life).filter(|l| *l != u64::MAX).min()
    }

    /// Number and lane of the oldest voice of `parent` that does not fade.
    pub fn oldest(&self, parent: usize) -> Option<(u64, usize)> {
        self.roster.oldest(parent)
    }

    /// Renders frames `from..to` of `pass` for the voices of the pass's lanes and adds them to the output, which must not be
    /// flat. Returns, per parent of the pass, the frame after `from` up to which any voice sounded.
    pub fn render(&mut self, pass: &mut Pass, from: usize, to: usize) -> [u8; MAX_LANES] {
        let mut sounded = [0u8; MAX_LANES];
        let parents = pass.lane..pass.lane + pass.width();
        debug_assert!(parents.end <= self.parents.max(1));
        let piece = pass.part(from, to);
        let mut lane = parents.start * self.voices;
        let end = parents.end * self.voices;
        let mut summed = false;
        while lane < end {
            let (group, passes) = self.group(lane, end);
            if let Some((first, width)) = passes {
                let parent = |lane| if self.parents == 1 { 0 } else { lane / self.voices };
                import(&mut self.graph, &self.imports, pass, (from, to), (first, width), parent);
                self.graph.render(&piece, first, width);
                let counts = self.finish(&piece, first, width);
                if self.parents == 1 {
                    sounded[0] = counts.iter().fold(sounded[0], |most, count| most.max(*count));
                    self.add(pass, from, piece.frames, width, &counts);
                } else {
                    for (k, count) in counts[..width as usize].iter().enumerate().filter(|(_, c)| **c > 0) {
                        let parent = self.parent(first + k) - pass.lane;
                        sounded[parent] = sounded[parent].max(*count);
                    }
                    self.collect(pass, piece.frames, (first, width), &counts, !summed);
                    summed = true;
                }
            }
            lane += group;
        }
        if summed {
            self.add_sums(pass, from, piece.frames);
        }
        sounded
    }

    /// The parent of a lane. (A division: most pools have one parent.)
    fn parent(&self, lane: usize) -> usize {
        if self.parents == 1 { 0 } else { lane / self.voices }
    }

    /// The next group of lanes from `lane`: how many, and the pass that covers its sounding voices.
    fn group(&self, lane: usize, end: usize) -> (usize, Option<(usize, Width)>) {
        let room = (end - lane).min(if lane.is_multiple_of(8) { MAX_LANES - lane % MAX_LANES } else { 1 });
        let running = self.roster.running(lane, room);
        if running == 0 {
            return (room, None);
        }
        let first = running.trailing_zeros() as usize;
        let last = running.ilog2() as usize;
        if first == last {
            return (room, Some((lane + first, Width::One)));
        }
        // A pack may reach beyond this parent's lanes only where nobody else's lanes are, and takes nobody along whose time stands
        // still.
        let padded = |from: usize, width: usize| {
            from + width <= self.graph.lanes()
                && (end == self.roster.len() || from + width <= end)
                && self.roster.paused(from, width) == 0
        };
        let eight = first / 8 * 8;
        if last < eight + 8 && padded(lane + eight, 8) {
            return (room, Some((lane + eight, Width::Eight)));
        }
        if room > 8 && lane.is_multiple_of(MAX_LANES) && padded(lane, MAX_LANES) {
            return (room, Some((lane, Width::ThirtyTwo)));
        }
        if (room >= 8 && self.roster.paused(lane, 8) == 0) || padded(lane, 8) {
            let room = room.min(8);
            return (room, (self.roster.running(lane, room) != 0).then_some((lane, Width::Eight)));
        }
        (1, (running & 1 != 0).then_some((lane, Width::One)))
    }

    /// Cuts and fades what a pass has put out, and ends the voices that are over. Returns how many frames of each lane count.
    fn finish(&mut self, piece: &Piece, lane: usize, width: Width) -> [u8; MAX_LANES] {
        let (lanes, frames) = (width as usize, piece.frames);
        let ends = self.graph.tile(self.output[0]).ends;
        let running = self.roster.running(lane, lanes);
        let mut counts = [0u8; MAX_LANES];
        for k in 0..lanes {
            counts[k] = if running >> k & 1 != 0 { ends[k].min(frames as u8) } else { 0 };
        }
        if !self.peaks.is_empty() {
            self.measure(piece, lane, lanes);
        }
        let whole = counts[..lanes].iter().zip(0..).all(|(c, k)| *c == frames as u8 || running >> k & 1 == 0);
        if whole && self.roster.watched(lane, lanes) == 0 {
            return counts;
        }
        let mut special = !whole;
        for k in 0..lanes {
            if let Some(voice) = self.roster.voice(lane + k) {
                special |= voice.fading.is_some() || voice.life < frames as u64;
                counts[k] = (counts[k] as u64).min(voice.life) as u8;
            }
        }
        for channel in 0..self.channels {
            let tile = self.graph.tile_mut(self.output[channel]);
            if special {
                crate::kernel::graph::silence_after(tile, &counts, lanes, frames);
                apply_fades(&self.roster, lane, tile, lanes, frames);
            }
        }
        for k in (0..lanes).filter(|k| running >> k & 1 != 0) {
            let released = self.roster.voice(lane + k).is_some_and(|v| v.released);
            let silent = if released { self.silent(k, lanes, frames) } else { 0 };
            let end = piece.at + frames as u64;
            self.roster.pass(lane + k, &Fared { frames, sounded: counts[k], silent, end });
            if !self.sounding(lane + k) {
                self.graph.stop(lane + k, piece.at + u64::from(counts[k]));
            }
        }
        counts
    }

    /// Frames of silence at the end of what lane `k` of the last pass put out.
    fn silent(&self, k: usize, lanes: usize, frames: usize) -> usize {
        let silent = (0..self.channels).map(|channel| {
            let tile = self.graph.tile(self.output[channel]);
            let value = |frame: usize| tile.floats()[if tile.flat { k } else { frame * lanes + k }];
            (0..frames).rev().take_while(|frame| value(*frame) == 0.0).count()
        });
        silent.min().unwrap_or(frames)
    }

    /// Adds what a pass has put out to the output: the only parent's voices.
    fn add(&self, pass: &mut Pass, from: usize, frames: usize, width: Width, counts: &[u8; MAX_LANES]) {
        let lanes = width as usize;
        let mut mask = [u32::MAX; MAX_LANES];
        for (mask, count) in mask[..lanes].iter_mut().zip(counts) {
            *mask = if *count > 0 { u32::MAX } else { 0 };
        }
        for (channel, out) in pass.outputs.iter_mut().enumerate() {
            let tile = self.graph.tile(self.output[channel.min(self.channels - 1)]);
            let out = &mut out.floats_mut()[from..from + frames];
            add_voices(
                self.graph.isa(),
                Voices { values: tile.floats(), flat: tile.flat, lanes, mask: &mask, out },
            );
        }
    }

    /// Takes what a pass has put out into the sums of the voices' parents, or lets the sums begin with it.
    fn collect(
        &mut self,
        pass: &Pass,
        frames: usize,
        (lane, width): (usize, Width),
        counts: &[u8; MAX_LANES],
        first: bool,
    ) {
        let lanes = width as usize;
        for channel in 0..self.channels {
            if first {
                for sum in &mut self.sums[channel][..pass.width()] {
                    sum.floats_mut()[..frames * MAX_LANES].fill(0.0);
                }
            }
            let tile = self.graph.tile(self.output[channel]);
            let values = tile.floats();
            let step = if tile.flat { 0 } else { lanes };
            for k in (0..lanes).filter(|k| counts[*k] > 0) {
                let parent = self.parent(lane + k);
                let place = (lane + k - parent * self.voices) % MAX_LANES;
                let sum = self.sums[channel][parent - pass.lane].floats_mut();
                for frame in 0..frames {
                    sum[frame * MAX_LANES + place] += values[frame * step + k];
                }
            }
        }
    }

    /// Adds the sums to the output of the pass.
    fn add_sums(&mut self, pass: &mut Pass, from: usize, frames: usize) {
        let (outer, few) = (pass.width(), self.voices <= 8);
        let isa = self.graph.isa();
        for channel in 0..pass.outputs.len() {
            // The sums stay as they are for a second channel of the output that reads the same (mono) voices.
            let sums = &self.sums[channel.min(self.channels - 1)];
            let out = &mut pass.outputs[channel].floats_mut()[from * outer..];
            for (parent, sum) in sums[..outer].iter().enumerate() {
                let sum = &sum.floats()[..frames * MAX_LANES];
                vectorised(isa, Fold { sum, out: &mut out[parent..], step: outer, few });
            }
        }
    }
}

fn apply_fades(roster: &Roster, lane: usize, tile: &mut Tile, lanes: usize, frames: usize) {
    for k in 0..lanes {
        let Some(done) = roster.voice(lane + k).and_then(|v| v.fading) else { continue };
        tile.unflatten(lanes, frames);
        for frame in 0..frames {
            let left = roster.fade.saturating_sub(done + frame as u32 + 1) as f32 / roster.fade as f32;
            tile.floats_mut()[frame * lanes + k] *= left;
        }
    }
}

const _: () = assert!(TILE <= u8::MAX as usize);

//! A pool of voices that share a graph, a lane each. Voices are packed for speed, but neither who sounds nor the bits of the sum
//! depend on the packing: lane `v` of a parent always stands at place `v mod 32` of a fixed summation tree.

use super::sums::{Accumulate, Fold};
use crate::dsp::lane::MAX_LANES;
use crate::kernel::graph::{Graph, Piece};
use crate::kernel::isa::{Width, vectorised};
use crate::kernel::pass::{Pass, Start};
use crate::kernel::tile::{TILE, Tile};

/// Length of the fade that ends a voice whose place is needed, in seconds.
const STEAL_FADE: f64 = 0.005;
/// A released voice that has been silent for so long (in seconds), and longer than its delays, is over.
const QUIET: f64 = 0.1;

/// A signal of the graph around the pool that voices read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Import {
    /// Input of the kernel that owns the pool.
    pub port: usize,
    pub channel: usize,
    /// Tile of the voices' graph.
    pub tile: u32,
}

/// How a pool is put together.
pub struct PoolPlan {
    /// A graph with at least `parents × voices` lanes.
    pub graph: Graph,
    /// Tiles of the voices' output.
    pub output: [u32; 2],
    pub channels: usize,
    pub imports: Vec<Import>,
    /// Lanes of the graph around the pool.
    pub parents: usize,
    /// Lanes for each of them: the voice limit and room for voices that fade.
    pub voices: usize,
}

#[derive(Clone, Copy)]
struct Voice {
    /// Order of starts, unique in the pool.
    number: u64,
    /// Frames until the voice is cut, if it has a fixed life.
    life: u64,
    /// Frames since a fade to silence began.
    fading: Option<u32>,
    /// The key is up: silence now means the end.
    released: bool,
    /// Frames of silence since then.
    quiet: u64,
    /// Time stands still.
    paused: bool,
}

/// Whether a lane is to be rendered.
fn runs(voice: &Option<Voice>) -> bool {
    voice.is_some_and(|v| !v.paused)
}

pub struct Pool {
    graph: Graph,
    output: [u32; 2],
    channels: usize,
    imports: Vec<Import>,
    parents: usize,
    voices: usize,
    lanes: Vec<Option<Voice>>,
    started: u64,
    fade: u32,
    /// How long a released voice must be silent before it is over: its delays may still hold sound.
    patience: u64,
    /// Per channel and parent of a pass: 32 partial sums per frame.
    sums: [Vec<Tile>; 2],
}

impl Pool {
    pub fn new(plan: PoolPlan) -> Self {
        let fade = (STEAL_FADE * plan.graph.rate()).ceil().max(1.0) as u32;
        let patience = plan.graph.tail().max((QUIET * plan.graph.rate()) as u64);
        let sums = |channels: usize| {
            let parents = if plan.channels >= channels { plan.parents.min(MAX_LANES) } else { 0 };
            (0..parents).map(|_| Tile::new(MAX_LANES)).collect()
        };
        Self {
            sums: [sums(1), sums(2)],
            lanes: vec![None; plan.parents * plan.voices],
            graph: plan.graph,
            output: plan.output,
            channels: plan.channels,
            imports: plan.imports,
            parents: plan.parents,
            voices: plan.voices,
            started: 0,
            fade,
            patience,
        }
    }

    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Begins a voice of `parent` at absolute frame `at` with scope variables `set`; `life` in frames. The lane, or `None` when
    /// every lane is taken (those that fade are reused first).
    pub fn start(
        &mut self,
        parent: usize,
        at: u64,
        voice: u64,
        life: Option<u64>,
        set: &[(u32, f32)],
    ) -> Option<usize> {
        let range = parent * self.voices..(parent + 1) * self.voices;
        let free = range.clone().find(|l| self.lanes[*l].is_none());
        let lane = free.or_else(|| range.max_by_key(|l| self.lanes[*l].and_then(|v| v.fading)))?;
        for (slot, value) in set {
            self.graph.slots_mut().set(*slot, lane, *value);
        }
        self.graph.start(lane, Start { at, voice });
        self.started += 1;
        self.lanes[lane] = Some(Voice {
            number: self.started,
            life: life.unwrap_or(u64::MAX),
            fading: None,
            released: false,
            quiet: 0,
            paused: false,
        });
        Some(lane)
    }

    /// Changes a scope variable of a sounding voice.
    pub fn set(&mut self, lane: usize, slot: u32, value: f32) {
        self.graph.slots_mut().set(slot, lane, value);
    }

    /// Lets a voice fade out quickly.
    pub fn fade(&mut self, lane: usize) {
        if let Some(Some(voice)) = self.lanes.get_mut(lane) {
            voice.fading.get_or_insert(0);
        }
    }

    /// From now on the voice is over when it has been silent long enough.
    pub fn release(&mut self, lane: usize) {
        if let Some(Some(voice)) = self.lanes.get_mut(lane) {
            voice.released = true;
        }
    }

    /// Lets time stand still for the voices of `parent`, or go on.
    pub fn pause(&mut self, parent: usize, paused: bool) {
        let range = parent * self.voices..(parent + 1) * self.voices;
        self.lanes[range].iter_mut().flatten().for_each(|v| v.paused = paused);
    }

    /// Ends every voice of `parent` at once.
    pub fn clear(&mut self, parent: usize) {
        self.lanes[parent * self.voices..(parent + 1) * self.voices].fill(None);
    }

    pub fn sounding(&self, lane: usize) -> bool {
        self.lanes[lane].is_some()
    }

    /// Voices of `parent` that do not fade.
    pub fn playing(&self, parent: usize) -> usize {
        self.of(parent).iter().flatten().filter(|v| v.fading.is_none()).count()
    }

    /// Voices of `parent`, fading ones too.
    pub fn busy(&self, parent: usize) -> bool {
        self.of(parent).iter().any(Option::is_some)
    }

    /// Voices of all parents, and what sounds inside them.
    pub fn sounding_voices(&self) -> usize {
        self.lanes.iter().flatten().count() + self.graph.voices()
    }

    /// Frames until the first of the voices of `parent` is cut.
    pub fn shortest_life(&self, parent: usize) -> Option<u64> {
        self.of(parent).iter().flatten().map(|v| v.life).filter(|l| *l != u64::MAX).min()
    }

    /// The lane of the oldest voice of `parent` that does not fade.
    pub fn oldest(&self, parent: usize) -> Option<usize> {
        let lanes = self.of(parent).iter().enumerate();
        let playing = lanes.filter_map(|(l, v)| v.filter(|v| v.fading.is_none()).map(|v| (l, v.number)));
        playing.min_by_key(|(_, number)| *number).map(|(l, _)| parent * self.voices + l)
    }

    fn of(&self, parent: usize) -> &[Option<Voice>] {
        &self.lanes[parent * self.voices..(parent + 1) * self.voices]
    }

    /// Renders frames `from..to` of `pass` for the voices of the pass's lanes and adds them to the output, which must not be
    /// flat. Returns, per parent of the pass, the frame after `from` up to which any voice sounded.
    pub fn render(&mut self, pass: &mut Pass, from: usize, to: usize) -> [u8; MAX_LANES] {
        let mut sounded = [0u8; MAX_LANES];
        let parents = pass.lane..pass.lane + pass.width();
        debug_assert!(parents.end <= self.parents.max(1));
        let piece = pass.piece().part(from, to);
        let mut lane = parents.start * self.voices;
        let end = parents.end * self.voices;
        let mut any = false;
        while lane < end {
            let (group, passes) = self.group(lane, end);
            if let Some((first, width)) = passes {
                if !any {
                    self.clear_sums(pass.width(), piece.frames);
                    any = true;
                }
                self.import(pass, from, piece.frames, first, width);
                self.graph.render(&piece, first, width);
                self.collect(pass.lane, &piece, first, width, &mut sounded);
            }
            lane += group;
        }
        if any {
            self.add(pass, from, piece.frames);
        }
        sounded
    }

    /// The next group of lanes from `lane`: how many, and the pass that covers its sounding voices.
    fn group(&self, lane: usize, end: usize) -> (usize, Option<(usize, Width)>) {
        let room = (end - lane).min(if lane.is_multiple_of(8) { MAX_LANES - lane % MAX_LANES } else { 1 });
        let lanes = &self.lanes[lane..lane + room];
        let Some(first) = lanes.iter().position(runs) else { return (room, None) };
        let last = lanes.iter().rposition(runs).unwrap_or(first);
        if first == last {
            return (room, Some((lane + first, Width::One)));
        }
        // A pack may reach beyond this parent's lanes only where nobody else's lanes are.
        let padded = |width: usize| {
            lane + width <= self.graph.lanes() && (end == self.lanes.len() || lane + width <= end)
        };
        let eight = first / 8 * 8;
        if last < eight + 8
            && lane + eight + 8 <= self.graph.lanes()
            && (end == self.lanes.len() || lane + eight + 8 <= end)
        {
            return (room, Some((lane + eight, Width::Eight)));
        }
        if room > 8 && lane.is_multiple_of(MAX_LANES) && padded(MAX_LANES) {
            return (room, Some((lane, Width::ThirtyTwo)));
        }
        if room >= 8 || padded(8) {
            let room = room.min(8);
            return match self.lanes[lane..lane + room].iter().any(runs) {
                true => (room, Some((lane, Width::Eight))),
                false => (room, None),
            };
        }
        (1, runs(&self.lanes[lane]).then_some((lane, Width::One)))
    }

    fn clear_sums(&mut self, parents: usize, frames: usize) {
        for sums in &mut self.sums[..self.channels] {
            for tile in &mut sums[..parents] {
                tile.floats_mut()[..frames * MAX_LANES].fill(0.0);
            }
        }
    }

    /// Copies what the voices read from around them into their graph.
    fn import(&mut self, pass: &Pass, from: usize, frames: usize, lane: usize, width: Width) {
        let (lanes, outer) = (width as usize, pass.width());
        for import in &self.imports {
            let tile = self.graph.tile_mut(import.tile);
            tile.ends.fill(frames as u8);
            let (values, held) = pass.raw(import.port, import.channel);
            // What stands still for now is cheaper for whoever reads it; the values are the same.
            let flat = held || (outer == 1 && same(&values[from..from + frames]));
            let parent =
                |k: usize| ((lane + k) / self.voices).min(pass.lane + outer - 1).max(pass.lane) - pass.lane;
            tile.flat = flat;
            let floats = tile.floats_mut();
            let frames = if flat { 1 } else { frames };
            if outer == 1 {
                let source = &values[if held { 0 } else { from }..];
                for (frame, x) in floats[..frames * lanes].chunks_exact_mut(lanes).zip(source) {
                    frame.fill(*x);
                }
            } else {
                for frame in 0..frames {
                    let source = &values[if flat { 0 } else { (from + frame) * outer }..];
                    for k in 0..lanes {
                        floats[frame * lanes + k] = source[parent(k)];
                    }
                }
            }
        }
    }

    /// Takes what a pass has put out into the sums, and ends the voices that are over.
    fn collect(
        &mut self,
        parent0: usize,
        piece: &Piece,
        lane: usize,
        width: Width,
        sounded: &mut [u8; MAX_LANES],
    ) {
        let (lanes, frames) = (width as usize, piece.frames);
        let ends = self.graph.tile(self.output[0]).ends;
        // Whose output counts, and up to where.
        let mut counts = [0u8; MAX_LANES];
        let mut special = false;
        for k in 0..lanes.min(self.lanes.len() - lane) {
            let Some(voice) = self.lanes[lane + k].as_ref().filter(|v| !v.paused) else { continue };
            let until = (ends[k] as u64).min(voice.life).min(frames as u64) as u8;
            counts[k] = until;
            special |= until < frames as u8 || voice.fading.is_some();
        }
        for channel in 0..self.channels {
            let tile = self.graph.tile_mut(self.output[channel]);
            if special {
                crate::kernel::graph::silence_after(tile, &counts, lanes, frames);
                Self::apply_fades(&self.lanes[lane..], self.fade, tile, lanes, frames);
            }
        }
        for k in 0..lanes.min(self.lanes.len() - lane) {
            if runs(&self.lanes[lane + k]) {
                let parent = (lane + k) / self.voices - parent0;
                sounded[parent] = sounded[parent].max(counts[k]);
            }
        }
        let isa = self.graph.isa();
        for channel in 0..self.channels {
            let tile = self.graph.tile(self.output[channel]);
            let values = tile.floats();
            let step = if tile.flat { 0 } else { lanes };
            if self.sums[channel].len() == 1 {
                let place = lane % MAX_LANES;
                let sum = &mut self.sums[channel][0].floats_mut()[..frames * MAX_LANES];
                // All bits of lanes that count.
                let mask: [u32; MAX_LANES] =
                    std::array::from_fn(|k| if counts[k] > 0 { u32::MAX } else { 0 });
                let all = mask[..lanes].iter().all(|m| *m != 0);
                vectorised(
                    isa,
                    Accumulate { sum, values, step, lanes, place, mask: (!all).then_some(&mask) },
                );
            } else {
                for k in 0..lanes {
                    if counts[k] == 0 {
                        continue;
                    }
                    let (parent, place) =
                        ((lane + k) / self.voices - parent0, (lane + k) % self.voices % MAX_LANES);
                    let sum = self.sums[channel][parent].floats_mut();
                    for frame in 0..frames {
                        sum[frame * MAX_LANES + place] += values[frame * step + k];
                    }
                }
            }
        }
        self.retire(lane, lanes, frames, piece.at + frames as u64, &counts);
    }

    fn apply_fades(voices: &[Option<Voice>], fade: u32, tile: &mut Tile, lanes: usize, frames: usize) {
        for (k, voice) in voices.iter().take(lanes).enumerate() {
            let Some(Voice { fading: Some(done), .. }) = voice else { continue };
            if tile.flat {
                let values: [f32; MAX_LANES] =
                    std::array::from_fn(|k| if k < lanes { tile.floats()[k] } else { 0.0 });
                for frame in tile.floats_mut()[..frames * lanes].chunks_exact_mut(lanes) {
                    frame.copy_from_slice(&values[..lanes]);
                }
                tile.flat = false;
            }
            for frame in 0..frames {
                let left = fade.saturating_sub(done + frame as u32 + 1) as f32 / fade as f32;
                tile.floats_mut()[frame * lanes + k] *= left;
            }
        }
    }

    fn retire(&mut self, lane: usize, lanes: usize, frames: usize, end: u64, counts: &[u8; MAX_LANES]) {
        for k in 0..lanes.min(self.lanes.len() - lane) {
            let Some(voice) = self.lanes[lane + k].as_mut().filter(|v| !v.paused) else { continue };
            let mut over = (counts[k] as usize) < frames;
            if voice.life != u64::MAX {
                voice.life -= counts[k] as u64;
                over |= voice.life == 0;
            }
            if let Some(done) = &mut voice.fading {
                *done += frames as u32;
                over |= *done >= self.fade;
            }
            if voice.released && !over {
                let silent = (0..self.channels).map(|channel| {
                    let tile = self.graph.tile(self.output[channel]);
                    let value = |frame: usize| tile.floats()[if tile.flat { k } else { frame * lanes + k }];
                    (0..frames).rev().take_while(|frame| value(*frame) == 0.0).count()
                });
                let silent = silent.min().unwrap_or(frames) as u64;
                voice.quiet = if silent == frames as u64 { voice.quiet + silent } else { silent };
                // Decided on the absolute grid, so that it does not depend on how time was cut.
                over |= end.is_multiple_of(TILE as u64) && voice.quiet >= self.patience;
            }
            if over {
                self.lanes[lane + k] = None;
            }
        }
    }

    /// Adds the sums to the output of the pass.
    fn add(&mut self, pass: &mut Pass, from: usize, frames: usize) {
        let (outer, few) = (pass.width(), self.voices <= 8);
        let isa = self.graph.isa();
        for channel in 0..pass.outputs.len() {
            let sums = &mut self.sums[channel.min(self.channels - 1)];
            let out = &mut pass.outputs[channel].floats_mut()[from * outer..];
            for (parent, sum) in sums[..outer].iter_mut().enumerate() {
                let sum = &mut sum.floats_mut()[..frames * MAX_LANES];
                // The sums stay as they are for a second channel of the output that reads the same (mono) voices.
                vectorised(isa, Fold { sum, out: &mut out[parent..], step: outer, few });
            }
        }
    }
}

/// Whether all values are the same, to the bit.
fn same(values: &[f32]) -> bool {
    let first = values.first().map_or(0, |x| x.to_bits());
    values.iter().fold(0, |differ, x| differ | (x.to_bits() ^ first)) == 0
}

const _: () = assert!(TILE <= u8::MAX as usize);

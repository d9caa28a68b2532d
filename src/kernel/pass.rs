//! What a running node is: the [`Kernel`] trait, and the [`Pass`] it is handed for every piece of up to 64 frames. Audio thread;
//! a kernel never allocates, locks or panics while it renders.
//!
//! The rules of a kernel, on which block-size invariance stands:
//! * What it computes for a frame depends on absolute frames and on its state, never on where a pass began or how long it is.
//! * State that belongs to a voice is stored per lane (`Vec` of `lanes` values) and set anew by `start`.
//! * Work at the control rate happens at frames whose absolute number is a multiple of [`super::CONTROL`], and at a lane's first.
//! * Fast paths (flat inputs) give the same bits as the general path.

use super::carry::{self, Passage};
use super::event::{Controls, Event};
use super::isa::{self, Isa, Width};
use super::lamp::Told;
use super::tile::{TILE, Tile};
use super::voices::{Pool, Press};
use crate::dsp::lane::{Lane, MAX_LANES};

/// Where an input's values come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// One value per lane that changes only between passes: literal numbers, scope variables.
    Slot(u32),
    /// Another node's output.
    Tile(u32),
}

/// One input of a kernel. Mono signals have the same source on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Port {
    pub left: Source,
    pub right: Source,
}

impl Port {
    pub fn mono(source: Source) -> Self {
        Port { left: source, right: source }
    }
}

/// Musical time at the first frame of a pass.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Song {
    /// A host tells tempo and position (else the library's own tempo and the sound's age count).
    pub host: bool,
    /// The transport moves. Always true without a host's transport.
    pub rolling: bool,
    /// The position was not reached by playing on (start, jump, loop) at the first frame of this pass.
    pub jumped: bool,
    /// Position in frames.
    pub frame: i64,
    /// Position in quarter notes where the present tempo began to count ...
    pub anchor: f64,
    /// ... and the frames played since. Kept apart, so that the position does not depend on how time was cut into passes.
    pub since: u64,
    /// Quarter notes per minute.
    pub bpm: f64,
    pub metre: Metre,
}

/// Where the bars are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metre {
    /// Quarter notes of a bar.
    pub length: f64,
    /// Position in quarter notes at which one of the bars begins ...
    pub start: f64,
    /// ... and how many bars come before it.
    pub before: f64,
}

impl Default for Metre {
    fn default() -> Self {
        Self { length: 4.0, start: 0.0, before: 0.0 }
    }
}

impl Metre {
    /// How many bars come before a position in quarter notes, the part of the last one included.
    #[inline]
    pub fn bars(&self, beats: f64) -> f64 {
        self.before + (beats - self.start) / self.length
    }

    /// Whether both have their bars at the same places, with the same numbers.
    pub fn agrees(&self, other: &Metre) -> bool {
        self.length == other.length && (self.bars(other.start) - other.before).abs() < 1e-6
    }
}

impl Song {
    /// Position in quarter notes, `frames` frames into the pass.
    #[inline]
    pub fn beats(&self, frames: usize, rate: f64) -> f64 {
        let since = if self.rolling { self.since + frames as u64 } else { self.since };
        self.anchor + since as f64 * self.bpm / (60.0 * rate)
    }

    /// Musical time `frames` later.
    pub fn after(&self, frames: usize) -> Song {
        let mut song = *self;
        if frames > 0 {
            song.jumped = false;
            if song.rolling {
                song.frame += frames as i64;
                song.since += frames as u64;
            }
        }
        song
    }
}

/// A stretch of time to render: at most [`TILE`] frames that do not cross a multiple of [`TILE`] on the absolute grid.
#[derive(Clone, Copy)]
pub struct Piece<'a> {
    /// Absolute frame of the first one.
    pub at: u64,
    /// Frames to render, 1..=64.
    pub frames: usize,
    pub song: Song,
    /// What happens during the piece; `Event::at` counts from frame 0 of the host's block.
    pub events: &'a [Event],
    /// Frame of the host's block at which the piece begins.
    pub block_frame: usize,
    /// Controller values as they were before `events`; parameters as they are: a piece begins where one moves.
    pub controls: &'a Controls,
    /// The audio input at the piece's frames, left and right; empty without one.
    pub sidechain: [&'a [f32]; 2],
}

impl<'a> Piece<'a> {
    /// Frames `from..to` of this piece.
    pub fn part(&self, from: usize, to: usize) -> Piece<'a> {
        if from == 0 && to == self.frames {
            return *self;
        }
        let block_frame = self.block_frame + from;
        let start = self.events.partition_point(|e| (e.at as usize) < block_frame);
        let end = self.events.partition_point(|e| (e.at as usize) < self.block_frame + to);
        Piece {
            at: self.at + from as u64,
            frames: to - from,
            song: self.song.after(from),
            events: &self.events[start..end],
            block_frame,
            controls: self.controls,
            sidechain: self.sidechain.map(|s| s.get(from..to).unwrap_or(&[])),
        }
    }
}

/// One call of [`Kernel::render`]: some lanes for a piece of time, whose fields it shows as its own.
pub struct Pass<'a> {
    pub piece: &'a Piece<'a>,
    pub isa: Isa,
    pub width: Width,
    /// Frames to render, 1..=64.
    pub frames: usize,
    /// Frames per second.
    pub rate: f64,
    /// Only [`Pass::points`] of the output will be read: the kernel may leave the other frames as they are.
    pub sparse: bool,
    /// First lane of the pass: state of the pass's lane `k` is at index `lane + k`.
    pub lane: usize,
    /// Per lane of the node's graph (all of them): frames since the lane started, at the first frame.
    pub ages: &'a [u64],
    /// Per lane: the number of the first frame in streams of random numbers. The age; for what belongs to the song, the song's position
    /// while a host's transport runs, so that a loop repeats.
    pub draws: &'a [u64],
    /// The song's position counts for random numbers.
    pub draws_by_song: bool,
    pub(crate) inputs: &'a [Port],
    pub(crate) tiles: &'a [Box<Tile>],
    /// Slot-major, `lanes` values each.
    pub(crate) slots: &'a [f32],
    /// Lanes of the graph.
    pub lanes: usize,
    /// The node's output, one tile per channel.
    pub outputs: &'a mut [Box<Tile>],
}

impl<'a> std::ops::Deref for Pass<'a> {
    type Target = Piece<'a>;

    #[inline(always)]
    fn deref(&self) -> &Piece<'a> {
        self.piece
    }
}

/// An input's values for a pass: one per frame, or one for all.
#[derive(Clone, Copy)]
pub struct Input<'a, L> {
    values: &'a [L],
    /// 0 when the one value holds throughout, else 1.
    stride: usize,
}

impl<'a, L: Lane> Input<'a, L> {
    /// The value at a frame of the pass.
    #[inline(always)]
    pub fn at(&self, frame: usize) -> L {
        self.values[frame * self.stride]
    }
    /// The value that holds for the whole pass, if there is one.
    #[inline(always)]
    pub fn flat(&self) -> Option<L> {
        (self.stride == 0).then(|| self.values[0])
    }
    #[inline(always)]
    pub fn is_flat(&self) -> bool {
        self.stride == 0
    }
    /// The values of all frames; only where the input is not flat.
    #[inline(always)]
    pub fn frames(&self) -> &'a [L] {
        self.values
    }
}

impl<'a> Pass<'a> {
    /// Lanes in this pass.
    #[inline(always)]
    pub fn width(&self) -> usize {
        self.width as usize
    }

    /// How many inputs the kernel has.
    pub fn input_count(&self) -> usize {
        self.inputs.len()
    }

    /// Input `port`, left or only channel.
    #[inline(always)]
    pub fn input<L: Lane>(&self, port: usize) -> Input<'a, L> {
        self.source(self.inputs[port].left)
    }

    /// Input `port`, channel 0 or 1.
    #[inline(always)]
    pub fn channel<L: Lane>(&self, port: usize, channel: usize) -> Input<'a, L> {
        let p = self.inputs[port];
        self.source(if channel == 0 { p.left } else { p.right })
    }

    /// Input values as stored, pass lanes side by side, and whether one frame holds for all.
    #[inline]
    pub(crate) fn raw(&self, port: usize, channel: usize) -> (&'a [f32], bool) {
        let p = self.inputs[port];
        match if channel == 0 { p.left } else { p.right } {
            Source::Slot(slot) => (&self.slots[slot as usize * self.lanes + self.lane..], true),
            Source::Tile(tile) => (self.tiles[tile as usize].floats(), self.tiles[tile as usize].flat),
        }
    }

    #[inline(always)]
    fn source<L: Lane>(&self, source: Source) -> Input<'a, L> {
        match source {
            Source::Slot(slot) => {
                let start = slot as usize * self.lanes + self.lane;
                Input { values: L::cast(&self.slots[start..start + L::N]), stride: 0 }
            }
            Source::Tile(tile) => {
                let tile = &self.tiles[tile as usize];
                if tile.flat {
                    Input { values: &tile.frames::<L>()[..1], stride: 0 }
                } else {
                    Input { values: &tile.frames::<L>()[..self.frames], stride: 1 }
                }
            }
        }
    }

    /// Per lane of the pass, how many frames of input `port` came before its end; `frames` where it goes on.
    #[inline(always)]
    pub fn ends(&self, port: usize) -> [u8; MAX_LANES] {
        match self.inputs[port].left {
            Source::Slot(_) => [self.frames as u8; MAX_LANES],
            Source::Tile(tile) => self.tiles[tile as usize].ends,
        }
    }

    /// The output of `channel`, to be written for all frames. Marks it as not flat.
    #[inline(always)]
    pub fn output<L: Lane>(&mut self, channel: usize) -> &mut [L] {
        let frames = self.frames;
        let tile = &mut self.outputs[channel];
        tile.flat = false;
        &mut tile.frames_mut::<L>()[..frames]
    }

    /// Frames at which control inputs are read: control points, and the first frame where a lane begins.
    pub fn points(&self) -> impl Iterator<Item = usize> + use<> {
        let begins = self.ages[self.lane..self.lane + self.width()].contains(&0);
        let c = super::tile::CONTROL as u64;
        let first = ((c - self.at % c) % c) as usize;
        let extra = (begins && first > 0).then_some(0);
        extra.into_iter().chain((first..self.frames).step_by(c as usize))
    }

    /// Frames of this pass at which control values are read: multiples of [`super::CONTROL`] on the absolute grid.
    #[inline(always)]
    pub fn control_points(&self) -> impl Iterator<Item = usize> + use<> {
        let c = super::tile::CONTROL as u64;
        let first = (c - self.at % c) % c;
        (first as usize..self.frames).step_by(c as usize)
    }
}

/// Empties the outputs, to be added to.
pub fn silence(pass: &mut Pass) {
    let n = pass.frames * pass.width();
    for tile in pass.outputs.iter_mut() {
        tile.flat = false;
        tile.floats_mut()[..n].fill(0.0);
    }
}

/// What a kernel is told when a lane starts (a voice, or the whole sound).
#[derive(Clone, Copy, Debug)]
pub struct Start {
    /// Absolute frame.
    pub at: u64,
    /// Distinguishes the random streams of voices; the same for the same voice in every run.
    pub voice: u64,
}

/// A running node.
pub trait Kernel: Send + std::any::Any {
    /// Computes `pass.frames` frames of `pass.width` lanes: reads inputs, writes every frame of every output channel (or sets
    /// it flat) and, where its table entry says `Ends::Own`, `outputs[0].ends`.
    fn render(&mut self, pass: &mut Pass);
    /// A voice begins in `lane`: its state becomes that of a new node.
    fn start(&mut self, lane: usize, start: Start);
    /// The voice in `lane` is over at absolute frame `at`; until `start` it will not be rendered. For what reaches beyond the voice.
    fn stop(&mut self, _lane: usize, _at: u64) {}
    /// The pools of voices that it plays; none for kernels that never play any.
    fn pools(&self) -> &[Pool] {
        &[]
    }
    fn pools_mut(&mut self) -> &mut [Pool] {
        &mut []
    }
    /// How long, in frames, the output may go on after all inputs are silent.
    fn tail(&self) -> u64 {
        self.pools().iter().map(Pool::tail).max().unwrap_or(0)
    }
    /// Takes over the state of a kernel that it replaces at absolute frame `at`, as far as that is of the same kind and fits; `passages`
    /// say which voices go on. `old` plays on until it has faded, but for its voices, and for nodes in [`CHANGES_OVER`](super::CHANGES_OVER).
    fn take(&mut self, _old: &mut dyn Kernel, _passages: &mut [Passage], _at: u64) {}
    /// The program it belongs to has replaced another at absolute frame `at`.
    fn succeeded(&mut self, _at: u64) {}
    /// It does not go on in the program that has replaced its own at absolute frame `at`, though it may fade there: ends the notes that it
    /// sent to the host, and sends no more.
    fn hush(&mut self, at: u64) {
        self.pools_mut().iter_mut().for_each(|pool| pool.hush(at));
    }
    /// Whether a note that the host began still sounds in it.
    fn plays(&self, _note: &Press) -> bool {
        false
    }
    /// What it tells of a lane at this moment beside its signal; asked only while somebody looks.
    fn tells(&self, _lane: usize) -> Option<Told> {
        None
    }
}

/// A kernel whose one body serves every number of lanes. Mark `pass` as `#[inline(always)]`, so that it is compiled for
/// each instruction set.
pub trait Lanewise: Send + Sized + 'static {
    fn pass<L: Lane>(&mut self, pass: &mut Pass);
    fn start(&mut self, lane: usize, start: Start);
    fn stop(&mut self, _lane: usize, _at: u64) {}
    /// See [`Kernel::take`].
    fn take(&mut self, _old: &mut Self) {}
    /// See [`Kernel::succeeded`].
    fn succeeded(&mut self, _at: u64) {}
    fn tail(&self) -> u64 {
        0
    }
    /// See [`Kernel::tells`].
    fn tells(&self, _lane: usize) -> Option<Told> {
        None
    }
}

impl<K: Lanewise> Kernel for K {
    fn render(&mut self, pass: &mut Pass) {
        debug_assert!(pass.frames >= 1 && pass.frames <= TILE);
        isa::run(self, pass);
    }
    fn start(&mut self, lane: usize, start: Start) {
        Lanewise::start(self, lane, start);
    }
    fn stop(&mut self, lane: usize, at: u64) {
        Lanewise::stop(self, lane, at);
    }
    fn take(&mut self, old: &mut dyn Kernel, _: &mut [Passage], _: u64) {
        if let Some(old) = carry::same::<K>(old) {
            Lanewise::take(self, old);
        }
    }
    fn succeeded(&mut self, at: u64) {
        Lanewise::succeeded(self, at);
    }
    fn tail(&self) -> u64 {
        Lanewise::tail(self)
    }
    fn tells(&self, lane: usize) -> Option<Told> {
        Lanewise::tells(self, lane)
    }
}

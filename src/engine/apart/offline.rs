//! Large blocks of a host that renders offline: the running program is taken apart for the block, its portions are rendered by several
//! threads, and what they put out is handed to the engine piece by piece, as if it had rendered them itself. The same kernels at the same
//! pieces, so the same bits. The thread that renders may wait here, and allocates once for each program; nothing of this is ever used live.

use std::sync::PoisonError;

use crate::compile::{Program, Role};
use crate::engine::song::SongClock;
use crate::kernel::{Apart, Controls, Event, Graph, Piece, Source, Step};

use super::crew::Crew;
use super::portion::{Block, CHUNK, Member};
use super::{Course, Stretch};
use crate::engine::schedule::{Node, Schedule};

/// A block is worth it from so many frames times nodes on (those beside the largest portion's). On two cores, with tracks of an oscillator and a few
/// filters, it is faster from there on and slower below: `cargo xtask bench bounce offline`.
pub const WORTH: usize = 120_000;
/// Chunks that a portion may be ahead of its readers: a block has memory for all of them.
const AHEAD: usize = usize::MAX / 2;
/// The largest block that memory is made for.
const LARGEST: usize = 1 << 16;
/// Events of a block, beyond which it is not taken apart.
const EVENTS: usize = 1 << 14;

/// See the head of this file.
pub struct Offline {
    crew: Crew,
    /// Frames of a block at most.
    most: usize,
    worth: usize,
    /// The last program that was looked at, and all nodes of it.
    seen: (Option<u64>, usize),
    /// The program that it is made for.
    number: Option<u64>,
    /// Nodes that can be rendered beside the largest portion.
    beside: usize,
    /// Cables and tiles of its outputs.
    outputs: Vec<(usize, u32)>,
    of: Vec<u32>,
    /// The present block's first piece in which something panicked.
    failed: Option<u64>,
    /// The chunk and number of the next piece.
    next: (usize, usize),
    /// Those taken apart so far.
    blocks: u64,
}

/// What begins a block.
pub struct Opening<'a> {
    pub at: u64,
    pub frames: usize,
    pub events: &'a [Event],
    pub sidechain: Option<[&'a [f32]; 2]>,
    pub song: SongClock,
    pub controls: &'a Controls,
}

impl Offline {
    /// For blocks of up to `most` frames, on `threads` threads in all; blocks are taken apart from `worth` frames times nodes on
    /// (see [`WORTH`]). Starts threads.
    pub fn new(threads: usize, most: usize, worth: usize) -> Offline {
        let most = most.min(LARGEST);
        let block = Block {
            at: 0,
            frames: 0,
            events: Vec::with_capacity(EVENTS),
            song: SongClock::new(1.0, 1),
            controls: Controls::default(),
            sidechain: [0, 1].map(|_| Vec::with_capacity(most)),
            cables: vec![],
            room: most / CHUNK + 2,
        };
        Offline {
            crew: Crew::new(threads.saturating_sub(1), block),
            most,
            worth,
            seen: (None, 0),
            number: None,
            beside: 0,
            outputs: vec![],
            of: vec![],
            failed: None,
            next: (0, 0),
            blocks: 0,
        }
    }

    /// Blocks that were taken apart.
    pub fn blocks(&self) -> u64 {
        self.blocks
    }

    /// Whether a block of the program, which runs, is to be taken apart.
    pub fn is_worth(&mut self, program: &Program, frames: usize, events: usize) -> bool {
        if program.part_of.is_empty() || frames > self.most || events > EVENTS {
            return false;
        }
        if self.seen.0 != Some(program.number) {
            let nodes = program.graph.steps().iter().map(Step::nodes).sum();
            self.seen = (Some(program.number), nodes);
        }
        if frames.saturating_mul(self.seen.1) < self.worth {
            return false;
        }
        if self.number != Some(program.number) {
            // Named exception `offline_wait`: a host that renders offline waits for this, once for each program.
            nice_assert_no_alloc::permit_alloc(|| self.prepare(program));
        }
        self.beside > 0 && frames.saturating_mul(self.beside) >= self.worth
    }

    fn prepare(&mut self, program: &Program) {
        let graph = &program.graph;
        let sources = program.strips.iter().flat_map(|(_, port)| [port.left, port.right]);
        let sources = sources.filter(|source| matches!(source, Source::Tile(_)));
        let Apart { portions, sources, outputs, of } = Apart::new(graph, &program.part_of, sources);
        let mut nodes = vec![0; portions.len()];
        graph.steps().iter().zip(&of).for_each(|(step, portion)| nodes[*portion as usize] += step.nodes());
        self.beside = nodes.iter().sum::<usize>() - nodes.iter().max().unwrap_or(&0);
        let tracks = program.strips.iter().take_while(|(strip, _)| strip.role == Role::Track).count();
        let needs = |reads: &[(usize, u32)]| {
            let mut needs: Vec<usize> = reads.iter().map(|(cable, _)| sources[*cable]).collect();
            needs.sort_unstable();
            needs.dedup();
            needs
        };
        let drafts = portions.iter().zip(&nodes).map(|(p, nodes)| Node::new(needs(&p.reads), *nodes as f64));
        let schedule = Schedule::new(drafts.collect(), 0, AHEAD, vec![]);
        let member = |portion| {
            let course = Course {
                song: SongClock::new(program.rate, 1),
                controls: Controls::default(),
                soloed: program.soloed,
                tracks,
            };
            Some(Box::new(Member { portion, course, failed: None }))
        };
        let members = portions.into_iter().map(member).collect();
        {
            let mut block = self.crew.shared.block.write().unwrap_or_else(PoisonError::into_inner);
            let room = block.room;
            block.cables.clear();
            block.cables.resize_with(sources.len() * room, || Stretch::with_pieces(CHUNK).into());
        }
        let mut state = self.crew.shared.state();
        (state.schedule, state.members) = (schedule, members);
        (self.number, self.outputs, self.of) = (Some(program.number), outputs, of);
    }

    /// Renders a block of the program for which [`Offline::is_worth`] was asked last.
    pub fn render(&mut self, graph: &mut Graph, opening: Opening) {
        let shared = &self.crew.shared;
        let frames = opening.frames;
        let chunks = {
            let mut block = shared.block.write().unwrap_or_else(PoisonError::into_inner);
            let Opening { at, frames, events, sidechain, song, controls } = opening;
            (block.at, block.frames, block.song) = (at, frames, song);
            block.events.clear();
            block.events.extend_from_slice(events);
            block.controls.copy_from(controls);
            for (own, side) in block.sidechain.iter_mut().zip(sidechain.unwrap_or([&[]; 2])) {
                own.clear();
                own.extend_from_slice(&side[..side.len().min(frames)]);
            }
            block.chunks()
        };
        {
            let mut state = shared.state();
            let members = &mut state.members;
            for member in members.iter_mut().flatten() {
                member.failed = None;
                member.portion.leave_home(graph);
            }
            let mut of = self.of.iter();
            graph.lend(|step| {
                let portion = of.next().map_or(0, |portion| *portion as usize);
                if let Some(member) = &mut members[portion] {
                    member.portion.take(step);
                }
            });
            state.schedule.again(chunks);
        }
        self.crew.run();
        let mut state = shared.state();
        let members = &mut state.members;
        let back =
            self.of.iter().rev().filter_map(|portion| members[*portion as usize].as_mut()?.portion.give());
        graph.take_back(back, frames);
        for member in members.iter_mut().flatten() {
            member.portion.come_home(graph);
        }
        self.failed = members.iter().flatten().filter_map(|member| member.failed).min();
        self.next = (0, 0);
        self.blocks += 1;
    }

    /// Lets the graph's outputs hold what they had in the next piece of the block. False where something has panicked in it.
    pub fn show(&mut self, graph: &mut Graph, piece: &Piece) -> bool {
        if self.failed.is_some_and(|at| piece.at >= at) {
            return false;
        }
        let block = self.crew.shared.block.read().unwrap_or_else(PoisonError::into_inner);
        let chunk = block.chunk_of(piece.block_frame);
        if self.next.0 != chunk {
            self.next = (chunk, 0);
        }
        let from = piece.block_frame - block.start(chunk);
        for (cable, tile) in &self.outputs {
            let stretch = block.cable(*cable, chunk).read().unwrap_or_else(PoisonError::into_inner);
            stretch.show(self.next.1, from..from + piece.frames, graph.tile_mut(*tile));
        }
        self.next.1 += 1;
        true
    }
}

//! A sound in parts that can be rendered apart from each other: a track with its strip and sends, a bus, the master, and what several of
//! them read. Parts hand each other signals over *cables*, one channel each, in one direction only. A part runs the very kernels of the
//! whole program in the same order, so it puts out the same bits. Loader thread; for the bounce.

mod cut;
mod key;
mod stems;

use std::collections::HashMap;
use std::sync::Arc;

use crate::kernel::drums::Drums;
use crate::kernel::{Graph, Memory, Outbox};
use crate::language::Diagnostic;
use crate::language::limits::PROGRAM_BYTES;

use super::plan::Plan;
use super::program::{Role, Strip};
use super::{Request, build, late, loops, lower, rates, share};
pub(super) use cut::part_of;
pub use key::Key;
pub use lower::{Arrangement, Stroke};
pub(super) use stems::MasterOps;
pub use stems::{Point, StemWish};

/// One side of a signal between parts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Feed {
    Cable(usize),
    Number(f32),
}

/// A signal: left and right.
pub type Signal = [Feed; 2];

/// A sound in parts, in an order in which nothing reads what comes later.
pub struct Parts {
    /// Name of the sound.
    pub name: String,
    /// Frames per second.
    pub rate: f64,
    /// By how many frames all outputs are late.
    pub latency: u64,
    /// Frames after which the sound is over by itself, if it says so.
    pub length: Option<u64>,
    /// The text has soloed a track.
    pub soloed: bool,
    pub strips: Vec<(Strip, Signal)>,
    /// What is to be written beside the mix, in the order of the strips.
    pub stems: Vec<Stem>,
    pub parts: Vec<Draft>,
    /// What it is as a piece of music.
    pub arrangement: Arrangement,
    /// What its triggers have learned; none have, if nobody says. Caches do not tell them apart.
    pub drums: Option<Arc<Drums>>,
    pub warnings: Vec<Diagnostic>,
    pub notes: Vec<Diagnostic>,
}

/// A stem: its name is that of its strip.
pub struct Stem {
    pub name: String,
    pub role: Role,
    pub signal: Signal,
}

/// A part that is not built yet.
pub struct Draft {
    /// What it is of: a strip's name; several, where all of them read it.
    pub name: String,
    /// The strip whose it is; none for what is shared, and for what comes behind all of them.
    pub strip: Option<usize>,
    /// Cables that it reads, in the order of its imports, and those that it puts out.
    pub reads: Vec<usize>,
    pub writes: Vec<usize>,
    plan: Plan,
}

/// A part, ready to run.
pub struct Part {
    pub(crate) graph: Graph,
    pub(crate) outbox: Arc<Outbox>,
    /// Tiles that take what cables bring, and those that go out, in the order of the draft's cables.
    pub(crate) reads: Vec<u32>,
    pub(crate) writes: Vec<u32>,
}

/// How to take a sound apart.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cut {
    /// What stems are wanted.
    pub stems: Option<StemWish>,
    /// Not at all: everything is one part.
    pub whole: bool,
}

/// Compiles a sound of a library into parts.
///
/// # Errors
/// Everything that is wrong with the sound, at its places in the text.
pub fn compile_parts(request: &Request, cut: Cut) -> Result<Parts, Vec<Diagnostic>> {
    let root = request.library.instantiate(request.sound, request.overrides)?;
    let lowered = lower::lower(request, &root)?;
    let mut plan = lowered.plan;
    let wanted = match cut.stems {
        Some(wish) => stems::tap(&mut plan, &lowered.tracks, lowered.master.as_ref(), wish),
        None => vec![],
    };
    let (plan, latency) = late::compensate(plan, request.rate);
    let plan = rates::rates(loops::gather(share::prune(share::share(plan))));
    let strips: Vec<Strip> = lowered.tracks.into_iter().map(Strip::from).collect();
    let cut::Pieces { parts, outputs } = cut::cut(plan, &strips, &wanted, cut.whole);
    let draft = |part: cut::Piece| Draft {
        name: part.name(&strips),
        strip: part.strip(strips.len()),
        reads: part.reads,
        writes: part.writes,
        plan: part.plan,
    };
    let parts = parts.into_iter().map(draft).collect();
    let (own, tapped) = outputs.split_at(strips.len());
    let stem = |(strip, signal): (&usize, &Signal)| Stem {
        name: strips[*strip].name.clone(),
        role: strips[*strip].role,
        signal: *signal,
    };
    let stems = wanted.iter().zip(tapped).map(stem).collect();
    let length = lowered.length.map(|seconds| (seconds * request.rate + 1e-9) as u64);
    Ok(Parts {
        name: request.sound.to_owned(),
        rate: request.rate,
        latency,
        length: length.map(|frames| frames.saturating_add(latency)),
        soloed: lowered.soloed,
        strips: strips.into_iter().zip(own.iter().copied()).collect(),
        stems,
        parts,
        arrangement: lowered.arrangement,
        drums: None,
        warnings: lowered.warnings,
        notes: lowered.notes,
    })
}

/// What all parts of a sound together may take.
pub struct Room(Memory);

impl Default for Room {
    fn default() -> Self {
        Room(Memory::new(PROGRAM_BYTES))
    }
}

impl Parts {
    /// For each part a key of all that decides what it puts out, but for notes, controls and the transport. `request` as it was compiled.
    pub fn keys(&self, request: &Request) -> Vec<Key> {
        key::keys(&self.parts, request)
    }
}

impl Draft {
    /// Whether notes start voices in it.
    pub fn hears_notes(&self) -> bool {
        self.plan.hears_notes()
    }

    /// The kinds of its nodes and other operations, but not of those within voices.
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> {
        self.plan.ops.iter().map(|op| op.what.name())
    }

    /// Ids of the nodes that play a file which is missing, where the store has excused that.
    pub fn without_samples(&self) -> Vec<String> {
        self.plan.without_samples()
    }

    /// Makes kernels and memory of it.
    ///
    /// # Errors
    /// What cannot be built, at its place in the text.
    pub fn build(&self, request: &Request, room: &Room) -> Result<Part, Diagnostic> {
        build::part(self.plan.apart(), request, &room.0)
    }

    /// Nodes in it, for a first guess of what it costs.
    pub fn nodes(&self) -> usize {
        self.plan.ops.len()
    }
}

/// For each cable, the part that puts it out.
pub fn sources(parts: &[Draft]) -> HashMap<usize, usize> {
    let of =
        |(n, part): (usize, &Draft)| part.writes.iter().map(move |cable| (*cable, n)).collect::<Vec<_>>();
    parts.iter().enumerate().flat_map(of).collect()
}

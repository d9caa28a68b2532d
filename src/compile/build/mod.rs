//! Last stage: a plan becomes kernels, tiles and slots. Everything a program will ever need is allocated here. Loader thread.

mod kernels;
mod tapes;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use crate::kernel::voices::Import;
use crate::kernel::{
    Audio, Controls, EndRule, Graph, MAX_LANES, Memory, Outbox, Piece, Port, Song, Source, Start, Step, TILE,
    Width, frames_kept,
};
use crate::language::Diagnostic;
use crate::language::limits::{AHEAD_PATIENCE, PROGRAM_BYTES};
use crate::language::model::Span;

use kernels::work;
use tapes::{Level, tapes};

use super::Request;
use super::allocate::{Tiles, allocate};
use super::loops::{loops, own_tiles};
use super::parts::{Part, part_of};
use super::plan::{Ends, Plan, Value, What, Wire};
use super::program::{Program, Role, Strip};

pub(super) fn program(
    plan: Plan,
    strips: Vec<Strip>,
    length: Option<f64>,
    request: &Request,
    outbox: Arc<Outbox>,
) -> Result<Program, Diagnostic> {
    let memory = Memory::new(PROGRAM_BYTES);
    let site = Site { request, memory: &memory, outbox: &outbox, level: None, song: true, place: None };
    let part_of = part_of(&plan, &strips);
    let built = graph(plan, 1, 1, &site)?;
    let named = strips.iter().take_while(|strip| matches!(strip.role, Role::Track | Role::Bus));
    Ok(Program {
        names: named.map(|strip| strip.name.clone()).collect(),
        number: 0,
        carry: None,
        after: vec![],
        name: request.sound.to_owned(),
        rate: request.rate,
        graph: built.graph,
        part_of,
        strips: strips.into_iter().zip(built.outputs).collect(),
        soloed: false,
        unmoved: 0,
        latency: 0,
        length: length.map(|seconds| (seconds * request.rate + 1e-9) as u64),
        outbox,
    })
}

/// Makes a part of a sound. What it reads over cables are its imports, in their order.
pub(super) fn part(plan: Plan, request: &Request, memory: &Memory) -> Result<Part, Diagnostic> {
    let outbox = Arc::default();
    let site = Site { request, memory, outbox: &outbox, level: None, song: true, place: None };
    let built = graph(plan, 1, 1, &site)?;
    let tile = |port: &Port| match port.left {
        Source::Tile(tile) => tile,
        Source::Slot(_) => unreachable!("cables come from operations"),
    };
    let writes = built.outputs.iter().map(tile).collect();
    let reads = built.imports.iter().map(|import| import.tile).collect();
    Ok(Part { graph: built.graph, outbox, reads, writes })
}

/// After so many tiles the rendering of a signal asks whether it is still wanted.
const ASK: usize = 16;

/// Renders a plan from its beginning until it ends, at most `frames` frames: for nodes that need a signal whole.
pub(super) fn ahead(plan: Plan, frames: usize, request: &Request, span: Span) -> Result<Audio, Diagnostic> {
    let begin = Instant::now();
    let channels = 1 + usize::from(plan.outputs.first().is_some_and(Wire::is_stereo));
    let (memory, outbox) = (Memory::new(PROGRAM_BYTES), Arc::default());
    let site = Site { request, memory: &memory, outbox: &outbox, level: None, song: false, place: None };
    let mut built = graph(plan, 1, 1, &site)?;
    let Some(port) = built.outputs.first().copied() else {
        return Err(Diagnostic::general("ahead", "there is no signal to render"));
    };
    let mut audio = Audio { rate: request.rate, channels: vec![Vec::with_capacity(frames); channels] };
    let controls = Controls::default();
    let song = Song { rolling: true, bpm: 120.0, ..Song::default() };
    built.graph.start(0, Start { at: 0, voice: 0 });
    while audio.frames() < frames {
        if begin.elapsed() > Duration::from_secs(AHEAD_PATIENCE) {
            let message = format!("rendering this beforehand takes more than {AHEAD_PATIENCE} s");
            return Err(
                Diagnostic::error("too-large", span, message).hint("give the node a shorter `duration`")
            );
        }
        let at = audio.frames();
        let stopped = || request.store.lock().unwrap_or_else(PoisonError::into_inner).stopped();
        if at.is_multiple_of(ASK * TILE) && stopped() {
            let message = "this was not rendered: something newer is asked for";
            return Err(Diagnostic::error("given-up", span, message));
        }
        let count = TILE.min(frames - at);
        let piece = Piece {
            at: at as u64,
            frames: count,
            song: song.after(at),
            events: &[],
            block_frame: 0,
            controls: &controls,
            sidechain: [&[], &[]],
        };
        built.graph.render(&piece, 0, Width::One);
        let end = match port.left {
            Source::Tile(tile) => (built.graph.tile(tile).ends[0] as usize).min(count),
            Source::Slot(_) => count,
        };
        for (side, channel) in [port.left, port.right].into_iter().zip(&mut audio.channels) {
            let (values, flat) = built.graph.values(side);
            channel.extend((0..end).map(|n| values[if flat { 0 } else { n }]));
        }
        if end < count {
            break;
        }
    }
    Ok(audio)
}

struct Built {
    graph: Graph,
    outputs: Vec<Port>,
    imports: Vec<Import>,
}

/// Numbers become slots behind the scope variables.
struct Ports<'a> {
    tiles: &'a Tiles,
    slots: Vec<f32>,
    numbers: HashMap<u32, u32>,
}

impl Ports<'_> {
    fn source(&mut self, value: Value) -> Source {
        match value {
            Value::Slot(slot) => Source::Slot(slot),
            Value::Op(op, channel) => Source::Tile(self.tiles.of[op][channel as usize]),
            Value::Const(x) => {
                let slots = &mut self.slots;
                let slot = *self.numbers.entry((x as f32).to_bits()).or_insert_with(|| {
                    slots.push(x as f32);
                    slots.len() as u32 - 1
                });
                Source::Slot(slot)
            }
        }
    }

    fn port(&mut self, wire: Wire) -> Port {
        Port { left: self.source(wire.left), right: self.source(wire.right) }
    }
}

/// Where a graph is built.
#[derive(Clone, Copy)]
struct Site<'a> {
    request: &'a Request<'a>,
    memory: &'a Memory,
    outbox: &'a Arc<Outbox>,
    /// The tapes of the graphs around.
    level: Option<&'a Level<'a>>,
    /// The song's own graph, not that of voices.
    song: bool,
    /// The node whose voices the graph plays.
    place: Option<Span>,
}

impl Site<'_> {
    /// Asks for memory on behalf of what stands at `span`.
    fn take(&self, span: Option<Span>, count: usize, each: usize) -> Result<(), Diagnostic> {
        self.memory.take(count, each).map_err(|message| {
            let diagnostic = Diagnostic { span, ..Diagnostic::general("too-large", message) };
            diagnostic.hint("use fewer voices, or shorter delays in them")
        })
    }
}

/// Builds a graph of `lanes` lanes, `voices` for each lane of the graph around it.
fn graph(plan: Plan, lanes: usize, voices: usize, site: &Site) -> Result<Built, Diagnostic> {
    let tapes: Vec<_> = plan.memories.iter().map(|d| tapes(d, lanes, site)).collect::<Result<_, _>>()?;
    let depth = site.level.map_or(0, |level| level.depth + 1);
    let level = Level { tapes: &tapes, voices, depth, around: site.level };
    let site = &Site { level: Some(&level), ..*site };
    let tiles = allocate(&plan);
    let pack = lanes.min(MAX_LANES) * TILE * size_of::<f32>();
    let lines: usize = plan.lines.iter().map(|late| frames_kept(*late)).sum();
    site.take(site.place, plan.slots.len() + lines, lanes * size_of::<f32>())?;
    let mut loops = loops(&plan, &tiles);
    let slots = plan.slots.iter().map(|x| *x as f32).collect();
    let mut ports = Ports { tiles: &tiles, slots, numbers: HashMap::new() };
    let mut steps = vec![];
    let mut imports = vec![];
    for (index, op) in plan.ops.into_iter().enumerate() {
        let outputs = tiles.of[index];
        if let What::Import { index: port, channel } = op.what {
            imports.push(Import { port, channel, tile: outputs[0] });
            continue;
        }
        let inputs: Box<[Port]> = op.inputs.iter().map(|w| ports.port(*w)).collect();
        let ends = match &op.ends {
            Ends::Never => EndRule::Never,
            Ends::With(port) => EndRule::With(*port),
            Ends::AllOf(ports) => EndRule::AllOf(ports.clone()),
            Ends::Own => EndRule::Own,
        };
        let (id, channels, sparse, leaving) = (op.id.clone(), op.channels, op.sparse, op.leaving);
        let lamp = op.lamp.clone();
        let work = work(op, lanes, site)?;
        steps.push(Step { id, work, inputs, outputs, channels, ends, sparse, leaving, born: None, lamp });
    }
    let outputs = plan.outputs.iter().map(|w| ports.port(*w)).collect();
    let count = own_tiles(&mut loops, &mut steps, tiles.count);
    site.take(site.place, count, pack)?;
    let graph = Graph::new(steps, count, &ports.slots, lanes, site.request.rate, site.song)
        .with_loops(&plan.lines, loops)
        .with_tapes(tapes.clone());
    Ok(Built { graph, outputs, imports })
}

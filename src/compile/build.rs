//! Last stage: a plan becomes kernels, tiles and slots. Everything a program will ever need is allocated here. Loader thread.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::dsp::sinc::{Sinc, TAPS};
use crate::kernel::curve::{CurveKernel, CurvePart, CurvePoint};
use crate::kernel::formula::FormulaKernel;
use crate::kernel::plumbing::{Average, Cut, Fade, First, Held, Sum, Vacant};
use crate::kernel::tape::Tape;
use crate::kernel::tempo::Tempo;
use crate::kernel::voices::{
    Blend, BlendPlan, Import, MidiIn, MidiInPlan, Multiply, MultiplyPlan, PoolPlan, Select, SelectPlan,
    Sequencer, SequencerPlan, Spawn, SpawnPlan,
};
use crate::kernel::{
    Audio, Build, Controls, EndRule, Graph, Kernel, MAX_LANES, Memory, Outbox, Piece, Port, Song, Source,
    Start, Step, TILE, Width, Work, frames_kept,
};
use crate::language::Diagnostic;
use crate::language::limits::{AHEAD_PATIENCE, LANES, PROGRAM_BYTES};
use crate::language::model::Span;
use crate::nodes::Runs;

use super::Request;
use super::allocate::{Tiles, allocate};
use super::loops::{loops, own_tiles};
use super::plan::{Ends, MemoryDraft, Op, Plan, Recipe, Value, What, Wire};
use super::pools::{Driver, PoolDraft, Voices};
use super::program::{Program, Strip};

pub(super) fn program(
    plan: Plan,
    names: Vec<String>,
    length: Option<f64>,
    request: &Request,
    outbox: Arc<Outbox>,
) -> Result<Program, Diagnostic> {
    let stereo: Vec<bool> = plan.outputs.iter().map(Wire::is_stereo).collect();
    let memory = Memory::new(PROGRAM_BYTES);
    let site = Site { request, memory: &memory, outbox: &outbox, level: None, song: true, place: None };
    let built = graph(plan, 1, 1, &site)?;
    let names = names.into_iter().chain(std::iter::repeat(String::new()));
    let strips = names.zip(built.outputs).zip(stereo);
    Ok(Program {
        number: 0,
        carry: None,
        name: request.sound.to_owned(),
        rate: request.rate,
        graph: built.graph,
        strips: strips
            .map(|((name, port), s)| Strip { name, port, channels: 1 + usize::from(s), place: 0 })
            .collect(),
        length: length.map(|seconds| (seconds * request.rate + 1e-9) as u64),
        outbox,
    })
}

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

/// The tapes of a graph, per lane of it.
struct Level<'a> {
    tapes: &'a [Vec<Arc<Tape>>],
    /// Lanes of the graph for each lane of the one around.
    voices: usize,
    depth: usize,
    around: Option<&'a Level<'a>>,
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
        let work = work(op, lanes, site)?;
        steps.push(Step { id, work, inputs, outputs, channels, ends, sparse, leaving });
    }
    let outputs = plan.outputs.iter().map(|w| ports.port(*w)).collect();
    let count = own_tiles(&mut loops, &mut steps, tiles.count);
    site.take(site.place, count, pack)?;
    let graph = Graph::new(steps, count, &ports.slots, lanes, site.request.rate)
        .with_loops(&plan.lines, loops)
        .with_tapes(tapes.clone());
    Ok(Built { graph, outputs, imports })
}

/// A tape for every lane.
fn tapes(draft: &MemoryDraft, lanes: usize, site: &Site) -> Result<Vec<Arc<Tape>>, Diagnostic> {
    let rate = site.request.rate;
    let file = draft.file.as_ref().map(|audio| Arc::new(at_rate(audio, rate)));
    let default = if lanes == 1 { 10.0 } else { 4.0 };
    let frames = match (draft.seconds, &file) {
        (Some((seconds, _)), _) => (seconds * rate + 1e-6) as usize,
        (None, Some(audio)) => audio.frames(),
        (None, None) => (default * rate) as usize,
    };
    let channels = draft.channels.max(1);
    site.take(
        draft.writer.or(Some(draft.reader)),
        lanes * channels,
        frames.saturating_mul(size_of::<f32>()),
    )?;
    Ok((0..lanes).map(|_| Arc::new(Tape::new(frames, channels, file.clone()))).collect())
}

/// A tape of a graph around (or of the present one), for each of `lanes` lanes of the present one.
fn shared((depth, index): (usize, usize), lanes: usize, site: &Site) -> Vec<Arc<Tape>> {
    let (mut level, mut apart) = (site.level, 1);
    while let Some(inner) = level.filter(|l| l.depth > depth) {
        apart *= inner.voices.max(1);
        level = inner.around;
    }
    let Some(owner) = level.and_then(|level| level.tapes.get(index)) else { return vec![] };
    (0..lanes).map(|lane| owner[(lane / apart).min(owner.len() - 1)].clone()).collect()
}

/// About what a kernel keeps for one lane, and for each of its inputs there.
const STATE: usize = 128;

fn work(op: Op, lanes: usize, site: &Site) -> Result<Work, Diagnostic> {
    let span = if let What::Node(recipe) = &op.what { Some(recipe.span) } else { site.place };
    site.take(span, lanes, STATE * (1 + op.inputs.len()))?;
    let request = site.request;
    let seed = seed(request.seed, &op.id);
    let kernel: Box<dyn Kernel> = match op.what {
        What::FeedbackRead { line } => return Ok(Work::FeedbackRead(line)),
        What::FeedbackWrite { line } => return Ok(Work::FeedbackWrite(line)),
        What::Node(ref recipe) => node(recipe, &op, lanes, seed, site)?,
        What::Formula(program) => Box::new(FormulaKernel::new(program, lanes, request.rate, seed)),
        What::Curve { positions, frames } => {
            Box::new(CurveKernel::new(points(&op.inputs, &positions), frames, lanes))
        }
        What::Sum => Box::new(Sum),
        What::Fade => {
            let frames = (crate::kernel::carry::FADE * request.rate).ceil().max(1.0) as u64;
            Box::new(Fade { frames, began: None })
        }
        What::Leaving => Box::new(Vacant),
        What::First => Box::new(First),
        What::Held => Box::new(Held { last: vec![0.0; lanes] }),
        What::Average => Box::new(Average),
        What::Cut { frames } => Box::new(Cut { frames, over: vec![false; lanes] }),
        What::Tempo { part, host } => Box::new(Tempo::new(part, lanes, site.song && host)),
        What::Voices(voices) => self::voices(*voices, lanes, site)?,
        What::Import { .. } => unreachable!("imports are not steps"),
    };
    Ok(Work::Kernel(kernel))
}

/// The points of an interpolated list: inputs hold all values, then the positions of the points that have one.
fn points(inputs: &[Wire], positions: &[bool]) -> Vec<CurvePoint> {
    let part = |port: usize| inputs[port].as_number().map_or(CurvePart::Port(port), CurvePart::Number);
    let mut next = positions.len();
    let points = positions.iter().enumerate().map(|(port, positioned)| {
        let position = positioned.then(|| {
            next += 1;
            part(next - 1)
        });
        CurvePoint { value: part(port), position }
    });
    points.collect()
}

fn node(
    recipe: &Recipe,
    op: &Op,
    lanes: usize,
    seed: u64,
    site: &Site,
) -> Result<Box<dyn Kernel>, Diagnostic> {
    let input_channels: Vec<usize> = op.inputs.iter().map(|w| 1 + usize::from(w.is_stereo())).collect();
    let constants: Vec<Option<f64>> = op.inputs.iter().map(Wire::as_number_or_nan).collect();
    let tapes = recipe.memory.map(|memory| shared(memory, lanes, site)).unwrap_or_default();
    let build = Build {
        constants: &constants,
        song: site.song,
        spec: &recipe.def.spec,
        inputs: &recipe.inputs,
        fixed: &recipe.fixed,
        named: &recipe.named,
        ports: op.inputs.len(),
        lanes,
        channels: op.channels,
        input_channels: &input_channels,
        rate: site.request.rate,
        duration: recipe.duration,
        seed,
        audio: recipe.audio.clone(),
        band_limited: recipe.band_limited,
        memory: site.memory,
        folder: &recipe.folder,
        tapes: &tapes,
        outbox: site.outbox,
    };
    match recipe.def.runs {
        Runs::Kernel(make) | Runs::Ahead(make) => {
            make(&build).map_err(|message| Diagnostic::error("node", recipe.span, message))
        }
        Runs::Structure(_) => Err(Diagnostic::error("node", recipe.span, "this node has no kernel")),
    }
}

fn voices(voices: Voices, lanes: usize, site: &Site) -> Result<Box<dyn Kernel>, Diagnostic> {
    let site = &Site { song: false, place: Some(voices.span), ..*site };
    let mut pools = vec![];
    for draft in voices.pools {
        pools.push(pool(draft, lanes, site)?);
    }
    let mut pools = pools.into_iter();
    let mut only = || pools.next().ok_or_else(|| Diagnostic::general("voices", "nothing to play"));
    Ok(match voices.driver {
        Driver::Multiply { number, copies } => {
            Box::new(Multiply::new(MultiplyPlan { pool: only()?, number, copies }))
        }
        Driver::MidiIn { channel, limit, variables, bend_range } => {
            let tuning = site.request.library.tuning().map(|t| Box::new(t.table()));
            Box::new(MidiIn::new(MidiInPlan { pool: only()?, channel, limit, variables, bend_range, tuning }))
        }
        Driver::Spawn { trigger, threshold, limit, life, variables } => {
            Box::new(Spawn::new(SpawnPlan { pool: only()?, trigger, threshold, limit, life, variables }))
        }
        Driver::Select { keys, test, ends } => {
            Box::new(Select::new(SelectPlan { pools: pools.collect(), keys, test, ends, parents: lanes }))
        }
        Driver::Blend { clock, courses } => {
            Box::new(Blend::new(BlendPlan { pools: pools.collect(), clock, courses, parents: lanes }))
        }
        Driver::Sequencer { steps, order } => {
            let pools = pools.collect();
            Box::new(Sequencer::new(SequencerPlan { pools, steps, order, parents: lanes }))
        }
    })
}

fn pool(draft: PoolDraft, parents: usize, site: &Site) -> Result<PoolPlan, Diagnostic> {
    let lanes = Graph::lanes_for(parents * draft.voices);
    if lanes > LANES {
        let message = format!("voices within voices need {lanes} lanes; at most {LANES}");
        return Err(Diagnostic { span: site.place, ..Diagnostic::general("too-large", message) });
    }
    let stereo = draft.plan.outputs.first().is_some_and(Wire::is_stereo);
    let sums = 2 * parents.min(MAX_LANES);
    site.take(site.place, sums, MAX_LANES * TILE * size_of::<f32>())?;
    let built = graph(draft.plan, lanes, draft.voices, site)?;
    let tile = |source: Source| match source {
        Source::Tile(tile) => Ok(tile),
        Source::Slot(_) => Err(Diagnostic::general("voices", "a voice has no output")),
    };
    let port = built.outputs.first().ok_or_else(|| Diagnostic::general("voices", "a voice has no output"))?;
    Ok(PoolPlan {
        graph: built.graph,
        output: [tile(port.left)?, tile(port.right)?],
        channels: 1 + usize::from(stereo),
        imports: built.imports,
        parents,
        voices: draft.voices,
    })
}

/// A recording at another rate.
fn at_rate(audio: &Audio, rate: f64) -> Audio {
    let step = audio.rate / rate;
    let frames = (audio.frames() as f64 / step) as usize;
    let sinc = Sinc::shared();
    let read = |data: &Vec<f32>, n: usize| {
        let at = n as f64 * step;
        let first = at.floor() as i64 - (TAPS as i64 / 2 - 1);
        let taps = std::array::from_fn(|k| {
            usize::try_from(first + k as i64).ok().and_then(|i| data.get(i)).copied().unwrap_or(0.0)
        });
        sinc.read(&taps, at.fract() as f32, step as f32)
    };
    let channels = audio.channels.iter();
    let channels = channels.map(|data| match step == 1.0 {
        true => data.clone(),
        false => (0..frames).map(|n| read(data, n)).collect(),
    });
    Audio { rate, channels: channels.collect() }
}

/// The seed of a node's random streams: FNV-1a over its path, mixed with the project's seed.
fn seed(project: u64, path: &str) -> u64 {
    let hash = path
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    hash ^ project.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

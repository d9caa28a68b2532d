//! Operations become kernels, and the voices that they play pools. Loader thread.

use crate::compile::plan::{Op, Recipe, What, Wire};
use crate::compile::pools::{BankDraft, Driver, Voices};
use crate::kernel::along::{Along, SongTempo};
use crate::kernel::curve::{CurveKernel, CurvePart, CurvePoint};
use crate::kernel::formula::FormulaKernel;
use crate::kernel::late::Late;
use crate::kernel::macros::{Macro, Turn};
use crate::kernel::plumbing::{Average, Cut, Fade, First, Held, Sum, Vacant};
use crate::kernel::recordings::Recordings;
use crate::kernel::tempo::Tempo;
use crate::kernel::voices::{
    BankPlan, Blend, BlendPlan, Hit, MidiIn, MidiInPlan, Multiply, MultiplyPlan, NotesOut, PoolPlan, Select,
    SelectPlan, Sequencer, SequencerPlan, Spawn, SpawnPlan, Touch,
};
use crate::kernel::{Build, Graph, Kernel, MAX_LANES, Source, TILE, Work};
use crate::language::Diagnostic;
use crate::language::limits::LANES;
use crate::nodes::Runs;

use super::tapes::shared;
use super::{Site, graph};

/// About what a kernel keeps for one lane, and for each of its inputs there.
const STATE: usize = 128;

pub(super) fn work(op: Op, lanes: usize, site: &Site) -> Result<Work, Diagnostic> {
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
        What::Fade(law) => {
            let frames = (crate::kernel::carry::FADE * request.rate).ceil().max(1.0) as u64;
            Box::new(Fade { law, frames, began: None })
        }
        What::Leaving => Box::new(Vacant),
        What::First => Box::new(First),
        What::Late { frames } => {
            site.take(span, lanes, Late::bytes(frames, op.channels))?;
            Box::new(Late::new(frames, lanes, op.channels))
        }
        What::Held => Box::new(Held { last: vec![0.0; lanes] }),
        What::Average => Box::new(Average),
        What::Cut { frames } => Box::new(Cut { frames, over: vec![false; lanes] }),
        What::Along { curve, clock } => Box::new(Along::new(curve, clock)),
        What::SongTempo { line } => Box::new(SongTempo::new(line)),
        What::NotesOut(plan) => {
            site.take(span, lanes, plan.notes.bytes())?;
            Box::new(NotesOut::new(plan, site.outbox.clone()))
        }
        What::Recordings(plan) => Box::new(Recordings::new(plan, request.rate)),
        What::Tempo { part, host } => Box::new(Tempo::new(part, lanes, site.song && host)),
        What::Macro(plan) => Box::new(Macro::new(plan, request.rate)),
        What::Turn(plan) => Box::new(Turn(plan)),
        What::Touch(touched) => Box::new(Touch::new(touched, lanes, request.rate)),
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
        quality: site.request.quality,
        duration: recipe.duration,
        seed,
        audio: recipe.audio.clone(),
        band_limited: recipe.band_limited,
        memory: site.memory,
        folder: &recipe.folder,
        tapes: &tapes,
        outbox: site.outbox,
        strip: recipe.strip,
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
    let measured = voices.driver.measures();
    let mut pools = vec![];
    for draft in voices.pools {
        let banks = std::iter::once(draft.main).chain(draft.older);
        pools.push(PoolPlan {
            banks: banks.map(|draft| bank(draft, lanes, measured, site)).collect::<Result<_, _>>()?,
        });
    }
    let mut pools = pools.into_iter();
    let mut only = || pools.next().ok_or_else(|| Diagnostic::general("voices", "nothing to play"));
    Ok(match voices.driver {
        Driver::Multiply { number, copies } => {
            Box::new(Multiply::new(MultiplyPlan { pool: only()?, number, copies }))
        }
        Driver::MidiIn { manner, variables, score, rings } => {
            let tuning = site.request.library.tuning().map(|t| Box::new(t.table()));
            let rate = site.request.rate;
            if let Some(score) = &score {
                site.take(site.place, 1, score.notes.bytes())?;
            }
            let (pool, manner) = (only()?, *manner);
            Box::new(MidiIn::new(MidiInPlan { pool, manner, variables, tuning, rate, score, rings }))
        }
        Driver::Hit(plan) => {
            Box::new(Hit::new(*plan, pools.collect(), site.request.rate, site.outbox.clone()))
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

fn bank(draft: BankDraft, parents: usize, measured: bool, site: &Site) -> Result<BankPlan, Diagnostic> {
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
    Ok(BankPlan {
        graph: built.graph,
        output: [tile(port.left)?, tile(port.right)?],
        channels: 1 + usize::from(stereo),
        imports: built.imports,
        parents,
        voices: draft.voices,
        silent: draft.silent,
        closing: draft.closing,
        measured,
    })
}

/// The seed of a node's random streams: FNV-1a over its path, mixed with the project's seed.
fn seed(project: u64, path: &str) -> u64 {
    let hash = path
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    hash ^ project.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

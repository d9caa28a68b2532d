//! Model to program, in stages by value: `lower` (names, scopes, voices), `late` (what meets something late), `share` (equal operations
//! once), `prune` (what nobody hears), `loops` (what runs in parts), `succeed` (what goes on of a running program), `rates` (what is read
//! only now and then), `allocate` (tiles by liveness), `build` (kernels and memory). Loader thread; the result goes to the audio thread
//! whole.

mod allocate;
mod build;
mod check;
mod drawing;
pub mod formula;
mod keys;
mod late;
mod loops;
mod lower;
pub mod parts;
pub mod plan;
mod pools;
mod program;
mod rates;
mod share;
mod sketch;
mod succeed;
mod tempo;
mod written;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use crate::language::limits::PROGRAM_BYTES;
use crate::language::model::Node;
use crate::language::{Diagnostic, Library, Limit};
use crate::library::samples::Store;
use crate::quality::Quality;

pub use crate::kernel::Audio;
pub use check::check;
pub use drawing::{Cable, Drawing, Drawn, Files};
pub use keys::{NoteName, note_names};
pub use lower::{Origin, origin};
pub use program::{Destination, Output, Program, Role, Said, Strip, Width};
pub use sketch::Blueprint;
use sketch::GraphSketch;
pub use succeed::Summary;
use succeed::{Level, Links, succeed, summary};

/// The bounds on programs, beside those of the language.
pub const LIMITS: &[Limit] = &[Limit::new(
    "steps of an expression, with equal parts counted once",
    crate::kernel::formula::MAX_STEPS,
    "",
)];

/// What to compile.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    pub library: &'a Library,
    /// Name of the sound.
    pub sound: &'a str,
    /// Values for parameters of the sound's root, as on the command line.
    pub overrides: &'a [(String, f64)],
    /// Frames per second that the engine computes: a multiple of those that are heard, where the quality says so.
    pub rate: f64,
    pub quality: Quality,
    /// Seed of everything random.
    pub seed: u64,
    /// Decoded samples.
    pub store: &'a Mutex<Store>,
}

/// A program, and what is worth saying about its text.
pub struct Compiled {
    pub program: Box<Program>,
    pub warnings: Vec<Diagnostic>,
    /// Nothing to be mended: loops, and nodes that are read late.
    pub notes: Vec<Diagnostic>,
    /// For the program that will replace this one.
    pub blueprint: Blueprint,
    /// What its keys are called.
    pub note_names: Vec<NoteName>,
    /// What becomes of the nodes of the program before; `None` where there is none.
    pub summary: Option<Summary>,
    /// How it can be drawn.
    pub drawing: Drawing,
}

/// Compiles a sound of a library.
///
/// # Errors
/// Everything that is wrong with the sound, at its places in the text.
pub fn compile(request: &Request) -> Result<Compiled, Vec<Diagnostic>> {
    compile_after(request, None)
}

/// Compiles a sound to replace a program that runs: what has not changed goes on as if nothing had happened, what has changed takes
/// over what it can and fades in.
///
/// # Errors
/// As [`compile`].
pub fn compile_after(request: &Request, before: Option<&Blueprint>) -> Result<Compiled, Vec<Diagnostic>> {
    make(request, before, Keep::Everything, false).map(|(compiled, _)| compiled)
}

/// As [`compile_after`], with a copy of the program to be tried out, which has nothing of the program before.
///
/// # Errors
/// As [`compile`].
pub fn compile_to_try(
    request: &Request,
    before: Option<&Blueprint>,
) -> Result<(Compiled, Option<Box<Program>>), Vec<Diagnostic>> {
    make(request, before, Keep::Everything, true)
}

/// What a program keeps of the one before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    Everything,
    /// Voices that are silent at the moment get no memory of their own.
    Sounding,
    /// Nothing, once its notes are over.
    Nothing,
}

fn make(
    request: &Request,
    before: Option<&Blueprint>,
    keep: Keep,
    to_try: bool,
) -> Result<(Compiled, Option<Box<Program>>), Vec<Diagnostic>> {
    static PROGRAMS: AtomicU64 = AtomicU64::new(1);
    let number = PROGRAMS.fetch_add(1, Ordering::Relaxed);
    let root = request.library.instantiate(request.sound, request.overrides)?;
    let lowered = lower::lower(request, &root)?;
    let (plan, latency) = late::compensate(lowered.plan, request.rate);
    let mut plan = loops::gather(share::prune(share::share(plan)));
    let soloed = lowered.soloed;
    let mut strips: Vec<Strip> = lowered.tracks.into_iter().map(Strip::from).collect();
    let mut blueprint = Blueprint {
        program: number,
        rate: request.rate,
        graph: GraphSketch::of(&plan),
        strips: strips.clone(),
        outbox: before.filter(|_| keep != Keep::Nothing).map(|b| b.outbox.clone()).unwrap_or_default(),
    };
    let copy = to_try.then(|| rates::rates(plan.apart()));
    let (mut carry, mut told, mut after) = (None, None, vec![]);
    if let (Keep::Nothing, Some(before)) = (keep, before) {
        before.graph.notes(&mut after);
        if after.iter().any(|silent| !silent.load(Ordering::Relaxed)) {
            return Err(vec![no_room(request, &root)]);
        }
    }
    let own = strips.clone();
    if let Some(before) = before.filter(|b| b.rate == request.rate && keep != Keep::Nothing) {
        let level = Level { lanes: 1, frugal: keep == Keep::Sounding, silent: None };
        let links = Links::of_tracks((&before.graph, &before.strips), (&blueprint.graph, &strips));
        told = Some(summary(&before.graph, &blueprint.graph, &links.ops));
        let goes_on = |from: &usize| links.outputs.iter().any(|(f, _)| f == from);
        let gone = before.strips.iter().enumerate().filter(|(from, _)| !goes_on(from));
        strips.extend(gone.map(|(_, strip)| Strip {
            name: String::new(),
            role: Role::Gone,
            ..strip.clone()
        }));
        let (merged, mut passes) = succeed(&before.graph, plan, &mut blueprint.graph, level, links);
        plan = merged;
        after = std::mem::take(&mut passes.after);
        carry = Some((before.program, passes));
    }
    let build = |plan, strips, outbox| build::program(plan, strips, lowered.length, request, outbox);
    let mut program = match build(rates::rates(plan), strips, blueprint.outbox.clone()) {
        Ok(program) => program,
        // What is kept of the program before may be too much.
        Err(_) if carry.is_some() => {
            let less = if keep == Keep::Everything { Keep::Sounding } else { Keep::Nothing };
            return make(request, before, less, to_try);
        }
        Err(fault) => return Err(vec![fault]),
    };
    let copy = copy.map(|plan| build(plan, own, Arc::default())).transpose();
    let copy = copy.map_err(|fault| vec![fault])?.map(Box::new);
    (program.number, program.carry, program.after) = (number, carry, after);
    (program.soloed, program.latency) = (soloed, latency);
    program.length = program.length.map(|frames| frames.saturating_add(latency));
    let drawing = Drawing::of(&blueprint.graph, &lowered.monitored);
    let (warnings, notes, note_names) = (lowered.warnings, lowered.notes, note_names(&root));
    let (program, summary) = (Box::new(program), told);
    Ok((Compiled { program, warnings, notes, blueprint, note_names, summary, drawing }, copy))
}

/// A text that could be played, but not beside the notes of the one before.
fn no_room(request: &Request, root: &Node) -> Diagnostic {
    let message = format!(
        "the notes that still sound and this `{}` take more than {} MB of memory together",
        request.sound,
        PROGRAM_BYTES >> 20
    );
    Diagnostic::error("too-large", root.span, message)
        .hint("what was loaded before plays on; let its notes end, and save again")
}

impl From<lower::Track> for Strip {
    fn from(track: lower::Track) -> Strip {
        let lower::Track { name, role, output, stereo, said, .. } = track;
        Strip { name, channels: 1 + usize::from(stereo), role, output, said }
    }
}

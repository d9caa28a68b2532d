//! Model to program, in stages by value: `lower` (names, scopes, voices), `share` (equal operations once), `prune` (what nobody
//! hears), `rates` (what is read only now and then), `allocate` (tiles by liveness), `build` (kernels and memory). Loader thread; the result goes to the audio thread whole.

mod allocate;
mod build;
mod check;
pub mod formula;
mod lower;
pub mod plan;
mod pools;
mod program;
mod rates;
mod share;
mod tempo;

use std::sync::Mutex;

use crate::language::{Diagnostic, Library, Limit};
use crate::library::samples::Store;

pub use check::check;
pub use program::{Program, Strip};

/// The bounds on programs, beside those of the language.
pub const LIMITS: &[Limit] = &[Limit::new(
    "steps of an expression, with equal parts counted once",
    crate::kernel::formula::MAX_STEPS,
    "",
)];

/// What to compile.
pub struct Request<'a> {
    pub library: &'a Library,
    /// Name of the sound.
    pub sound: &'a str,
    /// Values for parameters of the sound's root, as on the command line.
    pub overrides: &'a [(String, f64)],
    /// Frames per second.
    pub rate: f64,
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
}

/// Compiles a sound of a library.
///
/// # Errors
/// Everything that is wrong with the sound, at its places in the text.
pub fn compile(request: &Request) -> Result<Compiled, Vec<Diagnostic>> {
    let root = request.library.instantiate(request.sound, request.overrides)?;
    let lowered = lower::lower(request, &root)?;
    let plan = rates::rates(share::prune(share::share(lowered.plan)));
    let names = lowered.tracks.into_iter().map(|t| t.name).collect();
    let program = build::program(plan, names, lowered.length, request).map_err(|d| vec![d])?;
    Ok(Compiled { program: Box::new(program), warnings: lowered.warnings, notes: lowered.notes })
}

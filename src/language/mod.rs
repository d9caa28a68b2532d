//! Text to model: files, spans, YAML, expressions, and everything that can be wrong with them. Loader thread; never signal code.

mod diagnostic;
pub mod model;
mod names;
pub mod vocabulary;

pub use diagnostic::{Diagnostic, Severity};
pub use names::nearest;

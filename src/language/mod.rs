//! Text to model: files, spans, YAML, expressions, and everything that can be wrong with them. Loader thread; never signal code.

mod diagnostic;
mod expr;
pub mod model;
mod names;
mod scalar;
mod source;
mod tree;
pub mod vocabulary;
mod yaml;

pub use diagnostic::{Diagnostic, Severity};
pub use names::nearest;

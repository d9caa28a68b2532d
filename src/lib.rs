//! Seiche: sound libraries in YAML, compiled to programs that play inside the host's audio callback.
//!
//! The modules below are the rooms of `ARCHITECTURE.md`, listed in the order in which a sound passes through them.
//! Arrows between rooms only point down the flow; `tests/architecture.rs` fails on one that points back.

pub mod units;
pub mod spec;
pub mod dsp;
pub mod kernel;
pub mod nodes;
pub mod language;
pub mod library;
pub mod compile;
pub mod engine;
pub mod session;
#[cfg(feature = "plugin")]
pub mod editor;
#[cfg(feature = "plugin")]
pub mod plugin;

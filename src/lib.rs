//! Seiche: sound libraries in YAML, compiled to programs that play inside the host's audio callback.
//!
//! The modules below are the rooms of `ARCHITECTURE.md`, listed in the order in which a sound passes through them.
//! Arrows between rooms only point down the flow; `tests/architecture.rs` fails on one that points back.

pub mod bounce;
#[cfg(feature = "cli")]
pub mod cli;
pub mod compile;
pub mod dsp;
#[cfg(feature = "plugin")]
pub mod editor;
pub mod engine;
pub mod kernel;
pub mod language;
pub mod library;
pub mod nodes;
#[cfg(feature = "plugin")]
pub mod plugin;
pub mod quality;
pub mod reference;
pub mod score;
pub mod session;
pub mod spec;
pub mod units;

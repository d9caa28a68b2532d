//! What a running node is: lanes, tiles, passes and the [`Kernel`] trait. Kernels are built by the loader and run by the audio
//! thread; this room knows neither YAML nor hosts.

pub mod along;
mod apart;
mod build;
pub mod carry;
pub mod clock;
pub mod course;
pub mod curve;
pub mod drums;
pub mod edge;
mod event;
mod feedback;
pub mod formula;
mod graph;
mod isa;
pub mod keyboard;
pub mod lamp;
pub mod late;
pub mod macros;
mod outbox;
mod pass;
pub mod plumbing;
#[cfg(test)]
pub(crate) mod probe;
pub mod recordings;
pub mod sight;
pub mod steps;
pub mod tape;
pub mod tempo;
mod tile;
mod trail;
pub mod voices;

pub(crate) use crate::dsp::lane;
pub use apart::{Apart, Portion};
pub use build::{
    Audio, BAKED, Build, CHANGES_OVER, Fixed, Inputs, LATE, MakeKernel, Memory, REMEMBERS, StripPart,
    StripPlace, latency,
};
pub use event::{
    Control, Controls, Event, Expression, RESET, RESET_TO, STRIPS, StripControl, StripState,
    TRIGGER_CONTROLS, TRIGGERS, Transport, TriggerControl, TriggerState, What,
};
pub use feedback::{Loop, frames_kept};
pub(crate) use graph::silence_after;
pub use graph::{EndRule, Graph, Slots, Step, Watch, Work};
pub use isa::{Isa, Loops, Width, vectorised};
pub use lane::{Lane, MAX_LANES, Two};
pub use outbox::{Outbox, strip_fault};
pub use pass::{Input, Kernel, Lanewise, Metre, Pass, Piece, Port, Song, Source, Start, silence};
pub use tile::{CONTROL, TILE, Tile};
pub use trail::Trail;

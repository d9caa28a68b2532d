//! Offline rendering, as fast as the machine can: a sound is taken apart (`compile/parts`), workers (`crew`) take its parts, the mix and
//! the files through the song chunk by chunk (`engine/schedule`, `timeline`, `task`), and `export` makes files of it. `render` drives the engine
//! itself, into memory. Any thread but the audio thread.

mod cache;
mod control;
mod crew;
mod export;
mod fault;
mod file;
mod finish;
mod forecast;
mod freeze;
mod lookout;
mod making;
mod meter;
pub mod names;
mod queue;
mod render;
mod report;
mod task;
#[cfg(test)]
mod tests;
mod timeline;
mod wish;
mod write;

pub use cache::Cache;
pub use control::{Control, Progress};
pub use crew::Crew;
pub use export::{Bounced, export};
pub use fault::{Failure, Policy, what};
pub use forecast::{Forecast, Guess, forecast};
pub use freeze::{Freeze, Iced, unfreeze};
pub use meter::{Levels, Measure};
pub use queue::{Entry, Errand, Queue, Standing};
pub use render::{Job, Rendering, render};
pub use report::{FaultReport, Report, level};
pub use timeline::{Length, Tail};
pub use wish::{Export, Level, Output, Source};
pub use write::{Container, Depth, Finished, Loudness, Marker, Shape, Tags, Target, Writer, write_wav};

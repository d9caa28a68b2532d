//! The audio thread: renders the running program block by block, follows events and transport, and swaps programs. It never
//! allocates, frees, locks, waits, logs or panics; what it has no use for any more goes back through a queue.

pub use crate::kernel::{Control, Event, Expression, StripControl, Transport, What};

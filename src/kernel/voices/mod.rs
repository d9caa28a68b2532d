//! Voices: instances of one sub-graph, started and ended while the sound plays. [`Pool`] holds them in banks, which keep a
//! lane for each and sum what they put out; `sequencer`, `midi_in`, `multiply` and `spawn` decide when a voice starts; `touch`
//! smooths what `midi_in` tells it. Audio thread; all memory is made beforehand.

mod bank;
mod blend;
mod hit;
mod import;
mod midi_in;
mod multiply;
mod numbers;
mod pool;
mod roster;
mod select;
mod sequencer;
mod spawn;
mod sums;
mod touch;

pub use bank::BankPlan;
pub use blend::{Blend, BlendPlan};
pub use hit::{Hit, HitPlan, HitVariable, Knob, Output};
pub use import::Import;
pub use midi_in::{
    Choke, Keys, Manner, MidiIn, MidiInPlan, Mode, NAMES, NoteVariable, NotesOut, Press, Priority, Reads,
    ScorePlan, Steal, Tone,
};
pub use multiply::{Multiply, MultiplyPlan};
pub use pool::{Pool, PoolPlan};
pub use select::{Select, SelectPlan};
pub use sequencer::{Order, Sequencer, SequencerPlan, StepCall};
pub use spawn::{Spawn, SpawnPlan};
pub use touch::{Touch, Touched};

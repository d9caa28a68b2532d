//! Music as it is written, and as it is played: notes and their notation, musical time, tempo maps, grooves, curves, MIDI files; and the
//! one pass that makes arrays of them, which sounds read live and in a bounce. Loader thread; what it makes is only read on the audio thread.

mod arrays;
mod curve;
mod euclid;
mod groove;
mod metre;
pub mod midi;
mod notation;
mod note;
mod pitch;
mod prepare;
mod strokes;
mod tempo;
mod time;
mod timeline;

pub use arrays::{Arrays, BUNCH, drawn};
pub use curve::{Curve, CurvePoint, Shape};
pub use euclid::euclid;
pub use groove::Groove;
pub use metre::{Bar, Metre, MetreMap};
pub use notation::{Fault, Line, Word, read_hits, read_notes};
pub use note::{Note, Pattern};
pub use pitch::{CHORDS, Pitch, SCALES, Scale, chord, note_key, note_name, scale, scale_names};
pub use prepare::{Chances, Clip, prepare};
pub use strokes::{DrumNote, write_strokes};
pub use tempo::{TempoMap, TempoPoint};
pub use time::{Grid, TICKS, Time, TimeUnit};
pub use timeline::{Loop, Timeline};

//! Listens to a sound for a short while, by bouncing it into memory: a note alone, or what plays by itself.

use std::collections::HashSet;

use super::notes::Note;
use super::sum::{HOP, Slice};
use crate::bounce::control::Control;
use crate::bounce::export::{Without, attempt};
use crate::bounce::fault::{Failure, Policy};
use crate::bounce::meter::Measure;
use crate::bounce::timeline::{Length, Tail};
use crate::bounce::wish::{Export, Level, Output, Source};
use crate::compile::Request;
use crate::compile::parts::Parts;
use crate::engine::{Event, What};

/// Longest tail of a note, in seconds.
const TAIL: f64 = 6.0;
/// A note that only tells how loud its velocity is, in seconds.
const PROBE: f64 = 0.5;

/// What was heard: the mix, then the stems.
pub struct Heard {
    pub signals: Vec<Vec<[Slice; 2]>>,
    /// The sound has ended by itself.
    pub ended: bool,
}

impl Heard {
    /// The highest peak of each signal.
    pub fn loudest(&self) -> impl Iterator<Item = f32> {
        let most = |signal: &Vec<[Slice; 2]>| {
            signal.iter().flatten().fold(0.0, |most: f32, slice| most.max(slice.peak))
        };
        self.signals.iter().map(most)
    }

    /// That of all of them.
    pub fn peak(&self) -> f32 {
        self.loudest().fold(0.0, f32::max)
    }
}

pub struct Listener<'a> {
    parts: &'a Parts,
    request: &'a Request<'a>,
    export: Export,
    control: &'a Control,
    without: Without,
    frames: u64,
}

impl<'a> Listener<'a> {
    pub fn new(parts: &'a Parts, request: &'a Request, export: &Export, control: &'a Control) -> Self {
        let memory = |source| Output { source, target: None, measure: Measure::Peak };
        let stems = (0..parts.stems.len()).map(Source::Stem);
        let outputs = std::iter::once(Source::Mix).chain(stems).map(memory).collect();
        let (level, policy) = (Level::default(), Policy::Silence);
        let export = Export { outputs, level, policy, time_limit: None, events: vec![], ..export.clone() };
        Listener { parts, request, export, control, without: Without::default(), frames: 0 }
    }

    /// From now on these parts are silent.
    pub fn only(&mut self, silent: HashSet<usize>) {
        self.without.quiet = silent;
    }

    /// Seconds that were heard so far.
    pub fn heard(&self) -> f64 {
        self.frames as f64 / self.parts.rate
    }

    /// The first frames without any note.
    pub fn excerpt(&mut self, frames: u64, controls: &[Event]) -> Result<Heard, Failure> {
        self.listen(frames, Tail::None, controls.to_vec())
    }

    /// A note from its beginning until it has rung out.
    pub fn note(&mut self, note: Note, controls: &[Event]) -> Result<Heard, Failure> {
        self.played(note, Tail::Silence((TAIL * self.parts.rate) as u64), controls)
    }

    /// The beginning of a note.
    pub fn probe(&mut self, note: Note, controls: &[Event]) -> Result<Heard, Failure> {
        let length = note.length.min((PROBE * self.parts.rate) as u64);
        self.played(Note { length, ..note }, Tail::Fixed((0.1 * self.parts.rate) as u64), controls)
    }

    /// Several notes, as they are played.
    pub fn place(&mut self, notes: Vec<Note>, frames: u64, controls: &[Event]) -> Result<Heard, Failure> {
        let mut events: Vec<Event> = controls.iter().filter(|event| event.at == 0).copied().collect();
        notes.iter().for_each(|note| events.extend(turns(note)));
        events.sort_by_key(|event| event.at);
        self.listen(frames, Tail::None, events)
    }

    fn played(&mut self, note: Note, tail: Tail, controls: &[Event]) -> Result<Heard, Failure> {
        let mut events: Vec<Event> = controls.iter().filter(|event| event.at == 0).copied().collect();
        events.extend(turns(&note));
        self.listen(note.length.max(1), tail, events)
    }

    fn listen(&mut self, frames: u64, tail: Tail, events: Vec<Event>) -> Result<Heard, Failure> {
        let length = Length { from: 0, to: frames, tail };
        let export = Export { length, events, ..self.export.clone() };
        let bounced = attempt(self.parts, self.request, &export, &self.without, self.control, &mut |_| {})?;
        self.frames += bounced.report.frames;
        let signals = bounced.audio.iter().map(slices).collect();
        Ok(Heard { signals, ended: bounced.report.ended })
    }
}

/// The beginning and the end of a note.
fn turns(note: &Note) -> [Event; 2] {
    let Note { at, length, channel, key, velocity } = *note;
    let frame = |at: u64| u32::try_from(at).unwrap_or(u32::MAX);
    let off = What::NoteOff { channel, key, note: -1, velocity: 0.5 };
    [
        Event { at: frame(at), what: What::NoteOn { channel, key, note: -1, velocity } },
        Event { at: frame(at + length), what: off },
    ]
}

/// A stereo signal, slice by slice.
fn slices([left, right]: &[Vec<f32>; 2]) -> Vec<[Slice; 2]> {
    let slice = |x: &[f32]| {
        let power = x.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / HOP as f64;
        Slice { peak: x.iter().fold(0.0, |most: f32, x| most.max(x.abs())), power: power as f32 }
    };
    left.chunks(HOP).zip(right.chunks(HOP)).map(|(left, right)| [slice(left), slice(right)]).collect()
}

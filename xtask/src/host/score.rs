//! What a host plays: notes, parameter changes and musical time at exact frames, and what came back.

use super::{ClapId, Running};
use crate::Failed;
use crate::shell::thread_time;
use clack_host::events::event_types::*;
use clack_host::events::io::EventBuffer;
use clack_host::events::{Match, Pckn};
use clack_host::utils::{BeatTime, SecondsTime};
use std::time::{Duration, Instant};

/// A note of a score.
#[derive(Clone, Copy, Debug)]
pub struct Note {
    /// First frame.
    pub at: u64,
    /// Length in frames.
    pub length: u64,
    pub key: u8,
    /// 0..1.
    pub velocity: f64,
}

/// One thing that happens.
#[derive(Clone, Copy, Debug)]
pub enum What {
    On {
        key: u8,
        velocity: f64,
    },
    Off {
        key: u8,
    },
    Parameter {
        id: ClapId,
        value: f64,
    },
    /// A per-note value of the note with this key.
    Expression {
        key: u8,
        kind: NoteExpressionType,
        value: f64,
    },
    Midi([u8; 3]),
}

/// Everything that happens, in order; at one frame, in the order of the list.
#[derive(Clone, Debug, Default)]
pub struct Score {
    pub events: Vec<(u64, What)>,
    /// Host transport: playing from frame 0 with this tempo. `None`: the host has no transport.
    pub tempo: Option<f64>,
    /// The transport goes back to its beginning after so many frames, again and again; a block ends where it does.
    pub cycle: Option<u64>,
    /// What goes into the first input bus, both channels; silence after its end.
    pub sidechain: Vec<f32>,
}

/// How a render is cut into blocks.
#[derive(Clone, Debug)]
pub enum Blocks {
    Of(u32),
    /// Sizes between 1 and the maximum, and now and then none at all, from this seed.
    Random(u64),
}

/// What came out.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    pub rate: f64,
    /// Output buses, channels, frames.
    pub buses: Vec<Vec<Vec<f32>>>,
    /// Longest single call, by the clock on the wall and in processor time.
    pub worst: Duration,
    pub worst_work: Duration,
    /// Processor time of all calls.
    pub work: Duration,
    /// Notes that the plug-in sent to the host, with their frames.
    pub notes_sent: Vec<u64>,
}

impl Score {
    pub fn notes(notes: &[Note]) -> Score {
        let mut events = Vec::new();
        for n in notes {
            events.push((n.at, What::On { key: n.key, velocity: n.velocity }));
            events.push((n.at + n.length, What::Off { key: n.key }));
        }
        events.sort_by_key(|e| e.0);
        Score { events, ..Score::default() }
    }

    pub fn with_tempo(mut self, tempo: f64) -> Score {
        self.tempo = Some(tempo);
        self
    }

    /// Plays the first `frames` frames.
    pub fn play(&self, running: &mut Running, frames: u64, blocks: &Blocks) -> Result<Recording, Failed> {
        let shape = |bus: &super::Bus| vec![Vec::with_capacity(frames as usize); bus.channels.len()];
        let mut recording = Recording {
            rate: running.rate,
            buses: running.outputs.iter().map(shape).collect(),
            ..Recording::default()
        };
        let mut events = EventBuffer::with_capacity(4096);
        let (mut frame, mut next, mut sizes) = (0u64, 0usize, Sizes::new(blocks, running.max_frames));
        while frame < frames {
            let place = self.cycle.map_or(frame, |cycle| frame % cycle);
            let left = self.cycle.map_or(u64::MAX, |cycle| cycle - place);
            let size = u64::from(sizes.next()).min(frames - frame).min(left);
            events.clear();
            while let Some((at, what)) = self.events.get(next).filter(|(at, _)| *at < frame + size) {
                push(&mut events, (at - frame) as u32, *what);
                next += 1;
            }
            if let Some(bus) = running.inputs.first_mut() {
                for channel in &mut bus.channels {
                    for (i, sample) in channel[..size as usize].iter_mut().enumerate() {
                        *sample = self.sidechain.get(frame as usize + i).copied().unwrap_or(0.0);
                    }
                }
            }
            let transport = self.tempo.map(|tempo| transport(place, running.rate, tempo));
            let (begin, begin_work) = (Instant::now(), thread_time());
            running.process(size as u32, &events, transport.as_ref())?;
            let work = thread_time() - begin_work;
            recording.worst = recording.worst.max(begin.elapsed());
            recording.worst_work = recording.worst_work.max(work);
            recording.work += work;
            for (bus, kept) in running.outputs.iter().zip(&mut recording.buses) {
                for (channel, kept) in bus.channels.iter().zip(kept) {
                    kept.extend_from_slice(&channel[..size as usize]);
                }
            }
            let sent = running.sent.iter().filter(|e| e.as_event::<NoteOnEvent>().is_some());
            recording.notes_sent.extend(sent.map(|e| frame + u64::from(e.header().time())));
            frame += size;
        }
        Ok(recording)
    }
}

fn push(events: &mut EventBuffer, at: u32, what: What) {
    let pckn = |key: u8| Pckn::new(0u16, 0u16, u16::from(key), Match::All);
    match what {
        What::On { key, velocity } => events.push(&NoteOnEvent::new(at, pckn(key), velocity)),
        What::Off { key } => events.push(&NoteOffEvent::new(at, pckn(key), 0.0)),
        What::Parameter { id, value } => events.push(&ParamValueEvent::new(at, id, Pckn::match_all(), value)),
        What::Expression { key, kind, value } => {
            events.push(&NoteExpressionEvent::new(at, pckn(key), kind, value))
        }
        What::Midi(bytes) => events.push(&MidiEvent::new(at, 0, bytes)),
    }
}

/// Musical time at a frame, in 4/4 from frame 0.
pub fn transport(frame: u64, rate: f64, tempo: f64) -> TransportEvent {
    let seconds = frame as f64 / rate;
    let beats = seconds * tempo / 60.0;
    let bar = (beats / 4.0).floor();
    TransportEvent {
        header: clack_host::events::EventHeader::new_core(0, clack_host::events::EventFlags::empty()),
        flags: TransportFlags::IS_PLAYING
            | TransportFlags::HAS_TEMPO
            | TransportFlags::HAS_BEATS_TIMELINE
            | TransportFlags::HAS_SECONDS_TIMELINE
            | TransportFlags::HAS_TIME_SIGNATURE,
        song_pos_beats: BeatTime::from_float(beats),
        song_pos_seconds: SecondsTime::from_float(seconds),
        tempo,
        tempo_inc: 0.0,
        loop_start_beats: BeatTime::from_float(0.0),
        loop_end_beats: BeatTime::from_float(0.0),
        loop_start_seconds: SecondsTime::from_float(0.0),
        loop_end_seconds: SecondsTime::from_float(0.0),
        bar_start: BeatTime::from_float(bar * 4.0),
        bar_number: bar as i32,
        time_signature_numerator: 4,
        time_signature_denominator: 4,
    }
}

/// The sequence of block sizes.
struct Sizes {
    fixed: Option<u32>,
    max: u32,
    random: u64,
}

impl Sizes {
    fn new(blocks: &Blocks, max: u32) -> Sizes {
        match *blocks {
            Blocks::Of(size) => Sizes { fixed: Some(size.clamp(1, max)), max, random: 0 },
            Blocks::Random(seed) => Sizes { fixed: None, max, random: seed | 1 },
        }
    }

    fn next(&mut self) -> u32 {
        if let Some(size) = self.fixed {
            return size;
        }
        // xorshift64 (Marsaglia 2003): any fixed sequence will do.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        match self.random % 16 {
            0 => 0,
            1..=9 => 1 + (self.random >> 8) as u32 % self.max.min(700),
            _ => 1 + (self.random >> 8) as u32 % self.max,
        }
    }
}

impl Recording {
    /// The main output: left and right.
    pub fn main(&self) -> &[Vec<f32>] {
        self.buses.first().map_or(&[], |b| b)
    }
}

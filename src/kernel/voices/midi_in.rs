//! `midi_in`: a voice for every note from the host, with the note's values as scope variables that follow its expressions.

use std::slice::from_mut;

use crate::kernel::carry::{Passage, same};
use crate::kernel::event::{Expression, What};
use crate::kernel::pass::{Kernel, Pass, Start, silence};

use super::numbers::Numbers;
use super::pool::{Opening, Place, Pool, PoolPlan};

/// What a voice knows of its note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteVariable {
    /// Hertz, with bend and tuning.
    Freq,
    /// Key number 0..127.
    Note,
    /// 0..1.
    Velocity,
    /// 1 while the key is down.
    Gate,
    /// 0..1, from the key's release on.
    ReleaseVelocity,
    Pressure,
    Brightness,
    /// -1..1.
    Bend,
    /// -1..1.
    Pan,
    /// Factor.
    Gain,
    /// 0..1.
    Vibrato,
    /// 1 to as many as sound at once, going round from note to note.
    Voice,
}

impl NoteVariable {
    /// Names in expressions.
    pub const NAMES: &'static [(&'static str, NoteVariable)] = &[
        ("freq", NoteVariable::Freq),
        ("f", NoteVariable::Freq),
        ("note", NoteVariable::Note),
        ("key", NoteVariable::Note),
        ("n", NoteVariable::Note),
        ("velocity", NoteVariable::Velocity),
        ("vel", NoteVariable::Velocity),
        ("v", NoteVariable::Velocity),
        ("amp", NoteVariable::Velocity),
        ("a", NoteVariable::Velocity),
        ("gate", NoteVariable::Gate),
        ("release_velocity", NoteVariable::ReleaseVelocity),
        ("pressure", NoteVariable::Pressure),
        ("brightness", NoteVariable::Brightness),
        ("bend", NoteVariable::Bend),
        ("pan", NoteVariable::Pan),
        ("gain", NoteVariable::Gain),
        ("vibrato", NoteVariable::Vibrato),
        ("voice", NoteVariable::Voice),
    ];
}

pub struct MidiInPlan {
    pub pool: PoolPlan,
    /// Notes on this channel are played; `None`: on all.
    pub channel: Option<u8>,
    /// How many voices sound at once; the oldest gives way.
    pub limit: usize,
    /// Slots of the variables that the voices read.
    pub variables: Vec<(NoteVariable, u32)>,
    /// Pitch bend range in semitones.
    pub bend_range: f32,
    /// Hertz of each key, 0 for keys that play nothing; `None`: twelve equal steps.
    pub tuning: Option<Box<[f32; 128]>>,
}

#[derive(Clone, Copy)]
struct Note {
    place: Place,
    channel: u8,
    key: u8,
    id: i32,
    held: bool,
    tuning: f32,
    bend: f32,
}

pub struct MidiIn {
    pool: Pool,
    channel: Option<u8>,
    limit: usize,
    variables: Vec<(NoteVariable, u32)>,
    bend_range: f32,
    keys: Option<Box<[f32; 128]>>,
    /// Voices end with their key when nothing in them looks at the gate.
    gated: bool,
    notes: Vec<Note>,
    set: Vec<(u32, f32)>,
    started: u64,
    numbers: Numbers,
}

impl MidiIn {
    pub fn new(plan: MidiInPlan) -> Self {
        let pool = Pool::new(plan.pool);
        Self {
            notes: Vec::with_capacity(pool.room()),
            pool,
            channel: plan.channel,
            limit: plan.limit.max(1),
            gated: plan.variables.iter().any(|(v, _)| *v == NoteVariable::Gate),
            set: Vec::with_capacity(plan.variables.len()),
            variables: plan.variables,
            bend_range: plan.bend_range,
            keys: plan.tuning,
            started: 0,
            numbers: Numbers::default(),
        }
    }

    fn note_on(&mut self, pass: &Pass, frame: usize, channel: u8, key: u8, id: i32, velocity: f32) {
        let parent = pass.lane;
        if self.keys.as_ref().is_some_and(|keys| keys[key as usize & 127] == 0.0) {
            return;
        }
        if self.pool.playing(parent) >= self.limit
            && let Some(oldest) = self.pool.oldest(parent)
        {
            self.pool.fade(oldest);
        }
        let bend = pass.controls.bend[channel as usize & 15];
        let pressure = pass.controls.pressure[channel as usize & 15];
        self.set.clear();
        for (variable, slot) in &self.variables {
            let value = match variable {
                NoteVariable::Freq => self.hertz(key, bend * self.bend_range),
                NoteVariable::Note => key as f32,
                NoteVariable::Velocity => velocity,
                NoteVariable::Gate | NoteVariable::Gain => 1.0,
                NoteVariable::Pressure => pressure,
                NoteVariable::Bend => bend,
                NoteVariable::Voice => (self.started % self.limit as u64) as f32 + 1.0,
                NoteVariable::ReleaseVelocity
                | NoteVariable::Brightness
                | NoteVariable::Pan
                | NoteVariable::Vibrato => 0.0,
            };
            self.set.push((*slot, value));
        }
        self.started += 1;
        let at = pass.at + frame as u64;
        let voice = self.numbers.next(pass, frame);
        let opening = Opening { parent, at, voice, life: None, set: &self.set };
        if let Some(place) = self.pool.start(&opening) {
            self.notes.retain(|n| n.place != place);
            if self.notes.len() < self.notes.capacity() {
                self.notes.push(Note { place, channel, key, id, held: true, tuning: 0.0, bend });
            }
        }
    }

    /// The frequency of a key, so many semitones off.
    fn hertz(&self, key: u8, shift: f32) -> f32 {
        match &self.keys {
            None => crate::units::key_to_hertz((key as f32 + shift) as f64) as f32,
            // Bends are equal semitones in every tuning.
            Some(keys) => keys[key as usize & 127] * (f64::from(shift) / 12.0).exp2() as f32,
        }
    }

    /// Tells a voice its frequency anew.
    fn tune(&mut self, index: usize) {
        let Note { key, tuning, bend, .. } = self.notes[index];
        let hertz = self.hertz(key, tuning + bend * self.bend_range);
        self.set(index, NoteVariable::Freq, hertz);
    }

    fn set(&mut self, index: usize, variable: NoteVariable, value: f32) {
        for (v, slot) in &self.variables {
            if *v == variable {
                self.pool.set(self.notes[index].place, *slot, value);
            }
        }
    }

    fn note_off(&mut self, channel: u8, key: u8, id: i32, velocity: f32) {
        for index in 0..self.notes.len() {
            let note = self.notes[index];
            let same = note.channel == channel && note.key == key && (id < 0 || note.id < 0 || note.id == id);
            if !note.held || !same {
                continue;
            }
            self.notes[index].held = false;
            self.set(index, NoteVariable::Gate, 0.0);
            self.set(index, NoteVariable::ReleaseVelocity, velocity);
            match self.gated {
                true => self.pool.release(note.place),
                false => self.pool.fade(note.place),
            }
        }
    }

    fn handle(&mut self, pass: &Pass, frame: usize, what: What) {
        let ours = |channel: u8| self.channel.is_none_or(|c| c == channel);
        match what {
            What::NoteOn { channel, key, note, velocity } if ours(channel) => {
                self.note_on(pass, frame, channel, key, note, velocity);
            }
            What::NoteOff { channel, key, note, velocity } if ours(channel) => {
                self.note_off(channel, key, note, velocity);
            }
            What::Choke { channel, key, note } => {
                for n in &mut self.notes {
                    if n.channel == channel && n.key == key && (note < 0 || n.id < 0 || n.id == note) {
                        n.held = false;
                        self.pool.fade(n.place);
                    }
                }
            }
            What::Bend { channel, value } => {
                for index in 0..self.notes.len() {
                    if self.notes[index].channel == channel {
                        self.notes[index].bend = value;
                        self.set(index, NoteVariable::Bend, value);
                        self.tune(index);
                    }
                }
            }
            What::Pressure { channel, value } => {
                for index in 0..self.notes.len() {
                    if self.notes[index].channel == channel {
                        self.set(index, NoteVariable::Pressure, value);
                    }
                }
            }
            What::Expression { channel, key, note, kind, value } => {
                for index in 0..self.notes.len() {
                    let n = self.notes[index];
                    let matches = (note < 0 || n.id < 0 || n.id == note)
                        && (key < 0 || n.key as i16 == key)
                        && (channel < 0 || n.channel as i16 == channel);
                    if matches {
                        self.express(index, kind, value);
                    }
                }
            }
            _ => {}
        }
    }

    fn express(&mut self, index: usize, kind: Expression, value: f32) {
        match kind {
            Expression::Tuning => {
                self.notes[index].tuning = value;
                self.tune(index);
            }
            Expression::Pressure => self.set(index, NoteVariable::Pressure, value),
            Expression::Brightness => self.set(index, NoteVariable::Brightness, value),
            Expression::Gain => self.set(index, NoteVariable::Gain, value),
            Expression::Pan => self.set(index, NoteVariable::Pan, value * 2.0 - 1.0),
            Expression::Vibrato => self.set(index, NoteVariable::Vibrato, value),
        }
    }
}

impl Kernel for MidiIn {
    fn tail(&self) -> u64 {
        self.pool.tail()
    }

    fn voices(&self) -> Option<usize> {
        Some(self.pool.sounding_voices())
    }

    fn take(&mut self, old: &mut dyn Kernel, passages: &mut [Passage], at: u64) {
        let Some(old) = same::<Self>(old) else { return };
        Pool::take(from_mut(&mut self.pool), from_mut(&mut old.pool), passages, at);
        self.started = old.started;
        self.numbers = old.numbers;
        let room = self.notes.capacity();
        let pool = &self.pool;
        let notes = old.notes.iter().filter_map(|n| Some(Note { place: n.place.after(0, passages)?, ..*n }));
        self.notes.extend(notes.filter(|n| pool.sounding(n.place)).take(room));
    }

    fn start(&mut self, lane: usize, start: Start) {
        self.pool.clear(lane, start.at);
        self.notes.clear();
        self.started = start.voice.wrapping_mul(65_536);
        self.numbers = Numbers::within(start);
    }

    fn stop(&mut self, lane: usize, at: u64) {
        self.pool.clear(lane, at);
    }

    fn render(&mut self, pass: &mut Pass) {
        silence(pass);
        let mut from = 0;
        let events = pass.events;
        for event in events {
            let frame = (event.at as usize).saturating_sub(pass.block_frame).min(pass.frames - 1);
            if frame > from {
                self.pool.render(pass, from, frame);
                from = frame;
            }
            self.notes.retain(|n| self.pool.sounding(n.place));
            self.handle(pass, frame, event.what);
        }
        self.pool.render(pass, from, pass.frames);
        pass.outputs[0].ends.fill(pass.frames as u8);
    }
}

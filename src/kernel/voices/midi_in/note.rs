//! What a voice knows of its note, and what `midi_in` remembers of a note that sounds. Plain data; any thread.

use super::super::pool::Place;
use super::super::touch::Touched;
use crate::kernel::event::MACROS;
use crate::kernel::keyboard::{ANY, Keyboard};

/// A scope variable of a voice. The numbers of their slots follow this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteVariable {
    /// Hertz of the key.
    Hertz,
    /// Semitones that it is bent and tuned by.
    Shift,
    /// Semitones above the key at which the note begins.
    Lead,
    /// Frames that a glide takes.
    Glide,
    /// Key number 0..127.
    Note,
    /// 0..1.
    Velocity,
    /// 1 while the key is down, or a pedal holds it.
    Gate,
    /// 0..1, from the key's release on.
    ReleaseVelocity,
    /// 0..1.
    Pressure,
    /// 0..1.
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
    /// How far a macro is moved for the note alone, -1..1 of its way.
    Macro(u8),
}

impl NoteVariable {
    /// All but those of macros, with their values where nobody says another.
    const NAMED: [(NoteVariable, f64); 15] = [
        (NoteVariable::Hertz, 0.0),
        (NoteVariable::Shift, 0.0),
        (NoteVariable::Lead, 0.0),
        (NoteVariable::Glide, 0.0),
        (NoteVariable::Note, 0.0),
        (NoteVariable::Velocity, 0.0),
        (NoteVariable::Gate, 0.0),
        (NoteVariable::ReleaseVelocity, 0.0),
        (NoteVariable::Pressure, 0.0),
        (NoteVariable::Brightness, 0.0),
        (NoteVariable::Bend, 0.0),
        (NoteVariable::Pan, 0.0),
        (NoteVariable::Gain, 1.0),
        (NoteVariable::Vibrato, 0.0),
        (NoteVariable::Voice, 0.0),
    ];

    /// All of them, in the order of their slots, with their values where nobody says another.
    pub fn all() -> impl Iterator<Item = (NoteVariable, f64)> {
        let macros = (0..MACROS as u8).map(|slot| (NoteVariable::Macro(slot), 0.0));
        Self::NAMED.into_iter().chain(macros)
    }

    /// The number of its slot in the scope of a voice.
    pub fn slot(self) -> u32 {
        Self::all().position(|(variable, _)| variable == self).unwrap_or(0) as u32
    }
}

/// What a name of an expression reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// The variable as it is told.
    Told(NoteVariable),
    /// What [`Touch`](super::super::Touch) makes of variables.
    Touched(Touched, &'static [NoteVariable]),
}

const fn smooth(variable: &'static [NoteVariable]) -> Reads {
    Reads::Touched(Touched::Value, variable)
}

/// Names in expressions below `midi_in`.
pub const NAMES: &[(&[&str], Reads)] = &[
    (
        &["freq", "f"],
        Reads::Touched(
            Touched::Pitch,
            &[NoteVariable::Hertz, NoteVariable::Shift, NoteVariable::Lead, NoteVariable::Glide],
        ),
    ),
    (&["note", "key", "n"], Reads::Told(NoteVariable::Note)),
    (&["velocity", "vel", "v", "amp", "a"], Reads::Told(NoteVariable::Velocity)),
    (&["gate"], Reads::Told(NoteVariable::Gate)),
    (&["release_velocity"], Reads::Told(NoteVariable::ReleaseVelocity)),
    (&["pressure"], smooth(&[NoteVariable::Pressure])),
    (&["brightness"], smooth(&[NoteVariable::Brightness])),
    (&["bend"], smooth(&[NoteVariable::Bend])),
    (&["pan"], smooth(&[NoteVariable::Pan])),
    (&["gain"], smooth(&[NoteVariable::Gain])),
    (&["vibrato"], smooth(&[NoteVariable::Vibrato])),
    (&["voice"], Reads::Told(NoteVariable::Voice)),
];

/// A key that was pressed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Press {
    pub channel: u8,
    pub key: u8,
    /// The host's name of the note, or -1.
    pub id: i32,
    pub velocity: f32,
    pub tone: Tone,
}

/// What is said of a note as it begins; a keyboard says nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tone {
    /// Semitones.
    pub tuning: f32,
    /// -1..1.
    pub pan: f32,
    /// Frames of a glide from the note before, whatever the manner; 0: as the manner says.
    pub glide: f32,
}

impl Press {
    /// Whether a message is about it.
    pub fn is(&self, channel: u8, key: u8, id: i32) -> bool {
        (channel == ANY || channel == self.channel)
            && (key == ANY || key == self.key)
            && (id < 0 || self.id < 0 || id == self.id)
    }
}

/// A note that sounds and does not fade.
#[derive(Clone, Copy)]
pub struct Note {
    pub place: Place,
    pub press: Press,
    /// The channel of the whole zone; the note's own one may belong to another note once this one is released.
    pub part: u8,
    /// It still hears its channel.
    pub listens: bool,
    /// The key is down.
    pub down: bool,
    /// The sostenuto pedal has it.
    pub latched: bool,
    /// The gate is open: the key is down, or a pedal holds it.
    pub open: bool,
    /// Of the key that came up.
    pub release: f32,
    /// What was said of this note alone.
    pub tuning: f32,
    pub pressure: f32,
    pub brightness: f32,
    pub pan: f32,
    pub gain: f32,
    pub vibrato: f32,
    pub macros: [f32; MACROS],
    /// Going round from note to note.
    pub voice: f32,
}

impl Note {
    pub fn new(place: Place, press: Press, keyboard: &Keyboard, voice: f32) -> Self {
        Self {
            place,
            press,
            part: keyboard.part(press.channel),
            listens: true,
            down: true,
            latched: false,
            open: true,
            release: 0.0,
            tuning: press.tone.tuning,
            pressure: 0.0,
            brightness: 0.0,
            pan: press.tone.pan,
            gain: 1.0,
            vibrato: 0.0,
            macros: [0.0; MACROS],
            voice,
        }
    }

    /// Whether a message for these channels is heard.
    pub fn hears(&self, channels: u16) -> bool {
        self.listens && channels >> (self.press.channel & 15) & 1 != 0
    }

    /// Whether a message for these channels is about it or the zone that it is played in.
    pub fn counts_for(&self, channels: u16) -> bool {
        self.hears(channels) || channels >> (self.part & 15) & 1 != 0
    }

    /// A pedal holds it.
    pub fn is_held(&self, keyboard: &Keyboard) -> bool {
        self.latched || keyboard.sustains(self.press.channel)
    }
}

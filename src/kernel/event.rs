//! What reaches the engine from a host, a window or a file: notes, controllers, parameter values and musical time, each at a
//! frame of the block. Plain data; audio thread.

use std::sync::Arc;

use super::drums::Drums;
use super::keyboard::{Keyboard, Performance};
use super::lamp::Onlooker;

/// Something that happens at a frame of the block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Event {
    /// Frame within the block; later than its end counts as its last frame. Events are handed over in order.
    pub at: u32,
    pub what: What,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum What {
    /// `velocity` 0..1. `note` tells voices of the same key apart (-1: the host has no ids).
    NoteOn {
        channel: u8,
        key: u8,
        note: i32,
        velocity: f32,
    },
    NoteOff {
        channel: u8,
        key: u8,
        note: i32,
        velocity: f32,
    },
    /// Ends the note at once (with the steal fade). Here and in `NoteOff`, [`ANY`](super::keyboard::ANY) stands for every channel or key.
    Choke {
        channel: u8,
        key: u8,
        note: i32,
    },
    /// A per-note value; `note`, `channel` and `key` of -1 match any.
    Expression {
        channel: i16,
        key: i16,
        note: i32,
        kind: Expression,
        value: f32,
    },
    /// Pitch bend, -1..1.
    Bend {
        channel: u8,
        value: f32,
    },
    /// Channel pressure, 0..1.
    Pressure {
        channel: u8,
        value: f32,
    },
    /// A MIDI controller, 0..1.
    Controller {
        channel: u8,
        number: u8,
        value: f32,
    },
    /// A host parameter that the engine follows.
    Control {
        control: Control,
        value: f32,
    },
    /// Keyboards are to be understood in another way.
    Perform(Performance),
}

/// Per-note values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expression {
    /// Gain factor, 0..4.
    Gain,
    /// 0 (left) .. 1 (right).
    Pan,
    /// Semitones.
    Tuning,
    /// 0..1.
    Vibrato,
    /// 0..1.
    Pressure,
    /// 0..1.
    Brightness,
    /// How far macro 0..=15 is moved for the note alone, -1..1 of its way.
    Macro(u8),
}

/// Host parameters, as the engine sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Output gain as a factor.
    Gain,
    /// Macro 0..=15, value 0..1.
    Macro(u8),
    /// A control of strip 0..=15.
    Strip(u8, StripControl),
    /// A control of trigger 0..=7.
    Trigger(u8, TriggerControl),
}

/// A host's control of a trigger. Where it stands at its default, what the text says holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TriggerControl {
    /// dBFS.
    Threshold,
    /// 0..1.
    Sensitivity,
    /// Milliseconds.
    Hold,
    /// Milliseconds.
    Retrigger,
    /// Hertz.
    FilterLow,
    /// Hertz.
    FilterHigh,
    /// -1 (soft strokes softer) .. 1 (louder).
    VelocityCurve,
    /// 0..1.
    VelocityMin,
    /// 0..1.
    VelocityMax,
    /// 0 or 1: learns from the next strokes when it rises.
    Learn,
}

/// Host's controls of a trigger, and where they stand at first.
pub const TRIGGER_CONTROLS: [(TriggerControl, f32); 10] = [
    (TriggerControl::Threshold, -40.0),
    (TriggerControl::Sensitivity, 0.5),
    (TriggerControl::Hold, 20.0),
    (TriggerControl::Retrigger, 50.0),
    (TriggerControl::FilterLow, 20.0),
    (TriggerControl::FilterHigh, 20_000.0),
    (TriggerControl::VelocityCurve, 0.0),
    (TriggerControl::VelocityMin, 0.0),
    (TriggerControl::VelocityMax, 1.0),
    (TriggerControl::Learn, 0.0),
];

/// Macros that the host can automate.
pub const MACROS: usize = 16;

/// Triggers that the host can automate.
pub const TRIGGERS: usize = 8;

/// A trigger's controls in the host, in the order of [`TRIGGER_CONTROLS`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TriggerState([f32; TRIGGER_CONTROLS.len()]);

impl Default for TriggerState {
    fn default() -> Self {
        Self(TRIGGER_CONTROLS.map(|(_, default)| default))
    }
}

impl TriggerState {
    fn follow(&mut self, control: TriggerControl, value: f32) {
        if value.is_finite() {
            self.0[control as usize] = value;
        }
    }

    /// What the host has set, where it is not the default.
    pub fn set(&self, control: TriggerControl) -> Option<f32> {
        let (value, default) = (self.0[control as usize], TRIGGER_CONTROLS[control as usize].1);
        ((value - default).abs() > 1e-4 * default.abs().max(1e-2)).then_some(value)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StripControl {
    /// Factor.
    Gain,
    /// -1..1.
    Pan,
    /// 0 or 1.
    Mute,
    /// 0 or 1.
    Solo,
    /// Factor.
    SendA,
    /// Factor.
    SendB,
}

/// The host's musical time at the first frame of a block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transport {
    pub playing: bool,
    /// Quarter notes per minute.
    pub tempo: f64,
    /// Position in quarter notes.
    pub beats: f64,
    /// Position in frames, if the host says it.
    pub frame: Option<i64>,
    /// Beats of a bar, and the note value of one of them.
    pub time_signature: (u16, u16),
    /// Where the present bar began, in quarter notes, and its number from 0; as if the time signature had always been this one, where
    /// the host does not say it.
    pub bar: Option<(f64, i64)>,
}

impl Transport {
    /// A host that starts to play at the beginning, in bars of four quarters.
    pub fn starting(tempo: f64) -> Transport {
        Transport { playing: true, tempo, beats: 0.0, frame: Some(0), time_signature: (4, 4), bar: None }
    }

    /// Where it stands so many frames later, if it plays on.
    pub fn after(&self, frames: u64, rate: f64) -> Transport {
        if !self.playing {
            return *self;
        }
        let beats = self.beats + frames as f64 * self.tempo / (60.0 * rate);
        Transport { beats, frame: self.frame.map(|frame| frame + frames as i64), ..*self }
    }
}

/// The last known values of continuous controllers, so that a program that starts late knows them.
#[derive(Clone, Debug)]
pub struct Controls {
    /// Per channel and number, 0..1; `None` until one was received.
    pub controllers: Box<[[Option<f32>; 128]; 16]>,
    /// What the channels' bends, pressure and pedals are.
    pub keyboard: Keyboard,
    /// Macros, 0..1; `None` until one was moved: then it stands where the library says.
    pub macros: [Option<f32>; MACROS],
    /// What the host has set on the strips.
    pub strips: [StripState; STRIPS],
    /// What the host has set on the triggers.
    pub triggers: [TriggerState; TRIGGERS],
    /// What the triggers have learned, where anybody keeps it.
    pub drums: Option<Arc<Drums>>,
    /// Who looks at the operations, where anybody may.
    pub onlooker: Option<Arc<Onlooker>>,
    /// Some track is soloed: those that are not are not heard.
    pub soloed: bool,
}

/// The controller that resets others on its channel, and what becomes of them (after the MIDI association's RP-015): wheel, expression and
/// pedals.
pub const RESET: u8 = 121;
pub const RESET_TO: [(u8, f32); 6] = [(1, 0.0), (11, 1.0), (64, 0.0), (65, 0.0), (66, 0.0), (67, 0.0)];

/// Strips that the host can automate.
pub const STRIPS: usize = 16;

/// A strip's controls in the host, beside what its text says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StripState {
    /// Factor.
    pub gain: f32,
    /// -1..1.
    pub pan: f32,
    pub mute: bool,
    pub solo: bool,
    /// Factors of the sends to the first and the second bus.
    pub sends: [f32; 2],
}

impl Default for StripState {
    fn default() -> Self {
        Self { gain: 1.0, pan: 0.0, mute: false, solo: false, sends: [0.0; 2] }
    }
}

impl StripState {
    fn follow(&mut self, control: StripControl, value: f32) {
        let value = if value.is_finite() { value } else { 0.0 };
        match control {
            StripControl::Gain => self.gain = value.max(0.0),
            StripControl::Pan => self.pan = value.clamp(-1.0, 1.0),
            StripControl::Mute => self.mute = value >= 0.5,
            StripControl::Solo => self.solo = value >= 0.5,
            StripControl::SendA => self.sends[0] = value.max(0.0),
            StripControl::SendB => self.sends[1] = value.max(0.0),
        }
    }
}

impl Default for Controls {
    fn default() -> Self {
        Self {
            controllers: Box::new([[None; 128]; 16]),
            keyboard: Keyboard::default(),
            macros: [None; MACROS],
            strips: [StripState::default(); STRIPS],
            triggers: [TriggerState::default(); TRIGGERS],
            drums: None,
            onlooker: None,
            soloed: false,
        }
    }
}

impl Controls {
    /// Forgets controllers, bend and pressure; macros, strips and triggers are parameters and stay.
    pub fn reset(&mut self) {
        self.controllers.iter_mut().for_each(|c| *c = [None; 128]);
        self.keyboard.reset();
    }

    /// Becomes equal to others, but for who looks on, without allocating.
    pub fn copy_from(&mut self, other: &Controls) {
        self.controllers.copy_from_slice(&other.controllers[..]);
        self.drums.clone_from(&other.drums);
        let Controls { keyboard, macros, strips, triggers, soloed, .. } = other;
        (self.keyboard, self.macros, self.strips) = (*keyboard, *macros, *strips);
        (self.triggers, self.soloed) = (*triggers, *soloed);
    }

    /// Lets macros stand at their defaults: those whose bit is set.
    pub fn forget_macros(&mut self, slots: u16) {
        let forgotten = self.macros.iter_mut().enumerate().filter(|(slot, _)| slots >> slot & 1 != 0);
        forgotten.for_each(|(_, position)| *position = None);
    }

    /// Takes note of a value. Notes and per-note values are not kept here.
    pub fn follow(&mut self, what: &What) {
        self.keyboard.follow(what);
        match *what {
            What::Controller { channel, number, value } => {
                let known = &mut self.controllers[channel as usize & 15];
                known[number as usize & 127] = Some(value);
                if number == RESET {
                    RESET_TO.iter().for_each(|(number, value)| known[*number as usize] = Some(*value));
                }
            }
            What::Control { control: Control::Macro(index), value } => {
                self.macros[index as usize & 15] = Some(value)
            }
            What::Control { control: Control::Strip(strip, control), value } => {
                if let Some(strip) = self.strips.get_mut(strip as usize) {
                    strip.follow(control, value);
                }
            }
            What::Control { control: Control::Trigger(trigger, control), value } => {
                if let Some(trigger) = self.triggers.get_mut(trigger as usize) {
                    trigger.follow(control, value);
                }
            }
            _ => {}
        }
    }
}

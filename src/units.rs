//! The units that numbers carry between rooms. A value's unit is part of a parameter's table entry, so that text such as
//! `-3 dB` or `80 Hz` can be converted at the place where it is written. Any thread; nothing here allocates.

/// The unit a parameter is measured in. A bare number in a library has the unit of its parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A plain number or factor.
    None,
    /// Frequency in hertz.
    Hertz,
    /// Time in seconds.
    Seconds,
    /// Phase in radians.
    Radians,
    /// Level in decibels (0 dB = factor 1).
    Decibels,
    /// Pitch in semitones.
    Semitones,
    /// Tempo in beats per minute.
    BeatsPerMinute,
    /// Position in the stereo field, -1 (left) to 1 (right).
    Pan,
    /// A count of frames.
    Frames,
}

impl Unit {
    /// The short form shown behind a number ("Hz", "s", ...); empty for plain numbers.
    pub fn suffix(self) -> &'static str {
        match self {
            Unit::None | Unit::Pan => "",
            Unit::Hertz => "Hz",
            Unit::Seconds => "s",
            Unit::Radians => "rad",
            Unit::Decibels => "dB",
            Unit::Semitones => "st",
            Unit::BeatsPerMinute => "bpm",
            Unit::Frames => "frames",
        }
    }
}

/// How a value goes from one end of a range to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Law {
    Straight,
    /// By equal factors; both ends have the same sign.
    Geometric,
}

/// Amplitude factor of a level in decibels.
pub fn db_to_gain(db: f64) -> f64 {
    10f64.powf(db / 20.0)
}

/// Level in decibels of an amplitude factor; negative infinity for 0.
pub fn gain_to_db(gain: f64) -> f64 {
    20.0 * gain.abs().log10()
}

/// Frequency in hertz of a MIDI key (A4 = key 69 = 440 Hz, equal temperament).
pub fn key_to_hertz(key: f64) -> f64 {
    440.0 * ((key - 69.0) / 12.0).exp2()
}

//! A note as it is written, and a pattern of them. Plain data; positions are in beats (quarter notes) from the pattern's beginning.

use super::groove::Groove;

/// One note.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Note {
    /// Where it begins, and how long its key is down, in beats of the straight pattern.
    pub start: f64,
    pub length: f64,
    /// 0..127.
    pub key: u8,
    /// 0..15.
    pub channel: u8,
    /// 0..1.
    pub velocity: f32,
    /// How fast the key comes up, 0..1.
    pub release: f32,
    /// -1 (left) .. 1 (right).
    pub pan: f32,
    /// Semitones beside the key.
    pub tuning: f32,
    /// Seconds in which the pitch glides there from the note before; 0: it does not.
    pub slide: f32,
    /// How likely it is played, 0..1.
    pub chance: f32,
    /// So many strokes share its length.
    pub ratchet: u16,
    /// Beats by which it is later than written (or earlier).
    pub shift: f64,
    /// It ends what still sounds of the instrument.
    pub choke: bool,
    pub muted: bool,
}

impl Default for Note {
    fn default() -> Self {
        Note {
            start: 0.0,
            length: 0.25,
            key: 60,
            channel: 0,
            velocity: 0.8,
            release: 0.5,
            pan: 0.0,
            tuning: 0.0,
            slide: 0.0,
            chance: 1.0,
            ratchet: 1,
            shift: 0.0,
            choke: false,
            muted: false,
        }
    }
}

/// Notes with a length of their own.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    pub notes: Vec<Note>,
    /// Beats.
    pub length: f64,
    pub groove: Groove,
    /// A jump into the middle of a note lets it sound from there.
    pub chase: bool,
}

impl Default for Pattern {
    fn default() -> Self {
        Pattern { notes: vec![], length: 0.0, groove: Groove::default(), chase: true }
    }
}

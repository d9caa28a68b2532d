//! What a trigger hears and decides, for whoever looks: how loud its input is, as columns, and every candidate with what became of it. The
//! audio thread writes (nothing but stores), others read; the memory is made when somebody looks for the first time. Strokes are kept with
//! their place in the song for much longer than they are seen, so that they can become a MIDI file.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::*};

use crate::dsp::drum::{Fate, Heard, Reason};

/// Frames of a column, columns that are kept (10 s at 48 kHz), candidates, and strokes (half an hour of four a second).
pub const COLUMN: u64 = 256;
const COLUMNS: usize = 2048;
const CANDIDATES: usize = 256;
const STROKES: usize = 8192;

/// See the head of this file.
#[derive(Debug, Default)]
pub struct Sight {
    memory: OnceLock<Memory>,
    /// The frame up to which it has heard.
    at: AtomicU64,
    /// Decibels, as bits.
    threshold: AtomicU32,
    /// Candidates and strokes so far.
    count: AtomicU64,
    struck: AtomicU64,
    /// The song's tempo at the last stroke, as bits.
    bpm: AtomicU64,
}

#[derive(Debug)]
struct Memory {
    /// Peaks, as bits.
    columns: Box<[AtomicU32]>,
    /// Frame; then what became of it, and velocity.
    candidates: Box<[[AtomicU64; 2]]>,
    /// Frame; beats, as bits; velocity, as bits; key, channel and length.
    strokes: Box<[[AtomicU64; 4]]>,
}

/// A stroke, and where it is in the song.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Struck {
    /// Absolute frame at which it began.
    pub at: u64,
    /// Quarter notes; none where no host's transport runs.
    pub beats: Option<f64>,
    /// 1..=127.
    pub velocity: f32,
    /// Of its note, 0..=127 and 0..=15.
    pub key: u8,
    pub channel: u8,
    /// Frames.
    pub length: u32,
}

/// Something that a trigger has considered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// Absolute frame at which it sounds, or was refused.
    pub at: u64,
    pub fate: Fate,
    /// 1..=127.
    pub velocity: f32,
}

/// What there is to be seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// The frame up to which it has heard.
    pub at: u64,
    /// dBFS.
    pub threshold: f32,
    /// Peaks of [`COLUMN`] frames each; the last one is still going on.
    pub columns: Vec<f32>,
    /// In order of their decisions.
    pub candidates: Vec<Candidate>,
}

const FATES: [Fate; 5] = [
    Fate::Accepted,
    Fate::BelowThreshold,
    Fate::Masked,
    Fate::Bleed(Reason::Unlike),
    Fate::Bleed(Reason::Reference),
];

impl Sight {
    /// Says what was heard in frames `at..at + frames`. Audio thread.
    pub fn hear(&self, at: u64, frames: usize, peak: f32, threshold: f32) {
        self.threshold.store(threshold.to_bits(), Relaxed);
        if let Some(memory) = self.memory.get() {
            let column = &memory.columns[(at / COLUMN) as usize % COLUMNS];
            let before = if at.is_multiple_of(COLUMN) { 0.0 } else { f32::from_bits(column.load(Relaxed)) };
            column.store(before.max(peak).to_bits(), Relaxed);
        }
        self.at.store(at + frames as u64, Release);
    }

    /// Says what became of a candidate, at an absolute frame. Audio thread.
    pub fn decide(&self, at: u64, candidate: &Heard) {
        let Some(memory) = self.memory.get() else { return };
        let number = self.count.load(Relaxed);
        let fate = FATES.iter().position(|known| *known == candidate.fate).unwrap_or(0) as u64;
        let [place, words] = &memory.candidates[number as usize % CANDIDATES];
        place.store(at, Relaxed);
        words.store(fate << 32 | u64::from(candidate.velocity.to_bits()), Relaxed);
        self.count.store(number + 1, Release);
    }

    /// Says where a stroke is in the song, whose tempo is `bpm`. Audio thread.
    pub fn strike(&self, stroke: Struck, bpm: f64) {
        let Some(memory) = self.memory.get() else { return };
        let number = self.struck.load(Relaxed);
        let words = &memory.strokes[number as usize % STROKES];
        words[0].store(stroke.at, Relaxed);
        words[1].store(stroke.beats.unwrap_or(f64::NAN).to_bits(), Relaxed);
        words[2].store(u64::from(stroke.velocity.to_bits()), Relaxed);
        let note = u64::from(stroke.length) << 16 | u64::from(stroke.channel) << 8 | u64::from(stroke.key);
        words[3].store(note, Relaxed);
        self.bpm.store(bpm.to_bits(), Relaxed);
        self.struck.store(number + 1, Release);
    }

    /// The strokes since anybody looked for the first time, as far as they are kept, and the tempo at the last one.
    pub fn strokes(&self) -> (Vec<Struck>, f64) {
        let count = self.struck.load(Acquire);
        let Some(memory) = self.memory.get() else { return (vec![], 0.0) };
        // The oldest may be written over at this moment.
        let strokes = (count.saturating_sub(STROKES as u64 - 4)..count).map(|number| {
            let [at, beats, velocity, note] = &memory.strokes[number as usize % STROKES];
            let (beats, note) = (f64::from_bits(beats.load(Relaxed)), note.load(Relaxed));
            Struck {
                at: at.load(Relaxed),
                beats: beats.is_finite().then_some(beats),
                velocity: f32::from_bits(velocity.load(Relaxed) as u32),
                key: note as u8,
                channel: (note >> 8) as u8,
                length: (note >> 16) as u32,
            }
        });
        (strokes.collect(), f64::from_bits(self.bpm.load(Relaxed)))
    }

    /// The frame up to which it has heard; 0: nothing yet.
    pub fn heard(&self) -> u64 {
        self.at.load(Acquire)
    }

    /// What there is to be seen of the last `seconds` at a rate. Never the audio thread: it may make the memory.
    pub fn look(&self, seconds: f64, rate: f64) -> Seen {
        let memory = self.memory.get_or_init(|| Memory {
            columns: (0..COLUMNS).map(|_| AtomicU32::new(0)).collect(),
            candidates: (0..CANDIDATES).map(|_| Default::default()).collect(),
            strokes: (0..STROKES).map(|_| Default::default()).collect(),
        });
        let at = self.heard();
        let many = ((seconds * rate) as u64).div_ceil(COLUMN).min(COLUMNS as u64 - 4);
        let last = at / COLUMN;
        let columns = (last.saturating_sub(many)..=last)
            .map(|column| f32::from_bits(memory.columns[column as usize % COLUMNS].load(Relaxed)));
        let from = at.saturating_sub(many * COLUMN);
        let count = self.count.load(Acquire);
        // The oldest may be written over at this moment.
        let candidates = (count.saturating_sub(CANDIDATES as u64 - 4)..count).map(|number| {
            let [place, words] = &memory.candidates[number as usize % CANDIDATES];
            let words = words.load(Relaxed);
            Candidate {
                at: place.load(Relaxed),
                fate: FATES[(words >> 32) as usize % FATES.len()],
                velocity: f32::from_bits(words as u32),
            }
        });
        Seen {
            at,
            threshold: f32::from_bits(self.threshold.load(Relaxed)),
            columns: columns.collect(),
            candidates: candidates.filter(|one| (from..=at).contains(&one.at)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sight_of_a_trigger_has_columns_and_what_became_of_candidates() {
        let sight = Sight::default();
        let heard = |fate, velocity| Heard { at: 0, fate, velocity, peak: 0.0, brightness: 0.0, odds: 0.0 };
        sight.hear(0, 64, 1.0, -30.0);
        assert_eq!(sight.look(1.0, 48_000.0).columns, [0.0], "nobody looked before");
        for piece in 1..40u64 {
            sight.hear(piece * 64, 64, if piece == 17 { 0.5 } else { 0.1 }, -24.0);
        }
        let bleed = Fate::Bleed(Reason::Reference);
        sight.decide(1_100, &heard(Fate::Accepted, 99.5));
        sight.decide(1_200, &heard(bleed, 3.0));
        let seen = sight.look(1.0, 48_000.0);
        assert_eq!((seen.at, seen.threshold, seen.columns.len()), (2_560, -24.0, 11));
        assert_eq!((seen.columns[4], seen.columns[5]), (0.5, 0.1));
        let candidate = |at, fate, velocity| Candidate { at, fate, velocity };
        assert_eq!(seen.candidates, [candidate(1_100, Fate::Accepted, 99.5), candidate(1_200, bleed, 3.0)]);
        assert_eq!(sight.look(0.01, 48_000.0).candidates, [], "long ago");
        for number in 0..10_000u64 {
            sight.hear(2_560 + number * 64, 64, 0.1, -24.0);
            sight.decide(2_560 + number * 64, &heard(Fate::Masked, 1.0));
        }
        let seen = sight.look(100.0, 48_000.0);
        assert!(seen.columns.len() < COLUMNS && seen.candidates.len() < CANDIDATES);
        assert!(seen.candidates.windows(2).all(|two| two[0].at < two[1].at));
    }

    #[test]
    fn sight_keeps_strokes_with_their_place_in_the_song() {
        let sight = Sight::default();
        let stroke = |at, beats| Struck { at, beats, velocity: 100.5, key: 45, channel: 9, length: 2_400 };
        sight.strike(stroke(1, None), 99.0);
        assert_eq!(sight.strokes(), (vec![], 0.0), "nobody looked before");
        sight.look(1.0, 48_000.0);
        sight.strike(stroke(10, Some(-1.25)), 99.0);
        sight.strike(stroke(20, None), 100.0);
        assert_eq!(sight.strokes(), (vec![stroke(10, Some(-1.25)), stroke(20, None)], 100.0));
        (0..20_000).for_each(|n| sight.strike(stroke(n, Some(n as f64)), 120.0));
        let (kept, _) = sight.strokes();
        assert!(kept.len() > 8_000 && kept.last() == Some(&stroke(19_999, Some(19_999.0))));
        assert!(kept.windows(2).all(|two| two[0].at + 1 == two[1].at));
    }
}

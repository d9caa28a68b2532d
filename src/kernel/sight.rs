//! What a trigger hears and decides, for whoever looks: how loud its input is, as columns, and every candidate with what became of it. The
//! audio thread writes (nothing but stores), others read; the memory is made when somebody looks for the first time.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::*};

use crate::dsp::drum::{Fate, Heard, Reason};

/// Frames of a column, columns that are kept (10 s at 48 kHz), and candidates.
pub const COLUMN: u64 = 256;
const COLUMNS: usize = 2048;
const CANDIDATES: usize = 256;

/// See the head of this file.
#[derive(Debug, Default)]
pub struct Sight {
    memory: OnceLock<Memory>,
    /// The frame up to which it has heard.
    at: AtomicU64,
    /// Decibels, as bits.
    threshold: AtomicU32,
    /// Candidates so far.
    count: AtomicU64,
}

#[derive(Debug)]
struct Memory {
    /// Peaks, as bits.
    columns: Box<[AtomicU32]>,
    /// Frame; then what became of it, and velocity.
    candidates: Box<[[AtomicU64; 2]]>,
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

    /// The frame up to which it has heard; 0: nothing yet.
    pub fn heard(&self) -> u64 {
        self.at.load(Acquire)
    }

    /// What there is to be seen of the last `seconds` at a rate. Never the audio thread: it may make the memory.
    pub fn look(&self, seconds: f64, rate: f64) -> Seen {
        let memory = self.memory.get_or_init(|| Memory {
            columns: (0..COLUMNS).map(|_| AtomicU32::new(0)).collect(),
            candidates: (0..CANDIDATES).map(|_| Default::default()).collect(),
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
}

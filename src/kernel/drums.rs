//! What the first eight triggers know and hear, for those who are not the audio thread: the drums that were learned, which outlive
//! programs and are saved with the project, and the last candidates and peaks, which windows show. The audio thread writes without
//! waiting, others read; everything is atomics.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

use super::event::TRIGGERS;
use crate::dsp::drum::profile::Stroke;
use crate::dsp::drum::{Fate, Heard, Instrument, Profile, Reason};

/// Candidates that are remembered for each trigger.
pub const CANDIDATES: usize = 256;
/// Peaks that are remembered: ten seconds of hops of 5 ms.
pub const PEAKS: usize = 2000;
/// Peaks of a second.
pub const PEAKS_PER_SECOND: f64 = 200.0;

const LEVELS: usize = 8;
const RISES: usize = 4;
const WORDS: usize = LEVELS + RISES + 1;
/// The instrument of a trigger that knows no drum.
const NONE: u32 = u32::MAX;
/// Fates by their numbers.
const FATES: [Fate; 5] = [
    Fate::Accepted,
    Fate::BelowThreshold,
    Fate::Masked,
    Fate::Bleed(Reason::Unlike),
    Fate::Bleed(Reason::Reference),
];
const INSTRUMENTS: [Instrument; 4] = [Instrument::Kick, Instrument::Snare, Instrument::Tom, Instrument::Any];

/// Something that a trigger has considered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// Absolute frame at which it sounds.
    pub at: u64,
    pub fate: Fate,
    /// 1..=127.
    pub velocity: f32,
}

/// The triggers of one instance.
#[derive(Debug, Default)]
pub struct Drums([Drum; TRIGGERS]);

/// One of them.
#[derive(Debug)]
pub struct Drum {
    /// Odd while the words are being written; 0 until something was said.
    version: AtomicU32,
    /// Levels and rise of a full stroke, and the instrument.
    words: [AtomicU32; WORDS],
    /// Strokes learned so far, and one more, while it learns.
    learning: AtomicU32,
    candidates: Box<[[AtomicU64; 2]]>,
    /// Candidates so far.
    heard: AtomicU64,
    peaks: Box<[AtomicU32]>,
    /// Peaks so far.
    measured: AtomicU64,
    /// Frame of the last peak, and the threshold in dB.
    frame: AtomicU64,
    threshold: AtomicU32,
}

impl Default for Drum {
    fn default() -> Self {
        Self {
            version: AtomicU32::new(0),
            words: std::array::from_fn(|_| AtomicU32::new(NONE)),
            learning: AtomicU32::new(0),
            candidates: (0..CANDIDATES).map(|_| Default::default()).collect(),
            heard: AtomicU64::new(0),
            peaks: (0..PEAKS).map(|_| AtomicU32::new(0)).collect(),
            measured: AtomicU64::new(0),
            frame: AtomicU64::new(0),
            threshold: AtomicU32::new(0),
        }
    }
}

impl Drums {
    /// A trigger, from 0.
    pub fn get(&self, slot: u8) -> Option<&Drum> {
        self.0.get(usize::from(slot))
    }
}

impl Drum {
    /// Another number whenever another drum is listened for; 0 until anybody said one.
    pub fn version(&self) -> u32 {
        self.version.load(Ordering::Acquire)
    }

    /// The drum that was learned, and the version that it belongs to; `None` while it is being written.
    pub fn learned(&self) -> Option<(u32, Option<Profile>)> {
        let version = self.version();
        let words: [u32; WORDS] = std::array::from_fn(|n| self.words[n].load(Ordering::Relaxed));
        fence(Ordering::Acquire);
        if version & 1 != 0 || self.version.load(Ordering::Relaxed) != version {
            return None;
        }
        let value = |n: usize| f32::from_bits(words[n]);
        let profile = INSTRUMENTS.get(words[WORDS - 1] as usize).map(|instrument| Profile {
            stroke: Stroke {
                levels: std::array::from_fn(value),
                rise: std::array::from_fn(|n| value(LEVELS + n)),
            },
            instrument: *instrument,
            learned: 1.0,
        });
        Some((version, profile))
    }

    /// Listens for this drum from now on, or for that of its preset. The new version; `None` where somebody else is just saying one.
    pub fn listen_for(&self, profile: Option<&Profile>) -> Option<u32> {
        let version = self.version();
        let begun = version | 1;
        if version == begun
            || self.version.compare_exchange(version, begun, Ordering::AcqRel, Ordering::Relaxed).is_err()
        {
            return None;
        }
        let mut words = [NONE; WORDS];
        if let Some(Profile { stroke, instrument, .. }) = profile {
            let values = stroke.levels.iter().chain(&stroke.rise);
            words.iter_mut().zip(values).for_each(|(word, value)| *word = value.to_bits());
            let number = INSTRUMENTS.iter().position(|known| known == instrument);
            words[WORDS - 1] = number.map_or(NONE, |number| number as u32);
        }
        for (to, word) in self.words.iter().zip(words) {
            to.store(word, Ordering::Relaxed);
        }
        let version = begun.wrapping_add(1);
        self.version.store(version, Ordering::Release);
        Some(version)
    }

    /// How many strokes were learned so far, while it learns.
    pub fn learning(&self) -> Option<u32> {
        self.learning.load(Ordering::Relaxed).checked_sub(1)
    }

    /// Audio thread.
    pub fn learns(&self, strokes: Option<usize>) {
        self.learning.store(strokes.map_or(0, |n| n as u32 + 1), Ordering::Relaxed);
    }

    /// Remembers a candidate that is due at an absolute frame. Audio thread.
    pub fn hear(&self, at: u64, heard: &Heard) {
        let count = self.heard.load(Ordering::Relaxed);
        let [first, second] = &self.candidates[count as usize % CANDIDATES];
        let fate = FATES.iter().position(|fate| *fate == heard.fate).unwrap_or(0) as u64;
        first.store(at, Ordering::Relaxed);
        second.store(fate << 32 | u64::from(heard.velocity.to_bits()), Ordering::Relaxed);
        self.heard.store(count + 1, Ordering::Release);
    }

    /// Candidates since the first `seen` of them, oldest first, as far as they are remembered, and how many there were in all.
    pub fn candidates(&self, seen: u64) -> (Vec<Candidate>, u64) {
        let count = self.heard.load(Ordering::Acquire);
        // The oldest one might just be replaced.
        let first = seen.clamp(count.saturating_sub(CANDIDATES as u64 - 1), count);
        let one = |n: u64| {
            let [at, rest] = &self.candidates[n as usize % CANDIDATES];
            let rest = rest.load(Ordering::Relaxed);
            Candidate {
                at: at.load(Ordering::Relaxed),
                fate: FATES[(rest >> 32) as usize % FATES.len()],
                velocity: f32::from_bits(rest as u32),
            }
        };
        ((first..count).map(one).collect(), count)
    }

    /// Remembers the peak of 5 ms that end at an absolute frame, and the threshold in dB. Audio thread.
    pub fn measure(&self, frame: u64, peak: f32, threshold: f32) {
        let count = self.measured.load(Ordering::Relaxed);
        self.peaks[count as usize % PEAKS].store(peak.to_bits(), Ordering::Relaxed);
        self.frame.store(frame, Ordering::Relaxed);
        self.threshold.store(threshold.to_bits(), Ordering::Relaxed);
        self.measured.store(count + 1, Ordering::Release);
    }

    /// The last peaks behind the gain and the filters, oldest first, the frame at which they end, and the threshold in dB.
    pub fn peaks(&self) -> (Vec<f32>, u64, f32) {
        let count = self.measured.load(Ordering::Acquire);
        let first = count.saturating_sub(PEAKS as u64 - 1);
        let one = |n: u64| f32::from_bits(self.peaks[n as usize % PEAKS].load(Ordering::Relaxed));
        let threshold = f32::from_bits(self.threshold.load(Ordering::Relaxed));
        ((first..count).map(one).collect(), self.frame.load(Ordering::Relaxed), threshold)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(level: f32) -> Profile {
        let stroke = Stroke { levels: [level; 8], rise: [-1.0, -0.5, -0.25, 0.0] };
        Profile { stroke, instrument: Instrument::Snare, learned: 1.0 }
    }

    #[test]
    fn drums_are_what_was_said_last_and_every_change_is_a_version() {
        let drums = Drums::default();
        let drum = drums.get(7).unwrap();
        assert!(drums.get(8).is_none());
        assert_eq!(drum.learned(), Some((0, None)));
        let first = drum.listen_for(Some(&profile(-3.0))).unwrap();
        assert_eq!(drum.learned(), Some((first, Some(profile(-3.0)))));
        let second = drum.listen_for(None).unwrap();
        assert_ne!(first, second);
        assert_eq!(drum.learned(), Some((second, None)));
    }

    #[test]
    fn drums_keep_the_last_candidates_and_peaks() {
        let drum = Drum::default();
        for n in 0..300u64 {
            let fate = FATES[n as usize % 5];
            let heard = Heard { at: 0, fate, velocity: n as f32, peak: 0.0, brightness: 0.0, odds: 0.0 };
            drum.hear(n, &heard);
            drum.measure(240 * n, n as f32, -30.0);
        }
        let (last, count) = drum.candidates(298);
        assert_eq!(count, 300);
        let candidate = |n: u64| Candidate { at: n, fate: FATES[n as usize % 5], velocity: n as f32 };
        assert_eq!(last, [candidate(298), candidate(299)]);
        assert_eq!(drum.candidates(0).0.len(), CANDIDATES - 1, "what was forgotten is not made up");
        let (peaks, frame, threshold) = drum.peaks();
        assert_eq!((peaks.len(), peaks[299], frame, threshold), (300, 299.0, 240 * 299, -30.0));
    }
}

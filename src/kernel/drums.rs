//! The drums that the host's triggers have learned: they outlive programs, and are saved with the project. The audio thread writes what is
//! learned and reads what is brought back, both without waiting; everything is atomics.

use std::sync::atomic::{AtomicU32, Ordering, fence};

use super::event::TRIGGERS;
use super::sight::Sight;
use crate::dsp::drum::{Instrument, Profile, Stroke};

const LEVELS: usize = 8;
const RISES: usize = 4;
const WORDS: usize = LEVELS + RISES + 1;
/// The instrument of a trigger that knows no drum.
const NONE: u32 = u32::MAX;

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
    /// What its trigger hears now.
    pub sight: Sight,
}

impl Default for Drum {
    fn default() -> Self {
        Self {
            version: AtomicU32::new(0),
            words: std::array::from_fn(|_| AtomicU32::new(NONE)),
            learning: AtomicU32::new(0),
            sight: Sight::default(),
        }
    }
}

impl Drums {
    /// A trigger, from 0.
    pub fn get(&self, slot: u8) -> Option<&Drum> {
        self.0.get(usize::from(slot))
    }

    /// All of them with their numbers, from 0.
    pub fn all(&self) -> impl Iterator<Item = (u8, &Drum)> {
        (0..).zip(&self.0)
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
        let profile = Instrument::NAMED.get(words[WORDS - 1] as usize).map(|(instrument, _)| Profile {
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
            words[WORDS - 1] = *instrument as u32;
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
}

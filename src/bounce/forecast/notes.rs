//! Prepared events as notes: when each begins and ends, and which of them are the same but for when and how loud.

use std::collections::{BTreeMap, BTreeSet};

use super::sum::CREST;
use crate::compile::parts::Stroke;
use crate::engine::{Event, What};

/// Most notes that are measured one by one.
const MOST_TAKES: usize = 64;
/// Most velocities that are measured, on each channel.
const MOST_LEVELS: usize = 8;
/// How lengths (in frames) and keys are rounded until there are few enough takes.
const ROUNDED: &[(u64, u8)] =
    &[(1, 1), (512, 1), (2_048, 1), (8_192, 1), (32_768, 2), (131_072, 4), (u64::MAX, 12), (u64::MAX, 128)];
/// MIDI controllers.
const SUSTAIN: u8 = 64;

/// A note as it is played; frames of the song.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Note {
    pub at: u64,
    pub length: u64,
    pub channel: u8,
    pub key: u8,
    pub velocity: f32,
}

/// Notes that are measured as one.
#[derive(Clone, Debug, PartialEq)]
pub struct Take {
    pub channel: u8,
    pub key: u8,
    /// Of the longest of them.
    pub length: u64,
    /// Which they are.
    pub played: Vec<usize>,
}

impl Take {
    /// The note to be measured.
    pub fn note(&self, velocity: f32) -> Note {
        let Take { channel, key, length, .. } = *self;
        Note { at: 0, length, channel, key, velocity }
    }
}

/// The notes of events that begin before frame `end`, and everything else that happens. A note lasts until its end or until the pedal
/// that holds it is lifted.
pub fn prepare(events: &[Event], end: u64) -> (Vec<Note>, Vec<Event>) {
    let (mut notes, mut others): (Vec<Note>, Vec<Event>) = (vec![], vec![]);
    // Notes that sound, by channel and key; and those that only the pedal holds.
    let mut open: BTreeMap<(u8, u8), Vec<usize>> = BTreeMap::new();
    let mut held: BTreeMap<u8, Vec<usize>> = BTreeMap::new();
    let mut pedals: BTreeSet<u8> = BTreeSet::new();
    for event in events.iter().filter(|event| u64::from(event.at) < end) {
        let at = u64::from(event.at);
        match event.what {
            What::NoteOn { channel, key, velocity, .. } => {
                open.entry((channel, key)).or_default().push(notes.len());
                notes.push(Note { at, length: end - at, channel, key, velocity });
            }
            What::NoteOff { channel, key, .. } | What::Choke { channel, key, .. } => {
                let Some(all) = open.get_mut(&(channel, key)).filter(|all| !all.is_empty()) else { continue };
                let note = all.remove(0);
                match pedals.contains(&channel) {
                    true => held.entry(channel).or_default().push(note),
                    false => notes[note].length = at - notes[note].at,
                }
            }
            What::Controller { channel, number: SUSTAIN, value } => {
                // The pedal becomes length; a note alone has none.
                if value >= 0.5 {
                    pedals.insert(channel);
                } else if pedals.remove(&channel) {
                    for note in held.remove(&channel).unwrap_or_default() {
                        notes[note].length = at - notes[note].at;
                    }
                }
            }
            _ => others.push(*event),
        }
    }
    (notes, others)
}

/// The peak of a tone beside its power, before others sound with it.
const TONE: f64 = 2.0;

/// How much louder each window of so many frames is to be than the first one, by the notes that are written in the text: unrelated notes add
/// their powers, and the more there are, the further peaks stand out. 1 where nothing can be said.
pub fn swells(strokes: &[Stroke], window: u64, end: u64) -> Vec<f32> {
    const SLICE: u64 = 4_096;
    let slices = end.div_ceil(SLICE) as usize;
    // Powers and their squares, where they begin and end.
    let mut turns = vec![[0.0f64; 2]; slices + 1];
    for Stroke { at, length, velocity } in strokes {
        let power = f64::from(*velocity).powi(2);
        let first = ((at / SLICE) as usize).min(slices);
        let behind = ((at + length).div_ceil(SLICE) as usize).clamp(first, slices);
        for (n, power) in [power, power * power].into_iter().enumerate() {
            turns[first][n] += power;
            turns[behind][n] -= power;
        }
    }
    let mut most = vec![0.0f64; end.div_ceil(window.max(1)) as usize];
    let mut sums = [0.0f64; 2];
    for (slice, turn) in turns[..slices].iter().enumerate() {
        sums = [sums[0] + turn[0], sums[1] + turn[1]];
        let place = (slice as u64 * SLICE / window.max(1)) as usize;
        most[place] = most[place].max(peak(sums));
    }
    let first = most.first().copied().unwrap_or(0.0);
    most.iter().map(|peak| if first > 0.0 { (peak / first).min(16.0) as f32 } else { 1.0 }).collect()
}

/// What is to be expected of notes whose powers, and squares of them, have these sums.
fn peak([power, squares]: [f64; 2]) -> f64 {
    if power < 1e-9 {
        return 0.0;
    }
    let count = (power * power / squares.max(1e-18)).max(1.0);
    power.sqrt() * (TONE + (CREST - TONE) * (1.0 - 1.0 / count))
}

/// Which notes to measure, and whether some of them stand for others that are not quite the same.
pub fn takes(notes: &[Note]) -> (Vec<Take>, bool) {
    let mut takes = vec![];
    for (level, (length, keys)) in ROUNDED.iter().enumerate() {
        let mut groups: BTreeMap<(u8, u8, u64), Vec<usize>> = BTreeMap::new();
        for (n, note) in notes.iter().enumerate() {
            groups.entry((note.channel, note.key / keys, note.length.div_ceil(*length))).or_default().push(n);
        }
        let few = groups.len() <= MOST_TAKES;
        let take = |((channel, ..), played): ((u8, u8, u64), Vec<usize>)| Take {
            channel,
            key: notes[played[0]].key,
            length: played.iter().map(|n| notes[*n].length).max().unwrap_or(0),
            played,
        };
        takes = groups.into_iter().map(take).collect();
        if few {
            return (takes, level > 0);
        }
    }
    (takes, true)
}

/// The velocities to measure on a channel, in order: all of them, or as many as stand for the others.
pub fn levels(notes: &[Note], channel: u8) -> Vec<f32> {
    let all: BTreeSet<u32> =
        notes.iter().filter(|note| note.channel == channel).map(|note| note.velocity.to_bits()).collect();
    let all: Vec<f32> = all.into_iter().map(f32::from_bits).collect();
    match all.len() {
        0..=MOST_LEVELS => all,
        // The highest is among them.
        n => (1..=MOST_LEVELS).map(|level| all[level * n / MOST_LEVELS - 1]).collect(),
    }
}

/// The notes that sound in so many frames from `from` on, as if the song began there.
pub fn between(notes: &[Note], from: u64, frames: u64) -> Vec<Note> {
    let sounds = |note: &&Note| note.at < from + frames && note.at + note.length > from;
    let moved = |note: &Note| {
        let at = note.at.saturating_sub(from);
        Note { at, length: (note.at + note.length - from).saturating_sub(at), ..*note }
    };
    notes.iter().filter(sounds).map(moved).collect()
}

/// When notes are down, those that are played and those that are written in the text.
pub fn held(notes: &[Note], strokes: &[Stroke]) -> impl Iterator<Item = (u64, u64)> {
    let written = strokes.iter().map(|stroke| (stroke.at, stroke.length));
    notes.iter().map(|note| (note.at, note.length)).chain(written)
}

/// The most of them at once.
pub fn overlap(held: impl Iterator<Item = (u64, u64)>) -> usize {
    let mut turns: Vec<(u64, i32)> = held.flat_map(|(at, length)| [(at, 1), (at + length, -1)]).collect();
    turns.sort_unstable();
    let mut now = 0;
    let held = turns.iter().map(|(_, turn)| {
        now += turn;
        now
    });
    held.max().unwrap_or(0) as usize
}

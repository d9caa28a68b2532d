//! How loud each operation of a program is, and the signal of one of them, for whoever looks. The audio thread writes, nothing but stores
//! and only while somebody looks; the window reads. Nothing that is rendered depends on it.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::*};

use super::tile::{TILE, Tile};
use super::trail::Trail;
use crate::dsp::dynamics::peak;

/// Frames for which a look lasts: half a second at 48 kHz. Who goes on looking looks again before that.
const LASTS: u32 = 24_000;

/// What a kernel tells of a lane beside its signal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Told {
    /// By which factor, 0..1, it takes its signal back.
    TakenBack(f32),
    /// Where it reads in which of its files, as a part of the file, 0..1.
    Head { file: usize, at: f32 },
    /// Which stage it is in, from 0, what part of that is over, 0..1, and the level that has been reached.
    Stage { stage: usize, part: f32, level: f32 },
}

/// What a voice told of itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Voice {
    /// Frames since it began.
    pub age: u64,
    pub told: Told,
}

/// Frame at which a voice was heard, its age, and what it told, as bits.
type Words = [AtomicU64; 3];
/// What is kept of that.
const VOICES: usize = 128;

/// How loud the output of an operation is.
#[derive(Debug, Default)]
pub struct Lamp {
    /// The highest value, regardless of its sign, since it was taken; as bits.
    peak: AtomicU32,
    /// By how much it was taken back at most since then: 1 less the factor, as bits.
    taken: AtomicU32,
    /// Its signal goes to [`Onlooker::trail`].
    watched: AtomicBool,
    /// What its voices tell, since somebody asked for the first time, and how often they have.
    voices: OnceLock<Box<[Words]>>,
    told: AtomicU64,
}

/// Who looks at the operations of an engine.
#[derive(Debug)]
pub struct Onlooker {
    /// Frames for which somebody still looks.
    left: AtomicU32,
    /// The frame up to which all has been heard.
    at: AtomicU64,
    /// What is watched, by the frames of the grid of tiles: all lanes that sound, added up.
    sum: [[AtomicU32; 2]; TILE],
    /// The signal of the lamp that is watched.
    pub trail: Trail,
}

/// What an operation has put out in a pass.
pub struct Seen<'a> {
    pub outputs: &'a [Box<Tile>],
    /// Absolute frame of the first one, and how many there are.
    pub at: u64,
    pub frames: usize,
    /// By the lanes of the pass: whether it sounds.
    pub alive: &'a [bool],
    /// Only the first frame counts.
    pub held: bool,
    /// The least factor by which it takes its signal back, where it does such a thing.
    pub taken_back: Option<f32>,
}

impl Lamp {
    /// The highest value since the last question, regardless of its sign.
    pub fn take(&self) -> f32 {
        f32::from_bits(self.peak.swap(0, Relaxed))
    }

    /// The least factor by which it has taken its signal back since the last question.
    pub fn take_taken(&self) -> f32 {
        1.0 - f32::from_bits(self.taken.swap(0, Relaxed))
    }

    /// Notes what a voice of such an age tells in a pass that begins at frame `at`. Audio thread; nothing where nobody has ever asked.
    pub fn tell(&self, at: u64, age: u64, told: Told) {
        let Some(voices) = self.voices.get() else { return };
        let number = self.told.load(Relaxed);
        let words = &voices[number as usize % VOICES];
        for (word, value) in words.iter().zip([at, age, told.to_bits()]) {
            word.store(value, Relaxed);
        }
        self.told.store(number + 1, Release);
    }

    /// What the voices that sound have told last, the newest voice first, when all has been heard up to frame `now`. Never the audio
    /// thread: it may make the memory.
    pub fn voices(&self, now: u64) -> Vec<Voice> {
        let words = self.voices.get_or_init(|| (0..VOICES).map(|_| Words::default()).collect());
        let count = self.told.load(Acquire);
        // The oldest may be written over at this moment.
        let all = (count.saturating_sub(VOICES as u64 - 32)..count)
            .map(|number| words[number as usize % VOICES].each_ref().map(|word| word.load(Relaxed)));
        let all: Vec<[u64; 3]> = all.collect();
        // Only the last pass counts, and none that was long ago.
        let last = all.iter().map(|[at, ..]| *at).max().filter(|at| at + 2 * TILE as u64 >= now);
        let here = all.into_iter().filter(|[at, ..]| Some(*at) == last);
        let mut voices: Vec<Voice> =
            here.map(|[_, age, bits]| Voice { age, told: Told::from_bits(bits) }).collect();
        voices.sort_by_key(|voice| voice.age);
        voices
    }

    /// Puts its signal on [`Onlooker::trail`] from now on, or no longer.
    pub fn watch(&self, watched: bool) {
        self.watched.store(watched, Relaxed);
    }
}

/// Steps of a part in the bits of a [`Told`].
const STEPS: f32 = 65_535.0;

impl Told {
    /// Kind, two small numbers, and one that is as it is: 4, 12, 16 and 32 bits.
    fn to_bits(self) -> u64 {
        let word = |kind: u64, small: u64, middle: u64, value: f32| {
            kind << 60 | (small & 0xFFF) << 48 | (middle & 0xFFFF) << 32 | u64::from(value.to_bits())
        };
        match self {
            Told::TakenBack(factor) => word(0, 0, 0, factor),
            Told::Head { file, at } => word(1, file as u64, 0, at),
            Told::Stage { stage, part, level } => {
                word(2, stage as u64, (part.clamp(0.0, 1.0) * STEPS) as u64, level)
            }
        }
    }

    fn from_bits(bits: u64) -> Told {
        let (small, middle) = ((bits >> 48 & 0xFFF) as usize, (bits >> 32 & 0xFFFF) as f32);
        let value = f32::from_bits(bits as u32);
        match bits >> 60 {
            1 => Told::Head { file: small, at: value },
            2 => Told::Stage { stage: small, part: middle / STEPS, level: value },
            _ => Told::TakenBack(value),
        }
    }
}

/// A lamp is equal to nothing but itself.
impl PartialEq for Lamp {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Default for Onlooker {
    fn default() -> Self {
        let sum = std::array::from_fn(|_| Default::default());
        Self { left: AtomicU32::new(0), at: AtomicU64::new(0), sum, trail: Trail::default() }
    }
}

impl Onlooker {
    /// Lamps are lit for the next moments. Any thread but the audio thread.
    pub fn look(&self) {
        self.left.store(LASTS, Relaxed);
    }

    /// The frame up to which all has been heard while somebody looked.
    pub fn now(&self) -> u64 {
        self.at.load(Acquire)
    }

    /// Whether somebody looks. Audio thread.
    #[inline]
    pub fn looks(&self) -> bool {
        self.left.load(Relaxed) > 0
    }

    /// Takes note of what an operation has put out. Audio thread.
    pub fn see(&self, lamp: &Lamp, seen: &Seen) {
        let lanes = seen.alive.len();
        let mut highest = 0.0f32;
        for tile in seen.outputs {
            let frames = if tile.flat || seen.held { 1 } else { seen.frames };
            let values = &tile.floats()[..frames * lanes];
            if lanes == 1 {
                highest = highest.max(peak(values));
                continue;
            }
            for frame in values.chunks_exact(lanes) {
                let sounding = frame.iter().zip(seen.alive).filter(|(_, alive)| **alive);
                highest = sounding.fold(highest, |highest, (value, _)| highest.max(value.abs()));
            }
        }
        // Positive floats order as their bits do.
        let raise = |known: &AtomicU32, value: f32| {
            if value.to_bits() > known.load(Relaxed) {
                known.store(value.to_bits(), Relaxed);
            }
        };
        raise(&lamp.peak, highest);
        if let Some(factor) = seen.taken_back {
            raise(&lamp.taken, (1.0 - factor).max(0.0));
        }
        if lamp.watched.load(Relaxed) {
            self.add(seen, lanes);
        }
    }

    fn add(&self, seen: &Seen, lanes: usize) {
        let Some(last) = seen.outputs.len().checked_sub(1) else { return };
        for side in 0..2 {
            let tile = &seen.outputs[side.min(last)];
            let still = tile.flat || seen.held;
            for frame in 0..seen.frames {
                let from = if still { 0 } else { frame * lanes };
                let values = tile.floats()[from..from + lanes].iter().zip(seen.alive);
                let value: f32 = values.filter(|(_, alive)| **alive).map(|(value, _)| value).sum();
                let sum = &self.sum[(seen.at as usize + frame) % TILE][side];
                sum.store((f32::from_bits(sum.load(Relaxed)) + value).to_bits(), Relaxed);
            }
        }
    }

    /// Frames `at..at + frames` are over. Audio thread.
    pub fn finish(&self, at: u64, frames: usize) {
        let left = self.left.load(Relaxed);
        if left == 0 {
            return;
        }
        self.at.store(at + frames as u64, Release);
        // (Somebody who looks at this very moment looks again.)
        self.left.store(left.saturating_sub(frames as u32), Relaxed);
        let here = |frame: usize| &self.sum[(at as usize + frame) % TILE];
        self.trail.put(frames, |frame| here(frame).each_ref().map(|x| f32::from_bits(x.load(Relaxed))));
        (0..frames).for_each(|frame| here(frame).iter().for_each(|sum| sum.store(0, Relaxed)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two lanes, of which the second counts only where it is alive.
    fn tile(frames: usize) -> Box<Tile> {
        let mut tile = Box::new(Tile::new(2));
        tile.flat = false;
        (0..frames)
            .for_each(|frame| tile.floats_mut()[2 * frame..2 * frame + 2].copy_from_slice(&[0.25, -8.0]));
        tile
    }

    #[test]
    fn lamp_tells_of_the_voices_that_sound_the_newest_first() {
        let lamp = Lamp::default();
        let head = |file, at| Told::Head { file, at };
        lamp.tell(0, 5, head(0, 0.5));
        assert_eq!(lamp.voices(64), [], "nobody had asked");
        lamp.tell(64, 900, head(0, 0.25));
        lamp.tell(128, 964, head(0, 0.5));
        lamp.tell(128, 3, head(2, 0.125));
        let voice = |age, told| Voice { age, told };
        assert_eq!(lamp.voices(192), [voice(3, head(2, 0.125)), voice(964, head(0, 0.5))]);
        assert_eq!(lamp.voices(4_800), [], "they are over");
        let stage = Told::Stage { stage: 3, part: 1.0, level: 0.75 };
        (0..1_000).for_each(|n| lamp.tell(4_736, n, stage));
        let all = lamp.voices(4_800);
        assert!(all.len() > 64 && all.iter().all(|voice| voice.told == stage));
        assert_eq!(Told::from_bits(Told::TakenBack(0.5).to_bits()), Told::TakenBack(0.5));
    }

    #[test]
    fn lamp_shows_the_lanes_that_sound_and_only_while_somebody_looks() {
        let (lamp, onlooker) = (Lamp::default(), Onlooker::default());
        assert!(!onlooker.looks());
        onlooker.look();
        onlooker.trail.written();
        lamp.watch(true);
        let outputs = [tile(16)];
        let seen =
            |at, alive| Seen { outputs: &outputs, at, frames: 16, alive, held: false, taken_back: Some(0.5) };
        onlooker.see(&lamp, &seen(48, &[true, false]));
        onlooker.see(&lamp, &seen(48, &[true, false]));
        onlooker.finish(48, 16);
        assert_eq!((lamp.take(), lamp.take()), (0.25, 0.0), "taken once");
        assert_eq!((lamp.take_taken(), lamp.take_taken()), (0.5, 1.0));
        onlooker.see(&lamp, &seen(64, &[true, true]));
        onlooker.finish(64, 16);
        assert_eq!(lamp.take(), 8.0);
        let mut heard = vec![];
        onlooker.trail.read(0, &mut heard);
        assert_eq!(heard.len(), 32);
        assert_eq!(heard[..16], [[0.5; 2]; 16], "passes are added up");
        assert_eq!(heard[16..], [[-7.75; 2]; 16]);
        for piece in 0..2_000 {
            onlooker.finish(128 + piece * 64, 64);
        }
        assert!(!onlooker.looks(), "nobody has looked for long");
    }
}

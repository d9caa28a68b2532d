//! The drum that is listened for: how loud a full stroke is in each band. Comes from a preset, from strokes that were learned, and
//! follows the drum slowly. Any thread; nothing here allocates.

use super::bands::{BANDS, Levels, SILENCE, WHOLE};
use super::history::{BESIDE, loudest};
use super::settings::Instrument;

/// Steps of a unit of level in what was learned: exact in every float that levels can be.
pub const STEPS: f32 = 1024.0;

/// How many strokes are learned.
pub const STROKES: usize = 8;

/// Hops after its beginning at which the rise of a stroke is measured: 0.5 to 4 ms.
const RISES: [usize; 4] = [2, 4, 8, 16];
/// Hops of a stroke: 15 ms.
pub const STROKE: usize = 60;

/// The loudest stroke of a track has a little of what else sounds in it: by so much it is above a full one (0.65 dB, mean of the corpora).
const ABOVE: f32 = 0.22;

/// A stroke: its loudest levels, and how far below them the whole signal's were at first, in units of level.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stroke {
    pub levels: Levels,
    pub rise: [f32; RISES.len()],
}

impl Stroke {
    /// `hops`: the first [`STROKE`] hops of the stroke, or as many as there are.
    pub fn of(hops: &[Levels]) -> Stroke {
        let levels = loudest(hops);
        let mut rise = [0.0; RISES.len()];
        for (rise, end) in rise.iter_mut().zip(RISES) {
            *rise = loudest(&hops[..end.min(hops.len())])[WHOLE] - levels[WHOLE];
        }
        Stroke { levels, rise }
    }
}

/// A drum.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Profile {
    /// A full stroke.
    pub stroke: Stroke,
    pub instrument: Instrument,
    /// 1 where the levels were learned from this drum, 0 where they are those of a preset.
    pub learned: f32,
}

impl Profile {
    /// What the model is told of the drum beside levels: its colour, whether it was learned, which instrument it is.
    pub fn beside(&self) -> [f32; BESIDE] {
        let mut out = [0.0; BESIDE];
        for b in 0..BANDS {
            out[b] = self.stroke.levels[b] - self.stroke.levels[WHOLE];
        }
        out[WHOLE] = 0.0;
        out[BANDS] = self.learned;
        out[BESIDE - RISES.len()..].copy_from_slice(&self.stroke.rise);
        let known = [Instrument::Kick, Instrument::Snare, Instrument::Tom];
        for (i, known) in known.iter().enumerate() {
            out[BANDS + 1 + i] = if self.instrument == *known { 1.0 } else { 0.0 };
        }
        out
    }

    /// In the steps in which it is saved, so that what was learned and what is brought back are the same.
    pub fn in_steps(&self) -> Profile {
        let step = |value: f32| (value * STEPS).round() / STEPS;
        let Stroke { levels, rise } = self.stroke;
        Profile { stroke: Stroke { levels: levels.map(step), rise: rise.map(step) }, ..*self }
    }

    /// Follows a loud stroke a little: what is softer than a full one by more than 6 dB says nothing about the drum.
    pub fn follow(&mut self, stroke: &Stroke) {
        let louder = stroke.levels[WHOLE] - self.stroke.levels[WHOLE];
        if louder < -2.0 {
            return;
        }
        // A preset is left behind faster than what was learned.
        let share = if self.learned < 1.0 { 0.15 } else { 0.03 };
        for b in 0..WHOLE {
            let colour = stroke.levels[b] - louder - self.stroke.levels[b];
            self.stroke.levels[b] += share * colour.clamp(-6.0, 6.0);
        }
        for (rise, heard) in self.stroke.rise.iter_mut().zip(stroke.rise) {
            *rise += share * (heard - *rise);
        }
        if louder > 0.0 {
            self.stroke.levels.iter_mut().for_each(|level| *level += 0.3 * louder);
        }
        self.learned = (self.learned + 1.0 / 16.0).min(1.0);
    }

    /// The drum that plays these strokes: the middle colour of the loudest eight, almost as loud as the loudest one. `None` without strokes.
    pub fn of_strokes(strokes: &Strokes, instrument: Instrument) -> Option<Profile> {
        let strokes = strokes.loudest();
        let most = strokes.first()?.levels[WHOLE] - ABOVE;
        let middle = |value: &dyn Fn(&Stroke) -> f32| {
            let mut values = [0.0; STROKES];
            for (to, stroke) in values.iter_mut().zip(strokes) {
                *to = value(stroke);
            }
            let values = &mut values[..strokes.len()];
            values.sort_unstable_by(f32::total_cmp);
            (values[(values.len() - 1) / 2] + values[values.len() / 2]) * 0.5
        };
        let mut stroke = Stroke::default();
        for b in 0..BANDS {
            stroke.levels[b] = most + middle(&|s| s.levels[b] - s.levels[WHOLE]);
        }
        for i in 0..RISES.len() {
            stroke.rise[i] = middle(&|s| s.rise[i]);
        }
        Some(Profile { stroke, instrument, learned: 1.0 })
    }
}

/// The loudest strokes so far, at most [`STROKES`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Strokes {
    kept: [Stroke; STROKES],
    count: usize,
}

impl Strokes {
    /// Takes a stroke, if it is among the loudest.
    pub fn take(&mut self, stroke: Stroke) {
        let place =
            self.loudest().iter().take_while(|kept| kept.levels[WHOLE] >= stroke.levels[WHOLE]).count();
        if stroke.levels[WHOLE] <= SILENCE || place == STROKES {
            return;
        }
        self.count = (self.count + 1).min(STROKES);
        self.kept[place..self.count].rotate_right(1);
        self.kept[place] = stroke;
    }

    /// How many of them are full strokes: within 12 dB of the loudest one.
    pub fn full(&self) -> usize {
        let level = |stroke: &Stroke| stroke.levels[WHOLE];
        let Some(most) = self.loudest().first().map(level) else { return 0 };
        self.loudest().iter().filter(|stroke| level(stroke) > most - 4.0).count()
    }

    /// From loud to soft.
    pub fn loudest(&self) -> &[Stroke] {
        &self.kept[..self.count]
    }
}

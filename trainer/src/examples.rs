//! Examples out of corpora: what the model sees at a hop of a recording, and what it should have said. Drawn anew for every step, with
//! the drum's levels a little off, as learning finds them, and its colour another, as another microphone would hear it.

use seiche::dsp::drum::Instrument;
use seiche::dsp::drum::bands::{BANDS, HOPS, WHOLE};
use seiche::dsp::drum::history::{EARLY, LATE, REMEMBERED, inputs, look, loudest};
use seiche::dsp::drum::model::{AGE_UNIT, GROWTH_UNIT, Model};
use seiche::dsp::drum::profile::{Profile, Stroke};

use crate::corpus::File;
use crate::train::{Example, Random, Trainer};

pub const STEPS: usize = 80_000;
pub const BATCH: usize = 256;
/// Nodes of the layers between.
const HIDDEN: [usize; 2] = [256, 64];
/// Hops within which a stroke's peak so far is looked for, as in the detector.
const PEAK: usize = 40;
/// Examples taken out of a recording at once.
const TAKEN: usize = 16;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Early,
    Late,
}

impl Kind {
    fn windows(self) -> &'static [usize] {
        match self {
            Kind::Early => EARLY,
            Kind::Late => LATE,
        }
    }

    /// Seconds after a stroke's beginning at which the model should say yes: from, to; and between which it may say what it likes.
    fn ages(self) -> [f64; 4] {
        match self {
            Kind::Early => [0.0, 0.009, 0.0, 0.01025],
            Kind::Late => [0.006, 0.0095, 0.0055, 0.010],
        }
    }
}

/// The example of a hop; `None` where there is no right answer.
fn example(file: &File, hop: usize, kind: Kind, profile: &Profile, tilt: &[f32; BANDS]) -> Option<Example> {
    let now = (hop + 1) as f64 / HOPS;
    let [from, to, soft, hard] = kind.ages();
    let (mut is, mut age, mut growth) = (0.0, 0.0, 0.0);
    for stroke in &file.truth {
        let since = now - stroke.at;
        if stroke.masked {
            if (-0.001..=0.012).contains(&since) {
                return None;
            }
        } else if (from..=to).contains(&since) {
            is = 1.0;
            age = since as f32 / AGE_UNIT;
            let peak = loudest(&file.levels[hop + 1 - PEAK..=hop])[WHOLE];
            growth = (stroke.peak - peak).clamp(-8.0, 16.0) / GROWTH_UNIT;
        } else if (soft..=hard).contains(&since) {
            return None;
        }
    }
    let mut x = vec![0.0; inputs(kind.windows())];
    look(&file.levels[hop + 1 - REMEMBERED..=hop], kind.windows(), profile, &mut x);
    let colour = kind.windows().len() * BANDS;
    for b in 0..WHOLE {
        x[colour + b] += tilt[b];
    }
    Some(Example { inputs: x, is, age, growth })
}

/// The mean drum of every instrument, and of all, with a peak of -6 dBFS.
pub fn presets(files: &[File]) -> [Stroke; 4] {
    let mut sums = [Stroke::default(); 4];
    let mut counts = [0.0f32; 4];
    for file in files {
        let stroke = &file.profile.stroke;
        for i in [file.instrument as usize, Instrument::Any as usize] {
            counts[i] += 1.0;
            for b in 0..BANDS {
                sums[i].levels[b] += stroke.levels[b] - stroke.levels[WHOLE];
            }
            for (sum, rise) in sums[i].rise.iter_mut().zip(stroke.rise) {
                *sum += rise;
            }
        }
    }
    for (sum, count) in sums.iter_mut().zip(counts) {
        sum.levels.iter_mut().for_each(|level| *level = *level / count.max(1.0) - 2.0);
        sum.rise.iter_mut().for_each(|rise| *rise /= count.max(1.0));
    }
    sums
}

/// The drum as learning might have found it; sometimes as a preset, at another gain.
fn drum(file: &File, presets: &[Stroke; 4], random: &mut Random) -> Profile {
    let instrument = if random.share() < 0.25 { Instrument::Any } else { file.instrument };
    let mut drum = Profile { instrument, ..file.profile };
    if random.share() < 0.25 {
        let offset = (random.share() * 2.0 - 1.0) * 2.5;
        drum.stroke = presets[instrument as usize];
        drum.stroke.levels.iter_mut().for_each(|level| *level += offset);
        drum.learned = 0.0;
        return drum;
    }
    let whole = random.normal() * 0.35;
    for rise in &mut drum.stroke.rise {
        *rise += random.normal() * 0.3;
    }
    for level in &mut drum.stroke.levels {
        *level += whole + random.normal() * 0.3;
    }
    drum
}

/// Some examples out of one recording: near its strokes, near those of other drums, or anywhere.
fn draw(files: &[File], kind: Kind, presets: &[Stroke; 4], random: &mut Random, out: &mut Vec<Example>) {
    let file = &files[random.below(files.len())];
    let drum = drum(file, presets, random);
    let slope = random.normal() * 0.5;
    let tilt = std::array::from_fn(|b| random.normal() + slope * (b as f32 - 3.0));
    let hops = file.levels.len();
    let near = random.share();
    // Anywhere means: somewhere in a second and a half, which fits into the cache.
    let start = random.below(hops - 6000);
    let mut taken = 0;
    for _ in 0..4 * TAKEN {
        let hop = if near < 0.3 && !file.bleed.is_empty() {
            let at = file.bleed[random.below(file.bleed.len())];
            ((at + f64::from(random.share()) * 0.015) * HOPS) as usize
        } else if near < 0.7 {
            let at = file.truth[random.below(file.truth.len())].at;
            ((at + f64::from(random.share()) * 0.021 - 0.002) * HOPS) as usize
        } else {
            start + random.below(6000)
        };
        if hop + 1 < REMEMBERED || hop >= hops || !file.active[hop] {
            continue;
        }
        if let Some(example) = example(file, hop, kind, &drum, &tilt) {
            out.push(example);
            taken += 1;
            if taken == TAKEN {
                return;
            }
        }
    }
}

/// Trains a model. The same files give the same model.
pub fn fit(files: &[File], kind: Kind, presets: &[Stroke; 4]) -> Model {
    let mut random = Random::new(7 + kind as u64);
    let sizes = [inputs(kind.windows()), HIDDEN[0], HIDDEN[1], 3];
    let mut trainer = Trainer::new(sizes, &mut random);
    let mut loss = 0.0;
    for step in 0..STEPS {
        let mut batch = Vec::with_capacity(BATCH + TAKEN);
        while batch.len() < BATCH {
            draw(files, kind, presets, &mut random, &mut batch);
        }
        let share = step as f32 / STEPS as f32;
        let warm = ((step + 1) as f32 / 500.0).min(1.0);
        let rate = 1e-3 * (1.0 + (share * std::f32::consts::PI).cos()) * warm + 1e-6;
        loss += (trainer.step(&batch, rate) - loss) * 0.002f32.max(1.0 / (step + 1) as f32);
        if (step + 1) % (STEPS / 12) == 0 {
            let name = if kind == Kind::Early { "early" } else { "late " };
            println!("{name} model: step {}, loss {loss:.4}", step + 1);
        }
    }
    trainer.model
}

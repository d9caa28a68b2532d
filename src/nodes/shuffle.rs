//! `shuffle`: cuts a finished sound into parts and plays them in another order. The sound is rendered beforehand, by the compiler.
//! Audio thread, after construction.

use std::sync::Arc;

use crate::dsp::lane::Lane;
use crate::dsp::noise::Stream;
use crate::kernel::{Audio, Build, Kernel, Lanewise, MAX_LANES, Pass, Start};
use crate::spec::*;
use crate::units::Unit;

use super::{NodeDef, Runs, silence_ended};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "shuffle",
        help: "Cuts a sound of known length into parts and plays them in random order.",
        params: &[
            ParamSpec::signal(
                "signal",
                "The sound; it is rendered when the library is loaded, so it needs a `duration` and knows fixed names only.",
            ),
            ParamSpec::number("size", Unit::Seconds, 0.3, (0.001, 600.0), "Length of a part."),
            ParamSpec {
                default: Default::Absent,
                ..ParamSpec::integer(
                    "chunks",
                    0.0,
                    (1.0, 100_000.0),
                    "Number of equal parts, instead of `size`.",
                )
            },
            ParamSpec::number(
                "invert",
                Unit::None,
                0.1,
                (0.0, 1.0),
                "Fraction of the parts that are played backwards.",
            ),
            ParamSpec::number(
                "crossfade",
                Unit::Seconds,
                0.0,
                (0.0, 600.0),
                "How long neighbours overlap, at most half a part; equal power.",
            ),
            ParamSpec {
                default: Default::Absent,
                ..ParamSpec::integer(
                    "seed",
                    0.0,
                    (0.0, 1e9),
                    "The same order every time; absent: another for every voice.",
                )
            },
        ],
        extra: Extra::Refused,
        channels: Channels::AsFile,
        ends: Ends::Own,
        example: "example: {shuffle: {size: 0.1, signal: {osc: {freq: [110, 440], amp: 0.3, duration: 1}}}}\n",
    },
    runs: Runs::Ahead(make),
};

struct Shuffle {
    audio: Arc<Audio>,
    /// Frames of a part and of an overlap.
    part: usize,
    overlap: usize,
    parts: usize,
    /// How many parts are reversed.
    reversed: usize,
    seed: u64,
    fixed: bool,
    /// Per lane: which part comes when, and whether it is played backwards.
    order: Vec<(u32, bool)>,
}

fn make(b: &Build) -> Result<Box<dyn Kernel>, String> {
    let audio = b.audio.clone().ok_or("there is no sound to cut")?;
    let frames = audio.frames();
    let part = match b.number("chunks") {
        Some(chunks) => frames / chunks as usize,
        None => (b.number("size").unwrap_or(0.3) * b.rate + 1e-6) as usize,
    };
    let part = part.clamp(1, frames.max(1));
    let parts = frames / part;
    let overlap = (b.number("crossfade").unwrap_or(0.0) * b.rate) as usize;
    let fixed = b.number("seed");
    Ok(Box::new(Shuffle {
        audio,
        part,
        overlap: overlap.min(part / 2),
        parts,
        reversed: (b.number("invert").unwrap_or(0.1) * parts as f64 + 1e-9) as usize,
        seed: fixed.map_or(b.seed, |s| s as u64),
        fixed: fixed.is_some(),
        order: vec![(0, false); parts * b.lanes],
    }))
}

impl Shuffle {
    /// Frames in all.
    fn length(&self) -> u64 {
        match self.parts {
            0 => 0,
            n => (n * self.part - (n - 1) * self.overlap) as u64,
        }
    }

    /// The frame at which a part in the order is, so many frames after its beginning.
    #[inline(always)]
    fn read(&self, lane: usize, place: usize, frame: usize, channel: usize) -> f32 {
        let (part, backwards) = self.order[lane * self.parts + place];
        let frame = if backwards { self.part - 1 - frame } else { frame };
        self.audio.channels[channel.min(self.audio.channels.len() - 1)][part as usize * self.part + frame]
    }

    #[inline(always)]
    fn at(&self, lane: usize, age: u64, channel: usize) -> f32 {
        let stride = (self.part - self.overlap) as u64;
        let place = ((age / stride) as usize).min(self.parts - 1);
        let frame = (age - place as u64 * stride) as usize;
        let here = self.read(lane, place, frame, channel);
        if place == 0 || frame >= self.overlap {
            return here;
        }
        let weight = (frame as f32 + 0.5) / self.overlap as f32;
        let before = self.read(lane, place - 1, frame + stride as usize, channel);
        before * (1.0 - weight).sqrt() + here * weight.sqrt()
    }
}

impl Lanewise for Shuffle {
    #[inline(always)]
    fn pass<L: Lane>(&mut self, pass: &mut Pass) {
        let mut ends = [pass.frames as u8; MAX_LANES];
        for k in 0..L::N {
            let lane = pass.lane + k;
            let age = pass.ages[lane];
            ends[k] = self.length().saturating_sub(age).min(pass.frames as u64) as u8;
            for (channel, out) in pass.outputs.iter_mut().enumerate() {
                out.flat = false;
                for n in 0..ends[k] as usize {
                    out.floats_mut()[n * L::N + k] = self.at(lane, age + n as u64, channel);
                }
            }
        }
        pass.outputs[0].ends = ends;
        silence_ended(pass);
    }

    fn start(&mut self, lane: usize, start: Start) {
        let stream = Stream::new(self.seed, if self.fixed { 0 } else { start.voice });
        let order = &mut self.order[lane * self.parts..(lane + 1) * self.parts];
        for (n, place) in order.iter_mut().enumerate() {
            *place = (n as u32, n < self.reversed);
        }
        // Fisher and Yates, once for who is reversed and once for the order.
        let mut drawn = 0;
        let mut below = |n: usize| {
            drawn += 1;
            ((u64::from(stream.bits(drawn)) * n as u64) >> 32) as usize
        };
        for n in (1..order.len()).rev() {
            let other = below(n + 1);
            (order[n].1, order[other].1) = (order[other].1, order[n].1);
        }
        for n in (1..order.len()).rev() {
            order.swap(n, below(n + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::probe::Probe;

    fn ramp(frames: usize) -> Probe {
        let audio = Audio { rate: 44100.0, channels: vec![(0..frames).map(|n| n as f32).collect()] };
        Probe::new(&DEF).with(|p| p.audio = Some(Arc::new(audio)))
    }

    #[test]
    fn shuffle_plays_every_part_once() {
        let p = ramp(1000).number("chunks", 10.0).number("invert", 0.3);
        let out = p.laws(1200);
        assert_eq!(out.ends[0], Some(1000));
        let mut firsts: Vec<f32> = out.mono()[..1000].chunks(100).map(|c| c[0].min(c[99])).collect();
        let backwards = out.mono()[..1000].chunks(100).filter(|c| c[0] > c[99]).count();
        assert_ne!(firsts, (0..10).map(|n| n as f32 * 100.0).collect::<Vec<_>>());
        firsts.sort_by(f32::total_cmp);
        assert_eq!(firsts, (0..10).map(|n| n as f32 * 100.0).collect::<Vec<_>>());
        assert_eq!(backwards, 3);
    }

    #[test]
    fn shuffle_repeats_itself_only_with_a_seed() {
        let p = |seed: Option<f64>, first: u64| {
            let p = ramp(1000).number("chunks", 10.0).with(|p| p.seed = first);
            seed.map_or(p.clone(), |s| p.number("seed", s)).render(1000).frames
        };
        assert!(p(None, 1) != p(None, 2));
        assert!(p(Some(5.0), 1) == p(Some(5.0), 2) && p(Some(5.0), 1) != p(Some(6.0), 1));
    }

    #[test]
    fn shuffle_crossfades_with_equal_power() {
        let out = ramp(1000).number("chunks", 10.0).number("crossfade", 20.0 / 44100.0).laws(1000);
        assert_eq!(out.ends[0], Some(1000 - 9 * 20));
    }
}

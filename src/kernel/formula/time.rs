//! What of a formula depends on time: the lanes' ages, and random values that change on the grid of those ages. Audio thread.

use super::program::{FormulaProgram, Step};
use super::wide::fixed;
use crate::kernel::MAX_LANES;

/// Lanes of the widest pack.
const PACK: usize = 16;

/// A phase that turns steadily with time, as the loader prepares it for the sample rate.
pub struct Wheel {
    /// Where it stands at time 0.
    pub offset: u64,
    /// How far it turns in 0, 1, 2 … frames.
    pub ahead: [u64; PACK + 1],
}

impl Wheel {
    /// The wheels of a program's steps, in the order of the steps.
    pub fn of(program: &FormulaProgram, rate: f64) -> Vec<Wheel> {
        let wheel = |step: &Step| match *step {
            Step::TimePhase { scale, offset, .. } | Step::TimeWave { scale, offset, .. } => {
                let step = fixed(scale / rate);
                let ahead = std::array::from_fn(|n| step.wrapping_mul(n as u64));
                Some(Wheel { offset: fixed(offset), ahead })
            }
            _ => None,
        };
        program.steps.iter().filter_map(wheel).collect()
    }

    /// Where it stands after so many frames.
    #[inline(always)]
    pub fn at(&self, age: u64) -> u64 {
        self.ahead[1].wrapping_mul(age).wrapping_add(self.offset)
    }
}

/// Ages and random streams of the lanes of one pass.
pub struct Clock<'a> {
    /// Frames since each lane began, at the first frame of the pass.
    pub ages: &'a [u64],
    /// The same for random values: see [`Pass::draws`](crate::kernel::Pass::draws).
    pub draws: &'a [u64],
    pub voices: &'a [u64],
    pub wheels: &'a [Wheel],
    pub seed: u64,
    pub frames: usize,
    pub rate: f64,
    /// Frames for which a random value holds.
    pub period: u64,
}

impl Clock<'_> {
    /// Hands the age of every value of frames `first..` to `put`, lanes side by side.
    #[inline(always)]
    pub fn each_age<T>(&self, width: usize, first: usize, out: &mut [T], put: impl Fn(f64) -> T) {
        if width == 1 {
            let age = self.ages[0].wrapping_add(first as u64) as f64;
            for (n, out) in out.iter_mut().enumerate() {
                *out = put(age + n as i32 as f64);
            }
        } else {
            let mut base = [0.0; MAX_LANES];
            for (base, age) in base.iter_mut().zip(&self.ages[..width]) {
                *base = age.wrapping_add(first as u64) as f64;
            }
            for (n, out) in out.chunks_mut(width).enumerate() {
                for (out, base) in out.iter_mut().zip(base) {
                    *out = put(base + n as i32 as f64);
                }
            }
        }
    }

    /// Whether no lane's random value changes within the pass.
    pub fn random_holds(&self, width: usize) -> bool {
        self.draws[..width].iter().all(|age| {
            let last = age.wrapping_add(self.frames as u64 - 1);
            age / self.period == last / self.period
        })
    }

    /// The random values of a stream from frame `first` on, lanes side by side.
    pub fn random(&self, width: usize, first: usize, stream: u32, out: &mut [f32]) {
        for lane in 0..width.min(out.len()) {
            let mut age = self.draws[lane].wrapping_add(first as u64);
            let mut value = self.random_at(lane, stream, age / self.period);
            for out in out[lane..].iter_mut().step_by(width) {
                if age.is_multiple_of(self.period) {
                    value = self.random_at(lane, stream, age / self.period);
                }
                *out = value;
                age = age.wrapping_add(1);
            }
        }
    }

    /// Uniform in 0..1, from the top 24 bits of a hash.
    fn random_at(&self, lane: usize, stream: u32, period: u64) -> f32 {
        let hash = mix(mix((self.seed ^ mix(self.voices[lane])).wrapping_add(u64::from(stream))) ^ period);
        (hash >> 40) as f32 / 16_777_216.0
    }
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014), over a step of its sequence.
fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

//! Lays measured signals over each other, slice by slice: what they can reach together at most, and what is to be expected.

/// Frames of a slice.
pub const HOP: usize = 256;
/// Frames between two dense places.
const APART: usize = 48_000;
/// How far the peak of many unrelated signals is above their power: their sum is like noise.
pub const CREST: f64 = 3.8;

/// A signal in a slice of time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Slice {
    pub peak: f32,
    /// Mean square.
    pub power: f32,
}

/// What is in a slice of the sum, on one side.
#[derive(Clone, Copy, Debug, Default)]
struct Layer {
    /// Sum of peaks: all of them at the same frame, with the same sign.
    bound: f64,
    power: f64,
    /// Sums of squares of powers and of peaks.
    powers: f64,
    peaks: f64,
    /// The loudest alone.
    single: f64,
}

impl Layer {
    fn add(&mut self, peak: f64, power: f64) {
        self.bound += peak;
        self.power += power;
        self.powers += power * power;
        self.peaks += peak * peak;
        self.single = self.single.max(peak);
    }

    /// From one signal, which is as loud as it was measured, to many, which are like noise.
    fn expected(&self) -> f64 {
        if self.power <= 0.0 || self.powers <= 0.0 {
            return self.single;
        }
        let count = (self.power * self.power / self.powers).max(1.0);
        let own = (self.peaks / self.power).sqrt();
        let crest = own + (CREST - own).max(0.0) * (1.0 - 1.0 / count);
        (self.power.sqrt() * crest).clamp(self.single, self.bound.max(self.single))
    }
}

/// See the head of this file.
pub struct Sum {
    layers: Vec<[Layer; 2]>,
}

impl Sum {
    /// None where there is no memory for it.
    pub fn new(frames: u64) -> Option<Sum> {
        let slices = usize::try_from(frames.div_ceil(HOP as u64)).ok()?;
        let mut layers = vec![];
        layers.try_reserve_exact(slices).ok()?;
        layers.resize(slices, [Layer::default(); 2]);
        Some(Sum { layers })
    }

    /// Memory for so many frames.
    pub fn bytes(frames: u64) -> u64 {
        frames.div_ceil(HOP as u64) * size_of::<[Layer; 2]>() as u64
    }

    /// A signal from frame `at` on, times `gain`.
    pub fn add(&mut self, signal: &[[Slice; 2]], at: u64, gain: f32) {
        let (first, late) = ((at / HOP as u64) as usize, (at % HOP as u64) as f64 / HOP as f64);
        let gain = f64::from(gain.abs());
        // A slice of the sum has the end of one of the signal's and the beginning of the next.
        for (n, layers) in self.layers.iter_mut().skip(first).take(signal.len() + 1).enumerate() {
            for (side, layer) in layers.iter_mut().enumerate() {
                let slice = |n: usize| signal.get(n).map_or(Slice::default(), |sides| sides[side]);
                let (here, before) =
                    (slice(n), if late > 0.0 && n > 0 { slice(n - 1) } else { Slice::default() });
                let power = (1.0 - late) * f64::from(here.power) + late * f64::from(before.power);
                let peak = f64::from(here.peak.max(before.peak));
                if peak > 0.0 {
                    layer.add(gain * peak, gain * gain * power);
                }
            }
        }
    }

    /// A signal from the beginning on, again and again, each time with its gain.
    pub fn repeat(&mut self, signal: &[[Slice; 2]], gains: &[f32]) {
        for (n, gain) in gains.iter().enumerate() {
            self.add(signal, (n * signal.len() * HOP) as u64, *gain);
        }
    }

    /// The frames at which most is to be expected: the two that are furthest ahead, at some distance.
    pub fn densest(&self) -> Vec<u64> {
        let expected = |layers: &[Layer; 2]| layers.iter().map(Layer::expected).fold(0.0, f64::max);
        let all: Vec<f64> = self.layers.iter().map(expected).collect();
        let best = |far: &dyn Fn(usize) -> bool| {
            let places = (0..all.len()).filter(|n| far(*n) && all[*n] > 0.0);
            places.reduce(|best, next| if all[next] > all[best] { next } else { best })
        };
        let first = best(&|_| true);
        let second = first.and_then(|first| best(&|n| n.abs_diff(first) * HOP > APART));
        first.into_iter().chain(second).map(|n| (n * HOP) as u64).collect()
    }

    fn most(&self, of: impl Fn(&Layer) -> f64) -> f64 {
        self.layers.iter().flatten().map(of).fold(0.0, f64::max)
    }

    /// No frame is louder, where signals only add up.
    pub fn bound(&self) -> f64 {
        self.most(|layer| layer.bound)
    }

    pub fn expected(&self) -> f64 {
        self.most(Layer::expected)
    }
}

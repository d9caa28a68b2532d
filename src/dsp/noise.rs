//! Random numbers for signals: a value is a function of (stream, frame number), so that any split of time, any number of lanes
//! and every instruction set draw the same ones. Also Perlin's gradient noise. Pure functions; any thread.

use super::lane::{Lane, MAX_LANES};
use super::math;
use super::sinc::bessel;
use std::sync::OnceLock;

/// Mixes the bits of a number (a finaliser of the murmur family; multipliers found by C. Wellons, public domain).
#[inline(always)]
fn mix(x: u32) -> u32 {
    let x = (x ^ (x >> 16)).wrapping_mul(0x21f0_aaad);
    let x = (x ^ (x >> 15)).wrapping_mul(0xd35a_2d97);
    x ^ (x >> 15)
}

/// A stream of random numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stream(u32, u32);

impl Stream {
    /// The stream of a voice of a node.
    pub fn new(seed: u64, voice: u64) -> Stream {
        // SplitMix64, twice.
        let mut x = seed ^ voice.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut next = || {
            x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let z = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        };
        let (a, b) = (next(), next());
        Stream((a ^ (b >> 32)) as u32, b as u32)
    }

    /// Random bits number `n`.
    #[inline(always)]
    pub fn bits(self, n: u32) -> u32 {
        mix(mix(n.wrapping_add(self.0)) ^ self.1)
    }
}

/// Uniform in (0, 1]: 24 bits.
#[inline(always)]
fn unit(bits: u32) -> f32 {
    ((bits >> 8) + 1) as f32 * (1.0 / 16_777_216.0)
}

/// Gaussian numbers (mean 0, standard deviation 1, at most ±5.8) number `n` of each lane's stream, by Box and Muller's method.
#[inline(always)]
pub fn gaussian<L: Lane>(streams: &[Stream], n: &[u32]) -> L {
    let (mut u, mut v) = ([0.0; MAX_LANES], [0.0; MAX_LANES]);
    for k in 0..L::N {
        u[k] = unit(streams[k].bits(n[k].wrapping_mul(2)));
        v[k] = unit(streams[k].bits(n[k].wrapping_mul(2).wrapping_add(1)));
    }
    let radius = (L::splat(-2.0) * math::ln(L::load(&u))).max(L::splat(0.0)).sqrt();
    radius * math::sin_cycles(L::load(&v) - L::splat(0.5))
}

/// Frames of a finer grid for one of the coarse one's, and coarse frames that lie on each side of what is between them.
const FINER: usize = 4;
const SIDE: usize = 8;

/// Noise of a rate, as it is heard between its frames: four times as many of them, as loud in every band and spread as wide.
pub struct Between {
    /// `[frames behind a coarse one][coarse frame]`
    weights: [[f32; 2 * SIDE]; FINER],
}

impl Between {
    /// The weights, made at the first call (a loader thread).
    pub fn shared() -> &'static Between {
        static SHARED: OnceLock<Between> = OnceLock::new();
        SHARED.get_or_init(|| {
            // Sines of whole quarters of a half turn need no library.
            let sines = [0.0, std::f64::consts::FRAC_1_SQRT_2, 1.0, std::f64::consts::FRAC_1_SQRT_2];
            let weights = std::array::from_fn(|behind| {
                let mut weights: [f64; 2 * SIDE] = std::array::from_fn(|k| {
                    let x = k as f64 - (SIDE - 1) as f64 - behind as f64 / FINER as f64;
                    if x == 0.0 {
                        return 1.0;
                    }
                    // sin(pi (k - 7 - b / 4)), whose sign turns with every k.
                    let sine = if k.is_multiple_of(2) { sines[behind] } else { -sines[behind] };
                    let window =
                        bessel(5.0 * (1.0 - (x / SIDE as f64).powi(2)).max(0.0).sqrt()) / bessel(5.0);
                    sine / (std::f64::consts::PI * x) * window
                });
                // The sum of independent values is as wide as each of them.
                let spread = weights.iter().map(|w| w * w).sum::<f64>().sqrt();
                weights.iter_mut().for_each(|w| *w /= spread);
                weights.map(|w| w as f32)
            });
            Between { weights }
        })
    }

    /// Gaussian numbers of the finer stream from number `first` on: every fourth is one of the stream itself.
    pub fn gaussian<'a>(&self, stream: Stream, first: u32, out: impl Iterator<Item = &'a mut f32>) {
        let draw = |n: u32| gaussian::<f32>(&[stream], &[n]);
        let (mut coarse, mut behind) = (first / FINER as u32, (first % FINER as u32) as usize);
        let mut near: [f32; 2 * SIDE] =
            std::array::from_fn(|k| draw(coarse.wrapping_add(k as u32).wrapping_sub(SIDE as u32 - 1)));
        for out in out {
            *out = match behind {
                0 => near[SIDE - 1],
                _ => near.iter().zip(&self.weights[behind]).map(|(x, w)| x * w).sum(),
            };
            behind += 1;
            if behind == FINER {
                (coarse, behind) = (coarse.wrapping_add(1), 0);
                near.copy_within(1.., 0);
                near[2 * SIDE - 1] = draw(coarse.wrapping_add(SIDE as u32));
            }
        }
    }
}

/// The gradient along one axis, by the low four bits of a hash.
const GRADIENTS: [f32; 16] = [1., -1., 1., -1., 1., -1., 1., -1., 0., 0., 0., 0., 1., -1., 0., 0.];

/// Perlin's improved noise in one dimension, with a permutation of its own.
pub struct Perlin {
    table: [u8; 256],
}

impl Perlin {
    /// Perlin's permutation, shuffled by `seed` if there is one (Mersenne Twister and top-down exchange, so that a seed means
    /// what it means elsewhere).
    pub fn new(seed: Option<u32>) -> Perlin {
        let mut table = PERMUTATION;
        if let Some(seed) = seed {
            let mut twister = Twister::new(seed);
            for i in (1..table.len()).rev() {
                table.swap(i, twister.below(i as u32 + 1) as usize);
            }
        }
        Perlin { table }
    }

    fn gradient(&self, i: i64) -> f32 {
        let t = |i: u8| self.table[i as usize];
        GRADIENTS[(t(t(t((i.rem_euclid(1024) & 255) as u8))) & 15) as usize]
    }

    /// The value at a position, about ±0.5; repeats after 1024.
    pub fn at(&self, x: f64) -> f32 {
        let floor = x.floor();
        let (i, u) = (floor as i64, (x - floor) as f32);
        let s = u * u * u * (u * (u * 6.0 - 15.0) + 10.0);
        let (a, b) = (self.gradient(i) * u, self.gradient(i.wrapping_add(1)) * (u - 1.0));
        a + s * (b - a)
    }
}

/// The Mersenne Twister (Matsumoto and Nishimura 1998), seeded by an array of one number.
struct Twister {
    state: [u32; 624],
    next: usize,
}

impl Twister {
    fn new(seed: u32) -> Twister {
        let mut s = [0u32; 624];
        s[0] = 19_650_218;
        for i in 1..624 {
            s[i] = 1_812_433_253u32.wrapping_mul(s[i - 1] ^ (s[i - 1] >> 30)).wrapping_add(i as u32);
        }
        let mut i = 1;
        for _ in 0..624 {
            s[i] = (s[i] ^ (s[i - 1] ^ (s[i - 1] >> 30)).wrapping_mul(1_664_525)).wrapping_add(seed);
            i += 1;
            if i == 624 {
                s[0] = s[623];
                i = 1;
            }
        }
        for _ in 0..623 {
            s[i] = (s[i] ^ (s[i - 1] ^ (s[i - 1] >> 30)).wrapping_mul(1_566_083_941)).wrapping_sub(i as u32);
            i += 1;
            if i == 624 {
                s[0] = s[623];
                i = 1;
            }
        }
        s[0] = 0x8000_0000;
        Twister { state: s, next: 624 }
    }

    fn bits(&mut self) -> u32 {
        if self.next == 624 {
            for i in 0..624 {
                let y = (self.state[i] & 0x8000_0000) | (self.state[(i + 1) % 624] & 0x7fff_ffff);
                let flip = if y & 1 == 1 { 0x9908_b0df } else { 0 };
                self.state[i] = self.state[(i + 397) % 624] ^ (y >> 1) ^ flip;
            }
            self.next = 0;
        }
        let y = self.state[self.next];
        self.next += 1;
        let y = y ^ (y >> 11);
        let y = y ^ ((y << 7) & 0x9d2c_5680);
        let y = y ^ ((y << 15) & 0xefc6_0000);
        y ^ (y >> 18)
    }

    /// A whole number below `n`, by rejection from the top bits.
    fn below(&mut self, n: u32) -> u32 {
        let width = 32 - n.leading_zeros();
        loop {
            let x = self.bits() >> (32 - width);
            if x < n {
                return x;
            }
        }
    }
}

/// Perlin's reference permutation (public).
#[rustfmt::skip]
const PERMUTATION: [u8; 256] = [
    151,160,137,91,90,15,131,13,201,95,96,53,194,233,7,225,140,36,103,30,69,142,8,99,37,240,21,10,23,
    190,6,148,247,120,234,75,0,26,197,62,94,252,219,203,117,35,11,32,57,177,33,88,237,149,56,87,174,20,
    125,136,171,168,68,175,74,165,71,134,139,48,27,166,77,146,158,231,83,111,229,122,60,211,133,230,220,
    105,92,41,55,46,245,40,244,102,143,54,65,25,63,161,1,216,80,73,209,76,132,187,208,89,18,169,200,196,
    135,130,116,188,159,86,164,100,109,198,173,186,3,64,52,217,226,250,124,123,5,202,38,147,118,126,255,
    82,85,212,207,206,59,227,47,16,58,17,182,189,28,42,223,183,170,213,119,248,152,2,44,154,163,70,221,
    153,101,155,167,43,172,9,129,22,39,253,19,98,108,110,79,113,224,232,178,185,112,104,218,246,97,228,
    251,34,242,193,238,210,144,12,191,179,162,241,81,51,145,235,249,14,239,107,49,192,214,31,181,199,106,
    157,184,84,204,176,115,121,50,45,127,4,150,254,138,236,205,93,222,114,67,29,24,72,243,141,128,195,78,
    66,215,61,156,180,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_gaussian_and_white() {
        let s = [Stream::new(1, 2)];
        let x: Vec<f64> = (0..100_000u32).map(|n| gaussian::<f32>(&s, &[n]) as f64).collect();
        let mean = x.iter().sum::<f64>() / 1e5;
        let var = x.iter().map(|x| x * x).sum::<f64>() / 1e5;
        let lag: f64 = x.windows(2).map(|w| w[0] * w[1]).sum::<f64>() / 1e5;
        let fourth = x.iter().map(|x| x.powi(4)).sum::<f64>() / 1e5;
        assert!(mean.abs() < 0.01 && (var - 1.0).abs() < 0.02 && lag.abs() < 0.01, "{mean} {var} {lag}");
        assert!((fourth - 3.0).abs() < 0.1, "{fourth}");
    }

    #[test]
    fn noise_between_frames_is_as_wide_and_lies_in_the_lower_quarter() {
        let stream = Stream::new(1, 2);
        let mut x = vec![0.0; 40_000];
        Between::shared().gaussian(stream, 0, x.iter_mut());
        for n in 0..10_000 {
            assert_eq!(x[4 * n], gaussian::<f32>(&[stream], &[n as u32]), "{n}");
        }
        let power = |x: &[f32]| x.iter().map(|x| f64::from(x * x)).sum::<f64>() / x.len() as f64;
        for behind in 0..4 {
            let every: Vec<f32> = x[behind..].iter().step_by(4).copied().collect();
            assert!((power(&every) - 1.0).abs() < 0.05, "{behind}: {}", power(&every));
        }
        // What is above the coarse rate's half is what a difference over two frames brings out most.
        let above: Vec<f32> = x.windows(3).map(|w| (w[0] - 2.0 * w[1] + w[2]) / 4.0).collect();
        assert!(power(&above) < 0.01, "{}", power(&above));
        let mut part = vec![0.0; 100];
        Between::shared().gaussian(stream, 777, part.iter_mut());
        assert_eq!(part, x[777..877]);
    }

    #[test]
    fn noise_streams_differ() {
        let (a, b) = ([Stream::new(1, 2)], [Stream::new(1, 3)]);
        let product: f64 =
            (0..50_000u32).map(|n| (gaussian::<f32>(&a, &[n]) * gaussian::<f32>(&b, &[n])) as f64).sum();
        assert!((product / 5e4).abs() < 0.02);
    }

    #[test]
    fn noise_twister_is_the_known_one() {
        // First outputs for init_by_array([7]).
        let mut t = Twister::new(7);
        let first = t.bits();
        assert_eq!(first >> 5, (0.32383276483316237 * 134_217_728.0f64) as u32);
    }

    #[test]
    fn noise_perlin_is_smooth_and_zero_at_whole_positions() {
        let p = Perlin::new(Some(7));
        for i in 0..50 {
            assert_eq!(p.at(i as f64), 0.0);
        }
        let step = (0..5000)
            .map(|i| (p.at(i as f64 * 0.01) - p.at(i as f64 * 0.01 + 0.01)).abs())
            .fold(0.0, f32::max);
        assert!(step > 0.005 && step < 0.03, "{step}");
    }
}

//! From floating point to the words of a file: whole numbers with dither, or the float's own bits.

use super::{Depth, Shape};

/// Makes words; its random numbers go on from call to call, so that it does not matter how frames are divided among them.
pub(super) struct Quantiser {
    channels: usize,
    depth: Depth,
    dither: Option<u64>,
    clipped: u64,
}

impl Quantiser {
    pub fn new(shape: Shape, dither: Option<u64>) -> Self {
        let dither = dither.filter(|_| shape.depth.is_whole());
        Self { channels: shape.channels, depth: shape.depth, dither, clipped: 0 }
    }

    /// Samples that did not fit so far.
    pub fn clipped(&self) -> u64 {
        self.clipped
    }

    /// Adds the words of frames, interleaved.
    pub fn words(&mut self, sides: [&[f32]; 2], gain: f32, words: &mut Vec<i32>) {
        let full = match self.depth {
            Depth::Int16 => 32_768.0,
            Depth::Int24 => 8_388_608.0,
            Depth::Float32 => {
                for (left, right) in sides[0].iter().zip(sides[1]) {
                    let both = [left * gain, right * gain].map(|x| x.to_bits() as i32);
                    words.extend_from_slice(&both[..self.channels]);
                }
                return;
            }
        };
        for (left, right) in sides[0].iter().zip(sides[1]) {
            for x in &[*left, *right][..self.channels] {
                words.push(self.whole(*x * gain, full));
            }
        }
    }

    /// Digital silence stays digital silence: dither would only be heard.
    fn whole(&mut self, x: f32, full: f64) -> i32 {
        let scaled = f64::from(x) * full;
        let noise = match (&mut self.dither, x == 0.0) {
            (Some(state), false) => triangle(state),
            _ => 0.0,
        };
        let rounded = (scaled + noise).round_ties_even();
        let cut = rounded.clamp(-full, full - 1.0);
        // (A sample of exactly 1 is one quantum too much, and nobody's fault.)
        self.clipped += u64::from(scaled.abs() > full);
        cut as i32
    }
}

/// The next random number of the triangular distribution from -1 to 1 (splitmix64, the sum of its two halves).
fn triangle(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut x = *state;
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^= x >> 31;
    (f64::from(x as u32) + f64::from((x >> 32) as u32)) / f64::from(u32::MAX) - 1.0
}

//! Rising edges: where signals go up through a threshold. Whole packs are compared at once, the outcomes become one bit a value, and
//! edges are found among 64 values with a few operations on those bits. Any thread, mostly the audio thread; nothing here allocates.

use super::lane::Lane;

/// Values that are looked at together.
const GROUP: usize = 64;

/// Looks for rising edges in interleaved signals: frame by frame, `lanes` values each.
///
/// A signal is *below* once it is less than the threshold minus the hysteresis, and until it reaches the threshold: that is the edge. A
/// value that is not a number is no edge, and none follows it until the signal has been below again. What happened before goes along in
/// `below`, so that every division into blocks finds the same edges.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Edges {
    threshold: f32,
    floor: f32,
    lanes: usize,
    /// A bit for each lane: the signal is below.
    pub below: u64,
}

impl Edges {
    /// `lanes`: 1, 2, 4, 8, 16 or 32. All signals begin below.
    pub fn new(threshold: f32, hysteresis: f32, lanes: usize) -> Edges {
        assert!(lanes.is_power_of_two() && lanes < GROUP);
        Edges { threshold, floor: threshold - hysteresis.max(0.0), lanes, below: (1 << lanes) - 1 }
    }

    /// Finds the edges of `values`, a whole number of frames. Sets a bit of `found` for each: bit `i % 64` of `found[i / 64]` is
    /// value `i`. `found` has room for them all.
    #[inline(always)]
    pub fn find<P: Lane>(&mut self, values: &[f32], found: &mut [u64]) {
        let groups = values.chunks_exact(GROUP);
        let rest = groups.remainder();
        for (group, found) in groups.zip(found.iter_mut()) {
            *found = self.group::<P>(group, GROUP);
        }
        if !rest.is_empty() {
            let mut last = [0.0; GROUP];
            last[..rest.len()].copy_from_slice(rest);
            found[values.len() / GROUP] = self.group::<P>(&last, rest.len());
        }
    }

    /// The edges among the first `count` of 64 values, a bit each.
    #[inline(always)]
    fn group<P: Lane>(&mut self, values: &[f32], count: usize) -> u64 {
        let (threshold, floor) = (P::splat(self.threshold), P::splat(self.floor));
        let (mut high, mut low) = (0u64, 0u64);
        for i in (0..GROUP).step_by(P::N) {
            let x = P::load(&values[i..]);
            high |= P::bits(x.ge(threshold)) << i;
            low |= P::bits(x.lt(floor)) << i;
        }
        let lanes = self.lanes;
        // Between floor and threshold a signal stays what it was, over any number of frames.
        if high | low != u64::MAX && self.floor < self.threshold {
            let mut between = 0;
            for i in (0..GROUP).step_by(P::N) {
                between |= P::bits(P::load(&values[i..]).ge(floor)) << i;
            }
            between &= !high;
            low |= between & self.below;
            let mut frames = lanes;
            while frames < GROUP {
                low |= between & (low << frames);
                between &= between << frames;
                frames *= 2;
            }
        }
        let found = high & ((low << lanes) | self.below);
        self.below = (low >> (count - lanes)) & ((1 << lanes) - 1);
        if count < GROUP { found & ((1 << count) - 1) } else { found }
    }
}

/// The positions of the bits, in order.
pub fn positions(found: &[u64]) -> impl Iterator<Item = usize> + '_ {
    found.iter().enumerate().flat_map(|(i, bits)| Bits(*bits).map(move |bit| i * GROUP + bit))
}

/// The bits that are set, from the lowest.
struct Bits(u64);

impl Iterator for Bits {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        let bit = self.0.trailing_zeros() as usize;
        self.0 &= self.0.wrapping_sub(1);
        (bit < GROUP).then_some(bit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::lane::{Plain4, Two};

    /// The definition, value by value.
    fn slowly(values: &[f32], threshold: f32, hysteresis: f32, lanes: usize) -> Vec<usize> {
        let mut below = vec![true; lanes];
        let mut found = Vec::new();
        for (i, x) in values.iter().enumerate() {
            let below = &mut below[i % lanes];
            if *x >= threshold {
                if *below {
                    found.push(i);
                }
                *below = false;
            } else if *x < threshold - hysteresis {
                *below = true;
            } else if x.is_nan() {
                *below = false;
            }
        }
        found
    }

    fn noise(n: usize) -> Vec<f32> {
        let mut seed = 1u32;
        let mut next = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as f32 / (1u32 << 24) as f32
        };
        let mut slow = 0.0;
        (0..n)
            .map(|i| {
                slow += (next() - 0.5) * 0.2 - slow * 0.01;
                match i % 53 {
                    17 => f32::NAN,
                    31 => 0.5,
                    _ => 0.5 + slow + 0.3 * (next() - 0.5),
                }
            })
            .collect()
    }

    fn quickly<P: Lane>(values: &[f32], h: f32, lanes: usize, cut: impl Fn(usize) -> usize) -> Vec<usize> {
        let mut edges = Edges::new(0.5, h, lanes);
        let (mut at, mut all, mut round) = (0, Vec::new(), 0);
        while at < values.len() {
            let n = (cut(round) * lanes).min(values.len() - at);
            let mut found = vec![0; n.div_ceil(64)];
            edges.find::<P>(&values[at..at + n], &mut found);
            all.extend(positions(&found).map(|i| at + i));
            (at, round) = (at + n, round + 1);
        }
        all
    }

    #[test]
    fn edge_finds_what_the_definition_says_for_every_split_and_pack() {
        let values = noise(32 * 500);
        for lanes in [1, 2, 8, 32] {
            for h in [0.0, 0.05, 0.4] {
                let expected = slowly(&values, 0.5, h, lanes);
                assert!(expected.len() > 20, "{lanes} lanes, {h}: {}", expected.len());
                let cuts: [fn(usize) -> usize; 4] = [|_| 16_000, |_| 1, |_| 64, |n| 1 + (n * 37) % 90];
                for (c, cut) in cuts.iter().enumerate() {
                    assert!(quickly::<f32>(&values, h, lanes, cut) == expected, "{lanes} {h} {c}");
                    assert!(quickly::<Plain4>(&values, h, lanes, cut) == expected, "{lanes} {h} {c}");
                    assert!(quickly::<Two<Plain4>>(&values, h, lanes, cut) == expected, "{lanes} {h} {c}");
                }
            }
        }
    }

    #[test]
    fn edge_with_hysteresis_ignores_ripple() {
        // A slow swell with ripple on it: one edge, where a bare threshold finds many.
        let ripple = |n: usize| (n as f32 * 0.002).sin() + 0.05 * (n as f32 * 1.3).sin();
        let values: Vec<f32> = (0..3000).map(ripple).collect();
        assert!(quickly::<Plain4>(&values, 0.0, 1, |_| 64).len() > 5);
        assert_eq!(quickly::<Plain4>(&values, 0.2, 1, |_| 64).len(), 1);
    }
}

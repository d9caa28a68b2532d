//! Twice and half the sample rate by half-band filters: linear phase, every second tap but the middle one zero (Bellanger, Daguet and
//! Lepagnol 1974), windowed after Kaiser. Sums are taken in a fixed order, so that it makes no difference how time is cut. Audio thread,
//! after construction.

use super::sinc::bessel;

/// Frames of the lower rate that are computed at a time.
const CHUNK: usize = 64;

/// The taps of one side at odd distances from the middle: `M` of them. The middle is a half.
fn taps<const M: usize>(beta: f64) -> [f32; M] {
    let ideal = |i: usize| {
        let distance = (2 * i + 1) as f64;
        let sign = if i.is_multiple_of(2) { 1.0 } else { -1.0 };
        let window = bessel(beta * (1.0 - (distance / (2 * M) as f64).powi(2)).sqrt()) / bessel(beta);
        sign / (std::f64::consts::PI * distance) * window
    };
    let taps: [f64; M] = std::array::from_fn(ideal);
    // A constant stays what it is.
    let sum: f64 = taps.iter().sum();
    taps.map(|tap| (tap * 0.25 / sum) as f32)
}

/// Takes away what lies above a quarter of the rate, and every second frame.
#[derive(Clone, Debug)]
struct Down<const M: usize> {
    taps: [f32; M],
    /// Frames of even and of odd number, oldest first, behind those that are still needed.
    even: Vec<f32>,
    odd: Vec<f32>,
    /// The first of a pair whose second has not come yet.
    first: Option<f32>,
    /// Pairs of silence that came last.
    silent: usize,
}

impl<const M: usize> Down<M> {
    /// By how many frames of the lower rate the output is late.
    const LATE: usize = M - 1;

    fn new(beta: f64) -> Self {
        let (even, odd) = (vec![0.0; M - 1 + CHUNK], vec![0.0; 2 * M - 1 + CHUNK]);
        Down { taps: taps(beta), even, odd, first: None, silent: 2 * M }
    }

    fn clear(&mut self) {
        self.even.fill(0.0);
        self.odd.fill(0.0);
        (self.first, self.silent) = (None, 2 * M);
    }

    /// Frames out, of any number in; returns how many there are.
    fn run(&mut self, mut input: &[f32], out: &mut [f32]) -> usize {
        let mut done = 0;
        loop {
            let mut pairs = 0;
            while pairs < CHUNK {
                let Some((a, b, rest)) = self.pair(input) else {
                    input = &[];
                    break;
                };
                input = rest;
                (self.even[M - 1 + pairs], self.odd[2 * M - 1 + pairs]) = (a, b);
                let silent = a.to_bits() | b.to_bits() == 0;
                self.silent = if silent { (self.silent + 1).min(4 * M) } else { 0 };
                pairs += 1;
            }
            if pairs == 0 {
                return done;
            }
            self.sum(&mut out[done..done + pairs]);
            self.even.copy_within(pairs..pairs + M - 1, 0);
            self.odd.copy_within(pairs..pairs + 2 * M - 1, 0);
            done += pairs;
        }
    }

    /// The next two frames, and what is left behind them.
    fn pair<'a>(&mut self, input: &'a [f32]) -> Option<(f32, f32, &'a [f32])> {
        match (self.first.take(), input) {
            (Some(a), [b, rest @ ..]) => Some((a, *b, rest)),
            (None, [a, b, rest @ ..]) => Some((*a, *b, rest)),
            (first, rest) => {
                self.first = first.or(rest.first().copied());
                None
            }
        }
    }

    fn sum(&self, out: &mut [f32]) {
        let pairs = out.len();
        if self.silent >= 2 * M - 1 + pairs {
            return out.fill(0.0);
        }
        for (out, x) in out.iter_mut().zip(&self.even) {
            *out = 0.5 * x;
        }
        for (i, tap) in self.taps.iter().enumerate() {
            let (after, before) = (&self.odd[M + i..][..pairs], &self.odd[M - 1 - i..][..pairs]);
            for ((out, a), b) in out.iter_mut().zip(after).zip(before) {
                *out += tap * (a + b);
            }
        }
    }
}

/// Puts a frame between every two.
#[derive(Clone, Debug)]
struct Up<const M: usize> {
    taps: [f32; M],
    /// Frames, oldest first, behind those that are still needed.
    frames: Vec<f32>,
}

impl<const M: usize> Up<M> {
    /// By how many frames of the lower rate the output is late.
    const LATE: usize = M;

    fn new(beta: f64) -> Self {
        Up { taps: taps(beta), frames: vec![0.0; 2 * M - 1 + CHUNK] }
    }

    fn clear(&mut self) {
        self.frames.fill(0.0);
    }

    /// Twice as many frames out.
    fn run(&mut self, input: &[f32], out: &mut [f32]) {
        for (input, out) in input.chunks(CHUNK).zip(out.chunks_mut(2 * CHUNK)) {
            let count = input.len();
            self.frames[2 * M - 1..][..count].copy_from_slice(input);
            let mut between = [0.0; CHUNK];
            for (i, tap) in self.taps.iter().enumerate() {
                let (after, before) = (&self.frames[M + i..][..count], &self.frames[M - 1 - i..][..count]);
                for ((x, a), b) in between.iter_mut().zip(after).zip(before) {
                    *x += 2.0 * tap * (a + b);
                }
            }
            let at = &self.frames[M - 1..][..count];
            for ((pair, x), between) in out.chunks_exact_mut(2).zip(at).zip(between) {
                pair.copy_from_slice(&[*x, between]);
            }
            self.frames.copy_within(count..count + 2 * M - 1, 0);
        }
    }
}

/// Kaiser's shape for about 105 dB of stop band.
const DEEP: f64 = 10.6;
/// For about 70 dB: what is left above hearing is of no account.
const SHALLOW: f64 = 6.8;

/// From `factor` times a rate (1, 2 or 4) to the rate itself, one channel: flat to 0.45 of it, 105 dB down from 0.55 on.
#[derive(Clone, Debug)]
pub struct Lower {
    factor: usize,
    first: Down<7>,
    last: Down<32>,
    between: Vec<f32>,
}

/// Frames that are taken at a time.
const ROOM: usize = 4 * CHUNK;

impl Lower {
    /// `factor`: 1, 2 or 4.
    pub fn new(factor: usize) -> Lower {
        Lower { factor, first: Down::new(DEEP), last: Down::new(DEEP), between: vec![0.0; ROOM / 2 + 1] }
    }

    /// By how many frames of the lower rate the output is late.
    pub fn late(factor: usize) -> u64 {
        match factor {
            1 => 0,
            2 => Down::<32>::LATE as u64,
            _ => (Down::<32>::LATE + Down::<7>::LATE / 2) as u64,
        }
    }

    pub fn clear(&mut self) {
        self.first.clear();
        self.last.clear();
    }

    /// Any number of frames in; returns how many are out. `out` needs room for one more than a `factor`th of them.
    pub fn run(&mut self, input: &[f32], out: &mut [f32]) -> usize {
        let mut done = 0;
        for input in input.chunks(ROOM) {
            done += match self.factor {
                1 => {
                    out[done..][..input.len()].copy_from_slice(input);
                    input.len()
                }
                2 => self.last.run(input, &mut out[done..]),
                _ => {
                    let between = self.first.run(input, &mut self.between);
                    self.last.run(&self.between[..between], &mut out[done..])
                }
            };
        }
        done
    }
}

/// From a rate to `factor` times that (1, 2 or 4), one channel, with little delay: for what comes in beside the notes.
#[derive(Clone, Debug)]
pub struct Raise {
    factor: usize,
    first: Up<8>,
    last: Up<4>,
    between: Vec<f32>,
}

impl Raise {
    /// `factor`: 1, 2 or 4.
    pub fn new(factor: usize) -> Raise {
        Raise { factor, first: Up::new(SHALLOW), last: Up::new(SHALLOW), between: vec![0.0; 2 * CHUNK] }
    }

    /// By how many frames of the lower rate the output is late.
    pub fn late(factor: usize) -> u64 {
        match factor {
            1 => 0,
            2 => Up::<8>::LATE as u64,
            _ => (Up::<8>::LATE + Up::<4>::LATE / 2) as u64,
        }
    }

    pub fn clear(&mut self) {
        self.first.clear();
        self.last.clear();
    }

    /// `factor` times as many frames out.
    pub fn run(&mut self, input: &[f32], out: &mut [f32]) {
        for (input, out) in input.chunks(CHUNK).zip(out.chunks_mut(self.factor * CHUNK)) {
            match self.factor {
                1 => out.copy_from_slice(input),
                2 => self.first.run(input, out),
                _ => {
                    let between = &mut self.between[..2 * input.len()];
                    self.first.run(input, between);
                    self.last.run(between, out);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: f64 = 48_000.0;

    fn wave(rate: f64, hertz: f64, frames: usize) -> Vec<f32> {
        (0..frames).map(|n| (n as f64 * hertz / rate * std::f64::consts::TAU).sin() as f32).collect()
    }

    fn lowered(factor: usize, input: &[f32], blocks: &[usize]) -> Vec<f32> {
        let (mut lower, mut out, mut rest) = (Lower::new(factor), vec![], input);
        for block in blocks.iter().cycle() {
            let (here, later) = rest.split_at((*block).min(rest.len()));
            let mut room = vec![0.0; here.len() / factor + 1];
            let count = lower.run(here, &mut room);
            out.extend_from_slice(&room[..count]);
            rest = later;
            if rest.is_empty() {
                return out;
            }
        }
        out
    }

    fn level(x: &[f32]) -> f64 {
        let mean = x.iter().map(|x| f64::from(x * x)).sum::<f64>() / x.len() as f64;
        10.0 * (2.0 * mean).max(1e-20).log10()
    }

    #[test]
    fn halfband_keeps_what_is_heard_in_place_and_takes_the_rest_away() {
        for factor in [2, 4] {
            let (high, late) = (RATE * factor as f64, Lower::late(factor) as usize);
            for hertz in [0.0, 100.0, 1_000.0, 10_000.0, 20_000.0] {
                let out = lowered(factor, &wave(high, hertz, 8_000 * factor), &[100_000]);
                let wanted = wave(RATE, hertz, 8_000 - late);
                let rest: Vec<f32> = out[late..].iter().zip(&wanted).map(|(a, b)| a - b).collect();
                assert!(level(&rest[200..]) < -90.0, "{factor} {hertz}: {}", level(&rest[200..]));
            }
            for hertz in [28_000.0, 40_000.0, 70_000.0, 95_000.0] {
                if hertz < high / 2.0 {
                    let out = lowered(factor, &wave(high, hertz, 8_000 * factor), &[100_000]);
                    assert!(level(&out[300..]) < -95.0, "{factor} {hertz}: {}", level(&out[300..]));
                }
            }
        }
    }

    #[test]
    fn halfband_makes_no_difference_where_time_is_cut() {
        let mut input = wave(192_000.0, 3_000.0, 4_001);
        input[1_000..3_000].fill(0.0);
        for factor in [1, 2, 4] {
            let whole = lowered(factor, &input, &[100_000]);
            assert_eq!(whole.len(), 4_001 / factor);
            for blocks in [&[1][..], &[17], &[64, 3, 256], &[441]] {
                assert_eq!(lowered(factor, &input, blocks), whole, "{factor} {blocks:?}");
            }
        }
    }

    #[test]
    fn halfband_raises_what_comes_in_without_images() {
        for factor in [2, 4] {
            let late = Raise::late(factor) as usize * factor;
            for hertz in [50.0, 1_000.0, 10_000.0] {
                let (input, mut out) = (wave(RATE, hertz, 4_000), vec![0.0; 4_000 * factor]);
                let mut raise = Raise::new(factor);
                for (input, out) in input.chunks(37).zip(out.chunks_mut(37 * factor)) {
                    raise.run(input, out);
                }
                let wanted = wave(RATE * factor as f64, hertz, 4_000 * factor - late);
                let rest: Vec<f32> = out[late..].iter().zip(&wanted).map(|(a, b)| a - b).collect();
                assert!(level(&rest[200..]) < -55.0, "{factor} {hertz}: {}", level(&rest[200..]));
            }
        }
    }
}

//! A room: sixteen delay lines that feed one another (a feedback delay network with a Hadamard matrix), behind all-pass diffusers.
//! The lengths are primes and move slowly, each at its own pace, so that no resonance stands long enough to ring. One room serves
//! one lane. Audio thread, after construction.

use super::line::{Line, hermite};
use super::math;

const LINES: usize = 16;
/// Shortest and longest line at size 1, in seconds; those between are spaced by equal factors.
const SHORTEST: f64 = 0.029;
const LONGEST: f64 = 0.113;
/// How far the lengths move (seconds, one way), and how often per second the slowest line does.
const DEPTH: f64 = 0.000_25;
const PACE: f64 = 0.31;
/// Diffusers of the left channel in seconds, the right one's factor, and their gain.
const DIFFUSERS: [f64; 4] = [0.0023, 0.0041, 0.0067, 0.0109];
const ASIDE: f64 = 1.083;
const DIFFUSION: f32 = 0.62;

/// What may change while it sounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Character {
    /// Seconds until low frequencies have fallen by 60 dB.
    pub decay: f32,
    /// 0: high frequencies last as long; 1: they last a twentieth.
    pub damping: f32,
    /// Corner of the high-pass before the room, in hertz.
    pub low_cut: f32,
}

pub struct Room {
    rate: f64,
    pre_delay: i64,
    pre: [Line; 2],
    /// Low-pass states whose output is taken away.
    low: [f32; 2],
    diffusers: [[(Line, i64); 4]; 2],
    /// `[frame][line]`
    memory: Vec<[f32; LINES]>,
    lengths: [i64; LINES],
    damped: [f32; LINES],
    character: Character,
    /// From `character`: gain and pole of each line's low-pass, low cut, level.
    gain: [f32; LINES],
    pole: [f32; LINES],
    cut: f32,
    level: f32,
}

/// Half of the lines move: enough against ringing, and the others keep all of their high frequencies.
#[inline(always)]
fn moves(line: usize) -> bool {
    line % 4 < 2
}

fn next_prime(n: u64) -> u64 {
    (n.max(3)..).find(|n| (2..).take_while(|d| d * d <= *n).all(|d| n % d != 0)).unwrap_or(n)
}

impl Room {
    /// About how many bytes such a room takes.
    pub fn bytes(rate: f64, size: f64, pre_delay: f64) -> usize {
        let longest = (LONGEST * (0.25 + 0.75 * size) + 2.0 * DEPTH) * rate * 1.02;
        let diffusers = DIFFUSERS.len() * 2 * Line::bytes((DIFFUSERS[3] * ASIDE * rate) as usize);
        let memory = 4 * LINES * (longest as usize + 8).next_power_of_two();
        memory + diffusers + 2 * Line::bytes((pre_delay * rate) as usize + 1)
    }

    /// `size` scales the room, 0..1; `pre_delay` in seconds.
    pub fn new(rate: f64, size: f64, pre_delay: f64) -> Room {
        let scale = 0.25 + 0.75 * size;
        let mut last = 0;
        let lengths = std::array::from_fn(|i| {
            let seconds = SHORTEST * (LONGEST / SHORTEST).powf(i as f64 / (LINES - 1) as f64) * scale;
            last = next_prime(((seconds * rate) as u64).max(last + 1));
            last as i64
        });
        let depth = 2.0 * DEPTH * rate;
        let frames = lengths[LINES - 1] as usize + depth as usize + 4;
        let pre_delay = (pre_delay * rate) as i64;
        let diffuser = |seconds: f64| {
            let length = next_prime((seconds * scale.max(0.5) * rate) as u64);
            (Line::new(length as usize + 1), length as i64)
        };
        let mut room = Room {
            rate,
            pre_delay,
            pre: std::array::from_fn(|_| Line::new(pre_delay as usize + 1)),
            low: [0.0; 2],
            diffusers: [DIFFUSERS.map(diffuser), DIFFUSERS.map(|s| diffuser(s * ASIDE))],
            memory: vec![[0.0; LINES]; frames.next_power_of_two()],
            lengths,
            damped: [0.0; LINES],
            character: Character { decay: f32::NAN, damping: 0.0, low_cut: 0.0 },
            gain: [0.0; LINES],
            pole: [0.0; LINES],
            cut: 0.0,
            level: 0.0,
        };
        room.set(Character { decay: 1.0, damping: 0.5, low_cut: 0.0 });
        room
    }

    /// Makes the room silent.
    pub fn start(&mut self) {
        self.damped = [0.0; LINES];
        self.low = [0.0; 2];
    }

    /// A line's gain per pass is what falls by 60 dB in `decay`; its pole makes high frequencies fall by 60 dB in `decay · ratio`.
    pub fn set(&mut self, c: Character) {
        if c == self.character {
            return;
        }
        self.character = c;
        let decay = (c.decay.clamp(0.05, 1000.0)) as f64;
        let ratio = 1.0 - 0.95 * c.damping.clamp(0.0, 1.0) as f64;
        for i in 0..LINES {
            let g = 10f64.powf(-3.0 * self.lengths[i] as f64 / (decay * self.rate));
            let high = g.powf(1.0 / ratio - 1.0);
            let pole = (1.0 - high) / (1.0 + high);
            self.gain[i] = (g * (1.0 - pole)) as f32;
            self.pole[i] = pole as f32;
        }
        let corner = c.low_cut.clamp(0.0, 20_000.0) as f64 / self.rate;
        self.cut = -(-std::f64::consts::TAU * corner).exp_m1() as f32;
        // Longer rooms hold more: half of that (in dB) is taken back.
        let mean = self.lengths.iter().sum::<i64>() as f64 / LINES as f64;
        self.level = (1.0 + decay * self.rate / (13.8 * mean)).powf(-0.25) as f32 * 0.7;
    }

    /// Frames until the room has fallen by 90 dB after its input; the diffusers and the first pass take a quarter of a second.
    pub fn tail(&self) -> u64 {
        let seconds = 0.25 + 1.5 * self.character.decay.clamp(0.05, 1000.0) as f64;
        (seconds * self.rate) as u64 + self.pre_delay as u64
    }

    /// How far the lines are displaced at a frame of this age.
    #[inline(always)]
    pub fn drift(&self, age: i64) -> [f32; LINES] {
        let turns = age as f64 / self.rate * PACE;
        let depth = (DEPTH * self.rate) as f32;
        std::array::from_fn(|i| {
            let t = turns * (1.0 + 0.11 * i as f64) + i as f64 * 0.381_966;
            depth * (1.0 + math::sin_cycles((t - (t + 0.5).floor()) as f32))
        })
    }

    /// One frame in, one frame of reverberation out. `drift` from [`Room::drift`], between two points of it.
    #[inline(always)]
    pub fn tick(&mut self, age: i64, input: [f32; 2], drift: &[f32; LINES]) -> [f32; 2] {
        let mut x = [0.0; 2];
        for c in 0..2 {
            self.pre[c].write(age, input[c]);
            let y = self.pre[c].read(age - self.pre_delay);
            self.low[c] += self.cut * (y - self.low[c]);
            x[c] = y - self.low[c];
            for (line, length) in &mut self.diffusers[c] {
                let held = line.read(age - *length);
                let y = x[c] - DIFFUSION * held;
                line.write(age, y);
                x[c] = held + DIFFUSION * y;
            }
        }
        let mask = self.memory.len() - 1;
        let mut s = [0.0f32; LINES];
        for i in 0..LINES {
            let at = age - self.lengths[i];
            let read = |at: i64| if at < 0 { 0.0 } else { self.memory[at as usize & mask][i] };
            s[i] = if moves(i) {
                let whole = drift[i] as i64;
                let at = at - whole;
                hermite([read(at + 1), read(at), read(at - 1), read(at - 2)], drift[i] - whole as f32)
            } else {
                read(at)
            };
        }
        let mut out = [0.0f32; 2];
        for i in 0..LINES {
            // Pairs of lines go to the two sides with changing signs.
            let sign = if i % 4 < 2 { 1.0 } else { -1.0 };
            out[i % 2] += sign * s[i];
            self.damped[i] = s[i] * self.gain[i] + self.damped[i] * self.pole[i];
        }
        let mut y = self.damped;
        let mut half = LINES / 2;
        while half > 0 {
            let z = y;
            for i in 0..LINES {
                y[i] = if i & half == 0 { z[i] + z[i ^ half] } else { z[i ^ half] - z[i] };
            }
            half /= 2;
        }
        let now = &mut self.memory[age as usize & mask];
        for i in 0..LINES {
            let sign = if i % 8 < 4 { 0.35 } else { -0.35 };
            now[i] = y[i] * 0.25 + sign * x[i % 2];
        }
        [out[0] * self.level, out[1] * self.level]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn impulse(decay: f32, damping: f32, seconds: f64) -> Vec<[f32; 2]> {
        let mut room = Room::new(44100.0, 0.6, 0.0);
        room.set(Character { decay, damping, low_cut: 0.0 });
        (0..(seconds * 44100.0) as i64)
            .map(|n| {
                let drift = room.drift(n);
                room.tick(n, if n == 0 { [1.0, 1.0] } else { [0.0; 2] }, &drift)
            })
            .collect()
    }
    fn power(x: &[[f32; 2]]) -> f64 {
        x.iter().map(|x| (x[0] as f64).powi(2)).sum()
    }

    #[test]
    fn reverb_decays_in_the_time_that_was_asked_for() {
        for decay in [0.5f32, 2.0, 6.0] {
            let x = impulse(decay, 0.0, decay as f64);
            let at = |t: f64| {
                let n = (t * 44100.0) as usize;
                10.0 * power(&x[n..n + 4410]).log10()
            };
            let (from, to) = (0.2 * decay as f64, 0.75 * decay as f64);
            let t60 = (to - from) * 60.0 / (at(from) - at(to));
            assert!((t60 / decay as f64 - 1.0).abs() < 0.12, "{decay}: {t60}");
        }
    }

    #[test]
    fn reverb_damping_shortens_high_frequencies() {
        let bright = |x: &[[f32; 2]]| {
            let high: f64 = x.windows(2).map(|w| ((w[1][0] - w[0][0]) as f64).powi(2)).sum();
            high / power(x)
        };
        let (open, damped) = (impulse(2.0, 0.0, 1.0), impulse(2.0, 0.7, 1.0));
        let (open, damped) = (bright(&open[30000..]), bright(&damped[30000..]));
        assert!(damped < 0.3 * open, "{open} {damped}");
    }

    #[test]
    fn reverb_does_not_ring_and_is_wide() {
        let x = impulse(3.0, 0.2, 1.0);
        let late = &x[22050..];
        let (l, r): (Vec<f64>, Vec<f64>) = late.iter().map(|x| (x[0] as f64, x[1] as f64)).unzip();
        let e = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let correlation = e(&l, &r) / (e(&l, &l) * e(&r, &r)).sqrt();
        assert!(correlation.abs() < 0.25, "{correlation}");
        // A ringing tone would be like itself some milliseconds later.
        let most =
            (20..4000).step_by(3).map(|d| e(&l[d..], &l[..l.len() - d]) / e(&l, &l)).fold(0.0, f64::max);
        assert!(most < 0.25, "{most}");
    }
}

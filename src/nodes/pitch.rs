//! `pitch`: the pitch of a signal in hertz, by autocorrelation. The work of a measurement is spread over the frames until the next one.
//! Audio thread, after construction.

use crate::dsp::lane::Lane;
use crate::dsp::math;
use crate::kernel::{Build, CONTROL, Kernel, Lanewise, Pass, Start};
use crate::spec::*;
use crate::units::Unit;

use super::{Lanes, NodeDef, Runs, need};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "pitch",
        help: "The pitch of a signal in hertz; 0 while there is none.",
        params: &[
            ParamSpec {
                kind: ParamKind::Signal(Stereo::Average),
                ..ParamSpec::signal("signal", "What is measured.")
            },
            ParamSpec::number(
                "min_freq",
                Unit::Hertz,
                80.0,
                (10.0, 20_000.0),
                "Lowest pitch that is looked for.",
            ),
            ParamSpec::number(
                "max_freq",
                Unit::Hertz,
                1000.0,
                (20.0, 20_000.0),
                "Highest pitch that is looked for.",
            ),
            ParamSpec::flag("per_sample", "Measures every 64 frames instead of every 512."),
            ParamSpec::number(
                "smoothing",
                Unit::None,
                0.0,
                (0.0, 1.0),
                "How much of the measurement before remains in each, 0 to 1.",
            ),
        ],
        extra: Extra::Refused,
        channels: Channels::Mono,
        ends: Ends::With("signal"),
        example: "example: {osc: {type: tri, amp: 0.3, duration: 1, freq: {pitch: {signal: {osc: {freq: 220}}}}}}\n",
    },
    runs: Runs::Kernel(make),
};

/// Frames between measurements.
const HOP: u64 = 512;
const QUICK: u64 = 64;
/// Below this part of the signal's power there is no pitch.
const CLEAR: f32 = 0.3;

/// One lane's measurement under way.
#[derive(Clone)]
struct Ear {
    /// The last frames, by age; and the age of the next.
    heard: Vec<f32>,
    next: u64,
    /// Those that are being measured, oldest first, and how many.
    window: Vec<f32>,
    length: usize,
    /// Autocorrelation by lag, from one below the shortest; and lags done.
    sums: Vec<f32>,
    done: usize,
    pitch: f32,
}

struct Pitch {
    signal: usize,
    /// Shortest and longest lag in frames.
    lags: (usize, usize),
    hop: u64,
    smoothing: f32,
    rate: f64,
    /// Half of a Hann window, by thousandths of its length.
    hann: Vec<f32>,
    ears: Vec<Ear>,
}

fn make(b: &Build) -> Result<Box<dyn Kernel>, String> {
    let (low, high) = (b.number("min_freq").unwrap_or(80.0), b.number("max_freq").unwrap_or(1000.0));
    let lags = ((b.rate / high).floor().max(2.0) as usize, (b.rate / low).floor() as usize);
    if lags.1 < lags.0 + 2 {
        return Err(format!("between {low} and {high} Hz there is no pitch to find"));
    }
    let (heard, window, sums) = ((3 * lags.1).next_power_of_two(), 3 * lags.1, lags.1 - lags.0 + 3);
    b.memory.take(b.lanes, (heard + window + sums) * size_of::<f32>())?;
    let ear = Ear {
        heard: vec![0.0; heard],
        next: 0,
        window: vec![0.0; window],
        length: 0,
        sums: vec![0.0; sums],
        done: usize::MAX,
        pitch: 0.0,
    };
    let hann = |n: usize| (std::f64::consts::PI * n as f64 / HANN as f64).sin().powi(2) as f32;
    Ok(Box::new(Pitch {
        signal: need(b, "signal")?,
        lags,
        hop: if b.flag("per_sample") { QUICK } else { HOP },
        smoothing: b.number("smoothing").unwrap_or(0.0) as f32,
        rate: b.rate,
        hann: (0..=HANN).map(hann).collect(),
        ears: vec![ear; b.lanes],
    }))
}

const HANN: usize = 4096;

impl Lanewise for Pitch {
    #[inline(always)]
    fn pass<L: Lane>(&mut self, pass: &mut Pass) {
        pass.outputs[0].flat = false;
        for k in 0..L::N {
            let (lane, age) = (pass.lane + k, pass.ages[pass.lane + k]);
            let input = Lanes::new(pass, self.signal, 0, k);
            for n in 0..pass.frames {
                let pitch = self.hear(lane, age + n as u64, input.at(n));
                pass.outputs[0].floats_mut()[n * L::N + k] = pitch;
            }
        }
    }

    fn take(&mut self, old: &mut Self) {
        for (new, old) in self.ears.iter_mut().zip(&mut old.ears) {
            (new.pitch, new.next) = (old.pitch, old.next);
            if new.heard.len() == old.heard.len() {
                std::mem::swap(&mut new.heard, &mut old.heard);
                continue;
            }
            // Another power of two: few enough to be copied.
            let (here, there) = (new.heard.len() - 1, old.heard.len() - 1);
            let both = new.heard.len().min(old.heard.len()) as u64;
            for age in old.next.saturating_sub(both)..old.next {
                new.heard[age as usize & here] = old.heard[age as usize & there];
            }
        }
    }

    fn start(&mut self, lane: usize, _: Start) {
        let ear = &mut self.ears[lane];
        (ear.pitch, ear.done, ear.length, ear.next) = (0.0, usize::MAX, 0, 0);
    }
}

impl Pitch {
    /// Takes a frame; the pitch as it is known by then.
    fn hear(&mut self, lane: usize, age: u64, x: f32) -> f32 {
        let ear = &mut self.ears[lane];
        let mask = ear.heard.len() - 1;
        ear.heard[age as usize & mask] = x;
        ear.next = age + 1;
        let heard = age + 1;
        if heard.is_multiple_of(CONTROL as u64) {
            let slices = (self.hop / CONTROL as u64) as usize;
            let slice = ear.sums.len().div_ceil(slices);
            self.measure(lane, slice);
            let ear = &mut self.ears[lane];
            if ear.done == ear.sums.len() {
                self.conclude(lane);
            }
            let ear = &mut self.ears[lane];
            if heard.is_multiple_of(self.hop) && heard >= 2 * self.lags.1 as u64 {
                // A new window.
                ear.length = (heard as usize).min(ear.window.len());
                for n in 0..ear.length {
                    let at = n as f32 / ear.length as f32 * HANN as f32;
                    let from = (heard as usize - ear.length + n) & mask;
                    ear.window[n] = ear.heard[from] * self.hann[at as usize];
                }
                ear.done = 0;
            }
        }
        self.ears[lane].pitch
    }

    /// Works out so many more lags.
    fn measure(&mut self, lane: usize, lags: usize) {
        let ear = &mut self.ears[lane];
        if ear.done >= ear.sums.len() {
            return;
        }
        let to = (ear.done + lags).min(ear.sums.len());
        let window = &ear.window[..ear.length];
        for (place, sum) in ear.sums[ear.done..to].iter_mut().enumerate() {
            let lag = self.lags.0 - 1 + ear.done + place;
            *sum = product(&window[..ear.length - lag.min(ear.length)], &window[lag.min(ear.length)..]);
        }
        ear.done = to;
    }

    fn conclude(&mut self, lane: usize) {
        let ear = &mut self.ears[lane];
        ear.done = usize::MAX;
        let power = product(&ear.window[..ear.length], &ear.window[..ear.length]);
        let (mut best, mut height) = (0, 0.0);
        for (place, near) in ear.sums.windows(3).enumerate() {
            // The top of a hill, not the slope of a wave that is longer.
            if near[1] > height && near[1] >= near[0] && near[1] >= near[2] {
                (best, height) = (place + 1, near[1]);
            }
        }
        let found = match power > 1e-12 && height >= CLEAR * power {
            false => 0.0,
            true => {
                // The top of the parabola through the highest lag and its neighbours.
                let level = |place: usize| {
                    ear.sums[place] / taper((self.lags.0 - 1 + place) as f32 / ear.length as f32)
                };
                // The window makes hills lean towards shorter lags.
                while best + 2 < ear.sums.len() && level(best + 1) > level(best) {
                    best += 1;
                }
                let [a, b, c] = [level(best - 1), level(best), level(best + 1)];
                let bend = a - 2.0 * b + c;
                let off = if bend < 0.0 { (0.5 * (a - c) / bend).clamp(-0.5, 0.5) } else { 0.0 };
                (self.rate / ((self.lags.0 - 1 + best) as f64 + off as f64)) as f32
            }
        };
        ear.pitch = self.smoothing * ear.pitch + (1.0 - self.smoothing) * found;
    }
}

/// Autocorrelation of a Hann window at a lag in parts of its length (Boersma 1993): what it takes from that of the signal.
fn taper(x: f32) -> f32 {
    let (sin, cos) = (math::sin_cycles(x), math::cos_cycles(x));
    ((1.0 - x) * (2.0 / 3.0 + cos / 3.0) + sin / std::f32::consts::TAU).max(1e-3)
}

/// The sum of products of two signals, in an order that does not depend on the processor.
fn product(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; 8];
    let (pairs, rest) = (a.chunks_exact(8).zip(b.chunks_exact(8)), a.len().min(b.len()) / 8 * 8);
    for (x, y) in pairs {
        for k in 0..8 {
            sums[k] += x[k] * y[k];
        }
    }
    let rest: f32 = a[rest..].iter().zip(&b[rest..]).map(|(x, y)| x * y).sum();
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Fixed;
    use crate::kernel::probe::Probe;

    fn tone(hertz: f64) -> Probe {
        let wave = move |n: u64| (n as f64 * std::f64::consts::TAU * hertz / 44100.0).sin();
        Probe::new(&DEF).signal("signal", move |_, n| (wave(n) + 0.4 * wave(2 * n)) as f32)
    }

    #[test]
    fn pitch_reads_tones_to_a_fifth_of_a_percent() {
        for hertz in [82.4, 110.0, 220.5, 440.0, 880.0] {
            let out = tone(hertz).render(8000);
            let read = out.mono()[7999] as f64;
            assert!((read / hertz - 1.0).abs() < 2e-3, "{hertz} Hz reads {read}");
            assert_eq!(out.mono()[1000], 0.0, "nothing is known yet");
        }
    }

    #[test]
    fn pitch_is_the_same_however_time_is_cut() {
        tone(220.0).with(|p| p.stagger = 5).laws(4000);
        tone(220.0).fixed("per_sample", Fixed::Flag(true)).laws(2500);
    }

    #[test]
    fn pitch_of_noise_or_silence_is_none() {
        let noise =
            |n: u64| ((n.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ n << 17) >> 40) as f32 / 8_388_608.0 - 1.0;
        let noisy = Probe::new(&DEF).signal("signal", move |_, n| noise(n * n + 7 * n)).render(6000);
        assert_eq!(noisy.mono()[5999], 0.0);
        assert_eq!(Probe::new(&DEF).signal("signal", |_, _| 0.0).render(6000).mono()[5999], 0.0);
    }

    #[test]
    fn pitch_glides_with_smoothing() {
        let plain = tone(440.0).render(3000).mono()[2999];
        let smooth = tone(440.0).number("smoothing", 0.9).render(3000).mono()[2999];
        assert!(smooth > 10.0 && smooth < 0.5 * plain, "{smooth} {plain}");
    }
}

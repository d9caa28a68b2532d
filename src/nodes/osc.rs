//! `osc`: oscillators, low-frequency ones, and noise. The kernel computes phases first, shapes them in place, then applies level,
//! attack, release and range. Audio thread, after construction.

use crate::dsp::lane::{Lane, MAX_LANES};
use crate::dsp::noise::{Perlin, Stream, gaussian};
use crate::dsp::{math, phase, shape, time};
use crate::kernel::{Build, Kernel, Lanewise, Pass, Start};
use crate::spec::*;
use crate::units::Unit;

use super::{NodeDef, Runs, silence_ended, starts};

const fn word(word: &'static str, help: &'static str) -> Choice {
    Choice { word, aliases: &[], help }
}

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "osc",
        help: "Oscillator: the source of tones, slow movements (LFO) and noise.",
        params: &[
            ParamSpec {
                name: "type",
                kind: ParamKind::Choice(&[
                    word("sin", "sine"),
                    word("cos", "cosine"),
                    word("tri", "triangle"),
                    Choice { word: "sqr", aliases: &["square"], help: "square or pulse" },
                    word("saw", "rising saw"),
                    word("ramp", "falling saw"),
                    word("noise", "white Gaussian noise"),
                    word("perlin", "smooth random curve"),
                    word("wander", "random walk"),
                    word("none", "silence"),
                ]),
                unit: Unit::None,
                default: Default::Word("sin"),
                range: None,
                help: "Shape of the wave: how bright it is.",
            },
            ParamSpec::optional(
                "freq",
                Unit::Hertz,
                "Pitch of a tone, or how often a slow movement swings; 1 Hz if absent or 0.",
            ),
            ParamSpec::control(
                "amp",
                Unit::None,
                1.0,
                "Level, a factor: 1 is full scale. A node here makes tremolo.",
            ),
            ParamSpec::control(
                "pulse_width",
                Unit::None,
                0.5,
                "Part of the cycle that a square is up, 0 to 1: 0.5 is hollow, towards the ends it gets thin and nasal.",
            ),
            ParamSpec::optional(
                "phase",
                Unit::Radians,
                "Added to the phase: an oscillator here gives the bells and basses of FM synthesis.",
            ),
            ParamSpec::control(
                "attack",
                Unit::Seconds,
                0.0,
                "Fade-in from silence, read when the node starts.",
            ),
            ParamSpec::control(
                "release",
                Unit::Seconds,
                0.0,
                "Fade-out at the end of `duration`, without which nothing fades.",
            ),
            ParamSpec::number(
                "scale",
                Unit::None,
                1.0,
                (0.0, 1e6),
                "How fast `perlin` and `wander` move: larger is quicker.",
            ),
            ParamSpec {
                name: "seed",
                kind: ParamKind::Number,
                unit: Unit::None,
                default: Default::Absent,
                range: Some((0.0, 4_294_967_295.0)),
                help: "Which random curve `perlin` and `wander` follow: places with the same seed move alike; absent or 0: each place its own.",
            },
            ParamSpec {
                name: "range",
                kind: ParamKind::Pair,
                unit: Unit::None,
                default: Default::Absent,
                range: None,
                help: "Two values between which the wave swings, instead of -1 and 1: an LFO that moves a cutoff from 300 to 2400 Hz.",
            },
            ParamSpec {
                name: "quality",
                kind: ParamKind::Choice(&[
                    word("naive", "as the formula says, with aliasing"),
                    word("band_limited", "jumps and corners rounded against aliasing"),
                ]),
                unit: Unit::None,
                default: Default::Absent,
                range: None,
                help: "How `tri`, `sqr`, `saw` and `ramp` are made; absent: band_limited in files that begin with `seiche: 1`, else naive.",
            },
        ],
        extra: Extra::Refused,
        channels: Channels::AsInputs,
        ends: Ends::Own,
        example: "example: {osc: {type: saw, freq: {osc: {freq: 5, range: [109, 111]}}, amp: 0.4, attack: 0.05, release: 0.4, duration: 2}}\n",
    },
    runs: Runs::Kernel(make),
};

#[derive(Clone, Copy, PartialEq)]
enum Wave {
    Sin,
    Cos,
    Tri,
    Sqr,
    Saw,
    Ramp,
    Noise,
    Perlin,
    Wander,
    None,
}

const WAVES: &[(&str, Wave)] = &[
    ("sin", Wave::Sin),
    ("cos", Wave::Cos),
    ("tri", Wave::Tri),
    ("sqr", Wave::Sqr),
    ("saw", Wave::Saw),
    ("ramp", Wave::Ramp),
    ("noise", Wave::Noise),
    ("perlin", Wave::Perlin),
    ("wander", Wave::Wander),
    ("none", Wave::None),
];

struct Osc {
    wave: Wave,
    smooth: bool,
    /// Frequency, where it never changes.
    fixed_freq: Option<f64>,
    freq: Option<usize>,
    amp: usize,
    width: usize,
    modulation: Option<usize>,
    attack: usize,
    release: usize,
    range: Option<(usize, usize)>,
    scale: f64,
    seed: u64,
    seeded: bool,
    perlin: Perlin,
    period: f64,
    rate: f64,
    /// Frames until the end.
    length: Option<u64>,
    phase: Vec<u64>,
    /// Position of the frame before, for the speed of a modulated phase; not a number before the first.
    last: Vec<f32>,
    /// Frames of attack and release, read when the lane starts.
    ramps: Vec<(u64, u64)>,
    streams: Vec<Stream>,
    /// Place of each voice in Perlin's noise.
    place: Vec<f64>,
    /// Speed and position of a walk.
    walk: Vec<(f32, f32)>,
}

fn make(b: &Build) -> Result<Box<dyn Kernel>, String> {
    let wave = WAVES.iter().find(|(w, _)| *w == b.word("type")).map_or(Wave::Sin, |(_, w)| *w);
    let absent = b.port("freq").is_none();
    let seed = b.number("seed").filter(|s| *s != 0.0);
    let smooth = match b.word("quality") {
        "naive" => false,
        "band_limited" => true,
        _ => b.band_limited,
    };
    Ok(Box::new(Osc {
        wave,
        smooth: smooth && matches!(wave, Wave::Tri | Wave::Sqr | Wave::Saw | Wave::Ramp),
        fixed_freq: if absent { Some(1.0) } else { b.constant("freq") },
        freq: if absent { None } else { b.port("freq") },
        amp: b.port("amp").ok_or("osc needs `amp`")?,
        width: b.port("pulse_width").ok_or("osc needs `pulse_width`")?,
        modulation: b.port("phase"),
        attack: b.port("attack").ok_or("osc needs `attack`")?,
        release: b.port("release").ok_or("osc needs `release`")?,
        range: (b.ports("range").len() == 2).then(|| (b.ports("range").start, b.ports("range").start + 1)),
        scale: b.number("scale").unwrap_or(1.0),
        seed: seed.map_or(b.seed, |s| s as u64),
        seeded: seed.is_some(),
        perlin: Perlin::new(seed.map(|s| s as u32)),
        period: 1.0 / b.rate,
        rate: b.rate,
        length: b.duration_frames(),
        phase: vec![0; b.lanes],
        last: vec![f32::NAN; b.lanes],
        ramps: vec![(0, 0); b.lanes],
        streams: vec![Stream::default(); b.lanes],
        place: vec![0.0; b.lanes],
        walk: vec![(0.0, 0.0); b.lanes],
    }))
}

impl Lanewise for Osc {
    #[inline(always)]
    fn pass<L: Lane>(&mut self, pass: &mut Pass) {
        self.read_ramps::<L>(pass);
        if self.silent(pass) {
            for tile in pass.outputs.iter_mut() {
                tile.set_flat(L::splat(0.0));
            }
            return;
        }
        match self.wave {
            Wave::None => pass.output::<L>(0).fill(L::splat(0.0)),
            Wave::Noise => self.noise::<L>(pass),
            Wave::Perlin => self.perlin::<L>(pass),
            Wave::Wander => self.wander::<L>(pass),
            _ => self.cycle::<L>(pass),
        }
        let shaped = !matches!(self.wave, Wave::None | Wave::Noise | Wave::Perlin | Wave::Wander);
        if !shaped {
            let amp = pass.input::<L>(self.amp);
            for (n, x) in pass.output::<L>(0).iter_mut().enumerate() {
                *x = *x * amp.at(n);
            }
        }
        self.fade::<L>(pass);
        self.map::<L>(pass);
        if self.length.is_some() {
            silence_ended(pass);
        }
    }

    fn start(&mut self, lane: usize, start: Start) {
        self.phase[lane] = match self.freq {
            Some(_) => 0,
            // Without `freq` the first frame is at phase 0 exactly.
            None => phase::increment(1.0, self.period).wrapping_neg(),
        };
        if self.wave == Wave::Sqr {
            // A hair ahead (2^-32 cycles), so that an edge that falls on a frame exactly does so whatever was rounded.
            self.phase[lane] = self.phase[lane].wrapping_add(1 << 32);
        }
        self.last[lane] = f32::NAN;
        self.streams[lane] = Stream::new(self.seed, if self.seeded { 0 } else { start.voice });
        self.place[lane] = if self.seeded { 0.0 } else { (self.streams[lane].bits(0) & 1023) as f64 };
        self.walk[lane] = (0.0, 0.0);
    }
}

impl Osc {
    #[inline(always)]
    fn read_ramps<L: Lane>(&mut self, pass: &Pass) {
        if !starts(pass) {
            return;
        }
        let attack = pass.input::<L>(self.attack).at(0).to_array();
        let release = pass.input::<L>(self.release).at(0).to_array();
        for k in 0..L::N {
            if pass.ages[pass.lane + k] == 0 {
                let frames = |s| time::frames(s, self.rate);
                self.ramps[pass.lane + k] = (frames(attack[k]), frames(release[k]));
            }
        }
    }

    /// Whether every lane has ended: then nothing is computed, not even phases. Says where the lanes end.
    #[inline(always)]
    fn silent(&self, pass: &mut Pass) -> bool {
        let mut ends = [pass.frames as u8; MAX_LANES];
        if let Some(length) = self.length {
            for (k, end) in ends[..pass.width()].iter_mut().enumerate() {
                *end = length.saturating_sub(pass.ages[pass.lane + k]).min(pass.frames as u64) as u8;
            }
        }
        pass.outputs[0].ends = ends;
        ends[..pass.width()].iter().all(|e| *e == 0)
    }

    /// Phases, shaped, at their level.
    #[inline(always)]
    fn cycle<L: Lane>(&mut self, pass: &mut Pass) {
        let (lane, frames) = (pass.lane, pass.frames);
        let (period, cycle) = (L::splat(self.period as f32), L::splat(1.0 / std::f32::consts::TAU));
        let freq = self.freq.map(|port| pass.input::<L>(port));
        let modulation = self.modulation.map(|port| pass.input::<L>(port));
        let (width, amp) = (pass.input::<L>(self.width), pass.input::<L>(self.amp));
        let phases = &mut self.phase[lane..lane + L::N];
        let sparse = pass.sparse && self.wave == Wave::Sin && modulation.is_none();
        let flat = match (self.fixed_freq, freq.and_then(|f| f.flat())) {
            (Some(f), _) => Some([f; MAX_LANES]),
            (None, Some(f)) => Some(f.to_array().map(f64::from)),
            _ => None,
        };
        match (flat, freq) {
            (Some(f), _) => {
                let mut steps = [0; MAX_LANES];
                for k in 0..L::N {
                    steps[k] = phase::increment(f[k], self.period);
                }
                if sparse {
                    for n in pass.points() {
                        let out = &mut pass.outputs[0].floats_mut()[n * L::N..];
                        phase::at(phases, &steps[..L::N], n, &mut out[..L::N]);
                    }
                    phase::skip(phases, &steps[..L::N], frames);
                } else {
                    phase::run_flat(
                        phases,
                        &steps[..L::N],
                        &mut pass.outputs[0].floats_mut()[..frames * L::N],
                    );
                }
            }
            (None, Some(f)) => {
                pass.output::<L>(0).copy_from_slice(f.frames());
                phase::run(phases, self.period, &mut pass.outputs[0].floats_mut()[..frames * L::N]);
            }
            _ => {}
        }
        if sparse {
            // Only these will be read.
            let points = pass.points();
            let out = pass.output::<L>(0);
            for n in points {
                out[n] = math::sin_cycles(out[n]) * amp.at(n);
            }
            return;
        }
        let out = pass.output::<L>(0);
        if let Some(m) = modulation {
            for (n, p) in out.iter_mut().enumerate() {
                *p = shape::wrap(*p + m.at(n) * cycle);
            }
        }
        // One loop per shape; no closures, whose bodies would not be compiled for the pass's instruction set.
        macro_rules! each {
            (|$n:ident, $p:ident| $value:expr) => {
                for ($n, x) in out.iter_mut().enumerate() {
                    let $p = *x;
                    *x = $value * amp.at($n);
                }
            };
        }
        if !self.smooth {
            match self.wave {
                Wave::Sin => each!(|n, p| math::sin_cycles(p)),
                Wave::Cos => each!(|n, p| math::cos_cycles(p)),
                Wave::Tri => each!(|n, p| shape::tri(p)),
                Wave::Saw => each!(|n, p| shape::saw(p)),
                Wave::Ramp => each!(|n, p| L::splat(0.0) - shape::saw(p)),
                _ => each!(|n, p| shape::sqr(p, width.at(n))),
            }
            return;
        }
        // Speed of the phase, which tells how wide a jump is rounded.
        if modulation.is_none()
            && let Some(f) = flat
        {
            let f = shape::frames_per_cycle(L::from_fn(|k| f[k] as f32) * period);
            match self.wave {
                Wave::Tri => each!(|n, p| shape::tri_smooth(p, f)),
                Wave::Saw => each!(|n, p| shape::saw_smooth(p, f)),
                Wave::Ramp => each!(|n, p| -shape::saw_smooth(p, f)),
                _ => each!(|n, p| shape::sqr_smooth(p, width.at(n), f)),
            }
            return;
        }
        let fixed = flat.map(|f| L::from_fn(|k| f[k] as f32));
        let mut last = L::load(&self.last[lane..lane + L::N]);
        for n in 0..frames {
            let p = out[n];
            let mut step = match (fixed, freq) {
                (Some(f), _) => f * period,
                (None, Some(f)) => f.at(n) * period,
                _ => period,
            };
            if modulation.is_some() {
                step = L::select(last.eq(last), shape::wrap(p - last), step);
                last = p;
            }
            let f = shape::frames_per_cycle(step);
            let x = match self.wave {
                Wave::Tri => shape::tri_smooth(p, f),
                Wave::Saw => shape::saw_smooth(p, f),
                Wave::Ramp => -shape::saw_smooth(p, f),
                _ => shape::sqr_smooth(p, width.at(n), f),
            };
            out[n] = x * amp.at(n);
        }
        last.store(&mut self.last[lane..lane + L::N]);
    }

    #[inline(always)]
    fn noise<L: Lane>(&mut self, pass: &mut Pass) {
        let streams = &self.streams[pass.lane..pass.lane + L::N];
        let mut numbers = self.numbers(pass);
        for x in pass.output::<L>(0) {
            *x = gaussian(streams, &numbers);
            numbers.iter_mut().for_each(|n| *n = n.wrapping_add(1));
        }
    }

    /// Per lane, the number of the first frame.
    #[inline(always)]
    fn numbers(&self, pass: &Pass) -> [u32; MAX_LANES] {
        std::array::from_fn(|k| if k < pass.width() { pass.ages[pass.lane + k] as u32 } else { 0 })
    }

    #[inline(always)]
    fn perlin<L: Lane>(&mut self, pass: &mut Pass) {
        let (lane, ages) = (pass.lane, pass.ages);
        for (n, x) in pass.output::<L>(0).iter_mut().enumerate() {
            *x = L::from_fn(|k| {
                let seconds = ((ages[lane + k] + n as u64) as f64 * self.period) % 10_000.0;
                self.perlin.at(seconds * self.scale + self.place[lane + k])
            });
        }
    }

    /// A random walk: the speed forgets within 20 frames, and the position grows as it does at 44.1 kHz.
    #[inline(always)]
    fn wander<L: Lane>(&mut self, pass: &mut Pass) {
        let lane = pass.lane;
        let walk = &mut self.walk[lane..lane + L::N];
        let (mut v, mut y) = (L::from_fn(|k| walk[k].0), L::from_fn(|k| walk[k].1));
        let (push, step) =
            (L::splat(self.scale.max(0.001) as f32), L::splat((1.0 / (self.rate * 44100.0).sqrt()) as f32));
        let streams = &self.streams[lane..lane + L::N];
        let mut numbers: [u32; MAX_LANES] =
            std::array::from_fn(|k| if k < L::N { pass.ages[lane + k] as u32 } else { 0 });
        for x in pass.output::<L>(0) {
            v = L::splat(0.95) * (v + push * gaussian(streams, &numbers));
            y = y + v * step;
            *x = math::tanh(y);
            numbers.iter_mut().for_each(|n| *n = n.wrapping_add(1));
        }
        let (v, y) = (v.to_array(), y.to_array());
        for (k, w) in walk.iter_mut().enumerate() {
            *w = (v[k], y[k]);
        }
    }

    /// Attack and release.
    #[inline(always)]
    fn fade<L: Lane>(&mut self, pass: &mut Pass) {
        let (lane, frames) = (pass.lane, pass.frames as u64);
        let ages = pass.ages;
        let mut any = false;
        // Frames since the attack and since the release began, limited to where an f32 counts exactly.
        let (mut up, mut down) = ([0.0; MAX_LANES], [0.0; MAX_LANES]);
        let (mut length, mut rate_up, mut rate_down) = ([0.0; MAX_LANES], [0.0; MAX_LANES], [0.0; MAX_LANES]);
        const LIMIT: i64 = 1 << 23;
        for k in 0..L::N {
            let (age, (attack, release)) = (ages[lane + k], self.ramps[lane + k]);
            let attack = attack.min(LIMIT as u64);
            any |= age < attack;
            up[k] = age.min(LIMIT as u64) as f32;
            length[k] = attack as f32;
            rate_up[k] = time::fall_rate(attack);
            down[k] = -(LIMIT as f32);
            if let Some(end) = self.length.filter(|_| release > 0) {
                let from = end.saturating_sub(release) as i64;
                down[k] = (age as i64 - from).clamp(-LIMIT, LIMIT) as f32;
                rate_down[k] = time::fall_rate(release);
                any |= age + frames > from as u64;
            }
        }
        if !any {
            return;
        }
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let (up, down, length) = (L::load(&up), L::load(&down), L::load(&length));
        let (rate_up, rate_down) = (L::load(&rate_up), L::load(&rate_down));
        for (n, x) in pass.output::<L>(0).iter_mut().enumerate() {
            let n = L::splat(n as f32);
            let (u, d) = (up + n, down + n);
            let rise = L::select(u.lt(length), one - time::fall(u, rate_up), one);
            let fall = time::fall(d.max(zero), rate_down);
            *x = *x * (rise * fall);
        }
    }

    #[inline(always)]
    fn map<L: Lane>(&mut self, pass: &mut Pass) {
        let half = L::splat(0.5);
        let Some((low, high)) = self.range else { return };
        for c in (0..pass.outputs.len()).rev() {
            let (a, b) = (pass.channel::<L>(low, c), pass.channel::<L>(high, c));
            let frames = pass.frames;
            let (first, rest) = pass.outputs.split_at_mut(1);
            // The right channel is made from the left one, before that is mapped.
            if let (1, Some(right)) = (c, rest.first_mut()) {
                right.flat = false;
                let x = &first[0].frames::<L>()[..frames];
                for (n, (y, x)) in right.frames_mut::<L>()[..frames].iter_mut().zip(x).enumerate() {
                    *y = a.at(n) + (*x + L::splat(1.0)) * half * (b.at(n) - a.at(n));
                }
            } else {
                for (n, x) in first[0].frames_mut::<L>()[..frames].iter_mut().enumerate() {
                    *x = a.at(n) + (*x + L::splat(1.0)) * half * (b.at(n) - a.at(n));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Fixed;
    use crate::kernel::probe::{Probe, difference};
    use std::f64::consts::TAU;

    fn osc(wave: &'static str, freq: f32) -> Probe {
        Probe::new(&DEF).fixed("type", Fixed::Word(wave)).set("freq", freq)
    }

    #[test]
    fn osc_shapes_are_what_they_say() {
        let cycles = |n: usize| ((n + 1) as f64 * 101.25 / 44100.0 + 0.5).rem_euclid(1.0) - 0.5;
        type Shape = fn(f64) -> f64;
        let shapes: [(&str, Shape); 5] = [
            ("sin", |p| (TAU * p).sin()),
            ("cos", |p| (TAU * p).cos()),
            ("tri", |p| (TAU * p).sin().asin() * 2.0 / std::f64::consts::PI),
            ("saw", |p| 2.0 * p),
            ("ramp", |p| -2.0 * p),
        ];
        for (wave, f) in shapes {
            let out = osc(wave, 101.25).set("amp", 0.5).laws(1200);
            let d = difference(out.mono(), (0..1200).map(|n| 0.5 * f(cycles(n))));
            assert!(d < 1e-6, "{wave}: {d}");
        }
        let out = osc("sqr", 101.25).set("pulse_width", 0.2).laws(1200);
        let up = out.mono().iter().filter(|x| **x == 1.0).count();
        assert!(up.abs_diff(240) < 90 / 4, "{up}");
    }

    #[test]
    fn osc_square_edges_fall_on_their_frames() {
        // 2.1 Hz at 44.1 kHz: an edge every 10500 frames exactly.
        let out = osc("sqr", 2.1).number("freq", 2.1).render(42000);
        for edge in (1..4).map(|n| n * 10500) {
            assert!(out.mono()[edge - 1] != out.mono()[edge - 2], "{edge}");
        }
    }

    #[test]
    fn osc_is_exact_after_minutes() {
        let out = osc("sin", 440.0).with(|p| p.cuts = vec![64, 3]).render(44100 * 20);
        let n = 44100 * 20 - 1;
        let want = (TAU * (((n + 1) as f64 * 440.0 / 44100.0).fract())).sin();
        assert!((out.mono()[n] as f64 - want).abs() < 1e-5);
    }

    #[test]
    fn osc_without_frequency_is_one_hertz_from_zero() {
        let out = Probe::new(&DEF).laws(300);
        assert!(difference(out.mono(), (0..300).map(|n| (TAU * n as f64 / 44100.0).sin())) < 1e-6);
    }

    #[test]
    fn osc_follows_frequency_and_phase_frame_by_frame() {
        let f = |n: u64| 300.0 + 200.0 * (n as f64 * 0.01).sin();
        let m = |n: u64| 2.0 * (n as f64 * 0.02).sin();
        let out = osc("sin", 0.0)
            .signal("freq", move |l, n| f(n) as f32 + l as f32)
            .signal("phase", move |_, n| m(n) as f32)
            .laws(700);
        let mut p = 0.0;
        let want = (0..700).map(|n| {
            p += TAU * (f(n) as f32) as f64 / 44100.0;
            (p + m(n)).sin()
        });
        assert!(difference(out.mono(), want) < 5e-6);
        for wave in ["saw", "tri", "sqr"] {
            osc(wave, 0.0)
                .signal("freq", move |l, n| f(n) as f32 * (1 + l) as f32)
                .signal("phase", move |_, n| m(n) as f32)
                .signal("pulse_width", |_, n| 0.5 + 0.3 * (n as f32 * 0.001).sin())
                .with(|p| p.band_limited = true)
                .laws(300);
        }
    }

    #[test]
    fn osc_flat_and_moving_inputs_give_the_same_bits() {
        for band_limited in [false, true] {
            for wave in ["saw", "sqr", "sin", "tri"] {
                let flat =
                    osc(wave, 1234.5).set("amp", 0.7).with(|p| p.band_limited = band_limited).laws(400);
                let moving = osc(wave, 0.0)
                    .signal("freq", |_, _| 1234.5)
                    .signal("amp", |_, _| 0.7)
                    .with(|p| p.band_limited = band_limited)
                    .laws(400);
                assert!(flat.mono() == moving.mono(), "{wave}");
            }
        }
    }

    #[test]
    fn osc_attack_release_and_duration() {
        let p = osc("sqr", 0.01).set("attack", 0.1).set("release", 0.3).with(|p| p.duration = Some(1.5));
        let out = p.clone().with(|p| p.stagger = 13).laws(44100 * 2);
        let (x, e) = (out.mono(), |k: f64, n: f64| (-5.0 * k / (n - 1.0)).exp());
        assert!((x[1000] as f64 - (1.0 - e(1000.0, 4410.0))).abs() < 1e-5);
        assert_eq!(x[4410], 1.0);
        assert!((x[52920 + 100] as f64 - e(100.0, 13230.0)).abs() < 1e-5);
        assert_eq!(out.ends[0], Some(66150));
        assert!(x[66150..].iter().all(|x| *x == 0.0) && x[66149] > 0.006);
        // Longer than the duration: from the first frame.
        let long = osc("sqr", 0.01).set("release", 2.0).with(|p| p.duration = Some(0.5)).render(100);
        assert!((long.mono()[99] as f64 - e(99.0, 88200.0)).abs() < 1e-5);
    }

    #[test]
    fn osc_range_maps_after_the_envelope_and_keeps_channels() {
        let out = osc("sqr", 1.0).set("attack", 0.1).list("range", &[0.0, 10.0]).laws(200);
        assert!((out.mono()[0] - 5.0).abs() < 1e-5);
        let p = osc("sqr", 1.0).list("range", &[0.0, 10.0]).with(|p| p.channels = Some(2)).laws(100);
        assert_eq!(p.frames[1][0][5], 10.0);
        assert_eq!(osc("none", 3.0).list("range", &[0.0, 10.0]).laws(70).mono()[3], 5.0);
    }

    #[test]
    fn osc_noises_are_random_repeatable_and_split_alike() {
        for wave in ["noise", "perlin", "wander"] {
            let p = osc(wave, 1.0).number("scale", 3000.0).with(|p| p.stagger = 3);
            let (a, b) = (p.laws(500), p.clone().with(|p| p.seed = 8).render(500));
            assert!(a.mono() != b.mono(), "{wave}");
            let seeded = p.number("seed", 3.0);
            assert!(
                seeded.render(500).mono() == seeded.with(|p| p.seed = 8).render(500).mono()
                    || wave == "noise"
            );
        }
        let x = osc("noise", 1.0).render(40000);
        let power: f32 = x.mono().iter().map(|x| x * x).sum::<f32>() / 4e4;
        assert!((power - 1.0).abs() < 0.05, "{power}");
    }

    #[test]
    fn osc_band_limited_follows_library_and_quality() {
        let jump =
            |p: Probe| p.render(2000).mono().windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
        let saw = osc("saw", 441.0);
        assert!(jump(saw.clone()) > 1.9);
        assert!(jump(saw.clone().with(|p| p.band_limited = true)) < 1.6);
        assert!(jump(saw.fixed("quality", Fixed::Word("naive")).with(|p| p.band_limited = true)) > 1.9);
    }
}

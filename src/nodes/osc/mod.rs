//! `osc`: oscillators, low-frequency ones, and noise. The kernel makes the wave at its level, then applies attack, release and
//! range. Audio thread, after construction.

mod cycle;
mod finish;
mod random;
#[cfg(test)]
mod tests;

use crate::dsp::lane::{Lane, MAX_LANES};
use crate::dsp::noise::{Between, Perlin, Stream};
use crate::dsp::{phase, time};
use crate::kernel::{Build, Kernel, Lanewise, Pass, Start};
use crate::quality::Quality;
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
            ParamSpec::of(
                ParamKind::Pair,
                "range",
                "Two values between which the wave swings, instead of -1 and 1: an LFO that moves a cutoff from 300 to 2400 Hz.",
            ),
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
    /// Jumps are rounded, and harmonics never added up.
    draft: bool,
    /// White noise has the band of the rate that is heard.
    between: Option<&'static Between>,
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
        draft: b.quality == Quality::Draft,
        between: (b.quality == Quality::High && wave == Wave::Noise).then(Between::shared),
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

    fn take(&mut self, old: &mut Self) {
        self.phase.copy_from_slice(&old.phase);
        self.last.copy_from_slice(&old.last);
        self.ramps.copy_from_slice(&old.ramps);
        self.streams.copy_from_slice(&old.streams);
        self.place.copy_from_slice(&old.place);
        self.walk.copy_from_slice(&old.walk);
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
}

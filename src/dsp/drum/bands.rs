//! What a drum sounds like in time: eight bands of filters, and every quarter of a millisecond the level of each. All filters run
//! side by side. Audio thread; the grid of levels is one of seconds, the same at every sample rate and for every block.

use crate::dsp::math;

/// How many levels a hop has: seven bands from low to high, and the whole signal's peak.
pub const BANDS: usize = 8;
/// Which of them is the peak of the whole signal.
pub const WHOLE: usize = BANDS - 1;
/// Hops a second.
pub const HOPS: f64 = 4000.0;

/// Levels of one hop: log2 of the mean power of a band; of the squared peak for [`WHOLE`]. Full scale is 0, silence [`SILENCE`].
pub type Levels = [f32; BANDS];

/// Level of nothing: -100 dB.
pub const SILENCE: f32 = -33.219_28;

/// Decibels of one unit of level.
pub const DECIBELS: f32 = 3.010_3;

/// Corners of the bands in hertz.
const CORNERS: [(f32, f32); BANDS] = [
    (32.0, 100.0),
    (100.0, 240.0),
    (240.0, 600.0),
    (600.0, 1500.0),
    (1500.0, 3500.0),
    (3500.0, 7000.0),
    (7000.0, 15_000.0),
    (32.0, 18_000.0),
];

/// Damping (1/Q) of the three stages: Butterworth high-pass of the fourth order, low-pass of the second.
const DAMPING: [f32; 3] = [1.847_759, 0.765_366_9, std::f32::consts::SQRT_2];

/// A state-variable filter for each band (trapezoidal integrators: Zavalishin, "The Art of VA Filter Design").
#[derive(Clone, Copy)]
struct Stage {
    k: f32,
    a1: [f32; BANDS],
    a2: [f32; BANDS],
    a3: [f32; BANDS],
    s1: [f32; BANDS],
    s2: [f32; BANDS],
}

impl Stage {
    fn new(rate: f64, k: f32, corner: impl Fn(usize) -> f32) -> Stage {
        let mut stage = Stage { k, a1: [0.0; 8], a2: [0.0; 8], a3: [0.0; 8], s1: [0.0; 8], s2: [0.0; 8] };
        for b in 0..BANDS {
            let cycles = (f64::from(corner(b)) / rate).min(0.42) as f32;
            let g = math::tan(cycles * std::f32::consts::PI);
            stage.a1[b] = 1.0 / (1.0 + g * (g + k));
            stage.a2[b] = g * stage.a1[b];
            stage.a3[b] = g * stage.a2[b];
        }
        stage
    }

    /// One frame: band-pass and low-pass.
    #[inline(always)]
    fn run(&mut self, x: &[f32; BANDS]) -> ([f32; BANDS], [f32; BANDS]) {
        let (mut band, mut low) = ([0.0; BANDS], [0.0; BANDS]);
        for b in 0..BANDS {
            let v3 = x[b] - self.s2[b];
            band[b] = self.a1[b] * self.s1[b] + self.a2[b] * v3;
            low[b] = self.s2[b] + self.a2[b] * self.s1[b] + self.a3[b] * v3;
            self.s1[b] = 2.0 * band[b] - self.s1[b];
            self.s2[b] = 2.0 * low[b] - self.s2[b];
        }
        (band, low)
    }

    #[inline(always)]
    fn high(&mut self, x: [f32; BANDS]) -> [f32; BANDS] {
        let (band, low) = self.run(&x);
        let mut y = x;
        for b in 0..BANDS {
            y[b] = x[b] - self.k * band[b] - low[b];
        }
        y
    }

    /// What has died away counts as nothing, so that no filter works on numbers that are slow to compute with.
    fn settle(&mut self) {
        for s in self.s1.iter_mut().chain(&mut self.s2) {
            if s.abs() < 1e-18 {
                *s = 0.0;
            }
        }
    }
}

/// The filters of one input, and where its grid of hops stands.
#[derive(Clone)]
pub struct Bands {
    stages: [Stage; 3],
    power: [f32; BANDS],
    peak: f32,
    frames_per_hop: f64,
    /// Frames so far, and at the end of the hop under way and of the one before.
    frame: u64,
    end: u64,
    before: u64,
    hops: u64,
}

impl Bands {
    /// `rate` in frames per second, at least 1000.
    pub fn new(rate: f64) -> Bands {
        let rate = if rate >= 1000.0 { rate } else { 1000.0 };
        let mut bands = Bands {
            stages: [
                Stage::new(rate, DAMPING[0], |b| CORNERS[b].0),
                Stage::new(rate, DAMPING[1], |b| CORNERS[b].0),
                Stage::new(rate, DAMPING[2], |b| CORNERS[b].1),
            ],
            power: [0.0; BANDS],
            peak: 0.0,
            frames_per_hop: rate / HOPS,
            frame: 0,
            end: 0,
            before: 0,
            hops: 0,
        };
        bands.end = bands.end_of(0);
        bands
    }

    /// The first frame after a hop.
    fn end_of(&self, hop: u64) -> u64 {
        // At rates below the hops', some hops are empty: they repeat what was before.
        ((hop + 1) as f64 * self.frames_per_hop) as u64
    }

    /// Hears `x` up to the end of the hop under way at most. Returns how many frames were taken, and the hop's levels if it ended.
    #[inline]
    pub fn hear(&mut self, x: &[f32]) -> (usize, Option<Levels>) {
        let take = x.len().min((self.end - self.frame) as usize);
        self.filter(&x[..take]);
        self.frame += take as u64;
        if self.frame < self.end {
            return (take, None);
        }
        (take, Some(self.finish()))
    }

    fn filter(&mut self, x: &[f32]) {
        let [mut one, mut two, mut three] = self.stages;
        let mut power = self.power;
        let mut peak = self.peak;
        for &x in x {
            let y = two.high(one.high([x; BANDS]));
            let (_, y) = three.run(&y);
            for b in 0..BANDS {
                power[b] += y[b] * y[b];
            }
            peak = if y[WHOLE].abs() > peak { y[WHOLE].abs() } else { peak };
        }
        self.stages = [one, two, three];
        self.power = power;
        self.peak = peak;
    }

    fn finish(&mut self) -> Levels {
        let mut levels = [0.0; BANDS];
        let scale = 1.0 / (self.end - self.before).max(1) as f32;
        self.power[WHOLE] = self.peak * self.peak / scale;
        for b in 0..BANDS {
            levels[b] = math::log2(self.power[b] * scale + 1e-10);
        }
        self.power = [0.0; BANDS];
        self.peak = 0.0;
        for stage in &mut self.stages {
            stage.settle();
        }
        self.hops += 1;
        self.before = self.end;
        self.end = self.end_of(self.hops);
        levels
    }

    /// Begins anew where another grid stands.
    pub fn follow(&mut self, other: &Bands) {
        (self.frame, self.end, self.before, self.hops) = (other.frame, other.end, other.before, other.hops);
        self.power = [0.0; BANDS];
        self.peak = 0.0;
    }

    /// Frames heard so far.
    pub fn frame(&self) -> u64 {
        self.frame
    }
}

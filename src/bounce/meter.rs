//! What a file's signal measures: peak, true peak, and loudness (EBU R 128). Any thread but the audio thread.

use ebur128::{EbuR128, Mode};

use super::write::Loudness;

/// What was measured. Levels are in decibels; none where there is nothing to measure.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct Levels {
    /// Highest sample, dBFS.
    pub peak: Option<f64>,
    /// Highest value between samples, dBTP; only where it was asked for.
    pub true_peak: Option<f64>,
    /// Integrated loudness, LUFS.
    pub lufs: Option<f64>,
    /// Loudness range, LU; only where it was asked for.
    pub range: Option<f64>,
}

impl Levels {
    pub fn loudness(&self) -> Loudness {
        Loudness { integrated: self.lufs, range: self.range, true_peak: self.true_peak }
    }

    /// Everything this many decibels higher.
    pub fn raised(self, decibels: f64) -> Levels {
        let up = |level: Option<f64>| level.map(|level| level + decibels);
        Levels { peak: up(self.peak), true_peak: up(self.true_peak), lufs: up(self.lufs), range: self.range }
    }
}

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    /// The peak, which costs nothing.
    Peak,
    /// Peak and loudness.
    Loudness,
    /// True peak and loudness range as well, which take time.
    Everything,
}

/// A decibel's worth of a factor.
pub(super) fn decibels(factor: f64) -> Option<f64> {
    (factor > 0.0).then(|| 20.0 * factor.log10())
}

/// Measures a stereo signal as it comes.
pub(super) struct Meter {
    peak: f32,
    meter: Option<EbuR128>,
    measure: Measure,
}

impl Meter {
    pub fn new(rate: f64, measure: Measure) -> Self {
        let mode = match measure {
            Measure::Peak => None,
            Measure::Loudness => Some(Mode::I),
            Measure::Everything => Some(Mode::I | Mode::LRA | Mode::TRUE_PEAK),
        };
        // A rate that the meter does not know leaves loudness out.
        let meter = mode.and_then(|mode| EbuR128::new(2, rate as u32, mode).ok());
        Meter { peak: 0.0, meter, measure }
    }

    pub fn see(&mut self, sides: [&[f32]; 2]) {
        self.peak = sides.iter().flat_map(|side| side.iter()).fold(self.peak, |peak, x| peak.max(x.abs()));
        if let Some(meter) = &mut self.meter {
            // Fails only for other numbers of channels.
            let _ = meter.add_frames_planar_f32(&sides);
        }
    }

    pub fn levels(&self) -> Levels {
        let finite = |level: f64| Some(level).filter(|level| level.is_finite());
        let meter = self.meter.as_ref();
        let everything = meter.filter(|_| self.measure == Measure::Everything);
        let sides =
            |meter: &EbuR128| (0..2).filter_map(|side| meter.true_peak(side).ok()).fold(0.0, f64::max);
        Levels {
            peak: decibels(f64::from(self.peak)),
            true_peak: everything.and_then(|meter| decibels(sides(meter))),
            lufs: meter.and_then(|meter| meter.loudness_global().ok()).and_then(finite),
            range: everything.and_then(|meter| meter.loudness_range().ok()).and_then(finite),
        }
    }
}

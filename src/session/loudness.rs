//! How loud the main output is, by the measure of broadcasters (EBU R 128, ITU-R BS.1770): counted by whoever looks, from the tap of the
//! engine, so that the audio thread has nothing to do with it. Window thread.

use ebur128::{EbuR128, Mode};

use super::Trail;

/// Loudness in LUFS and true peak in dBTP; `None` where nothing has been heard yet.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Loudnesses {
    /// Of the last 0.4 s.
    pub momentary: Option<f64>,
    /// Of the last 3 s.
    pub short: Option<f64>,
    /// Since the beginning, without what is much softer than the rest.
    pub integrated: Option<f64>,
    /// The highest since the beginning.
    pub true_peak: Option<f64>,
}

/// The measure, and how far it has listened.
#[derive(Default)]
pub struct Loudness {
    /// With the rate that it was made for.
    meter: Option<(f64, EbuR128)>,
    at: Option<u64>,
    heard: Vec<[f32; 2]>,
    now: Loudnesses,
}

impl Loudness {
    /// Begins anew.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// Listens to what has come since the last look, and says how loud it is now.
    pub fn follow(&mut self, tap: &Trail, rate: f64) -> Loudnesses {
        if self.meter.as_ref().is_none_or(|(made_for, _)| *made_for != rate) {
            // A rate that the measure does not know is not measured.
            let made = EbuR128::new(2, rate as u32, Mode::all() | Mode::HISTOGRAM);
            (self.meter, self.at) = (made.ok().map(|meter| (rate, meter)), None);
        }
        self.heard.clear();
        let from = self.at.unwrap_or_else(|| tap.written());
        let (to, _) = tap.read(from, &mut self.heard);
        self.at = Some(to);
        let Some((_, meter)) = self.meter.as_mut().filter(|_| !self.heard.is_empty()) else {
            return self.now;
        };
        if meter.add_frames_f32(self.heard.as_flattened()).is_ok() {
            let level = |loudness: Result<f64, ebur128::Error>| loudness.ok().filter(|x| x.is_finite());
            let peaks = [0, 1].map(|side| meter.true_peak(side).unwrap_or(0.0));
            let peak = peaks[0].max(peaks[1]);
            self.now = Loudnesses {
                momentary: level(meter.loudness_momentary()),
                short: level(meter.loudness_shortterm()),
                integrated: level(meter.loudness_global()),
                true_peak: (peak > 0.0).then(|| crate::units::gain_to_db(peak)),
            };
        }
        self.now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test signal of EBU Tech 3341, case 1: a stereo sine of 1 kHz at -23 dBFS is -23 LUFS.
    #[test]
    fn loudness_of_the_reference_tone_is_that_of_the_standard() {
        let (tap, mut loudness) = (Trail::default(), Loudness::default());
        assert_eq!(loudness.follow(&tap, 48_000.0), Loudnesses::default());
        let gain = 10f64.powf(-23.0 / 20.0);
        let tone = |frame: u64| (gain * (std::f64::consts::TAU * frame as f64 / 48.0).sin()) as f32;
        let mut now = Loudnesses::default();
        for piece in 0..7_500u64 {
            tap.put(64, |frame| [tone(piece * 64 + frame as u64); 2]);
            if piece % 25 == 24 {
                now = loudness.follow(&tap, 48_000.0);
            }
        }
        for (name, level) in
            [("momentary", now.momentary), ("short", now.short), ("integrated", now.integrated)]
        {
            assert!((level.unwrap() + 23.0).abs() < 0.1, "{name}: {level:?} LUFS");
        }
        assert!((now.true_peak.unwrap() + 23.0).abs() < 0.2, "{now:?}");
        loudness.reset();
        assert_eq!(loudness.follow(&tap, 48_000.0), Loudnesses::default(), "begins with what comes now");
    }
}

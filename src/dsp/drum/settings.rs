//! What people set on a drum trigger, in the units that they are shown in. Any thread.

/// What kind of drum is listened for, before anything is learned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Instrument {
    Kick,
    Snare,
    Tom,
    #[default]
    Any,
}

impl Instrument {
    /// All of them, as people call them.
    pub const NAMED: [(Instrument, &str); 4] = [
        (Instrument::Kick, "kick"),
        (Instrument::Snare, "snare"),
        (Instrument::Tom, "tom"),
        (Instrument::Any, "any"),
    ];

    pub fn named(name: &str) -> Option<Instrument> {
        Self::NAMED.iter().find(|(_, known)| *known == name).map(|(instrument, _)| *instrument)
    }

    pub fn name(self) -> &'static str {
        Self::NAMED[self as usize].1
    }

    /// The key that plays it in most instruments (General MIDI): 36, 38 or 45.
    pub fn key(self) -> u8 {
        match self {
            Instrument::Kick => 36,
            Instrument::Tom => 45,
            Instrument::Snare | Instrument::Any => 38,
        }
    }
}

/// How long a stroke is listened to before its note goes out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// No look-ahead: the note goes out as soon as the stroke is sure.
    #[default]
    Live,
    /// 1.5 ms: most strokes are placed where they begin.
    Tight,
    /// 10 ms: all strokes are placed where they begin, with the velocity of their peak.
    Exact,
}

impl Mode {
    /// Look-ahead in seconds; all that the detector adds to the latency.
    pub fn ahead(self) -> f64 {
        match self {
            Mode::Live => 0.0,
            Mode::Tight => 0.0015,
            Mode::Exact => 0.010,
        }
    }
}

/// The settings of a detector. Values outside their range count as its nearest end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    pub mode: Mode,
    pub instrument: Instrument,
    /// Input gain, -24..24 dB. Without Learn, a full stroke should peak at -6 dBFS.
    pub gain: f32,
    /// Softer peaks are no strokes, -60..0 dBFS behind the gain.
    pub threshold: f32,
    /// How far below the threshold the signal must fall before softer strokes are refused again, 0..24 dB.
    pub hysteresis: f32,
    /// How readily something counts as a stroke, 0..1.
    pub sensitivity: f32,
    /// No further stroke for so long, 0.005..0.5 s.
    pub hold: f64,
    /// No stroke that is at least 6 dB softer than the last one for so long, 0..1 s; 0: off.
    pub retrigger: f64,
    /// How much a loud stroke keeps softer ones out while it rings, 0..1; 0.5 is what training found best.
    pub cancel: f32,
    /// Filters of the detector in hertz, 20..20 000; `None`: off.
    pub high_pass: Option<f32>,
    pub low_pass: Option<f32>,
    /// The least time a stroke is listened to for its velocity, 0..0.01 s. What exceeds the look-ahead delays the note.
    pub scan: f64,
    /// How loudness becomes velocity: 0 as measured (half the velocity for a peak of 9 dB less), 1 logarithmic (soft strokes become louder),
    /// -1 exponential (softer).
    pub curve: f32,
    /// Least and greatest velocity, 1..127.
    pub least: f32,
    pub greatest: f32,
    /// One velocity for all strokes.
    pub fixed: Option<f32>,
    /// How much strokes must have the drum's own colour, 0..1.
    pub likeness: f32,
    /// How much of what sounds on the reference input is refused, 0..1.
    pub reject: f32,
    /// Moves every note, -0.02..0.02 s. Earlier means as much more latency.
    pub align: f64,
    /// The drum's levels follow its loud strokes slowly.
    pub adapt: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            mode: Mode::Live,
            instrument: Instrument::Any,
            gain: 0.0,
            threshold: -54.0,
            hysteresis: 6.0,
            sensitivity: 0.5,
            hold: 0.012,
            retrigger: 0.0,
            cancel: 0.5,
            high_pass: None,
            low_pass: None,
            scan: 0.0,
            curve: 0.0,
            least: 1.0,
            greatest: 127.0,
            fixed: None,
            likeness: 0.0,
            reject: 0.5,
            align: 0.0,
            adapt: true,
        }
    }
}

impl Settings {
    /// The settings with every value inside its range; what is not a number becomes the default.
    pub fn within(mut self) -> Settings {
        let usual = Settings::default();
        let inside = |x: &mut f32, low: f32, high: f32, usual: f32| {
            *x = if x.is_nan() { usual } else { x.clamp(low, high) };
        };
        inside(&mut self.gain, -24.0, 24.0, usual.gain);
        inside(&mut self.threshold, -60.0, 0.0, usual.threshold);
        inside(&mut self.hysteresis, 0.0, 24.0, usual.hysteresis);
        inside(&mut self.sensitivity, 0.0, 1.0, usual.sensitivity);
        inside(&mut self.cancel, 0.0, 1.0, usual.cancel);
        inside(&mut self.curve, -1.0, 1.0, usual.curve);
        inside(&mut self.likeness, 0.0, 1.0, usual.likeness);
        inside(&mut self.reject, 0.0, 1.0, usual.reject);
        inside(&mut self.least, 1.0, 127.0, usual.least);
        inside(&mut self.greatest, self.least, 127.0, usual.greatest);
        for corner in self.high_pass.iter_mut().chain(&mut self.low_pass) {
            inside(corner, 20.0, 20_000.0, 20.0);
        }
        if let Some(fixed) = &mut self.fixed {
            inside(fixed, 1.0, 127.0, 100.0);
        }
        let inside = |x: &mut f64, low: f64, high: f64, usual: f64| {
            *x = if x.is_nan() { usual } else { x.clamp(low, high) };
        };
        inside(&mut self.hold, 0.005, 0.5, usual.hold);
        inside(&mut self.retrigger, 0.0, 1.0, usual.retrigger);
        inside(&mut self.scan, 0.0, 0.01, usual.scan);
        inside(&mut self.align, -0.02, 0.02, usual.align);
        self
    }

    /// What the host is told, in seconds: look-ahead, and what earlier notes cost.
    pub fn latency(&self) -> f64 {
        self.mode.ahead() + (-self.align).max(0.0)
    }
}

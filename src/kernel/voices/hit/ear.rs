//! The ear of a `trigger`: lets the detector hear the input with the settings that the text and the host say at each moment, for the drum
//! that was learned. Audio thread, after construction.

use crate::dsp::drum::{Detector, Fate, Heard, Settings};
use crate::dsp::dynamics::peak;
use crate::kernel::drums::Drum;
use crate::kernel::pass::Pass;
use crate::kernel::sight::Struck;
use crate::kernel::tile::TILE;
use crate::kernel::{TriggerControl, TriggerState};

use super::dry::read;
use super::plan::{HitPlan, Knob, Output};

/// Strokes of one pass at most: none come closer than 5 ms.
const STROKES: usize = 16;

pub struct Ear {
    detector: Box<Detector>,
    /// Frame at which the detector began.
    began: u64,
    /// Strokes of the pass, at absolute frames.
    pub heard: Vec<Heard>,
    /// The host's *Learn* is on.
    learns: bool,
    /// Which of the drums that were said it listens for.
    version: u32,
}

impl Ear {
    pub fn new(settings: Settings, rate: f64) -> Self {
        Self {
            detector: Box::new(Detector::new(rate, settings)),
            began: 0,
            heard: Vec::with_capacity(STROKES),
            learns: false,
            version: 0,
        }
    }

    pub fn restart(&mut self, at: u64) {
        self.began = at;
        self.detector.restart();
    }

    /// The detector goes on, and is told the new settings with the next frame.
    pub fn take(&mut self, old: &mut Ear) {
        std::mem::swap(&mut self.detector, &mut old.detector);
        (self.began, self.learns, self.version) = (old.began, old.learns, old.version);
    }

    /// Lets the detector hear the pass; afterwards `heard` has its strokes.
    pub fn listen(&mut self, pass: &mut Pass, plan: &HitPlan) {
        let mut points = pass.control_points().filter(|n| *n > 0);
        let (mut mono, mut other, mut listen) = ([0.0; TILE], [0.0; TILE], [0.0; TILE]);
        let frames = pass.frames;
        read(pass, plan.input, 0, &mut mono);
        read(pass, plan.input, 1, &mut other);
        for (left, right) in mono.iter_mut().zip(&other) {
            *left = (*left + *right) * 0.5;
        }
        if plan.reference.is_some() {
            read(pass, plan.reference, 0, &mut other);
        }
        // A microphone that is broken is silence.
        for x in mono.iter_mut().chain(&mut other) {
            *x = if x.is_finite() { *x } else { 0.0 };
        }
        let drum = plan.slot.and_then(|slot| pass.controls.drums.as_ref()?.get(slot));
        if let Some(drum) = drum {
            drum.sight.hear(pass.at, frames, peak(&mono[..frames]), self.detector.settings().threshold);
        }
        self.heard.clear();
        let mut from = 0;
        self.steer(pass, plan, drum, 0);
        while from < frames {
            let to = points.next().unwrap_or(frames);
            let reference = plan.reference.map(|_| &other[from..to]);
            let (heard, listen, began) = (&mut self.heard, Some(&mut listen[from..to]), self.began);
            let learned = self.detector.learning();
            self.detector.process(&mono[from..to], reference, listen, |candidate| {
                let at = began + candidate.at;
                if let Some(drum) = drum {
                    drum.sight.decide(at, &candidate);
                }
                if candidate.fate == Fate::Accepted && heard.len() < STROKES {
                    heard.push(Heard { at, ..candidate });
                    if let Some(drum) = drum {
                        drum.sight.strike(struck(pass, plan, at, candidate.velocity), pass.song.bpm);
                    }
                }
            });
            self.tell(drum, learned);
            from = to;
            if from < frames {
                self.steer(pass, plan, drum, from);
            }
        }
        if plan.output == Output::Listen {
            let width = pass.width();
            for tile in pass.outputs.iter_mut() {
                for (n, x) in listen[..frames].iter().enumerate() {
                    tile.floats_mut()[n * width] = *x;
                }
            }
        }
    }

    /// Tells the detector what the text and the host say at a frame of the pass, and which drum it listens for.
    fn steer(&mut self, pass: &Pass, plan: &HitPlan, drum: Option<&Drum>, frame: usize) {
        let mut settings = plan.settings;
        for (port, knob) in &plan.moving {
            let (values, flat) = pass.raw(*port, 0);
            knob(&mut settings, values[if flat { 0 } else { frame * pass.width() }]);
        }
        if let Some(host) = plan.slot.and_then(|slot| pass.controls.triggers.get(slot as usize)) {
            follow(&mut settings, host);
            let learns = host.set(TriggerControl::Learn).is_some_and(|on| on >= 0.5);
            if learns && !std::mem::replace(&mut self.learns, learns) {
                self.detector.learn();
            }
            self.learns = learns;
        }
        if let Some(drum) = drum.filter(|drum| drum.version() != self.version)
            && let Some((version, learned)) = drum.learned()
        {
            self.version = version;
            match learned {
                Some(profile) => self.detector.listen_for(profile),
                None => self.detector.forget(),
            }
        }
        if settings.within() != *self.detector.settings() {
            self.detector.set(settings);
        }
    }

    /// Says how learning goes on, and what came of it. `before`: how many strokes it had learned.
    fn tell(&mut self, drum: Option<&Drum>, before: Option<usize>) {
        let Some(drum) = drum else { return };
        let now = self.detector.learning();
        if now.is_some() || before.is_some() {
            drum.learns(now);
        }
        if let (Some(_), None) = (before, now) {
            let learned = self.detector.profile().in_steps();
            self.detector.listen_for(learned);
            if let Some(version) = drum.listen_for(Some(&learned)) {
                self.version = version;
            }
        }
    }
}

/// A stroke that sounds at a frame, as late as the plan says.
fn struck(pass: &Pass, plan: &HitPlan, at: u64, velocity: f32) -> Struck {
    let song = &pass.song;
    let beats = (song.host && song.rolling).then(|| {
        let sounds = song.beats(at.saturating_sub(pass.at) as usize, pass.rate);
        sounds - plan.late as f64 * song.bpm / (60.0 * pass.rate)
    });
    let (key, channel) = plan.note.unwrap_or((plan.settings.instrument.key(), 9));
    Struck { at: at.saturating_sub(plan.late), beats, velocity, key, channel, length: plan.length as u32 }
}

/// What the host has set comes before what the text says.
fn follow(settings: &mut Settings, host: &TriggerState) {
    use TriggerControl::*;
    let table: [(TriggerControl, Knob); 9] = [
        (Threshold, |s, x| s.threshold = x),
        (Sensitivity, |s, x| s.sensitivity = x),
        (Hold, |s, x| s.hold = f64::from(x) / 1000.0),
        (FilterLow, |s, x| s.high_pass = Some(x)),
        (FilterHigh, |s, x| s.low_pass = Some(x)),
        (VelocityMin, |s, x| s.least = x * 127.0),
        (VelocityMax, |s, x| s.greatest = x * 127.0),
        (Retrigger, |s, x| s.retrigger = f64::from(x) / 1000.0),
        (VelocityCurve, |s, x| s.curve = x),
    ];
    for (control, knob) in table {
        if let Some(x) = host.set(control) {
            knob(settings, x);
        }
    }
}

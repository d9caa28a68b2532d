//! What an envelope does when: stages that follow each other, gate and trigger. Works on single lanes, at the few frames where
//! something changes. Audio thread.

use super::{ENDLESS, Envelope, LONGEST, Stage};
use crate::dsp::lane::Lane;
use crate::dsp::time;
use crate::kernel::Pass;

impl Envelope {
    /// Value of an input for one lane at one frame.
    #[inline]
    fn read(pass: &Pass, port: usize, frame: usize, k: usize) -> f32 {
        let (values, flat) = pass.raw(port, 0);
        values[if flat { k } else { frame * pass.width() + k }]
    }

    /// A time as frames, with their fraction.
    fn frames(&self, pass: &Pass, port: usize, frame: usize, k: usize) -> f64 {
        time::frames_of(Self::read(pass, port, frame, k), self.rate, f64::INFINITY)
    }

    /// Level of a lane at the present frame.
    pub(super) fn level(&self, lane: usize) -> f32 {
        self.target[lane] + self.span[lane] * self.now[lane]
    }

    /// A stage begins at this frame, by something that happened at it.
    pub(super) fn enter(&mut self, pass: &Pass, stage: Stage, frame: usize, k: usize) {
        self.rest[pass.lane + k] = 0.0;
        self.go_on(pass, stage, frame, k);
    }

    /// A stage begins at this frame; stages without length are passed over.
    fn go_on(&mut self, pass: &Pass, mut stage: Stage, frame: usize, k: usize) {
        let lane = pass.lane + k;
        loop {
            let level = self.level(lane);
            let (target, span, time, next) = match stage {
                Stage::Attack => (1.0, level - 1.0, self.frames(pass, self.attack, frame, k), Stage::Decay),
                Stage::Decay => {
                    let s = Self::read(pass, self.sustain, frame, k);
                    (s, 1.0 - s, self.frames(pass, self.decay, frame, k), Stage::Sustain)
                }
                Stage::Sustain => {
                    let s = Self::read(pass, self.sustain, frame, k);
                    (s, 0.0, self.hold(pass, frame, k), Stage::Release)
                }
                Stage::Release => (0.0, level, self.frames(pass, self.release, frame, k), Stage::Rest),
                Stage::Rest | Stage::Over => {
                    stage = if self.end { Stage::Over } else { Stage::Rest };
                    (0.0, 0.0, f64::INFINITY, stage)
                }
            };
            let curve = matches!(stage, Stage::Attack | Stage::Decay | Stage::Release);
            let length = self.whole(lane, if curve { time.min(LONGEST) } else { time });
            self.stage[lane] = stage;
            self.left[lane] = length;
            self.target[lane] = target;
            self.span[lane] = span;
            self.fall[lane] = if curve { time::fall_rate(length) } else { 0.0 };
            self.loss[lane] = time::loss(self.fall[lane]);
            (self.k[lane], self.now[lane]) = (0.0, 1.0);
            if length > 0 {
                return;
            }
            if stage == Stage::Attack {
                // An attack without length is at its top; what follows starts from there.
                (self.target[lane], self.span[lane]) = (1.0, 0.0);
            } else if stage == Stage::Decay {
                self.span[lane] = 0.0;
            }
            stage = next;
        }
    }

    /// The whole frames of a stage. What is left over goes to the next one, so that no stage is off by more than a frame.
    fn whole(&mut self, lane: usize, time: f64) -> u64 {
        let time = time + self.rest[lane];
        if time.is_infinite() {
            return ENDLESS;
        }
        // Sums of fractions that make a frame may miss it by their rounding.
        let whole = (time + 1e-6).floor().max(0.0);
        self.rest[lane] = time - whole;
        whole as u64
    }

    /// How many frames the sustain lasts.
    fn hold(&self, pass: &Pass, frame: usize, k: usize) -> f64 {
        match (self.gate, self.sustain_duration, self.length) {
            (Some(_), ..) => f64::INFINITY,
            (_, Some(port), _) => self.frames(pass, port, frame, k),
            (_, _, Some(length)) => [self.attack, self.decay, self.release]
                .iter()
                .fold(length as f64, |left, port| left - self.frames(pass, *port, frame, k))
                .max(0.0),
            _ => f64::INFINITY,
        }
    }

    /// First frame from `from` at which an input crosses 0.5 in some lane, up to `to`.
    #[inline(always)]
    pub(super) fn crossing<L: Lane>(
        pass: &Pass,
        port: Option<usize>,
        was: &[f32],
        from: usize,
        to: usize,
    ) -> usize {
        let Some(port) = port else { return to };
        let input = pass.input::<L>(port);
        let was = L::load(&was[pass.lane..pass.lane + L::N]);
        if input.is_flat() {
            return if differs(input.at(0), was) { from } else { to };
        }
        // The state of every lane is the same up to the first change.
        for n in from..to {
            if differs(input.at(n), was) {
                return n;
            }
        }
        to
    }

    /// Takes gate and trigger at a frame.
    pub(super) fn follow(&mut self, pass: &Pass, frame: usize, lanes: usize) {
        for k in 0..lanes {
            let lane = pass.lane + k;
            let over = self.stage[lane] == Stage::Over;
            if let Some(port) = self.gate {
                let open = f32::from(Self::read(pass, port, frame, k) >= 0.5);
                if open != self.open[lane] {
                    self.open[lane] = open;
                    match self.stage[lane] {
                        Stage::Over => {}
                        _ if open > 0.0 => self.enter(pass, Stage::Attack, frame, k),
                        Stage::Attack | Stage::Decay | Stage::Sustain => {
                            self.enter(pass, Stage::Release, frame, k)
                        }
                        _ => {}
                    }
                }
            }
            if let Some(port) = self.trigger {
                let high = f32::from(Self::read(pass, port, frame, k) >= 0.5);
                let rising = high > self.high[lane];
                self.high[lane] = high;
                // A closed gate keeps triggers out.
                if rising && !over && (self.gate.is_none() || self.open[lane] > 0.0) {
                    self.enter(pass, Stage::Attack, frame, k);
                }
            }
        }
    }

    /// Lanes whose stage has run its whole length go on to the next, at this frame.
    pub(super) fn expire(&mut self, pass: &Pass, frame: usize) {
        for k in 0..pass.width() {
            let lane = pass.lane + k;
            if self.left[lane] == 0 {
                let next = match self.stage[lane] {
                    Stage::Attack => Stage::Decay,
                    Stage::Decay => Stage::Sustain,
                    Stage::Sustain => Stage::Release,
                    Stage::Release | Stage::Rest | Stage::Over => Stage::Rest,
                };
                // What follows starts from its target.
                self.span[lane] = 0.0;
                self.go_on(pass, next, frame, k);
            }
        }
    }
}

/// Whether an input stands on another side of 0.5 than it did, in some lane.
#[inline(always)]
fn differs<L: Lane>(now: L, was: L) -> bool {
    let half = L::splat(0.5);
    L::any((L::select(now.ge(half), L::splat(1.0), L::splat(0.0)) - was).abs().gt(half))
}

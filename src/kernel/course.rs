//! What a value does on steps: jumps, straight lines, crossfades. Shared by `automation` over signals and over nodes. Pure rules: no
//! state, no memory; any thread.

use super::pass::Pass;
use super::steps::Progress;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Step,
    Ramp,
    Overlap,
}

/// What the output follows during a step; the fields are signals by number, and steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Course {
    Nothing,
    Held(usize),
    Ramp { from: usize, to: usize, passed: f64, apart: f64 },
    Overlap { from: usize, to: usize },
}

/// How steps become courses.
#[derive(Clone, Debug)]
pub struct Courses {
    /// Per step: the number of its signal; none for an empty step.
    pub values: Vec<Option<usize>>,
    pub mode: Mode,
    /// Length of a crossfade in seconds.
    pub overlap: f64,
    /// How often the steps are gone through; `None`: without end.
    pub repeat: Option<u64>,
    /// Steps begin on triggers: there is nothing before the first.
    pub triggered: bool,
}

impl Courses {
    /// The nearest step at or before `step` (of this pass) that has a value.
    fn at_or_before(&self, step: usize) -> Option<usize> {
        (0..=step).rev().find(|s| self.values[*s].is_some())
    }

    fn after(&self, step: usize) -> Option<usize> {
        (step + 1..self.values.len()).find(|s| self.values[*s].is_some())
    }

    fn first(&self) -> Option<usize> {
        self.values.iter().position(Option::is_some)
    }

    fn value(&self, step: usize) -> usize {
        self.values[step].unwrap_or(0)
    }

    /// What the output follows while step `count` is in progress.
    fn course(&self, count: u64) -> Course {
        let steps = self.values.len();
        let (round, step) = (count / steps as u64, (count % steps as u64) as usize);
        let Some(here) = self.at_or_before(step).or_else(|| self.after(step)) else { return Course::Nothing };
        let held = Course::Held(self.value(here));
        match self.mode {
            Mode::Step => held,
            Mode::Ramp if here > step => held,
            Mode::Ramp => {
                let more = self.repeat.is_none_or(|r| round + 1 < r);
                let next = self.after(step).map(|s| (s, s - here));
                let next = next.or_else(|| self.first().filter(|_| more).map(|s| (s, s + steps - here)));
                let Some((next, apart)) = next else { return held };
                let (from, to) = (self.value(here), self.value(next));
                Course::Ramp { from, to, passed: (step - here) as f64, apart: apart as f64 }
            }
            Mode::Overlap => {
                let before = match here.checked_sub(1).and_then(|s| self.at_or_before(s)) {
                    Some(before) => Some(before),
                    None if round > 0 => self.at_or_before(steps - 1),
                    None => None,
                };
                match before {
                    Some(before) if here == step => {
                        Course::Overlap { from: self.value(before), to: self.value(here) }
                    }
                    _ => held,
                }
            }
        }
    }

    /// The course of a step in progress.
    pub fn present(&self, step: &Progress) -> Course {
        match step.begun {
            // Nothing before the first trigger; before the first step of the song, its first value.
            0 if self.triggered => Course::Nothing,
            0 => self.course(0),
            n => self.course(n - 1),
        }
    }

    /// How much of its second signal a course from one to another has at a frame of the pass, 0..1.
    #[inline]
    pub fn weight(&self, course: Course, step: &Progress, pass: &Pass, lane: usize, frame: usize) -> f32 {
        let weight = match course {
            Course::Nothing | Course::Held(_) => 0.0,
            Course::Ramp { passed, apart, .. } => (passed + step.at(pass, lane, frame)) / apart,
            Course::Overlap { .. } if self.overlap > 0.0 => {
                step.at(pass, lane, frame) * step.length / self.overlap
            }
            Course::Overlap { .. } => 1.0,
        };
        weight.clamp(0.0, 1.0) as f32
    }
}

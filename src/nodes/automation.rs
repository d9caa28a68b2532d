//! `automation`: values that change on steps: in jumps, in straight lines, or overlapping. Audio thread, after construction.

use crate::kernel::carry::{Carry, same};
use crate::kernel::steps::{Began, Cursor, Progress, StepClock, StepPlan, Timing, read};
use crate::kernel::{Build, Kernel, Pass, Start};
use crate::spec::*;
use crate::units::Unit;

use super::{NodeDef, Runs};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "automation",
        help: "A value that changes on steps: melodies, levels of a song's sections, rhythmic filters.",
        params: &[
            ParamSpec::control(
                "interval",
                Unit::Seconds,
                1.0,
                "Length of a step, read when it begins: seconds, or below `tempo` `beat`, `1/8`.",
            ),
            ParamSpec::optional(
                "swing",
                Unit::None,
                "Swing, -1 to 1: makes even steps shorter and odd ones longer.",
            ),
            ParamSpec::optional(
                "trigger",
                Unit::None,
                "Goes to the next step whenever it rises through 0.5, instead of by `interval`.",
            ),
            ParamSpec::optional(
                "reset",
                Unit::None,
                "Goes back to the first step when it rises through 0.5.",
            ),
            ParamSpec {
                name: "steps",
                kind: ParamKind::Signals,
                unit: Unit::None,
                default: Default::Required,
                range: None,
                help: "The value of each step; an empty one (`~`) keeps the value before it.",
            },
            ParamSpec {
                name: "mode",
                kind: ParamKind::Choice(&[
                    Choice { word: "step", aliases: &[], help: "jumps to each value" },
                    Choice { word: "ramp", aliases: &[], help: "straight lines from value to value" },
                    Choice { word: "overlap", aliases: &[], help: "crossfades into each value" },
                ]),
                unit: Unit::None,
                default: Default::Word("step"),
                range: None,
                help: "How one value becomes the next.",
            },
            ParamSpec::number(
                "overlap",
                Unit::Seconds,
                0.1,
                (0.0, 1e6),
                "Length of the crossfade in mode `overlap`.",
            ),
            ParamSpec {
                name: "repeat",
                kind: ParamKind::Integer,
                unit: Unit::None,
                default: Default::Infinite,
                range: Some((0.0, 1e12)),
                help: "How often the steps are gone through; then the last value stays.",
            },
        ],
        extra: Extra::Refused,
        channels: Channels::Mono,
        ends: Ends::Never,
        example: "example: {osc: {type: saw, amp: 0.3, duration: 2, freq: {automation: {interval: 0.25, swing: 0.3, steps: [a2, a3, ~, e3, g3, a3, ~, c4]}}}}\n",
    },
    runs: Runs::Kernel(make),
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Step,
    Ramp,
    Overlap,
}

struct Automation {
    clock: StepClock,
    /// Inputs of the steps that have a value.
    values: Vec<Option<usize>>,
    mode: Mode,
    overlap: f64,
    repeat: Option<u64>,
    triggered: bool,
    /// Per lane: the step in progress up to where the output has been filled.
    steps: Vec<Progress>,
}

fn make(b: &Build) -> Result<Box<dyn Kernel>, String> {
    let ports = b.ports("steps");
    if ports.is_empty() {
        return Err("`steps` is empty".into());
    }
    // Numbers are inputs as well; an empty step is one that is not a number.
    let values = ports.clone().map(|port| (!b.is_empty(port)).then_some(port)).collect();
    let timing = match b.port("trigger") {
        Some(port) => Timing::Trigger { port },
        None => {
            let port = b.port("interval").unwrap_or(0);
            Timing::Interval { port, exact: b.constant("interval"), swing: b.port("swing") }
        }
    };
    let repeat = b.number("repeat").map(|r| r.max(0.0) as u64);
    let plan = StepPlan { timing, reset: b.port("reset"), steps: ports.len(), repeat, follows_song: b.song };
    Ok(Box::new(Automation {
        clock: StepClock::new(plan, b.lanes),
        values,
        mode: match b.word("mode") {
            "ramp" => Mode::Ramp,
            "overlap" => Mode::Overlap,
            _ => Mode::Step,
        },
        overlap: b.number("overlap").unwrap_or(0.1),
        repeat,
        triggered: matches!(timing, Timing::Trigger { .. }),
        steps: vec![Progress::default(); b.lanes],
    }))
}

impl Automation {
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

    /// What the output follows while step `count` is in progress.
    fn course(&self, count: u64) -> Course {
        let steps = self.values.len();
        let (round, step) = (count / steps as u64, (count % steps as u64) as usize);
        let Some(here) = self.at_or_before(step).or_else(|| self.after(step)) else { return Course::Nothing };
        let held = Course::Held(self.port(here));
        match self.mode {
            Mode::Step => held,
            Mode::Ramp if here > step => held,
            Mode::Ramp => {
                let more = self.repeat.is_none_or(|r| round + 1 < r);
                let next = self.after(step).map(|s| (s, s - here));
                let next = next.or_else(|| self.first().filter(|_| more).map(|s| (s, s + steps - here)));
                let Some((next, apart)) = next else { return held };
                let (from, to) = (self.port(here), self.port(next));
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
                        Course::Overlap { from: self.port(before), to: self.port(here) }
                    }
                    _ => held,
                }
            }
        }
    }

    fn port(&self, step: usize) -> usize {
        self.values[step].unwrap_or(0)
    }

    /// The course of a lane's step in progress.
    fn present(&self, lane: usize) -> Course {
        match self.steps[lane].begun {
            // Nothing before the first trigger; before the first step of the song, its first value.
            0 if self.triggered => Course::Nothing,
            0 => self.course(0),
            n => self.course(n - 1),
        }
    }

    /// The value at a frame on a course.
    fn value(&self, pass: &Pass, course: Course, frame: usize, k: usize) -> f32 {
        let progress = &self.steps[pass.lane + k];
        let (from, to, weight) = match course {
            Course::Nothing => return 0.0,
            Course::Held(port) => return read(pass, port, frame, k),
            Course::Ramp { from, to, passed, apart } => {
                (from, to, (passed + progress.at(pass, pass.lane + k, frame)) / apart)
            }
            Course::Overlap { from, to } if self.overlap > 0.0 => {
                (from, to, progress.at(pass, pass.lane + k, frame) * progress.length / self.overlap)
            }
            Course::Overlap { from, to } => (from, to, 1.0),
        };
        let weight = weight.clamp(0.0, 1.0) as f32;
        read(pass, from, frame, k) * (1.0 - weight) + read(pass, to, frame, k) * weight
    }

    fn fill(&mut self, pass: &mut Pass, from: usize, to: usize) {
        let lanes = pass.width();
        for k in 0..lanes {
            let course = self.present(pass.lane + k);
            for frame in from..to {
                pass.outputs[0].floats_mut()[frame * lanes + k] = self.value(pass, course, frame, k);
            }
        }
    }

    /// Writes a pass in which no step begins and nothing moves as one value a lane, if it is such a pass.
    fn stand(&self, pass: &mut Pass) -> bool {
        let lanes = pass.width();
        let still = |k: usize| match self.present(pass.lane + k) {
            Course::Nothing => true,
            Course::Held(port) => pass.raw(port, 0).1,
            _ => false,
        };
        let stands = (0..lanes).all(still);
        if stands {
            for k in 0..lanes {
                let value = self.value(pass, self.present(pass.lane + k), 0, k);
                pass.outputs[0].floats_mut()[k] = value;
            }
            pass.outputs[0].flat = true;
        }
        stands
    }
}

/// What the output follows during a step; the fields are inputs, and steps.
#[derive(Clone, Copy)]
enum Course {
    Nothing,
    Held(usize),
    Ramp { from: usize, to: usize, passed: f64, apart: f64 },
    Overlap { from: usize, to: usize },
}

impl Kernel for Automation {
    fn take(&mut self, old: &mut dyn Kernel, _: &mut [(u32, u32, Carry)], _: u64) {
        if let Some(old) = same::<Self>(old) {
            self.clock.take(&old.clock);
        }
    }

    fn start(&mut self, lane: usize, _: Start) {
        self.clock.start(lane);
        self.steps[lane] = Progress::default();
    }

    fn render(&mut self, pass: &mut Pass) {
        self.clock.locate(pass);
        for lane in pass.lane..pass.lane + pass.width() {
            self.steps[lane] = self.clock.step(lane);
        }
        let mut from = 0;
        let mut cursor = Cursor::default();
        let mut began = self.clock.next(pass, &mut cursor);
        if began.is_none() && self.stand(pass) {
            return;
        }
        pass.outputs[0].flat = false;
        // A step lasts until the next one begins: what comes before is filled when that is known.
        loop {
            let to = began.map_or(pass.frames, |b| b.frame);
            self.fill(pass, from, to);
            from = from.max(to);
            let Some(Began { lane, .. }) = began else { break };
            self.steps[lane] = self.clock.step(lane);
            began = self.clock.next(pass, &mut cursor);
        }
    }
}

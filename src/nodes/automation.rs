//! `automation`: values that change on steps: in jumps, in straight lines, or overlapping. Audio thread, after construction.

use crate::kernel::carry::{Passage, same};
use crate::kernel::course::{Course, Courses, Mode};
use crate::kernel::steps::{Began, Cursor, Progress, StepClock, StepPlan, Timing, read};
use crate::kernel::{Build, Kernel, Pass, Start};
use crate::spec::*;
use crate::units::Unit;

use super::{NodeDef, RESET, Runs, SWING, TRIGGER};

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
            SWING,
            TRIGGER,
            RESET,
            ParamSpec {
                default: Default::Required,
                ..ParamSpec::of(
                    ParamKind::Signals,
                    "steps",
                    "The value of each step; an empty one (`~`) keeps the value before it. Nodes run only while they are heard.",
                )
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
                default: Default::Infinite,
                ..ParamSpec::integer(
                    "repeat",
                    0.0,
                    (0.0, 1e12),
                    "How often the steps are gone through; then the last value stays.",
                )
            },
        ],
        extra: Extra::Refused,
        channels: Channels::Mono,
        ends: Ends::Never,
        example: "example: {osc: {type: saw, amp: 0.3, duration: 2, freq: {automation: {interval: 0.25, swing: 0.3, steps: [a2, a3, ~, e3, g3, a3, ~, c4]}}}}\n",
    },
    runs: Runs::Kernel(make),
};

struct Automation {
    clock: StepClock,
    /// Of inputs, by number.
    courses: Courses,
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
    let mode = match b.word("mode") {
        "ramp" => Mode::Ramp,
        "overlap" => Mode::Overlap,
        _ => Mode::Step,
    };
    let (overlap, triggered) = (b.number("overlap").unwrap_or(0.1), matches!(timing, Timing::Trigger { .. }));
    Ok(Box::new(Automation {
        clock: StepClock::new(plan, b.lanes),
        courses: Courses { values, mode, overlap, repeat, triggered },
        steps: vec![Progress::default(); b.lanes],
    }))
}

impl Automation {
    /// The course of a lane's step in progress.
    fn present(&self, lane: usize) -> Course {
        self.courses.present(&self.steps[lane])
    }

    /// The value at a frame on a course.
    fn value(&self, pass: &Pass, course: Course, frame: usize, k: usize) -> f32 {
        let (from, to) = match course {
            Course::Nothing => return 0.0,
            Course::Held(port) => return read(pass, port, frame, k),
            Course::Ramp { from, to, .. } | Course::Overlap { from, to } => (from, to),
        };
        let lane = pass.lane + k;
        let weight = self.courses.weight(course, &self.steps[lane], pass, lane, frame);
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

impl Kernel for Automation {
    fn take(&mut self, old: &mut dyn Kernel, _: &mut [Passage], _: u64) {
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

//! `automation`: values that change on steps: in jumps, in straight lines, or overlapping. Audio thread, after construction.

use crate::kernel::steps::{Cursor, Progress, StepClock, StepPlan, Timing, read};
use crate::kernel::{Build, Kernel, Pass, Start, silence};
use crate::spec::*;
use crate::units::Unit;

use super::{NodeDef, Runs};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "automation",
        help: "Values that change on steps.",
        params: &[
            ParamSpec::control("interval", Unit::Seconds, 1.0, "Length of a step; read when a step begins."),
            ParamSpec::optional(
                "swing",
                Unit::None,
                "Makes even steps shorter and odd ones longer: -1 to 1.",
            ),
            ParamSpec::optional(
                "trigger",
                Unit::None,
                "Steps on its rising edges through 0.5 instead of by interval.",
            ),
            ParamSpec::optional("reset", Unit::None, "Goes back to the first step on its rising edges."),
            ParamSpec {
                name: "steps",
                kind: ParamKind::Signals,
                unit: Unit::None,
                default: Default::Required,
                range: None,
                help: "The value of each step; an empty one keeps the value before it.",
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
                "Length of the crossfade in mode overlap.",
            ),
            ParamSpec {
                name: "repeat",
                kind: ParamKind::Integer,
                unit: Unit::None,
                default: Default::Infinite,
                range: Some((0.0, 1e12)),
                help: "How often the steps are gone through; the last value holds.",
            },
        ],
        extra: Extra::Refused,
        channels: Channels::Mono,
        ends: Ends::Never,
        example: "example: {osc: {amp: 0.3, freq: {automation: {interval: 0.25, steps: [220, 330, null, 440]}}}}\n",
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

    fn value(&self, pass: &Pass, step: usize, frame: usize, k: usize) -> f32 {
        self.values[step].map_or(0.0, |port| read(pass, port, frame, k))
    }

    /// The value at a frame while step `count` is in progress.
    fn output(&self, pass: &Pass, count: u64, frame: usize, k: usize) -> f32 {
        let steps = self.values.len();
        let (round, step) = (count / steps as u64, (count % steps as u64) as usize);
        let Some(here) = self.at_or_before(step).or_else(|| self.after(step)) else { return 0.0 };
        let lane = pass.lane + k;
        match self.mode {
            Mode::Step => self.value(pass, here, frame, k),
            Mode::Ramp if here > step => self.value(pass, here, frame, k),
            Mode::Ramp => {
                let progress = self.steps[lane].at(pass, lane, frame);
                let more = self.repeat.is_none_or(|r| round + 1 < r);
                let next = self.after(step).map(|s| (s, s - here));
                let next = next.or_else(|| self.first().filter(|_| more).map(|s| (s, s + steps - here)));
                let from = self.value(pass, here, frame, k);
                let Some((next, apart)) = next else { return from };
                let weight = (((step - here) as f64 + progress) / apart as f64).clamp(0.0, 1.0) as f32;
                from * (1.0 - weight) + self.value(pass, next, frame, k) * weight
            }
            Mode::Overlap => {
                let to = self.value(pass, here, frame, k);
                let before = match here.checked_sub(1).and_then(|s| self.at_or_before(s)) {
                    Some(before) => Some(before),
                    None if round > 0 => self.at_or_before(steps - 1),
                    None => None,
                };
                let (Some(before), true) = (before, here == step) else { return to };
                let length = self.steps[lane].length;
                let progress = self.steps[lane].at(pass, lane, frame);
                let weight =
                    if self.overlap > 0.0 { (progress * length / self.overlap).min(1.0) } else { 1.0 } as f32;
                self.value(pass, before, frame, k) * (1.0 - weight) + to * weight
            }
        }
    }

    fn fill(&mut self, pass: &mut Pass, from: usize, to: usize) {
        let lanes = pass.width();
        for k in 0..lanes {
            let begun = self.steps[pass.lane + k].begun;
            for frame in from..to {
                let value = match begun {
                    // Nothing before the first trigger; before the first step of the song, its first value.
                    0 if self.triggered => 0.0,
                    0 => self.output(pass, 0, frame, k),
                    n => self.output(pass, n - 1, frame, k),
                };
                pass.outputs[0].floats_mut()[frame * lanes + k] = value;
            }
        }
    }
}

impl Kernel for Automation {
    fn start(&mut self, lane: usize, _: Start) {
        self.clock.start(lane);
        self.steps[lane] = Progress::default();
    }

    fn render(&mut self, pass: &mut Pass) {
        silence(pass);
        self.clock.locate(pass);
        for lane in pass.lane..pass.lane + pass.width() {
            self.steps[lane] = self.clock.step(lane);
        }
        let mut from = 0;
        let mut cursor = Cursor::default();
        // A step lasts until the next one begins: what comes before is filled when that is known.
        loop {
            let began = self.clock.next(pass, &mut cursor);
            let to = began.map_or(pass.frames, |b| b.frame);
            self.fill(pass, from, to);
            from = from.max(to);
            let Some(began) = began else { break };
            self.steps[began.lane] = self.clock.step(began.lane);
        }
    }
}

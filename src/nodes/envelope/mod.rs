//! `envelope`: attack, decay, sustain, release. A lane is in one stage at a time, a curve that is stepped from frame to frame and
//! put right in closed form every 64; the kernel renders runs of frames in which no lane changes its stage. Audio thread, after
//! construction.

mod stages;
#[cfg(test)]
mod tests;

use crate::dsp::lane::{Lane, MAX_LANES};
use crate::dsp::time;
use crate::kernel::lamp::Told;
use crate::kernel::{Build, Kernel, Lanewise, Pass, Start, TILE};
use crate::spec::*;
use crate::units::Unit;

use super::{NodeDef, Runs};

const fn stage(name: &'static str, unit: Unit, default: Default, help: &'static str) -> ParamSpec {
    ParamSpec { name, kind: ParamKind::Formula, unit, default, range: None, help }
}

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "envelope",
        help: "Shape of a note: attack, decay, sustain and release, applied to a signal.",
        params: &[
            stage(
                "attack",
                Unit::Seconds,
                Default::Number(0.0),
                "Time to rise from silence to 1: short for plucked and struck sounds, long for pads.",
            ),
            stage("decay", Unit::Seconds, Default::Number(0.0), "Time to fall from 1 to `sustain`."),
            stage(
                "sustain",
                Unit::None,
                Default::Number(1.0),
                "Level that is held until the release, 0 to 1; 0 lets the sound die away by itself.",
            ),
            stage("release", Unit::Seconds, Default::Number(0.0), "Time to fall to silence after the note."),
            stage(
                "sustain_duration",
                Unit::Seconds,
                Default::Absent,
                "How long the level is held where there is no gate; after it comes the release.",
            ),
            ParamSpec::optional(
                "gate",
                Unit::None,
                "From 0.5 up the note is held: rising starts the attack, falling the release. Below `midi_in` write `gate: gate`.",
            ),
            ParamSpec::optional(
                "trigger",
                Unit::None,
                "Rising through 0.5 starts the attack anew, from the present level.",
            ),
            ParamSpec {
                default: Default::Absent,
                ..ParamSpec::signal(
                    "signal",
                    "What is shaped; absent: the shape itself comes out, for use as a control.",
                )
            },
            ParamSpec::of(
                ParamKind::Flag,
                "end",
                "Whether the sound is over after the release; absent: yes without a gate, no with one (below `midi_in` voices end anyway).",
            ),
        ],
        extra: Extra::Refused,
        channels: Channels::AsInputs,
        ends: Ends::Own,
        example: "example: {envelope: {attack: 0.01, decay: 0.3, sustain: 0.3, release: 0.5, duration: 2, signal: {osc: {type: tri, freq: a3, amp: 0.6}}}}\n",
    },
    runs: Runs::Kernel(make),
};

#[derive(Clone, Copy, PartialEq, Debug)]
enum Stage {
    Attack,
    Decay,
    Sustain,
    Release,
    /// Silent, before the first opening of a gate or after a release.
    Rest,
    /// Ended for good.
    Over,
}

/// Those that are seen, in their order.
const STAGES: [Stage; 4] = [Stage::Attack, Stage::Decay, Stage::Sustain, Stage::Release];

/// Curves are counted in an f32, exactly up to here (380 s at 44.1 kHz).
const LONGEST: f64 = 16_777_216.0;
const ENDLESS: u64 = u64::MAX;

struct Envelope {
    attack: usize,
    decay: usize,
    sustain: usize,
    release: usize,
    sustain_duration: Option<usize>,
    gate: Option<usize>,
    trigger: Option<usize>,
    signal: Option<usize>,
    /// Whole length without a gate, in frames.
    length: Option<u64>,
    end: bool,
    rate: f64,
    stage: Vec<Stage>,
    /// Frames left of the stage.
    left: Vec<u64>,
    /// Part of a frame by which the stage began too early.
    rest: Vec<f64>,
    /// The curve is `target + span · e^(rate · k)`, `k` frames into the stage.
    target: Vec<f32>,
    span: Vec<f32>,
    fall: Vec<f32>,
    k: Vec<f32>,
    /// `e^(rate · k)` at the present frame, and which part of it goes with each frame.
    now: Vec<f32>,
    loss: Vec<f32>,
    /// Whether gate and trigger were high at the frame before: 1 or 0.
    open: Vec<f32>,
    high: Vec<f32>,
}

fn make(b: &Build) -> Result<Box<dyn Kernel>, String> {
    let need = |name: &'static str| b.port(name).ok_or(format!("envelope needs `{name}`"));
    let lanes = || vec![0.0; b.lanes];
    Ok(Box::new(Envelope {
        attack: need("attack")?,
        decay: need("decay")?,
        sustain: need("sustain")?,
        release: need("release")?,
        sustain_duration: b.port("sustain_duration"),
        gate: b.port("gate"),
        trigger: b.port("trigger"),
        signal: b.port("signal"),
        length: b.duration_frames(),
        end: if b.given("end") { b.flag("end") } else { b.port("gate").is_none() },
        rate: b.rate,
        stage: vec![Stage::Rest; b.lanes],
        left: vec![ENDLESS; b.lanes],
        rest: vec![0.0; b.lanes],
        target: lanes(),
        span: lanes(),
        fall: lanes(),
        k: lanes(),
        now: lanes(),
        loss: lanes(),
        open: lanes(),
        high: lanes(),
    }))
}

/// The least of some counts.
#[inline(always)]
fn shortest(left: &[u64]) -> u64 {
    let mut least = ENDLESS;
    for left in left {
        least = if *left < least { *left } else { least };
    }
    least
}

impl Lanewise for Envelope {
    #[inline(always)]
    fn pass<L: Lane>(&mut self, pass: &mut Pass) {
        let (lane, frames) = (pass.lane, pass.frames);
        let range = lane..lane + L::N;
        let mut ends = [frames as u8; MAX_LANES];
        if self.gate.is_none() && super::starts(pass) {
            for k in (0..L::N).filter(|k| pass.ages[lane + k] == 0) {
                self.enter(pass, Stage::Attack, 0, k);
            }
        }
        if pass.at.is_multiple_of(TILE as u64) {
            // Steps add their roundings up: here the curve is what it should be.
            let (k, fall) = (L::load(&self.k[range.clone()]), L::load(&self.fall[range.clone()]));
            time::fall(k, fall).store(&mut self.now[range.clone()]);
        }
        let mut from = 0;
        while from < frames {
            if shortest(&self.left[range.clone()]) == 0 {
                self.expire(pass, from);
            }
            // At most two changes stand between here and a run: one of the gate, one of the trigger, taken together.
            if Self::crossing::<L>(pass, self.gate, &self.open, from, from + 1) == from
                || Self::crossing::<L>(pass, self.trigger, &self.high, from, from + 1) == from
            {
                self.follow(pass, from, L::N);
            }
            let left = shortest(&self.left[range.clone()]);
            let mut to = from + left.min((frames - from) as u64) as usize;
            let curved = L::any(L::load(&self.fall[range.clone()]).abs().gt(L::splat(0.0)));
            if from + 1 < to {
                to = Self::crossing::<L>(pass, self.gate, &self.open, from + 1, to);
                to = Self::crossing::<L>(pass, self.trigger, &self.high, from + 1, to);
            }
            for (end, stage) in ends.iter_mut().zip(&self.stage[range.clone()]) {
                let over = if *stage == Stage::Over { from as u8 } else { u8::MAX };
                *end = if over < *end { over } else { *end };
            }
            self.run::<L>(pass, from, to, curved);
            let by = (to - from) as u64;
            for (left, k) in self.left[range.clone()].iter_mut().zip(&mut self.k[range.clone()]) {
                let endless = *left == ENDLESS;
                *left -= if endless { 0 } else { by };
                *k += if endless { 0.0 } else { by as f32 };
            }
            from = to;
        }
        pass.outputs[0].ends = ends;
    }

    fn take(&mut self, old: &mut Self) {
        self.stage.copy_from_slice(&old.stage);
        self.left.copy_from_slice(&old.left);
        self.rest.copy_from_slice(&old.rest);
        let old = [&old.target, &old.span, &old.fall, &old.k, &old.now, &old.loss, &old.open, &old.high];
        let new = [
            &mut self.target,
            &mut self.span,
            &mut self.fall,
            &mut self.k,
            &mut self.now,
            &mut self.loss,
            &mut self.open,
            &mut self.high,
        ];
        new.into_iter().zip(old).for_each(|(new, old)| new.copy_from_slice(old));
    }

    fn tells(&self, lane: usize) -> Option<Told> {
        let stage = STAGES.iter().position(|stage| *stage == self.stage[lane])?;
        let (done, left) = (self.k[lane], self.left[lane]);
        let part = if left == ENDLESS { 0.5 } else { done / (done + left as f32).max(1.0) };
        Some(Told::Stage { stage, part, level: self.level(lane) })
    }

    fn start(&mut self, lane: usize, _: Start) {
        self.stage[lane] = Stage::Rest;
        self.left[lane] = ENDLESS;
        self.rest[lane] = 0.0;
        (self.target[lane], self.span[lane], self.fall[lane], self.k[lane]) = (0.0, 0.0, 0.0, 0.0);
        (self.now[lane], self.loss[lane]) = (1.0, 0.0);
        (self.open[lane], self.high[lane]) = (0.0, 0.0);
    }
}

impl Envelope {
    /// Renders frames in which every lane stays in its stage.
    #[inline(always)]
    fn run<L: Lane>(&mut self, pass: &mut Pass, from: usize, to: usize, curved: bool) {
        let range = pass.lane..pass.lane + L::N;
        let (target, span) = (L::load(&self.target[range.clone()]), L::load(&self.span[range.clone()]));
        let (zero, still) = (L::splat(0.0), target + span);
        let whole = from == 0 && to == pass.frames;
        if whole && !curved && (self.signal.is_none() || !L::any(still.abs().gt(zero))) {
            for tile in pass.outputs.iter_mut() {
                tile.set_flat(still);
            }
            return;
        }
        let (start, loss) = (L::load(&self.now[range.clone()]), L::load(&self.loss[range.clone()]));
        for c in 0..pass.outputs.len() {
            let input = self.signal.map(|port| pass.channel::<L>(port, c));
            let out = &mut pass.output::<L>(c)[from..to];
            let mut now = start;
            // The sum with 0 makes every silence the same one (+0).
            match (input, curved) {
                (Some(x), true) => {
                    for (n, y) in out.iter_mut().enumerate() {
                        *y = x.at(from + n) * (target + span * now) + zero;
                        now = now - now * loss;
                    }
                }
                (Some(x), false) => {
                    for (n, y) in out.iter_mut().enumerate() {
                        *y = x.at(from + n) * still + zero;
                    }
                }
                (None, true) => {
                    for y in out.iter_mut() {
                        *y = target + span * now;
                        now = now - now * loss;
                    }
                }
                (None, false) => out.fill(still),
            }
            now.store(&mut self.now[range.clone()]);
        }
    }
}

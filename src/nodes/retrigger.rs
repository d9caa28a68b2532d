//! `retrigger`: a number of echoes, each weaker by the same factor, spread over the stereo field if wanted. Audio thread, after
//! construction.

use crate::dsp::lane::Lane;
use crate::dsp::line::Line;
use crate::dsp::math;
use crate::kernel::{Build, Kernel, Lanewise, MAX_LANES, Pass, Start};
use crate::spec::*;
use crate::units::Unit;

use super::{NodeDef, Runs, need};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "retrigger",
        help: "A fixed number of echoes: the signal and its copies at equal distances, spread in the stereo field.",
        params: &[
            ParamSpec::number("time", Unit::Seconds, 0.1, (0.0, 60.0), "Time from one copy to the next."),
            ParamSpec {
                kind: ParamKind::Integer,
                ..ParamSpec::number(
                    "repeat",
                    Unit::None,
                    3.0,
                    (1.0, 256.0),
                    "How many are heard, the signal itself included.",
                )
            },
            ParamSpec::number(
                "feedback",
                Unit::None,
                0.3,
                (-10.0, 10.0),
                "Level of each copy against the one before, a factor: below 1 they fade, negative turns every second one over.",
            ),
            ParamSpec::number(
                "spread",
                Unit::None,
                0.0,
                (0.0, 1.0),
                "How far the copies are spread from left to right: 0 not at all, 1 fully.",
            ),
            ParamSpec::number(
                "movement",
                Unit::Hertz,
                0.0,
                (0.0, 1000.0),
                "How often per second the copies move back and forth between the sides; 0: they stay.",
            ),
            ParamSpec::signal("signal", "What is repeated, mono or stereo."),
        ],
        extra: Extra::Refused,
        channels: Channels::StereoWith(&["spread", "movement"]),
        ends: Ends::Own,
        example: "example: {retrigger: {time: 0.18, repeat: 8, feedback: 0.75, spread: 1, signal: {osc: {freq: 660, amp: 0.5, attack: 0.002, release: 0.1, duration: 0.12}}}}\n",
    },
    runs: Runs::Kernel(make),
};

struct Retrigger {
    signal: usize,
    /// Frames between copies.
    step: u64,
    /// Level and place (-1..1) of each copy.
    copies: Vec<(f32, f32)>,
    /// Whether the copies are panned; else every channel is repeated for itself.
    panned: bool,
    spread: f32,
    movement: f64,
    rate: f64,
    channels: usize,
    /// Lane-major.
    lines: Vec<Line>,
    /// Age at which the signal ended.
    ended: Vec<Option<u64>>,
}

fn make(b: &Build) -> Result<Box<dyn Kernel>, String> {
    let number = |name| b.number(name).unwrap_or(0.0);
    let (repeat, spread, movement) =
        (number("repeat").max(1.0) as usize, number("spread"), number("movement"));
    let step = (number("time") * b.rate + 1e-6) as u64;
    let length = step.saturating_mul(repeat as u64 - 1);
    if length as f64 > 120.0 * b.rate {
        return Err(format!("echoes over {:.0} s are longer than 120 s", length as f64 / b.rate));
    }
    let place =
        |i: usize| if repeat > 1 { (2.0 * i as f64 / (repeat - 1) as f64 - 1.0) * spread } else { 0.0 };
    let copies = (0..repeat).map(|i| (number("feedback").powi(i as i32) as f32, place(i) as f32)).collect();
    b.memory.take(b.lanes * b.channels, Line::bytes(length as usize + 64))?;
    Ok(Box::new(Retrigger {
        signal: need(b, "signal")?,
        step,
        copies,
        panned: b.channels == 2 && (spread > 0.0 || movement > 0.0),
        spread: spread as f32,
        movement,
        rate: b.rate,
        channels: b.channels,
        lines: (0..b.lanes * b.channels).map(|_| Line::new(length as usize + 64)).collect(),
        ended: vec![None; b.lanes],
    }))
}

impl Lanewise for Retrigger {
    #[inline(always)]
    fn pass<L: Lane>(&mut self, pass: &mut Pass) {
        let frames = pass.frames;
        let mut ends = [frames as u8; MAX_LANES];
        for tile in pass.outputs.iter_mut() {
            tile.flat = false;
        }
        let signal = pass.ends(self.signal);
        for k in 0..L::N {
            let lane = pass.lane + k;
            let age = pass.ages[lane];
            if self.ended[lane].is_none() && (signal[k] as usize) < frames {
                self.ended[lane] = Some(age + signal[k] as u64);
            }
            if let Some(at) = self.ended[lane] {
                let end = at + self.step * (self.copies.len() as u64 - 1);
                ends[k] = end.saturating_sub(age).min(frames as u64) as u8;
            }
            for c in 0..self.channels {
                let (values, flat) = pass.raw(self.signal, c);
                let line = &mut self.lines[lane * self.channels + c];
                for n in 0..frames {
                    line.write((age + n as u64) as i64, values[if flat { k } else { n * L::N + k }]);
                }
            }
            for n in 0..frames {
                let now = age + n as u64;
                let mut sum = [0.0f32; 2];
                if n < ends[k] as usize {
                    self.sum(lane, now, &mut sum);
                }
                for c in 0..self.channels {
                    pass.outputs[c].floats_mut()[n * L::N + k] = sum[c];
                }
            }
        }
        pass.outputs[0].ends = ends;
    }

    fn start(&mut self, lane: usize, _: Start) {
        self.ended[lane] = None;
    }

    fn tail(&self) -> u64 {
        self.step * (self.copies.len() as u64 - 1)
    }
}

impl Retrigger {
    /// All copies at one frame.
    #[inline(always)]
    fn sum(&self, lane: usize, now: u64, sum: &mut [f32; 2]) {
        let swing = if self.movement > 0.0 {
            let turns = now as f64 / self.rate * self.movement;
            self.spread * math::sin_cycles((turns - turns.floor()) as f32)
        } else {
            0.0
        };
        let lines = &self.lines[lane * self.channels..][..self.channels];
        for (i, (level, place)) in self.copies.iter().enumerate() {
            let at = now as i64 - (self.step * i as u64) as i64;
            if at < 0 {
                break;
            }
            let x: [f32; 2] = std::array::from_fn(|c| lines[c.min(self.channels - 1)].read(at));
            let gains = if self.panned {
                let angle = ((place + swing).clamp(-1.0, 1.0) + 1.0) * 0.125;
                [math::cos_cycles(angle), math::sin_cycles(angle)]
            } else {
                [1.0; 2]
            };
            let mean = (x[0] + x[1]) * 0.5;
            for c in 0..2 {
                sum[c] += if self.panned { mean } else { x[c] } * (level * gains[c]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::probe::Probe;

    fn echoes() -> Probe {
        Probe::new(&DEF).number("time", 0.01).number("repeat", 4.0).number("feedback", 0.5).ending(
            "signal",
            Some(100),
            |l, n| (n + 1 + l as u64) as f32,
        )
    }

    #[test]
    fn retrigger_repeats_and_ends_with_its_last_copy() {
        let out = echoes().with(|p| p.stagger = 9).laws(1600);
        let x = out.mono();
        assert_eq!((x[0], x[99], x[100], x[441], x[882], x[1323 + 99]), (1.0, 100.0, 0.0, 0.5, 0.25, 12.5));
        assert_eq!(out.ends[0], Some(1323 + 100));
    }

    #[test]
    fn retrigger_spreads_its_copies_from_left_to_right() {
        let out = echoes().number("spread", 1.0).with(|p| p.channels = Some(2)).laws(1600);
        let at = |n: usize| (out.frames[0][0][n], out.frames[1][0][n]);
        assert!((at(0).0 - 1.0).abs() < 1e-6 && at(0).1.abs() < 1e-6, "{:?}", at(0));
        assert!(at(1323).0.abs() < 1e-6 && (at(1323).1 - 0.125).abs() < 1e-6);
        echoes().number("spread", 0.6).number("movement", 3.0).with(|p| p.channels = Some(2)).laws(800);
    }

    #[test]
    fn retrigger_repeats_stereo_per_channel() {
        let out = echoes().stereo("signal", |_, c, n| f32::from(n == 0) * (1.0 + c as f32)).laws(500);
        assert_eq!((out.frames[0][0][441], out.frames[1][0][441]), (0.5, 1.0));
    }
}

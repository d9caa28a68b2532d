//! `glide`: new values are reached in a straight line that lasts a given time. Audio thread, after construction.

use crate::dsp::lane::Lane;
use crate::kernel::{Build, Kernel, Lanewise, Pass, Start};
use crate::spec::*;
use crate::units::Unit;

use super::{NodeDef, Runs, need};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "glide",
        help: "Portamento: reaches every new value in a straight line, in a given time.",
        params: &[
            ParamSpec::signal("signal", "Values to glide to, such as the notes of an `automation`."),
            ParamSpec::control(
                "time",
                Unit::Seconds,
                0.0,
                "How long a glide takes, read when it begins; 0 jumps.",
            ),
        ],
        extra: Extra::Refused,
        channels: Channels::AsInputs,
        ends: Ends::With("signal"),
        example: "example: {osc: {type: tri, amp: 0.4, duration: 2, freq: {glide: {time: 0.12, signal: {automation: {interval: 0.4, steps: [a3, e4, d4, c4]}}}}}}\n",
    },
    runs: Runs::Kernel(make),
};

/// The state of one channel, per lane.
struct Line {
    target: Vec<f32>,
    /// Change per frame, and frames to go.
    slope: Vec<f32>,
    left: Vec<f32>,
}

struct Glide {
    signal: usize,
    time: usize,
    rate: f32,
    lines: Vec<Line>,
}

fn make(b: &Build) -> Result<Box<dyn Kernel>, String> {
    let lanes = || vec![0.0; b.lanes];
    let lines = (0..b.channels).map(|_| Line { target: lanes(), slope: lanes(), left: lanes() }).collect();
    Ok(Box::new(Glide { signal: need(b, "signal")?, time: need(b, "time")?, rate: b.rate as f32, lines }))
}

impl Lanewise for Glide {
    #[inline(always)]
    fn pass<L: Lane>(&mut self, pass: &mut Pass) {
        let (lane, starts) = (pass.lane, super::starts(pass));
        let range = lane..lane + L::N;
        let time = pass.input::<L>(self.time);
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        for (c, line) in self.lines.iter_mut().enumerate() {
            let input = pass.channel::<L>(self.signal, c);
            if starts {
                let first = input.at(0).to_array();
                for k in (0..L::N).filter(|k| pass.ages[lane + k] == 0) {
                    (line.target[lane + k], line.slope[lane + k], line.left[lane + k]) = (first[k], 0.0, 0.0);
                }
            }
            let mut target = L::load(&line.target[range.clone()]);
            let mut slope = L::load(&line.slope[range.clone()]);
            let mut left = L::load(&line.left[range.clone()]);
            if let Some(x) = input.flat()
                && !L::any(moved::<L>(x, target))
                && !L::any(left.gt(zero))
            {
                pass.outputs[c].set_flat(target);
                continue;
            }
            for (n, out) in pass.output::<L>(c).iter_mut().enumerate() {
                let (x, now) = (input.at(n), target - slope * left);
                let new = moved::<L>(x, target);
                let frames = (time.at(n) * L::splat(self.rate)).round_half_up().min(L::splat(16_777_216.0));
                let frames = L::select(frames.gt(one), frames, zero);
                slope = L::select(new, (x - now) / frames.max(one), slope);
                left = L::select(new, frames, left);
                target = L::select(new, x, target);
                left = (left - one).max(zero);
                *out = target - slope * left;
            }
            target.store(&mut line.target[range.clone()]);
            slope.store(&mut line.slope[range.clone()]);
            left.store(&mut line.left[range.clone()]);
        }
    }

    fn start(&mut self, _: usize, _: Start) {}
}

/// Whether a value is another one than the target.
#[inline(always)]
fn moved<L: Lane>(x: L, target: L) -> L::Mask {
    (x - target).abs().gt(target.abs() * L::splat(1e-5))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::probe::Probe;

    fn steps(_: usize, n: u64) -> f32 {
        if n < 200 {
            1.0
        } else if n < 1500 {
            3.0
        } else {
            0.5
        }
    }

    #[test]
    fn glide_takes_its_time_from_the_frame_of_the_change() {
        let out =
            Probe::new(&DEF).signal("signal", steps).set("time", 0.02).with(|p| p.stagger = 19).laws(1800);
        let x = out.mono();
        assert_eq!((x[0], x[199], x[1081], x[1499]), (1.0, 1.0, 3.0, 3.0));
        assert!((x[200 + 440] - 2.0).abs() < 1e-2 && (x[200] - 1.0).abs() < 1e-2);
        assert!(x[200..1081].windows(2).all(|w| w[1] > w[0]));
    }

    #[test]
    fn glide_without_time_is_the_signal() {
        let out = Probe::new(&DEF).signal("signal", steps).laws(1700);
        assert!(out.mono().iter().enumerate().all(|(n, x)| *x == steps(0, n as u64)));
    }

    #[test]
    fn glide_keeps_channels_and_follows_a_moving_target() {
        let wave = |l: usize, c: usize, n: u64| ((n / 40) as f32 + l as f32).sin() * (1.0 - 2.0 * c as f32);
        let out = Probe::new(&DEF).stereo("signal", wave).signal("time", |_, n| n as f32 * 1e-5).laws(500);
        assert!(out.frames[0][0].iter().zip(&out.frames[1][0]).all(|(a, b)| *a == -*b));
    }
}

//! `follow`: how loud a signal is, as a control signal. Audio thread, after construction.

use crate::dsp::lane::Lane;
use crate::kernel::{Build, Kernel, Lanewise, Pass, Start};
use crate::spec::*;
use crate::units::Unit;

use super::speeds::{Speed, time};
use super::{NodeDef, Runs, need, starts};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "follow",
        help: "How loud a signal is, as a control: for ducking, auto-wah and gates.",
        params: &[
            ParamSpec {
                kind: ParamKind::Signal(Stereo::Average),
                ..ParamSpec::signal(
                    "signal",
                    "What is listened to; full scale (1) gives the upper end of `range`.",
                )
            },
            ParamSpec {
                name: "range",
                kind: ParamKind::Pair,
                unit: Unit::None,
                default: Default::Pair(0.0, 1.0),
                range: None,
                help: "Output at silence and at full scale; `[1, 0]` ducks.",
            },
            time("attack", 0.01, "How fast it rises (time constant); 0 follows at once."),
            time("release", 0.1, "How fast it falls (time constant)."),
        ],
        extra: Extra::Refused,
        channels: Channels::Mono,
        ends: Ends::With("signal"),
        example: "example: {osc: {type: saw, freq: 110, duration: 2, amp: {follow: {attack: 0.01, release: 0.2, range: [0.4, 0], signal: {envelope: {decay: 0.1, sustain: 0, trigger: {osc: {type: sqr, freq: 2}}}}}}}}\n",
    },
    runs: Runs::Kernel(make),
};

struct Follow {
    signal: usize,
    range: usize,
    attack: Speed,
    release: Speed,
    level: Vec<f32>,
}

fn make(b: &Build) -> Result<Box<dyn Kernel>, String> {
    Ok(Box::new(Follow {
        signal: need(b, "signal")?,
        range: need(b, "range")?,
        attack: Speed::new(b, "attack")?,
        release: Speed::new(b, "release")?,
        level: vec![0.0; b.lanes],
    }))
}

impl Follow {
    #[inline(always)]
    fn read<L: Lane>(&mut self, pass: &Pass, frame: usize, every: bool) {
        self.attack.read::<L>(pass, frame, every);
        self.release.read::<L>(pass, frame, every);
    }
}

impl Lanewise for Follow {
    #[inline(always)]
    fn pass<L: Lane>(&mut self, pass: &mut Pass) {
        let (lane, frames) = (pass.lane, pass.frames);
        if starts(pass) {
            self.read::<L>(pass, 0, false);
        }
        let mut points = pass.control_points();
        let mut next = points.next().unwrap_or(frames);
        let input = pass.input::<L>(self.signal);
        let (low, high) = (pass.input::<L>(self.range), pass.input::<L>(self.range + 1));
        let mut y = L::load(&self.level[lane..lane + L::N]);
        let mut from = 0;
        while from < frames {
            if from == next {
                self.read::<L>(pass, from, true);
                next = points.next().unwrap_or(frames);
            }
            let (up, down) = (self.attack.parts::<L>(lane), self.release.parts::<L>(lane));
            for (n, out) in pass.output::<L>(0)[from..next].iter_mut().enumerate() {
                let n = from + n;
                let target = input.at(n).abs().min(L::splat(1.0));
                y = y + L::select(target.gt(y), up, down) * (target - y);
                *out = low.at(n) + y * (high.at(n) - low.at(n));
            }
            from = next;
        }
        y.store(&mut self.level[lane..lane + L::N]);
    }

    fn start(&mut self, lane: usize, _: Start) {
        self.level[lane] = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::probe::{Probe, difference};

    #[test]
    fn follow_rises_and_falls_at_its_rates() {
        let x = |n: u64| if n < 900 { -1.5f32 } else { 0.25 };
        let out = Probe::new(&DEF).signal("signal", move |_, n| x(n)).set("release", 0.05).laws(2000);
        let (up, down) = (1.0 - (-1.0f64 / 441.0).exp(), 1.0 - (-1.0f64 / 2205.0).exp());
        let mut y = 0.0;
        let want = (0..2000).map(|n| {
            let target = (x(n).abs() as f64).min(1.0);
            y += if target > y { up } else { down } * (target - y);
            y
        });
        assert!(difference(out.mono(), want) < 1e-5);
    }

    #[test]
    fn follow_maps_and_takes_moving_times() {
        let p = Probe::new(&DEF).signal("signal", |l, n| ((n * (l as u64 + 3)) as f32 * 0.01).sin());
        let at_once = p.clone().list("range", &[1.0, 0.0]).set("attack", 0.0).set("release", 0.0).laws(100);
        assert!((at_once.mono()[60] - (1.0 - 1.8f32.sin().abs())).abs() < 1e-5);
        p.signal("release", |_, n| 0.01 + n as f32 * 1e-4).with(|p| (p.stagger, p.at) = (9, 77)).laws(300);
    }
}

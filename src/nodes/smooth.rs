//! `smooth`: limits how fast a signal moves. Audio thread, after construction.

use crate::dsp::lane::Lane;
use crate::kernel::{Build, Kernel, Lanewise, Pass, Start};
use crate::spec::*;
use crate::units::Unit;

use super::{NodeDef, Runs, need, starts};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "smooth",
        help: "Rounds off what jumps: the value moves no faster than `step` allows.",
        params: &[
            ParamSpec {
                kind: ParamKind::Signal(Stereo::Average),
                ..ParamSpec::signal(
                    "signal",
                    "What is smoothed: a level that clicks, a controller in coarse steps.",
                )
            },
            ParamSpec::number(
                "step",
                Unit::None,
                0.01,
                (0.0, 1e9),
                "Largest change per frame at 44.1 kHz (the same slope at other rates): 0.0001 crosses 0 to 1 in a quarter of a second.",
            ),
        ],
        extra: Extra::Refused,
        channels: Channels::Mono,
        ends: Ends::With("signal"),
        example: "example: {osc: {type: tri, freq: 220, duration: 2, amp: {smooth: {step: 0.0001, signal: {osc: {type: sqr, freq: 2, range: [0, 0.5]}}}}}}\n",
    },
    runs: Runs::Kernel(make),
};

struct Smooth {
    signal: usize,
    step: f32,
    level: Vec<f32>,
}

fn make(b: &Build) -> Result<Box<dyn Kernel>, String> {
    let step = b.number("step").unwrap_or(0.01) * 44100.0 / b.rate;
    Ok(Box::new(Smooth { signal: need(b, "signal")?, step: step as f32, level: vec![0.0; b.lanes] }))
}

impl Lanewise for Smooth {
    #[inline(always)]
    fn pass<L: Lane>(&mut self, pass: &mut Pass) {
        let (lane, step) = (pass.lane, L::splat(self.step));
        let input = pass.input::<L>(self.signal);
        if starts(pass) {
            let first = input.at(0).to_array();
            for k in (0..L::N).filter(|k| pass.ages[lane + k] == 0) {
                self.level[lane + k] = first[k];
            }
        }
        let mut y = L::load(&self.level[lane..lane + L::N]);
        for (n, out) in pass.output::<L>(0).iter_mut().enumerate() {
            // Arrives exactly: what is nearer than a step is taken as it is.
            let x = input.at(n);
            y = L::select((x - y).abs().le(step), x, y + (x - y).clamp(-step, step));
            *out = y;
        }
        y.store(&mut self.level[lane..lane + L::N]);
    }

    fn start(&mut self, _: usize, _: Start) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::probe::Probe;

    #[test]
    fn smooth_turns_jumps_into_lines_of_the_same_slope_at_any_rate() {
        let jump = |_: usize, n: u64| f32::from(n >= 100);
        let p = Probe::new(&DEF).signal("signal", jump).number("step", 0.005).with(|p| p.stagger = 3);
        let out = p.laws(400);
        assert_eq!((out.mono()[99], out.mono()[350]), (0.0, 1.0));
        assert!((out.mono()[199] - 0.5).abs() < 1e-5);
        let fast = p.with(|p| p.rate = 88200.0).render(400);
        assert!((fast.mono()[199] - 0.25).abs() < 1e-5);
    }

    #[test]
    fn smooth_starts_at_the_first_value() {
        assert_eq!(Probe::new(&DEF).signal("signal", |_, _| 5.0).laws(70).mono()[0], 5.0);
    }
}

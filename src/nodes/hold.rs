//! `hold`: keeps one value of a signal until its trigger changes. Audio thread, after construction.

use crate::dsp::lane::Lane;
use crate::kernel::{Build, Kernel, Lanewise, Pass, Start};
use crate::spec::*;
use crate::units::Unit;

use super::{NodeDef, Runs, need, starts};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "hold",
        help: "Sample and hold: takes a value and keeps it until the trigger changes. Keeps what `rand` drew.",
        params: &[
            ParamSpec {
                kind: ParamKind::Signal(Stereo::Average),
                ..ParamSpec::signal("signal", "What is read, at the start and whenever the trigger changes.")
            },
            ParamSpec::optional(
                "trigger",
                Unit::None,
                "Every change of its value reads anew; absent: read once and kept.",
            ),
        ],
        extra: Extra::Refused,
        channels: Channels::Mono,
        ends: Ends::Never,
        example: "example: {osc: {type: sqr, amp: 0.3, duration: 2, freq: {hold: {trigger: {osc: {type: sqr, freq: 3}}, signal: 'rand([a2, c3, d3, e3, g3, a3])'}}}}\n",
    },
    runs: Runs::Kernel(make),
};

struct Hold {
    signal: usize,
    trigger: Option<usize>,
    held: Vec<f32>,
    last: Vec<f32>,
}

fn make(b: &Build) -> Result<Box<dyn Kernel>, String> {
    let lanes = || vec![0.0; b.lanes];
    Ok(Box::new(Hold {
        signal: need(b, "signal")?,
        trigger: b.port("trigger"),
        held: lanes(),
        last: lanes(),
    }))
}

impl Lanewise for Hold {
    #[inline(always)]
    fn pass<L: Lane>(&mut self, pass: &mut Pass) {
        let lane = pass.lane;
        let range = lane..lane + L::N;
        let input = pass.input::<L>(self.signal);
        let trigger = self.trigger.map(|p| pass.input::<L>(p));
        if starts(pass) {
            let first = input.at(0).to_array();
            let now = trigger.map(|t| t.at(0).to_array());
            for k in (0..L::N).filter(|k| pass.ages[lane + k] == 0) {
                self.held[lane + k] = first[k];
                self.last[lane + k] = now.map_or(0.0, |t| t[k]);
            }
        }
        let (mut held, mut last) = (L::load(&self.held[range.clone()]), L::load(&self.last[range.clone()]));
        let Some(trigger) = trigger else {
            pass.outputs[0].set_flat(held);
            return;
        };
        if let Some(now) = trigger.flat()
            && !L::any((now - last).abs().gt(L::splat(0.0)))
        {
            pass.outputs[0].set_flat(held);
            return;
        }
        for (n, out) in pass.output::<L>(0).iter_mut().enumerate() {
            let now = trigger.at(n);
            held = L::select(now.eq(last), held, input.at(n));
            last = now;
            *out = held;
        }
        held.store(&mut self.held[range.clone()]);
        last.store(&mut self.last[range]);
    }

    fn start(&mut self, _: usize, _: Start) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::probe::Probe;

    #[test]
    fn hold_reads_on_every_change_of_its_trigger() {
        let p = Probe::new(&DEF).signal("signal", |l, n| (n + l as u64) as f32);
        let once = p.laws(200);
        assert!(once.mono().iter().all(|x| *x == 0.0) && once.flat > 0);
        let out =
            p.signal("trigger", |_, n| f32::from((100..150).contains(&n))).with(|p| p.stagger = 7).laws(300);
        assert_eq!((out.mono()[99], out.mono()[149], out.mono()[299]), (0.0, 100.0, 150.0));
    }
}

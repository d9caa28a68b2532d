//! `map`: carries one range over to another. Audio thread, after construction; no state.

use crate::dsp::lane::Lane;
use crate::kernel::{Build, Kernel, Lanewise, Pass, Start};
use crate::spec::*;
use crate::units::Unit;

use super::{NodeDef, Runs, need};

const fn pair(name: &'static str, default: Default, help: &'static str) -> ParamSpec {
    ParamSpec { name, kind: ParamKind::Pair, unit: Unit::None, default, range: None, help }
}

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "map",
        help: "Moves a signal from one range to another: a controller's 0 to 1 to a cutoff's 200 to 4000.",
        params: &[
            ParamSpec::signal("signal", "What is mapped, mono or stereo."),
            pair(
                "from",
                Default::Pair(0.0, 1.0),
                "Two values of the signal; where both are the same, the middle of `to` comes out.",
            ),
            pair("to", Default::Required, "What they become; what goes beyond `from` goes beyond this, too."),
            pair("clip", Default::Absent, "Limits of the output, lowest and highest."),
        ],
        extra: Extra::Refused,
        channels: Channels::AsInputs,
        ends: Ends::With("signal"),
        example: "example: {osc: {freq: {map: {from: [-1, 1], to: [300, 600], clip: [350, 550], signal: {osc: {freq: 2}}}}, amp: 0.4, duration: 2}}\n",
    },
    runs: Runs::Kernel(make),
};

struct Map {
    signal: usize,
    from: usize,
    to: usize,
    clip: Option<usize>,
}

fn make(b: &Build) -> Result<Box<dyn Kernel>, String> {
    let clip = b.ports("clip");
    Ok(Box::new(Map {
        signal: need(b, "signal")?,
        from: need(b, "from")?,
        to: need(b, "to")?,
        clip: (clip.len() == 2).then_some(clip.start),
    }))
}

impl Lanewise for Map {
    #[inline(always)]
    fn pass<L: Lane>(&mut self, pass: &mut Pass) {
        for c in 0..pass.outputs.len() {
            let x = pass.channel::<L>(self.signal, c);
            let (a, b) = (pass.channel::<L>(self.from, c), pass.channel::<L>(self.from + 1, c));
            let (low, high) = (pass.channel::<L>(self.to, c), pass.channel::<L>(self.to + 1, c));
            let limits = self.clip.map(|p| (pass.channel::<L>(p, c), pass.channel::<L>(p + 1, c)));
            let flat = [x, a, b, low, high].iter().all(|i| i.is_flat())
                && limits.is_none_or(|(l, h)| l.is_flat() && h.is_flat());
            fill!(pass, c, flat, |n| {
                let (width, half) = (b.at(n) - a.at(n), L::splat(0.5));
                let place = L::select(width.eq(L::splat(0.0)), half, (x.at(n) - a.at(n)) / width);
                let y = low.at(n) + place * (high.at(n) - low.at(n));
                match limits {
                    Some((l, h)) => y.max(l.at(n)).min(h.at(n)),
                    None => y,
                }
            });
        }
    }

    fn start(&mut self, _: usize, _: Start) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::probe::Probe;

    fn map() -> Probe {
        Probe::new(&DEF).signal("signal", |l, n| (n as f32 * 0.01 + l as f32).sin())
    }

    #[test]
    fn map_carries_ranges_over_without_limit() {
        let x = 0.5f32.sin();
        let y = |p: Probe| p.laws(120).mono()[50];
        assert!((y(map().list("to", &[100.0, 200.0])) - (100.0 + 100.0 * x)).abs() < 1e-4);
        assert!(
            (y(map().list("from", &[-1.0, 1.0]).list("to", &[5.0, 1.0])) - (5.0 - 2.0 * (x + 1.0))).abs()
                < 1e-5
        );
        assert_eq!(y(map().list("from", &[1.0, 1.0]).list("to", &[2.0, 4.0])), 3.0);
        assert_eq!(y(map().list("to", &[0.0, 10.0]).list("clip", &[-1.0, 2.0])), 2.0);
    }

    #[test]
    fn map_of_a_constant_is_flat() {
        let out = Probe::new(&DEF).set("signal", 0.25).list("to", &[0.0, 8.0]).laws(100);
        assert!(out.flat > 0 && out.mono()[99] == 2.0);
    }
}

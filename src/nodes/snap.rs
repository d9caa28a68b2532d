//! `snap`: quantises a signal to a list of values or to a grid. Audio thread, after construction.

use crate::dsp::lane::Lane;
use crate::kernel::{Build, Input, Kernel, Lanewise, Pass, Start};
use crate::spec::*;
use crate::units::Unit;

use super::{NodeDef, Runs, need, starts};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "snap",
        help: "Quantiser: the nearest of some values, or of a grid. Makes notes of a curve.",
        params: &[
            ParamSpec {
                kind: ParamKind::Signal(Stereo::Average),
                ..ParamSpec::signal("signal", "What is quantised: a slow oscillator, a controller.")
            },
            ParamSpec::of(
                ParamKind::Signals,
                "values",
                "The values it may take; of two equally near ones the lower.",
            ),
            ParamSpec::of(ParamKind::Pair, "range", "First and last value of a grid, instead of `values`."),
            ParamSpec::optional("interval", Unit::None, "Distance between the values of the grid."),
            ParamSpec::control(
                "glide",
                Unit::Seconds,
                0.0,
                "How smoothly it changes: time to cross from the lowest to the highest value; 0 jumps.",
            ),
        ],
        extra: Extra::Refused,
        channels: Channels::Mono,
        ends: Ends::With("signal"),
        example: "example: {osc: {type: tri, amp: 0.4, duration: 2, freq: {snap: {values: [a3, c4, d4, e4, g4, a4], glide: 0.05, signal: {osc: {freq: 0.7, range: [220, 440]}}}}}}\n",
    },
    runs: Runs::Kernel(make),
};

enum Grid {
    Values(std::ops::Range<usize>),
    Range { low: usize, high: usize, interval: usize },
}

struct Snap {
    signal: usize,
    grid: Grid,
    glide: usize,
    rate: f32,
    place: Vec<f32>,
}

fn make(b: &Build) -> Result<Box<dyn Kernel>, String> {
    let (values, range) = (b.ports("values"), b.ports("range"));
    if !values.is_empty() && (range.len() == 2 || b.port("interval").is_some()) {
        return Err("`snap` takes `values`, or `range` and `interval`, not both".into());
    }
    let grid = match (values.is_empty(), range.len(), b.port("interval")) {
        (false, _, _) => Grid::Values(values),
        (true, 2, Some(interval)) => Grid::Range { low: range.start, high: range.start + 1, interval },
        _ => return Err("`snap` needs `values`, or `range` and `interval`".into()),
    };
    let place = vec![0.0; b.lanes];
    Ok(Box::new(Snap {
        signal: need(b, "signal")?,
        grid,
        glide: need(b, "glide")?,
        rate: b.rate as f32,
        place,
    }))
}

impl Snap {
    /// The nearest value at a frame, and how far apart the outermost ones are.
    #[inline(always)]
    fn nearest<L: Lane>(&self, pass: &Pass, input: &Input<L>, n: usize) -> (L, L) {
        let (x, zero) = (input.at(n), L::splat(0.0));
        match &self.grid {
            Grid::Values(ports) => {
                let first = pass.input::<L>(ports.start).at(n);
                let (mut best, mut low, mut high) = (first, first, first);
                for port in ports.start + 1..ports.end {
                    let v = pass.input::<L>(port).at(n);
                    let (new, old) = ((v - x).abs(), (best - x).abs());
                    let tie = L::select(v.lt(best), v, best);
                    best = L::select(new.lt(old), v, L::select(new.eq(old), tie, best));
                    (low, high) = (low.min(v), high.max(v));
                }
                (best, high - low)
            }
            Grid::Range { low, high, interval } => {
                let at = |port: usize| pass.input::<L>(port).at(n);
                let (low, high, step) = (at(*low), at(*high), at(*interval).abs());
                let step = L::select(step.gt(zero), step, L::splat(1e-9));
                // Values go up to half a step beyond `high`; a half goes down.
                let half = L::splat(0.5);
                let ceil = |x: L| zero - (zero - x).floor();
                let last = (ceil((high - low) / step + half) - L::splat(1.0)).max(zero);
                let index = ceil((x - low) / step - half).max(zero).min(last);
                (low + index * step, last * step)
            }
        }
    }
}

impl Lanewise for Snap {
    #[inline(always)]
    fn pass<L: Lane>(&mut self, pass: &mut Pass) {
        let lane = pass.lane;
        let (input, glide) = (pass.input::<L>(self.signal), pass.input::<L>(self.glide));
        if starts(pass) {
            let first = self.nearest(pass, &input, 0).0.to_array();
            for k in (0..L::N).filter(|k| pass.ages[lane + k] == 0) {
                self.place[lane + k] = first[k];
            }
        }
        let (zero, rate) = (L::splat(0.0), L::splat(self.rate));
        let mut y = L::load(&self.place[lane..lane + L::N]);
        for n in 0..pass.frames {
            let (target, span) = self.nearest(pass, &input, n);
            let frames = glide.at(n) * rate;
            let step = L::select(frames.gt(zero), span / frames, L::splat(f32::MAX));
            let way = target - y;
            y = L::select(way.abs().le(step), target, y + way.clamp(zero - step, step));
            pass.output::<L>(0)[n] = y;
        }
        y.store(&mut self.place[lane..lane + L::N]);
    }

    fn start(&mut self, _: usize, _: Start) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::probe::Probe;

    fn snap() -> Probe {
        Probe::new(&DEF).signal("signal", |l, n| n as f32 * 0.01 - 0.5 + l as f32 * 0.1)
    }

    #[test]
    fn snap_takes_the_nearest_value_and_the_lower_of_two() {
        let out = snap().list("values", &[1.0, 0.0, 0.25]).laws(200);
        let x = out.mono();
        assert_eq!((x[0], x[62], x[64], x[112], x[113]), (0.0, 0.0, 0.25, 0.25, 1.0));
        let tie = Probe::new(&DEF).set("signal", 0.5).list("values", &[1.0, 0.0]).laws(70);
        assert_eq!(tie.mono()[0], 0.0);
    }

    #[test]
    fn snap_grid_reaches_from_low_to_high() {
        let out = snap().list("range", &[-0.25, 0.75]).set("interval", 0.5).laws(200);
        let x = out.mono();
        assert_eq!((x[0], x[49], x[51], x[101], x[199]), (-0.25, -0.25, 0.25, 0.75, 0.75));
    }

    #[test]
    fn snap_glides_at_a_steady_rate() {
        let jump = |_: usize, n: u64| f32::from(n >= 10);
        let out =
            Probe::new(&DEF).signal("signal", jump).list("values", &[0.0, 1.0]).set("glide", 0.01).laws(600);
        assert!((out.mono()[10 + 220] - 221.0 / 441.0).abs() < 1e-3);
        assert_eq!(out.mono()[460], 1.0);
    }
}

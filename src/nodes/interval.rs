//! `interval`: the frequency of a degree of a scale. Audio thread, after construction; no state.

use crate::dsp::lane::Lane;
use crate::dsp::math;
use crate::kernel::{Build, Fixed, Kernel, Lanewise, MAX_LANES, Pass, Start};
use crate::spec::*;
use crate::units::Unit;

use super::{NodeDef, Runs, need, silence_ended};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "interval",
        help: "Notes of a scale: the frequency of a degree above (or below) a root.",
        params: &[
            ParamSpec::control(
                "root",
                Unit::Hertz,
                440.0,
                "Frequency of degree 0; a note may be written: `a3`.",
            ),
            ParamSpec::control(
                "note",
                Unit::None,
                0.0,
                "Degree of the scale from 0 on, rounded to a whole number; beyond its length the next octave begins, below 0 the one before.",
            ),
            ParamSpec {
                name: "scale",
                kind: ParamKind::Scale,
                unit: Unit::Semitones,
                default: Default::Absent,
                range: None,
                help: "Name of a scale, or its semitones; absent: all twelve.",
            },
        ],
        extra: Extra::Refused,
        channels: Channels::Mono,
        ends: Ends::Own,
        example: "example: {osc: {type: tri, amp: 0.4, duration: 2, freq: {interval: {root: a3, scale: minor_pentatonic, note: {osc: {type: ramp, freq: 1, range: [0, 8]}}}}}}\n",
    },
    runs: Runs::Kernel(make),
};

struct Interval {
    root: usize,
    note: usize,
    /// Factor of each degree within an octave.
    factors: Vec<f32>,
}

fn make(b: &Build) -> Result<Box<dyn Kernel>, String> {
    let semitones = match b.fixed.get(b.spec.param("scale").map_or(0, |(i, _)| i)) {
        Some(Some(Fixed::Numbers(scale))) if !scale.is_empty() => scale.clone(),
        Some(Some(_)) => return Err("a scale is a list of at least one number".into()),
        _ => (0..12).map(f64::from).collect(),
    };
    let factors = semitones.iter().map(|s| (s / 12.0).exp2() as f32).collect();
    Ok(Box::new(Interval { root: need(b, "root")?, note: need(b, "note")?, factors }))
}

impl Interval {
    /// Frequency of a degree against the root's.
    #[inline(always)]
    fn factor<L: Lane>(&self, note: L) -> L {
        let (half, one, count) = (L::splat(0.5), L::splat(1.0), L::splat(self.factors.len() as f32));
        // Halves go to the even neighbour.
        let up = (note + half).floor();
        let odd = (up * half).floor().lt(up * half);
        let tie = (note + half).eq(up);
        let degree =
            L::select(tie, L::select(odd, up - one, up), up).clamp(L::splat(-10_000.0), L::splat(10_000.0));
        let octave = (degree / count).floor();
        let place = (degree - octave * count).to_array();
        let base = L::from_fn(|k| self.factors[(place[k].max(0.0) as usize).min(self.factors.len() - 1)]);
        base * math::exp2(octave)
    }
}

impl Lanewise for Interval {
    #[inline(always)]
    fn pass<L: Lane>(&mut self, pass: &mut Pass) {
        let (root, note) = (pass.input::<L>(self.root), pass.input::<L>(self.note));
        match note.flat() {
            Some(note) => {
                let factor = self.factor(note);
                fill!(pass, 0, root.is_flat(), |n| root.at(n) * factor);
            }
            None => fill!(pass, 0, false, |n| root.at(n) * self.factor(note.at(n))),
        }
        let (a, b) = (pass.ends(self.root), pass.ends(self.note));
        pass.outputs[0].ends = std::array::from_fn::<_, MAX_LANES, _>(|k| a[k].min(b[k]));
        silence_ended(pass);
    }

    fn start(&mut self, _: usize, _: Start) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::probe::Probe;

    #[test]
    fn interval_finds_degrees_in_every_octave() {
        let scale = Fixed::Numbers(vec![0.0, 3.0, 7.0]);
        let notes = [0.0f32, 1.0, 2.0, 3.0, -1.0, -3.0, 7.0, 0.5, 1.5, 2.4];
        let semitones = [0.0f64, 3.0, 7.0, 12.0, -5.0, -12.0, 27.0, 0.0, 7.0, 7.0];
        let out = Probe::new(&DEF)
            .fixed("scale", scale)
            .set("root", 110.0)
            .signal("note", move |l, n| notes[(n as usize + l) % 10])
            .laws(100);
        for n in 0..10 {
            let want = 110.0 * (semitones[n] / 12.0).exp2();
            assert!((out.mono()[n] as f64 / want - 1.0).abs() < 1e-6, "{n}: {}", out.mono()[n]);
        }
    }

    #[test]
    fn interval_ends_with_either_input() {
        let out = Probe::new(&DEF).ending("note", Some(150), |_, _| 12.0).laws(300);
        assert_eq!((out.ends[0], out.mono()[149], out.mono()[200]), (Some(150), 880.0, 0.0));
        assert!(Probe::new(&DEF).set("note", 12.0).laws(100).flat > 0);
    }
}

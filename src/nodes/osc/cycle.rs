//! Oscillators with a cycle: phases, and the wave as a function of them, at its level. Audio thread.
//!
//! Waves without band limit, and those whose pitch is low throughout, are one loop (`plain`). Band-limited waves of high or moving
//! pitch are made in groups of frames (`limited`): below a pitch by rounding their jumps, above it as sums of harmonics.

use super::{Osc, Wave};
use crate::dsp::additive::{self, Group};
use crate::dsp::lane::{Lane, MAX_LANES};
use crate::dsp::{math, phase, shape};
use crate::kernel::{Input, Pass};

/// A wave: its value at a frame's phase. `f` is the frames per cycle, for those that round their jumps.
trait Shape<L: Lane>: Copy {
    fn at(self, n: usize, p: L, f: L) -> L;
}

/// A wave that is also a sum of harmonics.
trait Limited<L: Lane>: Shape<L> {
    /// The values of a group that begins at frame `n`; `last` is the pass's last frame.
    fn sum<const G: usize, const FLAT: bool>(self, n: usize, last: usize, group: Group<L, G, FLAT>)
    -> [L; G];
}

macro_rules! shape {
    ($name:ident, |$n:ident, $p:ident, $f:ident| $value:expr) => {
        #[derive(Clone, Copy)]
        struct $name;
        impl<L: Lane> Shape<L> for $name {
            #[inline(always)]
            fn at(self, _: usize, $p: L, $f: L) -> L {
                $value
            }
        }
    };
    ($name:ident, |$n:ident, $p:ident, $f:ident| $value:expr, |$group:ident| $sum:expr) => {
        shape!($name, |$n, $p, $f| $value);
        impl<L: Lane> Limited<L> for $name {
            #[inline(always)]
            fn sum<const G: usize, const FLAT: bool>(
                self,
                _: usize,
                _: usize,
                $group: Group<L, G, FLAT>,
            ) -> [L; G] {
                $sum
            }
        }
    };
}

shape!(Sin, |n, p, _f| math::sin_near(p));
shape!(Cos, |n, p, _f| math::cos_near(p));
shape!(Tri, |n, p, _f| shape::tri(p));
shape!(Saw, |n, p, _f| shape::saw(p));
shape!(Ramp, |n, p, _f| L::splat(0.0) - shape::saw(p));
shape!(TriLimited, |n, p, f| shape::tri_smooth(p, f), |group| group.tri());
shape!(SawLimited, |n, p, f| shape::saw_smooth(p, f), |group| group.saw());
shape!(RampLimited, |n, p, f| -shape::saw_smooth(p, f), |group| {
    let mut wave = group.saw();
    for x in &mut wave {
        *x = -*x;
    }
    wave
});

#[derive(Clone, Copy)]
struct Sqr<'a, L>(Input<'a, L>);

impl<L: Lane> Shape<L> for Sqr<'_, L> {
    #[inline(always)]
    fn at(self, n: usize, p: L, _: L) -> L {
        shape::sqr(p, self.0.at(n))
    }
}

#[derive(Clone, Copy)]
struct SqrLimited<'a, L>(Input<'a, L>);

impl<L: Lane> SqrLimited<'_, L> {
    #[inline(always)]
    fn width(self, n: usize) -> L {
        self.0.at(n).clamp(L::splat(0.0), L::splat(1.0))
    }
}

impl<L: Lane> Shape<L> for SqrLimited<'_, L> {
    #[inline(always)]
    fn at(self, n: usize, p: L, f: L) -> L {
        shape::sqr_smooth(p, self.width(n), f)
    }
}

impl<L: Lane> Limited<L> for SqrLimited<'_, L> {
    #[inline(always)]
    fn sum<const G: usize, const FLAT: bool>(
        self,
        n: usize,
        last: usize,
        group: Group<L, G, FLAT>,
    ) -> [L; G] {
        let mut width = [L::splat(0.5); G];
        for i in 0..G {
            width[i] = self.width((n + i).min(last));
        }
        group.sqr(&width)
    }
}

/// What a wave is made from in a pass.
#[derive(Clone, Copy)]
struct Inputs<'a, L> {
    freq: Option<Input<'a, L>>,
    modulation: Option<Input<'a, L>>,
    amp: Input<'a, L>,
    /// Frequencies of the lanes in hertz, where they hold for the pass.
    flat: Option<[f64; MAX_LANES]>,
}

impl Osc {
    /// Phases, shaped, at their level.
    #[inline(always)]
    pub(super) fn cycle<L: Lane>(&mut self, pass: &mut Pass) {
        let freq = self.freq.map(|port| pass.input::<L>(port));
        let inputs = Inputs {
            freq,
            modulation: self.modulation.map(|port| pass.input::<L>(port)),
            amp: pass.input::<L>(self.amp),
            flat: match (self.fixed_freq, freq.and_then(|f| f.flat())) {
                (Some(f), _) => Some([f; MAX_LANES]),
                (None, Some(f)) => Some(f.to_array().map(f64::from)),
                _ => None,
            },
        };
        let width = pass.input::<L>(self.width);
        match (self.wave, self.smooth) {
            (Wave::Sin, _) if pass.sparse && inputs.modulation.is_none() => self.sparse(pass, inputs),
            (Wave::Sin, _) => self.plain(pass, inputs, Sin),
            (Wave::Cos, _) => self.plain(pass, inputs, Cos),
            (Wave::Tri, false) => self.plain(pass, inputs, Tri),
            (Wave::Saw, false) => self.plain(pass, inputs, Saw),
            (Wave::Ramp, false) => self.plain(pass, inputs, Ramp),
            (_, false) => self.plain(pass, inputs, Sqr(width)),
            (Wave::Tri, true) => self.limited(pass, inputs, TriLimited),
            (Wave::Saw, true) => self.limited(pass, inputs, SawLimited),
            (Wave::Ramp, true) => self.limited(pass, inputs, RampLimited),
            (_, true) => self.limited(pass, inputs, SqrLimited(width)),
        }
    }

    /// Steps of the lanes' phases.
    #[inline(always)]
    fn steps<L: Lane>(&self, hertz: &[f64; MAX_LANES]) -> [u64; MAX_LANES] {
        let mut steps = [0; MAX_LANES];
        for k in 0..L::N {
            steps[k] = phase::increment(hertz[k], self.period);
        }
        steps
    }

    /// Speeds of the lanes in cycles per frame, where they hold for the pass.
    #[inline(always)]
    fn speed<L: Lane>(&self, inputs: &Inputs<L>) -> Option<L> {
        let hertz = inputs.flat?;
        let mut speed = [0.0; MAX_LANES];
        for k in 0..L::N {
            speed[k] = hertz[k] as f32;
        }
        Some(L::load(&speed) * L::splat(self.period as f32))
    }

    /// A sine of which only some frames will be read.
    #[inline(always)]
    fn sparse<L: Lane>(&mut self, pass: &mut Pass, inputs: Inputs<L>) {
        let Some(hertz) = &inputs.flat else { return self.plain(pass, inputs, Sin) };
        let steps = self.steps::<L>(hertz);
        let phases = &mut self.phase[pass.lane..pass.lane + L::N];
        for n in pass.points() {
            let out = &mut pass.outputs[0].floats_mut()[n * L::N..];
            phase::at(phases, &steps[..L::N], n, &mut out[..L::N]);
        }
        phase::skip(phases, &steps[..L::N], pass.frames);
        let points = pass.points();
        let out = pass.output::<L>(0);
        for n in points {
            out[n] = math::sin_near(out[n]) * inputs.amp.at(n);
        }
    }

    /// Writes the phases of the pass to the output.
    #[inline(always)]
    fn phases<L: Lane>(&mut self, pass: &mut Pass, inputs: &Inputs<L>) {
        let range = pass.lane..pass.lane + L::N;
        let floats = pass.frames * L::N;
        match (&inputs.flat, inputs.freq) {
            (Some(hertz), _) => {
                let steps = self.steps::<L>(hertz);
                phase::run_flat(&mut self.phase[range], &steps[..L::N], pass.output::<L>(0));
            }
            (None, Some(f)) => {
                pass.output::<L>(0).copy_from_slice(f.frames());
                phase::run(&mut self.phase[range], self.period, &mut pass.outputs[0].floats_mut()[..floats]);
            }
            _ => {}
        }
        if let Some(m) = inputs.modulation {
            let cycle = L::splat(1.0 / std::f32::consts::TAU);
            for (n, p) in pass.output::<L>(0).iter_mut().enumerate() {
                *p = shape::wrap(*p + m.at(n) * cycle);
            }
        }
    }

    /// One shape for all frames.
    #[inline(always)]
    fn plain<L: Lane, S: Shape<L>>(&mut self, pass: &mut Pass, inputs: Inputs<L>, shape: S) {
        let amp = inputs.amp;
        let f = shape::frames_per_cycle(self.speed(&inputs).unwrap_or(L::splat(1.0)));
        if let (Some(hertz), None, true) = (&inputs.flat, inputs.modulation, L::N > 1) {
            // In one loop, without a way through memory.
            let steps = self.steps::<L>(hertz);
            let phases = &mut self.phase[pass.lane..pass.lane + L::N];
            let (mut now, by) = (L::load_phase(phases), L::load_phase(&steps));
            let out = pass.output::<L>(0);
            if let Some(amp) = amp.flat() {
                for (n, x) in out.iter_mut().enumerate() {
                    now = L::turn(now, by);
                    *x = shape.at(n, phase::cycles(now), f) * amp;
                }
            } else {
                for (n, x) in out.iter_mut().enumerate() {
                    now = L::turn(now, by);
                    *x = shape.at(n, phase::cycles(now), f) * amp.at(n);
                }
            }
            L::store_phase(now, phases);
            return;
        }
        self.phases(pass, &inputs);
        for (n, x) in pass.output::<L>(0).iter_mut().enumerate() {
            *x = shape.at(n, *x, f) * amp.at(n);
        }
    }

    #[inline(always)]
    fn limited<L: Lane, S: Limited<L>>(&mut self, pass: &mut Pass, inputs: Inputs<L>, shape: S) {
        match self.speed(&inputs).filter(|_| inputs.modulation.is_none()) {
            Some(speed) if self.draft || !L::any(speed.abs().gt(L::splat(additive::LOW))) => {
                self.plain(pass, inputs, shape);
            }
            // As many frames at once as keep a processor busy and its registers full.
            Some(_) if L::N == 1 => self.groups::<L, S, 64, true>(pass, inputs, shape),
            Some(_) if L::N == 8 => self.groups::<L, S, 8, true>(pass, inputs, shape),
            Some(_) => self.groups::<L, S, 4, true>(pass, inputs, shape),
            None if L::N == 1 => self.groups::<L, S, 64, false>(pass, inputs, shape),
            None if L::N == 8 => self.groups::<L, S, 8, false>(pass, inputs, shape),
            None => self.groups::<L, S, 4, false>(pass, inputs, shape),
        }
    }

    /// Frames `G` at a time: `FLAT` says that the speeds hold for the pass.
    #[inline(always)]
    fn groups<L: Lane, S: Limited<L>, const G: usize, const FLAT: bool>(
        &mut self,
        pass: &mut Pass,
        inputs: Inputs<L>,
        shape: S,
    ) {
        self.phases(pass, &inputs);
        let (zero, one, period) = (L::splat(0.0), L::splat(1.0), L::splat(self.period as f32));
        let flat = self.speed(&inputs);
        let range = pass.lane..pass.lane + L::N;
        let mut before = L::load(&self.last[range.clone()]);
        let last = pass.frames - 1;
        for (first, out) in pass.output::<L>(0).chunks_mut(G).enumerate() {
            let first = first * G;
            let (mut p, mut step) = ([zero; G], [zero; G]);
            p[..out.len()].copy_from_slice(out);
            for i in 0..out.len() {
                step[i] = match (flat, inputs.freq) {
                    (Some(speed), _) => speed,
                    (None, Some(f)) => f.at(first + i) * period,
                    _ => period,
                };
                if inputs.modulation.is_some() {
                    step[i] = L::select(before.eq(before), shape::wrap(p[i] - before), step[i]);
                    before = p[i];
                }
                step[i] = step[i].abs();
            }
            let mut share = [zero; G];
            let (mut least, mut most) = (one, zero);
            for i in 0..out.len() {
                share[i] = if self.draft { zero } else { additive::share(step[i]) };
                (least, most) = (least.min(share[i]), most.max(share[i]));
            }
            let mut low = [zero; G];
            if L::any(least.lt(one)) {
                for i in 0..out.len() {
                    low[i] = shape.at(first + i, p[i], shape::frames_per_cycle(step[i]));
                }
            }
            let mut high = [zero; G];
            if L::any(most.gt(zero)) {
                high = shape.sum(first, last, Group::<L, G, FLAT> { phase: &p, step: &step });
            }
            for (i, x) in out.iter_mut().enumerate() {
                // Wholly one or the other exactly, whatever the other lanes are.
                let mixed = low[i] + share[i] * (high[i] - low[i]);
                let wave = L::select(share[i].lt(one), mixed, high[i]);
                *x = L::select(share[i].gt(zero), wave, low[i]) * inputs.amp.at(first + i);
            }
        }
        before.store(&mut self.last[range]);
    }
}

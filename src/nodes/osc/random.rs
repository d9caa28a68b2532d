//! Oscillators without a cycle: white noise, Perlin's noise and a random walk. Audio thread.

use super::Osc;
use crate::dsp::lane::{Lane, MAX_LANES};
use crate::dsp::math;
use crate::dsp::noise::gaussian;
use crate::kernel::Pass;

impl Osc {
    #[inline(always)]
    pub(super) fn noise<L: Lane>(&mut self, pass: &mut Pass) {
        if let Some(between) = self.between {
            pass.outputs[0].flat = false;
            for k in 0..L::N {
                let (stream, first) = (self.streams[pass.lane + k], pass.draws[pass.lane + k] as u32);
                let out = pass.outputs[0].floats_mut()[..pass.frames * L::N].iter_mut();
                between.gaussian(stream, first, out.skip(k).step_by(L::N));
            }
            return;
        }
        let streams = &self.streams[pass.lane..pass.lane + L::N];
        let mut numbers = self.numbers(pass);
        for x in pass.output::<L>(0) {
            *x = gaussian(streams, &numbers);
            numbers.iter_mut().for_each(|n| *n = n.wrapping_add(1));
        }
    }

    /// Per lane, the number of the first frame.
    #[inline(always)]
    fn numbers(&self, pass: &Pass) -> [u32; MAX_LANES] {
        std::array::from_fn(|k| if k < pass.width() { pass.draws[pass.lane + k] as u32 } else { 0 })
    }

    #[inline(always)]
    pub(super) fn perlin<L: Lane>(&mut self, pass: &mut Pass) {
        let (lane, ages) = (pass.lane, pass.ages);
        for (n, x) in pass.output::<L>(0).iter_mut().enumerate() {
            *x = L::from_fn(|k| {
                let seconds = ((ages[lane + k] + n as u64) as f64 * self.period) % 10_000.0;
                self.perlin.at(seconds * self.scale + self.place[lane + k])
            });
        }
    }

    /// A random walk: the speed forgets within 20 frames, and the position grows as it does at 44.1 kHz.
    #[inline(always)]
    pub(super) fn wander<L: Lane>(&mut self, pass: &mut Pass) {
        let lane = pass.lane;
        let walk = &mut self.walk[lane..lane + L::N];
        let (mut v, mut y) = (L::from_fn(|k| walk[k].0), L::from_fn(|k| walk[k].1));
        let (push, step) =
            (L::splat(self.scale.max(0.001) as f32), L::splat((1.0 / (self.rate * 44100.0).sqrt()) as f32));
        let streams = &self.streams[lane..lane + L::N];
        let mut numbers: [u32; MAX_LANES] =
            std::array::from_fn(|k| if k < L::N { pass.draws[lane + k] as u32 } else { 0 });
        for x in pass.output::<L>(0) {
            v = L::splat(0.95) * (v + push * gaussian(streams, &numbers));
            y = y + v * step;
            *x = math::tanh(y);
            numbers.iter_mut().for_each(|n| *n = n.wrapping_add(1));
        }
        let (v, y) = (v.to_array(), y.to_array());
        for (k, w) in walk.iter_mut().enumerate() {
            *w = (v[k], y[k]);
        }
    }
}

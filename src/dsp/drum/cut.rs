//! The detector's own filters: a high-pass and a low-pass of the second order before everything else, and what `listen` lets hear.
//! Audio thread.

use super::settings::Settings;
use crate::dsp::math;

/// State-variable filter of the second order (Butterworth).
#[derive(Clone, Copy, Default)]
struct Filter {
    a1: f32,
    a2: f32,
    a3: f32,
    s1: f32,
    s2: f32,
}

const K: f32 = std::f32::consts::SQRT_2;

impl Filter {
    fn tune(&mut self, corner: f32, rate: f64) {
        let g = math::tan((f64::from(corner) / rate).min(0.45) as f32 * std::f32::consts::PI);
        self.a1 = 1.0 / (1.0 + g * (g + K));
        self.a2 = g * self.a1;
        self.a3 = g * self.a2;
    }

    /// Low-pass and high-pass.
    #[inline(always)]
    fn run(&mut self, x: f32) -> (f32, f32) {
        let v3 = x - self.s2;
        let band = self.a1 * self.s1 + self.a2 * v3;
        let low = self.s2 + self.a2 * self.s1 + self.a3 * v3;
        self.s1 = 2.0 * band - self.s1;
        self.s2 = 2.0 * low - self.s2;
        (low, x - K * band - low)
    }

    fn settle(&mut self) {
        for s in [&mut self.s1, &mut self.s2] {
            *s = if s.abs() < 1e-18 { 0.0 } else { *s };
        }
    }
}

/// Gain and both filters.
#[derive(Clone, Copy)]
pub struct Cut {
    gain: f32,
    high: Option<Filter>,
    low: Option<Filter>,
}

impl Cut {
    pub fn new() -> Cut {
        Cut { gain: 1.0, high: None, low: None }
    }

    /// Filters that were on before go on from where they are.
    pub fn set(&mut self, settings: &Settings, rate: f64) {
        self.gain = math::exp2(settings.gain * (std::f32::consts::LOG2_10 / 20.0));
        let tuned = |filter: Option<Filter>, corner: Option<f32>| {
            let mut filter = corner.map(|_| filter.unwrap_or_default())?;
            filter.tune(corner?, rate);
            Some(filter)
        };
        self.high = tuned(self.high, settings.high_pass);
        self.low = tuned(self.low, settings.low_pass);
    }

    /// What the detector hears of `input`. What is not a number is silence; what is beyond 18 dBFS is cut.
    pub fn run(&mut self, input: &[f32], out: &mut [f32]) {
        for (x, y) in input.iter().zip(out.iter_mut()) {
            let x = if x.is_finite() { x.clamp(-8.0, 8.0) } else { 0.0 };
            *y = x * self.gain;
        }
        if let Some(filter) = &mut self.high {
            out.iter_mut().for_each(|x| *x = filter.run(*x).1);
            filter.settle();
        }
        if let Some(filter) = &mut self.low {
            out.iter_mut().for_each(|x| *x = filter.run(*x).0);
            filter.settle();
        }
    }
}

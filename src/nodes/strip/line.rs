//! The gains of a strip: how pan divides a level, and straight lines from one set of gains to the next. Numbers only; audio thread.

use std::ops::Range;

use crate::dsp::lane::Lane;
use crate::dsp::math;
use crate::kernel::Pass;

/// How `pan` divides the level.
#[derive(Clone, Copy)]
pub enum Law {
    Power,
    Linear,
    Balance,
}

impl Law {
    /// Factors of the left and of the right side; both 1 in the middle.
    pub fn gains(self, pan: f32) -> [f32; 2] {
        match self {
            _ if pan == 0.0 => [1.0; 2],
            Law::Power => {
                let angle = (pan + 1.0) * 0.125;
                let root = std::f32::consts::SQRT_2;
                [math::cos_cycles(angle) * root, math::sin_cycles(angle) * root]
            }
            Law::Linear => [1.0 - pan, 1.0 + pan],
            Law::Balance => [(1.0 - pan).min(1.0), (1.0 + pan).min(1.0)],
        }
    }
}

/// Gains to left from left and right, and to right from left and right.
pub type Gains = [f32; 4];

/// Gains that move in a straight line between two frames.
#[derive(Clone, Copy)]
pub struct Line {
    pub from: Gains,
    pub to: Gains,
    pub begins: u64,
    /// From here on another line is needed; never, where nothing moves.
    pub ends: u64,
}

impl Line {
    /// No movement up to a frame.
    pub fn rest(gains: Gains, ends: u64) -> Line {
        Line { from: gains, to: gains, begins: 0, ends }
    }

    pub fn is_still(&self) -> bool {
        self.from == self.to
    }

    /// All gains at a frame, also behind the line's end.
    pub fn at(&self, frame: u64) -> Gains {
        let share = || (frame.clamp(self.begins, self.ends) - self.begins) as f32 * self.each();
        match self.is_still() {
            true => self.to,
            false => {
                let share = share();
                std::array::from_fn(|i| self.from[i] + (self.to[i] - self.from[i]) * share)
            }
        }
    }

    /// The part of the way that a frame is.
    fn each(&self) -> f32 {
        1.0 / (self.ends - self.begins) as f32
    }

    /// The gain of a side from itself and from the other one, at the line's end.
    pub fn end_of(&self, channel: usize) -> (f32, f32) {
        if channel == 0 { (self.to[0], self.to[1]) } else { (self.to[3], self.to[2]) }
    }

    fn start_of(&self, channel: usize) -> (f32, f32) {
        Line { to: self.from, ..*self }.end_of(channel)
    }

    /// Both sides of these frames of a pass, the first of which is absolute frame `at`.
    #[inline(always)]
    pub fn both<L: Lane>(&self, pass: &mut Pass, at: u64, values: [&[L]; 2], frames: Range<usize>) {
        for channel in 0..2 {
            let out = &mut pass.output::<L>(channel)[frames.clone()];
            self.apply(channel, at, values[channel], values[1 - channel], out);
        }
    }

    /// One side of the output from absolute frame `at` on, within the line.
    #[inline(always)]
    fn apply<L: Lane>(&self, channel: usize, at: u64, own: &[L], other: &[L], out: &mut [L]) {
        let ((gain, cross), (gain_from, cross_from)) = (self.end_of(channel), self.start_of(channel));
        let crossed = cross != 0.0 || cross_from != 0.0;
        if self.is_still() {
            let (gain, cross) = (L::splat(gain), L::splat(cross));
            match crossed {
                false => {
                    for (y, x) in out.iter_mut().zip(own) {
                        *y = *x * gain;
                    }
                }
                true => {
                    for ((y, x), z) in out.iter_mut().zip(own).zip(other) {
                        *y = *x * gain + *z * cross;
                    }
                }
            }
            return;
        }
        let (each, passed) = (self.each(), (at - self.begins) as u32);
        let (way, cross_way) = (gain - gain_from, cross - cross_from);
        for (n, ((y, x), z)) in out.iter_mut().zip(own).zip(other).enumerate() {
            let share = (passed + n as u32) as f32 * each;
            *y = *x * L::splat(gain_from + way * share);
            if crossed {
                *y = *y + *z * L::splat(cross_from + cross_way * share);
            }
        }
    }
}

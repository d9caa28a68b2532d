//! What comes after the wave: fading in and out, and the range it is mapped to. Audio thread.

use super::Osc;
use crate::dsp::lane::{Lane, MAX_LANES};
use crate::dsp::time;
use crate::kernel::Pass;

impl Osc {
    /// Attack and release.
    #[inline(always)]
    pub(super) fn fade<L: Lane>(&mut self, pass: &mut Pass) {
        let (lane, frames) = (pass.lane, pass.frames as u64);
        let ages = pass.ages;
        let mut any = false;
        // Frames since the attack and since the release began, limited to where an f32 counts exactly.
        let (mut up, mut down) = ([0.0; MAX_LANES], [0.0; MAX_LANES]);
        let (mut length, mut rate_up, mut rate_down) = ([0.0; MAX_LANES], [0.0; MAX_LANES], [0.0; MAX_LANES]);
        const LIMIT: i64 = 1 << 23;
        for k in 0..L::N {
            let (age, (attack, release)) = (ages[lane + k], self.ramps[lane + k]);
            let attack = attack.min(LIMIT as u64);
            any |= age < attack;
            up[k] = age.min(LIMIT as u64) as f32;
            length[k] = attack as f32;
            rate_up[k] = time::fall_rate(attack);
            down[k] = -(LIMIT as f32);
            if let Some(end) = self.length.filter(|_| release > 0) {
                let from = end.saturating_sub(release) as i64;
                down[k] = (age as i64 - from).clamp(-LIMIT, LIMIT) as f32;
                rate_down[k] = time::fall_rate(release);
                any |= age + frames > from as u64;
            }
        }
        if !any {
            return;
        }
        let (zero, one) = (L::splat(0.0), L::splat(1.0));
        let (up, down, length) = (L::load(&up), L::load(&down), L::load(&length));
        let (rate_up, rate_down) = (L::load(&rate_up), L::load(&rate_down));
        for (n, x) in pass.output::<L>(0).iter_mut().enumerate() {
            let n = L::splat(n as f32);
            let (u, d) = (up + n, down + n);
            let rise = L::select(u.lt(length), one - time::fall(u, rate_up), one);
            let fall = time::fall(d.max(zero), rate_down);
            *x = *x * (rise * fall);
        }
    }

    #[inline(always)]
    pub(super) fn map<L: Lane>(&mut self, pass: &mut Pass) {
        let half = L::splat(0.5);
        let Some((low, high)) = self.range else { return };
        for c in (0..pass.outputs.len()).rev() {
            let (a, b) = (pass.channel::<L>(low, c), pass.channel::<L>(high, c));
            let frames = pass.frames;
            let (first, rest) = pass.outputs.split_at_mut(1);
            // The right channel is made from the left one, before that is mapped.
            if let (1, Some(right)) = (c, rest.first_mut()) {
                right.flat = false;
                let x = &first[0].frames::<L>()[..frames];
                for (n, (y, x)) in right.frames_mut::<L>()[..frames].iter_mut().zip(x).enumerate() {
                    *y = a.at(n) + (*x + L::splat(1.0)) * half * (b.at(n) - a.at(n));
                }
            } else {
                for (n, x) in first[0].frames_mut::<L>()[..frames].iter_mut().enumerate() {
                    *x = a.at(n) + (*x + L::splat(1.0)) * half * (b.at(n) - a.at(n));
                }
            }
        }
    }
}

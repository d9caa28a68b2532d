//! A macro's value: what the host's parameter stands for, gliding to where it was moved; the library's own default until then. In the voices
//! of notes, which hosts may modulate one by one, it is found in two steps: [`Macro`] says the share of the way, once for all, and
//! [`Turn`] what it is worth with the note's own share on top. Audio thread.

use crate::dsp::lane::Lane;
use crate::dsp::math;
use crate::dsp::ramp::Ramp;
use crate::units::Law;

use super::event::{Control, What};
use super::pass::{Kernel, Lanewise, Pass, Start};

/// One macro, as shares of the way (0..1) and what they are worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MacroPlan {
    /// From 0.
    pub slot: u8,
    pub law: Law,
    /// What both ends are worth.
    pub ends: [f32; 2],
    /// Where it stands until it is moved, and what that is worth.
    pub default: f32,
    pub worth: f32,
}

impl MacroPlan {
    /// The share itself as the value.
    pub fn share(&self) -> MacroPlan {
        MacroPlan { law: Law::Straight, ends: [0.0, 1.0], worth: self.default, ..*self }
    }

    /// What shares are worth: exactly what is written, at the ends and where it is not moved.
    #[inline(always)]
    fn worth<L: Lane>(&self, share: L) -> L {
        let [low, high] = self.ends;
        let between = match self.law {
            Law::Straight => L::splat(low) + L::splat(high - low) * share,
            Law::Geometric => L::splat(low) * math::exp2(share * L::splat(math::log2(high / low))),
        };
        let inside = L::select(share.ge(L::splat(1.0)), L::splat(high), between);
        L::select(share.eq(L::splat(self.default)), L::splat(self.worth), inside)
    }
}

/// What a macro is worth in each lane: its share (the first input) and what comes on top for the lane (the second).
pub struct Turn(pub MacroPlan);

impl Lanewise for Turn {
    #[inline(always)]
    fn pass<L: Lane>(&mut self, pass: &mut Pass) {
        let (share, own) = (pass.input::<L>(0), pass.input::<L>(1));
        let (plan, zero, one) = (self.0, L::splat(0.0), L::splat(1.0));
        if let (Some(share), Some(own)) = (share.flat(), own.flat()) {
            pass.outputs[0].set_flat(plan.worth((share + own).clamp(zero, one)));
            return;
        }
        for (frame, out) in pass.output::<L>(0).iter_mut().enumerate() {
            *out = plan.worth((share.at(frame) + own.at(frame)).clamp(zero, one));
        }
    }

    fn start(&mut self, _: usize, _: Start) {}
}

pub struct Macro {
    plan: MacroPlan,
    glide: u64,
    /// Not known before the first piece.
    ramp: Option<Ramp>,
}

impl Macro {
    pub fn new(plan: MacroPlan, rate: f64) -> Macro {
        Macro { plan, glide: Ramp::glide(rate), ramp: None }
    }
}

impl Kernel for Macro {
    fn start(&mut self, _: usize, _: Start) {
        self.ramp = None;
    }

    fn render(&mut self, pass: &mut Pass) {
        let (plan, glide, width) = (self.plan, self.glide, pass.width());
        let moved = |what: &What| match *what {
            What::Control { control: Control::Macro(slot), value } if slot == plan.slot => {
                Some(value.clamp(0.0, 1.0))
            }
            _ => None,
        };
        let first = pass.block_frame;
        let known = pass.controls.macros[plan.slot as usize & 15].unwrap_or(plan.default);
        // What is set at its very first frame is where it begins.
        let begins = |pass: &Pass| {
            let before = pass.events.iter().take_while(|e| e.at as usize <= first);
            Ramp::at(before.filter_map(|e| moved(&e.what)).last().unwrap_or(known))
        };
        let new = self.ramp.is_none();
        let ramp = self.ramp.get_or_insert_with(|| begins(pass));
        let mut events =
            pass.events.iter().filter_map(|e| moved(&e.what).map(|value| (e.at as usize, value))).peekable();
        if new {
            while events.next_if(|(at, _)| *at <= first).is_some() {}
        }
        let flat = events.peek().is_none() && ramp.still(pass.at, glide);
        let frames = if flat { 1 } else { pass.frames };
        for frame in 0..frames {
            let at = pass.at + frame as u64;
            // What is stamped behind the block counts as its last frame.
            let last = frame + 1 == pass.frames;
            while let Some((_, value)) = events.next_if(|(when, _)| *when <= first + frame || last) {
                ramp.leave(value, at, glide);
            }
            let value = plan.worth(ramp.position(at, glide));
            pass.outputs[0].floats_mut()[frame * width..(frame + 1) * width].fill(value);
        }
        pass.outputs[0].flat = flat;
    }
}

//! The small kernels between nodes: sums, averages, cuts. Audio thread.

use super::pass::{Lanewise, Pass, Start};
use crate::dsp::lane::{Lane, MAX_LANES};

/// Adds its inputs up, in order.
pub struct Sum;

impl Lanewise for Sum {
    #[inline(always)]
    fn pass<L: Lane>(&mut self, pass: &mut Pass) {
        let flat =
            |pass: &Pass, channel| (0..pass.input_count()).all(|p| pass.channel::<L>(p, channel).is_flat());
        for channel in 0..pass.outputs.len() {
            let frames = if flat(pass, channel) { 1 } else { pass.frames };
            pass.outputs[channel].flat = frames == 1 && flat(pass, channel);
            for port in 0..pass.input_count() {
                let input = pass.channel::<L>(port, channel);
                let out = &mut pass.outputs[channel].frames_mut::<L>()[..frames];
                match (port, input.flat()) {
                    (0, Some(x)) => out.fill(x),
                    (0, None) => out.copy_from_slice(&input.frames()[..frames]),
                    (_, Some(x)) => out.iter_mut().for_each(|o| *o = *o + x),
                    (_, None) => {
                        for (o, x) in out.iter_mut().zip(input.frames()) {
                            *o = *o + *x;
                        }
                    }
                }
            }
            if pass.input_count() == 0 {
                pass.outputs[channel].set_flat(L::splat(0.0));
            }
        }
    }

    fn start(&mut self, _: usize, _: Start) {}
}

/// Its first input; the others only say when it ends.
pub struct First;

impl Lanewise for First {
    #[inline(always)]
    fn pass<L: Lane>(&mut self, pass: &mut Pass) {
        for channel in 0..pass.outputs.len() {
            let input = pass.channel::<L>(0, channel);
            match input.flat() {
                Some(x) => pass.outputs[channel].set_flat(x),
                None if pass.sparse => {
                    for n in pass.points() {
                        pass.output::<L>(channel)[n] = input.at(n);
                    }
                }
                None => pass.output::<L>(channel).copy_from_slice(input.frames()),
            }
        }
    }

    fn start(&mut self, _: usize, _: Start) {}
}

/// Its input; after its end, the last value that it had.
pub struct Held {
    /// Per lane: the last value.
    pub last: Vec<f32>,
}

impl Lanewise for Held {
    #[inline(always)]
    fn pass<L: Lane>(&mut self, pass: &mut Pass) {
        let (ends, frames) = (pass.ends(0), pass.frames);
        let input = pass.input::<L>(0);
        let range = pass.lane..pass.lane + L::N;
        let goes_on = ends[..L::N].iter().all(|end| *end as usize >= frames);
        match (input.flat(), goes_on) {
            (Some(x), true) => pass.outputs[0].set_flat(x),
            (Some(x), false) => pass.output::<L>(0).fill(x),
            (None, _) => pass.output::<L>(0).copy_from_slice(input.frames()),
        }
        if !goes_on {
            let values = pass.outputs[0].floats_mut();
            for (k, last) in self.last[range.clone()].iter().enumerate() {
                let end = (ends[k] as usize).min(frames);
                let held = if end > 0 { values[(end - 1) * L::N + k] } else { *last };
                for frame in end..frames {
                    values[frame * L::N + k] = held;
                }
            }
        }
        let at = if pass.outputs[0].flat { 0 } else { frames - 1 };
        self.last[range].copy_from_slice(&pass.outputs[0].floats()[at * L::N..][..L::N]);
    }

    fn start(&mut self, lane: usize, _: Start) {
        self.last[lane] = 0.0;
    }
}

/// (left + right) / 2.
pub struct Average;

impl Lanewise for Average {
    #[inline(always)]
    fn pass<L: Lane>(&mut self, pass: &mut Pass) {
        let (left, right) = (pass.channel::<L>(0, 0), pass.channel::<L>(0, 1));
        let half = L::splat(0.5);
        if let (Some(l), Some(r)) = (left.flat(), right.flat()) {
            pass.outputs[0].set_flat((l + r) * half);
            return;
        }
        for (frame, out) in pass.output::<L>(0).iter_mut().enumerate() {
            *out = (left.at(frame) + right.at(frame)) * half;
        }
    }

    fn start(&mut self, _: usize, _: Start) {}
}

/// How one signal gives way to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Law {
    /// In a straight line: equal signals stay as they are.
    Linear,
    /// With equal power: signals that have nothing in common stay as loud as they are.
    Power,
}

/// From its first input (of the program before) to its second, in the frames after this program has succeeded that one.
pub struct Fade {
    pub law: Law,
    /// Length in frames.
    pub frames: u64,
    /// Absolute frame at which it begins.
    pub began: Option<u64>,
}

impl Fade {
    /// How much there is of the old and of the new, `frame` frames into the pass.
    #[inline(always)]
    fn weights(&self, at: u64, frame: usize) -> (f32, f32) {
        let passed = self.began.map_or(self.frames, |began| (at + frame as u64 + 1).saturating_sub(began));
        let new = (passed as f32 / self.frames as f32).min(1.0);
        match self.law {
            Law::Linear => (1.0 - new, new),
            Law::Power => {
                // Nearly a quarter of a sine and of a cosine.
                let power = new * new * (3.0 - 2.0 * new);
                ((1.0 - power).sqrt(), power.sqrt())
            }
        }
    }
}

impl Lanewise for Fade {
    #[inline(always)]
    fn pass<L: Lane>(&mut self, pass: &mut Pass) {
        // (A time before the beginning: the sound has been started anew since.)
        let over = self.began.is_none_or(|began| !(began..began + self.frames).contains(&pass.at));
        // Voices that began with the new program have nothing of the old.
        let mut old = [0.0; MAX_LANES];
        for k in 0..L::N {
            let first = pass.at - pass.ages[pass.lane + k].min(pass.at);
            old[k] = if self.began.is_some_and(|began| first < began) { 1.0 } else { 0.0 };
        }
        let old = L::load(&old[..L::N]);
        for channel in 0..pass.outputs.len() {
            let (from, to) = (pass.channel::<L>(0, channel), pass.channel::<L>(1, channel));
            if over {
                match to.flat() {
                    Some(x) => pass.outputs[channel].set_flat(x),
                    None => pass.output::<L>(channel).copy_from_slice(to.frames()),
                }
                continue;
            }
            let at = pass.at;
            let one = L::splat(1.0);
            for (frame, out) in pass.output::<L>(channel).iter_mut().enumerate() {
                let (left, come) = self.weights(at, frame);
                *out = match self.law {
                    Law::Linear => to.at(frame) + (from.at(frame) - to.at(frame)) * (old * L::splat(left)),
                    // Where there is nothing of the old, all of the new.
                    Law::Power => {
                        let come = one + (L::splat(come) - one) * old;
                        to.at(frame) * come + from.at(frame) * (old * L::splat(left))
                    }
                };
            }
        }
    }

    /// Time that has gone back brings nothing of the old back.
    fn start(&mut self, _: usize, start: Start) {
        self.began.take_if(|began| start.at < *began);
    }

    fn succeeded(&mut self, at: u64) {
        self.began.get_or_insert(at);
    }
}

/// Silence, where a kernel of the program before will stand.
pub struct Vacant;

impl Lanewise for Vacant {
    #[inline(always)]
    fn pass<L: Lane>(&mut self, pass: &mut Pass) {
        pass.outputs.iter_mut().for_each(|tile| tile.set_flat(L::splat(0.0)));
        if let Some(tile) = pass.outputs.first_mut() {
            tile.ends = [pass.piece.frames as u8; MAX_LANES];
        }
    }

    fn start(&mut self, _: usize, _: Start) {}
}

/// Ends its first input after a number of frames, or as soon as another of its inputs has ended.
pub struct Cut {
    pub frames: Option<u64>,
    /// Per lane: it has ended.
    pub over: Vec<bool>,
}

impl Lanewise for Cut {
    #[inline(always)]
    fn pass<L: Lane>(&mut self, pass: &mut Pass) {
        let lanes = pass.width();
        let mut ends = [pass.frames as u8; MAX_LANES];
        for port in 0..pass.input_count() {
            for (end, e) in ends.iter_mut().zip(pass.ends(port)) {
                *end = (*end).min(e);
            }
        }
        for (k, end) in ends[..lanes].iter_mut().enumerate() {
            if let Some(frames) = self.frames {
                let left = frames.saturating_sub(pass.ages[pass.lane + k]);
                *end = (*end as u64).min(left) as u8;
            }
            let over = &mut self.over[pass.lane + k];
            if *over {
                *end = 0;
            }
            *over |= (*end as usize) < pass.frames;
        }
        for channel in 0..pass.outputs.len() {
            let input = pass.channel::<L>(0, channel);
            match input.flat() {
                Some(x) => pass.outputs[channel].set_flat(x),
                None => pass.output::<L>(channel).copy_from_slice(input.frames()),
            }
            super::graph::silence_after(&mut pass.outputs[channel], &ends, lanes, pass.frames);
        }
        pass.outputs[0].ends = ends;
    }

    fn start(&mut self, lane: usize, _: Start) {
        self.over[lane] = false;
    }
}

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

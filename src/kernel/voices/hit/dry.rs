//! What came in to a `trigger`, beside its strokes and as late as they are. Audio thread, after construction.

use crate::kernel::pass::Pass;
use crate::kernel::tile::TILE;

use super::plan::HitPlan;

/// What came in, left and right: as long as it is late.
pub struct Dry {
    lines: [Vec<f32>; 2],
    place: usize,
}

impl Dry {
    pub fn new(plan: &HitPlan) -> Self {
        let late = if plan.dry.is_some() { plan.dry_late as usize } else { 0 };
        Self { lines: [vec![0.0; late], vec![0.0; late]], place: 0 }
    }

    pub fn clear(&mut self) {
        self.lines.iter_mut().for_each(|line| line.fill(0.0));
    }

    pub fn take(&mut self, old: &mut Dry) {
        if self.lines[0].len() == old.lines[0].len() {
            std::mem::swap(self, old);
        }
    }

    /// Adds the input to the output.
    pub fn add(&mut self, pass: &mut Pass, plan: &HitPlan) {
        let Some(port) = plan.dry else { return };
        let (gains, still) = pass.raw(port, 0);
        let (width, frames, late) = (pass.width(), pass.frames, self.lines[0].len());
        for channel in 0..2 {
            let mut values = [0.0; TILE];
            read(pass, plan.input, channel, &mut values);
            let mut place = self.place;
            for n in 0..frames {
                let mut x = values[n];
                if late > 0 {
                    x = std::mem::replace(&mut self.lines[channel][place], x);
                    place = (place + 1) % late;
                }
                if let Some(tile) = pass.outputs.get_mut(channel) {
                    tile.floats_mut()[n * width] += x * gains[if still { 0 } else { n * width }];
                }
            }
        }
        self.place = if late > 0 { (self.place + frames) % late } else { 0 };
    }
}

/// A channel of an input, or of what comes in from outside; silence where that is not connected.
pub fn read(pass: &Pass, port: Option<usize>, channel: usize, out: &mut [f32; TILE]) {
    let out = &mut out[..pass.frames];
    match port {
        Some(port) => {
            let (values, flat) = pass.raw(port, channel);
            let width = pass.width();
            for (n, out) in out.iter_mut().enumerate() {
                *out = values[if flat { 0 } else { n * width }];
            }
        }
        None => {
            let values = pass.sidechain[channel];
            let there = values.len().min(out.len());
            out[..there].copy_from_slice(&values[..there]);
            out[there..].fill(0.0);
        }
    }
}

//! A signal as it was a fixed number of frames ago: what goes along with something that is late. Audio thread, after construction.

use crate::dsp::lane::{Lane, MAX_LANES};
use crate::dsp::line::Line;

use super::graph::silence_after;
use super::pass::{Lanewise, Pass, Start};

pub struct Late {
    frames: u64,
    /// Per lane, per channel.
    lines: Vec<Vec<Line>>,
    /// Per lane: the age at which the signal ended.
    ended: Vec<Option<u64>>,
}

impl Late {
    pub fn new(frames: u64, lanes: usize, channels: usize) -> Late {
        let lines = |_| (0..channels).map(|_| Line::new(frames as usize + 1)).collect();
        Late { frames, lines: (0..lanes).map(lines).collect(), ended: vec![None; lanes] }
    }

    /// How many bytes it keeps for a lane.
    pub fn bytes(frames: u64, channels: usize) -> usize {
        channels * Line::bytes(frames as usize + 1)
    }
}

impl Lanewise for Late {
    #[inline(always)]
    fn pass<L: Lane>(&mut self, pass: &mut Pass) {
        let (frames, width) = (pass.frames, L::N);
        let mut ends = [frames as u8; MAX_LANES];
        let signal_ends = pass.ends(0);
        for k in 0..width {
            let lane = pass.lane + k;
            let age = pass.ages[lane];
            for (channel, line) in self.lines[lane].iter_mut().enumerate() {
                let (values, flat) = pass.raw(0, channel);
                let (values, stride) = (&values[k..], if flat { 0 } else { width });
                let out = pass.outputs[channel].floats_mut();
                for n in 0..frames {
                    let now = (age + n as u64) as i64;
                    line.write(now, values[n * stride]);
                    out[n * width + k] = line.read(now - self.frames as i64);
                }
            }
            let ended = &mut self.ended[lane];
            if ended.is_none() && (signal_ends[k] as usize) < frames {
                *ended = Some(age + u64::from(signal_ends[k]));
            }
            if let Some(at) = ended {
                ends[k] = (*at + self.frames).saturating_sub(age).min(frames as u64) as u8;
            }
        }
        for tile in pass.outputs.iter_mut() {
            tile.flat = false;
            silence_after(tile, &ends, width, frames);
        }
        pass.outputs[0].ends = ends;
    }

    fn start(&mut self, lane: usize, _: Start) {
        self.ended[lane] = None;
    }

    fn tail(&self) -> u64 {
        self.frames
    }
}

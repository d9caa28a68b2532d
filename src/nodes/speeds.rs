//! How fast something rises and falls: times of the text (time constants, in seconds) as the part of the way gone in each frame. Shared
//! by the nodes that follow levels. Audio thread, after construction.

use crate::dsp::lane::Lane;
use crate::kernel::{Build, Pass};
use crate::spec::{Default, ParamKind, ParamSpec};
use crate::units::Unit;

use super::need;

/// Table entry of such a time: read at control points, and when a lane starts.
pub const fn time(name: &'static str, default: f64, help: &'static str) -> ParamSpec {
    let default = Default::Number(default);
    ParamSpec { name, kind: ParamKind::Formula, unit: Unit::Seconds, default, range: None, help }
}

/// One time of each lane.
pub struct Speed {
    port: usize,
    /// What it was last, and the part of the way that it makes.
    times: Vec<f32>,
    parts: Vec<f32>,
    rate: f64,
}

impl Speed {
    /// That of parameter `name`.
    ///
    /// # Errors
    /// Where the node has no such input.
    pub fn new(b: &Build, name: &str) -> Result<Speed, String> {
        let lanes = |x| vec![x; b.lanes];
        Ok(Speed { port: need(b, name)?, times: lanes(f32::NAN), parts: lanes(1.0), rate: b.rate })
    }

    /// Reads the time at a frame: of every lane, or only of those that start there. 1 - e^(-1 / (time · rate)) is exact for long
    /// ones, too; no time at all goes the whole way at once.
    #[inline(always)]
    pub fn read<L: Lane>(&mut self, pass: &Pass, frame: usize, every: bool) {
        let times = pass.input::<L>(self.port).at(frame).to_array();
        for k in 0..L::N {
            let lane = pass.lane + k;
            if (every || pass.ages[lane] == 0) && self.times[lane] != times[k] {
                self.times[lane] = times[k];
                let frames = times[k] as f64 * self.rate;
                self.parts[lane] = if frames > 0.0 { -(-1.0 / frames).exp_m1() as f32 } else { 1.0 };
            }
        }
    }

    /// The part of the way for the lanes of a pass.
    #[inline(always)]
    pub fn parts<L: Lane>(&self, lane: usize) -> L {
        L::load(&self.parts[lane..lane + L::N])
    }
}

//! How high strips go between their samples, while somebody looks. Audio thread, after construction; nothing that is rendered depends on it.

use super::meters::METERED;
use super::outputs::{Seen, Sides};
use crate::dsp::true_peak::TruePeak;
use crate::kernel::{Isa, Loops, TILE, vectorised};

/// What has been heard of each strip that is metered.
pub struct Overs {
    strips: Box<[[TruePeak; 2]]>,
    isa: Isa,
    looks: bool,
}

struct Hear<'a> {
    meter: &'a mut TruePeak,
    values: &'a [f32],
    peak: f32,
    found: &'a mut f32,
}

impl Loops for Hear<'_> {
    #[inline(always)]
    fn run(self) {
        *self.found = self.found.max(self.meter.hear(self.values, self.peak));
    }
}

impl Overs {
    pub fn new() -> Self {
        Self { strips: vec![Default::default(); METERED].into(), isa: Isa::detect(), looks: false }
    }

    /// A piece begins, and somebody looks or not.
    pub fn begin(&mut self, looks: bool) {
        if looks && !self.looks {
            self.forget();
        }
        self.looks = looks;
    }

    /// The strips are others now.
    pub fn forget(&mut self) {
        self.strips.iter_mut().flatten().for_each(TruePeak::forget);
    }

    /// Listens to a strip, where somebody looks. The answer is its true peak, 0 where that is below full scale for certain.
    pub fn hear(&mut self, strip: usize, frames: usize, seen: [Seen; 2], sides: Sides) -> f32 {
        let mut found = 0.0;
        let Some(meters) = self.strips.get_mut(strip).filter(|_| self.looks) else { return found };
        for ((meter, Seen { peak, .. }), (values, flat)) in meters.iter_mut().zip(seen).zip(sides) {
            let same = [if flat { values[0] } else { 0.0 }; TILE];
            let values = if flat { &same[..frames] } else { &values[..frames] };
            vectorised(self.isa, Hear { meter, values, peak, found: &mut found });
        }
        found
    }
}

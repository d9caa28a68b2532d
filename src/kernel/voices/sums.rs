//! How voices are added up: 32 partial sums per frame, one for each place, then pairwise to one. Plain loops, compiled for the
//! instruction set; the order of additions is fixed. Audio thread; never allocates.

use crate::dsp::lane::MAX_LANES;
use crate::kernel::isa::Loops;

/// Adds the values of `lanes` voices to the partial sums from `place` on.
pub struct Accumulate<'a> {
    /// Frame by frame.
    pub sum: &'a mut [f32],
    pub values: &'a [f32],
    /// From a frame's values to the next one's; 0 for values that hold.
    pub step: usize,
    pub lanes: usize,
    pub place: usize,
    /// All bits of the lanes that count, where not all do.
    pub mask: Option<&'a [u32; MAX_LANES]>,
    /// Nothing has been added yet; a pass of all lanes then writes instead of adding.
    pub first: bool,
}

impl Loops for Accumulate<'_> {
    #[inline(always)]
    fn run(self) {
        match (self.lanes, self.first) {
            (MAX_LANES, true) => self.masked::<MAX_LANES, true>(),
            (MAX_LANES, false) => self.masked::<MAX_LANES, false>(),
            (8, _) => self.masked::<8, false>(),
            _ => self.masked::<1, false>(),
        }
    }
}

impl Accumulate<'_> {
    #[inline(always)]
    fn masked<const N: usize, const FIRST: bool>(self) {
        let mask = self.mask.unwrap_or(&[u32::MAX; MAX_LANES]);
        for (frame, sum) in self.sum.chunks_exact_mut(MAX_LANES).enumerate() {
            let values = &self.values[frame * self.step..][..N];
            for (k, sum) in sum[self.place..self.place + N].iter_mut().enumerate() {
                let x = f32::from_bits(values[k].to_bits() & mask[k]);
                *sum = if FIRST { x } else { *sum + x };
            }
        }
    }
}

/// Adds the partial sums of each frame up, to every `step`th value of `out`.
pub struct Fold<'a> {
    pub sum: &'a [f32],
    pub out: &'a mut [f32],
    pub step: usize,
    /// Only the first eight places are in use.
    pub few: bool,
}

impl Loops for Fold<'_> {
    #[inline(always)]
    fn run(self) {
        let frames = self.sum.chunks_exact(MAX_LANES).zip(self.out.iter_mut().step_by(self.step));
        if self.few {
            for (sum, out) in frames {
                *out += tree::<8>(sum);
            }
        } else {
            for (sum, out) in frames {
                *out += tree::<MAX_LANES>(sum);
            }
        }
    }
}

/// Sums `N` places pairwise: far halves first, so that the order is fixed and short.
#[inline(always)]
fn tree<const N: usize>(places: &[f32]) -> f32 {
    let mut s = [0.0; N];
    s.copy_from_slice(&places[..N]);
    let mut half = N / 2;
    while half > 0 {
        for k in 0..half {
            s[k] += s[k + half];
        }
        half /= 2;
    }
    s[0]
}

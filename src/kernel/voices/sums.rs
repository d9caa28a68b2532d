//! How voices are added up: 32 lanes pairwise to one, far halves first, so that the order is fixed and short and a lane that does not
//! count changes nothing. Plain loops compiled for the instruction set, and sixteen frames at a time where it has the shuffles; the
//! same bits. Audio thread; never allocates.

use crate::dsp::lane::MAX_LANES;
use crate::kernel::isa::{Isa, Loops, vectorised};

/// What 1, 8 or 32 voices have put out, and where it is added to.
pub struct Voices<'a> {
    /// Frame by frame.
    pub values: &'a [f32],
    /// The first frame holds for all.
    pub flat: bool,
    pub lanes: usize,
    /// All bits of the lanes that count, none of the others.
    pub mask: &'a [u32; MAX_LANES],
    /// A value per frame.
    pub out: &'a mut [f32],
}

/// Adds the sum of the voices to the output.
pub fn add_voices(isa: Isa, mut voices: Voices) {
    if isa == Isa::Avx512 && voices.lanes == MAX_LANES && !voices.flat {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the instruction set is there.
        let done = unsafe { wide::add(&mut voices) };
        #[cfg(not(target_arch = "x86_64"))]
        let done = 0;
        voices.values = &voices.values[done * MAX_LANES..];
        voices.out = &mut voices.out[done..];
    }
    vectorised(isa, voices);
}

impl Loops for Voices<'_> {
    #[inline(always)]
    fn run(self) {
        match self.lanes {
            MAX_LANES => self.add::<MAX_LANES>(),
            8 => self.add::<8>(),
            _ => self.add::<1>(),
        }
    }
}

impl Voices<'_> {
    #[inline(always)]
    fn add<const N: usize>(self) {
        if self.flat {
            let sum = self.sum::<N>(0);
            self.out.iter_mut().for_each(|out| *out += sum);
            return;
        }
        for frame in 0..self.out.len() {
            self.out[frame] += self.sum::<N>(frame);
        }
    }

    #[inline(always)]
    fn sum<const N: usize>(&self, frame: usize) -> f32 {
        let values = &self.values[frame * N..][..N];
        let mut counting = [0.0; N];
        for k in 0..N {
            counting[k] = f32::from_bits(values[k].to_bits() & self.mask[k]);
        }
        tree::<N>(&counting)
    }
}

/// Sixteen frames at a time: every halving of the tree takes two vectors to one, so that a frame costs four instructions instead
/// of a dozen.
#[cfg(target_arch = "x86_64")]
mod wide {
    use std::arch::x86_64::*;

    use super::{MAX_LANES, Voices};

    /// How many frames have been added.
    #[target_feature(enable = "avx512f,avx512dq")]
    pub fn add(voices: &mut Voices) -> usize {
        // SAFETY: 32 masks of 32 bits each.
        let mask: [__m512i; 2] = unsafe { std::mem::transmute_copy(voices.mask) };
        let blocks = voices.values.chunks_exact(16 * MAX_LANES).zip(voices.out.chunks_exact_mut(16));
        let mut done = 0;
        for (values, out) in blocks {
            let mut rows = [_mm512_setzero_ps(); 16];
            for (row, frame) in rows.iter_mut().zip(values.chunks_exact(MAX_LANES)) {
                // SAFETY: a frame has 32 values.
                let (low, high) =
                    unsafe { (_mm512_loadu_ps(frame.as_ptr()), _mm512_loadu_ps(frame[16..].as_ptr())) };
                let counting = |x, mask| _mm512_castsi512_ps(_mm512_and_si512(_mm512_castps_si512(x), mask));
                *row = _mm512_add_ps(counting(low, mask[0]), counting(high, mask[1]));
            }
            let sums = tree(rows);
            // SAFETY: sixteen values in and out.
            unsafe { _mm512_storeu_ps(out.as_mut_ptr(), _mm512_add_ps(_mm512_loadu_ps(out.as_ptr()), sums)) };
            done += 16;
        }
        done
    }

    /// Lane `n` of the result is the sum of row `n`: eight and eight lanes, four and four, two and two, one and one.
    #[target_feature(enable = "avx512f,avx512dq")]
    #[inline]
    fn tree(rows: [__m512; 16]) -> __m512 {
        let mut a = [_mm512_setzero_ps(); 8];
        for i in 0..8 {
            let (x, y) = (rows[i], rows[i + 8]);
            a[i] = _mm512_add_ps(_mm512_shuffle_f32x4::<0x44>(x, y), _mm512_shuffle_f32x4::<0xee>(x, y));
        }
        let mut b = [_mm512_setzero_ps(); 4];
        for i in 0..4 {
            let (x, y) = (a[i], a[i + 4]);
            b[i] = _mm512_add_ps(_mm512_shuffle_f32x4::<0x88>(x, y), _mm512_shuffle_f32x4::<0xdd>(x, y));
        }
        let mut c = [_mm512_setzero_ps(); 2];
        for i in 0..2 {
            let (x, y) = (b[i], b[i + 2]);
            c[i] = _mm512_add_ps(_mm512_shuffle_ps::<0x44>(x, y), _mm512_shuffle_ps::<0xee>(x, y));
        }
        let sums =
            _mm512_add_ps(_mm512_shuffle_ps::<0x88>(c[0], c[1]), _mm512_shuffle_ps::<0xdd>(c[0], c[1]));
        // Where the halvings have put the rows.
        let order = _mm512_setr_epi32(0, 2, 1, 3, 8, 10, 9, 11, 4, 6, 5, 7, 12, 14, 13, 15);
        _mm512_permutexvar_ps(order, sums)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_the_same_bits_in_every_instruction_set() {
        let values: Vec<f32> =
            (0..64 * MAX_LANES as u32).map(|i| (i.wrapping_mul(2_654_435_761) as f32).sqrt() - 4e4).collect();
        for (frames, silent) in [(64, 0), (50, 7), (7, 31), (16, 40)] {
            let mut mask = [u32::MAX; MAX_LANES];
            mask.iter_mut().step_by(silent.max(1)).for_each(|m| *m = if silent > 0 { 0 } else { *m });
            let run = |isa, lanes, flat| {
                let mut out = [0.5f32; 64];
                let (values, out_part) = (&values[..frames * lanes], &mut out[..frames]);
                add_voices(isa, Voices { values, flat, lanes, mask: &mask, out: out_part });
                out.map(f32::to_bits)
            };
            for (lanes, flat) in [(1, false), (8, false), (32, false), (32, true)] {
                let want = run(Isa::Baseline, lanes, flat);
                assert!(
                    [Isa::Avx2, Isa::Avx512]
                        .iter()
                        .all(|i| *i > Isa::processor() || run(*i, lanes, flat) == want)
                );
            }
        }
    }
}

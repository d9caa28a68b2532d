//! Packs on x86-64. They are computed with only inside functions that `kernel::isa` enters after checking the processor.
use std::arch::x86_64::*;
use std::ops::{Add, Div, Mul, Neg, Sub};

use super::Lane;

macro_rules! pack {
    ($name:ident, $reg:ty, $mask:ty, $n:literal, $align:literal, $doc:literal,
     add $add:ident, sub $sub:ident, mul $mul:ident, div $div:ident, set1 $set1:ident, load $load:ident, store $store:ident,
     min $min:ident, max $max:ident, sqrt $sqrt:ident,
     floor |$fx:ident| $floor:expr, and |$ax:ident, $ay:ident| $and:expr, xor |$xx:ident, $xy:ident| $xor:expr,
     lt |$la:ident, $lb:ident| $lt:expr, le |$ea:ident, $eb:ident| $le:expr, eq |$qa:ident, $qb:ident| $eq:expr,
     select |$sm:ident, $sa:ident, $sb:ident| $select:expr, any |$m:ident| $any:expr, bits |$bm:ident| $bits:expr,
     exp2 |$px:ident| $exp2:expr, split |$tx:ident| $split:expr,
     whole $whole:ty, load $load_whole:ident, store $store_whole:ident, add $add_whole:ident,
     upper |$ux:ident, $uy:ident| $upper:expr) => {
        #[doc = $doc]
        #[derive(Clone, Copy)]
        #[repr(transparent)]
        pub struct $name($reg);

        impl Add for $name {
            type Output = Self;
            #[inline(always)]
            fn add(self, o: Self) -> Self {
                // SAFETY: kernels only run on packs inside a function compiled for, and guarded by a check of, this instruction set.
                unsafe { Self($add(self.0, o.0)) }
            }
        }
        impl Sub for $name {
            type Output = Self;
            #[inline(always)]
            fn sub(self, o: Self) -> Self {
                // SAFETY: as in `add`.
                unsafe { Self($sub(self.0, o.0)) }
            }
        }
        impl Mul for $name {
            type Output = Self;
            #[inline(always)]
            fn mul(self, o: Self) -> Self {
                // SAFETY: as in `add`.
                unsafe { Self($mul(self.0, o.0)) }
            }
        }
        impl Div for $name {
            type Output = Self;
            #[inline(always)]
            fn div(self, o: Self) -> Self {
                // SAFETY: as in `add`.
                unsafe { Self($div(self.0, o.0)) }
            }
        }
        impl Neg for $name {
            type Output = Self;
            #[inline(always)]
            fn neg(self) -> Self {
                // SAFETY: as in `add`.
                unsafe {
                    let ($xx, $xy) = (self.0, $set1(-0.0));
                    Self($xor)
                }
            }
        }

        #[allow(unused_unsafe)]
        // SAFETY (of every block below): as in `add`; loads and stores check their length first.
        #[allow(clippy::undocumented_unsafe_blocks)]
        impl Lane for $name {
            const N: usize = $n;
            type Mask = $mask;
            type Phase = [$whole; 2];

            #[inline(always)]
            fn splat(x: f32) -> Self {
                unsafe { Self($set1(x)) }
            }
            #[inline(always)]
            fn load(s: &[f32]) -> Self {
                assert!(s.len() >= $n);
                unsafe { Self($load(s.as_ptr())) }
            }
            #[inline(always)]
            fn store(self, s: &mut [f32]) {
                assert!(s.len() >= $n);
                unsafe { $store(s.as_mut_ptr(), self.0) }
            }
            #[inline(always)]
            fn min(self, o: Self) -> Self {
                unsafe { Self($min(self.0, o.0)) }
            }
            #[inline(always)]
            fn max(self, o: Self) -> Self {
                unsafe { Self($max(self.0, o.0)) }
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                unsafe { Self($sqrt(self.0)) }
            }
            #[inline(always)]
            fn floor(self) -> Self {
                let $fx = self.0;
                unsafe { Self($floor) }
            }
            #[inline(always)]
            fn abs(self) -> Self {
                unsafe {
                    let ($ax, $ay) = (self.0, $set1(f32::from_bits(0x7fff_ffff)));
                    Self($and)
                }
            }
            #[inline(always)]
            fn lt(self, o: Self) -> $mask {
                let ($la, $lb) = (self.0, o.0);
                unsafe { $lt }
            }
            #[inline(always)]
            fn le(self, o: Self) -> $mask {
                let ($ea, $eb) = (self.0, o.0);
                unsafe { $le }
            }
            #[inline(always)]
            fn eq(self, o: Self) -> $mask {
                let ($qa, $qb) = (self.0, o.0);
                unsafe { $eq }
            }
            #[inline(always)]
            fn select(m: $mask, a: Self, b: Self) -> Self {
                let ($sm, $sa, $sb) = (m, a.0, b.0);
                unsafe { Self($select) }
            }
            #[inline(always)]
            fn any($m: $mask) -> bool {
                unsafe { $any }
            }
            #[inline(always)]
            fn bits($bm: $mask) -> u64 {
                unsafe { $bits }
            }
            #[inline(always)]
            fn exp2_whole(self) -> Self {
                let $px = self.0;
                unsafe { Self($exp2) }
            }
            #[inline(always)]
            fn exponent_mantissa(self) -> (Self, Self) {
                let $tx = self.0;
                let (e, m) = unsafe { $split };
                (Self(e), Self(m))
            }
            #[inline(always)]
            fn load_phase(s: &[u64]) -> Self::Phase {
                let (a, b) = s[..$n].split_at($n / 2);
                unsafe { [$load_whole(a.as_ptr().cast()), $load_whole(b.as_ptr().cast())] }
            }
            #[inline(always)]
            fn store_phase(p: Self::Phase, s: &mut [u64]) {
                let (a, b) = s[..$n].split_at_mut($n / 2);
                unsafe {
                    $store_whole(a.as_mut_ptr().cast(), p[0]);
                    $store_whole(b.as_mut_ptr().cast(), p[1]);
                }
            }
            #[inline(always)]
            fn turn(p: Self::Phase, by: Self::Phase) -> Self::Phase {
                unsafe { [$add_whole(p[0], by[0]), $add_whole(p[1], by[1])] }
            }
            #[inline(always)]
            fn upper([$ux, $uy]: Self::Phase) -> Self {
                unsafe { Self($upper) }
            }
        }
    };
}

pack!(V4, __m128, __m128, 4, 16, "Four lanes: every x86-64 has them (SSE2).",
add _mm_add_ps, sub _mm_sub_ps, mul _mm_mul_ps, div _mm_div_ps, set1 _mm_set1_ps, load _mm_loadu_ps, store _mm_storeu_ps,
min _mm_min_ps, max _mm_max_ps, sqrt _mm_sqrt_ps,
floor |x| {
    let t = _mm_cvtepi32_ps(_mm_cvttps_epi32(x));
    let t = _mm_sub_ps(t, _mm_and_ps(_mm_cmpgt_ps(t, x), _mm_set1_ps(1.0)));
    let sign = _mm_set1_ps(-0.0);
    let t = _mm_or_ps(t, _mm_and_ps(x, sign));
    let small = _mm_cmplt_ps(_mm_andnot_ps(sign, x), _mm_set1_ps(8_388_608.0));
    _mm_or_ps(_mm_and_ps(small, t), _mm_andnot_ps(small, x))
},
and |x, y| _mm_and_ps(x, y), xor |x, y| _mm_xor_ps(x, y),
lt |a, b| _mm_cmplt_ps(a, b), le |a, b| _mm_cmple_ps(a, b), eq |a, b| _mm_cmpeq_ps(a, b),
select |m, a, b| _mm_or_ps(_mm_and_ps(m, a), _mm_andnot_ps(m, b)), any |m| _mm_movemask_ps(m) != 0, bits |m| _mm_movemask_ps(m) as u64,
exp2 |x| _mm_castsi128_ps(_mm_slli_epi32::<23>(_mm_add_epi32(_mm_cvttps_epi32(x), _mm_set1_epi32(127)))),
split |x| {
    let b = _mm_castps_si128(x);
    let e = _mm_cvtepi32_ps(_mm_sub_epi32(_mm_srli_epi32::<23>(b), _mm_set1_epi32(127)));
    let m = _mm_or_si128(_mm_and_si128(b, _mm_set1_epi32(0x007f_ffff)), _mm_set1_epi32(0x3f80_0000));
    (e, _mm_castsi128_ps(m))
},
whole __m128i, load _mm_loadu_si128, store _mm_storeu_si128, add _mm_add_epi64,
upper |x, y| {
    let both = _mm_shuffle_ps::<0b11_01_11_01>(_mm_castsi128_ps(x), _mm_castsi128_ps(y));
    _mm_cvtepi32_ps(_mm_castps_si128(both))
});

pack!(V8, __m256, __m256, 8, 32, "Eight lanes (AVX2).",
add _mm256_add_ps, sub _mm256_sub_ps, mul _mm256_mul_ps, div _mm256_div_ps, set1 _mm256_set1_ps, load _mm256_loadu_ps, store _mm256_storeu_ps,
min _mm256_min_ps, max _mm256_max_ps, sqrt _mm256_sqrt_ps,
floor |x| _mm256_floor_ps(x),
and |x, y| _mm256_and_ps(x, y), xor |x, y| _mm256_xor_ps(x, y),
lt |a, b| _mm256_cmp_ps::<_CMP_LT_OQ>(a, b), le |a, b| _mm256_cmp_ps::<_CMP_LE_OQ>(a, b), eq |a, b| _mm256_cmp_ps::<_CMP_EQ_OQ>(a, b),
select |m, a, b| _mm256_blendv_ps(b, a, m), any |m| _mm256_movemask_ps(m) != 0, bits |m| u64::from(_mm256_movemask_ps(m) as u32),
exp2 |x| _mm256_castsi256_ps(_mm256_slli_epi32::<23>(_mm256_add_epi32(_mm256_cvttps_epi32(x), _mm256_set1_epi32(127)))),
split |x| {
    let b = _mm256_castps_si256(x);
    let e = _mm256_cvtepi32_ps(_mm256_sub_epi32(_mm256_srli_epi32::<23>(b), _mm256_set1_epi32(127)));
    let m = _mm256_or_si256(_mm256_and_si256(b, _mm256_set1_epi32(0x007f_ffff)), _mm256_set1_epi32(0x3f80_0000));
    (e, _mm256_castsi256_ps(m))
},
whole __m256i, load _mm256_loadu_si256, store _mm256_storeu_si256, add _mm256_add_epi64,
upper |x, y| {
    // The halves of the registers are shuffled apart, then the four pieces put in order.
    let both = _mm256_shuffle_ps::<0b11_01_11_01>(_mm256_castsi256_ps(x), _mm256_castsi256_ps(y));
    _mm256_cvtepi32_ps(_mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_castps_si256(both)))
});

pack!(V16, __m512, __mmask16, 16, 64, "Sixteen lanes (AVX-512 F and DQ).",
add _mm512_add_ps, sub _mm512_sub_ps, mul _mm512_mul_ps, div _mm512_div_ps, set1 _mm512_set1_ps, load _mm512_loadu_ps, store _mm512_storeu_ps,
min _mm512_min_ps, max _mm512_max_ps, sqrt _mm512_sqrt_ps,
floor |x| _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC }>(x),
and |x, y| _mm512_and_ps(x, y), xor |x, y| _mm512_xor_ps(x, y),
lt |a, b| _mm512_cmp_ps_mask::<_CMP_LT_OQ>(a, b), le |a, b| _mm512_cmp_ps_mask::<_CMP_LE_OQ>(a, b), eq |a, b| _mm512_cmp_ps_mask::<_CMP_EQ_OQ>(a, b),
select |m, a, b| _mm512_mask_blend_ps(m, b, a), any |m| m != 0, bits |m| u64::from(m),
exp2 |x| _mm512_castsi512_ps(_mm512_slli_epi32::<23>(_mm512_add_epi32(_mm512_cvttps_epi32(x), _mm512_set1_epi32(127)))),
split |x| {
    let b = _mm512_castps_si512(x);
    let e = _mm512_cvtepi32_ps(_mm512_sub_epi32(_mm512_srli_epi32::<23>(b), _mm512_set1_epi32(127)));
    let m = _mm512_or_si512(_mm512_and_si512(b, _mm512_set1_epi32(0x007f_ffff)), _mm512_set1_epi32(0x3f80_0000));
    (e, _mm512_castsi512_ps(m))
},
whole __m512i, load _mm512_loadu_si512, store _mm512_storeu_si512, add _mm512_add_epi64,
upper |x, y| {
    let odd = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
    _mm512_cvtepi32_ps(_mm512_permutex2var_epi32(x, odd, y))
});

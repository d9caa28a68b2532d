//! Lanes: the numbers that kernels compute with. `f32` is one lane; packs hold 8 or 32 voices of the same sub-graph side by side.
//! Every operation is an exactly rounded IEEE one (no fused multiply-add, no reciprocal estimates), so that one lane, a pack, and
//! every instruction set give the same bits. Any thread; nothing here allocates.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// The most lanes a pass renders at once.
pub const MAX_LANES: usize = 32;

/// A number in one or more lanes.
pub trait Lane:
    Copy
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// How many lanes.
    const N: usize;
    /// The result of a comparison.
    type Mask: Copy;

    fn splat(x: f32) -> Self;
    /// The first `N` values of `s`.
    fn load(s: &[f32]) -> Self;
    /// Into the first `N` values of `s`.
    fn store(self, s: &mut [f32]);
    /// `a < b ? a : b` (the second where one is not a number).
    fn min(self, o: Self) -> Self;
    /// `a > b ? a : b` (the second where one is not a number).
    fn max(self, o: Self) -> Self;
    fn floor(self) -> Self;
    fn sqrt(self) -> Self;
    fn abs(self) -> Self;
    fn lt(self, o: Self) -> Self::Mask;
    fn le(self, o: Self) -> Self::Mask;
    fn eq(self, o: Self) -> Self::Mask;
    /// `m ? a : b` per lane.
    fn select(m: Self::Mask, a: Self, b: Self) -> Self;
    fn any(m: Self::Mask) -> bool;
    /// 2 to the power of `self`, which must be a whole number in -126..=127.
    fn exp2_whole(self) -> Self;
    /// Splits a positive normal number into its exponent (a whole number) and its mantissa in 1.0..2.0.
    fn exponent_mantissa(self) -> (Self, Self);

    #[inline(always)]
    fn gt(self, o: Self) -> Self::Mask {
        o.lt(self)
    }
    #[inline(always)]
    fn ge(self, o: Self) -> Self::Mask {
        o.le(self)
    }
    /// Nearest whole number, halves upwards.
    #[inline(always)]
    fn round_half_up(self) -> Self {
        (self + Self::splat(0.5)).floor()
    }
    #[inline(always)]
    fn clamp(self, low: Self, high: Self) -> Self {
        self.max(low).min(high)
    }
    /// A value per lane.
    #[inline(always)]
    fn from_fn(mut f: impl FnMut(usize) -> f32) -> Self {
        let mut a = [0.0; MAX_LANES];
        for (k, a) in a[..Self::N].iter_mut().enumerate() {
            *a = f(k);
        }
        Self::load(&a)
    }
    /// Lanes as an array; the first `N` values count.
    #[inline(always)]
    fn to_array(self) -> [f32; MAX_LANES] {
        let mut a = [0.0; MAX_LANES];
        self.store(&mut a);
        a
    }

    /// Views memory as lanes. `s` must be a whole number of lanes and aligned for `Self`; tiles are.
    #[inline(always)]
    fn cast(s: &[f32]) -> &[Self] {
        assert!(s.as_ptr().align_offset(align_of::<Self>()) == 0);
        // SAFETY: `Self` is a plain pack of `N` floats without padding (sealed to this module), alignment was checked,
        // and the length is rounded down to whole packs.
        unsafe { std::slice::from_raw_parts(s.as_ptr().cast(), s.len() / Self::N) }
    }
    /// As [`Lane::cast`], to write.
    #[inline(always)]
    fn cast_mut(s: &mut [f32]) -> &mut [Self] {
        assert!(s.as_ptr().align_offset(align_of::<Self>()) == 0);
        // SAFETY: as in `cast`; the borrow is exclusive.
        unsafe { std::slice::from_raw_parts_mut(s.as_mut_ptr().cast(), s.len() / Self::N) }
    }
}

impl Lane for f32 {
    const N: usize = 1;
    type Mask = bool;

    #[inline(always)]
    fn splat(x: f32) -> f32 {
        x
    }
    #[inline(always)]
    fn load(s: &[f32]) -> f32 {
        s[0]
    }
    #[inline(always)]
    fn store(self, s: &mut [f32]) {
        s[0] = self;
    }
    #[inline(always)]
    fn min(self, o: f32) -> f32 {
        if self < o { self } else { o }
    }
    #[inline(always)]
    fn max(self, o: f32) -> f32 {
        if self > o { self } else { o }
    }
    #[inline(always)]
    fn floor(self) -> f32 {
        // Not `f32::floor`: that is a library call on the baseline instruction set.
        if f32::abs(self) < 8_388_608.0 {
            let t = self as i32 as f32;
            let t = if t > self { t - 1.0 } else { t };
            f32::from_bits(t.to_bits() | (self.to_bits() & 0x8000_0000))
        } else {
            self
        }
    }
    #[inline(always)]
    fn sqrt(self) -> f32 {
        f32::sqrt(self)
    }
    #[inline(always)]
    fn abs(self) -> f32 {
        f32::from_bits(self.to_bits() & 0x7fff_ffff)
    }
    #[inline(always)]
    fn lt(self, o: f32) -> bool {
        self < o
    }
    #[inline(always)]
    fn le(self, o: f32) -> bool {
        self <= o
    }
    #[inline(always)]
    fn eq(self, o: f32) -> bool {
        self == o
    }
    #[inline(always)]
    fn select(m: bool, a: f32, b: f32) -> f32 {
        if m { a } else { b }
    }
    #[inline(always)]
    fn any(m: bool) -> bool {
        m
    }
    #[inline(always)]
    fn exp2_whole(self) -> f32 {
        f32::from_bits((((self as i32) + 127) << 23) as u32)
    }
    #[inline(always)]
    fn exponent_mantissa(self) -> (f32, f32) {
        let bits = self.to_bits();
        (((bits >> 23) as i32 - 127) as f32, f32::from_bits((bits & 0x007f_ffff) | 0x3f80_0000))
    }
}

/// Two packs side by side: twice the lanes, and two results in flight where a filter would wait for its own output.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Two<V>(V, V);

macro_rules! two_op {
    ($($trait:ident $f:ident),*) => { $(
        impl<V: Lane> $trait for Two<V> {
            type Output = Self;
            #[inline(always)]
            fn $f(self, o: Self) -> Self {
                Two(self.0.$f(o.0), self.1.$f(o.1))
            }
        }
    )* };
}
two_op!(Add add, Sub sub, Mul mul, Div div);

impl<V: Lane> Neg for Two<V> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Two(-self.0, -self.1)
    }
}

impl<V: Lane> Lane for Two<V> {
    const N: usize = 2 * V::N;
    type Mask = (V::Mask, V::Mask);

    #[inline(always)]
    fn splat(x: f32) -> Self {
        Two(V::splat(x), V::splat(x))
    }
    #[inline(always)]
    fn load(s: &[f32]) -> Self {
        Two(V::load(&s[..V::N]), V::load(&s[V::N..2 * V::N]))
    }
    #[inline(always)]
    fn store(self, s: &mut [f32]) {
        self.0.store(&mut s[..V::N]);
        self.1.store(&mut s[V::N..2 * V::N]);
    }
    #[inline(always)]
    fn min(self, o: Self) -> Self {
        Two(self.0.min(o.0), self.1.min(o.1))
    }
    #[inline(always)]
    fn max(self, o: Self) -> Self {
        Two(self.0.max(o.0), self.1.max(o.1))
    }
    #[inline(always)]
    fn floor(self) -> Self {
        Two(self.0.floor(), self.1.floor())
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        Two(self.0.sqrt(), self.1.sqrt())
    }
    #[inline(always)]
    fn abs(self) -> Self {
        Two(self.0.abs(), self.1.abs())
    }
    #[inline(always)]
    fn lt(self, o: Self) -> Self::Mask {
        (self.0.lt(o.0), self.1.lt(o.1))
    }
    #[inline(always)]
    fn le(self, o: Self) -> Self::Mask {
        (self.0.le(o.0), self.1.le(o.1))
    }
    #[inline(always)]
    fn eq(self, o: Self) -> Self::Mask {
        (self.0.eq(o.0), self.1.eq(o.1))
    }
    #[inline(always)]
    fn select(m: Self::Mask, a: Self, b: Self) -> Self {
        Two(V::select(m.0, a.0, b.0), V::select(m.1, a.1, b.1))
    }
    #[inline(always)]
    fn any(m: Self::Mask) -> bool {
        V::any(m.0) || V::any(m.1)
    }
    #[inline(always)]
    fn exp2_whole(self) -> Self {
        Two(self.0.exp2_whole(), self.1.exp2_whole())
    }
    #[inline(always)]
    fn exponent_mantissa(self) -> (Self, Self) {
        let (a, b) = (self.0.exponent_mantissa(), self.1.exponent_mantissa());
        (Two(a.0, b.0), Two(a.1, b.1))
    }
}

#[cfg(target_arch = "x86_64")]
pub mod x86 {
    //! Packs on x86-64. The constructors are safe only inside functions that were entered through [`super::super::isa`]'s check.
    use std::arch::x86_64::*;
    use std::ops::{Add, Div, Mul, Neg, Sub};

    use super::Lane;

    macro_rules! pack {
        ($name:ident, $reg:ty, $mask:ty, $n:literal, $align:literal, $doc:literal,
         add $add:ident, sub $sub:ident, mul $mul:ident, div $div:ident, set1 $set1:ident, load $load:ident, store $store:ident,
         min $min:ident, max $max:ident, sqrt $sqrt:ident,
         floor |$fx:ident| $floor:expr, and |$ax:ident, $ay:ident| $and:expr, xor |$xx:ident, $xy:ident| $xor:expr,
         lt |$la:ident, $lb:ident| $lt:expr, le |$ea:ident, $eb:ident| $le:expr, eq |$qa:ident, $qb:ident| $eq:expr,
         select |$sm:ident, $sa:ident, $sb:ident| $select:expr, any |$m:ident| $any:expr,
         exp2 |$px:ident| $exp2:expr, split |$tx:ident| $split:expr) => {
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
    select |m, a, b| _mm_or_ps(_mm_and_ps(m, a), _mm_andnot_ps(m, b)), any |m| _mm_movemask_ps(m) != 0,
    exp2 |x| _mm_castsi128_ps(_mm_slli_epi32::<23>(_mm_add_epi32(_mm_cvttps_epi32(x), _mm_set1_epi32(127)))),
    split |x| {
        let b = _mm_castps_si128(x);
        let e = _mm_cvtepi32_ps(_mm_sub_epi32(_mm_srli_epi32::<23>(b), _mm_set1_epi32(127)));
        let m = _mm_or_si128(_mm_and_si128(b, _mm_set1_epi32(0x007f_ffff)), _mm_set1_epi32(0x3f80_0000));
        (e, _mm_castsi128_ps(m))
    });

    pack!(V8, __m256, __m256, 8, 32, "Eight lanes (AVX2).",
    add _mm256_add_ps, sub _mm256_sub_ps, mul _mm256_mul_ps, div _mm256_div_ps, set1 _mm256_set1_ps, load _mm256_loadu_ps, store _mm256_storeu_ps,
    min _mm256_min_ps, max _mm256_max_ps, sqrt _mm256_sqrt_ps,
    floor |x| _mm256_floor_ps(x),
    and |x, y| _mm256_and_ps(x, y), xor |x, y| _mm256_xor_ps(x, y),
    lt |a, b| _mm256_cmp_ps::<_CMP_LT_OQ>(a, b), le |a, b| _mm256_cmp_ps::<_CMP_LE_OQ>(a, b), eq |a, b| _mm256_cmp_ps::<_CMP_EQ_OQ>(a, b),
    select |m, a, b| _mm256_blendv_ps(b, a, m), any |m| _mm256_movemask_ps(m) != 0,
    exp2 |x| _mm256_castsi256_ps(_mm256_slli_epi32::<23>(_mm256_add_epi32(_mm256_cvttps_epi32(x), _mm256_set1_epi32(127)))),
    split |x| {
        let b = _mm256_castps_si256(x);
        let e = _mm256_cvtepi32_ps(_mm256_sub_epi32(_mm256_srli_epi32::<23>(b), _mm256_set1_epi32(127)));
        let m = _mm256_or_si256(_mm256_and_si256(b, _mm256_set1_epi32(0x007f_ffff)), _mm256_set1_epi32(0x3f80_0000));
        (e, _mm256_castsi256_ps(m))
    });

    pack!(V16, __m512, __mmask16, 16, 64, "Sixteen lanes (AVX-512 F and DQ).",
    add _mm512_add_ps, sub _mm512_sub_ps, mul _mm512_mul_ps, div _mm512_div_ps, set1 _mm512_set1_ps, load _mm512_loadu_ps, store _mm512_storeu_ps,
    min _mm512_min_ps, max _mm512_max_ps, sqrt _mm512_sqrt_ps,
    floor |x| _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC }>(x),
    and |x, y| _mm512_and_ps(x, y), xor |x, y| _mm512_xor_ps(x, y),
    lt |a, b| _mm512_cmp_ps_mask::<_CMP_LT_OQ>(a, b), le |a, b| _mm512_cmp_ps_mask::<_CMP_LE_OQ>(a, b), eq |a, b| _mm512_cmp_ps_mask::<_CMP_EQ_OQ>(a, b),
    select |m, a, b| _mm512_mask_blend_ps(m, b, a), any |m| m != 0,
    exp2 |x| _mm512_castsi512_ps(_mm512_slli_epi32::<23>(_mm512_add_epi32(_mm512_cvttps_epi32(x), _mm512_set1_epi32(127)))),
    split |x| {
        let b = _mm512_castps_si512(x);
        let e = _mm512_cvtepi32_ps(_mm512_sub_epi32(_mm512_srli_epi32::<23>(b), _mm512_set1_epi32(127)));
        let m = _mm512_or_si512(_mm512_and_si512(b, _mm512_set1_epi32(0x007f_ffff)), _mm512_set1_epi32(0x3f80_0000));
        (e, _mm512_castsi512_ps(m))
    });
}

/// Four lanes in plain Rust, for instruction sets without a pack of their own. The compiler turns most of it into vectors.
#[derive(Clone, Copy)]
#[repr(C, align(16))]
pub struct Plain4([f32; 4]);

macro_rules! plain_op {
    ($($trait:ident $f:ident),*) => { $(
        impl $trait for Plain4 {
            type Output = Self;
            #[inline(always)]
            fn $f(self, o: Self) -> Self {
                Plain4(std::array::from_fn(|k| self.0[k].$f(o.0[k])))
            }
        }
    )* };
}
plain_op!(Add add, Sub sub, Mul mul, Div div);

impl Neg for Plain4 {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Plain4(self.0.map(|x| -x))
    }
}

impl Lane for Plain4 {
    const N: usize = 4;
    type Mask = [bool; 4];

    #[inline(always)]
    fn splat(x: f32) -> Self {
        Plain4([x; 4])
    }
    #[inline(always)]
    fn load(s: &[f32]) -> Self {
        Plain4(std::array::from_fn(|k| s[k]))
    }
    #[inline(always)]
    fn store(self, s: &mut [f32]) {
        s[..4].copy_from_slice(&self.0);
    }
    #[inline(always)]
    fn min(self, o: Self) -> Self {
        Plain4(std::array::from_fn(|k| Lane::min(self.0[k], o.0[k])))
    }
    #[inline(always)]
    fn max(self, o: Self) -> Self {
        Plain4(std::array::from_fn(|k| Lane::max(self.0[k], o.0[k])))
    }
    #[inline(always)]
    fn floor(self) -> Self {
        Plain4(self.0.map(Lane::floor))
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        Plain4(self.0.map(Lane::sqrt))
    }
    #[inline(always)]
    fn abs(self) -> Self {
        Plain4(self.0.map(Lane::abs))
    }
    #[inline(always)]
    fn lt(self, o: Self) -> [bool; 4] {
        std::array::from_fn(|k| self.0[k] < o.0[k])
    }
    #[inline(always)]
    fn le(self, o: Self) -> [bool; 4] {
        std::array::from_fn(|k| self.0[k] <= o.0[k])
    }
    #[inline(always)]
    fn eq(self, o: Self) -> [bool; 4] {
        std::array::from_fn(|k| self.0[k] == o.0[k])
    }
    #[inline(always)]
    fn select(m: [bool; 4], a: Self, b: Self) -> Self {
        Plain4(std::array::from_fn(|k| if m[k] { a.0[k] } else { b.0[k] }))
    }
    #[inline(always)]
    fn any(m: [bool; 4]) -> bool {
        m[0] || m[1] || m[2] || m[3]
    }
    #[inline(always)]
    fn exp2_whole(self) -> Self {
        Plain4(self.0.map(Lane::exp2_whole))
    }
    #[inline(always)]
    fn exponent_mantissa(self) -> (Self, Self) {
        let parts = self.0.map(Lane::exponent_mantissa);
        (Plain4(parts.map(|p| p.0)), Plain4(parts.map(|p| p.1)))
    }
}

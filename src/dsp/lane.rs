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
    /// A phase per lane, see [`super::phase`].
    type Phase: Copy;

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
    /// A bit for each lane, the first lowest.
    fn bits(m: Self::Mask) -> u64;
    /// 2 to the power of `self`, which must be a whole number in -126..=127.
    fn exp2_whole(self) -> Self;
    /// Splits a positive normal number into its exponent (a whole number) and its mantissa in 1.0..2.0.
    fn exponent_mantissa(self) -> (Self, Self);

    /// The first `N` phases of `s`.
    fn load_phase(s: &[u64]) -> Self::Phase;
    /// Into the first `N` phases of `s`.
    fn store_phase(p: Self::Phase, s: &mut [u64]);
    /// The sum, wrapping.
    fn turn(p: Self::Phase, by: Self::Phase) -> Self::Phase;
    /// The upper halves of phases, as signed whole numbers, rounded.
    fn upper(p: Self::Phase) -> Self;

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
    type Phase = u64;

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
    fn bits(m: bool) -> u64 {
        u64::from(m)
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
    #[inline(always)]
    fn load_phase(s: &[u64]) -> u64 {
        s[0]
    }
    #[inline(always)]
    fn store_phase(p: u64, s: &mut [u64]) {
        s[0] = p;
    }
    #[inline(always)]
    fn turn(p: u64, by: u64) -> u64 {
        p.wrapping_add(by)
    }
    #[inline(always)]
    fn upper(p: u64) -> f32 {
        (p >> 32) as u32 as i32 as f32
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
    type Phase = (V::Phase, V::Phase);

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
    fn bits(m: Self::Mask) -> u64 {
        V::bits(m.0) | V::bits(m.1) << V::N
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
    #[inline(always)]
    fn load_phase(s: &[u64]) -> Self::Phase {
        (V::load_phase(&s[..V::N]), V::load_phase(&s[V::N..2 * V::N]))
    }
    #[inline(always)]
    fn store_phase(p: Self::Phase, s: &mut [u64]) {
        V::store_phase(p.0, &mut s[..V::N]);
        V::store_phase(p.1, &mut s[V::N..2 * V::N]);
    }
    #[inline(always)]
    fn turn(p: Self::Phase, by: Self::Phase) -> Self::Phase {
        (V::turn(p.0, by.0), V::turn(p.1, by.1))
    }
    #[inline(always)]
    fn upper(p: Self::Phase) -> Self {
        Two(V::upper(p.0), V::upper(p.1))
    }
}

mod plain;
#[cfg(target_arch = "x86_64")]
pub mod x86;

pub use plain::Plain4;

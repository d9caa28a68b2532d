//! Four lanes in plain Rust, for instruction sets without a pack of their own.

use std::ops::{Add, Div, Mul, Neg, Sub};

use super::Lane;

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
    type Phase = [u64; 4];

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
    fn bits(m: [bool; 4]) -> u64 {
        u64::from(m[0]) | u64::from(m[1]) << 1 | u64::from(m[2]) << 2 | u64::from(m[3]) << 3
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
    #[inline(always)]
    fn load_phase(s: &[u64]) -> [u64; 4] {
        std::array::from_fn(|k| s[k])
    }
    #[inline(always)]
    fn store_phase(p: [u64; 4], s: &mut [u64]) {
        s[..4].copy_from_slice(&p);
    }
    #[inline(always)]
    fn turn(p: [u64; 4], by: [u64; 4]) -> [u64; 4] {
        std::array::from_fn(|k| p[k].wrapping_add(by[k]))
    }
    #[inline(always)]
    fn upper(p: [u64; 4]) -> Self {
        Plain4(p.map(f32::upper))
    }
}

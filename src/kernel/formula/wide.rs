//! The 64-bit half of the machine: what grows with time is kept exact until it is a phase, a remainder or a comparison, so that
//! `sin(t * tau * 440)` is as right after an hour as at the start. Audio thread; never allocates.

use std::cell::Cell;

use super::machine::{CHUNK, Machine};
use super::program::{Binary, Operand, Unary, Wide};
use crate::kernel::lane::Lane;

/// Adding 1.5·2⁵² leaves no room for a fraction.
const MAGIC: f64 = 6_755_399_441_055_744.0;

/// Cycles less the nearest whole number (for |x| < 2⁵¹).
#[inline(always)]
pub fn reduce(x: f64) -> f32 {
    (x - ((x + MAGIC) - MAGIC)) as f32
}

/// Cycles as a phase: a whole cycle is 2⁶⁴, which wraps (for |x| < 2⁵¹).
#[inline(always)]
pub fn fixed(x: f64) -> u64 {
    ((x - ((x + MAGIC) - MAGIC)) * 18_446_744_073_709_551_616.0) as i64 as u64
}

impl<P: Lane> Machine<'_, P> {
    /// The values of wide register `to`, to write.
    #[inline(always)]
    pub(super) fn wide_full(&mut self, to: Wide) -> &mut [f64] {
        let at = to as usize * CHUNK;
        &mut self.wide[at..at + self.len]
    }

    #[inline(always)]
    pub(super) fn widen(&mut self, to: Wide, a: Operand) {
        self.widen_into(to as usize * CHUNK, a);
    }

    #[inline(always)]
    pub(super) fn narrow(&mut self, to: Operand, a: Wide, f: impl Fn(f64) -> f32) {
        let (out, wide) = self.full_and_wide(to);
        for (out, x) in out.iter_mut().zip(&wide[a as usize * CHUNK..]) {
            *out = f(*x);
        }
    }

    #[inline(always)]
    pub(super) fn compare(&mut self, f: Binary, to: Operand, a: Wide, b: Wide) {
        match f {
            Binary::Less => self.compare_by(to, a, b, |a, b| a < b),
            Binary::LessEqual => self.compare_by(to, a, b, |a, b| a <= b),
            Binary::Equal => self.compare_by(to, a, b, |a, b| a == b),
            _ => self.compare_by(to, a, b, |a, b| a != b),
        }
    }

    #[inline(always)]
    fn compare_by(&mut self, to: Operand, a: Wide, b: Wide, holds: impl Fn(f64, f64) -> bool) {
        let (out, wide) = self.full_and_wide(to);
        let (a, b) = (&wide[a as usize * CHUNK..], &wide[b as usize * CHUNK..]);
        for (out, (a, b)) in out.iter_mut().zip(a.iter().zip(b)) {
            *out = if holds(*a, *b) { 1.0 } else { 0.0 };
        }
    }

    #[inline(always)]
    fn wide_map<const N: usize>(&mut self, to: Wide, from: [Wide; N], f: impl Fn([f64; N]) -> f64) {
        let len = self.len;
        let cells = Cell::from_mut(&mut *self.wide).as_slice_of_cells();
        let from = from.map(|a| &cells[a as usize * CHUNK..][..len]);
        let out = &cells[to as usize * CHUNK..][..len];
        for k in 0..len {
            out[k].set(f(std::array::from_fn(|n| from[n][k].get())));
        }
    }

    #[inline(always)]
    pub(super) fn wide_unary(&mut self, f: Unary, to: Wide, a: Wide) {
        match f {
            Unary::Negate => self.wide_map(to, [a], |[x]| -x),
            Unary::Ceil => self.wide_map(to, [a], |[x]| x.ceil()),
            Unary::Round => self.wide_map(to, [a], |[x]| x.round_ties_even()),
            Unary::Abs => self.wide_map(to, [a], |[x]| x.abs()),
            _ => self.wide_map(to, [a], |[x]| x.floor()),
        }
    }

    #[inline(always)]
    pub(super) fn wide_binary(&mut self, f: Binary, to: Wide, a: Wide, b: Wide) {
        let from = [a, b];
        match f {
            Binary::Add => self.wide_map(to, from, |[a, b]| a + b),
            Binary::Subtract => self.wide_map(to, from, |[a, b]| a - b),
            Binary::Divide => self.wide_map(to, from, |[a, b]| a / b),
            Binary::FloorDivide => self.wide_map(to, from, |[a, b]| (a / b).floor()),
            Binary::Modulo => self.wide_map(to, from, |[a, b]| modulo(a, b)),
            Binary::Min => self.wide_map(to, from, |[a, b]| if a < b { a } else { b }),
            Binary::Max => self.wide_map(to, from, |[a, b]| if a > b { a } else { b }),
            _ => self.wide_map(to, from, |[a, b]| a * b),
        }
    }
}

/// Remainder with the sign of the divisor.
#[inline(always)]
fn modulo(a: f64, b: f64) -> f64 {
    let r = a - (a / b).floor() * b;
    let r = if r * b.signum() < 0.0 { r + b } else { r };
    if r.abs() >= b.abs() { r - b } else { r }
}

//! Runs the steps of a formula on one chunk of a pass. Audio thread; never allocates, and no value makes it fail.
//!
//! A register is either full (a value per frame and lane) or flat (a value per lane, repeated to at least one pack); a mask on the
//! pack's index makes both readable by the same loop. Flat results of flat operands keep formulas of constants and slots cheap.

use std::cell::Cell;
use std::marker::PhantomData;

use super::program::{Binary, CONSTANTS, FormulaProgram, MAX_REGISTERS, Operand, Side, Step, Unary};
use super::time::{Clock, Wheel};
use super::wide::reduce;
use crate::dsp::{math, phase};
use crate::kernel::lane::{Lane, MAX_LANES};
use crate::kernel::pass::{Pass, Source};
use crate::kernel::tile::Tile;

/// Values in a register.
pub const CHUNK: usize = 512;
/// The mask of a full register: the packs of four in it, less one. A flat one has a smaller mask.
const FULL: usize = 127;

pub struct Machine<'a, P> {
    memory: &'a mut [f32],
    pub(super) wide: &'a mut [f64],
    /// What the formula puts out.
    output: &'a mut Tile,
    /// Whether the step that runs writes there instead of into its register: the last one, where it can.
    straight: bool,
    /// Per register: which packs are read.
    masks: [u8; MAX_REGISTERS],
    /// Where the constants begin in `memory`.
    constants: usize,
    width: usize,
    /// First frame of the chunk.
    first: usize,
    /// Values in the chunk.
    pub(super) len: usize,
    pack: PhantomData<P>,
}

/// Values that steps read.
struct View<'a, P> {
    packs: &'a [Cell<P>],
    mask: usize,
}

/// 1 where the mask is set, else 0.
#[inline(always)]
fn flag<P: Lane>(mask: P::Mask) -> P {
    P::select(mask, P::splat(1.0), P::splat(0.0))
}

const PHASE: u8 = 0;
const SIN: u8 = 1;
const COS: u8 = 2;

/// A wave of a phase, chosen while compiling: a closure in two loops would not be compiled for the instruction set.
#[inline(always)]
fn wave<P: Lane, const WAVE: u8>(phase: P) -> P {
    match WAVE {
        SIN => math::sin_near(phase),
        COS => math::cos_near(phase),
        _ => phase,
    }
}

/// Where value `k` lies in a register of this mask.
#[inline(always)]
fn repeated<P: Lane>(k: usize, mask: usize) -> usize {
    ((k / P::N) & mask) * P::N + k % P::N
}

impl<P: Lane> View<'_, P> {
    #[inline(always)]
    fn at(&self, k: usize) -> P {
        self.packs[k & self.mask].get()
    }
}

impl<'a, P: Lane> Machine<'a, P> {
    #[inline(always)]
    pub fn new(
        program: &FormulaProgram,
        (memory, wide, output): (&'a mut Tile, &'a mut [f64], &'a mut Tile),
        width: usize,
        first: usize,
        frames: usize,
    ) -> Self {
        Machine {
            memory: memory.floats_mut(),
            wide,
            output,
            straight: false,
            masks: [FULL as u8; MAX_REGISTERS],
            constants: program.registers * CHUNK,
            width,
            first,
            len: frames * width,
            pack: PhantomData,
        }
    }

    /// Where the chunk begins in a tile.
    #[inline(always)]
    fn start(&self) -> usize {
        self.first * self.width
    }

    /// Where an operand lies, and its mask.
    #[inline(always)]
    fn place(&self, operand: Operand) -> (usize, usize, usize) {
        if operand < CONSTANTS {
            (operand as usize * CHUNK, CHUNK, usize::from(self.masks[operand as usize]))
        } else {
            (self.constants + (operand - CONSTANTS) as usize * 16, 16, 0)
        }
    }

    /// The values of full register `to`, to write.
    #[inline(always)]
    pub(super) fn full(&mut self, to: Operand) -> &mut [f32] {
        self.masks[to as usize] = FULL as u8;
        let at = to as usize * CHUNK;
        &mut self.memory[at..at + self.len]
    }

    /// Full register `to`, and the wide registers beside it.
    #[inline(always)]
    pub(super) fn full_and_wide(&mut self, to: Operand) -> (&mut [f32], &[f64]) {
        self.masks[to as usize] = FULL as u8;
        (&mut self.memory[to as usize * CHUNK..][..self.len], self.wide)
    }

    /// An operand's values into wide memory from `at` on.
    #[inline(always)]
    pub(super) fn widen_into(&mut self, at: usize, operand: Operand) {
        let (from, _, mask) = self.place(operand);
        let out = &mut self.wide[at..at + self.len];
        if mask == FULL {
            for (out, x) in out.iter_mut().zip(&self.memory[from..]) {
                *out = f64::from(*x);
            }
        } else {
            for (k, out) in out.iter_mut().enumerate() {
                *out = f64::from(self.memory[from + repeated::<P>(k % self.width.max(P::N), mask)]);
            }
        }
    }

    /// A flat register: the values of the lanes, repeated to a pack or more.
    #[inline(always)]
    fn put_flat(&mut self, to: Operand, values: &[f32]) {
        let count = self.width.max(P::N);
        self.masks[to as usize] = (count / P::N - 1) as u8;
        let register = &mut self.memory[to as usize * CHUNK..][..count];
        for register in register.chunks_exact_mut(self.width) {
            register.copy_from_slice(&values[..self.width]);
        }
    }

    /// Computes `to` pack by pack from `N` operands.
    #[inline(always)]
    fn map<const N: usize>(&mut self, to: Operand, from: [Operand; N], f: impl Fn([P; N]) -> P) {
        let places = from.map(|operand| self.place(operand));
        let start = self.start();
        let cells = Cell::from_mut(P::cast_mut(self.memory)).as_slice_of_cells();
        let views = places.map(|(at, len, mask)| View { packs: &cells[at / P::N..(at + len) / P::N], mask });
        let mask = places.iter().fold(0, |all, place| all | place.2);
        let out = match self.straight {
            true => &Cell::from_mut(self.output.frames_mut::<P>()).as_slice_of_cells()[start / P::N..],
            false => &cells[to as usize * CHUNK / P::N..][..CHUNK / P::N],
        };
        let count = mask.min(self.len.div_ceil(P::N) - 1) + 1;
        for (k, out) in out[..count].iter().enumerate() {
            out.set(f(std::array::from_fn(|n| views[n].at(k))));
        }
        self.masks[to as usize] = mask as u8;
    }

    /// The cycles of `scale · t + offset` of all values, or a wave of them. Phases are whole numbers that wrap with the cycle, so
    /// that they are as right after hours and need only be added to.
    #[inline(always)]
    fn time_wave<const WAVE: u8>(&mut self, to: Operand, wheel: Option<&Wheel>, gain: f32, clock: &Clock) {
        let Some(wheel) = wheel else { return };
        let gain = P::splat(gain);
        let (width, first) = (self.width, self.first as u64);
        let (start, count) = (self.start(), self.len.div_ceil(P::N));
        self.masks[to as usize] = FULL as u8;
        let out = match self.straight {
            true => &mut self.output.frames_mut::<P>()[start / P::N..][..count],
            false => &mut P::cast_mut(&mut self.memory[to as usize * CHUNK..][..CHUNK])[..count],
        };
        if width == 1 {
            let begin = wheel.at(clock.ages[0].wrapping_add(first));
            let mut now = P::turn(P::load_phase(&wheel.ahead), P::load_phase(&[begin; MAX_LANES]));
            let by = P::load_phase(&[wheel.ahead[P::N]; MAX_LANES]);
            for x in out {
                *x = wave::<P, WAVE>(phase::cycles(now)) * gain;
                now = P::turn(now, by);
            }
            return;
        }
        // The phases of as many packs as there are before the first lane comes again, and the frames until then.
        let mut phases = [0; MAX_LANES];
        let repeat = width.max(P::N);
        let frames = if width < P::N { P::N / width } else { 1 };
        for frame in 0..frames {
            for (phase, age) in phases[frame * width..].iter_mut().zip(&clock.ages[..width]) {
                *phase = wheel.at(age.wrapping_add(first + frame as u64));
            }
        }
        let by = P::load_phase(&[wheel.ahead[frames]; MAX_LANES]);
        for pack in 0..(repeat / P::N).min(count) {
            let mut now = P::load_phase(&phases[pack * P::N..]);
            for x in out[pack..].iter_mut().step_by(repeat / P::N) {
                *x = wave::<P, WAVE>(phase::cycles(now)) * gain;
                now = P::turn(now, by);
            }
        }
    }

    #[inline(always)]
    pub fn run(&mut self, program: &FormulaProgram, pass: &Pass, channel: usize, clock: &Clock) {
        let mut wheels = clock.wheels.iter();
        let whole = self.start().is_multiple_of(P::N);
        let last = if whole { program.straight } else { None };
        for (number, step) in program.steps.iter().enumerate() {
            self.straight = last == Some(number);
            match *step {
                Step::Load { to, port, side } => self.load(to, pass, port as usize, side, channel),
                Step::Random { to, stream } => self.random(to, stream, clock),
                Step::Unary { f, to, a } => self.unary(f, to, a),
                Step::Binary { f, to, a, b } => self.binary(f, to, a, b),
                Step::MultiplyAdd { to, a, b, c } => self.map(to, [a, b, c], |[a, b, c]| a * b + c),
                Step::Choose { to, condition, then, otherwise } => {
                    self.map(to, [condition, then, otherwise], |[c, a, b]| {
                        P::select(c.eq(P::splat(0.0)), b, a)
                    })
                }
                Step::TimePhase { to, .. } => self.time_wave::<PHASE>(to, wheels.next(), 1.0, clock),
                Step::TimeWave { f: Unary::CosCycles, to, gain, .. } => {
                    self.time_wave::<COS>(to, wheels.next(), gain, clock);
                }
                Step::TimeWave { to, gain, .. } => self.time_wave::<SIN>(to, wheels.next(), gain, clock),
                Step::Narrow { to, a } => self.narrow(to, a, |x| x as f32),
                Step::Phase { to, a } => self.narrow(to, a, |x| reduce(x * (1.0 / std::f64::consts::TAU))),
                Step::Compare { f, to, a, b } => self.compare(f, to, a, b),
                Step::WideNumber { to, value } => self.wide_full(to).fill(value),
                Step::Time { to, scale, offset } => {
                    let (width, first, rate) = (self.width, self.first, clock.rate);
                    clock.each_age(width, first, self.wide_full(to), |age| age / rate * scale + offset);
                }
                Step::Frames { to } => {
                    let (width, first) = (self.width, self.first);
                    clock.each_age(width, first, self.wide_full(to), |age| age);
                }
                Step::Widen { to, a } => self.widen(to, a),
                Step::WideUnary { f, to, a } => self.wide_unary(f, to, a),
                Step::WideBinary { f, to, a, b } => self.wide_binary(f, to, a, b),
            }
        }
    }

    /// Puts the result out, flat where it is flat.
    #[inline(always)]
    pub fn put_out(&mut self, result: Operand) {
        let (at, _, mask) = self.place(result);
        self.output.flat = mask != FULL;
        if self.straight {
            return;
        }
        let start = self.start();
        let out = self.output.floats_mut();
        if mask == FULL {
            out[start..start + self.len].copy_from_slice(&self.memory[at..at + self.len]);
        } else {
            for (k, out) in out[..self.width].iter_mut().enumerate() {
                *out = self.memory[at + repeated::<P>(k, mask)];
            }
        }
    }

    #[inline(always)]
    fn load(&mut self, to: Operand, pass: &Pass, port: usize, side: Side, channel: usize) {
        let port = pass.inputs[port];
        let left = match side {
            Side::Own => channel == 0,
            Side::Left => true,
            Side::Right => false,
        };
        match if left { port.left } else { port.right } {
            Source::Slot(slot) => {
                let start = slot as usize * pass.lanes + pass.lane;
                self.put_flat(to, &pass.slots[start..start + self.width]);
            }
            Source::Tile(tile) => {
                let tile = &pass.tiles[tile as usize];
                if tile.flat {
                    self.put_flat(to, &tile.floats()[..self.width]);
                } else {
                    let start = self.first * self.width;
                    let len = self.len;
                    self.full(to).copy_from_slice(&tile.floats()[start..start + len]);
                }
            }
        }
    }

    fn random(&mut self, to: Operand, stream: u32, clock: &Clock) {
        let (width, first) = (self.width, self.first);
        if clock.random_holds(width) {
            let mut values = [0.0; MAX_LANES];
            clock.random(width, first, stream, &mut values[..width]);
            self.put_flat(to, &values[..width]);
        } else {
            clock.random(width, first, stream, self.full(to));
        }
    }

    #[inline(always)]
    fn unary(&mut self, f: Unary, to: Operand, a: Operand) {
        let from = [a];
        match f {
            Unary::Negate => self.map(to, from, |[x]| -x),
            Unary::Not => self.map(to, from, |[x]| flag::<P>(x.eq(P::splat(0.0)))),
            Unary::Abs => self.map(to, from, |[x]| x.abs()),
            Unary::Sign => self.map(to, from, |[x]| math::sign(x)),
            Unary::Floor => self.map(to, from, |[x]| x.floor()),
            Unary::Ceil => self.map(to, from, |[x]| -(-x).floor()),
            Unary::Round => self.map(to, from, |[x]| math::round_half_even(x)),
            Unary::Sqrt => self.map(to, from, |[x]| x.sqrt()),
            Unary::Sin => self.map(to, from, |[x]| math::sin(x)),
            Unary::Cos => self.map(to, from, |[x]| math::cos(x)),
            Unary::Tan => self.map(to, from, |[x]| math::tan(x)),
            Unary::Asin => self.map(to, from, |[x]| math::asin(x)),
            Unary::Acos => self.map(to, from, |[x]| math::acos(x)),
            Unary::Atan => self.map(to, from, |[x]| math::atan(x)),
            Unary::SinCycles => self.map(to, from, |[x]| math::sin_cycles(x)),
            Unary::CosCycles => self.map(to, from, |[x]| math::cos_cycles(x)),
            Unary::Tanh => self.map(to, from, |[x]| math::tanh(x)),
            Unary::Exp => self.map(to, from, |[x]| math::exp(x)),
            Unary::Exp2 => self.map(to, from, |[x]| math::exp2(x)),
            Unary::Log => self.map(to, from, |[x]| math::ln(x)),
            Unary::Log2 => self.map(to, from, |[x]| math::log2(x)),
            Unary::Log10 => self.map(to, from, |[x]| math::log10(x)),
        }
    }

    #[inline(always)]
    fn binary(&mut self, f: Binary, to: Operand, a: Operand, b: Operand) {
        let from = [a, b];
        let zero = P::splat(0.0);
        match f {
            Binary::Add => self.map(to, from, |[a, b]| a + b),
            Binary::Subtract => self.map(to, from, |[a, b]| a - b),
            Binary::Multiply => self.map(to, from, |[a, b]| a * b),
            Binary::Divide => self.map(to, from, |[a, b]| a / b),
            Binary::FloorDivide => self.map(to, from, |[a, b]| (a / b).floor()),
            Binary::Modulo => self.map(to, from, |[a, b]| math::modulo(a, b)),
            Binary::Min => self.map(to, from, |[a, b]| a.min(b)),
            Binary::Max => self.map(to, from, |[a, b]| a.max(b)),
            Binary::Power => self.map(to, from, |[a, b]| math::pow(a, b)),
            Binary::SignedPower => self.map(to, from, |[a, b]| math::signed_pow(a, b)),
            Binary::Less => self.map(to, from, |[a, b]| flag::<P>(a.lt(b))),
            Binary::LessEqual => self.map(to, from, |[a, b]| flag::<P>(a.le(b))),
            Binary::Equal => self.map(to, from, |[a, b]| flag::<P>(a.eq(b))),
            Binary::NotEqual => self.map(to, from, |[a, b]| P::splat(1.0) - flag::<P>(a.eq(b))),
            Binary::And => self.map(to, from, |[a, b]| P::select(a.eq(zero), a, b)),
            Binary::Or => self.map(to, from, |[a, b]| P::select(a.eq(zero), b, a)),
        }
    }
}

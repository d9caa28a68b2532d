//! Strips into outputs: sums, the gain over all of them, meters, and the guard against what is not finite. Audio thread.

use crate::compile::{Output, Role};
use crate::dsp::dynamics::{energy, peak};
use crate::dsp::ramp::Ramp;
use crate::kernel::{Isa, Loops, Piece, TILE, strip_fault, vectorised};

use super::Io;
use super::player::Player;

/// The gain of the whole instrument, without zipper noise.
pub struct Gain {
    ramp: Ramp,
    glide: u64,
}

impl Gain {
    pub fn new(rate: f64) -> Self {
        Self { ramp: Ramp::at(1.0), glide: Ramp::glide(rate) }
    }

    /// It jumps to where it is going.
    pub fn settle(&mut self) {
        self.ramp = Ramp::at(self.ramp.goal());
    }

    /// Goes to a factor, from frame `at` on.
    pub fn aim(&mut self, factor: f32, at: u64) {
        let factor = if factor.is_finite() { factor.max(0.0) } else { 0.0 };
        self.ramp.aim(factor, at, self.glide);
    }

    /// Over frames `from..to` of all outputs, the first of which is absolute frame `at`.
    pub fn apply(&self, io: &mut Io, from: usize, to: usize, at: u64) {
        let settled = self.ramp.still(at, self.glide).then(|| self.ramp.goal());
        if settled == Some(1.0) {
            return;
        }
        for side in io.main.iter_mut().chain(io.aux.iter_mut().flatten()) {
            let out = &mut side[from..to];
            match settled {
                Some(gain) => out.iter_mut().for_each(|x| *x *= gain),
                None => {
                    for (frame, x) in out.iter_mut().enumerate() {
                        *x *= self.ramp.position(at + frame as u64, self.glide);
                    }
                }
            }
        }
    }
}

/// The two sides of an output; the main one instead of one that is not there.
fn output<'i>(
    main: [&'i mut &mut [f32]; 2],
    aux: &'i mut [[&mut [f32]; 2]],
    output: Output,
) -> Option<[&'i mut [f32]; 2]> {
    match output {
        Output::Inside => None,
        Output::Aux(number) if (number as usize) < aux.len() => {
            Some(aux[number as usize].each_mut().map(|side| &mut **side))
        }
        Output::Aux(_) | Output::Main => Some(main.map(|side| &mut **side)),
    }
}

/// What is seen of one side of a strip in a piece.
#[derive(Clone, Copy, Default)]
pub struct Seen {
    /// The greatest absolute value.
    pub peak: f32,
    /// The sum of all values squared.
    pub energy: f32,
}

/// Adds a tile to an output, and sees how loud it is.
struct Add<'a> {
    values: &'a [f32],
    out: Option<&'a mut [f32]>,
    stem: Option<&'a mut [f32]>,
    seen: &'a mut Seen,
}

impl Loops for Add<'_> {
    #[inline(always)]
    fn run(self) {
        *self.seen = Seen { peak: peak(self.values), energy: energy(self.values) };
        if let Some(stem) = self.stem {
            stem.copy_from_slice(self.values);
        }
        if let Some(out) = self.out.filter(|_| self.seen.peak.is_finite()) {
            out.iter_mut().zip(self.values).for_each(|(o, x)| *o += x);
        }
    }
}

/// Strips with what they put out in a piece.
pub trait Strips {
    fn count(&self) -> usize;
    /// What a strip is, and where it is heard.
    fn what(&self, strip: usize) -> (Role, Output);
    /// Values of the left or right side, and whether the first one holds throughout.
    fn side(&self, strip: usize, side: usize) -> (&[f32], bool);
    fn isa(&self) -> Isa;
    /// Whether it is silent because of a fault.
    fn is_faulty(&self, strip: usize) -> bool;
    fn fail(&mut self, strip: usize);
}

/// Left and right of a strip, each with whether its first value holds throughout.
pub type Sides<'a> = [(&'a [f32], bool); 2];

/// Adds the first `frames` frames of strips to their outputs from frame `from` on, in order; `see` is told how loud each is, and its values.
pub fn add(
    strips: &mut impl Strips,
    io: &mut Io,
    from: usize,
    frames: usize,
    mut see: impl FnMut(usize, [Seen; 2], Sides),
) {
    let to = from + frames;
    for strip in 0..strips.count() {
        if strips.is_faulty(strip) || frames == 0 {
            continue;
        }
        let (role, place) = strips.what(strip);
        let mut seen = [Seen::default(); 2];
        let mut stem = io.stems.get_mut(strip).filter(|_| matches!(role, Role::Track | Role::Bus));
        let mut outs = output(io.main.each_mut(), io.aux, place);
        for (side, seen) in seen.iter_mut().enumerate() {
            let (values, flat) = strips.side(strip, side);
            let out = outs.as_mut().map(|outs| &mut outs[side][from..to]);
            let stem = stem.as_mut().map(|stem| &mut stem[side][from..to]);
            // Strips have been held to finite values already; the master and what fades have not.
            if flat {
                let same = [values[0]; TILE];
                Add { values: &same[..frames], out, stem, seen }.run();
            } else {
                vectorised(strips.isa(), Add { values: &values[..frames], out, stem, seen });
            }
        }
        match seen.iter().all(|seen| seen.peak.is_finite()) {
            true => see(strip, seen, [strips.side(strip, 0), strips.side(strip, 1)]),
            false => strips.fail(strip),
        }
    }
}

/// Adds a replaced player's piece under its fade. True when the fade is over.
pub fn fade_out(player: &mut Player, piece: &Piece, io: &mut Io, from: usize, length: u32) -> bool {
    let frames = player.sounding();
    for strip in 0..player.count() {
        if player.faults() & strip_fault(strip) != 0 {
            continue;
        }
        let Some(outs) = output(io.main.each_mut(), io.aux, player.what(strip).1) else { continue };
        for (channel, out) in outs.into_iter().enumerate() {
            let (values, flat) = player.side(strip, channel);
            for frame in 0..frames {
                let left = length.saturating_sub(player.faded + frame as u32 + 1) as f32 / length as f32;
                let x = values[if flat { 0 } else { frame }] * left;
                // A fault must not outlive its program in the fade.
                out[from + frame] += if x.is_finite() { x } else { 0.0 };
            }
        }
    }
    player.faded += piece.frames as u32;
    player.faded >= length || frames < piece.frames
}

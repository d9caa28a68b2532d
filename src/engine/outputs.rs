//! Strips into outputs: sums, the gain over all of them, meters, and the guard against what is not finite. Audio thread.

use crate::compile::{Output, Role};
use crate::dsp::ramp::Ramp;
use crate::kernel::Piece;
use crate::kernel::strip_fault;

use super::Io;
use super::meters::Meters;
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

/// The greatest absolute value.
pub fn peak(values: &[f32]) -> f32 {
    values.iter().fold(0.0, |peak: f32, x| peak.max(x.abs()))
}

/// The two sides of an output; the main one instead of one that is not there.
fn output<'i>(io: &'i mut Io<'_>, output: Output) -> Option<[&'i mut [f32]; 2]> {
    let sides = match output {
        Output::Inside => return None,
        Output::Aux(number) if (number as usize) < io.aux.len() => &mut io.aux[number as usize],
        Output::Aux(_) | Output::Main => &mut io.main,
    };
    Some(sides.each_mut().map(|side| &mut **side))
}

/// Adds the strips of the player's piece to their outputs, in order.
pub fn add(player: &mut Player, io: &mut Io, from: usize, meters: &Meters) {
    let frames = player.sounding();
    let to = from + frames;
    for strip in 0..player.strips() {
        if player.faults() & strip_fault(strip) != 0 || frames == 0 {
            continue;
        }
        let sides = [0, 1].map(|channel| player.strip(strip, channel));
        let finite = |(values, flat): &(&[f32], bool)| {
            values[..if *flat { 1 } else { frames }].iter().all(|x| x.is_finite())
        };
        if !sides.iter().all(finite) {
            player.fault(strip);
            continue;
        }
        let (role, place) = player.what(strip);
        if matches!(role, Role::Track | Role::Bus) {
            meters
                .see_strip(strip, sides.map(|(values, flat)| peak(&values[..if flat { 1 } else { frames }])));
            if let Some(stem) = io.stems.get_mut(strip) {
                for (stem, (values, flat)) in stem.iter_mut().zip(sides) {
                    match flat {
                        true => stem[from..to].fill(values[0]),
                        false => stem[from..to].copy_from_slice(&values[..frames]),
                    }
                }
            }
        }
        let Some(outs) = output(io, place) else { continue };
        for (out, (values, flat)) in outs.into_iter().zip(sides) {
            let out = &mut out[from..to];
            match flat {
                true => out.iter_mut().for_each(|o| *o += values[0]),
                false => out.iter_mut().zip(values).for_each(|(o, x)| *o += x),
            }
        }
    }
    meters.set_faults(player.faults());
}

/// Adds a replaced player's piece under its fade. True when the fade is over.
pub fn fade_out(player: &mut Player, piece: &Piece, io: &mut Io, from: usize, length: u32) -> bool {
    let frames = player.sounding();
    for strip in 0..player.strips() {
        if player.faults() & strip_fault(strip) != 0 {
            continue;
        }
        let Some(outs) = output(io, player.what(strip).1) else { continue };
        for (channel, out) in outs.into_iter().enumerate() {
            let (values, flat) = player.strip(strip, channel);
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

//! Strips into outputs: gains without zipper noise, mute, solo, meters, and the guard against what is not finite. Audio thread.

use crate::kernel::{Control, Piece, StripControl, TILE};

use super::Io;
use super::meters::{METERED, Meters, strip_fault};
use super::player::Player;

/// Seconds over which a changed gain moves.
const SMOOTHING: f64 = 0.01;

/// A gain that moves to its target in a straight line on absolute time, so that it does not depend on how time was cut.
#[derive(Clone, Copy)]
struct Ramp {
    from: f32,
    to: f32,
    since: u64,
}

impl Ramp {
    const UNITY: Ramp = Ramp { from: 1.0, to: 1.0, since: 0 };

    fn at(&self, frame: u64, length: u64) -> f32 {
        let passed = frame.saturating_sub(self.since);
        if passed >= length || self.from == self.to {
            return self.to;
        }
        self.from + (self.to - self.from) * (passed as f32 / length as f32)
    }

    fn aim(&mut self, to: f32, frame: u64, length: u64) {
        if to != self.to {
            *self = Ramp { from: self.at(frame, length), to, since: frame };
        }
    }

    /// The gain that holds for all frames from `frame` on, if it does not move.
    fn settled(&self, frame: u64, length: u64) -> Option<f32> {
        (self.from == self.to || frame >= self.since + length).then_some(self.to)
    }
}

#[derive(Clone, Copy)]
struct Strip {
    gain: f32,
    pan: f32,
    mute: bool,
    solo: bool,
    sides: [Ramp; 2],
}

pub struct Mixer {
    strips: [Strip; METERED],
    gain: Ramp,
    length: u64,
    /// One strip's share of a piece, left and right.
    share: [[f32; TILE]; 2],
}

impl Mixer {
    pub fn new(rate: f64) -> Self {
        let strip = Strip { gain: 1.0, pan: 0.0, mute: false, solo: false, sides: [Ramp::UNITY; 2] };
        Self {
            strips: [strip; METERED],
            gain: Ramp::UNITY,
            length: (SMOOTHING * rate).ceil().max(1.0) as u64,
            share: [[0.0; TILE]; 2],
        }
    }

    /// All gains jump to where they are going.
    pub fn settle(&mut self) {
        let ramps = self.strips.iter_mut().flat_map(|s| &mut s.sides).chain(std::iter::once(&mut self.gain));
        for ramp in ramps {
            *ramp = Ramp { from: ramp.to, to: ramp.to, since: 0 };
        }
    }

    pub fn follow(&mut self, control: Control, value: f32, at: u64) {
        let finite = if value.is_finite() { value } else { 0.0 };
        match control {
            Control::Gain => self.gain.aim(finite.max(0.0), at, self.length),
            Control::Strip(strip, control) => {
                let Some(strip) = self.strips.get_mut(strip as usize) else { return };
                match control {
                    StripControl::Gain => strip.gain = finite.max(0.0),
                    StripControl::Pan => strip.pan = finite.clamp(-1.0, 1.0),
                    StripControl::Mute => strip.mute = finite >= 0.5,
                    StripControl::Solo => strip.solo = finite >= 0.5,
                    // Sends come with buses.
                    StripControl::SendA | StripControl::SendB => return,
                }
                self.aim(at);
            }
            Control::Macro(_) | Control::Trigger(..) => {}
        }
    }

    fn aim(&mut self, at: u64) {
        let any_solo = self.strips.iter().any(|s| s.solo);
        for strip in &mut self.strips {
            let heard = !strip.mute && (!any_solo || strip.solo);
            let gain = if heard { strip.gain } else { 0.0 };
            // Balance: the far side falls, the near one stays.
            let sides = [gain * (1.0 - strip.pan).min(1.0), gain * (1.0 + strip.pan).min(1.0)];
            for (ramp, to) in strip.sides.iter_mut().zip(sides) {
                ramp.aim(to, at, self.length);
            }
        }
    }

    /// Adds the strips of the player's piece to the outputs, in order.
    pub fn mix(&mut self, player: &mut Player, piece: &Piece, io: &mut Io, from: usize, meters: &Meters) {
        let frames = player.sounding();
        let to = from + frames;
        for strip in 0..player.strips() {
            if player.faults() & strip_fault(strip) != 0 || frames == 0 {
                continue;
            }
            let mut peaks = [0.0f32; 2];
            let mut finite = true;
            for channel in 0..2 {
                let ramp = self.strips.get(player.place(strip)).map_or(Ramp::UNITY, |s| s.sides[channel]);
                let (values, flat) = player.strip(strip, channel);
                let share = &mut self.share[channel][..frames];
                match (ramp.settled(piece.at, self.length), flat) {
                    (Some(gain), true) => share.fill(values[0] * gain),
                    (Some(gain), false) => share.iter_mut().zip(values).for_each(|(s, x)| *s = x * gain),
                    (None, _) => {
                        for (frame, s) in share.iter_mut().enumerate() {
                            let gain = ramp.at(piece.at + frame as u64, self.length);
                            *s = values[if flat { 0 } else { frame }] * gain;
                        }
                    }
                }
                peaks[channel] = share.iter().fold(0.0, |p: f32, x| p.max(x.abs()));
                finite &= share.iter().all(|x| x.is_finite());
            }
            if !finite {
                player.fault(strip);
                continue;
            }
            meters.see_strip(strip, peaks);
            for channel in 0..2 {
                let share = &self.share[channel][..frames];
                io.main[channel][from..to].iter_mut().zip(share).for_each(|(o, x)| *o += x);
                if let Some(stem) = io.stems.get_mut(strip) {
                    stem[channel][from..to].copy_from_slice(share);
                }
            }
        }
        meters.set_faults(player.faults());
    }

    /// Adds a replaced player's piece under its fade. True when the fade is over.
    pub fn fade_out(
        &mut self,
        player: &mut Player,
        piece: &Piece,
        io: &mut Io,
        from: usize,
        length: u32,
    ) -> bool {
        let frames = player.sounding();
        for strip in 0..player.strips() {
            if player.faults() & strip_fault(strip) != 0 {
                continue;
            }
            for channel in 0..2 {
                let (values, flat) = player.strip(strip, channel);
                for frame in 0..frames {
                    let left = length.saturating_sub(player.faded + frame as u32 + 1) as f32 / length as f32;
                    let x = values[if flat { 0 } else { frame }] * left;
                    // A fault must not outlive its program in the fade.
                    io.main[channel][from + frame] += if x.is_finite() { x } else { 0.0 };
                }
            }
        }
        player.faded += piece.frames as u32;
        player.faded >= length || frames < piece.frames
    }

    /// Master gain and meters.
    pub fn finish(&mut self, io: &mut Io, from: usize, to: usize, at: u64, meters: &Meters) {
        let mut peaks = [0.0f32; 2];
        for (channel, out) in io.main.iter_mut().enumerate() {
            let out = &mut out[from..to];
            match self.gain.settled(at, self.length) {
                Some(1.0) => {}
                Some(gain) => out.iter_mut().for_each(|x| *x *= gain),
                None => {
                    for (frame, x) in out.iter_mut().enumerate() {
                        *x *= self.gain.at(at + frame as u64, self.length);
                    }
                }
            }
            peaks[channel] = out.iter().fold(0.0, |p: f32, x| p.max(x.abs()));
        }
        meters.see_main(peaks);
    }
}

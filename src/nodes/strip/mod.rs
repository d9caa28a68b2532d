//! Strips of the mixer: the faders of tracks and buses, and the sends between them. What the text says and what the host's controls
//! say acts together; whatever moves, moves without a step. Audio thread, after construction.
//!
//! The four gains between the sides are computed at control points, and where a control of the host changes, for the next control
//! point; in between they go in straight lines. At rest a strip is one multiplication a side.

mod line;
mod tables;

use std::sync::Arc;

use crate::dsp::dynamics::{gain, peak};
use crate::dsp::lane::Lane;
use crate::dsp::ramp::Ramp;
use crate::kernel::{
    Build, CONTROL, Kernel, Lanewise, Outbox, Pass, Source, Start, StripPart, StripPlace, StripState, TILE,
};

use super::need;
use line::{Gains, Law, Line};
pub use tables::{BUS, DEF, SEND};

/// The kernel.
struct Strip {
    place: StripPlace,
    ports: Ports,
    law: Law,
    /// 1 or -1 for each side.
    polarity: [f32; 2],
    mute: bool,
    solo: bool,
    solo_safe: bool,
    mono: bool,
    /// Frames that a move of the host's controls takes.
    glide: u64,
    /// What the host says: the level of its fader or send, whether a send before the fader is heard, and its pan.
    level: Ramp,
    gate: Ramp,
    pan: Ramp,
    line: Line,
    /// Its first frame is still to come.
    fresh: bool,
    /// It has taken over from another; the gains of that one, and since when they change over to its own.
    taken: bool,
    before: Option<(Gains, u64)>,
    outbox: Arc<Outbox>,
    /// It was given something that is not finite.
    failed: bool,
}

#[derive(Clone, Copy)]
struct Ports {
    signal: usize,
    gain: usize,
    pan: usize,
    width: usize,
}

fn make(b: &Build) -> Result<Box<dyn Kernel>, String> {
    let place = b.strip.ok_or("a strip stands only in the mixer")?;
    let port = |name| need(b, name);
    let ports =
        Ports { signal: port("signal")?, gain: port("gain")?, pan: port("pan")?, width: port("width")? };
    let mono = b.input_channels[ports.signal] == 1;
    Ok(Box::new(Strip {
        place,
        ports,
        law: match b.word("pan_law") {
            "power" => Law::Power,
            "linear" => Law::Linear,
            "balance" => Law::Balance,
            _ if mono => Law::Power,
            _ => Law::Balance,
        },
        polarity: match b.word("polarity") {
            "inverted" => [-1.0, -1.0],
            "left" => [-1.0, 1.0],
            "right" => [1.0, -1.0],
            _ => [1.0, 1.0],
        },
        mute: b.flag("mute"),
        solo: b.flag("solo"),
        solo_safe: b.flag("solo_safe"),
        mono,
        glide: Ramp::glide(b.rate),
        level: Ramp::at(0.0),
        gate: Ramp::at(0.0),
        pan: Ramp::at(0.0),
        line: Line::rest([0.0; 4], 0),
        fresh: true,
        taken: false,
        before: None,
        outbox: b.outbox.clone(),
        failed: false,
    }))
}

/// Factor of a level in decibels: nothing from -120 dB on down.
fn factor(decibels: f32) -> f32 {
    if decibels > -120.0 { gain(decibels) } else { 0.0 }
}

/// The value of a control of the text, `frame` frames into the pass.
fn text(pass: &Pass, port: usize, frame: usize) -> f32 {
    let (values, flat) = pass.raw(port, 0);
    values[if flat { 0 } else { frame * pass.width() }]
}

impl Strip {
    /// Sends the ramps to where the host's controls are now, and says whether any of them has moved.
    fn follow(&mut self, pass: &Pass) -> bool {
        let host = self.place.track.map_or(StripState::default(), |t| pass.controls.strips[t as usize]);
        let alone = pass.controls.soloed && !(self.solo_safe || self.solo || host.solo);
        let heard = if self.mute || host.mute || alone { 0.0 } else { 1.0 };
        let (level, gate, pan) = match self.place.part {
            StripPart::Fader => (host.gain * heard, 1.0, host.pan),
            StripPart::Send { bus, pre_fader } => {
                (bus.map_or(0.0, |bus| host.sends[bus as usize]), if pre_fader { heard } else { 1.0 }, 0.0)
            }
        };
        let mut moved = false;
        for (ramp, to) in [(&mut self.level, level), (&mut self.gate, gate), (&mut self.pan, pan)] {
            moved |= ramp.goal() != to;
            ramp.aim(to, pass.at, self.glide);
            if self.fresh {
                *ramp = Ramp::at(to);
            }
        }
        moved
    }

    /// The gains that hold at absolute frame `then`, by what the text says `frame` frames into the pass.
    fn gains(&self, pass: &Pass, frame: usize, then: u64) -> Gains {
        let (level, gain) =
            (self.level.position(then, self.glide), factor(text(pass, self.ports.gain, frame)));
        let gain = match self.place.part {
            StripPart::Fader => gain * level,
            StripPart::Send { .. } => (gain + level) * self.gate.position(then, self.glide),
        };
        let pan = text(pass, self.ports.pan, frame) + self.pan.position(then, self.glide);
        let [left, right] = self.law.gains(pan.clamp(-1.0, 1.0));
        let (left, right) = (left * gain * self.polarity[0], right * gain * self.polarity[1]);
        let width = if self.mono { 1.0 } else { text(pass, self.ports.width, frame).max(0.0) };
        let (own, other) = (0.5 * (1.0 + width), 0.5 * (1.0 - width));
        let gains = [left * own, left * other, right * other, right * own];
        match self.before.filter(|(_, since)| then < since + self.glide) {
            None => gains,
            Some((before, since)) => {
                let share = then.saturating_sub(since) as f32 / self.glide as f32;
                std::array::from_fn(|i| before[i] + (gains[i] - before[i]) * share)
            }
        }
    }

    /// Takes the line from a frame of the pass to the next control point, or to the end of days.
    fn aim(&mut self, pass: &Pass, frame: usize) {
        let at = pass.at + frame as u64;
        let next = (at / CONTROL as u64 + 1) * CONTROL as u64;
        if std::mem::take(&mut self.fresh) {
            self.line = Line::rest(self.gains(pass, frame, at), at);
        }
        let from = self.line.at(at);
        let to = self.gains(pass, frame, next);
        let Ports { gain, pan, width, .. } = self.ports;
        let number = |port: usize| matches!(pass.inputs[port].left, Source::Slot(_));
        let ramps = [self.level, self.gate, self.pan];
        let still = [gain, pan, width].into_iter().all(number)
            && ramps.iter().all(|ramp| ramp.still(at, self.glide))
            && self.before.is_none_or(|(_, since)| at >= since + self.glide);
        self.line = match still && from == to {
            true => Line::rest(to, u64::MAX),
            false => Line { from, to, begins: at, ends: next },
        };
    }

    /// Silences the strip for good when what it puts out is not finite.
    #[inline(always)]
    fn guard(&mut self, pass: &mut Pass) {
        let frames = pass.frames * pass.width();
        for tile in pass.outputs.iter() {
            let values = &tile.floats()[..if tile.flat { 1 } else { frames }];
            self.failed |= !peak(values).is_finite();
        }
        if self.failed {
            if self.place.part == StripPart::Fader {
                self.outbox.strip_failed(self.place.number);
            }
            pass.outputs.iter_mut().for_each(|tile| tile.set_flat(0.0f32));
        }
    }
}

impl Lanewise for Strip {
    #[inline(always)]
    fn pass<L: Lane>(&mut self, pass: &mut Pass) {
        // (A control of the host moves at the first frame of a pass.)
        if self.follow(pass) || self.fresh {
            self.line = Line::rest(self.line.at(pass.at), pass.at);
        }
        let sides = [pass.channel::<L>(self.ports.signal, 0), pass.channel::<L>(self.ports.signal, 1)];
        let flat = sides.iter().all(|side| side.is_flat());
        let mut frame = 0;
        while frame < pass.frames {
            let at = pass.at + frame as u64;
            if at >= self.line.ends {
                self.aim(pass, frame);
            }
            let line = self.line;
            let until = (pass.frames as u64).min(line.ends - pass.at) as usize;
            if flat && line.is_still() && until - frame == pass.frames {
                for channel in 0..2 {
                    let (own, other) = (sides[channel].at(0), sides[1 - channel].at(0));
                    let (gain, cross) = line.end_of(channel);
                    let x = own * L::splat(gain);
                    let x = if cross == 0.0 { x } else { x + other * L::splat(cross) };
                    pass.outputs[channel].set_flat(x);
                }
                break;
            }
            // Whole slices, which the compiler turns into vectors.
            match sides.map(|side| side.flat()) {
                [None, None] => {
                    let values = sides.map(|side| &side.frames()[frame..until]);
                    line.both(pass, at, values, frame..until);
                }
                held => {
                    let mut written = [[L::splat(0.0); TILE]; 2];
                    for (side, written) in written.iter_mut().enumerate() {
                        let written = &mut written[..until - frame];
                        match held[side] {
                            Some(x) => written.fill(x),
                            None => written.copy_from_slice(&sides[side].frames()[frame..until]),
                        }
                    }
                    let values = written.each_ref().map(|side| &side[..until - frame]);
                    line.both(pass, at, values, frame..until);
                }
            }
            frame = until;
        }
        self.guard(pass);
    }

    fn start(&mut self, _: usize, _: Start) {
        (self.fresh, self.before, self.failed) = (true, None, false);
    }

    fn take(&mut self, old: &mut Self) {
        (self.level, self.gate, self.pan) = (old.level, old.gate, old.pan);
        (self.line, self.fresh, self.taken) = (old.line, old.fresh, true);
    }

    fn succeeded(&mut self, at: u64) {
        self.failed = false;
        if std::mem::take(&mut self.taken) {
            let gains = self.line.at(at);
            (self.before, self.line) = (Some((gains, at)), Line::rest(gains, at));
        }
    }
}

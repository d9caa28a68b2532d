//! `midi_cc`: a MIDI controller as a signal. Audio thread, after construction.

use crate::kernel::steps::read;
use crate::kernel::{Build, Kernel, Pass, Start, What};
use crate::spec::*;
use crate::units::Unit;

use super::{NodeDef, Runs};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "midi_cc",
        help: "A MIDI controller as a signal: wheels, knobs, faders and pedals.",
        params: &[
            ParamSpec::number(
                "cc",
                Unit::None,
                0.0,
                (0.0, 127.0),
                "Controller number: 1 modulation wheel, 7 volume, 11 expression, 64 pedal, 74 brightness.",
            ),
            ParamSpec::number(
                "channel",
                Unit::None,
                0.0,
                (0.0, 15.0),
                "MIDI channel of the controller, 0 to 15.",
            ),
            ParamSpec {
                name: "range",
                kind: ParamKind::Pair,
                unit: Unit::None,
                default: Default::Pair(0.0, 1.0),
                range: None,
                help: "What the lowest and the highest position stand for.",
            },
            ParamSpec::number(
                "initial",
                Unit::None,
                0.5,
                (-1e9, 1e9),
                "Position of the controller before it is first moved, 0 to 1 (not a value of the range).",
            ),
            ParamSpec::ignored("device", "Does nothing: the host chooses the device."),
        ],
        extra: Extra::Refused,
        channels: Channels::AsInputs,
        ends: Ends::Never,
        example: "example: {filter: {cutoff: {midi_cc: {cc: 1, initial: 0.3, range: [200, 3000]}}, peak: 0.5, signal: {osc: {type: saw, freq: a1, amp: 0.4}}}}\n",
    },
    runs: Runs::Kernel(make),
};

/// Seconds over which a moved controller glides to its new position.
const GLIDE: f64 = 0.01;

/// A position that moves in straight lines on absolute time.
#[derive(Clone, Copy)]
struct Ramp {
    from: f32,
    to: f32,
    since: u64,
}

struct MidiCc {
    channel: u8,
    number: u8,
    initial: f32,
    range: std::ops::Range<usize>,
    glide: u64,
    /// The controller is one for all lanes.
    ramp: Ramp,
}

fn make(b: &Build) -> Result<Box<dyn Kernel>, String> {
    let initial = b.number("initial").unwrap_or(0.5) as f32;
    Ok(Box::new(MidiCc {
        channel: b.number("channel").unwrap_or(0.0) as u8,
        number: b.number("cc").unwrap_or(0.0).round().clamp(0.0, 127.0) as u8,
        initial,
        range: b.ports("range"),
        glide: (GLIDE * b.rate).ceil().max(1.0) as u64,
        ramp: Ramp { from: initial, to: initial, since: 0 },
    }))
}

impl MidiCc {
    fn position(&self, at: u64) -> f32 {
        let passed = at.saturating_sub(self.ramp.since).min(self.glide);
        if passed == self.glide {
            return self.ramp.to;
        }
        self.ramp.from + (self.ramp.to - self.ramp.from) * (passed as f32 / self.glide as f32)
    }
}

impl Kernel for MidiCc {
    fn start(&mut self, lane: usize, start: Start) {
        if lane == 0 {
            self.ramp = Ramp { from: self.initial, to: self.initial, since: start.at };
        }
    }

    fn render(&mut self, pass: &mut Pass) {
        let width = pass.width();
        // A controller that was moved before the sound began is where it was left.
        let known = pass.controls.controllers[self.channel as usize & 15][self.number as usize];
        if let (Some(known), 0) = (known, pass.ages[pass.lane]) {
            self.ramp = Ramp { from: known, to: known, since: pass.at };
        }
        let mut events = pass.events.iter().peekable();
        let still = self.ramp.from == self.ramp.to || pass.at >= self.ramp.since + self.glide;
        let mine = |what: &What| matches!(what, What::Controller { channel, number, .. } if (*channel, *number) == (self.channel, self.number));
        let flat_range = self.range.clone().all(|port| pass.raw(port, 0).1 && pass.raw(port, 1).1);
        let flat = still && flat_range && !pass.events.iter().any(|e| mine(&e.what));
        let frames = if flat { 1 } else { pass.frames };
        for frame in 0..frames {
            while let Some(event) = events.peek()
                && (event.at as usize) <= pass.block_frame + frame
            {
                if let What::Controller { channel, number, value } = event.what
                    && (channel, number) == (self.channel, self.number)
                {
                    let at = pass.at + frame as u64;
                    self.ramp = Ramp { from: self.position(at), to: value.clamp(0.0, 1.0), since: at };
                }
                events.next();
            }
            let position = self.position(pass.at + frame as u64);
            for channel in 0..pass.outputs.len() {
                for k in 0..width {
                    let end = |port: usize| match channel {
                        0 => read(pass, port, frame, k),
                        _ => pass.raw(port, 1).0[if pass.raw(port, 1).1 { k } else { frame * width + k }],
                    };
                    let (low, high) = (end(self.range.start), end(self.range.start + 1));
                    pass.outputs[channel].floats_mut()[frame * width + k] = low + (high - low) * position;
                }
            }
        }
        pass.outputs.iter_mut().for_each(|tile| tile.flat = flat);
    }
}

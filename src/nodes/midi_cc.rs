//! `midi_cc`: a MIDI controller as a signal. Audio thread, after construction.

use crate::dsp::ramp::Ramp;
use crate::kernel::steps::read;
use crate::kernel::{Build, Kernel, Pass, RESET, RESET_TO, Start, What};
use crate::spec::*;
use crate::units::Unit;

use super::{NodeDef, Runs};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "midi_cc",
        help: "A MIDI controller as a signal: wheels, knobs, faders and pedals.",
        params: &[
            ParamSpec {
                range: Some((0.0, 127.0)),
                ..ParamSpec::control(
                    "cc",
                    Unit::None,
                    0.0,
                    "Controller number: 1 modulation wheel, 7 volume, 11 expression, 64 pedal, 74 brightness.",
                )
            },
            ParamSpec::integer("channel", 0.0, (0.0, 15.0), "MIDI channel of the controller, 0 to 15."),
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

struct MidiCc {
    channel: u8,
    cc: usize,
    initial: f32,
    range: std::ops::Range<usize>,
    glide: u64,
    /// Of each lane: the controller that it follows, and where that stands.
    lanes: Vec<(u8, Ramp)>,
}

fn make(b: &Build) -> Result<Box<dyn Kernel>, String> {
    let initial = b.number("initial").unwrap_or(0.5) as f32;
    Ok(Box::new(MidiCc {
        channel: b.number("channel").unwrap_or(0.0) as u8,
        cc: super::need(b, "cc")?,
        initial,
        range: b.ports("range"),
        glide: Ramp::glide(b.rate),
        lanes: vec![(0, Ramp::at(initial)); b.lanes],
    }))
}

impl Kernel for MidiCc {
    fn start(&mut self, lane: usize, _: Start) {
        self.lanes[lane] = (0, Ramp::at(self.initial));
    }

    fn render(&mut self, pass: &mut Pass) {
        let (width, glide, channel) = (pass.width(), self.glide, self.channel);
        let cc_flat = pass.raw(self.cc, 0).1;
        self.follow(pass, 0);
        let lanes = pass.lane..pass.lane + width;
        let mut events = pass.events.iter().peekable();
        let mine = |what: &What| matches!(what, What::Controller { channel: c, .. } if *c == channel);
        let first = self.lanes[pass.lane].1.goal();
        let still = |(_, ramp): &(u8, Ramp)| ramp.still(pass.at, glide) && ramp.goal() == first;
        let flat_range = self.range.clone().all(|port| pass.raw(port, 0).1 && pass.raw(port, 1).1);
        let flat = cc_flat
            && flat_range
            && self.lanes[lanes.clone()].iter().all(still)
            && !pass.events.iter().any(|e| mine(&e.what));
        let frames = if flat { 1 } else { pass.frames };
        for frame in 0..frames {
            let at = pass.at + frame as u64;
            if !cc_flat && frame > 0 {
                self.follow(pass, frame);
            }
            while let Some(event) = events.peek()
                && (event.at as usize) <= pass.block_frame + frame
            {
                if let What::Controller { channel: c, number, value } = event.what
                    && c == channel
                {
                    for (mine, ramp) in &mut self.lanes[lanes.clone()] {
                        let reset = RESET_TO.iter().find(|(n, _)| number == RESET && n == mine);
                        let moved = (*mine == number).then_some(value).or(reset.map(|(_, value)| *value));
                        if let Some(value) = moved {
                            ramp.leave(value.clamp(0.0, 1.0), at, glide);
                        }
                    }
                }
                events.next();
            }
            for channel in 0..pass.outputs.len() {
                for k in 0..width {
                    let end = |port: usize| match channel {
                        0 => read(pass, port, frame, k),
                        _ => pass.raw(port, 1).0[if pass.raw(port, 1).1 { k } else { frame * width + k }],
                    };
                    let (low, high) = (end(self.range.start), end(self.range.start + 1));
                    let position = self.lanes[pass.lane + k].1.position(at, glide);
                    pass.outputs[channel].floats_mut()[frame * width + k] = low + (high - low) * position;
                }
            }
        }
        pass.outputs.iter_mut().for_each(|tile| tile.flat = flat);
    }
}

impl MidiCc {
    /// Looks which controller each lane follows at this frame; one that was moved before the sound began is where it was left.
    fn follow(&mut self, pass: &Pass, frame: usize) {
        let at = pass.at + frame as u64;
        for k in 0..pass.width() {
            let number = read(pass, self.cc, frame, k).round().clamp(0.0, 127.0) as u8;
            let (current, ramp) = &mut self.lanes[pass.lane + k];
            let known = pass.controls.controllers[self.channel as usize & 15][number as usize];
            if pass.ages[pass.lane + k] == 0 && frame == 0 {
                *ramp = Ramp::at(known.unwrap_or(self.initial));
            } else if *current != number {
                ramp.leave(known.unwrap_or(self.initial), at, self.glide);
            }
            *current = number;
        }
    }
}

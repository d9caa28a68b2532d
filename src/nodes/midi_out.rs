//! `midi_out`: notes or a controller for the host, each message at its frame. Audio thread, after construction.

use std::sync::Arc;

use crate::kernel::steps::read;
use crate::kernel::{Build, CONTROL, Kernel, MAX_LANES, Outbox, Pass, Start};
use crate::spec::*;
use crate::units::Unit;

use super::{NodeDef, Runs, need};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "midi_out",
        help: "Sends notes or a controller to the host, and passes its signal on.",
        params: &[
            ParamSpec::optional(
                "note",
                Unit::None,
                "Key number 0 to 127 of the notes that are sent; read when a note begins.",
            ),
            ParamSpec::control("velocity", Unit::None, 100.0, "Velocity of the notes, 1 to 127."),
            ParamSpec::optional(
                "gate",
                Unit::None,
                "A note sounds while it is 0.5 or more. Absent: one note, for the node's duration.",
            ),
            ParamSpec {
                default: Default::Absent,
                ..ParamSpec::integer(
                    "cc",
                    0.0,
                    (0.0, 127.0),
                    "Number of the controller that is sent, instead of notes.",
                )
            },
            ParamSpec::optional(
                "value",
                Unit::None,
                "Value of the controller, 0 to 127; sent when it changes.",
            ),
            ParamSpec::integer("channel", 0.0, (0.0, 15.0), "MIDI channel, 0 to 15."),
            ParamSpec::ignored("device", "Does nothing: the host chooses the device."),
            ParamSpec {
                default: Default::Absent,
                ..ParamSpec::signal("signal", "What is passed on; absent: silence.")
            },
        ],
        extra: Extra::Refused,
        channels: Channels::AsInputs,
        ends: Ends::Own,
        example: "example: {midi_out: {note: 60, gate: {osc: {type: sqr, freq: 2}}, signal: {osc: {freq: 261.63, amp: 0.2}}}}\n",
    },
    runs: Runs::Kernel(make),
};

enum Sends {
    Notes { note: usize, velocity: usize, gate: Option<usize> },
    Controller { number: u8, value: usize },
}

/// What a lane has sent.
#[derive(Clone, Copy, Default)]
struct Sent {
    /// The lane sounds; others are in a pass only to fill it up.
    live: bool,
    /// The key that is down.
    key: Option<u8>,
    open: bool,
    value: Option<u8>,
}

struct MidiOut {
    outbox: Arc<Outbox>,
    sends: Sends,
    channel: u8,
    signal: Option<usize>,
    frames: Option<u64>,
    sent: Vec<Sent>,
}

fn make(b: &Build) -> Result<Box<dyn Kernel>, String> {
    let sends = match (b.port("note"), b.number("cc"), b.port("value")) {
        (Some(note), None, None) => {
            Sends::Notes { note, velocity: need(b, "velocity")?, gate: b.port("gate") }
        }
        (None, Some(number), Some(value)) if !b.given("gate") && !b.given("velocity") => {
            Sends::Controller { number: number as u8, value }
        }
        (None, Some(_), Some(_)) => return Err("`gate` and `velocity` belong to `note`, not to `cc`".into()),
        (Some(_), _, _) => {
            return Err("`midi_out` sends notes (`note`) or a controller (`cc` and `value`), not both".into());
        }
        _ => return Err("`midi_out` needs `note`, or `cc` and `value`".into()),
    };
    Ok(Box::new(MidiOut {
        outbox: b.outbox.clone(),
        sends,
        channel: b.number("channel").unwrap_or(0.0) as u8,
        signal: b.port("signal"),
        frames: b.duration_frames(),
        sent: vec![Sent::default(); b.lanes],
    }))
}

/// A number as a MIDI value.
fn seven_bits(x: f32) -> u8 {
    if x > 0.0 { x.round().min(127.0) as u8 } else { 0 }
}

impl MidiOut {
    fn release(&mut self, lane: usize, at: u64) {
        if let Some(key) = self.sent[lane].key.take() {
            self.outbox.note_off(at, self.channel, key);
        }
    }

    /// What happens in a lane in the frames before its end.
    fn send(&mut self, pass: &Pass, k: usize, end: usize) {
        let lane = pass.lane + k;
        let age = pass.ages[lane];
        if !self.sent[lane].live {
            return;
        }
        match self.sends {
            Sends::Notes { note, velocity, gate } => {
                let still = gate.is_none_or(|port| pass.raw(port, 0).1);
                for n in 0..if still { end.min(1) } else { end } {
                    let open = gate.is_none_or(|port| read(pass, port, n, k) >= 0.5);
                    let was = std::mem::replace(&mut self.sent[lane].open, open);
                    if open == was {
                        continue;
                    }
                    let at = pass.at + n as u64;
                    self.release(lane, at);
                    let key = seven_bits(read(pass, note, n, k));
                    let velocity = seven_bits(read(pass, velocity, n, k)).max(1) as f32 / 127.0;
                    if open && self.outbox.note_on(at, self.channel, key, velocity) {
                        self.sent[lane].key = Some(key);
                    }
                }
            }
            Sends::Controller { number, value } => {
                for n in 0..end {
                    if !(pass.at + n as u64).is_multiple_of(CONTROL as u64) && age + n as u64 > 0 {
                        continue;
                    }
                    let now = seven_bits(read(pass, value, n, k));
                    if self.sent[lane].value.replace(now) != Some(now) {
                        self.outbox.controller(pass.at + n as u64, self.channel, number, now as f32 / 127.0);
                    }
                }
            }
        }
        let over = self.frames.is_some_and(|f| f <= age + pass.frames as u64);
        if over || end < pass.frames {
            self.release(lane, pass.at + end as u64);
        }
    }
}

impl Kernel for MidiOut {
    fn start(&mut self, lane: usize, start: Start) {
        self.release(lane, start.at);
        self.sent[lane] = Sent { live: true, ..Sent::default() };
    }

    fn stop(&mut self, lane: usize, at: u64) {
        self.release(lane, at);
        self.sent[lane].live = false;
    }

    fn hush(&mut self, at: u64) {
        (0..self.sent.len()).for_each(|lane| self.stop(lane, at));
    }

    fn render(&mut self, pass: &mut Pass) {
        let (width, frames) = (pass.width(), pass.frames);
        let mut ends = self.signal.map_or([frames as u8; MAX_LANES], |port| pass.ends(port));
        for k in 0..width {
            let left = self.frames.map_or(u64::MAX, |f| f.saturating_sub(pass.ages[pass.lane + k]));
            ends[k] = (ends[k] as u64).min(left) as u8;
            self.send(pass, k, ends[k] as usize);
        }
        for channel in 0..pass.outputs.len() {
            let signal = self.signal.map(|port| pass.raw(port, channel));
            let out = &mut pass.outputs[channel];
            match signal {
                Some((values, flat)) => {
                    let count = if flat { width } else { frames * width };
                    out.floats_mut()[..count].copy_from_slice(&values[..count]);
                    out.flat = flat;
                }
                None => {
                    out.floats_mut()[..width].fill(0.0);
                    out.flat = true;
                }
            }
        }
        pass.outputs[0].ends = ends;
        super::silence_ended(pass);
    }
}

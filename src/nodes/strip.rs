//! Strips of the mixer: the faders of tracks and buses, and the sends between them. What the text says and what the host's controls
//! say acts together; whatever moves, moves without a step. Audio thread, after construction.
//!
//! The four gains between the sides are computed at control points, and where a control of the host changes, for the next control
//! point; in between they go in straight lines. At rest a strip is one multiplication a side.

use std::ops::Range;
use std::sync::Arc;

use crate::dsp::lane::Lane;
use crate::dsp::math;
use crate::dsp::ramp::Ramp;
use crate::kernel::{
    Build, CONTROL, Kernel, Lanewise, Outbox, Pass, Source, Start, StripPart, StripPlace, StripState, TILE,
};
use crate::spec::*;
use crate::units::Unit;

use super::{NodeDef, Runs, need};

const GAIN: ParamSpec =
    ParamSpec::control("gain", Unit::Decibels, 0.0, "Level of the fader; the host's is added to it.");
const PAN: ParamSpec = ParamSpec::control(
    "pan",
    Unit::Pan,
    0.0,
    "Place from -1 (left) to 1 (right); the host's is added to it.",
);
const PAN_LAW: ParamSpec = ParamSpec {
    default: Default::Absent,
    ..ParamSpec::of(
        ParamKind::Choice(&[
            Choice {
                word: "power",
                aliases: &["equal power"],
                help: "Equal power: 3 dB more at the sides. For mono tracks, if not said.",
            },
            Choice { word: "linear", aliases: &[], help: "Equal sum of both sides: 6 dB more at the sides." },
            Choice {
                word: "balance",
                aliases: &[],
                help: "Only the far side becomes softer. For stereo tracks, if not said.",
            },
        ]),
        "pan_law",
        "How `pan` divides the level; in the middle every law leaves it as it is.",
    )
};
const WIDTH: ParamSpec = ParamSpec::control(
    "width",
    Unit::None,
    1.0,
    "Stereo width, a factor of the difference between the sides: 0 is mono, 1 leaves it, 2 is twice as wide.",
);
const POLARITY: ParamSpec = ParamSpec {
    default: Default::Word("normal"),
    ..ParamSpec::of(
        ParamKind::Choice(&[
            Choice { word: "normal", aliases: &[], help: "As it is." },
            Choice { word: "inverted", aliases: &["invert", "reversed"], help: "Both sides upside down." },
            Choice { word: "left", aliases: &[], help: "Only the left side upside down." },
            Choice { word: "right", aliases: &[], help: "Only the right side upside down." },
        ]),
        "polarity",
        "Turns the signal upside down.",
    )
};
const MUTE: ParamSpec = ParamSpec::flag("mute", "Silences it, and all that it sends.");
const SENDS: ParamSpec = ParamSpec::of(
    ParamKind::Map(&SEND),
    "sends",
    "Buses it is sent to: `{room: -12 dB}`, or `{room: {level: -12 dB, pre_fader: true}}`.",
);
const INSERTS: ParamSpec = ParamSpec::of(
    ParamKind::Chain,
    "inserts",
    "Effects it goes through before the fader, one behind the other. They need no `signal`; `$input` is what comes in.",
);
const OUT: ParamSpec = ParamSpec::of(
    ParamKind::Text,
    "out",
    "Where it goes: `main` (if not said), an output 1 to 16 of *Seiche Multi*, or the name of a bus.",
);

/// A track of the mixer, and the kernel of every fader and send.
pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "strip",
        help: "A track of the mixer. Where none of these keys is written, the track is the node itself.",
        params: &[
            ParamSpec::signal("signal", "What the track plays."),
            GAIN,
            PAN,
            PAN_LAW,
            WIDTH,
            POLARITY,
            MUTE,
            ParamSpec::flag(
                "solo",
                "As soon as one track is soloed, only soloed tracks and the buses are heard.",
            ),
            ParamSpec::flag("solo_safe", "It is heard even while others are soloed."),
            SENDS,
            INSERTS,
            OUT,
        ],
        extra: Extra::Refused,
        channels: Channels::Stereo,
        ends: Ends::With("signal"),
        example: "",
    },
    runs: Runs::Kernel(make),
};

/// A bus of the mixer.
pub static BUS: NodeSpec = NodeSpec {
    name: "bus",
    help: "A bus of the mixer: everything that is sent to it, through one effect. It is heard even while tracks are soloed.",
    params: &[
        ParamSpec::of(
            ParamKind::Chain,
            "signal",
            "What becomes of all that is sent to the bus: an effect, or a list of them. They need no `signal`; `$input` is what comes in.",
        ),
        GAIN,
        PAN,
        PAN_LAW,
        WIDTH,
        POLARITY,
        MUTE,
        SENDS,
        INSERTS,
        OUT,
    ],
    extra: Extra::Refused,
    channels: Channels::Stereo,
    ends: Ends::With("signal"),
    example: "",
};

/// A send of a track or bus to a bus.
pub static SEND: NodeSpec = NodeSpec {
    name: "send",
    help: "How much of a track or bus goes to a bus.",
    params: &[
        ParamSpec {
            default: Default::Number(0.0),
            ..ParamSpec::optional("level", Unit::Decibels, "Level of the send; the host's is added to it.")
        },
        ParamSpec::flag("pre_fader", "It is taken before the fader; mute and solo still count."),
    ],
    extra: Extra::Refused,
    channels: Channels::Stereo,
    ends: Ends::Never,
    example: "",
};

/// How `pan` divides the level.
#[derive(Clone, Copy)]
enum Law {
    Power,
    Linear,
    Balance,
}

impl Law {
    /// Factors of the left and of the right side; both 1 in the middle.
    fn gains(self, pan: f32) -> [f32; 2] {
        match self {
            _ if pan == 0.0 => [1.0; 2],
            Law::Power => {
                let angle = (pan + 1.0) * 0.125;
                let root = std::f32::consts::SQRT_2;
                [math::cos_cycles(angle) * root, math::sin_cycles(angle) * root]
            }
            Law::Linear => [1.0 - pan, 1.0 + pan],
            Law::Balance => [(1.0 - pan).min(1.0), (1.0 + pan).min(1.0)],
        }
    }
}

/// Gains to left from left and right, and to right from left and right.
type Gains = [f32; 4];

/// Gains that move in a straight line between two frames.
#[derive(Clone, Copy)]
struct Line {
    from: Gains,
    to: Gains,
    begins: u64,
    /// From here on another line is needed; never, where nothing moves.
    ends: u64,
}

impl Line {
    /// No movement up to a frame.
    fn rest(gains: Gains, ends: u64) -> Line {
        Line { from: gains, to: gains, begins: 0, ends }
    }

    fn is_still(&self) -> bool {
        self.from == self.to
    }

    /// All gains at a frame, also behind the line's end.
    fn at(&self, frame: u64) -> Gains {
        let share = || (frame.clamp(self.begins, self.ends) - self.begins) as f32 * self.each();
        match self.is_still() {
            true => self.to,
            false => {
                let share = share();
                std::array::from_fn(|i| self.from[i] + (self.to[i] - self.from[i]) * share)
            }
        }
    }

    /// The part of the way that a frame is.
    fn each(&self) -> f32 {
        1.0 / (self.ends - self.begins) as f32
    }

    /// The gain of a side from itself and from the other one, at the line's end.
    fn to_side(&self, channel: usize) -> (f32, f32) {
        if channel == 0 { (self.to[0], self.to[1]) } else { (self.to[3], self.to[2]) }
    }

    fn from_side(&self, channel: usize) -> (f32, f32) {
        Line { to: self.from, ..*self }.to_side(channel)
    }

    /// Both sides of these frames of a pass, the first of which is absolute frame `at`.
    #[inline(always)]
    fn both<L: Lane>(&self, pass: &mut Pass, at: u64, values: [&[L]; 2], frames: Range<usize>) {
        for channel in 0..2 {
            let out = &mut pass.output::<L>(channel)[frames.clone()];
            self.apply(channel, at, values[channel], values[1 - channel], out);
        }
    }

    /// One side of the output from absolute frame `at` on, within the line.
    #[inline(always)]
    fn apply<L: Lane>(&self, channel: usize, at: u64, own: &[L], other: &[L], out: &mut [L]) {
        let ((gain, cross), (gain_from, cross_from)) = (self.to_side(channel), self.from_side(channel));
        let crossed = cross != 0.0 || cross_from != 0.0;
        if self.is_still() {
            let (gain, cross) = (L::splat(gain), L::splat(cross));
            match crossed {
                false => {
                    for (y, x) in out.iter_mut().zip(own) {
                        *y = *x * gain;
                    }
                }
                true => {
                    for ((y, x), z) in out.iter_mut().zip(own).zip(other) {
                        *y = *x * gain + *z * cross;
                    }
                }
            }
            return;
        }
        let (each, passed) = (self.each(), (at - self.begins) as u32);
        let (way, cross_way) = (gain - gain_from, cross - cross_from);
        for (n, ((y, x), z)) in out.iter_mut().zip(own).zip(other).enumerate() {
            let share = (passed + n as u32) as f32 * each;
            *y = *x * L::splat(gain_from + way * share);
            if crossed {
                *y = *y + *z * L::splat(cross_from + cross_way * share);
            }
        }
    }
}

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
    if decibels > -120.0 { math::exp2(decibels * (std::f32::consts::LOG2_10 / 20.0)) } else { 0.0 }
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
            // The highest exponent is that of what is not finite.
            let highest = values.iter().fold(0, |high, x| high.max(x.to_bits() as i32 & i32::MAX));
            self.failed |= !f32::from_bits(highest as u32).is_finite();
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
                    let (gain, cross) = line.to_side(channel);
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

//! `buffer`: a memory that is written and read at once: delay, looper, player. Buffers of one name share one tape. Audio thread,
//! after construction.

use std::sync::Arc;

use crate::dsp::lane::Lane;
use crate::dsp::line::hermite;
use crate::dsp::time::frames_of;
use crate::kernel::carry::FADE;
use crate::kernel::tape::{FASTEST, Tape};
use crate::kernel::{Build, Kernel, Lanewise, MAX_LANES, Pass, Start, TILE};
use crate::spec::*;
use crate::units::Unit;

use super::{Lanes, NodeDef, Runs, need};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "buffer",
        help: "A memory that goes round: a delay of its signal, a looper, a player of what others have recorded.",
        params: &[
            ParamSpec::of(
                ParamKind::Text,
                "name",
                "Buffers of one name share one memory; absent: the node's id. One of them has the signal, the others read, at least 64 frames late.",
            ),
            ParamSpec {
                range: Some((0.0, 120.0)),
                ..ParamSpec::optional(
                    "length",
                    Unit::Seconds,
                    "How far back it remembers; absent: the file's length, else 10 s (4 s in voices).",
                )
            },
            ParamSpec::of(
                ParamKind::Text,
                "file",
                "What is in the memory at first: a sound file, relative to the library.",
            ),
            ParamSpec {
                default: Default::Absent,
                ..ParamSpec::signal("signal", "What is written. Without it the node only reads.")
            },
            ParamSpec::control(
                "offset",
                Unit::Seconds,
                0.0,
                "How long ago what is read was written. A reader's 0: as long ago as possible, one round. With `start` or `end`: moves the point that is read.",
            ),
            ParamSpec::optional(
                "start",
                Unit::None,
                "Where playing begins, a fraction of the tape. With `start` or `end` the node plays a region, whatever is written.",
            ),
            ParamSpec::optional(
                "end",
                Unit::None,
                "Where playing ends, a fraction of the memory; absent: 1.",
            ),
            ParamSpec::flag("loop", "Whether the region is played again and again."),
            ParamSpec::optional(
                "base_freq",
                Unit::Hertz,
                "Pitch of what is in the region; with `freq`, speed is multiplied by freq / base_freq.",
            ),
            ParamSpec::optional("freq", Unit::Hertz, "Pitch to play the region at."),
            ParamSpec::control(
                "speed",
                Unit::None,
                1.0,
                "Speed of reading and writing, a factor up to 16; only reading goes backwards.",
            ),
            ParamSpec::ignored("overlap", "Does nothing: it never had an effect."),
        ],
        extra: Extra::Refused,
        channels: Channels::AsFile,
        ends: Ends::Own,
        example: "example: {buffer: {length: 0.5, offset: 0.2, signal: {osc: {freq: 220, amp: 0.4, attack: 0.01, release: 0.05, duration: 0.3}}}}\n",
    },
    runs: Runs::Kernel(make),
};

/// What a lane is doing.
#[derive(Clone, Copy, Default)]
struct Place {
    /// The cell that a reader or player is at.
    cell: f64,
    /// The last frame written.
    last: [f32; 2],
    claim: u64,
    /// Age at which the signal ended.
    ended: Option<u64>,
    over: bool,
    /// The cell that was read last.
    read: f64,
}

/// Where a buffer goes on from, when its length or its offset has been edited: the cell that it read before, and for how many frames it
/// is still heard.
#[derive(Clone, Copy, Default)]
struct Turn {
    cell: f64,
    left: usize,
}

struct Buffer {
    tapes: Vec<Arc<Tape>>,
    signal: Option<usize>,
    offset: usize,
    /// The offset is a fixed 0.
    no_offset: bool,
    speed: usize,
    /// The speed, where it is fixed.
    fixed_speed: Option<f64>,
    region: Option<(Option<usize>, Option<usize>)>,
    pitch: Option<(usize, usize)>,
    looped: bool,
    length: Option<usize>,
    rate: f64,
    frames: Option<u64>,
    places: Vec<Place>,
    turns: Vec<Turn>,
    /// Frames of a fade.
    fade: usize,
}

fn make(b: &Build) -> Result<Box<dyn Kernel>, String> {
    if b.tapes.is_empty() {
        return Err("a buffer without a tape".into());
    }
    let region =
        (b.port("start").is_some() || b.port("end").is_some()).then(|| (b.port("start"), b.port("end")));
    Ok(Box::new(Buffer {
        tapes: b.tapes.to_vec(),
        signal: b.port("signal"),
        offset: need(b, "offset")?,
        no_offset: !b.given("offset") || b.constant("offset") == Some(0.0),
        speed: need(b, "speed")?,
        fixed_speed: if b.given("speed") { b.constant("speed") } else { Some(1.0) },
        region,
        pitch: b.port("freq").zip(b.port("base_freq")),
        looped: b.flag("loop"),
        length: b.port("length").filter(|_| b.constant("length").is_none()),
        rate: b.rate,
        frames: b.duration_frames(),
        places: vec![Place::default(); b.lanes],
        turns: vec![Turn::default(); b.lanes],
        fade: (FADE * b.rate).ceil().max(1.0) as usize,
    }))
}

/// The inputs of a lane.
struct Inputs<'a> {
    signal: Option<[Lanes<'a>; 2]>,
    offset: Lanes<'a>,
    speed: Lanes<'a>,
    length: Option<Lanes<'a>>,
    start: Option<Lanes<'a>>,
    end: Option<Lanes<'a>>,
    pitch: Option<(Lanes<'a>, Lanes<'a>)>,
}

impl Lanewise for Buffer {
    #[inline(always)]
    fn pass<L: Lane>(&mut self, pass: &mut Pass) {
        let mut ends = [pass.frames as u8; MAX_LANES];
        for tile in pass.outputs.iter_mut() {
            tile.flat = false;
        }
        for k in 0..L::N {
            let get = |port| Lanes::new(pass, port, 0, k);
            let (start, end) = self.region.unwrap_or_default();
            let inputs = Inputs {
                signal: self.signal.map(|port| [get(port), Lanes::new(pass, port, 1, k)]),
                offset: get(self.offset),
                speed: get(self.speed),
                length: self.length.map(get),
                start: start.map(get),
                end: end.map(get),
                pitch: self.pitch.map(|(f, b)| (get(f), get(b))),
            };
            ends[k] = self.lane(pass, &inputs, k, L::N);
        }
        pass.outputs[0].ends = ends;
    }

    fn start(&mut self, lane: usize, _: Start) {
        let claim = if self.signal.is_some() { self.tapes[lane].claim() } else { 0 };
        self.places[lane] = Place { claim, ..Place::default() };
        self.turns[lane] = Turn::default();
    }

    /// The tapes have been taken over already, or are the same.
    fn take(&mut self, old: &mut Self) {
        for (lane, (new, old)) in self.places.iter_mut().zip(&old.places).enumerate() {
            let tape = &self.tapes[lane];
            let writes = self.signal.is_some() && tape.is_writer(old.claim);
            *new = Place { claim: if writes { tape.claim() } else { 0 }, ..*old };
            self.turns[lane] = Turn { cell: old.read, left: self.fade };
        }
    }

    fn stop(&mut self, lane: usize, _: u64) {
        self.places[lane].claim = 0;
    }

    fn tail(&self) -> u64 {
        match self.signal {
            Some(_) => self.tapes.first().map_or(0, |m| m.length() as u64),
            None => 0,
        }
    }
}

impl Buffer {
    fn lane(&mut self, pass: &mut Pass, inputs: &Inputs, k: usize, width: usize) -> u8 {
        let lane = pass.lane + k;
        let tape = &*self.tapes[lane];
        let mut place = self.places[lane];
        let writes = tape.is_writer(place.claim);
        let age = pass.ages[lane];
        let left = self.frames.map_or(u64::MAX, |f| f.saturating_sub(age));
        let mut until = if place.over { 0 } else { left.min(pass.frames as u64) as usize };
        if age == 0 && self.region.is_none() {
            place.cell = tape.next_cell(pass.at);
        }
        for n in 0..until {
            let at = pass.at + n as u64;
            let factor =
                inputs.pitch.as_ref().map_or(1.0, |(f, b)| f.at(n) as f64 / (b.at(n) as f64).max(1e-6));
            let speed = inputs.speed.at(n) as f64;
            let speed = if speed.is_finite() { speed.clamp(-FASTEST, FASTEST) } else { 0.0 };
            if let (true, Some([left, right])) = (writes, &inputs.signal) {
                let x = [left.at(n), right.at(n)];
                tape.write(at, speed.max(0.0), x, place.last, self.round(tape, inputs, n, at));
                place.last = x;
            }
            let read = match self.region {
                Some(_) => self.play(tape, inputs, &mut place, n, age == 0 && n == 0, speed * factor),
                None => Some(self.behind(tape, inputs, &mut place, n, at, writes, speed)),
            };
            let Some(cell) = read.filter(|_| !self.finished(pass, tape, inputs, &mut place, k, n)) else {
                place.over = true;
                until = n;
                break;
            };
            place.read = cell;
            let turn = &mut self.turns[lane];
            turn.cell += speed * factor;
            let before = turn.left as f32 / (self.fade + 1) as f32;
            for (channel, out) in pass.outputs.iter_mut().enumerate() {
                let read =
                    |cell| read_at(tape, channel, cell, (!writes).then_some(at), self.region.is_some());
                let now = read(cell);
                out.floats_mut()[n * width + k] =
                    if turn.left == 0 { now } else { now + (read(turn.cell) - now) * before };
            }
            turn.left = turn.left.saturating_sub(1);
        }
        for n in until..pass.frames {
            pass.outputs.iter_mut().for_each(|out| out.floats_mut()[n * width + k] = 0.0);
        }
        self.places[lane] = place;
        until as u8
    }

    /// The cell of a frame of the region; `None` after its end.
    fn play(
        &self,
        tape: &Tape,
        inputs: &Inputs,
        place: &mut Place,
        n: usize,
        first: bool,
        step: f64,
    ) -> Option<f64> {
        let length = tape.length() as f64;
        // Fractions come with 24 bits.
        let edge = |x: f32| (x as f64 * length * (1.0 + 1.2e-7)).floor().clamp(0.0, length);
        let from = inputs.start.as_ref().map_or(0.0, |x| edge(x.at(n)));
        let to = inputs.end.as_ref().map_or(length, |x| edge(x.at(n))).max(from);
        if first {
            place.cell = if step < 0.0 { to } else { from };
        }
        let wrap = |x: f64| from + (x - from).rem_euclid((to - from).max(1.0));
        place.cell += step;
        if self.looped {
            place.cell = wrap(place.cell);
        }
        let at = place.cell + inputs.offset.at(n) as f64 * self.rate;
        match (at >= from && at < to, self.looped) {
            (true, _) => Some(at),
            (false, true) if at.is_finite() => Some(wrap(at)),
            _ => None,
        }
    }

    /// How many frames go round: those of the memory, or as many as the node itself says, or its writer.
    fn round(&self, tape: &Tape, inputs: &Inputs, n: usize, at: u64) -> f64 {
        let whole = tape.length() as f64;
        match &inputs.length {
            Some(length) => frames_of(length.at(n), self.rate, whole),
            None if self.signal.is_some() => whole,
            None => tape.round(at),
        }
    }

    /// The cell that is `offset` behind.
    #[allow(clippy::too_many_arguments)]
    fn behind(
        &self,
        tape: &Tape,
        inputs: &Inputs,
        place: &mut Place,
        n: usize,
        at: u64,
        writes: bool,
        speed: f64,
    ) -> f64 {
        let length = self.round(tape, inputs, n, at);
        let longest = (length - 1.0).max(TILE as f64);
        if writes {
            let offset = frames_of(inputs.offset.at(n), self.rate, longest);
            return (tape.head() - offset).min(tape.head().floor());
        }
        // Whoever lost the writing to a younger voice goes on reading where that one writes.
        let cell = if self.signal.is_some() { tape.next_cell(at) } else { place.cell };
        place.cell += speed;
        if self.no_offset {
            return cell - length.max(TILE as f64);
        }
        cell - frames_of(inputs.offset.at(n), self.rate, longest).max(TILE as f64)
    }

    /// Whether a writer's memory is empty again: its signal has ended, and all of it has come out.
    fn finished(
        &self,
        pass: &Pass,
        tape: &Tape,
        inputs: &Inputs,
        place: &mut Place,
        k: usize,
        n: usize,
    ) -> bool {
        let (Some(port), None) = (self.signal, self.region) else { return false };
        let age = pass.ages[pass.lane + k] + n as u64;
        if place.ended.is_none() && n >= pass.ends(port)[k] as usize {
            place.ended = Some(age);
        }
        let (Some(ended), Some(speed)) = (place.ended, self.fixed_speed.filter(|s| *s > 0.0)) else {
            return false;
        };
        let longest = tape.length() as f64;
        let last = if inputs.offset.is_flat() {
            frames_of(inputs.offset.at(0), self.rate, longest)
        } else {
            longest
        };
        (age - ended) as f64 * speed >= last
    }
}

/// The value at a place between cells; `at` for those who do not write.
#[inline(always)]
fn read_at(tape: &Tape, channel: usize, cell: f64, at: Option<u64>, smooth: bool) -> f32 {
    let whole = cell.floor();
    let (index, fraction) = (whole as i64, (cell - whole) as f32);
    let get = |i: i64| match at {
        Some(at) => tape.other(at, channel, i),
        None => tape.own(channel, i),
    };
    match (fraction == 0.0, smooth) {
        (true, _) => get(index),
        (false, true) => hermite([get(index - 1), get(index), get(index + 1), get(index + 2)], fraction),
        (false, false) => get(index) * (1.0 - fraction) + get(index + 1) * fraction,
    }
}

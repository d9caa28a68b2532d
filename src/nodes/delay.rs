//! `delay`: a delay line, digital (the read point moves) or tape (both heads change their speed). Every lane and channel has memory
//! of its own. Audio thread, after construction.

use crate::dsp::lane::Lane;
use crate::dsp::line::{Line, Relay};
use crate::dsp::time::frames_of;
use crate::kernel::carry::FADE;
use crate::kernel::{Build, Kernel, Lanewise, MAX_LANES, Pass, Start};
use crate::spec::*;
use crate::units::Unit;

use super::{Lanes, NodeDef, Runs, need};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "delay",
        help: "Plays a signal later. For echoes that repeat, feed it back with `id` and `$id`.",
        params: &[
            ParamSpec {
                kind: ParamKind::Signal(Stereo::Average),
                unit: Unit::Seconds,
                ..ParamSpec::signal(
                    "time",
                    "How much later; may move (chorus, vibrato), and fractions of a frame count.",
                )
            },
            ParamSpec {
                name: "mode",
                kind: ParamKind::Choice(&[
                    Choice {
                        word: "digital",
                        aliases: &[],
                        help: "the new place is read: a pitch change only while it moves",
                    },
                    Choice {
                        word: "tape",
                        aliases: &[],
                        help: "the tape changes its speed, and with it the pitch of what is on it",
                    },
                ]),
                unit: Unit::None,
                default: Default::Word("digital"),
                range: None,
                help: "What is heard when `time` changes.",
            },
            ParamSpec {
                name: "max_time",
                kind: ParamKind::Number,
                unit: Unit::Seconds,
                default: Default::Absent,
                range: Some((0.0, 120.0)),
                help: "The longest delay, where `time` moves; absent: 30 s, in voices 4 s. A fixed time brings its own memory.",
            },
            ParamSpec::signal("signal", "What is delayed, mono or stereo."),
        ],
        extra: Extra::Refused,
        channels: Channels::StereoWith(&[]),
        ends: Ends::Own,
        example: "example: {mix: {dry: {envelope: {id: pluck, decay: 0.2, sustain: 0, duration: 2, signal: {osc: {type: saw, freq: 330, amp: 0.3}}}}, echo: {delay: {id: echo, time: 0.3, signal: {expression: {exp: 0.6 * $pluck + 0.6 * $echo}}}}}}\n",
    },
    runs: Runs::Kernel(make),
};

/// Where the tape is: the cell that was written last, and the last frame that was written.
#[derive(Clone, Copy, Default)]
struct Tape {
    cell: f64,
    last: [f32; 2],
    /// Cells between the heads.
    distance: f64,
}

/// Where a delay goes on from, when its time has been edited.
#[derive(Clone, Copy, Default)]
struct Turn {
    /// The delay that was heard last, in frames.
    last: f64,
    /// What was heard before the edit, and for how many frames it still is.
    from: f64,
    left: usize,
}

struct Delay {
    signal: usize,
    time: usize,
    /// The delay in frames, where it never changes.
    fixed: Option<f64>,
    tape: bool,
    rate: f64,
    /// Longest delay in frames.
    longest: f64,
    channels: usize,
    /// Lane-major.
    lines: Vec<Relay>,
    tapes: Vec<Tape>,
    turns: Vec<Turn>,
    /// Frames of a fade.
    fade: usize,
    /// Age at which the signal ended, and whether the delay has.
    ended: Vec<Option<u64>>,
    over: Vec<bool>,
}

/// Fewest frames between the heads of a tape.
pub const SHORTEST_TAPE: f64 = 3.0;
/// Most cells that a tape passes per frame.
const FASTEST: f64 = 64.0;
/// Frames of memory beyond the longest delay: a pass, a fast tape's step and the interpolation's neighbours.
const SPARE: usize = 64 + FASTEST as usize + 8;

fn make(b: &Build) -> Result<Box<dyn Kernel>, String> {
    let fixed = b.constant("time").map(|t| (t * b.rate).max(0.0));
    let moving = b.number("max_time").unwrap_or(if b.lanes == 1 { 30.0 } else { 4.0 });
    let longest = fixed.unwrap_or(moving * b.rate);
    if longest > 120.0 * b.rate {
        return Err(format!("a delay of {:.0} s is longer than 120 s", longest / b.rate));
    }
    b.memory.take(b.lanes * b.channels, Line::bytes(longest as usize + SPARE))?;
    Ok(Box::new(Delay {
        signal: need(b, "signal")?,
        time: need(b, "time")?,
        fixed,
        tape: b.word("mode") == "tape",
        rate: b.rate,
        longest,
        channels: b.channels,
        lines: (0..b.lanes * b.channels).map(|_| Relay::new(longest as usize + SPARE)).collect(),
        tapes: vec![Tape::default(); b.lanes],
        turns: vec![Turn::default(); b.lanes],
        fade: (FADE * b.rate).ceil().max(1.0) as usize,
        ended: vec![None; b.lanes],
        over: vec![false; b.lanes],
    }))
}

impl Lanewise for Delay {
    #[inline(always)]
    fn pass<L: Lane>(&mut self, pass: &mut Pass) {
        let mut ends = [pass.frames as u8; MAX_LANES];
        for tile in pass.outputs.iter_mut() {
            tile.flat = false;
        }
        for k in 0..L::N {
            let time = Lanes::new(pass, self.time, 0, k);
            let (rate, longest) = (self.rate, self.longest);
            let fixed = self.fixed.or((time.is_flat()).then(|| frames_of(time.at(0), rate, longest)));
            let delay = |n: usize| fixed.unwrap_or_else(|| frames_of(time.at(n), rate, longest));
            ends[k] = self.end(pass, k, &delay);
            let lane = pass.lane + k;
            let mut next = self.tapes[lane];
            for c in 0..self.channels {
                let input = Lanes::new(pass, self.signal, c, k);
                let (age, frames) = (pass.ages[lane] as i64, pass.frames);
                let relay = &mut self.lines[lane * self.channels + c];
                let out = &mut pass.outputs[c].floats_mut()[k..];
                if self.tape {
                    let mut tape = self.tapes[lane];
                    if age == 0 {
                        tape = Tape {
                            cell: -1.0,
                            last: [0.0; 2],
                            distance: delay(0).clamp(SHORTEST_TAPE, self.longest.max(SHORTEST_TAPE)),
                        };
                    }
                    for n in 0..frames {
                        out[n * L::N] = roll(&mut tape, relay, c, input.at(n), delay(n));
                    }
                    next =
                        Tape { last: if c == 0 { tape.last } else { [next.last[0], tape.last[1]] }, ..tape };
                } else {
                    let back = relay.looks_back(age);
                    let Turn { from: before, left, .. } = self.turns[lane];
                    let line = relay.line();
                    for n in 0..frames {
                        line.write(age + n as i64, input.at(n));
                    }
                    if back || left > 0 {
                        for n in 0..frames {
                            let there = |d: f64| {
                                let whole = d as i64;
                                relay.linear(age + n as i64 - whole, (d - whole as f64) as f32)
                            };
                            let (now, old) = (there(delay(n)), left.saturating_sub(n + 1));
                            out[n * L::N] = match old {
                                0 => now,
                                old => now + (there(before) - now) * (old as f32 / self.fade as f32),
                            };
                        }
                        continue;
                    }
                    for n in 0..frames {
                        let d = delay(n);
                        let whole = d as i64;
                        out[n * L::N] = line.linear(age + n as i64 - whole, (d - whole as f64) as f32);
                    }
                }
            }
            self.tapes[lane] = next;
            let turn = &mut self.turns[lane];
            turn.last = delay(pass.frames - 1);
            turn.left = turn.left.saturating_sub(pass.frames);
            for tile in pass.outputs.iter_mut() {
                tile.floats_mut()[k..]
                    .iter_mut()
                    .step_by(L::N)
                    .take(pass.frames)
                    .skip(ends[k] as usize)
                    .for_each(|x| *x = 0.0);
            }
        }
        pass.outputs[0].ends = ends;
    }

    fn take(&mut self, old: &mut Self) {
        if self.channels == old.channels && self.tape == old.tape {
            for (index, (new, old_line)) in self.lines.iter_mut().zip(&mut old.lines).enumerate() {
                // A tape keeps its length; of a line no more is needed than what will be read.
                let distance = if self.tape { old.tapes[index / self.channels].distance } else { 0.0 };
                new.take(old_line, distance as usize + SPARE);
            }
            // What moves the delay goes on, or fades.
            let moves = self.fixed.is_none() && old.fixed.is_none();
            let left = if moves { 0 } else { self.fade };
            for (new, old) in self.turns.iter_mut().zip(&old.turns) {
                *new = Turn { last: old.last, from: old.last, left };
            }
            self.tapes.copy_from_slice(&old.tapes);
            self.ended.copy_from_slice(&old.ended);
        }
    }

    fn start(&mut self, lane: usize, _: Start) {
        self.ended[lane] = None;
        self.over[lane] = false;
        self.turns[lane] = Turn::default();
        for channel in 0..self.channels {
            self.lines[lane * self.channels + channel].forget();
        }
    }

    fn tail(&self) -> u64 {
        self.longest as u64 + 1
    }
}

impl Delay {
    /// The frame at which a lane ends: one delay time after its signal.
    #[inline(always)]
    fn end(&mut self, pass: &Pass, k: usize, delay: &impl Fn(usize) -> f64) -> u8 {
        let (lane, frames) = (pass.lane + k, pass.frames);
        let age = pass.ages[lane];
        let signal = pass.ends(self.signal)[k] as usize;
        if self.ended[lane].is_none() && signal < frames {
            self.ended[lane] = Some(age + signal as u64);
        }
        let Some(at) = self.ended[lane] else { return frames as u8 };
        if self.over[lane] {
            return 0;
        }
        let end = (0..frames).find(|n| {
            let now = age + *n as u64;
            now >= at && (now - at) as f64 >= delay(*n)
        });
        self.over[lane] = end.is_some();
        end.unwrap_or(frames) as u8
    }
}

/// Moves the tape on by one frame: records, and plays.
#[inline(always)]
fn roll(tape: &mut Tape, relay: &mut Relay, c: usize, x: f32, delay: f64) -> f32 {
    let speed = (tape.distance / delay.max(1.0)).clamp(1.0 / FASTEST, FASTEST);
    let (from, last) = (tape.cell, tape.last[c]);
    tape.cell += speed;
    tape.last[c] = x;
    // The tape takes the straight line from the frame before to this one.
    let mut cell = from.floor() as i64 + 1;
    let back = relay.looks_back(cell);
    let line = relay.line();
    while cell as f64 <= tape.cell {
        let part = ((cell as f64 - from) / speed) as f32;
        line.write(cell, if part >= 1.0 { x } else { last + (x - last) * part });
        cell += 1;
    }
    let place = tape.cell - tape.distance;
    let whole = place.floor();
    let (cell, fraction) = (whole as i64, (place - whole) as f32);
    if back { relay.cubic(cell, fraction) } else { relay.line().cubic(cell, fraction) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Fixed;
    use crate::kernel::probe::{Probe, difference};

    fn wave(n: f64) -> f64 {
        if n < 0.0 { 0.0 } else { (n * 0.0313).sin() }
    }
    fn delay(time: f32) -> Probe {
        Probe::new(&DEF).set("time", time).signal("signal", |l, n| wave(n as f64) as f32 * (1.0 + l as f32))
    }
    fn tape(p: Probe) -> Probe {
        p.fixed("mode", Fixed::Word("tape")).number("max_time", 0.1)
    }

    #[test]
    fn delay_is_exact_at_every_length() {
        for frames in [0.0, 1.0, 5.0, 40.0, 200.0, 441.25] {
            let p = delay((frames / 44100.0) as f32).number("time", frames / 44100.0);
            let out = p.laws(900);
            let (f, w) = (frames.fract(), frames.floor());
            let want = (0..900).map(|n| (1.0 - f) * wave(n as f64 - w) + f * wave(n as f64 - w - 1.0));
            assert!(difference(out.mono(), want) < 1e-6, "{frames}");
        }
    }

    #[test]
    fn delay_moves_frame_by_frame() {
        let time = |n: u64| 0.005 + 0.002 * (n as f32 * 0.01).sin();
        let p =
            delay(0.0).signal("time", move |_, n| time(n)).number("max_time", 0.02).with(|p| p.stagger = 21);
        let out = p.laws(1500);
        let want = (0..1500u64).map(|n| wave(n as f64 - time(n) as f64 * 44100.0));
        assert!(difference(&out.mono()[400..], want.skip(400)) < 3e-4);
    }

    #[test]
    fn delay_ends_one_delay_after_its_signal() {
        for p in [delay(0.01), tape(delay(0.01))] {
            let out = p.ending("signal", Some(300), |_, _| 1.0).laws(1000);
            assert_eq!(out.ends[0], Some(741));
            assert_eq!(
                (out.mono()[440], out.mono()[442], out.mono()[738], out.mono()[741]),
                (0.0, 1.0, 1.0, 0.0)
            );
        }
    }

    #[test]
    fn delay_keeps_channels_apart() {
        let out =
            delay(0.01).stereo("signal", |_, c, n| wave(n as f64) as f32 * (1.0 - 2.0 * c as f32)).laws(600);
        assert!(out.frames[0][0].iter().zip(&out.frames[1][0]).all(|(a, b)| *a == -*b));
        assert!(out.frames[0][0][550] != 0.0);
    }

    #[test]
    fn delay_tape_at_rest_is_a_delay() {
        let out = tape(delay(0.01)).laws(900);
        assert!(difference(out.mono(), (0..900).map(|n| wave(n as f64 - 441.0))) < 1e-5);
    }

    #[test]
    fn delay_tape_bends_the_pitch_of_what_is_on_it() {
        // At double speed the delay is half, and what was recorded before sounds an octave higher for that long.
        let time = |n: u64| if n < 2000 { 0.02f32 } else { 0.01 };
        let p = tape(delay(0.0)).signal("time", move |_, n| time(n));
        let out = p.laws(4000);
        let want = (2000..2440).map(|n| wave(2000.0 - 882.0 - 1.0 + (n - 2000 + 1) as f64 * 2.0));
        assert!(difference(&out.mono()[2000..2440], want) < 2e-3);
        let settled = (3000..4000).map(|n| wave(n as f64 - 441.0));
        assert!(difference(&out.mono()[3000..], settled) < 2e-3);
    }
}

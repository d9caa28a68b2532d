//! Recordings at their places along the song: audio clips, and tracks that are frozen. Audio thread; all memory is made beforehand.

use std::fmt;
use std::sync::Arc;

use super::Audio;
use super::carry::{Passage, same};
use super::clock::{Clock, ClockPlan, Course};
use super::pass::{Kernel, Pass, Start};
use crate::dsp::sinc::Sinc;
use crate::score::{Shape, TempoMap};

/// How a recording comes or goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Law {
    /// By a curve's shape.
    Shape(Shape),
    /// Two that cross are as strong together as one: the root of the way.
    EqualPower,
}

impl Law {
    /// The gain at a part of the way, 0..1.
    fn at(self, way: f64) -> f64 {
        match self {
            Law::Shape(shape) => shape.at(way),
            Law::EqualPower => way.sqrt(),
        }
    }
}

/// A recording at its place.
#[derive(Clone)]
pub struct Take {
    pub audio: Arc<Audio>,
    /// Where it begins and where it is cut, in beats and in frames of the song's own tempo map.
    pub start: [f64; 2],
    pub end: [f64; 2],
    /// Where in the recording it begins, in frames of the recording.
    pub offset: f64,
    /// Frames of the recording for each that is played.
    pub speed: f64,
    pub reverse: bool,
    pub looped: bool,
    /// Factor.
    pub gain: f32,
    /// Frames in which it comes and goes.
    pub fade_in: f64,
    pub fade_out: f64,
    pub law: Law,
}

/// Which audio it is, and not all of it.
impl fmt::Debug for Take {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{:?} {}", Arc::as_ptr(&self.audio), self.terms())
    }
}

/// What is played, and the time that it follows.
#[derive(Clone, Debug)]
pub struct RecordingsPlan {
    pub takes: Arc<[Take]>,
    pub clock: ClockPlan,
    /// The tempo at which they were made, where a place in beats is a place in them whatever the tempo is now. Else they are counted
    /// from where they begin, at the present tempo.
    pub made_at: Option<TempoMap>,
    /// Places count in frames of the song's own tempo map, where that leads.
    pub in_frames: bool,
    /// Frames behind which they go on where the song stops: their tails.
    pub rings_from: f64,
}

/// Sums of beats count as what they mean.
const EDGE: f64 = 1e-9;

pub struct Recordings {
    plan: RecordingsPlan,
    clock: Clock,
    rate: f64,
    sinc: &'static Sinc,
    /// Per take: frames since it began, where it sounds.
    since: Vec<Option<f64>>,
    /// Where they stand must be looked up anew.
    lost: bool,
}

impl Recordings {
    pub fn new(plan: RecordingsPlan, rate: f64) -> Recordings {
        let since = vec![None; plan.takes.len()];
        let clock = Clock::new(plan.clock.clone());
        Recordings { plan, clock, rate, sinc: Sinc::shared(), since, lost: true }
    }

    /// Frames since a take began, at a place that was reached by a jump. Frames count from the beginning of the song, so that the same
    /// frame of a recording is at the same place wherever the song was entered.
    fn look_up(&self, take: &Take, place: f64, course: &Course) -> f64 {
        let start = take.start[usize::from(course.in_frames)];
        match &self.plan.made_at {
            Some(tempo) if !course.in_frames => {
                let frame = |beats: f64| first_frame(tempo.seconds(beats) * self.rate);
                frame(place) - frame(start)
            }
            _ => first_frame(place / (2.0 * course.slack)) - first_frame(start / (2.0 * course.slack)),
        }
    }
}

/// The first frame that is not before a place in frames; what is only rounded counts as the frame itself.
fn first_frame(place: f64) -> f64 {
    let near = (place + 0.5).floor();
    if (place - near).abs() < 1e-3 { near } else { place.ceil() }
}

impl Take {
    /// All but the audio, as text.
    pub fn terms(&self) -> String {
        let Take { start, end, offset, speed, reverse, looped, gain, fade_in, fade_out, law, .. } = self;
        format!("{start:?} {end:?} {offset} {speed} {reverse} {looped} {gain} {fade_in} {fade_out} {law:?}")
    }

    /// Both sides at so many frames from its beginning, `left` frames before it is cut; `None` behind the recording's end.
    fn read(&self, sinc: &Sinc, since: f64, left: f64) -> Option<[f32; 2]> {
        let frames = self.audio.frames() as f64;
        let at = self.offset + since * self.speed;
        let at = match self.looped {
            true => at.rem_euclid(frames),
            false if at < frames => at,
            false => return None,
        };
        let left = if self.looped { left } else { left.min((frames - at) / self.speed) };
        let way =
            |part: f64, whole: f64| if part < whole { self.law.at((part / whole).max(0.0)) } else { 1.0 };
        let gain = self.gain * (way(since, self.fade_in) * way(left, self.fade_out)) as f32;
        let (at, step) = if self.reverse { (frames - 1.0 - at, -self.speed) } else { (at, self.speed) };
        let round = self.looped.then_some((0, frames as i64));
        let side = |channel: &Vec<f32>| gain * sinc.read_at(channel, at, step as f32, round);
        let channels = &self.audio.channels;
        let first = channels.first().map(side)?;
        Some([first, channels.get(1).map_or(first, side)])
    }
}

impl Kernel for Recordings {
    fn start(&mut self, _: usize, _: Start) {
        self.clock.start();
        self.lost = true;
    }

    fn take(&mut self, old: &mut dyn Kernel, _: &mut [Passage], _: u64) {
        if let Some(old) = same::<Self>(old) {
            self.clock.take(&old.clock);
        }
    }

    fn render(&mut self, pass: &mut Pass) {
        let course = self.clock.follow(pass, self.plan.in_frames);
        let (width, frames) = (pass.width(), pass.frames);
        let unit = usize::from(course.in_frames);
        let rolls = course.rolls && course.slack > 0.0;
        if !rolls {
            let from = self.plan.rings_from;
            self.since.iter_mut().for_each(|since| *since = since.filter(|since| *since >= from));
            self.lost = true;
        }
        let sounds = rolls || self.since.iter().any(Option::is_some);
        let jumped = |n: usize| course.jumps >> n & 1 != 0;
        let mut written = 0u64;
        for number in 0..if sounds { self.plan.takes.len() } else { 0 } {
            let take = &self.plan.takes[number];
            let ([start, end], edge) = ([take.start[unit], take.end[unit]], EDGE);
            for n in 0..frames {
                let place = course.at[n];
                if !rolls && self.since[number].is_none() {
                    continue;
                }
                if place + edge < start || place + edge >= end {
                    self.since[number] = None;
                    continue;
                }
                let anew = jumped(n) || (self.lost && n == 0);
                let since = match self.since[number] {
                    Some(since) if !jumped(n) || !rolls => since,
                    None if !anew => 0.0,
                    _ => self.look_up(take, place, &course),
                };
                self.since[number] = Some(since + 1.0);
                let left = (end - place) / (2.0 * course.slack);
                let Some(sides) = take.read(self.sinc, since, left) else { continue };
                let first = written >> n & 1 == 0;
                written |= 1 << n;
                for (tile, side) in pass.outputs.iter_mut().zip(sides) {
                    for out in &mut tile.floats_mut()[n * width..(n + 1) * width] {
                        // What sounds alone keeps all its bits.
                        *out = if first { side } else { *out + side };
                    }
                }
            }
        }
        if rolls {
            self.lost = false;
        }
        for tile in pass.outputs.iter_mut() {
            tile.flat = written == 0;
            let silent = (0..if written == 0 { 1 } else { frames }).filter(|n| written >> n & 1 == 0);
            silent.for_each(|n| tile.floats_mut()[n * width..(n + 1) * width].fill(0.0));
        }
    }
}

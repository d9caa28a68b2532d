//! Where the song stands at every frame of a pass, for what belongs to the song: the host's position where there is one, else the song's
//! own tempo map, or a tempo that is read from an input. Audio thread; never allocates.

use std::sync::Arc;

use super::pass::Pass;
use super::tile::TILE;
use crate::score::Timeline;

/// Whose time counts.
#[derive(Clone, Debug)]
pub enum ClockPlan {
    /// A tempo from an input, in beats per minute; `exact` where it is a number. `host`: a host's position comes first.
    Tempo { port: usize, exact: Option<f64>, host: bool },
    /// The time of a song.
    Map(Arc<Timeline>),
}

/// A pass of the song.
pub struct Course {
    /// Where each frame is, in beats, or in frames of the song's tempo map.
    pub at: [f64; TILE],
    /// A bit for each frame that was not reached by playing on.
    pub jumps: u64,
    /// The song moves.
    pub rolls: bool,
    /// Places are in frames.
    pub in_frames: bool,
    /// Half a frame: what began so shortly before a jump's goal is still to come.
    pub slack: f64,
}

/// Whose time counted in the pass before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Host,
    Own,
}

pub struct Clock {
    plan: ClockPlan,
    source: Option<Source>,
    /// For an own tempo: beats where it began to count, the frames since, and what it is.
    anchor: f64,
    since: u64,
    bpm: f64,
    /// Nothing is known yet of where it stands.
    fresh: bool,
}

impl Clock {
    pub fn new(plan: ClockPlan) -> Clock {
        Clock { plan, source: None, anchor: 0.0, since: 0, bpm: 0.0, fresh: true }
    }

    pub fn start(&mut self) {
        (self.source, self.fresh) = (None, true);
    }

    /// Goes on where another one stands.
    pub fn take(&mut self, old: &Clock) {
        if let (ClockPlan::Tempo { .. }, ClockPlan::Tempo { .. }) = (&self.plan, &old.plan) {
            (self.anchor, self.since, self.bpm, self.fresh) = (old.anchor, old.since, old.bpm, old.fresh);
        }
        self.source = old.source;
    }

    /// Follows the song through a pass. `in_frames`: places in frames where the song's own map counts, else always in beats.
    pub fn follow(&mut self, pass: &Pass, in_frames: bool) -> Course {
        let mut course = Course { at: [0.0; TILE], jumps: 0, rolls: true, in_frames: false, slack: 0.0 };
        let follows = match &self.plan {
            ClockPlan::Tempo { host, .. } => *host,
            ClockPlan::Map(line) => line.follows_host,
        };
        let source = if pass.song.host && follows { Source::Host } else { Source::Own };
        if self.source.replace(source) != Some(source) {
            course.jumps |= 1;
        }
        match (&self.plan, source) {
            (_, Source::Host) => {
                for (n, at) in course.at[..pass.frames].iter_mut().enumerate() {
                    *at = pass.song.beats(n, pass.rate);
                }
                course.rolls = pass.song.rolling;
                course.slack = 0.5 * pass.song.bpm / (60.0 * pass.rate);
                course.jumps |= u64::from(pass.song.jumped);
                self.fresh = true;
            }
            (ClockPlan::Map(line), Source::Own) => mapped(line, pass, in_frames, &mut course),
            (ClockPlan::Tempo { port, exact, .. }, Source::Own) => {
                let (port, exact) = (*port, *exact);
                self.count(pass, port, exact, &mut course);
            }
        }
        course
    }

    /// By a tempo of its own.
    fn count(&mut self, pass: &Pass, port: usize, exact: Option<f64>, course: &mut Course) {
        let (values, flat) = pass.raw(port, 0);
        let per_frame = |bpm: f64| bpm / (60.0 * pass.rate);
        for (n, at) in course.at[..pass.frames].iter_mut().enumerate() {
            let bpm = exact.unwrap_or_else(|| f64::from(values[if flat { 0 } else { n * pass.width() }]));
            let bpm = if bpm.is_finite() { bpm.max(0.0) } else { 0.0 };
            if std::mem::take(&mut self.fresh) {
                // As if this tempo had always been.
                (self.anchor, self.since, self.bpm) = (0.0, pass.ages[pass.lane] + n as u64, bpm);
            }
            if bpm != self.bpm {
                self.anchor += self.since as f64 * per_frame(self.bpm);
                (self.since, self.bpm) = (0, bpm);
            }
            *at = self.anchor + self.since as f64 * per_frame(bpm);
            self.since += 1;
        }
        course.slack = 0.5 * per_frame(self.bpm);
    }
}

/// By the song's tempo map: a function of the sound's age, or of the host's position in seconds.
fn mapped(line: &Timeline, pass: &Pass, in_frames: bool, course: &mut Course) {
    let host = pass.song.host;
    let region = line.region.filter(|_| !host).map(|region| {
        let (from, to) = (line.frame(region.from, pass.rate), line.frame(region.to, pass.rate));
        (from, to, region.times.map_or(f64::INFINITY, f64::from))
    });
    course.rolls = !host || pass.song.rolling;
    for n in 0..pass.frames {
        let moved = if course.rolls { n as i64 } else { 0 };
        let age = if host { pass.song.frame + moved } else { pass.ages[pass.lane] as i64 + moved } as f64;
        let mut at = age;
        if let Some((from, to, times)) = region.filter(|(from, to, _)| to > from && age >= *to) {
            let round = to - from;
            let times_before = ((age - from) / round).floor().min(times - 1.0);
            at -= times_before * round;
            if at == from && age > from {
                course.jumps |= 1 << n;
            }
        }
        course.at[n] = if in_frames { at } else { line.tempo.beats(at / pass.rate) };
    }
    if host {
        course.jumps |= u64::from(pass.song.jumped);
    }
    let bpm = if in_frames { 60.0 * pass.rate } else { line.tempo.bpm(course.at[0]) };
    (course.slack, course.in_frames) = (0.5 * bpm / (60.0 * pass.rate), in_frames);
}

//! When steps happen: at intervals with swing, or on triggers, with resets. Shared by everything that goes through a list of steps.
//! Below a host's transport, steps of the song are a function of its position. Audio thread.

use super::edge::{Rising, Trigger};
use super::pass::Pass;

/// What makes a step begin.
#[derive(Clone, Copy, Debug)]
pub enum Timing {
    /// Every so many seconds: an input, and the exact number where it is fixed; even steps shorter, odd ones longer by `swing`.
    Interval { port: usize, exact: Option<f64>, swing: Option<usize> },
    /// On rising edges of an input through 0.5.
    Trigger { port: usize },
}

/// The plan of a list of steps.
#[derive(Clone, Copy, Debug)]
pub struct StepPlan {
    pub timing: Timing,
    /// Input whose rising edges go back to the first step.
    pub reset: Option<usize>,
    /// How many steps there are.
    pub steps: usize,
    /// How often they are gone through; `None`: without end.
    pub repeat: Option<u64>,
    /// The steps belong to the song, not to a voice: they follow the host's position.
    pub follows_song: bool,
}

/// A step begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Began {
    /// Frame of the pass.
    pub frame: usize,
    /// Lane of the graph.
    pub lane: usize,
    /// Steps begun before this one since the first.
    pub count: u64,
}

/// A step in progress.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    /// Steps begun since the first, this one included; 0 before the first.
    pub begun: u64,
    began: f64,
    /// Seconds.
    pub length: f64,
    song: bool,
}

impl Progress {
    /// How far the step has come at a frame of the pass, 0..1.
    pub fn at(&self, pass: &Pass, lane: usize, frame: usize) -> f64 {
        let (position, unit) = match self.song {
            true => (pass.song.beats(frame, pass.rate) - self.began, 60.0 / pass.song.bpm),
            false => ((pass.ages[lane] + frame as u64) as f64 - self.began, 1.0 / pass.rate),
        };
        (position * unit / self.length).clamp(0.0, 1.0)
    }
}

/// Where the search for beginnings within a pass stands.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cursor {
    /// Frame × lanes of the pass + lane.
    index: usize,
}

#[derive(Clone, Copy, Default)]
struct Lane {
    /// Steps begun since the first.
    count: u64,
    /// When the next step begins: frames of the lane's age, or quarter notes of the song.
    next: f64,
    /// Length of the step in progress, in seconds, and where it began (as `next`).
    length: f64,
    began: f64,
    /// The song's position counts (else the age).
    song: bool,
}

pub struct StepClock {
    plan: StepPlan,
    lanes: Vec<Lane>,
    trigger: Option<Trigger>,
    reset: Option<Trigger>,
    /// What the two do in the present pass.
    triggered: Box<Rising>,
    resets: Box<Rising>,
}

/// Lengths are computed in single precision: one that is this close to a whole frame means it.
const WHOLE: f64 = 1e-3;

fn whole(frames: f64) -> f64 {
    if (frames - frames.round()).abs() < WHOLE { frames.round() } else { frames }
}

/// Parts of a quarter note of which musical lengths are multiples: all divisions by 2, 3, 5, 7 and most of their products.
const TICKS: f64 = 40_320.0;

/// A length that differs from a whole number of ticks by no more than single precision does means it: the sum of many stays on the
/// song's grid. Both in seconds.
fn in_ticks(length: f64, quarter: f64) -> f64 {
    let ticks = length / quarter * TICKS;
    let whole = ticks.round();
    if (ticks - whole).abs() <= 4e-7 * whole { whole / TICKS * quarter } else { length }
}

impl StepClock {
    pub fn new(plan: StepPlan, lanes: usize) -> Self {
        let input = |port| Trigger::new(port, 0.5, lanes);
        let trigger = match plan.timing {
            Timing::Trigger { port } => Some(input(port)),
            Timing::Interval { .. } => None,
        };
        Self {
            plan,
            lanes: vec![Lane::default(); lanes],
            trigger,
            reset: plan.reset.map(input),
            triggered: Box::new(Rising::NONE),
            resets: Box::new(Rising::NONE),
        }
    }

    pub fn start(&mut self, lane: usize) {
        self.lanes[lane] = Lane::default();
        for input in self.trigger.iter_mut().chain(&mut self.reset) {
            input.last[lane] = 0.0;
        }
    }

    /// Takes over where another clock stands.
    pub fn take(&mut self, old: &StepClock) {
        if self.lanes.len() == old.lanes.len() {
            self.lanes.copy_from_slice(&old.lanes);
            for (new, old) in [(&mut self.trigger, &old.trigger), (&mut self.reset, &old.reset)] {
                if let (Some(new), Some(old)) = (new, old) {
                    new.last.copy_from_slice(&old.last);
                }
            }
        }
    }

    /// All steps of all passes have begun.
    pub fn over(&self, lane: usize) -> bool {
        let total = self.plan.repeat.map_or(u64::MAX, |passes| passes.saturating_mul(self.plan.steps as u64));
        self.plan.steps == 0 || self.lanes[lane].count >= total
    }

    /// The step in progress.
    pub fn step(&self, lane: usize) -> Progress {
        let Lane { count, began, length, song, .. } = self.lanes[lane];
        Progress { begun: count, began, length, song }
    }

    /// To be called at the beginning of every pass: follows jumps of the song, and looks for the edges of the pass.
    pub fn locate(&mut self, pass: &Pass) {
        self.follow_song(pass);
        for (input, found) in [(&mut self.trigger, &mut self.triggered), (&mut self.reset, &mut self.resets)]
        {
            if let Some(input) = input {
                **found = input.find(pass);
            }
        }
    }

    fn follow_song(&mut self, pass: &Pass) {
        let Timing::Interval { .. } = self.plan.timing else { return };
        for k in 0..pass.width() {
            let lane = pass.lane + k;
            let song = self.plan.follows_song && pass.song.host;
            let state = &mut self.lanes[lane];
            if song && (pass.song.jumped || !state.song) && self.plan.steps > 0 {
                state.song = true;
                self.find(pass, lane, k);
            } else if !song && state.song {
                *state = Lane { next: pass.ages[lane] as f64, ..Lane::default() };
                if let Some(reset) = &mut self.reset {
                    reset.last[lane] = 0.0;
                }
            }
        }
    }

    /// The next step to begin in the pass, in order of time.
    pub fn next(&mut self, pass: &Pass, cursor: &mut Cursor) -> Option<Began> {
        let scan = self.plan.reset.is_some() || matches!(self.plan.timing, Timing::Trigger { .. });
        let began = if scan { self.scan(pass, cursor) } else { self.due_first(pass) };
        if let Some(began) = began {
            self.begin(pass, began);
        }
        began
    }

    fn due_first(&self, pass: &Pass) -> Option<Began> {
        let lanes = pass.lane..pass.lane + pass.width();
        let due = lanes.filter_map(|lane| Some((self.due(pass, lane)?, lane)));
        due.min().map(|(frame, lane)| Began { frame, lane, count: self.lanes[lane].count })
    }

    /// Goes through resets and triggers, frame by frame; with intervals, through all frames.
    fn scan(&mut self, pass: &Pass, cursor: &mut Cursor) -> Option<Began> {
        let width = pass.width();
        let end = pass.frames * width;
        let triggered = self.trigger.is_some();
        loop {
            let index = match triggered {
                true => self.triggered.next_with(&self.resets, cursor.index).filter(|i| *i < end)?,
                false => Some(cursor.index).filter(|i| *i < end)?,
            };
            cursor.index = index + 1;
            let (frame, lane) = (index / width, pass.lane + index % width);
            if self.resets.has(index) {
                let state = &mut self.lanes[lane];
                state.count = 0;
                state.next = match state.song {
                    true => pass.song.beats(frame, pass.rate),
                    false => (pass.ages[lane] + frame as u64) as f64,
                };
            }
            let begins = match triggered {
                true => self.triggered.has(index) && !self.over(lane),
                false => self.due(pass, lane).is_some_and(|due| due <= frame),
            };
            if begins {
                return Some(Began { frame, lane, count: self.lanes[lane].count });
            }
        }
    }

    fn begin(&mut self, pass: &Pass, began: Began) {
        let length = self.length(pass, began.frame, began.lane - pass.lane, began.count);
        let state = &mut self.lanes[began.lane];
        state.count += 1;
        state.length = length;
        if let Timing::Interval { .. } = self.plan.timing {
            state.began = state.next;
            state.next += if state.song { length * pass.song.bpm / 60.0 } else { whole(length * pass.rate) };
        } else {
            state.began = (pass.ages[began.lane] + began.frame as u64) as f64;
        }
    }

    /// Length of step `count` in seconds: interval and swing at a frame of the pass; at least a frame.
    fn length(&self, pass: &Pass, frame: usize, k: usize, count: u64) -> f64 {
        let Timing::Interval { port, exact, swing } = self.plan.timing else { return 1.0 };
        let mut interval = exact.unwrap_or_else(|| read(pass, port, frame, k) as f64);
        if self.plan.follows_song && pass.song.host {
            interval = in_ticks(interval, 60.0 / pass.song.bpm);
        }
        let swing = swing.map_or(0.0, |port| read(pass, port, frame, k) as f64).clamp(-1.0, 1.0);
        let odd = (count % self.plan.steps.max(1) as u64) % 2 == 1;
        let length = interval * if odd { 1.0 + swing / 2.0 } else { 1.0 - swing / 2.0 };
        if length * pass.rate >= 1.0 { length.min(1e6) } else { 1.0 / pass.rate }
    }

    /// The frame of the pass at which the lane's next step begins, if it does within the pass.
    fn due(&self, pass: &Pass, lane: usize) -> Option<usize> {
        if self.over(lane) {
            return None;
        }
        let state = &self.lanes[lane];
        let frame = if state.song {
            if !pass.song.rolling {
                return None;
            }
            let per_beat = 60.0 * pass.rate / pass.song.bpm;
            whole((state.next - pass.song.beats(0, pass.rate)) * per_beat).ceil()
        } else {
            (whole(state.next) - pass.ages[lane] as f64).floor()
        };
        (frame < pass.frames as f64).then_some(frame.max(0.0) as usize)
    }

    /// Sets the step that is next at the song's position.
    fn find(&mut self, pass: &Pass, lane: usize, k: usize) {
        let per_second = pass.song.bpm / 60.0;
        let position = pass.song.beats(0, pass.rate).max(0.0);
        let steps = self.plan.steps as u64;
        let length = |count: u64| self.length(pass, 0, k, count) * per_second;
        let round: f64 = (0..steps).map(length).sum();
        let rounds = (position / round).floor();
        let mut count = rounds as u64 * steps;
        let (mut next, mut began, mut last) = (rounds * round, 0.0, 0.0);
        // A step that begins within half a frame of the position is still to come.
        let half_frame = 0.5 * per_second / pass.rate;
        while next < position - half_frame && count < (rounds as u64 + 1) * steps {
            (began, last) = (next, length(count));
            next += last;
            count += 1;
        }
        let state = &mut self.lanes[lane];
        (state.count, state.next, state.began) = (count, next, began);
        state.length = (last / per_second).max(1.0 / pass.rate);
    }
}

/// Input `port` at a frame, for lane `k` of the pass.
pub fn read(pass: &Pass, port: usize, frame: usize, k: usize) -> f32 {
    let (values, flat) = pass.raw(port, 0);
    values[if flat { k } else { frame * pass.width() + k }]
}

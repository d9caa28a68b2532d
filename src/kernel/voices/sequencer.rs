//! `sequencer`: starts voices on steps: at intervals, on triggers, or one after the other. With a host's transport the steps are
//! a function of the song's position, so that loops and jumps land on the right step.

use crate::dsp::lane::MAX_LANES;
use crate::kernel::pass::{Kernel, Pass, Start};
use crate::kernel::tile::TILE;

use super::multiply::silence;
use super::pool::{Pool, PoolPlan};

/// One sound started by a step.
#[derive(Clone, Debug)]
pub struct StepCall {
    pub pool: usize,
    /// Scope variables given by the step.
    pub set: Vec<(u32, f32)>,
    /// Frames the voice lasts.
    pub life: Option<u64>,
}

/// When steps happen.
#[derive(Clone, Debug)]
pub enum Timing {
    /// Every so many seconds: an input, and the exact number where it is fixed; even steps shorter, odd ones longer by `swing`.
    Interval { port: usize, exact: Option<f64>, swing: Option<usize> },
    /// On rising edges of an input.
    Trigger { port: usize },
    /// When the voices of the step before have ended.
    Chain,
}

pub struct SequencerPlan {
    pub pools: Vec<PoolPlan>,
    pub steps: Vec<Vec<StepCall>>,
    pub timing: Timing,
    /// Input whose rising edges go back to the first step.
    pub reset: Option<usize>,
    pub repeat: Option<u64>,
    /// The sequencer belongs to the song, not to a voice: it follows the host's position.
    pub follows_song: bool,
}

#[derive(Clone, Copy, Default)]
struct Lane {
    /// Steps started since the first.
    count: u64,
    /// When the next step starts: frames of the lane's age, or quarter notes of the song.
    next: f64,
    last_trigger: f32,
    last_reset: f32,
    voices: u64,
    /// The song's position counts (else the age).
    song: bool,
    begun: bool,
}

pub struct Sequencer {
    pools: Vec<Pool>,
    steps: Vec<Vec<StepCall>>,
    timing: Timing,
    reset: Option<usize>,
    repeat: Option<u64>,
    follows_song: bool,
    lanes: Vec<Lane>,
}

/// Lengths are computed in single precision: one that is this close to a whole frame means it.
const WHOLE: f64 = 1e-3;

fn whole(frames: f64) -> f64 {
    if (frames - frames.round()).abs() < WHOLE { frames.round() } else { frames }
}

impl Sequencer {
    pub fn new(plan: SequencerPlan) -> Self {
        let parents = plan.pools.first().map_or(1, |p| p.parents);
        Self {
            pools: plan.pools.into_iter().map(Pool::new).collect(),
            steps: plan.steps,
            timing: plan.timing,
            reset: plan.reset,
            repeat: plan.repeat,
            follows_song: plan.follows_song,
            lanes: vec![Lane::default(); parents],
        }
    }

    /// Steps in all passes.
    fn total(&self) -> u64 {
        match self.repeat {
            Some(passes) => passes.saturating_mul(self.steps.len() as u64),
            None => u64::MAX,
        }
    }

    fn over(&self, lane: usize) -> bool {
        self.lanes[lane].count >= self.total() || self.steps.is_empty()
    }

    /// Starts the voices of the next step.
    fn play(&mut self, lane: usize, at: u64) {
        let state = &mut self.lanes[lane];
        let step = &self.steps[(state.count % self.steps.len() as u64) as usize];
        state.count += 1;
        for call in step {
            state.voices += 1;
            self.pools[call.pool].start(lane, at, state.voices, call.life, &call.set);
        }
    }

    /// Length of step `count` in seconds: interval and swing at a frame of the pass.
    fn length(&self, pass: &Pass, frame: usize, k: usize, count: u64) -> f64 {
        let Timing::Interval { port, exact, swing } = self.timing else { return 0.0 };
        let read = |port: usize| {
            let (values, flat) = pass.raw(port, 0);
            values[if flat { k } else { frame * pass.width() + k }] as f64
        };
        let interval = exact.unwrap_or_else(|| read(port));
        let swing = swing.map_or(0.0, read).clamp(-1.0, 1.0);
        let odd = (count % self.steps.len().max(1) as u64) % 2 == 1;
        let length = interval * if odd { 1.0 + swing / 2.0 } else { 1.0 - swing / 2.0 };
        // At least a frame; also where the interval is not a number.
        if length * pass.rate >= 1.0 { length.min(1e6) } else { 1.0 / pass.rate }
    }

    /// The frame of the pass at which the next step starts, if it does within the pass.
    fn due(&self, pass: &Pass, lane: usize, from: usize) -> Option<usize> {
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
        (frame < pass.frames as f64).then(|| (frame.max(0.0) as usize).max(from))
    }

    /// Sets the step that is next at the song's position.
    fn locate(&mut self, pass: &Pass, lane: usize, k: usize) {
        let per_second = pass.song.bpm / 60.0;
        let position = pass.song.beats(0, pass.rate).max(0.0);
        let lengths = |count: u64| self.length(pass, 0, k, count) * per_second;
        let steps = self.steps.len() as u64;
        let round: f64 = (0..steps).map(lengths).sum();
        let rounds = (position / round).floor();
        let mut count = rounds as u64 * steps;
        let mut next = rounds * round;
        // A step that begins within half a frame of the position is still to come.
        let half_frame = 0.5 * per_second / pass.rate;
        while next < position - half_frame && count < rounds as u64 * steps + steps {
            next += lengths(count);
            count += 1;
        }
        self.lanes[lane].count = count;
        self.lanes[lane].next = next;
    }

    fn by_interval(&mut self, pass: &mut Pass) -> [u8; MAX_LANES] {
        for k in 0..pass.width() {
            let lane = pass.lane + k;
            let song = self.follows_song && pass.song.host;
            let state = &mut self.lanes[lane];
            if song && (pass.song.jumped || !state.song || !state.begun) && !self.steps.is_empty() {
                state.song = true;
                self.locate(pass, lane, k);
            } else if !song && state.song {
                self.lanes[lane] =
                    Lane { next: pass.ages[lane] as f64, voices: state.voices, ..Lane::default() };
            }
            self.lanes[lane].begun = true;
        }
        let mut ends = [0u8; MAX_LANES];
        let mut from = 0;
        loop {
            let lanes = pass.lane..pass.lane + pass.width();
            let due = lanes.filter_map(|lane| Some((self.due(pass, lane, from)?, lane))).min();
            let reset = self.next_reset(pass, from, due.map_or(pass.frames, |(f, _)| f));
            let (to, step) = match (reset, due) {
                (Some((frame, lane)), _) => {
                    self.lanes[lane].count = 0;
                    let song = self.lanes[lane].song;
                    self.lanes[lane].next = if song {
                        pass.song.beats(frame, pass.rate)
                    } else {
                        (pass.ages[lane] + frame as u64) as f64
                    };
                    (frame, None)
                }
                (None, Some((frame, lane))) => (frame, Some(lane)),
                (None, None) => (pass.frames, None),
            };
            if to > from {
                self.render_pools(pass, from, to, &mut ends);
                from = to;
            }
            if let Some(lane) = step {
                let length = self.length(pass, from, lane - pass.lane, self.lanes[lane].count);
                let state = &mut self.lanes[lane];
                state.next +=
                    if state.song { length * pass.song.bpm / 60.0 } else { whole(length * pass.rate) };
                self.play(lane, pass.at + from as u64);
            } else if from >= pass.frames {
                return ends;
            }
        }
    }

    /// The next rising edge of the reset input in `from..to` of any lane; edges seen are remembered.
    fn next_reset(&mut self, pass: &Pass, from: usize, to: usize) -> Option<(usize, usize)> {
        let port = self.reset?;
        // The edge state belongs to frames already passed: look from `from`, one frame at a time, each frame once.
        let (values, flat) = pass.raw(port, 0);
        let width = pass.width();
        for frame in from..(to + 1).min(pass.frames) {
            for k in 0..width {
                let state = &mut self.lanes[pass.lane + k];
                let x = values[if flat { k } else { frame * width + k }];
                let edge = state.last_reset < 0.5 && x >= 0.5;
                state.last_reset = x;
                if edge {
                    return Some((frame, pass.lane + k));
                }
            }
        }
        None
    }

    fn by_trigger(&mut self, pass: &mut Pass, port: usize) -> [u8; MAX_LANES] {
        let mut ends = [0u8; MAX_LANES];
        let (values, flat) = pass.raw(port, 0);
        let width = pass.width();
        let mut from = 0;
        for frame in 0..pass.frames {
            for k in 0..width {
                let lane = pass.lane + k;
                if self.next_reset_at(pass, frame, k) {
                    self.lanes[lane].count = 0;
                }
                let x = values[if flat { k } else { frame * width + k }];
                let edge = self.lanes[lane].last_trigger < 0.5 && x >= 0.5;
                self.lanes[lane].last_trigger = x;
                if edge && !self.over(lane) {
                    if frame > from {
                        self.render_pools(pass, from, frame, &mut ends);
                        from = frame;
                    }
                    self.play(lane, pass.at + frame as u64);
                }
            }
        }
        self.render_pools(pass, from, pass.frames, &mut ends);
        ends
    }

    fn next_reset_at(&mut self, pass: &Pass, frame: usize, k: usize) -> bool {
        let Some(port) = self.reset else { return false };
        let (values, flat) = pass.raw(port, 0);
        let state = &mut self.lanes[pass.lane + k];
        let x = values[if flat { k } else { frame * pass.width() + k }];
        let edge = state.last_reset < 0.5 && x >= 0.5;
        state.last_reset = x;
        edge
    }

    /// One after the other: the next step starts at the frame at which the last voice of this one has ended.
    fn by_chain(&mut self, pass: &mut Pass) -> [u8; MAX_LANES] {
        let mut ends = [0u8; MAX_LANES];
        // Lanes of a pack end their steps at different frames, so every lane's start cuts the pass.
        let mut from = 0;
        let mut rounds = 0;
        while from < pass.frames {
            for lane in pass.lane..pass.lane + pass.width() {
                while !self.over(lane) && !self.pools.iter().any(|p| p.busy(lane)) && rounds < TILE * 4 {
                    rounds += 1;
                    self.play(lane, pass.at + from as u64);
                }
            }
            // Voices say their end only when rendered: frame by frame near it would be slow, so short pieces.
            let to = (from + 1).max(self.quiet_until(pass, from)).min(pass.frames);
            self.render_pools(pass, from, to, &mut ends);
            from = to;
        }
        ends
    }

    /// How far to render before a voice's fixed life may end.
    fn quiet_until(&self, pass: &Pass, from: usize) -> usize {
        let lanes = pass.lane..pass.lane + pass.width();
        let left = lanes.flat_map(|lane| self.pools.iter().filter_map(move |p| p.shortest_life(lane))).min();
        left.map_or(pass.frames, |left| from.saturating_add(left as usize))
    }

    fn render_pools(&mut self, pass: &mut Pass, from: usize, to: usize, ends: &mut [u8; MAX_LANES]) {
        if from >= to {
            return;
        }
        for pool in &mut self.pools {
            let sounded = pool.render(pass, from, to);
            for (end, s) in ends.iter_mut().zip(sounded) {
                if s > 0 {
                    *end = (*end).max(from as u8 + s);
                }
            }
        }
    }
}

impl Kernel for Sequencer {
    fn start(&mut self, lane: usize, start: Start) {
        for pool in &mut self.pools {
            pool.clear(lane);
        }
        self.lanes[lane] = Lane { voices: start.voice.wrapping_mul(65_536), ..Lane::default() };
    }

    fn render(&mut self, pass: &mut Pass) {
        silence(pass);
        let mut ends = match self.timing {
            Timing::Interval { .. } => self.by_interval(pass),
            Timing::Trigger { port } => self.by_trigger(pass, port),
            Timing::Chain => self.by_chain(pass),
        };
        // It ends when all passes are over and the last voice has ended; until then it goes on.
        for k in 0..pass.width() {
            let lane = pass.lane + k;
            if !self.over(lane) || self.pools.iter().any(|p| p.busy(lane)) {
                ends[k] = pass.frames as u8;
            }
        }
        pass.outputs[0].ends = ends;
    }
}

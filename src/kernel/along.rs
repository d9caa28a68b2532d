//! Values that follow the song: automations along it, and its tempo. Every frame's value is that of the formula at the frame's place.
//! Audio thread.

use std::sync::Arc;

use super::carry::{Passage, same};
use super::clock::{Clock, ClockPlan};
use super::pass::{Kernel, Pass, Start};
use crate::score::{Curve, Timeline};

/// A curve along the song, in beats.
pub struct Along {
    curve: Arc<Curve>,
    clock: Clock,
}

impl Along {
    pub fn new(curve: Arc<Curve>, clock: ClockPlan) -> Along {
        Along { curve, clock: Clock::new(clock) }
    }
}

impl Kernel for Along {
    fn start(&mut self, _: usize, _: Start) {
        self.clock.start();
    }

    fn take(&mut self, old: &mut dyn Kernel, _: &mut [Passage], _: u64) {
        if let Some(old) = same::<Self>(old) {
            self.clock.take(&old.clock);
        }
    }

    fn render(&mut self, pass: &mut Pass) {
        let course = self.clock.follow(pass, false);
        let at = &course.at[..pass.frames];
        let onwards = course.jumps & !1 == 0;
        if onwards && self.curve.rests(at[0], at[pass.frames - 1]) {
            let (value, width) = (self.curve.value(at[0]) as f32, pass.width());
            pass.outputs[0].flat = true;
            pass.outputs[0].floats_mut()[..width].fill(value);
            return;
        }
        let width = pass.width();
        pass.outputs[0].flat = false;
        let out = pass.outputs[0].floats_mut();
        for (n, at) in at.iter().enumerate() {
            out[n * width..(n + 1) * width].fill(self.curve.value(*at) as f32);
        }
    }
}

/// The tempo of a song in beats per minute: the host's where that comes first.
pub struct SongTempo {
    line: Arc<Timeline>,
    clock: Clock,
}

impl SongTempo {
    pub fn new(line: Arc<Timeline>) -> SongTempo {
        SongTempo { clock: Clock::new(ClockPlan::Map(line.clone())), line }
    }
}

impl Kernel for SongTempo {
    fn start(&mut self, _: usize, _: Start) {
        self.clock.start();
    }

    fn render(&mut self, pass: &mut Pass) {
        let width = pass.width();
        let told = (pass.song.host && self.line.follows_host).then_some(pass.song.bpm);
        if let Some(bpm) = told.or(self.line.tempo.is_steady()) {
            pass.outputs[0].flat = true;
            pass.outputs[0].floats_mut()[..width].fill(bpm as f32);
            return;
        }
        let course = self.clock.follow(pass, false);
        pass.outputs[0].flat = false;
        let out = pass.outputs[0].floats_mut();
        for (n, at) in course.at[..pass.frames].iter().enumerate() {
            out[n * width..(n + 1) * width].fill(self.line.tempo.bpm(*at) as f32);
        }
    }
}

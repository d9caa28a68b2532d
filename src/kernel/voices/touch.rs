//! What a hand does to a sounding note, without steps: values go to where a hand has moved them in a straight line, pitches glide from the
//! key before. It runs inside the voices, on their scope variables. Audio thread, after construction.

use crate::dsp::lane::Lane;
use crate::dsp::math;
use crate::dsp::ramp::Ramp;
use crate::kernel::pass::{Lanewise, Pass, Start};

/// What is made of scope variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touched {
    /// One variable.
    Value,
    /// A frequency in hertz, out of four: hertz of the key; semitones that it is bent by; semitones above the key at which the note begins,
    /// and the frames that the glide to the key takes. Where another key is told, and a glide takes any time, it begins at the pitch that sounds.
    Pitch,
}

/// A position in straight lines, a lane each. It comes to rest exactly where it goes.
struct Lines {
    goal: Vec<f32>,
    /// Change per frame, and frames to go.
    slope: Vec<f32>,
    left: Vec<f32>,
}

impl Lines {
    fn new(lanes: usize) -> Self {
        let zeros = || vec![0.0; lanes];
        Self { goal: zeros(), slope: zeros(), left: zeros() }
    }

    fn take(&mut self, old: &Lines) {
        for (new, old) in
            [(&mut self.goal, &old.goal), (&mut self.slope, &old.slope), (&mut self.left, &old.left)]
        {
            let shared = new.len().min(old.len());
            new[..shared].copy_from_slice(&old[..shared]);
        }
    }

    fn position(&self, lane: usize) -> f32 {
        self.goal[lane] - self.slope[lane] * self.left[lane]
    }

    fn rests(&self, lane: usize) -> bool {
        self.left[lane] == 0.0
    }

    fn put(&mut self, lane: usize, at: f32) {
        (self.goal[lane], self.slope[lane], self.left[lane]) = (at, 0.0, 0.0);
    }

    /// From where it is to a goal, in so many frames.
    fn leave(&mut self, lane: usize, from: f32, goal: f32, frames: f32) {
        (self.goal[lane], self.slope[lane], self.left[lane]) = (goal, (goal - from) / frames, frames);
    }

    fn load<L: Lane>(&self, lane: usize) -> [L; 3] {
        [&self.goal, &self.slope, &self.left].map(|values| L::load(&values[lane..]))
    }

    fn store<L: Lane>(&mut self, lane: usize, left: L) {
        left.store(&mut self.left[lane..lane + L::N]);
    }
}

/// The kernel.
pub struct Touch {
    what: Touched,
    /// Frames that a value takes to where it was moved.
    glide: f32,
    /// The value, or the semitones that the pitch is bent by.
    value: Lines,
    /// Semitones above the key.
    lead: Lines,
    /// Of the key, as it was last told.
    hertz: Vec<f32>,
    /// The lane has just begun.
    fresh: Vec<bool>,
}

impl Touch {
    pub fn new(what: Touched, lanes: usize, rate: f64) -> Self {
        let pitches = if what == Touched::Pitch { lanes } else { 0 };
        Self {
            what,
            glide: Ramp::glide(rate) as f32,
            value: Lines::new(lanes),
            lead: Lines::new(pitches),
            hertz: vec![0.0; pitches],
            fresh: vec![true; lanes],
        }
    }

    /// Sees what has been told since the last pass: variables change only between passes. Whether all lanes rest.
    fn hear(&mut self, pass: &Pass) -> bool {
        let mut rests = true;
        let pitch = self.what == Touched::Pitch;
        for k in 0..pass.width() {
            let lane = pass.lane + k;
            let told = |port: usize| pass.raw(port, 0).0[k];
            let value = told(usize::from(pitch));
            if self.fresh[lane] {
                self.value.put(lane, value);
            } else if value != self.value.goal[lane] {
                let from = self.value.position(lane);
                self.value.leave(lane, from, value, self.glide);
            }
            rests &= self.value.rests(lane);
            if pitch {
                self.hear_key(lane, told(0), told(2), told(3));
                rests &= self.lead.rests(lane);
            }
            self.fresh[lane] = false;
        }
        rests
    }

    fn hear_key(&mut self, lane: usize, hertz: f32, lead: f32, frames: f32) {
        let before = std::mem::replace(&mut self.hertz[lane], hertz);
        if self.fresh[lane] {
            if frames >= 1.0 { self.lead.leave(lane, lead, 0.0, frames) } else { self.lead.put(lane, 0.0) }
        } else if before != hertz {
            let from = self.lead.position(lane) + 12.0 * math::log2(before / hertz);
            if frames >= 1.0 && from.is_finite() {
                self.lead.leave(lane, from, 0.0, frames);
            } else {
                self.lead.put(lane, 0.0);
            }
        }
    }
}

impl Lanewise for Touch {
    #[inline(always)]
    fn pass<L: Lane>(&mut self, pass: &mut Pass) {
        let rests = self.hear(pass);
        let lane = pass.lane;
        let (one, zero) = (L::splat(1.0), L::splat(0.0));
        let [goal, slope, mut left] = self.value.load::<L>(lane);
        if self.what == Touched::Value {
            if rests {
                pass.outputs[0].set_flat(goal);
                return;
            }
            for out in pass.output::<L>(0) {
                left = (left - one).max(zero);
                *out = goal - slope * left;
            }
            self.value.store(lane, left);
            return;
        }
        let hertz = L::load(&self.hertz[lane..]);
        let octaves = L::splat(1.0 / 12.0);
        if rests {
            pass.outputs[0].set_flat(hertz * math::exp2(goal * octaves));
            return;
        }
        let [end, step, mut way] = self.lead.load::<L>(lane);
        for out in pass.output::<L>(0) {
            left = (left - one).max(zero);
            way = (way - one).max(zero);
            let semitones = (goal - slope * left) + (end - step * way);
            *out = hertz * math::exp2(semitones * octaves);
        }
        self.value.store(lane, left);
        self.lead.store(lane, way);
    }

    fn start(&mut self, lane: usize, _: Start) {
        self.fresh[lane] = true;
    }

    fn take(&mut self, old: &mut Self) {
        self.value.take(&old.value);
        self.lead.take(&old.lead);
        for (new, old) in self.hertz.iter_mut().zip(&old.hertz) {
            *new = *old;
        }
        for (new, old) in self.fresh.iter_mut().zip(&old.fresh) {
            *new = *old;
        }
    }
}

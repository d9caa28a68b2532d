//! A position that moves in straight lines on absolute time: what a hand turns, in steps, without clicks. Plain numbers; any thread.

/// Seconds over which what a hand has moved glides to its new position.
pub const GLIDE: f64 = 0.01;

/// A position and the way that it is on.
#[derive(Clone, Copy, Debug)]
pub struct Ramp {
    from: f32,
    to: f32,
    since: u64,
}

impl Ramp {
    /// Frames of a glide.
    pub fn glide(rate: f64) -> u64 {
        (GLIDE * rate).ceil().max(1.0) as u64
    }

    /// Rests here.
    pub fn at(position: f32) -> Ramp {
        Ramp { from: position, to: position, since: 0 }
    }

    /// Leaves for another position at a frame, from where it is then.
    pub fn leave(&mut self, to: f32, at: u64, glide: u64) {
        *self = Ramp { from: self.position(at, glide), to, since: at };
    }

    /// Leaves for another position, unless it goes there already.
    pub fn aim(&mut self, to: f32, at: u64, glide: u64) {
        if to != self.to {
            self.leave(to, at, glide);
        }
    }

    /// Where it goes, or rests.
    pub fn goal(&self) -> f32 {
        self.to
    }

    /// Where it is at a frame.
    pub fn position(&self, at: u64, glide: u64) -> f32 {
        let passed = at.saturating_sub(self.since).min(glide);
        if passed == glide {
            return self.to;
        }
        self.from + (self.to - self.from) * (passed as f32 / glide as f32)
    }

    /// Whether it rests from this frame on.
    pub fn still(&self, at: u64, glide: u64) -> bool {
        self.from == self.to || at >= self.since + glide
    }
}

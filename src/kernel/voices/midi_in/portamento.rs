//! Where the pitch is on its way from key to key, so that the next note can begin there. Audio thread.

/// The glide of the note that began last.
#[derive(Clone, Copy)]
pub struct Portamento {
    rate: f64,
    way: Option<Way>,
}

#[derive(Clone, Copy)]
struct Way {
    /// Where it goes, in semitones.
    goal: f64,
    /// How far above that it began, when, and in how many frames it arrives.
    lead: f64,
    since: u64,
    frames: f64,
}

impl Portamento {
    pub fn new(rate: f64) -> Self {
        Self { rate, way: None }
    }

    pub fn forget(&mut self) {
        self.way = None;
    }

    /// Whether there is a note to come from.
    pub fn has_begun(&self) -> bool {
        self.way.is_some()
    }

    /// Seconds in frames: none, or whole ones up to what a voice can count.
    pub fn frames(&self, seconds: f32) -> f32 {
        let frames = (f64::from(seconds) * self.rate).round();
        if frames >= 1.0 { frames.min(16_777_216.0) as f32 } else { 0.0 }
    }

    /// A note goes to this pitch in so many frames. Returns how far above it it begins, in semitones.
    pub fn to(&mut self, goal: f64, at: u64, frames: f32) -> f32 {
        let frames = f64::from(frames);
        let lead = match self.way {
            Some(way) if frames >= 1.0 => way.position(at) - goal,
            _ => 0.0,
        };
        self.way = Some(Way { goal, lead, since: at, frames: frames.max(1.0) });
        lead as f32
    }
}

impl Way {
    fn position(&self, at: u64) -> f64 {
        let passed = at.saturating_sub(self.since) as f64 / self.frames;
        self.goal + self.lead * (1.0 - passed).max(0.0)
    }
}

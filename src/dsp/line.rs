//! Delay lines: memory of the last frames of one signal, addressed by the age of the frame. Before age 0 there is silence, whatever
//! the memory holds, so a line is made new without being cleared. Audio thread, after construction.

/// A ring of frames.
pub struct Line {
    memory: Vec<f32>,
    mask: usize,
}

impl Line {
    /// A line that remembers at least `frames` frames.
    pub fn new(frames: usize) -> Line {
        let size = frames.max(1).next_power_of_two();
        Line { memory: vec![0.0; size], mask: size - 1 }
    }

    /// How many bytes such a line takes.
    pub fn bytes(frames: usize) -> usize {
        4 * frames.max(1).next_power_of_two()
    }

    #[inline(always)]
    pub fn write(&mut self, age: i64, x: f32) {
        self.memory[age as usize & self.mask] = x;
    }

    /// The frame of this age; silence before the first.
    #[inline(always)]
    pub fn read(&self, age: i64) -> f32 {
        let x = self.memory[age as usize & self.mask];
        if age < 0 { 0.0 } else { x }
    }

    /// The signal `fraction` (0..1) before the frame of this age, on a straight line.
    #[inline(always)]
    pub fn linear(&self, age: i64, fraction: f32) -> f32 {
        self.read(age) * (1.0 - fraction) + self.read(age - 1) * fraction
    }

    /// The signal `fraction` (0..1) after the frame of this age, on a cubic through four points.
    #[inline(always)]
    pub fn cubic(&self, age: i64, fraction: f32) -> f32 {
        hermite([self.read(age - 1), self.read(age), self.read(age + 1), self.read(age + 2)], fraction)
    }
}

/// How many lines a relay looks back to.
const PAST: usize = 4;
/// Frames over which the oldest of what is remembered comes in, where there was more.
pub const EDGE: i64 = 512;

/// A line that can take over from one of another length without copying: what is older than itself is read there, as long as it is
/// needed. What nobody remembers is silent, without a click.
pub struct Relay {
    line: Line,
    /// Age of the first frame in `line`, where there was another one before.
    since: Option<i64>,
    /// It has just taken over: the next frame that is written is its first.
    fresh: bool,
    /// The lines before, newest last: from which age each was written, and up to which.
    past: Vec<(Line, Option<i64>, i64)>,
}

impl Relay {
    /// A line that remembers at least `frames` frames.
    pub fn new(frames: usize) -> Relay {
        Relay { line: Line::new(frames), since: None, fresh: false, past: Vec::with_capacity(PAST) }
    }

    /// Takes over from a line that plays no more, and needs to remember `frames` frames of it. Never allocates or frees.
    pub fn take(&mut self, old: &mut Relay, frames: usize) {
        if old.since.is_some() {
            std::mem::swap(&mut self.past, &mut old.past);
        }
        self.fresh = old.fresh;
        if self.line.memory.len() == old.line.memory.len() || self.line.memory.len() < frames {
            std::mem::swap(&mut self.line, &mut old.line);
            self.since = old.since;
            return;
        }
        self.fresh = true;
        if self.past.len() == PAST {
            // The oldest goes back with what is left of the old line.
            self.past.rotate_left(1);
            let newest = &mut self.past[PAST - 1];
            std::mem::swap(&mut newest.0, &mut old.line);
            newest.1 = old.since;
        } else {
            let line = std::mem::replace(&mut old.line, Line { memory: vec![], mask: 0 });
            self.past.push((line, old.since, 0));
        }
    }

    /// Begins anew: nothing has been written.
    pub fn forget(&mut self) {
        (self.since, self.fresh) = (None, false);
    }

    /// To be called before frames from `age` on are written; whether anything before this line may still be read.
    #[inline(always)]
    pub fn looks_back(&mut self, age: i64) -> bool {
        if self.fresh {
            self.fresh = false;
            self.since = Some(age);
            if let Some(newest) = self.past.last_mut() {
                newest.2 = age;
            }
        }
        if self.since.is_some_and(|since| age - since >= self.line.memory.len() as i64) {
            self.since = None;
        }
        self.since.is_some()
    }

    /// The line alone: all that is needed where it does not look back.
    #[inline(always)]
    pub fn line(&mut self) -> &mut Line {
        &mut self.line
    }

    /// The frame of this age.
    pub fn read(&self, age: i64) -> f32 {
        if self.since.is_none_or(|since| age >= since) {
            return self.line.read(age);
        }
        for (line, since, end) in self.past.iter().rev() {
            if since.is_none_or(|since| age >= since) {
                // One that has forgotten its beginning has nothing before it, either.
                let lost = end - line.memory.len() as i64;
                return match age - lost {
                    ..0 if since.is_none() => 0.0,
                    known @ 0..EDGE if since.is_none() && lost > 0 => {
                        line.read(age) * (known as f32 / EDGE as f32)
                    }
                    _ => line.read(age),
                };
            }
        }
        0.0
    }

    /// As [`Line::linear`].
    pub fn linear(&self, age: i64, fraction: f32) -> f32 {
        self.read(age) * (1.0 - fraction) + self.read(age - 1) * fraction
    }

    /// As [`Line::cubic`].
    pub fn cubic(&self, age: i64, fraction: f32) -> f32 {
        hermite([self.read(age - 1), self.read(age), self.read(age + 1), self.read(age + 2)], fraction)
    }
}

/// The cubic through `y[1]` (at 0) and `y[2]` (at 1) with the slopes of their neighbours (Catmull and Rom).
#[inline(always)]
pub fn hermite(y: [f32; 4], x: f32) -> f32 {
    let c1 = 0.5 * (y[2] - y[0]);
    let c2 = y[0] - 2.5 * y[1] + 2.0 * y[2] - 0.5 * y[3];
    let c3 = 0.5 * (y[3] - y[0]) + 1.5 * (y[1] - y[2]);
    ((c3 * x + c2) * x + c1) * x + y[1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relay_reads_on_in_the_lines_before() {
        let mut ages = 0..;
        let mut write = |relay: &mut Relay, frames: usize| {
            for age in ages.by_ref().take(frames) {
                relay.looks_back(age);
                relay.line().write(age, 1.0 + age as f32);
            }
        };
        let mut old = Relay::new(1000);
        write(&mut old, 5000);
        for (length, frames) in [(4000, 100), (10, 5), (3000, 20)] {
            let mut new = Relay::new(length);
            new.take(&mut old, length.min(1000));
            write(&mut new, frames);
            old = new;
        }
        assert!((5000 - 1024 + EDGE..5125).all(|age| old.read(age) == 1.0 + age as f32));
        assert_eq!(old.read(3000), 0.0, "forgotten");
        assert!((3000..5124).all(|age| (old.read(age + 1) - old.read(age)).abs() < 12.0), "a click");
        write(&mut old, 5000);
        assert!(!old.looks_back(10_125), "nothing old is left");
    }

    #[test]
    fn line_remembers_and_is_silent_before_its_start() {
        let mut line = Line::new(10);
        (0..40).for_each(|n| line.write(n, n as f32));
        assert_eq!((line.read(35), line.linear(35, 0.25), line.cubic(35, 0.5)), (35.0, 34.75, 35.5));
        line.write(0, 5.0);
        assert_eq!((line.read(0), line.read(-1), line.linear(0, 0.5)), (5.0, 0.0, 2.5));
    }
}

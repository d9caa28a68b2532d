//! The gain of a limiter that sees peaks before it plays them: the least gain that any frame under way needs, let go slowly, and
//! rounded by two averages. No frame meets more gain than it needs, whatever the signal. Audio thread, after construction.
//!
//! With a look-ahead of N frames: `least` is the minimum of what the last N + 1 frames need; `held` falls with it at once and
//! rises slowly; two averages, of N/2 + 1 frames each, look back over N + 1 values of `held` together. Each of them is at most what the
//! frame of N frames ago needs, and so is their mean. Averages are sums of whole numbers, which stay exact for ever.

use std::collections::VecDeque;

/// A gain of 1 as a whole number: sums of 2¹² of them fit by far.
const ONE: f64 = (1u64 << 40) as f64;

/// The least of the last so many values, in a fixed amount of memory.
struct Least {
    /// Values that may still become the least, and which values they were: later and larger ones behind.
    candidates: VecDeque<(u64, f32)>,
    window: u64,
    /// How many values there were.
    count: u64,
}

impl Least {
    #[inline(always)]
    fn of(&mut self, value: f32) -> f32 {
        while self.candidates.back().is_some_and(|(_, last)| *last >= value) {
            self.candidates.pop_back();
        }
        while self.candidates.front().is_some_and(|(since, _)| since + self.window <= self.count) {
            self.candidates.pop_front();
        }
        // At most one for each frame of the window: there is always room.
        self.candidates.push_back((self.count, value));
        self.count += 1;
        self.candidates.front().map_or(value, |(_, least)| *least)
    }
}

/// The mean of the last values, as whole numbers.
struct Mean {
    ring: Vec<u64>,
    next: usize,
    sum: u64,
}

impl Mean {
    fn new(frames: usize) -> Mean {
        let mut mean = Mean { ring: vec![0; frames], next: 0, sum: 0 };
        mean.fill(ONE as u64);
        mean
    }

    fn fill(&mut self, value: u64) {
        self.ring.fill(value);
        self.sum = value * self.ring.len() as u64;
    }

    /// Rounded down.
    #[inline(always)]
    fn of(&mut self, value: u64) -> u64 {
        self.sum = self.sum - self.ring[self.next] + value;
        self.ring[self.next] = value;
        self.next = if self.next + 1 == self.ring.len() { 0 } else { self.next + 1 };
        self.sum / self.ring.len() as u64
    }
}

/// One signal's gain.
pub struct Lookahead {
    least: Least,
    held: f64,
    means: [Mean; 2],
}

impl Lookahead {
    /// Looks `frames` frames ahead.
    pub fn new(frames: usize) -> Lookahead {
        // Together they look back over as many values as the first, and N: both ends count.
        let first = frames / 2 + 1;
        let least =
            Least { candidates: VecDeque::with_capacity(frames + 2), window: frames as u64 + 1, count: 0 };
        Lookahead { least, held: 1.0, means: [Mean::new(first), Mean::new(frames + 2 - first)] }
    }

    /// Bytes that it takes.
    pub fn bytes(frames: usize) -> usize {
        (frames + 2) * (size_of::<(u64, f32)>() + size_of::<u64>())
    }

    /// As new.
    pub fn start(&mut self) {
        self.least.candidates.clear();
        self.held = 1.0;
        self.means.iter_mut().for_each(|mean| mean.fill(ONE as u64));
    }

    /// Goes on from another one that looks further or less far.
    pub fn take(&mut self, old: &Lookahead) {
        self.start();
        self.held = old.held;
        self.means.iter_mut().for_each(|mean| mean.fill((old.held * ONE) as u64));
        self.least.count = old.least.count;
        let room = self.least.window as usize;
        let from = old.least.candidates.len().saturating_sub(room);
        self.least.candidates.extend(old.least.candidates.iter().skip(from));
    }

    /// Takes the gain that the next frame needs (0..=1), and gives the gain for the frame that is played now. `speed` is the part
    /// of the way that the gain rises in a frame.
    #[inline(always)]
    pub fn tick(&mut self, need: f32, speed: f32) -> f32 {
        let least = f64::from(self.least.of(need));
        self.held = least.min(self.held + f64::from(speed) * (least - self.held));
        let [first, second] = &mut self.means;
        let mean = second.of(first.of((self.held * ONE) as u64));
        (mean as f64 * (1.0 / ONE)) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lookahead_never_gives_more_than_a_frame_needs() {
        for frames in [0, 1, 2, 7, 66, 441] {
            let mut ahead = Lookahead::new(frames);
            let need = |n: u64| {
                let hash = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
                if n.is_multiple_of(97) { 0.01 } else { 0.2 + hash as f32 / 21e6 }
            };
            for n in 0..5000 {
                let gain = ahead.tick(need(n).min(1.0), 0.01);
                if n >= frames as u64 {
                    let most = need(n - frames as u64).min(1.0);
                    assert!(gain <= most, "{frames} frames ahead, frame {n}: {gain} is more than {most}");
                }
            }
        }
    }

    #[test]
    fn lookahead_comes_back_to_one_exactly_and_moves_in_small_steps() {
        let mut ahead = Lookahead::new(100);
        let (mut last, mut step) = (1.0f32, 0.0f32);
        for n in 0..200_000 {
            let gain = ahead.tick(if n == 1000 { 0.1 } else { 1.0 }, 0.001);
            step = step.max((gain - last).abs());
            last = gain;
        }
        assert!(last > 0.999_999, "{last}");
        // A fall of 0.9 in 100 frames by a triangle is at its steepest twice as steep as a line.
        assert!(step < 2.1 * 0.9 / 100.0, "{step}");
    }
}

//! How loud everything is, made fit to be looked at: bars rise at once and fall slowly, peaks are held. Window thread.

use crate::session::{self, Graph, Strip};

/// Fall of a bar in decibels per second, and of a held peak after so many seconds.
const FALL: f32 = 24.0;
const PEAK_FALL: f32 = 12.0;
const HOLD: f32 = 1.5;
/// What is softer is drawn as silence: -80 dB.
const SOFTEST: f32 = 1e-4;

/// One bar: its length, its held peak, the mean, and the highest peak since somebody forgot it; all as factors.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bar {
    pub level: f32,
    pub peak: f32,
    pub mean: f32,
    pub highest: f32,
    /// Seconds for which the peak is still held.
    held: f32,
}

/// Left and right of the main output and of each strip.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Levels {
    pub main: [Bar; 2],
    pub strips: Vec<[Bar; 2]>,
    /// The highest true peaks of the strips since somebody forgot them, where they came near full scale.
    pub overs: Vec<f32>,
    /// By which factor compressors and limiters take a strip back; none where there are none.
    pub taken: Vec<Option<f32>>,
}

impl Bar {
    /// Falls for `time` seconds, and rises to what is louder.
    pub fn follow(&mut self, now: f32, mean: f32, time: f32) {
        let fallen = |value: f32, speed: f32| value * 10f32.powf(-speed * time / 20.0);
        self.level = fallen(self.level, FALL).max(now);
        self.held -= time;
        if now >= self.peak {
            (self.peak, self.held) = (now, HOLD);
        } else if self.held < 0.0 {
            self.peak = fallen(self.peak, PEAK_FALL).max(now);
        }
        self.mean = mean;
        self.highest = self.highest.max(now);
        for value in [&mut self.level, &mut self.peak, &mut self.mean] {
            *value = if *value < SOFTEST { 0.0 } else { *value };
        }
    }

    fn rests(&self) -> bool {
        self.level == 0.0 && self.peak == 0.0 && self.mean == 0.0
    }
}

impl Levels {
    /// Lets the bars fall for `time` seconds and rise to the newest peaks.
    pub fn follow(&mut self, now: &session::Levels, time: f32) {
        for side in 0..2 {
            self.main[side].follow(now.main[side], now.main_means[side], time);
        }
        self.strips.resize(now.strips.len(), Default::default());
        self.overs.resize(now.strips.len(), 0.0);
        self.overs.iter_mut().zip(&now.overs).for_each(|(known, over)| *known = known.max(*over));
        for (number, bars) in self.strips.iter_mut().enumerate() {
            let means = now.means.get(number).copied().unwrap_or_default();
            for side in 0..2 {
                bars[side].follow(now.strips[number][side], means[side], time);
            }
        }
    }

    #[cfg(test)]
    pub fn hear_over(&mut self, strip: usize, true_peak: f32) {
        self.overs.resize(self.overs.len().max(strip + 1), 0.0);
        self.overs[strip] = true_peak;
    }

    /// Asks what has dynamics how far it takes its strip back.
    pub fn take_back(&mut self, strips: &[Strip], graph: &Graph) {
        self.taken.clear();
        self.taken.resize(strips.len(), None);
        for (strip, taken) in strips.iter().zip(&mut self.taken) {
            let own = graph.nodes.iter().filter(|node| node.has_dynamics() && node.is_of(&strip.name));
            *taken = own.map(|node| node.lamp.take_taken()).reduce(|all, one| all * one);
        }
    }

    /// Whether nothing moves any more.
    pub fn rest(&self) -> bool {
        self.strips.iter().flatten().chain(&self.main).all(Bar::rests)
    }

    /// Forgets the highest peaks of a strip, or of the main output.
    pub fn forget(&mut self, strip: Option<usize>) {
        let bars = match strip {
            Some(strip) => self.strips.get_mut(strip),
            None => Some(&mut self.main),
        };
        if let Some(over) = strip.and_then(|strip| self.overs.get_mut(strip)) {
            *over = 0.0;
        }
        for bar in bars.into_iter().flatten() {
            bar.highest = 0.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::gain_to_db;

    #[test]
    fn meter_rises_at_once_and_falls_slowly() {
        let mut bar = Bar::default();
        bar.follow(1.0, 0.5, 0.02);
        assert_eq!((bar.level, bar.peak, bar.mean), (1.0, 1.0, 0.5));
        bar.follow(0.0, 0.0, 1.0);
        assert!((gain_to_db(f64::from(bar.level)) + 24.0).abs() < 0.01);
        assert_eq!((bar.peak, bar.highest), (1.0, 1.0), "still held");
        bar.follow(0.0, 0.0, 1.0);
        assert!((gain_to_db(f64::from(bar.peak)) + 12.0).abs() < 0.01);
        (0..20).for_each(|_| bar.follow(0.0, 0.0, 1.0));
        assert!(bar.rests() && bar.highest == 1.0);
    }
}

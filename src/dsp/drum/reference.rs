//! The second input: a microphone on the drum that bleeds. Learns how much of it comes over, band by band, and says whether it explains
//! what is heard. Audio thread.

use super::bands::{BANDS, Bands, Levels, SILENCE, WHOLE};
use super::contrast::Contrast;
use super::history::{History, loudest};

/// Hops of the reference that count: spill is up to 10 ms late.
const SPAN: usize = 48;
/// What comes over before anything is known: -10 dB.
const FIRST: f32 = -3.3;
/// Hops that a stroke of the reference is compared over.
const COMPARED: u32 = 40;

pub struct Reference {
    pub bands: Bands,
    history: History,
    contrast: Contrast,
    was_active: bool,
    /// How much louder the main input is than the reference, at strokes of the reference alone.
    coupling: Levels,
    /// Hops until the stroke under way is compared.
    due: u32,
}

impl Reference {
    pub fn new(rate: f64) -> Reference {
        Reference {
            bands: Bands::new(rate),
            history: History::default(),
            contrast: Contrast::default(),
            was_active: false,
            coupling: [FIRST; BANDS],
            due: 0,
        }
    }

    /// Forgets everything.
    pub fn restart(&mut self, rate: f64) {
        self.bands = Bands::new(rate);
        self.history.restart();
        (self.contrast, self.was_active) = (Contrast::default(), false);
        (self.coupling, self.due) = ([FIRST; BANDS], 0);
    }

    /// Goes on by a hop. `main`: the history of the main input, up to the same hop.
    pub fn follow(&mut self, levels: Levels, main: &History) {
        self.history.push(levels);
        let active = self.contrast.follow(&levels);
        if active && !self.was_active {
            self.due = COMPARED;
        }
        self.was_active = active;
        if self.due > 0 {
            self.due -= 1;
            if self.due == 0 {
                self.compare(main);
            }
        }
    }

    /// The least of what comes over is what always does: own strokes of the main drum on top of it hardly count.
    fn compare(&mut self, main: &History) {
        let (here, there) = (loudest(main.last(SPAN)), loudest(self.history.last(SPAN)));
        if there[WHOLE] < -16.0 {
            return;
        }
        for b in 0..BANDS {
            let heard = here[b] - there[b];
            let off = heard - self.coupling[b];
            self.coupling[b] += if off < 0.0 { 0.4 * off } else { (0.05 * off).min(0.15) };
        }
    }

    /// The share of bands, 0..1, in which the reference explains what rises in `main`.
    pub fn explains(&self, main: &History) -> f32 {
        let before = loudest(&main.last(3 * SPAN)[..2 * SPAN]);
        let (here, there) = (loudest(main.last(SPAN)), loudest(self.history.last(SPAN)));
        let (mut explained, mut all) = (0.0, 0.0);
        for b in 0..BANDS {
            let rise = (here[b] - before[b]).clamp(0.0, 8.0);
            if here[b] <= SILENCE + 4.0 {
                continue;
            }
            all += rise;
            if here[b] <= there[b] + self.coupling[b] + 2.0 {
                explained += rise;
            }
        }
        if all > 0.0 { explained / all } else { 0.0 }
    }
}

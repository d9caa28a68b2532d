//! Swing, and grooves of any kind: where the steps of a straight pattern really are, and how strong.

/// How time moves within a pattern. Positions are in beats from its beginning.
#[derive(Clone, Debug, PartialEq)]
pub struct Groove {
    /// Where the second of two steps is, as a part of both: 0.5 straight, 2/3 as triplets, 0.75 dotted.
    pub swing: f64,
    /// Beats of such a step.
    pub unit: f64,
    /// How much later steps of the pattern are, in steps, one after the other and over again.
    pub timing: Vec<f64>,
    /// How strong they are, as factors of the velocity.
    pub accents: Vec<f64>,
    /// Beats of a step of `timing` and `accents`.
    pub step: f64,
}

impl Default for Groove {
    fn default() -> Self {
        Groove { swing: 0.5, unit: 0.25, timing: vec![], accents: vec![], step: 0.25 }
    }
}

impl Groove {
    /// Where a place of the straight pattern is. Between steps everything moves along, so nothing changes its order by swing.
    pub fn at(&self, beats: f64) -> f64 {
        self.swung(beats) + self.late(beats)
    }

    /// How much later a step is by `timing`.
    pub fn late(&self, beats: f64) -> f64 {
        match self.timing.is_empty() {
            true => 0.0,
            false => self.timing[self.place(beats) % self.timing.len()] * self.step,
        }
    }

    /// The same by swing alone: for the ends of notes.
    pub fn swung(&self, beats: f64) -> f64 {
        if self.swing == 0.5 {
            return beats;
        }
        let pair = 2.0 * self.unit;
        let before = whole(beats / pair) * pair;
        let within = beats - before;
        let bend = pair * self.swing;
        before
            + match within < self.unit {
                true => within * 2.0 * self.swing,
                false => bend + (within - self.unit) * 2.0 * (1.0 - self.swing),
            }
    }

    /// How strong a place is.
    pub fn accent(&self, beats: f64) -> f64 {
        match self.accents.is_empty() {
            true => 1.0,
            false => self.accents[self.place(beats) % self.accents.len()],
        }
    }

    /// The number of the nearest step.
    fn place(&self, beats: f64) -> usize {
        (beats / self.step).round().max(0.0) as usize
    }
}

/// The whole part below, by the processor's own conversion: quicker where rounding is a call.
#[inline]
pub(super) fn whole(x: f64) -> f64 {
    let near = x as i64 as f64;
    if near > x { near - 1.0 } else { near }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groove_swing_is_the_closed_form() {
        for percent in [50.0, 54.0, 58.0, 62.5, 66.0, 70.0, 75.0] {
            let groove = Groove { swing: percent / 100.0, ..Groove::default() };
            for step in 0..32 {
                let straight = f64::from(step) / 4.0;
                let wanted = if step % 2 == 0 { straight } else { straight - 0.25 + 0.5 * percent / 100.0 };
                assert!((groove.at(straight) - wanted).abs() < 1e-12, "{percent} % at {straight}");
            }
            let order: Vec<f64> = (0..640).map(|n| groove.at(f64::from(n) / 80.0)).collect();
            assert!(order.windows(2).all(|w| w[0] < w[1]), "{percent} % changes the order");
        }
    }

    #[test]
    fn groove_templates_go_round() {
        let groove = Groove { timing: vec![0.0, 0.1, -0.1], accents: vec![1.0, 0.5], ..Groove::default() };
        let late: Vec<f64> = (0..6).map(|n| groove.at(f64::from(n) / 4.0) * 4.0 - f64::from(n)).collect();
        for (late, wanted) in late.iter().zip([0.0, 0.1, -0.1, 0.0, 0.1, -0.1]) {
            assert!((late - wanted).abs() < 1e-12);
        }
        assert_eq!([0.0, 0.25, 0.5].map(|at| groove.accent(at)), [1.0, 0.5, 1.0]);
    }
}

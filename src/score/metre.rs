//! Metres along a song: beats to bars and back.

/// A time signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metre {
    pub count: u16,
    /// Of a whole note: 4 is a quarter.
    pub value: u16,
}

impl Default for Metre {
    fn default() -> Self {
        Metre { count: 4, value: 4 }
    }
}

impl Metre {
    /// `3/4`.
    pub fn read(text: &str) -> Option<Metre> {
        let (count, value) = text.split_once('/')?;
        let (count, value): (u16, u16) = (count.trim().parse().ok()?, value.trim().parse().ok()?);
        ((1..=99).contains(&count) && value.is_power_of_two() && value <= 64)
            .then_some(Metre { count, value })
    }

    /// Beats of a bar.
    pub fn beats(self) -> f64 {
        4.0 * f64::from(self.count) / f64::from(self.value)
    }
}

/// A metre from a bar on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bar {
    /// Beats from 0 to where the bar begins, and how many bars come before it.
    pub at: f64,
    pub bars: f64,
    pub metre: Metre,
}

/// The metres of a song.
#[derive(Clone, Debug, PartialEq)]
pub struct MetreMap {
    bars: Vec<Bar>,
}

impl Default for MetreMap {
    fn default() -> Self {
        MetreMap::new(&[(0.0, Metre::default())])
    }
}

impl MetreMap {
    /// Metres from bars on (counted from 0), in order; the first from bar 0.
    pub fn new(changes: &[(f64, Metre)]) -> MetreMap {
        let mut bars: Vec<Bar> = vec![];
        for (number, metre) in changes {
            let at = bars.last().map_or(0.0, |last| last.at + (number - last.bars) * last.metre.beats());
            bars.push(Bar { at, bars: *number, metre: *metre });
        }
        if bars.is_empty() { MetreMap::default() } else { MetreMap { bars } }
    }

    /// How many bars come before a place in beats, the part of the last one included.
    pub fn bars(&self, beats: f64) -> f64 {
        let place = self.bars.partition_point(|bar| bar.at <= beats);
        let bar = &self.bars[place.saturating_sub(1)];
        bar.bars + (beats - bar.at) / bar.metre.beats()
    }

    /// The place in beats behind so many bars.
    pub fn beats(&self, bars: f64) -> f64 {
        let place = self.bars.partition_point(|bar| bar.bars <= bars);
        let bar = &self.bars[place.saturating_sub(1)];
        bar.at + (bars - bar.bars) * bar.metre.beats()
    }

    /// The metre at a place in beats, and where it began.
    pub fn at(&self, beats: f64) -> Bar {
        self.bars[self.bars.partition_point(|bar| bar.at <= beats).saturating_sub(1)]
    }

    /// All changes.
    pub fn changes(&self) -> &[Bar] {
        &self.bars
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metre_changes_move_the_bars() {
        let three = Metre { count: 3, value: 4 };
        let map =
            MetreMap::new(&[(0.0, Metre::default()), (2.0, three), (4.0, Metre { count: 7, value: 8 })]);
        let bars: Vec<f64> = (0..7).map(|bar| map.beats(f64::from(bar))).collect();
        assert_eq!(bars, [0.0, 4.0, 8.0, 11.0, 14.0, 17.5, 21.0]);
        assert_eq!((map.bars(9.5), map.at(11.0).metre), (2.5, three));
        assert_eq!(Metre::read("7/8"), Some(Metre { count: 7, value: 8 }));
        assert!(["3", "3/5", "0/4", "4/0", "4/128"].iter().all(|text| Metre::read(text).is_none()));
    }
}

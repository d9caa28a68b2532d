//! Tempo along a song: beats to seconds and back, in closed forms that need nothing but exactly rounded operations. A ramp goes evenly with time: halfway through its seconds it is halfway between its tempos.

/// A tempo from a place on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TempoPoint {
    /// In beats.
    pub at: f64,
    /// Beats (quarter notes) per minute.
    pub bpm: f64,
    /// The tempo goes there evenly from the point before, instead of all at once.
    pub ramp: bool,
}

/// From a place to the next point.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Segment {
    beat: f64,
    second: f64,
    bpm: f64,
    /// Beats per minute that the tempo gains per second.
    slope: f64,
}

impl Segment {
    /// Seconds that so many beats from its beginning take: the root of `slope/2 · t² + bpm · t = 60 · beats`.
    #[inline]
    fn seconds(&self, beats: f64) -> f64 {
        let beats = 60.0 * (beats - self.beat);
        // Before the first point its tempo holds.
        match self.slope == 0.0 || beats < 0.0 {
            true => self.second + beats / self.bpm,
            false => self.second + 2.0 * beats / (self.bpm + self.squared(beats).sqrt()),
        }
    }

    /// The square of the tempo after so many sixtieths of a beat.
    #[inline]
    fn squared(&self, beats: f64) -> f64 {
        (self.bpm * self.bpm + 2.0 * self.slope * beats).max(0.0)
    }

    fn beats(&self, seconds: f64) -> f64 {
        let t = seconds - self.second;
        self.beat + (self.bpm + 0.5 * self.slope * t) * t / 60.0
    }
}

/// The tempo of a song. Before its beginning the first tempo holds, behind its last point the last one.
#[derive(Clone, Debug, PartialEq)]
pub struct TempoMap {
    segments: Vec<Segment>,
}

impl Default for TempoMap {
    fn default() -> Self {
        TempoMap::steady(120.0)
    }
}

impl TempoMap {
    /// One tempo, in beats per minute.
    pub fn steady(bpm: f64) -> TempoMap {
        TempoMap { segments: vec![Segment { beat: 0.0, second: 0.0, bpm, slope: 0.0 }] }
    }

    /// A map through points in the order of their places, the first one at 0; tempos are above 0. Of several points at one place the last
    /// one holds.
    pub fn new(points: &[TempoPoint]) -> TempoMap {
        let mut segments: Vec<Segment> = vec![];
        for point in points {
            let Some(last) = segments.last_mut() else {
                segments.push(Segment { beat: point.at, second: 0.0, bpm: point.bpm, slope: 0.0 });
                continue;
            };
            let beats = point.at - last.beat;
            if point.ramp && beats > 0.0 {
                let seconds = 120.0 * beats / (last.bpm + point.bpm);
                last.slope = (point.bpm - last.bpm) / seconds;
            }
            let next = Segment { beat: point.at, second: last.seconds(point.at), bpm: point.bpm, slope: 0.0 };
            if beats > 0.0 { segments.push(next) } else { *last = next }
        }
        if segments.is_empty() { TempoMap::default() } else { TempoMap { segments } }
    }

    /// The tempo where it is the same everywhere.
    pub fn is_steady(&self) -> Option<f64> {
        match &self.segments[..] {
            [only] => Some(only.bpm),
            _ => None,
        }
    }

    fn segment(&self, is_behind: impl Fn(&Segment) -> bool) -> &Segment {
        let place = self.segments.partition_point(|segment| !is_behind(segment));
        &self.segments[place.saturating_sub(1)]
    }

    /// When a place in beats is reached, in seconds from 0.
    pub fn seconds(&self, beats: f64) -> f64 {
        self.segment(|segment| segment.beat > beats).seconds(beats)
    }

    /// Which place in beats is reached after so many seconds.
    pub fn beats(&self, seconds: f64) -> f64 {
        let segment = self.segment(|segment| segment.second > seconds);
        match segment.second > seconds {
            // Before the first point its tempo holds.
            true => segment.beat + (seconds - segment.second) * segment.bpm / 60.0,
            false => segment.beats(seconds),
        }
    }

    /// Beats per minute at a place in beats.
    pub fn bpm(&self, beats: f64) -> f64 {
        let segment = self.segment(|segment| segment.beat > beats);
        segment.squared(60.0 * (beats - segment.beat)).sqrt()
    }

    /// The points that it goes through.
    pub fn points(&self) -> Vec<TempoPoint> {
        let mut points = vec![];
        let mut before: Option<&Segment> = None;
        for segment in &self.segments {
            let ramp = before.is_some_and(|before| before.slope != 0.0);
            points.push(TempoPoint { at: segment.beat, bpm: segment.bpm, ramp });
            before = Some(segment);
        }
        points
    }

    /// For places that come in order: each is found from where the one before was.
    pub fn stamps(&self) -> Stamps<'_> {
        Stamps { map: self, place: 0 }
    }
}

/// Seconds of many places.
pub struct Stamps<'a> {
    map: &'a TempoMap,
    place: usize,
}

impl Stamps<'_> {
    /// As [`TempoMap::seconds`], to the bit.
    #[inline]
    pub fn seconds(&mut self, beats: f64) -> f64 {
        let segments = &self.map.segments;
        while self.place > 0 && segments[self.place].beat > beats {
            self.place -= 1;
        }
        while segments.get(self.place + 1).is_some_and(|next| next.beat <= beats) {
            self.place += 1;
        }
        segments[self.place].seconds(beats)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::score::{Grid, Metre, MetreMap, TICKS, Time, TimeUnit};

    fn point(at: f64, bpm: f64, ramp: bool) -> TempoPoint {
        TempoPoint { at, bpm, ramp }
    }

    #[test]
    fn tempo_ramp_is_the_closed_form() {
        // From 60 to 180 in eight beats: evenly with time, so at 120 a minute on the average, which takes four seconds.
        let map = TempoMap::new(&[point(0.0, 60.0, false), point(8.0, 180.0, true)]);
        assert!((map.seconds(8.0) - 4.0).abs() < 1e-12 && (map.bpm(8.0) - 180.0).abs() < 1e-9);
        for n in 0..=32 {
            // beats = t + 15 t² / 60 · 2 / 2, solved for t.
            let beats = f64::from(n) / 4.0;
            let t = (-1.0 + (1.0 + beats).sqrt()) * 2.0;
            assert!((map.seconds(beats) - t).abs() < 1e-12, "{beats}");
            assert!((map.beats(t) - beats).abs() < 1e-12, "{beats}");
        }
        assert!((map.seconds(11.0) - 5.0).abs() < 1e-12, "behind it the last tempo holds");
        assert!((map.seconds(-1.0) + 1.0).abs() < 1e-12, "before it the first");
    }

    prop_compose! {
        fn maps()(points in prop::collection::vec((0.01..20.0f64, 20.0..400.0f64, any::<bool>()), 0..6)) -> TempoMap {
            let mut all = vec![point(0.0, 120.0, false)];
            for (gap, bpm, ramp) in points {
                all.push(point(all[all.len() - 1].at + gap, bpm, ramp));
            }
            TempoMap::new(&all)
        }
    }

    proptest! {
        #[test]
        fn time_comes_back_exactly_from_every_unit(map in maps(), tick in 0..200_000i64, count in 1..13u16, step in 1..9u32) {
            let metre = MetreMap::new(&[(0.0, Metre::default()), (3.0, Metre { count, value: 8 })]);
            let grid = Grid { step: 1.0 / f64::from(step), tempo: &map, metre: &metre };
            let beats = tick as f64 / TICKS;
            for unit in [TimeUnit::Beats, TimeUnit::Bars, TimeUnit::Steps, TimeUnit::Ticks, TimeUnit::Seconds] {
                for from in [0.0, 7.25] {
                    let value = grid.count(beats, unit, from);
                    let back = grid.beats(Time { value, unit }, from);
                    prop_assert_eq!((back * TICKS).round() as i64, tick, "{:?}", unit);
                    prop_assert!((back - beats).abs() < 1e-9);
                }
            }
        }

        #[test]
        fn tempo_stamps_are_the_map_to_the_bit(map in maps(), mut places in prop::collection::vec(-1.0..120.0f64, 1..60)) {
            places.sort_by(f64::total_cmp);
            let mut stamps = map.stamps();
            for beats in places {
                prop_assert_eq!(stamps.seconds(beats).to_bits(), map.seconds(beats).to_bits());
            }
        }

        #[test]
        fn tempo_never_goes_back(map in maps(), a in 0.0..100.0f64, gap in 0.0..5.0f64) {
            prop_assert!(map.seconds(a) <= map.seconds(a + gap));
            prop_assert!(map.beats(a) <= map.beats(a + gap));
        }
    }
}

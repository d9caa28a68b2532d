//! Where a song stands at a frame when no host says so: its tempo map, and the region that is played round and round.

use super::groove::whole;
use super::metre::MetreMap;
use super::tempo::TempoMap;

/// A region that is repeated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Loop {
    /// Beats.
    pub from: f64,
    pub to: f64,
    /// How often it is played before the song goes on; `None`: for ever.
    pub times: Option<u32>,
}

/// The time of a song.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    pub tempo: TempoMap,
    pub metre: MetreMap,
    pub region: Option<Loop>,
    /// Markers and sections: their names and places in beats, in order.
    pub markers: Vec<(String, f64)>,
    /// Where it ends, in beats, if it says so.
    pub end: Option<f64>,
    /// A host's position comes first.
    pub follows_host: bool,
}

impl Timeline {
    /// The place of a marker in beats.
    pub fn marker(&self, name: &str) -> Option<f64> {
        self.markers.iter().find(|(known, _)| known == name).map(|(_, at)| *at)
    }

    /// The frame at which a place in beats begins: the first one that is not before it. Sums of many parts count as what they mean.
    pub fn frame(&self, beats: f64, rate: f64) -> f64 {
        stamp(self.tempo.seconds(beats), rate)
    }

    /// How long it is played, in frames, from its beginning to a place in beats, with the repetitions of its region; `None`: for ever.
    pub fn frames_to(&self, end: f64, rate: f64) -> Option<f64> {
        let whole = self.frame(end, rate);
        let Some(region) = self.region.filter(|region| region.to <= end) else { return Some(whole) };
        let round = self.frame(region.to, rate) - self.frame(region.from, rate);
        region.times.map(|times| whole + round * f64::from(times.max(1) - 1))
    }
}

/// The first frame that is not before a time in seconds; what is only rounded counts as the frame itself.
pub fn stamp(seconds: f64, rate: f64) -> f64 {
    let frames = seconds * rate;
    let near = whole(frames + 0.5);
    if (frames - near).abs() < 1e-5 { near } else { -whole(-frames) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeline_plays_its_region_so_many_times() {
        let region = Loop { from: 4.0, to: 8.0, times: Some(3) };
        let line = Timeline { region: Some(region), ..Timeline::default() };
        assert_eq!(line.frames_to(12.0, 48_000.0), Some(48_000.0 * 0.5 * 20.0));
        let endless = Timeline { region: Some(Loop { times: None, ..region }), ..Timeline::default() };
        assert_eq!(
            (endless.frames_to(12.0, 48_000.0), endless.frames_to(6.0, 48_000.0)),
            (None, Some(144_000.0))
        );
        assert_eq!([stamp(0.1 + 0.2, 10.0), stamp(0.31, 10.0)], [3.0, 4.0]);
    }
}

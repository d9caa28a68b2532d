//! What is asked of a bounce: how long, what notes, which files, how loud, by whom.

use crate::engine::{Event, Gear, Transport};

use super::cache::Cache;
use super::crew::Crew;
use super::fault::Policy;
use super::meter::{Levels, Measure};
use super::timeline::{Length, Tail, Timeline};
use super::write::Target;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Mix,
    /// A stem, by its number in [`Parts::stems`](crate::compile::parts::Parts::stems).
    Stem(usize),
}

/// A file to be written, or frames to be kept in memory.
#[derive(Clone, Debug)]
pub struct Output {
    pub source: Source,
    /// None: the frames are handed back.
    pub target: Option<Target>,
    pub measure: Measure,
}

/// How loud the set of files becomes: one gain for all of them, the largest that keeps to all that is given. Levels are those of the mix.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Level {
    /// dBFS.
    pub peak: Option<f64>,
    /// dBTP.
    pub true_peak: Option<f64>,
    /// LUFS, integrated.
    pub lufs: Option<f64>,
    /// Highest peak in dBFS: only ever makes it softer.
    pub headroom: Option<f64>,
    /// A gain in decibels that was decided before rendering ([`Forecast::gain`](super::Forecast::gain)).
    pub foretold: Option<f64>,
}

impl Level {
    /// Whether it can be told only at the end.
    pub fn is_set(&self) -> bool {
        *self != Level::default()
    }

    /// The gain in decibels for a mix of these levels.
    pub(super) fn gain(&self, levels: &Levels) -> f64 {
        let up = |wanted: Option<f64>, is: Option<f64>| Some(wanted? - is?);
        let wishes =
            [up(self.peak, levels.peak), up(self.true_peak, levels.true_peak), up(self.lufs, levels.lufs)];
        let gain = wishes.into_iter().flatten().reduce(f64::min).or(self.foretold).unwrap_or(0.0);
        up(self.headroom, levels.peak).map_or(gain, |most| gain.min(most))
    }

    /// What must be measured for it.
    pub(super) fn measure(&self) -> Measure {
        match (self.true_peak, self.lufs) {
            (Some(_), _) => Measure::Everything,
            (None, Some(_)) => Measure::Loudness,
            (None, None) => Measure::Peak,
        }
    }
}

/// How to bounce a sound.
#[derive(Clone, Debug)]
pub struct Export {
    /// How finely it is computed; frames are those of its rate, that of the files.
    pub gear: Gear,
    pub length: Length,
    /// Notes and controls; `Event::at` counts from the first frame of the song.
    pub events: Vec<Event>,
    /// Where a host's transport stands at the first frame, if one is to be played.
    pub transport: Option<Transport>,
    pub outputs: Vec<Output>,
    pub level: Level,
    pub crew: Crew,
    pub policy: Policy,
    /// Seconds that each part may take.
    pub time_limit: Option<f64>,
    pub cache: Option<Cache>,
}

impl Export {
    /// What is rendered, in frames of the engine.
    pub(super) fn timeline(&self, latency: u64, chunk: usize) -> Timeline {
        let Gear { factor, .. } = self.gear;
        let fine = factor as u64;
        let Length { from, to, tail } = self.length;
        let tail = match tail {
            Tail::Fixed(frames) => Tail::Fixed(frames.saturating_mul(fine)),
            Tail::Silence(most) => Tail::Silence(most.saturating_mul(fine)),
            other => other,
        };
        let length = Length { from: from * fine, to: to * fine, tail };
        let event = |event: &Event| Event { at: event.at.saturating_mul(factor as u32), ..*event };
        let frame = |frame: i64| frame * factor as i64;
        let transport = self.transport.map(|t| Transport { frame: t.frame.map(frame), ..t });
        let late = self.gear.latency(latency) * fine;
        let rate = self.gear.engine_rate();
        Timeline::new(length, late, (rate, chunk), transport, self.events.iter().map(event).collect())
    }
}

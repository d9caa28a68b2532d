//! Quality tiers: how finely a sound is computed. Live and offline each have one, and where both have the same, the bits are the same.
//! Any thread; nothing here allocates.

use serde::{Deserialize, Serialize};

/// A tier. `Normal` is the default everywhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quality {
    /// Less work where notes are high and samples transposed: oscillators without the exact sums of their harmonics, samples read along
    /// straight lines.
    Draft,
    #[default]
    Normal,
    /// Everything runs at a multiple of the sample rate, and what lies above the limit of hearing is taken away at the outputs: FM,
    /// distortion and fast modulation alias far less.
    High,
}

/// Engines run at this many frames per second at most.
const FASTEST: f64 = 400_000.0;

impl Quality {
    pub const ALL: [Quality; 3] = [Quality::Draft, Quality::Normal, Quality::High];

    /// As it is written in settings, on the command line and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Quality::Draft => "draft",
            Quality::Normal => "normal",
            Quality::High => "high",
        }
    }

    /// The tier of this name.
    pub fn named(name: &str) -> Option<Quality> {
        Quality::ALL.into_iter().find(|quality| quality.name() == name)
    }

    /// How many frames the engine computes for one of a host (or file) of this rate: 1, 2 or 4.
    pub fn factor(self, rate: f64) -> usize {
        match self {
            Quality::High => [4, 2].into_iter().find(|factor| rate * *factor as f64 <= FASTEST).unwrap_or(1),
            _ => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quality_names_are_read_back_and_high_has_a_limit() {
        for quality in Quality::ALL {
            assert_eq!(Quality::named(quality.name()), Some(quality));
        }
        assert_eq!(Quality::named("best"), None);
        let factors = [44_100.0, 48_000.0, 96_000.0, 192_000.0, 384_000.0].map(|r| Quality::High.factor(r));
        assert_eq!(factors, [4, 4, 4, 2, 1]);
        assert_eq!((Quality::Draft.factor(48_000.0), Quality::Normal.factor(48_000.0)), (1, 1));
    }
}

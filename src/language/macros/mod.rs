//! Macros: the few values of a library that are turned while it plays. What one is worth at a share of its way (0..1, as hosts know
//! it), and how that is written and read in its own unit. Pure functions; any thread but the audio thread.

mod read;

pub(super) use read::{Draft, draft, settle};

use super::model::Span;
use super::quantity::{self, Measure, Reading};
use super::scalar::decimal;
use crate::units::{Law, Unit, db_to_gain, gain_to_db, key_to_hertz};

/// How many macros there are: as many as the host has parameters for.
pub const MACROS: usize = super::limits::MACROS;

/// One macro of a library.
#[derive(Clone, Debug, PartialEq)]
pub struct Macro {
    /// As expressions read it.
    pub name: String,
    /// As people read it.
    pub title: String,
    /// Which of the host's parameters it is, from 0.
    pub slot: u8,
    /// Where it stands until it is moved, as a share of the way from the first end of its range to the second.
    pub default: f64,
    /// Where its name stands in the text.
    pub span: Span,
    /// What its numbers measure; `None` for plain ones.
    measure: Option<Measure>,
    /// Both ends of its range, in the base unit of what it measures (decibels for levels, semitones for intervals).
    ends: (f64, f64),
    /// Equal steps are equal factors.
    log: bool,
}

impl Macro {
    /// What expressions see at both ends, and how it goes from one to the other. Levels are factors there, and intervals ratios.
    pub fn law(&self) -> (Law, f64, f64) {
        let (low, high) = self.ends;
        let (law, worth): (Law, fn(f64) -> f64) = match self.measure {
            Some(Measure::Level) => (Law::Geometric, db_to_gain),
            Some(Measure::Pitch) => (Law::Geometric, |semitones| (semitones / 12.0).exp2()),
            _ if self.log => (Law::Geometric, |x| x),
            _ => (Law::Straight, |x| x),
        };
        (law, worth(low), worth(high))
    }

    /// What expressions see at a share of the way.
    pub fn worth(&self, share: f64) -> f64 {
        let (law, low, high) = self.law();
        match law {
            Law::Straight => low + (high - low) * share,
            Law::Geometric => low * (high / low).powf(share),
        }
    }

    /// The value in the macro's own unit.
    fn value(&self, share: f64) -> f64 {
        let (low, high) = self.ends;
        if self.log { low * (high / low).powf(share) } else { low + (high - low) * share }
    }

    /// The way to a value in the macro's own unit: outside of 0..1 where that is outside of the range.
    fn share(&self, value: f64) -> Option<f64> {
        let (low, high) = self.ends;
        let share =
            if self.log { (value / low).ln() / (high / low).ln() } else { (value - low) / (high - low) };
        share.is_finite().then_some(share)
    }

    /// Its value at a share of the way, with its unit, in four digits. [`Macro::read`] of it gives a value with the same text.
    pub fn text(&self, share: f64) -> String {
        let value = self.value(share);
        // Digits far below the width of the range are noise of the host's 32 bits.
        let finest = match self.log {
            true => f64::INFINITY,
            false => 10f64.powf(4.0 - self.ends.0.abs().max(self.ends.1.abs()).log10().floor()),
        };
        let short = |x: f64, size: f64| digits(x, finest / size);
        match self.measure {
            None => short(value, 1.0),
            Some(Measure::Frequency) if rounded(value, finest).abs() >= 1000.0 => {
                format!("{} kHz", short(value / 1000.0, 1e-3))
            }
            Some(Measure::Frequency) => format!("{} Hz", short(value, 1.0)),
            Some(Measure::Time) if rounded(value, finest).abs() >= 1.0 => format!("{} s", short(value, 1.0)),
            Some(Measure::Time) => format!("{} ms", short(value * 1000.0, 1e3)),
            Some(Measure::Level) => format!("{} dB", short(value, 1.0)),
            Some(Measure::Ratio) => format!("{} %", short(value * 100.0, 100.0)),
            Some(Measure::Pitch) => format!("{} st", short(value, 1.0)),
            Some(Measure::Tempo | Measure::Beats) => format!("{} bpm", short(value, 1.0)),
            Some(Measure::Angle) => {
                format!("{} deg", short(value.to_degrees(), 180.0 / std::f64::consts::PI))
            }
            Some(Measure::Pan) => match short(value.abs() * 100.0, 100.0) {
                none if none == "0" => "C".into(),
                side => format!("{}{side}", if value < 0.0 { "L" } else { "R" }),
            },
        }
    }

    /// The share of the way to what a text says: a number with a unit, or without one in the unit that [`Macro::text`] shows largest.
    /// Outside of 0..1 where it is outside of the range; `None` where it is no value of this macro.
    pub fn read(&self, text: &str) -> Option<f64> {
        let plain = text.trim().replace('\u{2212}', "-");
        let bare = decimal(&plain).filter(|x| x.is_finite());
        let value = match (self.measure, bare) {
            (Some(Measure::Ratio | Measure::Pan), Some(x)) => x / 100.0,
            (Some(Measure::Angle), Some(x)) => x.to_radians(),
            (_, Some(x)) => x,
            (Some(Measure::Pan), None)
                if matches!(&*plain.to_ascii_lowercase(), "c" | "centre" | "center") =>
            {
                0.0
            }
            (measure, None) => self.with_unit(&plain, measure)?,
        };
        self.share(value)
    }

    fn with_unit(&self, text: &str, measure: Option<Measure>) -> Option<f64> {
        let packed: String = text.split_whitespace().collect();
        let pan = (measure == Some(Measure::Pan)).then_some(Unit::Pan);
        match quantity::read(if pan.is_some() { &packed } else { text }, pan, false) {
            Reading::Quantity(q) if Some(q.measure()) == measure => Some(q.value()),
            // Where a plain number is meant, a percentage is one, and a level is its factor.
            Reading::Quantity(q) => match (q.measure(), measure) {
                (Measure::Ratio, None) => Some(q.value()),
                (Measure::Level, None | Some(Measure::Ratio)) => Some(db_to_gain(q.value())),
                (Measure::Ratio, Some(Measure::Level)) => Some(gain_to_db(q.value())),
                _ => None,
            },
            _ if measure == Some(Measure::Frequency) => {
                super::vocabulary::note_key(text).map(|key| key_to_hertz(f64::from(key)))
            }
            _ => None,
        }
    }

    /// The text of its ends, for messages and help.
    pub fn range_text(&self) -> (String, String) {
        (self.text(0.0), self.text(1.0))
    }
}

/// To four significant digits, or to a whole number of parts of 1 where those are coarser.
fn rounded(x: f64, finest: f64) -> f64 {
    if x == 0.0 || !x.is_finite() {
        return 0.0;
    }
    let parts = 10f64.powf(3.0 - x.abs().log10().floor()).min(finest);
    // The sum makes -0 an ordinary 0.
    (x * parts).round() / parts + 0.0
}

fn digits(x: f64, finest: f64) -> String {
    format!("{}", rounded(x, finest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn a(measure: Option<Measure>, low: f64, high: f64, log: bool) -> Macro {
        Macro {
            name: "a".into(),
            title: "A".into(),
            slot: 0,
            default: 0.0,
            span: Span { file: 0, start: 0, end: 0 },
            measure,
            ends: (low, high),
            log,
        }
    }

    fn all() -> Vec<Macro> {
        vec![
            a(Some(Measure::Frequency), 80.0, 8000.0, true),
            a(Some(Measure::Frequency), 20_000.0, 20.0, false),
            a(Some(Measure::Time), 0.0, 2.0, false),
            a(Some(Measure::Time), 0.001, 30.0, true),
            a(Some(Measure::Level), -60.0, 6.0, false),
            a(Some(Measure::Ratio), 0.0, 1.0, false),
            a(Some(Measure::Pitch), -24.0, 24.0, false),
            a(Some(Measure::Tempo), 60.0, 180.0, false),
            a(Some(Measure::Angle), 0.0, std::f64::consts::TAU, false),
            a(Some(Measure::Pan), -1.0, 1.0, false),
            a(None, -1.0, 1.0, false),
            a(None, 0.0, 12_345.0, false),
            a(None, 1e-4, 1e4, true),
        ]
    }

    #[test]
    fn macros_text_and_value_round_trip() {
        for m in all() {
            for step in 0..=5000 {
                // As hosts keep it: in 32 bits.
                let share = f64::from(step as f32 / 5000.0);
                let text = m.text(share);
                let back = m.read(&text).unwrap_or_else(|| panic!("{text} of {m:?}")) as f32;
                assert_eq!(m.text(back.into()), text, "{m:?} at {share}");
                assert!((f64::from(back) - share).abs() < 2e-3, "{text} of {m:?} at {share}");
            }
        }
    }

    #[test]
    fn macros_are_read_as_people_type() {
        let share = |measure, low, high, log, text: &str| a(measure, low, high, log).read(text);
        let hertz = |text: &str| share(Some(Measure::Frequency), 80.0, 8000.0, true, text);
        assert!((hertz("800 Hz").unwrap() - 0.5).abs() < 1e-12 && hertz("0.8khz") == hertz("800"));
        assert!(hertz("a4") == hertz("440 Hz") && hertz("3 s").is_none() && hertz("-3 Hz").is_none());
        assert!(hertz("20 Hz").unwrap() < 0.0, "outside of its range");
        let level = |text: &str| share(Some(Measure::Level), -60.0, 0.0, false, text);
        assert_eq!((level("−6 dB"), level("-6")), (Some(0.9), Some(0.9)));
        assert!((level("50 %").unwrap() - 0.8997).abs() < 1e-4);
        let pan = |text: &str| share(Some(Measure::Pan), -1.0, 1.0, false, text);
        assert_eq!(
            (pan("L50"), pan("r 20"), pan("C"), pan("-50")),
            (Some(0.25), Some(0.6), Some(0.5), Some(0.25))
        );
        assert_eq!(share(None, 0.0, 2.0, false, "50 %"), Some(0.25));
        assert_eq!(share(Some(Measure::Ratio), 0.0, 1.0, false, "35"), Some(0.35));
        assert_eq!(share(None, 0.0, 2.0, false, "loud"), None);
    }

    #[test]
    fn macros_show_few_digits() {
        let text = |measure, low, high, log, share| a(measure, low, high, log).text(share);
        assert_eq!(text(Some(Measure::Frequency), 80.0, 8000.0, true, 0.5), "800 Hz");
        assert_eq!(text(Some(Measure::Frequency), 0.0, 2000.0, false, 0.499_999_9), "1 kHz");
        assert_eq!(text(Some(Measure::Time), 0.0, 0.1, false, 0.3), "30 ms");
        assert_eq!(text(Some(Measure::Level), -24.0, 0.0, false, 0.75), "-6 dB");
        assert_eq!(text(None, -1.0, 1.0, false, 0.499_999_97), "0");
        assert_eq!(text(Some(Measure::Pan), -1.0, 1.0, false, 0.25), "L50");
    }
}

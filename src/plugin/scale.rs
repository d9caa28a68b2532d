//! How a host parameter's number is ranged and written: its span, how knob travel maps to it, its text and the way back from text.
//! Any thread; text is made and read on the host's main thread only, never while audio is rendered.

use nice_plug::prelude::FloatRange;

use crate::session::note;
use crate::units::gain_to_db;

/// The meaning of a host parameter's plain value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scale {
    /// Level in decibels; the lowest value is silence and written `-inf`.
    Level { max: f32 },
    /// Level in decibels between two limits, both of them real levels.
    Decibels { min: f32, max: f32 },
    /// 0..1, written in percent.
    Share,
    /// -1 (left) .. 1 (right), written `L 50.0`, `C`, `R 50.0`.
    Pan,
    /// Frequency in hertz, equal travel for equal ratios (roughly: skewed).
    Hertz { min: f32, max: f32 },
    /// Time in milliseconds, finer at the short end.
    Milliseconds { min: f32, max: f32 },
    /// A plain number between two limits.
    Number { min: f32, max: f32 },
}

/// The lowest position of a level fader, in decibels: silence.
pub const SILENCE: f32 = -72.0;

impl Scale {
    /// Lowest and highest plain value.
    pub fn limits(self) -> (f32, f32) {
        match self {
            Scale::Level { max } => (SILENCE, max),
            Scale::Share => (0.0, 1.0),
            Scale::Pan => (-1.0, 1.0),
            Scale::Decibels { min, max }
            | Scale::Hertz { min, max }
            | Scale::Milliseconds { min, max }
            | Scale::Number { min, max } => (min, max),
        }
    }

    /// The framework's range: how travel (0..1) maps to the plain value.
    pub fn range(self) -> FloatRange {
        let (min, max) = self.limits();
        match self {
            Scale::Hertz { .. } => FloatRange::Skewed { min, max, factor: 0.25 },
            Scale::Milliseconds { .. } => FloatRange::Skewed { min, max, factor: 0.5 },
            _ => FloatRange::Linear { min, max },
        }
    }

    /// The unit as it is listed in the frozen table; the text of a value already carries it.
    #[cfg(test)]
    pub fn unit(self) -> &'static str {
        match self {
            Scale::Level { .. } | Scale::Decibels { .. } => "dB",
            Scale::Share => "%",
            Scale::Hertz { .. } => "Hz",
            Scale::Milliseconds { .. } => "ms",
            Scale::Pan | Scale::Number { .. } => "",
        }
    }

    /// Text of a plain value, with its unit. [`Scale::parse`] of it gives a value with the same text.
    pub fn text(self, value: f32) -> String {
        match self {
            Scale::Level { .. } if value < SILENCE + 0.005 => "-inf dB".into(),
            Scale::Level { .. } | Scale::Decibels { .. } => {
                format!("{} dB", unsigned_zero(&format!("{value:.2}")))
            }
            Scale::Share => format!("{} %", unsigned_zero(&format!("{:.2}", value * 100.0))),
            Scale::Pan => match (value * 100.0).abs() {
                centre if centre < 0.05 => "C".into(),
                side => format!("{} {side:.1}", if value < 0.0 { "L" } else { "R" }),
            },
            Scale::Hertz { .. } => format!("{} Hz", significant(value)),
            Scale::Milliseconds { .. } => format!("{} ms", significant(value)),
            Scale::Number { .. } => unsigned_zero(&format!("{value:.3}")).into(),
        }
    }

    /// Reads what [`Scale::text`] writes, with or without the unit, in any case and with any minus; and what people type instead: `kHz`
    /// and `s`, note names for frequencies, percentages for levels. Values outside the limits are moved to the nearest limit; `None`
    /// where it is no value of this kind.
    pub fn parse(self, text: &str) -> Option<f32> {
        let plain = text.trim().to_lowercase().replace('\u{2212}', "-").replace('\u{221e}', "inf");
        let (min, max) = self.limits();
        let value = match self {
            Scale::Pan => side(&plain)?,
            Scale::Hertz { .. } if let Some(hertz) = note(&plain) => hertz as f32,
            _ => match (self, number(&plain)?) {
                (Scale::Level { .. }, (factor, "%")) if factor <= 0.0 => SILENCE,
                (Scale::Level { .. } | Scale::Decibels { .. }, (x, "%")) => {
                    gain_to_db(f64::from(x) / 100.0) as f32
                }
                (Scale::Level { .. } | Scale::Decibels { .. }, (x, "" | "db")) => x,
                (Scale::Share, (x, "" | "%")) => x / 100.0,
                (Scale::Hertz { .. }, (x, "" | "hz")) | (Scale::Milliseconds { .. }, (x, "" | "ms")) => x,
                (Scale::Hertz { .. }, (x, "khz" | "k")) | (Scale::Milliseconds { .. }, (x, "s")) => {
                    x * 1000.0
                }
                (Scale::Number { .. }, (x, "")) => x,
                (Scale::Number { .. }, (x, "%")) => x / 100.0,
                _ => return None,
            },
        };
        (!value.is_nan()).then(|| value.clamp(min, max))
    }
}

/// A place between left and right: `L 50`, `50 R`, `C`, or -100 to 100.
fn side(text: &str) -> Option<f32> {
    if matches!(text, "c" | "centre" | "center") {
        return Some(0.0);
    }
    let (text, sign) = match (text.chars().next()?, text.chars().last()?) {
        ('l', _) => (&text[1..], -1.0),
        ('r', _) => (&text[1..], 1.0),
        (_, 'l') => (&text[..text.len() - 1], -1.0),
        (_, 'r') => (&text[..text.len() - 1], 1.0),
        _ => (text, 1.0),
    };
    match number(text)? {
        (x, "" | "%") => Some(sign * x / 100.0),
        _ => None,
    }
}

/// Four significant digits: enough to tell neighbouring values apart, few enough to survive the way through 32-bit normalised values.
fn significant(value: f32) -> String {
    let decimals = match value.abs() {
        v if v < 9.9995 => 3,
        v if v < 99.995 => 2,
        v if v < 999.95 => 1,
        _ => 0,
    };
    format!("{value:.decimals$}")
}

/// `-0.00` is written `0.00`.
fn unsigned_zero(text: &str) -> &str {
    match text.strip_prefix('-') {
        Some(rest) if rest.chars().all(|c| matches!(c, '0' | '.')) => rest,
        _ => text,
    }
}

/// The number a text starts with, perhaps infinite, and the unit that follows it.
fn number(text: &str) -> Option<(f32, &str)> {
    let text = text.trim();
    let digits = text.find(|c: char| !matches!(c, '0'..='9' | '.' | '-' | '+')).unwrap_or(text.len());
    let end = if text[digits..].starts_with("inf") { digits + 3 } else { digits };
    let value: f32 = text[..end].parse().ok()?;
    Some((value, text[end..].trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &[Scale] = &[
        Scale::Level { max: 12.0 },
        Scale::Decibels { min: -80.0, max: 0.0 },
        Scale::Share,
        Scale::Pan,
        Scale::Hertz { min: 20.0, max: 20_000.0 },
        Scale::Milliseconds { min: 1.0, max: 1000.0 },
        Scale::Number { min: -1.0, max: 1.0 },
    ];

    #[test]
    fn params_text_and_value_round_trip() {
        for scale in ALL {
            for step in 0..=10_000 {
                let travel = step as f32 / 10_000.0;
                let text = scale.text(scale.range().unnormalize(travel));
                let back = scale.parse(&text).unwrap();
                // The way a host goes: through a normalised 32-bit value.
                let again = scale.text(scale.range().unnormalize(scale.range().normalize(back)));
                assert_eq!(text, again, "{scale:?} at {travel}");
            }
        }
    }

    #[test]
    fn params_text_reads_what_people_type() {
        let hertz = Scale::Hertz { min: 20.0, max: 20_000.0 };
        let time = Scale::Milliseconds { min: 1.0, max: 1000.0 };
        let level = Scale::Level { max: 12.0 };
        let decibels = Scale::Decibels { min: -80.0, max: 0.0 };
        let number = Scale::Number { min: -1.0, max: 1.0 };
        let cases = [
            (hertz, "440 Hz", 440.0),
            (hertz, "2.5 kHz", 2500.0),
            (hertz, "3k", 3000.0),
            (hertz, "A4", 440.0),
            (hertz, "C3", 130.8128),
            (hertz, "1", 20.0),
            (time, "0.25s", 250.0),
            (time, "30 ms", 30.0),
            (time, "inf", 1000.0),
            (level, "-inf", SILENCE),
            (level, "\u{2212}\u{221e} dB", SILENCE),
            (level, "0 %", SILENCE),
            (level, "inf", 12.0),
            (level, "+99 dB", 12.0),
            (level, "\u{2212}6 dB", -6.0),
            (level, "50 %", -6.0206),
            (decibels, "-12.5", -12.5),
            (Scale::Pan, "l 25", -0.25),
            (Scale::Pan, "L50", -0.5),
            (Scale::Pan, "R20", 0.2),
            (Scale::Pan, "20R", 0.2),
            (Scale::Pan, "C", 0.0),
            (Scale::Pan, "-50", -0.5),
            (Scale::Share, "50 %", 0.5),
            (Scale::Share, "50", 0.5),
            (number, "-0.25", -0.25),
            (number, "50 %", 0.5),
        ];
        for (scale, text, value) in cases {
            let read = scale.parse(text).unwrap_or_else(|| panic!("{text} of {scale:?}"));
            assert!((read - value).abs() < 1e-3 * value.abs().max(0.1), "{text} of {scale:?} is {read}");
        }
        for (scale, text) in [
            (Scale::Share, "loud"),
            (Scale::Share, "1/8"),
            (Scale::Share, "nan"),
            (time, "3 Hz"),
            (hertz, "3 dB"),
            (level, "6 Hz"),
            (Scale::Pan, "left"),
            (Scale::Pan, ""),
            (number, "--1"),
        ] {
            assert_eq!(scale.parse(text), None, "{text} of {scale:?}");
        }
    }
}

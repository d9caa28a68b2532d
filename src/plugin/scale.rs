//! How a host parameter's number is ranged and written: its span, how knob travel maps to it, its text and the way back from text.
//! Any thread; text is made and read on the host's main thread only, never while audio is rendered.

use nice_plug::prelude::FloatRange;

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

    /// Reads what [`Scale::text`] writes, with or without the unit and in any case; `kHz` and `s` are understood, too. Values outside
    /// the limits are moved to the nearest limit; `None` where there is no number.
    pub fn parse(self, text: &str) -> Option<f32> {
        let lower = text.trim().to_ascii_lowercase();
        let (min, max) = self.limits();
        let value = match self {
            Scale::Level { .. } if lower.starts_with("-inf") => SILENCE,
            Scale::Pan if matches!(lower.as_str(), "c" | "centre" | "center") => 0.0,
            Scale::Pan => match lower.strip_prefix('l') {
                Some(left) => -number(left)?.0 / 100.0,
                None => number(lower.strip_prefix('r').unwrap_or(&lower))?.0 / 100.0,
            },
            Scale::Share => number(&lower)?.0 / 100.0,
            Scale::Hertz { .. } => scaled(&lower, "khz")?,
            Scale::Milliseconds { .. } => scaled(&lower, "s")?,
            _ => number(&lower)?.0,
        };
        Some(value.clamp(min, max))
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

/// The number a text starts with, and what follows it.
fn number(text: &str) -> Option<(f32, &str)> {
    let text = text.trim();
    let end = text.find(|c: char| !matches!(c, '0'..='9' | '.' | '-' | '+')).unwrap_or(text.len());
    let value: f32 = text[..end].parse().ok()?;
    value.is_finite().then(|| (value, text[end..].trim()))
}

/// A number whose unit may be a thousand times the plain one.
fn scaled(text: &str, thousand: &str) -> Option<f32> {
    let (value, unit) = number(text)?;
    Some(if unit == thousand { value * 1000.0 } else { value })
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
        assert_eq!(Scale::Hertz { min: 20.0, max: 20_000.0 }.parse("2.5 kHz"), Some(2500.0));
        assert_eq!(Scale::Milliseconds { min: 1.0, max: 1000.0 }.parse("0.25s"), Some(250.0));
        assert_eq!(Scale::Level { max: 12.0 }.parse("-inf"), Some(SILENCE));
        assert_eq!(Scale::Level { max: 12.0 }.parse("+99 dB"), Some(12.0));
        assert_eq!(Scale::Pan.parse("l 25"), Some(-0.25));
        assert_eq!(Scale::Share.parse("loud"), None);
    }
}

//! Numbers with a unit behind them (`80 Hz`, `-3 dB`, `1/8`), and what they are worth in a parameter's own unit. Any thread.

use super::names::nearest;
use super::scalar::decimal;
use crate::units::{Unit, db_to_gain};

/// What a written unit measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measure {
    Frequency,
    Time,
    Level,
    Ratio,
    Pitch,
    Tempo,
    Angle,
    Pan,
    /// Musical time, counted in beats.
    Beats,
}

/// The units that can be written: suffix, what it measures, and its size in the base unit of that measure.
const SUFFIXES: &[(&str, Measure, f64)] = &[
    ("Hz", Measure::Frequency, 1.0),
    ("kHz", Measure::Frequency, 1000.0),
    ("s", Measure::Time, 1.0),
    ("ms", Measure::Time, 0.001),
    ("dB", Measure::Level, 1.0),
    ("%", Measure::Ratio, 0.01),
    ("st", Measure::Pitch, 1.0),
    ("ct", Measure::Pitch, 0.01),
    ("bpm", Measure::Tempo, 1.0),
    ("rad", Measure::Angle, 1.0),
    ("deg", Measure::Angle, std::f64::consts::PI / 180.0),
    ("beat", Measure::Beats, 1.0),
    ("beats", Measure::Beats, 1.0),
    ("bar", Measure::Beats, 4.0),
    ("bars", Measure::Beats, 4.0),
];

/// A number in the base unit of what it measures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Quantity {
    value: f64,
    measure: Measure,
}

/// What a text turned out to be.
#[derive(Debug, PartialEq)]
pub(super) enum Reading<'t> {
    /// Something else (an expression, a name).
    Other,
    /// A number followed by a word that is no unit, with the nearest one.
    UnknownUnit(&'t str, Option<&'static str>),
    Quantity(Quantity),
}

/// A quantity in a parameter's own unit.
#[derive(Debug, PartialEq)]
pub(super) enum Worth {
    Number(f64),
    /// This many beats: seconds only once the tempo is known.
    Beats(f64),
}

/// Reads a number with a unit. `note_lengths`: `1/8`, `1/8t` and `1/8d` are lengths, not divisions.
pub(super) fn read(text: &str, unit: Option<Unit>, note_lengths: bool) -> Reading<'_> {
    let text = text.trim();
    if unit == Some(Unit::Pan)
        && let Some(value) = pan(text)
    {
        return Reading::Quantity(Quantity { value, measure: Measure::Pan });
    }
    if note_lengths
        && unit == Some(Unit::Seconds)
        && let Some(value) = note_length(text)
    {
        return Reading::Quantity(Quantity { value, measure: Measure::Beats });
    }
    let is_unit = |c: char| c.is_alphabetic() || c == '%';
    let Some(last) = text.char_indices().rev().take_while(|(_, c)| is_unit(*c)).last() else {
        return Reading::Other;
    };
    let (number, suffix) = text.split_at(last.0);
    let Some(value) = decimal(number.trim_end()) else { return Reading::Other };
    match SUFFIXES.iter().find(|(name, ..)| name.eq_ignore_ascii_case(suffix)) {
        Some(&(_, measure, size)) => Reading::Quantity(Quantity { value: scaled(value, size), measure }),
        None => Reading::UnknownUnit(suffix, nearest(suffix, SUFFIXES.iter().map(|(name, ..)| *name))),
    }
}

/// The units that can be written, with what they measure.
pub fn written_units() -> impl Iterator<Item = (&'static str, &'static str)> {
    SUFFIXES.iter().map(|&(name, measure, _)| (name, Quantity { value: 0.0, measure }.describe()))
}

/// `value × size`, where a size of one in so many divides: `35 %` is 0.35 to the last digit.
fn scaled(value: f64, size: f64) -> f64 {
    let parts = (1.0 / size).round();
    if parts.abs() > 1.0 && (parts * size - 1.0).abs() < 1e-9 { value / parts } else { value * size }
}

/// Whether a word is a unit.
pub(super) fn is_unit(word: &str) -> bool {
    SUFFIXES.iter().any(|(name, ..)| name.eq_ignore_ascii_case(word))
}

/// `L20` is -0.2, `R100` is 1.
fn pan(text: &str) -> Option<f64> {
    let side = match text.as_bytes().first()? {
        b'L' | b'l' => -0.01,
        b'R' | b'r' => 0.01,
        _ => return None,
    };
    let rest = &text[1..];
    let digits = rest.starts_with(|c: char| c.is_ascii_digit());
    decimal(rest).filter(|value| digits && *value <= 100.0).map(|value| scaled(value, side))
}

/// `1/8` of a whole note in beats; `t` makes it a triplet (2/3), `d` dotted (3/2).
fn note_length(text: &str) -> Option<f64> {
    let (above, below) = text.split_once('/')?;
    let (below, factor) = match below.strip_suffix(['t', 'T']) {
        Some(rest) => (rest, 2.0 / 3.0),
        None => below.strip_suffix(['d', 'D']).map_or((below, 1.0), |rest| (rest, 1.5)),
    };
    let above: u32 = above.trim().parse().ok()?;
    let below: u32 = below.trim().parse().ok().filter(|n| *n > 0)?;
    Some(4.0 * f64::from(above) / f64::from(below) * factor)
}

impl Quantity {
    pub fn measure(self) -> Measure {
        self.measure
    }

    /// In the base unit of what it measures.
    pub fn value(self) -> f64 {
        self.value
    }

    /// The quantity in `unit`; `None` as unit stands for a value that has none of its own (a variable), which takes the base unit.
    pub fn worth(self, unit: Option<Unit>) -> Option<Worth> {
        use Measure as M;
        let value = self.value;
        let number = match (self.measure, unit) {
            (M::Beats, Some(Unit::Seconds) | None) => return Some(Worth::Beats(value)),
            (M::Frequency, Some(Unit::Hertz) | None) => value,
            (M::Time, Some(Unit::Seconds) | None) => value,
            (M::Level, Some(Unit::Decibels)) => value,
            (M::Level, Some(Unit::None) | None) => db_to_gain(value),
            (M::Ratio, Some(Unit::None | Unit::Pan) | None) => value,
            (M::Pitch, Some(Unit::Semitones)) => value,
            (M::Pitch, Some(Unit::None) | None) => (value / 12.0).exp2(),
            (M::Tempo, Some(Unit::BeatsPerMinute) | None) => value,
            (M::Angle, Some(Unit::Radians) | None) => value,
            (M::Pan, Some(Unit::Pan)) => value,
            _ => return None,
        };
        Some(Worth::Number(number))
    }

    /// What it measures, for messages.
    pub fn describe(self) -> &'static str {
        described(self.measure)
    }
}

/// What is measured, for messages.
pub(super) fn described(measure: Measure) -> &'static str {
    match measure {
        Measure::Frequency => "a frequency",
        Measure::Time => "a time",
        Measure::Level => "a level",
        Measure::Ratio => "a ratio",
        Measure::Pitch => "an interval",
        Measure::Tempo => "a tempo",
        Measure::Angle => "an angle",
        Measure::Pan => "a position in the stereo field",
        Measure::Beats => "a musical time",
    }
}

/// What a unit measures, for messages.
pub(super) fn describe_unit(unit: Unit) -> &'static str {
    match unit {
        Unit::None => "a plain number",
        Unit::Hertz => "a frequency in Hz",
        Unit::Seconds => "a time in seconds",
        Unit::Radians => "an angle in radians",
        Unit::Decibels => "a level in dB",
        Unit::Semitones => "an interval in semitones",
        Unit::BeatsPerMinute => "a tempo in bpm",
        Unit::Pan => "a position from -1 (left) to 1 (right)",
        Unit::Frames => "a number of frames",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worth(text: &str, unit: Unit) -> Option<Worth> {
        match read(text, Some(unit), true) {
            Reading::Quantity(q) => q.worth(Some(unit)),
            _ => None,
        }
    }

    fn number(text: &str, unit: Unit) -> f64 {
        match worth(text, unit) {
            Some(Worth::Number(n)) => n,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn quantity_is_converted_to_the_parameters_unit() {
        assert_eq!(number("80 Hz", Unit::Hertz), 80.0);
        assert_eq!(number("8 kHz", Unit::Hertz), 8000.0);
        assert_eq!(number("30ms", Unit::Seconds), 0.03);
        assert!((number("-6 dB", Unit::None) - 0.501187).abs() < 1e-6);
        assert_eq!(number("-3 dB", Unit::Decibels), -3.0);
        assert_eq!(number("56 %", Unit::None), 0.56);
        assert_eq!(number("2 st", Unit::Semitones), 2.0);
        assert_eq!(number("50 ct", Unit::Semitones), 0.5);
        assert_eq!(number("12 st", Unit::None), 2.0);
        assert_eq!(number("L20", Unit::Pan), -0.2);
        assert_eq!(number("R35", Unit::Pan), 0.35);
        assert_eq!(number("1e3 hz", Unit::Hertz), 1000.0);
        assert_eq!(worth("1/8", Unit::Seconds), Some(Worth::Beats(0.5)));
        assert_eq!(worth("1/8d", Unit::Seconds), Some(Worth::Beats(0.75)));
        assert_eq!(worth("2 bars", Unit::Seconds), Some(Worth::Beats(8.0)));
    }

    #[test]
    fn quantity_refuses_wrong_dimensions_and_leaves_expressions_alone() {
        assert_eq!(worth("80 Hz", Unit::Seconds), None);
        assert_eq!(worth("3 dB", Unit::Hertz), None);
        assert_eq!(worth("30 ms", Unit::None), None);
        for text in ["a + 3 s", "c4", "beat", "0x1F", "", "%", "-", "1/8", "L20", "3 * bar", "x s"] {
            assert_eq!(read(text, Some(Unit::None), true), Reading::Other, "{text}");
        }
        assert_eq!(read("1/8", Some(Unit::Seconds), false), Reading::Other);
        assert_eq!(read("80 Hy", None, false), Reading::UnknownUnit("Hy", Some("Hz")));
    }
}

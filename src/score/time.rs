//! Musical time as it is written (`2 bars`, `3 steps`, `1/8`, `0.5 s`), and what it is in beats. A beat is a quarter note.

use super::metre::MetreMap;
use super::tempo::TempoMap;

/// Ticks of a beat, in texts and in the MIDI files that are written.
pub const TICKS: f64 = 960.0;

/// What a time is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeUnit {
    /// Quarter notes.
    Beats,
    Bars,
    /// Steps of the pattern that it is written in.
    Steps,
    Ticks,
    Seconds,
}

/// A place in a pattern or a song, or a length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Time {
    pub value: f64,
    pub unit: TimeUnit,
}

/// The units that can be written, with how many of what they are.
const UNITS: &[(&str, TimeUnit, f64)] = &[
    ("beat", TimeUnit::Beats, 1.0),
    ("beats", TimeUnit::Beats, 1.0),
    ("bar", TimeUnit::Bars, 1.0),
    ("bars", TimeUnit::Bars, 1.0),
    ("step", TimeUnit::Steps, 1.0),
    ("steps", TimeUnit::Steps, 1.0),
    ("tick", TimeUnit::Ticks, 1.0),
    ("ticks", TimeUnit::Ticks, 1.0),
    ("s", TimeUnit::Seconds, 1.0),
    ("ms", TimeUnit::Seconds, 0.001),
];

impl Time {
    pub const fn beats(value: f64) -> Time {
        Time { value, unit: TimeUnit::Beats }
    }

    /// A number (of beats), a number with a unit, or a length of a note: `1/8`, `1/8t` (two thirds), `1/8d` (three halves), also `8n`,
    /// `8t`, `8n.` and `3*8n`. `None` where it is something else, or not finite.
    pub fn read(text: &str) -> Option<Time> {
        let text = text.trim();
        let time = note_length(text).map(Time::beats).or_else(|| {
            let split = text.find(|c: char| c.is_alphabetic()).unwrap_or(text.len());
            let (number, unit) = (number(text[..split].trim_end())?, &text[split..]);
            if unit.is_empty() {
                return Some(Time::beats(number));
            }
            let (_, unit, size) = UNITS.iter().find(|(name, ..)| name.eq_ignore_ascii_case(unit))?;
            // A division is exact where a thousandth is not.
            let value = if *size == 0.001 { number / 1000.0 } else { number };
            Some(Time { value, unit: *unit })
        })?;
        time.value.is_finite().then_some(time)
    }
}

/// A decimal number; no words such as `inf`.
fn number(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+'));
    text.parse().ok().filter(|_| plain)
}

/// In beats.
fn note_length(text: &str) -> Option<f64> {
    if let Some((count, note)) = text.split_once('*') {
        return Some(number(count.trim())? * note_length(note.trim())?);
    }
    if let Some((above, below)) = text.split_once('/') {
        let (below, factor) = match below.trim().split_at_checked(below.trim().len().saturating_sub(1)) {
            Some((rest, "t" | "T")) => (rest, 2.0 / 3.0),
            Some((rest, "d" | "D")) => (rest, 1.5),
            _ => (below.trim(), 1.0),
        };
        let (above, below): (u32, u32) = (above.trim().parse().ok()?, below.parse().ok()?);
        return (below > 0).then(|| 4.0 * f64::from(above) * factor / f64::from(below));
    }
    let (rest, dotted) = text.strip_suffix('.').map_or((text, 1.0), |rest| (rest, 1.5));
    let (below, factor) = match (rest.strip_suffix('n'), rest.strip_suffix('t')) {
        (Some(below), _) => (below, dotted),
        (_, Some(below)) if dotted == 1.0 => (below, 2.0 / 3.0),
        _ => return None,
    };
    let below: u32 = below.parse().ok().filter(|below| *below > 0)?;
    Some(4.0 * factor / f64::from(below))
}

/// What turns times into beats.
#[derive(Clone, Copy)]
pub struct Grid<'a> {
    /// Beats of a step.
    pub step: f64,
    pub tempo: &'a TempoMap,
    pub metre: &'a MetreMap,
}

impl Grid<'_> {
    /// How many beats a time is that begins at a place in beats: bars and seconds depend on where.
    pub fn beats(&self, time: Time, from: f64) -> f64 {
        let Time { value, unit } = time;
        match unit {
            TimeUnit::Beats => value,
            TimeUnit::Steps => value * self.step,
            TimeUnit::Ticks => value / TICKS,
            TimeUnit::Bars => self.metre.beats(self.metre.bars(from) + value) - from,
            TimeUnit::Seconds => self.tempo.beats(self.tempo.seconds(from) + value) - from,
        }
    }

    /// The opposite: how many of a unit so many beats are.
    pub fn count(&self, beats: f64, unit: TimeUnit, from: f64) -> f64 {
        match unit {
            TimeUnit::Beats => beats,
            TimeUnit::Steps => beats / self.step,
            TimeUnit::Ticks => beats * TICKS,
            TimeUnit::Bars => self.metre.bars(from + beats) - self.metre.bars(from),
            TimeUnit::Seconds => self.tempo.seconds(from + beats) - self.tempo.seconds(from),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_read_in_all_spellings() {
        let beats = |text: &str| Time::read(text).filter(|t| t.unit == TimeUnit::Beats).map(|t| t.value);
        for (text, wanted) in [
            ("2", 2.0),
            ("-0.5", -0.5),
            ("1.5 beats", 1.5),
            ("1/8", 0.5),
            ("3/16", 0.75),
            ("1/8t", 1.0 / 3.0),
            ("1/4d", 1.5),
            ("4n", 1.0),
            ("16n", 0.25),
            ("4*16n", 1.0),
            ("8t", 1.0 / 3.0),
            ("8n.", 0.75),
        ] {
            assert_eq!(beats(text), Some(wanted), "{text}");
        }
        let time = |value, unit| Some(Time { value, unit });
        assert_eq!(Time::read("2 bars"), time(2.0, TimeUnit::Bars));
        assert_eq!(Time::read("3steps"), time(3.0, TimeUnit::Steps));
        assert_eq!(Time::read("480 ticks"), time(480.0, TimeUnit::Ticks));
        assert_eq!(Time::read("250 ms"), time(0.25, TimeUnit::Seconds));
        for wrong in ["", "x", "1/0", "inf", "nan", "1e3", "2 weeks", "n", "0n", "1/", "--1", "8t.", "é"] {
            assert_eq!(Time::read(wrong), None, "{wrong}");
        }
    }
}

//! What can be written behind the options of `seiche render`: numbers, settings, and places in time.

use crate::bounce::Tail;
use crate::language::vocabulary;

fn number(text: &str, low: f64, high: f64, what: &str) -> Result<f64, String> {
    let value = text.parse().ok().filter(|x: &f64| (low..=high).contains(x));
    value.ok_or_else(|| format!("write {what} from {low} to {high}"))
}

pub fn seconds(text: &str) -> Result<f64, String> {
    number(text, 0.001, 86_400.0, "seconds")
}

pub fn tempo(text: &str) -> Result<f64, String> {
    number(text, 1.0, 1000.0, "beats per minute")
}

/// Decibels, with or without their unit.
pub fn level(text: &str) -> Result<f64, String> {
    let units = ["dBFS", "dBTP", "LUFS", "dB"];
    let bare = units.iter().find_map(|unit| text.strip_suffix(unit)).unwrap_or(text);
    number(bare.trim(), -120.0, 60.0, "decibels")
}

/// The highest peak that is allowed, in dBFS.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Headroom {
    /// Full scale, by a gain that is known before rendering.
    Auto,
    Below(f64),
}

pub fn headroom(text: &str) -> Result<Headroom, String> {
    match text {
        "auto" => Ok(Headroom::Auto),
        _ => level(text).map(Headroom::Below).map_err(|why| format!("{why}, or auto")),
    }
}

pub fn setting(text: &str) -> Result<(String, f64), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE, for example cutoff=800")?;
    let number = value.parse().ok().filter(|x: &f64| x.is_finite());
    let value = number.or_else(|| vocabulary::note(value));
    let value = value.ok_or("the value is a number or a note name, for example cutoff=800 or freq=a3")?;
    Ok((name.trim().to_owned(), value))
}

pub fn turn(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE, for example brightness=800Hz")?;
    Ok((name.trim().to_owned(), value.to_owned()))
}

/// A place in the song, or a length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum When {
    Seconds(f64),
    /// Of a host that plays in 4/4.
    Beats(f64),
    Frames(u64),
}

/// The most seconds that are rendered.
const LONGEST: f64 = 86_400.0;

impl When {
    /// In frames, at a tempo if one is known.
    ///
    /// # Errors
    /// Beats without a tempo, and what is too long, in one sentence.
    pub fn frames(self, rate: f64, bpm: Option<f64>) -> Result<u64, String> {
        let seconds = match self {
            When::Frames(frames) if frames as f64 / rate <= LONGEST => return Ok(frames),
            When::Frames(frames) => frames as f64 / rate,
            When::Seconds(seconds) => seconds,
            When::Beats(beats) => {
                let bpm = bpm.ok_or("beats and bars need a tempo: write --bpm")?;
                beats * 60.0 / bpm
            }
        };
        match seconds <= LONGEST {
            true => Ok((seconds * rate).round() as u64),
            false => Err(format!("{seconds:.0} s are too long: at most {LONGEST} s are rendered")),
        }
    }
}

/// `2.5`, `2.5s`, `1:30`, `8beats`, `2bars` (of four beats), `48000frames`.
pub fn when(text: &str) -> Result<When, String> {
    let fault = || format!("`{text}` is no time: write 2.5, 2.5s, 1:30, 8beats, 2bars or 48000frames");
    let split = text.find(|c: char| c.is_alphabetic()).unwrap_or(text.len());
    let (number, unit) = (text[..split].trim(), &text[split..]);
    if let (Some((minutes, seconds)), "") = (number.split_once(':'), unit) {
        let both = (minutes.parse::<u32>(), seconds.parse::<f64>());
        let (Ok(minutes), Ok(seconds)) = both else { return Err(fault()) };
        return if (0.0..60.0).contains(&seconds) {
            Ok(When::Seconds(f64::from(minutes) * 60.0 + seconds))
        } else {
            Err(fault())
        };
    }
    let value: f64 = number.parse().ok().filter(|x: &f64| x.is_finite() && *x >= 0.0).ok_or_else(fault)?;
    match unit {
        "" | "s" => Ok(When::Seconds(value)),
        "ms" => Ok(When::Seconds(value / 1000.0)),
        "beat" | "beats" => Ok(When::Beats(value)),
        "bar" | "bars" => Ok(When::Beats(4.0 * value)),
        "frame" | "frames" if value.fract() == 0.0 && value < 1e15 => Ok(When::Frames(value as u64)),
        _ => Err(fault()),
    }
}

/// An end of a range.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    /// That of the song.
    Open,
    When(When),
    /// A marker or a section, by its name.
    Marker(String),
}

/// `A..B`.
pub fn range(text: &str) -> Result<(Place, Place), String> {
    let place = |text: &str| match text.trim() {
        "" => Ok(Place::Open),
        name if name.starts_with(char::is_alphabetic) => Ok(Place::Marker(name.to_owned())),
        time => when(time).map(Place::When),
    };
    let (from, to) = text
        .split_once("..")
        .ok_or("write FROM..TO, for example 4bars..8bars, 0:30..1:00 or intro..verse")?;
    Ok((place(from)?, place(to)?))
}

/// What is kept behind the end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TailWish {
    None,
    Auto,
    Wrapped,
    Fixed(When),
}

pub fn tail(text: &str) -> Result<TailWish, String> {
    match text {
        "none" => Ok(TailWish::None),
        "auto" => Ok(TailWish::Auto),
        "wrapped" => Ok(TailWish::Wrapped),
        _ => when(text)
            .map(TailWish::Fixed)
            .map_err(|_| "write none, auto, wrapped, or a time as 2.5s".to_owned()),
    }
}

/// Longest tail that is waited for until it is silent, in seconds.
const PATIENCE: f64 = 60.0;

impl TailWish {
    pub fn at(self, rate: f64, bpm: Option<f64>) -> Result<Tail, String> {
        Ok(match self {
            TailWish::None => Tail::None,
            TailWish::Auto => Tail::Silence((PATIENCE * rate) as u64),
            TailWish::Wrapped if bpm.is_none() => {
                return Err(
                    "a loop is played round and round as a host does: write --bpm with --tail wrapped".into(),
                );
            }
            TailWish::Wrapped => Tail::Wrapped,
            TailWish::Fixed(when) => Tail::Fixed(when.frames(rate, bpm)?),
        })
    }
}

/// `PLACE=NAME`.
pub fn marker(text: &str) -> Result<(When, String), String> {
    let (place, name) = text.split_once('=').ok_or("write TIME=NAME, for example 8bars=chorus")?;
    Ok((when(place)?, name.to_owned()))
}

/// A text of the file, and its name.
pub fn tag(text: &str) -> Result<(String, String), String> {
    let known = ["title", "artist", "comment", "key"];
    let (name, value) = text.split_once('=').ok_or("write NAME=TEXT, for example title=\"Low tide\"")?;
    match known.contains(&name) {
        true => Ok((name.to_owned(), value.to_owned())),
        false => Err(format!("there is no tag `{name}`: there are {}", known.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        let frames = |text: &str, bpm| when(text).and_then(|when| when.frames(48_000.0, bpm));
        for (text, expected) in [
            ("2.5", 120_000),
            ("2.5s", 120_000),
            ("10ms", 480),
            ("1:30", 4_320_000),
            ("7frames", 7),
            ("0", 0),
        ] {
            assert_eq!(frames(text, None), Ok(expected), "{text}");
        }
        assert_eq!((frames("8beats", Some(120.0)), frames("2bars", Some(120.0))), (Ok(192_000), Ok(192_000)));
        for wrong in ["", "x", "-1", "1:75", "2 weeks", "1.5frames", "nan", "inf", "1:2:3"] {
            assert!(frames(wrong, Some(120.0)).is_err(), "{wrong}");
        }
        assert!(frames("8beats", None).unwrap_err().contains("--bpm"));
        for long in ["100000", "999999999999frames", "4200000000beats"] {
            assert!(frames(long, Some(120.0)).unwrap_err().contains("too long"), "{long}");
        }
        assert_eq!(range("..4s"), Ok((Place::Open, Place::When(When::Seconds(4.0)))));
        assert_eq!(range("intro.."), Ok((Place::Marker("intro".into()), Place::Open)));
        assert!(range("4s").is_err() && range("2x..3").is_err());
    }
}

//! What `seiche render` writes: which frames, into which files, with which texts.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::Fault;
use super::options::{Bits, Dither, Format, Render};
use super::values::{Place, TailWish, When};
use crate::bounce::{Length, Marker, Measure, Output, Shape, Source, Tags, Target, names};
use crate::compile::Role;
use crate::compile::parts::{Arrangement, Parts};

/// A sound that does not say how long it lasts is rendered for so many seconds.
pub const DEFAULT_SECONDS: f64 = 4.0;
/// Longest data of an AIFF file in bytes, with room for the head.
const LARGEST_AIFF: u64 = 4_294_900_000;

impl Render {
    /// Which frames of the song; `own`: how many seconds it says that it lasts.
    pub fn length(&self, own: Option<f64>, piece: &Arrangement) -> Result<Length, Fault> {
        let rate = f64::from(self.rate);
        let seconds = self.seconds.or(own).unwrap_or(DEFAULT_SECONDS);
        let end = When::Seconds(seconds).frames(rate, None)?;
        let place = |place: &Place, open: u64| match place {
            Place::Open => Ok(open),
            Place::When(when) => when.frames(rate, self.bpm),
            Place::Marker(name) => self.marker(name, piece),
        };
        let (from, to) = match &self.range {
            Some((from, to)) => (place(from, 0)?, place(to, end)?),
            None => (0, end),
        };
        if from >= to {
            return Err("the range ends where it begins, or before: write FROM..TO".into());
        }
        let tail = self.tail().at(rate, self.bpm)?;
        let bytes = (to - from).saturating_mul(2 * self.bits.depth().bytes() as u64);
        if self.format == Format::Aiff && bytes > LARGEST_AIFF {
            return Err("longer than an AIFF file can be (4 GiB): write WAV or FLAC, or less of it".into());
        }
        if self.format == Format::Flac && self.bits == Bits::Float {
            return Err("FLAC holds whole numbers: write --bits 16 or --bits 24 with it".into());
        }
        Ok(Length { from, to, tail })
    }

    /// At which frame a marker or section of the song is.
    fn marker(&self, name: &str, piece: &Arrangement) -> Result<u64, Fault> {
        let all: Vec<_> = piece.markers(f64::from(self.rate), self.bpm).collect();
        match all.iter().find(|(known, _)| *known == name) {
            Some((_, frame)) => Ok(*frame),
            None if all.is_empty() => {
                Err(format!("`{name}` is no time, and the song has no markers and no sections"))
            }
            None => {
                let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
                Err(format!("no place of the song is called `{name}`: there are {}", names.join(", ")))
            }
        }
    }

    fn tail(&self) -> TailWish {
        self.tail.unwrap_or(if self.midi.is_some() { TailWish::Auto } else { TailWish::None })
    }

    /// The files: the mix, then the stems.
    pub fn outputs(&self, parts: &Parts, out: &Path, length: &Length) -> Result<Vec<Output>, Fault> {
        let container = self.format.container();
        let shape = Shape { channels: 2, rate: self.rate, depth: self.bits.depth() };
        let tags = self.tags(length, &parts.arrangement)?;
        let stem = out.file_stem().unwrap_or_default().to_string_lossy();
        let extension = out.extension().map_or(container.extension().into(), |e| e.to_string_lossy());
        let folder = out.parent().unwrap_or(Path::new(""));
        let mut taken = HashSet::from([stem.to_lowercase()]);
        let mut paths = vec![(Source::Mix, out.to_path_buf(), None)];
        for (n, strip) in parts.stems.iter().enumerate() {
            let kind = if strip.role == Role::Bus { "bus" } else { "track" };
            let fields =
                names::Fields { out: &stem, sound: &parts.name, number: n + 1, track: &strip.name, kind };
            let name = names::fill(&self.stem_names, &fields)?;
            let path = names::apart(folder, &name, &extension, &mut taken);
            paths.push((Source::Stem(n), path, Some(&strip.name)));
        }
        let everything = self.report.is_some() || self.format == Format::Bwf;
        let output = |(source, path, name): (Source, PathBuf, Option<&String>)| {
            if self.keep_existing && path.exists() {
                return Err(format!("{}: there is such a file already", path.display()));
            }
            let mut tags = tags.clone();
            if let (Some(title), Some(name)) = (&mut tags.title, name) {
                *title = format!("{title} – {name}");
            }
            // Files of one bounce have noise of their own.
            let number = if let Source::Stem(n) = source { n as u64 + 1 } else { 0 };
            let seed = self.seed.wrapping_mul(0x1_0001).wrapping_add(number);
            let dither = (self.dither == Dither::Tpdf).then_some(seed);
            let measure = match source {
                _ if everything => Measure::Everything,
                Source::Mix => Measure::Loudness,
                Source::Stem(_) => Measure::Peak,
            };
            Ok(Output { source, target: Some(Target { path, container, shape, dither, tags }), measure })
        };
        paths.into_iter().map(output).collect()
    }

    /// What the files say beside their sound.
    fn tags(&self, length: &Length, piece: &Arrangement) -> Result<Tags, Fault> {
        let rate = f64::from(self.rate);
        let bpm = piece.steady_tempo(self.bpm);
        let mut tags = Tags { bpm, origin: length.from, ..Tags::default() };
        let within = |(_, frame): &(&str, u64)| (length.from..length.to).contains(frame);
        let marker = |(name, frame): (&str, u64)| Marker { frame: frame - length.from, name: name.into() };
        tags.markers.extend(piece.markers(rate, self.bpm).filter(within).map(marker));
        for (name, text) in &self.tag {
            let text = Some(text.clone());
            match name.as_str() {
                "title" => tags.title = text,
                "artist" => tags.artist = text,
                "comment" => tags.comment = text,
                _ => tags.key = text,
            }
        }
        for (when, name) in &self.marker {
            let frame = when.frames(rate, self.bpm)?;
            if !(length.from..length.to).contains(&frame) {
                return Err(format!("the marker `{name}` is outside of what is rendered"));
            }
            tags.markers.push(Marker { frame: frame - length.from, name: name.clone() });
        }
        tags.markers.sort_by_key(|marker| marker.frame);
        tags.looped = (self.tail() == TailWish::Wrapped).then_some((0, length.to - length.from));
        Ok(tags)
    }
}

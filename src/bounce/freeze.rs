//! Freezing: a track is bounced alone into a file beside its library, and the text is told to play that file in its place. The whole mix is
//! bounced before and after, so that it is known what is saved, and that nothing else is heard. Any thread but the audio thread.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::control::{Control, Progress};
use super::crew::Crew;
use super::fault::{Failure, Policy};
use super::meter::Measure;
use super::timeline::{Length, Tail};
use super::wish::{Export, Level, Output, Source};
use super::write::{Depth, write_wav};
use super::{Bounced, Report, export, names};
use crate::compile::Request;
use crate::compile::origin;
use crate::compile::parts::{Cut, Parts, Point, StemWish, compile_parts};
use crate::engine::{Drums, Event, Gear, Transport};
use crate::language::model::Span;
use crate::language::{Content, Diagnostic, Frozen, Library, render, with_frozen};
use crate::library::samples::Store;
use crate::quality::Quality;

/// Longest song that is frozen, in seconds, and what is listened to behind its end.
const LONGEST: f64 = 1_800.0;
const TAIL: f64 = 30.0;
/// What is softer at the end is left away: -140 dBFS.
const SILENCE: f32 = 1e-7;
/// The mix may differ by so much: -120 dBFS.
const SAME: f32 = 1e-6;
/// Where recordings of tracks lie, beside the text.
const FOLDER: &str = "frozen";

/// What is to be frozen, and how it is heard.
pub struct Freeze<'a> {
    pub library: &'a Library,
    pub sound: &'a str,
    pub track: &'a str,
    /// With what its fader does, and not before it.
    pub post_fader: bool,
    /// For a host of this tempo; else at the sound's own time.
    pub bpm: Option<f64>,
    /// How long, where the sound does not say it.
    pub seconds: Option<f64>,
    /// Frames per second.
    pub rate: f64,
    pub seed: u64,
    pub store: &'a Mutex<Store>,
    pub drums: Option<Arc<Drums>>,
    /// Controls of a host, as they stand.
    pub events: Vec<Event>,
}

/// What came of it.
pub struct Iced {
    /// The file of the library that says so now, by its number, and its text.
    pub file: u32,
    pub text: String,
    /// The recording.
    pub recording: PathBuf,
    /// Seconds of sound, and of the processor for all of it before and after.
    pub seconds: f64,
    pub before: f64,
    pub after: f64,
    /// By how much the mix differs, as a factor of full scale.
    pub differs: f32,
    /// Of the bounce.
    pub report: Report,
}

impl Iced {
    /// In one line.
    pub fn told(&self) -> String {
        let Iced { before, after, seconds, differs, .. } = self;
        let saved = 100.0 * (1.0 - after / before.max(1e-9));
        let same = match *differs {
            0.0 => "the same to the bit".to_owned(),
            x => format!("different by {:.0} dBFS at most", 20.0 * f64::from(x).log10()),
        };
        format!(
            "processor {before:.2} s -> {after:.2} s for {seconds:.1} s of sound ({saved:.0} % saved); the mix is {same}"
        )
    }
}

fn wish(text: String) -> Failure {
    Failure::Wish(text)
}

/// The text of a library in which a track of a sound is not frozen any more, with the number of its file, and the recording. `None`: it is not.
pub fn unfreeze(library: &Library, sound: &str, track: &str) -> Option<(u32, String, PathBuf)> {
    let is = |frozen: &&Frozen| frozen.sound == sound && frozen.track == track;
    let frozen = library.frozen().iter().find(is)?;
    let number = frozen.key_span.file;
    let file = library.files().get(number as usize)?;
    let rest = others(library, number, sound, track);
    let recording = file.path.parent().unwrap_or(Path::new("")).join(&frozen.file);
    Some((number, with_frozen(&file.text, &rest), recording))
}

/// What else is frozen in a file.
fn others(library: &Library, file: u32, sound: &str, track: &str) -> Vec<Frozen> {
    let other = |f: &&Frozen| f.key_span.file == file && (f.sound != sound || f.track != track);
    library.frozen().iter().filter(other).cloned().collect()
}

/// The library with another text in one of its files.
fn with_text(library: &Library, file: u32, text: &str) -> Library {
    let texts = library.files().iter().zip(0..);
    let texts = texts.map(|(old, number)| if number == file { text.into() } else { (*old.text).into() });
    library.with_texts(texts.collect::<Vec<Content>>())
}

impl Freeze<'_> {
    /// Bounces the track. The recording is written, the text is handed back; nothing is left of what fails.
    ///
    /// # Errors
    /// See [`Failure`]: in particular tracks that play what a host sends, sounds that do not say how long they are, and texts that cannot
    /// say what is frozen.
    pub fn run(&self, control: &Control, tell: &mut dyn FnMut(&Progress)) -> Result<Iced, Failure> {
        let Freeze { library, sound, track, .. } = *self;
        let number = match unfreeze(library, sound, track) {
            Some((number, ..)) => number,
            None => {
                let place = library.sounds().find(|(name, _)| *name == sound).map(|(_, span)| span.file);
                place.ok_or_else(|| wish(format!("there is no sound `{sound}`")))?
            }
        };
        let file = &library.files()[number as usize];
        if library.version(number) == 0 {
            return Err(wish(format!(
                "{}: only a file that begins with `seiche: 1` can say what is frozen",
                file.path.display()
            )));
        }
        let rest = others(library, number, sound, track);
        let source = with_text(library, number, &with_frozen(&file.text, &rest));
        let request = self.request(&source);
        let told = |faults: Vec<Diagnostic>| wish(render(&faults, source.files(), false));
        let origin = origin(&request, track, self.post_fader).map_err(told)?;
        if let Some(kind) = origin.live {
            return Err(wish(format!(
                "`{track}` plays what a host sends (`{kind}`): record it while it is played, it cannot be frozen"
            )));
        }
        let point = if self.post_fader { Point::PostFader } else { Point::PostInsert };
        let cut = Cut { stems: Some(StemWish { point, master: false }), whole: false };
        let parts = compile_parts(&request, cut).map_err(told)?;
        let stem = parts.stems.iter().position(|stem| stem.name == track);
        let stem = stem.ok_or_else(|| wish(format!("`{track}` is no track of the mixer")))?;
        let length = self.length(&parts)?;
        let before = self.bounce(parts, &request, length, Some(stem), control, tell)?;
        let [mix, recorded] = &before.audio[..] else { return Err(Failure::itself()) };
        let frames = recorded.iter().map(|side| audible(side)).max().unwrap_or(0).max(1);
        let sides: Vec<&[f32]> =
            recorded[..if origin.stereo { 2 } else { 1 }].iter().map(|side| &side[..frames]).collect();
        let name = format!("{FOLDER}/{}_{}.wav", names::safe(sound), names::safe(track));
        let recording = file.path.parent().unwrap_or(Path::new("")).join(&name);
        let cannot = |error: std::io::Error| Failure::File {
            name: recording.display().to_string(),
            error: error.to_string(),
        };
        fs::create_dir_all(recording.parent().unwrap_or(Path::new(""))).map_err(cannot)?;
        write_wav(&recording, &sides, self.rate as u32, Depth::Float32).map_err(cannot)?;
        let nowhere = Span { file: number, start: 0, end: 0 };
        let made = Frozen {
            sound: sound.to_owned(),
            track: track.to_owned(),
            file: name,
            source: origin.key,
            post_fader: self.post_fader,
            bpm: self.bpm,
            end: length.to,
            span: nowhere,
            key_span: nowhere,
        };
        let text = with_frozen(&file.text, &[rest, vec![made]].concat());
        let seconds = (length.to - length.from) as f64 / self.rate;
        let checked = self.check(number, &text, length, mix, control);
        let (after, differs) = checked.inspect_err(|_| drop(fs::remove_file(&recording)))?;
        let work = |report: &Report| report.parts.iter().map(|part| part.seconds).sum::<f64>();
        let (before, report) = (work(&before.report), before.report);
        Ok(Iced { file: number, text, recording, seconds, before, after: work(&after), differs, report })
    }

    /// Bounces the mix with the track frozen. Returns the report, and by how much the mix differs.
    fn check(
        &self,
        number: u32,
        text: &str,
        length: Length,
        mix: &[Vec<f32>; 2],
        control: &Control,
    ) -> Result<(Report, f32), Failure> {
        let library = with_text(self.library, number, text);
        let request = self.request(&library);
        let told = |faults: Vec<Diagnostic>| wish(render(&faults, library.files(), false));
        let parts = compile_parts(&request, Cut::default()).map_err(told)?;
        let stale = parts
            .warnings
            .iter()
            .find(|w| w.code == "frozen" && w.message.contains(&format!("`{}`", self.track)));
        if let Some(stale) = stale {
            return Err(told(vec![stale.clone()]));
        }
        let after = self.bounce(parts, &request, length, None, control, &mut |_| {})?;
        let sides = mix.iter().zip(&after.audio[0]);
        let differs = sides.map(|(a, b)| distance(a, b)).fold(0.0, f32::max);
        if differs > SAME {
            let level = 20.0 * f64::from(differs).log10();
            return Err(wish(format!(
                "`{}` sounds otherwise when it is frozen ({level:.0} dBFS): it is left as it is",
                self.track
            )));
        }
        Ok((after.report, differs))
    }

    fn request<'l>(&'l self, library: &'l Library) -> Request<'l> {
        let Freeze { sound, rate, seed, store, .. } = *self;
        Request { library, sound, overrides: &[], rate, quality: Quality::Normal, seed, store }
    }

    fn length(&self, parts: &Parts) -> Result<Length, Failure> {
        let line = parts.arrangement.line.as_ref();
        if self.bpm.is_none() && line.is_some_and(|line| line.region.is_some()) {
            return Err(wish("this song repeats a part of itself (`loop`): freeze it for a host of a tempo, or take the loop away".into()));
        }
        let own = parts.arrangement.frames(self.rate, self.bpm);
        let own = own.or(parts.length.map(|frames| frames.saturating_sub(parts.latency)));
        let wanted = self.seconds.map(|seconds| (seconds * self.rate).round() as u64);
        let Some(to) = wanted.or(own).filter(|to| *to > 0) else {
            return Err(wish(format!(
                "`{}` does not say how long it lasts: say how many seconds are frozen",
                parts.name
            )));
        };
        if to as f64 > LONGEST * self.rate {
            return Err(wish(format!("at most {LONGEST} s are frozen")));
        }
        Ok(Length { from: 0, to, tail: Tail::Fixed((TAIL * self.rate) as u64) })
    }

    /// The mix, and a stem behind it.
    fn bounce(
        &self,
        mut parts: Parts,
        request: &Request,
        length: Length,
        stem: Option<usize>,
        control: &Control,
        tell: &mut dyn FnMut(&Progress),
    ) -> Result<Bounced, Failure> {
        parts.drums.clone_from(&self.drums);
        let sources = [Some(Source::Mix), stem.map(Source::Stem)];
        let output = |source| Output { source, target: None, measure: Measure::Peak };
        let wish = Export {
            gear: Gear::new(Quality::Normal, request.rate),
            length,
            events: self.events.clone(),
            transport: self.bpm.map(Transport::starting),
            outputs: sources.into_iter().flatten().map(output).collect(),
            level: Level::default(),
            crew: Crew::default(),
            policy: Policy::Stop,
            time_limit: None,
            cache: None,
        };
        export(&parts, request, &wish, control, tell)
    }
}

/// Frames up to the last one that can be heard.
fn audible(side: &[f32]) -> usize {
    side.iter().rposition(|x| x.abs() > SILENCE).map_or(0, |last| last + 1)
}

/// The largest difference; what one has more of counts as it is.
fn distance(a: &[f32], b: &[f32]) -> f32 {
    let at = |side: &[f32], n: usize| side.get(n).copied().unwrap_or(0.0);
    (0..a.len().max(b.len())).map(|n| (at(a, n) - at(b, n)).abs()).fold(0.0, f32::max)
}

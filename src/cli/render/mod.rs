//! `seiche render`: a sound into audio files, by the engine that plays it in a host, as fast as the machine can.

mod told;
mod values;

use std::collections::HashSet;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;

use clap::{Args, ValueEnum};

use crate::bounce::{self, Cache, Container, Crew, Depth, Export, Failure, Length, Level, Measure};
use crate::bounce::{Marker, Output, Policy, Report, Shape, Source, Tags, Target, names};
use crate::compile::parts::{Cut, Parts, Point, StemWish, compile_parts};
use crate::compile::{Request, Role};
use crate::engine::{Control, Event, Transport, What};
use crate::language::{Diagnostic, Library, nearest, render as show};
use crate::library::{self, samples::Store};
use crate::nodes;
use told::{Teller, Telling};
use values::{TailWish, When, level, marker, range, seconds, setting, tag, tail, tempo, turn};

/// What went wrong, in one sentence for people.
type Fault = String;

/// A sound that does not say how long it lasts is rendered for so many seconds.
const DEFAULT_SECONDS: f64 = 4.0;
/// Longest data of an AIFF file in bytes, with room for the head.
const LARGEST_AIFF: u64 = 4_294_900_000;
/// Bytes that the cache keeps.
const CACHE: u64 = 4 << 30;

/// Renders a sound of a library into an audio file (stereo). Exit code 0: rendered; 1: the library has errors, the sound failed
/// while it played, or a file cannot be read or written; 2: a wrong command line.
#[derive(Args)]
#[command(after_help = "\
Examples:
  seiche render hello.yaml                          the only sound of the file, as hello.wav
  seiche render presets --sound song --stems        a folder is one library; one file more for each track of the mix
  seiche render presets --sound kick --set tune=41 --set decay=0.6 --out low_kick.wav
  seiche render night.yaml --macro brightness=2kHz --macro drive=-6dB
  seiche render presets --sound song --bpm 96 --seconds 82 --rate 48000 --bits 32f
  seiche render presets --sound song --bpm 96 --range 4bars..8bars --tail wrapped --format flac
  seiche render presets --sound song --stems=dry --lufs -14 --true-peak -1 --report song.json

A sound lasts as long as the longest `duration` written in it, else as the song or pattern in it, or 4 seconds where there is neither;
--seconds says otherwise. What plays by notes (midi_in) is silent here: give it a pattern, or play it in the plug-in.")]
pub(super) struct Render {
    /// A file, or a folder whose .yaml and .yml files make one library.
    file: PathBuf,
    /// Which sound; may be left out where there is only one.
    #[arg(long, value_name = "NAME")]
    sound: Option<String>,
    /// How long.
    #[arg(long, value_parser = seconds, allow_negative_numbers = true)]
    seconds: Option<f64>,
    /// Frames per second.
    #[arg(long, default_value = "44100", value_parser = clap::value_parser!(u32).range(1000..=384_000))]
    rate: u32,
    /// The file to write [default: NAME.wav in this folder].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// What file is written: broadcast WAV says when it was, FLAC is smaller.
    #[arg(long, value_enum, default_value = "wav")]
    format: Format,
    /// How samples are written: 16 or 24 bit whole numbers, or 32-bit float, which cannot clip.
    #[arg(long, value_enum, default_value = "24")]
    bits: Bits,
    /// Triangular dither of whole numbers, or plain rounding.
    #[arg(long, value_enum, default_value = "tpdf")]
    dither: Dither,
    /// Write each track and bus of the mix as well: X_01_drums.wav, X_02_bass.wav and so on; before its effects (dry), behind them, or
    /// behind its fader.
    #[arg(long, value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "post-fader")]
    stems: Option<Stems>,
    /// Send each stem through the effects of the master, on its own.
    #[arg(long, requires = "stems")]
    stems_with_master: bool,
    /// How the files of stems are called; in braces stand out, sound, number, track or kind.
    #[arg(long, value_name = "TEMPLATE", default_value = names::STEMS)]
    stem_names: String,
    /// Leave files alone that are there already.
    #[arg(long)]
    keep_existing: bool,
    /// Only a part of the song: FROM..TO, each as 2.5s, 1:30, 8beats, 2bars or 48000frames.
    #[arg(long, value_parser = range, conflicts_with = "seconds")]
    range: Option<(When, When)>,
    /// What is kept behind the end, where a host's transport stops: none, auto (until it is silent), a time, or wrapped into the
    /// beginning, for seamless loops.
    #[arg(long, value_parser = tail, default_value = "none")]
    tail: TailWish,
    /// Make it as loud as this peak, in dBFS. All files get the same gain; with several levels, the smallest.
    #[arg(long, value_name = "DB", value_parser = level, allow_negative_numbers = true)]
    peak: Option<f64>,
    /// Make it as loud as this true peak, in dBTP.
    #[arg(long, value_name = "DB", value_parser = level, allow_negative_numbers = true)]
    true_peak: Option<f64>,
    /// Make it as loud as this integrated loudness, in LUFS.
    #[arg(long, value_name = "LUFS", value_parser = level, allow_negative_numbers = true)]
    lufs: Option<f64>,
    /// Make it softer, if need be, so that no peak is above this, in dBFS.
    #[arg(long, value_name = "DB", value_parser = level, allow_negative_numbers = true, num_args = 0..=1, default_missing_value = "0")]
    headroom: Option<f64>,
    /// A text for the file: title, artist, comment or key. May be given several times.
    #[arg(long, value_name = "NAME=TEXT", value_parser = tag)]
    tag: Vec<(String, String)>,
    /// A marker in the files, at a time of the song. May be given several times.
    #[arg(long, value_name = "TIME=NAME", value_parser = marker)]
    marker: Vec<(When, String)>,
    /// Threads that work [default: one for each core]; makes no difference to the result.
    #[arg(long, default_value = "0", value_parser = clap::value_parser!(u16).range(0..=256), hide_default_value = true)]
    workers: u16,
    /// What is done with a track that fails: stop, skip it from the beginning, or silence it from there on.
    #[arg(long, value_enum, default_value = "silence")]
    on_fault: OnFault,
    /// How long the work for a single track may take; then it has failed.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    time_limit: Option<f64>,
    /// Keep what tracks have put out in this folder, and render only those that have changed.
    #[arg(long, value_name = "FOLDER")]
    cache: Option<PathBuf>,
    /// How the progress is told.
    #[arg(long, value_enum, default_value = "bar")]
    progress: Telling,
    /// Write down what was done and measured: as JSON, or as text into a .txt file.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Set a variable or parameter of the sound: a number or a note name. May be given several times.
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting)]
    set: Vec<(String, f64)>,
    /// Turn a macro of the library, for the whole sound: a value of its range, with a unit where it has one. May be given several
    /// times.
    #[arg(long = "macro", value_name = "NAME=VALUE", value_parser = turn)]
    macros: Vec<(String, String)>,
    /// Play as in a host of this tempo, from the first bar; it comes before the tempo of the sound.
    #[arg(long, value_parser = tempo)]
    bpm: Option<f64>,
    /// Seed of everything random: the same seed gives the same file.
    #[arg(long, default_value = "0")]
    seed: u64,
    /// Frames that are rendered at a time; makes no difference to the result.
    #[arg(long, default_value = "4096", value_parser = clap::value_parser!(u32).range(1..=1 << 20))]
    block: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Bits {
    #[value(name = "16")]
    Sixteen,
    #[value(name = "24")]
    TwentyFour,
    #[value(name = "32f")]
    Float,
}

impl Bits {
    fn depth(self) -> Depth {
        match self {
            Bits::Sixteen => Depth::Int16,
            Bits::TwentyFour => Depth::Int24,
            Bits::Float => Depth::Float32,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Wav,
    Bwf,
    Aiff,
    Flac,
}

impl Format {
    fn container(self) -> Container {
        match self {
            Format::Wav => Container::Wav,
            Format::Bwf => Container::Bwf,
            Format::Aiff => Container::Aiff,
            Format::Flac => Container::Flac,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Dither {
    Tpdf,
    None,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Stems {
    Dry,
    PostInsert,
    PostFader,
}

impl Stems {
    fn point(self) -> Point {
        match self {
            Stems::Dry => Point::Dry,
            Stems::PostInsert => Point::PostInsert,
            Stems::PostFader => Point::PostFader,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OnFault {
    Stop,
    Skip,
    Silence,
}

impl OnFault {
    fn policy(self) -> Policy {
        match self {
            OnFault::Stop => Policy::Stop,
            OnFault::Skip => Policy::Skip,
            OnFault::Silence => Policy::Silence,
        }
    }
}

impl Render {
    pub fn run(self) -> ExitCode {
        self.render().unwrap_or_else(|fault| {
            eprintln!("seiche: {fault}");
            ExitCode::FAILURE
        })
    }

    fn render(self) -> Result<ExitCode, Fault> {
        let files = library::read(&self.file).map_err(|d| d.message)?;
        let specs: Vec<_> = nodes::ALL.iter().map(|def| &def.spec).collect();
        let library = Library::read(files, &specs);
        report(library.diagnostics(), &library);
        if library.diagnostics().iter().any(Diagnostic::is_error) {
            return Ok(ExitCode::FAILURE);
        }
        let sound = self.choose(&library)?;
        let turned = self.turned(&library)?;
        let store = Mutex::new(Store::default());
        let rate = f64::from(self.rate);
        let request = Request {
            library: &library,
            sound: &sound,
            overrides: &self.set,
            rate,
            seed: self.seed,
            store: &store,
        };
        let wish = |stems: Stems| StemWish { point: stems.point(), master: self.stems_with_master };
        let parts = match compile_parts(&request, Cut { stems: self.stems.map(wish), whole: false }) {
            Ok(parts) => parts,
            Err(errors) => {
                report(&errors, &library);
                return Ok(ExitCode::FAILURE);
            }
        };
        report(&parts.warnings, &library);
        let piece = parts.arrangement.frames(rate, self.bpm);
        let own = parts.length.map(|frames| frames.saturating_sub(parts.latency)).or(piece);
        let own = own.map(|frames| frames as f64 / rate);
        let length = self.length(own)?;
        let out = self.out.clone().unwrap_or_else(|| {
            let extension = self.format.container().extension();
            PathBuf::from(format!("{}.{extension}", names::safe(&sound)))
        });
        let export = Export {
            length,
            events: turned,
            transport: self.bpm.map(start_of_song),
            outputs: self.outputs(&parts, &out, &length)?,
            level: Level {
                peak: self.peak,
                true_peak: self.true_peak,
                lufs: self.lufs,
                headroom: self.headroom,
            },
            crew: Crew { workers: self.workers.into(), chunk: self.block as usize, ..Crew::default() },
            policy: self.on_fault.policy(),
            time_limit: self.time_limit,
            cache: self.cache()?,
        };
        let control = bounce::Control::default();
        let cancel = control.clone();
        // Where the system has no such signals, nothing is lost but tidiness.
        let _ = ctrlc::set_handler(move || cancel.cancel());
        let teller = Teller::new(self.progress, (length.to - length.from) as f64 / rate);
        let bounced = bounce::export(&parts, &request, &export, &control, &mut |p| teller.tell(p));
        teller.done();
        let done = match bounced {
            Ok(bounced) => bounced.report,
            Err(failure) => return Err(told_failure(&failure)),
        };
        if self.seconds.is_none() && self.range.is_none() && own.is_none() && !done.ended {
            eprintln!(
                "seiche: `{sound}` does not say how long it lasts: {DEFAULT_SECONDS} s (--seconds says otherwise)"
            );
        }
        self.write_report(&done)?;
        // A closed pipe (`seiche render … | head`) is no fault.
        let _ = std::io::stdout().write_all(told::summary(&done, self.bits.depth().is_whole()).as_bytes());
        Ok(faults(&done))
    }

    /// Which frames of the song.
    fn length(&self, own: Option<f64>) -> Result<Length, Fault> {
        let rate = f64::from(self.rate);
        let (from, to) = match self.range {
            Some((from, to)) => (from.frames(rate, self.bpm)?, to.frames(rate, self.bpm)?),
            None => {
                let seconds = self.seconds.or(own).unwrap_or(DEFAULT_SECONDS);
                (0, When::Seconds(seconds).frames(rate, None)?)
            }
        };
        if from >= to {
            return Err("the range ends where it begins, or before: write FROM..TO".into());
        }
        let tail = self.tail.at(rate, self.bpm)?;
        let bytes = (to - from).saturating_mul(2 * self.bits.depth().bytes() as u64);
        if self.format == Format::Aiff && bytes > LARGEST_AIFF {
            return Err("longer than an AIFF file can be (4 GiB): write WAV or FLAC, or less of it".into());
        }
        if self.format == Format::Flac && self.bits == Bits::Float {
            return Err("FLAC holds whole numbers: write --bits 16 or --bits 24 with it".into());
        }
        Ok(Length { from, to, tail })
    }

    /// The files: the mix, then the stems.
    fn outputs(&self, parts: &Parts, out: &Path, length: &Length) -> Result<Vec<Output>, Fault> {
        let container = self.format.container();
        let shape = Shape { channels: 2, rate: self.rate, depth: self.bits.depth() };
        let tags = self.tags(length)?;
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
    fn tags(&self, length: &Length) -> Result<Tags, Fault> {
        let rate = f64::from(self.rate);
        let mut tags = Tags { bpm: self.bpm, origin: length.from, ..Tags::default() };
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
        tags.looped = (self.tail == TailWish::Wrapped).then_some((0, length.to - length.from));
        Ok(tags)
    }

    fn cache(&self) -> Result<Option<Cache>, Fault> {
        let open = |folder: &PathBuf| {
            Cache::new(folder, CACHE)
                .map_err(|e| format!("{}: cannot be used as a cache ({e})", folder.display()))
        };
        self.cache.as_ref().map(open).transpose()
    }

    fn write_report(&self, done: &Report) -> Result<(), Fault> {
        let Some(path) = &self.report else { return Ok(()) };
        let text = if path.extension().is_some_and(|e| e == "txt") { done.to_text() } else { done.to_json() };
        std::fs::write(path, text).map_err(|e| format!("{}: cannot be written ({e})", path.display()))
    }

    /// The macros that are turned, from the beginning on.
    fn turned(&self, library: &Library) -> Result<Vec<Event>, Fault> {
        let turn = |(name, text): &(String, String)| {
            let all = library.macros();
            let Some(item) = all.iter().find(|m| m.name == *name) else {
                let names: Vec<&str> = all.iter().map(|m| m.name.as_str()).collect();
                let hint =
                    nearest(name, names.iter().copied()).map(|near| format!("did you mean `{near}`? "));
                let list = if names.is_empty() {
                    "it has none".into()
                } else {
                    format!("its macros are: {}", names.join(", "))
                };
                return Err(format!("the library has no macro `{name}`; {}{list}", hint.unwrap_or_default()));
            };
            let share =
                item.read(text).filter(|share| (-1e-9..=1.0 + 1e-9).contains(share)).ok_or_else(|| {
                    let (low, high) = item.range_text();
                    format!("`{text}` is no value of the macro `{name}`: it goes from {low} to {high}")
                })?;
            let control = Control::Macro(item.slot);
            Ok(Event { at: 0, what: What::Control { control, value: share.clamp(0.0, 1.0) as f32 } })
        };
        self.macros.iter().map(turn).collect()
    }

    /// The sound that was asked for, or the only one.
    fn choose(&self, library: &Library) -> Result<String, Fault> {
        let names: Vec<&str> = library.sounds().map(|(name, _)| name).collect();
        let list = || format!("the sounds of {} are: {}", self.file.display(), names.join(", "));
        match (&self.sound, names.as_slice()) {
            (_, []) => Err(format!("{}: there is no sound in this library", self.file.display())),
            (None, [only]) => Ok((*only).to_owned()),
            (None, _) => Err(format!("say which sound with --sound; {}", list())),
            (Some(name), _) if names.contains(&name.as_str()) => Ok(name.clone()),
            (Some(name), _) => {
                let hint = nearest(name, names.iter().copied());
                let hint = hint.map_or(String::new(), |near| format!("did you mean `{near}`? "));
                Err(format!("there is no sound `{name}`; {hint}{}", list()))
            }
        }
    }
}

fn report(diagnostics: &[Diagnostic], library: &Library) {
    if !diagnostics.is_empty() {
        eprint!("{}", show(diagnostics, library.files(), std::io::stderr().is_terminal()));
    }
}

/// A host that begins to play at the first bar.
fn start_of_song(tempo: f64) -> Transport {
    Transport { playing: true, tempo, beats: 0.0, frame: Some(0), time_signature: (4, 4), bar: None }
}

fn told_failure(failure: &Failure) -> Fault {
    match failure {
        Failure::Part { .. } => format!("{failure} (--on-fault silence goes on without)"),
        _ => failure.to_string(),
    }
}

/// Tells which tracks failed while they played.
fn faults(done: &Report) -> ExitCode {
    for fault in &done.faults {
        let node = fault.node.as_ref().map_or(String::new(), |node| format!(", first in `{node}`"));
        let why = match fault.cause {
            "not finite" => " (a division by zero, or a loop that grows?)",
            _ => "",
        };
        eprintln!(
            "seiche: `{}` is {} at {:.3} s{node}, and therefore {}{why}",
            fault.part, fault.cause, fault.at, fault.done
        );
    }
    for warning in &done.warnings {
        eprintln!("seiche: {warning}");
    }
    match done.faults.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

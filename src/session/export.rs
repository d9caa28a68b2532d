//! What sounds, written to files in the background: the text of the project as it is heard, with the positions of the host's controls, by
//! the bounce. The window says what it wants and looks how far it is; the queue goes on when the window is closed, and ends with the
//! instance. Any thread but the audio thread.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use serde::{Deserialize, Serialize};

use super::{Control, Document, Drums, Finding, Forecast, drums};
use crate::bounce::{
    self, Container, Crew, Depth, Errand, Failure, Length, Level, Marker, Measure, Output, Policy, Queue,
    Shape, Source, Tags, Target, names,
};
use crate::compile::parts::{Cut, Parts, Point, StemWish, compile_parts};
use crate::compile::{Request, Role};
use crate::engine::{Event, Gear, Transport, What};
use crate::language::{Content, Diagnostic, Library};
use crate::library::samples::{Excuse, Store};
use crate::library::vault::Vault;
use crate::quality::Quality;

pub use crate::bounce::{Entry, Progress, Report, Standing};

/// Longest song, in seconds.
const LONGEST: f64 = 86_400.0;
/// Longest tail that is waited for, in seconds.
const TAIL: f64 = 60.0;

/// The kinds of files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    #[default]
    Wav,
    Bwf,
    Aiff,
    Flac,
}

/// How samples are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bits {
    Sixteen,
    #[default]
    TwentyFour,
    Float,
}

/// What is kept behind the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    Cut,
    /// Until it is silent.
    #[default]
    Rings,
    /// Into the beginning, for loops.
    Wrapped,
}

/// Where each track and bus is written beside the mix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stems {
    #[default]
    None,
    Dry,
    PostInsert,
    PostFader,
}

/// How loud the set of files becomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loudened {
    #[default]
    AsItIs,
    /// dBFS.
    Peak(f64),
    /// dBTP.
    TruePeak(f64),
    /// LUFS, integrated.
    Lufs(f64),
}

/// What is to be written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Export {
    /// The file of the mix; the stems lie beside it.
    pub path: String,
    pub format: Format,
    pub bits: Bits,
    /// Frames per second.
    pub rate: u32,
    /// How finely it is computed.
    pub quality: Quality,
    /// Seconds of the song; without an end as long as the sound says.
    pub from: f64,
    pub to: Option<f64>,
    pub ending: Ending,
    pub stems: Stems,
    pub loudness: Loudened,
    /// As in a host of this tempo; none: the sound plays by itself.
    pub bpm: Option<f64>,
}

impl Default for Export {
    fn default() -> Self {
        Self {
            path: String::new(),
            format: Format::default(),
            bits: Bits::default(),
            rate: 48_000,
            quality: Quality::Normal,
            from: 0.0,
            to: None,
            ending: Ending::default(),
            stems: Stems::default(),
            loudness: Loudened::default(),
            bpm: None,
        }
    }
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

impl Export {
    /// What must be mended before it can begin, each in one sentence.
    pub fn faults(&self) -> Vec<String> {
        let path = Path::new(&self.path);
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let says = [
            (self.path.trim().is_empty(), "Say which file to write."),
            (!self.path.trim().is_empty() && !path.is_absolute(), "Write the whole path of the file."),
            (path.is_absolute() && path.is_dir(), "That is a folder: add the name of a file."),
            (path.is_absolute() && folder.is_some_and(|folder| !folder.is_dir()), "There is no such folder."),
            (
                self.format == Format::Flac && self.bits == Bits::Float,
                "FLAC holds whole numbers: take 16 or 24 bits.",
            ),
            (self.to.is_some_and(|to| to <= self.from), "The end must lie behind the beginning."),
            (self.to.unwrap_or(self.from) > LONGEST, "That is longer than a day."),
            (
                self.ending == Ending::Wrapped && self.bpm.is_none(),
                "A loop that rings into itself needs a tempo.",
            ),
        ];
        says.into_iter().filter(|(is, _)| *is).map(|(_, text)| text.to_owned()).collect()
    }

    /// Files that would be written over.
    pub fn replaces(&self) -> bool {
        Path::new(self.path.trim()).is_file()
    }

    /// The file, with the end of its name that belongs to the format.
    fn file(&self) -> PathBuf {
        let path = PathBuf::from(self.path.trim());
        let extension = self.format.container().extension();
        let fits = path.extension().is_some_and(|known| known.eq_ignore_ascii_case(extension));
        if fits { path } else { path.with_added_extension(extension) }
    }

    /// Bytes of the mix, where its length is known.
    pub fn bytes(&self) -> Option<u64> {
        let seconds = self.to? - self.from;
        (seconds > 0.0).then(|| (seconds * f64::from(self.rate)) as u64 * 2 * self.depth().bytes() as u64)
    }

    fn gear(&self) -> Gear {
        Gear::new(self.quality, f64::from(self.rate))
    }

    fn depth(&self) -> Depth {
        match self.bits {
            Bits::Sixteen => Depth::Int16,
            Bits::TwentyFour => Depth::Int24,
            Bits::Float => Depth::Float32,
        }
    }

    fn cut(&self) -> Cut {
        let point = match self.stems {
            Stems::None => None,
            Stems::Dry => Some(Point::Dry),
            Stems::PostInsert => Some(Point::PostInsert),
            Stems::PostFader => Some(Point::PostFader),
        };
        Cut { stems: point.map(|point| StemWish { point, master: false }), whole: false }
    }

    /// Which frames of the song.
    fn length(&self, parts: &Parts) -> Result<Length, Failure> {
        let rate = f64::from(self.rate);
        let frames = |seconds: f64| (seconds * rate).round() as u64;
        let own = parts.length.map(|own| frames(own.saturating_sub(parts.latency) as f64 / parts.rate));
        let own = own.or(parts.arrangement.frames(rate, self.bpm));
        let Some(to) = self.to.map(frames).or(own) else {
            let text = format!("`{}` does not say how long it lasts: say where it ends", parts.name);
            return Err(Failure::Wish(text));
        };
        let tail = match self.ending {
            Ending::Cut => bounce::Tail::None,
            Ending::Rings => bounce::Tail::Silence(frames(TAIL)),
            Ending::Wrapped => bounce::Tail::Wrapped,
        };
        let from = frames(self.from);
        match from < to {
            true => Ok(Length { from, to, tail }),
            false => Err(Failure::Wish("the sound is over before the beginning".into())),
        }
    }

    /// The mix, then the stems.
    fn outputs(&self, parts: &Parts) -> Result<Vec<Output>, Failure> {
        let out = self.file();
        let container = self.format.container();
        let shape = Shape { channels: 2, rate: self.rate, depth: self.depth() };
        let stem = out.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let folder = out.parent().unwrap_or(Path::new("")).to_path_buf();
        let mut taken = HashSet::from([stem.to_lowercase()]);
        let mut files = vec![(Source::Mix, out)];
        for (number, strip) in parts.stems.iter().enumerate() {
            let kind = if strip.role == Role::Bus { "bus" } else { "track" };
            let fields = names::Fields {
                out: &stem,
                sound: &parts.name,
                number: number + 1,
                track: &strip.name,
                kind,
            };
            let name = names::fill(names::STEMS, &fields).map_err(Failure::Wish)?;
            files.push((
                Source::Stem(number),
                names::apart(&folder, &name, container.extension(), &mut taken),
            ));
        }
        let mut tags = Tags { title: Some(parts.name.clone()), ..Tags::default() };
        let (piece, rate) = (&parts.arrangement, f64::from(self.rate));
        tags.bpm = piece.steady_tempo(self.bpm);
        let Length { from, to, .. } = self.length(parts)?;
        let within = piece.markers(rate, self.bpm).filter(|(_, frame)| (from..to).contains(frame));
        tags.markers.extend(within.map(|(name, frame)| Marker { frame: frame - from, name: name.into() }));
        let output = |(source, path)| {
            // Files of one bounce have noise of their own.
            let number = if let Source::Stem(n) = source { n as u64 + 1 } else { 0 };
            let dither = self.depth().is_whole().then_some(number);
            let target = Some(Target { path, container, shape, dither, tags: tags.clone() });
            Output { source, target, measure: Measure::Everything }
        };
        Ok(files.into_iter().map(output).collect())
    }

    fn level(&self) -> Level {
        match self.loudness {
            Loudened::AsItIs => Level::default(),
            Loudened::Peak(level) => Level { peak: Some(level), ..Level::default() },
            Loudened::TruePeak(level) => Level { true_peak: Some(level), ..Level::default() },
            Loudened::Lufs(level) => Level { lufs: Some(level), ..Level::default() },
        }
    }

    /// What the queue does for it: `document` as it sounds, with the host's controls where they stand.
    fn errand(self, document: Document, sound: String, controls: Vec<(Control, f32)>) -> Errand {
        Box::new(move |control, tell| {
            with_request(&document, &sound, self.gear(), control, |request| {
                let mut parts = self.parts(request)?;
                let drums = Arc::new(Drums::default());
                drums::restore(&drums, &document.drums);
                parts.drums = Some(drums);
                let outputs = self.outputs(&parts)?;
                let export = bounce::Export { outputs, ..self.bounce(&parts, controls)? };
                let mut report = bounce::export(&parts, request, &export, control, tell)?.report;
                if report.files.first().is_some_and(|mix| mix.levels.peak.is_none()) {
                    let note = "the mix is silent: what is played by notes is heard only from a host";
                    report.warnings.push(note.into());
                }
                Ok(report)
            })
        })
    }

    /// How loud it is going to be.
    pub(super) fn foretell(
        &self,
        document: &Document,
        sound: &str,
        controls: Vec<(Control, f32)>,
        control: &bounce::Control,
    ) -> Result<Forecast, Failure> {
        with_request(document, sound, self.gear(), control, |request| {
            let export = self.bounce(&self.parts(request)?, controls)?;
            bounce::forecast(request, &export, control)
        })
    }

    fn parts(&self, request: &Request) -> Result<Parts, Failure> {
        compile_parts(request, self.cut()).map_err(|faults| told(request.library, &faults))
    }

    /// The bounce, without its files.
    fn bounce(&self, parts: &Parts, controls: Vec<(Control, f32)>) -> Result<bounce::Export, Failure> {
        let event = |(control, value)| Event { at: 0, what: What::Control { control, value } };
        let transport = self.bpm.map(Transport::starting);
        Ok(bounce::Export {
            gear: self.gear(),
            length: self.length(parts)?,
            events: controls.into_iter().map(event).collect(),
            transport,
            outputs: vec![],
            level: self.level(),
            crew: Crew::default(),
            policy: Policy::Silence,
            time_limit: None,
            cache: None,
        })
    }

    /// Bytes that are free where it is to be written, where the system tells.
    pub fn free(&self) -> Option<u64> {
        let folder = Path::new(self.path.trim()).parent().filter(|folder| folder.is_dir())?;
        #[cfg(unix)]
        {
            let disk = rustix::fs::statvfs(folder).ok()?;
            Some(disk.f_bavail.saturating_mul(disk.f_frsize))
        }
        #[cfg(not(unix))]
        {
            let _ = folder;
            None
        }
    }
}

/// Reads the text that sounds, with its samples, and lends what a bounce asks of the compiler.
fn with_request<T>(
    document: &Document,
    sound: &str,
    gear: Gear,
    control: &bounce::Control,
    work: impl FnOnce(&Request) -> Result<T, Failure>,
) -> Result<T, Failure> {
    if document.files.is_empty() {
        return Err(Failure::Wish("nothing sounds that could be written".into()));
    }
    let (library, store) = (library(document), self::store(document, control));
    let seed = document.seed;
    work(&Request {
        library: &library,
        sound,
        overrides: &[],
        rate: gear.engine_rate(),
        quality: gear.quality,
        seed,
        store: &store,
    })
}

/// The library of a project, as it sounds.
pub(super) fn library(document: &Document) -> Library {
    let files = document.files.iter();
    let files: Vec<(PathBuf, Content)> =
        files.map(|file| (PathBuf::from(&file.path), Content::Text(file.text.clone()))).collect();
    let specs: Vec<_> = crate::nodes::ALL.iter().map(|def| &def.spec).collect();
    Library::read(files, &specs)
}

/// The samples of a project. What is missing is silent, as it is where it is heard.
pub(super) fn store(document: &Document, control: &bounce::Control) -> Mutex<Store> {
    let stop = control.clone();
    let mut store = Store::new(Vault::shared(), Box::new(move || stop.is_cancelled()));
    store.restore(&document.samples, &document.copies);
    store.look_in(&document.folders);
    store.begin(Excuse::Everything);
    Mutex::new(store)
}

/// The first thing that is wrong, as it is shown in the window.
fn told(library: &Library, faults: &[Diagnostic]) -> Failure {
    let first = faults.iter().find(|fault| fault.is_error()).or(faults.first());
    Failure::Wish(first.map_or_else(String::new, |fault| Finding::new(fault, library.files()).to_text()))
}

/// The bounces of an instance. The queue has a thread of its own once something is exported.
#[derive(Default)]
pub struct Exports(OnceLock<Option<Queue>>);

impl Exports {
    /// Begins one, or puts it behind those that wait. False where there is no thread to be had.
    pub(super) fn add(
        &self,
        export: Export,
        document: Document,
        sound: String,
        controls: Vec<(Control, f32)>,
    ) -> bool {
        let file = export.file();
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        self.queue_up(name, export.errand(document, sound, controls))
    }

    /// The same for anything that takes its time.
    pub(super) fn queue_up(&self, name: String, errand: Errand) -> bool {
        let queue = self.0.get_or_init(|| Queue::new().ok());
        queue.as_ref().is_some_and(|queue| {
            queue.add(name, errand);
            true
        })
    }

    /// All of them, the oldest first.
    pub fn entries(&self) -> Vec<Entry> {
        self.queue().map_or(vec![], Queue::entries)
    }

    pub fn cancel(&self, id: u64) {
        if let Some(queue) = self.queue() {
            queue.cancel(id);
        }
    }

    pub fn pause(&self, id: u64, pause: bool) {
        if let Some(queue) = self.queue() {
            if pause { queue.pause(id) } else { queue.resume(id) }
        }
    }

    /// Waits until nothing is left to do.
    pub fn finish(&self) {
        if let Some(queue) = self.queue() {
            queue.finish();
        }
    }

    fn queue(&self) -> Option<&Queue> {
        self.0.get().and_then(Option::as_ref)
    }
}

//! A whole bounce: parts are built or found in the cache, workers take them through the song, files are written and, when all of them
//! are whole, get their names. Nothing is left of a bounce that fails or is cancelled.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::time::Instant;

use crate::compile::Request;
use crate::compile::parts::{Feed, Parts, Room, Signal};
use crate::engine::{Cause, Event, Mixdown, PartFault, PartPlayer, Transport};
use crate::language::Diagnostic;
use crate::library::vault::Vault;

use super::cache::Cache;
use super::control::{Control, Progress};
use super::crew::{Crew, Done, Station, run};
use super::fault::{Failure, Policy};
use super::file::{Sink, Spool};
use super::meter::{Levels, Measure, Meter};
use super::report::{CacheReport, FaultReport, FileReport, MemoryReport, NodeReport, PartReport, Report};
use super::score::{Length, Score};
use super::task::{Ending, FileTask, MixTask, PartTask, Shared, Task};
use super::write::{Finished, Target, Writer};

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Mix,
    /// A stem, by its number in [`Parts::stems`].
    Stem(usize),
}

/// A file to be written, or frames to be kept in memory.
#[derive(Clone, Debug)]
pub struct Output {
    pub source: Source,
    /// None: the frames are handed back.
    pub target: Option<Target>,
    pub measure: Measure,
}

/// How loud the set of files becomes: one gain for all of them, the largest that keeps to all that is given. Levels are those of the mix.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Level {
    /// dBFS.
    pub peak: Option<f64>,
    /// dBTP.
    pub true_peak: Option<f64>,
    /// LUFS, integrated.
    pub lufs: Option<f64>,
    /// Highest peak in dBFS: only ever makes it softer.
    pub headroom: Option<f64>,
}

impl Level {
    /// Whether it can be told only at the end.
    pub fn is_set(&self) -> bool {
        *self != Level::default()
    }

    /// The gain in decibels for a mix of these levels.
    fn gain(&self, levels: &Levels) -> f64 {
        let up = |wanted: Option<f64>, is: Option<f64>| Some(wanted? - is?);
        let wishes =
            [up(self.peak, levels.peak), up(self.true_peak, levels.true_peak), up(self.lufs, levels.lufs)];
        let gain = wishes.into_iter().flatten().reduce(f64::min).unwrap_or(0.0);
        up(self.headroom, levels.peak).map_or(gain, |most| gain.min(most))
    }

    /// What must be measured for it.
    fn measure(&self) -> Measure {
        match (self.true_peak, self.lufs) {
            (Some(_), _) => Measure::Everything,
            (None, Some(_)) => Measure::Loudness,
            (None, None) => Measure::Peak,
        }
    }
}

/// How to bounce a sound.
#[derive(Clone, Debug)]
pub struct Export {
    pub length: Length,
    /// Notes and controls; `Event::at` counts from the first frame of the song.
    pub events: Vec<Event>,
    /// Where a host's transport stands at the first frame, if one is to be played.
    pub transport: Option<Transport>,
    pub outputs: Vec<Output>,
    pub level: Level,
    pub crew: Crew,
    pub policy: Policy,
    /// Seconds that each part may take.
    pub time_limit: Option<f64>,
    pub cache: Option<Cache>,
}

/// What came of it.
pub struct Bounced {
    pub report: Report,
    /// Left and right × frames of the outputs without a target, in order.
    pub audio: Vec<[Vec<f32>; 2]>,
}

/// Most bytes of signals between parts.
const BUFFERS: u64 = 64 << 20;
/// Silence ends a song after this much of it, in seconds.
const QUIET: f64 = 0.2;

/// Bounces a sound in parts, which `request` has made. The caller's thread is told the progress at least ten times a second.
///
/// # Errors
/// See [`Failure`]; then no file was written.
pub fn export(
    parts: &Parts,
    request: &Request,
    export: &Export,
    control: &Control,
    tell: &mut dyn FnMut(&Progress),
) -> Result<Bounced, Failure> {
    let begin = Instant::now();
    let decoded = Vault::shared().counts().decodes;
    let mut left_out: Vec<(usize, PartFault)> = vec![];
    loop {
        let without: HashSet<usize> = left_out.iter().map(|(part, _)| *part).collect();
        match attempt(parts, request, export, &without, control, tell) {
            Err(Failure::Part { number, fault, .. })
                if export.policy == Policy::Skip && !without.contains(&number) =>
            {
                left_out.push((number, fault));
            }
            Err(failure) => return Err(failure),
            Ok(mut bounced) => {
                let report = &mut bounced.report;
                report.seconds = begin.elapsed().as_secs_f64();
                report.real_time_factor = report.frames as f64 / report.rate / report.seconds.max(1e-9);
                report.cache.decodes = Vault::shared().counts().decodes - decoded;
                let faults =
                    left_out.iter().map(|(n, fault)| told(&parts.parts[*n].name, fault, parts, "left out"));
                report.faults.extend(faults);
                return Ok(bounced);
            }
        }
    }
}

fn told(name: &str, fault: &PartFault, parts: &Parts, done: &'static str) -> FaultReport {
    let cause = match fault.cause {
        Cause::Panicked => "panicked",
        Cause::NotFinite => "not finite",
        Cause::TooSlow => "too slow",
    };
    let at = fault.at as f64 / parts.rate;
    FaultReport { part: name.to_owned(), node: fault.node.clone(), at, cause, done }
}

fn attempt(
    parts: &Parts,
    request: &Request,
    export: &Export,
    without: &HashSet<usize>,
    control: &Control,
    tell: &mut dyn FnMut(&Progress),
) -> Result<Bounced, Failure> {
    let mut crew = export.crew;
    let cables = parts.parts.iter().map(|part| part.writes.len()).sum::<usize>() + 2;
    let bytes = |crew: &Crew| cables as u64 * (crew.ahead as u64 + 2) * crew.chunk as u64 * 4;
    let mut warnings = vec![];
    while bytes(&crew) > BUFFERS && (crew.ahead > 2 || crew.chunk > 256) {
        match crew.ahead > 2 {
            true => crew.ahead -= 1,
            false => crew.chunk /= 2,
        }
    }
    if crew != export.crew {
        warnings.push(format!(
            "smaller buffers for {cables} signals: {} frames, {} ahead",
            crew.chunk, crew.ahead
        ));
    }
    let (events, transport) = (export.events.clone(), export.transport);
    let score = Score::new(export.length, parts.latency, (parts.rate, crew.chunk), transport, events);
    let ending = Ending::shared();
    let mut made =
        Making { parts, export, score: &score, without, stations: vec![], kinds: vec![], builds: 0 };
    made.parts(request, &mut warnings)?;
    made.mix(&ending);
    made.files()?;
    let Making { stations, kinds, builds, .. } = made;
    let done = run(stations, &score, crew, ending, control, tell)?;
    let mut bounced = finish(parts, export, done, &kinds)?;
    let report = &mut bounced.report;
    report.cache.builds = builds;
    report.cache.hits = kinds.iter().filter(|kind| matches!(kind, Kind::Part(_, "cached"))).count();
    (report.workers, report.chunk, report.ahead) = (crew.threads(), crew.chunk, crew.ahead);
    report.memory = MemoryReport { buffers: bytes(&crew), process: MemoryReport::of_process() };
    report.warnings.splice(0..0, warnings);
    Ok(bounced)
}

/// What a station is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// A part, and where it comes from.
    Part(usize, &'static str),
    Mix,
    File(usize),
}

/// The stations under construction.
struct Making<'a> {
    parts: &'a Parts,
    export: &'a Export,
    score: &'a Score,
    without: &'a HashSet<usize>,
    stations: Vec<Station>,
    kinds: Vec<Kind>,
    builds: usize,
}

impl Making<'_> {
    /// Signals that somebody hears, of the mix and of files.
    fn signals(&self) -> impl Iterator<Item = Signal> {
        let stems = self.export.outputs.iter().filter_map(|output| match output.source {
            Source::Stem(n) => self.parts.stems.get(n).map(|stem| stem.signal),
            Source::Mix => None,
        });
        self.parts.strips.iter().map(|(_, signal)| *signal).chain(stems)
    }

    /// Parts that are needed: those from the cache need nothing themselves.
    fn parts(&mut self, request: &Request, warnings: &mut Vec<String>) -> Result<(), Failure> {
        let drafts = &self.parts.parts;
        let sources: HashMap<usize, usize> = crate::compile::parts::sources(drafts);
        let identity = self.score.identity();
        let mut readers: HashMap<usize, _> = HashMap::new();
        let mut needed = vec![false; drafts.len()];
        let of = |feed: Feed| if let Feed::Cable(cable) = feed { sources.get(&cable).copied() } else { None };
        let mut open: Vec<usize> = self.signals().flatten().filter_map(of).collect();
        while let Some(part) = open.pop() {
            if std::mem::replace(&mut needed[part], true) || self.without.contains(&part) {
                continue;
            }
            // What is left out changes what others put out, without their keys knowing.
            let cache = self.export.cache.as_ref().filter(|_| self.without.is_empty());
            match cache.and_then(|cache| cache.find(&drafts[part].key.with(&identity))) {
                Some(reader) => drop(readers.insert(part, reader)),
                None => open.extend(drafts[part].reads.iter().filter_map(|cable| sources.get(cable))),
            }
        }
        let room = Room::default();
        for (number, draft) in drafts.iter().enumerate().filter(|(number, _)| needed[*number]) {
            let (task, how) = match readers.remove(&number) {
                _ if self.without.contains(&number) => (Task::Silent, "left out"),
                Some(reader) => (Task::Cached(reader), "cached"),
                None => {
                    self.builds += 1;
                    let part =
                        draft.build(request, &room).map_err(|d: Diagnostic| Failure::Wish(d.message))?;
                    let key = draft.key.with(&identity);
                    let cache = self.export.cache.as_ref().filter(|_| self.without.is_empty());
                    let keep = cache.and_then(|cache| {
                        let keep = cache.keep(&key);
                        if keep.is_none() {
                            warnings.push(format!("`{}` cannot be kept in the cache", draft.name));
                        }
                        keep
                    });
                    let task = PartTask {
                        player: PartPlayer::new(part, self.parts),
                        number,
                        name: draft.name.clone(),
                        policy: self.export.policy,
                        limit: self.export.time_limit,
                        spent: 0.0,
                        keep,
                    };
                    (Task::Part(Box::new(task)), "rendered")
                }
            };
            let reads = if how == "rendered" { draft.reads.clone() } else { vec![] };
            self.kinds.push(Kind::Part(number, how));
            self.stations.push(Station {
                task,
                reads,
                writes: draft.writes.clone(),
                after: vec![],
                // A node takes about a microsecond for 64 frames.
                guess: draft.nodes() as f64 * 1e-6 * self.score.longest() as f64 / 64.0,
                shown: Some(draft.name.clone()),
            });
        }
        Ok(())
    }

    /// The cables of the mix, left and right: behind all others.
    fn main(&self) -> [usize; 2] {
        let last = self.parts.parts.iter().flat_map(|part| &part.writes).max().map_or(0, |last| last + 1);
        [last, last + 1]
    }

    fn mix(&mut self, ending: &Shared) {
        let mixdown = Mixdown::new(self.parts);
        let quiet = (QUIET * self.parts.rate).round() as u64;
        let end = self.score.window.end;
        // Later jumps begin anew what has ended.
        let last_jump = (0..self.score.chunks()).map(|chunk| self.score.span(chunk).start);
        let last_jump = last_jump.filter(|at| self.score.jumps_after(*at)).max().unwrap_or(0).min(end);
        let reads = mixdown.reads().to_vec();
        let listen = self.score.listen.map(|from| (from, quiet));
        let task = Task::Mix(Box::new(MixTask { mixdown, listen, quiet: 0, last_jump }));
        let _ = ending;
        self.kinds.push(Kind::Mix);
        self.stations.push(Station {
            task,
            reads,
            writes: self.main().to_vec(),
            after: vec![],
            guess: 1e-6,
            shown: None,
        });
    }

    fn files(&mut self) -> Result<(), Failure> {
        let mix = self.stations.len() - 1;
        for (number, output) in self.export.outputs.iter().enumerate() {
            let (name, signal) = match output.source {
                Source::Mix => ("mix".to_owned(), self.main().map(Feed::Cable)),
                Source::Stem(n) => {
                    let stem = self.parts.stems.get(n);
                    let stem = stem.ok_or_else(|| Failure::Wish(format!("there is no stem {n}")))?;
                    (stem.name.clone(), stem.signal)
                }
            };
            let mut reads = vec![];
            let signal = signal.map(|feed| match feed {
                Feed::Cable(cable) => {
                    reads.push(cable);
                    Feed::Cable(reads.len() - 1)
                }
                number => number,
            });
            let failed = |error: std::io::Error| {
                let path = output.target.as_ref().map(|target| target.path.display().to_string());
                Failure::File { name: path.unwrap_or_default(), error: error.to_string() }
            };
            let sink = match &output.target {
                None => Sink::Memory([vec![], vec![]]),
                Some(target) if self.export.level.is_set() => {
                    Sink::Spool(Box::new(Spool::create(target.clone()).map_err(failed)?))
                }
                Some(target) => Sink::File(Box::new(Writer::create(target.clone()).map_err(failed)?)),
            };
            let measure = match output.source {
                Source::Mix => output.measure.max(self.export.level.measure()),
                Source::Stem(_) => output.measure,
            };
            let name = output.target.as_ref().map_or(name, |target| target.path.display().to_string());
            let task = FileTask {
                name,
                signal,
                window: self.score.window.clone(),
                meter: Meter::new(self.parts.rate, measure),
                sink,
                frames: 0,
                odd: false,
                clean: Default::default(),
            };
            self.kinds.push(Kind::File(number));
            self.stations.push(Station {
                task: Task::File(Box::new(task)),
                reads,
                writes: vec![],
                // It ends where the mix says so.
                after: vec![mix],
                guess: 1e-6,
                shown: None,
            });
        }
        Ok(())
    }
}

/// Completes files and report.
fn finish(parts: &Parts, export: &Export, done: Done, kinds: &[Kind]) -> Result<Bounced, Failure> {
    let Done { stations, work, .. } = done;
    let mut report = Report { sound: parts.name.clone(), rate: parts.rate, ..Report::default() };
    let (mut files, mut keepers) = (vec![], vec![]);
    for ((station, (seconds, _)), kind) in stations.into_iter().zip(work).zip(kinds) {
        match (station.task, *kind) {
            (Task::Part(task), Kind::Part(number, how)) => {
                let PartTask { player, name, keep, .. } = *task;
                if let Some(fault) = player.fault() {
                    if export.policy != Policy::Silence {
                        return Err(Failure::Part { number, part: name, fault: fault.clone() });
                    }
                    report.faults.push(told(&name, fault, parts, "silenced"));
                }
                let mut nodes: Vec<NodeReport> = player
                    .times(seconds)
                    .into_iter()
                    .filter(|node| !node.id.is_empty())
                    .map(|node| NodeReport { node: node.id, seconds: node.seconds })
                    .collect();
                nodes.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
                report.parts.push(PartReport { name, how, seconds, voices: player.most_voices(), nodes });
                keepers.extend(keep);
            }
            (_, Kind::Part(number, how)) => {
                let name = parts.parts[number].name.clone();
                report.parts.push(PartReport { name, how, seconds, voices: 0, nodes: vec![] });
            }
            (Task::Mix(task), _) => {
                report.ended = task.mixdown.ended().is_some();
                let faulty = task.mixdown.faulty();
                report
                    .warnings
                    .extend(faulty.map(|strip| format!("`{}` is not finite and was silenced", strip.name)));
            }
            (Task::File(task), Kind::File(number)) => files.push((number, task)),
            _ => {}
        }
    }
    let mix =
        files.iter().find(|(number, _)| export.outputs[*number].source == Source::Mix).or(files.first());
    let gain = mix.map_or(0.0, |(_, task)| export.level.gain(&task.meter.levels()));
    report.gain = gain;
    report.frames = files.iter().map(|(_, task)| task.frames).max().unwrap_or(0);
    let (mut audio, mut whole) = (vec![], vec![]);
    for (number, task) in files {
        let levels = task.meter.levels().raised(gain);
        if task.odd {
            report.warnings.push(format!("`{}` had values that are not finite: silence instead", task.name));
        }
        let failed =
            |error: std::io::Error| Failure::File { name: task.name.clone(), error: error.to_string() };
        let factor = 10f64.powf(gain / 20.0) as f32;
        let finished: Option<Finished> = match task.sink {
            Sink::File(writer) => Some(writer.finish(Some(levels.loudness())).map_err(failed)?),
            Sink::Spool(spool) => Some(spool.finish(factor, Some(levels.loudness())).map_err(failed)?),
            Sink::Memory(mut sides) => {
                if gain != 0.0 {
                    sides.iter_mut().flatten().for_each(|x| *x *= factor);
                }
                audio.push(sides);
                None
            }
        };
        let clipped = finished.as_ref().map_or(0, |file| file.clipped);
        let name = match export.outputs[number].source {
            Source::Mix => "mix".to_owned(),
            Source::Stem(n) => parts.stems[n].name.clone(),
        };
        if clipped > 0 {
            report
                .warnings
                .push(format!("`{name}` has {clipped} samples beyond full scale, which were clipped"));
        }
        let path: Option<PathBuf> = finished.as_ref().map(|file| file.path.clone());
        report.files.push(FileReport { name, path, frames: task.frames, levels, clipped });
        whole.extend(finished);
    }
    for file in whole {
        let name = file.path.display().to_string();
        file.keep().map_err(|error| Failure::File { name, error: error.to_string() })?;
    }
    // Only now: what is kept was heard to its end.
    keepers.into_iter().for_each(|keep| drop(keep.finish()));
    if let Some(cache) = &export.cache {
        cache.trim();
    }
    report.cache = CacheReport::default();
    Ok(Bounced { report, audio })
}

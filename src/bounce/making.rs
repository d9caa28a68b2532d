//! Makes the stations of a bounce: parts that are built, or read from the cache, or left out; the mix; and the files.

use std::collections::{HashMap, HashSet};

use crate::compile::Request;
use crate::compile::parts::{Feed, Key, Parts, Room, Signal, sources};
use crate::engine::{Lower, Mixdown, PartPlayer};
use crate::language::Diagnostic;

use super::cache::{Cache, Reader};
use super::crew::Station;
use super::export::Without;
use super::fault::Failure;
use super::file::{Sink, Spool};
use super::meter::Meter;
use super::task::{FileTask, MixTask, PartTask, Task};
use super::timeline::Timeline;
use super::wish::{Export, Output, Source};
use super::write::Writer;

/// Silence ends a song after this much of it, in seconds.
const QUIET: f64 = 0.2;

/// What a station is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    /// A part, and where it comes from.
    Part(usize, &'static str),
    Mix,
    File(usize),
}

/// The stations under construction.
pub(super) struct Making<'a> {
    parts: &'a Parts,
    export: &'a Export,
    timeline: &'a Timeline,
    /// Parts that are left out.
    without: HashSet<usize>,
    cache: Option<&'a Cache>,
    pub stations: Vec<Station>,
    pub kinds: Vec<Kind>,
    /// Parts that were built.
    pub builds: usize,
}

impl<'a> Making<'a> {
    pub fn new(parts: &'a Parts, export: &'a Export, timeline: &'a Timeline, without: &Without) -> Self {
        let cache = export.cache.as_ref().filter(|_| !without.cache);
        let without = without.parts();
        Making { parts, export, timeline, without, cache, stations: vec![], kinds: vec![], builds: 0 }
    }

    /// Parts that are needed: those from the cache need nothing themselves.
    pub fn parts(&mut self, request: &Request, warnings: &mut Vec<String>) -> Result<(), Failure> {
        let keys = self.cache.map_or(vec![], |_| self.keys(request));
        let (needed, mut readers) = self.needed(&keys);
        let room = Room::default();
        for (number, draft) in self.parts.parts.iter().enumerate().filter(|(number, _)| needed[*number]) {
            let mut reads = vec![];
            let (task, how) = match readers.remove(&number) {
                _ if self.without.contains(&number) => (Task::Silent, "left out"),
                Some(reader) => (Task::Cached(reader), "cached"),
                None => {
                    self.builds += 1;
                    let part =
                        draft.build(request, &room).map_err(|d: Diagnostic| Failure::Wish(d.message))?;
                    #[cfg(test)]
                    let part = super::tests::spoilt(number, part);
                    let keep = self.cache.and_then(|cache| {
                        let keep = cache.keep(&keys[number]);
                        if keep.is_none() {
                            warnings.push(format!("`{}` cannot be kept in the cache", draft.name));
                        }
                        keep
                    });
                    reads.clone_from(&draft.reads);
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
            self.kinds.push(Kind::Part(number, how));
            self.stations.push(Station {
                task,
                reads,
                writes: draft.writes.clone(),
                after: vec![],
                // A node takes about a microsecond for 64 frames.
                guess: draft.nodes() as f64 * 1e-6 * self.timeline.longest() as f64 / 64.0,
                shown: Some(draft.name.clone()),
            });
        }
        Ok(())
    }

    /// The keys by which the cache finds what parts put out in this very song.
    fn keys(&self, request: &Request) -> Vec<Key> {
        let keys = self.parts.keys(request);
        // What is left out changes what others put out, without their keys knowing.
        let silent = keys.iter().enumerate().filter(|(number, _)| self.without.contains(number));
        let silent: Vec<&Key> = silent.map(|(_, key)| key).collect();
        let identity = format!("{:?} {} {silent:?}", self.export.gear.quality, self.timeline.identity());
        keys.iter().map(|key| key.with(&identity)).collect()
    }

    /// Which parts somebody hears, and what the cache has of them.
    fn needed(&self, keys: &[Key]) -> (Vec<bool>, HashMap<usize, Reader>) {
        let drafts = &self.parts.parts;
        let sources = sources(drafts);
        let mut readers = HashMap::new();
        let mut needed = vec![false; drafts.len()];
        let of = |feed: Feed| if let Feed::Cable(cable) = feed { sources.get(&cable).copied() } else { None };
        let mut open: Vec<usize> = self.signals().flatten().filter_map(of).collect();
        while let Some(part) = open.pop() {
            if std::mem::replace(&mut needed[part], true) || self.without.contains(&part) {
                continue;
            }
            match self.cache.and_then(|cache| cache.find(&keys[part])) {
                Some(reader) => drop(readers.insert(part, reader)),
                None => open.extend(drafts[part].reads.iter().filter_map(|cable| sources.get(cable))),
            }
        }
        (needed, readers)
    }

    /// Signals that somebody hears, of the mix and of files.
    fn signals(&self) -> impl Iterator<Item = Signal> {
        let stems = self.export.outputs.iter().filter_map(|output| match output.source {
            Source::Stem(n) => self.parts.stems.get(n).map(|stem| stem.signal),
            Source::Mix => None,
        });
        self.parts.strips.iter().map(|(_, signal)| *signal).chain(stems)
    }

    /// The cables of the mix, left and right: behind all others.
    fn main(&self) -> [usize; 2] {
        let last = self.parts.parts.iter().flat_map(|part| &part.writes).max().map_or(0, |last| last + 1);
        [last, last + 1]
    }

    /// The sum of all strips.
    pub fn mix(&mut self) {
        let mixdown = Mixdown::new(self.parts);
        let quiet = (QUIET * self.parts.rate).round() as u64;
        let reads = mixdown.reads().to_vec();
        let listen = self.timeline.listen.map(|from| (from, quiet));
        let last_jump = self.timeline.last_jump();
        // What it puts out is late by more than the sound itself.
        let late = self.export.gear.latency(self.parts.latency) * self.export.gear.factor as u64;
        let late = late - self.parts.latency;
        let task = Task::Mix(Box::new(MixTask { mixdown, late, listen, quiet: 0, last_jump }));
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

    /// The files, behind the mix: it tells where they end.
    pub fn files(&mut self) -> Result<(), Failure> {
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
            let measure = match output.source {
                Source::Mix => output.measure.max(self.export.level.measure()),
                Source::Stem(_) => output.measure,
            };
            let task = FileTask {
                name: output.target.as_ref().map_or(name, |target| target.path.display().to_string()),
                signal,
                window: self.timeline.window.clone(),
                gear: self.export.gear,
                lower: [(); 2].map(|()| Lower::new(self.export.gear.factor)),
                meter: Meter::new(self.export.gear.rate, measure),
                sink: self.sink(output)?,
                frames: 0,
                odd: false,
                clean: Default::default(),
                heard: Default::default(),
            };
            self.kinds.push(Kind::File(number));
            self.stations.push(Station {
                task: Task::File(Box::new(task)),
                reads,
                writes: vec![],
                after: vec![mix],
                guess: 1e-6,
                shown: None,
            });
        }
        Ok(())
    }

    /// Where the frames of an output go.
    fn sink(&self, output: &Output) -> Result<Sink, Failure> {
        let Some(target) = &output.target else { return Ok(Sink::Memory([vec![], vec![]])) };
        let sink = match self.export.level.is_set() {
            true => Spool::create(target.clone()).map(|spool| Sink::Spool(Box::new(spool))),
            false => Writer::create(target.clone()).map(|writer| Sink::File(Box::new(writer))),
        };
        sink.map_err(|error| Failure::File {
            name: target.path.display().to_string(),
            error: error.to_string(),
        })
    }
}

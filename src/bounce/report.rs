//! What a bounce has done, as a value that becomes JSON or text.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde::Serialize;

use super::forecast::Forecast;
use super::meter::Levels;
use crate::engine::PartFault;

/// See the head of this file. Times are in seconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    pub sound: String,
    /// Frames per second.
    pub rate: f64,
    /// How finely it was computed: draft, normal or high.
    pub quality: &'static str,
    /// Of the files.
    pub frames: u64,
    /// The sound ended by itself.
    pub ended: bool,
    /// From the beginning of the rendering to the last file.
    pub seconds: f64,
    /// How many seconds of sound in a second.
    pub real_time_factor: f64,
    pub workers: usize,
    /// Seconds that all workers together were busy, and the share of their time that they were not.
    pub busy: f64,
    pub idle: f64,
    /// Chunks that another worker did than the one before of the same part.
    pub steals: usize,
    /// Seconds at work on the sum of all strips, and on files.
    pub mix: f64,
    pub writing: f64,
    /// Frames of a chunk, and chunks that a part may be ahead.
    pub chunk: usize,
    pub ahead: usize,
    /// Decibels by which everything was made louder.
    pub gain: f64,
    /// How loud it was thought to become, if anybody asked.
    pub forecast: Option<Forecast>,
    pub files: Vec<FileReport>,
    pub parts: Vec<PartReport>,
    pub faults: Vec<FaultReport>,
    pub cache: CacheReport,
    pub memory: MemoryReport,
    /// What is worth knowing: clipped samples, smaller buffers, what is left out.
    pub warnings: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FileReport {
    /// The mix, or a strip's name.
    pub name: String,
    pub path: Option<PathBuf>,
    pub frames: u64,
    pub levels: Levels,
    /// Samples beyond full scale.
    pub clipped: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PartReport {
    pub name: String,
    /// `rendered`, `cached` or `left out`.
    pub how: &'static str,
    /// At work.
    pub seconds: f64,
    /// The most voices that sounded at once.
    pub voices: usize,
    /// What took longest first.
    pub nodes: Vec<NodeReport>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NodeReport {
    /// Its place in the text.
    pub node: String,
    pub seconds: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FaultReport {
    /// The track or bus.
    pub part: String,
    pub node: Option<String>,
    /// Where in the song, in seconds.
    pub at: f64,
    /// `panicked`, `not finite`, `too slow` or `missing sample`.
    pub cause: &'static str,
    /// `silenced`, `left out` or `played without it`.
    pub done: &'static str,
}

impl FaultReport {
    pub(super) fn new(part: &str, fault: &PartFault, rate: f64, done: &'static str) -> FaultReport {
        let (at, cause) = (fault.at as f64 / rate, fault.cause.name());
        FaultReport { part: part.to_owned(), node: fault.node.clone(), at, cause, done }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CacheReport {
    /// Parts that were read instead of rendered.
    pub hits: usize,
    /// Parts that were built.
    pub builds: usize,
    /// Samples that were decoded for this bounce.
    pub decodes: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MemoryReport {
    /// Of signals between parts, at most.
    pub buffers: u64,
    /// The most that the process has had in memory so far, where the system tells.
    pub process: Option<u64>,
}

impl MemoryReport {
    /// The high-water mark of this process, in bytes.
    pub(super) fn of_process() -> Option<u64> {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes << 10)
    }
}

/// A level as people read it.
pub fn level(decibels: Option<f64>, unit: &str) -> String {
    decibels.map_or("silent".to_owned(), |x| format!("{x:.1} {unit}"))
}

impl Report {
    /// As JSON, with a line break at its end.
    pub fn to_json(&self) -> String {
        // Numbers and texts only: this cannot fail.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// As text for people.
    pub fn to_text(&self) -> String {
        let mut text = format!(
            "{}: {:.3} s at {} Hz, {} quality, in {:.2} s ({:.0} times real time, {} workers)\n",
            self.sound,
            self.frames as f64 / self.rate,
            self.rate,
            self.quality,
            self.seconds,
            self.real_time_factor,
            self.workers
        );
        if self.gain != 0.0 {
            let _ = writeln!(text, "gain {:+.2} dB on everything", self.gain);
        }
        text += "\nfiles\n";
        for file in &self.files {
            let Levels { peak, true_peak, lufs, .. } = file.levels;
            let _ = write!(text, "  {:24} peak {}", file.name, level(peak, "dBFS"));
            for (level_of, unit) in [(true_peak, "dBTP"), (lufs, "LUFS")] {
                let _ = level_of.map(|x| write!(text, ", {x:.1} {unit}"));
            }
            if file.clipped > 0 {
                let _ = write!(text, ", {} samples clipped", file.clipped);
            }
            text.push('\n');
        }
        text += "\nparts\n";
        for part in &self.parts {
            let (name, how, seconds) = (&part.name, part.how, part.seconds * 1e3);
            let _ = writeln!(text, "  {name:24} {how}, {seconds:.1} ms, {} voices", part.voices);
            for node in part.nodes.iter().take(3).filter(|node| node.seconds > 0.0) {
                let _ = writeln!(text, "    {:22} {:.1} ms", node.node, node.seconds * 1e3);
            }
        }
        for fault in &self.faults {
            let node = fault.node.as_ref().map_or(String::new(), |node| format!(" in {node}"));
            let _ = writeln!(
                text,
                "\nfault: {} {}{node} at {:.3} s: {}",
                fault.part, fault.cause, fault.at, fault.done
            );
        }
        let CacheReport { hits, builds, decodes } = self.cache;
        let _ = writeln!(text, "\n{hits} parts from the cache, {builds} built, {decodes} samples decoded");
        let process =
            self.memory.process.map_or(String::new(), |b| format!(", process {} MB at most", b >> 20));
        let _ = writeln!(text, "buffers {} kB{process}", self.memory.buffers >> 10);
        let (mix, writing) = (self.mix * 1e3, self.writing * 1e3);
        let _ =
            writeln!(text, "mix {mix:.1} ms, files {writing:.1} ms; workers idle {:.0} %", self.idle * 100.0);
        for warning in &self.warnings {
            let _ = writeln!(text, "note: {warning}");
        }
        text
    }
}

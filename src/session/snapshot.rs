//! What the window is told: the library, what is wrong with it, and how busy the engine is. A snapshot is made by the loader and never
//! changed; the living figures are atomics that the audio thread writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Graph, Macro, Preset, Reload, Samples, Texts};
use crate::compile::{NoteName, Strip};
use crate::engine::{METERED, Meters, PROGRAM_FAULT, strip_fault};
use crate::language::model::SourceFile;
use crate::language::{Diagnostic, Severity};

/// What the loader last found out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// File or folder that is open; empty if there is none.
    pub path: String,
    /// The presets, since somebody asked for them, and which of them is open.
    pub presets: Arc<[Preset]>,
    pub preset: Option<usize>,
    /// Names of the library's sounds, in the order of the text.
    pub sounds: Vec<String>,
    /// The sound that was asked for.
    pub sound: String,
    /// The strips of the sound that plays: its tracks, then its buses.
    pub strips: Vec<Strip>,
    /// How that sound can be drawn.
    pub graph: Arc<Graph>,
    /// The macros of the library that sounds, by their slots.
    pub macros: Arc<[Macro]>,
    /// What the keys of the sound that plays are called.
    pub note_names: Arc<[NoteName]>,
    /// By how many frames it is late.
    pub latency: u32,
    pub status: Status,
    pub findings: Vec<Finding>,
    /// What is worth a word about the files themselves: left out, slow to look at, still being written.
    pub notices: Vec<Finding>,
    pub texts: Texts,
    pub samples: Samples,
    /// The last change that is heard.
    pub reload: Option<Arc<Reload>>,
}

impl Snapshot {
    /// The macro in a slot, from 0.
    pub fn macro_at(&self, slot: u8) -> Option<&Macro> {
        self.macros.iter().find(|item| item.slot == slot)
    }
}

/// How it stands with the library.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// Nothing is open.
    #[default]
    Empty,
    Loading,
    /// The text as it is shown plays.
    Playing,
    /// The text has errors; what played before goes on.
    Broken,
}

/// One diagnostic, ready to be shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    pub severity: Severity,
    pub message: String,
    pub place: Option<Place>,
    pub hint: Option<String>,
}

/// A place in a file, counted from 1 in lines and characters.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    pub file: String,
    pub line: usize,
    pub column: usize,
    /// The line itself.
    pub text: String,
}

impl Finding {
    /// An error that has no place in a text.
    pub fn general(message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, message: message.into(), place: None, hint: None }
    }

    /// An offline render went on without what had not been loaded.
    pub(super) fn late() -> Self {
        let message =
            "An offline render has waited in vain for what was being loaded, and went on without it.";
        Self { hint: Some("Render again once the library plays.".into()), ..Self::general(message) }
    }

    /// Makes a diagnostic presentable; `files` are the library's.
    pub fn new(diagnostic: &Diagnostic, files: &[SourceFile]) -> Self {
        let place = diagnostic.span.and_then(|span| {
            let SourceFile { path, text } = files.get(span.file as usize)?;
            let before = text.get(..span.start as usize).unwrap_or(text);
            let line_start = before.rfind('\n').map_or(0, |n| n + 1);
            let line = text[line_start..].lines().next().unwrap_or_default();
            Some(Place {
                file: path.display().to_string(),
                line: before.matches('\n').count() + 1,
                column: before[line_start..].chars().count() + 1,
                text: line.to_owned(),
            })
        });
        Self {
            severity: diagnostic.severity,
            message: diagnostic.message.clone(),
            place,
            hint: diagnostic.hint.clone(),
        }
    }

    /// `file:line:column: message`, the source line and the hint, as plain text.
    pub fn to_text(&self) -> String {
        let place =
            self.place.as_ref().map_or(String::new(), |p| format!("{}:{}:{}: ", p.file, p.line, p.column));
        let source = self.place.as_ref().map_or(String::new(), |p| format!("\n    {}", p.text));
        let hint = self.hint.as_ref().map_or(String::new(), |hint| format!("\n    {hint}"));
        format!("{place}{}{source}{hint}", self.message)
    }
}

/// What the engine's meters say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Levels {
    /// Peak factors of the main output since the last look, left and right.
    pub main: [f32; 2],
    /// Means of the same over 0.3 s, as factors.
    pub main_means: [f32; 2],
    /// The same of the strips, as many as the engine measures.
    pub strips: Vec<[f32; 2]>,
    pub means: Vec<[f32; 2]>,
    /// True peaks of strips since the last look, as factors; 0 far below full scale, and while nobody looks at nodes.
    pub overs: Vec<f32>,
    pub voices: usize,
    /// One bit for each strip that was silenced because of a fault, the highest for the whole sound.
    pub faults: u64,
}

impl Levels {
    /// What was silenced because it was not finite: names of strips, or the whole sound.
    pub fn silenced(&self, snapshot: &Snapshot) -> Vec<String> {
        if self.faults & PROGRAM_FAULT != 0 {
            return vec![snapshot.sound.clone()];
        }
        let faulty = |n: &usize| self.faults & strip_fault(*n) != 0;
        (0..snapshot.strips.len()).filter(faulty).map(|n| snapshot.strips[n].name.clone()).collect()
    }

    pub(super) fn take(meters: &Meters) -> Self {
        Self {
            main: meters.take_main(),
            main_means: meters.mean_main(),
            strips: (0..METERED).map(|strip| meters.take_strip(strip)).collect(),
            means: (0..METERED).map(|strip| meters.mean_strip(strip)).collect(),
            overs: (0..METERED).map(|strip| meters.take_over(strip)).collect(),
            voices: meters.voices() as usize,
            faults: meters.faults(),
        }
    }
}

/// How much of its time the audio thread needs. The audio thread adds up processor ticks (no system call, no division); the window
/// compares two readings.
#[derive(Debug, Default)]
pub struct Load {
    busy: AtomicU64,
    /// The most ticks for 1024 frames that a block took since somebody asked.
    worst: AtomicU64,
}

/// Ticks of a clock that runs at a constant rate; 0 where the processor has none that may be read without a system call.
#[inline]
pub fn ticks() -> u64 {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: every x86-64 processor has the time-stamp counter.
    return unsafe { std::arch::x86_64::_rdtsc() };
    #[cfg(target_arch = "aarch64")]
    {
        let now: u64;
        // SAFETY: reading the virtual counter has no side effect and is allowed to user programs.
        unsafe { std::arch::asm!("mrs {}, cntvct_el0", out(reg) now, options(nomem, nostack)) };
        return now;
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    0
}

impl Load {
    /// Adds the time since `start`, in which so many frames were rendered. Audio thread.
    #[inline]
    pub fn add_since(&self, start: u64, frames: usize) {
        let spent = ticks().saturating_sub(start);
        self.busy.fetch_add(spent, Ordering::Relaxed);
        if frames > 0 {
            self.worst.fetch_max((spent << 10) / frames as u64, Ordering::Relaxed);
        }
    }

    /// Ticks for each frame of the block that took longest since the last question.
    pub fn take_worst(&self) -> f64 {
        self.worst.swap(0, Ordering::Relaxed) as f64 / 1024.0
    }

    /// Share of the time since `before` (0..1 and, when overloaded, above) that was spent rendering, and the new reading.
    pub fn since(&self, before: Reading) -> (f32, Reading) {
        let now = Reading { busy: self.busy.load(Ordering::Relaxed), at: ticks() };
        let passed = now.at.saturating_sub(before.at);
        let share =
            if passed == 0 { 0.0 } else { now.busy.saturating_sub(before.busy) as f32 / passed as f32 };
        (share, now)
    }
}

/// One look at the [`Load`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Reading {
    busy: u64,
    at: u64,
}

impl Reading {
    /// Ticks since an earlier one.
    pub fn since(&self, before: &Reading) -> u64 {
        self.at.saturating_sub(before.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::model::Span;

    #[test]
    fn session_finding_shows_line_column_and_source() {
        let file = |path: &str, text: &str| SourceFile {
            path: std::path::Path::new(path).into(),
            text: text.into(),
        };
        let files = [file("a.yaml", "x: 1\nünit: {\nz"), file("b.yaml", "")];
        let span = Span { file: 0, start: 11, end: 12 };
        let found =
            Finding::new(&Diagnostic::error("syntax", span, "Unclosed brace.").hint("Close it."), &files);
        let place = found.place.clone().unwrap();
        assert_eq!((place.line, place.column, place.text.as_str()), (2, 6, "ünit: {"));
        assert_eq!(found.to_text(), "a.yaml:2:6: Unclosed brace.\n    ünit: {\n    Close it.");
        let beyond = Finding::new(&Diagnostic::error("x", Span { file: 9, start: 0, end: 0 }, "y"), &files);
        assert_eq!(beyond.place, None);
    }

    #[test]
    fn session_load_is_the_share_of_busy_time() {
        let load = Load::default();
        let (_, first) = load.since(Reading::default());
        let start = ticks();
        let end = std::time::Instant::now() + std::time::Duration::from_millis(20);
        while std::time::Instant::now() < end {}
        load.add_since(start, 480);
        let (worst, after) = (load.take_worst(), load.take_worst());
        assert!(worst > 0.0 && after == 0.0, "{worst}, then {after}");
        let (share, second) = load.since(first);
        assert!(share > 0.5 && share <= 1.0, "{share}");
        std::thread::sleep(std::time::Duration::from_millis(20));
        assert_eq!(load.since(second).0, 0.0);
    }
}

//! Recordings among the `clips` of a track. Loader thread.

use crate::compile::plan::{Ends, What, Wire};
use crate::compile::written::{flag, number, word, written};
use crate::kernel::recordings::{Law, RecordingsPlan, Take};
use crate::language::Diagnostic;
use crate::language::model::{Node, Param, Value};
use crate::score::{Shape, Timeline};
use crate::units::db_to_gain;

use super::super::{Context, Lower, Result};
use super::STEP;

/// What only patterns have, and only recordings.
const OF_PATTERNS: &[&str] = &["transpose", "velocity"];
const OF_RECORDINGS: &[&str] = &["gain", "fade_in", "fade_out", "fade", "speed", "reverse"];

impl Lower<'_> {
    /// A clip plays a pattern or a file; warns of what is written for the other.
    pub(super) fn one_of_both(&mut self, entry: &Node) -> Result<()> {
        let idle = match (said(entry, "pattern"), said(entry, "file")) {
            (Some(_), Some(file)) => {
                let message = "a clip has a `pattern` or a `file`, not both";
                let error = Diagnostic::error("both-given", file.key_span, message);
                return Err(error.hint("write two clips").into());
            }
            (None, None) => {
                let error = Diagnostic::error("missing-parameter", entry.span, "this clip plays nothing");
                return Err(error.hint("write `{pattern: riff}` or `{file: choir.wav}`").into());
            }
            (Some(_), None) => OF_RECORDINGS,
            (None, Some(_)) => OF_PATTERNS,
        };
        for param in idle.iter().filter_map(|name| written(entry, name)) {
            let what = if said(entry, "file").is_some() { "a pattern" } else { "a recording" };
            let message = format!("`{}` does nothing here: it is for {what}", param.name);
            self.warnings.push(Diagnostic::warning("ignored", param.key_span, message));
        }
        Ok(())
    }

    /// A recording at its place, if it is played, and where it ends in beats. `next`: where it begins if it does not say so.
    pub(super) fn recording(
        &mut self,
        entry: &Node,
        next: f64,
        line: &Timeline,
    ) -> Result<(Option<Take>, f64)> {
        let audio =
            self.stored(entry, |store, folder, file, roots| store.load(folder, file, roots).map(Some))?;
        let Some(audio) = audio.filter(|audio| audio.frames() > 0 && audio.rate > 0.0) else {
            let error = Diagnostic::error("bad-file", entry.span, "the file has no sound in it");
            return Err(error.hint("name another one").into());
        };
        let rate = self.request.rate;
        let start = self.place(entry, "start", 0.0, line, STEP)?.unwrap_or(next);
        let seconds = |lower: &Self, name: &str, from: f64| -> Result<f64> {
            let beats = lower.place(entry, name, from, line, STEP)?;
            Ok(beats.map_or(0.0, |beats| line.tempo.seconds(from + beats) - line.tempo.seconds(from)))
        };
        let factor = number(entry, "speed").unwrap_or(1.0);
        let offset = seconds(self, "offset", start)? * audio.rate;
        let length = self.place(entry, "length", start, line, STEP)?;
        let looped = length.is_some() && flag(entry, "loop").unwrap_or(true);
        let whole = audio.frames() as f64;
        let rest = (whole - offset).max(0.0) / audio.rate / factor;
        let own_end = line.tempo.beats(line.tempo.seconds(start) + rest);
        let end = length.map_or(own_end, |length| start + length);
        self.arrangement.end = self.arrangement.end.max(end);
        let cut = length.map_or([f64::INFINITY; 2], |_| [end, line.frame(end, rate)]);
        let gain = db_to_gain(number(entry, "gain").unwrap_or(0.0)) as f32;
        let take = Take {
            start: [start, line.frame(start, rate)],
            end: cut,
            offset,
            speed: factor * audio.rate / rate,
            reverse: flag(entry, "reverse").unwrap_or(false),
            looped,
            gain,
            fade_in: seconds(self, "fade_in", start)? * rate,
            fade_out: seconds(self, "fade_out", start)? * rate,
            law: law(word(entry, "fade")),
            audio,
        };
        let muted = flag(entry, "mute").unwrap_or(false);
        Ok(((!muted).then_some(take), end))
    }

    /// What plays them, beside the patterns of a track.
    pub(super) fn recordings(&mut self, node: &Node, takes: Vec<Take>, cx: &Context) -> Result<Wire> {
        let channels = takes.iter().map(|take| take.audio.channels.len().min(2)).fold(1, usize::max);
        let mut inputs = vec![];
        let clock = self.clock(node.span, cx, &mut inputs)?;
        let plan = RecordingsPlan {
            takes: takes.into(),
            clock,
            made_at: None,
            in_frames: true,
            rings_from: f64::INFINITY,
        };
        let what = What::Recordings(plan);
        Ok(self.push(what, inputs, channels, Ends::Never, format!("{}.recordings", node.path)))
    }
}

/// What is written and is something.
pub(super) fn said<'n>(entry: &'n Node, name: &str) -> Option<&'n Param> {
    written(entry, name).filter(|param| !matches!(param.value, Value::Null))
}

fn law(word: &str) -> Law {
    match word {
        "equal_power" => Law::EqualPower,
        "smooth" => Law::Shape(Shape::Smooth),
        "exponential" => Law::Shape(Shape::Exponential),
        "logarithmic" => Law::Shape(Shape::Logarithmic),
        _ => Law::Shape(Shape::Linear),
    }
}

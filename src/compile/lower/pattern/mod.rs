//! `pattern`: what is written becomes notes, notes become arrays, and an instrument is given them. Loader thread.

mod clips;
mod notes;
mod recordings;

use std::sync::Arc;

use crate::compile::plan::{Ends, What, Wire};
use crate::compile::written::{flag, number, text, written};
use crate::kernel::voices::ScorePlan;
use crate::language::Diagnostic;
use crate::language::limits::NOTES;
use crate::language::model::{Node, Param, Span, Value};
use crate::nodes;
use crate::score::{Arrays, Chances, Clip, Groove, Note, Pattern, Scale, Timeline, prepare};

use super::{Context, Lower, Result, children};
use notes::{Common, velocity};

/// A step of text, where nothing else is said.
const STEP: f64 = 0.25;
/// The shortest pattern, in beats: a tick.
const SHORTEST: f64 = 1.0 / 960.0;

/// Whether a node hears notes, or anything in it that plays all the time.
fn hears_notes(node: &Node) -> bool {
    let mut inside = node.params.iter().flat_map(|param| children(&param.value));
    node.spec.name == "midi_in" || inside.any(hears_notes)
}

/// Whether the instrument of a `pattern` or of `clips` hears notes.
pub(super) fn plays_notes(node: &Node) -> bool {
    let instrument = written(node, "instrument").map_or(vec![], |param| children(&param.value));
    instrument.into_iter().any(hears_notes)
}

impl Lower<'_> {
    pub(super) fn pattern(&mut self, node: &Node, cx: &Context) -> Result<Wire> {
        self.outermost(node)?;
        let looped = flag(node, "loop").unwrap_or(true);
        let line = self.line(cx);
        self.arrangement.line.get_or_insert(line.clone());
        let pattern = self.pattern_of(node, &line)?;
        // A song that ends ends all that is in it.
        let end = cx.song.as_ref().and_then(|song| song.end).filter(|_| looped);
        let clip = Clip {
            pattern: &pattern,
            start: 0.0,
            length: end.unwrap_or(pattern.length),
            offset: 0.0,
            looped: true,
            muted: flag(node, "mute").unwrap_or(false),
            transpose: 0,
            velocity: 1.0,
            seed: self.seed(node, &node.path),
        };
        self.count_notes(&[clip], node.span)?;
        let endless = looped && end.is_none();
        let stamps = (!endless && cx.song.is_some()).then_some((&*line, self.request.rate));
        let mut arrays = prepare(&[clip], if endless { Chances::Open } else { Chances::Drawn }, stamps);
        if endless {
            arrays.length = pattern.length;
            self.arrangement.round = self.arrangement.round.max(pattern.length);
        } else {
            self.arrangement.end = self.arrangement.end.max(clip.length);
        }
        let arrays = Arc::new(arrays);
        if flag(node, "to_host").unwrap_or(false) {
            self.notes_out(node, &arrays, cx)?;
        }
        let instrument = self.required(node, "instrument")?;
        self.instrument(node, instrument, arrays, cx)
    }

    /// Sends notes to the host, whatever plays them here.
    fn notes_out(&mut self, node: &Node, notes: &Arc<Arrays>, cx: &Context) -> Result<()> {
        let mut inputs = vec![];
        let plan = self.score(notes, node, cx, &mut inputs)?;
        self.push(What::NotesOut(plan), inputs, 1, Ends::Never, format!("{}.to_host", node.path));
        Ok(())
    }

    /// Refuses more notes than there may be, before there are.
    fn count_notes(&mut self, clips: &[Clip], span: Span) -> Result<()> {
        let strokes = |clip: &Clip| {
            let once: usize = clip.pattern.notes.iter().map(|note| usize::from(note.ratchet)).sum();
            // Times through, also without a note, take their time.
            once.max(1) as f64
                * if clip.looped { (clip.length / clip.pattern.length).ceil() + 1.0 } else { 1.0 }
        };
        self.arrangement.strokes += clips.iter().map(strokes).sum::<f64>();
        if self.arrangement.strokes > NOTES as f64 {
            return Err(self.too_many("notes", NOTES, span));
        }
        Ok(())
    }

    fn outermost(&self, node: &Node) -> Result<()> {
        if self.scopes.len() == 1 && !self.fixed {
            return Ok(());
        }
        let message = format!(
            "`{}` follows the song: it cannot stand in voices, or be rendered beforehand",
            node.spec.name
        );
        Err(Diagnostic::error("misplaced", node.span, message)
            .hint("give it an `id` outside of them, and read it as `$id`")
            .into())
    }

    /// What chance draws from: what the text says, the place of the node, and the project.
    fn seed(&self, node: &Node, path: &str) -> u64 {
        let written = number(node, "seed").unwrap_or(0.0) as u64;
        let start = self.request.seed ^ written.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        path.bytes()
            .fold(start ^ 0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
    }

    /// An instrument that plays notes: with every `midi_in` in it, or else as the signal of one.
    fn instrument(
        &mut self,
        node: &Node,
        instrument: &Param,
        arrays: Arc<Arrays>,
        cx: &Context,
    ) -> Result<Wire> {
        let Value::Node(sound) = &instrument.value else {
            let message = "an instrument is a sound or a node";
            return Err(Diagnostic::error("wrong-type", instrument.span, message).into());
        };
        self.arrangement.tracks.push((node.path.clone(), arrays.clone()));
        let below = Context { score: Some(arrays), overrides: vec![], ..cx.clone() };
        if hears_notes(sound) {
            for name in ["voices", "mode"] {
                if let Some(param) = written(node, name).filter(|_| node.spec.name == "pattern") {
                    let message =
                        format!("`{name}` does nothing here: the instrument has a `midi_in`, which says it");
                    self.warnings.push(Diagnostic::warning("ignored", param.key_span, message));
                }
            }
            return self.node(sound, &below);
        }
        let Some(midi_in) = nodes::find("midi_in") else { return Err(self.missing(node, "instrument")) };
        let mut params = vec![];
        for param in &node.params {
            if let (true, Some((index, _))) =
                (matches!(&*param.name, "voices" | "mode"), midi_in.spec.param(&param.name))
            {
                params.push(Param { declared: Some(index), ..param.clone() });
            }
        }
        if !params.iter().any(|param| matches!(&*param.name, "voices" | "mode")) {
            let voices = Value::Number(16.0);
            let declared = midi_in.spec.param("voices").map(|(index, _)| index);
            let (key_span, span) = (instrument.key_span, instrument.span);
            params.push(Param { name: "voices".into(), declared, value: voices, key_span, span });
        }
        let declared = midi_in.spec.param("signal").map(|(index, _)| index);
        params.push(Param { name: "signal".into(), declared, ..instrument.clone() });
        let voices = Node {
            spec: &midi_in.spec,
            id: None,
            path: format!("{}.midi_in", node.path),
            duration: None,
            monitor: false,
            feedback: None,
            params,
            span: instrument.span,
        };
        self.node(&voices, &below)
    }

    /// Notes for a `midi_in`, with the time that they follow.
    pub(super) fn score(
        &mut self,
        notes: &Arc<Arrays>,
        node: &Node,
        cx: &Context,
        inputs: &mut Vec<Wire>,
    ) -> Result<ScorePlan> {
        Ok(ScorePlan { notes: notes.clone(), clock: self.clock(node.span, cx, inputs)? })
    }

    /// The notes that a `pattern` says, and its length.
    fn pattern_of(&mut self, node: &Node, line: &Timeline) -> Result<Pattern> {
        for name in ["tracks", "channels"] {
            if let (Some(param), None) = (written(node, name), self.declared(node, "file")) {
                let message = format!("`{name}` does nothing here: there is no `file`");
                self.warnings.push(Diagnostic::warning("ignored", param.key_span, message));
            }
        }
        let step = self.place(node, "step", 0.0, line, STEP)?;
        let length = self.place(node, "length", 0.0, line, step.unwrap_or(STEP))?;
        if let Some((_, param)) = [(step, "step"), (length, "length")]
            .into_iter()
            .filter_map(|(beats, name)| Some((beats?, written(node, name)?)))
            .find(|(beats, _)| *beats < SHORTEST)
        {
            let message = format!("`{}` of this pattern is shorter than a tick", param.name);
            return Err(Diagnostic::error("out-of-range", param.span, message)
                .hint("write `1 bar`, or `1/16`")
                .into());
        }
        let scale = match (text(node, "scale"), written(node, "scale")) {
            (Some(name), Some(param)) => Some(Scale::read(name).ok_or_else(|| {
                let error = Diagnostic::error("unknown-word", param.span, format!("`{name}` is no scale"));
                error.hint("write a root and the name of a scale: `C minor`, `d3 dorian`")
            })?),
            _ => None,
        };
        let plain = Note {
            velocity: velocity(number(node, "velocity").unwrap_or(0.8)),
            release: velocity(number(node, "release_velocity").unwrap_or(0.5)),
            ..Note::default()
        };
        let common = Common {
            line,
            scale,
            transpose: number(node, "transpose").unwrap_or(0.0) as i32,
            plain,
            slide: number(node, "slide").unwrap_or(0.06) as f32,
            gate: number(node, "gate").unwrap_or(1.0),
            span: node.span,
        };
        let (notes, natural, own_step) = self.notes_of(node, &common, step, length)?;
        let length = length.unwrap_or(natural);
        if length < SHORTEST {
            let error = Diagnostic::error("no-duration", node.span, "this pattern has no length");
            return Err(error.hint("write notes, or a `length`").into());
        }
        let groove = self.groove(node, line, own_step)?;
        Ok(Pattern { notes, length, groove, chase: flag(node, "chase").unwrap_or(true) })
    }

    fn groove(&mut self, node: &Node, line: &Timeline, step: f64) -> Result<Groove> {
        let list = |name: &str| -> Result<Vec<f64>> {
            let Some(Param { value: Value::List(items), .. }) = written(node, name) else {
                return Ok(vec![]);
            };
            let number = |(value, span): &(Value, Span)| match value {
                Value::Number(x) if x.abs() <= 8.0 => Ok(*x),
                _ => {
                    let message = format!("`{name}` is a list of small numbers, one for each step");
                    Err(Diagnostic::error("wrong-type", *span, message).into())
                }
            };
            items.iter().map(number).collect()
        };
        let unit = self.place(node, "swing_step", 0.0, line, step)?.unwrap_or(step);
        Ok(Groove {
            swing: number(node, "swing").unwrap_or(0.5),
            unit: unit.max(SHORTEST),
            timing: list("groove")?,
            accents: list("accents")?,
            step,
        })
    }
}

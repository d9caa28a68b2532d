//! The notes of a `pattern`, out of text, lines of strokes, entries or a MIDI file. Loader thread.

use crate::compile::written::{entries, flag, number, written};
use crate::language::Diagnostic;
use crate::language::model::{Node, Param, Span, Value};
use crate::score::{Line, Note, Scale, Timeline, Word, midi, note_key, read_notes};

use super::super::{Lower, Result};
use super::{SHORTEST, STEP};

/// Velocities above 1 are those of MIDI.
pub fn velocity(x: f64) -> f32 {
    (if x > 1.0 { x / 127.0 } else { x }) as f32
}

/// What notes of a pattern have in common.
pub struct Common<'a> {
    pub line: &'a Timeline,
    pub scale: Option<Scale>,
    pub transpose: i32,
    /// What a note is that says nothing of itself.
    pub plain: Note,
    pub slide: f32,
    pub gate: f64,
    pub span: Span,
}

impl Common<'_> {
    /// The key of a pitch, in the scale and transposed.
    fn key(&self, key: i32, span: Span) -> std::result::Result<u8, Diagnostic> {
        let moved = key + self.transpose;
        u8::try_from(moved).ok().filter(|key| *key < 128).ok_or_else(|| {
            let message = format!("a note of this pattern is key {moved}, but keys go from 0 to 127");
            Diagnostic::error("out-of-range", span, message)
                .hint("write another octave, or another `transpose`")
        })
    }

    /// The notes of a line of text, with steps of so many beats.
    fn words(&self, line: &Line, step: f64, key: Option<u8>, span: Span) -> Result<Vec<Note>> {
        let mut notes = vec![];
        for word in &line.words {
            let Word { start, length, chance, ratchet, shift, slide, .. } = *word;
            let note = Note {
                start: start * step,
                length: length * step * self.gate,
                velocity: word.velocity.map_or(self.plain.velocity, |x| x as f32),
                chance: chance as f32,
                ratchet,
                shift: shift * step,
                slide: if slide { self.slide } else { 0.0 },
                ..self.plain
            };
            if let Some(key) = key {
                notes.push(Note { key: self.key(i32::from(key), span)?, ..note });
            }
            for pitch in &word.pitches {
                notes.push(Note { key: self.key(pitch.key(self.scale.as_ref()), span)?, ..note });
            }
        }
        Ok(notes)
    }
}

impl Lower<'_> {
    /// Notes, how long they are together, and how long a step is.
    pub(super) fn notes_of(
        &mut self,
        node: &Node,
        common: &Common,
        step: Option<f64>,
        length: Option<f64>,
    ) -> Result<(Vec<Note>, f64, f64)> {
        let notes = self.declared(node, "notes");
        let file = self.declared(node, "file");
        let shared = |steps: f64| match (step, length) {
            (Some(step), _) => step,
            (None, Some(length)) if steps > 0.0 => length / steps,
            _ => STEP,
        };
        match (notes, file) {
            (Some(_), Some(file)) => {
                let error = Diagnostic::error(
                    "both-given",
                    file.key_span,
                    "a pattern has `notes` or a `file`, not both",
                );
                Err(error.hint("play both in a `mix`").into())
            }
            (None, None) => Err(self.missing(node, "notes")),
            (None, Some(_)) => {
                let (notes, end) = self.file(node, common)?;
                Ok((notes, end, step.unwrap_or(STEP)))
            }
            (Some(Param { value: Value::Notes(words), span, .. }), None) => {
                let step = shared(words.steps);
                Ok((common.words(words, step, None, *span)?, words.steps * step, step))
            }
            (Some(Param { value: Value::Map(lines), .. }), None) => {
                let mut all = vec![];
                let (mut end, mut first) = (0.0f64, None);
                for Param { name, value, span, .. } in lines {
                    let Value::Notes(words) = value else { continue };
                    let key = note_key(name).or_else(|| name.parse().ok()).unwrap_or(0);
                    let step = shared(words.steps);
                    first.get_or_insert(step);
                    end = end.max(words.steps * step);
                    let key = u8::try_from(key).ok().filter(|key| *key < 128);
                    all.extend(common.words(words, step, key, *span)?);
                }
                Ok((all, end, first.unwrap_or(STEP)))
            }
            (Some(_), None) => {
                let step = step.unwrap_or(STEP);
                let mut all = vec![];
                for entry in entries(node, "notes") {
                    self.entry(entry, common, step, &mut all)?;
                }
                let end = all.iter().map(|note| note.start + note.length).fold(0.0, f64::max);
                Ok((all, whole_bars(end, common.line), step))
            }
        }
    }

    /// The notes of an entry.
    fn entry(&mut self, entry: &Node, common: &Common, step: f64, all: &mut Vec<Note>) -> Result<()> {
        let line = common.line;
        let (written_pitch, span) = match written(entry, "note") {
            Some(Param { value: Value::Text(text), span, .. }) => (text.as_str(), *span),
            _ => ("", entry.span),
        };
        let words = read_notes(written_pitch).ok().filter(|line| !line.words.is_empty());
        let Some(words) = words.filter(|line| line.words.iter().all(|w| w.ratchet == 1 && w.chance == 1.0))
        else {
            let error = Diagnostic::error("notation", span, format!("`{written_pitch}` is no note"));
            return Err(error.hint("write `C4`, `C4:m7`, or several: `C4 E4 G4`").into());
        };
        let start = self.place(entry, "at", 0.0, line, step)?.unwrap_or(0.0);
        let length = self.place(entry, "length", start, line, step)?.unwrap_or(step);
        let note = Note {
            start,
            length: (length * common.gate).max(SHORTEST),
            velocity: number(entry, "velocity").map_or(common.plain.velocity, velocity),
            release: number(entry, "release_velocity").map_or(common.plain.release, velocity),
            pan: number(entry, "pan").unwrap_or(0.0) as f32,
            tuning: number(entry, "pitch").unwrap_or(0.0) as f32,
            slide: number(entry, "slide").unwrap_or(0.0) as f32,
            chance: number(entry, "chance").unwrap_or(1.0) as f32,
            ratchet: number(entry, "ratchet").unwrap_or(1.0) as u16,
            shift: self.place(entry, "shift", start, line, step)?.unwrap_or(0.0),
            choke: flag(entry, "choke").unwrap_or(false),
            muted: flag(entry, "mute").unwrap_or(false),
            ..common.plain
        };
        let pitches = words.words.iter().flat_map(|word| &word.pitches);
        for (number, pitch) in pitches.enumerate() {
            let key = common.key(pitch.key(common.scale.as_ref()), span)?;
            // The first note of a chord cuts what was before, and no other.
            all.push(Note { key, choke: note.choke && number == 0, ..note });
        }
        Ok(())
    }

    /// The notes of a MIDI file, and its length in whole bars.
    fn file(&mut self, node: &Node, common: &Common) -> Result<(Vec<Note>, f64)> {
        let bytes = self.stored(node, |store, folder, file, roots| store.load_bytes(folder, file, roots))?;
        let Some(bytes) = bytes else { return Ok((vec![], 4.0)) };
        let span = self.required(node, "file")?.span;
        let file = midi::read(&bytes).map_err(|why| {
            let error = Diagnostic::error("bad-file", span, format!("this file cannot be played: it {why}"));
            error.hint("`file` of a `pattern` is a Standard MIDI File, .mid")
        })?;
        let tracks = self.chosen(node, &file)?;
        let channels: Option<Vec<u8>> = match written(node, "channels")
            .map(|param| (&param.value, param.span))
        {
            Some((Value::List(items), _)) => {
                let channel = |(value, span): &(Value, Span)| match value {
                    Value::Number(x) if (0.0..16.0).contains(x) && x.fract() == 0.0 => Ok(*x as u8),
                    _ => {
                        Err(Diagnostic::error("wrong-type", *span, "a MIDI channel is a number from 0 to 15"))
                    }
                };
                Some(items.iter().map(channel).collect::<std::result::Result<_, _>>()?)
            }
            _ => None,
        };
        let mut notes = vec![];
        for track in tracks {
            for note in &track.notes {
                if channels.as_ref().is_none_or(|all| all.contains(&note.channel)) {
                    let length = (note.length * common.gate).max(SHORTEST);
                    notes.push(Note { key: common.key(i32::from(note.key), common.span)?, length, ..*note });
                }
            }
        }
        notes.sort_by(|a, b| a.start.total_cmp(&b.start));
        if notes.is_empty() {
            let error = Diagnostic::warning(
                "ignored",
                span,
                "nothing of this file is played: no note is in what was chosen",
            );
            self.warnings.push(error);
        }
        Ok((notes, whole_bars(file.length, common.line)))
    }

    /// The tracks of a file that are played.
    fn chosen<'f>(&self, node: &Node, file: &'f midi::MidiFile) -> Result<Vec<&'f midi::MidiTrack>> {
        let Some(Param { value: Value::List(items), .. }) = written(node, "tracks") else {
            return Ok(file.tracks.iter().collect());
        };
        let find = |(value, span): &(Value, Span)| {
            let found = match value {
                Value::Number(n) if *n >= 1.0 && n.fract() == 0.0 => file.tracks.get(*n as usize - 1),
                Value::Text(name) => file.tracks.iter().find(|track| track.name.eq_ignore_ascii_case(name)),
                _ => None,
            };
            found.ok_or_else(|| {
                let all: Vec<String> = file
                    .tracks
                    .iter()
                    .enumerate()
                    .map(|(n, track)| format!("{} {}", n + 1, track.name))
                    .collect();
                let error = Diagnostic::error("unknown-name", *span, "the file has no such track");
                error.hint(format!("its tracks are: {}", all.join(", "))).into()
            })
        };
        items.iter().map(find).collect()
    }
}

/// As many whole bars as a length needs, at least one.
fn whole_bars(beats: f64, line: &Timeline) -> f64 {
    line.metre.beats((line.metre.bars(beats) - 1e-9).ceil().max(1.0))
}

//! `pattern` and `clips`: what is written becomes notes, notes become arrays, and an instrument is given them. Loader thread.

use std::rc::Rc;
use std::sync::Arc;

use crate::compile::keys::text;
use crate::compile::plan::{Ends, What, Wire};
use crate::kernel::voices::ScorePlan;
use crate::language::Diagnostic;
use crate::language::limits::NOTES;
use crate::language::model::{Node, Param, Span, Value};
use crate::nodes;
use crate::score::{
    Arrays, Chances, Clip, Groove, Line, Note, Pattern, Scale, Timeline, Word, midi, note_key, prepare,
    read_notes,
};

use super::song::{entries, flag, number, written};
use super::{Context, Lower, Result, children};

/// A step of text, where nothing else is said.
const STEP: f64 = 0.25;
/// The shortest pattern, in beats: a tick.
const SHORTEST: f64 = 1.0 / 960.0;

/// Whether a node, or anything that it plays all the time, plays notes.
pub(super) fn plays_notes(node: &Node) -> bool {
    let instrument = match node.spec.name {
        "pattern" | "clips" => written(node, "instrument").map(|param| &param.value),
        _ => None,
    };
    let hears = |child: &&Node| child.spec.name == "midi_in" || below(child);
    fn below(node: &Node) -> bool {
        node.params
            .iter()
            .flat_map(|p| children(&p.value))
            .any(|child| child.spec.name == "midi_in" || below(child))
    }
    instrument.is_some_and(|value| children(value).iter().any(hears))
}

/// Velocities above 1 are those of MIDI.
fn velocity(x: f64) -> f32 {
    (if x > 1.0 { x / 127.0 } else { x }) as f32
}

/// What notes of a pattern have in common.
struct Common<'a> {
    line: &'a Timeline,
    scale: Option<Scale>,
    transpose: i32,
    /// What a note is that says nothing of itself.
    plain: Note,
    slide: f32,
    gate: f64,
    span: Span,
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
        let instrument = self.required(node, "instrument")?;
        self.instrument(node, instrument, arrays, cx)
    }

    pub(super) fn clips(&mut self, node: &Node, cx: &Context) -> Result<Wire> {
        self.outermost(node)?;
        let line = self.line(cx);
        self.arrangement.line.get_or_insert(line.clone());
        let own = written(node, "instrument");
        let muted = flag(node, "mute").unwrap_or(false);
        // Patterns of one instrument play it together: an instrument is known by its place in the text.
        let mut groups: Vec<(&Param, &Node, Vec<(Rc<Pattern>, Node)>)> = vec![];
        let mut known: Vec<(String, Rc<Pattern>)> = vec![];
        for entry in entries(node, "clips") {
            let Some(Param { value: Value::Node(pattern), span, .. }) = written(entry, "pattern") else {
                continue;
            };
            if pattern.spec.name != "pattern" {
                let message = format!("a clip plays a `pattern`, not a `{}`", pattern.spec.name);
                return Err(Diagnostic::error("wrong-type", *span, message)
                    .hint("name a sound that is a `pattern`")
                    .into());
            }
            let instrument = match own {
                Some(own) => own,
                None => self.required(pattern, "instrument")?,
            };
            // The same text is the same pattern, where nothing was set from outside.
            let key = format!("{:?}", pattern.params.iter().map(|p| (&p.name, p.span)).collect::<Vec<_>>());
            let made = match known.iter().find(|(text, _)| *text == key) {
                Some((_, made)) => made.clone(),
                None => {
                    let made = Rc::new(self.pattern_of(pattern, &line)?);
                    known.push((key, made.clone()));
                    made
                }
            };
            let place = groups.iter().position(|(known, ..)| known.span == instrument.span);
            let place = place.unwrap_or_else(|| {
                groups.push((instrument, if own.is_some() { node } else { pattern }, vec![]));
                groups.len() - 1
            });
            groups[place].2.push((made, entry.clone()));
        }
        let mut ends: Vec<(Span, f64)> = vec![];
        let mut wires = vec![];
        let mut end = 0.0;
        for entry in entries(node, "clips") {
            let made = groups.iter().flat_map(|(.., all)| all).find(|(_, known)| known.path == entry.path);
            let Some((made, _)) = made else { continue };
            let start = self.place(entry, "start", 0.0, &line, STEP)?.unwrap_or(end);
            let (_, length) = self.window(entry, made, start, &line)?;
            end = start + length;
            ends.push((entry.span, start));
            self.arrangement.end = self.arrangement.end.max(end);
        }
        for (group, (instrument, owner, all)) in groups.iter().enumerate() {
            let mut clips = vec![];
            for (pattern, entry) in all {
                let start =
                    ends.iter().find(|(span, _)| *span == entry.span).map_or(0.0, |(_, start)| *start);
                let (offset, length) = self.window(entry, pattern, start, &line)?;
                let source =
                    written(entry, "pattern").and_then(|param| children(&param.value).into_iter().next());
                clips.push(Clip {
                    pattern,
                    start,
                    length,
                    offset,
                    looped: flag(entry, "loop").unwrap_or(true),
                    muted: muted
                        || flag(entry, "mute").unwrap_or(false)
                        || source.and_then(|source| flag(source, "mute")).unwrap_or(false),
                    transpose: number(entry, "transpose").unwrap_or(0.0) as i32,
                    velocity: number(entry, "velocity").unwrap_or(1.0) as f32,
                    seed: self.seed(source.unwrap_or(entry), &node.path),
                });
            }
            self.count_notes(&clips, node.span)?;
            let stamps = cx.song.is_some().then_some((&*line, self.request.rate));
            let arrays = prepare(&clips, Chances::Drawn, stamps);
            let mut owner = (*owner).clone();
            owner.path = match group {
                0 => node.path.clone(),
                _ => format!("{}.{group}", node.path),
            };
            wires.push(self.instrument(&owner, instrument, arrays, cx)?);
        }
        let channels = 1 + usize::from(wires.iter().any(Wire::is_stereo));
        Ok(match wires[..] {
            [only] => only,
            _ => self.push(What::Sum, wires, channels, Ends::Never, format!("{}.sum", node.path)),
        })
    }

    /// Refuses more notes than there may be, before there are.
    fn count_notes(&self, clips: &[Clip], span: Span) -> Result<()> {
        let strokes = |clip: &Clip| {
            let once: usize = clip.pattern.notes.iter().map(|note| usize::from(note.ratchet)).sum();
            // Times through, also without a note, take their time.
            once.max(1) as f64
                * if clip.looped { (clip.length / clip.pattern.length).ceil() + 1.0 } else { 1.0 }
        };
        if clips.iter().map(strokes).sum::<f64>() > NOTES as f64 {
            return Err(self.too_many("notes", NOTES, span));
        }
        Ok(())
    }

    /// Where in its pattern a clip begins, and how long it is.
    fn window(&self, entry: &Node, pattern: &Pattern, start: f64, line: &Timeline) -> Result<(f64, f64)> {
        let offset = self.place(entry, "offset", 0.0, line, STEP)?.unwrap_or(0.0);
        let rest = if offset < pattern.length { pattern.length - offset } else { pattern.length };
        let length = self.place(entry, "length", start, line, STEP)?;
        Ok((offset, length.unwrap_or(rest)))
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
    fn instrument(&mut self, node: &Node, instrument: &Param, arrays: Arrays, cx: &Context) -> Result<Wire> {
        let Value::Node(sound) = &instrument.value else {
            let message = "an instrument is a sound or a node";
            return Err(Diagnostic::error("wrong-type", instrument.span, message).into());
        };
        let arrays = Arc::new(arrays);
        self.arrangement.tracks.push((node.path.clone(), arrays.clone()));
        let below = Context { score: Some(arrays), overrides: vec![], ..cx.clone() };
        let with_voices =
            children(&instrument.value).iter().any(|child| child.spec.name == "midi_in") || plays_notes(node);
        if with_voices {
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
        Ok(Pattern { notes, length, groove })
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

    /// Notes, how long they are together, and how long a step is.
    fn notes_of(
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
            let error = Diagnostic::error("bad-file", span, format!("this file cannot be played: {why}"));
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

//! The key `frozen` of a versioned file: tracks that are played from a recording of themselves, and the text that says so, which is written and
//! taken away by the program, so that nothing is left of it. Loader thread, command line.

use std::fmt::Write as _;

use super::Library;
use super::diagnostic::Diagnostic;
use super::edit::{block_end, quoted};
use super::model::Span;
use super::scalar::{Meaning, meaning};
use super::tree::{Entry, Kind, Tree};

/// A track that is frozen.
#[derive(Clone, Debug, PartialEq)]
pub struct Frozen {
    pub sound: String,
    pub track: String,
    /// The recording, relative to the file that names it.
    pub file: String,
    /// What it was made of, as a number.
    pub source: String,
    /// Behind the fader, and not before it.
    pub post_fader: bool,
    /// The tempo of the host for which it was made; else at the sound's own time.
    pub bpm: Option<f64>,
    /// Frames of the song; what the recording has behind them is its tail.
    pub end: u64,
    /// Of the file's name in the text, and of the track's.
    pub span: Span,
    pub key_span: Span,
}

const FORM: &str = "`seiche freeze` writes it: `frozen: {song: {bass: {file: bass.wav, source: \"…\"}}}`";

/// Reads what a file says is frozen.
pub(super) fn draft(library: &mut Library, entry: &Entry, version: u32) {
    let sounds = map(library, &entry.value);
    for sound in sounds {
        for track in map(library, &sound.value) {
            let mut frozen = Frozen {
                sound: sound.key.to_string(),
                track: track.key.to_string(),
                file: String::new(),
                source: String::new(),
                post_fader: false,
                bpm: None,
                end: u64::MAX,
                span: track.value.span,
                key_span: track.key_span,
            };
            for part in map(library, &track.value) {
                let text = match &part.value.kind {
                    Kind::Scalar(s) if meaning(s, version) != Meaning::Null => s.text.trim(),
                    _ => "",
                };
                match (&*part.key, text) {
                    ("file", file) if !file.is_empty() => {
                        (frozen.file, frozen.span) = (file.to_owned(), part.value.span);
                    }
                    ("source", source) if !source.is_empty() => frozen.source = source.to_owned(),
                    ("fader", word @ ("pre" | "post")) => frozen.post_fader = word == "post",
                    ("bpm", number) if number.parse().is_ok_and(|x: f64| (1.0..=999.0).contains(&x)) => {
                        frozen.bpm = number.parse().ok();
                    }
                    ("end", frames) if frames.parse::<u64>().is_ok() => {
                        frozen.end = frames.parse().unwrap_or(u64::MAX);
                    }
                    _ => wrong(library, part.key_span, format!("`{}` cannot stand here", part.key)),
                }
            }
            let twin = |other: &Frozen| (&other.sound, &other.track) == (&frozen.sound, &frozen.track);
            if frozen.file.is_empty() {
                wrong(library, track.key_span, "a frozen track has a `file`".to_owned());
            } else if library.frozen.iter().any(twin) {
                wrong(library, track.key_span, format!("`{}` is frozen twice", frozen.track));
            } else {
                library.frozen.push(frozen);
            }
        }
    }
}

fn map<'e>(library: &mut Library, tree: &'e Tree) -> &'e [Entry] {
    match &tree.kind {
        Kind::Map(entries) => entries,
        _ => {
            wrong(library, tree.span, format!("this is a mapping, not {}", tree.describe()));
            &[]
        }
    }
}

fn wrong(library: &mut Library, span: Span, message: String) {
    library.diagnostics.push(Diagnostic::error("frozen", span, message).hint(FORM));
}

/// A text in which exactly these tracks are frozen. What else it says stays as it is, to the byte: without any, it is the text that it was
/// before the first.
pub fn written(text: &str, all: &[Frozen]) -> String {
    let mut new = text.to_owned();
    if let Some((start, end)) = block(text) {
        new.replace_range(start..end, "");
        // What was put behind a text whose last line does not end brought its own end of line along.
        if end == text.len() && !text.ends_with('\n') && new.ends_with('\n') {
            new.pop();
        }
    }
    if all.is_empty() {
        return new;
    }
    let mut lines = String::from("frozen:");
    let mut sound = None;
    for Frozen { sound: of, track, file, source, post_fader, bpm, end, .. } in all {
        if sound.replace(of) != Some(of) {
            let _ = write!(lines, "\n  {}:", quoted(of));
        }
        let fader = if *post_fader { "post" } else { "pre" };
        let bpm = bpm.map_or(String::new(), |bpm| format!(", bpm: {bpm}"));
        let (track, file, source) = (quoted(track), quoted(file), quoted(source));
        let _ = write!(
            lines,
            "\n    {track}: {{file: {file}, source: {source}, fader: {fader}, end: {end}{bpm}}}"
        );
    }
    match new.ends_with('\n') || new.is_empty() {
        true => new + &lines + "\n",
        false => new + "\n" + &lines,
    }
}

/// Where the key stands in a text: its line, and those below it that are further in.
fn block(text: &str) -> Option<(usize, usize)> {
    let mut lines =
        text.split_inclusive('\n').scan(0, |at, line| Some((std::mem::replace(at, *at + line.len()), line)));
    let (start, _) = lines.find(|(_, line)| line.starts_with("frozen:"))?;
    Some((start, block_end(text, start)))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn frozen(sound: &str, track: &str) -> Frozen {
        let span = Span { file: 0, start: 0, end: 0 };
        Frozen {
            sound: sound.into(),
            track: track.into(),
            file: format!("frozen/{track}.wav"),
            source: "0123".into(),
            post_fader: track == "bass",
            bpm: (track == "bass").then_some(97.3),
            end: 480_000,
            span,
            key_span: span,
        }
    }

    #[test]
    fn frozen_tracks_are_written_read_and_taken_away_without_a_trace() {
        let all = [frozen("song", "bass"), frozen("song", "a: \"b\""), frozen("other", "bass")];
        for text in
            ["seiche: 1\nsong: {osc: {}}\n", "seiche: 1\r\nsong: {osc: {}}", "seiche: 1\nsong: {osc: {}}\n\n"]
        {
            let one = written(text, &all[..1]);
            let three = written(&one, &all);
            let library = Library::read(vec![(PathBuf::from("a.yaml"), three.as_bytes().to_vec())], &[]);
            assert!(
                library
                    .frozen()
                    .iter()
                    .map(|f| (&f.track, &f.file, f.post_fader, f.bpm))
                    .eq(all.iter().map(|f| (&f.track, &f.file, f.post_fader, f.bpm))),
                "{three}"
            );
            assert_eq!(written(&three, &all[..1]), one);
            assert_eq!(written(&written(&three, &all[1..]), &[]), text);
            // Something was written behind it since.
            let more = format!("{}last: {{osc: {{}}}}\n", written(&format!("{}\n", text.trim_end()), &all));
            assert_eq!(written(&more, &[]), format!("{}\nlast: {{osc: {{}}}}\n", text.trim_end()));
        }
    }

    #[test]
    fn frozen_tracks_that_are_written_wrong_are_told() {
        for wrong in [
            "3",
            "{a: 3}",
            "{a: {b: {}}}",
            "{a: {b: {file: x.wav, fader: up}}}",
            "{a: {b: {file: x, bpm: -1}}}",
        ] {
            let text = format!("seiche: 1\nfrozen: {wrong}\n");
            let library = Library::read(vec![(PathBuf::from("a.yaml"), text.into_bytes())], &[]);
            assert!(library.diagnostics().iter().any(|d| d.code == "frozen"), "{wrong}");
        }
    }
}

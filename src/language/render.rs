//! Diagnostics for people (source line, caret, hint) and for programs (JSON). Command line, log and window; never the audio thread.

use annotate_snippets::{Annotation, AnnotationKind, Element, Group, Level, Renderer, Snippet};
use serde_json::{Value, json};

use super::diagnostic::{Diagnostic, Severity};
use super::model::{SourceFile, Span};
use super::source::{floor_boundary, line_column, lines_of, place};

/// Longer lines are not shown: they are data, not writing.
const LONGEST_LINE: usize = 2_000;

/// All diagnostics as text: `path:line:column`, the source line, a caret, the hint. `colour`: with terminal colours.
pub fn render(diagnostics: &[Diagnostic], files: &[SourceFile], colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let mut text = String::new();
    for diagnostic in diagnostics {
        text.push_str(&renderer.render(&[group(diagnostic, files)]));
        text.push_str("\n\n");
    }
    text
}

fn group<'a>(diagnostic: &'a Diagnostic, files: &'a [SourceFile]) -> Group<'a> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let mut group =
        level.primary_title(&*diagnostic.message).id(diagnostic.code).elements(Vec::<Element<'a>>::new());
    if let Some(span) = diagnostic.span {
        group = show(group, span, "", AnnotationKind::Primary, files);
    }
    for (span, note) in &diagnostic.related {
        group = show(group, *span, note, AnnotationKind::Context, files);
    }
    match &diagnostic.hint {
        Some(hint) => group.element(Level::HELP.message(&**hint)),
        None => group,
    }
}

/// Adds the line of a place, or only its position where the line is too long.
fn show<'a>(
    group: Group<'a>,
    span: Span,
    note: &'a str,
    kind: AnnotationKind,
    files: &'a [SourceFile],
) -> Group<'a> {
    let Some(file) = files.get(span.file as usize) else { return group };
    let start = floor_boundary(&file.text, span.start as usize);
    let line_end = start + file.text[start..].find('\n').unwrap_or(file.text.len() - start);
    let end = floor_boundary(&file.text, span.end as usize).clamp(start, line_end);
    let (first, line) = lines_of(&file.text, start, end);
    if line.len() > LONGEST_LINE {
        return group.element(Level::NOTE.message(format!("at {} {note}", place(files, span))));
    }
    let (number, _) = line_column(&file.text, start);
    let range = (start - first).min(line.len())..(end - first).min(line.len());
    let mut annotation: Annotation<'a> = kind.span(range);
    if !note.is_empty() {
        annotation = annotation.label(note);
    }
    let snippet =
        Snippet::source(line).path(file.path.to_string_lossy()).line_start(number).annotation(annotation);
    group.element(snippet)
}

/// A diagnostic as a JSON object with `severity`, `code`, `message`, `file`, `line`, `column`, `end_line`, `end_column`, `hint` and
/// `related`; lines and columns count from 1, columns in characters. Unknown places are null.
pub fn to_json(diagnostic: &Diagnostic, files: &[SourceFile]) -> Value {
    let related: Value = diagnostic
        .related
        .iter()
        .map(|(span, note)| {
            let mut object = position(Some(*span), files);
            object["message"] = json!(note);
            object
        })
        .collect();
    let mut object = position(diagnostic.span, files);
    object["severity"] = match diagnostic.severity {
        Severity::Error => json!("error"),
        Severity::Warning => json!("warning"),
        Severity::Note => json!("note"),
    };
    object["code"] = json!(diagnostic.code);
    object["message"] = json!(diagnostic.message);
    object["hint"] = json!(diagnostic.hint);
    object["related"] = related;
    object
}

fn position(span: Option<Span>, files: &[SourceFile]) -> Value {
    let Some((span, file)) = span.and_then(|s| files.get(s.file as usize).map(|f| (s, f))) else {
        return json!({ "file": null, "line": null, "column": null, "end_line": null, "end_column": null });
    };
    let (line, column) = line_column(&file.text, span.start as usize);
    let (end_line, end_column) = line_column(&file.text, span.end as usize);
    json!({
        "file": file.path.to_string_lossy(),
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn example() -> (Vec<Diagnostic>, Vec<SourceFile>) {
        let text = "bass:\n  filter: {cutof: 800}\n";
        let at = text.find("cutof").unwrap() as u32;
        let span = Span { file: 0, start: at, end: at + 5 };
        let first = Span { file: 0, start: 0, end: 4 };
        let diagnostic = Diagnostic::error("unknown-parameter", span, "`filter` has no parameter `cutof`")
            .hint("did you mean `cutoff`?")
            .related(first, "in this sound");
        (vec![diagnostic], vec![SourceFile { path: Path::new("night/bass.yaml").into(), text: text.into() }])
    }

    #[test]
    fn render_shows_place_line_caret_and_hint() {
        let (diagnostics, files) = example();
        let text = render(&diagnostics, &files, false);
        for part in [
            "error[unknown-parameter]",
            "night/bass.yaml:2:12",
            "filter: {cutof: 800}",
            "^^^^^",
            "did you mean `cutoff`?",
        ] {
            assert!(text.contains(part), "{part} in\n{text}");
        }
    }

    #[test]
    fn render_json_has_every_field() {
        let (mut diagnostics, files) = example();
        diagnostics.push(Diagnostic::general("no-files", "no files"));
        let json: Value = diagnostics.iter().map(|d| to_json(d, &files)).collect();
        assert_eq!(json[0]["line"], 2);
        assert_eq!(json[0]["column"], 12);
        assert_eq!(json[0]["end_column"], 17);
        assert_eq!(json[0]["severity"], "error");
        assert_eq!(json[0]["file"], "night/bass.yaml");
        assert_eq!(json[0]["related"][0]["message"], "in this sound");
        assert_eq!(json[1]["line"], Value::Null);
        assert_eq!(json[1]["code"], "no-files");
    }

    #[test]
    fn render_survives_places_outside_of_the_text() {
        let files = vec![SourceFile { path: Path::new("a.yaml").into(), text: "ä".into() }];
        for (start, end) in [(0, 99), (1, 1), (50, 60), (2, 1)] {
            let span = Span { file: 0, start, end };
            assert!(render(&[Diagnostic::error("x", span, "m")], &files, false).contains("a.yaml:1:"));
        }
        let lost = Span { file: 7, start: 0, end: 0 };
        assert!(render(&[Diagnostic::error("x", lost, "m")], &files, true).contains('m'));
        let long = vec![SourceFile { path: Path::new("a.yaml").into(), text: "x".repeat(1 << 20).into() }];
        assert!(
            render(&[Diagnostic::error("x", Span { file: 0, start: 5, end: 6 }, "m")], &long, false)
                .contains("a.yaml:1:6")
        );
    }
}

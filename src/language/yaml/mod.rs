//! YAML text to trees. A syntax error costs the top-level entry it stands in: reading goes on with the next one, so that all errors
//! of a file are found. Loader thread.

mod build;

use granit_parser::{ErrorKind, Event, Parser, ScanError};

use super::diagnostic::Diagnostic;
use super::limits::YAML_DEPTH;
use super::source::floor_boundary;
use super::tree::{Entry, Kind};
use build::{Builder, too_deep};

/// How often reading starts again behind a syntax error.
const MAX_RESTARTS: usize = 20;

/// A file's top-level entries, in order, and what was wrong.
pub(super) struct File {
    pub entries: Vec<Entry>,
    /// 0 for a plain file, else the number behind the leading `seiche:` key.
    pub version: u32,
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads one file. Never fails: what cannot be read is reported and left out.
pub(super) fn read(text: &str, file: u32) -> File {
    let mut builder = Builder::new(text, file);
    let mut base = 0;
    for _ in 0..=MAX_RESTARTS {
        match stream(&mut builder, text, base).and_then(|from| next_top_level(text, from)) {
            Some(next) => base = next,
            None => break,
        }
    }
    let version = version(&mut builder);
    report_duplicates(&mut builder, version);
    File { entries: builder.top, version, diagnostics: builder.diagnostics }
}

/// Reads the stream that begins at byte `base`, document after document. At an error it stops, and returns where the top-level
/// entry (or document) with the error began.
fn stream(builder: &mut Builder<'_>, text: &str, base: usize) -> Option<usize> {
    let options = granit_parser::options! {
        emit_unresolved_aliases: true,
        flow_nesting_limit: YAML_DEPTH,
        block_nesting_limit: YAML_DEPTH,
    };
    let mut parser = Parser::new_from_str_with_options(&text[base..], options);
    builder.begin(base > 0);
    let mut from = base;
    while let Some(event) = parser.next_event() {
        let failure = match event {
            Ok((event, span)) => {
                let range = span.byte_range().unwrap_or(0..0);
                let (start, end) = (base + range.start, base + range.end);
                if builder.depth() <= 1 && !matches!(event, Event::MappingEnd | Event::SequenceEnd) {
                    from = from.max(start);
                }
                builder.event(event, start, end).err()
            }
            Err(error) => Some(syntax_error(builder, text, &error, base)),
        };
        if let Some(diagnostic) = failure {
            if !builder.diagnostics.iter().any(|d| d.span == diagnostic.span && d.code == diagnostic.code) {
                builder.diagnostics.push(*diagnostic);
            }
            builder.abandon();
            return (!builder.full).then_some(from);
        }
    }
    None
}

/// The next line behind `from` that looks like a top-level key.
fn next_top_level(text: &str, from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(i) = text.get(at..)?.find('\n') {
        at += i + 1;
        let line = text[at..].lines().next().unwrap_or("");
        let begins = line.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '"' | '\''));
        if begins && (line.contains(": ") || line.trim_end().ends_with(':')) {
            return Some(at);
        }
    }
    None
}

fn syntax_error(builder: &Builder<'_>, text: &str, error: &ScanError, base: usize) -> Box<Diagnostic> {
    let at = error.marker().byte_offset().map_or(text.len(), |o| base + o);
    let at = floor_boundary(text, at);
    let width = text[at..].chars().next().filter(|c| *c != '\n').map_or(0, char::len_utf8);
    if matches!(error.kind(), ErrorKind::RecursionLimitExceeded) {
        return too_deep(builder.span(at, at + width));
    }
    let mut diagnostic =
        Diagnostic::error("yaml-syntax", builder.span(at, at + width), error.kind().to_string());
    diagnostic.hint = hint_for(error.kind()).map(str::to_string);
    Box::new(diagnostic)
}

/// The number behind a leading `seiche:`.
fn version(builder: &mut Builder<'_>) -> u32 {
    let Some(entry) = builder.top.first().filter(|e| &*e.key == "seiche") else { return 0 };
    if !matches!(&entry.value.kind, Kind::Scalar(s) if &*s.text == "1") {
        let message = "this program knows version 1 of the language only";
        let diagnostic = Diagnostic::error("version", entry.value.span, message).hint("write `seiche: 1`");
        builder.diagnostics.push(diagnostic);
    }
    1
}

fn report_duplicates(builder: &mut Builder<'_>, version: u32) {
    for (name, first, second) in std::mem::take(&mut builder.duplicates) {
        let message = format!("`{name}` is written twice");
        let diagnostic = if version == 0 {
            Diagnostic::warning("duplicate-key", second, message + "; the later value counts")
        } else {
            Diagnostic::error("duplicate-key", second, message)
        };
        let hint = "remove one of the two, or give one another name";
        builder.diagnostics.push(diagnostic.related(first, "first written here").hint(hint));
    }
}

fn hint_for(kind: &ErrorKind) -> Option<&'static str> {
    use ErrorKind as E;
    Some(match kind {
        E::TabNotAllowed
        | E::TabInBlockIndentation
        | E::TabInIndentation
        | E::TabInPlainScalar
        | E::TabAtBlockScalarStart => "indent with spaces, not with tabs",
        E::UnclosedQuotedScalar | E::DocumentIndicatorInQuotedScalar => {
            "close the quotes that were opened before"
        }
        E::UnclosedFlowCollection { .. }
        | E::UnexpectedEofFlowSequence
        | E::UnexpectedEofFlowMapping
        | E::ExpectedFlowMappingSeparator
        | E::ExpectedFlowSequenceSeparator => "a `{` or `[` before this is not closed, or a comma is missing",
        E::MisplacedFlowCollectionEnd | E::MismatchedFlowCollectionEnd { .. } => {
            "compare the opening and closing brackets"
        }
        E::UnknownQuotedScalarEscape => "use single quotes, in which `\\` is an ordinary character",
        E::SimpleKeyExpected | E::InvalidSimpleKey => {
            "a key is followed by `: `; put text that contains `: ` into quotes"
        }
        E::InvalidIndentation | E::ExpectedBlockMappingKey => "compare the indentation with the lines above",
        E::UnexpectedCharacter { .. } => "put text that begins with this character into quotes",
        _ => return None,
    })
}

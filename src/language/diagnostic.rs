//! Errors and warnings as values: what, where, and how to mend it. Made beside their cause, rendered to text only at the edge
//! (command line, log, window). Any thread but the audio thread.

use super::model::Span;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; nothing to be mended.
    Note,
    Warning,
    Error,
}

/// One finding about a library's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub severity: Severity,
    /// Stable short name of the rule, e.g. `unknown-parameter`.
    pub code: &'static str,
    /// One plain sentence.
    pub message: String,
    /// Where; `None` when there is no text to point at (a folder that cannot be read).
    pub span: Option<Span>,
    /// How to mend it.
    pub hint: Option<String>,
    /// Other places that matter ("first defined here").
    pub related: Vec<(Span, String)>,
}

impl Diagnostic {
    pub fn error(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            message: message.into(),
            span: Some(span),
            hint: None,
            related: vec![],
        }
    }

    pub fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, span, message) }
    }

    pub fn note(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Note, ..Self::error(code, span, message) }
    }

    /// A fault that has no place in a text.
    pub fn general(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            message: message.into(),
            span: None,
            hint: None,
            related: vec![],
        }
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    #[must_use]
    pub fn related(mut self, span: Span, note: impl Into<String>) -> Self {
        self.related.push((span, note.into()));
        self
    }

    /// Whether it only repeats what was reported when the file was read.
    pub fn repeats(&self) -> bool {
        self.code == super::UNREADABLE
    }

    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

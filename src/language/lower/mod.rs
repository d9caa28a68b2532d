//! Trees to nodes: recognition, parameters by their table entries, sub-patches with overrides. Collects every error it meets instead
//! of stopping at the first. Loader thread.

mod lists;
mod mix;
mod music;
mod node;
mod numbers;
mod overrides;
pub(super) mod parts;
mod shape;
mod steps;
mod value;

use std::collections::{HashMap, HashSet};

use super::Library;
use super::diagnostic::Diagnostic;
use super::limits::{NESTED, NODES};
use super::model::{Node, Span};
use super::names::nearest;
use super::tree::{Kind, Tree};
use crate::units::Unit;

/// How many suggestions are searched for; a broken library needs no more.
const MAX_SUGGESTIONS: usize = 200;

/// An error that has been reported: what was asked for does not exist, the rest can go on.
#[derive(Debug)]
pub(super) struct Reported;

pub(super) struct Lower<'l> {
    library: &'l Library,
    pub diagnostics: Vec<Diagnostic>,
    /// Nodes made for the present sound, and nodes within nodes.
    made: usize,
    nested: usize,
    too_large: bool,
    /// The sounds that are being expanded, with the place of each use.
    expanding: Vec<(usize, Span)>,
    /// Prefix of the paths of explicit ids: the place of the innermost sub-patch.
    scope: String,
    /// Paths of explicit ids, to find doubles: where the first stands, and how many there are.
    ids: HashMap<String, (Span, usize)>,
    suggestions: usize,
    /// The unit of the place where the innermost node stands.
    unit: Option<Unit>,
    /// Sounds that were used as parts or named in steps.
    pub used: HashSet<usize>,
}

/// Where a node is to stand.
pub(super) struct Site<'s> {
    /// Path of parent and parameter.
    path: &'s str,
    /// An id given from outside (an override of a sub-patch), with its complete path.
    id: Option<(String, String)>,
}

impl<'s> Site<'s> {
    fn at(path: &'s str) -> Self {
        Site { path, id: None }
    }
}

impl<'l> Lower<'l> {
    pub fn new(library: &'l Library) -> Self {
        Lower {
            library,
            diagnostics: vec![],
            made: 0,
            nested: 0,
            too_large: false,
            expanding: vec![],
            scope: String::new(),
            ids: HashMap::new(),
            suggestions: 0,
            unit: None,
            used: HashSet::new(),
        }
    }

    /// How many nodes the last sound had.
    pub fn made(&self) -> usize {
        self.made
    }

    /// The complete tree of a sound. `overrides` are set on its root, as if written at `span`.
    pub fn sound(
        &mut self,
        index: usize,
        overrides: &[(String, f64)],
        span: Option<Span>,
    ) -> Result<Node, Reported> {
        (self.made, self.nested, self.too_large) = (0, 0, false);
        self.expanding.clear();
        self.scope.clear();
        self.ids.clear();
        let sound = &self.library.sounds[index];
        self.expanding.push((index, sound.span));
        let path = format!("{}.root", sound.name);
        let mut root = self.root_of(index, Site::at(&path))?;
        let span = span.unwrap_or(sound.span);
        let mut failed = false;
        for (name, value) in overrides {
            failed |= self.override_number(&mut root, name, *value, span).is_err();
        }
        if failed { Err(Reported) } else { Ok(root) }
    }

    fn report(&mut self, diagnostic: Diagnostic) -> Reported {
        self.diagnostics.push(diagnostic);
        Reported
    }

    fn error(
        &mut self,
        code: &'static str,
        span: Span,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Reported {
        self.report(Diagnostic::error(code, span, message).hint(hint))
    }

    /// What could not be read has been reported when the file was read; this only keeps the sound from being played.
    fn unreadable(&mut self, tree: &Tree) -> Option<Reported> {
        matches!(tree.kind, Kind::Broken).then(|| {
            let message = "this part of the file could not be read";
            self.report(Diagnostic::error(super::UNREADABLE, tree.span, message))
        })
    }

    /// "did you mean …", or the fallback.
    fn suggest<'n>(
        &mut self,
        name: &str,
        known: impl IntoIterator<Item = &'n str>,
        otherwise: impl Into<String>,
    ) -> String {
        self.suggestions += 1;
        let near = if self.suggestions <= MAX_SUGGESTIONS { nearest(name, known) } else { None };
        near.map_or_else(|| otherwise.into(), |near| format!("did you mean `{near}`?"))
    }

    /// Enters one more level and counts one more node, within the bounds. Every `enter` is followed by a `leave`.
    fn enter(&mut self, span: Span) -> Result<(), Reported> {
        self.made += 1;
        let message = if self.nested >= NESTED {
            format!("more than {NESTED} nodes stand inside of each other")
        } else if self.made > NODES {
            format!("with all its parts this sound has more than {NODES} nodes")
        } else {
            self.nested += 1;
            return Ok(());
        };
        if std::mem::replace(&mut self.too_large, true) {
            return Err(Reported);
        }
        let sound = self.expanding.first().map_or(span, |(index, _)| self.library.sounds[*index].span);
        Err(self.error(
            "too-large",
            sound,
            message,
            "use fewer sub-patches, or `multiply` for many equal parts",
        ))
    }

    fn leave(&mut self) {
        self.nested -= 1;
    }

    fn version(&self, span: Span) -> u32 {
        self.library.version(span.file)
    }
}

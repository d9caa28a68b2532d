//! Text to model: files, spans, YAML, expressions, and everything that can be wrong with them. Loader thread; never signal code.
//! Node kinds are handed in as tables, so that this room knows the language but no single node.

mod assist;
mod check;
mod content;
mod describe;
mod diagnostic;
mod edit;
mod expr;
mod frozen;
mod index;
pub mod limits;
mod lint;
mod lower;
pub mod macros;
pub mod model;
mod names;
mod pretty;
mod quantity;
mod reader;
mod render;
mod scalar;
mod schema;
mod settings;
mod source;
mod tree;
mod tuning;
pub mod vocabulary;
mod yaml;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use assist::{Candidate, Completion, Hover, complete, hover};
pub use content::Content;
pub use describe::{channels_text, default_of, default_text, describe, ends_text, range_text, unit_text};
pub use diagnostic::{Diagnostic, Severity};
pub use edit::{with_key, word};
pub use frozen::{Frozen, written as with_frozen};
pub use limits::{LIMITS, Limit};
pub use lower::parts::INPUT;
pub use macros::Macro;
use model::{Call, Node, SourceFile, Span, Value};
pub use names::nearest;
pub use pretty::pretty;
pub use quantity::written_units;
pub use reader::Reader;
pub use render::{render, to_json};
pub use schema::{plain_json, schema};
pub use settings::{About, tuning_files};
pub use source::{line_column, place};
pub use tuning::Tuning;

use crate::spec::{ADDED, NodeSpec};
use lower::Lower;
use tree::Tree;

/// Code of errors that only repeat what was reported when the file was read.
const UNREADABLE: &str = "unreadable";

/// All sounds of a set of files, with everything that was found wrong in their text. Cheap to make: a sound is only expanded when it
/// is asked for.
#[derive(Debug)]
pub struct Library {
    files: Vec<SourceFile>,
    /// Language version of each file; 0: a plain file.
    versions: Vec<u32>,
    specs: HashMap<&'static str, &'static NodeSpec>,
    sounds: Vec<Sound>,
    /// The last definition of a name.
    index: HashMap<Arc<str>, usize>,
    vars: Vec<(String, Value, Span)>,
    macros: Vec<Macro>,
    abouts: Vec<(u32, About)>,
    /// Sounds to open with, until it is known which sounds there are.
    openings: Vec<(String, Span)>,
    /// Frames by which loops of a file are late.
    late: HashMap<u32, usize>,
    /// Tracks that are played from recordings of themselves.
    frozen: Vec<Frozen>,
    /// Folders where files may be read, relative to the file that names them.
    roots: Vec<(PathBuf, Span)>,
    wanted: Option<settings::Wanted>,
    tuning: Option<Tuning>,
    diagnostics: Vec<Diagnostic>,
}

/// A sound as it was written.
#[derive(Debug)]
struct Sound {
    name: Arc<str>,
    /// Its name in the text.
    span: Span,
    body: Arc<Tree>,
    /// The definition of the same name before this one.
    earlier: Option<usize>,
}

impl Library {
    /// Reads files, in the order in which their sounds are to be listed. Never fails: what cannot be understood is reported in
    /// [`diagnostics`](Self::diagnostics) and left out. A [`Reader`] reads again faster. `specs` are the node kinds that the text may use.
    pub fn read<C: Into<Content>>(files: Vec<(PathBuf, C)>, specs: &[&'static NodeSpec]) -> Library {
        Reader::default().read(files, specs)
    }

    /// The files, as [`Span::file`] numbers them.
    pub fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// What reading found: broken YAML, doubled names, wrong `vars`. What is wrong inside of sounds is found by
    /// [`instantiate`](Self::instantiate) and [`check`](Self::check).
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// Name and place of every sound, in file order.
    pub fn sounds(&self) -> impl Iterator<Item = (&str, Span)> {
        let current = |(i, sound): (usize, &Sound)| self.find(&sound.name, u32::MAX) == Some(i);
        self.sounds.iter().enumerate().filter(move |s| current(*s)).map(|(_, s)| (&*s.name, s.span))
    }

    /// The library's variables: numbers, texts, flags or lists of these, not evaluated.
    pub fn vars(&self) -> &[(String, Value, Span)] {
        &self.vars
    }

    /// The library's macros, by their slots.
    pub fn macros(&self) -> &[Macro] {
        &self.macros
    }

    /// What files say about themselves, with the number of each file.
    pub fn about(&self) -> &[(u32, About)] {
        &self.abouts
    }

    /// The sound that the library opens with: the one that a file names for it, else the first.
    pub fn opening(&self) -> Option<&str> {
        let mut named = self.abouts.iter().filter_map(|(_, about)| about.sound.as_deref());
        let first = || self.sounds().next().map(|(name, _)| name);
        named.find(|name| self.index.contains_key(*name)).or_else(first)
    }

    /// Folders outside of the library's own where a file's samples may lie, relative to that file, and where they are named.
    pub fn roots(&self, file: u32) -> impl Iterator<Item = (&Path, Span)> {
        self.roots.iter().filter(move |(_, span)| span.file == file).map(|(root, span)| (&**root, *span))
    }

    /// Tracks that are frozen, in the order of the text.
    pub fn frozen(&self) -> &[Frozen] {
        &self.frozen
    }

    /// What the library makes of keys and note names; `None`: twelve equal steps around a4 = 440 Hz.
    pub fn tuning(&self) -> Option<&Tuning> {
        self.tuning.as_ref()
    }

    /// Language version that a file asks for; 0 for plain files and files that do not exist.
    pub fn version(&self, file: u32) -> u32 {
        self.versions.get(file as usize).copied().unwrap_or(0)
    }

    /// How many frames late the loops of this file are unless a node says otherwise, where the file says it.
    pub fn late(&self, file: u32) -> Option<usize> {
        self.late.get(&file).copied()
    }

    /// Whether oscillators of this file are band-limited unless they say otherwise.
    pub fn band_limited(&self, file: u32) -> bool {
        self.version(file) >= 1
    }

    /// The complete tree of a sound: sub-patches expanded, `overrides` set on its root. An override that the root has no parameter
    /// for is accepted if an expression below reads its name.
    ///
    /// # Errors
    /// Everything that is wrong in the sound and in what it uses, never empty.
    pub fn instantiate(&self, name: &str, overrides: &[(String, f64)]) -> Result<Node, Vec<Diagnostic>> {
        self.instantiate_at(name, overrides, None)
    }

    /// As [`instantiate`](Self::instantiate), for a sound that a step starts: what is wrong with its parameters is found at the step.
    ///
    /// # Errors
    /// As [`instantiate`](Self::instantiate).
    pub fn instantiate_call(&self, name: &str, call: &Call) -> Result<Node, Vec<Diagnostic>> {
        self.instantiate_at(name, &call.params, Some(call.span))
    }

    fn instantiate_at(
        &self,
        name: &str,
        overrides: &[(String, f64)],
        span: Option<Span>,
    ) -> Result<Node, Vec<Diagnostic>> {
        let Some(index) = self.find(name, u32::MAX) else {
            let message = format!("there is no sound `{name}`");
            let hint = match nearest(name, self.sound_names()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the library has {} sounds", self.index.len()),
            };
            return Err(vec![Diagnostic::general("unknown-sound", message).hint(hint)]);
        };
        let mut lower = Lower::new(self);
        lower.sound(index, overrides, span).map_err(|_| lower.diagnostics)
    }

    /// Everything that is wrong with the library: what reading found, and every error and warning of every sound, each once and in
    /// the order of the text.
    pub fn check(&self) -> Vec<Diagnostic> {
        self.check_with_parts().0
    }

    /// As [`check`](Self::check), but gives up before the next sound when `stop` says so: `None`.
    pub fn check_unless(&self, stop: &mut dyn FnMut() -> bool) -> Option<Vec<Diagnostic>> {
        check::check(self, stop).map(|(findings, _)| findings)
    }

    /// As [`check`](Self::check), with the names of the sounds that others use as parts or start from steps.
    pub fn check_with_parts(&self) -> (Vec<Diagnostic>, HashSet<String>) {
        check::check(self, &mut || false).unwrap_or_default()
    }

    /// The same library with other texts in its files, in their order.
    pub fn with_texts(&self, texts: Vec<Content>) -> Library {
        let specs: Vec<_> = self.specs.values().copied().collect();
        let files = self.files.iter().map(|file| file.path.to_path_buf()).zip(texts);
        Library::read(files.collect(), &specs)
    }

    fn spec(&self, name: &str) -> Option<&'static NodeSpec> {
        self.specs.get(name).copied()
    }

    /// The node kind that a key of this file means.
    fn kind(&self, name: &str, file: u32) -> Option<&'static NodeSpec> {
        let spec = self.spec(name)?;
        let older = ADDED.contains(&name) && self.version(file) == 0;
        if older && self.find(name, file).is_some() { None } else { Some(spec) }
    }

    fn spec_names(&self) -> impl Iterator<Item = &str> {
        self.specs.keys().copied()
    }

    fn sound_names(&self) -> impl Iterator<Item = &str> {
        self.index.keys().map(|name| &**name)
    }

    /// The sound of this name: the file's own, else the last one defined.
    fn find(&self, name: &str, file: u32) -> Option<usize> {
        let last = *self.index.get(name)?;
        self.of_same_name(last).find(|i| self.sounds[*i].span.file == file).or(Some(last))
    }

    /// A sound, and those of the same name before it, backwards.
    fn of_same_name(&self, sound: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(sound), |sound| self.sounds[*sound].earlier)
    }
}

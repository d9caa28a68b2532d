//! What is wanted: library, sound and texts, whether they sound already or not, and how much of the way to the sound is still to be
//! done. Loader thread; does nothing itself.

use std::path::Path;
use std::sync::Arc;

use super::document::MOST_EMBED;
use super::history::{History, Way};
use super::reload::Cause;
use super::texts::{Take, Texts};
use super::{Document, File};
use crate::language::Content;
use crate::library::presets::{self, Place, Preset};
use crate::library::samples::Kept;

/// How far the wish is from being fulfilled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Todo {
    #[default]
    Nothing,
    Build,
    /// Take what has been saved, then build.
    Look,
    /// Take all that the disk has, then build.
    Read,
}

#[derive(Default)]
pub struct Wish {
    /// Without its files: those are the texts.
    head: Document,
    pub texts: Texts,
    pub todo: Todo,
    /// Why, in the end.
    pub cause: Cause,
    /// The step of the history that the texts come from, if they do.
    step: Option<usize>,
    /// The sound that was chosen with them: played where the present choice is not among them.
    instead: Option<String>,
    /// Texts that came with a project and have never sounded: what is wrong with them is told once the project plays.
    pub edits: Vec<File>,
}

impl Wish {
    pub fn path(&self) -> &Path {
        Path::new(&self.head.path)
    }

    /// As [`Document::library`].
    pub fn library(&self) -> (&str, &str) {
        self.head.library()
    }

    pub fn sound(&self) -> &str {
        &self.head.sound
    }

    pub fn instead(&self) -> Option<&str> {
        self.instead.as_deref()
    }

    /// Bytes of samples that are saved with the project at most.
    pub fn embed(&self) -> u64 {
        u64::from(self.head.embed) << 20
    }

    pub fn set_embed(&mut self, megabytes: u32) {
        self.head.embed = megabytes.min(MOST_EMBED);
        self.need(Todo::Build, Cause::Chosen);
    }

    /// Samples that are missing are looked for in this folder, too.
    pub fn look_in(&mut self, folder: String) -> &[String] {
        if !self.head.folders.contains(&folder) {
            self.head.folders.push(folder);
        }
        &self.head.folders
    }

    pub fn seed(&self) -> u64 {
        self.head.seed
    }

    /// The library of the factory that is wanted, if it is one.
    pub fn factory(&self) -> Option<&str> {
        Some(self.head.preset.as_str()).filter(|name| !name.is_empty())
    }

    /// Where the library is, or its first file where it has no place.
    pub fn shown_path(&self) -> String {
        if self.factory().is_some() {
            return String::new();
        }
        let first = self.texts.paths().next().map(|path| path.display().to_string());
        if self.head.path.is_empty() { first.unwrap_or_default() } else { self.head.path.clone() }
    }

    /// At least this is to be done, for this reason.
    pub fn need(&mut self, todo: Todo, cause: Cause) {
        // A new engine or another sound is not why a text comes that is on its way already.
        if cause != Cause::Chosen || self.todo == Todo::Nothing {
            self.cause = cause;
        }
        // What has no place on the disk cannot be read from there.
        self.todo = self.todo.max(if self.head.path.is_empty() { todo.min(Todo::Build) } else { todo });
    }

    /// Another library, from the disk.
    pub fn open(&mut self, path: &Path) {
        let Document { seed, embed, folders, .. } = std::mem::take(&mut self.head);
        *self = Wish {
            head: Document { path: path.display().to_string(), seed, embed, folders, ..Document::default() },
            ..Wish::default()
        };
        self.need(Todo::Read, Cause::Opened);
    }

    /// A preset, with the sound that it opens with.
    pub fn preset(&mut self, preset: &Preset) {
        let seed = self.head.seed;
        let sound = preset.about.sound.clone().unwrap_or_default();
        match &preset.place {
            Place::File(path) => self.open(path),
            Place::Factory(name) => {
                let files = presets::texts(name).into_iter().map(|(path, text)| File { path, text });
                let preset = (*name).to_owned();
                *self = Wish::default();
                self.want(&Document { preset, seed, files: files.collect(), ..Document::default() });
                self.need(Todo::Build, Cause::Opened);
            }
        }
        self.head.sound = sound;
    }

    /// What sounds from the factory is the user's now, and lies here.
    pub fn kept(&mut self, place: &Path) {
        let sound = std::mem::take(&mut self.head.sound);
        self.open(place);
        self.head.sound = sound;
        self.cause = Cause::Saved;
    }

    /// What the disk has, instead of whatever is wanted now.
    pub fn take_disk(&mut self) {
        self.step = None;
        if !self.head.path.is_empty() {
            self.need(Todo::Read, Cause::Saved);
        }
    }

    pub fn choose(&mut self, sound: String) {
        (self.head.sound, self.instead) = (sound, None);
        self.need(Todo::Build, Cause::Chosen);
    }

    /// A text that was written in the window.
    pub fn edit(&mut self, file: &str, text: Arc<str>) {
        self.step = None;
        self.texts.edit(Path::new(file), text);
        self.need(Todo::Build, Cause::Edited);
    }

    /// What a project brings along; a document with a path and no text is read from there.
    pub fn restore(&mut self, document: &Document) {
        *self = Wish::default();
        self.want(document);
        self.edits.clone_from(&document.edits);
        self.need(if document.files.is_empty() { Todo::Read } else { Todo::Build }, Cause::Opened);
    }

    /// A step back or forth among what has sounded. Within one library the choice of a sound stays, where the text has that sound.
    /// `sounds`: the document that does now.
    /// Returns the document where it is another library.
    pub fn go(&mut self, way: Way, history: &History, sounds: &Document) -> Option<Arc<Document>> {
        let astray = self.step.is_none() && self.texts.files() != sounds.files;
        let (step, document) = history.next(way, self.step, astray)?;
        let other = (document.library() != self.head.library()).then(|| document.clone());
        if other.is_none() {
            self.texts.want(&document.files);
            self.instead = Some(document.sound.clone());
        } else {
            (self.texts, self.instead) = (Texts::default(), None);
            self.want(document);
        }
        self.step = Some(step);
        self.todo = Todo::Nothing;
        self.need(Todo::Build, if way == Way::Undo { Cause::Undone } else { Cause::Redone });
        other
    }

    fn want(&mut self, document: &Document) {
        self.head = Document { files: vec![], ..document.kept() };
        (self.head.samples, self.head.copies) = Default::default();
        self.texts.want(&document.files);
    }

    /// Learns what the disk has, and takes of it what was asked for. Returns the files whose texts are new.
    pub fn learn(&mut self, disk: Vec<(Arc<Path>, Content)>) -> Vec<Arc<Path>> {
        let take = match self.todo {
            Todo::Nothing | Todo::Build => Take::None,
            Todo::Look => Take::Saved,
            Todo::Read => Take::All,
        };
        let taken = self.texts.learn(disk, take);
        if !taken.is_empty() {
            self.step = None;
        }
        taken
    }

    /// The step of the history that is reached when this sounds, if it is one.
    pub fn arrived(&mut self) -> Option<usize> {
        self.step.take()
    }

    /// What is saved with the project once this sounds, after this choice and with these samples.
    pub fn document(&self, choice: String, samples: Kept) -> Document {
        let Kept { references: samples, copies, .. } = samples;
        Document { files: self.texts.files(), sound: choice, samples, copies, ..self.head.clone() }
    }

    /// The step that lies this way: the texts that it would bring.
    pub fn would_bring<'a>(
        &self,
        way: Way,
        history: &'a History,
        files: &[File],
        sounds: &Document,
    ) -> Option<&'a Document> {
        let astray = self.step.is_none() && files != sounds.files;
        history.next(way, self.step, astray).map(|(_, document)| &**document)
    }
}

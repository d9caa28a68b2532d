//! The texts as the window is told of them: what is wanted, what sounds, what the disk has, and where undo and redo would lead. Made by
//! the loader, never changed.

use std::collections::HashMap;
use std::sync::Arc;

use super::history::{Difference, History, Way};
use super::texts::Disk;
use super::wish::Wish;
use super::{Document, File};
use crate::library::presets;

/// A library's texts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Texts {
    pub files: Arc<[Shown]>,
    /// What undo and redo would change, in a few words; `None` where they are not possible.
    pub undo: Option<String>,
    pub redo: Option<String>,
}

/// One file.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// As in the document.
    pub path: String,
    /// The text that is wanted: it sounds, or has errors.
    pub text: Arc<str>,
    /// Whether it is what sounds. If not, the last good text does.
    pub sounds: bool,
    /// Whether it was written in the window, and is not saved.
    pub edited: bool,
    /// Whether it is what the disk has.
    pub saved: bool,
    /// What the disk has, compared with the text that sounds and that is saved with the project.
    pub disk: Disk,
}

impl Texts {
    /// Whether all texts sound.
    pub fn sound(&self) -> bool {
        self.files.iter().all(|file| file.sounds)
    }
}

pub fn texts(wish: &Wish, history: &History, sounds: &Document) -> Texts {
    let wanted = wish.texts.files();
    let good: HashMap<&str, &File> = sounds.files.iter().map(|file| (file.path.as_str(), file)).collect();
    let edited = wish.texts.edited();
    // Where it comes from the factory, that is what there is instead of a disk.
    let shipped = wish.factory().map(presets::texts);
    let changed = |file: &File| {
        let is_as = |(path, text): &(String, Arc<str>)| *path == file.path && *text == file.text;
        shipped.as_ref().is_some_and(|texts| !texts.iter().any(is_as))
    };
    let shown = |file: &File| {
        let sounding = good.get(file.path.as_str()).copied();
        Shown {
            path: file.path.clone(),
            text: file.text.clone(),
            sounds: sounding == Some(file),
            edited: edited.contains(&file.path),
            saved: !wish.texts.differs(file) && !changed(file),
            disk: wish.texts.compare(sounding.unwrap_or(file)),
        }
    };
    let would = |way: Way| {
        let bring = wish.would_bring(way, history, &wanted, sounds)?;
        // Another library is told by its place.
        Some(match bring.library() {
            library if library == wish.library() => Difference::between(&wanted, &bring.files).to_text(),
            ("", preset) => preset.to_owned(),
            (path, _) => path.to_owned(),
        })
    };
    Texts { files: wanted.iter().map(shown).collect(), undo: would(Way::Undo), redo: would(Way::Redo) }
}

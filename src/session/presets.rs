//! Presets in the session: which ones there are, which one is wanted next, and what the host is told about those that were asked for.
//! The audio thread and the window ask (atomics, messages), the loader finds and opens, the host's main thread hears of it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use super::lock;
use super::wish::Wish;
use crate::language::{About, Diagnostic};
use crate::library::presets::{self, Place, Preset, Shelf};

/// Which preset.
#[derive(Clone, Debug, PartialEq)]
pub enum Pick {
    /// So many places behind the present one, or before it; it goes round.
    Step(i32),
    /// The n-th, from 0; where there are not so many, nothing happens.
    Number(u32),
    At(Place),
}

/// What came of a preset that was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
    pub place: Place,
    /// Why it does not sound, in words.
    pub outcome: Result<(), String>,
}

/// Between the audio thread, the loader and the host.
#[derive(Default)]
pub struct Requests {
    steps: AtomicI32,
    /// Number of a preset from 1; 0 for none.
    number: AtomicU32,
    opened: Mutex<Vec<Opened>>,
}

impl Requests {
    /// Asks for the next preset, or the one before. Audio thread; the loader looks here several times a second.
    pub fn step(&self, forth: bool) {
        self.steps.fetch_add(if forth { 1 } else { -1 }, Ordering::AcqRel);
    }

    /// Asks for the n-th preset, from 0. Audio thread.
    pub fn number(&self, number: u32) {
        self.steps.store(0, Ordering::Release);
        self.number.store(number.saturating_add(1), Ordering::Release);
    }

    /// Whether there is something to be done. Audio thread.
    pub fn is_asked(&self) -> bool {
        self.number.load(Ordering::Acquire) != 0 || self.steps.load(Ordering::Acquire) != 0
    }

    /// What the audio thread has asked for, once.
    pub(super) fn take(&self) -> Option<Pick> {
        let (number, steps) = (self.number.swap(0, Ordering::AcqRel), self.steps.swap(0, Ordering::AcqRel));
        match (number.checked_sub(1), steps) {
            (Some(number), _) => Some(Pick::Number(number)),
            (None, 0) => None,
            (None, steps) => Some(Pick::Step(steps)),
        }
    }

    /// What has come of presets since the last question, for the host.
    pub fn take_opened(&self) -> Vec<Opened> {
        std::mem::take(&mut lock(&self.opened))
    }

    pub(super) fn tell(&self, opened: Opened) {
        lock(&self.opened).push(opened);
    }
}

/// The loader's side.
pub(super) struct Presets {
    shelf: Shelf,
    /// Those in further folders of the user's.
    further: Vec<(PathBuf, Shelf)>,
    pub list: Arc<[Preset]>,
    /// The preset that is on its way to the sound.
    pub under_way: Option<Place>,
}

impl Presets {
    pub fn of(folder: Option<PathBuf>) -> Presets {
        Presets { shelf: Shelf::of(folder), further: vec![], list: [].into(), under_way: None }
    }

    /// Looks which ones there are.
    pub fn look(&mut self) {
        let mut list = self.shelf.list();
        for (folder, shelf) in &mut self.further {
            let name = folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy();
            list.extend(shelf.own().into_iter().map(|preset| {
                let below = preset.category;
                let category = if below.is_empty() { name.to_string() } else { format!("{name}/{below}") };
                Preset { category, ..preset }
            }));
        }
        self.list = list.into();
    }

    /// Lists these folders, too. They come behind all others, which keep their numbers.
    pub fn look_in(&mut self, folders: Vec<PathBuf>) {
        let mut before = std::mem::take(&mut self.further);
        let known = |folder: PathBuf| match before.iter().position(|(known, _)| *known == folder) {
            Some(at) => before.swap_remove(at),
            None => (folder.clone(), Shelf::of(Some(folder))),
        };
        self.further = folders.into_iter().map(known).collect();
        self.look();
    }

    /// Which of the list is wanted now.
    pub fn current(&self, wish: &Wish) -> Option<usize> {
        self.list.iter().position(|preset| match &preset.place {
            Place::Factory(name) => wish.factory() == Some(name),
            Place::File(path) => wish.factory().is_none() && wish.path() == path,
        })
    }

    /// The preset that is meant.
    pub fn find(&self, pick: Pick, wish: &Wish) -> Option<Preset> {
        let count = self.list.len() as i64;
        match pick {
            Pick::Number(number) => self.list.get(number as usize).cloned(),
            Pick::Step(steps) => {
                let from = match self.current(wish) {
                    Some(at) => at as i64,
                    // Before the first, behind the last.
                    None if steps > 0 => -1,
                    None => count,
                };
                let to = (from + i64::from(steps)).checked_rem_euclid(count)?;
                self.list.get(to as usize).cloned()
            }
            Pick::At(place) => {
                let listed = self.list.iter().find(|preset| preset.place == place).cloned();
                let alone = |place| Preset {
                    place,
                    name: String::new(),
                    category: String::new(),
                    about: About::default(),
                    broken: false,
                };
                listed.or_else(|| Some(alone(place)))
            }
        }
    }

    /// Writes the wanted texts of a factory library as one of the user's presets.
    pub fn keep(&mut self, wish: &Wish) -> Result<PathBuf, Diagnostic> {
        let files = wish.texts.files();
        let name = wish.factory().unwrap_or("Preset");
        let file_name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
        let texts: Vec<_> = files.iter().map(|file| (file_name(&file.path), &*file.text)).collect();
        presets::keep(self.shelf.folder(), name, &texts)
    }
}

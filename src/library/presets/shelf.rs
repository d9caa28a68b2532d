//! The user's presets on the disk, looked through when somebody asks for them: a text is a preset, a folder with a text of its own name
//! is one, too, and other folders are categories. A file that looks as it did is not read again.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::{Place, Preset, factory, is_main};
use crate::language::Content;
use crate::language::limits::FILE_BYTES;
use crate::library::listing::{Stamp, is_text};

/// What lies deeper is not found; links may lead in a circle.
const DEPTH: usize = 8;
/// No more are listed.
const MOST: usize = 10_000;

/// All presets, and what is known of the files of the user's.
pub struct Shelf {
    folder: Option<PathBuf>,
    known: HashMap<PathBuf, (Stamp, Preset)>,
}

impl Shelf {
    /// With the user's presets below this folder, if there is one.
    pub fn of(folder: Option<PathBuf>) -> Shelf {
        Shelf { folder, known: HashMap::new() }
    }

    /// Where the user's presets are, whether there are any or not.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// Those of the factory, then the user's: the files of a folder before the folders in it, all by their names.
    pub fn list(&mut self) -> Vec<Preset> {
        let mut all = factory();
        all.extend(self.own());
        all
    }

    /// The user's.
    pub fn own(&mut self) -> Vec<Preset> {
        let mut files = vec![];
        if let Some(folder) = &self.folder {
            walk(folder, "", 0, &mut files);
        }
        let mut before = std::mem::take(&mut self.known);
        let mut all = vec![];
        for Found { main, place, category } in files {
            let stamp = Stamp::of(&main);
            let known = before.remove(&main);
            let known =
                known.filter(|(seen, preset)| *seen == stamp && stamp.is_old() && is_at(preset, &place));
            let preset = known.map(|(_, preset)| preset).or_else(|| read(&main, place, category, stamp));
            if let Some(preset) = preset {
                all.push(preset.clone());
                self.known.insert(main, (stamp, preset));
            }
        }
        all
    }

    /// The preset that this file is, or is the main file of; `None` for one that belongs to another.
    pub fn at(&self, file: &Path) -> Option<Preset> {
        let mut found = vec![];
        let (folder, root) = (file.parent()?, self.folder.as_deref());
        if root == Some(folder) {
            found.push(Found { main: file.into(), place: file.into(), category: String::new() });
        } else {
            let around = folder.parent().and_then(|around| around.strip_prefix(root?).ok());
            let category = around.unwrap_or(Path::new("")).to_string_lossy().replace('\\', "/");
            look(folder, &category, DEPTH, &mut found);
        }
        let Found { main, place, category } = found.into_iter().find(|found| found.main == file)?;
        let stamp = Stamp::of(&main);
        read(&main, place, category, stamp)
    }
}

/// The file that stands for a preset on the disk: that of its folder's own name, where it is a folder.
pub fn main_file(place: &Path) -> PathBuf {
    entries(place).into_iter().find(|file| is_text(file) && is_main(file)).unwrap_or_else(|| place.into())
}

/// A preset before it is read.
struct Found {
    /// The file that says what it is.
    main: PathBuf,
    /// What is opened: that file, or its folder.
    place: PathBuf,
    category: String,
}

fn is_at(preset: &Preset, place: &Path) -> bool {
    matches!(&preset.place, Place::File(known) if known == place)
}

/// The entries of a folder that are not hidden, by their names; none of one that cannot be read.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let all = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let mut all: Vec<PathBuf> = all.map(|entry| entry.path()).filter(|path| !is_hidden(path)).collect();
    all.sort_by_cached_key(|path| (name(path).to_lowercase(), path.clone()));
    all
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The user's folder, and every category.
fn walk(folder: &Path, category: &str, depth: usize, found: &mut Vec<Found>) {
    let (folders, files): (Vec<_>, Vec<_>) = entries(folder).into_iter().partition(|path| path.is_dir());
    for file in files.into_iter().filter(|file| is_text(file)) {
        if found.len() < MOST {
            found.push(Found { main: file.clone(), place: file, category: category.into() });
        }
    }
    for inner in folders.iter().filter(|_| depth < DEPTH) {
        look(inner, category, depth + 1, found);
    }
}

/// A folder below: one preset, or a category. `category`: that of the folder around it.
fn look(folder: &Path, category: &str, depth: usize, found: &mut Vec<Found>) {
    let main = main_file(folder);
    if main == folder {
        let inner = if category.is_empty() { name(folder) } else { format!("{category}/{}", name(folder)) };
        walk(folder, &inner, depth, found);
    } else if found.len() < MOST {
        found.push(Found { main, place: folder.into(), category: category.into() });
    }
}

/// What a file says about itself. One that cannot be read, or is too large to be a text, is none.
fn read(main: &Path, place: PathBuf, category: String, stamp: Stamp) -> Option<Preset> {
    let Stamp::File { bytes, .. } = stamp else { return None };
    if bytes > FILE_BYTES as u64 {
        return None;
    }
    let content = Content::from(fs::read(main).ok()?);
    let stem = if place == main { place.file_stem() } else { place.file_name() };
    let title = stem.unwrap_or_default().to_string_lossy().into_owned();
    Some(Preset::new(Place::File(place), &title, category, content))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::Scratch;

    fn write(path: PathBuf, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Category and name of the user's presets.
    fn listed(shelf: &mut Shelf) -> Vec<String> {
        let own = shelf.list().split_off(factory().len());
        own.iter().map(|preset| format!("{}:{}", preset.category, preset.name)).collect()
    }

    #[test]
    fn preset_shelf_lists_files_libraries_and_categories() {
        let scratch = Scratch::new("shelf");
        let file = |name: &str| scratch.0.join(name);
        write(file("b.yaml"), "seiche: 1\nabout: {name: Zebra}\n");
        write(file("A.yml"), "");
        write(file("notes.txt"), "");
        write(file(".hidden/x.yaml"), "");
        write(file("Night/night.yaml"), "seiche: 1\nabout: {author: Me}\n");
        write(file("Night/parts.yaml"), "");
        write(file("Basses/thin.yaml"), "");
        write(file("Basses/Old/fat.yaml"), "");
        let mut shelf = Shelf::of(Some(scratch.0.clone()));
        assert_eq!(listed(&mut shelf), [":A", ":Zebra", "Basses:thin", "Basses/Old:fat", ":Night"]);
        let night = shelf.list().pop().unwrap();
        assert_eq!((night.place, night.about.author.as_deref()), (Place::File(file("Night")), Some("Me")));
        // A file as a host finds it.
        let name = |path: &str| shelf.at(&file(path)).map(|preset| (preset.name, preset.category));
        assert_eq!(name("b.yaml"), Some(("Zebra".into(), "".into())));
        assert_eq!(name("Night/night.yaml"), Some(("Night".into(), "".into())));
        assert_eq!(name("Night/parts.yaml"), None, "no preset of its own");
        assert_eq!(name("Basses/Old/fat.yaml"), Some(("fat".into(), "Basses/Old".into())));
        assert_eq!(name("Basses/nothing.yaml"), None);
    }

    #[test]
    fn preset_shelf_sees_what_comes_goes_and_changes() {
        let scratch = Scratch::new("shelf-changes");
        let mut shelf = Shelf::of(Some(scratch.0.join("none")));
        assert_eq!((listed(&mut shelf).len(), Shelf::of(None).list().len()), (0, factory().len()));
        shelf = Shelf::of(Some(scratch.0.clone()));
        write(scratch.0.join("a.yaml"), "seiche: 1\nabout: {name: One}\n");
        assert_eq!(listed(&mut shelf), [":One"]);
        write(scratch.0.join("a.yaml"), "seiche: 1\nabout: {name: Two}\n");
        write(scratch.0.join("b.yaml"), "");
        assert_eq!(listed(&mut shelf), [":Two", ":b"]);
        fs::remove_file(scratch.0.join("a.yaml")).unwrap();
        assert_eq!(listed(&mut shelf), [":b"]);
    }
}

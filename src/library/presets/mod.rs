//! Presets: libraries that stand ready to be played. Those of the factory are part of the program, so that they are found wherever it
//! lies; those of the user are files and folders below one folder. Any thread but the audio thread; nothing is compiled here.

mod factory;
mod keep;
mod shelf;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::language::{About, Content, Library};
pub use factory::FACTORY;
pub use keep::keep;
pub use shelf::{Shelf, main_file};

/// The folder of the user's presets, where it is not the usual one.
pub const FOLDER: &str = "SEICHE_PRESETS";

/// One library, and what it says about itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Preset {
    pub place: Place,
    /// That of `about`, else that of the file or folder.
    pub name: String,
    /// Folders between the user's folder and the preset, with `/` between them; empty for those of the factory.
    pub category: String,
    pub about: About,
    /// Its text cannot be read.
    pub broken: bool,
}

/// Where a preset is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// In the program, under this name.
    Factory(&'static str),
    /// A file, or a folder whose files make one library.
    File(PathBuf),
}

impl Place {
    /// The place in the program that has this name.
    pub fn factory(name: &str) -> Option<Place> {
        FACTORY.iter().find(|library| library.name == name).map(|library| Place::Factory(library.name))
    }

    /// Tells it apart from all others, as a text that may be kept.
    pub fn key(&self) -> String {
        match self {
            Place::Factory(name) => format!("factory:{name}"),
            Place::File(path) => path.display().to_string(),
        }
    }
}

impl Preset {
    /// What the library in this text says about itself; without a name there it has that of its file or folder.
    fn new(place: Place, title: &str, category: String, content: Content) -> Preset {
        let read = Library::read(vec![(PathBuf::new(), content)], &[]);
        let about = read.about().first().map(|(_, about)| about.clone()).unwrap_or_default();
        let name = about.name.clone().filter(|name| !name.trim().is_empty());
        let broken = read.diagnostics().iter().any(crate::language::Diagnostic::is_error);
        Preset { place, name: name.unwrap_or_else(|| title.to_owned()), category, about, broken }
    }
}

/// The texts of a factory preset, with the paths that they have in a project: below no folder of the disk.
pub fn texts(name: &str) -> Vec<(String, Arc<str>)> {
    let library = FACTORY.iter().find(|library| library.name == name);
    let files = library.map_or(&[][..], |library| library.files);
    files.iter().map(|(file, text)| (format!("{name}/{file}"), Arc::from(*text))).collect()
}

/// The presets of the factory.
pub fn factory() -> Vec<Preset> {
    let preset = |library: &factory::Factory| {
        let main = library.files.first().map_or("", |(_, text)| text);
        Preset::new(Place::Factory(library.name), library.name, String::new(), main.into())
    };
    FACTORY.iter().map(preset).collect()
}

/// The folder of the user's presets, whether it is there or not: as [`FOLDER`] says, else `seiche/presets` where programs keep their data
/// (`~/.local/share`, `~/Library/Application Support`, `%APPDATA%`). `None` for a user without a home.
pub fn user_folder() -> Option<PathBuf> {
    use etcetera::BaseStrategy;
    if let Some(folder) = std::env::var_os(FOLDER).filter(|folder| !folder.is_empty()) {
        return Some(folder.into());
    }
    let places = etcetera::base_strategy::choose_native_strategy().ok()?;
    Some(places.data_dir().join("seiche").join("presets"))
}

/// Whether a file is the one after which its folder is called: the folder is then one library, and the file says what it is.
fn is_main(file: &Path) -> bool {
    let folder = file.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().to_lowercase());
    folder == file.file_stem().map(|name| name.to_string_lossy().to_lowercase())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn preset_factory_holds_all_shipped_libraries_and_they_have_no_mistakes() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("presets");
        let shipped =
            std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
        let shipped: BTreeSet<String> = shipped.filter(|name| name.ends_with(".yaml")).collect();
        let first = FACTORY.iter().filter_map(|library| library.files.first());
        assert_eq!(first.map(|(file, _)| (*file).to_owned()).collect::<BTreeSet<_>>(), shipped);
        let specs: Vec<_> = crate::nodes::ALL.iter().map(|def| &def.spec).collect();
        for library in FACTORY {
            let files = texts(library.name);
            let files = files.iter().map(|(path, text)| (PathBuf::from(path), &**text)).collect();
            let read = Library::read(files, &specs);
            assert!(read.check().is_empty(), "{}: {:?}", library.name, read.check());
            assert!(!read.about()[0].1.tags.is_empty() && read.about()[0].1.description.is_some());
            assert_eq!(read.opening(), read.about()[0].1.sound.as_deref(), "the main file comes first");
        }
    }

    #[test]
    fn preset_names_come_from_about_or_the_file() {
        let of = |text: &str| Preset::new(Place::File("x".into()), "file", "".into(), text.into());
        let said = of("seiche: 1\nabout: {name: Night, author: Me, tags: [a, b]}\n");
        assert_eq!((said.name.as_str(), said.about.author.as_deref()), ("Night", Some("Me")));
        assert_eq!(said.about.tags, ["a", "b"]);
        assert_eq!(of("seiche: 1\nabout: {author: Me}\n").name, "file");
        assert_eq!(of("seiche: 1\nabout: [").name, "file");
        assert!(of("seiche: 1\nabout: [").broken && !of("seiche: 1\na: {osc: {freq: 1}}\n").broken);
        assert_eq!(of("about: {name: a sound of a plain file}").name, "file");
    }
}

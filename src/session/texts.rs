//! The wanted texts of a library beside what the disk has: which of them come from where, and what a save in another program changes.
//! A text that is not from the disk stays until its file is saved; one that was edited in the window stays until it is saved there.
//! Loader thread; reads and writes no file itself.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use super::File;
use crate::language::Content;
use crate::library::is_text;

/// Which texts of the disk are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Take {
    /// None: they are only looked at.
    None,
    /// Those that have been saved since the last look and are not being edited in the window.
    Saved,
    All,
}

/// What the disk has of a file, compared with a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Disk {
    /// The same text; or the library has no place on the disk.
    #[default]
    Same,
    Differs,
    /// There is no such file.
    Missing,
}

#[derive(Clone, Debug, PartialEq)]
struct Text {
    path: Arc<Path>,
    content: Content,
    /// Written in the window, and not saved.
    edited: bool,
}

/// All texts of a library.
#[derive(Clone, Default)]
pub struct Texts {
    wanted: Vec<Text>,
    /// Of the disk, when it was last looked at; `None` before the first look.
    disk: Option<HashMap<Arc<Path>, Content>>,
}

impl Texts {
    pub fn is_empty(&self) -> bool {
        self.wanted.is_empty()
    }

    pub fn paths(&self) -> impl Iterator<Item = &Arc<Path>> {
        self.wanted.iter().map(|text| &text.path)
    }

    /// Wants these texts, whatever the disk has.
    pub fn want(&mut self, files: &[File]) {
        let text = |file: &File| Text {
            path: Path::new(&file.path).into(),
            content: Content::Text(file.text.clone()),
            edited: false,
        };
        self.wanted = files.iter().map(text).collect();
    }

    /// Wants this text, written in the window, for a file; one that the library has lost meanwhile comes back with it.
    pub fn edit(&mut self, path: &Path, text: Arc<str>) {
        let content = Content::Text(text);
        match self.wanted.iter_mut().find(|file| *file.path == *path) {
            Some(file) => (file.content, file.edited) = (content, true),
            None => self.wanted.push(Text { path: path.into(), content, edited: true }),
        }
    }

    /// The files whose texts were written in the window and are not saved.
    pub fn edited(&self) -> HashSet<String> {
        self.wanted.iter().filter(|text| text.edited).map(|text| text.path.display().to_string()).collect()
    }

    /// The text of this file has been written to the disk.
    pub fn saved(&mut self, path: &Path) {
        self.wanted.iter_mut().filter(|file| *file.path == *path).for_each(|file| file.edited = false);
    }

    /// Whether the disk has been looked at since the library was opened.
    pub fn knows_disk(&self) -> bool {
        self.disk.is_some()
    }

    /// Learns what the disk has now, and takes what is to be taken. Returns the files whose texts are new.
    pub fn learn(&mut self, disk: Vec<(Arc<Path>, Content)>, take: Take) -> Vec<Arc<Path>> {
        let mut changed = self.note(&disk);
        match take {
            Take::None => return vec![],
            Take::Saved if changed.is_empty() => return vec![],
            Take::Saved => {}
            Take::All => changed = disk.into_iter().map(|(path, content)| (path, Some(content))).collect(),
        }
        let mut taken = vec![];
        self.wanted.retain_mut(|text| {
            let now = match changed.remove(&text.path) {
                None if take == Take::Saved => return true,
                Some(_) if take == Take::Saved && text.edited => return true,
                now => now.flatten(),
            };
            text.edited = false;
            let Some(content) = now else { return false };
            if content != text.content {
                text.content = content;
                taken.push(text.path.clone());
            }
            true
        });
        let new = changed.into_iter().filter_map(|(path, content)| Some((path, content?)));
        let before = self.wanted.len();
        self.wanted.extend(new.map(|(path, content)| Text { path, content, edited: false }));
        taken.extend(self.wanted[before..].iter().map(|text| text.path.clone()));
        if self.wanted.len() > before {
            // The order in which a folder is read: its texts by their names, then what they name.
            self.wanted.sort_by_cached_key(|text| (!is_text(&text.path), text.path.clone()));
        }
        taken
    }

    /// Notes what the disk has, and returns what is new there: other texts, and files that are gone. A save changes few of many files,
    /// so that the rest costs one look-up each.
    fn note(&mut self, disk: &[(Arc<Path>, Content)]) -> HashMap<Arc<Path>, Option<Content>> {
        let known = self.disk.get_or_insert_default();
        let mut changed = HashMap::new();
        for (path, content) in disk {
            match known.get_mut(path) {
                Some(old) if old == content => {}
                Some(old) => {
                    old.clone_from(content);
                    changed.insert(path.clone(), Some(content.clone()));
                }
                None => {
                    known.insert(path.clone(), content.clone());
                    changed.insert(path.clone(), Some(content.clone()));
                }
            }
        }
        if known.len() > disk.len() {
            let here: HashSet<&Arc<Path>> = disk.iter().map(|(path, _)| path).collect();
            let gone: Vec<_> = known.keys().filter(|path| !here.contains(path)).cloned().collect();
            for path in gone {
                known.remove(&path);
                changed.insert(path, None);
            }
        }
        changed
    }

    /// The disk has nothing of the library any more, or has not had it yet. What is wanted stays.
    pub fn lose_disk(&mut self) {
        self.disk = Some(HashMap::new());
    }

    /// What the disk has of a file, compared with this text.
    pub fn compare(&self, file: &File) -> Disk {
        let Some(disk) = &self.disk else { return Disk::Same };
        match disk.get(Path::new(&file.path)) {
            None => Disk::Missing,
            Some(content) if content.bytes() == file.text.as_bytes() => Disk::Same,
            Some(_) => Disk::Differs,
        }
    }

    /// Whether the disk has something else than this text, or nothing, of this file.
    pub fn differs(&self, file: &File) -> bool {
        self.compare(file) != Disk::Same
    }

    /// The texts to be compiled.
    pub fn to_read(&self) -> Vec<(Arc<Path>, Content)> {
        self.wanted.iter().map(|text| (text.path.clone(), text.content.clone())).collect()
    }

    /// The texts to be saved with the project: those that are text.
    pub fn files(&self) -> Vec<File> {
        let file = |text: &Text| match &text.content {
            Content::Text(content) => {
                Some(File { path: text.path.display().to_string(), text: content.clone() })
            }
            Content::Bytes(_) => None,
        };
        self.wanted.iter().filter_map(file).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk(files: &[(&str, &str)]) -> Vec<(Arc<Path>, Content)> {
        files.iter().map(|(path, text)| (Path::new(path).into(), Content::from(*text))).collect()
    }

    fn wanted(texts: &Texts) -> String {
        texts.files().iter().map(|file| format!("{}={} ", file.path, file.text)).collect()
    }

    fn opened(files: &[(&str, &str)]) -> Texts {
        let mut texts = Texts::default();
        texts.learn(disk(files), Take::All);
        texts
    }

    #[test]
    fn texts_from_a_project_stay_until_their_file_is_saved() {
        let mut texts = Texts::default();
        let file = |path: &str, text: &str| File { path: path.into(), text: text.into() };
        texts.want(&[file("a.yaml", "1"), file("b.yaml", "1"), file("gone.yaml", "1")]);
        assert_eq!(texts.compare(&file("a.yaml", "9")), Disk::Same, "nobody has looked yet");
        texts.learn(disk(&[("a.yaml", "2"), ("b.yaml", "1")]), Take::None);
        assert_eq!(wanted(&texts), "a.yaml=1 b.yaml=1 gone.yaml=1 ");
        let states: Vec<_> = texts.files().iter().map(|file| texts.compare(file)).collect();
        assert_eq!(states, [Disk::Differs, Disk::Same, Disk::Missing]);
        texts.learn(disk(&[("a.yaml", "2"), ("b.yaml", "3")]), Take::Saved);
        assert_eq!(wanted(&texts), "a.yaml=1 b.yaml=3 gone.yaml=1 ", "only what was saved is taken");
        texts.learn(disk(&[("a.yaml", "2"), ("b.yaml", "3")]), Take::All);
        assert_eq!(wanted(&texts), "a.yaml=2 b.yaml=3 ");
    }

    #[test]
    fn texts_edited_in_the_window_stay_until_they_are_saved_there() {
        let mut texts = opened(&[("a.yaml", "1"), ("b.yaml", "1")]);
        texts.edit(Path::new("a.yaml"), "mine".into());
        texts.learn(disk(&[("a.yaml", "theirs"), ("b.yaml", "2")]), Take::Saved);
        assert_eq!(wanted(&texts), "a.yaml=mine b.yaml=2 ");
        texts.learn(disk(&[("b.yaml", "2")]), Take::Saved);
        assert_eq!(wanted(&texts), "a.yaml=mine b.yaml=2 ", "even when the file goes");
        texts.saved(Path::new("a.yaml"));
        texts.learn(disk(&[("a.yaml", "theirs"), ("b.yaml", "2")]), Take::Saved);
        assert_eq!(wanted(&texts), "a.yaml=theirs b.yaml=2 ");
    }

    #[test]
    fn texts_come_and_go_with_their_files_in_the_order_of_the_folder() {
        let mut texts = opened(&[("b.yaml", "1"), ("a.scl", "tuning")]);
        texts.learn(
            disk(&[("a.yaml", "1"), ("b.yaml", "1"), ("c.yml", "1"), ("a.scl", "tuning")]),
            Take::Saved,
        );
        assert_eq!(wanted(&texts), "a.yaml=1 b.yaml=1 c.yml=1 a.scl=tuning ");
        texts.learn(disk(&[("a.yaml", "1"), ("c.yml", "1")]), Take::Saved);
        assert_eq!(wanted(&texts), "a.yaml=1 c.yml=1 ");
        texts.lose_disk();
        assert_eq!(
            texts.files().iter().map(|file| texts.compare(file)).collect::<Vec<_>>(),
            [Disk::Missing; 2]
        );
        assert_eq!(wanted(&texts), "a.yaml=1 c.yml=1 ");
    }

    #[test]
    fn texts_that_did_not_change_are_shared() {
        let mut texts = opened(&[("a.yaml", "1"), ("b.yaml", "1")]);
        let before = texts.files();
        texts.learn(disk(&[("a.yaml", "1"), ("b.yaml", "2")]), Take::Saved);
        let after = texts.files();
        assert!(
            Arc::ptr_eq(&before[0].text, &after[0].text) && !Arc::ptr_eq(&before[1].text, &after[1].text)
        );
    }
}

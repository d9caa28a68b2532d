//! Where a file that a text names lies: in the library's folder or one of its roots, and nowhere else. Loader thread; looks at the disk,
//! or into a bundle, but reads nothing.

use std::fs;
use std::path::{Component, Path, PathBuf};

use super::fault::{Fault, Near};
use crate::language::nearest;
use crate::library::bundle;

/// The most names of a folder that are looked at for a suggestion.
pub const MAX_NAMES: usize = 10_000;

/// A file as a text names it, with the places where it may lie: the library's folder and its roots, in this order.
pub struct Wanted<'a> {
    pub folder: &'a Path,
    pub file: &'a str,
    roots: &'a [PathBuf],
}

impl<'a> Wanted<'a> {
    pub fn new(folder: &'a Path, file: &'a str, roots: &'a [PathBuf]) -> Wanted<'a> {
        Wanted { folder, file, roots }
    }

    /// The library's folder and its roots, seen from there.
    pub fn bases(&self) -> impl Iterator<Item = &'a Path> {
        std::iter::once(Path::new("")).chain(self.roots.iter().map(PathBuf::as_path))
    }

    /// Its possible places seen from the library's folder, with `/`: what a project knows it by.
    pub fn keys(&self) -> impl Iterator<Item = String> {
        let file = self.file;
        self.bases().map(move |base| plain(&base.join(file)))
    }

    /// The same as paths.
    pub fn places(&self) -> impl Iterator<Item = PathBuf> {
        let (folder, file) = (self.folder, self.file);
        self.bases().map(move |base| folder.join(base).join(file))
    }

    /// The true path of the file, and the number of its place.
    ///
    /// # Errors
    /// [`Fault::Missing`] and [`Fault::Outside`].
    pub fn find(&self) -> Result<(PathBuf, usize), Fault> {
        if bundle::is(self.folder) {
            return self.find_in_bundle();
        }
        // A library that was named without a folder lies in the one where the program was started.
        let here = if self.folder.as_os_str().is_empty() { Path::new(".") } else { self.folder };
        let folders: Vec<Option<PathBuf>> =
            self.bases().map(|base| here.join(base).canonicalize().ok()).collect();
        let mut outside = false;
        for (place, folder) in folders.iter().enumerate() {
            if let Some(Ok(path)) = folder.as_ref().map(|folder| folder.join(self.file).canonicalize()) {
                if folders.iter().flatten().any(|folder| path.starts_with(folder)) {
                    return Ok((path, place));
                }
                outside = true;
            }
        }
        // A root that is gone is no reason to say that the file is somewhere else.
        let within = |key: String| self.bases().any(|base| is_within(&key, &plain(base)));
        if outside || !self.keys().any(within) {
            return Err(Fault::Outside);
        }
        let name = || folders.iter().flatten().find_map(|folder| nearest_file(folder, self.file));
        Err(Fault::Missing(self.folder_up().or_else(|| name().map(Near::Name)).unwrap_or_default()))
    }

    fn find_in_bundle(&self) -> Result<(PathBuf, usize), Fault> {
        let there = |key: &String| bundle::has(self.folder, key) || bundle::has_folder(self.folder, key);
        match self.keys().enumerate().find(|(_, key)| there(key)) {
            Some((place, key)) => Ok((self.folder.join(key), place)),
            None if self.keys().all(|key| leaves(&key)) => Err(Fault::Outside),
            None => Err(Fault::Missing(Near::Nothing)),
        }
    }

    /// The same name beside the library's folder, where people put it whose programs are started there.
    fn folder_up(&self) -> Option<Near> {
        let up = self.folder.canonicalize().ok()?.parent()?.join(self.file);
        up.is_file().then(|| Near::FolderUp(plain(&Path::new("..").join(self.file))))
    }
}

/// A path without `.` and, as far as possible, `..`; with `/`. Links are not followed.
pub fn plain(path: &Path) -> String {
    let mut parts: Vec<String> = vec![];
    let mut start = String::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => parts.push(name.to_string_lossy().into_owned()),
            Component::CurDir => {}
            Component::ParentDir if parts.last().is_some_and(|last| last != "..") => drop(parts.pop()),
            Component::ParentDir if start.is_empty() => parts.push("..".into()),
            Component::ParentDir => {}
            Component::RootDir => start.push('/'),
            Component::Prefix(prefix) => start.push_str(&prefix.as_os_str().to_string_lossy()),
        }
    }
    start + &parts.join("/")
}

/// Whether a plain path lies in a plain folder; the empty folder is that of the library.
fn is_within(path: &str, folder: &str) -> bool {
    if folder.is_empty() {
        return !leaves(path);
    }
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/') || folder.ends_with('/'))
        && !path[folder.len()..].split('/').any(|part| part == "..")
}

/// Whether a plain path climbs above where it starts, or is absolute.
pub fn leaves(plain: &str) -> bool {
    plain == ".."
        || plain.starts_with("../")
        || Path::new(plain).has_root()
        || plain.as_bytes().get(1) == Some(&b':')
}

/// The path of the file whose name is nearest to the one asked for, in the same folder.
fn nearest_file(folder: &Path, file: &str) -> Option<String> {
    let wanted = Path::new(file);
    let parent = wanted.parent().unwrap_or(Path::new(""));
    let entries = fs::read_dir(folder.join(parent)).ok()?.take(MAX_NAMES).flatten();
    let names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    let name = nearest(wanted.file_name()?.to_str()?, names.iter().map(String::as_str))?;
    Some(parent.join(name).to_string_lossy().into_owned())
}

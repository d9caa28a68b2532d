//! What a look at the disk shows without opening a file: which files make a library, and what they look like from outside. Loader
//! thread.

use std::fs::{self, DirEntry, Metadata};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::bundle;
use super::watch::MOST_NOTES;
use crate::language::limits::FILES;
use crate::language::{Diagnostic, Severity};

/// The coarsest grain of a file system's clock.
const GRAIN: Duration = Duration::from_secs(2);

/// A file from outside. Equal stamps mean an equal file, unless it was written twice within the grain of its clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stamp {
    File {
        bytes: u64,
        modified: Option<SystemTime>,
        identity: [i64; 3],
    },
    Folder {
        modified: Option<SystemTime>,
    },
    /// A pipe, a device: opening one might wait for ever.
    Other,
    Fault(ErrorKind),
}

/// The texts of a library, by names and looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// File or folder.
    pub path: PathBuf,
    pub folder: bool,
    /// The file itself, or everything in the folder with the name of a text, in alphabetical order; one more than a library may have
    /// at most.
    pub files: Vec<(PathBuf, Stamp)>,
    /// Why there are none.
    pub fault: Option<ErrorKind>,
    /// Why it is a bundle that cannot be opened.
    pub refused: Option<String>,
}

impl Listing {
    /// An empty path has no files.
    pub fn of(path: &Path) -> Listing {
        let mut listing =
            Listing { path: path.to_owned(), folder: false, files: vec![], fault: None, refused: None };
        if path.as_os_str().is_empty() {
            return listing;
        }
        match Stamp::of(path) {
            Stamp::Folder { .. } => {
                listing.folder = true;
                match entries(path) {
                    Ok(files) => listing.files = files,
                    Err(why) => listing.fault = Some(why.kind()),
                }
            }
            Stamp::Fault(why) => listing.fault = Some(why),
            stamp if bundle::is(path) => match bundle::names(path) {
                Ok(names) => {
                    let texts = names.iter().filter(|name| !name.contains('/') && is_text(Path::new(name)));
                    listing.files = texts.map(|name| (path.join(name), stamp)).collect();
                }
                Err(why) => listing.refused = Some(why),
            },
            stamp => listing.files.push((path.to_owned(), stamp)),
        }
        listing
    }

    /// The files that belong to the library, without what only has the name of one.
    pub fn texts(&self) -> impl Iterator<Item = (&Path, Stamp)> + Clone {
        let texts = self.files.iter().filter(|(_, stamp)| !self.folder || reason(*stamp).is_none());
        texts.map(|(path, stamp)| (&**path, *stamp))
    }

    /// What has the name of a text in the folder, but is left out.
    pub fn left_out(&self) -> Vec<Diagnostic> {
        let files = self.files.iter().filter(|_| self.folder);
        let files = files.filter_map(|(path, stamp)| Some((path, reason(*stamp)?)));
        let note = |(path, why): (&PathBuf, String)| {
            let message = format!("{} is left out: {why}", path.display());
            Diagnostic { severity: Severity::Warning, ..Diagnostic::general("left-out", message) }
        };
        files.take(MOST_NOTES).map(note).collect()
    }
}

/// Why something that has the name of a text in a folder is none. A file that may not be read is one: without it the library is not whole.
fn reason(stamp: Stamp) -> Option<String> {
    match stamp {
        Stamp::File { .. } | Stamp::Fault(ErrorKind::PermissionDenied) => None,
        Stamp::Folder { .. } => Some("it is a folder".into()),
        Stamp::Other => Some("it is not a regular file".into()),
        Stamp::Fault(why) => Some(format!("its link leads nowhere ({why})")),
    }
}

fn entries(folder: &Path) -> io::Result<Vec<(PathBuf, Stamp)>> {
    let mut files = vec![];
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let file = entry.path();
        if is_text(&file) {
            files.push((file, stamp_of(&entry)));
            if files.len() > FILES {
                break;
            }
        }
    }
    files.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(files)
}

/// Whether a file of a folder belongs to its library. Hidden files (of editors and file systems) do not.
pub fn is_text(file: &Path) -> bool {
    let ends =
        file.extension().is_some_and(|e| e.eq_ignore_ascii_case("yaml") || e.eq_ignore_ascii_case("yml"));
    let hidden = file.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    ends && !hidden
}

/// Asking the folder's entry is faster than following the path again, but does not follow links.
fn stamp_of(entry: &DirEntry) -> Stamp {
    match entry.file_type() {
        Ok(kind) if !kind.is_symlink() => Stamp::from(entry.metadata()),
        _ => Stamp::of(&entry.path()),
    }
}

impl Stamp {
    /// Links are followed. What is in a bundle looks as the bundle does.
    pub fn of(file: &Path) -> Stamp {
        match fs::metadata(file) {
            Err(why) if why.kind() == ErrorKind::NotADirectory => match bundle::split(file) {
                Some((bundle, _)) => fs::metadata(bundle).into(),
                None => Stamp::Fault(why.kind()),
            },
            meta => meta.into(),
        }
    }

    /// Whether the file's clock has moved on since it was written, so that it cannot be written again and look the same.
    pub fn is_old(&self) -> bool {
        let Stamp::File { modified: Some(modified), .. } = self else { return false };
        SystemTime::now().duration_since(*modified).is_ok_and(|age| age > GRAIN)
    }
}

impl From<io::Result<Metadata>> for Stamp {
    fn from(meta: io::Result<Metadata>) -> Stamp {
        match meta {
            Err(why) => Stamp::Fault(why.kind()),
            Ok(meta) if meta.is_dir() => Stamp::Folder { modified: meta.modified().ok() },
            Ok(meta) if meta.is_file() => {
                Stamp::File { bytes: meta.len(), modified: meta.modified().ok(), identity: identity(&meta) }
            }
            Ok(_) => Stamp::Other,
        }
    }
}

/// Another file under the same name is another file, even of the same size and time; and so is one whose time was set back.
#[cfg(unix)]
fn identity(meta: &Metadata) -> [i64; 3] {
    use std::os::unix::fs::MetadataExt;
    [meta.ino() as i64, meta.ctime(), meta.ctime_nsec()]
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> [i64; 3] {
    [0; 3]
}

#[cfg(test)]
mod tests {
    use super::super::Scratch;
    use super::*;

    #[cfg(unix)]
    #[test]
    fn listing_leaves_out_what_only_has_the_name_of_a_text() {
        let scratch = Scratch::new("listing-left-out");
        let file = |name: &str| scratch.0.join(name);
        fs::write(file("a.yaml"), "one").unwrap();
        fs::create_dir(file("b.yaml")).unwrap();
        std::os::unix::fs::symlink("d.yaml", file("c.yaml")).unwrap();
        std::os::unix::fs::symlink("c.yaml", file("d.yaml")).unwrap();
        std::os::unix::fs::symlink("a.yaml", file("e.yaml")).unwrap();
        let pipe = std::ffi::CString::new(file("f.yaml").to_str().unwrap()).unwrap();
        // SAFETY: the name is a C string that outlives the call.
        assert_eq!(unsafe { libc::mkfifo(pipe.as_ptr(), 0o600) }, 0);
        let listing = Listing::of(&scratch.0);
        let names: Vec<_> = listing.texts().map(|(path, _)| path.file_name().unwrap().to_owned()).collect();
        assert_eq!(names, ["a.yaml", "e.yaml"]);
        let notes: Vec<_> = listing.left_out().into_iter().map(|note| note.message).collect();
        for (note, (name, why)) in notes.iter().zip([
            ("b.yaml", "it is a folder"),
            ("c.yaml", "its link leads nowhere"),
            ("d.yaml", "its link leads nowhere"),
            ("f.yaml", "it is not a regular file"),
        ]) {
            assert!(note.contains(name) && note.contains(why), "{note}");
        }
        assert_eq!(notes.len(), 4);
    }
}

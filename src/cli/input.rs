//! Which libraries the paths of a command line mean: a folder is one library, and so are files of the same folder that are named
//! together (`seiche check sounds/*.yaml`).

use std::fs;
use std::path::{Path, PathBuf};

use crate::language::{Content, Diagnostic};
use crate::library;

/// The files of one library with what they hold, sorted by name.
pub(super) type Files = Vec<(PathBuf, Content)>;

/// The libraries, one per folder, in the order of their first mention, and what cannot be read.
pub(super) fn libraries(paths: &[PathBuf]) -> (Vec<Files>, Vec<Diagnostic>) {
    let mut folders: Vec<(PathBuf, Files)> = vec![];
    let mut faults = vec![];
    for path in paths {
        let files = match library::read(path) {
            Ok(files) => files,
            Err(fault) => {
                faults.push(fault);
                continue;
            }
        };
        let folder = whole(library::folder(path));
        match folders.iter_mut().find(|(known, _)| *known == folder) {
            Some((_, all)) => all.extend(files),
            None => folders.push((folder, files)),
        }
    }
    let sorted = |(_, mut files): (PathBuf, Files)| {
        files.sort_by(|(a, _), (b, _)| a.file_name().cmp(&b.file_name()));
        files.dedup_by(|(a, _), (b, _)| a.file_name() == b.file_name());
        files
    };
    (folders.into_iter().map(sorted).collect(), faults)
}

/// The same folder always has the same name.
fn whole(folder: &Path) -> PathBuf {
    fs::canonicalize(folder).unwrap_or_else(|_| folder.to_path_buf())
}

//! Looks for the files of samples that are not at their places: by their contents, wherever they may have been moved. Loader thread;
//! bounded in depth, number and time, so that a library on a large disk does not keep anybody waiting.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::language::limits::SAMPLE_BYTES;
use crate::library::Digest;

/// How deep folders are looked into.
const DEPTH: usize = 5;
/// The most files and folders that are looked at.
const MOST: usize = 50_000;
/// The longest that looking may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// The files in some folders and below.
#[derive(Default)]
pub struct Index {
    /// In the order in which they were found: breadth first, by name.
    files: Vec<(PathBuf, u64)>,
    digests: HashMap<PathBuf, Option<Digest>>,
}

impl Index {
    /// All files in these folders; hidden ones are left out, links not followed.
    pub fn of(folders: impl IntoIterator<Item = PathBuf>) -> Index {
        let end = Instant::now() + PATIENCE;
        let (mut files, mut seen, mut left) = (vec![], HashSet::new(), MOST);
        for folder in folders {
            let mut level = vec![folder];
            for _ in 0..=DEPTH {
                let mut below = vec![];
                for folder in level {
                    let Ok(folder) = folder.canonicalize() else { continue };
                    if !seen.insert(folder.clone()) || Instant::now() > end {
                        continue;
                    }
                    let Ok(entries) = fs::read_dir(&folder) else { continue };
                    let mut entries: Vec<_> = entries.flatten().take(left).collect();
                    left -= entries.len();
                    entries.sort_by_key(fs::DirEntry::file_name);
                    for entry in entries {
                        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
                        match entry.file_type() {
                            Ok(kind) if kind.is_dir() && !hidden => below.push(entry.path()),
                            Ok(kind) if kind.is_file() && !hidden => {
                                files.push((entry.path(), entry.metadata().map_or(0, |meta| meta.len())));
                            }
                            _ => {}
                        }
                    }
                }
                level = below;
            }
        }
        Index { files, digests: HashMap::new() }
    }

    /// A file of this content. Only those of the right size are read.
    pub fn find(&mut self, hash: &Digest, bytes: u64) -> Option<PathBuf> {
        let Index { files, digests } = self;
        let size = |(_, size): &&(PathBuf, u64)| *size == bytes && bytes <= SAMPLE_BYTES;
        let same = |path: &&PathBuf| {
            let path = *path;
            let digest = digests.entry(path.clone());
            *digest.or_insert_with(|| fs::read(path).ok().map(|bytes| Digest::of(&bytes))) == Some(*hash)
        };
        files.iter().filter(size).map(|(path, _)| path).find(same).cloned()
    }

    /// The first file of this name, if there is one.
    pub fn named(&self, name: &str) -> Option<PathBuf> {
        let here = |(path, _): &&(PathBuf, u64)| path.file_name().is_some_and(|known| known == name);
        self.files.iter().find(here).map(|(path, _)| path.clone())
    }
}

/// Where the file of a sample may lie in a folder that somebody names: at its path, or at the end of it.
pub fn by_path(folder: &Path, key: &str) -> Option<PathBuf> {
    let parts: Vec<&str> = key.split('/').filter(|part| !part.is_empty() && *part != "..").collect();
    let paths = (0..parts.len()).map(|from| folder.join(parts[from..].join("/")));
    paths.into_iter().find(|path| path.exists())
}

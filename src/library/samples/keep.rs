//! What a project keeps of the samples that it plays, what it brings back, and where people say that missing ones lie. Loader thread.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::known::{Copies, Encoded, Known, Reference, Trust};
use super::search::{Index, by_path};
use super::{Digest, Source, Store, read};

/// What is saved of the samples of a sound.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Each with what it contains, in the order of their paths.
    pub references: Vec<Reference>,
    /// The bytes of those that fit.
    pub copies: Copies,
    /// Those that are missing, by their paths.
    pub missing: Vec<String>,
}

impl Kept {
    /// Bytes of the files that are saved.
    pub fn bytes(&self) -> u64 {
        let sizes: BTreeMap<Digest, u64> = self.references.iter().map(|r| (r.hash, r.bytes)).collect();
        sizes.iter().filter(|(hash, _)| self.copies.contains_key(hash)).map(|(_, bytes)| bytes).sum()
    }
}

impl Store {
    /// Another library: nothing is known of its samples.
    pub fn forget(&mut self) {
        self.restore(&[], &Copies::new());
        self.trust = Trust::Disk;
    }

    /// What a project knows of its samples. A file that contains something else is not played in their place as long as the project
    /// has its own; once the file is saved again it is.
    pub fn restore(&mut self, references: &[Reference], copies: &Copies) {
        let known = references.iter().map(|r| (r.path.clone(), Known::new(r.clone())));
        self.known = known.collect();
        self.links = references
            .iter()
            .filter(|r| !r.at.is_empty())
            .map(|r| (r.path.clone(), PathBuf::from(&r.at)))
            .collect();
        self.copies.clone_from(copies);
        (self.trust, self.index) = (Trust::Project, None);
    }

    /// From now on what the files have is right, where they are.
    pub fn trust_disk(&mut self) {
        (self.trust, self.index) = (Trust::Disk, None);
    }

    /// Folders where to look for what is not at its place.
    pub fn look_in(&mut self, folders: &[String]) {
        self.folders = folders.iter().map(PathBuf::from).collect();
        self.index = None;
    }

    /// The paths of the samples that were missing when they were asked for last.
    pub fn missing(&self) -> BTreeSet<String> {
        let missing = self.used.iter().filter(|(_, used)| matches!(used.source, Source::Nowhere { .. }));
        missing.map(|(key, _)| key.clone()).collect()
    }

    /// Where a missing sample lies: the file itself, or a folder in which all are looked for that are missing: by their contents, then by
    /// their paths, then by their names. An empty `from` means all that are missing. Returns the paths of those that were found.
    ///
    /// # Errors
    /// One sentence: there is nothing at `to`, or nothing of what is missing.
    pub fn relink(&mut self, from: &str, to: &Path) -> Result<Vec<String>, String> {
        let shown = to.display();
        let missing = self.missing();
        let to = to.canonicalize().map_err(|why| format!("{shown} cannot be opened: {why}"))?;
        let found: Vec<(String, PathBuf)> = if to.is_dir() {
            let wanted = missing.iter().filter(|key| from.is_empty() || **key == from);
            let mut index = Index::of([to.clone()]);
            wanted.flat_map(|key| self.in_folder(key, &to, &mut index)).collect()
        } else if from.is_empty() {
            // A single file is meant for the one of its name, or the only one.
            let name = |key: &&String| Path::new(key).file_name() == to.file_name();
            let only = if missing.len() == 1 { missing.first() } else { None };
            missing.iter().find(name).or(only).map(|key| (key.clone(), to.clone())).into_iter().collect()
        } else {
            vec![(from.to_owned(), to.clone())]
        };
        if found.is_empty() {
            return Err(format!("nothing of what is missing was found in {shown}"));
        }
        for (key, path) in &found {
            // Another content is told of, but was meant.
            if let Some(known) = self.known.get_mut(key) {
                *known = Known::new(known.reference.clone());
            }
            self.links.insert(key.clone(), path.clone());
        }
        self.index = None;
        Ok(found.into_iter().map(|(key, _)| key).collect())
    }

    fn in_folder(&self, key: &str, to: &Path, index: &mut Index) -> Vec<(String, PathBuf)> {
        let folder =
            matches!(self.used.get(key).map(|used| &used.source), Some(Source::Nowhere { folder: true }));
        if folder {
            let here = by_path(to, key).filter(|path| path.is_dir()).unwrap_or_else(|| to.to_path_buf());
            let entries = std::fs::read_dir(here).into_iter().flatten().flatten().map(|entry| entry.path());
            let named = entries.filter_map(|path| Some((path.file_name()?.to_str()?.to_owned(), path)));
            let mut all: Vec<_> = named
                .filter(|(name, path)| name.to_lowercase().ends_with(".wav") && path.is_file())
                .map(|(name, path)| (format!("{key}/{name}"), path))
                .collect();
            all.sort();
            return all;
        }
        let known = self.known.get(key).map(|known| (known.reference.hash, known.reference.bytes));
        let same = known.and_then(|(hash, bytes)| index.find(&hash, bytes));
        let name = || Path::new(key).file_name().and_then(|name| index.named(name.to_str()?));
        let path = same.or_else(|| by_path(to, key).filter(|path| path.is_file())).or_else(name);
        path.map(|path| (key.to_owned(), path)).into_iter().collect()
    }

    /// What a project keeps of what was asked for last, with the bytes of as many samples as fit into `limit` (of their files
    /// together). Those that are nowhere else come first, whatever the limit; then the smallest.
    pub fn keep(&mut self, limit: u64) -> Kept {
        let mut references: BTreeMap<String, Reference> = BTreeMap::new();
        let mut files: BTreeMap<Digest, PathBuf> = BTreeMap::new();
        for (key, used) in &self.used {
            if let Some(reference) = &used.reference {
                references.insert(key.clone(), reference.clone());
                if let Source::File(path) = &used.source {
                    files.insert(reference.hash, path.clone());
                }
            }
        }
        // What other sounds of the project play, if it is nowhere else.
        for (key, known) in &self.known {
            if self.copies.contains_key(&known.reference.hash) && !known.was_there() {
                references.entry(key.clone()).or_insert_with(|| known.reference.clone());
            }
        }
        let mut sizes: Vec<(bool, u64, Digest)> =
            references.values().map(|r| (files.contains_key(&r.hash), r.bytes, r.hash)).collect();
        sizes.sort();
        sizes.dedup();
        let (mut copies, mut total) = (Copies::new(), 0u64);
        for (elsewhere, bytes, hash) in sizes {
            if elsewhere && total.saturating_add(bytes) > limit {
                break;
            }
            let encode = |path: &PathBuf| {
                let bytes = read(path).ok().filter(|bytes| Digest::of(bytes) == hash)?;
                Some(Encoded::of(&bytes))
            };
            let known = self.copies.get(&hash).cloned();
            if let Some(copy) = known.or_else(|| files.get(&hash).and_then(encode)) {
                copies.insert(hash, copy);
                total += bytes;
            }
        }
        let references: Vec<Reference> = references.into_values().collect();
        for reference in &references {
            let known = || {
                let mut known = Known::new(reference.clone());
                if files.contains_key(&reference.hash) {
                    known.look(Some(reference.hash));
                }
                known
            };
            self.known.entry(reference.path.clone()).or_insert_with(known);
        }
        self.copies.clone_from(&copies);
        Kept { references, copies, missing: self.missing().into_iter().collect() }
    }
}

//! Writes a collected library: a folder or a bundle, whole or not at all.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{Collection, is_bundle};
use crate::language::limits::FILES;
use crate::library::samples::{Origin, read};
use crate::library::{Digest, bundle, save};

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub texts: usize,
    pub files: usize,
    /// Of the samples.
    pub bytes: u64,
}

impl Report {
    /// `2 texts and 6 files (12.0 MB)`.
    pub fn line(&self) -> String {
        let many = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        let size = self.bytes as f64 / f64::from(1 << 20);
        format!("{} and {} ({size:.1} MB)", many(self.texts, "text"), many(self.files, "file"))
    }
}

/// Writes to a folder, which must be new or empty, or to a bundle where the name ends in `.seiche`; an older one of that name is only
/// replaced if `replace` says so.
///
/// # Errors
/// One sentence; nothing has been written then.
pub fn write(collection: &Collection, to: &Path, replace: bool) -> Result<Report, String> {
    let shown = to.display();
    if collection.texts.len() + collection.files.len() > 2 * FILES {
        return Err(format!("more than {} files cannot be collected", 2 * FILES));
    }
    let written = if is_bundle(to) {
        if to.exists() && !replace {
            return Err(format!("{shown} is there already: choose another name"));
        }
        save::replace(to, |file| {
            bundle::write(file, collection.folders.iter().cloned(), contents(collection))
        })
    } else {
        let empty = fs::read_dir(to).is_ok_and(|mut entries| entries.next().is_none());
        if to.exists() && !empty {
            return Err(format!("{shown} is not an empty folder: choose another"));
        }
        write_folder(collection, to)
    };
    written.map_err(|why| format!("{shown} could not be written: {why}"))?;
    Ok(Report { texts: collection.texts.len(), files: collection.files.len(), bytes: collection.bytes })
}

/// Names and bytes, in the order of the names.
fn contents(collection: &Collection) -> impl Iterator<Item = (String, io::Result<Vec<u8>>)> {
    let texts = collection.texts.iter().map(|(name, text)| (name.clone(), Ok(text.clone().into_bytes())));
    texts.chain(collection.files.iter().map(|(name, (origin, hash))| (name.clone(), bytes(origin, hash))))
}

fn bytes(origin: &Origin, hash: &Digest) -> io::Result<Vec<u8>> {
    let bytes = match origin {
        Origin::Bytes(bytes) => bytes.clone(),
        Origin::File(path) => {
            read(path).map_err(|_| io::Error::other(format!("{} cannot be read", path.display())))?
        }
    };
    match Digest::of(&bytes) == *hash {
        true => Ok(bytes),
        false => Err(io::Error::other("a sample was changed meanwhile; collect again")),
    }
}

/// First under another name, so that there is never a part of it.
fn write_folder(collection: &Collection, to: &Path) -> io::Result<()> {
    let name = to.file_name().ok_or_else(|| io::Error::other("it has no name"))?.to_string_lossy();
    let aside: PathBuf = to.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let fill = || {
        fs::create_dir(&aside)?;
        for folder in &collection.folders {
            fs::create_dir_all(aside.join(folder))?;
        }
        for (name, bytes) in contents(collection) {
            let path = aside.join(name);
            path.parent().map_or(Ok(()), fs::create_dir_all)?;
            fs::write(path, bytes?)?;
        }
        if to.exists() {
            fs::remove_dir(to)?;
        }
        fs::rename(&aside, to)
    };
    fill().inspect_err(|_| drop(fs::remove_dir_all(&aside)))
}

//! The samples that a library plays: found within the library's folders only, their files remembered. Loader thread.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::decode::decode;
use super::listing::Stamp;
use super::vault::{Digest, Key, Vault};
use crate::kernel::Audio;
use crate::language::limits::SAMPLE_BYTES;
use crate::language::model::Span;
use crate::language::{Diagnostic, nearest};

/// The most frames of all files of a folder together.
const MAX_FRAMES: usize = 128 << 20;
/// The most names of a folder that are looked at for a suggestion.
const MAX_NAMES: usize = 10_000;

/// What is wrong with a sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is no such file; the nearest name in that folder.
    Missing {
        nearest: Option<String>,
    },
    /// The path leads out of the library's folder and roots.
    Outside,
    NotAFile,
    Unreadable(String),
    TooLarge(String),
    /// The file ends before its sound does.
    Truncated,
    Damaged(String),
    /// A format, or a part of one, that is not known.
    Unsupported(String),
    /// No channels or no frames.
    NoAudio,
    /// Nobody wants it any more.
    GivenUp,
}

/// A sample that cannot be played, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleError {
    /// The path as it was written.
    pub file: String,
    pub fault: Fault,
}

impl fmt::Display for SampleError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let file = &self.file;
        match &self.fault {
            Fault::Missing { .. } => write!(f, "there is no file `{file}` in the library's folder"),
            Fault::Outside => write!(f, "`{file}` is outside the library's folder"),
            Fault::NotAFile => write!(f, "`{file}` is not a regular file"),
            Fault::Unreadable(why) => write!(f, "`{file}` cannot be read: {why}"),
            Fault::TooLarge(why) => write!(f, "`{file}` is too large: {why}"),
            Fault::Truncated => write!(f, "`{file}` ends before its sound does"),
            Fault::Damaged(why) => write!(f, "`{file}` is damaged: {why}"),
            Fault::Unsupported(why) => write!(f, "`{file}` is of a kind that cannot be played ({why})"),
            Fault::NoAudio => write!(f, "`{file}` has no sound in it"),
            Fault::GivenUp => write!(f, "`{file}` was not loaded: something newer is asked for"),
        }
    }
}

impl SampleError {
    /// The error as a finding about the text at `span`.
    pub fn diagnostic(&self, span: Span) -> Diagnostic {
        let (code, hint) = match &self.fault {
            Fault::Missing { nearest: Some(name) } => {
                ("missing-sample", Some(format!("did you mean `{name}`?")))
            }
            Fault::Missing { nearest: None } => {
                ("missing-sample", Some("paths are relative to the library's folder".into()))
            }
            Fault::Outside => (
                "sample-outside",
                Some("copy the file into the library's folder, or name its folder in `roots`".into()),
            ),
            Fault::Unsupported(_) => {
                ("bad-sample", Some("WAV, AIFF, FLAC, Ogg Vorbis and MP3 can be played".into()))
            }
            Fault::Truncated => ("bad-sample", Some("copy or export the file again".into())),
            _ => ("bad-sample", None),
        };
        let error = Diagnostic::error(code, span, self.to_string());
        match hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

/// Whether what is being loaded is no longer wanted.
pub type Stop = Box<dyn Fn() -> bool + Send + Sync>;

/// The samples of one library: where they lie, and what is known of their files. The audio itself is in the [`Vault`].
pub struct Store {
    vault: Arc<Vault>,
    stop: Stop,
    files: HashMap<PathBuf, (Stamp, Digest)>,
    /// What has been asked for since [`begin`](Store::begin), also where it is missing.
    named: BTreeSet<PathBuf>,
}

impl Default for Store {
    fn default() -> Store {
        Store::new(Vault::shared(), Box::new(|| false))
    }
}

impl Store {
    /// Keeps audio in `vault`, and gives up with [`Fault::GivenUp`] when `stop` says so.
    pub fn new(vault: Arc<Vault>, stop: Stop) -> Store {
        Store { vault, stop, files: HashMap::new(), named: BTreeSet::new() }
    }

    /// Whether what is being compiled is no longer wanted.
    pub fn stopped(&self) -> bool {
        (self.stop)()
    }

    /// A library is compiled anew: what it does not name any more is forgotten.
    pub fn begin(&mut self) {
        let named = std::mem::take(&mut self.named);
        self.files.retain(|path, _| named.contains(path));
        self.vault.trim();
    }

    /// The audio of `file`, as written in a library whose folder is `library`. It is looked for there and in the `roots`
    /// (folders, relative ones within `library`) in this order; a path that leads out of all of them, also by links, is refused.
    /// Rate and channels are those of the file.
    pub fn load(&mut self, library: &Path, file: &str, roots: &[PathBuf]) -> Result<Arc<Audio>, SampleError> {
        let fail = |fault| SampleError { file: file.to_string(), fault };
        let path = self.find(library, file, roots).map_err(fail)?;
        self.read(&path).map_err(fail)
    }

    /// The audio of all WAV files of a folder, in the order of their names in small letters. The folder is found as a file is by
    /// [`load`](Self::load).
    pub fn load_folder(
        &mut self,
        library: &Path,
        folder: &str,
        roots: &[PathBuf],
    ) -> Result<Vec<Arc<Audio>>, SampleError> {
        let fail = |file: &str, fault| SampleError { file: file.to_string(), fault };
        let path = self.find(library, folder, roots).map_err(|fault| fail(folder, fault))?;
        let unreadable = |why: std::io::Error| fail(folder, Fault::Unreadable(why.to_string()));
        let entries = fs::read_dir(&path).map_err(unreadable)?.take(MAX_NAMES).flatten();
        let mut names: Vec<String> =
            entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.retain(|name| name.to_lowercase().ends_with(".wav"));
        names.sort_by_key(|name| (name.to_lowercase(), name.clone()));
        if names.is_empty() {
            return Err(fail(folder, Fault::NoAudio));
        }
        let mut files = vec![];
        let mut frames = 0;
        for name in names {
            let file = format!("{folder}/{name}");
            let audio = self.load(library, &file, roots)?;
            frames += audio.frames() * audio.channels.len();
            if frames > MAX_FRAMES {
                return Err(fail(
                    folder,
                    Fault::TooLarge(format!("its files have more than {MAX_FRAMES} frames")),
                ));
            }
            files.push(audio);
        }
        Ok(files)
    }

    /// Files and folders that have been asked for, also where they are missing: what becomes of them matters.
    pub fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.named.iter()
    }

    /// The true path of a file; where it may come to lie is noted, too.
    fn find(&mut self, library: &Path, file: &str, roots: &[PathBuf]) -> Result<PathBuf, Fault> {
        let found = find(library, file, roots);
        match &found {
            Ok(path) => drop(self.named.insert(path.clone())),
            Err(Fault::Missing { .. }) => {
                let folders =
                    std::iter::once(library.to_path_buf()).chain(roots.iter().map(|r| library.join(r)));
                self.named.extend(folders.map(|folder| folder.join(file)));
            }
            Err(_) => {}
        }
        found
    }

    fn read(&mut self, path: &Path) -> Result<Arc<Audio>, Fault> {
        if (self.stop)() {
            return Err(Fault::GivenUp);
        }
        let stamp = Stamp::of(path);
        match stamp {
            Stamp::File { bytes, .. } if bytes > SAMPLE_BYTES => {
                return Err(Fault::TooLarge(format!("it has more than {} MB", SAMPLE_BYTES >> 20)));
            }
            Stamp::File { .. } => {}
            Stamp::Fault(why) => return Err(Fault::Unreadable(why.to_string())),
            Stamp::Folder { .. } | Stamp::Other => return Err(Fault::NotAFile),
        }
        let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        let known = self.files.get(path).filter(|(known, _)| *known == stamp);
        let known = known.map(|(_, digest)| Key { digest: *digest, extension: extension.clone() });
        if let Some(audio) = known.and_then(|key| self.vault.find(&key)) {
            return Ok(audio);
        }
        let bytes = fs::read(path).map_err(|why| Fault::Unreadable(why.to_string()))?;
        let key = Key { digest: Digest::of(&bytes), extension };
        let audio = self.vault.get(&key, &self.stop, || decode(bytes, &key.extension, &self.stop))?;
        // What is so young may be written again and look the same.
        if stamp.is_old() {
            self.files.insert(path.to_path_buf(), (stamp, key.digest));
        }
        Ok(audio)
    }
}

/// The true path of a file within the library's folder or roots.
pub(super) fn find(library: &Path, file: &str, roots: &[PathBuf]) -> Result<PathBuf, Fault> {
    let folders: Vec<PathBuf> = std::iter::once(library.to_path_buf())
        .chain(roots.iter().map(|root| library.join(root)))
        .filter_map(|folder| folder.canonicalize().ok())
        .collect();
    let mut outside = false;
    for folder in &folders {
        if let Ok(path) = folder.join(file).canonicalize() {
            if folders.iter().any(|folder| path.starts_with(folder)) {
                return Ok(path);
            }
            outside = true;
        }
    }
    if outside || leaves(file) {
        return Err(Fault::Outside);
    }
    Err(Fault::Missing { nearest: folders.iter().find_map(|folder| nearest_file(folder, file)) })
}

/// Whether a relative path climbs above where it starts, or is absolute.
fn leaves(file: &str) -> bool {
    let mut depth = 0;
    for part in Path::new(file).components() {
        depth += match part {
            std::path::Component::Normal(_) => 1,
            std::path::Component::CurDir => 0,
            std::path::Component::ParentDir => -1,
            _ => return true,
        };
        if depth < 0 {
            return true;
        }
    }
    false
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

#[cfg(test)]
mod tests;

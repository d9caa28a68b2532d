//! The samples that libraries play: found within the library's folders only, decoded once per content, shared. Loader thread.

use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::decode::decode;
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

/// A file's bytes told from others'. Not proof against forgery: a forger gets the wrong sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Content([u64; 2]);

impl Content {
    /// Two multiply-and-rotate hashes with different factors over words of 8 bytes, and the length.
    pub fn of(bytes: &[u8]) -> Content {
        let mut lanes = [0x243f_6a88_85a3_08d3u64, 0x1319_8a2e_0370_7344 ^ bytes.len() as u64];
        let factors = [0x9e37_79b9_7f4a_7c15u64, 0xc2b2_ae3d_27d4_eb4f];
        let mut feed = |word: u64| {
            for (lane, factor) in lanes.iter_mut().zip(factors) {
                *lane = (*lane ^ word.wrapping_mul(factor)).rotate_left(29).wrapping_mul(factor);
            }
        };
        let mut words = bytes.chunks_exact(8);
        for word in &mut words {
            feed(word.iter().rev().fold(0, |all, byte| all << 8 | u64::from(*byte)));
        }
        feed(words.remainder().iter().fold(1, |all, byte| all << 8 | u64::from(*byte)));
        // Spreads the last words over all bits.
        (0..4).for_each(|_| feed(0));
        Content(lanes)
    }
}

/// What was known about a file when it was last read.
#[derive(Clone, Copy, PartialEq)]
struct Stamp {
    bytes: u64,
    modified: Option<SystemTime>,
}

/// Decoded samples, one for each content.
#[derive(Default)]
pub struct Store {
    files: HashMap<PathBuf, (Stamp, Content)>,
    /// By content and extension, which helps to tell formats apart.
    audio: HashMap<(Content, String), Arc<Audio>>,
}

impl Store {
    /// The audio of `file`, as written in a library whose folder is `library`. It is looked for there and in the `roots`
    /// (folders, relative ones within `library`) in this order; a path that leads out of all of them, also by links, is refused.
    /// Rate and channels are those of the file.
    pub fn load(&mut self, library: &Path, file: &str, roots: &[PathBuf]) -> Result<Arc<Audio>, SampleError> {
        let fail = |fault| SampleError { file: file.to_string(), fault };
        let path = find(library, file, roots).map_err(fail)?;
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
        let path = find(library, folder, roots).map_err(|fault| fail(folder, fault))?;
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

    /// Lets go of samples that nobody else holds.
    pub fn forget_unused(&mut self) {
        self.audio.retain(|_, audio| Arc::strong_count(audio) > 1);
    }

    /// The files that have been read.
    pub fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.files.keys()
    }

    /// How many samples are kept.
    pub fn len(&self) -> usize {
        self.audio.len()
    }

    pub fn is_empty(&self) -> bool {
        self.audio.is_empty()
    }

    fn read(&mut self, path: &Path) -> Result<Arc<Audio>, Fault> {
        let unreadable = |why: std::io::Error| Fault::Unreadable(why.to_string());
        let meta = fs::metadata(path).map_err(unreadable)?;
        if !meta.is_file() {
            return Err(Fault::NotAFile);
        }
        if meta.len() > SAMPLE_BYTES {
            return Err(Fault::TooLarge(format!("it has more than {} MB", SAMPLE_BYTES >> 20)));
        }
        let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        let stamp = Stamp { bytes: meta.len(), modified: meta.modified().ok() };
        if let Some((known, content)) = self.files.get(path)
            && *known == stamp
            && let Some(audio) = self.audio.get(&(*content, extension.clone()))
        {
            return Ok(audio.clone());
        }
        let bytes = fs::read(path).map_err(unreadable)?;
        let content = Content::of(&bytes);
        let key = (content, extension);
        let audio = match self.audio.get(&key) {
            Some(audio) => audio.clone(),
            None => Arc::new(decode(&bytes, &key.1)?),
        };
        self.files.insert(path.to_path_buf(), (stamp, content));
        self.audio.insert(key, audio.clone());
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

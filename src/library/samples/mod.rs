//! The samples that a library plays: found at their places, in the project, or wherever else the same content lies; their files
//! remembered. Loader thread; it may read, decode and search, and gives up when nobody wants the result any more.

mod fault;
mod fetch;
mod find;
mod keep;
mod known;
mod search;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use super::Digest;
use super::bundle;
use super::decode::decode;
use super::listing::Stamp;
use super::vault::{Key, Vault};
use crate::kernel::Audio;
use crate::language::limits::SAMPLE_BYTES;

pub use fault::{Fault, Near, SampleError};
pub use fetch::{Found, Origin};
pub use find::{Wanted, leaves, plain};
pub use keep::Kept;
pub use known::{Copies, Encoded, Reference, Trust};

use find::MAX_NAMES;
use known::Known;
use search::Index;

/// The most frames of all files of a folder together.
const MAX_FRAMES: usize = 128 << 20;

/// What is played where a file is missing and the rest plays all the same.
static SILENCE: LazyLock<Arc<Audio>> =
    LazyLock::new(|| Arc::new(Audio { rate: 48_000.0, channels: vec![vec![0.0]] }));

/// Whether this is the silence that stands for a file that is missing.
pub fn is_missing(audio: &Arc<Audio>) -> bool {
    Arc::ptr_eq(audio, &SILENCE)
}

/// Whether what is being loaded is no longer wanted.
pub type Stop = Box<dyn Fn() -> bool + Send + Sync>;

/// Which files may be missing without keeping the rest from playing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Excuse {
    #[default]
    Nothing,
    /// Those that were missing before.
    These(BTreeSet<String>),
    Everything,
}

/// A sample that was asked for.
#[derive(Clone, Debug)]
struct Used {
    /// What is known of it; `None` for one that is missing and was never there.
    reference: Option<Reference>,
    source: Source,
}

/// Where the bytes of a sample are.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    File(PathBuf),
    /// In the project only.
    Copy,
    /// Nowhere; what was decoded is still in memory.
    Memory,
    Nowhere {
        folder: bool,
    },
}

/// The samples of one library: where they lie, and what is known of their files. The audio itself is in the [`Vault`].
pub struct Store {
    vault: Arc<Vault>,
    stop: Stop,
    files: HashMap<PathBuf, (Stamp, Digest, u64)>,
    /// What has been asked for since [`begin`](Store::begin), also where it is missing.
    named: BTreeSet<PathBuf>,
    /// The same by what a project knows it by.
    used: BTreeMap<String, Used>,
    known: HashMap<String, Known>,
    copies: Copies,
    trust: Trust,
    /// Where somebody said that samples lie.
    links: BTreeMap<String, PathBuf>,
    /// Where to look for what is not at its place.
    folders: Vec<PathBuf>,
    index: Option<Index>,
    excuse: Excuse,
    notes: Vec<SampleError>,
}

impl Default for Store {
    fn default() -> Store {
        Store::new(Vault::shared(), Box::new(|| false))
    }
}

impl Store {
    /// Keeps audio in `vault`, and gives up with [`Fault::GivenUp`] when `stop` says so.
    pub fn new(vault: Arc<Vault>, stop: Stop) -> Store {
        Store {
            vault,
            stop,
            files: HashMap::new(),
            named: BTreeSet::new(),
            used: BTreeMap::new(),
            known: HashMap::new(),
            copies: Copies::new(),
            trust: Trust::default(),
            links: BTreeMap::new(),
            folders: vec![],
            index: None,
            excuse: Excuse::default(),
            notes: vec![],
        }
    }

    /// Whether what is being compiled is no longer wanted.
    pub fn stopped(&self) -> bool {
        (self.stop)()
    }

    /// A library is compiled anew: what it does not name any more is forgotten. `excuse`: what may be missing.
    pub fn begin(&mut self, excuse: Excuse) {
        let named = std::mem::take(&mut self.named);
        self.files.retain(|path, _| named.contains(path));
        self.used.clear();
        self.excuse = excuse;
        self.vault.trim();
    }

    /// The audio of `file`, as written in a library whose folder is `library`. It is looked for there and in the `roots`
    /// (folders, relative ones within `library`) in this order; a path that leads out of all of them, also by links, is refused.
    /// What a project knows of the file is respected: see [`restore`](Self::restore). Rate and channels are those of the file.
    ///
    /// # Errors
    /// Why it cannot be played, unless that is excused: then it is silence. [`take_notes`](Self::take_notes) says more.
    pub fn load(&mut self, library: &Path, file: &str, roots: &[PathBuf]) -> Result<Arc<Audio>, SampleError> {
        let wanted = Wanted::new(library, file, roots);
        match self.resolve(&wanted) {
            Err(fault) => self.without(&wanted, fault, false).map(|()| SILENCE.clone()),
            done => done.map_err(|fault| error(&wanted, fault)),
        }
    }

    /// The audio of all WAV files of a folder, in the order of their names in small letters. The folder is found as a file is by
    /// [`load`](Self::load).
    ///
    /// # Errors
    /// As [`load`](Self::load), of the first file that cannot be played.
    pub fn load_folder(
        &mut self,
        library: &Path,
        folder: &str,
        roots: &[PathBuf],
    ) -> Result<Vec<Arc<Audio>>, SampleError> {
        let wanted = Wanted::new(library, folder, roots);
        let names = match self.list(&wanted) {
            Ok(names) => names,
            Err(fault) => return self.without(&wanted, fault, true).map(|()| vec![SILENCE.clone()]),
        };
        let mut files = vec![];
        let mut frames = 0;
        for name in names {
            let audio = self.load(library, &format!("{folder}/{name}"), roots)?;
            frames += audio.frames() * audio.channels.len();
            if frames > MAX_FRAMES {
                let why = format!("its files have more than {MAX_FRAMES} frames");
                return Err(error(&wanted, Fault::TooLarge(why)));
            }
            files.push(audio);
        }
        Ok(files)
    }

    /// What is worth saying about what was loaded since the last question.
    pub fn take_notes(&mut self) -> Vec<SampleError> {
        std::mem::take(&mut self.notes)
    }

    /// Files and folders that have been asked for, also where they are missing: what becomes of them matters.
    pub fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.named.iter()
    }

    /// The names of a folder's WAV files: those on the disk, and those that only the project knows.
    fn list(&mut self, wanted: &Wanted) -> Result<Vec<String>, Fault> {
        let found = self.find(wanted);
        let mut names: BTreeSet<String> = BTreeSet::new();
        if let Ok((path, _)) = &found
            && let Some((bundle, folder)) = bundle::split(path)
        {
            let all = bundle::names(bundle).unwrap_or_default();
            let below = |name: &String| Some(name.strip_prefix(&folder)?.strip_prefix('/')?.to_owned());
            names.extend(all.iter().filter_map(below).filter(|name| !name.contains('/')));
        } else if let Ok((path, _)) = &found {
            let entries = fs::read_dir(path).map_err(|why| Fault::Unreadable(why.to_string()))?;
            names.extend(entries.take(MAX_NAMES).flatten().filter_map(|e| e.file_name().into_string().ok()));
        }
        for folder in wanted.keys() {
            let below = |key: &str| {
                let name = key.strip_prefix(&folder)?.strip_prefix('/')?;
                (!name.contains('/')).then(|| name.to_owned())
            };
            // What was there and is gone was taken away.
            let known = self.known.iter().filter(|(_, known)| !known.was_there() || found.is_err());
            names.extend(known.filter_map(|(key, _)| below(key)));
            names.extend(self.links.keys().filter_map(|key| below(key)));
        }
        let mut names: Vec<String> =
            names.into_iter().filter(|name| name.to_lowercase().ends_with(".wav")).collect();
        names.sort_by_cached_key(|name| (name.to_lowercase(), name.clone()));
        match (names.is_empty(), found) {
            (true, Err(fault)) => Err(fault),
            (true, Ok(_)) => Err(Fault::NoAudio),
            _ => Ok(names),
        }
    }

    /// The true path of a file, and the number of its place; where it may come to lie is noted, too.
    fn find(&mut self, wanted: &Wanted) -> Result<(PathBuf, usize), Fault> {
        let found = wanted.find();
        match &found {
            Ok((path, _)) => drop(self.named.insert(path.clone())),
            Err(Fault::Missing(_)) => self.named.extend(wanted.places()),
            Err(_) => {}
        }
        found
    }

    fn resolve(&mut self, wanted: &Wanted) -> Result<Arc<Audio>, Fault> {
        let extension = extension(wanted.file);
        let (reference, source, bytes) = self.locate(wanted)?;
        let copy = self.copies.get(&reference.hash).cloned();
        let damaged =
            || copy.as_ref().and_then(|copy| copy.decode(&reference.hash)).ok_or(Fault::CopyDamaged);
        let made = self.audio(reference.hash, &extension, || match (&source, bytes) {
            (_, Some(bytes)) => Ok(bytes),
            (Source::File(path), None) => read(path),
            _ => damaged(),
        });
        if made == Err(Fault::CopyDamaged) && self.copies.remove(&reference.hash).is_some() {
            self.note(wanted, Some(Fault::CopyDamaged));
            return self.resolve(wanted);
        }
        let audio = made?;
        self.used.insert(reference.path.clone(), Used { reference: Some(reference), source });
        Ok(audio)
    }

    /// Which content is to be played, and where it is; its bytes, if they had to be read to know that.
    fn locate(&mut self, wanted: &Wanted) -> Result<(Reference, Source, Option<Vec<u8>>), Fault> {
        let found = self.find(wanted);
        let place = found.as_ref().map_or(0, |(_, place)| *place);
        let known = |key: &String| self.known.contains_key(key) || self.links.contains_key(key);
        let key = wanted.keys().find(known).or_else(|| wanted.keys().nth(place)).unwrap_or_default();
        let link = self.links.get(&key).filter(|link| link.is_file()).cloned();
        self.named.extend(link.clone());
        let lies = link.clone().map_or_else(|| found.map(|(path, _)| path), Ok);
        let here =
            lies.and_then(|path| self.look(&path).map(|(hash, size, bytes)| (path, hash, size, bytes)));
        let now = here.as_ref().ok().map(|(_, hash, ..)| *hash);
        let changed = self.known.get_mut(&key).is_some_and(|known| known.look(now));
        if let Some(known) = self.known.get(&key).map(|known| known.reference.clone())
            && now != Some(known.hash)
        {
            if now.is_some() && (changed || self.trust == Trust::Disk) {
                self.known.remove(&key);
            } else if let Some((source, note)) = self.own(wanted, &known) {
                self.note(wanted, if now.is_some() { Some(Fault::ProjectPlays) } else { note });
                return Ok((known, source, None));
            } else if now.is_some() {
                self.note(wanted, Some(Fault::FilePlays));
            }
        }
        let (path, hash, size, bytes) = here?;
        let at = link.map_or(String::new(), |link| link.display().to_string());
        Ok((Reference { path: key, hash, bytes: size, at }, Source::File(path), bytes))
    }

    /// What a file contains and how large it is; its bytes, if they had to be read for that.
    fn look(&mut self, path: &Path) -> Result<(Digest, u64, Option<Vec<u8>>), Fault> {
        if (self.stop)() {
            return Err(Fault::GivenUp);
        }
        let stamp = Stamp::of(path);
        match stamp {
            Stamp::File { bytes, .. } if bytes > SAMPLE_BYTES && bundle::split(path).is_none() => {
                return Err(Fault::TooLarge(format!("it has more than {} MB", SAMPLE_BYTES >> 20)));
            }
            Stamp::File { .. } => {}
            Stamp::Fault(why) => return Err(Fault::Unreadable(why.to_string())),
            Stamp::Folder { .. } | Stamp::Other => return Err(Fault::NotAFile),
        }
        if let Some((_, hash, size)) = self.files.get(path).filter(|(known, ..)| *known == stamp) {
            return Ok((*hash, *size, None));
        }
        let bytes = read(path)?;
        let (hash, size) = (Digest::of(&bytes), bytes.len() as u64);
        // What is so young may be written again and look the same.
        if stamp.is_old() {
            self.files.insert(path.to_path_buf(), (stamp, hash, size));
        }
        Ok((hash, size, Some(bytes)))
    }

    /// The audio of this content; its bytes are asked for where nobody has decoded it.
    fn audio(
        &self,
        digest: Digest,
        extension: &str,
        bytes: impl FnOnce() -> Result<Vec<u8>, Fault>,
    ) -> Result<Arc<Audio>, Fault> {
        let key = Key { digest, extension: extension.to_owned() };
        self.vault.get(&key, &self.stop, || decode(bytes()?, extension, &self.stop))
    }

    /// Where there is what the project was saved with, if the file is not that: its copy, the same content elsewhere, or what is still in
    /// memory; and what is to be said about that.
    fn own(&mut self, wanted: &Wanted, known: &Reference) -> Option<(Source, Option<Fault>)> {
        let Reference { hash, bytes, .. } = *known;
        if self.copies.contains_key(&hash) {
            return Some((Source::Copy, None));
        }
        if let Some(path) = self.index(wanted).find(&hash, bytes) {
            self.named.insert(path.clone());
            return Some((Source::File(path.clone()), Some(Fault::FoundAt(path))));
        }
        let key = Key { digest: hash, extension: extension(wanted.file) };
        self.vault.find(&key).map(|_| (Source::Memory, Some(Fault::Gone)))
    }

    /// The files around a library, where what is missing may have been moved.
    fn index(&mut self, wanted: &Wanted) -> &mut Index {
        let (folders, links) = (&self.folders, &self.links);
        self.index.get_or_insert_with(|| {
            // The library itself, what is beside it, and the same where it was when the project was saved.
            let around = wanted.folder.ancestors().skip(1).take(2).filter(|up| up.parent().is_some());
            let roots = wanted.bases().map(|root| wanted.folder.join(root));
            let beside = links.values().filter_map(|link| Some(link.parent()?.to_path_buf()));
            let named = folders.iter().cloned();
            Index::of(named.chain(beside).chain(roots).chain(around.map(Path::to_path_buf)))
        })
    }

    /// Says something about a sample that plays.
    fn note(&mut self, wanted: &Wanted, fault: Option<Fault>) {
        self.notes.extend(fault.map(|fault| SampleError { excused: true, ..error(wanted, fault) }));
    }

    /// A file is missing: an error, or a note where that is excused.
    fn without(&mut self, wanted: &Wanted, fault: Fault, folder: bool) -> Result<(), SampleError> {
        let known = wanted.keys().find_map(|key| self.known.get(&key)).map(|known| known.reference.clone());
        let fault = match fault {
            // It has been within reach once.
            Fault::Outside if known.is_some() => Fault::Missing(Near::Nothing),
            fault => fault,
        };
        let key = match &known {
            Some(reference) => reference.path.clone(),
            None => wanted.keys().next().unwrap_or_default(),
        };
        let excused = match &self.excuse {
            Excuse::Nothing => false,
            Excuse::These(keys) => keys.contains(&key),
            Excuse::Everything => true,
        };
        if !matches!(fault, Fault::Missing(_)) || !excused {
            return Err(error(wanted, fault));
        }
        self.note(wanted, Some(fault));
        self.used.insert(key, Used { reference: known, source: Source::Nowhere { folder } });
        Ok(())
    }
}

fn error(wanted: &Wanted, fault: Fault) -> SampleError {
    SampleError { file: wanted.file.to_owned(), fault, excused: false }
}

/// The bytes of a file, which may be in a bundle.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Fault> {
    if let Some((bundle, name)) = bundle::split(path) {
        return bundle::read(bundle, &name, SAMPLE_BYTES).map_err(Fault::Unreadable);
    }
    fs::read(path).map_err(|why| Fault::Unreadable(why.to_string()))
}

/// In small letters; it helps to tell formats apart.
fn extension(file: &str) -> String {
    Path::new(file).extension().unwrap_or_default().to_string_lossy().to_lowercase()
}

//! A library in one file: a zip archive named `.seiche`, in which texts and samples lie as they would in a folder. It is read in place and
//! never unpacked, so that no name in it can lead anywhere. Loader thread; whatever is in the file, reading it takes bounded time and
//! memory.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipArchive, ZipWriter};

use super::listing::Stamp;
use crate::language::limits::{FILES, SAMPLE_BYTES};

/// What such files are called.
pub const EXTENSION: &str = "seiche";
/// The most files in a bundle, and their bytes together.
const MOST_FILES: usize = 2 * FILES;
const MOST_BYTES: u64 = 4 << 30;
/// The longest name.
const LONGEST_NAME: usize = 1000;

/// What a bundle holds, by name.
struct Bundle {
    archive: ZipArchive<BufReader<File>>,
    /// Number in the archive, and size.
    files: BTreeMap<String, (usize, u64)>,
    folders: BTreeSet<String>,
}

/// Whether a path names a bundle that is there.
pub fn is(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case(EXTENSION)) && path.is_file()
}

/// The bundle that a path leads into, and what it names there; the empty name is the bundle itself.
pub fn split(path: &Path) -> Option<(&Path, String)> {
    let bundle = path.ancestors().find(|up| is(up))?;
    let inner = path.strip_prefix(bundle).ok()?;
    Some((bundle, super::samples::plain(inner)))
}

/// The names of all files of a bundle.
///
/// # Errors
/// One sentence: why the file is no bundle that can be opened.
pub fn names(bundle: &Path) -> Result<Vec<String>, String> {
    with(bundle, |open| Ok(open.files.keys().cloned().collect()))
}

/// Whether a bundle has this file.
pub fn has(bundle: &Path, name: &str) -> bool {
    with(bundle, |open| Ok(open.files.contains_key(name))).unwrap_or(false)
}

/// Whether a bundle has this folder.
pub fn has_folder(bundle: &Path, name: &str) -> bool {
    with(bundle, |open| Ok(open.folders.contains(name))).unwrap_or(false)
}

/// What a file of a bundle holds, if that is at most `most` bytes.
///
/// # Errors
/// One sentence.
pub fn read(bundle: &Path, name: &str, most: u64) -> Result<Vec<u8>, String> {
    with(bundle, |open| open.read(name, most))
}

/// The bundle that was opened last stays open as long as it looks the same.
fn with<T>(path: &Path, work: impl FnOnce(&mut Bundle) -> Result<T, String>) -> Result<T, String> {
    static LAST: Mutex<Option<(PathBuf, Stamp, Bundle)>> = Mutex::new(None);
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    let stamp = Stamp::of(path);
    let open = match last.take() {
        Some(open) if open.0 == path && open.1 == stamp => open,
        _ => (path.to_path_buf(), stamp, Bundle::open(path)?),
    };
    let (.., bundle) = last.insert(open);
    work(bundle)
}

impl Bundle {
    fn open(path: &Path) -> Result<Bundle, String> {
        let fail = |why: String| format!("{} cannot be opened: {why}", path.display());
        let file = File::open(path).map_err(|why| fail(why.to_string()))?;
        if file.metadata().is_ok_and(|meta| meta.len() > MOST_BYTES) {
            return Err(fail(format!("it is larger than {} GB", MOST_BYTES >> 30)));
        }
        let mut archive = ZipArchive::new(BufReader::new(file))
            .map_err(|why| fail(format!("it is no whole bundle ({why})")))?;
        if archive.len() > MOST_FILES {
            return Err(fail(format!("it has more than {MOST_FILES} files")));
        }
        let (mut files, mut folders, mut total) = (BTreeMap::new(), BTreeSet::new(), 0u64);
        for number in 0..archive.len() {
            let entry = archive.by_index_raw(number).map_err(|why| fail(format!("it is damaged ({why})")))?;
            let name = entry.name().map_err(|why| fail(format!("it is damaged ({why})")))?.into_owned();
            let refused = if !is_plain(&name) {
                Some("leads out of it")
            } else if entry.encrypted() {
                Some("is encrypted")
            } else if entry.is_symlink() {
                Some("is a link")
            } else if !matches!(entry.compression(), CompressionMethod::Stored | CompressionMethod::Deflated)
            {
                Some("is packed in a way that is not known")
            } else if entry.size() > SAMPLE_BYTES {
                Some("is too large")
            } else {
                None
            };
            if let Some(why) = refused {
                return Err(fail(format!("the file `{}` in it {why}", name.escape_debug())));
            }
            total = total.saturating_add(entry.size());
            let folder = name.strip_suffix('/');
            let up = folder.into_iter().chain(name.rmatch_indices('/').map(|(at, _)| &name[..at]));
            folders.extend(up.map(str::to_owned));
            if folder.is_none() && files.insert(name.clone(), (number, entry.size())).is_some() {
                return Err(fail(format!("it has the file `{name}` twice")));
            }
        }
        if total > MOST_BYTES {
            return Err(fail(format!("its files have more than {} GB", MOST_BYTES >> 30)));
        }
        Ok(Bundle { archive, files, folders })
    }

    fn read(&mut self, name: &str, most: u64) -> Result<Vec<u8>, String> {
        let Some(&(number, size)) = self.files.get(name) else {
            return Err(format!("there is no `{name}` in the bundle"));
        };
        if size > most {
            return Err(format!("`{name}` is larger than {} MB", most >> 20));
        }
        let damaged = |why: String| format!("`{name}` in the bundle is damaged ({why})");
        let entry = self.archive.by_index(number).map_err(|why| damaged(why.to_string()))?;
        // A file that is larger than it says is cut off there, and memory is taken only for what there really is.
        let mut bytes = vec![];
        entry.take(size + 1).read_to_end(&mut bytes).map_err(|why| damaged(why.to_string()))?;
        if bytes.len() as u64 != size {
            return Err(damaged("it has another size than it says".into()));
        }
        Ok(bytes)
    }
}

/// A name that stays where it is, on every system.
fn is_plain(name: &str) -> bool {
    let name = name.strip_suffix('/').unwrap_or(name);
    let part = |part: &str| !matches!(part, "" | "." | "..");
    let odd = |c: char| c.is_control() || matches!(c, '\\' | ':');
    name.len() <= LONGEST_NAME && !name.contains(odd) && name.split('/').all(part)
}

/// Writes a bundle of these files: the same files give the same bytes, on every system and at any time.
pub fn write(
    to: &mut File,
    folders: impl Iterator<Item = String>,
    files: impl Iterator<Item = (String, io::Result<Vec<u8>>)>,
) -> io::Result<()> {
    // Sounds hardly get smaller, and packers change from version to version.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default())
        .system(System::Unix)
        .unix_permissions(0o644);
    let mut zip = ZipWriter::new(to);
    for folder in folders {
        zip.add_directory(folder, options.unix_permissions(0o755))?;
    }
    for (name, bytes) in files {
        zip.start_file(name, options)?;
        zip.write_all(&bytes?)?;
    }
    zip.finish()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::Scratch;
    use super::*;

    fn made(path: &Path, files: &[(&str, &[u8])]) {
        let files = files.iter().map(|(name, bytes)| ((*name).to_owned(), Ok(bytes.to_vec())));
        write(&mut File::create(path).unwrap(), std::iter::empty(), files).unwrap();
    }

    /// A bundle of one deflated file with this name.
    fn foreign(path: &Path, name: &str, bytes: &[u8]) {
        let mut zip = ZipWriter::new(File::create(path).unwrap());
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        zip.start_file(name, options).unwrap();
        zip.write_all(bytes).unwrap();
        zip.finish().unwrap();
    }

    #[test]
    fn collect_bundle_holds_files_and_is_the_same_bytes() {
        let scratch = Scratch::new("bundle");
        let path = scratch.0.join("song.seiche");
        let files: [(&str, &[u8]); 3] =
            [("a.yaml", b"a: b"), ("kit/deep/x.wav", &[7; 5000]), ("ünit.scl", b"")];
        made(&path, &files);
        let first = fs::read(&path).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(2100));
        made(&path, &files);
        assert!(first == fs::read(&path).unwrap(), "the same at another time");
        assert_eq!(names(&path).unwrap(), ["a.yaml", "kit/deep/x.wav", "ünit.scl"]);
        assert_eq!(read(&path, "kit/deep/x.wav", 5000).unwrap(), [7; 5000]);
        assert!(read(&path, "kit/deep/x.wav", 4999).is_err() && read(&path, "b", 9).is_err());
        assert!(has_folder(&path, "kit/deep") && has_folder(&path, "kit") && !has_folder(&path, "deep"));
        let inner = path.join("kit/./deep/x.wav");
        assert_eq!(split(&inner), Some((&*path, "kit/deep/x.wav".into())));
        // What other programs pack.
        foreign(&path, "b.yaml", &[b'#'; 90_000]);
        assert_eq!(read(&path, "b.yaml", 100_000).unwrap().len(), 90_000);
    }

    #[test]
    fn collect_bundle_that_is_hostile_is_refused() {
        let scratch = Scratch::new("bundle-hostile");
        let path = scratch.0.join("x.seiche");
        for name in ["../up.yaml", "/etc/x", "a/../../b", "a\\b", "c:x", "a//b", "./a", "x\ny"] {
            foreign(&path, name, b"x");
            let why = names(&path).expect_err(name);
            assert!(why.contains("leads out of it"), "{name}: {why}");
        }
        foreign(&path, &"n".repeat(LONGEST_NAME + 1), b"x");
        assert!(names(&path).is_err());
        let mut zip = ZipWriter::new(File::create(&path).unwrap());
        zip.add_symlink("a.wav", "/etc/passwd", SimpleFileOptions::default()).unwrap();
        zip.finish().unwrap();
        assert!(names(&path).unwrap_err().contains("is a link"));
        // Many files.
        let many = (0..=MOST_FILES).map(|n| (n.to_string(), Ok(vec![])));
        write(&mut File::create(&path).unwrap(), std::iter::empty(), many).unwrap();
        assert!(names(&path).unwrap_err().contains("more than 20000 files"));
    }

    #[test]
    fn collect_bundle_that_unpacks_to_more_than_it_says_is_refused() {
        let scratch = Scratch::new("bundle-bomb");
        let path = scratch.0.join("x.seiche");
        foreign(&path, "a.wav", &vec![0; 50 << 20]);
        let good = fs::read(&path).unwrap();
        assert!(good.len() < 100_000 && read(&path, "a.wav", SAMPLE_BYTES).is_ok());
        assert!(read(&path, "a.wav", 1 << 20).unwrap_err().contains("larger than 1 MB"));
        // The size that the directory says, at its place.
        let size = ((50u32) << 20).to_le_bytes();
        let places: Vec<usize> = (0..good.len() - 4).filter(|at| good[*at..*at + 4] == size).collect();
        for lie in [1u32, 600 << 20, u32::MAX - 1] {
            let mut bytes = good.clone();
            places.iter().for_each(|at| bytes[*at..*at + 4].copy_from_slice(&lie.to_le_bytes()));
            fs::write(&path, &bytes).unwrap();
            assert!(read(&path, "a.wav", SAMPLE_BYTES).is_err(), "{lie}");
        }
    }

    #[test]
    fn collect_bundle_that_is_damaged_anywhere_never_panics() {
        let scratch = Scratch::new("bundle-damaged");
        let path = scratch.0.join("x.seiche");
        made(&path, &[("a.yaml", b"a: {osc: {}}"), ("b/c.wav", &[1; 100])]);
        let good = fs::read(&path).unwrap();
        let look = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            let Ok(names) = names(&path) else { return };
            names.iter().for_each(|name| drop(read(&path, name, SAMPLE_BYTES)));
        };
        (0..good.len()).for_each(|end| look(&good[..end]));
        for at in 0..good.len() {
            for value in [0, 0x7f, 0xff] {
                let mut bytes = good.clone();
                bytes[at] = value;
                look(&bytes);
            }
        }
        fs::write(&path, &good[..good.len() / 2]).unwrap();
        assert!(names(&path).unwrap_err().contains("no whole bundle"));
        fs::write(&path, b"a: {osc: {}}").unwrap();
        assert!(names(&path).unwrap_err().contains("cannot be opened"));
    }
}

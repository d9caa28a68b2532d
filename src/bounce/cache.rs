//! What parts have put out, kept on the disk from one bounce to the next: a part whose key, notes and transport are as before is read
//! instead of rendered. Files that are damaged or of another time are as good as missing.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::compile::parts::Key;
use crate::engine::{Place, Stretch};

use super::fault::Failure;

/// Says what the file is, and of which layout.
const MAGIC: &[u8; 8] = b"seiche\0\x02";
/// Stands at the end of a file that is whole.
const END: &[u8; 8] = b"the end\0";

/// A folder of parts.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
    /// Most bytes that it keeps.
    budget: u64,
}

/// Writes what a part puts out. Dropped before its time, it leaves nothing.
pub(super) struct Keeper {
    out: BufWriter<File>,
    part: PathBuf,
    path: PathBuf,
    bytes: Vec<u8>,
}

/// Reads what a part has put out.
pub(super) struct Reader {
    file: BufReader<File>,
    path: PathBuf,
    bytes: Vec<u8>,
    /// There is no more.
    over: bool,
}

impl Cache {
    /// The cache in a folder, which is made if need be. `budget` in bytes.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn new(folder: &Path, budget: u64) -> io::Result<Cache> {
        fs::create_dir_all(folder)?;
        Ok(Cache { folder: folder.to_path_buf(), budget })
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.folder.join(format!("{key}.part"))
    }

    /// What is kept under a key, if it is whole.
    pub(super) fn find(&self, key: &Key) -> Option<Reader> {
        use std::io::{Seek, SeekFrom};
        let path = self.path(key);
        let mut file = File::open(&path).ok()?;
        let mut mark = [0; 8];
        file.seek(SeekFrom::End(-8)).ok()?;
        file.read_exact(&mut mark).ok()?;
        let whole = mark == *END;
        file.seek(SeekFrom::Start(0)).ok()?;
        file.read_exact(&mut mark).ok()?;
        if !whole || mark != *MAGIC {
            return None;
        }
        // It is young again.
        let _ = file.set_modified(std::time::SystemTime::now());
        Some(Reader { file: BufReader::with_capacity(1 << 16, file), path, bytes: vec![], over: false })
    }

    /// Begins to keep something.
    pub(super) fn keep(&self, key: &Key) -> Option<Keeper> {
        let path = self.path(key);
        // Others may be at the same.
        static KEPT: AtomicU64 = AtomicU64::new(0);
        let number = KEPT.fetch_add(1, Ordering::Relaxed);
        let part = path.with_extension(format!("{}-{number}.new", std::process::id()));
        let mut out = BufWriter::with_capacity(1 << 16, File::create(&part).ok()?);
        out.write_all(MAGIC).ok()?;
        Some(Keeper { out, part, path, bytes: vec![] })
    }

    /// Drops what was not used for longest, until the rest fits.
    pub(super) fn trim(&self) {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let ours = entries.filter(|entry| entry.path().extension().is_some_and(|e| e == "part"));
        let mut files: Vec<_> = ours
            .filter_map(|entry| {
                let data = entry.metadata().ok()?;
                Some((data.modified().ok()?, data.len(), entry.path()))
            })
            .collect();
        files.sort();
        let mut bytes: u64 = files.iter().map(|(_, bytes, _)| bytes).sum();
        for (_, size, path) in files {
            if bytes <= self.budget {
                break;
            }
            if fs::remove_file(&path).is_ok() {
                bytes -= size;
            }
        }
    }
}

impl Keeper {
    pub fn write(&mut self, outputs: &[Stretch]) -> io::Result<()> {
        self.bytes.clear();
        outputs.iter().for_each(|output| output.to_bytes(&mut self.bytes));
        self.out.write_all(&(self.bytes.len() as u32).to_le_bytes())?;
        self.out.write_all(&crc32fast::hash(&self.bytes).to_le_bytes())?;
        self.out.write_all(&self.bytes)
    }

    /// Gives the file its name: it is whole.
    pub fn finish(mut self) -> io::Result<()> {
        self.out.write_all(END)?;
        self.out.flush()?;
        fs::rename(&self.part, &self.path)
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        // (Not there any more where it was finished.)
        let _ = fs::remove_file(&self.part);
    }
}

impl Reader {
    /// The next chunk; silence behind the last one, where nobody has listened any more.
    pub fn read(&mut self, place: &Place, outputs: &mut [Stretch]) -> Result<(), Failure> {
        self.chunk(place, outputs).ok_or_else(|| {
            let _ = fs::remove_file(&self.path);
            Failure::Damaged(self.path.display().to_string())
        })
    }

    fn chunk(&mut self, place: &Place, outputs: &mut [Stretch]) -> Option<()> {
        let mut length = [0; 4];
        if !self.over {
            self.file.read_exact(&mut length).ok()?;
            self.over = length == END[..4];
        }
        if self.over {
            outputs.iter_mut().for_each(|output| output.silence(place));
            return Some(());
        }
        // Whatever a damaged file says, no more than its outputs can have.
        let most = outputs.len() * (8 + 6 * place.frames);
        let length = usize::try_from(u32::from_le_bytes(length)).ok().filter(|length| *length <= most)?;
        let mut sum = [0; 4];
        self.file.read_exact(&mut sum).ok()?;
        self.bytes.resize(length, 0);
        self.file.read_exact(&mut self.bytes).ok()?;
        if u32::from_le_bytes(sum) != crc32fast::hash(&self.bytes) {
            return None;
        }
        let mut rest = self.bytes.as_slice();
        for output in outputs {
            rest = &rest[output.take_bytes(rest, place.frames)?..];
        }
        rest.is_empty().then_some(())
    }
}

//! Finds the bytes of samples without decoding them, for those who copy them.

use std::path::{Path, PathBuf};

use super::fault::{Fault, SampleError};
use super::find::Wanted;
use super::{Digest, Source, Store, Used, error, read};

/// Where bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    File(PathBuf),
    Bytes(Vec<u8>),
}

/// A sample that was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// Where it lies, seen from the library's folder, or where it should.
    pub key: String,
    pub hash: Digest,
    pub bytes: u64,
    pub origin: Origin,
}

impl Store {
    /// The sample that [`load`](Store::load) would play.
    ///
    /// # Errors
    /// Why there are no bytes of it; what is missing is noted for [`relink`](Store::relink).
    pub fn fetch(&mut self, wanted: &Wanted) -> Result<Found, SampleError> {
        let (reference, source, bytes) = match self.locate(wanted) {
            Ok(found) => found,
            Err(fault) => return Err(self.lacks(wanted, fault, false)),
        };
        let hash = reference.hash;
        // Bytes that have been read are dropped: many large files together would not fit.
        drop(bytes);
        let origin = match &source {
            Source::File(path) => Origin::File(path.clone()),
            Source::Copy => match self.copies.get(&hash).and_then(|copy| copy.decode(&hash)) {
                Some(bytes) => Origin::Bytes(bytes),
                None => {
                    self.copies.remove(&hash);
                    self.note(wanted, Some(Fault::CopyDamaged));
                    return self.fetch(wanted);
                }
            },
            Source::Memory | Source::Nowhere { .. } => return Err(error(wanted, Fault::Gone)),
        };
        let found = Found { key: reference.path.clone(), hash, bytes: reference.bytes, origin };
        self.used.insert(reference.path.clone(), Used { reference: Some(reference), source });
        Ok(found)
    }

    /// The bytes of a file that is no audio, found as by [`load`](Store::load); `None` where it is missing and that is excused.
    ///
    /// # Errors
    /// Why there are none.
    pub fn load_bytes(
        &mut self,
        library: &Path,
        file: &str,
        roots: &[PathBuf],
    ) -> Result<Option<Vec<u8>>, SampleError> {
        let wanted = Wanted::new(library, file, roots);
        match self.locate(&wanted) {
            Err(fault) => self.without(&wanted, fault, false).map(|()| None),
            Ok(_) => match self.fetch(&wanted)?.origin {
                Origin::Bytes(bytes) => Ok(Some(bytes)),
                Origin::File(path) => read(&path).map(Some).map_err(|fault| error(&wanted, fault)),
            },
        }
    }

    /// The names of the files that [`load_folder`](Store::load_folder) would play.
    ///
    /// # Errors
    /// As [`fetch`](Self::fetch).
    pub fn names(&mut self, wanted: &Wanted) -> Result<Vec<String>, SampleError> {
        self.list(wanted).map_err(|fault| self.lacks(wanted, fault, true))
    }

    fn lacks(&mut self, wanted: &Wanted, fault: Fault, folder: bool) -> SampleError {
        let said = self.notes.len();
        let refused = self.without(wanted, fault.clone(), folder);
        self.notes.truncate(said);
        refused.err().unwrap_or_else(|| error(wanted, fault))
    }
}

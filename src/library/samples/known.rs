//! What a project knows of its samples: what each of them contained, where it lay, and the bytes of some of them. Loader thread; saving
//! only copies it.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::library::Digest;

/// A sample as a project names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// Where it lies, seen from the library's folder, with `/`.
    pub path: String,
    /// What it contains.
    pub hash: Digest,
    /// Size of the file.
    pub bytes: u64,
    /// Where it lies instead, because somebody said so; empty if it is at its place.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub at: String,
}

/// Files of a project by their contents, as they are saved. Encoded once: documents share them.
pub type Copies = BTreeMap<Digest, Encoded>;

/// The bytes of a file in base64.
#[derive(Clone, PartialEq, Eq)]
pub struct Encoded(Arc<str>);

impl Encoded {
    pub fn of(bytes: &[u8]) -> Encoded {
        Encoded(STANDARD.encode(bytes).into())
    }

    /// The bytes; `None` where they are not what `hash` says.
    pub fn decode(&self, hash: &Digest) -> Option<Vec<u8>> {
        STANDARD.decode(&*self.0).ok().filter(|bytes| Digest::of(bytes) == *hash)
    }

    /// Size as it is saved.
    pub fn size(&self) -> usize {
        self.0.len()
    }

    /// Where it is in memory.
    pub fn address(&self) -> *const u8 {
        self.0.as_ptr()
    }
}

impl std::fmt::Debug for Encoded {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "{} characters", self.0.len())
    }
}

impl Serialize for Encoded {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Encoded {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Encoded, D::Error> {
        String::deserialize(deserializer).map(|text| Encoded(text.into()))
    }
}

/// Who is right where a file is not the one that the project was saved with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// What the file has.
    #[default]
    Disk,
    /// What the project has, until the file is saved.
    Project,
}

/// One sample that is known.
#[derive(Clone, Debug)]
pub struct Known {
    pub reference: Reference,
    /// What the file had when it was first looked at, if it was.
    first: Option<Option<Digest>>,
}

impl Known {
    pub fn new(reference: Reference) -> Known {
        Known { reference, first: None }
    }

    /// Notes what the file has now. True if it has come, or changed, since the first look.
    pub fn look(&mut self, now: Option<Digest>) -> bool {
        let first = *self.first.get_or_insert(now);
        now.is_some() && now != first
    }

    /// Whether the file was there at the first look.
    pub fn was_there(&self) -> bool {
        matches!(self.first, Some(Some(_)))
    }
}

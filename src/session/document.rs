//! The project's part of the saved state: one versioned JSON text that holds the whole sound, so that a project opens anywhere. The
//! same content gives the same bytes. Any thread but the audio thread.

use std::sync::Arc;

use super::drums::Saved;
use super::learn::Learned;
use super::macros::Owners;
use super::tiers::Tiers;
use crate::engine::Performance;
use crate::library::samples::{Copies, Reference};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Version that this program writes; it reads this one and older ones.
pub const VERSION: u32 = 2;

/// Larger texts are refused. Frameworks of plug-ins take states of at most 256 MB.
const MOST_BYTES: usize = 250 << 20;

/// Megabytes of samples that are saved with a project unless the user says otherwise, and the most that one can say.
pub const EMBED: u32 = 32;
pub const MOST_EMBED: u32 = 128;

/// What is saved with a project. An empty document is silence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Document {
    /// See [`VERSION`].
    pub version: u32,
    /// File or folder that the library was opened from; empty if there is none. A document with a path and no files opens the path.
    pub path: String,
    /// The chosen sound; empty for the first of the library.
    pub sound: String,
    /// The preset of the factory that the library was taken from, if it was, and is not on the disk.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub preset: String,
    /// Seed of everything random.
    pub seed: u64,
    /// Megabytes of samples that are saved at most.
    pub embed: u32,
    /// The library's text as it sounds, in the order of its files.
    pub files: Vec<File>,
    /// Texts that were typed in the window and have never sounded, in the order of their paths.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<File>,
    /// The macros whose positions the host's parameters are.
    #[serde(skip_serializing_if = "Owners::is_empty")]
    pub macros: Owners,
    /// How keyboards are understood.
    #[serde(skip_serializing_if = "is_default")]
    pub performance: Performance,
    /// How finely it is computed.
    #[serde(skip_serializing_if = "is_default")]
    pub quality: Tiers,
    /// The controllers that move the host's macros.
    #[serde(skip_serializing_if = "Learned::is_empty")]
    pub learned: Learned,
    /// The drums that triggers have learned.
    #[serde(skip_serializing_if = "Saved::is_empty")]
    pub drums: Saved,
    /// Folders where samples are looked for that are not at their places.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub folders: Vec<String>,
    /// The samples that the sound plays, in the order of their paths.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub samples: Vec<Reference>,
    /// The bytes of some of them.
    #[serde(skip_serializing_if = "Copies::is_empty")]
    pub copies: Copies,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// One file of the library.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Path as it was opened; relative sample names are looked up beside it.
    pub path: String,
    /// Shared: the same text is in the history, in the window and in the loader.
    #[serde(serialize_with = "write_text", deserialize_with = "read_text")]
    pub text: Arc<str>,
}

fn write_text<S: Serializer>(text: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    text.as_ref().serialize(serializer)
}

fn read_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<str>, D::Error> {
    String::deserialize(deserializer).map(Arc::from)
}

impl Default for Document {
    fn default() -> Self {
        Self {
            version: VERSION,
            path: String::new(),
            sound: String::new(),
            preset: String::new(),
            seed: 1,
            embed: EMBED,
            files: vec![],
            edits: vec![],
            macros: Owners::new(),
            performance: Performance::default(),
            quality: Tiers::default(),
            learned: Learned::new(),
            drums: Saved::new(),
            folders: vec![],
            samples: vec![],
            copies: Copies::new(),
        }
    }
}

impl Document {
    /// The text to be saved.
    pub fn to_json(&self) -> String {
        // Serialising strings and numbers into memory cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads a saved text; the error is one plain sentence.
    pub fn from_json(text: &str) -> Result<Self, String> {
        if text.len() > MOST_BYTES {
            return Err(format!("The saved state is larger than {} MB.", MOST_BYTES >> 20));
        }
        // A list would be read, too: as the fields in their order.
        if !text.trim_ascii_start().starts_with('{') {
            return Err("The saved state is none of Seiche's.".into());
        }
        let document: Self = serde_json::from_str(text)
            .map_err(|fault| format!("The saved state cannot be read: {fault}."))?;
        match document.version {
            1..=VERSION => Ok(Self { version: VERSION, embed: document.embed.min(MOST_EMBED), ..document }),
            newer => Err(format!(
                "The saved state has version {newer}; this Seiche reads up to version {VERSION}."
            )),
        }
    }

    /// Without what is kept elsewhere while the project is open: texts that never sounded, controllers, and drums.
    pub fn kept(&self) -> Document {
        Document { edits: vec![], learned: Learned::new(), drums: Saved::new(), ..self.clone() }
    }

    /// What tells libraries apart: its place on the disk, and in the factory.
    pub fn library(&self) -> (&str, &str) {
        (&self.path, &self.preset)
    }

    /// Whether it is silence: what has never sounded does not count.
    pub fn is_empty(&self) -> bool {
        self.path.is_empty() && self.files.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Document {
        let file = |n: &str| File {
            path: format!("/songs/{n}.yaml"),
            text: format!("{n}:\n  osc: \"½\"\n").into(),
        };
        Document {
            path: "/songs".into(),
            sound: "b".into(),
            seed: u64::MAX,
            files: vec![file("b"), file("a")],
            ..Default::default()
        }
    }

    #[test]
    fn state_document_round_trips_and_is_the_same_bytes() {
        let text = example().to_json();
        let back = Document::from_json(&text).unwrap();
        assert_eq!(back, example());
        assert_eq!(back.to_json(), text);
        let macros = [(3, "drive".to_owned()), (1, "brightness".to_owned())].into();
        let turned = Document { macros, ..example() };
        assert_eq!(Document::from_json(&turned.to_json()).unwrap(), turned);
        assert!(turned.to_json().ends_with(r#""macros":{"1":"brightness","3":"drive"}}"#));
        assert!(text.starts_with(
            r#"{"version":2,"path":"/songs","sound":"b","seed":18446744073709551615,"embed":32,"files":[{"path""#
        ));
        assert!(!text.contains("edits"), "as it was before there were any");
        let edits = vec![File { path: "/songs/a.yaml".into(), text: "a: [".into() }];
        let edited = Document { edits, ..example() };
        assert_eq!(Document::from_json(&edited.to_json()).unwrap(), edited);
    }

    #[test]
    fn state_document_lacking_parts_takes_defaults() {
        assert_eq!(Document::from_json("{}").unwrap(), Document::default());
        assert_eq!(Document::from_json(r#"{"path":"/x.yaml"}"#).unwrap().path, "/x.yaml");
    }

    #[test]
    fn state_document_refuses_what_it_cannot_read() {
        let newer = Document::from_json(r#"{"version":99}"#).unwrap_err();
        assert!(newer.contains("version 99"), "{newer}");
        assert!(Document::from_json("\u{1}\u{2}garbage").is_err());
        assert!(Document::from_json(r#"{"files":[{"path":3}]}"#).is_err());
        assert!(
            Document::from_json(&"[".repeat(3_000_000)).is_err(),
            "deep nesting is an error, not a crash"
        );
        assert!(Document::from_json(&" ".repeat(MOST_BYTES + 1)).is_err());
    }
}

//! What a file holds. One copy is shared by all who need it: the memory of what was read, the parsed library, the window, the saved
//! project. Any thread but the audio thread.

use std::borrow::Cow;
use std::sync::Arc;

/// The bytes of a file; as text, where they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    Text(Arc<str>),
    /// Not UTF-8: a tuning in an old encoding, or a mistake.
    Bytes(Arc<[u8]>),
}

impl Content {
    pub fn bytes(&self) -> &[u8] {
        match self {
            Content::Text(text) => text.as_bytes(),
            Content::Bytes(bytes) => bytes,
        }
    }

    /// What is not UTF-8 is replaced.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Content::Text(text) => Cow::Borrowed(text),
            Content::Bytes(bytes) => String::from_utf8_lossy(bytes),
        }
    }
}

impl From<Vec<u8>> for Content {
    fn from(bytes: Vec<u8>) -> Content {
        match String::from_utf8(bytes) {
            Ok(text) => Content::Text(text.into()),
            Err(not_text) => Content::Bytes(not_text.into_bytes().into()),
        }
    }
}

impl From<Arc<str>> for Content {
    fn from(text: Arc<str>) -> Content {
        Content::Text(text)
    }
}

impl From<&str> for Content {
    fn from(text: &str) -> Content {
        Content::Text(text.into())
    }
}

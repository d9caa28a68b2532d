//! What a file says beside its sound.

/// Texts, tempo, markers and loop points. Nothing of it depends on when or where the file is written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tags {
    pub title: Option<String>,
    pub artist: Option<String>,
    pub comment: Option<String>,
    /// A musical key, as people write it.
    pub key: Option<String>,
    /// Quarter notes per minute.
    pub bpm: Option<f64>,
    /// In order of their frames.
    pub markers: Vec<Marker>,
    /// First frame of the loop, and the first one behind it.
    pub looped: Option<(u64, u64)>,
    /// Frame of the song at which the file begins (for [`super::Container::Bwf`]).
    pub origin: u64,
}

/// A named place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker {
    pub frame: u64,
    pub name: String,
}

/// What was measured (for [`super::Container::Bwf`]).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Loudness {
    /// LUFS.
    pub integrated: Option<f64>,
    /// LU.
    pub range: Option<f64>,
    /// dBTP.
    pub true_peak: Option<f64>,
}

/// The program that made the file.
pub(super) const SOFTWARE: &str = concat!("Seiche ", env!("CARGO_PKG_VERSION"));

impl Tags {
    /// The texts under the names that Vorbis comments have for them.
    pub(super) fn comments(&self) -> Vec<(String, String)> {
        let texts = [
            ("TITLE", &self.title),
            ("ARTIST", &self.artist),
            ("COMMENT", &self.comment),
            ("INITIALKEY", &self.key),
        ];
        let mut all: Vec<_> =
            texts.into_iter().filter_map(|(name, text)| Some((name.into(), text.clone()?))).collect();
        all.extend(self.bpm.map(|bpm| ("BPM".into(), bpm.to_string())));
        all.push(("ENCODER".into(), SOFTWARE.to_owned()));
        all
    }
}

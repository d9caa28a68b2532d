//! Texts that are being typed in the window and have never sounded. They outlive the window and are saved with the project, so that
//! none is lost. Any thread but the audio thread.

use std::collections::BTreeMap;

use super::{Document, File, Texts};

/// What is typed, file by file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Typed {
    /// Counts the projects that brought texts along: a window that knows an earlier one takes these.
    pub epoch: u64,
    pub files: Vec<File>,
}

impl Typed {
    /// All that has never sounded, in the order of the paths: what is typed, else what is wanted and has errors.
    pub fn unheard(&self, wanted: &Texts, sounds: &Document) -> Vec<File> {
        let edited = wanted.files.iter().filter(|file| file.edited && !file.sounds);
        let edited = edited.map(|file| File { path: file.path.clone(), text: file.text.clone() });
        let all = edited.chain(self.files.iter().cloned()).map(|file| (file.path.clone(), file));
        let all: BTreeMap<String, File> = all.collect();
        all.into_values().filter(|file| !sounds.files.contains(file)).collect()
    }
}

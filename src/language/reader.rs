//! Reads a library again after an edit: files that are as they were are not parsed again. What depends on all files is made anew each
//! time, by the same code as in a first reading, so that both give the same library. Loader thread.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::diagnostic::Diagnostic;
use super::limits::FILE_BYTES;
use super::model::Span;
use super::tree::Entry;
use super::{Content, Library, index, settings, yaml};
use crate::spec::NodeSpec;

/// Remembers the files of the library that it read last.
#[derive(Debug, Default)]
pub struct Reader {
    /// By their numbers, which the places in their trees carry: a file that is renumbered is parsed again.
    files: Vec<Parsed>,
    parsed: usize,
}

/// A file by itself.
#[derive(Debug)]
pub(super) struct Parsed {
    pub path: Arc<Path>,
    content: Content,
    /// As places count in it: without a byte order mark, what is not UTF-8 replaced.
    pub text: Arc<str>,
    /// 0 for a plain file.
    pub version: u32,
    pub entries: Vec<Entry>,
    pub diagnostics: Vec<Diagnostic>,
}

impl Reader {
    /// As [`Library::read`].
    pub fn read<C: Into<Content>>(
        &mut self,
        files: Vec<(PathBuf, C)>,
        specs: &[&'static NodeSpec],
    ) -> Library {
        let files = files.into_iter().map(|(path, content)| (path.into(), content.into()));
        self.take(files.collect(), &|| false);
        index::library(&self.files, specs)
    }

    /// As [`read`](Self::read), but gives up before the next file when `stop` says so: `None`.
    pub fn read_unless(
        &mut self,
        files: Vec<(Arc<Path>, Content)>,
        specs: &[&'static NodeSpec],
        stop: &dyn Fn() -> bool,
    ) -> Option<Library> {
        self.take(files, stop).then(|| index::library(&self.files, specs))
    }

    /// How many files have been parsed, all readings together.
    pub fn parsed(&self) -> usize {
        self.parsed
    }

    /// Parses what is not known; false if it was given up.
    fn take(&mut self, files: Vec<(Arc<Path>, Content)>, stop: &dyn Fn() -> bool) -> bool {
        let count = files.len();
        for (number, (path, content)) in files.into_iter().enumerate() {
            let known = self.files.get_mut(number);
            if known.as_ref().is_some_and(|known| known.path == path && known.content == content) {
                continue;
            }
            if stop() {
                return false;
            }
            self.parsed += 1;
            let new = parse(number as u32, path, content);
            match known {
                Some(known) => *known = new,
                None => self.files.push(new),
            }
        }
        self.files.truncate(count);
        true
    }
}

fn parse(number: u32, path: Arc<Path>, content: Content) -> Parsed {
    let plain = |content, text, diagnostics| Parsed {
        path: path.clone(),
        content,
        text,
        version: 0,
        entries: vec![],
        diagnostics,
    };
    if content.bytes().len() > FILE_BYTES {
        let place = Span { file: number, start: 0, end: 0 };
        let message = format!("this file is larger than {} MB", FILE_BYTES >> 20);
        let fault = Diagnostic::error("file-size", place, message).hint("split it into several files");
        return plain(content, "".into(), vec![fault]);
    }
    let (text, encoding) = decode(&content, number);
    if settings::is_tuning_file(&path) {
        return plain(content, text, vec![]);
    }
    let yaml::File { entries, version, diagnostics } = yaml::read(&text, number);
    // What is found in a file of another encoding is mostly a consequence.
    let diagnostics = encoding.map_or(diagnostics, |fault| vec![fault]);
    Parsed { path, content, text, version, entries, diagnostics }
}

/// The text of a file, without a byte order mark; where it is not UTF-8, with replacement characters and an error.
fn decode(content: &Content, number: u32) -> (Arc<str>, Option<Diagnostic>) {
    const MARK: &str = "\u{FEFF}";
    let bytes = match content {
        Content::Text(text) => {
            return (text.strip_prefix(MARK).map_or_else(|| text.clone(), Arc::from), None);
        }
        Content::Bytes(bytes) => bytes.strip_prefix(MARK.as_bytes()).unwrap_or(bytes),
    };
    let at = std::str::from_utf8(bytes).map_or_else(|why| why.valid_up_to(), str::len);
    let byte = bytes.get(at).copied().unwrap_or(0);
    let span = Span { file: number, start: at as u32, end: at as u32 + 3 };
    let message = format!("this file is not UTF-8: byte {byte:#04X} at offset {at}");
    let fault = Diagnostic::error("encoding", span, message).hint("save the file with the encoding UTF-8");
    (String::from_utf8_lossy(bytes).into(), Some(fault))
}

#[cfg(test)]
mod tests;

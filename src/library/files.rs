//! The texts of a library, kept from one reading to the next: a file that looks as it did is not read again. Loader thread; waits for
//! the disk, but never for a pipe.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::bundle;
use super::listing::{Listing, Stamp};
use super::samples;
use crate::language::limits::{FILE_BYTES, FILES};
use crate::language::{Content, Diagnostic, tuning_files};

/// What the files of a library hold, in the order in which they are read.
pub type Texts = Vec<(Arc<Path>, Content)>;

/// Remembers what was read last.
#[derive(Default)]
pub struct Files {
    /// In the order of the listing.
    texts: Vec<Kept>,
    /// What the texts name, in the order in which they do.
    tunings: Vec<Kept>,
    opened: usize,
}

struct Kept {
    path: Arc<Path>,
    /// `None`: to be read in any case.
    stamp: Option<Stamp>,
    content: Content,
    /// The tuning files that the text names.
    tunings: Vec<String>,
}

impl Files {
    /// The texts in a listing, with the tuning files that they name behind them. Missing ones are reported by who parses the text.
    /// Gives up before the next file when `stop` says so: `None`.
    ///
    /// # Errors
    /// The first text that cannot be read; or why there is none.
    pub fn read(&mut self, listing: &Listing, stop: &dyn Fn() -> bool) -> Result<Option<Texts>, Diagnostic> {
        complain(listing)?;
        let Some(read) = fill(&mut self.texts, listing.texts(), stop)? else { return Ok(None) };
        let mut named: Vec<PathBuf> = self.texts.iter().flat_map(tuning_paths).collect();
        let mut known = HashSet::new();
        named.retain(|path| known.insert(path.clone()));
        let named: Vec<_> = named.iter().map(|path| (&**path, Stamp::of(path))).collect();
        let Some(more) = fill(&mut self.tunings, named.into_iter(), stop)? else { return Ok(None) };
        self.opened += read + more;
        let all = self.texts.iter().chain(&self.tunings);
        Ok(Some(all.map(|kept| (kept.path.clone(), kept.content.clone())).collect()))
    }

    /// How many files have been opened, all finished readings together.
    pub fn opened(&self) -> usize {
        self.opened
    }
}

/// Makes `all` hold these files, and reads those that it must; how many, or `None` if it was given up.
fn fill<'a>(
    all: &mut Vec<Kept>,
    files: impl Iterator<Item = (&'a Path, Stamp)> + Clone,
    stop: &dyn Fn() -> bool,
) -> Result<Option<usize>, Diagnostic> {
    if !all.iter().map(|kept| &*kept.path).eq(files.clone().map(|(path, _)| path)) {
        // Files have come or gone.
        let mut known: HashMap<Arc<Path>, Kept> = all.drain(..).map(|k| (k.path.clone(), k)).collect();
        let keep = |(path, _): (&Path, Stamp)| known.remove(path).unwrap_or_else(|| Kept::unread(path));
        all.extend(files.clone().map(keep));
    }
    let mut read = 0;
    for (kept, (path, stamp)) in all.iter_mut().zip(files) {
        if kept.stamp == Some(stamp) {
            continue;
        }
        if stop() {
            return Ok(None);
        }
        kept.stamp = None;
        let content = read_text(path, stamp)?;
        read += 1;
        // One copy, where only the looks have changed.
        if kept.content != content {
            kept.tunings = tuning_files(&content.text());
            kept.content = content;
        }
        kept.stamp = Some(stamp).filter(|stamp| stamp.is_old() && Stamp::of(path) == *stamp);
    }
    Ok(Some(read))
}

impl Kept {
    fn unread(path: &Path) -> Kept {
        Kept { path: path.into(), stamp: None, content: Content::from(""), tunings: vec![] }
    }
}

/// What keeps a whole library from being read.
fn complain(listing: &Listing) -> Result<(), Diagnostic> {
    let path = listing.path.display();
    if let Some(why) = &listing.refused {
        return Err(Diagnostic::general("bad-bundle", why.clone()));
    }
    Err(match listing.fault {
        Some(ErrorKind::NotFound) => {
            Diagnostic::general("missing-file", format!("there is no file or folder {path}"))
        }
        Some(why) => unreadable(&listing.path, why),
        None if listing.texts().next().is_none() => {
            let what = if bundle::is(&listing.path) { "bundle" } else { "folder" };
            Diagnostic::general("no-files", format!("the {what} {path} has no .yaml files"))
        }
        None if listing.files.len() > FILES => {
            let message = format!("the folder {path} has more than {FILES} .yaml files");
            Diagnostic::general("too-many-files", message).hint("move some of them to another folder")
        }
        None => return Ok(()),
    })
}

fn read_text(path: &Path, stamp: Stamp) -> Result<Content, Diagnostic> {
    match stamp {
        Stamp::File { bytes, .. } if bytes > FILE_BYTES as u64 && bundle::split(path).is_none() => {
            let message = format!("{} is larger than {} MB", path.display(), FILE_BYTES >> 20);
            Err(Diagnostic::general("file-too-large", message))
        }
        Stamp::File { .. }
            if let Some((bundle, name)) = bundle::split(path).filter(|(_, n)| !n.is_empty()) =>
        {
            let read = bundle::read(bundle, &name, FILE_BYTES as u64);
            read.map(Content::from).map_err(|why| Diagnostic::general("unreadable-file", why))
        }
        Stamp::File { .. } => fs::read(path).map(Content::from).map_err(|why| unreadable(path, why.kind())),
        Stamp::Fault(why) => Err(unreadable(path, why)),
        Stamp::Folder { .. } | Stamp::Other => {
            Err(Diagnostic::general("not-a-file", format!("{} is not a regular file", path.display())))
        }
    }
}

fn unreadable(path: &Path, why: ErrorKind) -> Diagnostic {
    Diagnostic::general("unreadable-file", format!("{} cannot be read: {why}", path.display()))
}

/// The tuning files that a text names, as far as they are there, beside it or below.
fn tuning_paths(text: &Kept) -> impl Iterator<Item = PathBuf> + '_ {
    let folder = text.path.parent().unwrap_or(Path::new(""));
    let beside = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    text.tunings
        .iter()
        .filter(|name| samples::Wanted::new(beside, name, &[]).find().is_ok())
        .map(|name| folder.join(name))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::super::Scratch;
    use super::*;

    /// As if it had been written an hour ago.
    fn write(path: &Path, text: &str) {
        fs::write(path, text).unwrap();
        let hour = SystemTime::now() - Duration::from_secs(3600);
        fs::File::options().write(true).open(path).unwrap().set_modified(hour).unwrap();
    }

    fn read(files: &mut Files, path: &Path) -> String {
        let all = files.read(&Listing::of(path), &|| false).unwrap().unwrap();
        let fresh = Files::default().read(&Listing::of(path), &|| false).unwrap().unwrap();
        assert_eq!(all, fresh, "the same as when nothing is known");
        let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
        all.iter().map(|(path, content)| format!("{}={} ", name(path), content.text())).collect()
    }

    #[test]
    fn files_that_did_not_change_are_not_read_again() {
        let scratch = Scratch::new("files-again");
        let file = |name: &str| scratch.0.join(name);
        ["a.yaml", "b.yaml", "c.yaml"].iter().for_each(|name| write(&file(name), "1"));
        let mut files = Files::default();
        let mut opens = |want: &str, opened: usize| {
            let before = files.opened();
            assert_eq!(read(&mut files, &scratch.0), want);
            assert_eq!(files.opened() - before, opened, "{want}");
        };
        opens("a.yaml=1 b.yaml=1 c.yaml=1 ", 3);
        opens("a.yaml=1 b.yaml=1 c.yaml=1 ", 0);
        write(&file("b.yaml"), "22");
        opens("a.yaml=1 b.yaml=22 c.yaml=1 ", 1);
        fs::remove_file(file("a.yaml")).unwrap();
        write(&file("ba.yaml"), "3");
        opens("b.yaml=22 ba.yaml=3 c.yaml=1 ", 1);
        // One that is so young that it may be written again and look the same.
        fs::write(file("c.yaml"), "4").unwrap();
        opens("b.yaml=22 ba.yaml=3 c.yaml=4 ", 1);
        opens("b.yaml=22 ba.yaml=3 c.yaml=4 ", 1);
        write(&file("x.scl"), "scale");
        write(&file("c.yaml"), "seiche: 1\ntuning: {scale: x.scl}\n");
        opens("b.yaml=22 ba.yaml=3 c.yaml=seiche: 1\ntuning: {scale: x.scl}\n x.scl=scale ", 2);
        write(&file("x.scl"), "other");
        opens("b.yaml=22 ba.yaml=3 c.yaml=seiche: 1\ntuning: {scale: x.scl}\n x.scl=other ", 1);
    }

    #[test]
    fn files_stop_being_read_when_nobody_wants_them_any_more() {
        let scratch = Scratch::new("files-stop");
        for name in 0..10 {
            write(&scratch.0.join(format!("{name}.yaml")), "1");
        }
        let mut files = Files::default();
        let asked = std::cell::Cell::new(0);
        let stop = || asked.replace(asked.get() + 1) >= 3;
        assert_eq!(files.read(&Listing::of(&scratch.0), &stop).unwrap(), None);
        assert_eq!(asked.get(), 4, "asked before each file, and not after it was to stop");
        assert_eq!(files.read(&Listing::of(&scratch.0), &|| false).unwrap().unwrap().len(), 10);
        assert_eq!(files.opened(), 7, "what was read before is known");
    }
}

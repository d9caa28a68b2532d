//! Writes a text back to its file, whole or not at all: into a new file beside it, which then takes its name. Loader thread.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::language::Diagnostic;

/// As many links as file systems follow.
const LINKS: usize = 40;

/// Replaces what a file holds. Links are followed, permissions kept. A file that is not there is made.
///
/// # Errors
/// Why it could not be written, and what to do about it; the file is then as it was.
pub fn write(path: &Path, text: &[u8]) -> Result<(), Diagnostic> {
    replace(path, |file| file.write_all(text)).map_err(|why| explain(path, &why))
}

/// The same with whatever `fill` writes.
pub(super) fn replace(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    if super::bundle::split(path).is_some_and(|(_, inner)| !inner.is_empty()) {
        return Err(io::Error::other("it is in a bundle, which is not written to"));
    }
    let file = target(path)?;
    let old = match fs::metadata(&file) {
        Err(why) if why.kind() == ErrorKind::NotFound => None,
        meta => Some(meta?),
    };
    if old.as_ref().is_some_and(|old| !old.is_file()) {
        return Err(ErrorKind::IsADirectory.into());
    }
    // Renaming would get round a file's own protection.
    if old.as_ref().is_some_and(|old| old.permissions().readonly()) {
        return Err(ErrorKind::PermissionDenied.into());
    }
    let (aside, mut new) = create_beside(&file)?;
    let written = fill(&mut new).and_then(|()| {
        old.map_or(Ok(()), |old| new.set_permissions(old.permissions()))?;
        new.sync_all()?;
        fs::rename(&aside, &file)
    });
    if written.is_err() {
        // Of no use any more; the reason for the failure is what the user needs to know.
        let _ = fs::remove_file(&aside);
    }
    written
}

/// The file behind a chain of links, also where it does not exist.
fn target(path: &Path) -> io::Result<PathBuf> {
    let mut file = path.to_path_buf();
    for _ in 0..LINKS {
        match fs::read_link(&file) {
            Ok(to) => file = file.parent().unwrap_or(Path::new("")).join(to),
            Err(_) => return Ok(file),
        }
    }
    Err(io::Error::other("its links lead in a circle"))
}

/// A new hidden file in the same folder: renaming works within one file system only, and hidden files are not part of a library.
fn create_beside(file: &Path) -> io::Result<(PathBuf, File)> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let aside = file.with_file_name(format!(".{name}.{}-{number}.tmp", std::process::id()));
    let new = OpenOptions::new().write(true).create_new(true).open(&aside)?;
    Ok((aside, new))
}

fn explain(path: &Path, why: &io::Error) -> Diagnostic {
    let (reason, hint) = match why.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            ("the disk is full".to_string(), "make room and save again")
        }
        ErrorKind::FileTooLarge => (
            "it would be larger than files may be there".to_string(),
            "make it shorter, or raise that limit, and save again",
        ),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            ("it is protected from writing".to_string(), "allow writing in its folder and save again")
        }
        ErrorKind::NotFound | ErrorKind::NotADirectory => {
            ("its folder is gone".to_string(), "make the folder again and save again")
        }
        ErrorKind::IsADirectory => {
            ("it is not a file".to_string(), "move what is in its place, and save again")
        }
        _ => (why.to_string(), "mend that and save again"),
    };
    Diagnostic::general("not-saved", format!("{} could not be saved: {reason}", path.display()))
        .hint(format!("the text is kept here and in the project; {hint}"))
}

#[cfg(test)]
mod tests {
    use super::super::Scratch;
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn save_replaces_the_file_and_leaves_nothing_beside_it() {
        let scratch = Scratch::new("save-plain");
        let file = scratch.0.join("a.yaml");
        write(&file, b"one").unwrap();
        write(&file, b"two").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"two");
        assert_eq!(names(&scratch.0), ["a.yaml"]);
    }

    #[cfg(unix)]
    #[test]
    fn save_follows_links_and_keeps_permissions() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let scratch = Scratch::new("save-links");
        let (real, link) = (scratch.0.join("real.txt"), scratch.0.join("a.yaml"));
        fs::write(&real, "one").unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        symlink("real.txt", &link).unwrap();
        write(&link, b"two").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink(), "the link stays a link");
        assert_eq!(fs::read(&real).unwrap(), b"two");
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
        fs::remove_file(&real).unwrap();
        write(&link, b"three").unwrap();
        assert_eq!(fs::read(&real).unwrap(), b"three", "a link to nothing is followed, too");
        symlink("round.yaml", scratch.0.join("round.yaml")).unwrap();
        assert!(write(&scratch.0.join("round.yaml"), b"x").is_err());
    }

    #[test]
    fn save_that_fails_says_why_and_changes_nothing() {
        let scratch = Scratch::new("save-fails");
        let file = scratch.0.join("a.yaml");
        fs::write(&file, "one").unwrap();
        let mut protected = fs::metadata(&file).unwrap().permissions();
        protected.set_readonly(true);
        fs::set_permissions(&file, protected).unwrap();
        fs::create_dir(scratch.0.join("folder.yaml")).unwrap();
        for (path, why) in [
            (file.clone(), "protected from writing"),
            (scratch.0.join("gone/a.yaml"), "its folder is gone"),
            (scratch.0.join("folder.yaml"), "not a file"),
        ] {
            let fault = write(&path, b"two").unwrap_err();
            assert!(fault.message.contains(why), "{}", fault.message);
            assert!(fault.hint.unwrap().contains("the text is kept"));
        }
        assert_eq!(fs::read(&file).unwrap(), b"one");
        assert_eq!(names(&scratch.0), ["a.yaml", "folder.yaml"]);
        let full = explain(&file, &ErrorKind::StorageFull.into());
        assert!(full.message.contains("the disk is full") && full.hint.unwrap().contains("make room"));
    }
}

//! Files: which ones make a library, and the samples that it plays. Loader thread; everything here may touch the disk and wait.

pub mod bundle;
pub mod collect;
mod decode;
mod digest;
mod files;
mod listing;
pub mod presets;
pub mod samples;
pub mod save;
pub mod vault;
pub mod watch;

use std::path::{Path, PathBuf};

pub use digest::Digest;
pub use files::{Files, Texts};
pub use listing::{Listing, is_text};

use self::samples::{Fault, SampleError};
use crate::kernel::Audio;
use crate::language::{Content, Diagnostic, Library};

/// The texts of the library at `path`, in alphabetical order of file names, with the tuning files that they name behind them. A folder
/// is one library: all its `.yaml` and `.yml` files, not those of folders within; so is a bundle. A text alone is a library of one.
///
/// # Errors
/// Why there is none, or the first text that cannot be read.
pub fn read(path: &Path) -> Result<Vec<(PathBuf, Content)>, Diagnostic> {
    let files = Files::default().read(&Listing::of(path), &|| false)?.unwrap_or_default();
    Ok(files.into_iter().map(|(path, content)| (path.to_path_buf(), content)).collect())
}

/// The sound in a file, whatever kind of sound file it is.
///
/// # Errors
/// What is wrong with it.
pub fn audio(path: &Path) -> Result<Audio, SampleError> {
    let fail = |fault| SampleError { file: path.display().to_string(), fault, excused: false };
    let bytes = std::fs::read(path).map_err(|why| fail(Fault::Unreadable(why.to_string())))?;
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    decode::decode(bytes, &extension, &|| false).map_err(fail)
}

/// Roots that are no folders: nothing can be read there.
pub fn missing_roots(library: &Library) -> Vec<Diagnostic> {
    let files = library.files().iter().enumerate();
    let roots = files.flat_map(|(number, file)| {
        let folder = file.path.parent().unwrap_or(Path::new("."));
        library.roots(number as u32).map(move |(root, span)| (folder.join(root), root, span))
    });
    let there = |folder: &Path| match bundle::split(folder) {
        Some((bundle, name)) => name.is_empty() || bundle::has_folder(bundle, &name),
        None => folder.is_dir(),
    };
    let missing = roots.filter(|(folder, ..)| !there(folder)).map(|(_, root, span)| {
        let message = format!("there is no folder `{}`", root.display());
        Diagnostic::warning("missing-root", span, message).hint("roots are relative to this file")
    });
    missing.collect()
}

/// The folder that a library's file names are relative to: itself, also where it is a bundle, or that of its one file.
pub fn folder(path: &Path) -> &Path {
    if path.is_dir() || bundle::is(path) {
        return path;
    }
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// A folder of its own for a test, removed at its end.
#[cfg(test)]
pub(crate) struct Scratch(pub PathBuf);

#[cfg(test)]
impl Scratch {
    pub fn new(name: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("seiche-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Scratch(path.canonicalize().unwrap())
    }
}

#[cfg(test)]
impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::language::limits::FILE_BYTES;

    #[test]
    fn library_folder_is_all_its_texts_in_order() {
        let scratch = Scratch::new("folder");
        for name in ["b.yaml", "a.yml", "c.YAML", "notes.txt", ".hidden.yaml"] {
            fs::write(scratch.0.join(name), name).unwrap();
        }
        fs::create_dir(scratch.0.join("folder.yaml")).unwrap();
        fs::write(scratch.0.join("folder.yaml/inner.yaml"), "").unwrap();
        let files = read(&scratch.0).unwrap();
        let names: Vec<_> = files.iter().map(|(_, content)| content.text().into_owned()).collect();
        assert_eq!(names, ["a.yml", "b.yaml", "c.YAML"]);
        assert_eq!(folder(&scratch.0), scratch.0);
    }

    #[test]
    fn library_file_alone_is_a_library_of_one() {
        let scratch = Scratch::new("file");
        fs::write(scratch.0.join("a.yaml"), "one").unwrap();
        fs::write(scratch.0.join("b.yaml"), "two").unwrap();
        let file = scratch.0.join("b.yaml");
        assert_eq!(read(&file).unwrap(), [(file.clone(), Content::from("two"))]);
        assert_eq!(folder(&file), scratch.0);
        assert_eq!(folder(Path::new("lone.yaml")), Path::new("."));
    }

    #[test]
    fn library_brings_the_tuning_files_that_it_names() {
        let scratch = Scratch::new("tunings");
        fs::create_dir(scratch.0.join("tunings")).unwrap();
        fs::write(scratch.0.join("tunings/just.scl"), "just\n1\n2/1\n").unwrap();
        fs::write(scratch.0.join("other.scl"), "other\n1\n2/1\n").unwrap();
        let text = "seiche: 1\ntuning: {scale: tunings/just.scl, keyboard: ../../etc/passwd}\n";
        fs::write(scratch.0.join("a.yaml"), text).unwrap();
        for path in [scratch.0.clone(), scratch.0.join("a.yaml")] {
            let files = read(&path).unwrap();
            let names: Vec<_> =
                files.iter().map(|(file, _)| file.strip_prefix(&scratch.0).unwrap()).collect();
            assert_eq!(names, [Path::new("a.yaml"), Path::new("tunings/just.scl")]);
        }
    }

    #[test]
    fn library_that_cannot_be_read_says_why() {
        let scratch = Scratch::new("unreadable");
        let code = |path: &Path| read(path).expect_err("no library").code;
        assert_eq!(code(&scratch.0.join("missing.yaml")), "missing-file");
        assert_eq!(code(&scratch.0), "no-files");
        let large = scratch.0.join("large.yaml");
        fs::File::create(&large).unwrap().set_len(FILE_BYTES as u64 + 1).unwrap();
        assert_eq!(code(&large), "file-too-large");
        #[cfg(unix)]
        assert_eq!(code(Path::new("/dev/null")), "not-a-file");
    }
}

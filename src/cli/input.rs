//! Finds and reads the files of a library: a folder is one library, and so are files of the same folder that are named together.

use std::fs;
use std::path::{Path, PathBuf};

use super::Fault;

/// The files of one library with their bytes, sorted by name.
pub(super) type Files = Vec<(PathBuf, Vec<u8>)>;

/// Longest that is read of one file; the language refuses what is longer than 16 MB.
const MAX_BYTES: u64 = (16 << 20) + 1;

/// The libraries that these paths name, one per folder, in the order of their first mention. Of a folder all `.yaml` and `.yml`
/// files are taken, not those of folders within it.
pub(super) fn libraries(paths: &[PathBuf]) -> Result<Vec<Files>, Fault> {
    let mut folders: Vec<(PathBuf, Vec<PathBuf>)> = vec![];
    for path in paths {
        let kind = fs::metadata(path).map_err(|e| unreadable(path, &e))?;
        let (folder, files) = if kind.is_dir() {
            (path.clone(), yaml_files(path)?)
        } else if kind.is_file() {
            (path.parent().unwrap_or(Path::new("")).to_path_buf(), vec![path.clone()])
        } else {
            return Err(format!("{}: neither a file nor a folder", path.display()));
        };
        let whole = fs::canonicalize(if folder.as_os_str().is_empty() { Path::new(".") } else { &folder })
            .map_err(|e| unreadable(&folder, &e))?;
        match folders.iter_mut().find(|(known, _)| *known == whole) {
            Some((_, all)) => all.extend(files),
            None => folders.push((whole, files)),
        }
    }
    folders.into_iter().map(|(_, files)| read(files)).collect()
}

fn yaml_files(folder: &Path) -> Result<Vec<PathBuf>, Fault> {
    let entries = fs::read_dir(folder).map_err(|e| unreadable(folder, &e))?;
    let paths = entries.filter_map(|e| Some(e.ok()?.path()));
    let yaml = |p: &PathBuf| p.extension().is_some_and(|e| e == "yaml" || e == "yml") && p.is_file();
    let files: Vec<PathBuf> = paths.filter(yaml).collect();
    if files.is_empty() {
        return Err(format!("{}: no .yaml or .yml file in this folder", folder.display()));
    }
    Ok(files)
}

fn read(mut files: Vec<PathBuf>) -> Result<Files, Fault> {
    files.sort_by(|a, b| a.file_name().cmp(&b.file_name()));
    files.dedup_by(|a, b| a.file_name() == b.file_name());
    let bytes = |path: &PathBuf| {
        use std::io::Read;
        let mut bytes = vec![];
        fs::File::open(path).and_then(|f| f.take(MAX_BYTES).read_to_end(&mut bytes)).map(|_| bytes)
    };
    files.into_iter().map(|path| bytes(&path).map_err(|e| unreadable(&path, &e)).map(|b| (path, b))).collect()
}

fn unreadable(path: &Path, error: &std::io::Error) -> Fault {
    match error.kind() {
        std::io::ErrorKind::NotFound => format!("{}: there is no such file or folder", path.display()),
        std::io::ErrorKind::PermissionDenied => format!("{}: reading it is not permitted", path.display()),
        _ => format!("{}: cannot be read ({error})", path.display()),
    }
}

//! Makes a library of the factory, as it was changed in the window, one of the user's presets. Loader thread; replaces no file.

use std::fs;
use std::path::{Path, PathBuf};

use crate::language::Diagnostic;
use crate::library::save;

/// Writes these texts (file name and text, the main file first) as a new preset below `folder`: one text as a file, more as a folder that
/// is called as its main file. Returns what to open.
///
/// # Errors
/// Why it could not be written, and what to do about it.
pub fn keep(folder: Option<&Path>, name: &str, texts: &[(String, &str)]) -> Result<PathBuf, Diagnostic> {
    let Some(folder) = folder else {
        let message = "there is no folder for your presets: it is not known where your files are".to_string();
        let hint = format!("set {} to a folder", super::FOLDER);
        return Err(Diagnostic::general("no-folder", message).hint(hint));
    };
    make(folder)?;
    if let [(_, text)] = texts {
        let file = free_name(folder, name, ".yaml");
        save::write(&file, text.as_bytes())?;
        return Ok(file);
    }
    let own = free_name(folder, name, "");
    make(&own)?;
    for (place, (file, text)) in texts.iter().enumerate() {
        let main = own.file_name().unwrap_or_default().to_string_lossy();
        let file = if place == 0 { own.join(format!("{main}.yaml")) } else { own.join(file) };
        save::write(&file, text.as_bytes())?;
    }
    Ok(own)
}

fn make(folder: &Path) -> Result<(), Diagnostic> {
    fs::create_dir_all(folder).map_err(|why| {
        let message = format!("the folder {} cannot be made: {why}", folder.display());
        Diagnostic::general("no-folder", message).hint("allow writing around it and save again")
    })
}

/// A path that nothing has yet.
fn free_name(folder: &Path, name: &str, ending: &str) -> PathBuf {
    let path = |n: u32| match n {
        1 => folder.join(format!("{name}{ending}")),
        n => folder.join(format!("{name} {n}{ending}")),
    };
    let free = (1..u32::MAX).find(|n| fs::symlink_metadata(path(*n)).is_err());
    path(free.unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::super::Shelf;
    use super::*;
    use crate::library::Scratch;

    #[test]
    fn preset_kept_is_found_again_and_replaces_nothing() {
        let scratch = Scratch::new("presets-keep");
        let folder = scratch.0.join("new/presets");
        let one = [("drums.yaml".to_owned(), "seiche: 1\nabout: {name: Mine}\n")];
        assert_eq!(keep(Some(&folder), "Drums", &one).unwrap(), folder.join("Drums.yaml"));
        assert_eq!(keep(Some(&folder), "Drums", &one).unwrap(), folder.join("Drums 2.yaml"));
        let two =
            [("song.yaml".to_owned(), "seiche: 1\nabout: {name: Long}\n"), ("drums.yaml".to_owned(), "")];
        for name in ["Song", "Song 2"] {
            let own = keep(Some(&folder), "Song", &two).unwrap();
            assert_eq!(own, folder.join(name));
            assert_eq!(fs::read_to_string(own.join("drums.yaml")).unwrap(), "");
        }
        let listed = Shelf::of(Some(folder)).list();
        let names: Vec<_> = listed.iter().rev().take(4).map(|preset| preset.name.as_str()).collect();
        assert_eq!(names, ["Long", "Long", "Mine", "Mine"]);
        assert_eq!(keep(None, "Drums", &one).unwrap_err().code, "no-folder");
    }
}

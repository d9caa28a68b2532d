//! Saved states that open a library, made from a state that the plug-in itself saved: the framework's document around our own.

use crate::{Failed, failed};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// A library with the sound to play.
#[derive(Clone, Debug)]
pub struct Patch {
    /// Where the library is on the disk; empty if it exists only as text.
    pub path: PathBuf,
    /// File names with their text; with a path and no files they are read from there.
    pub files: Vec<(PathBuf, String)>,
    pub sound: String,
    /// Quality while the host plays, and while it renders offline.
    pub quality: [&'static str; 2],
}

/// Of those who do not care.
const NORMAL: [&str; 2] = ["normal"; 2];

impl Patch {
    /// The library in this file.
    pub fn read(path: &Path, sound: &str) -> Result<Patch, Failed> {
        let text = std::fs::read_to_string(path).map_err(|e| Failed(format!("{}: {e}", path.display())))?;
        Ok(Patch {
            path: PathBuf::new(),
            files: vec![(path.to_path_buf(), text)],
            sound: sound.into(),
            quality: NORMAL,
        })
    }

    /// All libraries of a folder.
    pub fn folder(folder: &Path, sound: &str) -> Result<Patch, Failed> {
        let entries = std::fs::read_dir(folder).map_err(|e| Failed(format!("{}: {e}", folder.display())))?;
        let mut paths: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
        paths.retain(|p| p.extension().is_some_and(|e| e == "yaml" || e == "yml"));
        paths.sort();
        let read = |path: PathBuf| Ok((path.clone(), std::fs::read_to_string(&path)?));
        let files = paths.into_iter().map(read).collect::<Result<_, std::io::Error>>()?;
        Ok(Patch { path: PathBuf::new(), files, sound: sound.into(), quality: NORMAL })
    }

    /// A library that exists only as text.
    pub fn text(text: &str, sound: &str) -> Patch {
        Patch {
            path: PathBuf::new(),
            files: vec![("test.yaml".into(), text.into())],
            sound: sound.into(),
            quality: NORMAL,
        }
    }

    /// The library at this path as it will be when the plug-in opens it; its saves are followed.
    pub fn on_disk(path: &Path, sound: &str) -> Patch {
        Patch { path: path.to_path_buf(), files: vec![], sound: sound.into(), quality: NORMAL }
    }

    /// A saved state with this library in place of the one in `base`.
    pub fn into_state(&self, base: &[u8]) -> Result<Vec<u8>, Failed> {
        let mut document = parse(base)?;
        let Some(fields) = document.get_mut("fields").and_then(Value::as_object_mut) else {
            return failed!("the saved state has no fields");
        };
        let Some(field) = fields.values_mut().next() else {
            return failed!("the saved state has no field of ours");
        };
        *field = Value::String(serde_json::to_string(&self.document().to_string())?);
        Ok(frame(&document))
    }

    fn document(&self) -> Value {
        let files: Vec<Value> =
            self.files.iter().map(|(path, text)| json!({"path": path, "text": text})).collect();
        let [live, offline] = self.quality;
        let quality = json!({"live": live, "offline": offline});
        json!({
            "version": 1, "path": self.path, "sound": self.sound, "seed": 1, "quality": quality, "files": files
        })
    }
}

/// The JSON of a saved state (8 bytes of length, little-endian, then the text).
pub fn parse(state: &[u8]) -> Result<Value, Failed> {
    match state.get(8..) {
        Some(text) => Ok(serde_json::from_slice(text)?),
        None => failed!("a saved state is longer than {} bytes", state.len()),
    }
}

/// A saved state around this JSON.
pub fn frame(document: &Value) -> Vec<u8> {
    let text = document.to_string().into_bytes();
    [&(text.len() as u64).to_le_bytes()[..], &text].concat()
}

/// The same state without these parameters, as an older version would have saved it.
pub fn without_parameters(state: &[u8], drop: impl Fn(&str) -> bool) -> Result<Vec<u8>, Failed> {
    let mut document = parse(state)?;
    let Some(params) = document.get_mut("params").and_then(Value::as_object_mut) else {
        return failed!("the saved state has no parameters");
    };
    let kept: Map<String, Value> =
        params.iter().filter(|(id, _)| !drop(id)).map(|(k, v)| (k.clone(), v.clone())).collect();
    *params = kept;
    Ok(frame(&document))
}

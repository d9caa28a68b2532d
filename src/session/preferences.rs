//! What the user wants of every window, whatever project is open: zoom, theme, size, favourites, folders. One file for all instances,
//! read once in the process and written when something has changed. Any thread but the audio thread.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};

use serde::{Deserialize, Serialize};

use super::{Export, lock};
use crate::library::{save, vault::Vault};

/// The file, where it is not the usual one. Empty: nothing is kept.
const FILE: &str = "SEICHE_PREFERENCES";
/// Folders and files that were open, at most.
const RECENT: usize = 12;
/// Zoom, and sizes of the window in points.
const ZOOM: (f32, f32) = (0.5, 4.0);
const SIZE: (f32, f32) = (480.0, 4000.0);
/// Megabytes of samples: at first, and at most.
const SAMPLES: u32 = 512;
pub const MOST_SAMPLES: u32 = 65_536;

/// Dark or light.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Look {
    #[default]
    Dark,
    Light,
}

/// See the head of this file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preferences {
    /// 0.5 to 4.
    pub zoom: f32,
    /// Width and height of the window in points, which zoom makes larger.
    pub size: (f32, f32),
    pub look: Look,
    /// Nothing moves that need not.
    pub still: bool,
    /// The list of libraries is shown.
    pub browser: bool,
    /// What is clicked there is heard.
    pub audition: bool,
    /// Paths that were opened, the newest first.
    pub recent: Vec<String>,
    /// Keys of presets, see `PresetPlace::key`.
    pub favourites: BTreeSet<String>,
    /// Folders whose libraries are listed beside the presets.
    pub folders: Vec<String>,
    /// What was exported last.
    pub export: Export,
    /// The folder of takes.
    pub takes: String,
    /// Megabytes of samples that are kept while nobody plays them, of all instances together.
    pub samples: u32,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            zoom: 1.0,
            size: (1000.0, 700.0),
            look: Look::default(),
            still: false,
            browser: true,
            audition: true,
            recent: vec![],
            favourites: BTreeSet::new(),
            folders: vec![],
            export: Export::default(),
            takes: String::new(),
            samples: SAMPLES,
        }
    }
}

impl Preferences {
    /// With numbers that make sense.
    fn within_bounds(mut self) -> Self {
        let within = |x: f32, (low, high): (f32, f32), else_: f32| match x.is_finite() {
            true => x.clamp(low, high),
            false => else_,
        };
        self.zoom = within(self.zoom, ZOOM, 1.0);
        self.size = (within(self.size.0, SIZE, 1000.0), within(self.size.1, SIZE, 700.0));
        self.recent.truncate(RECENT);
        self.samples = self.samples.min(MOST_SAMPLES);
        self
    }

    /// A path was opened.
    pub fn remember(&mut self, path: &str) {
        if !path.is_empty() && self.recent.first().is_none_or(|newest| newest != path) {
            self.recent.retain(|known| known != path);
            self.recent.insert(0, path.to_owned());
            self.recent.truncate(RECENT);
        }
    }

    /// Makes something a favourite, or no more.
    pub fn favour(&mut self, key: &str) {
        if !self.favourites.remove(key) {
            self.favourites.insert(key.to_owned());
        }
    }
}

/// The preferences, and the file that keeps them.
pub struct Kept {
    path: Option<PathBuf>,
    now: Mutex<Preferences>,
}

impl Kept {
    /// Those of this user, for all windows of the process.
    pub fn shared() -> Arc<Kept> {
        static SHARED: OnceLock<Arc<Kept>> = OnceLock::new();
        SHARED.get_or_init(|| Kept::at(place())).clone()
    }

    /// Lets the samples of the process take as much room as the user wants.
    pub fn make_room(&self) {
        Vault::shared().set_budget((self.now().samples as usize) << 20);
    }

    /// In this file; without one they last as long as the process. What cannot be read is as if it were not there.
    pub fn at(path: Option<PathBuf>) -> Arc<Kept> {
        let text = path.as_ref().and_then(|path| std::fs::read_to_string(path).ok());
        let read = text.and_then(|text| serde_json::from_str::<Preferences>(&text).ok());
        Arc::new(Kept { path, now: Mutex::new(read.unwrap_or_default().within_bounds()) })
    }

    pub fn now(&self) -> Preferences {
        lock(&self.now).clone()
    }

    /// Changes them, and writes them where that is something new. A disk that is full or protected costs nothing but the memory of it.
    pub fn change(&self, change: impl FnOnce(&mut Preferences)) {
        let mut now = lock(&self.now);
        let mut new = now.clone();
        change(&mut new);
        new = new.within_bounds();
        if *now == new {
            return;
        }
        *now = new;
        if let Some(path) = &self.path
            && let Ok(text) = serde_json::to_string_pretty(&*now)
        {
            let _ = path.parent().map(std::fs::create_dir_all);
            let _ = save::write(path, text.as_bytes());
        }
    }
}

/// `seiche/window.json` where programs keep their settings.
fn place() -> Option<PathBuf> {
    use etcetera::BaseStrategy;
    if let Some(path) = std::env::var_os(FILE) {
        return Some(path).filter(|path| !path.is_empty()).map(PathBuf::from);
    }
    let places = etcetera::base_strategy::choose_native_strategy().ok()?;
    Some(places.config_dir().join("seiche").join("window.json"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::Scratch;

    #[test]
    fn preferences_are_kept_and_what_makes_no_sense_is_not() {
        let scratch = Scratch::new("preferences");
        let path = scratch.0.join("new").join("window.json");
        let kept = Kept::at(Some(path.clone()));
        assert_eq!(kept.now(), Preferences::default());
        kept.change(|now| {
            (now.zoom, now.look, now.still) = (9.0, Look::Light, true);
            now.remember("/a");
            now.remember("/b");
            now.remember("/a");
            now.favour("factory:Synth");
        });
        let again = Kept::at(Some(path.clone())).now();
        assert_eq!((again.zoom, again.look, again.still), (4.0, Look::Light, true));
        assert_eq!(again.recent, ["/a", "/b"]);
        assert!(again.favourites.contains("factory:Synth"));
        std::fs::write(&path, r#"{"zoom": 1.5, "size": [1e9, -3], "later": 1}"#).unwrap();
        let again = Kept::at(Some(path.clone())).now();
        assert_eq!((again.zoom, again.size), (1.5, (4000.0, 480.0)), "newer files are read, too");
        std::fs::write(&path, "{").unwrap();
        assert_eq!(Kept::at(Some(path)).now(), Preferences::default());
        let nowhere = Kept::at(Some("/proc/none/window.json".into()));
        nowhere.change(|now| now.zoom = 2.0);
        assert_eq!(nowhere.now().zoom, 2.0, "as long as the process lasts");
    }
}

//! Presets that the host asks for (CLAP `preset-load`), and the news of those that have been opened, also by the window or a program change,
//! so that the host's own browser follows. Main thread.

use std::cell::RefCell;
use std::ffi::{CStr, CString, OsString, c_char};
use std::path::{Path, PathBuf};
use std::ptr::null;

use clap_sys::ext::preset_load::{
    CLAP_EXT_PRESET_LOAD, CLAP_EXT_PRESET_LOAD_COMPAT, clap_host_preset_load, clap_plugin_preset_load,
};
use clap_sys::factory::preset_discovery::{
    CLAP_PRESET_DISCOVERY_LOCATION_FILE, CLAP_PRESET_DISCOVERY_LOCATION_PLUGIN,
    clap_preset_discovery_location_kind,
};
use clap_sys::host::clap_host;
use clap_sys::plugin::clap_plugin;

use super::Front;
use crate::session::{Message, Opened, Pick, PresetPlace, Shelf, main_file, user_folder};

pub static PRESET_LOAD: clap_plugin_preset_load =
    clap_plugin_preset_load { from_location: Some(from_location) };

/// A preset as hosts name it.
#[derive(Clone, Debug, PartialEq)]
struct Location {
    kind: clap_preset_discovery_location_kind,
    location: Option<CString>,
    key: Option<CString>,
}

/// What the host asked for last.
#[derive(Default)]
pub struct Asked(RefCell<Option<(PresetPlace, Location)>>);

/// Whether this is the name of the extension.
pub fn is(name: &CStr) -> bool {
    name == CLAP_EXT_PRESET_LOAD || name == CLAP_EXT_PRESET_LOAD_COMPAT
}

unsafe extern "C" fn from_location(
    plugin: *const clap_plugin,
    kind: clap_preset_discovery_location_kind,
    location: *const c_char,
    load_key: *const c_char,
) -> bool {
    // SAFETY: called by the host on its own instance, on the main thread, with C strings or null.
    unsafe {
        let front = Front::of(plugin);
        let own = |text: *const c_char| (!text.is_null()).then(|| CStr::from_ptr(text).to_owned());
        let asked = Location { kind, location: own(location), key: own(load_key) };
        match place(&asked) {
            Ok(place) => {
                *front.asked.0.borrow_mut() = Some((place.clone(), asked));
                front.values.session().send(Message::Preset(Pick::At(place)));
                true
            }
            Err((code, reason)) => {
                asked.fails(front.host.real(), code, &reason);
                false
            }
        }
    }
}

/// Where the preset is; else the system's number for what is wrong, and words.
fn place(asked: &Location) -> Result<PresetPlace, (i32, String)> {
    match (asked.kind, &asked.location, &asked.key) {
        (CLAP_PRESET_DISCOVERY_LOCATION_PLUGIN, _, Some(key)) => {
            let name = key.to_string_lossy();
            PresetPlace::factory(&name)
                .ok_or_else(|| (0, format!("Seiche has no preset `{name}` of its own.")))
        }
        (CLAP_PRESET_DISCOVERY_LOCATION_FILE, Some(location), _) => {
            let path = path(location);
            std::fs::metadata(&path).map_err(|why| {
                (why.raw_os_error().unwrap_or(0), format!("{} cannot be read: {why}", path.display()))
            })?;
            // A file that stands for its folder opens the whole library.
            let preset = Shelf::of(user_folder()).at(&path);
            Ok(preset.map_or(PresetPlace::File(path), |preset| preset.place))
        }
        _ => Err((0, "This is no place where presets of Seiche can be.".into())),
    }
}

/// Tells the host what has come of presets.
pub fn tell(front: &Front) {
    for Opened { place, outcome } in front.values.session().presets().take_opened() {
        let asked = front.asked.0.borrow_mut().take_if(|(known, _)| *known == place);
        let location = asked.map_or_else(|| Location::of(&place), |(_, location)| location);
        // SAFETY: the host lives as long as the instance.
        unsafe {
            match outcome {
                Ok(()) => location.loaded(front.host.real()),
                Err(reason) => location.fails(front.host.real(), 0, &reason),
            }
        }
    }
}

impl Location {
    fn of(place: &PresetPlace) -> Location {
        match place {
            PresetPlace::Factory(name) => Location {
                kind: CLAP_PRESET_DISCOVERY_LOCATION_PLUGIN,
                location: None,
                key: CString::new(*name).ok(),
            },
            PresetPlace::File(path) => Location {
                kind: CLAP_PRESET_DISCOVERY_LOCATION_FILE,
                location: c_path(&main_file(path)),
                key: None,
            },
        }
    }

    /// # Safety
    /// `host` must be the instance's own.
    unsafe fn loaded(&self, host: *const clap_host) {
        // SAFETY: as the caller promises; the strings live as long as the call.
        unsafe {
            if let Some(loaded) = listener(host).and_then(|listener| listener.loaded) {
                loaded(host, self.kind, pointer(&self.location), pointer(&self.key));
            }
        }
    }

    /// # Safety
    /// As above.
    unsafe fn fails(&self, host: *const clap_host, code: i32, reason: &str) {
        let reason = CString::new(reason.replace('\0', " ")).unwrap_or_default();
        // SAFETY: as above.
        unsafe {
            if let Some(on_error) = listener(host).and_then(|listener| listener.on_error) {
                on_error(host, self.kind, pointer(&self.location), pointer(&self.key), code, reason.as_ptr());
            }
        }
    }
}

fn pointer(text: &Option<CString>) -> *const c_char {
    text.as_ref().map_or(null(), |text| text.as_ptr())
}

unsafe fn listener<'a>(host: *const clap_host) -> Option<&'a clap_host_preset_load> {
    // SAFETY: the host's extensions live as long as it does.
    unsafe {
        let get = (*host).get_extension?;
        let names = [CLAP_EXT_PRESET_LOAD, CLAP_EXT_PRESET_LOAD_COMPAT];
        let mut found = names.iter().map(|name| get(host, name.as_ptr()).cast::<clap_host_preset_load>());
        found.find_map(|listener| listener.as_ref())
    }
}

/// A host's path: bytes as the system has them on Unix, UTF-8 elsewhere.
pub fn path(text: &CStr) -> PathBuf {
    #[cfg(unix)]
    return PathBuf::from(<OsString as std::os::unix::ffi::OsStringExt>::from_vec(text.to_bytes().to_vec()));
    #[cfg(not(unix))]
    PathBuf::from(OsString::from(text.to_string_lossy().into_owned()))
}

pub fn c_path(path: &Path) -> Option<CString> {
    #[cfg(unix)]
    return CString::new(std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str())).ok();
    #[cfg(not(unix))]
    CString::new(path.to_string_lossy().into_owned()).ok()
}

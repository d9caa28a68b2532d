//! Lists the presets for the host's browser (CLAP `preset-discovery`): where they are, and what each says about itself. Called by the
//! host's indexer, on any thread but its audio thread, often in another program: starts no loader, compiles nothing, makes no folder.

use std::ffi::{CStr, CString, c_char, c_void};
use std::path::Path;
use std::ptr::{null, null_mut};

use clap_sys::factory::preset_discovery::*;
use clap_sys::timestamp::CLAP_TIMESTAMP_UNKNOWN;
use clap_sys::universal_plugin_id::clap_universal_plugin_id;
use clap_sys::version::CLAP_VERSION;

use super::front::{c_path, path};
use super::{Multi, Stereo, Variant};
use crate::session::{Preset, PresetPlace, Shelf, factory, user_folder};

pub static FACTORY: clap_preset_discovery_factory = clap_preset_discovery_factory {
    count: Some(count),
    get_descriptor: Some(descriptor),
    create: Some(create),
};

/// Whether a host asks for this factory.
pub fn is(id: &CStr) -> bool {
    id == CLAP_PRESET_DISCOVERY_FACTORY_ID || id == CLAP_PRESET_DISCOVERY_FACTORY_ID_COMPAT
}

const ID: &CStr = c"org.seiche.presets";

static DESCRIPTOR: clap_preset_discovery_provider_descriptor = clap_preset_discovery_provider_descriptor {
    clap_version: CLAP_VERSION,
    id: ID.as_ptr(),
    name: c"Seiche libraries".as_ptr(),
    vendor: c"Seiche".as_ptr(),
};

/// The endings of libraries.
const ENDINGS: [&CStr; 2] = [c"yaml", c"yml"];

/// What the host holds; freed when it gives it back.
struct Provider {
    outer: clap_preset_discovery_provider,
    indexer: *const clap_preset_discovery_indexer,
}

unsafe extern "C" fn count(_: *const clap_preset_discovery_factory) -> u32 {
    1
}

unsafe extern "C" fn descriptor(
    _: *const clap_preset_discovery_factory,
    index: u32,
) -> *const clap_preset_discovery_provider_descriptor {
    if index == 0 { &raw const DESCRIPTOR } else { null() }
}

unsafe extern "C" fn create(
    _: *const clap_preset_discovery_factory,
    indexer: *const clap_preset_discovery_indexer,
    id: *const c_char,
) -> *const clap_preset_discovery_provider {
    // SAFETY: the host passes a C string or null.
    if indexer.is_null() || id.is_null() || unsafe { CStr::from_ptr(id) } != ID {
        return null();
    }
    let outer = clap_preset_discovery_provider {
        desc: &raw const DESCRIPTOR,
        provider_data: null_mut(),
        init: Some(init),
        destroy: Some(destroy),
        get_metadata: Some(get_metadata),
        get_extension: Some(get_extension),
    };
    let provider = Box::into_raw(Box::new(Provider { outer, indexer }));
    // SAFETY: just made; the host sees its first part and gives that back.
    unsafe {
        (*provider).outer.provider_data = provider.cast();
        &raw const (*provider).outer
    }
}

/// # Safety
/// `provider` must be one that [`create`] returned and that has not been destroyed.
unsafe fn own<'a>(provider: *const clap_preset_discovery_provider) -> &'a Provider {
    // SAFETY: as above.
    unsafe { &*(*provider).provider_data.cast::<Provider>() }
}

unsafe extern "C" fn destroy(provider: *const clap_preset_discovery_provider) {
    if !provider.is_null() {
        // SAFETY: made by `Box::into_raw`; the host gives it back once.
        drop(unsafe { Box::from_raw((*provider).provider_data.cast::<Provider>()) });
    }
}

unsafe extern "C" fn get_extension(
    _: *const clap_preset_discovery_provider,
    _: *const c_char,
) -> *const c_void {
    null()
}

/// Says which files are presets, and where they are. The user's folder is named once it is there.
unsafe extern "C" fn init(provider: *const clap_preset_discovery_provider) -> bool {
    // SAFETY: the host passes its provider; the indexer lives as long, and copies what it is told.
    unsafe {
        let indexer = own(provider).indexer;
        let (Some(file_type), Some(location)) = ((*indexer).declare_filetype, (*indexer).declare_location)
        else {
            return false;
        };
        let mut done = true;
        for ending in ENDINGS {
            let kind = clap_preset_discovery_filetype {
                name: c"Seiche library".as_ptr(),
                description: c"Sounds, patterns and mixes as YAML text".as_ptr(),
                file_extension: ending.as_ptr(),
            };
            done &= file_type(indexer, &raw const kind);
        }
        let shipped = clap_preset_discovery_location {
            flags: CLAP_PRESET_DISCOVERY_IS_FACTORY_CONTENT,
            name: c"Seiche factory".as_ptr(),
            kind: CLAP_PRESET_DISCOVERY_LOCATION_PLUGIN,
            location: null(),
        };
        done &= location(indexer, &raw const shipped);
        let folder = user_folder().filter(|folder| folder.is_dir());
        if let Some(folder) = folder.as_deref().and_then(c_path) {
            let own = clap_preset_discovery_location {
                flags: CLAP_PRESET_DISCOVERY_IS_USER_CONTENT,
                name: c"Your Seiche presets".as_ptr(),
                kind: CLAP_PRESET_DISCOVERY_LOCATION_FILE,
                location: folder.as_ptr(),
            };
            done &= location(indexer, &raw const own);
        }
        done
    }
}

/// Describes the presets of a place: all of the factory's, or that of a file. A file that belongs to the preset of another has none.
unsafe extern "C" fn get_metadata(
    _provider: *const clap_preset_discovery_provider,
    kind: clap_preset_discovery_location_kind,
    location: *const c_char,
    receiver: *const clap_preset_discovery_metadata_receiver,
) -> bool {
    if receiver.is_null() {
        return false;
    }
    let described = super::contain("preset discovery", || {
        // SAFETY: the host passes a C string or null, and a receiver that is valid for the call.
        unsafe {
            if kind == CLAP_PRESET_DISCOVERY_LOCATION_PLUGIN {
                return factory().iter().all(|preset| describe(preset, &*receiver));
            }
            if kind != CLAP_PRESET_DISCOVERY_LOCATION_FILE || location.is_null() {
                return false;
            }
            let file = path(CStr::from_ptr(location));
            if let Err(why) = std::fs::metadata(&file) {
                let reason = c_text(&format!("{} cannot be read: {why}", file.display()));
                if let Some(on_error) = (*receiver).on_error {
                    on_error(receiver, why.raw_os_error().unwrap_or(0), reason.as_ptr());
                }
                return false;
            }
            let preset = Shelf::of(user_folder()).at(&file);
            preset.is_none_or(|preset| describe(&preset, &*receiver))
        }
    });
    described.unwrap_or(false)
}

/// # Safety
/// The receiver must be the host's, and valid.
unsafe fn describe(preset: &Preset, receiver: &clap_preset_discovery_metadata_receiver) -> bool {
    let (flags, key, file) = match &preset.place {
        PresetPlace::Factory(name) => (CLAP_PRESET_DISCOVERY_IS_FACTORY_CONTENT, Some(c_text(name)), None),
        PresetPlace::File(path) => (CLAP_PRESET_DISCOVERY_IS_USER_CONTENT, None, Some(path.as_path())),
    };
    let about = &preset.about;
    let this = &raw const *receiver;
    // SAFETY: as the caller promises; the strings live as long as the calls.
    unsafe {
        let begin = |name: &CStr| {
            let key = key.as_ref().map_or(null(), |key| key.as_ptr());
            receiver.begin_preset.is_some_and(|call| call(this, name.as_ptr(), key))
        };
        if !begin(&c_text(&preset.name)) {
            return false;
        }
        for id in [Stereo::CLAP_ID, Multi::CLAP_ID] {
            let id = c_text(id);
            let id = clap_universal_plugin_id { abi: c"clap".as_ptr(), id: id.as_ptr() };
            if let Some(call) = receiver.add_plugin_id {
                call(this, &raw const id);
            }
        }
        if let Some(call) = receiver.set_flags {
            call(this, flags);
        }
        if let (Some(call), Some(author)) = (receiver.add_creator, &about.author) {
            call(this, c_text(author).as_ptr());
        }
        if let (Some(call), Some(description)) = (receiver.set_description, &about.description) {
            call(this, c_text(description).as_ptr());
        }
        if let (Some(call), Some(seconds)) = (receiver.set_timestamps, file.and_then(modified)) {
            call(this, CLAP_TIMESTAMP_UNKNOWN, seconds);
        }
        if let Some(call) = receiver.add_feature {
            about.tags.iter().for_each(|tag| call(this, c_text(&tag.to_lowercase()).as_ptr()));
        }
        if let Some(call) = receiver.add_extra_info {
            let more = [
                (c"license", about.license.as_deref()),
                (c"url", about.url.as_deref()),
                (c"category", Some(preset.category.as_str()).filter(|category| !category.is_empty())),
            ];
            for (key, value) in more {
                if let Some(value) = value {
                    call(this, key.as_ptr(), c_text(value).as_ptr());
                }
            }
        }
    }
    true
}

/// Seconds since 1970.
fn modified(file: &Path) -> Option<u64> {
    let when = std::fs::metadata(file).and_then(|meta| meta.modified()).ok()?;
    when.duration_since(std::time::UNIX_EPOCH).ok().map(|since| since.as_secs())
}

fn c_text(text: &str) -> CString {
    CString::new(text.replace('\0', " ")).unwrap_or_default()
}

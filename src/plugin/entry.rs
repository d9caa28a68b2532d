//! The CLAP entry of the binary: lists the two plug-ins and creates instances of them, each behind a [`Front`], and
//! the presets ([`preset_discovery`]). The VST3 side is made
//! from this same entry by clap-wrapper. Main thread; listing and creating read no file, start no loader and compile nothing.

use std::ffi::{CStr, c_char, c_void};
use std::ptr::null;
use std::sync::{Arc, OnceLock};

use clap_sys::entry::clap_plugin_entry;
use clap_sys::factory::plugin_factory::{CLAP_PLUGIN_FACTORY_ID, clap_plugin_factory};
use clap_sys::host::clap_host;
use clap_sys::plugin::{clap_plugin, clap_plugin_descriptor};
use clap_sys::version::CLAP_VERSION;
use nice_plug::wrapper::clap::{PluginDescriptor, Wrapper};
use nice_plug::wrapper::setup_logger;

use super::front::{Front, Host};
use super::{Instrument, Multi, Stereo, Variant, preset_discovery};

clap_wrapper::export_vst3!();

/// What the host asks the binary for first.
#[unsafe(no_mangle)]
#[used]
pub static clap_entry: clap_plugin_entry = clap_plugin_entry {
    clap_version: CLAP_VERSION,
    init: Some(init),
    deinit: Some(deinit),
    get_factory: Some(get_factory),
};

static FACTORY: clap_plugin_factory = clap_plugin_factory {
    get_plugin_count: Some(count),
    get_plugin_descriptor: Some(descriptor),
    create_plugin: Some(create),
};

/// One plug-in of the binary.
struct Kind {
    descriptor: PluginDescriptor,
    create: fn(*const clap_host) -> *const clap_plugin,
}

fn kinds() -> &'static [Kind; 2] {
    static KINDS: OnceLock<[Kind; 2]> = OnceLock::new();
    KINDS.get_or_init(|| [kind::<Stereo>(), kind::<Multi>()])
}

fn kind<V: Variant>() -> Kind {
    Kind { descriptor: PluginDescriptor::for_plugin::<Instrument<V>>(), create: create_kind::<V> }
}

fn create_kind<V: Variant>(host: *const clap_host) -> *const clap_plugin {
    // SAFETY: the host passes itself, valid as long as its instances.
    let host = unsafe { Host::new(host) };
    // SAFETY: the front keeps what the wrapper sees of the host for as long as the wrapper lives.
    let wrapper = Arc::into_raw(unsafe { Wrapper::<Instrument<V>>::new(host.seen()) });
    // SAFETY: the wrapper was just made and is alive until its `destroy` is called; nobody else borrows the cell now. The reference
    // that `into_raw` leaked is the one which `destroy` gives back.
    let inner = unsafe { *(*wrapper).clap_plugin.as_ptr() };
    Front::create(inner, host, V::AUX.len(), super::take_created())
}

extern "C" fn init(_path: *const c_char) -> bool {
    setup_logger::<Instrument<Stereo>>();
    true
}

extern "C" fn deinit() {}

extern "C" fn get_factory(id: *const c_char) -> *const c_void {
    if id.is_null() {
        return null();
    }
    // SAFETY: the host passes a C string.
    let id = unsafe { CStr::from_ptr(id) };
    if id == CLAP_PLUGIN_FACTORY_ID {
        (&raw const FACTORY).cast()
    } else if preset_discovery::is(id) {
        (&raw const preset_discovery::FACTORY).cast()
    } else {
        null()
    }
}

unsafe extern "C" fn count(_factory: *const clap_plugin_factory) -> u32 {
    kinds().len() as u32
}

unsafe extern "C" fn descriptor(
    _factory: *const clap_plugin_factory,
    index: u32,
) -> *const clap_plugin_descriptor {
    kinds().get(index as usize).map_or(null(), |kind| kind.descriptor.clap_plugin_descriptor())
}

unsafe extern "C" fn create(
    _factory: *const clap_plugin_factory,
    host: *const clap_host,
    id: *const c_char,
) -> *const clap_plugin {
    if host.is_null() || id.is_null() {
        return null();
    }
    // SAFETY: the host passes a C string.
    let id = unsafe { CStr::from_ptr(id) };
    kinds().iter().find(|kind| kind.descriptor.clap_id() == id).map_or(null(), |kind| (kind.create)(host))
}

//! What the host is told about notes: what the keys of the sound are called, and that the port understands MPE, too. The framework knows
//! neither. Main thread.

use std::cell::RefCell;
use std::sync::Arc;

use clap_sys::ext::note_name::{
    CLAP_EXT_NOTE_NAME, clap_host_note_name, clap_note_name, clap_plugin_note_name,
};
use clap_sys::ext::note_ports::{CLAP_NOTE_DIALECT_MIDI_MPE, clap_note_port_info, clap_plugin_note_ports};
use clap_sys::plugin::clap_plugin;

use super::{Extension, Front, write};
use crate::session::NoteName;

/// The extension that the host finds.
pub static NOTE_NAME: clap_plugin_note_name = clap_plugin_note_name { count: Some(count), get: Some(get) };

/// The names that the host knows of.
#[derive(Default)]
pub struct NoteNames {
    told: RefCell<Arc<[NoteName]>>,
}

/// Lets the host look at the names again where they are others.
pub fn tell(front: &Front) {
    let names = front.values.session().snapshot().note_names.clone();
    if *front.names.told.borrow() == names {
        return;
    }
    *front.names.told.borrow_mut() = names;
    let host = front.host.real();
    // SAFETY: the host lives as long as the instance, and its extensions as long as it does.
    unsafe {
        let Some(get) = (*host).get_extension else { return };
        let extension = get(host, CLAP_EXT_NOTE_NAME.as_ptr()).cast::<clap_host_note_name>();
        if let Some(changed) = extension.as_ref().and_then(|extension| extension.changed) {
            changed(host);
        }
    }
}

unsafe extern "C" fn count(plugin: *const clap_plugin) -> u32 {
    // SAFETY: called by the host on its own instance.
    unsafe { Front::of(plugin).values.session().snapshot().note_names.len() as u32 }
}

unsafe extern "C" fn get(plugin: *const clap_plugin, index: u32, name: *mut clap_note_name) -> bool {
    // SAFETY: called by the host on its own instance, with a place for one name.
    unsafe {
        let snapshot = Front::of(plugin).values.session().snapshot();
        let (Some(known), Some(place)) = (snapshot.note_names.get(index as usize), name.as_mut()) else {
            return false;
        };
        write(&mut place.name, &known.name);
        place.port = 0;
        place.key = i16::from(known.key);
        place.channel = known.channel.map_or(-1, i16::from);
        true
    }
}

/// The wrapper's answer, and that notes may also come as MPE; notes of CLAP's own kind stay the best.
pub unsafe extern "C" fn port(
    plugin: *const clap_plugin,
    index: u32,
    is_input: bool,
    info: *mut clap_note_port_info,
) -> bool {
    // SAFETY: called by the host on its own instance; the extension was fetched before the host could get at this function.
    unsafe {
        let inner = *Front::of(plugin).note_ports.inner.get();
        let call = inner.and_then(|inner| (*inner).get);
        let done = call.is_some_and(|call| call(plugin, index, is_input, info));
        if done
            && is_input
            && let Some(info) = info.as_mut()
        {
            info.supported_dialects |= CLAP_NOTE_DIALECT_MIDI_MPE;
        }
        done
    }
}

impl Extension<clap_plugin_note_ports> {
    /// Ours, completed with the wrapper's functions. Main thread.
    pub fn serve(&self, inner: *const clap_plugin_note_ports) -> *const std::ffi::c_void {
        // SAFETY: the wrapper's extension lives as long as the instance; only the main thread comes here, and what it writes is the
        // same every time.
        unsafe {
            if (*self.inner.get()).is_none() {
                let outer = (&raw const self.outer).cast_mut();
                *outer = clap_plugin_note_ports { get: self.outer.get, ..*inner };
                *self.inner.get() = Some(inner);
            }
        }
        (&raw const self.outer).cast()
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::{CStr, c_char, c_void};
    use std::ptr::{null, null_mut};
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use clap_sys::ext::note_ports::{CLAP_EXT_NOTE_PORTS, CLAP_NOTE_DIALECT_CLAP, CLAP_NOTE_DIALECT_MIDI};
    use clap_sys::factory::plugin_factory::{CLAP_PLUGIN_FACTORY_ID, clap_plugin_factory};
    use clap_sys::host::clap_host;
    use clap_sys::version::CLAP_VERSION;

    use super::*;
    use crate::plugin::entry::clap_entry;
    use crate::session::Message;

    /// How often the host was told.
    static TOLD: AtomicU32 = AtomicU32::new(0);
    static NAMES: clap_host_note_name = clap_host_note_name { changed: Some(changed) };

    unsafe extern "C" fn changed(_: *const clap_host) {
        TOLD.fetch_add(1, Ordering::AcqRel);
    }

    unsafe extern "C" fn nothing(_: *const clap_host) {}

    unsafe extern "C" fn get_extension(_: *const clap_host, id: *const c_char) -> *const c_void {
        // SAFETY: the plug-in passes a C string.
        if unsafe { CStr::from_ptr(id) } == CLAP_EXT_NOTE_NAME { (&raw const NAMES).cast() } else { null() }
    }

    const KIT: &str = "kit: {mix: {a: {midi_in: {keys: 36, name: \"Große Trommel\", signal: {osc: {}}}}, \
                       b: {midi_in: {channel: -1, notes: {d2: Snare, 42: {name: Hat, choke: hats}, 50: {choke: hats}}, signal: {osc: {}}}}}}\n";

    #[test]
    fn notes_front_tells_the_host_the_names_of_keys_and_that_it_knows_mpe() {
        let scratch = crate::library::Scratch::new("front-notes");
        let path = scratch.0.join("a.yaml");
        std::fs::write(&path, KIT).unwrap();
        let host = clap_host {
            clap_version: CLAP_VERSION,
            host_data: null_mut(),
            name: c"test".as_ptr(),
            vendor: c"".as_ptr(),
            url: c"".as_ptr(),
            version: c"1".as_ptr(),
            get_extension: Some(get_extension),
            request_restart: Some(nothing),
            request_process: Some(nothing),
            request_callback: Some(nothing),
        };
        // SAFETY: as a host does it: the plug-in lives until `destroy`, all on this thread.
        unsafe {
            let factory = clap_entry.get_factory.unwrap()(CLAP_PLUGIN_FACTORY_ID.as_ptr())
                .cast::<clap_plugin_factory>();
            let plugin =
                (*factory).create_plugin.unwrap()(factory, &raw const host, c"org.seiche.seiche".as_ptr());
            assert!((*plugin).init.unwrap()(plugin));
            let extension = |id: &CStr| (*plugin).get_extension.unwrap()(plugin, id.as_ptr());
            let ports = extension(CLAP_EXT_NOTE_PORTS).cast::<clap_plugin_note_ports>();
            let mut info: clap_note_port_info = std::mem::zeroed();
            assert_eq!((*ports).count.unwrap()(plugin, true), 1);
            assert!((*ports).get.unwrap()(plugin, 0, true, &raw mut info));
            let all = CLAP_NOTE_DIALECT_CLAP | CLAP_NOTE_DIALECT_MIDI | CLAP_NOTE_DIALECT_MIDI_MPE;
            assert_eq!((info.supported_dialects, info.preferred_dialect), (all, CLAP_NOTE_DIALECT_CLAP));
            assert!(!(*ports).get.unwrap()(plugin, 1, true, &raw mut info));

            let names = extension(CLAP_EXT_NOTE_NAME).cast::<clap_plugin_note_name>();
            assert_eq!((*names).count.unwrap()(plugin), 0);
            let session = Front::of(plugin).values.session().clone();
            session.send(Message::Open(path));
            assert!(session.settle(Duration::from_secs(20)));
            (*plugin).on_main_thread.unwrap()(plugin);
            (*plugin).on_main_thread.unwrap()(plugin);
            assert_eq!(TOLD.load(Ordering::Acquire), 1, "once");
            let name = |index| {
                let mut name: clap_note_name = std::mem::zeroed();
                assert!((*names).get.unwrap()(plugin, index, &raw mut name));
                let text = CStr::from_ptr(name.name.as_ptr()).to_str().unwrap().to_owned();
                (text, name.key, name.channel, name.port)
            };
            let count = (*names).count.unwrap()(plugin);
            let wanted = [("Große Trommel", 36, 0, 0), ("Snare", 38, -1, 0), ("Hat", 42, -1, 0)];
            assert_eq!(
                (0..count).map(name).collect::<Vec<_>>(),
                wanted.map(|(n, k, c, p)| (n.to_owned(), k, c, p))
            );
            let mut beyond: clap_note_name = std::mem::zeroed();
            assert!(!(*names).get.unwrap()(plugin, count, &raw mut beyond));
            (*plugin).destroy.unwrap()(plugin);
        }
    }
}

//! What the host is told about macros: their names, which the framework cannot change, and that they are others now. Ids, order and
//! ranges of the parameters stay. Main thread.

use clap_sys::ext::params::{
    CLAP_PARAM_RESCAN_INFO, CLAP_PARAM_RESCAN_TEXT, CLAP_PARAM_RESCAN_VALUES, clap_param_info,
};

use super::{Front, write};
use crate::plugin::params::HostParams;

/// The parameter of a macro has the name that the library gives it.
pub fn rename(info: &mut clap_param_info, values: &HostParams, index: u32) {
    let Some(slot) = values.slot(index as usize) else { return };
    if let Some(item) = values.session().snapshot().macro_at(slot) {
        write(&mut info.name, &item.title);
    }
}

/// Sets the macros that begin at their defaults, and tells the host what has changed.
pub fn tell(front: &Front) {
    let news = front.values.session().macros().take_news();
    front.values.turn(&news.turns);
    let mut flags = 0;
    if news.described {
        flags |= CLAP_PARAM_RESCAN_INFO | CLAP_PARAM_RESCAN_TEXT;
    }
    if !news.turns.is_empty() {
        flags |= CLAP_PARAM_RESCAN_VALUES;
    }
    if flags != 0 {
        front.host.rescan(flags);
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::{CStr, c_char, c_void};
    use std::ptr::null_mut;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use clap_sys::events::{
        CLAP_CORE_EVENT_SPACE_ID, CLAP_EVENT_PARAM_MOD, clap_event_header, clap_event_param_mod,
        clap_input_events,
    };
    use clap_sys::ext::params::{CLAP_EXT_PARAMS, clap_host_params, clap_plugin_params};
    use clap_sys::factory::plugin_factory::{CLAP_PLUGIN_FACTORY_ID, clap_plugin_factory};
    use clap_sys::host::clap_host;
    use clap_sys::version::CLAP_VERSION;

    use super::*;
    use crate::editor::Host;
    use crate::plugin::entry::clap_entry;
    use crate::session::Control;
    use crate::session::Message;

    /// What the host was told to look at again.
    static TOLD: AtomicU32 = AtomicU32::new(0);
    static PARAMS: clap_host_params =
        clap_host_params { rescan: Some(rescan), clear: None, request_flush: Some(nothing) };

    unsafe extern "C" fn rescan(_: *const clap_host, flags: u32) {
        TOLD.fetch_or(flags, Ordering::AcqRel);
    }

    unsafe extern "C" fn nothing(_: *const clap_host) {}

    unsafe extern "C" fn get_extension(_: *const clap_host, id: *const c_char) -> *const c_void {
        // SAFETY: the plug-in passes a C string.
        if unsafe { CStr::from_ptr(id) } == CLAP_EXT_PARAMS {
            (&raw const PARAMS).cast()
        } else {
            std::ptr::null()
        }
    }

    unsafe extern "C" fn one_event(_: *const clap_input_events) -> u32 {
        1
    }

    unsafe extern "C" fn the_event(list: *const clap_input_events, _: u32) -> *const clap_event_header {
        // SAFETY: the list is the test's own, and alive.
        unsafe { (*list).ctx.cast_const().cast() }
    }

    fn host() -> clap_host {
        clap_host {
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
        }
    }

    #[test]
    fn front_tells_the_host_names_texts_and_defaults_of_macros() {
        let scratch = crate::library::Scratch::new("front-macros");
        let path = scratch.0.join("a.yaml");
        let text = "seiche: 1\nmacros: {cut: {slot: 2, range: [80 Hz, 8 kHz], curve: log, default: 800 Hz, name: Brightness}}\n\
                    a: {osc: {freq: cut}}\n";
        std::fs::write(&path, text).unwrap();
        let host = host();
        // SAFETY: as a host does it: the plug-in lives until `destroy`, all on this thread.
        unsafe {
            let factory = clap_entry.get_factory.unwrap()(CLAP_PLUGIN_FACTORY_ID.as_ptr())
                .cast::<clap_plugin_factory>();
            let plugin =
                (*factory).create_plugin.unwrap()(factory, &raw const host, c"org.seiche.seiche".as_ptr());
            assert!((*plugin).init.unwrap()(plugin));
            let params = (*plugin).get_extension.unwrap()(plugin, CLAP_EXT_PARAMS.as_ptr())
                .cast::<clap_plugin_params>();
            let info = |index| {
                let mut info: clap_param_info = std::mem::zeroed();
                assert!((*params).get_info.unwrap()(plugin, index, &raw mut info));
                (info.id, CStr::from_ptr(info.name.as_ptr()).to_str().unwrap().to_owned())
            };
            let (id, name) = info(2);
            assert_eq!(name, "Macro 2");
            let session = Front::of(plugin).values.session().clone();
            session.send(Message::Open(path));
            assert!(session.settle(Duration::from_secs(20)));
            TOLD.store(0, Ordering::Release);
            (*plugin).on_main_thread.unwrap()(plugin);
            let all = CLAP_PARAM_RESCAN_INFO | CLAP_PARAM_RESCAN_TEXT | CLAP_PARAM_RESCAN_VALUES;
            assert_eq!(TOLD.swap(0, Ordering::AcqRel), all);
            assert_eq!(info(2), (id, "Brightness".to_owned()));
            assert_eq!(info(1).1, "Macro 1");
            let (mut value, mut text) = (0.0, [0; 32]);
            assert!((*params).get_value.unwrap()(plugin, id, &raw mut value));
            assert_eq!(value, 0.5, "its default, which the host now shows");
            assert!((*params).value_to_text.unwrap()(plugin, id, 0.5, text.as_mut_ptr(), 32));
            assert_eq!(CStr::from_ptr(text.as_ptr()), c"800 Hz");
            assert!((*params).text_to_value.unwrap()(plugin, id, c"8 kHz".as_ptr(), &raw mut value));
            assert_eq!(value, 1.0);
            (*plugin).on_main_thread.unwrap()(plugin);
            assert_eq!(TOLD.load(Ordering::Acquire), 0, "once");
            // A host's modulation of the whole instrument comes on top, and leaves the position as it is.
            let event = clap_event_param_mod {
                header: clap_event_header {
                    size: size_of::<clap_event_param_mod>() as u32,
                    time: 0,
                    space_id: CLAP_CORE_EVENT_SPACE_ID,
                    type_: CLAP_EVENT_PARAM_MOD,
                    flags: 0,
                },
                param_id: id,
                cookie: null_mut(),
                note_id: -1,
                port_index: -1,
                channel: -1,
                key: -1,
                amount: 0.25,
            };
            let list = clap_input_events {
                ctx: (&raw const event).cast_mut().cast(),
                size: Some(one_event),
                get: Some(the_event),
            };
            (*params).flush.unwrap()(plugin, &raw const list, std::ptr::null());
            let values = &Front::of(plugin).values;
            assert_eq!((values.plain(2), values.share(Control::Macro(1))), (0.75, 0.5));
            (*plugin).destroy.unwrap()(plugin);
        }
    }

    #[test]
    fn front_names_are_cut_between_characters() {
        let text = |place: &[c_char]| {
            let bytes: Vec<u8> = place.iter().map(|c| *c as u8).take_while(|c| *c != 0).collect();
            String::from_utf8(bytes).unwrap()
        };
        let mut place = [1; 8];
        write(&mut place, "drive");
        assert_eq!(text(&place), "drive");
        write(&mut place, "größe ö");
        assert_eq!(text(&place), "größe");
        write(&mut place, "äöüß");
        assert_eq!(text(&place), "äöü");
    }
}

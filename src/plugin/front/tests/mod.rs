//! The plug-in through its CLAP entry, by a host that is as small as can be: what a host of musicians does with controllers, presets, pages and
//! modulation, and what it is told.

mod discovery;
mod learn;
mod modulation;
mod presets;

use std::ffi::{CStr, CString, c_char, c_void};
use std::path::Path;
use std::ptr::{null, null_mut};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use clap_sys::audio_buffer::clap_audio_buffer;
use clap_sys::events::*;
use clap_sys::ext::params::{CLAP_EXT_PARAMS, clap_host_params, clap_param_info, clap_plugin_params};
use clap_sys::ext::preset_load::{CLAP_EXT_PRESET_LOAD, clap_host_preset_load};
use clap_sys::ext::state::{CLAP_EXT_STATE, clap_host_state, clap_plugin_state};
use clap_sys::factory::plugin_factory::{CLAP_PLUGIN_FACTORY_ID, clap_plugin_factory};
use clap_sys::host::clap_host;
use clap_sys::id::clap_id;
use clap_sys::plugin::clap_plugin;
use clap_sys::process::clap_process;
use clap_sys::stream::clap_ostream;
use clap_sys::version::CLAP_VERSION;

use super::controls::value_event;
use super::*;
use crate::library::Scratch;
use crate::plugin::entry::clap_entry;
use crate::session::{Message, Session, Snapshot};

const RATE: f64 = 48_000.0;
const LIMIT: Duration = Duration::from_secs(20);

/// What the host was told.
#[derive(Debug, Default)]
struct Told {
    dirty: u32,
    presets: Vec<Preset>,
}

/// Kind, location and key of a preset, and why it failed.
type Preset = (u32, Option<CString>, Option<CString>, Option<String>);

struct TestHost {
    raw: clap_host,
    params: clap_host_params,
    state: clap_host_state,
    presets: clap_host_preset_load,
    told: Mutex<Told>,
}

unsafe fn of<'a>(host: *const clap_host) -> &'a TestHost {
    // SAFETY: the host is a test's, which outlives the instance.
    unsafe { &*(*host).host_data.cast::<TestHost>() }
}

unsafe extern "C" fn nothing(_: *const clap_host) {}

unsafe extern "C" fn rescan(_: *const clap_host, _: u32) {}

unsafe extern "C" fn mark_dirty(host: *const clap_host) {
    // SAFETY: as in `of`.
    unsafe { of(host) }.told.lock().unwrap().dirty += 1;
}

unsafe extern "C" fn loaded(host: *const clap_host, kind: u32, location: *const c_char, key: *const c_char) {
    // SAFETY: the plug-in passes C strings or null.
    unsafe { of(host).told.lock().unwrap().presets.push((kind, own(location), own(key), None)) }
}

unsafe extern "C" fn on_error(
    host: *const clap_host,
    kind: u32,
    location: *const c_char,
    key: *const c_char,
    _: i32,
    reason: *const c_char,
) {
    // SAFETY: as above.
    unsafe {
        let reason = own(reason).map(|text| text.into_string().unwrap());
        of(host).told.lock().unwrap().presets.push((kind, own(location), own(key), reason));
    }
}

unsafe fn own(text: *const c_char) -> Option<CString> {
    // SAFETY: the caller passes a C string or null.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_owned())
}

unsafe extern "C" fn host_extension(host: *const clap_host, name: *const c_char) -> *const c_void {
    // SAFETY: the plug-in passes its host and a C string.
    unsafe {
        let (host, name) = (of(host), CStr::from_ptr(name));
        match name {
            _ if name == CLAP_EXT_PARAMS => (&raw const host.params).cast(),
            _ if name == CLAP_EXT_STATE => (&raw const host.state).cast(),
            _ if name == CLAP_EXT_PRESET_LOAD => (&raw const host.presets).cast(),
            _ => null(),
        }
    }
}

/// An event that goes in.
#[derive(Clone, Copy)]
enum Event {
    Midi(clap_event_midi),
    Note(clap_event_note),
    Value(clap_event_param_value),
    Mod(clap_event_param_mod),
}

impl Event {
    fn header(&self) -> *const clap_event_header {
        match self {
            Event::Midi(event) => &raw const event.header,
            Event::Note(event) => &raw const event.header,
            Event::Value(event) => &raw const event.header,
            Event::Mod(event) => &raw const event.header,
        }
    }
}

fn midi(time: u32, data: [u8; 3]) -> Event {
    let header = value_event(0, 0.0, time).header;
    let header =
        clap_event_header { size: size_of::<clap_event_midi>() as u32, type_: CLAP_EVENT_MIDI, ..header };
    Event::Midi(clap_event_midi { header, port_index: 0, data })
}

fn note(time: u32, type_: clap_event_type, key: i16, note_id: i32) -> Event {
    let header = value_event(0, 0.0, time).header;
    let header = clap_event_header { size: size_of::<clap_event_note>() as u32, type_, ..header };
    Event::Note(clap_event_note { header, note_id, port_index: 0, channel: 0, key, velocity: 1.0 })
}

fn value(time: u32, id: clap_id, value: f64) -> Event {
    Event::Value(value_event(id, value, time))
}

fn modulation(time: u32, param_id: clap_id, amount: f64) -> Event {
    modulation_of(-1, time, param_id, amount)
}

/// Of a note, or of everything (-1).
fn modulation_of(note_id: i32, time: u32, param_id: clap_id, amount: f64) -> Event {
    let header = value_event(0, 0.0, time).header;
    let size = size_of::<clap_event_param_mod>() as u32;
    let header = clap_event_header { size, type_: CLAP_EVENT_PARAM_MOD, ..header };
    let (cookie, port_index, channel, key) = (null_mut(), -1, -1, -1);
    Event::Mod(clap_event_param_mod { header, param_id, cookie, note_id, port_index, channel, key, amount })
}

unsafe extern "C" fn in_size(list: *const clap_input_events) -> u32 {
    // SAFETY: the list is a test's own.
    unsafe { (&*(*list).ctx.cast::<Vec<Event>>()).len() as u32 }
}

unsafe extern "C" fn in_get(list: *const clap_input_events, index: u32) -> *const clap_event_header {
    // SAFETY: as above.
    unsafe { (&*(*list).ctx.cast::<Vec<Event>>())[index as usize].header() }
}

/// Time, kind, parameter and value (note and key) of what comes out.
type Out = (u32, u16, clap_id, f64);

unsafe extern "C" fn out_push(list: *const clap_output_events, event: *const clap_event_header) -> bool {
    // SAFETY: the list is a test's own, and the event says what it is.
    unsafe {
        let (id, value) = match (*event).type_ {
            CLAP_EVENT_PARAM_VALUE => {
                let event = &*event.cast::<clap_event_param_value>();
                (event.param_id, event.value)
            }
            CLAP_EVENT_PARAM_GESTURE_BEGIN | CLAP_EVENT_PARAM_GESTURE_END => {
                ((*event.cast::<clap_event_param_gesture>()).param_id, 0.0)
            }
            CLAP_EVENT_NOTE_END => {
                let note = &*event.cast::<clap_event_note>();
                (note.note_id as clap_id, note.key.into())
            }
            _ => (0, 0.0),
        };
        let out = &mut *(*list).ctx.cast::<Vec<Out>>();
        assert!(out.len() < out.capacity(), "room enough");
        out.push(((*event).time, (*event).type_, id, value));
    }
    true
}

/// An instance of *Seiche*, active.
struct Instance {
    plugin: *const clap_plugin,
    host: Box<TestHost>,
}

impl Instance {
    fn new() -> Instance {
        let raw = clap_host {
            clap_version: CLAP_VERSION,
            host_data: null_mut(),
            name: c"test".as_ptr(),
            vendor: c"".as_ptr(),
            url: c"".as_ptr(),
            version: c"1".as_ptr(),
            get_extension: Some(host_extension),
            request_restart: Some(nothing),
            request_process: Some(nothing),
            request_callback: Some(nothing),
        };
        let mut host = Box::new(TestHost {
            raw,
            params: clap_host_params { rescan: Some(rescan), clear: None, request_flush: Some(nothing) },
            state: clap_host_state { mark_dirty: Some(mark_dirty) },
            presets: clap_host_preset_load { on_error: Some(on_error), loaded: Some(loaded) },
            told: Mutex::default(),
        });
        host.raw.host_data = (&raw mut *host).cast();
        // SAFETY: as a host does it, all on this thread.
        let plugin = unsafe {
            let factory = clap_entry.get_factory.unwrap()(CLAP_PLUGIN_FACTORY_ID.as_ptr())
                .cast::<clap_plugin_factory>();
            let plugin = (*factory).create_plugin.unwrap()(
                factory,
                &raw const host.raw,
                c"org.seiche.seiche".as_ptr(),
            );
            assert!((*plugin).init.unwrap()(plugin));
            assert!((*plugin).activate.unwrap()(plugin, RATE, 1, 4096));
            assert!((*plugin).start_processing.unwrap()(plugin));
            plugin
        };
        Instance { plugin, host }
    }

    /// With a library of this text open, which plays.
    fn with(scratch: &Scratch, text: &str) -> Instance {
        let instance = Instance::new();
        let path = scratch.0.join("library.yaml");
        std::fs::write(&path, text).unwrap();
        instance.open(&path);
        instance
    }

    fn open(&self, path: &Path) {
        self.session().send(Message::Open(path.into()));
        self.settle();
        assert_eq!(self.session().snapshot().findings, []);
    }

    /// Waits for the loader, and lets the host's main thread hear of it; what fades in has done so.
    fn settle(&self) {
        assert!(self.session().settle(LIMIT));
        self.main();
        (0..20).for_each(|_| drop(self.play(512, vec![])));
    }

    fn session(&self) -> &Arc<Session> {
        // SAFETY: the plug-in lives as long as `self`.
        unsafe { Front::of(self.plugin) }.values.session()
    }

    fn main(&self) {
        // SAFETY: as a host does it.
        unsafe { (*self.plugin).on_main_thread.unwrap()(self.plugin) };
    }

    fn extension<T>(&self, name: &CStr) -> &T {
        // SAFETY: the plug-in's extensions live as long as it does, and the name says what it is.
        unsafe {
            let found = (*self.plugin).get_extension.unwrap()(self.plugin, name.as_ptr());
            found.cast::<T>().as_ref().expect("an extension")
        }
    }

    /// Id of the parameter with this name.
    fn id(&self, name: &str) -> clap_id {
        let params: &clap_plugin_params = self.extension(CLAP_EXT_PARAMS);
        // SAFETY: as a host does it.
        unsafe {
            let infos = (0..params.count.unwrap()(self.plugin)).map(|index| {
                let mut info: clap_param_info = std::mem::zeroed();
                assert!(params.get_info.unwrap()(self.plugin, index, &raw mut info));
                info
            });
            let mut named = infos.filter(|info| CStr::from_ptr(info.name.as_ptr()).to_str() == Ok(name));
            named.next().unwrap_or_else(|| panic!("no parameter {name}")).id
        }
    }

    fn value(&self, id: clap_id) -> f64 {
        let params: &clap_plugin_params = self.extension(CLAP_EXT_PARAMS);
        let mut value = f64::NAN;
        // SAFETY: as a host does it.
        assert!(unsafe { params.get_value.unwrap()(self.plugin, id, &raw mut value) });
        value
    }

    fn state(&self) -> Vec<u8> {
        unsafe extern "C" fn write(stream: *const clap_ostream, from: *const c_void, size: u64) -> i64 {
            // SAFETY: the stream is the one below; the plug-in passes so many bytes.
            unsafe {
                let bytes = std::slice::from_raw_parts(from.cast::<u8>(), size as usize);
                (&mut *(*stream).ctx.cast::<Vec<u8>>()).extend(bytes);
            }
            size as i64
        }
        let state: &clap_plugin_state = self.extension(CLAP_EXT_STATE);
        let mut bytes: Vec<u8> = vec![];
        let stream = clap_ostream { ctx: (&raw mut bytes).cast(), write: Some(write) };
        // SAFETY: as a host does it.
        assert!(unsafe { state.save.unwrap()(self.plugin, &raw const stream) });
        bytes
    }

    /// Plays a block: the left channel, and what came out.
    fn play(&self, frames: u32, events: Vec<Event>) -> (Vec<f32>, Vec<Out>) {
        let mut out: Vec<Out> = Vec::with_capacity(1024);
        let input = clap_input_events {
            ctx: (&raw const events).cast_mut().cast(),
            size: Some(in_size),
            get: Some(in_get),
        };
        let output = clap_output_events { ctx: (&raw mut out).cast(), try_push: Some(out_push) };
        let mut silence = [vec![0.0f32; frames as usize], vec![0.0f32; frames as usize]];
        let mut heard = silence.clone();
        let channels = |all: &mut [Vec<f32>; 2]| all.each_mut().map(|channel| channel.as_mut_ptr());
        let (mut sidechain, mut main) = (channels(&mut silence), channels(&mut heard));
        let buffer = |channels: &mut [*mut f32; 2]| clap_audio_buffer {
            data32: channels.as_mut_ptr().cast(),
            data64: null_mut(),
            channel_count: 2,
            latency: 0,
            constant_mask: 0,
        };
        let (inputs, mut outputs) = (buffer(&mut sidechain), buffer(&mut main));
        let process = clap_process {
            steady_time: -1,
            frames_count: frames,
            transport: null(),
            audio_inputs: &raw const inputs,
            audio_outputs: &raw mut outputs,
            audio_inputs_count: 1,
            audio_outputs_count: 1,
            in_events: &raw const input,
            out_events: &raw const output,
        };
        // SAFETY: as a host does it, with buffers of so many frames.
        assert!(unsafe { (*self.plugin).process.unwrap()(self.plugin, &raw const process) } >= 1);
        assert!(out.is_sorted_by_key(|(time, ..)| *time), "in the order of frames: {out:?}");
        let [left, _] = heard;
        (left, out)
    }

    /// Waits until the session is as it should be.
    fn until(&self, what: &str, test: impl Fn(&Snapshot) -> bool) {
        let end = Instant::now() + LIMIT;
        while !test(&self.session().snapshot()) {
            assert!(Instant::now() < end, "{what}: {:?}", self.session().snapshot());
            self.play(64, vec![]);
            std::thread::sleep(Duration::from_millis(5));
        }
        self.main();
    }

    fn told(&self) -> Told {
        std::mem::take(&mut self.host.told.lock().unwrap())
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // SAFETY: as a host does it.
        unsafe {
            (*self.plugin).stop_processing.unwrap()(self.plugin);
            (*self.plugin).deactivate.unwrap()(self.plugin);
            (*self.plugin).destroy.unwrap()(self.plugin);
        }
    }
}

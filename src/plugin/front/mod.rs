//! Stands between the host and the framework's CLAP wrapper, for what the wrapper gets wrong or does not know: busses that the host
//! leaves out ([`ports`]), the names of macros ([`macros`]) and keys ([`note_names`]), events whose order or time would lose them ([`queue`]),
//! controllers that move macros ([`controls`]), presets ([`preset_load`]), windows that would stay blank ([`window`]).
//! Each function is called on the thread that the CLAP specification names; `process` allocates nothing.

mod controls;
mod host;
mod latency;
mod macros;
mod note_names;
mod outbox;
mod pickup;
mod ports;
mod preset_load;
mod queue;
#[cfg(test)]
mod tests;
mod window;

use std::cell::UnsafeCell;
use std::ffi::{CStr, c_char, c_void};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use clap_sys::events::{CLAP_TRANSPORT_IS_PLAYING, clap_input_events, clap_output_events};
use clap_sys::ext::gui::CLAP_EXT_GUI;
use clap_sys::ext::latency::CLAP_EXT_LATENCY;
use clap_sys::ext::note_name::CLAP_EXT_NOTE_NAME;
use clap_sys::ext::note_ports::{CLAP_EXT_NOTE_PORTS, clap_plugin_note_ports};
use clap_sys::ext::params::{CLAP_EXT_PARAMS, clap_param_info, clap_plugin_params};
use clap_sys::ext::state::{CLAP_EXT_STATE, clap_host_state, clap_plugin_state};
use clap_sys::host::clap_host;
use clap_sys::id::CLAP_INVALID_ID;
use clap_sys::plugin::clap_plugin;
use clap_sys::process::{CLAP_PROCESS_CONTINUE, CLAP_PROCESS_ERROR, clap_process, clap_process_status};
use clap_sys::stream::clap_istream;

use super::params::HostParams;
use controls::{Controls, Desk, Ids};
pub use host::Host;
use latency::{LATENCY, Latency};
use note_names::{NOTE_NAME, NoteNames};
use ports::Ports;
pub use preset_load::{c_path, path};
pub use queue::MOST_EVENTS;
use queue::Queue;
use window::Window;

/// One instance as the host sees it.
#[repr(C)]
pub struct Front {
    /// What the host holds: our functions, with the wrapper's data, so that the wrapper's extension functions work on it unchanged.
    /// First field: the host's pointer to it is a pointer to the whole.
    outer: clap_plugin,
    /// The wrapper's own functions.
    inner: clap_plugin,
    params: Extension<clap_plugin_params>,
    state: Extension<clap_plugin_state>,
    note_ports: Extension<clap_plugin_note_ports>,
    latency: Latency,
    names: NoteNames,
    window: UnsafeCell<Window>,
    host: Box<Host>,
    values: Arc<HostParams>,
    ids: OnceLock<Ids>,
    asked: preset_load::Asked,
    /// Touched by activate, deactivate, process and flush, which the host never runs at the same time.
    audio: UnsafeCell<Audio>,
    active: AtomicBool,
    /// Whether the host is clap-wrapper, which plays us as VST3.
    wrapped: AtomicBool,
}

/// What is needed while audio is rendered.
struct Audio {
    ports: Ports,
    queue: Queue,
    controls: Controls,
}

/// One of the wrapper's extensions, and ours in front of it.
struct Extension<T> {
    inner: UnsafeCell<Option<*const T>>,
    outer: T,
}

const VST3_INFO: &CStr = c"clap.plugin-info-as-vst3/0";

/// clap-wrapper's questions to a plug-in that is wrapped as VST3.
#[repr(C)]
struct AsVst3 {
    midi_channels: unsafe extern "C" fn(*const clap_plugin, u32) -> u32,
    note_expressions: unsafe extern "C" fn(*const clap_plugin) -> u32,
}

/// All channels, though VST3 knows controllers only as parameters, 130 hidden ones for each: the slowest host (pedalboard) still loads in
/// about a second.
static AS_VST3: AsVst3 = AsVst3 { midi_channels: all_channels, note_expressions: all_expressions };

unsafe extern "C" fn all_channels(_plugin: *const clap_plugin, _port: u32) -> u32 {
    16
}

unsafe extern "C" fn all_expressions(_plugin: *const clap_plugin) -> u32 {
    (1 << 7) - 1
}

impl Front {
    /// Puts a front before the wrapper's `inner`; the host gives it back through `destroy`. `aux` is the number of aux outputs.
    pub fn create(
        inner: clap_plugin,
        host: Box<Host>,
        aux: usize,
        values: Arc<HostParams>,
    ) -> *const clap_plugin {
        let outer = clap_plugin {
            destroy: Some(destroy),
            activate: Some(activate),
            deactivate: Some(deactivate),
            process: Some(process),
            get_extension: Some(get_extension),
            on_main_thread: Some(on_main_thread),
            ..inner
        };
        let params = clap_plugin_params {
            count: None,
            get_info: Some(param_info),
            get_value: None,
            value_to_text: None,
            text_to_value: None,
            flush: Some(flush),
        };
        let state = clap_plugin_state { save: None, load: Some(load_state) };
        let note_ports = clap_plugin_note_ports { count: None, get: Some(note_names::port) };
        let address = host.real() as usize;
        let front = Box::new(Front {
            outer,
            inner,
            params: Extension { inner: UnsafeCell::new(None), outer: params },
            state: Extension { inner: UnsafeCell::new(None), outer: state },
            note_ports: Extension { inner: UnsafeCell::new(None), outer: note_ports },
            latency: Latency::default(),
            names: NoteNames::default(),
            window: UnsafeCell::new(Window::new()),
            host,
            values,
            ids: OnceLock::new(),
            asked: Default::default(),
            audio: UnsafeCell::new(Audio {
                ports: Ports::new(aux),
                queue: Queue::new(),
                controls: Controls::new(),
            }),
            active: AtomicBool::new(false),
            wrapped: AtomicBool::new(false),
        });
        front.values.session().on_change(Box::new(move || {
            let host = address as *const clap_host;
            // SAFETY: the host outlives its instances, and `destroy` takes this closure away before the instance goes; the call is
            // allowed from any thread.
            unsafe {
                if let Some(request) = (*host).request_callback {
                    request(host);
                }
            }
        }));
        Box::into_raw(front).cast()
    }

    /// # Safety
    /// `plugin` must be a pointer that [`Front::create`] returned and that has not been destroyed.
    unsafe fn of<'a>(plugin: *const clap_plugin) -> &'a Front {
        // SAFETY: `outer` is the first field of a `repr(C)` struct.
        unsafe { &*plugin.cast::<Front>() }
    }

    /// Asks the framework for the ids of parameters that are of concern here. Main thread, before the host can send any of them.
    ///
    /// # Safety
    /// `plugin` must be this instance.
    unsafe fn know_ids(&self, plugin: *const clap_plugin) {
        // SAFETY: the wrapper's own functions, on its own instance, on the main thread.
        let get = || unsafe {
            let params = self
                .inner
                .get_extension
                .map_or(std::ptr::null(), |get| get(plugin, CLAP_EXT_PARAMS.as_ptr()));
            let info = params.cast::<clap_plugin_params>().as_ref().and_then(|params| params.get_info);
            Ids::of(&self.values, |index| {
                let mut found: clap_param_info = std::mem::zeroed();
                match info.is_some_and(|info| info(plugin, index, &raw mut found)) {
                    true => found.id,
                    false => CLAP_INVALID_ID,
                }
            })
        };
        self.ids.get_or_init(get);
    }

    /// What the controls need to know. Audio thread.
    fn desk(&self) -> Option<Desk<'_>> {
        Some(Desk { ids: self.ids.get()?, values: &self.values, host: self.host.real() })
    }

    /// # Safety
    /// Only from the functions that may touch audio data (see the field).
    #[allow(clippy::mut_from_ref)]
    unsafe fn audio(&self) -> &mut Audio {
        // SAFETY: the host calls those functions one at a time.
        unsafe { &mut *self.audio.get() }
    }
}

unsafe extern "C" fn destroy(plugin: *const clap_plugin) {
    if plugin.is_null() {
        return;
    }
    // SAFETY: the host gives the instance back; it was made by `Box::into_raw` in `create`, and is used by nobody any more.
    let front = unsafe { Box::from_raw(plugin.cast_mut().cast::<Front>()) };
    front.values.session().on_change(Box::new(|| ()));
    // SAFETY: as above; the wrapper frees its own data.
    unsafe {
        if let Some(destroy) = front.inner.destroy {
            destroy(plugin);
        }
    }
}

unsafe extern "C" fn activate(
    plugin: *const clap_plugin,
    rate: f64,
    min_frames: u32,
    max_frames: u32,
) -> bool {
    // SAFETY: called by the host on its own instance, on the main thread while nothing is processed.
    unsafe {
        let front = Front::of(plugin);
        let audio = front.audio();
        audio.ports.prepare(max_frames);
        audio.queue.prepare(rate);
        audio.controls.prepare(rate);
        front.know_ids(plugin);
        // Its table of sounding notes has room for 32 and grows until it hears that they ended.
        audio.queue.wrapped = front.wrapped.load(Ordering::Acquire);
        let done = front.inner.activate.is_some_and(|call| call(plugin, rate, min_frames, max_frames));
        front.active.store(done, Ordering::Release);
        front.latency.activated(front.values.session().latency(), front.host.real());
        done
    }
}

unsafe extern "C" fn deactivate(plugin: *const clap_plugin) {
    // SAFETY: called by the host on its own instance, on the main thread while nothing is processed.
    unsafe {
        let front = Front::of(plugin);
        front.active.store(false, Ordering::Release);
        if let Some(call) = front.inner.deactivate {
            call(plugin);
        }
    }
}

unsafe extern "C" fn process(
    plugin: *const clap_plugin,
    process: *const clap_process,
) -> clap_process_status {
    #[cfg(all(feature = "rt-check", not(test)))]
    let _counted = super::alloc::Counted::start();
    if plugin.is_null() || process.is_null() {
        return CLAP_PROCESS_ERROR;
    }
    // SAFETY: called by the host on its own instance with a process structure that is valid for the call.
    unsafe {
        let (front, host) = (Front::of(plugin), &*process);
        let audio = front.audio();
        if !front.active.load(Ordering::Acquire) || host.frames_count > audio.ports.max_frames() {
            return CLAP_PROCESS_ERROR;
        }
        if host.frames_count == 0 {
            // The wrapper would take the empty block for missing buffers and forget the notes: keep them for the next frame.
            flush(plugin, host.in_events, host.out_events);
            return CLAP_PROCESS_CONTINUE;
        }
        let playing = host.transport.as_ref().is_some_and(|t| t.flags & CLAP_TRANSPORT_IS_PLAYING != 0);
        if front.latency.stops(playing)
            && let Some(request) = (*front.host.real()).request_callback
        {
            request(front.host.real());
        }
        let Audio { ports, queue, controls } = audio;
        queue.gather(host.in_events, host.frames_count);
        if let Some(desk) = front.desk() {
            controls.begin();
            queue.pass(|event, time, add| controls.see(event, time, &desk, add));
            controls.end(host.frames_count, desk.ids);
        }
        let events = queue.list();
        let mut safe = *host;
        ports.complete(&mut safe);
        safe.in_events = &raw const events;
        // What we have to say goes out among the framework's events, in the order of the frames.
        let own = (queue.has_ended() || !controls.out.is_empty()).then(|| controls.out.list());
        safe.out_events = own.as_ref().map_or(host.out_events, |own| &raw const *own);
        let status = front.inner.process.map_or(CLAP_PROCESS_ERROR, |call| call(plugin, &raw const safe));
        if let Some(own) = own {
            queue.end_notes(&raw const own);
            controls.out.deliver(host.out_events);
        }
        status
    }
}

/// Parameter changes without audio. Notes that come along (VST3 hosts send empty blocks with notes) are kept for the next block.
unsafe extern "C" fn flush(
    plugin: *const clap_plugin,
    events: *const clap_input_events,
    out: *const clap_output_events,
) {
    // SAFETY: called by the host on its own instance, never while it processes; the lists are valid for the call, or null.
    unsafe {
        let front = Front::of(plugin);
        let audio = front.audio();
        if front.active.load(Ordering::Acquire) {
            audio.queue.keep_notes(events);
        }
        let Audio { queue, controls, .. } = audio;
        queue.parameters(events);
        if let Some(desk) = front.desk() {
            controls.begin();
            queue.pass(|event, time, add| controls.see(event, time, &desk, add));
            controls.release(out, desk.ids);
        }
        let list = queue.list();
        if let Some(call) = (*front.params.inner.get()).and_then(|inner| (*inner).flush) {
            call(plugin, &raw const list, out);
        }
    }
}

/// The wrapper panics at an index one past the end.
unsafe extern "C" fn param_info(plugin: *const clap_plugin, index: u32, info: *mut clap_param_info) -> bool {
    // SAFETY: called by the host on its own instance; the extension was fetched before the host could get at this function.
    unsafe {
        let Some(inner) = *Front::of(plugin).params.inner.get() else { return false };
        let count = (*inner).count.map_or(0, |call| call(plugin));
        let done = index < count && (*inner).get_info.is_some_and(|call| call(plugin, index, info));
        if done && let Some(info) = info.as_mut() {
            macros::rename(info, &Front::of(plugin).values, index);
        }
        done
    }
}

unsafe extern "C" fn get_extension(plugin: *const clap_plugin, id: *const c_char) -> *const c_void {
    if plugin.is_null() || id.is_null() {
        return std::ptr::null();
    }
    // SAFETY: called by the host on its own instance, on the main thread, with a C string.
    unsafe {
        let front = Front::of(plugin);
        let name = CStr::from_ptr(id);
        if name == VST3_INFO {
            front.wrapped.store(true, Ordering::Release);
            super::vst3::stand_in_front();
            return (&raw const AS_VST3).cast();
        }
        if name == CLAP_EXT_NOTE_NAME {
            return (&raw const NOTE_NAME).cast();
        }
        if preset_load::is(name) {
            return (&raw const preset_load::PRESET_LOAD).cast();
        }
        let inner = front.inner.get_extension.map_or(std::ptr::null(), |call| call(plugin, id));
        if inner.is_null() {
            inner
        } else if name == CLAP_EXT_PARAMS {
            front.know_ids(plugin);
            front.params.serve(inner.cast())
        } else if name == CLAP_EXT_GUI {
            (*front.window.get()).serve(inner.cast())
        } else if name == CLAP_EXT_LATENCY {
            (&raw const LATENCY).cast()
        } else if name == CLAP_EXT_NOTE_PORTS {
            front.note_ports.serve(inner.cast())
        } else if name == CLAP_EXT_STATE {
            front.state.serve(inner.cast())
        } else {
            inner
        }
    }
}

unsafe extern "C" fn on_main_thread(plugin: *const clap_plugin) {
    // SAFETY: called by the host on its own instance, on the main thread.
    unsafe {
        let front = Front::of(plugin);
        if let Some(call) = front.inner.on_main_thread {
            call(plugin);
        }
        front.host.catch_up();
        macros::tell(front);
        note_names::tell(front);
        preset_load::tell(front);
        let host = front.host.real();
        if front.active.load(Ordering::Acquire) {
            let session = front.values.session();
            front.latency.compare(session.latency(), session.plays_otherwise(), host);
        }
        if front.values.session().take_changed()
            && let Some(get) = (*host).get_extension
        {
            let state = get(host, CLAP_EXT_STATE.as_ptr()).cast::<clap_host_state>();
            if let Some(mark) = state.as_ref().and_then(|state| state.mark_dirty) {
                mark(host);
            }
        }
    }
}

unsafe extern "C" fn load_state(plugin: *const clap_plugin, stream: *const clap_istream) -> bool {
    // SAFETY: called by the host on its own instance, on the main thread; the extension was fetched before.
    unsafe {
        let front = Front::of(plugin);
        let load = (*front.state.inner.get()).and_then(|inner| (*inner).load);
        front.host.while_loading(|| load.is_some_and(|call| call(plugin, stream)))
    }
}

impl Extension<clap_plugin_state> {
    /// As below.
    fn serve(&self, inner: *const clap_plugin_state) -> *const c_void {
        // SAFETY: as below.
        unsafe {
            if (*self.inner.get()).is_none() {
                let outer = (&raw const self.outer).cast_mut();
                *outer = clap_plugin_state { load: self.outer.load, ..*inner };
                *self.inner.get() = Some(inner);
            }
        }
        (&raw const self.outer).cast()
    }
}

impl Extension<clap_plugin_params> {
    /// Ours, completed with the wrapper's functions where we have none. Main thread.
    fn serve(&self, inner: *const clap_plugin_params) -> *const c_void {
        // SAFETY: the wrapper's extension lives as long as the instance; only the main thread comes here, and what it writes is the
        // same every time.
        unsafe {
            if (*self.inner.get()).is_none() {
                let outer = (&raw const self.outer).cast_mut();
                *outer =
                    clap_plugin_params { get_info: self.outer.get_info, flush: self.outer.flush, ..*inner };
                *self.inner.get() = Some(inner);
            }
        }
        (&raw const self.outer).cast()
    }
}

/// As a C string, cut off between characters where it is too long.
pub fn write(place: &mut [c_char], text: &str) {
    let room = place.len().saturating_sub(1);
    let end = (0..=text.len().min(room)).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    place.fill(0);
    for (place, byte) in place.iter_mut().zip(text[..end].bytes()) {
        *place = byte as c_char;
    }
}

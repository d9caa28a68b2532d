//! The host as the framework sees it. In Ardour's VST3 (clap-wrapper's host side) a copy stands between, which holds back the news of
//! changed values while a state is loaded: Ardour holds a lock meanwhile, and waits for itself for ever when it hears them. Every other
//! host is seen as it is. Main thread, but for what CLAP allows from any.

use std::ffi::{CStr, c_char, c_void};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use clap_sys::ext::params::{
    CLAP_EXT_PARAMS, clap_host_params, clap_param_clear_flags, clap_param_rescan_flags,
};
use clap_sys::host::clap_host;
use clap_sys::id::clap_id;

/// How clap-wrapper shows itself.
const WRAPPER: &CStr = c"https://github.com/free-audio/clap-wrapper";
/// The programs that must not be told while they load, by the beginning of their names.
const LOCKED_WHILE_LOADING: [&[u8]; 2] = [b"Ardour", b"Mixbus"];

/// One instance's host.
#[repr(C)]
pub struct Host {
    /// First field: the framework's pointer to it is a pointer to the whole.
    copy: clap_host,
    params: clap_host_params,
    real: *const clap_host,
    stand_between: bool,
    loading: AtomicBool,
    held_back: AtomicU32,
}

impl Host {
    /// # Safety
    /// `real` must be the host that creates the instance.
    pub unsafe fn new(real: *const clap_host) -> Box<Host> {
        // SAFETY: see above; the strings of a host are C strings or null.
        let (copy, stand_between) = unsafe {
            let host = &*real;
            let own = clap_host {
                get_extension: Some(get_extension),
                request_restart: Some(request_restart),
                request_process: Some(request_process),
                request_callback: Some(request_callback),
                ..*host
            };
            let says =
                |text: *const c_char| if text.is_null() { &[][..] } else { CStr::from_ptr(text).to_bytes() };
            let locked = LOCKED_WHILE_LOADING.iter().any(|name| says(host.name).starts_with(name));
            (own, locked && says(host.url) == WRAPPER.to_bytes())
        };
        let params =
            clap_host_params { rescan: Some(rescan), clear: Some(clear), request_flush: Some(request_flush) };
        let (loading, held_back) = (AtomicBool::new(false), AtomicU32::new(0));
        Box::new(Host { copy, params, real, stand_between, loading, held_back })
    }

    /// What the framework is given.
    pub fn seen(&self) -> *const clap_host {
        if self.stand_between { self.copy() } else { self.real }
    }

    /// A pointer to the copy, good for the whole.
    fn copy(&self) -> *const clap_host {
        (&raw const *self).cast()
    }

    pub fn real(&self) -> *const clap_host {
        self.real
    }

    /// Loads a state; news of changed values wait until [`Host::catch_up`].
    pub fn while_loading(&self, load: impl FnOnce() -> bool) -> bool {
        self.loading.store(true, Ordering::Release);
        let done = load();
        self.loading.store(false, Ordering::Release);
        if self.held_back.load(Ordering::Acquire) != 0 {
            // SAFETY: the host lives as long as the instance.
            unsafe { request_callback(self.copy()) };
        }
        done
    }

    /// Tells the host what was held back. Main thread, outside of any other call of the host.
    pub fn catch_up(&self) {
        let flags = self.held_back.swap(0, Ordering::AcqRel);
        if flags != 0 {
            // SAFETY: as above.
            unsafe { rescan(self.copy(), flags) };
        }
    }
}

/// # Safety
/// `host` must be a copy that [`Host::seen`] returned: only the framework calls these functions, and only with that.
unsafe fn of<'a>(host: *const clap_host) -> &'a Host {
    // SAFETY: `copy` is the first field of a `repr(C)` struct.
    unsafe { &*host.cast::<Host>() }
}

unsafe fn real_params<'a>(host: &Host) -> Option<&'a clap_host_params> {
    // SAFETY: the host's extensions live as long as it does.
    unsafe {
        let get = (*host.real).get_extension?;
        get(host.real, CLAP_EXT_PARAMS.as_ptr()).cast::<clap_host_params>().as_ref()
    }
}

unsafe extern "C" fn get_extension(host: *const clap_host, id: *const c_char) -> *const c_void {
    // SAFETY: the framework passes its host and a C string.
    unsafe {
        let host = of(host);
        let found = (*host.real).get_extension.map_or(std::ptr::null(), |get| get(host.real, id));
        if !found.is_null() && CStr::from_ptr(id) == CLAP_EXT_PARAMS {
            (&raw const host.params).cast()
        } else {
            found
        }
    }
}

impl Host {
    /// Tells the host that it must look at the parameters again. Main thread.
    pub fn rescan(&self, flags: clap_param_rescan_flags) {
        // SAFETY: the host lives as long as the instance.
        unsafe { rescan(self.copy(), flags) };
    }
}

unsafe extern "C" fn rescan(host: *const clap_host, flags: clap_param_rescan_flags) {
    // SAFETY: the framework passes its host.
    unsafe {
        let host = of(host);
        if host.loading.load(Ordering::Acquire) {
            host.held_back.fetch_or(flags, Ordering::AcqRel);
        } else if let Some(call) = real_params(host).and_then(|p| p.rescan) {
            call(host.real, flags);
        }
    }
}

unsafe extern "C" fn clear(host: *const clap_host, parameter: clap_id, flags: clap_param_clear_flags) {
    // SAFETY: the framework passes its host.
    unsafe {
        let host = of(host);
        if let Some(call) = real_params(host).and_then(|p| p.clear) {
            call(host.real, parameter, flags);
        }
    }
}

unsafe extern "C" fn request_flush(host: *const clap_host) {
    // SAFETY: the framework passes its host.
    unsafe {
        let host = of(host);
        if let Some(call) = real_params(host).and_then(|p| p.request_flush) {
            call(host.real);
        }
    }
}

unsafe extern "C" fn request_restart(host: *const clap_host) {
    // SAFETY: the framework passes its host.
    unsafe {
        let host = of(host);
        if let Some(call) = (*host.real).request_restart {
            call(host.real);
        }
    }
}

unsafe extern "C" fn request_process(host: *const clap_host) {
    // SAFETY: the framework passes its host.
    unsafe {
        let host = of(host);
        if let Some(call) = (*host.real).request_process {
            call(host.real);
        }
    }
}

unsafe extern "C" fn request_callback(host: *const clap_host) {
    // SAFETY: the framework passes its host.
    unsafe {
        let host = of(host);
        if let Some(call) = (*host.real).request_callback {
            call(host.real);
        }
    }
}

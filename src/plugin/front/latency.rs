//! The latency that the host is told. It may change only while the host activates the plug-in, so a sound with another latency asks the
//! host to do that anew; while the transport plays it waits, so that no edit tears a gap. Main thread, but for what says otherwise.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use clap_sys::ext::latency::{CLAP_EXT_LATENCY, clap_host_latency, clap_plugin_latency};
use clap_sys::host::clap_host;
use clap_sys::plugin::clap_plugin;

use super::Front;

/// The extension that the host finds.
pub static LATENCY: clap_plugin_latency = clap_plugin_latency { get: Some(get) };

#[derive(Default)]
pub struct Latency {
    /// Frames that the host knows of.
    told: AtomicU32,
    playing: AtomicBool,
}

impl Latency {
    /// The host activates the plug-in, whose sound has this latency now.
    ///
    /// # Safety
    /// `host` must be the instance's own.
    pub unsafe fn activated(&self, latency: u32, host: *const clap_host) {
        if self.told.swap(latency, Ordering::AcqRel) == latency {
            return;
        }
        // SAFETY: as the caller promises; inside of `activate` the call is allowed.
        unsafe {
            let Some(get) = (*host).get_extension else { return };
            let host_latency = get(host, CLAP_EXT_LATENCY.as_ptr()).cast::<clap_host_latency>();
            if let Some(changed) = host_latency.as_ref().and_then(|latency| latency.changed) {
                changed(host);
            }
        }
    }

    /// Asks the host to activate anew where the latency is not what it knows, or the engine is to be another one (`otherwise`), unless
    /// it plays.
    ///
    /// # Safety
    /// `host` must be the instance's own.
    pub unsafe fn compare(&self, latency: u32, otherwise: bool, host: *const clap_host) {
        let differs = otherwise || self.told.load(Ordering::Acquire) != latency;
        if differs && !self.playing.load(Ordering::Acquire) {
            // SAFETY: as the caller promises.
            unsafe {
                if let Some(restart) = (*host).request_restart {
                    restart(host);
                }
            }
        }
    }

    /// Takes note of the transport; whether it has just stopped. Audio thread.
    pub fn stops(&self, playing: bool) -> bool {
        self.playing.swap(playing, Ordering::AcqRel) && !playing
    }
}

unsafe extern "C" fn get(plugin: *const clap_plugin) -> u32 {
    // SAFETY: called by the host on its own instance.
    unsafe { Front::of(plugin).latency.told.load(Ordering::Acquire) }
}

//! Opens the window in one go. A window that is created long before it is shown stays blank on X11 (its only request for a redraw is
//! used up before it can be seen), so create, parent, size and show are held back and done together when the host shows it. Main thread.

use std::cell::UnsafeCell;
use std::ffi::{CStr, c_char, c_void};

use clap_sys::ext::gui::{clap_plugin_gui, clap_window};
use clap_sys::plugin::clap_plugin;

use super::Front;

/// How far the host has come.
#[derive(Clone, Copy, PartialEq)]
enum Stage {
    Closed,
    /// The host has asked for a window; nothing exists yet.
    Wanted,
    Open,
}

/// One instance's window and what the host has said about it so far.
pub struct Window {
    inner: Option<*const clap_plugin_gui>,
    outer: UnsafeCell<Option<clap_plugin_gui>>,
    stage: Stage,
    api: Option<&'static CStr>,
    parent: Option<clap_window>,
    scale: Option<f64>,
    size: Option<(u32, u32)>,
    shown: bool,
}

/// The window systems that the framework may support; names must outlive the host's call.
const SYSTEMS: [&CStr; 3] = [
    clap_sys::ext::gui::CLAP_WINDOW_API_X11,
    clap_sys::ext::gui::CLAP_WINDOW_API_COCOA,
    clap_sys::ext::gui::CLAP_WINDOW_API_WIN32,
];

impl Window {
    pub fn new() -> Self {
        Self {
            inner: None,
            outer: UnsafeCell::new(None),
            stage: Stage::Closed,
            api: None,
            parent: None,
            scale: None,
            size: None,
            shown: false,
        }
    }

    /// Our extension in front of the wrapper's.
    pub fn serve(&mut self, inner: *const clap_plugin_gui) -> *const c_void {
        self.inner = Some(inner);
        // SAFETY: the wrapper's extension is valid as long as the instance; nobody else writes the cell.
        unsafe {
            let outer = (*self.outer.get()).get_or_insert(clap_plugin_gui {
                create: Some(create),
                destroy: Some(close),
                set_scale: Some(set_scale),
                adjust_size: Some(adjust_size),
                set_size: Some(set_size),
                set_parent: Some(set_parent),
                show: Some(show),
                hide: Some(hide),
                ..*inner
            });
            (&raw const *outer).cast()
        }
    }

    /// Creates the real window once the host has said everything that is needed.
    unsafe fn open_when_ready(&mut self, plugin: *const clap_plugin) -> bool {
        let (Stage::Wanted, true, Some(inner), Some(api), Some(parent)) =
            (self.stage, self.shown, self.inner, self.api, self.parent)
        else {
            return true;
        };
        // SAFETY: the wrapper's functions, called in the order that CLAP prescribes, on the main thread.
        unsafe {
            let gui = &*inner;
            if !gui.create.is_some_and(|call| call(plugin, api.as_ptr(), false)) {
                return false;
            }
            self.stage = Stage::Open;
            if let (Some(scale), Some(call)) = (self.scale, gui.set_scale) {
                call(plugin, scale);
            }
            if !gui.set_parent.is_some_and(|call| call(plugin, &raw const parent)) {
                return false;
            }
            if let (Some((width, height)), Some(call)) = (self.size, gui.set_size) {
                call(plugin, width, height);
            }
            gui.show.is_some_and(|call| call(plugin))
        }
    }
}

/// # Safety
/// `plugin` must be one of ours and alive; main thread, one window function at a time.
#[allow(clippy::mut_from_ref)]
unsafe fn window<'a>(plugin: *const clap_plugin) -> &'a mut Window {
    // SAFETY: as above.
    unsafe { &mut *Front::of(plugin).window.get() }
}

/// # Safety
/// As [`window`].
unsafe fn inner<'a>(plugin: *const clap_plugin) -> Option<&'a clap_plugin_gui> {
    // SAFETY: the wrapper's extension lives as long as the instance.
    unsafe { window(plugin).inner.map(|inner| &*inner) }
}

unsafe extern "C" fn create(plugin: *const clap_plugin, api: *const c_char, floating: bool) -> bool {
    // SAFETY: called by the host on its own instance, on the main thread, with a C string.
    unsafe {
        let supported = !api.is_null()
            && inner(plugin)
                .and_then(|gui| gui.is_api_supported)
                .is_some_and(|call| call(plugin, api, floating));
        let window = window(plugin);
        if !supported || window.stage != Stage::Closed {
            return false;
        }
        window.api = SYSTEMS.into_iter().find(|name| *name == CStr::from_ptr(api));
        (window.stage, window.parent, window.size, window.shown) = (Stage::Wanted, None, None, false);
        window.api.is_some()
    }
}

unsafe extern "C" fn close(plugin: *const clap_plugin) {
    // SAFETY: called by the host on its own instance, on the main thread.
    unsafe {
        if window(plugin).stage == Stage::Open
            && let Some(call) = inner(plugin).and_then(|gui| gui.destroy)
        {
            call(plugin);
        }
        window(plugin).stage = Stage::Closed;
    }
}

unsafe extern "C" fn set_scale(plugin: *const clap_plugin, scale: f64) -> bool {
    // SAFETY: called by the host on its own instance, on the main thread.
    unsafe {
        window(plugin).scale = Some(scale);
        match window(plugin).stage {
            Stage::Open => {
                inner(plugin).and_then(|gui| gui.set_scale).is_some_and(|call| call(plugin, scale))
            }
            _ => true,
        }
    }
}

unsafe extern "C" fn adjust_size(plugin: *const clap_plugin, width: *mut u32, height: *mut u32) -> bool {
    // SAFETY: called by the host on its own instance, on the main thread.
    unsafe {
        match window(plugin).stage {
            Stage::Open => {
                inner(plugin).and_then(|gui| gui.adjust_size).is_some_and(|call| call(plugin, width, height))
            }
            _ if width.is_null() || height.is_null() => false,
            // Before there is a window the size it will have is the only one.
            _ => inner(plugin).and_then(|gui| gui.get_size).is_some_and(|call| call(plugin, width, height)),
        }
    }
}

unsafe extern "C" fn set_size(plugin: *const clap_plugin, width: u32, height: u32) -> bool {
    // SAFETY: called by the host on its own instance, on the main thread.
    unsafe {
        window(plugin).size = Some((width, height));
        match window(plugin).stage {
            Stage::Open => {
                inner(plugin).and_then(|gui| gui.set_size).is_some_and(|call| call(plugin, width, height))
            }
            stage => stage == Stage::Wanted,
        }
    }
}

unsafe extern "C" fn set_parent(plugin: *const clap_plugin, parent: *const clap_window) -> bool {
    // SAFETY: called by the host on its own instance, on the main thread, with a window description.
    unsafe {
        let Some(given) = parent.as_ref().filter(|p| !p.api.is_null()) else { return false };
        let window = window(plugin);
        let Some(api) = window.api.filter(|api| *api == CStr::from_ptr(given.api)) else { return false };
        match window.stage {
            Stage::Closed => false,
            Stage::Wanted => {
                window.parent = Some(clap_window { api: api.as_ptr(), ..*given });
                window.open_when_ready(plugin)
            }
            Stage::Open => {
                inner(plugin).and_then(|gui| gui.set_parent).is_some_and(|call| call(plugin, parent))
            }
        }
    }
}

unsafe extern "C" fn show(plugin: *const clap_plugin) -> bool {
    // SAFETY: called by the host on its own instance, on the main thread.
    unsafe {
        let window = window(plugin);
        window.shown = true;
        match window.stage {
            Stage::Closed => false,
            Stage::Wanted => window.open_when_ready(plugin),
            Stage::Open => inner(plugin).and_then(|gui| gui.show).is_some_and(|call| call(plugin)),
        }
    }
}

unsafe extern "C" fn hide(plugin: *const clap_plugin) -> bool {
    // SAFETY: called by the host on its own instance, on the main thread.
    unsafe {
        let window = window(plugin);
        window.shown = false;
        match window.stage {
            Stage::Open => inner(plugin).and_then(|gui| gui.hide).is_some_and(|call| call(plugin)),
            stage => stage == Stage::Wanted,
        }
    }
}

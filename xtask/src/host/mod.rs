//! A small CLAP host on `clack-host`: loads the built bundle, makes instances, plays scores through them and shows their window.
//! The demo and the host tests drive the plug-in through this, as a real host would.

mod audio;
#[cfg(target_os = "linux")]
pub mod drag;
#[cfg(target_os = "linux")]
pub mod hand;
mod score;
#[cfg(target_os = "linux")]
pub mod window;

pub use audio::{Bus, Running, Wiring};
pub use clack_host::utils::ClapId;
pub use score::{Blocks, Note, Recording, Score, What};

use crate::{Failed, failed};
use clack_extensions::audio_ports::{AudioPortInfoBuffer, PluginAudioPorts};
use clack_extensions::gui::{GuiSize, HostGui, HostGuiImpl, PluginGui};
use clack_extensions::latency::{HostLatency, HostLatencyImpl, PluginLatency};
use clack_extensions::params::*;
use clack_extensions::render::{PluginRender, RenderMode};
use clack_extensions::state::{HostState, HostStateImpl, PluginState};
use clack_host::events::io::EventBuffer;
use clack_host::extensions::prelude::{Extension, HostError, PluginExtensionSide};
use clack_host::prelude::*;
use std::ffi::CString;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// What the plug-in asked of the host; set by the plug-in's calls from any thread.
#[derive(Default)]
pub struct Asked {
    restart: AtomicBool,
    callback: AtomicBool,
    flush: AtomicBool,
    dirty: AtomicBool,
    rescan: AtomicU32,
}

pub struct Handlers;
pub struct MainThread<'a>(&'a Asked);

impl HostHandlers for Handlers {
    type Shared<'a> = Asked;
    type MainThread<'a> = MainThread<'a>;
    type AudioProcessor<'a> = ();

    fn declare_extensions(builder: &mut HostExtensions<Self>, _: &Asked) {
        builder
            .register::<HostParams>()
            .register::<HostState>()
            .register::<HostLatency>()
            .register::<HostGui>();
    }
}

impl<'a> SharedHandler<'a> for Asked {
    fn request_restart(&self) {
        self.restart.store(true, Ordering::Relaxed);
    }
    fn request_process(&self) {}
    fn request_callback(&self) {
        self.callback.store(true, Ordering::Relaxed);
    }
}

impl HostParamsImplShared for Asked {
    fn request_flush(&self) {
        self.flush.store(true, Ordering::Relaxed);
    }
}

impl HostGuiImpl for Asked {
    fn resize_hints_changed(&self) {}
    fn request_resize(&self, _: GuiSize) -> Result<(), HostError> {
        Ok(())
    }
    fn request_show(&self) -> Result<(), HostError> {
        Ok(())
    }
    fn request_hide(&self) -> Result<(), HostError> {
        Ok(())
    }
    fn closed(&self, _: bool) {}
}

impl<'a> MainThreadHandler<'a> for MainThread<'a> {}

impl HostParamsImplMainThread for MainThread<'_> {
    fn rescan(&self, flags: ParamRescanFlags) {
        self.0.rescan.fetch_or(flags.bits(), Ordering::Relaxed);
    }
    fn clear(&self, _: ClapId, _: ParamClearFlags) {}
}

impl HostStateImpl for MainThread<'_> {
    fn mark_dirty(&self) {
        self.0.dirty.store(true, Ordering::Relaxed);
    }
}

impl HostLatencyImpl for MainThread<'_> {
    fn changed(&self) {}
}

/// A loaded plug-in library.
pub struct Bundle {
    entry: PluginEntry,
    library: libloading::Library,
}

/// A plug-in that a library offers.
#[derive(Clone, Debug)]
pub struct Descriptor {
    pub id: String,
    pub name: String,
}

/// A host parameter.
#[derive(Clone, Debug)]
pub struct Parameter {
    pub id: ClapId,
    pub name: String,
    pub group: String,
    pub min: f64,
    pub max: f64,
    pub default: f64,
}

/// A bus as the plug-in declares it.
#[derive(Clone, Debug)]
pub struct Port {
    pub name: String,
    pub channels: usize,
}

impl Bundle {
    /// Loads the library of a CLAP bundle.
    pub fn open(path: &Path) -> Result<Bundle, Failed> {
        // SAFETY: loading runs the library's initialisers; it is the plug-in that this project builds.
        let library = unsafe { libloading::Library::new(path) }
            .map_err(|e| Failed(format!("cannot load {}: {e} (has it been bundled?)", path.display())))?;
        // SAFETY: as above; the entry keeps the library loaded.
        let entry = unsafe { PluginEntry::load(path) }?;
        Ok(Bundle { entry, library })
    }

    /// The plug-ins inside.
    pub fn descriptors(&self) -> Vec<Descriptor> {
        let text =
            |s: Option<&std::ffi::CStr>| s.map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        let Some(factory) = self.entry.get_plugin_factory() else { return Vec::new() };
        factory.plugin_descriptors().map(|d| Descriptor { id: text(d.id()), name: text(d.name()) }).collect()
    }

    /// A new instance of the plug-in with this id.
    pub fn instance(&self, id: &str) -> Result<Instance, Failed> {
        let info = HostInfo::new("Seiche test host", "The Seiche authors", "https://example.invalid", "1")?;
        let id = CString::new(id)?;
        let plugin = PluginInstance::<Handlers>::new(
            |_| Asked::default(),
            |asked| MainThread(asked),
            &self.entry,
            &id,
            &info,
        )?;
        Ok(Instance { plugin })
    }

    /// Allocations counted inside the plug-in while it processed, of all instances since loading; `None` without the counter.
    pub fn allocations(&self) -> Option<u64> {
        // SAFETY: the symbol, where it exists, is this project's own function of this type.
        unsafe {
            self.library.get::<unsafe extern "C" fn() -> u64>(b"seiche_rt_allocations\0").ok().map(|f| f())
        }
    }

    /// The most voices that sounded at once since the last question; `None` without the counters.
    pub fn voices(&self) -> Option<u32> {
        // SAFETY: as above.
        unsafe { self.library.get::<unsafe extern "C" fn() -> u32>(b"seiche_rt_voices\0").ok().map(|f| f()) }
    }

    /// Makes the next processed block allocate once. False without the counter.
    pub fn allocate_once(&self) -> bool {
        // SAFETY: as above.
        unsafe {
            self.library.get::<unsafe extern "C" fn()>(b"seiche_rt_allocate_once\0").map(|f| f()).is_ok()
        }
    }
}

/// One plug-in instance; belongs to the thread that made it.
pub struct Instance {
    plugin: PluginInstance<Handlers>,
}

impl Instance {
    fn extension<E: Extension<ExtensionSide = PluginExtensionSide>>(
        &mut self,
        what: &str,
    ) -> Result<E, Failed> {
        match self.plugin.plugin_handle().get_extension() {
            Some(extension) => Ok(extension),
            None => failed!("the plug-in has no {what}"),
        }
    }

    /// Input or output buses in order.
    pub fn ports(&mut self, is_input: bool) -> Result<Vec<Port>, Failed> {
        let ports: PluginAudioPorts = self.extension("audio ports")?;
        let plugin = self.plugin.plugin_handle();
        let mut buffer = AudioPortInfoBuffer::new();
        let mut list = Vec::new();
        for index in 0..ports.count(&plugin, is_input) {
            let Some(info) = ports.get(&plugin, index, is_input, &mut buffer) else {
                return failed!("audio port {index} has no description");
            };
            let name = String::from_utf8_lossy(info.name).trim_end_matches('\0').to_string();
            list.push(Port { name, channels: info.channel_count as usize });
        }
        Ok(list)
    }

    /// All host parameters in order.
    pub fn parameters(&mut self) -> Result<Vec<Parameter>, Failed> {
        let params: PluginParams = self.extension("parameters")?;
        let plugin = self.plugin.plugin_handle();
        let mut buffer = ParamInfoBuffer::new();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end_matches('\0').to_string();
        let mut list = Vec::new();
        for index in 0..params.count(&plugin) {
            let Some(p) = params.get_info(&plugin, index, &mut buffer) else {
                return failed!("parameter {index} has no description");
            };
            list.push(Parameter {
                id: p.id,
                name: text(p.name),
                group: text(p.module),
                min: p.min_value,
                max: p.max_value,
                default: p.default_value,
            });
        }
        Ok(list)
    }

    /// The parameter of this name (as the user sees it), in any case.
    pub fn parameter(&mut self, name: &str) -> Result<Parameter, Failed> {
        let found = self.parameters()?.into_iter().find(|p| p.name.eq_ignore_ascii_case(name));
        found.ok_or_else(|| Failed(format!("the plug-in has no parameter '{name}'")))
    }

    /// A parameter's value now.
    pub fn value(&mut self, id: ClapId) -> Result<f64, Failed> {
        let params: PluginParams = self.extension("parameters")?;
        let value = params.get_value(&self.plugin.plugin_handle(), id);
        value.ok_or_else(|| Failed(format!("the plug-in does not know parameter {id}")))
    }

    /// Hands parameter events over without processing.
    pub fn flush(&mut self, events: &EventBuffer) -> Result<(), Failed> {
        let params: PluginParams = self.extension("parameters")?;
        let Some(mut plugin) = self.plugin.inactive_plugin_handle() else {
            return failed!("an active instance is flushed from its audio side");
        };
        let mut out = EventBuffer::new();
        params.flush(&mut plugin, &events.as_input(), &mut out.as_output());
        Ok(())
    }

    /// The saved state.
    pub fn save(&mut self) -> Result<Vec<u8>, Failed> {
        let state: PluginState = self.extension("state")?;
        let mut bytes = Vec::new();
        state.save(&self.plugin.plugin_handle(), &mut bytes)?;
        Ok(bytes)
    }

    /// Loads a saved state; an error if the plug-in refuses it.
    pub fn load(&mut self, bytes: &[u8]) -> Result<(), Failed> {
        let state: PluginState = self.extension("state")?;
        Ok(state.load(&self.plugin.plugin_handle(), &mut std::io::Cursor::new(bytes))?)
    }

    /// Tells the plug-in that nobody listens in real time, as before a bounce.
    pub fn set_offline(&mut self, offline: bool) -> Result<(), Failed> {
        let render: PluginRender = self.extension("render mode")?;
        let mode = if offline { RenderMode::Offline } else { RenderMode::Realtime };
        Ok(render.set(&self.plugin.plugin_handle(), mode)?)
    }

    /// Activates and starts; the result may go to another thread.
    pub fn start(&mut self, rate: f64, max_frames: u32) -> Result<Running, Failed> {
        let (inputs, outputs) = (self.ports(true)?, self.ports(false)?);
        let configuration =
            PluginAudioConfiguration { sample_rate: rate, min_frames_count: 1, max_frames_count: max_frames };
        let processor = self.plugin.activate(|_, _| (), configuration)?.start_processing()?;
        Ok(Running::new(processor, &inputs, &outputs, rate, max_frames))
    }

    /// Stops and deactivates.
    pub fn stop(&mut self, running: Running) {
        self.plugin.deactivate(running.into_stopped());
    }

    /// The frames by which the plug-in says to be late.
    pub fn latency(&mut self) -> Result<u32, Failed> {
        let latency: PluginLatency = self.extension("latency")?;
        Ok(latency.get(&self.plugin.plugin_handle()))
    }

    /// Does what a host's main loop does between blocks: the callbacks that the plug-in asked for.
    pub fn idle(&mut self) {
        if self.plugin.access_shared_handler(|asked| asked.callback.swap(false, Ordering::Relaxed)) {
            self.plugin.call_on_main_thread_callback();
        }
    }

    /// Whether the plug-in asked for something since the last look: a restart, a flush, "unsaved changes".
    pub fn asked(&mut self, what: Request) -> bool {
        self.plugin.access_shared_handler(|asked| match what {
            Request::Restart => asked.restart.swap(false, Ordering::Relaxed),
            Request::Flush => asked.flush.swap(false, Ordering::Relaxed),
            Request::Dirty => asked.dirty.swap(false, Ordering::Relaxed),
            Request::Rescan => asked.rescan.swap(0, Ordering::Relaxed) != 0,
        })
    }

    fn gui(&mut self) -> Result<PluginGui, Failed> {
        self.extension("window")
    }
}

/// What a plug-in may ask of its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    Restart,
    Flush,
    Dirty,
    Rescan,
}

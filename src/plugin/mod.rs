//! The only room that knows the plug-in framework: two plug-ins, *Seiche* and *Seiche Multi*, from one implementation. The host's main
//! thread creates, activates and saves; its audio thread calls `process`, which renders and nothing else.

mod entry;
mod front;
mod params;
mod scale;

use std::cell::RefCell;
use std::marker::PhantomData;
use std::num::NonZeroU32;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use nice_plug::prelude::*;

use crate::session::Session;
use params::HostParams;

/// What tells the two plug-ins apart.
pub trait Variant: Send + 'static {
    const NAME: &'static str;
    const CLAP_ID: &'static str;
    const DESCRIPTION: &'static str;
    /// Aux outputs, all stereo.
    const AUX: &'static [NonZeroU32];
    const AUX_NAMES: &'static [&'static str];
    const LAYOUTS: &'static [AudioIOLayout] = &[AudioIOLayout {
        main_input_channels: None,
        main_output_channels: NonZeroU32::new(2),
        aux_input_ports: &[new_nonzero_u32(2)],
        aux_output_ports: Self::AUX,
        names: PortNames {
            layout: None,
            main_input: None,
            main_output: Some("Main"),
            aux_inputs: &["Sidechain"],
            aux_outputs: Self::AUX_NAMES,
        },
    }];
}

/// Stereo out, stereo sidechain in.
pub struct Stereo;

/// The same with 16 stereo aux outputs.
pub struct Multi;

impl Variant for Stereo {
    const NAME: &'static str = "Seiche";
    const CLAP_ID: &'static str = "org.seiche.seiche";
    const DESCRIPTION: &'static str = "A text-first instrument: sound libraries in YAML";
    const AUX: &'static [NonZeroU32] = &[];
    const AUX_NAMES: &'static [&'static str] = &[];
}

impl Variant for Multi {
    const NAME: &'static str = "Seiche Multi";
    const CLAP_ID: &'static str = "org.seiche.multi";
    const DESCRIPTION: &'static str =
        "A text-first instrument: sound libraries in YAML, with 16 stereo aux outputs";
    const AUX: &'static [NonZeroU32] = &[new_nonzero_u32(2); 16];
    const AUX_NAMES: &'static [&'static str] = &[
        "Aux 1", "Aux 2", "Aux 3", "Aux 4", "Aux 5", "Aux 6", "Aux 7", "Aux 8", "Aux 9", "Aux 10", "Aux 11",
        "Aux 12", "Aux 13", "Aux 14", "Aux 15", "Aux 16",
    ];
}

thread_local! {
    /// The session of the instance created last on this thread, on its way to the [`front`].
    static CREATED: RefCell<Option<Arc<Session>>> = const { RefCell::new(None) };
}

/// The session of the instance that was just made on this thread.
fn take_created_session() -> Arc<Session> {
    CREATED.take().unwrap_or_else(Session::new)
}

/// Runs `work`; a panic in it becomes `None` and a message in the log. Nothing that the host calls may unwind into it.
fn contain<T>(what: &str, work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work))
        .map_err(|_| nice_error!("Seiche: a fault was contained in {what}"))
        .ok()
}

/// One instance of either plug-in.
pub struct Instrument<V: Variant> {
    params: Arc<HostParams>,
    variant: PhantomData<V>,
}

impl<V: Variant> Default for Instrument<V> {
    fn default() -> Self {
        let session = Session::new();
        CREATED.set(Some(session.clone()));
        Self { params: Arc::new(HostParams::new(session)), variant: PhantomData }
    }
}

impl<V: Variant> Plugin for Instrument<V> {
    const NAME: &'static str = V::NAME;
    const VENDOR: &'static str = "Seiche";
    const URL: &'static str = "https://seiche.org";
    const EMAIL: &'static str = "";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const AUDIO_IO_LAYOUTS: &'static [AudioIOLayout] = V::LAYOUTS;
    const MIDI_INPUT: MidiConfig = MidiConfig::MidiCCs;
    const MIDI_OUTPUT: MidiConfig = MidiConfig::MidiCCs;
    const SAMPLE_ACCURATE_AUTOMATION: bool = true;
    const INPUT_EVENT_CAPACITY: usize = front::MOST_EVENTS;

    type Editor = ();
    type SysExMessage = ();
    type BackgroundTask = ();

    fn params(&self) -> Arc<dyn Params> {
        self.params.clone()
    }

    fn filter_state(state: &mut PluginState) {
        params::complete(state);
    }

    fn process(
        &mut self,
        buffer: &mut Buffer,
        _aux: &mut AuxiliaryBuffers,
        _context: &mut impl ProcessContext<Self>,
    ) -> ProcessStatus {
        buffer.as_slice().iter_mut().for_each(|channel| channel.fill(0.0));
        ProcessStatus::KeepAlive
    }
}

impl<V: Variant> ClapPlugin for Instrument<V> {
    const CLAP_ID: &'static str = V::CLAP_ID;
    const CLAP_DESCRIPTION: Option<&'static str> = Some(V::DESCRIPTION);
    const CLAP_MANUAL_URL: Option<&'static str> = None;
    const CLAP_SUPPORT_URL: Option<&'static str> = None;
    const CLAP_FEATURES: &'static [ClapFeature] =
        &[ClapFeature::Instrument, ClapFeature::Synthesizer, ClapFeature::Drum, ClapFeature::Stereo];
}

//! The only room that knows the plug-in framework: two plug-ins, *Seiche* and *Seiche Multi*, from one implementation. The host's main
//! thread creates, activates and saves; its audio thread calls `process`, which renders and nothing else.

#[cfg(all(feature = "rt-check", not(test)))]
mod alloc;
#[cfg(target_os = "linux")]
mod drops;
mod entry;
mod front;
mod notes;
pub(crate) mod params;
#[cfg(all(feature = "rt-check", not(test)))]
mod places;
mod preset_discovery;
mod scale;
#[cfg(feature = "play")]
pub mod standalone;
mod vst3;
mod window;

use std::cell::RefCell;
use std::marker::PhantomData;
use std::num::NonZeroU32;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use nice_plug::prelude::*;
use nice_plug_egui::{EguiEditor, RepaintNotifier};

use crate::engine::{Event, Gear, Geared, Io, Offline, Performance, WORTH, What};
use crate::session::{Kept, Session, ticks};
use params::{HostParams, Target};

/// What tells the plug-ins apart.
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
    /// There is a host, whose time counts.
    const HOSTED: bool = true;

    /// What a new instance does first.
    fn begin(_session: &Arc<Session>) {}

    fn has_window() -> bool {
        true
    }

    /// It is going to be asked for sound.
    fn activated() {}
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
    /// The parameters of the instance created last on this thread, on their way to the [`front`].
    static CREATED: RefCell<Option<Arc<HostParams>>> = const { RefCell::new(None) };
}

/// The parameters of the instance that was just made on this thread.
fn take_created() -> Arc<HostParams> {
    CREATED.take().unwrap_or_else(|| Arc::new(HostParams::new(Session::new())))
}

/// Runs `work`; a panic in it becomes `None` and a message in the log. Nothing that the host calls may unwind into it.
fn contain<T>(what: &str, work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work))
        .map_err(|_| nice_error!("Seiche: a fault was contained in {what}"))
        .ok()
}

/// How long an activation waits for the loader, so that a project sounds from its first block.
const ACTIVATION_WAIT: Duration = Duration::from_secs(2);
/// How long offline rendering waits for the loader, at most, before it goes on with what there is.
const OFFLINE_WAIT: Duration = Duration::from_secs(30);

/// One instance of either plug-in.
pub struct Instrument<V: Variant> {
    params: Arc<HostParams>,
    /// None before the first activation.
    engine: Option<Geared>,
    /// Frames of a block, at most.
    most: usize,
    /// The host renders faster or slower than real time, and waits for us.
    offline: bool,
    /// A fault was contained; silence until the next activation.
    faulted: bool,
    /// Of the present piece; as large as it can get.
    events: Vec<Event>,
    /// The parameters as the engine was last told, in bits; all different from any value at first.
    told: Box<[u32]>,
    /// How keyboards are understood, as the engine was last told.
    performance: Option<Performance>,
    /// The key that the window has pressed, as the engine was last told.
    auditioned: Option<u8>,
    /// Asks for the window to be drawn.
    notifier: RepaintNotifier,
    variant: PhantomData<V>,
}

impl<V: Variant> Default for Instrument<V> {
    fn default() -> Self {
        let params = Arc::new(HostParams::new(Session::new()));
        CREATED.set(Some(params.clone()));
        V::begin(params.session());
        let told = vec![UNTOLD; params.len()].into();
        Self {
            params,
            engine: None,
            most: 0,
            offline: false,
            faulted: false,
            events: vec![],
            told,
            performance: None,
            auditioned: None,
            notifier: RepaintNotifier::new(),
            variant: PhantomData,
        }
    }
}

/// Bits that no parameter has.
const UNTOLD: u32 = f32::NAN.to_bits();

impl<V: Variant> Instrument<V> {
    fn session(&self) -> &Session {
        self.params.session()
    }

    fn start(&mut self, config: &BufferConfig) -> bool {
        let rate = f64::from(config.sample_rate);
        self.params.tell_sound();
        Kept::shared().make_room();
        let most = config.max_buffer_size as usize;
        self.offline = config.process_mode == ProcessMode::Offline;
        let gear = Gear::new(self.session().begins(self.offline), rate);
        if self.engine.as_ref().is_none_or(|made| made.gear() != gear)
            || (gear.factor > 1 && most > self.most)
        {
            self.engine = Some(self.session().geared(gear, most));
            self.most = most;
            self.told.fill(UNTOLD);
            self.performance = None;
        }
        self.events = Vec::with_capacity(front::MOST_EVENTS + self.params.len() + 3);
        if let Some(geared) = &mut self.engine {
            // Threads that help with large blocks, until it is deactivated.
            let threads = || std::thread::available_parallelism().map_or(1, |n| n.get());
            let offline = self.offline.then(|| Offline::new(threads(), most * gear.factor, WORTH));
            geared.engine().render_offline(offline);
        }
        self.faulted = false;
        self.session().settle(if self.offline { OFFLINE_WAIT } else { ACTIVATION_WAIT });
        true
    }

    /// A change of the instance's own settings becomes an event, too.
    fn follow_settings(&mut self) {
        let performance = self.params.session().performance();
        if self.performance.replace(performance) != Some(performance) {
            self.events.push(Event { at: 0, what: What::Perform(performance) });
        }
    }

    /// The window presses and releases a key.
    fn follow_audition(&mut self) {
        let key = self.params.session().audition().key();
        let before = std::mem::replace(&mut self.auditioned, key);
        if before != key {
            let note = |key: u8| (0, key, -1);
            if let Some((channel, key, note)) = before.map(note) {
                self.events.push(Event { at: 0, what: What::NoteOff { channel, key, note, velocity: 0.0 } });
            }
            if let Some((channel, key, note)) = key.map(note) {
                self.events.push(Event { at: 0, what: What::NoteOn { channel, key, note, velocity: 0.8 } });
            }
        }
    }

    /// The one place where `process` may wait: in the host's offline mode, until what was asked for is loaded.
    fn offline_wait(&self) {
        if self.offline {
            if self.session().presets().is_asked() {
                self.session().nudge();
            }
            self.session().wait_offline(OFFLINE_WAIT);
        }
    }

    /// Changed parameters become events at the start of the piece: the framework cuts the block where one changes.
    fn follow_parameters(&mut self) {
        for index in 0..self.params.len() {
            let bits = self.params.plain(index).to_bits();
            if bits != self.told[index] && !self.params.is_unset(index) {
                self.told[index] = bits;
                let (target, value) = self.params.value(index);
                match target {
                    Target::Engine(control) => {
                        self.events.push(Event { at: 0, what: What::Control { control, value } })
                    }
                    Target::Sound => {
                        // A bounce does not wait for the loader's next look.
                        if self.params.session().override_sound(value as u32) && self.offline {
                            self.params.session().nudge();
                        }
                    }
                    // The front has seen to it.
                    Target::Preset { .. } => {}
                }
            }
        }
    }

    fn render(
        &mut self,
        main: &mut Buffer,
        aux: &mut AuxiliaryBuffers,
        context: &mut impl ProcessContext<Self>,
    ) {
        self.events.clear();
        self.follow_settings();
        self.follow_parameters();
        self.follow_audition();
        self.offline_wait();
        let last = (main.samples() as u32).saturating_sub(1);
        while let Some(event) = context.next_event() {
            let event = notes::from_host(&event, event.timing().min(last));
            if let Some(event) = event.filter(|_| self.events.len() < self.events.capacity()) {
                self.events.push(event);
            }
        }
        let Some(engine) = &mut self.engine else { return silence(main, aux) };
        let [left, right] = main.as_slice() else { return };
        let mut pairs: [[&mut [f32]; 2]; MOST_AUX] = std::array::from_fn(|_| [&mut [][..], &mut [][..]]);
        let mut count = 0;
        for (pair, buffer) in pairs.iter_mut().zip(aux.outputs.iter_mut()) {
            if let [left, right] = buffer.as_slice() {
                *pair = [left, right];
                count += 1;
            }
        }
        let sidechain = aux.inputs.first().and_then(|buffer| match buffer.as_slice_immutable() {
            [left, right] => Some([&**left, &**right]),
            _ => None,
        });
        let io = Io { sidechain, main: [left, right], aux: &mut pairs[..count], stems: &mut [] };
        let transport = if V::HOSTED { transport(context.transport()) } else { None };
        engine.process(io, &self.events, transport.as_ref());
        #[cfg(feature = "rt-check")]
        alloc::see_voices(engine.voices());
        // A host that has no room, or no port, for notes does not get them.
        for event in engine.output_events().iter().filter_map(notes::to_host) {
            let _ = context.try_send_event(event);
        }
        for note in engine.notes_over() {
            let _ = context.try_send_event(notes::over(note, last));
        }
    }
}

const MOST_AUX: usize = 16;
/// Notes that a `midi_in` can play at once.
const MOST_VOICES: u32 = 256;

fn silence(main: &mut Buffer, aux: &mut AuxiliaryBuffers) {
    let clear = |buffer: &mut Buffer| buffer.as_slice().iter_mut().for_each(|channel| channel.fill(0.0));
    clear(main);
    aux.outputs.iter_mut().for_each(clear);
}

/// The host's musical time; `None` where it has none.
fn transport(host: &Transport) -> Option<crate::engine::Transport> {
    let tempo = host.tempo.filter(|tempo| tempo.is_finite() && *tempo > 0.0);
    (tempo.is_some() || host.playing).then(|| crate::engine::Transport {
        playing: host.playing,
        tempo: tempo.unwrap_or(120.0),
        beats: host.pos_beats().filter(|beats| beats.is_finite()).unwrap_or(0.0),
        frame: host.pos_samples(),
        time_signature: (
            host.time_sig_numerator.and_then(|n| n.try_into().ok()).unwrap_or(4),
            host.time_sig_denominator.and_then(|n| n.try_into().ok()).unwrap_or(4),
        ),
        bar: host.bar_start_pos_beats().map(|start| (start, host.bar_number().unwrap_or(0).into())),
    })
}

impl<V: Variant> Plugin for Instrument<V> {
    const NAME: &'static str = V::NAME;
    const VENDOR: &'static str = "Seiche";
    const URL: &'static str = "";
    const EMAIL: &'static str = "";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const AUDIO_IO_LAYOUTS: &'static [AudioIOLayout] = V::LAYOUTS;
    const MIDI_INPUT: MidiConfig = MidiConfig::MidiCCs;
    const MIDI_OUTPUT: MidiConfig = MidiConfig::MidiCCs;
    const SAMPLE_ACCURATE_AUTOMATION: bool = true;
    const INPUT_EVENT_CAPACITY: usize = front::MOST_EVENTS;

    type Editor = EguiEditor<window::Window>;
    type SysExMessage = ();
    type BackgroundTask = ();

    fn params(&self) -> Arc<dyn Params> {
        self.params.clone()
    }

    fn editor(&mut self, _executor: AsyncExecutor<Self>) -> Option<Self::Editor> {
        if V::has_window() { window::open(self.params.clone(), &self.notifier) } else { None }
    }

    fn filter_state(state: &mut PluginState) {
        params::complete(state);
    }

    fn activate(
        &mut self,
        _layout: &AudioIOLayout,
        config: &BufferConfig,
        _context: &mut impl ActivateContext<Self>,
    ) -> bool {
        V::activated();
        contain("activate", || self.start(config)).unwrap_or(false)
    }

    fn deactivate(&mut self) {
        if let Some(geared) = &mut self.engine {
            contain("deactivate", || geared.engine().render_offline(None));
        }
    }

    fn reset(&mut self) {
        if let Some(engine) = &mut self.engine {
            contain("reset", || engine.reset());
        }
    }

    fn process(
        &mut self,
        buffer: &mut Buffer,
        aux: &mut AuxiliaryBuffers,
        context: &mut impl ProcessContext<Self>,
    ) -> ProcessStatus {
        let start = ticks();
        // Named exception `contained_panic`: unwinding allocates. The engine contains the faults of its own parts.
        self.faulted = self.faulted || contain("process", || self.render(buffer, aux, context)).is_none();
        if self.faulted {
            silence(buffer, aux);
        }
        self.session().load().add_since(start, buffer.samples());
        if self.session().stirs() {
            self.notifier.request_repaint();
        }
        ProcessStatus::KeepAlive
    }
}

impl<V: Variant> ClapPlugin for Instrument<V> {
    const CLAP_ID: &'static str = V::CLAP_ID;
    const CLAP_DESCRIPTION: Option<&'static str> = Some(V::DESCRIPTION);
    const CLAP_MANUAL_URL: Option<&'static str> = None;
    const CLAP_SUPPORT_URL: Option<&'static str> = None;
    const CLAP_POLY_MODULATION_CONFIG: Option<PolyModulationConfig> =
        Some(PolyModulationConfig { max_voice_capacity: MOST_VOICES, supports_overlapping_voices: true });
    const CLAP_FEATURES: &'static [ClapFeature] =
        &[ClapFeature::Instrument, ClapFeature::Synthesizer, ClapFeature::Drum, ClapFeature::Stereo];

    fn remote_controls(&self, context: &mut impl RemoteControlsContext) {
        self.params.remote_controls(context);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transport_is_taken_over_from_the_host() {
        let mut host = Transport::new(48_000.0);
        assert_eq!(transport(&host), None, "a host without musical time");
        host.tempo = Some(120.0);
        host.pos_seconds = Some(1.5);
        host.playing = true;
        host.time_sig_numerator = Some(7);
        host.time_sig_denominator = Some(8);
        let expected = crate::engine::Transport {
            playing: true,
            tempo: 120.0,
            beats: 3.0,
            frame: Some(72_000),
            time_signature: (7, 8),
            bar: Some((0.0, 0)),
        };
        assert_eq!(transport(&host), Some(expected));
        host.tempo = Some(f64::NAN);
        assert_eq!(transport(&host).map(|t| t.tempo), Some(120.0));
    }

    #[test]
    fn plugin_contains_a_panic() {
        assert_eq!(contain("a test", || 1), Some(1));
        assert_eq!(contain("a test", || -> i32 { panic!("on purpose") }), None);
    }
}

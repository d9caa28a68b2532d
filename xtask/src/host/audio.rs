//! The audio side of an instance: its buses and one call per block. May live on any thread, one at a time.

use super::{Handlers, Port};
use crate::Failed;
use clack_host::events::event_types::TransportEvent;
use clack_host::events::io::EventBuffer;
use clack_host::prelude::*;
use clap_sys::audio_buffer::clap_audio_buffer;
use std::ptr::null_mut;

/// What a host hands over for a bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wiring {
    /// Buffers for all channels.
    Connected,
    /// No channels, as some hosts do for a bus that is switched off.
    NoChannels,
    /// The channels are counted but point nowhere, as others do.
    NullChannels,
}

/// One bus with its buffers.
pub struct Bus {
    pub channels: Vec<Vec<f32>>,
    pub wiring: Wiring,
    pointers: Vec<*mut f32>,
}

// SAFETY: the pointers are rebuilt from the owned buffers before each use.
unsafe impl Send for Bus {}

impl Bus {
    fn new(port: &Port, frames: usize) -> Bus {
        Bus {
            channels: vec![vec![0.0; frames]; port.channels],
            wiring: Wiring::Connected,
            pointers: vec![null_mut(); port.channels],
        }
    }

    fn raw(&mut self) -> clap_audio_buffer {
        let connected = self.wiring == Wiring::Connected;
        for (pointer, channel) in self.pointers.iter_mut().zip(&mut self.channels) {
            *pointer = if connected { channel.as_mut_ptr() } else { null_mut() };
        }
        let (data32, channel_count) = match self.wiring {
            Wiring::NoChannels => (null_mut(), 0),
            _ => (self.pointers.as_mut_ptr(), self.channels.len() as u32),
        };
        clap_audio_buffer { data32, data64: null_mut(), channel_count, latency: 0, constant_mask: 0 }
    }
}

/// An instance that is ready to process.
pub struct Running {
    processor: StartedPluginAudioProcessor<Handlers>,
    pub inputs: Vec<Bus>,
    pub outputs: Vec<Bus>,
    /// What the plug-in sent in the last block.
    pub sent: EventBuffer,
    pub rate: f64,
    pub max_frames: u32,
    steady: u64,
    raw_inputs: Vec<clap_audio_buffer>,
    raw_outputs: Vec<clap_audio_buffer>,
}

// SAFETY: the raw buffer lists only hold pointers into this value's own buffers, and only during `process`.
unsafe impl Send for Running {}

impl Running {
    pub(super) fn new(
        processor: StartedPluginAudioProcessor<Handlers>,
        inputs: &[Port],
        outputs: &[Port],
        rate: f64,
        max_frames: u32,
    ) -> Running {
        let buses =
            |ports: &[Port]| ports.iter().map(|p| Bus::new(p, max_frames as usize)).collect::<Vec<_>>();
        Running {
            processor,
            inputs: buses(inputs),
            outputs: buses(outputs),
            sent: EventBuffer::with_capacity(1024),
            rate,
            max_frames,
            steady: 0,
            raw_inputs: Vec::with_capacity(inputs.len()),
            raw_outputs: Vec::with_capacity(outputs.len()),
        }
    }

    /// Processes `frames` frames (at most `max_frames`). Output buffers are filled with a value the plug-in must overwrite.
    pub fn process(
        &mut self,
        frames: u32,
        events: &EventBuffer,
        transport: Option<&TransportEvent>,
    ) -> Result<(), Failed> {
        assert!(frames <= self.max_frames, "{frames} frames asked of a host set up for {}", self.max_frames);
        for bus in &mut self.outputs {
            for channel in &mut bus.channels {
                channel[..frames as usize].fill(f32::NAN);
            }
        }
        self.sent.clear();
        self.raw_inputs.clear();
        self.raw_inputs.extend(self.inputs.iter_mut().map(Bus::raw));
        self.raw_outputs.clear();
        self.raw_outputs.extend(self.outputs.iter_mut().map(Bus::raw));
        // SAFETY: connected buses hold `max_frames` frames per channel; the others say that they have none.
        let inputs = unsafe { InputAudioBuffers::from_raw_buffers(&self.raw_inputs, frames) };
        // SAFETY: as above.
        let mut outputs = unsafe { OutputAudioBuffers::from_raw_buffers(&mut self.raw_outputs, frames) };
        self.processor.process(
            &inputs,
            &mut outputs,
            &events.as_input(),
            &mut self.sent.as_output(),
            Some(self.steady),
            transport,
        )?;
        self.steady += u64::from(frames);
        Ok(())
    }

    /// All voices off, clocks back.
    pub fn reset(&mut self) {
        self.processor.reset();
        self.steady = 0;
    }

    /// Hands parameter events over without processing audio.
    pub fn flush(&mut self, params: &clack_extensions::params::PluginParams, events: &EventBuffer) {
        self.sent.clear();
        params.flush_active(
            &mut self.processor.plugin_handle(),
            &events.as_input(),
            &mut self.sent.as_output(),
        );
    }

    pub(super) fn into_stopped(self) -> StoppedPluginAudioProcessor<Handlers> {
        self.processor.stop_processing()
    }
}

//! Complete audio busses for the framework, whatever the host hands over: busses that are missing, inactive or have null channels get
//! scratch memory (outputs) or silence (inputs). Memory is made on activation; while processing only pointers are set.

use std::ptr::null_mut;

use clap_sys::audio_buffer::clap_audio_buffer;
use clap_sys::process::clap_process;

/// Main output and the most aux outputs a plug-in of ours has.
const MOST_OUTPUTS: usize = 17;

const NO_BUFFER: clap_audio_buffer = clap_audio_buffer {
    data32: null_mut(),
    data64: null_mut(),
    channel_count: 2,
    latency: 0,
    constant_mask: 0,
};

/// The sidechain input and the outputs of one instance, all stereo.
pub struct Ports {
    /// One buffer of its own for each channel that may be missing, so that no two channels share memory.
    scratch: Vec<f32>,
    max_frames: u32,
    outputs: usize,
    input: clap_audio_buffer,
    input_channels: [*mut f32; 2],
    output: [clap_audio_buffer; MOST_OUTPUTS],
    output_channels: [[*mut f32; 2]; MOST_OUTPUTS],
}

impl Ports {
    pub fn new(aux: usize) -> Self {
        Self {
            scratch: Vec::new(),
            max_frames: 0,
            outputs: (aux + 1).min(MOST_OUTPUTS),
            input: NO_BUFFER,
            input_channels: [null_mut(); 2],
            output: [NO_BUFFER; MOST_OUTPUTS],
            output_channels: [[null_mut(); 2]; MOST_OUTPUTS],
        }
    }

    /// Makes the memory for blocks of at most `max_frames`. Main thread.
    pub fn prepare(&mut self, max_frames: u32) {
        self.max_frames = max_frames;
        self.scratch = vec![0.0; (self.outputs + 1) * 2 * max_frames as usize];
    }

    pub fn max_frames(&self) -> u32 {
        self.max_frames
    }

    /// Replaces the busses of `process` by complete ones.
    ///
    /// # Safety
    /// `process` must be what the host passed, valid for the present call; afterwards it is valid as long as `self` is not changed.
    pub unsafe fn complete(&mut self, process: &mut clap_process) {
        let frames = self.max_frames as usize;
        // Silence for the sidechain is at the start of the scratch memory; nobody writes there.
        let (silence, rest) = self.scratch.split_at_mut(2 * frames);
        let spare = [silence.as_mut_ptr(), silence[frames..].as_mut_ptr()];
        // SAFETY: the host's counts say how many busses there are.
        unsafe {
            let given =
                (process.audio_inputs_count > 0).then_some(process.audio_inputs).filter(|p| !p.is_null());
            self.input_channels = channels(given, spare);
            for (n, scratch) in rest.chunks_exact_mut(2 * frames.max(1)).take(self.outputs).enumerate() {
                let spare = [scratch.as_mut_ptr(), scratch[frames..].as_mut_ptr()];
                let given = (n < process.audio_outputs_count as usize && !process.audio_outputs.is_null())
                    .then(|| process.audio_outputs.add(n));
                if let Some(bus) = given {
                    (*bus).constant_mask = 0;
                }
                self.output_channels[n] = channels(given.map(<*mut _>::cast_const), spare);
                self.output[n].data32 = self.output_channels[n].as_mut_ptr();
            }
        }
        self.input.data32 = self.input_channels.as_mut_ptr();
        process.audio_inputs = &raw const self.input;
        process.audio_inputs_count = 1;
        process.audio_outputs = self.output.as_mut_ptr();
        process.audio_outputs_count = self.outputs as u32;
    }
}

/// The host's channels of one bus, each replaced by the spare one where it has none.
unsafe fn channels(bus: Option<*const clap_audio_buffer>, spare: [*mut f32; 2]) -> [*mut f32; 2] {
    let mut found = spare;
    // SAFETY: the bus is the host's and valid for the call; `data32`, if any, holds `channel_count` pointers.
    unsafe {
        if let Some(bus) = bus.map(|bus| &*bus).filter(|bus| !bus.data32.is_null()) {
            for (n, channel) in found.iter_mut().enumerate().take(bus.channel_count as usize) {
                let given = *bus.data32.add(n);
                if !given.is_null() {
                    *channel = given;
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(inputs: &[clap_audio_buffer], outputs: &mut [clap_audio_buffer]) -> clap_process {
        clap_process {
            steady_time: 0,
            frames_count: 4,
            transport: std::ptr::null(),
            audio_inputs: inputs.as_ptr(),
            audio_outputs: outputs.as_mut_ptr(),
            audio_inputs_count: inputs.len() as u32,
            audio_outputs_count: outputs.len() as u32,
            in_events: std::ptr::null(),
            out_events: std::ptr::null(),
        }
    }

    #[test]
    fn front_ports_missing_busses_get_memory_of_their_own() {
        let mut ports = Ports::new(3);
        ports.prepare(4);
        let mut main = [[1.0f32; 4]; 2];
        let mut given = [main[0].as_mut_ptr(), main[1].as_mut_ptr()];
        let mut empty = [null_mut(); 2];
        let host_main = clap_audio_buffer { data32: given.as_mut_ptr(), ..NO_BUFFER };
        let host_null = clap_audio_buffer { data32: empty.as_mut_ptr(), ..NO_BUFFER };
        let host_none = clap_audio_buffer { channel_count: 0, ..NO_BUFFER };
        let mut outputs = [host_main, host_null, host_none];
        let mut p = process(&[], &mut outputs);
        // SAFETY: the structure above is what a host would pass.
        unsafe { ports.complete(&mut p) };
        assert_eq!((p.audio_inputs_count, p.audio_outputs_count), (1, 4));
        let mut seen = std::collections::BTreeSet::new();
        for n in 0..4 {
            for channel in 0..2 {
                // SAFETY: `complete` made every channel valid.
                let pointer = unsafe { *(*p.audio_outputs.add(n)).data32.add(channel) };
                assert!(!pointer.is_null() && seen.insert(pointer), "bus {n} channel {channel}");
            }
        }
        assert!(seen.contains(&given[0]) && seen.contains(&given[1]), "the host's own channels are used");
        // SAFETY: as above.
        let silence = unsafe { std::slice::from_raw_parts(*(*p.audio_inputs).data32, 4) };
        assert_eq!(silence, [0.0; 4]);
    }

    #[test]
    fn front_ports_mono_bus_keeps_its_channel() {
        let mut ports = Ports::new(0);
        ports.prepare(4);
        let mut left = [0.0f32; 4];
        let mut given = [left.as_mut_ptr()];
        let mut outputs = [clap_audio_buffer { data32: given.as_mut_ptr(), channel_count: 1, ..NO_BUFFER }];
        let mut p = process(&[], &mut outputs);
        // SAFETY: the structure above is what a host would pass.
        unsafe {
            ports.complete(&mut p);
            assert_eq!(*(*p.audio_outputs).data32, given[0]);
            assert!(!(*(*p.audio_outputs).data32.add(1)).is_null());
        }
    }
}

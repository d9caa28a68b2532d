//! Stands in front of clap-wrapper's VST3 processor. Hosts hand inactive busses over without channels, or leave them out; clap-wrapper then
//! does not process at all (and reads past the host's list). So once, when the first instance is made, the `process` entry of its
//! processor interface is replaced by ours, which completes the list of busses: channels that are missing become null pointers, and the
//! [`front`](super::front) gives them memory. Setting up: main thread; `process`: audio thread, which only fills a list on its stack.

use std::ffi::{c_char, c_void};
use std::ptr::null_mut;
use std::sync::Once;
use std::sync::atomic::{AtomicPtr, Ordering};

/// Most busses of a direction that a plug-in of ours has.
const BUSSES: usize = 17;

type Id = [u8; 16];
type Query = unsafe extern "system" fn(*mut c_void, *const Id, *mut *mut c_void) -> i32;
type Release = unsafe extern "system" fn(*mut c_void) -> u32;
type ClassInfo = unsafe extern "system" fn(*mut c_void, i32, *mut Class) -> i32;
type Create = unsafe extern "system" fn(*mut c_void, *const c_char, *const c_char, *mut *mut c_void) -> i32;
type Process = unsafe extern "system" fn(*mut c_void, *mut Data) -> i32;

/// Places in the tables of functions, as the VST3 interfaces order them.
mod place {
    pub const QUERY: usize = 0;
    pub const RELEASE: usize = 2;
    /// In the factory.
    pub const CLASS_INFO: usize = 5;
    pub const CREATE: usize = 6;
    /// In the audio processor.
    pub const PROCESS: usize = 9;
}

static COMPONENT: Id = id([0xE831_FF31, 0xF2D5_4301, 0x928E_BBEE, 0x2569_7802]);
static AUDIO_PROCESSOR: Id = id([0x4204_3F99, 0xB7DA_453C, 0xA569_E79D, 0x9AAE_C33D]);

/// An interface's id in memory: big-endian, but in the order of Windows' own ids there.
const fn id(words: [u32; 4]) -> Id {
    let [a, b, c, d] =
        [words[0].to_be_bytes(), words[1].to_be_bytes(), words[2].to_be_bytes(), words[3].to_be_bytes()];
    let (a, b) = if cfg!(windows) { ([a[3], a[2], a[1], a[0]], [b[1], b[0], b[3], b[2]]) } else { (a, b) };
    [a[0], a[1], a[2], a[3], b[0], b[1], b[2], b[3], c[0], c[1], c[2], c[3], d[0], d[1], d[2], d[3]]
}

/// `PClassInfo`.
#[repr(C)]
struct Class {
    id: Id,
    cardinality: i32,
    category: [c_char; 32],
    name: [c_char; 64],
}

/// `ProcessData`. What lies behind the busses is handed on as it is.
#[repr(C)]
#[derive(Clone, Copy)]
struct Data {
    mode: i32,
    sample_size: i32,
    frames: i32,
    input_count: i32,
    output_count: i32,
    inputs: *mut Bus,
    outputs: *mut Bus,
    rest: [*mut c_void; 5],
}

/// `AudioBusBuffers`.
#[repr(C)]
#[derive(Clone, Copy)]
struct Bus {
    channels: i32,
    silence: u64,
    buffers: *mut *mut f32,
}

unsafe extern "system" {
    fn clap_wrapper_GetPluginFactory() -> *mut c_void;
}

/// clap-wrapper's own `process`.
static ORIGINAL: AtomicPtr<c_void> = AtomicPtr::new(null_mut());

/// Puts our `process` before clap-wrapper's, for all instances; where that is impossible, inactive busses silence an instance, and nothing
/// else is worse. Called while clap-wrapper makes an instance, so its factory exists.
pub fn stand_in_front() {
    static ONCE: Once = Once::new();
    // SAFETY: the calls follow the VST3 interfaces. The object is made only to find its table of functions, is not initialised, and is
    // released before we return; the table belongs to the class and stays.
    ONCE.call_once(|| unsafe {
        let factory = clap_wrapper_GetPluginFactory();
        let mut class = Class { id: [0; 16], cardinality: 0, category: [0; 32], name: [0; 64] };
        let (mut component, mut processor) = (null_mut(), null_mut());
        if factory.is_null()
            || function::<ClassInfo>(factory, place::CLASS_INFO)(factory, 0, &raw mut class) != 0
        {
            return;
        }
        let create = function::<Create>(factory, place::CREATE);
        create(factory, (&raw const class.id).cast(), (&raw const COMPONENT).cast(), &raw mut component);
        if !component.is_null() {
            function::<Query>(component, place::QUERY)(
                component,
                &raw const AUDIO_PROCESSOR,
                &raw mut processor,
            );
            if !processor.is_null() {
                replace(entry(processor, place::PROCESS));
                function::<Release>(processor, place::RELEASE)(processor);
            }
            function::<Release>(component, place::RELEASE)(component);
        }
        function::<Release>(factory, place::RELEASE)(factory);
    });
}

/// Where an interface keeps its function `place`.
unsafe fn entry(interface: *mut c_void, place: usize) -> *mut *mut c_void {
    // SAFETY: the first word of an interface points to its table of functions.
    unsafe { (*interface.cast::<*mut *mut c_void>()).add(place) }
}

/// The function `place` of an interface, as type `F`.
unsafe fn function<F: Copy>(interface: *mut c_void, place: usize) -> F {
    // SAFETY: as above; the caller names the function's type.
    unsafe { std::mem::transmute_copy::<*mut c_void, F>(&*entry(interface, place)) }
}

unsafe fn replace(slot: *mut *mut c_void) {
    // SAFETY: the slot is one aligned word of a table that was found above, and readers see either function.
    unsafe {
        ORIGINAL.store(*slot, Ordering::Release);
        if writable(slot.cast(), true) {
            AtomicPtr::from_ptr(slot).store(process as *mut c_void, Ordering::Release);
            writable(slot.cast(), false);
        }
    }
}

/// Makes the page of `address` writable, or read-only again.
#[cfg(unix)]
unsafe fn writable(address: *mut c_void, write: bool) -> bool {
    unsafe extern "C" {
        fn getpagesize() -> i32;
        fn mprotect(address: *mut c_void, length: usize, protection: i32) -> i32;
    }
    const READ: i32 = 1;
    const WRITE: i32 = 2;
    // SAFETY: the page holds the table; it stays readable.
    unsafe {
        let page = getpagesize() as usize;
        let start = address.map_addr(|a| a & !(page - 1));
        mprotect(start, page, if write { READ | WRITE } else { READ }) == 0
    }
}

#[cfg(windows)]
unsafe fn writable(address: *mut c_void, write: bool) -> bool {
    unsafe extern "system" {
        fn VirtualProtect(address: *mut c_void, length: usize, protection: u32, before: *mut u32) -> i32;
    }
    const READ_ONLY: u32 = 2;
    const READ_WRITE: u32 = 4;
    let mut before = 0;
    // SAFETY: the page holds the table; it stays readable.
    unsafe {
        VirtualProtect(
            address,
            size_of::<usize>(),
            if write { READ_WRITE } else { READ_ONLY },
            &raw mut before,
        ) != 0
    }
}

/// `IAudioProcessor::process` with a complete list of stereo busses.
unsafe extern "system" fn process(this: *mut c_void, data: *mut Data) -> i32 {
    // SAFETY: the host passes its data; what we put in its place lives until clap-wrapper's function returns.
    unsafe {
        let original = std::mem::transmute::<*mut c_void, Process>(ORIGINAL.load(Ordering::Acquire));
        let Some(given) = data.as_ref().filter(|given| given.frames > 0) else { return original(this, data) };
        let none = Bus { channels: 2, silence: 0, buffers: null_mut() };
        let (mut inputs, mut outputs) = ([none; BUSSES], [none; BUSSES]);
        let mut channels = [[[null_mut::<f32>(); 2]; BUSSES]; 2];
        let [input_channels, output_channels] = &mut channels;
        complete(&mut inputs, input_channels, given.inputs, given.input_count);
        complete(&mut outputs, output_channels, given.outputs, given.output_count);
        let mut whole = Data {
            input_count: BUSSES as i32,
            output_count: BUSSES as i32,
            inputs: inputs.as_mut_ptr(),
            outputs: outputs.as_mut_ptr(),
            ..*given
        };
        original(this, &raw mut whole)
    }
}

/// Fills `busses` with the host's, each with two channels of which missing ones are null.
unsafe fn complete(
    busses: &mut [Bus; BUSSES],
    channels: &mut [[*mut f32; 2]; BUSSES],
    given: *const Bus,
    count: i32,
) {
    let count = if given.is_null() { 0 } else { count.max(0) as usize };
    for (n, (bus, channels)) in busses.iter_mut().zip(channels).enumerate() {
        if n < count {
            // SAFETY: the host says how many busses and channels there are.
            unsafe {
                let given = &*given.add(n);
                for (k, channel) in channels.iter_mut().enumerate().take(given.channels.max(0) as usize) {
                    if !given.buffers.is_null() {
                        *channel = *given.buffers.add(k);
                    }
                }
            }
        }
        bus.buffers = channels.as_mut_ptr();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vst3_busses_are_completed() {
        let mut left = [0.0f32; 4];
        let mut given_channels = [left.as_mut_ptr()];
        let given = [
            Bus { channels: 0, silence: 0, buffers: null_mut() },
            Bus { channels: 1, silence: 0, buffers: given_channels.as_mut_ptr() },
        ];
        let mut busses = [given[0]; BUSSES].map(|bus| Bus { channels: 2, ..bus });
        let mut channels = [[null_mut(); 2]; BUSSES];
        // SAFETY: the busses above are what a host would pass.
        unsafe {
            complete(&mut busses, &mut channels, given.as_ptr(), 2);
            let at = |bus: usize, channel: usize| *busses[bus].buffers.add(channel);
            assert_eq!((at(0, 0), at(0, 1)), (null_mut(), null_mut()));
            assert_eq!((at(1, 0), at(1, 1)), (given_channels[0], null_mut()));
            assert_eq!(at(16, 1), null_mut());
        }
        assert!(busses.iter().all(|bus| bus.channels == 2));
    }
}

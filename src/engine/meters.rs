//! What the window may see of the audio thread: plain atomics, written once per piece, read whenever somebody looks.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

/// Strips with a meter of their own.
pub const METERED: usize = 16;

/// Levels and counts. Peaks are held until they are taken.
#[derive(Default)]
pub struct Meters {
    main: [AtomicU32; 2],
    strips: [[AtomicU32; 2]; METERED],
    voices: AtomicU32,
    /// One bit per strip that was silenced because of a fault, and the highest for the whole program.
    faults: AtomicU64,
    swaps: AtomicU32,
}

/// Bit of [`Meters::faults`] for a program that failed as a whole.
pub const PROGRAM_FAULT: u64 = 1 << 63;

impl Meters {
    /// Peaks (absolute values, left and right) of the main output since they were last taken.
    pub fn take_main(&self) -> [f32; 2] {
        self.main.each_ref().map(|p| f32::from_bits(p.swap(0, Relaxed)))
    }

    /// As [`Meters::take_main`] for a strip; silence for strips without a meter.
    pub fn take_strip(&self, strip: usize) -> [f32; 2] {
        self.strips.get(strip).map_or([0.0; 2], |s| s.each_ref().map(|p| f32::from_bits(p.swap(0, Relaxed))))
    }

    /// Voices sounding.
    pub fn voices(&self) -> u32 {
        self.voices.load(Relaxed)
    }

    /// One bit per strip that was silenced because its output was not finite; [`PROGRAM_FAULT`] for all of them.
    pub fn faults(&self) -> u64 {
        self.faults.load(Relaxed)
    }

    /// Programs taken in so far.
    pub fn swaps(&self) -> u32 {
        self.swaps.load(Relaxed)
    }

    pub(super) fn see_main(&self, peaks: [f32; 2]) {
        raise(&self.main, peaks);
    }

    pub(super) fn see_strip(&self, strip: usize, peaks: [f32; 2]) {
        if let Some(meters) = self.strips.get(strip) {
            raise(meters, peaks);
        }
    }

    pub(super) fn set_voices(&self, voices: u32) {
        self.voices.store(voices, Relaxed);
    }

    pub(super) fn set_faults(&self, faults: u64) {
        self.faults.store(faults, Relaxed);
    }

    pub(super) fn swapped(&self) {
        self.swaps.fetch_add(1, Relaxed);
    }
}

/// Positive floats order as their bits do. (Not in one step, which would take many times as long: a peak that is taken at this very
/// moment may show twice.)
fn raise(meters: &[AtomicU32; 2], peaks: [f32; 2]) {
    for (meter, peak) in meters.iter().zip(peaks) {
        if peak.to_bits() > meter.load(Relaxed) {
            meter.store(peak.to_bits(), Relaxed);
        }
    }
}

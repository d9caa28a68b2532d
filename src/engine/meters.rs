//! What the window may see of the audio thread: plain atomics, written once per piece, read whenever somebody looks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use super::outputs::Seen;
use crate::kernel::Trail;
use crate::kernel::lamp::Onlooker;

/// Strips with a meter of their own.
pub const METERED: usize = 24;
/// Seconds over which mean levels are taken.
const MEAN: f64 = 0.3;

/// Levels and counts. Peaks are held until they are taken.
#[derive(Default)]
pub struct Meters {
    rate: f64,
    peaks: Peaks,
    means: [AtomicU32; 2],
    strips: [Peaks; METERED],
    strip_means: [[AtomicU32; 2]; METERED],
    /// True peaks of strips that came near full scale while somebody looked.
    overs: [AtomicU32; METERED],
    voices: AtomicU32,
    /// One bit per strip that was silenced because of a fault, and the highest for the whole program.
    faults: AtomicU64,
    swaps: AtomicU32,
    /// The main output.
    pub main: Trail,
    /// The strip that somebody watches.
    pub scope: Trail,
    /// Its number from 1; 0 for none.
    watched: AtomicU32,
    /// Whoever looks at single nodes.
    pub nodes: Arc<Onlooker>,
}

type Peaks = [AtomicU32; 2];

/// Bit of [`Meters::faults`] for a program that failed as a whole.
pub const PROGRAM_FAULT: u64 = 1 << 63;

impl Meters {
    pub(super) fn new(rate: f64) -> Self {
        Self { rate, ..Self::default() }
    }

    /// Frames per second.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// Peaks (absolute values, left and right) of the main output since they were last taken.
    pub fn take_main(&self) -> [f32; 2] {
        self.peaks.each_ref().map(|p| f32::from_bits(p.swap(0, Relaxed)))
    }

    /// As [`Meters::take_main`] for a strip; silence for strips without a meter.
    pub fn take_strip(&self, strip: usize) -> [f32; 2] {
        self.strips.get(strip).map_or([0.0; 2], |s| s.each_ref().map(|p| f32::from_bits(p.swap(0, Relaxed))))
    }

    /// The highest true peak of a strip since it was last taken, as a factor, while somebody looked at [`Meters::nodes`]; 0 where that was
    /// below full scale for certain.
    pub fn take_over(&self, strip: usize) -> f32 {
        self.overs.get(strip).map_or(0.0, |over| f32::from_bits(over.swap(0, Relaxed)))
    }

    /// Means of the main output (root of the mean square, over 0.3 s, left and right).
    pub fn mean_main(&self) -> [f32; 2] {
        self.means.each_ref().map(|mean| f32::from_bits(mean.load(Relaxed)).sqrt())
    }

    /// As [`Meters::mean_main`] for a strip.
    pub fn mean_strip(&self, strip: usize) -> [f32; 2] {
        let of = |means: &[AtomicU32; 2]| means.each_ref().map(|m| f32::from_bits(m.load(Relaxed)).sqrt());
        self.strip_means.get(strip).map_or([0.0; 2], of)
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

    /// Whether something sounds, or has since somebody looked.
    pub fn stir(&self) -> bool {
        let moves = self.peaks.iter().chain(&self.means).any(|value| value.load(Relaxed) != 0);
        moves || self.voices.load(Relaxed) > 0 || self.faults.load(Relaxed) != 0
    }

    /// Puts a strip on [`Meters::scope`] from now on, or none.
    pub fn watch(&self, strip: Option<usize>) {
        self.watched.store(strip.map_or(0, |strip| strip as u32 + 1), Relaxed);
    }

    pub(super) fn watched(&self) -> Option<usize> {
        self.watched.load(Relaxed).checked_sub(1).map(|strip| strip as usize)
    }

    /// How much of a mean is new after so many frames.
    pub(super) fn share(rate: f64, frames: usize) -> f32 {
        (frames as f64 / (MEAN * rate)).min(1.0) as f32
    }

    /// Lets all means fall by such a share.
    pub(super) fn fall(&self, share: f32) {
        for mean in self.strip_means.iter().flatten().chain(&self.means) {
            let fallen = f32::from_bits(mean.load(Relaxed)) * (1.0 - share);
            // Silence is silence, not a number that is hard to count with; and no mean is without end.
            mean.store(if (1e-15..1e30).contains(&fallen) { fallen.to_bits() } else { 0 }, Relaxed);
        }
    }

    /// `share` of a mean for each value squared.
    pub(super) fn see_main(&self, seen: [Seen; 2], share: f32) {
        see(&self.peaks, &self.means, seen, share);
    }

    pub(super) fn see_strip(&self, strip: usize, seen: [Seen; 2], share: f32) {
        if let (Some(peaks), Some(means)) = (self.strips.get(strip), self.strip_means.get(strip)) {
            see(peaks, means, seen, share);
        }
    }

    pub(super) fn see_over(&self, strip: usize, true_peak: f32) {
        if let Some(over) = self.overs.get(strip) {
            raise(over, true_peak);
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
fn raise(known: &AtomicU32, height: f32) {
    if height.to_bits() > known.load(Relaxed) {
        known.store(height.to_bits(), Relaxed);
    }
}

fn see(peaks: &Peaks, means: &[AtomicU32; 2], seen: [Seen; 2], share: f32) {
    for ((peak, mean), Seen { peak: height, energy }) in peaks.iter().zip(means).zip(seen) {
        raise(peak, height);
        mean.store((f32::from_bits(mean.load(Relaxed)) + energy * share).to_bits(), Relaxed);
    }
}

//! From the peak of a stroke to its velocity. Any thread.

use super::settings::Settings;
use crate::dsp::math;

/// Velocity 1..127 of a peak `level` units (log2 of power) above that of a full stroke.
///
/// A full stroke is 127, and peak amplitude goes with velocity to the power of 1.5.
pub fn velocity(level: f32, settings: &Settings) -> f32 {
    if let Some(fixed) = settings.fixed {
        return fixed;
    }
    let x = math::exp2((level * (0.5 / 1.5)).clamp(-20.0, 0.0));
    let x = ((x * 127.0 - 1.0) / 126.0).max(0.0);
    let bent = match settings.curve {
        soft if soft < 0.0 => (math::exp2(x * std::f32::consts::LOG2_10) - 1.0) / 9.0,
        _ => math::log10(1.0 + 9.0 * x),
    };
    let y = x + settings.curve.abs() * (bent - x);
    (settings.least + (settings.greatest - settings.least) * y).clamp(1.0, 127.0)
}

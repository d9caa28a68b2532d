//! Phases as fixed-point numbers: a `u64` is a position within one cycle, wrapping from its end to its beginning by itself. Sums
//! are exact, so that any split of time gives the same bits, and a run of constant frequency can be computed in closed form.

use super::lane::Lane;

/// Phase that a frequency passes per frame. Frequencies beyond four times the frame rate count as that (and NaN as lowest), so
/// that no input can break the clock. Resolution 2^-48 cycles.
#[inline(always)]
pub fn increment(hertz: f64, period: f64) -> u64 {
    let cycles = hertz * period;
    let cycles = if cycles > -4.0 { cycles } else { -4.0 };
    let cycles = if cycles < 4.0 { cycles } else { 4.0 };
    // In 16..32 the lowest bit of an f64 is worth 2^-48 and bit 48 is worth one: the shift drops whole cycles and exponent.
    (cycles + 24.0).to_bits() << 16
}

/// Phases as cycles in -0.5..=0.5.
#[inline(always)]
pub fn cycles<L: Lane>(phase: L::Phase) -> L {
    L::upper(phase) * L::splat(1.0 / 4_294_967_296.0)
}

/// Writes the phases of the frames that begin after `phase` (one per lane), at a constant speed: the increment comes before the
/// value. Moves `phase` on.
#[inline(always)]
pub fn run_flat<L: Lane>(phase: &mut [u64], step: &[u64], out: &mut [L]) {
    if L::N == 1 {
        // One lane: all frames at once.
        let (p, s) = (phase[0], step[0]);
        for (n, x) in out.iter_mut().enumerate() {
            *x = L::splat(cycles::<f32>(p.wrapping_add(s.wrapping_mul(n as u64 + 1))));
        }
        skip(phase, step, out.len());
        return;
    }
    let (mut now, by) = (L::load_phase(phase), L::load_phase(step));
    for x in out.iter_mut() {
        now = L::turn(now, by);
        *x = cycles::<L>(now);
    }
    L::store_phase(now, phase);
}

/// The phases that [`run_flat`] writes for frame `n`, alone.
#[inline(always)]
pub fn at(phase: &[u64], step: &[u64], n: usize, out: &mut [f32]) {
    for (x, (p, s)) in out.iter_mut().zip(phase.iter().zip(step)) {
        *x = cycles::<f32>(p.wrapping_add(s.wrapping_mul(n as u64 + 1)));
    }
}

/// Moves `phase` on by so many frames.
#[inline(always)]
pub fn skip(phase: &mut [u64], step: &[u64], frames: usize) {
    for (p, s) in phase.iter_mut().zip(step) {
        *p = p.wrapping_add(s.wrapping_mul(frames as u64));
    }
}

/// As [`run_flat`], with a frequency per frame and lane in `out`, which the phases replace.
#[inline(always)]
pub fn run(phase: &mut [u64], period: f64, out: &mut [f32]) {
    match phase.len() {
        1 => lanes::<1>(phase, period, out),
        8 => lanes::<8>(phase, period, out),
        _ => lanes::<32>(phase, period, out),
    }
}

#[inline(always)]
fn lanes<const N: usize>(phase: &mut [u64], period: f64, out: &mut [f32]) {
    let mut now = [0; N];
    now.copy_from_slice(&phase[..N]);
    for x in out.chunks_exact_mut(N) {
        for k in 0..N {
            now[k] = now[k].wrapping_add(increment(x[k] as f64, period));
            x[k] = cycles::<f32>(now[k]);
        }
    }
    phase.copy_from_slice(&now);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phase_keeps_time_for_an_hour() {
        let step = increment(440.37, 1.0 / 48000.0);
        let frames = 48000u64 * 3600;
        let want = (440.37 * 3600.0f64).fract();
        let got = step.wrapping_mul(frames) as f64 / 2f64.powi(64);
        assert!((got - want).abs() < 1e-6, "{got} {want}");
    }

    #[test]
    fn phase_takes_any_frequency() {
        for hertz in [f64::NAN, f64::INFINITY, -f64::INFINITY, 1e30, 0.0, -1.0] {
            let c = cycles::<f32>(increment(hertz, 1.0 / 44100.0));
            assert!((-0.5..=0.5).contains(&c));
        }
        assert_eq!(increment(0.0, 1.0), 0);
        assert_eq!(increment(-1.0, 0.25).wrapping_add(increment(1.0, 0.25)), 0);
    }
}

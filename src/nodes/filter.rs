//! `filter`: low-pass, high-pass, band-pass and notch of second order. Audio thread, after construction.
//!
//! The response is that of the bilinear biquad with pre-warped cutoff w = 2π cutoff / rate and damping k = 1 / Q, computed as a
//! state-variable filter with trapezoidal integrators: g = tan(w / 2), a1 = 1 / (1 + g (g + k)), a2 = g a1, a3 = g a2. Coefficients
//! are computed at control points and go there in straight lines. That is stable at any speed of modulation: the state moves by
//! a contraction for every (g > 0, k ≥ 0), and a mean of contractions is one.

use crate::dsp::lane::Lane;
use crate::dsp::math;
use crate::kernel::{Build, CONTROL, Input, Kernel, Lanewise, Pass, Start};
use crate::spec::*;
use crate::units::Unit;

use super::{NodeDef, Runs};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "filter",
        help: "Takes frequencies away: low-pass, high-pass, band-pass or notch with resonance, 12 dB per octave.",
        params: &[
            ParamSpec {
                unit: Unit::Hertz,
                kind: ParamKind::Signal(Stereo::Control),
                ..ParamSpec::signal(
                    "cutoff",
                    "Where it begins to take away, or the centre of a band or notch; kept between 20 Hz and just below half the sample rate.",
                )
            },
            ParamSpec {
                kind: ParamKind::Signal(Stereo::Control),
                ..ParamSpec::control(
                    "peak",
                    Unit::None,
                    0.0,
                    "Resonance: 0 none, 0.5 sings, 1 whistles at the cutoff; bands and notches get narrow. Q = 0.707 + 9.293 peak² (below 0: 0.707 + 0.207 peak). Above Q 1 all but a notch is quieter by √Q.",
                )
            },
            ParamSpec {
                name: "type",
                kind: ParamKind::Choice(&[
                    Choice {
                        word: "lowpass",
                        aliases: &["lp", "lpf"],
                        help: "lets low frequencies pass: darker",
                    },
                    Choice {
                        word: "highpass",
                        aliases: &["hp", "hpf"],
                        help: "lets high frequencies pass: thinner",
                    },
                    Choice { word: "bandpass", aliases: &["bp", "bpf"], help: "lets a band pass" },
                    Choice { word: "notch", aliases: &["bandstop"], help: "takes a band away" },
                ]),
                unit: Unit::None,
                default: Default::Word("lowpass"),
                range: None,
                help: "Which frequencies pass.",
            },
            ParamSpec::signal("signal", "What is filtered, mono or stereo."),
        ],
        extra: Extra::Refused,
        channels: Channels::AsInputs,
        ends: Ends::With("signal"),
        example: "example: {filter: {cutoff: [3000, 200], peak: 0.6, signal: {osc: {type: saw, freq: 82.4, amp: 0.5}}, duration: 2}}\n",
    },
    runs: Runs::Kernel(make),
};

#[derive(Clone, Copy)]
enum Kind {
    Low,
    High,
    Band,
    Notch,
}

/// Coefficients of one lane or pack: of the state (2 a1 - 1, 2 a2, 2 a3: what of it stays in a frame, written as one step), and of
/// the output (of the input, and of twice the band and low parts).
#[derive(Clone, Copy)]
struct Coefficients<L>([L; 6]);

impl<L: Lane> Coefficients<L> {
    #[inline(always)]
    fn new(kind: Kind, cutoff: L, peak: L, period: f32, top: f32) -> Self {
        let c = L::splat;
        let cutoff = cutoff.clamp(c(20.0), c(top));
        // Kept to where the law means something: Q from 0.1 to 1000.
        let q = L::select(peak.lt(c(0.0)), c(0.707) + c(0.207) * peak, c(0.707) + c(9.293) * (peak * peak));
        let q = q.clamp(c(0.1), c(1000.0));
        let k = c(1.0) / q;
        let w = cutoff * c(period * 0.5);
        let g = math::sin_cycles(w) / math::cos_cycles(w);
        let a1 = c(1.0) / (c(1.0) + g * (g + k));
        let a2 = g * a1;
        let a3 = g * a2;
        let level = c(1.0) / q.max(c(1.0)).sqrt();
        let (zero, half) = (c(0.0), c(0.5) * level);
        let (m0, m1, m2) = match kind {
            Kind::Low => (zero, zero, half),
            Kind::High => (level, zero - k * half, zero - half),
            Kind::Band => (zero, k * half, zero),
            // Nothing stands out here that would have to be made quieter.
            Kind::Notch => (c(1.0), zero - k * c(0.5), zero),
        };
        Coefficients([a1 + a1 - c(1.0), a2 + a2, a3 + a3, m0, m1, m2])
    }
}

struct Filter {
    kind: Kind,
    signal: usize,
    cutoff: usize,
    peak: usize,
    period: f32,
    /// Highest cutoff.
    top: f32,
    /// Per lane: coefficients at the present frame (from the last control point on), and what they move by each frame.
    base: [Vec<f32>; 6],
    slope: [Vec<f32>; 6],
    /// Per lane: what `base` moves to, and the cutoff and peak of that.
    next: [Vec<f32>; 6],
    goal: [Vec<f32>; 2],
    /// Per channel and integrator.
    state: Vec<[Vec<f32>; 2]>,
}

fn make(b: &Build) -> Result<Box<dyn Kernel>, String> {
    let kind = match b.word("type") {
        "highpass" => Kind::High,
        "bandpass" => Kind::Band,
        "notch" => Kind::Notch,
        _ => Kind::Low,
    };
    let lanes = || vec![0.0; b.lanes];
    Ok(Box::new(Filter {
        kind,
        signal: b.port("signal").ok_or("filter needs `signal`")?,
        cutoff: b.port("cutoff").ok_or("filter needs `cutoff`")?,
        peak: b.port("peak").ok_or("filter needs `peak`")?,
        period: (1.0 / b.rate) as f32,
        top: (b.rate / 2.0 - 100.0).max(b.rate * 0.45) as f32,
        base: std::array::from_fn(|_| lanes()),
        slope: std::array::from_fn(|_| lanes()),
        next: std::array::from_fn(|_| lanes()),
        goal: std::array::from_fn(|_| lanes()),
        state: (0..b.channels).map(|_| [lanes(), lanes()]).collect(),
    }))
}

impl Lanewise for Filter {
    #[inline(always)]
    fn pass<L: Lane>(&mut self, pass: &mut Pass) {
        let (lane, frames) = (pass.lane, pass.frames);
        let range = lane..lane + L::N;
        let (cutoff, peak) = (pass.input::<L>(self.cutoff), pass.input::<L>(self.peak));
        if super::starts(pass) {
            let (cutoff, peak) = (cutoff.at(0), peak.at(0));
            let new = Coefficients::new(self.kind, cutoff, peak, self.period, self.top).0;
            let new = new.map(L::to_array);
            let (cutoff, peak) = (cutoff.to_array(), peak.to_array());
            for k in (0..L::N).filter(|k| pass.ages[lane + k] == 0) {
                for i in 0..6 {
                    self.base[i][lane + k] = new[i][k];
                    self.next[i][lane + k] = new[i][k];
                    self.slope[i][lane + k] = 0.0;
                }
                self.goal[0][lane + k] = cutoff[k];
                self.goal[1][lane + k] = peak[k];
            }
        }
        // Runs of frames between control points.
        let mut from = 0;
        while from < frames {
            let offset = (pass.at + from as u64) as usize % CONTROL;
            if offset == 0 {
                let (cutoff, peak) = (cutoff.at(from), peak.at(from));
                let (was_cutoff, was_peak) =
                    (L::load(&self.goal[0][range.clone()]), L::load(&self.goal[1][range.clone()]));
                let slope = load::<L>(&self.slope, lane);
                let moved = L::any((cutoff - was_cutoff).abs().gt(L::splat(0.0)))
                    || L::any((peak - was_peak).abs().gt(L::splat(0.0)));
                let moving = moves(&slope);
                if moving || moved {
                    // The straight line so far ends at what its goal says exactly.
                    let now = load::<L>(&self.next, lane);
                    let next = Coefficients::new(self.kind, cutoff, peak, self.period, self.top).0;
                    for i in 0..6 {
                        let slope = (next[i] - now[i]) * L::splat(1.0 / CONTROL as f32);
                        now[i].store(&mut self.base[i][range.clone()]);
                        slope.store(&mut self.slope[i][range.clone()]);
                        next[i].store(&mut self.next[i][range.clone()]);
                    }
                    cutoff.store(&mut self.goal[0][range.clone()]);
                    peak.store(&mut self.goal[1][range.clone()]);
                }
            }
            let to = frames.min(from + CONTROL - offset);
            let (base, slope) = (load::<L>(&self.base, lane), load::<L>(&self.slope, lane));
            let moving = moves(&slope);
            let mut reached = base;
            for c in 0..pass.outputs.len() {
                let input = pass.channel::<L>(self.signal, c);
                let out = &mut pass.output::<L>(c)[from..to];
                let [s1, s2] = &mut self.state[c];
                let mut state = [L::load(&s1[range.clone()]), L::load(&s2[range.clone()])];
                // A loop for each kind, at rest and in motion.
                macro_rules! run {
                    ($kind:ident) => {
                        if moving {
                            run::<L, $kind, true>(out, input, from, &base, &slope, &mut state)
                        } else {
                            run::<L, $kind, false>(out, input, from, &base, &slope, &mut state)
                        }
                    };
                }
                reached = match self.kind {
                    Kind::Low => run!(LOW),
                    Kind::High => run!(HIGH),
                    Kind::Band => run!(BAND),
                    Kind::Notch => run!(NOTCH),
                };
                state[0].store(&mut s1[range.clone()]);
                state[1].store(&mut s2[range.clone()]);
            }
            if moving {
                for i in 0..6 {
                    reached[i].store(&mut self.base[i][range.clone()]);
                }
            }
            from = to;
        }
    }

    fn start(&mut self, lane: usize, _: Start) {
        for [a, b] in &mut self.state {
            (a[lane], b[lane]) = (0.0, 0.0);
        }
    }
}

#[inline(always)]
fn load<L: Lane>(v: &[Vec<f32>; 6], lane: usize) -> [L; 6] {
    let mut loaded = [L::splat(0.0); 6];
    for (l, v) in loaded.iter_mut().zip(v) {
        *l = L::load(&v[lane..lane + L::N]);
    }
    loaded
}

/// Whether any coefficient of any lane moves.
#[inline(always)]
fn moves<L: Lane>(slope: &[L; 6]) -> bool {
    let mut sum = L::splat(0.0);
    for s in slope {
        sum = sum.max(s.abs());
    }
    L::any(sum.gt(L::splat(0.0)))
}

const LOW: u8 = 0;
const HIGH: u8 = 1;
const BAND: u8 = 2;
const NOTCH: u8 = 3;

/// Frames between two control points. Coefficients start at `base` and are moved by `slope` with each frame, those that the kind
/// needs; returns where they are after the last.
#[inline(always)]
fn run<L: Lane, const KIND: u8, const MOVING: bool>(
    out: &mut [L],
    input: Input<L>,
    from: usize,
    base: &[L; 6],
    slope: &[L; 6],
    state: &mut [L; 2],
) -> [L; 6] {
    let [mut s0, mut s1] = *state;
    let mut k = *base;
    for (n, y) in out.iter_mut().enumerate() {
        let [c1, c2, c3, m0, m1, m2] = k;
        let x = input.at(from + n);
        let v = x - s1;
        let t0 = c1 * s0 + c2 * v;
        let t1 = s1 + (c2 * s0 + c3 * v);
        // Each integrator's output is the mean of its state before and after.
        let (band, low) = (s0 + t0, s1 + t1);
        (s0, s1) = (t0, t1);
        *y = match KIND {
            LOW => m2 * low,
            BAND => m1 * band,
            NOTCH => m0 * x + m1 * band,
            _ => m0 * x + m1 * band + m2 * low,
        };
        if MOVING {
            for i in 0..6 {
                let used = match i {
                    3 => KIND == HIGH || KIND == NOTCH,
                    4 => KIND != LOW,
                    5 => KIND == LOW || KIND == HIGH,
                    _ => true,
                };
                if used {
                    k[i] = k[i] + slope[i];
                }
            }
        }
    }
    *state = [s0, s1];
    k
}

#[cfg(test)]
mod tests;

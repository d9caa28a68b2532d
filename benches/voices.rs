//! What voices cost: 64 voices of saw → resonant low-pass with its own LFO → ADSR → pan (workload W2), as a library through the
//! public engine, beside the same work by hand: fused, in vectors, and one voice at a time. And the shipped song.
//! Run with `cargo xtask bench`.

mod clock;

use std::hint::black_box;
use std::path::Path;
use std::sync::Mutex;

use clock::now;
use seiche::compile::{self, Program, Request};
use seiche::engine::{Engine, Io};
use seiche::language::{Library, render as show};
use seiche::library::samples::Store;
use seiche::quality::Quality;

const RATE: f64 = 48_000.0;
const BLOCK: usize = 64;
const VOICES: usize = 64;

const W2: &str = "
seiche: 1
w2:
  context:
    key: {osc: {type: sqr, quality: naive, freq: 2, pulse_width: 0.6}}
    signal:
      multiply:
        number: 64
        signal:
          track:
            pan: (i - 1) / 63 * 2 - 1
            volume: 0.05
            signal:
              envelope:
                attack: 0.01
                decay: 0.29
                sustain: 0.7
                release: 0.2
                gate: key
                signal:
                  filter:
                    peak: 0.6
                    cutoff: {expression: {exp: 800 * 2 ** (2 * lfo), lfo: {osc: {freq: 0.1 + 0.05 * i}}}}
                    signal: {osc: {type: saw, freq: 55 * 2 ** (4 * (i - 1) / 64)}}
";

fn compile(library: &Library, sound: &str) -> Box<Program> {
    let store = Mutex::new(Store::default());
    match compile::compile(&Request {
        library,
        sound,
        overrides: &[],
        rate: RATE,
        quality: Quality::Normal,
        seed: 0,
        store: &store,
    }) {
        Ok(compiled) => compiled.program,
        Err(errors) => panic!("{}", show(&errors, library.files(), false)),
    }
}

/// Processor seconds for `seconds` of audio.
fn engine(program: Box<Program>, seconds: f64) -> f64 {
    let (mut engine, mut remote) = Engine::new(RATE);
    let _ = remote.send(program);
    let (mut left, mut right) = ([0.0f32; BLOCK], [0.0f32; BLOCK]);
    let start = now();
    for _ in 0..(seconds * RATE) as usize / BLOCK {
        engine.process(
            Io { sidechain: None, main: [&mut left, &mut right], aux: &mut [], stems: &mut [] },
            &[],
            None,
        );
        black_box(&left);
    }
    now() - start
}

/// One voice at a time, a plain loop: what a straightforward synth does. Per-sample cutoff, library mathematics.
mod scalar {
    use super::{BLOCK, RATE, VOICES};

    pub struct Voice {
        phase: f32,
        step: f32,
        lfo: f32,
        lfo_step: f32,
        s: [f32; 2],
        envelope: f32,
        attacking: bool,
        time: u32,
        gains: [f32; 2],
    }

    pub fn voices() -> Vec<Voice> {
        (0..VOICES)
            .map(|i| {
                let angle = i as f32 / (VOICES - 1) as f32 * std::f32::consts::FRAC_PI_2;
                Voice {
                    phase: 0.0,
                    step: 55.0 * (4.0 * i as f32 / VOICES as f32).exp2() / RATE as f32,
                    lfo: 0.0,
                    lfo_step: (0.1 + 0.05 * (i + 1) as f32) / RATE as f32,
                    s: [0.0; 2],
                    envelope: 0.0,
                    attacking: true,
                    time: 0,
                    gains: [0.05 * angle.cos(), 0.05 * angle.sin()],
                }
            })
            .collect()
    }

    pub fn block(voices: &mut [Voice], left: &mut [f32; BLOCK], right: &mut [f32; BLOCK]) {
        for v in voices {
            for (l, r) in left.iter_mut().zip(right.iter_mut()) {
                let mut x = 2.0 * v.phase - 1.0;
                if v.phase < v.step {
                    let t = v.phase / v.step;
                    x -= t + t - t * t - 1.0;
                } else if v.phase > 1.0 - v.step {
                    let t = (v.phase - 1.0) / v.step;
                    x -= t * t + t + t + 1.0;
                }
                v.phase = (v.phase + v.step).fract();
                let cutoff = 800.0 * (2.0 * (std::f32::consts::TAU * v.lfo).sin()).exp2();
                v.lfo = (v.lfo + v.lfo_step).fract();
                let g = (std::f32::consts::PI * cutoff / RATE as f32).tan();
                let a1 = 1.0 / (1.0 + g * (g + 0.25));
                let (a2, v3) = (g * a1, x - v.s[1]);
                let v1 = a1 * v.s[0] + a2 * v3;
                let v2 = v.s[1] + a2 * v.s[0] + g * a2 * v3;
                v.s = [2.0 * v1 - v.s[0], 2.0 * v2 - v.s[1]];
                if v.time == 0 {
                    v.attacking = true;
                }
                let (target, rate) = match (v.time < 14_400, v.attacking) {
                    (true, true) => (1.2, 0.0037),
                    (true, false) => (0.7, 0.0005),
                    (false, _) => (0.0, 0.0002),
                };
                v.envelope += (target - v.envelope) * rate;
                v.attacking &= v.envelope < 1.0;
                v.time = (v.time + 1) % 24_000;
                let y = v2 * v.envelope;
                *l += y * v.gains[0];
                *r += y * v.gains[1];
            }
        }
    }
}

/// The same work fused by hand into one loop over vectors of sixteen voices, two vectors in flight, with fused multiply-adds,
/// coefficients every 32 samples, and envelope segments chosen outside the loop: about the least that it can cost.
#[cfg(target_arch = "x86_64")]
mod fused {
    use std::arch::x86_64::*;

    use super::{BLOCK, RATE, VOICES};

    pub struct Pair([Half; 2]);

    struct Half {
        phase: __m512,
        step: __m512,
        per_step: __m512,
        lfo: __m512,
        lfo_step: __m512,
        s1: __m512,
        s2: __m512,
        envelope: __m512,
        a: [__m512; 3],
        gains: [__m512; 2],
    }

    pub struct Bank {
        pairs: Vec<Pair>,
        time: usize,
    }

    pub fn available() -> bool {
        is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq")
    }

    #[target_feature(enable = "avx512f,avx512dq")]
    fn lanes(first: usize, f: impl Fn(f32) -> f32) -> __m512 {
        let values: [f32; 16] = std::array::from_fn(|k| f((first + k) as f32));
        // SAFETY: sixteen floats.
        unsafe { _mm512_loadu_ps(values.as_ptr()) }
    }

    #[target_feature(enable = "avx512f,avx512dq")]
    fn half(first: usize) -> Half {
        let step = lanes(first, |i| 55.0 * (4.0 * i / VOICES as f32).exp2() / RATE as f32);
        let angle = |i: f32| i / (VOICES - 1) as f32 * std::f32::consts::FRAC_PI_2;
        let zero = _mm512_setzero_ps();
        Half {
            phase: zero,
            step,
            per_step: _mm512_div_ps(_mm512_set1_ps(1.0), step),
            lfo: zero,
            lfo_step: lanes(first, |i| 2.0 * 32.0 * (0.1 + 0.05 * (i + 1.0)) / RATE as f32),
            s1: zero,
            s2: zero,
            envelope: zero,
            a: [_mm512_set1_ps(1.0), zero, zero],
            gains: [lanes(first, |i| 0.05 * angle(i).cos()), lanes(first, |i| 0.05 * angle(i).sin())],
        }
    }

    #[target_feature(enable = "avx512f,avx512dq")]
    pub fn bank() -> Bank {
        Bank { pairs: (0..VOICES / 32).map(|p| Pair([half(p * 32), half(p * 32 + 16)])).collect(), time: 0 }
    }

    #[target_feature(enable = "avx512f,avx512dq")]
    fn polynomial(x: __m512, factors: &[f32]) -> __m512 {
        let mut sum = _mm512_set1_ps(factors[factors.len() - 1]);
        for f in factors.iter().rev().skip(1) {
            sum = _mm512_fmadd_ps(sum, x, _mm512_set1_ps(*f));
        }
        sum
    }

    /// sin(πx) for x in -1..1.
    #[target_feature(enable = "avx512f,avx512dq")]
    fn sine(x: __m512) -> __m512 {
        let y = _mm512_mul_ps(x, x);
        let p = polynomial(y, &[3.141_591_3, -2.026_083_8, 0.523_780_46, -0.074_459_38, 0.005_973_293]);
        _mm512_mul_ps(_mm512_fnmadd_ps(x, y, x), p)
    }

    #[target_feature(enable = "avx512f,avx512dq")]
    fn exp2(x: __m512) -> __m512 {
        let whole = _mm512_roundscale_ps::<0>(x);
        let p = polynomial(
            _mm512_sub_ps(x, whole),
            &[1.000_000_1, 0.693_121, 0.240_221_07, 0.055_922_12, 0.009_676_046],
        );
        _mm512_scalef_ps(p, whole)
    }

    impl Half {
        /// Coefficients reach those of the LFO's value after 32 samples.
        #[target_feature(enable = "avx512f,avx512dq")]
        fn control(&mut self) -> [__m512; 3] {
            let (one, two) = (_mm512_set1_ps(1.0), _mm512_set1_ps(2.0));
            self.lfo = _mm512_add_ps(self.lfo, self.lfo_step);
            let over = _mm512_cmp_ps_mask::<_CMP_GE_OQ>(self.lfo, one);
            self.lfo = _mm512_mask_sub_ps(self.lfo, over, self.lfo, two);
            let cutoff = _mm512_mul_ps(_mm512_set1_ps(800.0), exp2(_mm512_mul_ps(two, sine(self.lfo))));
            let w = _mm512_mul_ps(cutoff, _mm512_set1_ps(std::f32::consts::PI / RATE as f32));
            let g = _mm512_mul_ps(w, polynomial(_mm512_mul_ps(w, w), &[1.0, 0.333_333_34, 0.133_333_34]));
            let a1 = _mm512_div_ps(one, _mm512_fmadd_ps(_mm512_add_ps(g, _mm512_set1_ps(0.25)), g, one));
            let a2 = _mm512_mul_ps(g, a1);
            let target = [a1, a2, _mm512_mul_ps(g, a2)];
            std::array::from_fn(|k| {
                _mm512_mul_ps(_mm512_sub_ps(target[k], self.a[k]), _mm512_set1_ps(1.0 / 32.0))
            })
        }

        #[target_feature(enable = "avx512f,avx512dq")]
        fn step(&mut self, slope: &[__m512; 3], target: __m512, rate: __m512) -> __m512 {
            let (one, two) = (_mm512_set1_ps(1.0), _mm512_set1_ps(2.0));
            let x = _mm512_sub_ps(one, _mm512_min_ps(_mm512_mul_ps(self.phase, self.per_step), one));
            let z = _mm512_mul_ps(_mm512_sub_ps(self.phase, one), self.per_step);
            let z = _mm512_add_ps(one, _mm512_max_ps(z, _mm512_set1_ps(-1.0)));
            let saw = _mm512_fmsub_ps(two, self.phase, one);
            let saw = _mm512_fnmadd_ps(z, z, _mm512_fmadd_ps(x, x, saw));
            self.phase = _mm512_add_ps(self.phase, self.step);
            let over = _mm512_cmp_ps_mask::<_CMP_GE_OQ>(self.phase, one);
            self.phase = _mm512_mask_sub_ps(self.phase, over, self.phase, one);
            for k in 0..3 {
                self.a[k] = _mm512_add_ps(self.a[k], slope[k]);
            }
            let v3 = _mm512_sub_ps(saw, self.s2);
            let v1 = _mm512_fmadd_ps(self.a[0], self.s1, _mm512_mul_ps(self.a[1], v3));
            let v2 = _mm512_fmadd_ps(self.a[1], self.s1, _mm512_fmadd_ps(self.a[2], v3, self.s2));
            self.s1 = _mm512_fmsub_ps(two, v1, self.s1);
            self.s2 = _mm512_fmsub_ps(two, v2, self.s2);
            self.envelope = _mm512_fmadd_ps(_mm512_sub_ps(target, self.envelope), rate, self.envelope);
            _mm512_mul_ps(v2, self.envelope)
        }
    }

    #[target_feature(enable = "avx512f,avx512dq")]
    pub fn block(bank: &mut Bank, left: &mut [f32; BLOCK], right: &mut [f32; BLOCK]) {
        let (mut l, mut r) = ([_mm512_setzero_ps(); BLOCK], [_mm512_setzero_ps(); BLOCK]);
        for Pair([a, b]) in &mut bank.pairs {
            for part in 0..BLOCK / 32 {
                let (slope_a, slope_b) = (a.control(), b.control());
                let mut frame = part * 32;
                while frame < part * 32 + 32 {
                    let t = (bank.time + frame) % 24_000;
                    let (target, rate, end) = match t {
                        0..484 => (1.2, 0.0037, 484),
                        484..14_400 => (0.7, 0.0005, 14_400),
                        _ => (0.0, 0.0002, 24_000),
                    };
                    let (target, rate) = (_mm512_set1_ps(target), _mm512_set1_ps(rate));
                    let to = (part * 32 + 32).min(frame + end - t);
                    for n in frame..to {
                        let y = a.step(&slope_a, target, rate);
                        let z = b.step(&slope_b, target, rate);
                        l[n] = _mm512_fmadd_ps(y, a.gains[0], _mm512_fmadd_ps(z, b.gains[0], l[n]));
                        r[n] = _mm512_fmadd_ps(y, a.gains[1], _mm512_fmadd_ps(z, b.gains[1], r[n]));
                    }
                    frame = to;
                }
            }
        }
        bank.time = (bank.time + BLOCK) % 24_000;
        for n in 0..BLOCK {
            left[n] = _mm512_reduce_add_ps(l[n]);
            right[n] = _mm512_reduce_add_ps(r[n]);
        }
    }
}

fn by_hand(seconds: f64, mut block: impl FnMut(&mut [f32; BLOCK], &mut [f32; BLOCK])) -> f64 {
    let (mut left, mut right) = ([0.0f32; BLOCK], [0.0f32; BLOCK]);
    let start = now();
    for _ in 0..(seconds * RATE) as usize / BLOCK {
        left.fill(0.0);
        right.fill(0.0);
        block(&mut left, &mut right);
        black_box(&left);
        black_box(&right);
    }
    now() - start
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// `cargo bench --bench voices -- song` (or `w2`) runs one part alone.
fn main() {
    let specs: Vec<_> = seiche::nodes::ALL.iter().map(|d| &d.spec).collect();
    let only = |part: &str| std::env::args().any(|a| a == part);
    if !only("song") {
        voices(&specs);
    }
    if !only("w2") {
        song(&specs);
    }
}

fn voices(specs: &[&'static seiche::spec::NodeSpec]) {
    let library = Library::read(vec![("w2.yaml".into(), W2.as_bytes().to_vec())], specs);
    let seconds = 10.0;
    let mut rows: [Vec<f64>; 3] = [vec![], vec![], vec![]];
    for _ in 0..7 {
        rows[0].push(engine(compile(&library, "w2"), seconds));
        let mut voices = scalar::voices();
        rows[1].push(by_hand(seconds, |l, r| scalar::block(&mut voices, l, r)));
        #[cfg(target_arch = "x86_64")]
        if fused::available() {
            // SAFETY: checked just above.
            let mut bank = unsafe { fused::bank() };
            // SAFETY: as above.
            rows[2].push(by_hand(seconds, |l, r| unsafe { fused::block(&mut bank, l, r) }));
        }
    }
    let [library_time, scalar_time] = [median(rows[0].clone()), median(rows[1].clone())];
    println!("W2: 64 voices, {seconds} s of audio, blocks of {BLOCK}, median of 7 interleaved runs");
    println!(
        "  library through the engine  {library_time:.4} s   {:7.0} x real time",
        seconds / library_time
    );
    println!(
        "  by hand, one voice a time   {scalar_time:.4} s   library/scalar {:.2} (at most 0.50)",
        library_time / scalar_time
    );
    if rows[2].is_empty() {
        println!("  by hand, fused vectors      not on this processor");
    } else {
        let fused_time = median(rows[2].clone());
        println!(
            "  by hand, fused vectors      {fused_time:.4} s   library/fused  {:.2} (at most 5, aim 2.2)",
            library_time / fused_time
        );
    }
}

fn song(specs: &[&'static seiche::spec::NodeSpec]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("presets");
    let Ok(files) = seiche::library::read(&folder) else { return };
    let library = Library::read(files, specs);
    if !library.sounds().any(|(name, _)| name == "song") {
        return;
    }
    let seconds = 30.0;
    let time = median((0..5).map(|_| engine(compile(&library, "song"), seconds)).collect());
    println!(
        "Shipped song: {seconds} s of audio in {time:.4} s, {:.2} % of one core (at most 3 %)",
        100.0 * time / seconds
    );
}

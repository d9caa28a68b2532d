//! Which instruction set this processor offers, and entry into kernels compiled for it: every kernel's one body is compiled for
//! each set and width, and chosen per call. All sets give the same bits (see `lane`), so this is about speed alone.

use std::sync::OnceLock;

use super::pass::{Lanewise, Pass};
use crate::dsp::lane::{Lane, Two};

#[cfg(not(target_arch = "x86_64"))]
use crate::dsp::lane::Plain4 as V4;
#[cfg(target_arch = "x86_64")]
use crate::dsp::lane::x86::{V4, V8, V16};

/// Instruction sets with kernels of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Isa {
    Baseline,
    Avx2,
    Avx512,
}

/// How many lanes a pass has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    One = 1,
    Eight = 8,
    ThirtyTwo = 32,
}

impl Isa {
    /// The best this processor has. `SEICHE_ISA=baseline|avx2` in the environment asks for less (for tests); read once.
    pub fn detect() -> Isa {
        static BEST: OnceLock<Isa> = OnceLock::new();
        *BEST.get_or_init(|| {
            let best = Self::processor();
            match std::env::var("SEICHE_ISA").as_deref() {
                Ok("baseline") => Isa::Baseline,
                Ok("avx2") => best.min(Isa::Avx2),
                _ => best,
            }
        })
    }

    /// What the processor offers, whatever the environment says.
    pub fn processor() -> Isa {
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            let avx512 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vl");
            match (avx2, avx512) {
                (true, true) => Isa::Avx512,
                (true, false) => Isa::Avx2,
                _ => Isa::Baseline,
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        Isa::Baseline
    }
}

type Base8 = Two<V4>;
type Base32 = Two<Two<Two<V4>>>;

/// Renders one pass of `kernel` with the body that fits.
#[inline]
pub fn run<K: Lanewise>(kernel: &mut K, pass: &mut Pass) {
    match (pass.isa, pass.width) {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `Isa` values other than the baseline are only made after the processor was checked.
        (Isa::Avx512, width) => unsafe {
            match width {
                Width::One => avx512::<K, f32>(kernel, pass),
                Width::Eight => avx512::<K, V8>(kernel, pass),
                Width::ThirtyTwo => avx512::<K, Two<V16>>(kernel, pass),
            }
        },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        (Isa::Avx2, width) => unsafe {
            match width {
                Width::One => avx2::<K, f32>(kernel, pass),
                Width::Eight => avx2::<K, V8>(kernel, pass),
                Width::ThirtyTwo => avx2::<K, Two<Two<V8>>>(kernel, pass),
            }
        },
        (_, Width::One) => kernel.pass::<f32>(pass),
        (_, Width::Eight) => kernel.pass::<Base8>(pass),
        (_, Width::ThirtyTwo) => kernel.pass::<Base32>(pass),
    }
}

/// Loops over plain numbers. Mark `run` as `#[inline(always)]` (a closure would not be compiled for the instruction set).
pub trait Loops {
    fn run(self);
}

/// Runs plain loops compiled for the instruction set, so that the compiler may turn them into its vectors.
#[inline]
pub fn vectorised(isa: Isa, work: impl Loops) {
    match isa {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as in `run`.
        Isa::Avx512 => unsafe { plain_avx512(work) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as in `run`.
        Isa::Avx2 => unsafe { plain_avx2(work) },
        _ => work.run(),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn plain_avx2(work: impl Loops) {
    work.run();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,avx512f,avx512dq,avx512bw,avx512vl")]
fn plain_avx512(work: impl Loops) {
    work.run();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2<K: Lanewise, L: Lane>(kernel: &mut K, pass: &mut Pass) {
    kernel.pass::<L>(pass);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,avx512f,avx512dq,avx512bw,avx512vl")]
fn avx512<K: Lanewise, L: Lane>(kernel: &mut K, pass: &mut Pass) {
    kernel.pass::<L>(pass);
}

/// A kernel that treats all its values alike, frame by frame and lane by lane: it is handed the widest packs of the instruction set
/// however many lanes a pass has. Mark `elements` as `#[inline(always)]`.
pub trait Elementwise {
    fn elements<P: Lane>(&mut self, pass: &mut Pass);
}

/// Renders one pass of `kernel` in the widest packs there are.
#[inline]
pub fn run_elements<K: Elementwise>(kernel: &mut K, pass: &mut Pass) {
    match pass.isa {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `Isa` values other than the baseline are only made after the processor was checked.
        Isa::Avx512 => unsafe { avx512_elements(kernel, pass) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Isa::Avx2 => unsafe { avx2_elements(kernel, pass) },
        _ => kernel.elements::<V4>(pass),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2_elements<K: Elementwise>(kernel: &mut K, pass: &mut Pass) {
    kernel.elements::<V8>(pass);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,avx512f,avx512dq,avx512bw,avx512vl")]
fn avx512_elements<K: Elementwise>(kernel: &mut K, pass: &mut Pass) {
    kernel.elements::<V16>(pass);
}

/// Work in packs of any width. Mark `run` as `#[inline(always)]`.
pub trait Packwise {
    fn run<P: Lane>(self);
}

/// Does `work` in the widest packs of the instruction set.
#[inline]
pub fn in_packs(isa: Isa, work: impl Packwise) {
    match isa {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as in `run`.
        Isa::Avx512 => unsafe { avx512_packs(work) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as in `run`.
        Isa::Avx2 => unsafe { avx2_packs(work) },
        _ => work.run::<V4>(),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2_packs(work: impl Packwise) {
    work.run::<V8>();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,avx512f,avx512dq,avx512bw,avx512vl")]
fn avx512_packs(work: impl Packwise) {
    work.run::<V16>();
}

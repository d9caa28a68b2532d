//! Denormal numbers are flushed to zero while the engine runs: they cost many times the time and cannot be heard.

/// Flushes while it lives, and restores what the host had.
pub struct Flush {
    #[cfg(target_arch = "x86_64")]
    before: u32,
    #[cfg(target_arch = "aarch64")]
    before: u64,
}

impl Flush {
    #[cfg(target_arch = "x86_64")]
    pub fn enter() -> Flush {
        let mut before = 0u32;
        // SAFETY: reads and writes the control register of this thread's floating-point unit; FTZ and DAZ change no rule of Rust.
        unsafe {
            std::arch::asm!("stmxcsr [{}]", in(reg) &raw mut before, options(nostack));
            let flush = before | 0x8040;
            std::arch::asm!("ldmxcsr [{}]", in(reg) &raw const flush, options(nostack, readonly));
        }
        Flush { before }
    }

    #[cfg(target_arch = "aarch64")]
    pub fn enter() -> Flush {
        let before: u64;
        // SAFETY: as above, for FPCR's FZ bit.
        unsafe {
            std::arch::asm!("mrs {}, fpcr", out(reg) before, options(nostack, nomem));
            std::arch::asm!("msr fpcr, {}", in(reg) before | (1 << 24), options(nostack, nomem));
        }
        Flush { before }
    }

    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    pub fn enter() -> Flush {
        Flush {}
    }
}

impl Drop for Flush {
    fn drop(&mut self) {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: writes back what `enter` read.
        unsafe {
            std::arch::asm!("ldmxcsr [{}]", in(reg) &raw const self.before, options(nostack, readonly));
        }
        #[cfg(target_arch = "aarch64")]
        // SAFETY: writes back what `enter` read.
        unsafe {
            std::arch::asm!("msr fpcr, {}", in(reg) self.before, options(nostack, nomem));
        }
    }
}

//! Feature `rt-check`: counts what the audio thread allocates and frees while it processes, and exports the count from the binary, so that a test
//! with the bundle in a real host can see that it is none. The allocator itself is the system's.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

static COUNT: AtomicU64 = AtomicU64::new(0);
static ARMED: AtomicBool = AtomicBool::new(false);
static VOICES: AtomicU32 = AtomicU32::new(0);

thread_local! {
    static PROCESSING: Cell<bool> = const { Cell::new(false) };
}

/// The system's allocator, counting.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn count() {
    if PROCESSING.try_with(Cell::get).unwrap_or(false) {
        COUNT.fetch_add(1, Ordering::Relaxed);
    }
}

// SAFETY: everything is handed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: as the caller promises.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: as the caller promises.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count();
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// While it lives, this thread's allocations are counted.
pub struct Counted;

impl Counted {
    pub fn start() -> Self {
        PROCESSING.set(true);
        if ARMED.swap(false, Ordering::Relaxed) {
            drop(std::hint::black_box(Box::new(0u64)));
        }
        Counted
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        PROCESSING.set(false);
    }
}

/// How often memory was allocated, moved or freed inside `process` since the binary was loaded.
#[unsafe(no_mangle)]
pub extern "C" fn seiche_rt_allocations() -> u64 {
    COUNT.load(Ordering::Relaxed)
}

/// Allocates and frees once inside the next `process`, so that a test can see the count rise by two.
#[unsafe(no_mangle)]
pub extern "C" fn seiche_rt_allocate_once() {
    ARMED.store(true, Ordering::Relaxed);
}

/// Notes how many voices sound after a block.
pub fn see_voices(voices: u32) {
    VOICES.fetch_max(voices, Ordering::Relaxed);
}

/// The most voices that sounded at once, of any instance, since the last question.
#[unsafe(no_mangle)]
pub extern "C" fn seiche_rt_voices() -> u32 {
    VOICES.swap(0, Ordering::Relaxed)
}

//! What tests that render have in common. Every binary that includes this runs with the allocation guard armed.
#![allow(dead_code)]

use std::alloc::{GlobalAlloc, Layout};
use std::sync::Mutex;
use std::sync::atomic::{AtomicIsize, AtomicUsize, Ordering};

use nice_assert_no_alloc::AllocDisabler;
use seiche::bounce::{self, Job, Rendering};
use seiche::compile::{self, Program, Request};
use seiche::engine::{Event, What};
use seiche::language::{Library, render as show};
use seiche::library::samples::Store;
use seiche::quality::Quality;

#[global_allocator]
static GUARD: Counting = Counting;

/// Bytes that are allocated.
pub static ALLOCATED: AtomicIsize = AtomicIsize::new(0);

/// So many allocations of at least so many bytes are refused, as where memory is short.
pub static REFUSED: [AtomicUsize; 2] = [AtomicUsize::new(0), AtomicUsize::new(usize::MAX)];

/// Refuses to allocate where that is forbidden, and counts elsewhere.
struct Counting;

// SAFETY: all is done by the allocator inside.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let [times, size] = &REFUSED;
        let less = |times: usize| times.checked_sub(1);
        if layout.size() >= size.load(Ordering::Relaxed)
            && times.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
        {
            return std::ptr::null_mut();
        }
        ALLOCATED.fetch_add(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { AllocDisabler.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        ALLOCATED.fetch_sub(layout.size() as isize, Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { AllocDisabler.dealloc(memory, layout) }
    }
}

pub const RATE: f64 = 48_000.0;

pub fn library(text: &str) -> Library {
    library_at(std::path::Path::new("test.yaml"), text)
}

/// A library as if it lay in this file.
pub fn library_at(path: &std::path::Path, text: &str) -> Library {
    let specs: Vec<_> = seiche::nodes::ALL.iter().map(|d| &d.spec).collect();
    Library::read(vec![(path.to_path_buf(), text.as_bytes().to_vec())], &specs)
}

/// Compiles a sound, or panics with its diagnostics.
pub fn program(text: &str, sound: &str, rate: f64, seed: u64) -> Box<Program> {
    let library = library(text);
    let store = Mutex::new(Store::default());
    let request = Request {
        library: &library,
        sound,
        overrides: &[],
        rate,
        quality: Quality::Normal,
        seed,
        store: &store,
    };
    match compile::compile(&request) {
        Ok(compiled) => compiled.program,
        Err(errors) => panic!("{}", show(&errors, library.files(), false)),
    }
}

pub fn render(text: &str, sound: &str, job: &Job) -> Rendering {
    bounce::render(program(text, sound, RATE, 0), job, &mut |_| true)
}

pub fn note(at: u32, key: u8, velocity: f32) -> Event {
    Event { at, what: What::NoteOn { channel: 0, key, note: -1, velocity } }
}

pub fn release(at: u32, key: u8) -> Event {
    Event { at, what: What::NoteOff { channel: 0, key, note: -1, velocity: 0.5 } }
}

/// A small generator for tests: xorshift.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

pub fn peak(x: &[f32]) -> f32 {
    x.iter().fold(0.0, |p: f32, x| p.max(x.abs()))
}

pub fn rms(x: &[f32]) -> f64 {
    (x.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / x.len().max(1) as f64).sqrt()
}

/// Bits of both sides, for exact comparison.
pub fn bits(r: &Rendering) -> Vec<u32> {
    r.main.iter().flatten().map(|x| x.to_bits()).collect()
}

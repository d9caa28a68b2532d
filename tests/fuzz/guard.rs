//! One input under guard: on a thread with the stack of the loader's, with its memory counted and its time measured. Whatever is
//! wrong ends the process with a line that begins with `fuzz:`.

use std::alloc::{GlobalAlloc, Layout, System};
use std::fmt;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use nice_assert_no_alloc::AllocDisabler;
use seiche::bounce::{self, Job};
use seiche::compile::{self, Request};
use seiche::engine::{Event, What};
use seiche::language::{Library, limits, render, to_json};
use seiche::library::samples::Store;
use seiche::nodes::{NodeDef, Runs};
use seiche::quality::Quality;

/// Most memory that one input may take at a time.
const MAX_BYTES: usize = 512 << 20;
/// Most processor time of one input; a build with checks is several times slower.
const MAX_TIME: Duration = Duration::from_secs(if cfg!(debug_assertions) { 4 } else { 1 });
/// Where sound is rendered beforehand, which has a bound of its own in the compiler.
const MAX_TIME_AHEAD: Duration = Duration::from_secs(4 * limits::AHEAD_PATIENCE);
/// However busy the machine may be.
const MAX_WAIT: Duration = Duration::from_secs(60);
/// The sounds of a library that are played.
const SOUNDS: usize = 4;
const STACK: usize = 2 << 20;

/// What separates the files of one input.
pub const NEXT_FILE: &str = "\n%%% next file\n";

/// How far the inputs came.
#[derive(Default)]
pub struct Tally {
    clean: usize,
    played: usize,
    heard: usize,
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.clean += other.clean;
        self.played += other.played;
        self.heard += other.heard;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(
            f,
            "{} without a finding, {} sounds played, {} of them heard",
            self.clean, self.played, self.heard
        )
    }
}

/// Counts memory in front of the guard against allocations on the audio thread.
struct Counting;

static PLAIN: AtomicBool = AtomicBool::new(false);
static LIVE: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

impl Counting {
    fn more(&self, bytes: usize) {
        if LIVE.fetch_add(bytes, Relaxed).saturating_add(bytes) > MAX_BYTES {
            // Nothing here may allocate.
            let _ = std::io::stderr().write_all(b"fuzz: more than 512 MB of memory\n");
            std::process::abort();
        }
    }
}

// SAFETY: everything is done by the allocator behind it; the counter changes nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.more(layout.size());
        // SAFETY: as our caller promised.
        unsafe { if PLAIN.load(Relaxed) { System.alloc(layout) } else { AllocDisabler.alloc(layout) } }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        self.more(layout.size());
        // SAFETY: as our caller promised.
        unsafe {
            if PLAIN.load(Relaxed) { System.alloc_zeroed(layout) } else { AllocDisabler.alloc_zeroed(layout) }
        }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as our caller promised.
        unsafe {
            if PLAIN.load(Relaxed) {
                System.dealloc(place, layout)
            } else {
                AllocDisabler.dealloc(place, layout)
            }
        }
    }
}

/// A panic ends the process. On the audio thread even its message would be a forbidden allocation: `plain` leaves the guard off,
/// so that one gets to see it.
pub fn arm(plain: bool) {
    PLAIN.store(plain, Relaxed);
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        print(info);
        fail("panic");
    }));
}

/// Tries one input. Returns only when nothing was wrong.
pub fn run(bytes: Vec<u8>) -> Tally {
    let (send, receive) = channel();
    let limit = if renders_ahead(&bytes) { MAX_TIME_AHEAD } else { MAX_TIME };
    let begin = Instant::now();
    let worker = std::thread::Builder::new().stack_size(STACK).name("input".into()).spawn(move || {
        let _ = send.send((thread_file(), None));
        let tally = load_and_play(bytes);
        let _ = send.send((None, Some((tally, cpu_time(Some("/proc/thread-self/schedstat".into()))))));
    });
    let worker = worker.expect("a thread");
    let mut file = None;
    let mut wait = MAX_TIME;
    loop {
        match receive.recv_timeout(wait) {
            Ok((found, None)) => file = found,
            Ok((_, Some((tally, time)))) => {
                check_time(time.unwrap_or(begin.elapsed()), limit);
                // The thread's own memory is given back before the next input.
                let _ = worker.join();
                return tally;
            }
            Err(RecvTimeoutError::Timeout) => {
                check_time(cpu_time(file.clone()).unwrap_or(begin.elapsed()), limit);
                if begin.elapsed() > MAX_WAIT {
                    fail("it waits for something");
                }
                wait = Duration::from_millis(50);
            }
            // The panic itself has been printed.
            Err(RecvTimeoutError::Disconnected) => fail("panic"),
        }
    }
}

/// Whether a library may have nodes whose signal the compiler renders.
fn renders_ahead(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let ahead = |def: &&&NodeDef| matches!(def.runs, Runs::Ahead(_));
    seiche::nodes::ALL.iter().filter(ahead).any(|def| text.contains(def.spec.name))
}

fn check_time(time: Duration, limit: Duration) {
    if time > limit {
        fail("it takes too long");
    }
}

fn fail(what: &str) -> ! {
    eprintln!("fuzz: {what}");
    std::process::exit(1);
}

/// Where the system tells the processor time of this thread to others.
fn thread_file() -> Option<PathBuf> {
    let thread = std::fs::read_link("/proc/thread-self").ok()?;
    Some(PathBuf::from("/proc").join(thread).join("schedstat"))
}

/// Processor time, where the system tells it: the first number of the file, in nanoseconds.
fn cpu_time(file: Option<PathBuf>) -> Option<Duration> {
    let text = std::fs::read_to_string(file?).ok()?;
    Some(Duration::from_nanos(text.split(' ').next()?.parse().ok()?))
}

fn load_and_play(bytes: Vec<u8>) -> Tally {
    let specs: Vec<_> = seiche::nodes::ALL.iter().map(|def| &def.spec).collect();
    let files = split(&bytes).into_iter().enumerate();
    let library =
        Library::read(files.map(|(i, b)| (PathBuf::from(format!("{i}.yaml")), b)).collect(), &specs);
    let findings = library.check();
    let shown = &findings[..findings.len().min(20)];
    render(shown, library.files(), true);
    shown.iter().for_each(|d| drop(to_json(d, library.files())));
    let mut tally = Tally { clean: usize::from(findings.is_empty()), ..Tally::default() };
    let store = Mutex::new(Store::default());
    let names: Vec<&str> = library.sounds().map(|(name, _)| name).take(SOUNDS).collect();
    for (i, sound) in names.into_iter().enumerate() {
        let rate = [48_000.0, 44_100.0, 8_000.0, 192_000.0][i % 4];
        let request = Request {
            library: &library,
            sound,
            overrides: &[],
            rate,
            quality: Quality::Normal,
            seed: 7,
            store: &store,
        };
        match compile::compile(&request) {
            Ok(compiled) => {
                tally.played += 1;
                let program = compiled.program;
                tally.heard += usize::from(play(program));
            }
            Err(errors) if errors.is_empty() => fail("refused without a reason"),
            Err(errors) => drop(render(&errors[..errors.len().min(20)], library.files(), false)),
        }
    }
    tally
}

/// A few blocks with a few notes. Returns whether there was anything to hear.
fn play(program: Box<seiche::compile::Program>) -> bool {
    let (channel, note, velocity) = (0, -1, 0.8);
    let events = [
        Event { at: 0, what: What::NoteOn { channel, key: 60, note, velocity } },
        Event { at: 1, what: What::NoteOn { channel, key: 127, note, velocity } },
        Event { at: 70, what: What::NoteOff { channel, key: 60, note, velocity } },
        Event { at: 150, what: What::NoteOn { channel, key: 0, note, velocity: 0.0 } },
    ];
    let job = Job { frames: 300, events: &events, blocks: &[64, 1, 100], ..Job::default() };
    let out = bounce::render(program, &job, &mut |_| true);
    if out.main.iter().flatten().any(|x| !x.is_finite()) {
        fail("output that is not finite");
    }
    out.main.iter().flatten().any(|x| *x != 0.0)
}

fn split(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mark = NEXT_FILE.as_bytes();
    let mut files = vec![];
    let mut rest = bytes;
    while let Some(at) = rest.windows(mark.len()).position(|w| w == mark) {
        files.push(rest[..at].to_vec());
        rest = &rest[at + mark.len()..];
    }
    files.push(rest.to_vec());
    files
}

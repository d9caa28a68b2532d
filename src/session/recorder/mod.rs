//! Records what is played: the last two minutes are always kept in memory, and a take is written to disk while it is played. The audio
//! thread fills blocks (`engine/tap`); a thread of its own (`desk`) takes them. Any thread but the audio thread.

mod desk;
mod kept;
mod lowered;
mod take;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use arc_swap::ArcSwap;

use super::lock;
use crate::engine::tap::{Plug, jack};
use crate::engine::{Gear, Geared};

/// Where a take goes: `FOLDER/NAME take 1.wav`, or the first number that is free; tracks beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub folder: PathBuf,
    pub name: String,
}

/// What is asked of the recorder's thread.
enum Order {
    /// An engine plays with this gear; one before does not any more.
    Engine(Gear, Plug),
    /// Tracks and buses as well, from now on.
    Stems(bool),
    Start(Place),
    Stop,
    /// Write so many seconds of what was kept.
    SaveLast(f64, Place),
    /// Write the bytes of a MIDI file, or say why there are none.
    Midi(Result<Vec<u8>, String>, Place),
}

/// How it stands with the recorder.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recording {
    /// The take that is being written: its first file, and how many seconds it has.
    pub running: Option<(PathBuf, f64)>,
    /// Seconds that can be saved after they were played; two minutes at most.
    pub kept: f64,
    /// Tracks and buses are recorded as well.
    pub stems: bool,
    /// The last take that was completed.
    pub saved: Option<Saved>,
    /// What went wrong last, until something is asked for again.
    pub fault: Option<String>,
}

/// A take on the disk.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Saved {
    /// The mix, then tracks and buses; or a MIDI file.
    pub files: Vec<PathBuf>,
    pub seconds: f64,
    /// What is missing, if something is.
    pub note: Option<String>,
}

/// See the head of this file. Dropped, it completes what is being written.
#[derive(Default)]
pub struct Recorder {
    state: Arc<ArcSwap<Recording>>,
    thread: Mutex<Option<(Sender<Order>, JoinHandle<()>)>>,
}

impl Recorder {
    /// What this engine plays is recorded from now on; before the audio thread has it.
    pub fn listen(&self, geared: &mut Geared) {
        let (jack, plug) = jack();
        geared.engine().record(jack);
        self.send(Order::Engine(geared.gear(), plug));
    }

    /// Begins to write a take of what is played from now on, in WAV of 32-bit float; the one before is completed.
    pub fn start(&self, place: Place) {
        self.send(Order::Start(place));
    }

    /// Completes the take.
    pub fn stop(&self) {
        self.send(Order::Stop);
    }

    /// Writes the last seconds that were played, as far as they are kept.
    pub fn save_last(&self, seconds: f64, place: Place) {
        self.send(Order::SaveLast(seconds, place));
    }

    /// Writes a MIDI file of what was played, or says why there is none: `FOLDER/NAME take 1.mid`, or the first number that is free.
    pub fn save_midi(&self, bytes: Result<Vec<u8>, String>, place: Place) {
        self.send(Order::Midi(bytes, place));
    }

    /// Whether tracks and buses are kept and written as well: what is not silent takes 23 MB a minute for each of
    /// them at 48 kHz.
    pub fn set_stems(&self, stems: bool) {
        self.send(Order::Stems(stems));
    }

    /// How it stands; new several times a second while something happens.
    pub fn state(&self) -> Arc<Recording> {
        self.state.load_full()
    }

    fn send(&self, order: Order) {
        let mut thread = lock(&self.thread);
        if thread.is_none() {
            let (sender, orders) = channel();
            let state = self.state.clone();
            let spawned = std::thread::Builder::new().name("seiche recorder".into());
            match spawned.spawn(move || desk::run(&orders, &state)) {
                Ok(handle) => *thread = Some((sender, handle)),
                // Without a thread nothing is recorded; it is tried again with the next order.
                Err(why) => {
                    let fault = Some(format!("recording is not possible: {why}"));
                    self.state.store(Arc::new(Recording { fault, ..Recording::default() }));
                }
            }
        }
        if let Some((sender, _)) = &*thread {
            // The thread lives as long as its sender.
            let _ = sender.send(order);
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        if let Some((sender, handle)) = lock(&self.thread).take() {
            drop(sender);
            let _ = handle.join();
        }
    }
}

//! What nodes tell the world outside: notes and controllers for the host, each at its absolute frame, and strips that had to be silenced.
//! Kernels put them in while they render, the engine takes them out; both are the audio thread, the loader only makes it. Never full of
//! notes without room for their ends.

use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering::Relaxed};

use super::event::What;

/// Events that wait for the engine at most.
const ROOM: usize = 2048;
/// Room that only ends of notes may use.
const RESERVE: usize = 512;
const KEYS: usize = 16 * 128;

/// A message with its frame: kind, channel and number, and a value.
#[derive(Default)]
struct Slot {
    at: AtomicU64,
    message: AtomicU64,
}

/// The box. Atomics only because a program moves between threads; one thread at a time uses it.
pub struct Outbox {
    slots: Box<[Slot]>,
    used: AtomicUsize,
    /// Per channel and key: how many notes sound.
    sounding: Box<[AtomicU8]>,
    /// See [`strip_fault`].
    faults: AtomicU64,
}

/// Bit of a set of faults for a strip; the last strips share one, and the highest bit is never a strip's.
pub fn strip_fault(strip: usize) -> u64 {
    1 << strip.min(62)
}

const NOTE_ON: u64 = 0;
const NOTE_OFF: u64 = 1;
const CONTROLLER: u64 = 2;

impl Default for Outbox {
    fn default() -> Self {
        Self {
            slots: (0..ROOM).map(|_| Slot::default()).collect(),
            used: AtomicUsize::new(0),
            sounding: (0..KEYS).map(|_| AtomicU8::new(0)).collect(),
            faults: AtomicU64::new(0),
        }
    }
}

impl Outbox {
    /// A strip is silent from now on, because what it was given is not finite.
    pub fn strip_failed(&self, strip: usize) {
        self.faults.fetch_or(strip_fault(strip), Relaxed);
    }

    /// Bit per strip that was silenced.
    pub fn faults(&self) -> u64 {
        self.faults.load(Relaxed)
    }

    /// Every strip may sound again.
    pub fn forget_faults(&self) {
        self.faults.store(0, Relaxed);
    }

    /// Begins a note; `velocity` 0..1. False when there is no room: it then has not begun.
    pub fn note_on(&self, at: u64, channel: u8, key: u8, velocity: f32) -> bool {
        let count = &self.sounding[place(channel, key)];
        let room = self.used.load(Relaxed) + RESERVE < ROOM && count.load(Relaxed) < u8::MAX;
        if room {
            count.store(count.load(Relaxed) + 1, Relaxed);
            self.push(at, NOTE_ON, channel, key, velocity);
        }
        room
    }

    /// Ends a note that `note_on` began.
    pub fn note_off(&self, at: u64, channel: u8, key: u8) {
        let count = &self.sounding[place(channel, key)];
        if let Some(left) = count.load(Relaxed).checked_sub(1) {
            count.store(left, Relaxed);
            self.push(at, NOTE_OFF, channel, key, 0.0);
        }
    }

    /// Moves a controller; `value` 0..1.
    pub fn controller(&self, at: u64, channel: u8, number: u8, value: f32) {
        if self.used.load(Relaxed) + RESERVE < ROOM {
            self.push(at, CONTROLLER, channel, number, value);
        }
    }

    /// Ends every note that sounds: nobody will do it any more.
    pub fn silence(&self, at: u64) {
        for channel in 0..16 {
            for key in 0..128 {
                while self.used.load(Relaxed) < ROOM && self.sounding[place(channel, key)].load(Relaxed) > 0 {
                    self.note_off(at, channel, key);
                }
            }
        }
    }

    /// Time begins anew at frame `at`, or the program goes: everything that waits is due now, and every note ends.
    pub fn finish(&self, at: u64) {
        for slot in &self.slots[..self.used.load(Relaxed)] {
            slot.at.store(at, Relaxed);
        }
        self.silence(at);
    }

    /// Hands over what happens before frame `until`; what comes later stays. In order of time for each node, not among them.
    pub fn take(&self, until: u64, mut each: impl FnMut(u64, What)) {
        let used = self.used.load(Relaxed);
        let mut kept = 0;
        for slot in &self.slots[..used] {
            let (at, message) = (slot.at.load(Relaxed), slot.message.load(Relaxed));
            if at < until {
                each(at, what(message));
            } else {
                self.slots[kept].at.store(at, Relaxed);
                self.slots[kept].message.store(message, Relaxed);
                kept += 1;
            }
        }
        self.used.store(kept, Relaxed);
    }

    fn push(&self, at: u64, kind: u64, channel: u8, number: u8, value: f32) {
        let used = self.used.load(Relaxed);
        let Some(slot) = self.slots.get(used) else { return };
        slot.at.store(at, Relaxed);
        let head = kind << 16 | u64::from(channel & 15) << 8 | u64::from(number & 127);
        slot.message.store(head << 32 | u64::from(value.to_bits()), Relaxed);
        self.used.store(used + 1, Relaxed);
    }
}

fn place(channel: u8, key: u8) -> usize {
    (channel as usize & 15) * 128 + (key as usize & 127)
}

fn what(message: u64) -> What {
    let (head, value) = (message >> 32, f32::from_bits(message as u32));
    let (channel, number) = ((head >> 8) as u8, head as u8);
    match head >> 16 {
        NOTE_ON => What::NoteOn { channel, key: number, note: -1, velocity: value },
        NOTE_OFF => What::NoteOff { channel, key: number, note: -1, velocity: value },
        _ => What::Controller { channel, number, value },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(outbox: &Outbox, until: u64) -> Vec<(u64, What)> {
        let mut all = vec![];
        outbox.take(until, |at, what| all.push((at, what)));
        all
    }

    #[test]
    fn outbox_hands_over_what_is_due_and_keeps_the_rest() {
        let outbox = Outbox::default();
        assert!(outbox.note_on(10, 3, 60, 0.5));
        outbox.note_off(70, 3, 60);
        outbox.controller(20, 1, 7, 0.25);
        let on = What::NoteOn { channel: 3, key: 60, note: -1, velocity: 0.5 };
        let moved = What::Controller { channel: 1, number: 7, value: 0.25 };
        assert_eq!(take(&outbox, 64), [(10, on), (20, moved)]);
        assert_eq!(
            take(&outbox, 128),
            [(70, What::NoteOff { channel: 3, key: 60, note: -1, velocity: 0.0 })]
        );
    }

    #[test]
    fn outbox_that_is_full_still_ends_its_notes() {
        let outbox = Outbox::default();
        let begun = (0..5_000).filter(|n| outbox.note_on(*n, 0, (n % 128) as u8, 1.0)).count();
        assert!(begun < ROOM);
        take(&outbox, u64::MAX);
        outbox.silence(6_000);
        take(&outbox, u64::MAX);
        outbox.silence(6_000);
        take(&outbox, u64::MAX);
        assert!(outbox.sounding.iter().all(|count| count.load(Relaxed) == 0));
    }
}

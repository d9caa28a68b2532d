//! Which of the host's notes still sound: hosts that modulate single notes want to hear when one is over. Audio thread; memory is fixed.

use crate::kernel::voices::{Press, Tone};
use crate::kernel::{Event, What};

/// Notes that are followed at most; the host hears of others that they are over at once.
const ROOM: usize = 512;

/// The notes.
pub struct Tally {
    sounding: Vec<Press>,
    over: Vec<Press>,
}

impl Tally {
    pub fn new() -> Self {
        Self { sounding: Vec::with_capacity(ROOM), over: Vec::with_capacity(2 * ROOM) }
    }

    /// Takes the notes of a block that has been rendered, and finds out which are over.
    pub fn follow(&mut self, events: &[Event], plays: impl Fn(&Press) -> bool) {
        self.over.clear();
        for event in events {
            if let What::NoteOn { channel, key, note, velocity } = event.what {
                let press = Press { channel, key, id: note, velocity, tone: Tone::default() };
                let list = match self.sounding.len() < ROOM {
                    true => &mut self.sounding,
                    false => &mut self.over,
                };
                if list.len() < list.capacity() {
                    list.push(press);
                }
            }
        }
        let over = &mut self.over;
        self.sounding.retain(|press| {
            let on = plays(press);
            if !on && over.len() < over.capacity() {
                over.push(*press);
            }
            on
        });
    }

    /// Notes that were over at the end of the block.
    pub fn over(&self) -> &[Press] {
        &self.over
    }
}

//! What goes out to the host in a block: the framework's events and ours together, in the order of their frames, as CLAP demands. Memory
//! is fixed; the host's thread that processes or flushes is the only one here.

use std::ffi::c_void;

use clap_sys::events::{clap_event_header, clap_output_events};

/// Events of one block; of what exceeds it the framework is told that there is no room.
const MOST: usize = 4_096;
/// Largest event that goes out, in 8-byte words.
const WORDS: usize = 8;

/// A copy of an event, and its place among those of its frame.
struct Posted {
    order: u32,
    event: Copied,
}

#[repr(C)]
union Copied {
    header: clap_event_header,
    words: [u64; WORDS],
}

impl Posted {
    fn key(&self) -> (u32, u32) {
        // SAFETY: every copy begins with a header.
        (unsafe { self.event.header.time }, self.order)
    }
}

/// The events of one instance.
#[derive(Default)]
pub struct Outbox {
    posted: Vec<Posted>,
}

impl Outbox {
    /// Makes the memory. Main thread, on activation.
    pub fn prepare(&mut self) {
        self.posted = Vec::with_capacity(MOST);
    }

    pub fn is_empty(&self) -> bool {
        self.posted.is_empty()
    }

    /// Posts an event; false where there is no room.
    ///
    /// # Safety
    /// `event` must be a whole event, as large as its header says.
    pub unsafe fn post(&mut self, event: *const clap_event_header) -> bool {
        // SAFETY: as the caller promises.
        unsafe {
            let bytes = (*event).size as usize;
            if self.posted.len() == self.posted.capacity()
                || !(size_of::<clap_event_header>()..=WORDS * 8).contains(&bytes)
            {
                return false;
            }
            let mut copy = Copied { words: [0; WORDS] };
            std::ptr::copy_nonoverlapping(event.cast::<u8>(), (&raw mut copy).cast::<u8>(), bytes);
            self.posted.push(Posted { order: self.posted.len() as u32, event: copy });
        }
        true
    }

    /// As a list for the framework, valid while `self` stays where it is.
    pub fn list(&mut self) -> clap_output_events {
        clap_output_events { ctx: (&raw mut *self).cast::<c_void>(), try_push: Some(try_push) }
    }

    /// Hands everything over to the host. What it has no room for is lost.
    ///
    /// # Safety
    /// `out` must be null or the host's list of the present block.
    pub unsafe fn deliver(&mut self, out: *const clap_output_events) {
        self.posted.sort_unstable_by_key(Posted::key);
        // SAFETY: the list is the host's and valid, and takes a copy of what it is given.
        unsafe {
            if let Some(push) = out.as_ref().and_then(|out| out.try_push) {
                for posted in &self.posted {
                    push(out, &raw const posted.event.header);
                }
            }
        }
        self.posted.clear();
    }
}

unsafe extern "C" fn try_push(list: *const clap_output_events, event: *const clap_event_header) -> bool {
    // SAFETY: `ctx` is the outbox that made the list, which nobody else touches meanwhile.
    unsafe { !event.is_null() && (*(*list).ctx.cast::<Outbox>()).post(event) }
}

#[cfg(test)]
mod tests {
    use clap_sys::events::{CLAP_CORE_EVENT_SPACE_ID, CLAP_EVENT_MIDI, clap_event_midi};

    use super::*;

    unsafe extern "C" fn take(list: *const clap_output_events, event: *const clap_event_header) -> bool {
        // SAFETY: the list is the test's own.
        unsafe {
            let taken = &mut *(*list).ctx.cast::<Vec<(u32, u8)>>();
            taken.push(((*event).time, (*event.cast::<clap_event_midi>()).data[1]));
        }
        true
    }

    fn midi(time: u32, number: u8) -> clap_event_midi {
        let size = size_of::<clap_event_midi>() as u32;
        let (space_id, type_) = (CLAP_CORE_EVENT_SPACE_ID, CLAP_EVENT_MIDI);
        let header = clap_event_header { size, time, space_id, type_, flags: 0 };
        clap_event_midi { header, port_index: 0, data: [0xb0, number, 0] }
    }

    #[test]
    fn front_outbox_delivers_in_the_order_of_frames() {
        let mut outbox = Outbox::default();
        let (late, early, same) = (midi(9, 1), midi(3, 2), midi(9, 3));
        // SAFETY: the events are whole and alive.
        unsafe {
            assert!(!outbox.post(&raw const late.header), "no memory before activation");
            outbox.prepare();
            let list = outbox.list();
            for event in [&late, &early, &same] {
                assert!(list.try_push.unwrap()(&raw const list, &raw const event.header));
            }
            let mut taken: Vec<(u32, u8)> = vec![];
            let host = clap_output_events { ctx: (&raw mut taken).cast(), try_push: Some(take) };
            outbox.deliver(&raw const host);
            assert_eq!(taken, [(3, 2), (9, 1), (9, 3)]);
            outbox.deliver(&raw const host);
            assert_eq!(taken.len(), 3, "once");
        }
    }
}

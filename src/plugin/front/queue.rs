//! The host's events in an order and at times that the framework cannot lose them: parameter changes before notes of the same frame
//! (it cuts the block there and would drop a note listed earlier), nothing later than the last frame, notes from empty blocks kept for
//! the next one. Memory is fixed; the host's thread that processes or flushes is the only one here.

use std::ffi::c_void;
use std::ptr::null;

use clap_sys::events::*;
use clap_sys::id::clap_id;

use super::controls::value_event;

/// Events of one block. What exceeds it is not heard; hosts stay far below.
pub const MOST_EVENTS: usize = 16_384;
/// Events that must be copied because they are changed or kept.
const MOST_COPIES: usize = 1_024;
/// Largest core event, in 8-byte words (the transport has 13).
const WORDS: usize = 16;

/// One event of the list that the framework sees.
struct Entry {
    time: u32,
    /// 0: cuts the block, comes first at its frame.
    rank: u8,
    order: u32,
    event: *const clap_event_header,
}

/// A copy of a core event.
#[repr(C)]
union Copied {
    header: clap_event_header,
    note: clap_event_note,
    expression: clap_event_note_expression,
    transport: clap_event_transport,
    words: [u64; WORDS],
}

/// The events of one instance.
pub struct Queue {
    entries: Vec<Entry>,
    /// Never grows beyond its first capacity: entries point into it.
    copies: Vec<Copied>,
    /// How many of the copies, from the start, are notes kept for the next block.
    kept: usize,
    /// Notes that ended in this block.
    ended: Vec<clap_event_note>,
    /// The host is clap-wrapper: it wants to hear of ended notes as soon as their key is released, and hands volumes of notes over as
    /// VST3 has them.
    pub wrapped: bool,
    rate: f64,
}

impl Queue {
    pub fn new() -> Self {
        Self {
            entries: Vec::new(),
            copies: Vec::new(),
            kept: 0,
            ended: Vec::new(),
            wrapped: false,
            rate: 48_000.0,
        }
    }

    /// Makes the memory. Main thread, on activation.
    pub fn prepare(&mut self, rate: f64) {
        *self = Self {
            entries: Vec::with_capacity(MOST_EVENTS),
            copies: Vec::with_capacity(MOST_COPIES),
            kept: 0,
            ended: Vec::with_capacity(MOST_EVENTS),
            wrapped: self.wrapped,
            rate,
        };
    }

    /// Takes the events of a block of `frames` (at least 1) frames.
    ///
    /// # Safety
    /// `events` must be null or valid until the block has been processed.
    pub unsafe fn gather(&mut self, events: *const clap_input_events, frames: u32) {
        self.entries.clear();
        self.ended.clear();
        self.copies.truncate(self.kept);
        for n in 0..std::mem::take(&mut self.kept) {
            let event = (&raw const self.copies[n]).cast();
            self.enter(event, 0);
        }
        // SAFETY: the list is the host's and valid.
        unsafe {
            for event in list(events) {
                let time = (*event).time.min(frames - 1);
                let moved = time != (*event).time
                    || (is(event, CLAP_EVENT_TRANSPORT) && time > 0)
                    || (self.wrapped && is_volume(event));
                let event = if moved { self.copy(event, time) } else { event };
                if !event.is_null() {
                    self.enter(event, time);
                }
            }
        }
        self.sort();
    }

    fn sort(&mut self) {
        self.entries.sort_unstable_by_key(|e| (e.time, e.rank, e.order));
    }

    /// Shows every gathered event, in order, with its frame. The answer is whether the framework gets it; values of parameters may be put
    /// beside it, which then come before the notes of the same frame.
    pub fn pass(
        &mut self,
        mut see: impl FnMut(*const clap_event_header, u32, &mut dyn FnMut(clap_id, f64)) -> bool,
    ) {
        let mut changed = false;
        for n in 0..self.entries.len() {
            let Entry { event, time, .. } = self.entries[n];
            let mut add = |id, value| {
                let value = value_event(id, value, time);
                // SAFETY: the event is whole.
                let copy = unsafe { self.copy(&raw const value.header, time) };
                if !copy.is_null() {
                    self.push(copy, time);
                    changed = true;
                }
            };
            if !see(event, time, &mut add) {
                self.entries[n].event = null();
                changed = true;
            }
        }
        if changed {
            self.entries.retain(|entry| !entry.event.is_null());
            self.sort();
        }
    }

    /// Keeps copies of the notes of an empty block.
    ///
    /// # Safety
    /// `events` must be null or valid.
    pub unsafe fn keep_notes(&mut self, events: *const clap_input_events) {
        self.copies.truncate(self.kept);
        // SAFETY: the list is the host's and valid. System exclusive messages point to memory of the host and are not kept.
        unsafe {
            for event in list(events) {
                if rank(event) == 1 && !is(event, CLAP_EVENT_MIDI_SYSEX) {
                    self.copy(event, 0);
                }
            }
        }
        self.kept = self.copies.len();
    }

    /// Takes only the parameter changes of `events`, in their order.
    ///
    /// # Safety
    /// `events` must be null or valid until the list has been used.
    pub unsafe fn parameters(&mut self, events: *const clap_input_events) {
        self.entries.clear();
        // SAFETY: the list is the host's and valid.
        unsafe {
            for event in list(events) {
                if is(event, CLAP_EVENT_PARAM_VALUE) || is(event, CLAP_EVENT_PARAM_MOD) {
                    self.push(event, 0);
                }
            }
        }
    }

    /// The gathered events as a list for the framework, valid until `self` is changed.
    pub fn list(&self) -> clap_input_events {
        clap_input_events {
            ctx: (&raw const *self).cast_mut().cast::<c_void>(),
            size: Some(size),
            get: Some(get),
        }
    }

    /// Whether the host is to be told of ended notes.
    pub fn has_ended(&self) -> bool {
        !self.ended.is_empty()
    }

    /// Tells the host which notes ended, if it wants to know.
    ///
    /// # Safety
    /// `out` must be null or the host's list of the present block.
    pub unsafe fn end_notes(&mut self, out: *const clap_output_events) {
        // SAFETY: the list is the host's and valid.
        unsafe {
            let Some(push) = out.as_ref().and_then(|out| out.try_push) else { return };
            for note in self.ended.drain(..) {
                push(out, &raw const note.header);
            }
        }
    }

    fn push(&mut self, event: *const clap_event_header, time: u32) {
        // Before activation there is no memory, and no note either; a few parameter changes may come.
        if self.entries.len() < MOST_EVENTS {
            let order = self.entries.len() as u32;
            // SAFETY: the event is the host's or a copy, both valid.
            let rank = unsafe { rank(event) };
            self.entries.push(Entry { time, rank, order, event });
        }
    }

    fn enter(&mut self, event: *const clap_event_header, time: u32) {
        self.push(event, time);
        // SAFETY: the event is the host's or a copy; its type says what it is.
        unsafe {
            if self.wrapped
                && (is(event, CLAP_EVENT_NOTE_OFF) || is(event, CLAP_EVENT_NOTE_CHOKE))
                && self.ended.len() < self.ended.capacity()
            {
                let mut note = *event.cast::<clap_event_note>();
                note.header.type_ = CLAP_EVENT_NOTE_END;
                note.header.time = time;
                self.ended.push(note);
            }
        }
    }

    /// A copy at another time; null where there is no room.
    unsafe fn copy(&mut self, event: *const clap_event_header, time: u32) -> *const clap_event_header {
        // SAFETY: the host says how many bytes the event has; the pushed copy does not move, because the vector never grows.
        unsafe {
            let bytes = (*event).size as usize;
            if self.copies.len() == self.copies.capacity()
                || bytes > WORDS * 8
                || bytes < size_of::<clap_event_header>()
            {
                return null();
            }
            let mut copy = Copied { words: [0; WORDS] };
            std::ptr::copy_nonoverlapping(event.cast::<u8>(), (&raw mut copy).cast::<u8>(), bytes);
            if is(event, CLAP_EVENT_TRANSPORT) && bytes >= size_of::<clap_event_transport>() {
                copy.transport = rewound(copy.transport, self.rate);
            }
            if self.wrapped && is_volume(event) {
                copy.expression.value *= VST3_VOLUME;
            }
            copy.header.time = time;
            self.copies.push(copy);
            (&raw const self.copies[self.copies.len() - 1]).cast()
        }
    }
}

/// The framework reckons a piece's position from the start of the block, also after a transport event inside it: so say what the position
/// at the start of the block would have been.
fn rewound(mut transport: clap_event_transport, rate: f64) -> clap_event_transport {
    if transport.flags & CLAP_TRANSPORT_HAS_TEMPO != 0 {
        let seconds = f64::from(transport.header.time) / rate;
        let fixed = clap_sys::fixedpoint::CLAP_SECTIME_FACTOR as f64;
        transport.song_pos_seconds -= (seconds * fixed).round() as i64;
        transport.song_pos_beats -= (seconds * transport.tempo / 60.0 * fixed).round() as i64;
    }
    transport
}

/// The events of a host's list that can be used at all.
unsafe fn list(events: *const clap_input_events) -> impl Iterator<Item = *const clap_event_header> {
    // SAFETY: the caller passes null or a valid list.
    let count = unsafe { events.as_ref().and_then(|e| e.size).map_or(0, |size| size(events)) };
    (0..count).filter_map(move |n| {
        // SAFETY: as above, and `n` is in its range.
        unsafe {
            let event = (*events).get.map_or(null(), |get| get(events, n));
            // The framework asserts that a system exclusive message has bytes.
            let silent = !event.is_null()
                && is(event, CLAP_EVENT_MIDI_SYSEX)
                && (*event.cast::<clap_event_midi_sysex>()).buffer.is_null();
            (!event.is_null() && !silent).then_some(event)
        }
    })
}

/// VST3 has a note's volume from 0 to 1, CLAP from 0 to this.
const VST3_VOLUME: f64 = 4.0;

unsafe fn is_volume(event: *const clap_event_header) -> bool {
    // SAFETY: the caller passes a valid event; its type says what it is.
    unsafe {
        is(event, CLAP_EVENT_NOTE_EXPRESSION)
            && (*event.cast::<clap_event_note_expression>()).expression_id == CLAP_NOTE_EXPRESSION_VOLUME
    }
}

unsafe fn is(event: *const clap_event_header, kind: clap_event_type) -> bool {
    // SAFETY: the caller passes a valid event.
    unsafe { (*event).space_id == CLAP_CORE_EVENT_SPACE_ID && (*event).type_ == kind }
}

/// 0 for events at which the framework cuts the block, 1 for all others.
unsafe fn rank(event: *const clap_event_header) -> u8 {
    // SAFETY: the caller passes a valid event.
    let cuts = unsafe {
        is(event, CLAP_EVENT_PARAM_VALUE)
            || is(event, CLAP_EVENT_TRANSPORT)
            || is(event, CLAP_EVENT_PARAM_MOD) && (*event.cast::<clap_event_param_mod>()).note_id < 0
    };
    u8::from(!cuts)
}

unsafe extern "C" fn size(list: *const clap_input_events) -> u32 {
    // SAFETY: `ctx` is the queue that made the list.
    unsafe { (*(*list).ctx.cast::<Queue>()).entries.len() as u32 }
}

unsafe extern "C" fn get(list: *const clap_input_events, index: u32) -> *const clap_event_header {
    // SAFETY: `ctx` is the queue that made the list.
    unsafe {
        let queue = &*(*list).ctx.cast::<Queue>();
        queue.entries.get(index as usize).map_or(null(), |e| e.event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header<T>(kind: clap_event_type, time: u32) -> clap_event_header {
        clap_event_header {
            size: size_of::<T>() as u32,
            time,
            space_id: CLAP_CORE_EVENT_SPACE_ID,
            type_: kind,
            flags: 0,
        }
    }

    fn note(kind: clap_event_type, time: u32, key: i16) -> Copied {
        let header = header::<clap_event_note>(kind, time);
        Copied {
            note: clap_event_note { header, note_id: -1, port_index: 0, channel: 0, key, velocity: 1.0 },
        }
    }

    fn parameter(time: u32) -> Copied {
        let mut copied = Copied { words: [0; WORDS] };
        copied.header = header::<clap_event_param_value>(CLAP_EVENT_PARAM_VALUE, time);
        copied
    }

    unsafe extern "C" fn host_size(list: *const clap_input_events) -> u32 {
        // SAFETY: `ctx` is the vector below.
        unsafe { (*(*list).ctx.cast::<Vec<Copied>>()).len() as u32 }
    }

    unsafe extern "C" fn host_get(list: *const clap_input_events, n: u32) -> *const clap_event_header {
        // SAFETY: `ctx` is the vector below.
        unsafe { &raw const (&(*(*list).ctx.cast::<Vec<Copied>>()))[n as usize].header }
    }

    fn host(events: &Vec<Copied>) -> clap_input_events {
        clap_input_events {
            ctx: (&raw const *events).cast_mut().cast(),
            size: Some(host_size),
            get: Some(host_get),
        }
    }

    /// (type, time) of what the framework will see.
    fn seen(queue: &Queue) -> Vec<(clap_event_type, u32)> {
        // SAFETY: the entries point to living events.
        queue.entries.iter().map(|e| unsafe { ((*e.event).type_, (*e.event).time) }).collect()
    }

    fn queue() -> Queue {
        let mut queue = Queue::new();
        queue.prepare(48_000.0);
        queue
    }

    #[test]
    fn front_queue_puts_parameters_before_notes_of_the_same_frame() {
        let events = vec![
            note(CLAP_EVENT_NOTE_ON, 64, 60),
            parameter(64),
            note(CLAP_EVENT_NOTE_OFF, 64, 60),
            parameter(80),
        ];
        let mut queue = queue();
        // SAFETY: the list is alive.
        unsafe { queue.gather(&host(&events), 128) };
        let expected = [
            (CLAP_EVENT_PARAM_VALUE, 64),
            (CLAP_EVENT_NOTE_ON, 64),
            (CLAP_EVENT_NOTE_OFF, 64),
            (CLAP_EVENT_PARAM_VALUE, 80),
        ];
        assert_eq!(seen(&queue), expected);
    }

    #[test]
    fn front_queue_moves_late_events_into_the_block() {
        let events = vec![parameter(500), note(CLAP_EVENT_NOTE_ON, 128, 60)];
        let mut queue = queue();
        // SAFETY: the list is alive.
        unsafe { queue.gather(&host(&events), 128) };
        assert_eq!(seen(&queue), [(CLAP_EVENT_PARAM_VALUE, 127), (CLAP_EVENT_NOTE_ON, 127)]);
    }

    #[test]
    fn front_queue_puts_volumes_of_vst3_notes_right() {
        let volume = |time| {
            let mut copied = Copied { words: [0; WORDS] };
            copied.header = header::<clap_event_note_expression>(CLAP_EVENT_NOTE_EXPRESSION, time);
            copied.expression.expression_id = CLAP_NOTE_EXPRESSION_VOLUME;
            copied.expression.value = 0.25;
            copied
        };
        let events = vec![volume(3)];
        for (wrapped, wanted) in [(false, 0.25), (true, 1.0)] {
            let mut queue = queue();
            queue.wrapped = wrapped;
            // SAFETY: the list is alive, and the entry points to an expression.
            let value = unsafe {
                queue.gather(&host(&events), 128);
                (*queue.entries[0].event.cast::<clap_event_note_expression>()).value
            };
            assert_eq!((value, seen(&queue)), (wanted, vec![(CLAP_EVENT_NOTE_EXPRESSION, 3)]));
        }
    }

    #[test]
    fn front_queue_keeps_notes_of_empty_blocks() {
        let events = vec![note(CLAP_EVENT_NOTE_ON, 3, 60), parameter(0)];
        let later = vec![note(CLAP_EVENT_NOTE_OFF, 5, 60)];
        let mut queue = queue();
        // SAFETY: the lists are alive.
        unsafe {
            queue.keep_notes(&host(&events));
            queue.gather(&host(&later), 128);
            assert_eq!(seen(&queue), [(CLAP_EVENT_NOTE_ON, 0), (CLAP_EVENT_NOTE_OFF, 5)]);
            queue.gather(&host(&later), 128);
        }
        assert_eq!(seen(&queue), [(CLAP_EVENT_NOTE_OFF, 5)], "kept once");
    }

    #[test]
    fn front_queue_rewinds_a_transport_inside_the_block() {
        // SAFETY: all zeros is a valid transport.
        let mut transport: clap_event_transport = unsafe { std::mem::zeroed() };
        transport.header = header::<clap_event_transport>(CLAP_EVENT_TRANSPORT, 24_000);
        transport.flags = CLAP_TRANSPORT_HAS_TEMPO | CLAP_TRANSPORT_HAS_BEATS_TIMELINE;
        transport.tempo = 120.0;
        transport.song_pos_beats = 8 << 31;
        assert_eq!(rewound(transport, 48_000.0).song_pos_beats, 7 << 31);
    }

    #[test]
    fn front_queue_reports_ended_notes_to_a_host_that_asks() {
        let events = vec![note(CLAP_EVENT_NOTE_OFF, 7, 61)];
        let mut queue = queue();
        queue.wrapped = true;
        // SAFETY: the list is alive.
        unsafe { queue.gather(&host(&events), 128) };
        let ended: Vec<_> = queue.ended.iter().map(|n| (n.header.type_, n.header.time, n.key)).collect();
        assert_eq!(ended, [(CLAP_EVENT_NOTE_END, 7, 61)]);
    }
}

//! What the host's events ask for that the framework knows nothing of: controllers that move macros, program changes, and the parameters
//! that step through the presets. Goes over the events of a block before the framework sees them, and tells the host what it has moved. The
//! host's thread that processes or flushes is the only one here; nothing allocates after activation.

use std::ptr::null_mut;

use clap_sys::events::*;
use clap_sys::host::clap_host;
use clap_sys::id::{CLAP_INVALID_ID, clap_id};

use super::outbox::Outbox;
use super::pickup::Pickup;
use crate::plugin::params::{HostParams, MACROS};
use crate::session::Controller;

const SLOTS: usize = MACROS as usize;
/// A controller that rests for so many seconds has been let go.
const REST: f64 = 0.3;
/// A parameter that steps through presets counts as released so many seconds after it was last set.
const RELEASE: f64 = 0.1;
/// The halves of a pair of controllers come within so many seconds.
const PAIR: f64 = 0.01;

/// The host's ids of the parameters that are of concern here.
pub struct Ids {
    macros: [clap_id; SLOTS],
    /// Previous and next preset.
    steps: [clap_id; 2],
}

impl Ids {
    /// `id`: that of the parameter with this index.
    pub fn of(values: &HostParams, mut id: impl FnMut(u32) -> clap_id) -> Ids {
        let mut ids = Ids { macros: [CLAP_INVALID_ID; SLOTS], steps: [CLAP_INVALID_ID; 2] };
        for index in 0..values.len() {
            if let Some(slot) = values.slot(index) {
                ids.macros[usize::from(slot)] = id(index as u32);
            } else if let Some(forth) = values.steps(index) {
                ids.steps[usize::from(forth)] = id(index as u32);
            }
        }
        ids
    }
}

/// Whom the events are for.
pub struct Desk<'a> {
    pub ids: &'a Ids,
    pub values: &'a HostParams,
    pub host: *const clap_host,
}

/// How it stands with the controllers of one instance.
pub struct Controls {
    pickups: [Pickup; SLOTS],
    /// What the pickups are for.
    bound: [Option<Controller>; SLOTS],
    /// Where events of this block have moved macros.
    moved: [Option<f32>; SLOTS],
    /// Frames from the start of the block until the host is told that a macro was let go; 0: it is not held.
    gestures: [u32; SLOTS],
    /// The same for the parameters that step.
    pressed: [u32; 2],
    /// Bank select, coarse and fine, by channel.
    banks: [[u8; 2]; 16],
    /// Number and frame of the last controller of each channel.
    before: [(u8, u64); 16],
    clock: u64,
    rate: f64,
    pub out: Outbox,
}

impl Controls {
    pub fn new() -> Controls {
        Controls {
            pickups: Default::default(),
            bound: [None; SLOTS],
            moved: [None; SLOTS],
            gestures: [0; SLOTS],
            pressed: [0; 2],
            banks: [[0; 2]; 16],
            before: [(u8::MAX, 0); 16],
            clock: 0,
            rate: 48_000.0,
            out: Outbox::default(),
        }
    }

    /// Makes the memory. Main thread, on activation.
    pub fn prepare(&mut self, rate: f64) {
        self.rate = rate;
        self.out.prepare();
    }

    /// A new block begins.
    pub fn begin(&mut self) {
        self.moved = [None; SLOTS];
    }

    /// Looks at the next event, at frame `time`. Whether the framework is to get it; `add` puts values of parameters beside it.
    ///
    /// # Safety
    /// `event` must be a whole event.
    pub unsafe fn see(
        &mut self,
        event: *const clap_event_header,
        time: u32,
        desk: &Desk<'_>,
        add: &mut dyn FnMut(clap_id, f64),
    ) -> bool {
        // SAFETY: the type says what the event is.
        unsafe {
            match ((*event).space_id, (*event).type_) {
                (CLAP_CORE_EVENT_SPACE_ID, CLAP_EVENT_PARAM_VALUE) => {
                    let event = &*event.cast::<clap_event_param_value>();
                    return self.parameter(event.param_id, event.value, time, desk);
                }
                // Only macros are modulated for single notes.
                (CLAP_CORE_EVENT_SPACE_ID, CLAP_EVENT_PARAM_MOD) => {
                    let event = &*event.cast::<clap_event_param_mod>();
                    return event.note_id < 0 || desk.ids.macros.contains(&event.param_id);
                }
                (CLAP_CORE_EVENT_SPACE_ID, CLAP_EVENT_MIDI) => {
                    let [status, first, second] = (*event.cast::<clap_event_midi>()).data;
                    let channel = status & 15;
                    match status & 0xf0 {
                        0xb0 => self.controller(channel, [first & 127, second & 127], time, desk, add),
                        0xc0 => self.program(channel, first & 127, desk),
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        true
    }

    /// All events of a block of so many frames have been seen.
    pub fn end(&mut self, frames: u32, ids: &Ids) {
        for slot in 0..SLOTS {
            if let Some(at) = runs_out(&mut self.gestures[slot], frames) {
                self.gesture(CLAP_EVENT_PARAM_GESTURE_END, ids.macros[slot], at);
            }
        }
        for step in 0..2 {
            if let Some(at) = runs_out(&mut self.pressed[step], frames) {
                self.value(ids.steps[step], 0.0, at);
            }
        }
        self.clock += u64::from(frames);
    }

    /// There is no time in which a parameter could be held: those that step fall back at once.
    ///
    /// # Safety
    /// `out` must be null or the host's list of the present call.
    pub unsafe fn release(&mut self, out: *const clap_output_events, ids: &Ids) {
        for step in 0..2 {
            if std::mem::take(&mut self.pressed[step]) > 0 {
                let event = value_event(ids.steps[step], 0.0, 0);
                // SAFETY: the list is the host's and valid, and takes a copy.
                unsafe {
                    if let Some(push) = out.as_ref().and_then(|out| out.try_push) {
                        push(out, &raw const event.header);
                    }
                }
            }
        }
    }

    /// The host sets a parameter.
    fn parameter(&mut self, id: clap_id, value: f64, time: u32, desk: &Desk<'_>) -> bool {
        if let Some(slot) = desk.ids.macros.iter().position(|known| *known == id) {
            self.moved[slot] = Some(value as f32);
        }
        let Some(step) = desk.ids.steps.iter().position(|known| *known == id) else { return true };
        let on = value >= 0.5;
        if on && self.pressed[step] == 0 {
            desk.values.session().presets().step(step == 1);
        }
        // Hosts that play automation set it again and again.
        self.pressed[step] = if on { time + self.frames(RELEASE) } else { 0 };
        false
    }

    fn program(&mut self, channel: u8, program: u8, desk: &Desk<'_>) {
        let [coarse, fine] = self.banks[usize::from(channel)].map(u32::from);
        desk.values.session().presets().number((coarse << 7 | fine) << 7 | u32::from(program));
    }

    fn controller(
        &mut self,
        channel: u8,
        [number, value]: [u8; 2],
        time: u32,
        desk: &Desk<'_>,
        add: &mut dyn FnMut(clap_id, f64),
    ) {
        let learn = desk.values.session().learn();
        if number == 0 || number == 32 {
            self.banks[usize::from(channel)][usize::from(number == 32)] = value;
        }
        if let Some(slot) = learn.waiting().filter(|_| can_be_learnt(number)) {
            learn.learn(slot, Controller { channel: channel + 1, number, fine: false });
            self.changed(desk);
        }
        let now = self.clock + u64::from(time);
        let (before, at) = std::mem::replace(&mut self.before[usize::from(channel)], (number, now));
        let follows_at_once = now - at <= u64::from(self.frames(PAIR));
        let of_a_pair = |coarse: u8| coarse < 32 && number == coarse + 32;
        for slot in 0..MACROS {
            let Some(mut controller) = learn.controller(slot).filter(|c| c.channel == channel + 1) else {
                continue;
            };
            let place = usize::from(slot);
            let is_fine = of_a_pair(controller.number)
                && (controller.fine || before == controller.number && follows_at_once);
            if is_fine && !controller.fine {
                controller.fine = true;
                learn.bind(slot, Some(controller));
                self.changed(desk);
            }
            let known = self.bound[place].map(|c| (c.channel, c.number));
            if known != Some((controller.channel, controller.number)) {
                self.pickups[place] = Pickup::default();
            }
            self.bound[place] = Some(controller);
            let to = match number == controller.number {
                true => self.pickups[place].coarse(value, controller.fine),
                false if is_fine => self.pickups[place].fine(value),
                false => continue,
            };
            self.turn(slot, to, time, desk, add);
        }
    }

    /// The controller of a macro stands at `to` now.
    fn turn(&mut self, slot: u8, to: f32, time: u32, desk: &Desk<'_>, add: &mut dyn FnMut(clap_id, f64)) {
        let (session, place) = (desk.values.session(), usize::from(slot));
        let position = self.moved[place].unwrap_or_else(|| desk.values.position(slot));
        let follows = self.pickups[place].moves(to, position);
        session.learn().set_apart(slot, (!follows).then_some(to));
        if !follows {
            return;
        }
        session.macros().claim(slot);
        self.moved[place] = Some(to);
        let id = desk.ids.macros[place];
        add(id, to.into());
        if self.gestures[place] == 0 {
            self.gesture(CLAP_EVENT_PARAM_GESTURE_BEGIN, id, time);
        }
        self.gestures[place] = time + self.frames(REST);
        self.value(id, to.into(), time);
    }

    /// The project has something new to save.
    fn changed(&self, desk: &Desk<'_>) {
        desk.values.session().change();
        // SAFETY: the host lives as long as the instance; the call is allowed from any thread.
        unsafe {
            if let Some(request) = desk.host.as_ref().and_then(|host| host.request_callback) {
                request(desk.host);
            }
        }
    }

    fn frames(&self, seconds: f64) -> u32 {
        (seconds * self.rate) as u32
    }

    /// Tells the host a value.
    fn value(&mut self, id: clap_id, value: f64, time: u32) {
        let event = value_event(id, value, time);
        // SAFETY: the event is whole. One for which there is no room is not told: the next one is.
        unsafe { self.out.post(&raw const event.header) };
    }

    /// Tells the host that a hand is on a parameter, or not any more.
    fn gesture(&mut self, type_: clap_event_type, id: clap_id, time: u32) {
        let event = clap_event_param_gesture {
            header: header::<clap_event_param_gesture>(type_, time),
            param_id: id,
        };
        // SAFETY: as above.
        unsafe { self.out.post(&raw const event.header) };
    }
}

/// Mode messages, and what numbers other parameters, are no controllers of a hand.
fn can_be_learnt(number: u8) -> bool {
    number < 120 && !(98..=101).contains(&number)
}

/// Counts down by a block of so many frames; the frame in it at which the count runs out.
fn runs_out(left: &mut u32, frames: u32) -> Option<u32> {
    if *left == 0 {
        return None;
    }
    let at = *left - 1;
    *left = left.saturating_sub(frames);
    (*left == 0).then(|| at.min(frames.saturating_sub(1)))
}

/// A parameter's value as an event.
pub fn value_event(param_id: clap_id, value: f64, time: u32) -> clap_event_param_value {
    clap_event_param_value {
        header: header::<clap_event_param_value>(CLAP_EVENT_PARAM_VALUE, time),
        param_id,
        cookie: null_mut(),
        note_id: -1,
        port_index: -1,
        channel: -1,
        key: -1,
        value,
    }
}

fn header<T>(type_: clap_event_type, time: u32) -> clap_event_header {
    clap_event_header {
        size: size_of::<T>() as u32,
        time,
        space_id: CLAP_CORE_EVENT_SPACE_ID,
        type_,
        flags: 0,
    }
}

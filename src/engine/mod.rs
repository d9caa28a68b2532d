//! The audio thread: renders the running program block by block, follows events and transport, and swaps programs. It never
//! allocates, frees, locks, waits, logs or panics; what it has no use for any more goes back through a queue.

mod apart;
mod cuts;
mod denormals;
mod gear;
mod meters;
mod outputs;
mod overs;
mod player;
pub mod schedule;
mod song;
mod tally;
pub mod tap;
mod trial;

use std::ops::Range;
use std::sync::Arc;

use crate::compile::Program;
use crate::dsp::dynamics::{energy, peak};
pub use crate::kernel::keyboard::{ANY, MOST_MEMBERS, MOST_RANGE, Mpe, Performance, Zone};
pub use crate::kernel::{
    Control, Event, Expression, StripControl, TRIGGER_CONTROLS, Transport, TriggerControl, What,
};
use crate::kernel::{Controls, Piece};

pub use crate::dsp::drum::profile::STEPS;
pub use crate::dsp::drum::{Fate, Instrument, Profile as DrumProfile, Reason, Stroke as DrumStroke};
pub use crate::dsp::halfband::Lower;
pub use crate::kernel::Trail;
pub use crate::kernel::drums::{Drum, Drums};
pub use crate::kernel::lamp::{Lamp, Onlooker, Told, Voice};
pub use crate::kernel::sight::{COLUMN, Candidate, Seen as TriggerSeen, Struck};
pub use crate::kernel::strip_fault;
pub use crate::kernel::voices::Press;
use apart::Opening;
pub use apart::{Cause, Mixdown, NodeTime, Offline, PartFault, PartPlayer, Place, Stop, Stretch, WORTH};
use cuts::Cuts;
pub use gear::{Gear, Geared};
pub use meters::{METERED, Meters, PROGRAM_FAULT};
use outputs::{Gain, Seen};
use overs::Overs;
use player::Player;
use song::SongClock;
use tally::Tally;
use tap::Jack;
pub use trial::{Fault, try_out};

/// Programs under way to the engine, and used ones on their way back.
const QUEUE: usize = 4;
/// Most events for the host in a block; the last quarter is for ends of notes.
const OUTPUT: usize = 4096;
/// Seconds over which a replaced program fades.
const SWAP_FADE: f64 = 0.02;

/// Audio of one block. All slices have the same length.
pub struct Io<'a> {
    pub sidechain: Option<[&'a [f32]; 2]>,
    /// Written, not added to.
    pub main: [&'a mut [f32]; 2],
    /// Further stereo outputs; what goes to one that is not there is heard in the main one. Written.
    pub aux: &'a mut [[&'a mut [f32]; 2]],
    /// What comes out of each track and bus, in order; may be empty. Written.
    pub stems: &'a mut [[&'a mut [f32]; 2]],
}

/// The engine: everything the audio thread owns.
pub struct Engine {
    rate: f64,
    /// Frames for one of the host's.
    factor: usize,
    /// Absolute frame of the next block.
    at: u64,
    player: Option<Player>,
    /// The program before, while it fades.
    fading: Option<Player>,
    incoming: rtrb::Consumer<Player>,
    retired: rtrb::Producer<Player>,
    song: SongClock,
    controls: Controls,
    /// Of all outputs.
    gain: Gain,
    meters: Arc<Meters>,
    overs: Overs,
    /// What the program sends to the host in this block, in order of time.
    output: Vec<Event>,
    /// Absolute frame at which the block began.
    block: u64,
    tally: Tally,
    /// Who records what is played.
    jack: Option<Jack>,
    /// Takes large blocks apart while the host renders offline.
    offline: Option<Offline>,
    /// The strips where there is no program.
    nameless: Arc<[String]>,
}

/// The loader's end of the queues.
pub struct Remote {
    outgoing: rtrb::Producer<Player>,
    returned: rtrb::Consumer<Player>,
    meters: Arc<Meters>,
}

impl Remote {
    /// Hands a program to the engine, which takes it at the beginning of its next block.
    ///
    /// # Errors
    /// Gives the program back when the queue is full; try again after the engine has run.
    pub fn send(&mut self, program: Box<Program>) -> Result<(), Box<Program>> {
        match self.outgoing.push(Player::new(program)) {
            Ok(()) => Ok(()),
            Err(rtrb::PushError::Full(player)) => Err(player.into_program()),
        }
    }

    /// Frees what the engine has sent back.
    pub fn collect(&mut self) {
        while self.returned.pop().is_ok() {}
    }

    pub fn meters(&self) -> &Arc<Meters> {
        &self.meters
    }
}

impl Engine {
    /// An engine at `rate` frames per second, and the loader's end of it. Silent until a program arrives.
    pub fn new(rate: f64) -> (Engine, Remote) {
        Engine::finer(rate, 1)
    }

    /// The same with `factor` frames for one of the host's, whose positions are therefore no finer than that.
    fn finer(rate: f64, factor: usize) -> (Engine, Remote) {
        let (outgoing, incoming) = rtrb::RingBuffer::new(QUEUE);
        // Whatever is taken in can be sent back: one in place, one fading, and all that wait.
        let (retired, returned) = rtrb::RingBuffer::new(QUEUE + 2);
        let meters = Arc::new(Meters::new(rate));
        let engine = Engine {
            rate,
            factor,
            at: 0,
            player: None,
            fading: None,
            incoming,
            retired,
            song: SongClock::new(rate, factor),
            controls: Controls { onlooker: Some(meters.nodes.clone()), ..Controls::default() },
            gain: Gain::new(rate),
            meters: meters.clone(),
            overs: Overs::new(),
            output: Vec::with_capacity(OUTPUT),
            block: 0,
            tally: Tally::new(),
            jack: None,
            offline: None,
            nameless: Arc::new([]),
        };
        (engine, Remote { outgoing, returned, meters })
    }

    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// Lets its triggers listen for the drums that were learned, and say there what they learn.
    pub fn hear_drums(&mut self, drums: Arc<Drums>) {
        self.controls.drums = Some(drums);
    }

    /// From now on what is played goes to the taps that come this way. Not on the audio thread.
    pub fn record(&mut self, jack: Jack) {
        self.jack = Some(jack);
    }

    /// From now on the host renders offline, with the help of these threads, or again in time (`None`). Not on the audio thread.
    pub fn render_offline(&mut self, offline: Option<Offline>) {
        self.offline = offline;
    }

    /// Blocks that several threads have rendered, since the host renders offline.
    pub fn taken_apart(&self) -> u64 {
        self.offline.as_ref().map_or(0, Offline::blocks)
    }

    /// Voices that sounded at the end of the last block.
    pub fn voices(&self) -> u32 {
        self.meters.voices()
    }

    /// Notes for the host, of the last block.
    pub fn output_events(&self) -> &[Event] {
        &self.output
    }

    /// The host's notes that were over at the end of the last block, with all that follows their release.
    pub fn notes_over(&self) -> &[Press] {
        self.tally.over()
    }

    /// Whether a program is in place.
    pub fn is_loaded(&self) -> bool {
        self.player.is_some()
    }

    /// The frame at which the sound ended by itself, if it has.
    pub fn ended_at(&self) -> Option<u64> {
        self.player.as_ref().and_then(Player::ended_at)
    }

    /// Stops every voice and begins the sound anew at frame 0.
    pub fn reset(&mut self) {
        self.at = 0;
        self.song = SongClock::new(self.rate, self.factor);
        self.controls.reset();
        self.gain.settle();
        if let Some(player) = &mut self.player {
            player.restart();
            player.finish_notes(0);
        }
        if let Some(player) = self.fading.take() {
            self.retire(player);
        }
    }

    /// Renders a block of any length. `events` are in order of time; without `transport` the sound plays by itself.
    ///
    /// Where the program installs `nice_assert_no_alloc::AllocDisabler` as its allocator (all tests that render do), an allocation
    /// or a free in here ends the program with a message; elsewhere the guard costs nothing.
    pub fn process(&mut self, io: Io, events: &[Event], transport: Option<&Transport>) {
        nice_assert_no_alloc::assert_no_alloc(|| self.process_guarded(io, events, transport));
    }

    fn process_guarded(&mut self, mut io: Io, events: &[Event], transport: Option<&Transport>) {
        let _flush = denormals::Flush::enter();
        self.output.clear();
        self.block = self.at;
        self.swap();
        if let Some(jack) = &mut self.jack {
            jack.turn();
        }
        let frames = io.main[0].len();
        self.song.follow(transport);
        let ahead = self.render_ahead(&io, events);
        let mut cuts = Cuts::new(events, frames);
        while let Some((place, here)) = cuts.next(self.at, |event| self.control(event)) {
            self.at += self.piece(&mut io, place, here, ahead) as u64;
        }
        self.meters.set_voices(self.player.as_ref().map_or(0, Player::voices) as u32);
        for event in cuts.rest() {
            self.control(event);
        }
        let players = [&self.player, &self.fading];
        self.tally.follow(events, |note| players.into_iter().flatten().any(|player| player.plays(note)));
    }

    /// Lets several threads render the block before it is gone through, where the host renders offline and that is faster.
    fn render_ahead(&mut self, io: &Io, events: &[Event]) -> bool {
        let (Some(offline), Some(player), None) = (&mut self.offline, &mut self.player, &self.fading) else {
            return false;
        };
        let opening = Opening {
            at: self.at,
            frames: io.main[0].len(),
            events,
            sidechain: io.sidechain,
            song: self.song,
            controls: &self.controls,
        };
        player.render_apart(offline, opening)
    }

    /// Follows a control of the host: a piece begins where one moves.
    fn control(&mut self, event: &Event) {
        match event.what {
            What::Control { control: Control::Gain, value } => self.gain.aim(value, self.at),
            What::Control { control, .. } => {
                self.controls.follow(&event.what);
                if matches!(control, Control::Strip(_, StripControl::Solo)) {
                    self.see_solo();
                }
            }
            _ => {}
        }
    }

    /// Whether any track is soloed, by the text or by the host.
    fn see_solo(&mut self) {
        self.controls.soloed = self.player.as_ref().is_some_and(|player| player.soloed(&self.controls));
    }

    /// Renders frames `place` of the block, and says how many they are. `ahead`: that has been done already.
    fn piece(&mut self, io: &mut Io, place: Range<usize>, here: &[Event], ahead: bool) -> usize {
        let Range { start: from, end: to } = place;
        let piece = Piece {
            at: self.at,
            frames: to - from,
            song: self.song.here(),
            events: here,
            block_frame: from,
            controls: &self.controls,
            sidechain: match io.sidechain {
                Some([left, right]) => {
                    [left.get(from..to).unwrap_or(&[]), right.get(from..to).unwrap_or(&[])]
                }
                None => [&[], &[]],
            },
        };
        io.main.iter_mut().for_each(|side| side[from..to].fill(0.0));
        for side in io.aux.iter_mut().chain(io.stems.iter_mut()).flatten() {
            side[from..to].fill(0.0);
        }
        let mut tap = self.jack.as_mut().and_then(|jack| jack.tap.as_mut());
        if let Some(tap) = &mut tap {
            tap.begin(to - from, self.player.as_ref().map_or(&self.nameless, Player::names));
        }
        let share = Meters::share(self.rate, piece.frames);
        self.meters.fall(share);
        let share = share / piece.frames.max(1) as f32;
        let watched = self.meters.watched();
        self.overs.begin(self.meters.nodes.looks());
        if let Some(player) = &mut self.player {
            player.render(&piece, self.offline.as_mut().filter(|_| ahead));
            let frames = player.sounding();
            outputs::add(player, io, from, frames, |strip, seen, sides| {
                self.meters.see_strip(strip, seen, share);
                self.meters.see_over(strip, self.overs.hear(strip, frames, seen, sides));
                if watched == Some(strip) {
                    self.meters.scope.put(frames, |frame| {
                        sides.map(|(values, flat)| values[if flat { 0 } else { frame }])
                    });
                }
                if let Some(tap) = &mut tap {
                    tap.strip(strip, frames, sides);
                }
            });
            self.meters.set_faults(player.faults());
            send(player, &mut self.output, self.block, self.at + piece.frames as u64);
        }
        if let Some(player) = &mut self.fading {
            // The old program hears no new notes; what it plays rings out under the fade.
            let quiet = Piece { events: &[], ..piece };
            player.render(&quiet, None);
            player.sent(u64::MAX, |_, _| {});
            let over = outputs::fade_out(player, &quiet, io, from, (SWAP_FADE * self.rate) as u32);
            if over && let Some(player) = self.fading.take() {
                self.retire(player);
            }
        }
        self.meters.nodes.finish(self.at, to - from);
        self.gain.apply(io, from, to, self.at);
        if let Some(tap) = self.jack.as_mut().and_then(|jack| jack.tap.as_mut()) {
            tap.finish([0, 1].map(|side| &io.main[side][from..to]));
        }
        let main = io.main.each_ref().map(|side| &side[from..to]);
        let seen = main.map(|side| Seen { peak: peak(side), energy: energy(side) });
        self.meters.see_main(seen, share);
        self.meters.main.put(to - from, |frame| [main[0][frame], main[1][frame]]);
        for event in here.iter().filter(|event| !matches!(event.what, What::Control { .. })) {
            self.controls.follow(&event.what);
        }
        self.song.advance(to - from);
        to - from
    }

    /// Takes a waiting program, if there is room to send the old one back.
    fn swap(&mut self) {
        // One place for the program now fading, one for the one that begins to fade.
        if self.retired.slots() < 2 {
            return;
        }
        // What the last change has left behind fades first: the next one comes a moment later.
        if self.player.as_ref().is_some_and(|p| p.leaving(self.at)) {
            return;
        }
        if !self.incoming.peek().is_ok_and(Player::may_begin) {
            return;
        }
        let Ok(mut player) = self.incoming.pop() else { return };
        self.controls.forget_macros(player.unmoved());
        self.overs.forget();
        if let Some(old) = self.player.take_if(|old| player.succeed(old, self.at)) {
            self.retire(old);
            self.player = Some(player);
            self.see_solo();
            self.meters.swapped();
            return;
        }
        if let Some(old) = self.fading.take() {
            self.retire(old);
        }
        if let Some(old) = &self.player {
            old.finish_notes(self.at);
            send(old, &mut self.output, self.block, u64::MAX);
        }
        self.fading = self.player.replace(player);
        self.see_solo();
        self.meters.swapped();
    }

    fn retire(&mut self, player: Player) {
        // `swap` has made sure of the room; a player that does not fit is kept rather than freed here.
        if let Err(rtrb::PushError::Full(player)) = self.retired.push(player) {
            self.fading = Some(player);
        }
    }
}

/// Takes what a program sends before frame `until`, sorted by time, into the output of the block that began at `block`.
fn send(player: &Player, output: &mut Vec<Event>, block: u64, until: u64) {
    let known = output.len();
    player.sent(until, |at, what| {
        let limit = if matches!(what, What::NoteOff { .. }) { OUTPUT } else { OUTPUT / 4 * 3 };
        if output.len() < limit {
            output.push(Event { at: at.saturating_sub(block) as u32, what });
        }
    });
    // Few and nearly sorted; equal times stay in their order.
    for last in known + 1..output.len() {
        let mut place = last;
        while place > known && output[place - 1].at > output[place].at {
            output.swap(place - 1, place);
            place -= 1;
        }
    }
}

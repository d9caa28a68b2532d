//! A program at work: starts it, renders it under guard, and knows when it is over. Audio thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::apart::{Offline, Opening, soloed_by};
use super::outputs::Strips;
use crate::compile::{Output, Program, Role};
use crate::kernel::voices::Press;
use crate::kernel::{Controls, Isa, Piece, Port, Source, Start, What, Width};

/// Where a program's life stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// To be started at the next piece.
    Fresh,
    Running {
        since: u64,
    },
    /// Over by itself at this frame.
    Ended(u64),
    /// A kernel panicked: silent for good.
    Failed,
}

/// A program and its state. The audio thread never drops one: it goes back to the loader.
pub struct Player {
    program: Box<Program>,
    state: State,
    /// Frames of the piece just rendered that sound.
    sounding: usize,
    /// Strips silenced because they were not finite.
    faults: u64,
    /// Strips that had silenced themselves before the present piece was over, as far as is known piece by piece.
    silenced: u64,
    /// Frames since it began to fade out.
    pub(super) faded: u32,
}

impl Player {
    pub fn new(program: Box<Program>) -> Self {
        Self { program, state: State::Fresh, sounding: 0, faults: 0, silenced: 0, faded: 0 }
    }

    pub fn into_program(self) -> Box<Program> {
        self.program
    }

    /// Hands over what the program sends to the host before frame `until`.
    pub fn sent(&self, until: u64, each: impl FnMut(u64, What)) {
        self.program.outbox.take(until, each);
    }

    /// Ends the notes that the program has sent: from frame `at` on it does not count any more, or begins anew.
    pub fn finish_notes(&self, at: u64) {
        self.program.outbox.finish(at);
    }

    /// Takes the state of the player that it replaces from frame `at` on; false when it is not the successor of that one.
    pub fn succeed(&mut self, old: &mut Player, at: u64) -> bool {
        let Some((number, carry)) = &mut self.program.carry else { return false };
        if *number != old.program.number || matches!(old.state, State::Fresh | State::Failed) {
            return false;
        }
        self.state = old.state;
        // What was silenced gets another chance.
        self.program.outbox.forget_faults();
        self.program.graph.succeed(&mut old.program.graph, carry, at, |_| true);
        old.program.graph.hush(at);
        true
    }

    /// Whether it need not wait for voices of the player that it replaces.
    pub fn may_begin(&self) -> bool {
        self.program.after.iter().all(|silent| silent.load(Ordering::Relaxed))
    }

    /// Whether something of the program before still fades at a frame.
    pub fn leaving(&self, at: u64) -> bool {
        self.program.graph.leaving(at)
    }

    /// Whether the text or the host has soloed one of the tracks.
    pub fn soloed(&self, controls: &Controls) -> bool {
        let tracks = self.program.strips.iter().take_while(|(strip, _)| strip.role == Role::Track).count();
        soloed_by(self.program.soloed, tracks, controls)
    }

    pub fn restart(&mut self) {
        if self.state != State::Failed {
            self.state = State::Fresh;
        }
    }

    /// See [`Program::names`].
    pub fn names(&self) -> &Arc<[String]> {
        &self.program.names
    }

    /// See [`Program::unmoved`].
    pub fn unmoved(&self) -> u16 {
        self.program.unmoved
    }

    pub fn ended_at(&self) -> Option<u64> {
        match self.state {
            State::Ended(at) => Some(at),
            _ => None,
        }
    }

    /// Bit per strip that is silent because of a fault.
    pub fn faults(&self) -> u64 {
        self.faults | self.program.outbox.faults()
    }

    /// Voices sounding.
    pub fn voices(&self) -> usize {
        match self.state {
            State::Running { .. } => self.program.graph.voices(),
            _ => 0,
        }
    }

    /// Whether a note that the host began still sounds.
    pub fn plays(&self, note: &Press) -> bool {
        matches!(self.state, State::Running { .. }) && self.program.graph.plays(note)
    }

    /// Frames of the last piece that sound.
    pub fn sounding(&self) -> usize {
        self.sounding
    }

    /// Begins where it is to begin, at frame `at`; says since when it runs, if it does.
    fn begin(&mut self, at: u64, jumped: bool) -> Option<u64> {
        // A sound that has come to its end begins anew when the host starts to play or jumps.
        if let (State::Ended(_), true) = (self.state, jumped) {
            self.state = State::Fresh;
        }
        if self.state == State::Fresh {
            self.state = State::Running { since: at };
            self.program.outbox.forget_faults();
            self.program.graph.start(0, Start { at, voice: 0 });
        }
        match self.state {
            State::Running { since } => Some(since),
            _ => None,
        }
    }

    /// Renders a block ahead of its pieces, where that is worth it. See [`Offline`].
    pub fn render_apart(&mut self, offline: &mut Offline, opening: Opening) -> bool {
        let worth = offline.is_worth(&self.program, opening.frames, opening.events.len());
        if !worth || self.begin(opening.at, opening.song.here().jumped).is_none() {
            return false;
        }
        self.silenced = self.program.outbox.faults();
        offline.render(&mut self.program.graph, opening);
        true
    }

    /// Renders a piece, or takes what `ahead` has rendered of it; `side` then reads what came out.
    pub fn render(&mut self, piece: &Piece, ahead: Option<&mut Offline>) {
        self.sounding = 0;
        let Some(since) = self.begin(piece.at, piece.song.jumped) else { return };
        let graph = &mut self.program.graph;
        let whole = match ahead {
            Some(offline) => offline.show(graph, piece),
            None => {
                // contained_panic: a panic in a kernel ends this program, not the host.
                let done = catch_unwind(AssertUnwindSafe(|| graph.render(piece, 0, Width::One))).is_ok();
                self.silenced = self.program.outbox.faults();
                done
            }
        };
        if !whole {
            self.state = State::Failed;
            self.faults = super::meters::PROGRAM_FAULT;
            self.program.outbox.silence(piece.at);
            return;
        }
        let ends = self.program.strips.iter().map(|(_, port)| match port.left {
            Source::Tile(tile) => graph.tile(tile).ends[0] as usize,
            Source::Slot(_) => piece.frames,
        });
        let mut sounding = ends.max().unwrap_or(0);
        // In a host the song's timeline decides how long a sound is asked for; by itself it lasts as long as it says.
        if let Some(length) = self.program.length.filter(|_| !piece.song.host) {
            sounding = sounding.min((length - (piece.at - since).min(length)).min(64) as usize);
        }
        self.sounding = sounding;
        if sounding < piece.frames {
            self.state = State::Ended(piece.at + sounding as u64);
            self.program.outbox.silence(piece.at + sounding as u64);
        }
    }
}

impl Strips for Player {
    fn count(&self) -> usize {
        self.program.strips.len()
    }

    fn what(&self, strip: usize) -> (Role, Output) {
        let strip = &self.program.strips[strip].0;
        (strip.role, strip.output)
    }

    fn side(&self, strip: usize, side: usize) -> (&[f32], bool) {
        let Port { left, right } = self.program.strips[strip].1;
        self.program.graph.values(if side == 0 { left } else { right })
    }

    fn isa(&self) -> Isa {
        self.program.graph.isa()
    }

    fn is_faulty(&self, strip: usize) -> bool {
        (self.faults | self.silenced) & super::strip_fault(strip) != 0
    }

    fn fail(&mut self, strip: usize) {
        self.faults |= super::strip_fault(strip);
    }
}

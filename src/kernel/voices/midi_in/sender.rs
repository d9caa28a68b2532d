//! Written notes for the host, each message at its frame, whatever plays them here. Audio thread.

use std::sync::Arc;

use super::player::{Act, Player, ScorePlan};
use crate::kernel::carry::{Passage, same};
use crate::kernel::outbox::Outbox;
use crate::kernel::pass::{Kernel, Pass, Start, silence};

pub struct NotesOut {
    player: Player,
    outbox: Arc<Outbox>,
    /// It sends no more.
    hushed: bool,
}

impl NotesOut {
    pub fn new(plan: ScorePlan, outbox: Arc<Outbox>) -> NotesOut {
        NotesOut { player: Player::new(plan, false), outbox, hushed: false }
    }

    fn let_go(&mut self, at: u64) {
        let outbox = &self.outbox;
        self.player.let_go(|down| outbox.note_off(at, down.channel, down.key));
    }
}

impl Kernel for NotesOut {
    fn start(&mut self, _: usize, start: Start) {
        self.let_go(start.at);
        self.player.start();
    }

    fn stop(&mut self, _: usize, at: u64) {
        self.let_go(at);
    }

    fn hush(&mut self, at: u64) {
        self.let_go(at);
        self.hushed = true;
    }

    fn take(&mut self, old: &mut dyn Kernel, _: &mut [Passage], _: u64) {
        if let Some(old) = same::<Self>(old) {
            self.player.take(&old.player);
        }
    }

    fn render(&mut self, pass: &mut Pass) {
        silence(pass);
        pass.outputs[0].ends.fill(pass.frames as u8);
        if self.hushed {
            return;
        }
        let course = self.player.follow(pass);
        let (outbox, begin) = (&self.outbox, pass.at);
        self.player.walk(&course, (pass.at, pass.frames), None, |notes, frame, act| {
            let at = begin + frame as u64;
            match act {
                Act::Up(down) => outbox.note_off(at, down.channel, down.key),
                Act::Chased => {}
                Act::Down { n, .. } => {
                    return outbox.note_on(at, notes.channel[n], notes.key[n], notes.velocity[n]);
                }
            }
            true
        });
    }
}

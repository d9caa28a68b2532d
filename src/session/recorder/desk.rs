//! The recorder's thread: takes the blocks that the engine has filled, keeps what is in them for a while, and writes takes.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use arc_swap::ArcSwap;

use super::kept::{Kept, Piece};
use super::lowered::Lowered;
use super::take::{self, Take};
use super::{Order, Place, Recording, Saved};
use crate::engine::tap::{Block, FRAMES, Plug, Reel, tap};

/// How often it looks for blocks.
const LOOK: Duration = Duration::from_millis(30);
/// Seconds that can be saved after they were played.
const KEPT: f64 = 120.0;
/// Seconds of blocks: so long may the disk stand still.
const PATIENCE: f64 = 12.0;
/// Strips that there is room for go in steps of this.
const STEP: usize = 8;

pub fn run(orders: &Receiver<Order>, state: &ArcSwap<Recording>) {
    let mut desk = Desk::default();
    loop {
        match orders.recv_timeout(LOOK) {
            Ok(order) => desk.follow(order),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                desk.turn();
                return desk.stop();
            }
        }
        desk.turn();
        let now = desk.state();
        if **state.load() != now {
            state.store(Arc::new(now));
        }
    }
}

/// What comes from an engine.
struct Line {
    lowered: Lowered,
    plug: Plug,
    /// The reel that is being emptied, and the one that comes after.
    reels: VecDeque<Reel>,
}

/// See the head of this file.
#[derive(Default)]
pub struct Desk {
    line: Option<Line>,
    kept: Option<Kept>,
    take: Option<Take>,
    stems: bool,
    /// How many strips the last program had.
    strips: usize,
    saved: Option<Saved>,
    fault: Option<String>,
}

impl Desk {
    pub fn follow(&mut self, order: Order) {
        match order {
            Order::Engine(gear, plug) => {
                if self.take.is_some() {
                    self.stop();
                    self.fault =
                        Some("the take has ended: the host plays at another sample rate or quality".into());
                }
                self.line = Some(Line { lowered: Lowered::new(gear), plug, reels: VecDeque::new() });
                self.kept = Some(Kept::new((KEPT * gear.rate) as u64));
            }
            Order::Stems(stems) => self.stems = stems,
            Order::Start(place) => {
                self.turn();
                self.stop();
                self.fault = None;
                self.take = self.begin(place);
            }
            Order::Stop => {
                self.turn();
                self.stop();
            }
            Order::SaveLast(seconds, place) => self.save_last(seconds, place),
            Order::Midi(bytes, place) => {
                self.fault = None;
                let folder = place.folder.display();
                let write = |bytes: Vec<u8>| {
                    let saved = take::midi(&place, &bytes);
                    saved.map_err(|why| format!("{folder}: cannot be written to ({why})"))
                };
                self.done(bytes.and_then(write));
            }
        }
    }

    /// Takes what has been played since the last time.
    pub fn turn(&mut self) {
        self.rewire();
        let Some(line) = &mut self.line else { return };
        let mut pieces = vec![];
        let mut lost = 0;
        // The engine has another reel by now: what is left of the one before comes first.
        let returned = line.plug.returned();
        for (number, reel) in line.reels.iter_mut().enumerate() {
            if number > 0 && returned.is_none() {
                break;
            }
            while let Ok(mut block) = reel.full.pop() {
                pieces.push(Piece::of(&block));
                block.clear();
                // (It came from there.)
                let _ = reel.free.push(block);
            }
            if number == 0 {
                let open =
                    returned.as_ref().and_then(Option::as_ref).filter(|block: &&Block| block.frames > 0);
                pieces.extend(open.map(Piece::of));
            }
            lost += reel.lost();
        }
        if returned.is_some() {
            line.reels.pop_front();
        }
        let factor = line.lowered.gear.factor as u64;
        let pieces: Vec<Piece> = pieces.into_iter().map(|piece| line.lowered.piece(piece)).collect();
        pieces.into_iter().for_each(|piece| self.note(piece));
        if let Some(take) = &mut self.take {
            take.lost += lost / factor;
        }
    }

    fn note(&mut self, piece: Piece) {
        self.strips = piece.names.len();
        // With tracks a take begins when the engine has got room for them, a few blocks later at most.
        let begins = |take: &mut Take| take.frames > 0 || !take.stems || piece.is_complete();
        if let Some(take) = self.take.as_mut()
            && begins(take)
            && let Err(why) = take.write(&piece)
        {
            self.end(Some(&why));
        }
        if let Some(kept) = &mut self.kept {
            kept.push(piece);
        }
    }

    /// Gives the engine a tap with room for what is wanted.
    fn rewire(&mut self) {
        let wanted = if self.stems { self.strips.next_multiple_of(STEP) } else { 0 };
        let Some(line) = &mut self.line else { return };
        let fits = match line.reels.back() {
            None => false,
            Some(reel) if self.stems => reel.strips >= wanted,
            Some(reel) => reel.strips == 0,
        };
        // While the engine has not taken the last one, there is no other.
        if fits || line.reels.len() > 1 {
            return;
        }
        let blocks = (PATIENCE * line.lowered.gear.engine_rate() / FRAMES as f64).ceil() as usize;
        let (tap, reel) = tap(wanted, blocks);
        if line.plug.send(tap) {
            line.reels.push_back(reel);
        }
    }

    fn begin(&mut self, place: Place) -> Option<Take> {
        let rate = self.line.as_ref().map(|line| line.lowered.gear.rate);
        let Some(rate) = rate else {
            self.fault = Some("nothing plays yet: start the host's audio first".into());
            return None;
        };
        let folder = place.folder.display().to_string();
        let begun = Take::begin(place, self.stems, rate);
        begun.map_err(|why| self.fault = Some(format!("{folder}: cannot be recorded to ({why})"))).ok()
    }

    /// Completes the take, if there is one.
    fn stop(&mut self) {
        self.end(None);
    }

    fn end(&mut self, why: Option<&std::io::Error>) {
        let Some(take) = self.take.take() else { return };
        self.done(take.end(why));
    }

    fn done(&mut self, saved: Result<Saved, String>) {
        match saved {
            Ok(saved) => {
                self.fault.clone_from(&saved.note);
                self.saved = Some(saved);
            }
            Err(fault) => self.fault = Some(fault),
        }
    }

    fn save_last(&mut self, seconds: f64, place: Place) {
        self.turn();
        self.fault = None;
        let Some(mut take) = self.begin(place) else { return };
        let frames =
            (seconds.max(0.0) * self.line.as_ref().map_or(0.0, |line| line.lowered.gear.rate)).round() as u64;
        let mut written = Ok(());
        if let Some(kept) = &self.kept {
            kept.last(frames, |piece| {
                if written.is_ok() {
                    written = take.write(piece);
                }
            });
        }
        self.done(take.end(written.err().as_ref()));
    }

    pub fn state(&self) -> Recording {
        let rate = self.line.as_ref().map_or(1.0, |line| line.lowered.gear.rate);
        Recording {
            running: self.take.as_ref().map(|take| (take.path(), take.seconds())),
            kept: self.kept.as_ref().map_or(0.0, |kept| kept.frames() as f64 / rate),
            stems: self.stems,
            saved: self.saved.clone(),
            fault: self.fault.clone(),
        }
    }
}

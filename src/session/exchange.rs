//! The loader's end of the way to the engine: which program it was sent last, which one waits for room, and what it has given back.
//! Loader thread; programs are freed here and nowhere else.

use std::time::{Duration, Instant};

use crate::compile::{Blueprint, Compiled, Program};
use crate::engine::{Gear, Remote};
use crate::quality::Quality;

/// An engine that runs has taken a program by then.
const PATIENCE: Duration = Duration::from_secs(1);
/// What is compiled for while there is no engine, so that errors show before the host plays.
const ANY_RATE: f64 = 48_000.0;

/// The present engine, and how far it has been provided with programs.
#[derive(Default)]
pub struct Exchange {
    engine: Option<(Gear, Remote)>,
    /// Whether the present engine has been given a program.
    given: bool,
    /// A program for which the engine had no room yet.
    waiting: Option<Ready>,
    /// Sound and blueprint of the program that the engine was sent last: what comes next takes over from it.
    sent: Option<(String, Blueprint)>,
    /// How many programs this engine was sent, and when the last one was, until the engine has taken it.
    count: u32,
    under_way: Option<Instant>,
}

/// A program on its way to the engine.
struct Ready {
    program: Box<Program>,
    blueprint: Blueprint,
}

impl Exchange {
    /// Programs go to this engine from now on; it has none yet.
    pub fn connect(&mut self, gear: Gear, remote: Remote) {
        *self = Exchange { engine: Some((gear, remote)), ..Exchange::default() };
    }

    pub fn is_connected(&self) -> bool {
        self.engine.is_some()
    }

    /// Whether the present engine has been given a program.
    pub fn has_given(&self) -> bool {
        self.given
    }

    /// What is compiled for.
    pub fn gear(&self) -> Gear {
        self.engine.as_ref().map_or(Gear::new(Quality::Normal, ANY_RATE), |(gear, _)| *gear)
    }

    /// The program that a new one of this sound takes over from.
    pub fn before(&self, sound: &str) -> Option<&Blueprint> {
        self.sent.as_ref().filter(|(name, _)| name == sound).map(|(_, blueprint)| blueprint)
    }

    /// One that still waits is forgotten: the newest takes its place, and takes over from the one that was sent.
    pub fn give(&mut self, compiled: Compiled) {
        if self.is_connected() {
            self.given = true;
            self.waiting = Some(Ready { program: compiled.program, blueprint: compiled.blueprint });
        }
    }

    /// Whether it is worth looking again soon: a program is on its way. An engine that does not run does not count.
    pub fn is_pending(&self) -> bool {
        self.under_way.is_some_and(|sent| sent.elapsed() < PATIENCE)
    }

    /// Sends what waits, and drops what the engine has given back. Returns how long the last program was on its way, once it has been
    /// taken.
    pub fn turn(&mut self) -> Option<Duration> {
        let (_, remote) = self.engine.as_mut()?;
        remote.collect();
        if let Some(Ready { program, blueprint }) = self.waiting.take() {
            let name = program.name.clone();
            match remote.send(program) {
                Ok(()) => {
                    self.sent = Some((name, blueprint));
                    self.count += 1;
                    self.under_way = Some(Instant::now());
                }
                Err(program) => self.waiting = Some(Ready { program, blueprint }),
            }
        }
        let taken = remote.meters().swaps() >= self.count;
        let waited = self.under_way.take_if(|_| taken)?.elapsed();
        (waited < PATIENCE).then_some(waited)
    }
}

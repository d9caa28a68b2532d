//! A part at work. What fails in it ends there: from then on it puts out silence, and says why.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::compile::Role;
use crate::compile::parts::{Part, Parts};
use crate::dsp::lane::MAX_LANES;
use crate::engine::denormals::Flush;
use crate::kernel::{Piece, Start, Width};

use super::watch::Watcher;
use super::{Course, Held, NodeTime, Place, Stop, Stretch};

/// Why a part is silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    Panicked,
    /// What a strip of it was given was not finite.
    NotFinite,
    TooSlow,
    /// There is no file for what it plays. (Known before it runs.)
    NoSample,
}

impl Cause {
    /// As reports name it.
    pub fn name(self) -> &'static str {
        match self {
            Cause::Panicked => "panicked",
            Cause::NotFinite => "not finite",
            Cause::TooSlow => "too slow",
            Cause::NoSample => "missing sample",
        }
    }
}

/// What went wrong in a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartFault {
    pub cause: Cause,
    /// Absolute frame of the piece.
    pub at: u64,
    /// The node, where it is known.
    pub node: Option<String>,
}

/// See the head of this file.
pub struct PartPlayer {
    part: Part,
    course: Course,
    started: bool,
    watcher: Watcher,
    fault: Option<PartFault>,
    /// It runs no more.
    failed: bool,
    most_voices: usize,
}

impl PartPlayer {
    pub fn new(part: Part, parts: &Parts) -> Self {
        let tracks = parts.strips.iter().take_while(|(strip, _)| strip.role == Role::Track).count();
        PartPlayer {
            course: Course::new(parts, tracks),
            watcher: Watcher::new(part.graph.steps().len()),
            part,
            started: false,
            fault: None,
            failed: false,
            most_voices: 0,
        }
    }

    /// What has gone wrong first.
    pub fn fault(&self) -> Option<&PartFault> {
        self.fault.as_ref()
    }

    /// Whether all that can be known of the fault is known: a node is looked for while the next piece runs.
    pub fn knows_node(&self) -> bool {
        !self.watcher.look
    }

    /// The most voices that sounded at once.
    pub fn most_voices(&self) -> usize {
        self.most_voices
    }

    /// How long its nodes have taken, out of so many seconds.
    pub fn times(&self, seconds: f64) -> Vec<NodeTime> {
        let ids = self.part.graph.ids();
        ids.zip(self.watcher.shares())
            .map(|(id, share)| NodeTime { id: id.to_owned(), seconds: share * seconds })
            .collect()
    }

    /// Renders a stretch; cables come and go in the order of the part's draft. False where it was cancelled.
    pub fn render(
        &mut self,
        place: &Place,
        inputs: &[&Stretch],
        outputs: &mut [Stretch],
        stop: &dyn Fn() -> Stop,
    ) -> bool {
        let _flush = Flush::enter();
        outputs.iter_mut().for_each(|output| output.begin(place.frames));
        let PartPlayer { part, course, started, watcher, fault, failed, most_voices } = self;
        let mut number = 0;
        course.pieces(
            place,
            |_, _| {},
            |at, frames, events, song, controls| {
                let count = frames.len();
                match stop() {
                    Stop::No => {}
                    Stop::Cancelled => return false,
                    Stop::TooSlow if *failed => {}
                    Stop::TooSlow => {
                        (*fault, *failed) = (Some(PartFault { cause: Cause::TooSlow, at, node: None }), true);
                    }
                }
                if !*failed {
                    for (input, tile) in inputs.iter().zip(&part.reads) {
                        let (held, values) = (input.pieces[number], &input.values[frames.clone()]);
                        let tile = part.graph.tile_mut(*tile);
                        (tile.flat, tile.ends) = (held.flat, [held.end; MAX_LANES]);
                        tile.floats_mut()[..count].copy_from_slice(values);
                    }
                    let piece = Piece {
                        at,
                        frames: count,
                        song,
                        events,
                        block_frame: frames.start,
                        controls,
                        sidechain: [&[], &[]],
                    };
                    let begins = !std::mem::replace(started, true) || (place.ended && song.jumped);
                    watcher.begin();
                    let known = part.outbox.faults();
                    // contained_panic: what fails is this part alone.
                    let run = AssertUnwindSafe(|| {
                        nice_assert_no_alloc::assert_no_alloc(|| {
                            if begins {
                                part.outbox.forget_faults();
                                part.graph.start(0, Start { at, voice: 0 });
                            }
                            part.graph.render_watched(&piece, 0, Width::One, watcher);
                        });
                    });
                    let panicked = catch_unwind(run).is_err();
                    let id = |step: usize| {
                        part.graph.ids().nth(step).map(str::to_owned).filter(|id| !id.is_empty())
                    };
                    if panicked {
                        *failed = true;
                        let node = id(watcher.step);
                        fault.get_or_insert(PartFault { cause: Cause::Panicked, at, node });
                    } else if part.outbox.faults() & !known != 0 {
                        // The node is looked for while the next piece runs.
                        fault.get_or_insert(PartFault { cause: Cause::NotFinite, at, node: None });
                        (watcher.look, watcher.bad) = (true, None);
                    } else if std::mem::take(&mut watcher.look)
                        && let (Some(fault), Some(bad)) = (fault.as_mut(), watcher.bad)
                    {
                        fault.node = id(bad);
                    }
                    *most_voices = (*most_voices).max(part.graph.voices());
                    part.outbox.take(u64::MAX, |_, _| {});
                }
                for (output, tile) in outputs.iter_mut().zip(&part.writes) {
                    let values = &mut output.values[frames.clone()];
                    if *failed {
                        values.fill(0.0);
                        output.pieces.push(Held { flat: true, end: count as u8 });
                        continue;
                    }
                    let tile = part.graph.tile(*tile);
                    match tile.flat {
                        true => values.fill(tile.floats()[0]),
                        false => values.copy_from_slice(&tile.floats()[..count]),
                    }
                    output.pieces.push(Held { flat: tile.flat, end: tile.ends[0] });
                }
                number += 1;
                true
            },
        )
    }
}

//! Adds the strips of a sound in parts up, and knows when it is over.

use std::ops::Range;

use crate::compile::parts::{Feed, Parts, Signal};
use crate::compile::{Output, Role, Strip};
use crate::engine::Io;
use crate::engine::denormals::Flush;
use crate::engine::outputs::{self, Gain, Strips};
use crate::kernel::{Control, Isa, What};

use super::{Course, Place, Stretch};

/// See the head of this file.
pub struct Mixdown {
    /// Their cables are numbers of `reads`.
    strips: Vec<(Strip, Signal)>,
    reads: Vec<usize>,
    faulty: Vec<bool>,
    course: Course,
    gain: Gain,
    isa: Isa,
    /// Frame of its beginning, and the one at which it has come to its end.
    since: Option<u64>,
    ended: Option<u64>,
    length: Option<u64>,
}

/// The strips as they are in a piece.
struct Here<'a> {
    strips: &'a [(Strip, Signal)],
    faulty: &'a mut [bool],
    inputs: &'a [&'a Stretch],
    numbers: &'a [[[f32; 1]; 2]],
    frames: Range<usize>,
    isa: Isa,
}

impl Strips for Here<'_> {
    fn count(&self) -> usize {
        self.strips.len()
    }

    fn what(&self, strip: usize) -> (Role, Output) {
        let strip = &self.strips[strip].0;
        (strip.role, strip.output)
    }

    fn side(&self, strip: usize, side: usize) -> (&[f32], bool) {
        match self.strips[strip].1[side] {
            Feed::Cable(cable) => (&self.inputs[cable].values[self.frames.clone()], false),
            Feed::Number(_) => (&self.numbers[strip][side], true),
        }
    }

    fn isa(&self) -> Isa {
        self.isa
    }

    fn is_faulty(&self, strip: usize) -> bool {
        self.faulty[strip]
    }

    fn fail(&mut self, strip: usize) {
        self.faulty[strip] = true;
    }
}

impl Mixdown {
    pub fn new(parts: &Parts) -> Self {
        let tracks = parts.strips.iter().take_while(|(strip, _)| strip.role == Role::Track).count();
        let (mut strips, mut reads) = (parts.strips.clone(), vec![]);
        for feed in strips.iter_mut().flat_map(|(_, signal)| signal) {
            if let Feed::Cable(cable) = feed {
                let known = reads.iter().position(|read| read == cable);
                *cable = known.unwrap_or_else(|| {
                    reads.push(*cable);
                    reads.len() - 1
                });
            }
        }
        Mixdown {
            strips,
            reads,
            faulty: vec![false; parts.strips.len()],
            course: Course::new(parts, tracks),
            gain: Gain::new(parts.rate),
            isa: Isa::detect(),
            since: None,
            ended: None,
            length: parts.length,
        }
    }

    /// The cables that it reads.
    pub fn reads(&self) -> &[usize] {
        &self.reads
    }

    /// The frame at which the sound has ended by itself, if it has.
    pub fn ended(&self) -> Option<u64> {
        self.ended
    }

    /// Strips that are silent because what they put out was not finite.
    pub fn faulty(&self) -> impl Iterator<Item = &Strip> {
        self.strips.iter().zip(&self.faulty).filter(|(_, faulty)| **faulty).map(|((strip, _), _)| strip)
    }

    /// Adds a stretch up, left and right; `inputs` is what each of [`Mixdown::reads`] has brought.
    pub fn add(&mut self, place: &Place, inputs: &[&Stretch], main: [&mut [f32]; 2]) {
        let _flush = Flush::enter();
        let Mixdown { strips, faulty, course, gain, isa, since, ended, length, .. } = self;
        let value = |feed: Feed| if let Feed::Number(x) = feed { [x] } else { [0.0] };
        let numbers: Vec<[[f32; 1]; 2]> = strips.iter().map(|(_, signal)| signal.map(value)).collect();
        let [left, right] = main;
        let mut io = Io { sidechain: None, main: [left, right], aux: &mut [], stems: &mut [] };
        io.main.iter_mut().for_each(|side| side.fill(0.0));
        let gain = std::cell::RefCell::new(gain);
        let mut number = 0;
        let turn = |event: &crate::kernel::Event, at: u64| {
            if let What::Control { control: Control::Gain, value } = event.what {
                gain.borrow_mut().aim(value, at);
            }
        };
        course.pieces(place, turn, |at, frames, _, song, _| {
            if ended.is_some() && song.jumped {
                (*since, *ended) = (None, None);
            }
            let began = *since.get_or_insert(at);
            let mut sounding = 0;
            for (_, signal) in strips.iter().filter(|_| ended.is_none()) {
                sounding = sounding.max(match signal[0] {
                    Feed::Cable(n) => inputs[n].pieces[number].end as usize,
                    Feed::Number(_) => frames.len(),
                });
            }
            sounding = sounding.min(frames.len());
            // As in the player: by itself a sound lasts as long as it says.
            if let Some(length) = length.filter(|_| !song.host) {
                sounding = sounding.min((length - (at - began).min(length)).min(64) as usize);
            }
            if sounding < frames.len() && ended.is_none() {
                *ended = Some(at + sounding as u64);
            }
            let sounds = frames.start..frames.start + sounding;
            let mut here = Here { strips, faulty, inputs, numbers: &numbers, frames: sounds, isa: *isa };
            outputs::add(&mut here, &mut io, frames.start, sounding, |_, _, _| {});
            gain.borrow().apply(&mut io, frames.start, frames.end, at);
            number += 1;
            true
        });
    }
}

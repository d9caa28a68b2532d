//! An engine that computes more frames than its host hears: what comes in is raised to the engine's rate, what goes out is lowered to the
//! host's, events and transport are counted in the engine's frames. With a factor of 1 it is the engine itself. Audio thread.

use std::collections::VecDeque;
use std::ops::Range;

use nice_assert_no_alloc::assert_no_alloc;

use super::{Engine, Event, Io, OUTPUT, Press, Remote, Transport, denormals};
use crate::dsp::halfband::{Lower, Raise};
use crate::quality::Quality;

/// Stereo outputs beside the main one, at most.
const MOST_AUX: usize = 16;

/// How the frames of an engine and of its host go together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gear {
    pub quality: Quality,
    /// Frames per second of the host, or of the file.
    pub rate: f64,
    /// Frames of the engine for one of those.
    pub factor: usize,
}

impl Gear {
    pub fn new(quality: Quality, rate: f64) -> Gear {
        Gear { quality, rate, factor: quality.factor(rate) }
    }

    /// Frames per second of the engine.
    pub fn engine_rate(&self) -> f64 {
        self.rate * self.factor as f64
    }

    /// By how many of the host's frames the output is late, where the sound itself is late by `latency` of the engine's.
    pub fn latency(&self, latency: u64) -> u64 {
        latency.div_ceil(self.factor as u64) + Lower::late(self.factor)
    }
}

/// One stereo signal on its way to the host.
struct Way {
    lower: [Lower; 2],
    fine: [Vec<f32>; 2],
}

impl Way {
    fn new(gear: Gear, most: usize) -> Way {
        let lower = || Lower::new(gear.factor);
        Way { lower: [lower(), lower()], fine: [(); 2].map(|()| vec![0.0; most * gear.factor]) }
    }
}

/// See the head of this file.
pub struct Geared {
    engine: Engine,
    gear: Gear,
    /// Frames of the host that there is room for at once.
    most: usize,
    main: Way,
    aux: Vec<Way>,
    raise: [Raise; 2],
    sidechain: [Vec<f32>; 2],
    events: Vec<Event>,
    /// Of the host, since the engine began.
    at: u64,
    /// What the engine has sent, until the host hears what sounded with it: each with the host's frame.
    sent: VecDeque<(u64, Event)>,
    output: Vec<Event>,
    over: Vec<Press>,
}

impl Geared {
    /// An engine for a host, and the loader's end of it. `most` of the host's frames are rendered at once; more of them in parts.
    pub fn new(gear: Gear, most: usize) -> (Geared, Remote) {
        let (engine, remote) = Engine::finer(gear.engine_rate(), gear.factor);
        // Where nothing is raised or lowered no room is needed.
        let most = if gear.factor == 1 { 0 } else { most.max(64) };
        let room = if gear.factor == 1 { 0 } else { OUTPUT };
        let raise = || Raise::new(gear.factor);
        let geared = Geared {
            engine,
            gear,
            most,
            main: Way::new(gear, most),
            aux: (0..MOST_AUX).map(|_| Way::new(gear, most)).collect(),
            raise: [raise(), raise()],
            sidechain: [(); 2].map(|()| vec![0.0; most * gear.factor]),
            events: Vec::with_capacity(room),
            at: 0,
            sent: VecDeque::with_capacity(room),
            output: Vec::with_capacity(room),
            over: Vec::with_capacity(room),
        };
        (geared, remote)
    }

    pub fn gear(&self) -> Gear {
        self.gear
    }

    /// The engine itself. What it is asked for counts in its own frames.
    pub fn engine(&mut self) -> &mut Engine {
        &mut self.engine
    }

    /// Stops every voice and begins the sound anew at frame 0.
    pub fn reset(&mut self) {
        self.engine.reset();
        self.raise.iter_mut().for_each(Raise::clear);
        std::iter::once(&mut self.main)
            .chain(&mut self.aux)
            .flat_map(|way| &mut way.lower)
            .for_each(Lower::clear);
        self.at = 0;
        self.sent.clear();
    }

    /// Voices that sounded at the end of the last block.
    pub fn voices(&self) -> u32 {
        self.engine.voices()
    }

    /// Notes for the host, of the last block.
    pub fn output_events(&self) -> &[Event] {
        if self.gear.factor == 1 { self.engine.output_events() } else { &self.output }
    }

    /// The host's notes that were over at the end of the last block, with all that follows their release.
    pub fn notes_over(&self) -> &[Press] {
        if self.gear.factor == 1 { self.engine.notes_over() } else { &self.over }
    }

    /// As [`Engine::process`], in the host's frames. `io` has no stems.
    pub fn process(&mut self, mut io: Io, events: &[Event], transport: Option<&Transport>) {
        debug_assert!(io.stems.is_empty(), "stems are taken from the engine itself");
        if self.gear.factor == 1 {
            return self.engine.process(io, events, transport);
        }
        let _flush = denormals::Flush::enter();
        self.output.clear();
        self.over.clear();
        let frames = io.main[0].len();
        let (mut from, mut rest) = (0, events);
        loop {
            let to = frames.min(from + self.most);
            let here = if to == frames { rest.len() } else { rest.partition_point(|e| (e.at as usize) < to) };
            let (now, later) = rest.split_at(here);
            let transport = transport.map(|t| t.after(from as u64, self.gear.rate));
            // The engine guards itself.
            assert_no_alloc(|| self.raise(&io, from..to, now));
            self.compute(&io, to - from, transport);
            assert_no_alloc(|| self.lower(&mut io, from..to));
            (from, rest) = (to, later);
            if from == frames {
                break;
            }
        }
        assert_no_alloc(|| self.deliver(frames));
    }

    /// Frames `place` of the host's block, as the engine takes them.
    fn raise(&mut self, io: &Io, place: Range<usize>, events: &[Event]) {
        let (from, factor) = (place.start, self.gear.factor);
        self.events.clear();
        for event in events.iter().take(self.events.capacity()) {
            let at = (event.at as usize).saturating_sub(from) * factor;
            self.events.push(Event { at: at as u32, what: event.what });
        }
        for ((raise, out), side) in
            self.raise.iter_mut().zip(&mut self.sidechain).zip(io.sidechain.into_iter().flatten())
        {
            raise.run(&side[place.clone()], &mut out[..place.len() * factor]);
        }
    }

    /// So many of the host's frames by the engine.
    fn compute(&mut self, io: &Io, frames: usize, transport: Option<Transport>) {
        let factor = self.gear.factor;
        let fine = frames * factor;
        let transport = transport.map(|t| Transport { frame: t.frame.map(|f| f * factor as i64), ..t });
        let sidechain = io.sidechain.map(|_| self.sidechain.each_ref().map(|side| &side[..fine]));
        let mut pairs: [[&mut [f32]; 2]; MOST_AUX] = std::array::from_fn(|_| [&mut [][..], &mut [][..]]);
        let count = io.aux.len().min(MOST_AUX);
        for (pair, way) in pairs.iter_mut().zip(&mut self.aux[..count]) {
            *pair = way.fine.each_mut().map(|side| &mut side[..fine]);
        }
        let main = self.main.fine.each_mut().map(|side| &mut side[..fine]);
        let inner = Io { sidechain, main, aux: &mut pairs[..count], stems: &mut [] };
        self.engine.process(inner, &self.events, transport.as_ref());
    }

    /// What the engine has put out, as frames `place` of the host's block.
    fn lower(&mut self, io: &mut Io, place: Range<usize>) {
        let factor = self.gear.factor;
        let outs = std::iter::once(&mut io.main).chain(io.aux.iter_mut());
        for (out, way) in outs.zip(std::iter::once(&mut self.main).chain(&mut self.aux)) {
            for ((out, lower), side) in out.iter_mut().zip(&mut way.lower).zip(&way.fine) {
                lower.run(&side[..place.len() * factor], &mut out[place.clone()]);
            }
        }
        // Notes are late by as much as the sound is that belongs to them.
        let begin = self.at + place.start as u64 + Lower::late(factor);
        for event in self.engine.output_events() {
            if self.sent.len() < self.sent.capacity() {
                self.sent.push_back((begin + u64::from(event.at) / factor as u64, *event));
            }
        }
        for press in self.engine.notes_over() {
            if self.over.len() < self.over.capacity() {
                self.over.push(*press);
            }
        }
    }

    /// What the host hears in this block of `frames` of what the engine has sent, in order.
    fn deliver(&mut self, frames: usize) {
        let begin = self.at;
        self.at += frames as u64;
        while let Some((at, event)) = self.sent.pop_front_if(|(at, _)| *at < begin + frames as u64) {
            if self.output.len() < self.output.capacity() {
                self.output.push(Event { at: at.saturating_sub(begin) as u32, ..event });
            }
        }
    }
}

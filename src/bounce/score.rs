//! What is rendered, from the first frame to the last: how time is divided into chunks, where a host's transport stands in each, and
//! which events are in it.

use crate::engine::{Event, Place, Transport};

/// How long a sound is rendered, in frames of the song.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Length {
    pub from: u64,
    pub to: u64,
    pub tail: Tail,
}

/// What is kept of what sounds on behind the end. A host's transport stops there; a sound that plays by itself goes on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tail {
    None,
    /// So many frames.
    Fixed(u64),
    /// Until the mix is below -96 dBFS for a fifth of a second, but no more than so many frames.
    Silence(u64),
    /// It rings into the beginning: the length is played round and round, and the second time is kept. For a host's transport.
    Wrapped,
}

/// A stretch of the song that is rendered at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Chunk {
    at: u64,
    frames: usize,
}

/// See the head of this file.
pub struct Score {
    rate: f64,
    chunks: Vec<Chunk>,
    /// In order, counted from the first frame that is rendered.
    events: Vec<Event>,
    /// From which frame on the transport is what; in order.
    transports: Vec<(u64, Transport)>,
    /// Rendered frames that are kept at most, and from where on silence ends them.
    pub window: std::ops::Range<u64>,
    pub listen: Option<u64>,
}

impl Score {
    /// `late`: frames by which the outputs are late. `transport`: where the song stands at its first frame.
    pub fn new(
        length: Length,
        late: u64,
        (rate, chunk): (f64, usize),
        transport: Option<Transport>,
        events: Vec<Event>,
    ) -> Score {
        let Length { from, to, tail } = length;
        let mut transports: Vec<(u64, Transport)> = transport.map(|t| (0, t)).into_iter().collect();
        let moved = |t: Transport, frames: u64| Transport {
            beats: t.beats + frames as f64 * t.tempo / (60.0 * rate),
            frame: t.frame.map(|f| f + frames as i64),
            ..t
        };
        let stop = |all: &mut Vec<(u64, Transport)>| {
            all.extend(transport.map(|t| (to, Transport { playing: false, ..moved(t, to) })));
        };
        let mut listen = None;
        let window = match tail {
            Tail::None => from + late..to + late,
            Tail::Fixed(frames) => {
                stop(&mut transports);
                from + late..to + late + frames
            }
            Tail::Silence(most) => {
                stop(&mut transports);
                listen = Some(to + late);
                from + late..to + late + most
            }
            Tail::Wrapped => {
                let round = to - from;
                let back = transport.map(|t| moved(t, from));
                // The third time only for what comes late.
                let times = 1 + late.div_ceil(round.max(1));
                transports.extend((0..times).filter_map(|n| Some((to + n * round, back?))));
                to + late..to + round + late
            }
        };
        let mut chunks = vec![];
        let mut at = 0;
        while at < window.end {
            let next = transports.iter().map(|(frame, _)| *frame).find(|frame| *frame > at);
            let end = (at + chunk.max(1) as u64).min(next.unwrap_or(u64::MAX)).min(window.end);
            chunks.push(Chunk { at, frames: (end - at) as usize });
            at = end;
        }
        Score { rate, chunks, events, transports, window, listen }
    }

    pub fn rate(&self) -> f64 {
        self.rate
    }

    pub fn chunks(&self) -> usize {
        self.chunks.len()
    }

    /// The longest chunk.
    pub fn longest(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.frames).max().unwrap_or(0)
    }

    /// The chunk in which a frame is.
    pub fn chunk_of(&self, frame: u64) -> usize {
        self.chunks.partition_point(|chunk| chunk.at + chunk.frames as u64 <= frame)
    }

    /// Chunks before which all must be done: a host jumps there, and what has ended begins anew.
    pub fn barriers(&self) -> Vec<usize> {
        let jumps = self.transports.iter().skip(1).filter(|(_, transport)| transport.playing);
        jumps.map(|(frame, _)| self.chunk_of(*frame)).collect()
    }

    /// Whether a host jumps at a frame or later.
    pub fn jumps_after(&self, frame: u64) -> bool {
        self.transports.iter().skip(1).any(|(at, transport)| transport.playing && *at >= frame)
    }

    /// First frame of a chunk, and the one behind it.
    pub fn span(&self, chunk: usize) -> std::ops::Range<u64> {
        let Chunk { at, frames } = self.chunks[chunk];
        at..at + frames as u64
    }

    /// Does something with a chunk.
    pub fn with<R>(&self, chunk: usize, ended: bool, act: impl FnOnce(&Place) -> R) -> R {
        let Chunk { at, frames } = self.chunks[chunk];
        let end = at + frames as u64;
        let range = |frame: u64| self.events.partition_point(|event| u64::from(event.at) < frame);
        // What is stamped behind the last frame counts as that.
        let last = if chunk + 1 == self.chunks.len() { self.events.len() } else { range(end) };
        let here = self.events[range(at).min(last)..last].iter();
        let events: Vec<Event> = here.map(|e| Event { at: e.at.saturating_sub(at as u32), ..*e }).collect();
        let known = self.transports.iter().rev().find(|(frame, _)| *frame <= at);
        let transport = known.map(|(frame, t)| {
            let since = if t.playing { at - frame } else { 0 };
            Transport {
                beats: t.beats + since as f64 * t.tempo / (60.0 * self.rate),
                frame: t.frame.map(|f| f + since as i64),
                ..*t
            }
        });
        act(&Place { at, frames, events: &events, transport, ended })
    }

    /// All that decides what is rendered, as text.
    pub fn identity(&self) -> String {
        let sizes: Vec<_> = self.chunks.first().into_iter().chain(self.chunks.last()).collect();
        format!("{} {sizes:?} {} {:?} {:?}", self.rate, self.chunks.len(), self.events, self.transports)
    }
}

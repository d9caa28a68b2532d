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

/// A stretch of the song in which a host's transport goes on as it began.
#[derive(Clone, Copy, Debug)]
struct Section {
    at: u64,
    end: u64,
    /// Its first chunk.
    first: usize,
}

/// See the head of this file.
pub struct Timeline {
    rate: f64,
    /// Frames of a chunk; the last one of a section may have fewer.
    chunk: u64,
    sections: Vec<Section>,
    /// In order, counted from the first frame that is rendered.
    events: Vec<Event>,
    /// From which frame on the transport is what; in order.
    transports: Vec<(u64, Transport)>,
    /// Rendered frames that are kept at most, and from where on silence ends them.
    pub window: std::ops::Range<u64>,
    pub listen: Option<u64>,
}

impl Timeline {
    /// `late`: frames by which the outputs are late. `transport`: where the song stands at its first frame.
    pub fn new(
        length: Length,
        late: u64,
        (rate, chunk): (f64, usize),
        transport: Option<Transport>,
        events: Vec<Event>,
    ) -> Timeline {
        let Length { from, to, tail } = length;
        let mut transports: Vec<(u64, Transport)> = transport.map(|t| (0, t)).into_iter().collect();
        let moved = |t: Transport, frames: u64| t.after(frames, rate);
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
        let chunk = chunk.max(1) as u64;
        let mut sections: Vec<Section> = vec![];
        let (mut at, mut first) = (0, 0);
        while at < window.end {
            let next = transports.iter().map(|(frame, _)| *frame).find(|frame| *frame > at);
            let end = next.unwrap_or(u64::MAX).min(window.end);
            sections.push(Section { at, end, first });
            first += (end - at).div_ceil(chunk) as usize;
            at = end;
        }
        Timeline { rate, chunk, sections, events, transports, window, listen }
    }

    pub fn rate(&self) -> f64 {
        self.rate
    }

    pub fn chunks(&self) -> usize {
        self.sections.last().map_or(0, |last| last.first + (last.end - last.at).div_ceil(self.chunk) as usize)
    }

    /// The longest chunk.
    pub fn longest(&self) -> usize {
        self.sections.iter().map(|section| (section.end - section.at).min(self.chunk)).max().unwrap_or(0)
            as usize
    }

    /// The chunk in which a frame is; behind the last frame, the one behind the last chunk.
    pub fn chunk_of(&self, frame: u64) -> usize {
        match self.sections.partition_point(|section| section.at <= frame).checked_sub(1) {
            Some(n) if frame < self.sections[n].end => {
                let Section { at, first, .. } = self.sections[n];
                first + ((frame - at) / self.chunk) as usize
            }
            _ => self.chunks(),
        }
    }

    /// Frames at which a host jumps: what has ended begins anew there.
    fn jumps(&self) -> impl Iterator<Item = u64> {
        let later = self.transports.iter().skip(1).filter(|(_, transport)| transport.playing);
        later.map(|(frame, _)| *frame).filter(|frame| *frame < self.window.end)
    }

    /// Chunks before which all must be done.
    pub fn barriers(&self) -> Vec<usize> {
        self.jumps().map(|frame| self.chunk_of(frame)).collect()
    }

    /// The frame from which on nothing begins anew.
    pub fn last_jump(&self) -> u64 {
        self.jumps().max().unwrap_or(0)
    }

    /// First frame of a chunk, and the one behind it.
    pub fn span(&self, chunk: usize) -> std::ops::Range<u64> {
        let n = self.sections.partition_point(|section| section.first <= chunk) - 1;
        let Section { at, end, first } = self.sections[n];
        let start = at + (chunk - first) as u64 * self.chunk;
        start..(start + self.chunk).min(end)
    }

    /// Does something with a chunk.
    pub fn with<R>(&self, chunk: usize, ended: bool, act: impl FnOnce(&Place) -> R) -> R {
        let std::ops::Range { start: at, end } = self.span(chunk);
        let frames = (end - at) as usize;
        let range = |frame: u64| self.events.partition_point(|event| u64::from(event.at) < frame);
        // What is stamped behind the last frame counts as that.
        let last = if end == self.window.end { self.events.len() } else { range(end) };
        let here = self.events[range(at).min(last)..last].iter();
        let events: Vec<Event> = here.map(|e| Event { at: e.at.saturating_sub(at as u32), ..*e }).collect();
        let known = self.transports.iter().rev().find(|(frame, _)| *frame <= at);
        let transport = known.map(|(frame, t)| t.after(at - frame, self.rate));
        act(&Place { at, frames, events: &events, transport, ended })
    }

    /// All that decides what is rendered, as text.
    pub fn identity(&self) -> String {
        let Timeline { rate, chunk, sections, events, transports, .. } = self;
        format!("{rate} {chunk} {sections:?} {events:?} {transports:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeline_cuts_chunks_where_a_host_jumps_and_needs_no_room_for_them() {
        let transport = Transport {
            playing: true,
            tempo: 120.0,
            beats: 0.0,
            frame: None,
            time_signature: (4, 4),
            bar: None,
        };
        let length = Length { from: 100, to: 1_000, tail: Tail::Wrapped };
        let line = Timeline::new(length, 0, (48_000.0, 256), Some(transport), vec![]);
        let spans: Vec<_> = (0..line.chunks()).map(|chunk| line.span(chunk)).collect();
        assert_eq!((spans[3].clone(), spans[4].clone()), (768..1_000, 1_000..1_256));
        assert_eq!((line.window.clone(), line.barriers(), line.last_jump()), (1_000..1_900, vec![4], 1_000));
        for (chunk, span) in spans.iter().enumerate() {
            assert_eq!((line.chunk_of(span.start), line.chunk_of(span.end - 1)), (chunk, chunk));
        }
        assert_eq!((line.chunk_of(1_900), spans.len()), (8, 8));
        // A year, frame by frame.
        let frames = 365 * 86_400 * 48_000;
        let long =
            Timeline::new(Length { from: 0, to: frames, tail: Tail::None }, 0, (48_000.0, 1), None, vec![]);
        assert_eq!((long.chunks() as u64, long.span(long.chunks() - 1)), (frames, frames - 1..frames));
        let nothing =
            Timeline::new(Length { from: 0, to: 0, tail: Tail::None }, 0, (48_000.0, 64), None, vec![]);
        assert_eq!((nothing.chunks(), nothing.longest(), nothing.chunk_of(0)), (0, 0, 0));
    }
}

//! A sound in parts, at work: each [`PartPlayer`] renders its part stretch by stretch, [`Mixdown`] adds the strips up. Both go through the
//! same pieces with the same kernels and sums as the engine does, and so put out the same bits. The bounce's workers; like the audio
//! thread they never allocate or wait while kernels run.

mod crew;
mod mixdown;
mod offline;
mod part;
mod portion;
mod watch;

use crate::compile::parts::Parts;
use crate::kernel::{Control, TILE};
use crate::kernel::{Controls, Event, Song, StripControl, Transport, What};

use super::cuts::Cuts;
use super::song::SongClock;
pub use mixdown::Mixdown;
pub(super) use offline::Opening;
pub use offline::{Offline, WORTH};
pub use part::{Cause, PartFault, PartPlayer};
pub use watch::NodeTime;

/// One side of a signal over a stretch of time, with what its readers may know of each piece.
#[derive(Debug, Default)]
pub struct Stretch {
    /// One value a frame.
    pub values: Vec<f32>,
    pieces: Vec<Held>,
}

/// What a tile says beside its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Held {
    flat: bool,
    end: u8,
}

impl Stretch {
    /// With room for `frames` frames.
    pub fn new(frames: usize) -> Self {
        Stretch { values: vec![0.0; frames], pieces: Vec::with_capacity(frames / TILE + 2) }
    }

    /// With room for `frames` frames, where there is memory for it.
    pub fn reserve(frames: usize) -> Option<Self> {
        let mut stretch = Stretch::default();
        stretch.values.try_reserve_exact(frames).ok()?;
        stretch.pieces.try_reserve_exact(frames / TILE + 2).ok()?;
        Some(stretch)
    }

    /// With room for pieces as short as can be.
    fn with_pieces(frames: usize) -> Self {
        Stretch { values: Vec::with_capacity(frames), pieces: Vec::with_capacity(frames) }
    }

    /// Empties it, to be written for `frames` frames.
    fn begin(&mut self, frames: usize) {
        self.values.resize(frames, 0.0);
        self.pieces.clear();
    }

    /// Becomes silence at a place.
    pub fn silence(&mut self, place: &Place) {
        self.whole(place);
        self.values.fill(0.0);
        let mut cuts = Cuts::new(place.events, place.frames);
        let mut at = place.at;
        while let Some((frames, _)) = cuts.next(at, |_| {}) {
            self.pieces.push(Held { flat: true, end: frames.len() as u8 });
            at += frames.len() as u64;
        }
    }

    /// Becomes as long as a place, for somebody who writes values and nothing else.
    pub fn whole(&mut self, place: &Place) {
        self.begin(place.frames);
    }

    /// As bytes: two for each piece, then four for each value.
    pub fn to_bytes(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&(self.pieces.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&(self.values.len() as u32).to_le_bytes());
        bytes.extend(self.pieces.iter().flat_map(|piece| [u8::from(piece.flat), piece.end]));
        self.values.iter().for_each(|x| bytes.extend_from_slice(&x.to_bits().to_le_bytes()));
    }

    /// Takes what [`Stretch::to_bytes`] has made, for so many frames; says how many bytes that was. None where it is something else.
    pub fn take_bytes(&mut self, bytes: &[u8], frames: usize) -> Option<usize> {
        let number = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?) as usize);
        let (pieces, values) = (number(0)?, number(4)?);
        let (held, rest) = bytes.get(8..)?.split_at_checked(2 * pieces)?;
        let rest = rest.get(..4 * values).filter(|_| values == frames)?;
        self.begin(frames);
        self.pieces.extend(held.chunks_exact(2).map(|h| Held { flat: h[0] != 0, end: h[1] }));
        for (x, bytes) in self.values.iter_mut().zip(rest.chunks_exact(4)) {
            *x = f32::from_le_bytes(bytes.try_into().ok()?);
        }
        Some(8 + held.len() + rest.len())
    }
}

/// A stretch of time.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// Absolute frame of the first one.
    pub at: u64,
    pub frames: usize,
    /// `Event::at` counts from the first frame.
    pub events: &'a [Event],
    /// Musical time at the first frame.
    pub transport: Option<Transport>,
    /// The sound has come to its end before.
    pub ended: bool,
}

/// Whether a part should go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    No,
    /// Nobody wants it any more.
    Cancelled,
    /// It takes too long.
    TooSlow,
}

/// Musical time and controls, as the engine keeps them.
struct Course {
    song: SongClock,
    controls: Controls,
    /// The text has soloed a track.
    soloed: bool,
    /// How many tracks there are.
    tracks: usize,
}

impl Course {
    fn new(parts: &Parts, tracks: usize) -> Course {
        let (soloed, drums) = (parts.soloed, parts.drums.clone());
        let controls = Controls { soloed, drums, ..Controls::default() };
        Course { song: SongClock::new(parts.rate, 1), controls, soloed, tracks }
    }

    /// Goes through a stretch piece by piece: absolute frame, frames in the stretch, what happens, song and controls. Stops where
    /// `each` says so.
    fn pieces(
        &mut self,
        place: &Place,
        mut control: impl FnMut(&Event, u64),
        mut each: impl FnMut(u64, std::ops::Range<usize>, &[Event], Song, &Controls) -> bool,
    ) -> bool {
        self.song.follow(place.transport.as_ref());
        let mut cuts = Cuts::new(place.events, place.frames);
        self.walk(place.at, &mut cuts, place.frames, &mut control, &mut each)
    }

    /// The same for what is left of a block until frame `to`, where a piece ends.
    fn walk(
        &mut self,
        mut at: u64,
        cuts: &mut Cuts,
        to: usize,
        mut control: impl FnMut(&Event, u64),
        mut each: impl FnMut(u64, std::ops::Range<usize>, &[Event], Song, &Controls) -> bool,
    ) -> bool {
        let Course { song, controls, soloed, tracks } = self;
        let follow = |event: &Event, controls: &mut Controls| {
            if let What::Control { control, .. } = event.what {
                controls.follow(&event.what);
                if matches!(control, Control::Strip(_, StripControl::Solo)) {
                    controls.soloed = soloed_by(*soloed, *tracks, controls);
                }
            }
        };
        let mut now = at;
        while cuts.here() < to
            && let Some((frames, here)) = cuts.next(at, |event| {
                follow(event, controls);
                control(event, now);
            })
        {
            let count = frames.len();
            if !each(at, frames, here, song.here(), controls) {
                return false;
            }
            for event in here.iter().filter(|event| !matches!(event.what, What::Control { .. })) {
                controls.follow(&event.what);
            }
            song.advance(count);
            at += count as u64;
            now = at;
        }
        if cuts.is_over() {
            for event in cuts.rest() {
                follow(event, controls);
                control(event, at);
            }
        }
        true
    }
}

/// Whether any of the tracks is soloed, by the text or by the host.
pub(super) fn soloed_by(text: bool, tracks: usize, controls: &Controls) -> bool {
    text || controls.strips.iter().take(tracks).any(|strip| strip.solo)
}

#[cfg(test)]
mod tests;

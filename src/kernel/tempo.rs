//! Tempo, ticks and counters: the host's where there is one, else of the `tempo` node. Audio thread.

use super::pass::{Kernel, Metre, Pass, Song, Start};

/// One thing that is derived from the tempo.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Part {
    /// Beats per minute.
    Bpm,
    /// Seconds of a bar.
    Bar,
    /// 1 at the first frame of every stretch, else 0.
    Tick(Stretch),
    /// The number of the stretch, from 1.
    Counter(Stretch),
}

/// A stretch of musical time. A bar has four beats, or what the host's metre says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stretch {
    Beats(f64),
    Bars(f64),
}

impl Stretch {
    /// In beats, where bars have four.
    fn beats(self) -> f64 {
        match self {
            Stretch::Beats(beats) => beats,
            Stretch::Bars(bars) => 4.0 * bars,
        }
    }

    /// The song's position as it counts for this stretch: in beats; for bars as if every bar had four.
    fn position(self, song: &Song, frame: usize, rate: f64) -> f64 {
        let beats = song.beats(frame, rate);
        match self {
            Stretch::Beats(_) => beats,
            Stretch::Bars(_) => 4.0 * song.metre.bars(beats),
        }
    }
}

#[derive(Clone, Copy, Default)]
struct Lane {
    /// Own position in beats, at the frame before the next.
    beats: f64,
    /// The next tick is due at this many beats.
    next: f64,
    song: bool,
    metre: Metre,
}

pub struct Tempo {
    part: Part,
    lanes: Vec<Lane>,
    follows_song: bool,
}

/// Positions are sums of many small steps: this close to a boundary counts as on it.
const EDGE: f64 = 1e-9;

impl Tempo {
    /// `follows_song`: outside of voices, where the host's position counts.
    pub fn new(part: Part, lanes: usize, follows_song: bool) -> Self {
        Self { part, lanes: vec![Lane::default(); lanes], follows_song }
    }
}

impl Kernel for Tempo {
    fn start(&mut self, lane: usize, _: Start) {
        self.lanes[lane] = Lane::default();
    }

    fn render(&mut self, pass: &mut Pass) {
        let lanes = pass.width();
        let (values, flat) = pass.raw(0, 0);
        let host = pass.song.host;
        let stretch = match self.part {
            Part::Tick(stretch) | Part::Counter(stretch) => stretch,
            Part::Bpm | Part::Bar => return self.steady(pass),
        };
        let per_frame = 1.0 / (60.0 * pass.rate);
        let (song, song_rolls) = (self.follows_song && host, pass.song.rolling);
        let unit = stretch.beats();
        pass.outputs[0].flat = false;
        for k in 0..lanes {
            let lane = &mut self.lanes[pass.lane + k];
            if song && (pass.song.jumped || !lane.song || lane.metre != pass.song.metre) {
                // A tick that began within half a frame of the position is still to come.
                let slack = 0.5 * pass.song.bpm * per_frame;
                lane.next = ((stretch.position(&pass.song, 0, pass.rate) - slack) / unit).ceil() * unit;
            }
            lane.metre = pass.song.metre;
            lane.song = song;
            for frame in 0..pass.frames {
                let position = if song {
                    stretch.position(&pass.song, frame, pass.rate)
                } else {
                    lane.beats += values[if flat { k } else { frame * lanes + k }] as f64 * per_frame;
                    lane.beats
                };
                let moving = !song || song_rolls;
                let tick = moving && position >= lane.next - EDGE;
                if tick {
                    lane.next += unit;
                }
                let value = match self.part {
                    Part::Tick(_) => f32::from(tick),
                    _ => ((position / unit + EDGE).floor() + 1.0) as f32,
                };
                pass.outputs[0].floats_mut()[frame * lanes + k] = value;
            }
        }
    }
}

impl Tempo {
    /// What the host says holds for the whole pass; else it follows the own tempo.
    fn steady(&self, pass: &mut Pass) {
        let (values, flat) = pass.raw(0, 0);
        let (host, bar) = (pass.song.host, self.part == Part::Bar);
        let beats = if host { pass.song.metre.length } else { 4.0 };
        let bpm = pass.song.bpm as f32;
        let (frames, lanes) = (pass.frames, pass.width());
        let tile = &mut pass.outputs[0];
        tile.flat = host || flat;
        let n = if tile.flat { 1 } else { frames } * lanes;
        let out = &mut tile.floats_mut()[..n];
        match host {
            true => out.fill(bpm),
            false => out.copy_from_slice(&values[..n]),
        }
        if bar {
            let seconds = (60.0 * beats) as f32;
            out.iter_mut().for_each(|x| *x = seconds / *x);
        }
    }
}

//! Tempo, ticks and counters: the host's where there is one, else of the `tempo` node. Audio thread.

use super::pass::{Kernel, Pass, Start};

/// One thing that is derived from the tempo.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Part {
    /// Beats per minute.
    Bpm,
    /// 1 at the first frame of every stretch of so many beats, else 0.
    Tick(f64),
    /// The number of the stretch of so many beats, from 1.
    Counter(f64),
}

#[derive(Clone, Copy, Default)]
struct Lane {
    /// Own position in beats, at the frame before the next.
    beats: f64,
    /// The next tick is due at this many beats.
    next: f64,
    song: bool,
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
        if self.part == Part::Bpm {
            let bpm = pass.song.bpm as f32;
            let tile = &mut pass.outputs[0];
            tile.flat = host || flat;
            let n = if tile.flat { 1 } else { pass.frames } * lanes;
            match host {
                true => tile.floats_mut()[..n].fill(bpm),
                false => tile.floats_mut()[..n].copy_from_slice(&values[..n]),
            }
            return;
        }
        let per_frame = 1.0 / (60.0 * pass.rate);
        let (song, song_rolls) = (self.follows_song && host, pass.song.rolling);
        pass.outputs[0].flat = false;
        for k in 0..lanes {
            let lane = &mut self.lanes[pass.lane + k];
            let unit = match self.part {
                Part::Tick(beats) | Part::Counter(beats) => beats,
                Part::Bpm => 1.0,
            };
            if song && (pass.song.jumped || !lane.song) {
                // A tick that began within half a frame of the position is still to come.
                let slack = 0.5 * pass.song.bpm * per_frame;
                lane.next = ((pass.song.beats(0, pass.rate) - slack) / unit).ceil() * unit;
            }
            lane.song = song;
            for frame in 0..pass.frames {
                let position = if song {
                    pass.song.beats(frame, pass.rate)
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

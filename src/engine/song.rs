//! Musical time: the host's position, extrapolated frame by frame and taken anew only where it really jumps. Audio thread.

use crate::kernel::{Song, Transport};

/// Without any tempo.
const DEFAULT_TEMPO: f64 = 120.0;

pub struct SongClock {
    rate: f64,
    song: Song,
}

impl SongClock {
    pub fn new(rate: f64) -> Self {
        let song = Song { rolling: true, bpm: DEFAULT_TEMPO, ..Song::default() };
        Self { rate, song }
    }

    /// Takes note of what the host says at the beginning of a block.
    pub fn follow(&mut self, transport: Option<&Transport>) {
        let song = &mut self.song;
        let Some(t) = transport.filter(|t| t.tempo.is_finite() && t.tempo > 0.0 && t.beats.is_finite())
        else {
            if song.host {
                *song = Song { rolling: true, bpm: DEFAULT_TEMPO, ..Song::default() };
            }
            return;
        };
        let here = song.beats(0, self.rate);
        // A rounded position is no jump: half a frame decides.
        let off = ((t.beats - here) * 60.0 * self.rate / t.tempo).abs() > 0.5;
        let starts = t.playing && (!song.rolling || !song.host);
        if !t.playing || starts || off {
            let jumped = t.playing && (starts || off);
            let frame = t.frame.unwrap_or((t.beats * 60.0 / t.tempo * self.rate).round() as i64);
            *song = Song {
                host: true,
                rolling: t.playing,
                jumped,
                frame,
                anchor: t.beats,
                since: 0,
                bpm: t.tempo,
            };
        } else if song.bpm != t.tempo {
            *song = Song { anchor: here, since: 0, bpm: t.tempo, ..*song };
        }
    }

    pub fn here(&self) -> Song {
        self.song
    }

    pub fn advance(&mut self, frames: usize) {
        self.song = self.song.after(frames);
    }
}

//! Musical time: the host's position, extrapolated frame by frame and taken anew only where it really jumps. Audio thread.

use crate::kernel::{Metre, Song, Transport};

/// Without any tempo.
const DEFAULT_TEMPO: f64 = 120.0;
/// A position that is off by so many frames of the host is only rounded.
const SAME: f64 = 0.5;
/// One that is off by less than this, in frames of the host, was reached by playing on: steps are moved a little, not begun anew.
const JUMP: f64 = 32.0;

#[derive(Clone, Copy)]
pub struct SongClock {
    rate: f64,
    /// Frames of the engine for one of the host's, whose positions are no finer.
    coarse: f64,
    song: Song,
    /// Frames since the host said anything.
    silent: u64,
}

impl SongClock {
    pub fn new(rate: f64, factor: usize) -> Self {
        let song = Song { rolling: true, bpm: DEFAULT_TEMPO, ..Song::default() };
        Self { rate, coarse: factor as f64, song, silent: 0 }
    }

    /// Takes note of what the host says at the beginning of a block.
    pub fn follow(&mut self, transport: Option<&Transport>) {
        let silent = std::mem::take(&mut self.silent);
        let song = &mut self.song;
        let Some(t) = transport.filter(|t| t.tempo.is_finite() && t.tempo > 0.0 && t.beats.is_finite())
        else {
            if song.host {
                *song = Song { rolling: true, bpm: DEFAULT_TEMPO, ..Song::default() };
            }
            return;
        };
        let metre = metre(t);
        if !song.metre.agrees(&metre) {
            song.metre = metre;
        }
        let here = song.beats(0, self.rate);
        let off = ((t.beats - here) * 60.0 * self.rate / t.tempo).abs();
        // Where the tempo moved meanwhile, the host has come farther, or less far, than the tempo it told before.
        let moved = 2.0 * (t.tempo - song.bpm).abs() / t.tempo * silent as f64;
        let starts = t.playing && (!song.rolling || !song.host);
        let jumped = t.playing && (starts || off > JUMP * self.coarse + moved);
        if !t.playing || jumped {
            let frame = t.frame.unwrap_or((t.beats * 60.0 / t.tempo * self.rate).round() as i64);
            *song = Song {
                host: true,
                rolling: t.playing,
                jumped,
                frame,
                anchor: t.beats,
                since: 0,
                bpm: t.tempo,
                metre: song.metre,
            };
        } else if off > SAME * self.coarse {
            *song = Song { anchor: t.beats, since: 0, bpm: t.tempo, ..*song };
        } else if song.bpm != t.tempo {
            *song = Song { anchor: here, since: 0, bpm: t.tempo, ..*song };
        }
    }

    pub fn here(&self) -> Song {
        self.song
    }

    pub fn advance(&mut self, frames: usize) {
        self.song = self.song.after(frames);
        self.silent += frames as u64;
    }
}

/// The host's bars. Some hosts number none: then they count from the beginning of the song.
fn metre(t: &Transport) -> Metre {
    let (beats, value) = t.time_signature;
    let length = if beats > 0 && value > 0 { f64::from(beats) * 4.0 / f64::from(value) } else { 4.0 };
    let (start, number) = t.bar.filter(|(start, _)| start.is_finite()).unwrap_or((0.0, 0));
    let before = if number == 0 { (start / length).round() } else { number as f64 };
    Metre { length, start, before }
}

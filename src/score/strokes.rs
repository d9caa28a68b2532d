//! The strokes of a drum as a MIDI file, whose ticks are finer than frames: 24,000 to the beat. Any thread but the audio thread.

use midly::num::{u4, u7, u15, u24};
use midly::{Format, Header, MetaMessage, MidiMessage, Smf, Timing, TrackEventKind};

use super::midi::events;

const TICKS: u16 = 24_000;

/// What a drum's strokes become.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DrumNote {
    /// 0..=127.
    pub key: u8,
    /// 0..=15.
    pub channel: u8,
    /// Beats; a note that is still down ends where the next one begins.
    pub length: f64,
}

/// The bytes of a file with one tempo. `strokes`: beats and velocities (1..=127), in order.
///
/// # Errors
/// What MIDI files cannot hold, in one sentence.
pub fn write_strokes(strokes: &[(f64, f32)], note: DrumNote, bpm: f64) -> Result<Vec<u8>, String> {
    let micros = u24::new((60e6 / bpm).round().clamp(1.0, 16_777_215.0) as u32);
    let mut all = vec![(0, 0, TrackEventKind::Meta(MetaMessage::Tempo(micros)))];
    let key = u7::new(note.key & 127);
    for (n, (at, velocity)) in strokes.iter().enumerate() {
        let next = strokes.get(n + 1).map_or(f64::INFINITY, |(next, _)| *next);
        let message = |message| TrackEventKind::Midi { channel: u4::new(note.channel & 15), message };
        let vel = u7::new(velocity.round().clamp(1.0, 127.0) as u8);
        all.push((ticks(*at), 2, message(MidiMessage::NoteOn { key, vel })));
        let end = (at + note.length).min(next);
        all.push((ticks(end), 1, message(MidiMessage::NoteOff { key, vel: u7::new(0) })));
    }
    let header = Header::new(Format::SingleTrack, Timing::Metrical(u15::new(TICKS)));
    let mut bytes = vec![];
    let file = Smf { header, tracks: vec![events(all)?] };
    file.write_std(&mut bytes).map_err(|fault| format!("the MIDI file cannot be made ({fault})"))?;
    Ok(bytes)
}

fn ticks(beats: f64) -> u64 {
    (beats * f64::from(TICKS)).round().max(0.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::midi;

    #[test]
    fn strokes_in_a_file_are_where_they_were_to_the_frame_and_never_overlap() {
        let strokes = [(0.0, 127.0), (1.000_02, 0.2), (1.25, 64.4)];
        let note = DrumNote { key: 38, channel: 9, length: 0.5 };
        let file = midi::read(&write_strokes(&strokes, note, 90.0).unwrap()).unwrap();
        assert_eq!(file.tempo[0].bpm.round(), 90.0);
        let notes = &file.tracks[0].notes;
        assert_eq!(
            notes.iter().map(|n| (n.velocity * 127.0).round() as u8).collect::<Vec<_>>(),
            [127, 1, 64]
        );
        for (note, (at, _)) in notes.iter().zip(strokes) {
            assert!((note.start - at).abs() < 0.5 / f64::from(TICKS), "{} {at}", note.start);
            assert_eq!((note.key, note.channel), (38, 9));
        }
        let lengths: Vec<f64> = notes.iter().map(|n| (n.length * 100.0).round() / 100.0).collect();
        assert_eq!(lengths, [0.5, 0.25, 0.5]);
    }
}

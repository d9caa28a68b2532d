//! The notes of a standard MIDI file (`score/midi` reads it), at their frames, as the engine takes them.

use std::path::Path;

use super::Fault;
use crate::engine::{Event, What};
use crate::score::midi::{Message, Timed, play};

/// What a MIDI file plays.
pub struct Midi {
    /// In order; `Event::at` counts from the beginning of the file.
    pub events: Vec<Event>,
    /// Of its last event.
    pub seconds: f64,
}

/// Reads a file for so many frames per second. Its tempo changes are followed; all its tracks play together, on their channels.
///
/// # Errors
/// What is wrong with the file, in one sentence.
pub fn read(path: &Path, rate: f64) -> Result<Midi, Fault> {
    let failed = |what: &dyn std::fmt::Display| format!("{}: {what}", path.display());
    let bytes = std::fs::read(path).map_err(|e| failed(&format!("cannot be read ({e})")))?;
    let (played, seconds) = play(&bytes).map_err(|why| failed(&why))?;
    if (seconds * rate).round() > f64::from(u32::MAX) {
        return Err(failed(&"is longer than can be rendered"));
    }
    let event = |timed: Timed| Event { at: (timed.seconds * rate).round() as u32, what: what(timed) };
    Ok(Midi { events: played.into_iter().map(event).collect(), seconds })
}

/// The engine's word for a message.
fn what(Timed { channel, message, .. }: Timed) -> What {
    match message {
        Message::On { key, velocity } => What::NoteOn { channel, key, note: -1, velocity },
        Message::Off { key, velocity } => What::NoteOff { channel, key, note: -1, velocity },
        Message::Controller { number, value } => What::Controller { channel, number, value },
        Message::Pressure(value) => What::Pressure { channel, value },
        Message::Bend(value) => What::Bend { channel, value },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn midi_notes_follow_the_tempo_and_stay_in_order() {
        // 96 ticks a beat; 120 bpm, from the second beat on 60 bpm; two tracks.
        let head = b"MThd\0\0\0\x06\0\x01\0\x02\0\x60";
        let first = b"\0\x90\x3c\x7f\x60\xff\x51\x03\x0f\x42\x40\x60\x90\x3c\0\0\xff\x2f\0";
        let second = b"\x60\x91\x40\x40\x30\x81\x40\x20\0\xff\x2f\0";
        let mut bytes = head.to_vec();
        for track in [&first[..], &second[..]] {
            bytes.extend_from_slice(b"MTrk");
            bytes.extend_from_slice(&(track.len() as u32).to_be_bytes());
            bytes.extend_from_slice(track);
        }
        let path = std::env::temp_dir().join(format!("seiche-midi-{}.mid", std::process::id()));
        std::fs::write(&path, bytes).unwrap();
        let midi = read(&path, 48_000.0);
        let _ = std::fs::remove_file(&path);
        let midi = midi.unwrap();
        let told: Vec<_> = midi.events.iter().map(|event| (event.at, event.what)).collect();
        let (one, two) = (60, 64);
        assert_eq!(
            told,
            [
                (0, What::NoteOn { channel: 0, key: one, note: -1, velocity: 1.0 }),
                (24_000, What::NoteOn { channel: 1, key: two, note: -1, velocity: 64.0 / 127.0 }),
                (48_000, What::NoteOff { channel: 1, key: two, note: -1, velocity: 32.0 / 127.0 }),
                (72_000, What::NoteOff { channel: 0, key: one, note: -1, velocity: 0.5 }),
            ]
        );
        assert!((midi.seconds - 1.5).abs() < 1e-9);
        assert!(read(Path::new("Cargo.toml"), 48_000.0).is_err_and(|fault| fault.contains("no MIDI file")));
    }
}

//! The notes of a standard MIDI file, in one pass: in order of time, at their frames, as the engine takes them.

use std::path::Path;

use midly::{MetaMessage, MidiMessage, Smf, Timing, TrackEventKind};

use super::Fault;
use crate::engine::{Event, What};

/// Microseconds of a beat where a file says nothing: 120 beats per minute.
const BEAT: f64 = 500_000.0;

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
    let song = Smf::parse(&bytes).map_err(|e| failed(&format!("is no MIDI file ({e})")))?;
    // Ticks of all tracks on one line; what is at the same tick stays in the order of the tracks.
    let mut all: Vec<(u64, &TrackEventKind)> = vec![];
    for track in &song.tracks {
        let mut tick = 0u64;
        for event in track {
            tick += u64::from(event.delta.as_int());
            all.push((tick, &event.kind));
        }
    }
    all.sort_by_key(|(tick, _)| *tick);
    let (mut beat, mut ticks) = (BEAT, 0u64);
    // Seconds of a tick at so many microseconds a beat.
    let tick_seconds = |beat: f64| match song.header.timing {
        Timing::Metrical(ticks) => beat * 1e-6 / f64::from(ticks.as_int().max(1)),
        Timing::Timecode(fps, sub) => 1.0 / (f64::from(fps.as_f32()) * f64::from(sub.max(1))),
    };
    let mut midi = Midi { events: vec![], seconds: 0.0 };
    for (tick, kind) in all {
        midi.seconds += (tick - std::mem::replace(&mut ticks, tick)) as f64 * tick_seconds(beat);
        match kind {
            TrackEventKind::Meta(MetaMessage::Tempo(micros)) => beat = f64::from(micros.as_int().max(1)),
            TrackEventKind::Midi { channel, message } => {
                let at = (midi.seconds * rate).round();
                if at > f64::from(u32::MAX) {
                    return Err(failed(&"is longer than can be rendered"));
                }
                let what = what(channel.as_int(), *message);
                midi.events.extend(what.map(|what| Event { at: at as u32, what }));
            }
            _ => {}
        }
    }
    Ok(midi)
}

/// The engine's word for a message; program changes mean nothing to it.
fn what(channel: u8, message: MidiMessage) -> Option<What> {
    let share = |value: u8| f32::from(value) / 127.0;
    Some(match message {
        MidiMessage::NoteOn { key, vel } if vel.as_int() > 0 => {
            What::NoteOn { channel, key: key.as_int(), note: -1, velocity: share(vel.as_int()) }
        }
        MidiMessage::NoteOn { key, .. } => {
            What::NoteOff { channel, key: key.as_int(), note: -1, velocity: 0.5 }
        }
        MidiMessage::NoteOff { key, vel } => {
            What::NoteOff { channel, key: key.as_int(), note: -1, velocity: share(vel.as_int()) }
        }
        MidiMessage::Controller { controller, value } => {
            What::Controller { channel, number: controller.as_int(), value: share(value.as_int()) }
        }
        MidiMessage::ChannelAftertouch { vel } => What::Pressure { channel, value: share(vel.as_int()) },
        MidiMessage::PitchBend { bend } => What::Bend { channel, value: bend.as_f32() },
        MidiMessage::Aftertouch { .. } | MidiMessage::ProgramChange { .. } => return None,
    })
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

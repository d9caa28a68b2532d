//! MIDI files: read into patterns, tempos and metres, and written from what plays. Standard MIDI Files 1.0, formats 0 to 2 and both
//! kinds of time; what is written is format 1 with 960 ticks to the beat.

use midly::num::{u4, u7, u15, u24, u28};
use midly::{Format, Header, MetaMessage, MidiMessage, Smf, Timing, TrackEvent, TrackEventKind};

use super::arrays::{Arrays, drawn};
use super::metre::Metre;
use super::note::Note;
use super::tempo::TempoPoint;
use super::time::TICKS;
use super::timeline::Timeline;

/// What a file holds. Positions are in beats.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MidiFile {
    pub tracks: Vec<MidiTrack>,
    pub tempo: Vec<TempoPoint>,
    /// Metres by the beats at which they begin.
    pub metres: Vec<(f64, Metre)>,
    pub markers: Vec<(String, f64)>,
    /// Up to the last event.
    pub length: f64,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct MidiTrack {
    pub name: String,
    pub notes: Vec<Note>,
}

/// A note whose key is down.
struct Open {
    key: u8,
    channel: u8,
    start: f64,
    velocity: f32,
    pan: f32,
}

/// What happens on a channel; values 0..1, bends -1..1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Message {
    On { key: u8, velocity: f32 },
    Off { key: u8, velocity: f32 },
    Controller { number: u8, value: f32 },
    Pressure(f32),
    Bend(f32),
}

impl Message {
    /// Of a file's message; pressure of single keys and program changes mean nothing to anybody here.
    fn of(message: MidiMessage) -> Option<Message> {
        Some(match message {
            MidiMessage::NoteOn { key, vel } if vel.as_int() > 0 => {
                Message::On { key: key.as_int(), velocity: seven(vel) }
            }
            MidiMessage::NoteOn { key, .. } => Message::Off { key: key.as_int(), velocity: 0.5 },
            MidiMessage::NoteOff { key, vel } => Message::Off { key: key.as_int(), velocity: seven(vel) },
            MidiMessage::Controller { controller, value } => {
                Message::Controller { number: controller.as_int(), value: seven(value) }
            }
            MidiMessage::ChannelAftertouch { vel } => Message::Pressure(seven(vel)),
            MidiMessage::PitchBend { bend } => Message::Bend(bend.as_f32()),
            MidiMessage::Aftertouch { .. } | MidiMessage::ProgramChange { .. } => return None,
        })
    }
}

/// A message as it is played.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timed {
    /// From the beginning of the file.
    pub seconds: f64,
    pub channel: u8,
    pub message: Message,
}

/// A value of seven bits.
fn seven(x: u7) -> f32 {
    f32::from(x.as_int()) / 127.0
}

fn parse(bytes: &[u8]) -> Result<Smf<'_>, String> {
    Smf::parse(bytes).map_err(|fault| format!("is no MIDI file that can be read ({fault})"))
}

/// All messages of a file in order of time, at the tempos of the file (120 beats a minute where it says nothing); and the seconds of its
/// last event. All its tracks play together; what is at the same tick stays in their order.
///
/// # Errors
/// Why it is none: the end of a sentence whose subject is the file.
pub fn play(bytes: &[u8]) -> Result<(Vec<Timed>, f64), String> {
    let smf = parse(bytes)?;
    let mut all: Vec<(u64, TrackEventKind)> = vec![];
    for track in &smf.tracks {
        let mut tick = 0u64;
        for event in track {
            tick += u64::from(event.delta.as_int());
            all.push((tick, event.kind));
        }
    }
    all.sort_by_key(|(tick, _)| *tick);
    // Seconds of a tick at so many microseconds a beat.
    let tick_seconds = |beat: f64| match smf.header.timing {
        Timing::Metrical(ticks) => beat * 1e-6 / f64::from(ticks.as_int().max(1)),
        Timing::Timecode(fps, parts) => 1.0 / (f64::from(fps.as_f32()) * f64::from(parts.max(1))),
    };
    let (mut beat, mut ticks, mut seconds) = (500_000.0, 0u64, 0.0);
    let mut played = vec![];
    for (tick, kind) in all {
        seconds += (tick - std::mem::replace(&mut ticks, tick)) as f64 * tick_seconds(beat);
        match kind {
            TrackEventKind::Meta(MetaMessage::Tempo(micros)) if micros.as_int() > 0 => {
                beat = f64::from(micros.as_int());
            }
            TrackEventKind::Midi { channel, message } => {
                let timed = |message| Timed { seconds, channel: channel.as_int(), message };
                played.extend(Message::of(message).map(timed));
            }
            _ => {}
        }
    }
    Ok((played, seconds))
}

/// Reads a file for what it says of notes, tempos and metres.
///
/// # Errors
/// Why it is none: the end of a sentence whose subject is the file.
pub fn read(bytes: &[u8]) -> Result<MidiFile, String> {
    let smf = parse(bytes)?;
    let per_beat = match smf.header.timing {
        Timing::Metrical(ticks) => f64::from(ticks.as_int().max(1)),
        // Time by frames of film: beats of half a second.
        Timing::Timecode(fps, parts) => f64::from(fps.as_f32()) * f64::from(parts.max(1)) * 0.5,
    };
    let mut file = MidiFile::default();
    for events in &smf.tracks {
        track(events, per_beat, &mut file);
    }
    file.tempo.sort_by(|a, b| a.at.total_cmp(&b.at));
    file.metres.sort_by(|a, b| a.0.total_cmp(&b.0));
    file.markers.sort_by(|a, b| a.1.total_cmp(&b.1));
    Ok(file)
}

fn track(events: &[TrackEvent], per_beat: f64, file: &mut MidiFile) {
    let mut made = MidiTrack::default();
    let mut open: Vec<Open> = vec![];
    let mut pans = [0.0f32; 16];
    let mut ticks = 0u64;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    for TrackEvent { delta, kind } in events {
        ticks += u64::from(delta.as_int());
        let at = ticks as f64 / per_beat;
        match kind {
            TrackEventKind::Meta(MetaMessage::Tempo(micros)) if micros.as_int() > 0 => {
                let bpm = 60e6 / f64::from(micros.as_int());
                file.tempo.push(TempoPoint { at, bpm, ramp: false });
            }
            TrackEventKind::Meta(MetaMessage::TimeSignature(count, power, ..)) => {
                let value = 1u16.checked_shl(u32::from(*power)).unwrap_or(4).max(1);
                file.metres.push((at, Metre { count: u16::from((*count).max(1)), value }));
            }
            TrackEventKind::Meta(MetaMessage::TrackName(name)) if made.name.is_empty() => {
                made.name = text(name)
            }
            TrackEventKind::Meta(MetaMessage::Marker(name)) => file.markers.push((text(name), at)),
            TrackEventKind::Midi { channel, message } => {
                let channel = channel.as_int();
                match Message::of(*message) {
                    Some(Message::On { key, velocity }) => {
                        let pan = pans[usize::from(channel & 15)];
                        open.push(Open { key, channel, start: at, velocity, pan });
                    }
                    Some(Message::Off { key, velocity }) => {
                        close(&mut open, &mut made.notes, (channel, key), at, velocity);
                    }
                    Some(Message::Controller { number: 10, value }) => {
                        pans[usize::from(channel & 15)] = (((value * 127.0).round() - 64.0) / 63.0).max(-1.0);
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }
    let end = ticks as f64 / per_beat;
    file.length = file.length.max(end);
    for left in std::mem::take(&mut open) {
        made.notes.push(note(&left, end, 0.5));
    }
    made.notes.sort_by(|a, b| a.start.total_cmp(&b.start).then(a.key.cmp(&b.key)));
    file.tracks.push(made);
}

/// The key comes up of the note that it went down for first.
fn close(open: &mut Vec<Open>, notes: &mut Vec<Note>, (channel, key): (u8, u8), at: f64, release: f32) {
    if let Some(place) = open.iter().position(|note| (note.channel, note.key) == (channel, key)) {
        notes.push(note(&open.remove(place), at, release));
    }
}

fn note(open: &Open, end: f64, release: f32) -> Note {
    let Open { key, channel, start, velocity, pan } = *open;
    Note { start, length: end - start, key, channel, velocity, release, pan, ..Note::default() }
}

/// A track to be written.
pub struct Written<'a> {
    pub name: &'a str,
    pub notes: &'a Arrays,
}

/// Something at a tick; at one tick keys come up before others go down.
pub(super) type At<'a> = (u64, u8, TrackEventKind<'a>);

/// The bytes of a file: the song's tempo, metres and markers, and a track for each.
///
/// # Errors
/// What MIDI files cannot hold, in one sentence.
pub fn write(tracks: &[Written], line: &Timeline) -> Result<Vec<u8>, String> {
    let mut all = vec![events(conductor(line))?];
    for Written { name, notes } in tracks {
        let mut found: Vec<At> = vec![(0, 0, TrackEventKind::Meta(MetaMessage::TrackName(name.as_bytes())))];
        for n in 0..notes.len() {
            // What chance leaves open is drawn as at the beginning of a song.
            if notes.chance.get(n).is_some_and(|chance| drawn(notes.draw[n], 0.0) >= f64::from(*chance)) {
                continue;
            }
            let start = ticks(notes.start[n]);
            let end = ticks(notes.end[n]).max(start + 1);
            let (key, channel) = (u7::new(notes.key[n] & 127), u4::new(notes.channel[n] & 15));
            // A velocity of 0 would be a key that comes up.
            let velocity = u7::new((notes.velocity[n] * 127.0).round().clamp(1.0, 127.0) as u8);
            let release = u7::new((notes.release[n] * 127.0).round().clamp(0.0, 127.0) as u8);
            let message = |message| TrackEventKind::Midi { channel, message };
            found.push((start, 2, message(MidiMessage::NoteOn { key, vel: velocity })));
            found.push((end, 1, message(MidiMessage::NoteOff { key, vel: release })));
        }
        all.push(events(found)?);
    }
    let header = Header::new(Format::Parallel, Timing::Metrical(u15::new(TICKS as u16)));
    let mut bytes = vec![];
    let file = Smf { header, tracks: all };
    file.write_std(&mut bytes).map_err(|fault| format!("the MIDI file cannot be made ({fault})"))?;
    Ok(bytes)
}

fn ticks(beats: f64) -> u64 {
    (beats * TICKS).round().max(0.0) as u64
}

/// Events one after the other, with the ticks between them.
pub(super) fn events(mut all: Vec<At>) -> Result<Vec<TrackEvent>, String> {
    all.sort_by_key(|(tick, rank, _)| (*tick, *rank));
    let mut track = vec![];
    let mut now = 0;
    let end = std::iter::once((None, TrackEventKind::Meta(MetaMessage::EndOfTrack)));
    for (tick, kind) in all.into_iter().map(|(tick, _, kind)| (Some(tick), kind)).chain(end) {
        let tick = tick.unwrap_or(now);
        let delta = u32::try_from(tick - now).ok().and_then(u28::try_from);
        let delta = delta.ok_or("a MIDI file cannot hold a pause that long")?;
        track.push(TrackEvent { delta, kind });
        now = tick;
    }
    Ok(track)
}

/// Beats between the tempos that stand for a ramp.
const RAMP: f64 = 0.25;

/// Tempos, metres and markers. MIDI files know no ramps: a tempo for every sixteenth, so that each of them begins where it should.
fn conductor(line: &Timeline) -> Vec<At<'_>> {
    let mut all: Vec<At> = vec![];
    let mut tempo = |at: f64, bpm: f64| {
        let micros = u24::new((60e6 / bpm).round().clamp(1.0, 16_777_215.0) as u32);
        all.push((ticks(at), 1, TrackEventKind::Meta(MetaMessage::Tempo(micros))));
    };
    let points = line.tempo.points();
    for (n, point) in points.iter().enumerate() {
        let Some(next) = points.get(n + 1).filter(|next| next.ramp) else {
            tempo(point.at, point.bpm);
            continue;
        };
        let parts = ((next.at - point.at) / RAMP).ceil().max(1.0);
        for part in 0..parts as u64 {
            let place = |part: f64| point.at + (next.at - point.at) * (part / parts);
            let (from, to) = (place(part as f64), place(part as f64 + 1.0));
            tempo(from, 60.0 * (to - from) / (line.tempo.seconds(to) - line.tempo.seconds(from)));
        }
    }
    for bar in line.metre.changes() {
        let Metre { count, value } = bar.metre;
        let power = value.trailing_zeros() as u8;
        let message = MetaMessage::TimeSignature(count.min(255) as u8, power, 24, 8);
        all.push((ticks(bar.at), 0, TrackEventKind::Meta(message)));
    }
    for (name, at) in &line.markers {
        all.push((ticks(*at), 2, TrackEventKind::Meta(MetaMessage::Marker(name.as_bytes()))));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::{Chances, Clip, MetreMap, Pattern, TempoMap, prepare};
    use super::*;

    #[test]
    fn midi_files_are_read_as_they_were_written() {
        let notes: Vec<Note> = (0..200u32)
            .map(|n| Note {
                start: f64::from(n / 3) * 0.25,
                length: f64::from(1 + n % 7) * 0.125,
                key: (40 + n % 37) as u8,
                channel: (n % 5) as u8,
                velocity: (1.0 + (n % 127) as f32) / 127.0,
                release: (n % 128) as f32 / 127.0,
                ..Note::default()
            })
            .collect();
        let pattern = Pattern { notes: notes.clone(), length: 64.0, ..Pattern::default() };
        let clip = Clip {
            pattern: &pattern,
            start: 0.0,
            length: 64.0,
            offset: 0.0,
            looped: false,
            muted: false,
            transpose: 0,
            velocity: 1.0,
            seed: 0,
        };
        let arrays = prepare(&[clip], Chances::Drawn, None);
        let point = |at, bpm, ramp| TempoPoint { at, bpm, ramp };
        let metre = Metre { count: 7, value: 8 };
        let line = Timeline {
            tempo: TempoMap::new(&[point(0.0, 100.0, false), point(4.0, 125.0, false)]),
            metre: MetreMap::new(&[(0.0, Metre::default()), (1.0, metre)]),
            markers: vec![("verse".into(), 4.0)],
            ..Timeline::default()
        };
        let bytes = write(&[Written { name: "lead", notes: &arrays }], &line).unwrap();
        let file = read(&bytes).unwrap();
        assert_eq!(file.tempo, [point(0.0, 100.0, false), point(4.0, 125.0, false)]);
        assert_eq!((file.metres[1], &file.markers[0]), ((4.0, metre), &("verse".to_owned(), 4.0)));
        assert_eq!(file.tracks[1].name, "lead");
        let mut wanted: Vec<Note> = notes;
        let order = |a: &Note, b: &Note| a.start.total_cmp(&b.start).then(a.key.cmp(&b.key));
        wanted.sort_by(order);
        assert_eq!(file.tracks[1].notes, wanted);
    }

    #[test]
    fn midi_ramps_are_written_so_that_every_sixteenth_is_in_time() {
        let point = |at, bpm, ramp| TempoPoint { at, bpm, ramp };
        let tempo = TempoMap::new(&[point(0.0, 60.0, false), point(8.0, 180.0, true)]);
        let line = Timeline { tempo, ..Timeline::default() };
        let read = TempoMap::new(&read(&write(&[], &line).unwrap()).unwrap().tempo);
        for n in 0..=48 {
            let at = f64::from(n) / 4.0;
            // A tempo is a whole number of microseconds.
            assert!((read.seconds(at) - line.tempo.seconds(at)).abs() < 1e-5, "{at}");
        }
    }

    #[test]
    fn midi_files_that_are_none_are_refused() {
        for bytes in [&b""[..], b"RIFF", b"MThd\0\0\0\x06\0\x01\0\x01", &[0xff; 100]] {
            assert!(read(bytes).is_err() || read(bytes).is_ok_and(|f| f.tracks.is_empty()), "{bytes:?}");
        }
    }
}

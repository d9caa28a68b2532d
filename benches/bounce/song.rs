//! The reference song: eight tracks, each an instrument with a filter and eight voices, and a sample, through an equaliser, all sent to an
//! echo and to a reverb.

use seiche::engine::{Event, What};

use super::{RATE, SECONDS};

/// What a track is like, beside its number.
#[derive(Clone, Copy, Default)]
pub struct Track {
    /// Reverbs of its own.
    pub reverbs: usize,
    /// It plays nothing but a held tone.
    pub short: bool,
}

#[derive(Clone)]
pub struct Song {
    /// With their numbers.
    pub tracks: Vec<(usize, Track)>,
    /// Each track has effects of its own instead of sending to shared ones.
    pub own_effects: bool,
    /// A speed of the third track's movement: a small edit.
    pub speed: f64,
}

/// A note as musicians write it.
#[derive(Clone, Debug)]
pub struct Note {
    channel: u8,
    key: u8,
    velocity: u8,
    /// `BAR:BEAT:SIXTEENTH`, and a length as `8n`.
    at: String,
    length: &'static str,
}

/// Beats a minute.
const TEMPO: f64 = 120.0;

/// The events of a note.
pub fn convert(note: &Note) -> [Event; 2] {
    let mut parts = note.at.split(':').map(|part| part.parse::<f64>().expect("a number"));
    let mut next = || parts.next().expect("bar, beat and sixteenth");
    let beats = 4.0 * next() + next() + 0.25 * next();
    let whole: f64 = note.length.trim_end_matches('n').parse().expect("a length");
    let frame = |beats: f64| (beats * 60.0 / TEMPO * RATE).round() as u32;
    let Note { channel, key, velocity, .. } = *note;
    let velocity = f32::from(velocity) / 127.0;
    [
        Event { at: frame(beats), what: What::NoteOn { channel, key, note: -1, velocity } },
        Event { at: frame(beats + 4.0 / whole), what: What::NoteOff { channel, key, note: -1, velocity } },
    ]
}

/// All of them at once, in order.
pub fn prepare(notes: &[Note]) -> Vec<Event> {
    let mut events: Vec<Event> = notes.iter().flat_map(convert).collect();
    events.sort_by_key(|event| event.at);
    events
}

impl Song {
    pub fn new(tracks: &[Track]) -> Song {
        Song { tracks: tracks.iter().copied().enumerate().collect(), own_effects: false, speed: 3.0 }
    }

    /// The same with only one of its tracks.
    pub fn alone(&self, track: usize) -> Song {
        Song { tracks: vec![self.tracks[track]], ..self.clone() }
    }

    /// What a track plays: a chord of four in every half bar, a melody in sixteenths.
    pub fn notes(&self, track: usize) -> Vec<Note> {
        let (number, Track { short, .. }) = self.tracks[track];
        let note = |key: usize, velocity, sixteenth: usize, length| Note {
            channel: number as u8,
            key: key as u8,
            velocity,
            at: format!("{}:{}:{}", sixteenth / 16, sixteenth / 4 % 4, sixteenth % 4),
            length,
        };
        let count = if short { 0 } else { SECONDS * 8 };
        let chord = |n: usize| [0, 4, 7, 11].map(|k| note(48 + 2 * number + k + n % 5, 90, n, "2n"));
        let chords = (0..count).step_by(8).flat_map(chord);
        chords.chain((0..count).map(|n| note(60 + number + n * 7 % 12, 100, n, "8n"))).collect()
    }

    /// Those of all tracks.
    pub fn all_notes(&self) -> Vec<Note> {
        (0..self.tracks.len()).flat_map(|track| self.notes(track)).collect()
    }

    fn track(&self, number: usize, track: Track) -> String {
        let inserts = vec!["{reverb: {size: 0.5, decay: 1}}"; track.reverbs].join(", ");
        let inserts = match inserts.is_empty() {
            true => "{filter: {cutoff: 8000}}".to_owned(),
            false => format!("{{filter: {{cutoff: 8000}}}}, {inserts}"),
        };
        let signal = match track.short {
            true => format!("{{osc: {{type: saw, freq: {}, amp: 0.05}}}}", 50 + 13 * number),
            false => format!(
                "{{mix: {{keys: {{midi_in: {{channel: {number}, voices: 8, signal: {{envelope: {{gate: gate, attack: 0.01, release: 0.2, signal: \
                 {{filter: {{cutoff: 900 + 600 * sin(t * {}), signal: {{osc: {{type: saw, freq: freq, amp: 0.05 * velocity}}}}}}}}}}}}}}}}, \
                 hits: {{sequencer: {{interval: 0.5, repeat: .inf, steps: [{{sample: {{file: hit.wav}}}}]}}}}}}}}",
                if number == 2 { self.speed } else { number as f64 }
            ),
        };
        let sends = match self.own_effects {
            true => format!("{{room{number}: -9 dB, echo{number}: -12 dB}}"),
            false => "{room: -9 dB, echo: -12 dB}".to_owned(),
        };
        format!("      t{number}: {{signal: {signal}, inserts: [{inserts}], sends: {sends}}}\n")
    }

    pub fn text(&self) -> String {
        let tracks: String = self.tracks.iter().map(|(n, track)| self.track(*n, *track)).collect();
        let bus = |end: &str| {
            format!(
                "      room{end}: {{signal: {{reverb: {{size: 0.8, decay: 2}}}}}}\n      \
                 echo{end}: {{signal: [{{delay: {{time: 0.375}}}}, {{filter: {{cutoff: 3000}}}}]}}\n"
            )
        };
        let buses: String = match self.own_effects {
            true => self.tracks.iter().map(|(n, _)| bus(&n.to_string())).collect(),
            false => bus(""),
        };
        format!("seiche: 1\nx:\n  mixer:\n    tracks:\n{tracks}    buses:\n{buses}")
    }
}

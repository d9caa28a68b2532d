//! One word of the notation: a note, chord, degree or stroke, and what stands right behind it.

use super::super::euclid::euclid;
use super::super::pitch::{CHORDS, Pitch, chord, note_key};
use super::{Line, Reader, Word};

/// Most strokes of a ratchet, and steps of a rhythm.
pub const RATCHET: f64 = 64.0;
const RHYTHM: f64 = 256.0;
/// Accented and soft strokes: `X` and `o`.
const ACCENT: f64 = 1.0;
const SOFT: f64 = 0.4;

/// What stands behind a note or group.
pub struct Suffixes {
    pub steps: f64,
    pub times: usize,
    pub rhythm: Option<Vec<bool>>,
    pub velocity: Option<f64>,
    pub chance: f64,
    pub ratchet: u16,
    pub shift: f64,
}

impl Reader<'_> {
    /// A note, a chord, a degree or a stroke.
    pub(super) fn single(&mut self) -> Option<Line> {
        let begin = self.at;
        let word = |pitches, velocity, place| Line {
            words: vec![Word {
                start: 0.0,
                length: 1.0,
                pitches,
                velocity,
                chance: 1.0,
                ratchet: 1,
                shift: 0.0,
                slide: false,
                place,
            }],
            steps: 1.0,
        };
        if self.hits {
            let velocity = match self.peek() {
                Some('x') => None,
                Some('X') => Some(ACCENT),
                Some('o' | 'O') => Some(SOFT),
                _ => return self.unknown(begin),
            };
            self.at += 1;
            return Some(word(vec![], velocity, begin..self.at));
        }
        let Some(pitch) = self.pitch() else { return self.unknown(begin) };
        let mut pitches = vec![pitch];
        if self.skip(':') {
            let from = self.at;
            let name = self.text[from..].split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or("");
            // What belongs to the note may follow at once: `C4:m7v0.5` is not a chord `m7v0`.
            let named = (0..=name.len()).rev().find_map(|end| Some((end, chord(name.get(..end)?)?)));
            let Some((end, steps)) = named else {
                let all: Vec<&str> = CHORDS.iter().map(|(name, _)| *name).collect();
                let message = format!("there is no chord `{name}`: there are {}", all.join(", "));
                self.at = from + name.len();
                self.fault(
                    begin..self.at,
                    message,
                    "write `C4:m7`, or the notes themselves: `[C4 Eb4 G4 Bb4]`",
                );
                return None;
            };
            self.at = from + end;
            pitches = steps.iter().map(|step| above(pitch, *step)).collect();
        }
        Some(word(pitches, None, begin..self.at))
    }

    fn pitch(&mut self) -> Option<Pitch> {
        let rest = &self.text[self.at..];
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        if rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let accidental = usize::from(matches!(rest.as_bytes().get(1), Some(b'#' | b'b')));
            let octave = digits(&rest[1 + accidental..]);
            let end = 1 + accidental + octave;
            let key = note_key(&rest[..end])?;
            self.at += end;
            return Some(Pitch::Key(key));
        }
        let sign = usize::from(rest.starts_with('+'));
        let count = digits(&rest[sign..]);
        let degree: i32 = rest[sign..sign + count].parse().ok().filter(|_| count <= 3)?;
        self.at += sign + count;
        let semitones = match self.peek() {
            Some('#') => 1,
            Some('b') => -1,
            _ => 0,
        };
        self.at += usize::from(semitones != 0);
        Some(Pitch::Number { degree, semitones })
    }

    fn unknown(&mut self, begin: usize) -> Option<Line> {
        let word = self.text[begin..].split(char::is_whitespace).next().unwrap_or("");
        let word: String = word.chars().take(40).collect();
        self.at = begin + word.len();
        let (what, hint) = match self.hits {
            true => {
                ("stroke", "write `x` for a stroke, `X` for a loud one, `o` for a soft one, `.` for a rest")
            }
            false => (
                "note",
                "write a note with its octave (`C4`, `Eb3`), a number, `.` for a rest or `-` to hold",
            ),
        };
        self.fault(begin..self.at, format!("`{word}` is no {what}"), hint);
        None
    }

    /// Everything right behind a note or group.
    pub(super) fn suffixes(&mut self) -> Suffixes {
        let mut all = Suffixes {
            steps: 1.0,
            times: 1,
            rhythm: None,
            velocity: None,
            chance: 1.0,
            ratchet: 1,
            shift: 0.0,
        };
        while let Some(c) = self.peek() {
            let from = self.at;
            match c {
                'v' | '@' | '!' | '*' | '<' | '>' | '?' => self.at += 1,
                '(' => {
                    all.rhythm = self.rhythm();
                    continue;
                }
                _ if self.hits || c.is_whitespace() || matches!(c, ',' | '|' | ']' | '}') => break,
                _ => {
                    let word = self.text[from..].split(char::is_whitespace).next().unwrap_or("");
                    let end = from + word.len();
                    let message = format!("`{}` is not known behind a note", &self.text[from..end]);
                    self.at = end;
                    self.fault(from..end, message, "there are v0.5 (velocity), @2 (steps), !4 (times), *3 (ratchet), ?0.5 (chance), <0.1 and >0.1 (earlier, later)");
                    break;
                }
            }
            let number = self.number();
            let mut take = |low: f64, high: f64, what: &str, hint: &'static str| {
                let value = number.filter(|x| (low..=high).contains(x));
                if value.is_none() {
                    let place = from..self.at.max(from + 1);
                    self.fault(place, format!("{what} from {low} to {high} belongs here"), hint);
                }
                value
            };
            match c {
                'v' => {
                    // Above 1 it is that of MIDI, up to 127.
                    let value = take(0.0, 127.0, "a velocity", "write `C4v0.5` or `C4v64`");
                    all.velocity = value.map(|x| if x > 1.0 { x / 127.0 } else { x });
                }
                '@' => {
                    all.steps =
                        take(1e-3, 1e5, "a number of steps", "write `C4@2`: two steps long").unwrap_or(1.0)
                }
                '!' => {
                    let times = take(1.0, 1e5, "a whole number", "write `C4!4`: four times");
                    all.times = times.unwrap_or(1.0) as usize;
                }
                '*' => {
                    let strokes =
                        take(1.0, RATCHET, "a whole number", "write `C4*3`: three strokes in the step");
                    all.ratchet = strokes.unwrap_or(1.0) as u16;
                }
                '<' | '>' => {
                    let late = take(0.0, 1.0, "a part of a step", "write `C4>0.1`: a tenth of a step later")
                        .unwrap_or(0.0);
                    all.shift = if c == '<' { -late } else { late };
                }
                // Half of the times, if nothing is said.
                _ if number.is_none() => all.chance = 0.5,
                _ => {
                    all.chance =
                        take(0.0, 1.0, "a chance", "write `C4?0.3`: three times in ten").unwrap_or(1.0)
                }
            }
        }
        all
    }

    /// `(3,8)` or `(3,8,2)`: strokes, steps, and where it begins.
    fn rhythm(&mut self) -> Option<Vec<bool>> {
        let begin = self.at;
        let end = self.text[begin..].find(')').map(|end| begin + end);
        let inside = &self.text[begin + 1..end.unwrap_or(self.text.len())];
        let parts: Vec<Option<f64>> = inside.split(',').map(|part| part.trim().parse().ok()).collect();
        self.at = end.map_or(self.text.len(), |end| end + 1);
        let whole = |x: f64| x.fract() == 0.0 && x.abs() <= RHYTHM;
        match parts[..] {
            _ if end.is_none() => {
                let place = begin..self.at;
                self.fault(place, "this bracket is never closed: `)` is missing", "write `C2(3,8)`");
                None
            }
            [Some(strokes), Some(steps)]
                if whole(strokes) && whole(steps) && strokes >= 0.0 && steps >= 1.0 =>
            {
                Some(euclid(strokes as usize, steps as usize, 0))
            }
            [Some(strokes), Some(steps), Some(turn)]
                if whole(strokes) && whole(steps) && whole(turn) && strokes >= 0.0 && steps >= 1.0 =>
            {
                Some(euclid(strokes as usize, steps as usize, turn as i64))
            }
            _ => {
                let place = begin..self.at;
                self.fault(
                    place,
                    "a rhythm is two or three whole numbers",
                    "write `C2(3,8)`: three strokes spread over eight steps",
                );
                None
            }
        }
    }

    fn number(&mut self) -> Option<f64> {
        let rest = &self.text[self.at..];
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let whole = digits(rest);
        // A point without digits behind it is a rest: `x?.`, `x*2.`.
        let part = rest[whole..].strip_prefix('.').map_or(0, digits);
        let end = if part > 0 { whole + 1 + part } else { whole };
        let number = rest[..end].parse().ok();
        if number.is_some() {
            self.at += end;
        }
        number
    }
}

fn above(pitch: Pitch, steps: i32) -> Pitch {
    match pitch {
        Pitch::Key(key) => Pitch::Key(key + steps),
        Pitch::Number { degree, semitones } => Pitch::Number { degree, semitones: semitones + steps },
    }
}

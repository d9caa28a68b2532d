//! The compact notation of patterns: one word a step. `C4 . E4 - [C4 E4 G4] ~ {G4 A4} C5:m7 C2(3,8)`, with what belongs to a note right
//! behind it: `C4v0.5`, `C4*3`, `C4?0.5`, `C4@2`, `C4!4`, `C4>0.1`, `/C4`. Faults say where they are.

use std::ops::Range;

use super::euclid::euclid;
use super::pitch::{CHORDS, Pitch, chord, note_key};

/// One note or chord of a line. Times are in steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Word {
    pub start: f64,
    pub length: f64,
    /// None in lines of strokes: every stroke is the same.
    pub pitches: Vec<Pitch>,
    /// 0..1; `None`: the pattern's.
    pub velocity: Option<f64>,
    pub chance: f64,
    pub ratchet: u16,
    /// Steps by which it is later.
    pub shift: f64,
    /// The pitch glides here from the note before.
    pub slide: bool,
    /// Its bytes in the text.
    pub place: Range<usize>,
}

/// A text of steps.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    pub words: Vec<Word>,
    /// How many steps it has.
    pub steps: f64,
}

/// What is wrong with a text, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    pub message: String,
    pub hint: &'static str,
    pub place: Range<usize>,
}

/// Most notes of a line, and brackets within each other.
const MOST: usize = 1 << 17;
const NESTED: usize = 16;
/// So many notes that came last may be held.
const HELD: usize = 128;
/// Most strokes of a ratchet, and steps of a rhythm.
const RATCHET: f64 = 64.0;
const RHYTHM: f64 = 256.0;
/// Accented and soft strokes: `X` and `o`.
const ACCENT: f64 = 1.0;
const SOFT: f64 = 0.4;

/// Reads notes.
///
/// # Errors
/// Everything that is wrong, in the order of the text.
pub fn read_notes(text: &str) -> Result<Line, Vec<Fault>> {
    read(text, false)
}

/// Reads strokes: `x`, accented `X`, soft `o`; steps without blanks between them count each for itself, `x...x.o.`.
///
/// # Errors
/// As [`read_notes`].
pub fn read_hits(text: &str) -> Result<Line, Vec<Fault>> {
    read(text, true)
}

fn read(text: &str, hits: bool) -> Result<Line, Vec<Fault>> {
    let mut reader = Reader { text, at: 0, hits, nested: 0, made: 0, faults: vec![] };
    let line = reader.sequence(None);
    if reader.faults.is_empty() { Ok(line) } else { Err(reader.faults) }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    hits: bool,
    nested: usize,
    made: usize,
    faults: Vec<Fault>,
}

/// What stands behind a note or group.
struct Suffixes {
    steps: f64,
    times: usize,
    rhythm: Option<Vec<bool>>,
    velocity: Option<f64>,
    chance: f64,
    ratchet: u16,
    shift: f64,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn skip(&mut self, c: char) -> bool {
        let here = self.peek() == Some(c);
        if here {
            self.at += c.len_utf8();
        }
        here
    }

    fn fault(&mut self, place: Range<usize>, message: impl Into<String>, hint: &'static str) {
        if self.faults.len() < 20 {
            self.faults.push(Fault { message: message.into(), hint, place });
        }
    }

    /// Steps up to a closing bracket, or to the end of the text.
    fn sequence(&mut self, closing: Option<char>) -> Line {
        let begin = self.at;
        let mut line = Line::default();
        loop {
            let blanks = self.text[self.at..]
                .trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ',' | '|'));
            self.at = self.text.len() - blanks.len();
            match self.peek() {
                None => {
                    if let Some(closing) = closing {
                        let place = begin.saturating_sub(1)..begin;
                        self.fault(
                            place,
                            format!("this bracket is never closed: `{closing}` is missing"),
                            "",
                        );
                    }
                    return line;
                }
                Some(c) if Some(c) == closing => {
                    self.at += 1;
                    return line;
                }
                Some(']' | '}' | ')') => {
                    let place = self.at..self.at + 1;
                    self.fault(place, "nothing is open that this bracket could close", "remove it");
                    self.at += 1;
                }
                Some(_) => self.step(&mut line),
            }
            if self.made > MOST {
                let place = begin..self.at;
                self.made = 0;
                self.fault(
                    place,
                    format!("a text has at most {MOST} notes"),
                    "write a shorter pattern and repeat it",
                );
                self.at = self.text.len();
            }
        }
    }

    /// One step, or what takes the place of several.
    fn step(&mut self, line: &mut Line) {
        let begin = self.at;
        match self.peek() {
            Some('.' | '~') => {
                self.at += 1;
                let rest = self.suffixes();
                line.steps += rest.steps * rest.times as f64;
                return;
            }
            Some('-' | '_') => {
                self.at += 1;
                return self.hold(line, begin);
            }
            _ => {}
        }
        let slide = self.skip('/');
        let group = match self.peek() {
            Some('{') => self.tuplet(),
            Some('[') => self.together(),
            _ => self.single(),
        };
        let Some(group) = group else { return };
        let suffixes = self.suffixes();
        let place = begin..self.at;
        for _ in 0..suffixes.times {
            let strokes = suffixes.rhythm.as_deref().unwrap_or(&[true]);
            for stroke in strokes {
                if *stroke {
                    self.put(line, &group, &suffixes, slide, &place);
                }
                line.steps += suffixes.steps;
            }
            if self.made > MOST {
                return;
            }
        }
    }

    /// The notes of a group, as long as its suffixes say.
    fn put(&mut self, line: &mut Line, group: &Line, suffixes: &Suffixes, slide: bool, place: &Range<usize>) {
        let scale = suffixes.steps / group.steps.max(1e-9);
        for (number, word) in group.words.iter().enumerate() {
            self.made += word.pitches.len().max(1);
            let first = number == 0;
            line.words.push(Word {
                start: line.steps + word.start * scale,
                length: word.length * scale,
                pitches: word.pitches.clone(),
                velocity: match (word.velocity, suffixes.velocity) {
                    (Some(own), Some(of_all)) if self.hits => Some(own * of_all),
                    (own, of_all) => own.or(of_all),
                },
                chance: word.chance * suffixes.chance,
                ratchet: (word.ratchet * suffixes.ratchet).min(RATCHET as u16),
                shift: word.shift * scale + suffixes.shift,
                slide: word.slide || (slide && first),
                place: if group.words.len() == 1 { place.clone() } else { word.place.clone() },
            });
        }
    }

    /// The notes that end here go on for another step.
    fn hold(&mut self, line: &mut Line, begin: usize) {
        let held = self.suffixes();
        let more = held.steps * held.times as f64;
        let end = line.steps;
        let mut any = false;
        for word in line.words.iter_mut().rev().take(HELD) {
            if (word.start + word.length - end).abs() < 1e-9 {
                word.length += more;
                any = true;
            }
        }
        if !any {
            let place = begin..self.at;
            self.fault(
                place,
                "there is no note here that could be held",
                "`-` stands behind a note; a rest is `.` or `~`",
            );
        }
        line.steps += more;
    }

    /// `{C4 D4 E4}`: several steps in the time of one.
    fn tuplet(&mut self) -> Option<Line> {
        let begin = self.at;
        self.at += 1;
        if !self.nest(begin) {
            return None;
        }
        let inner = self.sequence(Some('}'));
        self.nested -= 1;
        if inner.steps <= 0.0 {
            let place = begin..self.at;
            self.fault(place, "there is nothing in these brackets", "write `{C4 D4}`: two notes in one step");
            return None;
        }
        Some(inner)
    }

    /// `[C4 E4 G4]`: notes at once.
    fn together(&mut self) -> Option<Line> {
        let begin = self.at;
        self.at += 1;
        if !self.nest(begin) {
            return None;
        }
        let mut inner = self.sequence(Some(']'));
        self.nested -= 1;
        if inner.words.is_empty() {
            let place = begin..self.at;
            self.fault(
                place,
                "there is no note in these brackets",
                "write `[C4 E4 G4]`: three notes at once",
            );
            return None;
        }
        for word in &mut inner.words {
            (word.start, word.length) = (0.0, 1.0);
        }
        inner.steps = 1.0;
        Some(inner)
    }

    fn nest(&mut self, begin: usize) -> bool {
        if self.nested >= NESTED {
            self.fault(begin..begin + 1, format!("more than {NESTED} brackets inside of each other"), "");
            self.at = self.text.len();
            return false;
        }
        self.nested += 1;
        true
    }

    /// A note, a chord, a degree or a stroke.
    fn single(&mut self) -> Option<Line> {
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
    fn suffixes(&mut self) -> Suffixes {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Start, length and keys.
    fn notes(text: &str) -> Vec<(f64, f64, Vec<i32>)> {
        let line = read_notes(text).unwrap_or_else(|faults| panic!("{text}: {faults:?}"));
        let keys = |word: &Word| word.pitches.iter().map(|p| p.key(None)).collect();
        line.words.iter().map(|word| (word.start, word.length, keys(word))).collect()
    }

    #[test]
    fn notation_reads_notes_rests_holds_and_chords() {
        assert_eq!(
            notes("C4 . E4 - | [C4 E4 G4] ~"),
            [
                (0.0, 1.0, vec![60]),
                (2.0, 2.0, vec![64]),
                (4.0, 1.0, vec![60]),
                (4.0, 1.0, vec![64]),
                (4.0, 1.0, vec![67])
            ]
        );
        assert_eq!(read_notes("C4 . E4 - [C4 E4 G4] ~").unwrap().steps, 6.0);
        assert_eq!(notes("C4:m7 -"), [(0.0, 2.0, vec![60, 63, 67, 70])]);
        assert_eq!(notes("{C4 D4}@3 72"), [(0.0, 1.5, vec![60]), (1.5, 1.5, vec![62]), (3.0, 1.0, vec![72])]);
        assert_eq!(notes("c2(3,8)").iter().map(|n| n.0).collect::<Vec<_>>(), [0.0, 3.0, 6.0]);
        assert_eq!(notes("C4!3 Bb2").len(), 4);
        assert_eq!(notes("[C4 E4] - - .!2 C4")[2], (5.0, 1.0, vec![60]));
        assert_eq!(notes("{C4 [E4 G4]} -")[1], (0.5, 1.5, vec![64]));
    }

    #[test]
    fn notation_reads_what_belongs_to_a_note() {
        let one = |text: &str| read_notes(text).unwrap().words[0].clone();
        let word = one("/C4:maj7v0.5*3?0.25@2>0.1");
        assert_eq!((word.velocity, word.ratchet, word.chance, word.length), (Some(0.5), 3, 0.25, 2.0));
        assert_eq!((word.shift, word.slide, word.pitches.len()), (0.1, true, 4));
        assert_eq!((one("C4?").chance, one("C4v127").velocity, one("C4<0.2").shift), (0.5, Some(1.0), -0.2));
        assert_eq!(one("3#").pitches, [Pitch::Number { degree: 3, semitones: 1 }]);
        assert_eq!(one("[C4v1 E4]v0.5").velocity, Some(1.0));
    }

    #[test]
    fn notation_reads_strokes_without_blanks() {
        let line = read_hits("x..X o*2?.| x(2,4)").unwrap();
        let all: Vec<_> = line.words.iter().map(|w| (w.start, w.velocity)).collect();
        assert_eq!(all, [(0.0, None), (3.0, Some(1.0)), (4.0, Some(0.4)), (6.0, None), (8.0, None)]);
        assert_eq!((line.steps, line.words[2].chance, line.words[2].ratchet), (10.0, 0.5, 2));
    }

    #[test]
    fn notation_faults_say_where_they_are() {
        for (text, wrong, says) in [
            ("C4 H4", "H4", "no note"),
            ("C4 E", "E", "no note"),
            ("C4 [E4 G4", "[", "never closed"),
            ("C4 ]", "]", "could close"),
            ("- C4", "-", "held"),
            ("C4 . -", "-", "held"),
            ("C4:x", "C4:x", "no chord"),
            ("C4v200", "v200", "velocity"),
            ("C4*99", "*99", "whole number"),
            ("C4(3)", "(3)", "rhythm"),
            ("C4(3,8", "(3,8", "never closed"),
            ("{}", "{}", "nothing in"),
            ("[.]", "[.]", "no note in"),
            ("C4^2", "^2", "not known"),
            ("C4 é", "é", "no note"),
        ] {
            let faults = read_notes(text).unwrap_err();
            assert!(faults[0].message.contains(says), "{text}: {}", faults[0].message);
            assert_eq!(&text[faults[0].place.clone()], wrong, "{text}");
        }
        assert!(read_notes(&"{".repeat(1000)).is_err());
        assert!(read_notes("{{C4!99999}!99999}!99999").is_err());
        assert_eq!(read_notes("").unwrap(), Line::default());
    }
}

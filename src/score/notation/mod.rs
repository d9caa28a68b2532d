//! The compact notation of patterns: one word a step. `C4 . E4 - [C4 E4 G4] ~ {G4 A4} C5:m7 C2(3,8)`, with what belongs to a note right
//! behind it: `C4v0.5`, `C4*3`, `C4?0.5`, `C4@2`, `C4!4`, `C4>0.1`, `/C4`. Faults say where they are.

#[cfg(test)]
mod tests;
mod word;

use std::ops::Range;

use super::pitch::Pitch;
use word::{RATCHET, Suffixes};

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
}

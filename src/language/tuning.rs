//! Tunings from Scala files: scales (`.scl`) and keyboard mappings (`.kbm`). Formats as described at the Scala home page,
//! <https://www.huygens-fokker.org/scala/scl_format.html>. Errors point into those files. Any thread but the audio thread.

use super::diagnostic::Diagnostic;
use super::model::Span;
use crate::units::key_to_hertz;

/// Most notes of a scale and keys of a mapping.
const MOST_NOTES: usize = 4096;
/// Key that plays the first note of a scale where no mapping says otherwise: the C in the middle, at its usual pitch.
const MIDDLE: i32 = 60;

/// Which frequency a key has.
#[derive(Clone, Debug, PartialEq)]
pub struct Tuning {
    scale: Scale,
    keyboard: Keyboard,
    /// Hertz of the scale's first note, at the middle key.
    root: f64,
}

/// Cents of the notes above the first one; the last is the interval at which everything repeats.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scale(Vec<f64>);

/// Which key plays which note of a scale.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Keyboard {
    /// Keys outside play nothing.
    range: (i32, i32),
    middle: i32,
    /// A key and its frequency in hertz.
    reference: (i32, f64),
    /// Notes of the scale by which the mapping rises each time it repeats; 0: a whole scale.
    octave: i32,
    /// For each key from the middle one on, the note that it plays; empty: one after the other.
    map: Vec<Option<i32>>,
}

impl Default for Scale {
    /// Twelve equal steps.
    fn default() -> Self {
        Scale((1..=12).map(|step| 100.0 * f64::from(step)).collect())
    }
}

impl Default for Keyboard {
    fn default() -> Self {
        let reference = (MIDDLE, key_to_hertz(f64::from(MIDDLE)));
        Keyboard { range: (0, 127), middle: MIDDLE, reference, octave: 0, map: vec![] }
    }
}

impl Tuning {
    /// `None` if the reference key plays no note.
    pub(super) fn new(scale: Scale, keyboard: Keyboard) -> Option<Tuning> {
        let mut tuning = Tuning { scale, keyboard, root: 1.0 };
        let (key, hertz) = tuning.keyboard.reference;
        tuning.root = hertz / tuning.factor(key)?;
        Some(tuning)
    }

    /// Frequency of a MIDI key in hertz; `None` for keys that play nothing.
    pub fn hertz(&self, key: i32) -> Option<f64> {
        let (low, high) = self.keyboard.range;
        // Notes above the last MIDI key have names, but no mapping speaks of them.
        let inside = key >= low && (key <= high || high == 127);
        inside.then(|| self.factor(key)).flatten().map(|factor| self.root * factor)
    }

    /// Frequencies of all MIDI keys; 0 for those that play nothing.
    pub fn table(&self) -> [f32; 128] {
        std::array::from_fn(|key| self.hertz(key as i32).unwrap_or(0.0) as f32)
    }

    /// Frequency of a key as a factor of the first note's.
    fn factor(&self, key: i32) -> Option<f64> {
        let (notes, from_middle) = (self.scale.0.len() as i32, key - self.keyboard.middle);
        let size = self.keyboard.map.len() as i32;
        let note = if size == 0 {
            from_middle
        } else {
            let octave = if self.keyboard.octave == 0 { notes } else { self.keyboard.octave };
            self.keyboard.map[from_middle.rem_euclid(size) as usize]? + octave * from_middle.div_euclid(size)
        };
        let (octaves, step) = (note.div_euclid(notes), note.rem_euclid(notes) as usize);
        let cents = f64::from(octaves) * self.scale.0[notes as usize - 1];
        let above = if step == 0 { 0.0 } else { self.scale.0[step - 1] };
        Some(((cents + above) / 1200.0).exp2())
    }
}

/// The lines of a file that are no comments.
struct Lines<'t> {
    lines: Vec<(Span, &'t str)>,
    next: usize,
    end: Span,
}

impl<'t> Lines<'t> {
    fn new(text: &'t str, file: u32) -> Self {
        let mut at = 0;
        let mut lines = vec![];
        for line in text.split_inclusive('\n') {
            let words = line.trim();
            let start = (at + line.len() - line.trim_start().len()) as u32;
            if !line.starts_with('!') {
                lines.push((Span { file, start, end: start + words.len() as u32 }, words));
            }
            at += line.len();
        }
        Lines { lines, next: 0, end: Span { file, start: at as u32, end: at as u32 } }
    }

    fn next(&mut self) -> Option<(Span, &'t str)> {
        self.next += 1;
        self.lines.get(self.next - 1).copied()
    }

    /// The first word of the next line, read as something.
    fn read<T>(&mut self, what: &str, read: impl Fn(&str) -> Option<T>) -> Result<(T, Span), Diagnostic> {
        let Some((span, line)) = self.next() else {
            return Err(error(self.end, format!("the file ends before {what}")));
        };
        let word = line.split_whitespace().next().unwrap_or("");
        let span = Span { end: span.start + word.len() as u32, ..span };
        read(word).map(|value| (value, span)).ok_or_else(|| error(span, format!("`{word}` is not {what}")))
    }
}

fn error(span: Span, message: String) -> Diagnostic {
    Diagnostic::error("tuning", span, message)
}

/// Reads a scale.
pub(super) fn scale(text: &str, file: u32) -> Result<Scale, Diagnostic> {
    let mut lines = Lines::new(text, file);
    lines.read("the description of the scale", |_| Some(()))?;
    let (count, span) = lines.read("the number of notes", |word| word.parse::<usize>().ok())?;
    if !(1..=MOST_NOTES).contains(&count) {
        return Err(error(span, format!("a scale has 1 to {MOST_NOTES} notes, not {count}")));
    }
    let mut notes = vec![];
    for number in 1..=count {
        let what = format!("note {number} of {count}, in cents (`701.955`) or as a ratio (`3/2`)");
        notes.push(lines.read(&what, cents)?.0);
    }
    Ok(Scale(notes))
}

/// `701.955` is cents because of its point; `3/2` and `2` are ratios.
fn cents(word: &str) -> Option<f64> {
    if word.contains('.') {
        return word.parse().ok().filter(|cents: &f64| cents.abs() < 1e5);
    }
    let (above, below) = word.split_once('/').unwrap_or((word, "1"));
    let part = |text: &str| text.trim().parse::<u64>().ok().filter(|n| *n > 0);
    Some(1200.0 * (part(above)? as f64 / part(below)? as f64).log2())
}

/// Reads a keyboard mapping.
pub(super) fn keyboard(text: &str, file: u32) -> Result<Keyboard, Diagnostic> {
    let mut lines = Lines::new(text, file);
    let key = |word: &str| word.parse::<i32>().ok().filter(|key| (0..=127).contains(key));
    let (size, span) = lines.read("the size of the mapping", |word| word.parse::<usize>().ok())?;
    if size > MOST_NOTES {
        return Err(error(span, format!("a mapping has at most {MOST_NOTES} keys, not {size}")));
    }
    let (low, _) = lines.read("the first key, 0 to 127", key)?;
    let (high, _) = lines.read("the last key, 0 to 127", key)?;
    let (middle, _) = lines.read("the middle key, 0 to 127", key)?;
    let (reference, _) = lines.read("the reference key, 0 to 127", key)?;
    let hertz = |word: &str| word.parse::<f64>().ok().filter(|hertz| *hertz > 0.0 && *hertz < 1e5);
    let (hertz, _) = lines.read("the reference frequency in hertz", hertz)?;
    let degree = |word: &str| word.parse::<i32>().ok().filter(|n| n.unsigned_abs() as usize <= MOST_NOTES);
    let (octave, _) = lines.read("the note of the octave", degree)?;
    let mut map = vec![];
    // Keys that are not written play nothing.
    while map.len() < size && lines.lines.len() > lines.next {
        let entry =
            |word: &str| if word.eq_ignore_ascii_case("x") { Some(None) } else { degree(word).map(Some) };
        map.push(lines.read("a note of the scale, or `x` for none", entry)?.0);
    }
    map.resize(size, None);
    Ok(Keyboard { range: (low, high), middle, reference: (reference, hertz), octave, map })
}

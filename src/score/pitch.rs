//! Pitches as they are written: note names, keys, degrees of a scale, chords. One table of scales and one of chords, for patterns and
//! for expressions.

/// MIDI key of a note name: a letter in either case, an optional `#` or `b`, and an octave 0–10; 12 (c0) to 139 (g10), c4 is 60.
pub fn note_key(name: &str) -> Option<i32> {
    let mut rest = name.as_bytes();
    let (letter, tail) = rest.split_first()?;
    let natural = match letter.to_ascii_lowercase() {
        b'c' => 0,
        b'd' => 2,
        b'e' => 4,
        b'f' => 5,
        b'g' => 7,
        b'a' => 9,
        b'b' => 11,
        _ => return None,
    };
    rest = tail;
    let shift = match rest.first()? {
        b'#' => 1,
        b'b' => -1,
        _ => 0,
    };
    let digits = if shift == 0 { rest } else { &rest[1..] };
    let octave = match digits {
        [d @ b'0'..=b'9'] => i32::from(d - b'0'),
        b"10" => 10,
        _ => return None,
    };
    let key = 12 * (octave + 1) + natural + shift;
    (12..=139).contains(&key).then_some(key)
}

/// The name of a key, with sharps; c-1 is 0.
pub fn note_name(key: u8) -> String {
    const NAMES: [&str; 12] = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"];
    format!("{}{}", NAMES[usize::from(key % 12)], i32::from(key / 12) - 1)
}

/// Scales as whole semitones above their root.
pub const SCALES: &[(&str, &[i32])] = &[
    ("chromatic", &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
    ("major", &[0, 2, 4, 5, 7, 9, 11]),
    ("minor", &[0, 2, 3, 5, 7, 8, 10]),
    ("aeolian", &[0, 2, 3, 5, 7, 8, 10]),
    ("major_pentatonic", &[0, 2, 4, 7, 9]),
    ("minor_pentatonic", &[0, 3, 5, 7, 10]),
    ("dorian", &[0, 2, 3, 5, 7, 9, 10]),
    ("phrygian", &[0, 1, 3, 5, 7, 8, 10]),
    ("lydian", &[0, 2, 4, 6, 7, 9, 11]),
    ("mixolydian", &[0, 2, 4, 5, 7, 9, 10]),
    ("locrian", &[0, 1, 3, 5, 6, 8, 10]),
    ("harmonic_minor", &[0, 2, 3, 5, 7, 8, 11]),
    ("melodic_minor", &[0, 2, 3, 5, 7, 9, 11]),
    ("double_harmonic", &[0, 1, 4, 5, 7, 8, 11]),
    ("hungarian_minor", &[0, 2, 3, 6, 7, 8, 11]),
    ("persian", &[0, 1, 4, 5, 6, 8, 11]),
    ("enigmatic", &[0, 1, 4, 6, 8, 10, 11]),
    ("neapolitan_minor", &[0, 1, 3, 5, 7, 8, 11]),
    ("neapolitan_major", &[0, 1, 3, 5, 7, 9, 11]),
    ("prometheus", &[0, 2, 4, 6, 9, 10]),
    ("whole_tone", &[0, 2, 4, 6, 8, 10]),
    ("blues", &[0, 3, 5, 6, 7, 10]),
    ("minor_blues", &[0, 3, 5, 6, 7, 10]),
    ("major_blues", &[0, 2, 3, 4, 7, 9]),
    ("gypsy", &[0, 2, 3, 6, 7, 8, 10]),
    ("japanese", &[0, 1, 5, 7, 8]),
    ("hirajoshi", &[0, 2, 3, 7, 8]),
    ("kumoi", &[0, 2, 3, 7, 9]),
    ("yo", &[0, 2, 5, 7, 9]),
    ("iwato", &[0, 1, 5, 6, 10]),
    ("pelog", &[0, 1, 3, 4, 7, 8]),
    ("augmented", &[0, 3, 4, 7, 8, 11]),
    ("bebop_major", &[0, 2, 4, 5, 7, 8, 9, 11]),
    ("bebop_minor", &[0, 2, 3, 5, 7, 8, 9, 10]),
];

/// The semitones of a named scale.
pub fn scale(name: &str) -> Option<&'static [i32]> {
    SCALES.iter().find(|(n, _)| *n == name).map(|(_, steps)| *steps)
}

/// The names of all scales, for suggestions.
pub fn scale_names() -> impl Iterator<Item = &'static str> {
    SCALES.iter().map(|(name, _)| *name)
}

/// Chords as semitones above their root, by what stands behind the colon: `C4:m7`.
pub const CHORDS: &[(&str, &[i32])] = &[
    ("maj", &[0, 4, 7]),
    ("m", &[0, 3, 7]),
    ("min", &[0, 3, 7]),
    ("dim", &[0, 3, 6]),
    ("aug", &[0, 4, 8]),
    ("5", &[0, 7]),
    ("sus2", &[0, 2, 7]),
    ("sus4", &[0, 5, 7]),
    ("6", &[0, 4, 7, 9]),
    ("m6", &[0, 3, 7, 9]),
    ("7", &[0, 4, 7, 10]),
    ("maj7", &[0, 4, 7, 11]),
    ("m7", &[0, 3, 7, 10]),
    ("min7", &[0, 3, 7, 10]),
    ("mmaj7", &[0, 3, 7, 11]),
    ("dim7", &[0, 3, 6, 9]),
    ("m7b5", &[0, 3, 6, 10]),
    ("7sus4", &[0, 5, 7, 10]),
    ("add9", &[0, 4, 7, 14]),
    ("madd9", &[0, 3, 7, 14]),
    ("9", &[0, 4, 7, 10, 14]),
    ("maj9", &[0, 4, 7, 11, 14]),
    ("m9", &[0, 3, 7, 10, 14]),
    ("11", &[0, 4, 7, 10, 14, 17]),
    ("m11", &[0, 3, 7, 10, 14, 17]),
    ("13", &[0, 4, 7, 10, 14, 21]),
];

/// The semitones of a named chord.
pub fn chord(name: &str) -> Option<&'static [i32]> {
    CHORDS.iter().find(|(n, _)| *n == name).map(|(_, steps)| *steps)
}

/// What a note is to sound like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pitch {
    /// A key, c4 being 60.
    Key(i32),
    /// A plain number: a degree of the pattern's scale (1 is its root), so many semitones above it; a key where there is no scale.
    Number { degree: i32, semitones: i32 },
}

/// A scale with its root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scale {
    /// The key of the first degree.
    pub root: i32,
    /// Semitones above it, rising.
    pub steps: Vec<i32>,
}

impl Scale {
    /// `C minor`, `c4 minor` (with the octave of degree 1; 4 if not said), or only `minor` (in C).
    pub fn read(text: &str) -> Option<Scale> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (root, name) = match words[..] {
            [name] => ("c4", name),
            [root, name] => (root, name),
            _ => return None,
        };
        let root = note_key(root).or_else(|| note_key(&format!("{root}4")))?;
        Some(Scale { root, steps: scale(&name.to_lowercase())?.to_vec() })
    }

    /// The key of a degree: 1 is the root, 0 the degree below it.
    pub fn key(&self, degree: i32) -> i32 {
        let (place, count) = (degree - 1, self.steps.len() as i32);
        self.root + 12 * place.div_euclid(count) + self.steps[place.rem_euclid(count) as usize]
    }
}

impl Pitch {
    /// The key, in a scale if there is one.
    pub fn key(self, scale: Option<&Scale>) -> i32 {
        match (self, scale) {
            (Pitch::Key(key), _) => key,
            (Pitch::Number { degree, semitones }, None) => degree + semitones,
            (Pitch::Number { degree, semitones }, Some(scale)) => scale.key(degree) + semitones,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pitch_degrees_walk_through_the_scale() {
        let scale = Scale::read("D minor_pentatonic").unwrap();
        let keys: Vec<i32> = (-1..8).map(|degree| scale.key(degree)).collect();
        assert_eq!(keys, [57, 60, 62, 65, 67, 69, 72, 74, 77]);
        assert_eq!(Scale::read("c2 major").map(|s| s.root), Some(36));
        assert_eq!(Scale::read("dorian").map(|s| s.key(3)), Some(63));
        assert!(Scale::read("x minor").is_none() && Scale::read("").is_none());
        let sharp = Pitch::Number { degree: 3, semitones: 1 };
        assert_eq!((sharp.key(Scale::read("C major").as_ref()), sharp.key(None)), (65, 4));
    }

    #[test]
    fn pitch_names_go_both_ways() {
        for key in 12..128 {
            assert_eq!(note_key(&note_name(key)), Some(i32::from(key)));
        }
    }
}

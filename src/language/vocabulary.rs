//! The names that every expression knows: constants, note names, scales and functions. Plain tables, read by the parser (function
//! names and arity), by the compiler (values) and by help and completion. Any thread.

/// A function that expressions may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function {
    pub name: &'static str,
    /// Fewest and most arguments.
    pub arity: (usize, usize),
    pub help: &'static str,
}

const fn function(name: &'static str, arity: (usize, usize), help: &'static str) -> Function {
    Function { name, arity, help }
}

/// Every function, in the order of the reference page.
pub const FUNCTIONS: &[Function] = &[
    function("sin", (1, 1), "Sine of an angle in radians."),
    function("cos", (1, 1), "Cosine of an angle in radians."),
    function("tan", (1, 1), "Tangent of an angle in radians."),
    function("tanh", (1, 1), "Hyperbolic tangent: a soft limit at -1 and 1."),
    function("abs", (1, 1), "Distance from zero."),
    function("exp", (1, 1), "e to the power of x."),
    function("log", (1, 1), "Natural logarithm."),
    function("log10", (1, 1), "Logarithm to base 10."),
    function("log2", (1, 1), "Logarithm to base 2."),
    function("sqrt", (1, 1), "Square root."),
    function("floor", (1, 1), "Largest whole number that is not above x."),
    function("ceil", (1, 1), "Smallest whole number that is not below x."),
    function("round", (1, 1), "Nearest whole number; halves go to the even one."),
    function("sign", (1, 1), "-1, 0 or 1."),
    function("max", (2, 2), "The larger of two values."),
    function("min", (2, 2), "The smaller of two values."),
    function("clip", (3, 3), "x limited to lo..hi: clip(x, lo, hi)."),
    function("where", (3, 3), "a where the condition holds, else b: where(condition, a, b)."),
    function("pow", (2, 2), "Power that keeps the sign of its base: sign(b) * abs(b) ** e."),
    function("sum", (1, 1), "Sum of the items of a list, or of one fixed number."),
    function("mean", (1, 1), "Mean of the items of a list, or of one fixed number."),
    function("std", (1, 1), "Standard deviation of the items of a list (0 for one fixed number)."),
    function("to_mono", (1, 1), "Average of the channels."),
    function(
        "rand",
        (0, 2),
        "Random: rand() in 0..1, rand(a) in 0..a, rand(a, b) in a..b, rand([list]) one of the list.",
    ),
];

/// The function of this name.
pub fn function_named(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|f| f.name == name)
}

/// Names whose value is the sample rate in hertz; only the compiler knows it.
pub const RATE_NAMES: &[&str] = &["sr", "sample_rate"];

const CONSTANTS: &[(&str, f64)] = &[
    ("pi", std::f64::consts::PI),
    ("tau", std::f64::consts::TAU),
    ("e", std::f64::consts::E),
    ("inf", f64::INFINITY),
    ("infinite", f64::INFINITY),
    ("infinity", f64::INFINITY),
];

/// Intervals as frequency factors, written as semitones of equal temperament.
const INTERVALS: &[(&str, f64)] = &[
    ("octave", 12.0),
    ("fifth", 7.0),
    ("fourth", 5.0),
    ("major_third", 4.0),
    ("minor_third", 3.0),
    ("whole", 2.0),
    ("major_second", 2.0),
    ("semi", 1.0),
    ("semitone", 1.0),
    ("minor_second", 1.0),
];

/// The value of a built-in constant or interval factor (`pi`, `fifth`).
pub fn constant(name: &str) -> Option<f64> {
    let plain = CONSTANTS.iter().find(|(n, _)| *n == name).map(|(_, value)| *value);
    plain.or_else(|| INTERVALS.iter().find(|(n, _)| *n == name).map(|(_, st)| (st / 12.0).exp2()))
}

/// The names of all constants and intervals, for suggestions.
pub fn constant_names() -> impl Iterator<Item = &'static str> {
    CONSTANTS.iter().chain(INTERVALS).map(|(name, _)| *name)
}

/// Frequency in hertz of a note name: a letter in either case, an optional `#` or `b`, and an octave 0–10 (`c4`, `C#3`, `Eb2`;
/// a4 = 440 Hz, equal temperament). The highest note is g10.
pub fn note(name: &str) -> Option<f64> {
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
    (12..=139).contains(&key).then(|| crate::units::key_to_hertz(f64::from(key)))
}

/// Scales as whole semitones above their root.
const SCALES: &[(&str, &[i32])] = &[
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vocabulary_notes_are_equal_tempered_around_a4() {
        assert_eq!(note("a4"), Some(440.0));
        assert_eq!(note("A4"), Some(440.0));
        assert!((note("c4").unwrap() - 261.6256).abs() < 1e-4);
        assert!((note("C#3").unwrap() - 138.5913).abs() < 1e-4);
        assert_eq!(note("Eb2"), note("d#2"));
        assert_eq!(note("bb3"), note("a#3"));
        assert_eq!(note("b3").map(|f| f.to_bits()), note("cb4").map(|f| f.to_bits()));
        assert!(note("g10").is_some());
        for bad in ["a10", "h4", "c", "c11", "c#", "cc4", "", "c-1", "cb0", "é4"] {
            assert_eq!(note(bad), None, "{bad}");
        }
    }

    #[test]
    fn vocabulary_scales_rise_from_zero_and_stay_in_the_octave() {
        for (name, steps) in SCALES {
            assert_eq!(steps[0], 0, "{name}");
            assert!(steps.windows(2).all(|w| w[0] < w[1]) && steps[steps.len() - 1] < 12, "{name}");
        }
        assert_eq!(scale("whole_tone"), Some(&[0, 2, 4, 6, 8, 10][..]));
        assert_eq!(constant("whole_tone"), None, "the scale hides the factor");
    }

    #[test]
    fn vocabulary_intervals_are_factors() {
        assert_eq!(constant("octave"), Some(2.0));
        assert!((constant("fifth").unwrap() - 1.498307).abs() < 1e-6);
        assert_eq!(constant("nonsense"), None);
    }
}

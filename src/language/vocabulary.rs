//! The names that every expression knows: constants, note names, scales and functions. Plain tables, read by the parser (function
//! names and arity), by the compiler (values) and by help and completion. Any thread.

mod known;

pub use known::{BELOW, EVERYWHERE, Known};

pub use crate::score::{SCALES, note_key, scale, scale_names};

/// A function that expressions may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function {
    pub name: &'static str,
    /// How it is written.
    pub form: &'static str,
    /// Fewest and most arguments.
    pub arity: (usize, usize),
    pub help: &'static str,
}

const fn function(
    name: &'static str,
    form: &'static str,
    arity: (usize, usize),
    help: &'static str,
) -> Function {
    Function { name, form, arity, help }
}

/// Every function, in the order of the reference page.
pub const FUNCTIONS: &[Function] = &[
    function(
        "sin",
        "sin(x)",
        (1, 1),
        "Sine of an angle in radians: `sin(tau * 5 * t)` swings five times a second.",
    ),
    function("cos", "cos(x)", (1, 1), "Cosine of an angle in radians: a sine that starts at 1."),
    function("tan", "tan(x)", (1, 1), "Tangent of an angle in radians."),
    function("tanh", "tanh(x)", (1, 1), "Soft limit at -1 and 1: warm distortion, `tanh(4 * x)`."),
    function("abs", "abs(x)", (1, 1), "Distance from zero: folds what is negative up."),
    function("exp", "exp(x)", (1, 1), "e to the power of x: `exp(-5 * t)` is a natural decay."),
    function("log", "log(x)", (1, 1), "Natural logarithm."),
    function("log10", "log10(x)", (1, 1), "Logarithm to base 10: `20 * log10(x)` is a level in decibels."),
    function(
        "log2",
        "log2(x)",
        (1, 1),
        "Logarithm to base 2: `12 * log2(b / a)` are the semitones from a to b.",
    ),
    function("sqrt", "sqrt(x)", (1, 1), "Square root: `sqrt(1 - x)` and `sqrt(x)` fade with equal power."),
    function(
        "floor",
        "floor(x)",
        (1, 1),
        "Largest whole number that is not above x: makes stairs of a slope.",
    ),
    function("ceil", "ceil(x)", (1, 1), "Smallest whole number that is not below x."),
    function("round", "round(x)", (1, 1), "Nearest whole number; halves go to the even one."),
    function("sign", "sign(x)", (1, 1), "-1, 0 or 1: makes a square of a sine."),
    function("max", "max(a, b)", (2, 2), "The larger of two values."),
    function("min", "min(a, b)", (2, 2), "The smaller of two values."),
    function(
        "clip",
        "clip(x, low, high)",
        (3, 3),
        "x, but never below low or above high: hard distortion, or a safe range.",
    ),
    function("where", "where(c, a, b)", (3, 3), "a where the condition c holds, else b."),
    function(
        "pow",
        "pow(b, e)",
        (2, 2),
        "Power that keeps the sign of its base: `sign(b) * abs(b) ** e`; bends a curve.",
    ),
    function("sum", "sum([a, b, ...])", (1, 1), "Sum of the items of a list, or of one fixed number."),
    function("mean", "mean([a, b, ...])", (1, 1), "Mean of the items of a list, or of one fixed number."),
    function(
        "std",
        "std([a, b, ...])",
        (1, 1),
        "Standard deviation of the items of a list (0 for one fixed number).",
    ),
    function("to_mono", "to_mono(x)", (1, 1), "Average of left and right."),
    function(
        "rand",
        "rand(a, b)",
        (0, 2),
        "Chance: `rand()` from 0 to 1, `rand(a)` from 0 to a, `rand(a, b)` from a to b, `rand([c4, e4, g4])` one of a \
         list. New at every moment; `hold` keeps one.",
    ),
];

/// An operator and what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operator {
    pub form: &'static str,
    pub help: &'static str,
}

/// The operators, from those that bind most loosely to those that bind most tightly.
pub const OPERATORS: &[Operator] = &[
    Operator { form: "a if c else b", help: "a where the condition c holds, else b" },
    Operator { form: "a or b", help: "a where it is not 0, else b; also written `a | b`" },
    Operator { form: "a and b", help: "b where a is not 0, else a; also written `a & b`" },
    Operator { form: "not a", help: "1 where a is 0, else 0; also written `~a`" },
    Operator {
        form: "a < b <= c",
        help: "1 where it is true, else 0: `<` `<=` `>` `>=` `==` `!=`, also in chains",
    },
    Operator { form: "a + b - c", help: "sum and difference" },
    Operator { form: "a * b / c", help: "product and quotient" },
    Operator { form: "a // b", help: "quotient, rounded down to a whole number" },
    Operator {
        form: "a % b",
        help: "what `//` leaves over, with the sign of b: `t % 0.5` begins anew every half second",
    },
    Operator { form: "-a", help: "the opposite" },
    Operator { form: "a ** b", help: "power" },
];

/// The function of this name.
pub fn function_named(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|f| f.name == name)
}

/// Names whose value is the sample rate in hertz; only the compiler knows it.
pub const RATE_NAMES: &[&str] = &["sr", "sample_rate"];

/// A name with a value that never changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Constant {
    pub name: &'static str,
    pub value: f64,
    pub help: &'static str,
}

const fn fixed(name: &'static str, value: f64, help: &'static str) -> Constant {
    Constant { name, value, help }
}

/// Every constant, in the order of the reference page.
pub const CONSTANTS: &[Constant] = &[
    fixed("pi", std::f64::consts::PI, "Half a turn in radians."),
    fixed("tau", std::f64::consts::TAU, "A whole turn in radians: `sin(tau * f * t)` has the frequency f."),
    fixed("e", std::f64::consts::E, "Base of the natural logarithm."),
    fixed("inf", f64::INFINITY, "More than any number: without end."),
    fixed("infinite", f64::INFINITY, "The same as `inf`."),
    fixed("infinity", f64::INFINITY, "The same as `inf`."),
];

/// Intervals as frequency factors; their values are written as semitones of equal temperament.
pub const INTERVALS: &[Constant] = &[
    fixed("octave", 12.0, "Twice the frequency."),
    fixed("fifth", 7.0, "A perfect fifth up: c to g."),
    fixed("fourth", 5.0, "A perfect fourth up: c to f."),
    fixed("major_third", 4.0, "A major third up: c to e."),
    fixed("minor_third", 3.0, "A minor third up: c to e flat."),
    fixed("whole", 2.0, "A whole tone up: c to d."),
    fixed("major_second", 2.0, "The same as `whole`."),
    fixed("semi", 1.0, "A semitone up: c to c sharp."),
    fixed("semitone", 1.0, "The same as `semi`."),
    fixed("minor_second", 1.0, "The same as `semi`."),
];

/// The value of a built-in constant or interval factor (`pi`, `fifth`).
pub fn constant(name: &str) -> Option<f64> {
    let plain = CONSTANTS.iter().find(|c| c.name == name).map(|c| c.value);
    plain.or_else(|| INTERVALS.iter().find(|i| i.name == name).map(|i| (i.value / 12.0).exp2()))
}

/// The names of all constants and intervals, for suggestions.
pub fn constant_names() -> impl Iterator<Item = &'static str> {
    CONSTANTS.iter().chain(INTERVALS).map(|c| c.name)
}

/// Frequency in hertz of a note name: a letter in either case, an optional `#` or `b`, and an octave 0–10 (`c4`, `C#3`, `Eb2`;
/// a4 = 440 Hz, equal temperament). The highest note is g10.
pub fn note(name: &str) -> Option<f64> {
    note_key(name).map(|key| crate::units::key_to_hertz(f64::from(key)))
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

//! Musical time inside a `tempo` node. Each name that a sound really uses becomes an operation of its own.

pub use crate::kernel::tempo::{Part, Stretch};

/// Names that stand for stretches of time.
const LENGTHS: &[(&str, Stretch)] = &[
    ("beat", Stretch::Beats(1.0)),
    ("bar", Stretch::Bars(1.0)),
    ("eighth", Stretch::Beats(0.5)),
    ("sixteenth", Stretch::Beats(0.25)),
    ("triplet", Stretch::Beats(1.0 / 3.0)),
];

/// The stretch whose length in seconds a name says.
pub fn length(name: &str) -> Option<Stretch> {
    LENGTHS.iter().find(|(n, _)| *n == name).map(|(_, stretch)| *stretch)
}

/// What a name means below a tempo node.
pub fn part(name: &str) -> Option<Part> {
    let several = |unit: &str| match unit {
        "two_bar" => Some(Stretch::Bars(2.0)),
        "four_bar" => Some(Stretch::Bars(4.0)),
        "eight_bar" => Some(Stretch::Bars(8.0)),
        "sixteen_bar" => Some(Stretch::Bars(16.0)),
        _ => None,
    };
    if let Some(unit) = name.strip_suffix("_tick") {
        length(unit).or_else(|| several(unit)).map(Part::Tick)
    } else if let Some(unit) = name.strip_suffix("_number") {
        length(unit).map(Part::Counter)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::voices::NAMES;
    use crate::language::vocabulary::BELOW;

    /// Every spelling that the vocabulary promises below a node kind.
    fn promised(kind: &str) -> Vec<&'static str> {
        let known = BELOW.iter().filter(|(name, _)| *name == kind).flat_map(|(_, known)| *known);
        known.flat_map(|k| k.names).copied().collect()
    }

    #[test]
    fn tempo_knows_the_names_of_the_vocabulary_and_no_others() {
        let promised = promised("tempo");
        let length = |name: &str| length(name).is_some();
        for name in &promised {
            assert!(*name == "bpm" || length(name) || part(name).is_some(), "{name}");
        }
        let units = [
            "beat",
            "bar",
            "eighth",
            "sixteenth",
            "triplet",
            "two_bar",
            "four_bar",
            "eight_bar",
            "sixteen_bar",
        ];
        for name in units.iter().flat_map(|u| [u.to_string(), format!("{u}_tick"), format!("{u}_number")]) {
            assert_eq!(length(&name) || part(&name).is_some(), promised.contains(&&*name), "{name}");
        }
        let notes: Vec<&str> = NAMES.iter().flat_map(|(names, _)| *names).copied().chain(["age"]).collect();
        assert_eq!(super::tests::promised("midi_in"), notes);
    }
}

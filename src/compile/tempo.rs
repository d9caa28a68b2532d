//! Musical time inside a `tempo` node. Each name that a sound really uses becomes an operation of its own.

pub use crate::kernel::tempo::Part;

/// Names that stand for stretches of time, as expressions of `bpm`: seconds.
pub const LENGTHS: &[(&str, f64)] =
    &[("beat", 1.0), ("bar", 4.0), ("eighth", 0.5), ("sixteenth", 0.25), ("triplet", 1.0 / 3.0)];

/// What a name means below a tempo node.
pub fn part(name: &str) -> Option<Part> {
    let beats = |unit: &str| {
        let named = LENGTHS.iter().find(|(n, _)| *n == unit).map(|(_, beats)| *beats);
        named.or(match unit {
            "two_bar" => Some(8.0),
            "four_bar" => Some(16.0),
            "eight_bar" => Some(32.0),
            "sixteen_bar" => Some(64.0),
            _ => None,
        })
    };
    if let Some(unit) = name.strip_suffix("_tick") {
        beats(unit).map(Part::Tick)
    } else if let Some(unit) = name.strip_suffix("_number") {
        LENGTHS.iter().find(|(n, _)| *n == unit).map(|(_, beats)| Part::Counter(*beats))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::voices::NoteVariable;
    use crate::language::vocabulary::BELOW;

    /// Every spelling that the vocabulary promises below a node kind.
    fn promised(kind: &str) -> Vec<&'static str> {
        let known = BELOW.iter().filter(|(name, _)| *name == kind).flat_map(|(_, known)| *known);
        known.flat_map(|k| k.names).copied().collect()
    }

    #[test]
    fn tempo_knows_the_names_of_the_vocabulary_and_no_others() {
        let promised = promised("tempo");
        let length = |name: &str| LENGTHS.iter().any(|(n, _)| *n == name);
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
        let notes: Vec<&str> = NoteVariable::NAMES.iter().map(|(name, _)| *name).chain(["age"]).collect();
        assert_eq!(super::tests::promised("midi_in"), notes);
    }
}

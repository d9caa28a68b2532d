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

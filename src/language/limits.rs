//! The bounds on what a library may ask for, as data for the reference page. Every room lists its own; the numbers are the constants
//! that the code compares with. Any thread.

use super::{expr, lower, yaml};

/// One bound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    pub what: &'static str,
    pub most: f64,
    /// What is counted; empty for plain numbers. `bytes` are shown in MB.
    pub unit: &'static str,
}

const fn limit(what: &'static str, most: f64, unit: &'static str) -> Limit {
    Limit { what, most, unit }
}

/// The bounds on text.
pub const LIMITS: &[Limit] = &[
    limit("values in a file", yaml::MAX_VALUES as f64, ""),
    limit("lists and mappings inside of each other", yaml::MAX_DEPTH as f64, ""),
    limit("nodes of a sound, with those of the sounds that it uses", lower::MAX_NODES as f64, ""),
    limit("nodes inside of each other", lower::MAX_NESTED as f64, ""),
    limit("parts of an expression (numbers, names, operators)", expr::MAX_PARTS as f64, ""),
    limit("brackets inside of each other in an expression", expr::MAX_NESTING as f64, ""),
];

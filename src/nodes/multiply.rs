//! `multiply`: copies of a node that know their number. A rule of the compiler; `kernel::voices::Multiply` runs it.

use crate::spec::*;
use crate::units::Unit;

use super::{NodeDef, Runs, Structure};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "multiply",
        help: "Copies of a node, each with its number `i` of `n`, or its `item`: choirs, partials, chords.",
        params: &[
            ParamSpec::optional(
                "number",
                Unit::None,
                "How many copies, rounded down; up to 64 where it moves while the sound plays.",
            ),
            ParamSpec::of(
                ParamKind::Items,
                "items",
                "One copy for each of these numbers, which the copy knows as `item`.",
            ),
            ParamSpec::signal("signal", "The node that is copied."),
        ],
        extra: Extra::Refused,
        channels: Channels::AsInputs,
        ends: Ends::Own,
        example: "example: {multiply: {items: [1, 2.76, 5.4, 8.93], signal: {envelope: {decay: 1.8 / item, sustain: 0, duration: 2, signal: {osc: {freq: 260 * item, amp: 0.2}}}}}}\n",
    },
    runs: Runs::Structure(Structure::Multiply),
};

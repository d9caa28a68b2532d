//! `multiply`: copies of a node that know their number. A rule of the compiler; `kernel::voices::Multiply` runs it.

use crate::spec::*;
use crate::units::Unit;

use super::{NodeDef, Runs, Structure};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "multiply",
        help: "Copies of a node, each with its number i of n, or its item.",
        params: &[
            ParamSpec {
                name: "number",
                kind: ParamKind::Signal(Stereo::Average),
                unit: Unit::None,
                default: Default::Absent,
                range: None,
                help: "How many copies.",
            },
            ParamSpec {
                name: "items",
                kind: ParamKind::Items,
                unit: Unit::None,
                default: Default::Absent,
                range: None,
                help: "One copy for each; the copy sees its value as `item`.",
            },
            ParamSpec {
                name: "signal",
                kind: ParamKind::Signal(Stereo::Keep),
                unit: Unit::None,
                default: Default::Required,
                range: None,
                help: "The node to copy.",
            },
        ],
        extra: Extra::Refused,
        channels: Channels::AsInputs,
        ends: Ends::Own,
        example: "example: {multiply: {number: 5, signal: {osc: {freq: 110 * i, amp: 0.2 / i}}}}\n",
    },
    runs: Runs::Structure(Structure::Multiply),
};

//! `reference`: the output of another node, by its id. A rule of the compiler.

use crate::spec::*;
use crate::units::Unit;

use super::{NodeDef, Runs, Structure};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "reference",
        help: "The output of another node of the sound.",
        params: &[ParamSpec {
            name: "ref",
            kind: ParamKind::Text,
            unit: Unit::None,
            default: Default::Required,
            range: None,
            help: "The id of the node.",
        }],
        extra: Extra::Refused,
        channels: Channels::AsInputs,
        ends: Ends::With("signal"),
        example: "example: {mix: {a: {osc: {id: a, freq: 220, amp: 0.2}}, b: {reference: {ref: a}}}}\n",
    },
    runs: Runs::Structure(Structure::Reference),
};

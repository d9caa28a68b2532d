//! `context`: names values for the nodes below it. A rule of the compiler.

use crate::spec::*;
use crate::units::Unit;

use super::{NodeDef, Runs, Structure};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "context",
        help: "Named values for everything below it.",
        params: &[ParamSpec {
            name: "signal",
            kind: ParamKind::Signal(Stereo::Keep),
            unit: Unit::None,
            default: Default::Required,
            range: None,
            help: "The node that sees the names.",
        }],
        extra: Extra::Named("variable"),
        channels: Channels::AsInputs,
        ends: Ends::With("signal"),
        example: "example: {context: {pitch: 220, signal: {osc: {freq: pitch * 2, amp: 0.3}}}}\n",
    },
    runs: Runs::Structure(Structure::Context),
};

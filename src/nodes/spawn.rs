//! `spawn`: a voice for every trigger. A rule of the compiler; `kernel::voices::Spawn` runs it.

use crate::spec::*;
use crate::units::Unit;

use super::{NodeDef, Runs, Structure};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "spawn",
        help: "A voice for every rising edge of its trigger.",
        params: &[
            ParamSpec {
                name: "trigger",
                kind: ParamKind::Signal(Stereo::Average),
                unit: Unit::None,
                default: Default::Required,
                range: None,
                help: "Starts a voice when it rises through the threshold.",
            },
            ParamSpec {
                name: "voices",
                kind: ParamKind::Integer,
                unit: Unit::None,
                default: Default::Number(32.0),
                range: Some((1.0, 256.0)),
                help: "How many sound at once; the oldest gives way.",
            },
            ParamSpec {
                name: "threshold",
                kind: ParamKind::Number,
                unit: Unit::None,
                default: Default::Number(0.5),
                range: Some((-1e6, 1e6)),
                help: "Level that counts as a trigger.",
            },
            ParamSpec {
                name: "signal",
                kind: ParamKind::Signal(Stereo::Keep),
                unit: Unit::None,
                default: Default::Required,
                range: None,
                help: "The node to play.",
            },
        ],
        extra: Extra::Refused,
        channels: Channels::AsInputs,
        ends: Ends::Own,
        example: "example: {spawn: {trigger: {osc: {type: sqr, freq: 4}}, signal: {osc: {freq: 330, amp: 0.3, release: 0.1, duration: 0.2}}}}\n",
    },
    runs: Runs::Structure(Structure::Spawn),
};

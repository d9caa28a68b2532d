//! `spawn`: a voice for every trigger. A rule of the compiler; `kernel::voices::Spawn` runs it.

use crate::spec::*;
use crate::units::Unit;

use super::{NodeDef, Runs, Structure};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "spawn",
        help: "Starts a voice whenever its trigger rises: drops, grains, drums on triggers.",
        params: &[
            ParamSpec {
                name: "trigger",
                kind: ParamKind::Signal(Stereo::Average),
                unit: Unit::None,
                default: Default::Required,
                range: None,
                help: "Starts a voice whenever it rises through `threshold`.",
            },
            ParamSpec {
                name: "voices",
                kind: ParamKind::Integer,
                unit: Unit::None,
                default: Default::Number(32.0),
                range: Some((1.0, 256.0)),
                help: "How many may sound at once; the oldest gives way to a new one.",
            },
            ParamSpec {
                name: "threshold",
                kind: ParamKind::Number,
                unit: Unit::None,
                default: Default::Number(0.5),
                range: Some((-1e6, 1e6)),
                help: "Level through which the trigger must rise.",
            },
            ParamSpec {
                name: "signal",
                kind: ParamKind::Signal(Stereo::Keep),
                unit: Unit::None,
                default: Default::Required,
                range: None,
                help: "What every voice plays; `t` is the time since its start.",
            },
        ],
        extra: Extra::Refused,
        channels: Channels::AsInputs,
        ends: Ends::Own,
        example: "example: {spawn: {trigger: {osc: {type: sqr, freq: {osc: {freq: 0.5, range: [3, 9]}}}}, signal: {envelope: {decay: 0.12, sustain: 0, duration: 0.15, signal: {osc: {freq: 1400 - 5000 * t, amp: 0.4}}}}}}\n",
    },
    runs: Runs::Structure(Structure::Spawn),
};

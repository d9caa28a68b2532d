//! `sequencer`: starts sounds on steps. A rule of the compiler; `kernel::voices::Sequencer` runs it.

use crate::spec::*;
use crate::units::Unit;

use super::{NodeDef, Runs, Structure};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "sequencer",
        help: "Starts sounds on steps.",
        params: &[
            ParamSpec {
                name: "interval",
                kind: ParamKind::Signal(Stereo::Average),
                unit: Unit::Seconds,
                default: Default::Number(0.0),
                range: None,
                help: "Length of a step; read when a step starts.",
            },
            ParamSpec {
                name: "swing",
                kind: ParamKind::Signal(Stereo::Average),
                unit: Unit::None,
                default: Default::Absent,
                range: None,
                help: "Makes even steps shorter and odd ones longer: -1 to 1.",
            },
            ParamSpec {
                name: "trigger",
                kind: ParamKind::Signal(Stereo::Average),
                unit: Unit::None,
                default: Default::Absent,
                range: None,
                help: "Steps on its rising edges through 0.5 instead of by interval.",
            },
            ParamSpec {
                name: "reset",
                kind: ParamKind::Signal(Stereo::Average),
                unit: Unit::None,
                default: Default::Absent,
                range: None,
                help: "Goes back to the first step on its rising edges.",
            },
            ParamSpec {
                name: "steps",
                kind: ParamKind::Steps,
                unit: Unit::None,
                default: Default::Absent,
                range: None,
                help: "What each step starts: nothing, a sound with parameters, a node, or a list of them.",
            },
            ParamSpec {
                name: "chain",
                kind: ParamKind::Steps,
                unit: Unit::None,
                default: Default::Absent,
                range: None,
                help: "Sounds played one after the other, each when the one before has ended.",
            },
            ParamSpec {
                name: "repeat",
                kind: ParamKind::Integer,
                unit: Unit::None,
                default: Default::Infinite,
                range: Some((0.0, 1e12)),
                help: "How often the steps are played.",
            },
        ],
        extra: Extra::Refused,
        channels: Channels::AsInputs,
        ends: Ends::Own,
        example: "blip: {osc: {freq: 330, amp: 0.4, release: 0.1, duration: 0.15}}\nexample: {sequencer: {interval: 0.25, steps: [blip, null, blip, blip]}}\n",
    },
    runs: Runs::Structure(Structure::Sequencer),
};

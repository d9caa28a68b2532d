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
                default: Default::Required,
                ..ParamSpec::of(
                    ParamKind::Signal(Stereo::Average),
                    "trigger",
                    "Starts a voice whenever it rises through `threshold`.",
                )
            },
            ParamSpec::integer(
                "voices",
                32.0,
                (1.0, 256.0),
                "How many may sound at once; the oldest gives way to a new one.",
            ),
            ParamSpec::number(
                "threshold",
                Unit::None,
                0.5,
                (-1e6, 1e6),
                "Level through which the trigger must rise.",
            ),
            ParamSpec::signal("signal", "What every voice plays; `t` is the time since its start."),
        ],
        extra: Extra::Refused,
        channels: Channels::AsInputs,
        ends: Ends::Own,
        example: "example: {spawn: {trigger: {osc: {type: sqr, freq: {osc: {freq: 0.5, range: [3, 9]}}}}, signal: {envelope: {decay: 0.12, sustain: 0, duration: 0.15, signal: {osc: {freq: 1400 - 5000 * t, amp: 0.4}}}}}}\n",
    },
    runs: Runs::Structure(Structure::Spawn),
};

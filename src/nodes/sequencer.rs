//! `sequencer`: starts sounds on steps. A rule of the compiler; `kernel::voices::Sequencer` runs it.

use crate::spec::*;
use crate::units::Unit;

use super::{NodeDef, RESET, Runs, SWING, Structure, TRIGGER};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "sequencer",
        help: "Plays sounds on steps: drum patterns, melodies, songs.",
        params: &[
            ParamSpec::control(
                "interval",
                Unit::Seconds,
                0.0,
                "Length of a step, read when it starts: seconds, or below `tempo` `beat / 4`, `1/8`.",
            ),
            SWING,
            TRIGGER,
            RESET,
            ParamSpec::of(
                ParamKind::Steps,
                "steps",
                "What each step starts: nothing (`~`), a sound with parameters (`kick v0.5`), a node, or a list of them.",
            ),
            ParamSpec::of(
                ParamKind::Steps,
                "chain",
                "Sounds played one after the other, each when the one before has ended, instead of `steps`.",
            ),
            ParamSpec {
                default: Default::Infinite,
                ..ParamSpec::integer("repeat", 0.0, (0.0, 1e12), "How often all the steps are played.")
            },
        ],
        extra: Extra::Refused,
        channels: Channels::AsInputs,
        ends: Ends::Own,
        example: "blip: {context: {pitch: 220, signal: {envelope: {decay: 0.2, sustain: 0, duration: 0.25, signal: {osc: {type: sqr, freq: pitch, amp: 0.3}}}}}}\nexample: {sequencer: {interval: 0.125, swing: 0.3, steps: [blip, ~, blip pitch440, blip pitch330, ~, blip pitch262, ~, blip]}}\n",
    },
    runs: Runs::Structure(Structure::Sequencer),
};

//! `tempo`: musical time for the nodes below it; a host with a tempo of its own overrides it. A rule of the compiler.

use crate::spec::*;
use crate::units::Unit;

use super::{NodeDef, Runs, Structure};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "tempo",
        help: "Musical time for everything below it: bpm, beat, bar, ticks, counters.",
        params: &[
            ParamSpec {
                name: "bpm",
                kind: ParamKind::Signal(Stereo::Average),
                unit: Unit::BeatsPerMinute,
                default: Default::Number(120.0),
                range: None,
                help: "Beats per minute; the host's tempo, where it has one, comes first.",
            },
            ParamSpec {
                name: "source",
                kind: ParamKind::Choice(&[
                    Choice { word: "internal", aliases: &[], help: "this tempo, unless a host has one" },
                    Choice { word: "external", aliases: &[], help: "the host's tempo" },
                ]),
                unit: Unit::None,
                default: Default::Word("internal"),
                range: None,
                help: "Where the tempo comes from.",
            },
            ParamSpec {
                name: "signal",
                kind: ParamKind::Signal(Stereo::Keep),
                unit: Unit::None,
                default: Default::Required,
                range: None,
                help: "The node that sees the names.",
            },
        ],
        extra: Extra::Refused,
        channels: Channels::AsInputs,
        ends: Ends::With("signal"),
        example: "example: {tempo: {bpm: 120, signal: {osc: {freq: 220, amp: 0.3 * (beat_number % 2)}}}}\n",
    },
    runs: Runs::Structure(Structure::Tempo),
};

//! `tempo`: musical time for the nodes below it; a host with a tempo of its own overrides it. A rule of the compiler.

use crate::spec::*;
use crate::units::Unit;

use super::{NodeDef, Runs, Structure};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "tempo",
        help: "Musical time for everything below it: lengths, counters and ticks of beats and bars.",
        params: &[
            ParamSpec::control(
                "bpm",
                Unit::BeatsPerMinute,
                120.0,
                "Beats per minute; where a host has a tempo, the host's.",
            ),
            ParamSpec {
                name: "source",
                kind: ParamKind::Choice(&[
                    Choice { word: "internal", aliases: &[], help: "this tempo, whatever the host's is" },
                    Choice { word: "external", aliases: &[], help: "the host's tempo, where it has one" },
                ]),
                unit: Unit::None,
                default: Default::Word("external"),
                range: None,
                help: "Whose tempo counts.",
            },
            ParamSpec::ignored("device", "Does nothing: the host chooses the device."),
            ParamSpec::signal("signal", "The node that knows musical time."),
        ],
        extra: Extra::Refused,
        channels: Channels::AsInputs,
        ends: Ends::With("signal"),
        example: "example: {tempo: {bpm: 120, signal: {osc: {type: tri, freq: 220 * (1 + (beat_number - 1) % 4 / 4), amp: 0.5 * exp(-6 * (t % beat))}}}}\n",
    },
    runs: Runs::Structure(Structure::Tempo),
};

//! `clips`: patterns one after the other along a song. A rule of the compiler; `kernel::voices::MidiIn` runs it, with notes from `score`.

use crate::spec::*;
use crate::units::Unit;

use super::{NodeDef, Runs, Structure};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "clips",
        help: "A track of a song: patterns at their places, each as often and as long as it says. Patterns that play the same instrument share it.",
        params: &[
            ParamSpec {
                default: Default::Required,
                ..ParamSpec::of(
                    ParamKind::Table(&CLIP),
                    "clips",
                    "The clips: `[beat, fill, {pattern: beat, start: 8 bars, length: 4 bars}]`.",
                )
            },
            ParamSpec::of(
                ParamKind::Sound,
                "instrument",
                "What plays all of them; if not said, the instrument of each pattern.",
            ),
            ParamSpec::flag("mute", "Leaves it out of the song: none of its notes is played."),
        ],
        extra: Extra::Refused,
        channels: Channels::AsInputs,
        ends: Ends::Never,
        example: "lead: {midi_in: {signal: {envelope: {attack: 0.005, decay: 0.1, sustain: 0.3, release: 0.1, gate: gate, signal: {osc: {type: tri, freq: freq, amp: 0.5 * velocity}}}}}}\nrise: {pattern: {instrument: lead, notes: \"C4 E4 G4 C5\"}}\nfall: {pattern: {instrument: lead, notes: \"C5 G4 E4 C4\"}}\nexample: {clips: {clips: [rise, fall, [rise, 1 bar, 2 bars]]}}\n",
    },
    runs: Runs::Structure(Structure::Clips),
};

/// A pattern in a song.
pub static CLIP: NodeSpec = NodeSpec {
    name: "clip",
    help: "A clip of `clips`.",
    params: &[
        ParamSpec {
            default: Default::Required,
            ..ParamSpec::of(ParamKind::Sound, "pattern", "The `pattern` that is played.")
        },
        ParamSpec::of(ParamKind::Time, "start", "Where it begins; if not said, where the clip before ends."),
        ParamSpec::of(
            ParamKind::Time,
            "length",
            "How long it is; if not said, as long as its pattern from `offset` on.",
        ),
        ParamSpec::of(
            ParamKind::Time,
            "offset",
            "Where in the pattern it begins: for the second half of a split clip.",
        ),
        ParamSpec {
            default: Default::Flag(true),
            ..ParamSpec::flag("loop", "Whether the pattern begins again where the clip is longer.")
        },
        ParamSpec::integer("transpose", 0.0, (-96.0, 96.0), "Semitones by which all notes are higher."),
        ParamSpec::number("velocity", Unit::None, 1.0, (0.0, 4.0), "Factor of all velocities."),
        ParamSpec::flag("mute", "It is not played."),
    ],
    extra: Extra::Refused,
    channels: Channels::Mono,
    ends: Ends::Never,
    example: "",
};

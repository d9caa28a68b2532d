//! `clips`: patterns and recordings one after the other along a song. A rule of the compiler; `kernel::voices::MidiIn` plays the notes, from
//! `score`, and `kernel::recordings` what was recorded.

use crate::spec::*;
use crate::units::Unit;

use super::{NodeDef, Runs, Structure};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "clips",
        help: "A track of a song: patterns and recordings at their places, each as often and as long as it says. Patterns that play the same instrument share it.",
        params: &[
            ParamSpec {
                default: Default::Required,
                ..ParamSpec::of(
                    ParamKind::Table(&CLIP),
                    "clips",
                    "The clips: `[beat, fill, {pattern: beat, start: 8 bars, length: 4 bars}, {file: choir.wav, start: 4 bars}]`.",
                )
            },
            ParamSpec::of(
                ParamKind::Sound,
                "instrument",
                "What plays all of them; if not said, the instrument of each pattern.",
            ),
            ParamSpec::flag("mute", "Leaves it out of the song: none of its notes is played."),
            ParamSpec::flag(
                "to_host",
                "Sends the notes of its patterns to the host as well, each at its frame, on MIDI channel 0 or that of the MIDI file.",
            ),
        ],
        extra: Extra::Refused,
        channels: Channels::AsInputs,
        ends: Ends::Never,
        example: "lead: {midi_in: {signal: {envelope: {attack: 0.005, decay: 0.1, sustain: 0.3, release: 0.1, gate: gate, signal: {osc: {type: tri, freq: freq, amp: 0.5 * velocity}}}}}}\nrise: {pattern: {instrument: lead, notes: \"C4 E4 G4 C5\"}}\nfall: {pattern: {instrument: lead, notes: \"C5 G4 E4 C4\"}}\nexample: {clips: {clips: [rise, fall, [rise, 1 bar, 2 bars]]}}\n",
    },
    runs: Runs::Structure(Structure::Clips),
};

/// A pattern, or a recording, in a song.
pub static CLIP: NodeSpec = NodeSpec {
    name: "clip",
    help: "A clip of `clips`.",
    params: &[
        ParamSpec::of(ParamKind::Sound, "pattern", "The `pattern` that is played."),
        ParamSpec::of(ParamKind::Time, "start", "Where it begins; if not said, where the clip before ends."),
        ParamSpec::of(
            ParamKind::Time,
            "length",
            "How long it is; if not said, as long as its pattern or recording from `offset` on.",
        ),
        ParamSpec::of(
            ParamKind::Time,
            "offset",
            "Where in the pattern or recording it begins: for the second half of a split clip.",
        ),
        ParamSpec {
            default: Default::Flag(true),
            ..ParamSpec::flag("loop", "Whether what is played begins again where the clip is longer.")
        },
        ParamSpec::integer("transpose", 0.0, (-96.0, 96.0), "Semitones by which all notes are higher."),
        ParamSpec::number("velocity", Unit::None, 1.0, (0.0, 4.0), "Factor of all velocities."),
        ParamSpec::flag("mute", "It is not played."),
        ParamSpec::of(
            ParamKind::Text,
            "file",
            "A recording that is played instead of a pattern: a sound file beside this file or in its `roots`.",
        ),
        ParamSpec {
            unit: Unit::Decibels,
            ..ParamSpec::number("gain", Unit::Decibels, 0.0, (-120.0, 60.0), "Level of the recording.")
        },
        ParamSpec::of(
            ParamKind::Time,
            "fade_in",
            "How long the recording takes to come, from the clip's beginning on.",
        ),
        ParamSpec::of(
            ParamKind::Time,
            "fade_out",
            "How long it takes to go, up to the end of the clip or of the recording.",
        ),
        ParamSpec {
            default: Default::Word("linear"),
            ..ParamSpec::of(
                ParamKind::Choice(&[
                    Choice { word: "linear", aliases: &[], help: "Evenly." },
                    Choice {
                        word: "equal_power",
                        aliases: &["power"],
                        help: "Two that cross are as strong together as one alone.",
                    },
                    Choice { word: "smooth", aliases: &["s"], help: "Slowly, fast, slowly." },
                    Choice { word: "exponential", aliases: &["exp"], help: "Slowly near silence." },
                    Choice { word: "logarithmic", aliases: &["log"], help: "Fast near silence." },
                ]),
                "fade",
                "How it comes and goes.",
            )
        },
        ParamSpec::number(
            "speed",
            Unit::None,
            1.0,
            (0.01, 100.0),
            "Speed of the recording, and with it its pitch: 0.5 is an octave lower and takes twice as long.",
        ),
        ParamSpec::flag("reverse", "The recording is played backwards: `offset` counts from its end."),
    ],
    extra: Extra::Refused,
    channels: Channels::Mono,
    ends: Ends::Never,
    example: "",
};

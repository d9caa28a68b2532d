//! `trigger`: a drum in a microphone starts sounds and notes. A rule of the compiler; `kernel::voices::Hit` runs it.

use crate::spec::*;
use crate::units::Unit;

use super::{NodeDef, Runs, Structure};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "trigger",
        help: "Hears a drum in a microphone, and nothing else: every stroke plays a sound, sends a note, or drives other nodes, at its frame.",
        params: &[
            ParamSpec::of(
                ParamKind::Signal(Stereo::Keep),
                "input",
                "The microphone: any node. Absent, or `sidechain`: the audio that the host sends in.",
            ),
            ParamSpec::of(
                ParamKind::Signal(Stereo::Average),
                "reference",
                "A second microphone that bleeds into the first: what it hears louder is no stroke.",
            ),
            ParamSpec {
                kind: ParamKind::Choice(&[
                    Choice { word: "any", aliases: &[], help: "any drum" },
                    Choice { word: "kick", aliases: &["bass_drum"], help: "a bass drum" },
                    Choice { word: "snare", aliases: &[], help: "a snare drum" },
                    Choice { word: "tom", aliases: &[], help: "a tom" },
                ]),
                default: Default::Word("any"),
                ..ParamSpec::of(
                    ParamKind::Flag,
                    "preset",
                    "The drum that is listened for, before it has learned.",
                )
            },
            ParamSpec {
                kind: ParamKind::Choice(&[
                    Choice {
                        word: "live",
                        aliases: &[],
                        help: "no latency: the note goes out as soon as the stroke is sure",
                    },
                    Choice { word: "tight", aliases: &[], help: "1.5 ms late, most strokes exactly placed" },
                    Choice {
                        word: "exact",
                        aliases: &[],
                        help: "10 ms late, every stroke exactly placed, with the velocity of its peak",
                    },
                ]),
                default: Default::Word("live"),
                ..ParamSpec::of(
                    ParamKind::Flag,
                    "mode",
                    "How long it listens before it decides. The host is told the latency.",
                )
            },
            ParamSpec::optional(
                "gain",
                Unit::Decibels,
                "Input gain, -24 to 24 dB, 0 unless written: the hardest stroke should peak near 0 dBFS.",
            ),
            ParamSpec::optional("threshold", Unit::Decibels, "Softer peaks are no strokes, -60 to 0 dBFS."),
            ParamSpec::optional(
                "hysteresis",
                Unit::Decibels,
                "How far below the threshold the signal must fall before soft strokes are refused again, 0 to 24 dB.",
            ),
            ParamSpec::optional(
                "sensitivity",
                Unit::None,
                "How readily something counts as a stroke, 0 to 1; 0.5 unless written.",
            ),
            ParamSpec::optional(
                "hold",
                Unit::Seconds,
                "No further stroke for so long, 5 to 500 ms; 12 ms unless written.",
            ),
            ParamSpec::optional(
                "retrigger",
                Unit::Seconds,
                "No stroke that is at least 6 dB softer than the last one for so long, 0 to 1 s; 0 unless written.",
            ),
            ParamSpec::optional(
                "retrigger_cancel",
                Unit::None,
                "How much a loud stroke keeps softer ones out while it rings, 0 to 1; 0.5 unless written.",
            ),
            ParamSpec::optional(
                "highpass",
                Unit::Hertz,
                "The detector hears nothing below; off unless written.",
            ),
            ParamSpec::optional(
                "lowpass",
                Unit::Hertz,
                "The detector hears nothing above; off unless written.",
            ),
            ParamSpec::optional(
                "scan",
                Unit::Seconds,
                "The least time for which a stroke is measured, 0 to 10 ms: what is longer than the mode's look-ahead delays the note.",
            ),
            ParamSpec {
                kind: ParamKind::Choice(&[
                    Choice { word: "linear", aliases: &["lin"], help: "as measured" },
                    Choice { word: "log", aliases: &["logarithmic"], help: "soft strokes become louder" },
                    Choice { word: "exp", aliases: &["exponential"], help: "soft strokes become softer" },
                ]),
                default: Default::Word("linear"),
                ..ParamSpec::of(ParamKind::Flag, "velocity_curve", "How loudness becomes velocity.")
            },
            ParamSpec::optional("velocity_min", Unit::None, "Least velocity, 1 to 127."),
            ParamSpec::optional("velocity_max", Unit::None, "Greatest velocity, 1 to 127."),
            ParamSpec::optional("velocity_fixed", Unit::None, "One velocity for all strokes, 1 to 127."),
            ParamSpec::optional(
                "match",
                Unit::None,
                "How much strokes must have the colour of the drum, 0 to 1; 0 unless written.",
            ),
            ParamSpec::optional(
                "reject",
                Unit::None,
                "How much of what the reference hears is refused, 0 to 1; 0.5 unless written.",
            ),
            ParamSpec::number(
                "align",
                Unit::Seconds,
                0.0,
                (-0.02, 0.02),
                "Moves every stroke; what is earlier is paid for with latency.",
            ),
            ParamSpec {
                default: Default::Flag(true),
                ..ParamSpec::flag("adapt", "The drum's levels follow its loud strokes slowly.")
            },
            ParamSpec::of(
                ParamKind::Play,
                "play",
                "What a stroke plays: a sound, several at once, or a list that is gone through stroke by stroke. Voices know `velocity`, `peak`, `brightness` and `gate`.",
            ),
            ParamSpec::integer(
                "voices",
                8.0,
                (1.0, 64.0),
                "How many voices of a sound may sound at once; the oldest gives way.",
            ),
            ParamSpec::flag("choke", "A stroke ends what the one before has started."),
            ParamSpec {
                range: Some((0.0, 127.0)),
                ..ParamSpec::of(
                    ParamKind::Integer,
                    "note",
                    "Key of the note that goes to the host, 0 to 127 or `c1`.",
                )
            },
            ParamSpec::integer("channel", 9.0, (0.0, 15.0), "MIDI channel of the note, 0 to 15."),
            ParamSpec::number(
                "length",
                Unit::Seconds,
                0.05,
                (0.001, 60.0),
                "When the note ends, and the `gate` closes.",
            ),
            ParamSpec::optional(
                "dry",
                Unit::None,
                "How much of the input is added, as late as the strokes: a factor.",
            ),
            ParamSpec {
                kind: ParamKind::Choice(&[
                    Choice {
                        word: "auto",
                        aliases: &[],
                        help: "`sound` where something is played, else `hits`",
                    },
                    Choice { word: "sound", aliases: &[], help: "what is played" },
                    Choice {
                        word: "hits",
                        aliases: &[],
                        help: "1 for one frame at each stroke: for triggers, and for the `trigger` of envelopes",
                    },
                    Choice {
                        word: "velocity",
                        aliases: &[],
                        help: "the velocity of the last stroke, 0 to 1",
                    },
                    Choice {
                        word: "listen",
                        aliases: &[],
                        help: "what the detector hears behind its gain and filters",
                    },
                ]),
                default: Default::Word("auto"),
                ..ParamSpec::of(ParamKind::Flag, "output", "What the node puts out.")
            },
        ],
        extra: Extra::Refused,
        channels: Channels::AsInputs,
        ends: Ends::Never,
        example: "example: {trigger: {input: {expression: {exp: 0.8 * n * exp(-40 * (t % 0.25)), n: {osc: {type: noise, amp: 0.3}}}}, play: {osc: {freq: 1200, amp: 0.5 * velocity, attack: 0.001, release: 0.05, duration: 0.06}}}}\n",
    },
    runs: Runs::Structure(Structure::Trigger),
};

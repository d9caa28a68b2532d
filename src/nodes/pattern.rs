//! `pattern`: notes that play an instrument. A rule of the compiler; `kernel::voices::MidiIn` runs it, with notes from `score`.

use crate::spec::*;
use crate::units::Unit;

use super::{NodeDef, Runs, Structure};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "pattern",
        help: "Plays an instrument by notes that are written here or in a MIDI file, round and round, in time with the host.",
        params: &[
            ParamSpec {
                default: Default::Required,
                ..ParamSpec::of(
                    ParamKind::Sound,
                    "instrument",
                    "What plays the notes: a sound with `midi_in`, or any other, which becomes a voice for every note and knows `freq`, `velocity`, `gate` and all that is known below `midi_in`.",
                )
            },
            ParamSpec::of(
                ParamKind::Notes(&NOTE),
                "notes",
                "The notes: `C4 . E4 - [C4 E4 G4]`, one word a step; `{C2: x...x..., D2: ....x...}`; or a list of entries.",
            ),
            ParamSpec::of(
                ParamKind::Text,
                "file",
                "A MIDI file whose notes are played, beside this file or in its `roots`.",
            ),
            ParamSpec::of(
                ParamKind::Items,
                "tracks",
                "Which tracks of the MIDI file: numbers from 1, or names; all of them if not said.",
            ),
            ParamSpec::of(
                ParamKind::Items,
                "channels",
                "Which MIDI channels of the file, 0 to 15; all of them if not said.",
            ),
            ParamSpec::of(
                ParamKind::Time,
                "length",
                "How long it is before it begins again; if not said, as long as what is written, in whole bars where it is a MIDI file.",
            ),
            ParamSpec::of(
                ParamKind::Time,
                "step",
                "Length of a step of text. If not said, the steps share `length`; without that either, `1/16`.",
            ),
            ParamSpec {
                default: Default::Flag(true),
                ..ParamSpec::flag("loop", "Whether it begins again at its end.")
            },
            ParamSpec::number(
                "velocity",
                Unit::None,
                0.8,
                (0.0, 127.0),
                "How hard notes are struck that do not say it, 0 to 1; above that as in MIDI, up to 127.",
            ),
            ParamSpec::number(
                "release_velocity",
                Unit::None,
                0.5,
                (0.0, 127.0),
                "How fast keys come up, 0 to 1; above that as in MIDI.",
            ),
            ParamSpec::number(
                "gate",
                Unit::None,
                1.0,
                (0.01, 4.0),
                "For how much of their length the keys of notes are down.",
            ),
            ParamSpec::number(
                "swing",
                Unit::None,
                0.5,
                (0.5, 0.75),
                "Where the second of two steps begins: `50 %` straight, `66.7 %` as triplets, `75 %` dotted.",
            ),
            ParamSpec::of(
                ParamKind::Time,
                "swing_step",
                "The steps that swing; if not said, `step`, or `1/16`.",
            ),
            ParamSpec::of(
                ParamKind::Items,
                "groove",
                "How much later the steps are, in steps, one after the other and over again: `[0, 0.1, 0, -0.05]`.",
            ),
            ParamSpec::of(
                ParamKind::Items,
                "accents",
                "How strong the steps are, as factors of the velocity, in the same way: `[1, 0.6, 0.8, 0.6]`.",
            ),
            ParamSpec::of(
                ParamKind::Text,
                "scale",
                "The scale whose degrees plain numbers are: `C minor`, `d3 dorian`. Without one they are keys.",
            ),
            ParamSpec::integer("transpose", 0.0, (-96.0, 96.0), "Semitones by which all notes are higher."),
            ParamSpec::number(
                "slide",
                Unit::Seconds,
                0.06,
                (0.0, 10.0),
                "How long the pitch glides to notes that slide (`/C4`).",
            ),
            ParamSpec {
                default: Default::Flag(true),
                ..ParamSpec::flag(
                    "chase",
                    "Whether a jump or a loop into the middle of a note lets it sound from there; what rings out by itself is not struck again.",
                )
            },
            ParamSpec::flag("mute", "Leaves it out of the song: none of its notes is played."),
            ParamSpec::flag(
                "to_host",
                "Sends its notes to the host as well, each at its frame, on MIDI channel 0 or that of the MIDI file.",
            ),
            ParamSpec::integer(
                "seed",
                0.0,
                (0.0, 4294967295.0),
                "Another number draws other chances; the same draws the same at the same place of the song.",
            ),
            ParamSpec::integer(
                "voices",
                16.0,
                (1.0, 256.0),
                "How many notes of an instrument without `midi_in` may sound at once.",
            ),
            ParamSpec {
                default: Default::Word("poly"),
                ..ParamSpec::of(
                    ParamKind::Choice(&[
                        Choice {
                            word: "poly",
                            aliases: &["polyphonic"],
                            help: "as many as there are voices",
                        },
                        Choice { word: "mono", aliases: &["monophonic"], help: "one; each begins anew" },
                        Choice {
                            word: "legato",
                            aliases: &[],
                            help: "one; notes that overlap only change its pitch",
                        },
                    ]),
                    "mode",
                    "How many notes of such an instrument sound at once.",
                )
            },
        ],
        extra: Extra::Refused,
        channels: Channels::AsInputs,
        ends: Ends::Never,
        example: "lead: {midi_in: {signal: {envelope: {attack: 0.005, decay: 0.12, sustain: 0.3, release: 0.15, gate: gate, signal: {osc: {type: tri, freq: freq, amp: 0.5 * velocity}}}}}}\nexample: {pattern: {instrument: lead, length: 1 bar, swing: 58 %, notes: \"C4 E4v0.5 G4 C5 {B4 A4} G4*2 [E4 G4] -\"}}\n",
    },
    runs: Runs::Structure(Structure::Pattern),
};

/// A note of a pattern.
pub static NOTE: NodeSpec = NodeSpec {
    name: "pattern_note",
    help: "A note of a `pattern`.",
    params: &[
        ParamSpec { default: Default::Required, ..ParamSpec::of(ParamKind::Time, "at", "Where it begins.") },
        ParamSpec {
            default: Default::Required,
            ..ParamSpec::of(
                ParamKind::Text,
                "note",
                "`C4`, a key or a degree of the scale, a chord `C4:m7`, or several: `C4 E4`.",
            )
        },
        ParamSpec::of(ParamKind::Time, "length", "How long its key is down; if not said, a step."),
        ParamSpec {
            range: Some((0.0, 127.0)),
            ..ParamSpec::of(
                ParamKind::Number,
                "velocity",
                "How hard it is struck, 0 to 1; above that as in MIDI.",
            )
        },
        ParamSpec {
            range: Some((0.0, 127.0)),
            ..ParamSpec::of(ParamKind::Number, "release_velocity", "How fast its key comes up.")
        },
        ParamSpec {
            unit: Unit::Pan,
            ..ParamSpec::number(
                "pan",
                Unit::Pan,
                0.0,
                (-1.0, 1.0),
                "Its place in the stereo field, for instruments that read `pan`.",
            )
        },
        ParamSpec::number(
            "pitch",
            Unit::Semitones,
            0.0,
            (-96.0, 96.0),
            "Semitones beside its key, in any fraction.",
        ),
        ParamSpec {
            range: Some((0.0, 10.0)),
            unit: Unit::Seconds,
            ..ParamSpec::of(
                ParamKind::Number,
                "slide",
                "How long the pitch glides there from the note before.",
            )
        },
        ParamSpec::number("chance", Unit::None, 1.0, (0.0, 1.0), "How likely it is played."),
        ParamSpec::integer("ratchet", 1.0, (1.0, 64.0), "So many strokes share its length."),
        ParamSpec::of(ParamKind::Time, "shift", "How much later it is than written, or earlier."),
        ParamSpec::flag("choke", "It ends what still sounds of the instrument."),
        ParamSpec::flag("mute", "It is not played."),
    ],
    extra: Extra::Refused,
    channels: Channels::Mono,
    ends: Ends::Never,
    example: "",
};

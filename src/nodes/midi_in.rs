//! `midi_in`: a voice for every note from the host. A rule of the compiler; `kernel::voices::MidiIn` runs it.

use crate::spec::*;
use crate::units::Unit;

use super::{NodeDef, Runs, Structure};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "midi_in",
        help: "Plays notes from the host or a keyboard: a voice for each, which knows `freq`, `velocity`, `gate` and more.",
        params: &[
            ParamSpec::integer(
                "channel",
                0.0,
                (-1.0, 15.0),
                "MIDI channel, 0 to 15; -1 listens to all. The notes of an MPE zone count for its master channel.",
            ),
            ParamSpec::of(
                ParamKind::Text,
                "keys",
                "Which keys are played: `36`, `c2`, `c2-b3`, or several with commas; all of them if not said.",
            ),
            ParamSpec {
                default: Default::Word("poly"),
                ..ParamSpec::of(
                    ParamKind::Choice(&[
                        Choice {
                            word: "poly",
                            aliases: &["polyphonic"],
                            help: "As many as there are voices.",
                        },
                        Choice {
                            word: "mono",
                            aliases: &["monophonic"],
                            help: "One; each begins anew. When its key comes up, a key that is still down sounds again.",
                        },
                        Choice {
                            word: "legato",
                            aliases: &[],
                            help: "One; while a key is down, the next one only changes its pitch.",
                        },
                    ]),
                    "mode",
                    "How many notes sound at once.",
                )
            },
            ParamSpec {
                default: Default::Word("last"),
                ..ParamSpec::of(
                    ParamKind::Choice(&[
                        Choice { word: "last", aliases: &[], help: "The key that was pressed last." },
                        Choice { word: "low", aliases: &["lowest"], help: "The lowest key." },
                        Choice { word: "high", aliases: &["highest"], help: "The highest key." },
                    ]),
                    "priority",
                    "Which of the keys that are down sounds, where one note sounds at a time.",
                )
            },
            ParamSpec::control(
                "portamento",
                Unit::Seconds,
                0.0,
                "How long the pitch glides from the note before to the next, however far that is; 0 does not glide.",
            ),
            ParamSpec {
                default: Default::Word("always"),
                ..ParamSpec::of(
                    ParamKind::Choice(&[
                        Choice { word: "always", aliases: &[], help: "To every note." },
                        Choice {
                            word: "legato",
                            aliases: &["fingered"],
                            help: "Only to a note that is played while another key is down.",
                        },
                    ]),
                    "portamento_mode",
                    "To which notes the pitch glides.",
                )
            },
            ParamSpec::integer(
                "voices",
                8.0,
                (1.0, 256.0),
                "How many notes may sound at once; those that are too many give way with a short fade.",
            ),
            ParamSpec {
                default: Default::Word("oldest"),
                ..ParamSpec::of(
                    ParamKind::Choice(&[
                        Choice { word: "oldest", aliases: &[], help: "The one that began first." },
                        Choice { word: "quietest", aliases: &[], help: "The softest at the moment." },
                    ]),
                    "steal",
                    "Which note gives way; those whose keys are up come first.",
                )
            },
            ParamSpec {
                default: Default::Word("stack"),
                ..ParamSpec::of(
                    ParamKind::Choice(&[
                        Choice { word: "stack", aliases: &[], help: "It rings on beside the new one." },
                        Choice { word: "replace", aliases: &["cut"], help: "It fades at once." },
                    ]),
                    "same_key",
                    "What becomes of a note whose key is struck again.",
                )
            },
            ParamSpec {
                default: Default::Absent,
                ..ParamSpec::number(
                    "bend_range",
                    Unit::Semitones,
                    2.0,
                    (0.0, 96.0),
                    "How far the pitch bend wheel reaches, up and down; if not said, what is set in the window, or 2 semitones. A keyboard that sends its range itself is followed.",
                )
            },
            ParamSpec::of(ParamKind::Text, "name", "What its one key is called in hosts that show names."),
            ParamSpec::of(
                ParamKind::Text,
                "choke",
                "A group, with any name: notes of the same group in the whole sound cut each other with a short fade, like open and closed hats.",
            ),
            ParamSpec::of(
                ParamKind::Map(&KEY),
                "notes",
                "Names, and groups that cut each other, of single keys: `{36: Kick, 42: {name: Closed Hat, choke: hats}}`.",
            ),
            ParamSpec::ignored("device", "Does nothing: the host chooses the device."),
            ParamSpec::signal("signal", "What every note plays; usually an `envelope` with `gate: gate`."),
        ],
        extra: Extra::Refused,
        channels: Channels::AsInputs,
        ends: Ends::Never,
        example: "example: {midi_in: {signal: {envelope: {attack: 0.01, decay: 0.3, sustain: 0.5, release: 0.3, gate: gate, signal: {osc: {type: tri, freq: freq, amp: velocity * 0.5}}}}}}\n",
    },
    runs: Runs::Structure(Structure::MidiIn),
};

/// A key of a `midi_in`, as `notes` says it.
pub static KEY: NodeSpec = NodeSpec {
    name: "key",
    help: "A key of a `midi_in`.",
    params: &[
        ParamSpec::of(ParamKind::Text, "name", "What it is called in hosts that show names."),
        ParamSpec::of(
            ParamKind::Text,
            "choke",
            "A group: notes of the same group in the whole sound cut each other with a short fade.",
        ),
    ],
    extra: Extra::Refused,
    channels: Channels::Mono,
    ends: Ends::Never,
    example: "",
};

//! `song`: the time of everything below it. A rule of the compiler.

use crate::spec::*;
use crate::units::Unit;

use super::{NodeDef, Runs, Structure};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "song",
        help: "The time of what is below: tempos and metres along the song, its markers, its sections and what is repeated. A host's tempo and position come first.",
        params: &[
            ParamSpec::of(
                ParamKind::Table(&TEMPO),
                "tempo",
                "The tempo, or tempos along the song: `96`, `[96, [120, 8 bars], {bpm: 60, at: 16 bars, ramp: true}]`; 120 if not said.",
            ),
            ParamSpec::of(
                ParamKind::Table(&METRE),
                "metre",
                "The metre, or metres along the song: `3/4`, `[4/4, [7/8, 8 bars]]`; 4/4 if not said.",
            ),
            ParamSpec::of(
                ParamKind::Map(&SECTION),
                "sections",
                "Parts of the song by their names, one after the other, with their lengths: `{intro: 4 bars, verse: 8 bars}`. Names are places where a time is asked for.",
            ),
            ParamSpec::of(
                ParamKind::Map(&MARKER),
                "markers",
                "Places of the song by their names: `{drop: 16 bars}`.",
            ),
            ParamSpec::of(
                ParamKind::Table(&REGION),
                "loop",
                "What is repeated where no host says what is played: `{from: verse, to: chorus, times: 2}`.",
            ),
            ParamSpec::of(
                ParamKind::Time,
                "length",
                "How long the song is; if not said, up to the end of its sections and clips.",
            ),
            ParamSpec {
                default: Default::Word("external"),
                ..ParamSpec::of(
                    ParamKind::Choice(&[
                        Choice {
                            word: "external",
                            aliases: &[],
                            help: "the host's tempo and position, where it has them",
                        },
                        Choice {
                            word: "internal",
                            aliases: &[],
                            help: "these tempos; a host's position counts in seconds",
                        },
                    ]),
                    "source",
                    "Whose time counts.",
                )
            },
            ParamSpec::signal("signal", "What is played: usually a `mix` or a `mixer` of `clips`."),
        ],
        extra: Extra::Refused,
        channels: Channels::AsInputs,
        ends: Ends::With("signal"),
        example: "lead: {midi_in: {signal: {envelope: {attack: 0.005, decay: 0.1, sustain: 0.3, release: 0.1, gate: gate, signal: {osc: {type: tri, freq: freq, amp: 0.5 * velocity}}}}}}\nriff: {pattern: {instrument: lead, length: 1 bar, notes: \"C4 E4 G4 C5\"}}\nexample: {song: {tempo: [[240, 0], [120, 2 bars, true]], sections: {intro: 1 bar, verse: 1 bar}, signal: {mix: {lead: {clips: {clips: [riff, [riff, verse]]}}}}}}\n",
    },
    runs: Runs::Structure(Structure::Song),
};

/// A tempo of a song.
pub static TEMPO: NodeSpec = NodeSpec {
    name: "tempo_change",
    help: "A tempo of a `song`.",
    params: &[
        ParamSpec {
            default: Default::Required,
            ..ParamSpec::number("bpm", Unit::BeatsPerMinute, 120.0, (1.0, 999.0), "Beats per minute.")
        },
        ParamSpec::of(ParamKind::Time, "at", "From where on; the beginning if not said."),
        ParamSpec::flag(
            "ramp",
            "The tempo goes there evenly with time from the one before, instead of all at once.",
        ),
    ],
    extra: Extra::Refused,
    channels: Channels::Mono,
    ends: Ends::Never,
    example: "",
};

/// A metre of a song.
pub static METRE: NodeSpec = NodeSpec {
    name: "metre_change",
    help: "A metre of a `song`.",
    params: &[
        ParamSpec { default: Default::Required, ..ParamSpec::of(ParamKind::Text, "metre", "`4/4`, `7/8`.") },
        ParamSpec::of(
            ParamKind::Time,
            "at",
            "From which bar on: `8 bars` behind the beginning; the beginning if not said.",
        ),
    ],
    extra: Extra::Refused,
    channels: Channels::Mono,
    ends: Ends::Never,
    example: "",
};

/// A section of a song.
pub static SECTION: NodeSpec = NodeSpec {
    name: "section",
    help: "A section of a `song`.",
    params: &[ParamSpec {
        default: Default::Required,
        ..ParamSpec::of(ParamKind::Time, "length", "How long it is; the next one begins behind it.")
    }],
    extra: Extra::Refused,
    channels: Channels::Mono,
    ends: Ends::Never,
    example: "",
};

/// A marker of a song.
pub static MARKER: NodeSpec = NodeSpec {
    name: "marker",
    help: "A marker of a `song`.",
    params: &[ParamSpec {
        default: Default::Required,
        ..ParamSpec::of(ParamKind::Time, "at", "Where it is.")
    }],
    extra: Extra::Refused,
    channels: Channels::Mono,
    ends: Ends::Never,
    example: "",
};

/// What is repeated of a song.
pub static REGION: NodeSpec = NodeSpec {
    name: "region",
    help: "What is repeated of a `song`.",
    params: &[
        ParamSpec {
            default: Default::Required,
            ..ParamSpec::of(ParamKind::Time, "from", "Where it begins.")
        },
        ParamSpec { default: Default::Required, ..ParamSpec::of(ParamKind::Time, "to", "Where it ends.") },
        ParamSpec {
            default: Default::Infinite,
            ..ParamSpec::integer(
                "times",
                0.0,
                (1.0, 10_000.0),
                "How often it is played before the song goes on.",
            )
        },
    ],
    extra: Extra::Refused,
    channels: Channels::Mono,
    ends: Ends::Never,
    example: "",
};

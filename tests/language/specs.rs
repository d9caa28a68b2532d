//! Node tables for the tests of the language: the shapes of real nodes, independent of how those are built.

use seiche::spec::{Channels, Choice, Default, Ends, Extra, NodeSpec, ParamKind, ParamSpec, Stereo};
use seiche::units::Unit;

const fn kind(name: &'static str, kind: ParamKind, default: Default) -> ParamSpec {
    ParamSpec { name, kind, unit: Unit::None, default, range: None, help: "a parameter" }
}

const fn required(name: &'static str, unit: Unit) -> ParamSpec {
    ParamSpec { unit, ..ParamSpec::signal(name, "a signal") }
}

const fn node(name: &'static str, params: &'static [ParamSpec], extra: Extra) -> NodeSpec {
    NodeSpec {
        name,
        help: "a node",
        params,
        extra,
        channels: Channels::AsInputs,
        ends: Ends::Never,
        example: "",
    }
}

const fn word(word: &'static str, aliases: &'static [&'static str]) -> Choice {
    Choice { word, aliases, help: "a word" }
}

const SHAPES: &[Choice] =
    &[word("sin", &["sine"]), word("saw", &[]), word("sqr", &["square"]), word("none", &[])];
const MODES: &[Choice] = &[word("step", &[]), word("ramp", &[])];
const SIGNAL: ParamSpec = required("signal", Unit::None);

pub static ALL: &[NodeSpec] = &[
    node(
        "osc",
        &[
            kind("type", ParamKind::Choice(SHAPES), Default::Word("sin")),
            ParamSpec::optional("freq", Unit::Hertz, "frequency"),
            ParamSpec::control("amp", Unit::None, 1.0, "level"),
            ParamSpec::optional("phase", Unit::Radians, "phase"),
            ParamSpec::control("attack", Unit::Seconds, 0.0, "rise time"),
            ParamSpec::number("scale", Unit::None, 1.0, (0.0, 1000.0), "rate of change"),
            kind("seed", ParamKind::Integer, Default::Absent),
            kind("range", ParamKind::Pair, Default::Absent),
        ],
        Extra::Refused,
    ),
    node(
        "filter",
        &[
            kind(
                "type",
                ParamKind::Choice(&[word("lowpass", &["lp"]), word("highpass", &["hp"])]),
                Default::Word("lowpass"),
            ),
            required("cutoff", Unit::Hertz),
            ParamSpec::control("peak", Unit::None, 0.0, "resonance"),
            SIGNAL,
        ],
        Extra::Refused,
    ),
    node(
        "envelope",
        &[
            ParamSpec { unit: Unit::Seconds, ..kind("attack", ParamKind::Formula, Default::Number(0.0)) },
            ParamSpec { unit: Unit::Seconds, ..kind("release", ParamKind::Formula, Default::Number(0.0)) },
            kind("end", ParamKind::Flag, Default::Absent),
            ParamSpec::optional("gate", Unit::None, "open above 0.5"),
            ParamSpec::optional("signal", Unit::None, "what it shapes"),
        ],
        Extra::Refused,
    ),
    node(
        "track",
        &[
            SIGNAL,
            ParamSpec::control("pan", Unit::Pan, 0.0, "position"),
            ParamSpec::control("volume", Unit::None, 1.0, "level"),
        ],
        Extra::Refused,
    ),
    node("delay", &[required("time", Unit::Seconds), SIGNAL], Extra::Refused),
    node("mix", &[], Extra::Named("track")),
    node("context", &[SIGNAL], Extra::Named("variable")),
    node("expression", &[required("exp", Unit::None)], Extra::Named("argument")),
    node("select", &[required("test", Unit::None)], Extra::Named("path")),
    node("tempo", &[ParamSpec::control("bpm", Unit::BeatsPerMinute, 120.0, "tempo"), SIGNAL], Extra::Refused),
    node(
        "sequencer",
        &[
            kind("steps", ParamKind::Steps, Default::Required),
            ParamSpec::control("interval", Unit::Seconds, 0.0, "length of a step"),
            kind("repeat", ParamKind::Integer, Default::Infinite),
            ParamSpec::control("swing", Unit::None, 0.0, "swing"),
        ],
        Extra::Refused,
    ),
    node(
        "automation",
        &[
            kind("steps", ParamKind::Signals, Default::Required),
            ParamSpec::control("interval", Unit::Seconds, 1.0, "length of a step"),
            kind("mode", ParamKind::Choice(MODES), Default::Word("step")),
        ],
        Extra::Refused,
    ),
    node("snap", &[kind("values", ParamKind::Signals, Default::Absent), SIGNAL], Extra::Refused),
    node(
        "interval",
        &[
            ParamSpec::control("note", Unit::None, 0.0, "degree"),
            kind("scale", ParamKind::Scale, Default::Absent),
        ],
        Extra::Refused,
    ),
    node("multiply", &[kind("items", ParamKind::Items, Default::Absent), SIGNAL], Extra::Refused),
    node(
        "sample",
        &[
            kind("file", ParamKind::Text, Default::Required),
            kind("loop", ParamKind::Flag, Default::Flag(false)),
        ],
        Extra::Refused,
    ),
    node("reference", &[kind("ref", ParamKind::Text, Default::Required)], Extra::Refused),
    node("hold", &[ParamSpec { kind: ParamKind::Signal(Stereo::Keep), ..SIGNAL }], Extra::Refused),
    node("follow", &[SIGNAL, kind("range", ParamKind::Pair, Default::Pair(0.0, 1.0))], Extra::Refused),
    node(
        "fade",
        &[
            ParamSpec { unit: Unit::Decibels, ..kind("level", ParamKind::Number, Default::Number(0.0)) },
            SIGNAL,
        ],
        Extra::Refused,
    ),
];

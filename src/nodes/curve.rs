//! `curve`: an automation along the song. A rule of the compiler; `kernel::along::Along` runs it.

use crate::spec::*;

use super::{NodeDef, Runs, Structure};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "curve",
        help: "An automation: a value that follows the song through points, for any parameter of any node, strip or send.",
        params: &[ParamSpec {
            default: Default::Required,
            ..ParamSpec::of(
                ParamKind::Table(&POINT),
                "points",
                "The points: `[[0, -12 dB], [4 bars, 0 dB, smooth], [8 bars, -60 dB]]`. Before the first its value holds, behind the last that one's.",
            )
        }],
        extra: Extra::Refused,
        channels: Channels::Mono,
        ends: Ends::Never,
        example: "example: {osc: {type: tri, freq: {curve: {points: [[0, 220 Hz, exponential], [0.5 beats, 880 Hz], [1/4, 440 Hz]]}}, amp: {curve: {points: [[0, 0.5, linear], [1, 0.1]]}}}}\n",
    },
    runs: Runs::Structure(Structure::Curve),
};

/// A point of a curve.
pub static POINT: NodeSpec = NodeSpec {
    name: "point",
    help: "A point of a `curve`.",
    params: &[
        ParamSpec { default: Default::Required, ..ParamSpec::of(ParamKind::Time, "at", "Where it is.") },
        ParamSpec {
            default: Default::Required,
            ..ParamSpec::of(ParamKind::Worth, "value", "The value there, in the unit of the parameter.")
        },
        ParamSpec {
            default: Default::Word("linear"),
            ..ParamSpec::of(
                ParamKind::Choice(&[
                    Choice { word: "linear", aliases: &["line"], help: "evenly" },
                    Choice { word: "step", aliases: &["hold"], help: "stays, and jumps at the next point" },
                    Choice {
                        word: "exponential",
                        aliases: &["exp"],
                        help: "slowly, then fast: `(32^u - 1) / 31`",
                    },
                    Choice {
                        word: "logarithmic",
                        aliases: &["log"],
                        help: "fast, then slowly: `1 - (32^(1-u) - 1) / 31`",
                    },
                    Choice { word: "smooth", aliases: &["s"], help: "slowly, fast, slowly: `u² (3 - 2u)`" },
                    Choice { word: "bezier", aliases: &[], help: "as `bend` says" },
                ]),
                "shape",
                "How it goes on from here; `u` is the part of the way to the next point.",
            )
        },
        ParamSpec::of(
            ParamKind::Items,
            "bend",
            "Control points of a `bezier` from (0, 0) to (1, 1): `[x1, y1, x2, y2]`, with x from 0 to 1.",
        ),
    ],
    extra: Extra::Refused,
    channels: Channels::Mono,
    ends: Ends::Never,
    example: "",
};

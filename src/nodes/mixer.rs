//! `mixer`: tracks, buses and what the sum goes through. A rule of the compiler; its parts are in `strip`.

use crate::spec::*;

use super::{NodeDef, Runs, Structure, strip};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "mixer",
        help: "Tracks with faders, sends, inserts and outputs, buses, and a master. It stands outermost in a sound; its tracks are the strips that the host automates.",
        params: &[
            ParamSpec {
                default: Default::Required,
                ..ParamSpec::of(
                    ParamKind::Map(&strip::DEF.spec),
                    "tracks",
                    "The tracks, in the order of their strips: nodes, or strips with `signal` and more. Other inserts can read a track as `$name`, before its inserts.",
                )
            },
            ParamSpec::of(
                ParamKind::Map(&strip::BUS),
                "buses",
                "What tracks are sent to. The host's `send a` and `send b` go to the first and to the second.",
            ),
            ParamSpec::of(
                ParamKind::Chain,
                "master",
                "Effects for the sum of all that goes to the main output; outputs of their own go past it.",
            ),
        ],
        extra: Extra::Refused,
        channels: Channels::Stereo,
        ends: Ends::Own,
        example: "example: {mixer: {tracks: {bass: {signal: {osc: {type: tri, freq: a1, amp: 0.4, duration: 2}}, gain: -3 dB}, lead: {signal: {osc: {type: saw, freq: a3, amp: [0.3, 0], duration: 1}}, pan: 0.4, sends: {room: -6 dB}}}, buses: {room: {signal: {reverb: {}}, gain: -3 dB}}}}\n",
    },
    runs: Runs::Structure(Structure::Mixer),
};

//! `reference`: the output of another node, by its id. A rule of the compiler.

use crate::spec::*;

use super::{NodeDef, Runs, Structure};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "reference",
        help: "The output of another node of the sound, found by its `id`: for sends and sidechains.",
        params: &[ParamSpec {
            default: Default::Required,
            ..ParamSpec::of(ParamKind::Text, "ref", "The id of the node that is heard.")
        }],
        extra: Extra::Refused,
        channels: Channels::AsInputs,
        ends: Ends::With("signal"),
        example: "example: {mix: {dry: {envelope: {id: pluck, decay: 0.3, sustain: 0, duration: 1, signal: {osc: {type: saw, freq: 220, amp: 0.4}}}}, room: {reverb: {mix: 1, decay: 1.5, signal: {reference: {ref: pluck}}}}}}\n",
    },
    runs: Runs::Structure(Structure::Reference),
};

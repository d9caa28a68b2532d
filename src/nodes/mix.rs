//! `mix`: adds named tracks up. The outermost one of a sound makes the strips of the mixer. A rule of the compiler.

use crate::spec::*;

use super::{NodeDef, Runs, Structure};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "mix",
        help: "Adds its named tracks up.",
        params: &[],
        extra: Extra::Named("track"),
        channels: Channels::AsInputs,
        ends: Ends::WithAllNamed,
        example: "example: {mix: {low: {osc: {freq: 110, amp: 0.3}}, high: {osc: {freq: 220, amp: 0.1}}}}\n",
    },
    runs: Runs::Structure(Structure::Mix),
};

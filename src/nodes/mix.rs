//! `mix`: adds named tracks up. The outermost one of a sound makes the strips of the mixer. A rule of the compiler.

use crate::spec::*;

use super::{NodeDef, Runs, Structure};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "mix",
        help: "Adds up its tracks. The outermost mix of a sound makes the strips of the mixer.",
        params: &[],
        extra: Extra::Named("track"),
        channels: Channels::AsInputs,
        ends: Ends::WithAllNamed,
        example: "example: {mix: {bass: {osc: {type: tri, freq: a1, amp: 0.4, duration: 2}}, left: {track: {pan: -0.6, signal: {osc: {type: saw, freq: a2 * fifth, amp: [0, 0.2], duration: 2}}}}, right: {track: {pan: 0.6, signal: {osc: {type: saw, freq: a3, amp: [0.2, 0], duration: 2}}}}}}\n",
    },
    runs: Runs::Structure(Structure::Mix),
};

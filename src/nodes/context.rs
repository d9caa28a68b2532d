//! `context`: names values for the nodes below it. A rule of the compiler.

use crate::spec::*;

use super::{NodeDef, Runs, Structure};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "context",
        help: "Gives names to values, for everything below it: the knobs of a sound.",
        params: &[ParamSpec::signal("signal", "The node that knows the names.")],
        extra: Extra::Named("variable"),
        channels: Channels::AsInputs,
        ends: Ends::With("signal"),
        example: "example: {context: {root: 110, wobble: {osc: {freq: 3, range: [0.1, 0.3]}}, signal: {mix: {low: {osc: {type: tri, freq: root, amp: 0.3}}, high: {osc: {type: saw, freq: root * fifth, amp: wobble}}}}, duration: 2}}\n",
    },
    runs: Runs::Structure(Structure::Context),
};

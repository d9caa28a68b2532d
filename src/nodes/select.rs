//! `select`: a switch between paths. A rule of the compiler; `kernel::voices::Select` runs it.

use crate::spec::*;
use crate::units::Unit;

use super::{NodeDef, Runs, Structure};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "select",
        help: "A switch between nodes: only the path whose key equals the test runs; time stands still in the others.",
        params: &[ParamSpec {
            default: Default::Required,
            ..ParamSpec::optional(
                "test",
                Unit::None,
                "Its value chooses the path. Keys stand in quotes; comparisons give \"1\" or \"0\".",
            )
        }],
        extra: Extra::Named("path"),
        channels: Channels::AsInputs,
        ends: Ends::Own,
        example: "example: {select: {test: {automation: {interval: 0.25, steps: [0, 1, 0, 0, 1]}}, '0': {osc: {type: tri, freq: 220, amp: 0.4}}, '1': {osc: {type: saw, freq: 330, amp: 0.3}}}}\n",
    },
    runs: Runs::Structure(Structure::Select),
};

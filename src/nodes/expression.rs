//! `expression`: a formula with named inputs. A rule of the compiler, which makes a register program of it.

use crate::spec::*;

use super::{NodeDef, Runs, Structure};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "expression",
        help: "A formula: adds, multiplies and bends signals, with inputs that have names.",
        params: &[ParamSpec::signal(
            "exp",
            "The formula; it knows the inputs beside it and all names from above.",
        )],
        extra: Extra::Named("input"),
        channels: Channels::AsInputs,
        ends: Ends::WithAllNamed,
        example: "example: {expression: {exp: tanh(4 * a * b) * 0.5, a: {osc: {freq: 220}}, b: {osc: {freq: 3.5, range: [0, 1]}}, duration: 2}}\n",
    },
    runs: Runs::Structure(Structure::Expression),
};

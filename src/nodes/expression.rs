//! `expression`: a formula with named inputs. A rule of the compiler, which makes a register program of it.

use crate::spec::*;
use crate::units::Unit;

use super::{NodeDef, Runs, Structure};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "expression",
        help: "A formula with named inputs.",
        params: &[ParamSpec {
            name: "exp",
            kind: ParamKind::Signal(Stereo::Keep),
            unit: Unit::None,
            default: Default::Required,
            range: None,
            help: "The formula; it sees the named inputs and all names from above.",
        }],
        extra: Extra::Named("input"),
        channels: Channels::AsInputs,
        ends: Ends::WithAllNamed,
        example: "example: {expression: {exp: s * 0.3, s: {osc: {freq: 220}}}}\n",
    },
    runs: Runs::Structure(Structure::Expression),
};

//! When steps begin: the clock of everything that is compiled from a list of steps, out of its parameters. Loader thread.

use crate::compile::plan::Wire;
use crate::kernel::steps::{StepPlan, Timing};
use crate::language::model::{Node, Param, Value};
use crate::spec::Default;

use super::{Context, Lower, Result};

impl Lower<'_> {
    /// How often a node goes through its steps; `None`: without end.
    pub(super) fn repeat(&self, node: &Node) -> Option<u64> {
        match self.declared(node, "repeat") {
            Some(Param { value: Value::Number(x), .. }) if x.is_finite() => Some(x.max(0.0) as u64),
            _ => None,
        }
    }

    /// The clock of so many steps. What it listens to is added to `inputs`.
    pub(super) fn step_clock(
        &mut self,
        node: &Node,
        inner: &Context,
        steps: usize,
        inputs: &mut Vec<Wire>,
    ) -> Result<StepPlan> {
        let unwritten = match node.spec.param("interval") {
            Some((_, param)) => {
                if let Default::Number(x) = param.default {
                    x
                } else {
                    0.0
                }
            }
            None => 0.0,
        };
        let interval = self.control(node, "interval", inner)?.unwrap_or(Wire::number(unwritten));
        let (swing, trigger, reset) = (
            self.control(node, "swing", inner)?,
            self.control(node, "trigger", inner)?,
            self.control(node, "reset", inner)?,
        );
        let mut input = |wire: Wire| {
            inputs.push(wire);
            inputs.len() - 1
        };
        let timing = match trigger {
            Some(trigger) => Timing::Trigger { port: input(trigger) },
            None => Timing::Interval {
                port: input(interval),
                exact: interval.as_number(),
                swing: swing.map(&mut input),
            },
        };
        let reset = reset.map(&mut input);
        Ok(StepPlan { timing, reset, steps, repeat: self.repeat(node), follows_song: self.scopes.len() == 1 })
    }
}

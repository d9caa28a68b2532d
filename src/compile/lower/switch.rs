//! Switches: nodes of which only one part runs at a time. Each part is a pool of one voice. Loader thread.

use crate::compile::plan::{Ends, Wire};
use crate::compile::pools::{Driver, PoolDraft};
use crate::kernel::course::{Courses, Mode};
use crate::kernel::steps::Timing;
use crate::language::Diagnostic;
use crate::language::model::{Node, Param, Span, Value};
use crate::nodes::NodeDef;

use super::{Context, Failed, Lower, Result, Scope, children, declare};

impl Lower<'_> {
    pub(super) fn select(&mut self, node: &Node, cx: &Context) -> Result<Wire> {
        let Some(test) = self.control(node, "test", cx)? else { return Err(self.missing(node, "test")) };
        let inner = self.inside(node, cx);
        let (mut pools, mut keys, mut channels, mut faults) = (vec![], vec![], 1, vec![]);
        for param in node.params.iter().filter(|p| p.declared.is_none()) {
            let key = match param.name.as_str() {
                "true" => Some(1.0),
                "false" => Some(0.0),
                name => name.parse::<f32>().ok().filter(|x| x.is_finite()),
            };
            let Some(key) = key else {
                let message = format!("a path of `select` is named by a number, not `{}`", param.name);
                let error = Diagnostic::error("not-a-key", param.key_span, message);
                faults.push(error.hint("write the value of `test` that chooses it, in quotes: `\"1\": …`"));
                continue;
            };
            let mut scope = Scope::default();
            children(&param.value).into_iter().for_each(|child| declare(child, &mut scope.declared));
            let path = format!("{}.{}", node.path, param.name);
            match self.voiced(scope, &path, &inner, &[], &[], |lower, inner| lower.param(param, node, inner))
            {
                Ok((draft, width, _, imports)) => {
                    channels = channels.max(width);
                    keys.push(key);
                    pools.push((draft, imports));
                }
                Err(Failed(mut list)) => faults.append(&mut list),
            }
        }
        if !faults.is_empty() {
            return Err(Failed(faults));
        }
        Ok(self.play(
            node,
            Driver::Select { keys, test: 0, ends: true },
            vec![test],
            pools,
            channels,
            Ends::Own,
        ))
    }

    /// An `automation` between nodes, which run only while they are heard. One that jumps is a switch over step numbers.
    pub(super) fn automation_of_nodes(
        &mut self,
        def: &'static NodeDef,
        node: &Node,
        cx: &Context,
    ) -> Result<Option<Wire>> {
        let has_nodes = |value: &Value| matches!(value, Value::List(items) if items.iter().any(|(v, _)| matches!(v, Value::Node(_))));
        let steps = node.params.iter().find(|p| p.name == "steps" && has_nodes(&p.value));
        let (Some(Param { value: Value::List(items), .. }), "automation") = (steps, node.spec.name) else {
            return Ok(None);
        };
        let mode = match self.declared(node, "mode").map(|p| &p.value) {
            Some(Value::Word("ramp")) => Mode::Ramp,
            Some(Value::Word("overlap")) => Mode::Overlap,
            _ => Mode::Step,
        };
        if mode != Mode::Step {
            return self.blend(node, items, mode, cx).map(Some);
        }
        let mut numbered = node.clone();
        let number = |(number, (value, span)): (usize, &(Value, Span))| match value {
            Value::Null => (Value::Null, *span),
            _ => (Value::Number(number as f64 + 1.0), *span),
        };
        let numbers = Value::List(items.iter().enumerate().map(number).collect());
        for p in numbered.params.iter_mut().filter(|p| p.name == "steps") {
            p.value = numbers.clone();
        }
        let test = self.kernel_node(def, &numbered, cx)?;
        let inner = self.inside(node, cx);
        let (values, pools) = self.step_nodes(node, items, &inner)?;
        let numbers = values.iter().enumerate().filter(|(_, value)| value.is_some());
        let keys = numbers.map(|(number, _)| number as f32 + 1.0).collect();
        let driver = Driver::Select { keys, test: 0, ends: false };
        Ok(Some(self.play(node, driver, vec![test], pools, 1, Ends::Own)))
    }

    /// An `automation` that goes from node to node in straight lines or crossfades.
    fn blend(&mut self, node: &Node, items: &[(Value, Span)], mode: Mode, cx: &Context) -> Result<Wire> {
        let inner = self.inside(node, cx);
        let overlap = match self.declared(node, "overlap") {
            Some(Param { value: Value::Number(x), .. }) => *x,
            _ => 0.1,
        };
        let mut inputs = vec![];
        let clock = self.step_clock(node, &inner, items.len(), &mut inputs)?;
        let triggered = matches!(clock.timing, Timing::Trigger { .. });
        let (values, pools) = self.step_nodes(node, items, &inner)?;
        let courses = Courses { values, mode, overlap, repeat: clock.repeat, triggered };
        Ok(self.play(node, Driver::Blend { clock, courses }, inputs, pools, 1, Ends::Never))
    }

    /// A pool for every step of an `automation` that has a value, and its number per step.
    #[allow(clippy::type_complexity)]
    fn step_nodes(
        &mut self,
        node: &Node,
        items: &[(Value, Span)],
        inner: &Context,
    ) -> Result<(Vec<Option<usize>>, Vec<(PoolDraft, Vec<Wire>)>)> {
        let (mut values, mut pools) = (vec![], vec![]);
        for (number, (value, span)) in items.iter().enumerate() {
            if let Value::Null = value {
                values.push(None);
                continue;
            }
            let mut scope = Scope::default();
            children(value).into_iter().for_each(|child| declare(child, &mut scope.declared));
            let path = format!("{}.step_{number}", node.path);
            let (draft, _, _, imports) = self.voiced(scope, &path, inner, &[], &[], |lower, inner| {
                let wire = lower.value(value, *span, node, "steps", inner)?;
                Ok(lower.mono(wire))
            })?;
            values.push(Some(pools.len()));
            pools.push((draft, imports));
        }
        Ok((values, pools))
    }
}

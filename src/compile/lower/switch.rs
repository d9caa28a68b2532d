//! Switches: nodes of which only one part runs at a time. Each part is a pool of one voice. Loader thread.

use crate::compile::plan::{Ends, Wire};
use crate::compile::pools::Driver;
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

    /// An `automation` that jumps between nodes: they run only while their step lasts, so it is a switch over step numbers.
    pub(super) fn automation_of_nodes(
        &mut self,
        def: &'static NodeDef,
        node: &Node,
        cx: &Context,
    ) -> Result<Option<Wire>> {
        let has_nodes = |value: &Value| matches!(value, Value::List(items) if items.iter().any(|(v, _)| matches!(v, Value::Node(_))));
        let steps = node.params.iter().find(|p| p.name == "steps" && has_nodes(&p.value));
        let jumps = self.declared(node, "mode").is_none_or(|p| matches!(p.value, Value::Word("step")));
        let (Some(Param { value: Value::List(items), .. }), true, "automation") =
            (steps, jumps, node.spec.name)
        else {
            return Ok(None);
        };
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
        let (mut pools, mut keys) = (vec![], vec![]);
        for (number, (value, span)) in
            items.iter().enumerate().filter(|(_, (v, _))| !matches!(v, Value::Null))
        {
            let mut scope = Scope::default();
            children(value).into_iter().for_each(|child| declare(child, &mut scope.declared));
            let path = format!("{}.step_{number}", node.path);
            let (draft, _, _, imports) = self.voiced(scope, &path, &inner, &[], &[], |lower, inner| {
                let wire = lower.value(value, *span, node, "steps", inner)?;
                Ok(lower.mono(wire))
            })?;
            keys.push(number as f32 + 1.0);
            pools.push((draft, imports));
        }
        let driver = Driver::Select { keys, test: 0, ends: false };
        Ok(Some(self.play(node, driver, vec![test], pools, 1, Ends::Own)))
    }
}

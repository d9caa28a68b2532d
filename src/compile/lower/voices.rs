//! Nodes that play voices: what is played is lowered into a plan of its own, with slots for what each voice knows.

use crate::compile::plan::{self, Ends, What, Wire};
use crate::compile::pools::{Driver, PoolDraft, Voices};
use crate::language::model::{Node, Param, Value};
use crate::language::{Diagnostic, limits};
use crate::spec::ParamKind;

use super::names::{Bound, Env};
use super::{Context, Failed, Lower, Result, Scope, children, declare};

/// Most copies of a `multiply` whose number moves.
const MOVING_COPIES: usize = 64;

/// A lowered voice: its draft and channels, the slots of its variables, and the wires around that it reads.
type Voiced = (PoolDraft, usize, Vec<u32>, Vec<Wire>);

impl Lower<'_> {
    /// Lowers what voices play in a scope of its own. `variables` become slots and names (where they have one); returns the draft, its channels,
    /// the slots in order, and the wires around that it reads.
    pub(super) fn voice(
        &mut self,
        node: &Node,
        cx: &Context,
        variables: &[(&str, f64)],
        overrides: &[String],
    ) -> Result<Voiced> {
        let mut scope = Scope::default();
        declare(node, &mut scope.declared);
        self.voiced(scope, &node.path, cx, variables, overrides, |lower, inner| lower.node(node, inner))
    }

    pub(super) fn voiced(
        &mut self,
        mut scope: Scope,
        path: &str,
        cx: &Context,
        variables: &[(&str, f64)],
        overrides: &[String],
        play: impl FnOnce(&mut Self, &Context) -> Result<Wire>,
    ) -> Result<Voiced> {
        let slots: Vec<u32> = variables.iter().map(|(_, value)| scope.plan.slot(*value)).collect();
        self.scopes.push(scope);
        let depth = self.scopes.len() - 1;
        let mut env: Env = cx.env.clone();
        for ((name, _), slot) in variables.iter().zip(&slots).filter(|((name, _), _)| !name.is_empty()) {
            let wire = Wire::mono(plan::Value::Slot(*slot));
            env = env.with(name, Bound::Wire(depth, wire));
        }
        let root = |name: &&(&str, f64)| overrides.iter().any(|o| o == name.0);
        let overrides = variables
            .iter()
            .zip(&slots)
            .filter(|(v, _)| root(v))
            .map(|(v, s)| (v.0.to_owned(), *s))
            .collect();
        let inner = Context { env, overrides, ..cx.clone() };
        let wire = play(self, &inner).map(|wire| {
            // The voice's output must be a tile of its own, which the pool may write to.
            let ops = &self.scope().plan.ops;
            let own = |value| matches!(value, plan::Value::Op(op, _) if !matches!(ops[op].what, What::Import { .. }));
            if own(wire.left) && own(wire.right) {
                return wire;
            }
            let channels = 1 + usize::from(wire.is_stereo());
            self.push(What::Sum, vec![wire], channels, Ends::With(0), format!("{path}.voice"))
        });
        self.check_memories();
        let mut scope = self.scopes.pop().unwrap_or_default();
        let wire = wire?;
        scope.plan.outputs = vec![wire];
        let channels = 1 + usize::from(wire.is_stereo());
        Ok((PoolDraft::new(path.to_owned(), scope.plan, 1), channels, slots, scope.imports))
    }

    /// Adds the operation. Imports of each pool follow the driver's own inputs.
    pub(super) fn play(
        &mut self,
        node: &Node,
        driver: Driver,
        mut inputs: Vec<Wire>,
        pools: Vec<(PoolDraft, Vec<Wire>)>,
        channels: usize,
        ends: Ends,
    ) -> Wire {
        let mut drafts = vec![];
        for (mut draft, imports) in pools {
            // Import numbers count from the pool's own first; they become input numbers of the operation.
            let base = inputs.len();
            for op in &mut draft.main.plan.ops {
                if let What::Import { index, .. } = &mut op.what {
                    *index += base;
                }
            }
            inputs.extend(imports);
            drafts.push(draft);
        }
        let voices = Voices { span: node.span, driver, pools: drafts };
        self.push(What::Voices(Box::new(voices)), inputs, channels, ends, node.path.clone())
    }

    pub(super) fn limit(&self, node: &Node, default: usize) -> Result<usize> {
        match self.declared(node, "voices") {
            Some(Param { value: Value::Number(x), span, .. }) => {
                if *x > limits::VOICES as f64 {
                    return Err(self.too_many("voices", limits::VOICES, *span));
                }
                Ok((*x as usize).max(1))
            }
            _ => Ok(default),
        }
    }

    pub(super) fn multiply(&mut self, node: &Node, cx: &Context) -> Result<Wire> {
        let inner = self.inside(node, cx);
        let items: Option<Vec<f64>> = match self.declared(node, "items") {
            Some(Param { value: Value::List(items), .. }) => {
                let number = |(v, span): &(Value, _)| match v {
                    Value::Number(x) => Ok(*x),
                    _ => {
                        Err(Failed(vec![Diagnostic::error("wrong-type", *span, "an item is a plain number")]))
                    }
                };
                Some(items.iter().map(number).collect::<Result<_>>()?)
            }
            _ => None,
        };
        let number = self.control(node, "number", &inner)?;
        let (count, port) = match (&items, number) {
            (Some(items), None) => (items.len(), None),
            (None, Some(wire)) => match wire.as_number() {
                Some(x) => (x.max(0.0) as usize, None),
                None => (MOVING_COPIES, Some(wire)),
            },
            (Some(_), Some(_)) => {
                let error = Diagnostic::error(
                    "both-given",
                    node.span,
                    "`multiply` takes `number` or `items`, not both",
                );
                return Err(error.into());
            }
            (None, None) => return Err(self.missing(node, "number")),
        };
        if count > limits::COPIES {
            return Err(self.too_many("copies", limits::COPIES, node.span));
        }
        let Value::Node(signal) = &self.required(node, "signal")?.value else {
            let param = self.required(node, "signal")?;
            return Err(
                Diagnostic::error("wrong-type", param.span, "`signal` of `multiply` must be a node").into()
            );
        };
        // A number that moves is read where it is; one that an edit changes is told to the copies that sound.
        let mut cx = cx.clone();
        let known = match port {
            Some(number) => {
                let n = self.whole(number, MOVING_COPIES as f64, node.span)?;
                cx.env = cx.env.with("n", Bound::Wire(self.scopes.len() - 1, n));
                2
            }
            None => 3,
        };
        let variables = [("i", 1.0), ("item", 0.0), ("n", count as f64)];
        let (mut draft, channels, slots, imports) = self.voice(signal, &cx, &variables[..known], &[])?;
        draft.main.voices = count.max(1);
        let copies = (0..count).map(|copy| {
            let item = items.as_ref().map_or(0.0, |items| items[copy]);
            let values = [copy as f32 + 1.0, item as f32, count as f32];
            slots.iter().copied().zip(values).collect()
        });
        let driver = Driver::Multiply { number: port.map(|_| 0), copies: copies.collect() };
        Ok(self.play(node, driver, port.into_iter().collect(), vec![(draft, imports)], channels, Ends::Own))
    }

    pub(super) fn spawn(&mut self, node: &Node, cx: &Context) -> Result<Wire> {
        let Some(trigger) = self.control(node, "trigger", &self.inside(node, cx))? else {
            return Err(self.missing(node, "trigger"));
        };
        let limit = self.limit(node, 32)?;
        let threshold = match self.declared(node, "threshold") {
            Some(Param { value: Value::Number(x), .. }) => *x as f32,
            _ => 0.5,
        };
        let Value::Node(signal) = &self.required(node, "signal")?.value else {
            return Err(
                Diagnostic::error("wrong-type", node.span, "`signal` of `spawn` must be a node").into()
            );
        };
        let inner =
            Context { duration: Some(node.duration.unwrap_or(f64::INFINITY)), ..self.inside(node, cx) };
        let variables = [("gate", 1.0), ("trigger_offset", 0.0)];
        let (mut draft, channels, slots, imports) = self.voice(signal, &inner, &variables, &[])?;
        draft.main.voices = limit + limit.min(8);
        let variables = vec![(slots[0], 1.0)];
        let driver = Driver::Spawn { trigger: 0, threshold, limit, life: None, variables };
        Ok(self.play(node, driver, vec![trigger], vec![(draft, imports)], channels, Ends::Own))
    }
}

/// The longest finite `duration` in a definition, in seconds: through parameters, named arguments and lists, but neither pairs
/// nor the steps of sequencers, which begin again, nor what notes play, which begins whenever they come.
pub(super) fn longest_duration(node: &Node) -> Option<f64> {
    let own = node.duration.filter(|d| d.is_finite());
    let below = node.params.iter().filter(|p| {
        let pair = p.declared.is_some_and(|i| node.spec.params[i].kind == ParamKind::Pair);
        let played = match node.spec.name {
            "midi_in" => p.name == "signal",
            "pattern" | "clips" => true,
            _ => false,
        };
        !pair && !played
    });
    let mut longest = own;
    let mut consider = |d: Option<f64>| {
        if let Some(d) = d {
            longest = Some(longest.map_or(d, |l| l.max(d)));
        }
    };
    for param in below {
        for child in children(&param.value) {
            consider(longest_duration(child));
        }
    }
    longest
}

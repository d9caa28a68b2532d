//! Nodes that give names to what is below them, or put signals together: `context`, `tempo`, `mix`, `expression`, `reference`.

use crate::compile::plan::{Ends, What, Wire};
use crate::compile::tempo::Part;
use crate::language::Diagnostic;
use crate::language::model::{Node, Param, Value};

use super::names::Bound;
use super::pattern;
use super::{Context, Failed, Lower, Result, Track};

/// Whether a parameter's nodes belong to voices of the node, and so have ids of their own.
pub(super) fn inside_voices(node: &Node, param: &str) -> bool {
    match node.spec.name {
        "sequencer" => matches!(param, "steps" | "chain"),
        "multiply" | "spawn" | "midi_in" => param == "signal",
        "select" => param != "test",
        // What is no `midi_in` becomes the signal of one.
        "pattern" | "clips" => param == "instrument" && !pattern::plays_notes(node),
        _ => false,
    }
}

impl Lower<'_> {
    pub(super) fn declared<'n>(&self, node: &'n Node, name: &str) -> Option<&'n Param> {
        node.params.iter().find(|p| p.declared.is_some() && p.name == name && !matches!(p.value, Value::Null))
    }

    pub(super) fn required<'n>(&self, node: &'n Node, name: &str) -> Result<&'n Param> {
        self.declared(node, name).ok_or_else(|| self.missing(node, name))
    }

    /// A declared parameter as a mono wire, or the default.
    pub(super) fn control(&mut self, node: &Node, name: &str, cx: &Context) -> Result<Option<Wire>> {
        match self.declared(node, name) {
            Some(param) => {
                let wire = self.param(param, node, cx)?;
                Ok(Some(self.mono(wire)))
            }
            None => Ok(None),
        }
    }

    /// The tracks of a mix, in order.
    pub(super) fn mix_children(&mut self, node: &Node, cx: &Context) -> Result<Vec<(String, Wire)>> {
        let mut tracks = vec![];
        let mut faults = vec![];
        let cx = &cx.below(node);
        for param in node.params.iter().filter(|p| p.declared.is_none()) {
            match self.param(param, node, cx) {
                Ok(wire) => tracks.push((param.name.clone(), wire)),
                Err(Failed(mut list)) => faults.append(&mut list),
            }
        }
        if faults.is_empty() { Ok(tracks) } else { Err(Failed(faults)) }
    }

    pub(super) fn mix(&mut self, node: &Node, cx: &Context) -> Result<Wire> {
        let inputs: Vec<Wire> = self.mix_children(node, cx)?.into_iter().map(|(_, wire)| wire).collect();
        let channels = 1 + usize::from(inputs.iter().any(Wire::is_stereo));
        let all = (0..inputs.len()).collect();
        Ok(self.push(What::Sum, inputs, channels, Ends::AllOf(all), node.path.clone()))
    }

    pub(super) fn expression(&mut self, node: &Node, cx: &Context) -> Result<Wire> {
        let cx = &self.inside(node, cx);
        let param = self.required(node, "exp")?;
        let mut args: Vec<(String, Wire)> = vec![];
        let mut nodes = vec![];
        let mut faults = vec![];
        let named = || node.params.iter().filter(|p| p.declared.is_none());
        for argument in named().filter(|p| matches!(p.value, Value::Node(_))) {
            match self.param(argument, node, cx) {
                Ok(wire) => {
                    let wire = self.mono(wire);
                    nodes.push(wire);
                    args.push((argument.name.clone(), wire));
                }
                Err(Failed(mut list)) => faults.append(&mut list),
            }
        }
        for argument in named().filter(|p| !matches!(p.value, Value::Node(_))) {
            let wire = match &argument.value {
                Value::Expr(expr) => {
                    self.formula(expr, cx, &args, &format!("{}.{}", node.path, argument.name))
                }
                _ => self.param(argument, node, cx),
            };
            match wire {
                Ok(wire) => args.push((argument.name.clone(), wire)),
                Err(Failed(mut list)) => faults.append(&mut list),
            }
        }
        if !faults.is_empty() {
            return Err(Failed(faults));
        }
        let wire = match &param.value {
            Value::Expr(expr) => self.formula(expr, cx, &args, &node.path)?,
            _ => self.param(param, node, cx)?,
        };
        let fixed = matches!(param.value, Value::Number(_));
        let frames = node.duration.filter(|_| !fixed).map(|d| self.frames(d));
        if frames.is_none() && nodes.is_empty() {
            return Ok(wire);
        }
        // The formula ends when all its nodes have; a sum of silent copies carries that end.
        let channels = 1 + usize::from(wire.is_stereo());
        let ended = match nodes.is_empty() {
            true => wire,
            false => {
                let mut inputs = vec![wire];
                inputs.extend(&nodes);
                let all = (1..inputs.len()).collect();
                self.push(What::First, inputs, channels, Ends::AllOf(all), format!("{}.ends", node.path))
            }
        };
        match frames {
            Some(_) => {
                let what = What::Cut { frames };
                Ok(self.push(what, vec![ended], channels, Ends::Own, format!("{}.cut", node.path)))
            }
            None => Ok(ended),
        }
    }

    pub(super) fn context(
        &mut self,
        node: &Node,
        cx: &Context,
        tracks: Option<&mut Vec<Track>>,
    ) -> Result<Wire> {
        let inner = self.inside(node, cx);
        // The variables see the context's own duration, the signal does not.
        let (mut env, mut outer) = (inner.env.clone(), cx.env.clone());
        let depth = self.scopes.len() - 1;
        let mut ending = vec![];
        let mut faults = vec![];
        for param in node.params.iter().filter(|p| p.declared.is_none()) {
            let here = Context { env: env.clone(), ..inner.clone() };
            match self.param(param, node, &here) {
                Ok(wire) => {
                    let wire = self.mono(wire);
                    if matches!(param.value, Value::Node(_)) {
                        ending.push(wire);
                    }
                    env = env.with(&param.name, Bound::Wire(depth, wire));
                    outer = outer.with(&param.name, Bound::Wire(depth, wire));
                }
                Err(Failed(mut list)) => faults.append(&mut list),
            }
        }
        let below = Context { env: outer, overrides: vec![], ..cx.below(node) };
        let signal = match self.below(node, &below, tracks) {
            Ok(wire) if faults.is_empty() => wire,
            Ok(_) => return Err(Failed(faults)),
            Err(Failed(mut list)) => {
                faults.append(&mut list);
                return Err(Failed(faults));
            }
        };
        let frames = node.duration.map(|d| self.frames(d));
        ending.retain(|w| self.can_end(*w));
        if frames.is_none() && ending.is_empty() {
            return Ok(signal);
        }
        let channels = 1 + usize::from(signal.is_stereo());
        let mut inputs = vec![signal];
        inputs.extend(ending);
        Ok(self.push(What::Cut { frames }, inputs, channels, Ends::Own, format!("{}.cut", node.path)))
    }

    /// Whether a wire's node ever ends by itself.
    pub(super) fn can_end(&self, wire: Wire) -> bool {
        match wire.left {
            crate::compile::plan::Value::Op(op, _) => {
                let plan = &self.scopes[self.scopes.len() - 1].plan;
                match &plan.ops[op].ends {
                    Ends::Never => false,
                    Ends::With(port) => self.can_end(plan.ops[op].inputs[*port]),
                    Ends::AllOf(ports) => ports.iter().all(|p| self.can_end(plan.ops[op].inputs[*p])),
                    Ends::Own => match &plan.ops[op].what {
                        What::Node(recipe) => recipe.def.spec.name != "osc" || recipe.duration.is_some(),
                        _ => true,
                    },
                }
            }
            _ => false,
        }
    }

    pub(super) fn tempo(
        &mut self,
        node: &Node,
        cx: &Context,
        tracks: Option<&mut Vec<Track>>,
    ) -> Result<Wire> {
        let inner = self.inside(node, cx);
        let bpm = match self.control(node, "bpm", &inner)? {
            Some(wire) => wire,
            None => Wire::number(120.0),
        };
        let depth = self.scopes.len() - 1;
        let host = !matches!(self.declared(node, "source").map(|p| &p.value), Some(Value::Word("internal")));
        let bpm = match host {
            true => {
                let what = What::Tempo { part: Part::Bpm, host };
                self.push(what, vec![bpm], 1, Ends::Never, format!("{}.bpm", node.path))
            }
            false => bpm,
        };
        let below = Context {
            env: cx.env.with("bpm", Bound::Tempo(depth, bpm, host)),
            overrides: vec![],
            song: None,
            ..cx.below(node)
        };
        self.below(node, &below, tracks)
    }

    /// The signal of a node that only changes what is known below it: the tracks in there are tracks of the whole.
    pub(super) fn below(
        &mut self,
        node: &Node,
        cx: &Context,
        tracks: Option<&mut Vec<Track>>,
    ) -> Result<Wire> {
        let signal = self.required(node, "signal")?;
        match (&signal.value, tracks) {
            (Value::Node(child), Some(tracks)) => self.tracks(child, cx, tracks),
            _ => self.param(signal, node, cx),
        }
    }

    pub(super) fn reference(&mut self, node: &Node) -> Result<Wire> {
        let param = self.required(node, "ref")?;
        let Value::Text(id) = &param.value else {
            return Err(Diagnostic::error("wrong-type", param.span, "`ref` is the id of a node").into());
        };
        match self.by_id(id, param.span)? {
            Some(wire) => Ok(wire),
            None => {
                let known = self.scopes.iter().flat_map(|s| s.declared.iter().map(String::as_str));
                let error = Diagnostic::error(
                    "unknown-id",
                    param.span,
                    format!("no node of this sound has the id `{id}`"),
                );
                Err(match crate::language::nearest(id, known) {
                    Some(near) => error.hint(format!("did you mean `{near}`?")),
                    None => error.hint("give the node that you mean an `id`"),
                }
                .into())
            }
        }
    }

    /// Seconds as whole frames, cut off as the language says.
    pub(super) fn frames(&self, seconds: f64) -> u64 {
        (seconds * self.request.rate + 1e-9).max(0.0) as u64
    }
}

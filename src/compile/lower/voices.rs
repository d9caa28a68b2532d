//! Nodes that play voices: what is played is lowered into a plan of its own, with slots for what each voice knows.

use std::collections::HashMap;
use std::rc::Rc;

use crate::compile::plan::{self, Ends, What, Wire};
use crate::compile::pools::{Driver, PoolDraft, Voices};
use crate::kernel::steps::{StepPlan, Timing};
use crate::kernel::voices::{NoteVariable, Order, StepCall};
use crate::language::model::{Call, Node, Param, Span, Target, Value};
use crate::language::{Diagnostic, limits};
use crate::spec::ParamKind;

use super::names::{Bound, Env};
use super::{Context, Failed, Lower, Result, Scope, children, declare};

/// A lowered voice: its draft and channels, the slots of its variables, and the wires around that it reads.
type Voiced = (PoolDraft, usize, Vec<u32>, Vec<Wire>);

/// Sounds of a sequencer that have a pool: its number, the slots of their parameters, and their life in frames.
type KnownSounds = HashMap<String, (usize, Vec<(String, u32)>, u64)>;

/// A step's sound without a duration of its own lasts so many seconds.
const DEFAULT_LIFE: f64 = 1.0;

impl Lower<'_> {
    /// Lowers what voices play in a scope of its own. `variables` become slots and names; returns the draft, its channels,
    /// the slots in order, and the wires around that it reads.
    fn voice(
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
        for ((name, _), slot) in variables.iter().zip(&slots) {
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
        let inner = Context { env, duration: cx.duration, overrides };
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
        Ok((PoolDraft { name: path.to_owned(), plan: scope.plan, voices: 1 }, channels, slots, scope.imports))
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
            for op in &mut draft.plan.ops {
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

    fn limit(&self, node: &Node, default: usize) -> Result<usize> {
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
                None => (64, Some(wire)),
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
        let variables = [("i", 1.0), ("n", count as f64), ("item", 0.0)];
        let (mut draft, channels, slots, imports) = self.voice(signal, cx, &variables, &[])?;
        draft.voices = count.max(1);
        let copies = (0..count).map(|copy| {
            let item = items.as_ref().map_or(0.0, |items| items[copy]);
            vec![(slots[0], copy as f32 + 1.0), (slots[1], count as f32), (slots[2], item as f32)]
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
        draft.voices = limit + limit.min(8);
        let variables = vec![(slots[0], 1.0)];
        let driver = Driver::Spawn { trigger: 0, threshold, limit, life: None, variables };
        Ok(self.play(node, driver, vec![trigger], vec![(draft, imports)], channels, Ends::Own))
    }

    pub(super) fn midi_in(&mut self, node: &Node, cx: &Context) -> Result<Wire> {
        let limit = self.limit(node, 8)?;
        let number = |name: &str| match self.declared(node, name) {
            Some(Param { value: Value::Number(x), .. }) => Some(*x),
            _ => None,
        };
        let channel = number("channel").map_or(Some(0), |c| if c < 0.0 { None } else { Some(c as u8) });
        let bend_range = number("bend_range").unwrap_or(2.0) as f32;
        let Value::Node(signal) = &self.required(node, "signal")?.value else {
            return Err(
                Diagnostic::error("wrong-type", node.span, "`signal` of `midi_in` must be a node").into()
            );
        };
        let inner =
            Context { duration: Some(node.duration.unwrap_or(f64::INFINITY)), ..self.inside(node, cx) };
        let default = |v: NoteVariable| if v == NoteVariable::Gain { 1.0 } else { 0.0 };
        let variables: Vec<(&str, f64)> =
            NoteVariable::NAMES.iter().map(|(name, v)| (*name, default(*v))).collect();
        let (mut draft, channels, slots, imports) = self.voice(signal, &inner, &variables, &[])?;
        draft.voices = 2 * limit;
        // Only what the voice reads is kept up to date.
        let used = used_slots(&draft.plan);
        let named = NoteVariable::NAMES.iter().zip(slots);
        let variables =
            named.filter(|(_, slot)| used.contains(slot)).map(|((_, v), slot)| (*v, slot)).collect();
        let driver = Driver::MidiIn { channel, limit, variables, bend_range };
        Ok(self.play(node, driver, vec![], vec![(draft, imports)], channels, Ends::Never))
    }

    pub(super) fn sequencer(&mut self, node: &Node, cx: &Context) -> Result<Wire> {
        let inner = self.inside(node, cx);
        let (param, chained) = match (self.declared(node, "steps"), self.declared(node, "chain")) {
            (Some(p), _) if !matches!(&p.value, Value::Steps(s) if s.is_empty()) => (p, false),
            (_, Some(p)) => (p, true),
            (Some(p), None) => (p, false),
            (None, None) => return Err(self.missing(node, "steps")),
        };
        let Value::Steps(steps) = &param.value else {
            return Err(Diagnostic::error("wrong-type", param.span, "steps are a list of sounds").into());
        };
        let mut inputs = vec![];
        let mut input = |wire: Option<Wire>| {
            wire.map(|wire| {
                inputs.push(wire);
                inputs.len() - 1
            })
        };
        let interval = self.control(node, "interval", &inner)?.unwrap_or(Wire::number(0.0));
        let (swing, trigger, reset) = (
            self.control(node, "swing", &inner)?,
            self.control(node, "trigger", &inner)?,
            self.control(node, "reset", &inner)?,
        );
        let repeat = match self.declared(node, "repeat") {
            Some(Param { value: Value::Number(x), .. }) if x.is_finite() => Some(x.max(0.0) as u64),
            _ => None,
        };
        let order = if chained {
            Order::Chain(repeat)
        } else {
            let timing = match input(trigger) {
                Some(port) => Timing::Trigger { port },
                None if interval.as_number().is_some_and(|x| x <= 0.0) => {
                    let message = "the sequencer has no `interval` and no `trigger`";
                    return Err(Diagnostic::error("no-interval", node.span, message)
                        .hint("write `interval: 0.25` (seconds), or `interval: beat / 4` below a tempo node")
                        .into());
                }
                None => {
                    let port = input(Some(interval)).unwrap_or(0);
                    Timing::Interval { port, exact: interval.as_number(), swing: input(swing) }
                }
            };
            let follows_song = self.scopes.len() == 1;
            Order::Clocked(StepPlan { timing, reset: input(reset), steps: steps.len(), repeat, follows_song })
        };
        let shortest = interval.as_number();
        let (plan, pools, channels) = self.steps(steps, cx, shortest)?;
        let driver = Driver::Sequencer { steps: plan, order };
        Ok(self.play(node, driver, inputs, pools, channels, Ends::Own))
    }

    /// The pools of a sequencer's sounds: calls of the same sound with the same parameter names share one.
    #[allow(clippy::type_complexity)]
    fn steps(
        &mut self,
        steps: &[Vec<Call>],
        cx: &Context,
        interval: Option<f64>,
    ) -> Result<(Vec<Vec<StepCall>>, Vec<(PoolDraft, Vec<Wire>)>, usize)> {
        let mut pools: Vec<(PoolDraft, Vec<Wire>)> = vec![];
        let mut known = KnownSounds::new();
        let mut channels = 1;
        let mut plan = vec![];
        let mut faults = vec![];
        for (number, step) in steps.iter().enumerate() {
            let mut calls = vec![];
            for (place, call) in step.iter().enumerate() {
                match self.call(call, cx, (number, place), &mut pools, &mut known, &mut channels) {
                    Ok(call) => calls.push(call),
                    Err(Failed(mut list)) => faults.append(&mut list),
                }
            }
            plan.push(calls);
        }
        if !faults.is_empty() {
            faults.dedup();
            return Err(Failed(faults));
        }
        // How many voices of a pool can sound at once follows from their life and the interval.
        for (pool, (draft, _)) in pools.iter_mut().enumerate() {
            let of_pool = |calls: &&StepCall| calls.pool == pool;
            let life = plan.iter().flatten().filter(of_pool).filter_map(|c| c.life).max().unwrap_or(0) as f64;
            let at_once = plan.iter().map(|step| step.iter().filter(of_pool).count()).max().unwrap_or(1);
            let overlap = match interval {
                Some(interval) => (life / self.request.rate / interval.max(1e-3)).ceil() + 1.0,
                None => 16.0,
            };
            draft.voices = (overlap as usize * at_once).clamp(2, 64.max(at_once));
        }
        Ok((plan, pools, channels))
    }

    /// Refuses a sound that is being started already: all voices have their memory before anything sounds.
    fn unstarted(&self, name: &str, span: Span) -> Result<()> {
        let Some(first) = self.started.iter().position(|(s, _)| s == name) else { return Ok(()) };
        // Every sound of the round with the step that starts it; the first by its name is named first, wherever it was entered.
        let mut round = self.started[first..].to_vec();
        round[0].1 = span;
        let start = (0..round.len()).min_by_key(|i| &round[*i].0).unwrap_or(0);
        round.rotate_left(start);
        let names: Vec<String> = round.iter().chain(round.first()).map(|(s, _)| format!("`{s}`")).collect();
        let message = match &round[..] {
            [_] => format!("the sound `{name}` starts itself"),
            _ => format!("these sounds start each other: {}", names.join(" → ")),
        };
        let mut error = Diagnostic::error("cycle", round[0].1, message);
        for (sound, step) in &round[1..] {
            error = error.related(*step, format!("`{sound}` is started here"));
        }
        Err(error.hint("remove this step; `repeat` plays steps again").into())
    }

    fn call(
        &mut self,
        call: &Call,
        cx: &Context,
        place: (usize, usize),
        pools: &mut Vec<(PoolDraft, Vec<Wire>)>,
        known: &mut KnownSounds,
        channels: &mut usize,
    ) -> Result<StepCall> {
        let node;
        let (root, mut key): (&Node, String) = match &call.target {
            Target::Inline(node) => (node, format!("inline {} {}", place.0, place.1)),
            Target::Sound(name) => {
                self.unstarted(name, call.span)?;
                node = self.expanded(name, call)?;
                (&node, name.clone())
            }
        };
        // Parameters that are fixed numbers of the root make a pool of their own; the others are slots.
        let mut slotted: Vec<(&str, f64)> = vec![];
        for (name, value) in &call.params {
            let fixed = name == "duration"
                || (name == "feedback" && root.feedback.is_some())
                || root
                    .spec
                    .param(name)
                    .is_some_and(|(_, p)| !matches!(p.kind, ParamKind::Signal(_) | ParamKind::Formula));
            if fixed {
                key.push_str(&format!(" {name}={value}"));
            } else {
                slotted.push((name, *value));
            }
        }
        slotted.sort_by(|a, b| a.0.cmp(b.0));
        for (name, _) in &slotted {
            key.push_str(&format!(" {name}"));
        }
        if !known.contains_key(&key) {
            let overrides: Vec<String> = slotted.iter().map(|(n, _)| (*n).to_owned()).collect();
            let named = matches!(&call.target, Target::Sound(_));
            if let Target::Sound(name) = &call.target {
                self.started.push((name.clone(), call.span));
            }
            let voice = self.voice(root, cx, &slotted, &overrides);
            if named {
                self.started.pop();
            }
            let (mut draft, width, slots, imports) = voice.map_err(|failed| failed.started_by(call))?;
            draft.name.clone_from(&key);
            *channels = (*channels).max(width);
            let seconds = longest_duration(root).unwrap_or(DEFAULT_LIFE);
            let names = slotted.iter().zip(slots).map(|((n, _), slot)| ((*n).to_owned(), slot)).collect();
            known.insert(key.clone(), (pools.len(), names, self.frames(seconds).max(1)));
            pools.push((draft, imports));
        }
        let (pool, slots, life) = &known[&key];
        let set = slots.iter().filter_map(|(name, slot)| {
            let value = slotted.iter().find(|(n, _)| n == name)?.1;
            Some((*slot, value as f32))
        });
        Ok(StepCall { pool: *pool, set: set.collect(), life: Some(*life) })
    }
}

impl Failed {
    /// Faults in a sound that a step starts show the step as well: the sound may be right elsewhere.
    fn started_by(mut self, call: &Call) -> Failed {
        if let Target::Sound(name) = &call.target {
            for fault in self.0.iter_mut().filter(|f| f.related.is_empty()) {
                fault.related.push((call.span, format!("`{name}` is started here")));
            }
        }
        self
    }
}

impl Lower<'_> {
    /// The tree of a sound that a step starts. Many steps start the same one.
    fn expanded(&mut self, name: &str, call: &Call) -> Result<Rc<Node>> {
        let key = format!("{name} {:?}", call.params);
        if let Some(node) = self.expanded.get(&key) {
            return Ok(node.clone());
        }
        let node = Rc::new(self.library.instantiate_call(name, call).map_err(Failed)?);
        self.count(size(&node), call.span)?;
        self.expanded.insert(key, node.clone());
        Ok(node)
    }
}

/// How many nodes a tree has.
fn size(node: &Node) -> usize {
    1 + node.params.iter().flat_map(|param| children(&param.value)).map(size).sum::<usize>()
}

/// Slots that any operation reads, here or in voices further in.
fn used_slots(plan: &crate::compile::plan::Plan) -> std::collections::HashSet<u32> {
    let mut used = std::collections::HashSet::new();
    let mut take = |wire: &Wire| {
        for value in [wire.left, wire.right] {
            if let crate::compile::plan::Value::Slot(slot) = value {
                used.insert(slot);
            }
        }
    };
    plan.ops.iter().flat_map(|op| &op.inputs).for_each(&mut take);
    plan.outputs.iter().for_each(&mut take);
    used
}

/// The longest finite `duration` in a definition, in seconds: through parameters, named arguments and lists, but neither pairs
/// nor the steps of sequencers, which begin again, nor what notes play, which begins whenever they come.
pub(super) fn longest_duration(node: &Node) -> Option<f64> {
    let own = node.duration.filter(|d| d.is_finite());
    let below = node.params.iter().filter(|p| {
        let pair = p.declared.is_some_and(|i| node.spec.params[i].kind == ParamKind::Pair);
        let played = node.spec.name == "midi_in" && p.name == "signal";
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

//! `sequencer`: its clock, and the pools of the sounds that its steps start. Loader thread.

use std::collections::HashMap;
use std::rc::Rc;

use crate::compile::plan::{Ends, Wire};
use crate::compile::pools::{Driver, PoolDraft};
use crate::kernel::steps::{StepPlan, Timing};
use crate::kernel::voices::{Order, StepCall};
use crate::language::Diagnostic;
use crate::language::model::{Call, Node, Span, Target, Value};
use crate::spec::ParamKind;

use super::voices::longest_duration;
use super::{Context, Failed, Lower, Result, children};

/// Sounds of a sequencer that have a pool: its number, the slots of their parameters, and their life in frames.
type KnownSounds = HashMap<String, (usize, Vec<(String, u32)>, u64)>;

/// A step's sound without a duration of its own lasts so many seconds.
const DEFAULT_LIFE: f64 = 1.0;

/// What steps start.
#[derive(Default)]
pub(super) struct Started {
    pub plan: Vec<Vec<StepCall>>,
    pub pools: Vec<(PoolDraft, Vec<Wire>)>,
    /// Per pool, the slots of the variables that all voices know; none where a step has a parameter of that name.
    pub variables: Vec<Vec<Option<u32>>>,
    pub channels: usize,
}

impl Lower<'_> {
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
        let order = if chained {
            Order::Chain(self.repeat(node))
        } else {
            let clock = self.step_clock(node, &inner, steps.len(), &mut inputs)?;
            if matches!(clock.timing, Timing::Interval { exact: Some(x), .. } if x <= 0.0) {
                let message = "the sequencer has no `interval` and no `trigger`";
                return Err(Diagnostic::error("no-interval", node.span, message)
                    .hint("write `interval: 0.25` (seconds), or `interval: beat / 4` below a tempo node")
                    .into());
            }
            Order::Clocked(clock)
        };
        let shortest = match &order {
            Order::Clocked(StepPlan { timing: Timing::Interval { exact, .. }, .. }) => *exact,
            _ => Some(0.0),
        };
        let Started { plan, pools, channels, .. } = self.steps(steps, cx, shortest, &[])?;
        let driver = Driver::Sequencer { steps: plan, order };
        Ok(self.play(node, driver, inputs, pools, channels, Ends::Own))
    }

    /// The pools of the sounds that steps start: calls of the same sound with the same parameter names share one. `variables`: what all
    /// their voices know beside their own parameters.
    pub(super) fn steps(
        &mut self,
        steps: &[Vec<Call>],
        cx: &Context,
        interval: Option<f64>,
        variables: &[(&str, f64)],
    ) -> Result<Started> {
        let mut started = Started { channels: 1, ..Started::default() };
        let mut known = KnownSounds::new();
        let mut plan = vec![];
        let mut faults = vec![];
        for (number, step) in steps.iter().enumerate() {
            let mut calls = vec![];
            for (place, call) in step.iter().enumerate() {
                match self.call(call, cx, (number, place), variables, &mut started, &mut known) {
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
        for (pool, (draft, _)) in started.pools.iter_mut().enumerate() {
            let of_pool = |calls: &&StepCall| calls.pool == pool;
            let life = plan.iter().flatten().filter(of_pool).filter_map(|c| c.life).max().unwrap_or(0) as f64;
            let at_once = plan.iter().map(|step| step.iter().filter(of_pool).count()).max().unwrap_or(1);
            let overlap = match interval {
                Some(interval) => (life / self.request.rate / interval.max(1e-3)).ceil() + 1.0,
                None => 16.0,
            };
            draft.main.voices = (overlap as usize * at_once).clamp(2, 64.max(at_once));
        }
        Ok(Started { plan, ..started })
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
        variables: &[(&str, f64)],
        started: &mut Started,
        known: &mut KnownSounds,
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
            // A `context` around the whole sound says what holds where nobody else says anything.
            let stands_in =
                |name: &str| root.spec.name == "context" && root.params.iter().any(|p| p.name == name);
            let given = slotted.iter().chain(variables.iter().filter(|(name, _)| stands_in(name)));
            let overrides: Vec<String> = given.map(|(n, _)| (*n).to_owned()).collect();
            let named = matches!(&call.target, Target::Sound(_));
            if let Target::Sound(name) = &call.target {
                self.started.push((name.clone(), call.span));
            }
            // A step's own parameter goes before what all voices know under that name.
            let others = variables.iter().filter(|(name, _)| slotted.iter().all(|(own, _)| own != name));
            let all: Vec<(&str, f64)> = slotted.iter().chain(others).copied().collect();
            let voice = self.voice(root, cx, &all, &overrides);
            if named {
                self.started.pop();
            }
            let (mut draft, width, slots, imports) = voice.map_err(|failed| failed.started_by(call))?;
            draft.name.clone_from(&key);
            started.channels = started.channels.max(width);
            let known_by = |name: &str| all.iter().position(|(n, _)| *n == name).map(|n| slots[n]);
            started.variables.push(variables.iter().map(|(name, _)| known_by(name)).collect());
            let seconds = longest_duration(root).unwrap_or(DEFAULT_LIFE);
            let names = slotted.iter().zip(slots).map(|((n, _), slot)| ((*n).to_owned(), slot)).collect();
            known.insert(key.clone(), (started.pools.len(), names, self.frames(seconds).max(1)));
            started.pools.push((draft, imports));
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

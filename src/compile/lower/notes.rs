//! `midi_in`: its voices with the names that they read, the manner in which it plays, and the groups in which keys cut each other.

use std::collections::HashSet;

use crate::compile::keys::{key_parts, read_key, read_keys};
use crate::compile::plan::{self, Ends, Op, Plan, What, Wire};
use crate::compile::pools::Driver;
use crate::compile::written::{number, text, word};
use crate::kernel::voices::{Choke, Keys, Manner, Mode, NAMES, NoteVariable, Priority, Reads, Steal};
use crate::language::Diagnostic;
use crate::language::model::{Expr, ExprKind, Node, Value};

use super::names::{Bound, Env};
use super::{Context, Lower, Result, Scope, children, declare};

/// Lanes where one note sounds: those that it follows may still fade.
const ONE_AT_A_TIME: usize = 4;

/// What keys cut each other in the whole sound.
#[derive(Default)]
pub(super) struct Chokes {
    /// Names of the groups; their numbers are their places.
    names: Vec<String>,
    all: Vec<Choke>,
}

impl Chokes {
    fn group(&mut self, name: &str) -> u16 {
        let known = self.names.iter().position(|known| known == name);
        known.unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        }) as u16
    }

    /// Lets every `midi_in` that has groups know what cuts them.
    pub fn tell(&self, plan: &mut Plan) {
        if self.all.is_empty() {
            return;
        }
        for Op { what, .. } in &mut plan.ops {
            let What::Voices(voices) = what else { continue };
            if let Driver::MidiIn { manner, .. } = &mut voices.driver {
                let own = |choke: &&Choke| manner.groups.iter().any(|(_, group)| *group == choke.group);
                manner.chokes = self.all.iter().filter(own).copied().collect();
            }
            voices.pools.iter_mut().for_each(|pool| self.tell(&mut pool.main.plan));
        }
    }
}

impl Lower<'_> {
    pub(super) fn midi_in(&mut self, node: &Node, cx: &Context) -> Result<Wire> {
        let mut manner = self.manner(node)?;
        self.warn_of_idle(node, &manner);
        let signal = self.required(node, "signal")?;
        let Value::Node(signal) = &signal.value else {
            return Err(
                Diagnostic::error("wrong-type", signal.span, "`signal` of `midi_in` must be a node").into()
            );
        };
        let beside = self.inside(node, cx);
        let portamento = self.control(node, "portamento", &beside)?.filter(|w| w.as_number() != Some(0.0));
        manner.portamento = portamento.map(|_| 0);
        let mut inputs: Vec<Wire> = portamento.into_iter().collect();
        let score = match &cx.score {
            Some(notes) => Some(self.score(notes, node, cx, &mut inputs)?),
            None => None,
        };
        let duration = Some(node.duration.unwrap_or(f64::INFINITY));
        let inner = Context { duration, score: None, ..beside };
        let mut scope = Scope { notes: true, ..Scope::default() };
        declare(signal, &mut scope.declared);
        let variables: Vec<(&str, f64)> = NoteVariable::all().map(|(_, value)| ("", value)).collect();
        let mut ends = false;
        let (mut draft, channels, slots, imports) =
            self.voiced(scope, &signal.path, &inner, &variables, &[], |lower, inner| {
                let time = Expr { kind: ExprKind::Name { name: "t".into(), dollar: false }, span: node.span };
                let age = Bound::Wire(lower.scopes.len() - 1, lower.formula(&time, inner, &[], "age")?);
                let env = lower.note_names(&signal.path, inner.env.with("age", age));
                let wire = lower.node(signal, &Context { env, ..inner.clone() })?;
                ends = lower.can_end(wire);
                Ok(wire)
            })?;
        draft.main.voices = if manner.mode == Mode::Poly { 2 * manner.limit } else { ONE_AT_A_TIME };
        // Only what the voice reads is kept up to date.
        let used = used_slots(&draft.main.plan);
        let named = NoteVariable::all().zip(slots);
        let variables =
            named.filter(|(_, slot)| used.contains(slot)).map(|((v, _), slot)| (v, slot)).collect();
        // A drum of a pattern rings out, as it does from a sequencer.
        let rings = ends && score.is_some() && !holds_on(signal);
        let driver = Driver::MidiIn { manner: Box::new(manner), variables, score, rings };
        Ok(self.play(node, driver, inputs, vec![(draft, imports)], channels, Ends::Never))
    }

    /// Makes known what a voice can read of its note. Its slots come first in the scope, in their order.
    fn note_names(&mut self, path: &str, mut env: Env) -> Env {
        let depth = self.scopes.len() - 1;
        let slot = |variable: NoteVariable| Wire::mono(plan::Value::Slot(variable.slot()));
        for (names, reads) in NAMES {
            let wire = match reads {
                Reads::Told(variable) => slot(*variable),
                Reads::Touched(touched, variables) => {
                    let inputs = variables.iter().map(|variable| slot(*variable)).collect();
                    let id = format!("{path}.{}", names[0]);
                    self.push(What::Touch(*touched), inputs, 1, Ends::Never, id)
                }
            };
            for name in *names {
                env = env.with(name, Bound::Wire(depth, wire));
            }
        }
        env
    }

    fn manner(&mut self, node: &Node) -> Result<Manner> {
        let mode = match word(node, "mode") {
            "mono" => Mode::Mono,
            "legato" => Mode::Legato,
            _ => Mode::Poly,
        };
        let channel = number(node, "channel").map_or(Some(0), |c| if c < 0.0 { None } else { Some(c as u8) });
        let mut manner = Manner {
            channel,
            keys: Keys::MAX,
            mode,
            priority: match word(node, "priority") {
                "low" => Priority::Low,
                "high" => Priority::High,
                _ => Priority::Last,
            },
            limit: if mode == Mode::Poly { self.limit(node, 8)? } else { 1 },
            steal: if word(node, "steal") == "quietest" { Steal::Quietest } else { Steal::Oldest },
            replace: word(node, "same_key") == "replace",
            portamento: None,
            only_legato: word(node, "portamento_mode") == "legato",
            bend_range: number(node, "bend_range").map(|range| range as f32),
            groups: vec![],
            chokes: vec![],
        };
        self.keys(node, &mut manner)?;
        Ok(manner)
    }

    /// Which keys are played, and which cut each other.
    fn keys(&mut self, node: &Node, manner: &mut Manner) -> Result<()> {
        if let (Some(keys), Some(param)) = (text(node, "keys"), self.declared(node, "keys")) {
            let no_keys = |message| {
                let error = Diagnostic::error("no-key", param.span, message);
                error.hint("write `36`, `c2`, `c2-b3`, or several with commas, in quotes")
            };
            manner.keys = read_keys(keys).map_err(no_keys)?;
        }
        if let Some(param) = self.declared(node, "name").filter(|_| manner.keys.count_ones() != 1) {
            let message = "`name` is that of one key, and `keys` does not say which";
            let error = Diagnostic::error("no-key", param.key_span, message);
            return Err(error.hint("write `keys: 36` beside it, or `notes: {36: Kick, 38: Snare}`").into());
        }
        let mut groups: Vec<(Keys, String)> = vec![];
        if let Some(group) = text(node, "choke") {
            groups.push((manner.keys, group.to_owned()));
        }
        for part in key_parts(node) {
            let Some(key) = read_key(&part.name) else {
                let message = format!("`{}` is no key", part.name);
                let error = Diagnostic::error("no-key", part.key_span, message);
                return Err(error.hint("keys are numbers from 0 to 127, or names: `c2` is 36").into());
            };
            if manner.keys & 1 << key == 0 {
                let message = format!("this `midi_in` does not play key {}", part.name);
                self.warnings.push(Diagnostic::warning("ignored", part.key_span, message));
            }
            if let Value::Node(about) = &part.value
                && let Some(group) = text(about, "choke")
            {
                groups.push((1 << key, group.to_owned()));
            }
        }
        for (keys, name) in groups {
            let group = self.chokes.group(&name);
            manner.groups.push((keys, group));
            let choke = Choke { channel: manner.channel, keys, group };
            if !self.chokes.all.contains(&choke) {
                self.chokes.all.push(choke);
            }
        }
        Ok(())
    }

    /// Says what is written for nothing.
    fn warn_of_idle(&mut self, node: &Node, manner: &Manner) {
        let one = "one note sounds at a time";
        let several = "several notes sound at a time";
        let idle: &[(&str, &str)] = match manner.mode {
            Mode::Poly => &[("priority", several)],
            _ => &[("voices", one), ("steal", one), ("same_key", one)],
        };
        let mut warn = |name: &str, why: &str| {
            if let Some(param) = self.declared(node, name) {
                let message = format!("`{name}` does nothing here: {why}");
                self.warnings.push(Diagnostic::warning("ignored", param.key_span, message));
            }
        };
        idle.iter().for_each(|(name, why)| warn(name, why));
        if !node.params.iter().any(|param| param.name == "portamento") {
            warn("portamento_mode", "there is no `portamento`");
        }
    }
}

/// Whether something in a voice without a gate goes on for ever: an envelope with nothing that ends its sustain, a sample that loops.
fn holds_on(node: &Node) -> bool {
    let written = |name: &str| node.params.iter().find(|param| param.name == name).map(|param| &param.value);
    let here = match node.spec.name {
        "envelope" => {
            let dies = matches!(written("sustain"), Some(Value::Number(x)) if *x == 0.0);
            !dies && written("sustain_duration").is_none() && node.duration.is_none()
        }
        "sample" => written("loop").is_some(),
        _ => false,
    };
    here || node.params.iter().flat_map(|param| children(&param.value)).any(holds_on)
}

/// Slots that any operation reads, here or in voices further in.
fn used_slots(plan: &Plan) -> HashSet<u32> {
    let read = |index: usize| {
        let inputs = plan.ops.iter().flat_map(|op| &op.inputs).chain(&plan.outputs);
        inputs.flat_map(Wire::ops).any(|op| op == index)
    };
    // What smooths a variable that nobody reads is dropped later.
    let idle = |(index, op): &(usize, &Op)| matches!(op.what, What::Touch(_)) && !read(*index);
    let kept = plan.ops.iter().enumerate().filter(|op| !idle(op)).flat_map(|(_, op)| &op.inputs);
    let values = kept.chain(&plan.outputs).flat_map(|wire| [wire.left, wire.right]);
    values.filter_map(|value| if let plan::Value::Slot(slot) = value { Some(slot) } else { None }).collect()
}

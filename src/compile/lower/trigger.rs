//! `trigger`: the settings of its detector, and the pools of what its strokes play. Loader thread.

use crate::compile::plan::{Ends, Wire};
use crate::compile::pools::Driver;
use crate::compile::written::{flag, number, word};
use crate::dsp::drum::{Instrument, Mode, Settings};
use crate::kernel::voices::{HitPlan, HitVariable, Knob, Output};
use crate::language::Diagnostic;
use crate::language::model::{ExprKind, Node, Param, Value};

use super::sequencer::Started;
use super::{Context, Lower, Result};

/// Settings that may move while it listens.
const MOVING: [(&str, Knob); 15] = [
    ("gain", |s, x| s.gain = x),
    ("threshold", |s, x| s.threshold = x),
    ("hysteresis", |s, x| s.hysteresis = x),
    ("sensitivity", |s, x| s.sensitivity = x),
    ("hold", |s, x| s.hold = x.into()),
    ("retrigger", |s, x| s.retrigger = x.into()),
    ("retrigger_cancel", |s, x| s.cancel = x),
    ("highpass", |s, x| s.high_pass = Some(x)),
    ("lowpass", |s, x| s.low_pass = Some(x)),
    ("scan", |s, x| s.scan = x.into()),
    ("velocity_min", |s, x| s.least = x),
    ("velocity_max", |s, x| s.greatest = x),
    ("velocity_fixed", |s, x| s.fixed = Some(x)),
    ("match", |s, x| s.likeness = x),
    ("reject", |s, x| s.reject = x),
];

impl Lower<'_> {
    pub(super) fn trigger(&mut self, node: &Node, cx: &Context) -> Result<Wire> {
        if self.scopes.len() > 1 {
            let error = Diagnostic::error("misplaced", node.span, "a `trigger` cannot stand in voices");
            return Err(error.hint("give it an `id` outside of them, and read it as `$id`").into());
        }
        let cx = &self.inside(node, cx);
        let mut inputs = vec![];
        let mut port = |wire: Option<Wire>| {
            wire.map(|wire| {
                inputs.push(wire);
                inputs.len() - 1
            })
        };
        let input = match self.declared(node, "input") {
            Some(param) if !is_sidechain(param) => Some(self.param(param, node, cx)?),
            _ => None,
        };
        let stereo = input.is_none_or(|wire| wire.is_stereo());
        let input = port(input);
        let reference = match self.declared(node, "reference") {
            Some(param) if is_sidechain(param) => return Err(self.only_input(param)),
            Some(_) => port(self.control(node, "reference", cx)?),
            None => None,
        };
        let dry = port(self.control(node, "dry", cx)?);
        let mut moving = vec![];
        for (name, knob) in MOVING {
            if let Some(place) = port(self.control(node, name, cx)?) {
                moving.push((place, knob));
            }
        }
        let settings = self.trigger_settings(node);
        let length = self.frames(number(node, "length").unwrap_or(0.05)).max(1);
        let note = number(node, "note").map(|key| (key as u8, number(node, "channel").unwrap_or(9.0) as u8));
        let choke = flag(node, "choke") == Some(true);
        // In the order of the text, as strips are.
        let slot = self.triggers;
        let limit = number(node, "voices").unwrap_or(8.0) as usize;
        let output = match (word(node, "output"), self.declared(node, "play")) {
            ("hits", _) => Output::Hits,
            ("velocity", _) => Output::Velocity,
            ("listen", _) => Output::Listen,
            ("sound", None) => return Err(self.missing(node, "play")),
            (_, None) => Output::Hits,
            _ => Output::Sound,
        };
        let known = HitVariable::ALL.map(|(name, _)| (name, 1.0));
        let mut started = match self.declared(node, "play").map(|param| &param.value) {
            Some(Value::Steps(steps)) if output == Output::Sound => {
                let below = Context { duration: Some(f64::INFINITY), ..cx.clone() };
                self.steps(steps, &below, None, &known)?
            }
            _ => Started { channels: 1, ..Started::default() },
        };
        for (draft, _) in &mut started.pools {
            draft.main.voices = limit + limit.min(8);
        }
        self.triggers += 1;
        let late = (settings.latency() * self.request.rate).round() as u64;
        let channels = match output {
            Output::Sound if stereo && dry.is_some() => 2,
            Output::Sound => started.channels,
            _ => 1,
        };
        let plan = HitPlan {
            slot: (slot < crate::kernel::TRIGGERS as u8).then_some(slot),
            settings,
            input,
            reference,
            dry: dry.filter(|_| output == Output::Sound),
            moving,
            output,
            steps: started.plan,
            variables: started.variables,
            limit,
            choke,
            note,
            length,
            late,
            dry_late: late,
        };
        Ok(self.play(node, Driver::Hit(Box::new(plan)), inputs, started.pools, channels, Ends::Never))
    }

    /// What is fixed; the rest follows its inputs.
    fn trigger_settings(&self, node: &Node) -> Settings {
        Settings {
            mode: match word(node, "mode") {
                "tight" => Mode::Tight,
                "exact" => Mode::Exact,
                _ => Mode::Live,
            },
            instrument: Instrument::named(word(node, "preset")).unwrap_or_default(),
            curve: match word(node, "velocity_curve") {
                "log" => 1.0,
                "exp" => -1.0,
                _ => 0.0,
            },
            align: number(node, "align").unwrap_or(0.0),
            adapt: flag(node, "adapt") != Some(false),
            ..Settings::default()
        }
    }

    fn only_input(&self, param: &Param) -> super::Failed {
        let error =
            Diagnostic::error("misplaced", param.span, "the sidechain can only be the `input` of a trigger");
        error.hint("write `{input: {channel: right}}` for one side of it").into()
    }
}

/// Whether the parameter is the word for the host's audio.
fn is_sidechain(param: &Param) -> bool {
    matches!(&param.value, Value::Expr(e) if matches!(&e.kind, ExprKind::Name { name, .. } if &**name == "sidechain"))
}

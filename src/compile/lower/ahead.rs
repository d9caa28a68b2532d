//! Signals that a node needs whole before it plays (`shuffle`, `invert`): compiled by themselves and rendered while the program is
//! made. Loader thread; never while something sounds.

use std::sync::Arc;

use crate::compile::plan::{Ends, What, Wire};
use crate::compile::{build, loops, rates, share};
use crate::kernel::Audio;
use crate::language::Diagnostic;
use crate::language::limits::AHEAD_SECONDS;
use crate::language::model::{Node, Value};

use super::names::{Bound, Env};
use super::voices::longest_duration;
use super::{Context, Failed, Lower, Result, Scope, declare};

impl Lower<'_> {
    /// The audio of a node's `signal`.
    pub(super) fn ahead(&mut self, node: &Node, cx: &Context) -> Result<Arc<Audio>> {
        let param = self.required(node, "signal")?;
        let Value::Node(signal) = &param.value else {
            let message = format!("`signal` of `{}` must be a node", node.spec.name);
            return Err(Diagnostic::error("wrong-type", param.span, message).into());
        };
        let seconds = node.duration.or_else(|| longest_duration(signal)).or(cx.duration);
        let Some(seconds) = seconds.filter(|s| s.is_finite() && *s > 0.0) else {
            let message =
                format!("`{}` needs its whole signal beforehand, and this one has no end", node.spec.name);
            return Err(Diagnostic::error("no-duration", node.span, message)
                .hint("give the node a `duration` in seconds")
                .into());
        };
        self.beforehand += seconds;
        if self.beforehand > AHEAD_SECONDS as f64 {
            return Err(self.too_many("seconds of sound beforehand", AHEAD_SECONDS, node.span));
        }
        let outer = std::mem::replace(&mut self.scopes, vec![Scope::default()]);
        declare(signal, &mut self.scopes[0].declared);
        let env = self.fixed_names(&cx.env, &outer);
        let inner = Context { env, duration: Some(seconds), ..Context::default() };
        let moving = !std::mem::replace(&mut self.fixed, true);
        let wire = self.node(signal, &inner);
        self.fixed = !moving;
        let wire = wire.map(|wire| {
            let channels = 1 + usize::from(wire.is_stereo());
            self.push(What::Sum, vec![wire], channels, Ends::With(0), format!("{}.ahead", node.path))
        });
        self.check_memories();
        let scope = std::mem::replace(&mut self.scopes, outer).pop().unwrap_or_default();
        let mut plan = scope.plan;
        plan.outputs = vec![wire.map_err(|failed| beforehand(failed, node))?];
        let plan = rates::rates(loops::gather(share::prune(share::share(plan))));
        let frames = self.frames(seconds) as usize;
        let audio = build::ahead(plan, frames, self.request, node.span)?;
        if audio.frames() == 0 {
            let message = format!("the signal of `{}` has ended before it began", node.spec.name);
            return Err(Diagnostic::error("no-duration", node.span, message).into());
        }
        Ok(Arc::new(audio))
    }

    /// Of the names around, those that are known before anything plays: numbers, and a tempo that is one.
    fn fixed_names(&self, env: &Env, outer: &[Scope]) -> Env {
        let mut fixed = Env::default();
        for (name, bound) in env.outwards().into_iter().rev() {
            match bound {
                Bound::Wire(_, wire) if wire.as_number().is_some() => fixed = fixed.with(&name, bound),
                Bound::Tempo(depth, wire, _) => {
                    let beats = wire.as_number().or_else(|| source(outer, depth, wire)?.as_number());
                    if let Some(beats) = beats {
                        fixed = fixed.with(&name, Bound::Tempo(0, Wire::number(beats), false));
                    }
                }
                Bound::Wire(..) => {}
            }
        }
        fixed
    }
}

/// What a tempo's operation is fed with.
fn source(scopes: &[Scope], depth: usize, tempo: Wire) -> Option<Wire> {
    let crate::compile::plan::Value::Op(op, _) = tempo.left else { return None };
    scopes.get(depth)?.plan.ops.get(op)?.inputs.first().copied()
}

/// The faults of a signal that is rendered beforehand, with that said.
fn beforehand(Failed(mut faults): Failed, node: &Node) -> Failed {
    for fault in faults.iter_mut().filter(|f| matches!(f.code, "unknown-name" | "unknown-id")) {
        let hint = format!(
            "`{}` renders its signal when the library is loaded: only fixed names, and ids inside the signal, are known there",
            node.spec.name
        );
        fault.hint = Some(hint);
    }
    Failed(faults)
}

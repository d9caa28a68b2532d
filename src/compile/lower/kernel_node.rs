//! Nodes that run by a kernel: their parameters become inputs and fixed values, by the node's own table.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::compile::plan::{Ends, Recipe, What, Wire};
use crate::kernel::{Audio, Fixed, Inputs};
use crate::language::Diagnostic;
use crate::language::model::{ExprKind, Node, Param, Span, Value};
use crate::library::samples::{SampleError, Store};
use crate::nodes::{NodeDef, Runs};
use crate::spec::{self, Channels, Default, ParamKind, ParamSpec, Stereo};

use super::names::Bound;
use super::{Context, Failed, Lower, Result};

/// Kinds that pass the duration from above on to what is below them, whatever their own is.
const TRANSPARENT: &[&str] = &["mix", "track", "pitch"];

/// Inputs that read 0 when what feeds them has ended.
const END_AT_ZERO: &[&str] = &["signal", "amp", "volume", "gate", "trigger", "reset"];

/// A parameter of a node's table, and what is written for it.
struct Wanted<'a> {
    node: &'a Node,
    param: &'static ParamSpec,
    written: Option<&'a Param>,
    cx: &'a Context,
}

impl Lower<'_> {
    /// The surroundings of a node's parameters: its own duration counts below it.
    pub(super) fn inside(&self, node: &Node, cx: &Context) -> Context {
        match node.duration {
            Some(seconds) if !TRANSPARENT.contains(&node.spec.name) => {
                let depth = self.scopes.len() - 1;
                let env = cx.env.with("duration", Bound::Wire(depth, Wire::number(seconds)));
                Context { env, duration: Some(seconds), ..cx.clone() }
            }
            _ => cx.below(node),
        }
    }

    pub(super) fn kernel_node(&mut self, def: &'static NodeDef, node: &Node, cx: &Context) -> Result<Wire> {
        let cx = &self.inside(node, cx);
        let spec = node.spec;
        let ahead = match def.runs {
            Runs::Ahead(_) => Some(self.ahead(node, cx)?),
            _ => None,
        };
        let mut wires = vec![];
        let mut inputs = vec![];
        let mut fixed = vec![];
        let mut faults = vec![];
        for (index, param) in spec.params.iter().enumerate() {
            let written =
                node.params.iter().find(|p| p.declared == Some(index) && !stands_for_absent(spec, p));
            if ahead.is_some() && param.name == "signal" {
                inputs.push(Inputs::default());
                fixed.push(None);
                continue;
            }
            let start = wires.len();
            let wanted = Wanted { node, param, written, cx };
            let result = match param.kind {
                ParamKind::Signal(_) | ParamKind::Formula => self.signal(&wanted, &mut wires),
                ParamKind::Pair => self.pair(&wanted, &mut wires),
                ParamKind::Signals => self.list(&wanted, &mut wires),
                _ => Ok(()),
            };
            if let Err(Failed(mut list)) = result {
                faults.append(&mut list);
            }
            inputs.push(Inputs { ports: start..wires.len(), given: written.is_some() });
            fixed.push(match self.fixed(&wanted) {
                Ok(value) => value,
                Err(Failed(mut list)) => {
                    faults.append(&mut list);
                    None
                }
            });
        }
        let mut named = vec![];
        for param in node.params.iter().filter(|p| p.declared.is_none()) {
            match self.param(param, node, cx) {
                Ok(wire) => {
                    named.push((param.name.clone(), wires.len()));
                    wires.push(wire);
                }
                Err(Failed(mut list)) => faults.append(&mut list),
            }
        }
        if !faults.is_empty() {
            return Err(Failed(faults));
        }
        let folder = self.folder(node)?;
        let audio = match (ahead, folder.is_empty()) {
            (Some(audio), _) => Some(audio),
            (None, true) => self.audio(node)?,
            (None, false) => None,
        };
        let mut channels = channels(spec, &inputs, &fixed, &wires);
        if spec.channels == Channels::AsFile {
            channels =
                audio.iter().chain(&folder).map(|a| a.channels.len().min(2)).fold(channels, usize::max);
        }
        let memory = match spec.name {
            "buffer" => {
                let (memory, wide) = self.memory(node, &inputs, &wires, audio.clone(), channels)?;
                channels = wide;
                Some(memory)
            }
            _ => None,
        };
        let ends = match spec.ends {
            spec::Ends::Never => Ends::Never,
            spec::Ends::Own => Ends::Own,
            spec::Ends::With(name) => match spec.param(name).map(|(i, _)| inputs[i].ports.clone()) {
                Some(ports) if !ports.is_empty() => Ends::With(ports.start),
                _ => Ends::Never,
            },
            spec::Ends::WithAllNamed => Ends::AllOf(named.iter().map(|(_, port)| *port).collect()),
        };
        let band_limited = self.library.band_limited(node.span.file);
        let recipe = Recipe {
            def,
            inputs,
            fixed,
            named,
            duration: node.duration,
            audio,
            folder,
            memory,
            tape: None,
            band_limited,
            strip: None,
            span: node.span,
        };
        Ok(self.push(What::Node(Box::new(recipe)), wires, channels, ends, node.path.clone()))
    }

    fn signal(&mut self, wanted: &Wanted, wires: &mut Vec<Wire>) -> Result<()> {
        let Wanted { node, param, written, cx } = *wanted;
        let wire = match (written, param.default) {
            (Some(written), _) => self.param(written, node, cx)?,
            (None, Default::Number(x)) => Wire::number(x),
            (None, Default::Required) => return Err(self.missing(node, param.name)),
            (None, _) => return Ok(()),
        };
        let keep = param.kind == ParamKind::Signal(Stereo::Keep);
        let wire = if keep { wire } else { self.mono(wire) };
        // A level or a gate that has ended is silent; every other control stays where it was.
        let stays = !keep && !END_AT_ZERO.contains(&param.name) && self.can_end(wire);
        wires.push(match stays {
            true => self.push(
                What::Held,
                vec![wire],
                1,
                Ends::Never,
                format!("{}.{}.held", node.path, param.name),
            ),
            false => wire,
        });
        Ok(())
    }

    fn pair(&mut self, wanted: &Wanted, wires: &mut Vec<Wire>) -> Result<()> {
        let Wanted { node, param, written, cx } = *wanted;
        match (written, param.default) {
            (Some(written), _) => {
                let Value::List(items) = &written.value else {
                    return Err(Diagnostic::error(
                        "wrong-type",
                        written.span,
                        format!("`{}` is a pair", param.name),
                    )
                    .hint("write two values: `[low, high]`")
                    .into());
                };
                for (value, span) in items {
                    let wire = self.value(value, *span, node, param.name, cx)?;
                    wires.push(wire);
                }
            }
            (None, Default::Pair(low, high)) => wires.extend([Wire::number(low), Wire::number(high)]),
            (None, Default::Required) => return Err(self.missing(node, param.name)),
            (None, _) => {}
        }
        Ok(())
    }

    fn list(&mut self, wanted: &Wanted, wires: &mut Vec<Wire>) -> Result<()> {
        let Wanted { node, param, written, cx } = *wanted;
        let Some(written) = written else {
            return if param.default == Default::Required {
                Err(self.missing(node, param.name))
            } else {
                Ok(())
            };
        };
        if let Value::List(items) = &written.value {
            for (value, span) in items {
                // An empty item is told apart by being not a number.
                if let Value::Null = value {
                    wires.push(Wire::number(f64::NAN));
                    continue;
                }
                let wire = self.value(value, *span, node, param.name, cx)?;
                wires.push(self.mono(wire));
            }
        }
        Ok(())
    }

    fn fixed(&mut self, wanted: &Wanted) -> Result<Option<Fixed>> {
        let Wanted { node, param, written, cx } = *wanted;
        let Some(written) = written else {
            let signal = matches!(param.kind, ParamKind::Signal(_) | ParamKind::Formula | ParamKind::Pair);
            if param.default == Default::Required && !signal && param.kind != ParamKind::Signals {
                return Err(self.missing(node, param.name));
            }
            return Ok(None);
        };
        Ok(match (&written.value, param.kind) {
            (_, ParamKind::Signal(_) | ParamKind::Formula | ParamKind::Pair | ParamKind::Signals) => None,
            (Value::Number(x), _) => Some(Fixed::Number(*x)),
            (Value::Flag(x), _) => Some(Fixed::Flag(*x)),
            (Value::Word(word), _) => Some(Fixed::Word(word)),
            (Value::Text(text), _) => Some(Fixed::Text(text.clone())),
            (Value::List(items), _) => {
                let numbers = items.iter().map(|(v, span)| match v {
                    Value::Number(x) => Ok(*x),
                    _ => Err(Failed(vec![Diagnostic::error(
                        "wrong-type",
                        *span,
                        "this list takes plain numbers",
                    )])),
                });
                Some(Fixed::Numbers(numbers.collect::<Result<_>>()?))
            }
            (Value::Expr(expr), ParamKind::Scale) => Some(self.scale(expr)?),
            (Value::Expr(expr), _) => {
                let wire = self.formula(expr, cx, &[], &node.path)?;
                match wire.as_number() {
                    Some(x) => Some(Fixed::Number(x)),
                    None => {
                        let message = format!(
                            "`{}` is a fixed number: it cannot change while the sound plays",
                            param.name
                        );
                        return Err(Diagnostic::error("not-fixed", written.span, message).into());
                    }
                }
            }
            _ => None,
        })
    }

    fn scale(&mut self, expr: &crate::language::model::Expr) -> Result<Fixed> {
        if let ExprKind::Name { name, .. } = &expr.kind {
            if let Some(scale) = crate::language::vocabulary::scale(name) {
                return Ok(Fixed::Numbers(scale.iter().map(|s| f64::from(*s)).collect()));
            }
            let error = Diagnostic::error("unknown-scale", expr.span, format!("there is no scale `{name}`"));
            let hint = match crate::language::nearest(name, crate::language::vocabulary::scale_names()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "write its semitones as a list: `[0, 2, 4, 5, 7, 9, 11]`".to_string(),
            };
            return Err(error.hint(hint).into());
        }
        Err(Diagnostic::error("wrong-type", expr.span, "a scale is a name or a list of semitones").into())
    }

    /// The file of a node that plays one.
    fn audio(&mut self, node: &Node) -> Result<Option<Arc<Audio>>> {
        self.stored(node, |store, folder, file, roots| store.load(folder, file, roots).map(Some))
    }

    /// The files of the folder of a node that chooses among them.
    fn folder(&mut self, node: &Node) -> Result<Vec<Arc<Audio>>> {
        match self.declared(node, "chop") {
            Some(_) => self.stored(node, |store, folder, file, roots| store.load_folder(folder, file, roots)),
            None => Ok(vec![]),
        }
    }

    pub(super) fn stored<T: std::default::Default>(
        &mut self,
        node: &Node,
        load: impl FnOnce(&mut Store, &Path, &str, &[PathBuf]) -> std::result::Result<T, SampleError>,
    ) -> Result<T> {
        let Some((index, _)) = node.spec.param("file") else { return Ok(T::default()) };
        let written = node.params.iter().find(|p| p.declared == Some(index));
        let Some(Param { value: Value::Text(file), span, .. }) = written else { return Ok(T::default()) };
        self.stored_file(*span, node.span.file, file, load)
    }

    /// A file that is named at `span`, relative to the file of this number.
    pub(super) fn stored_file<T>(
        &mut self,
        span: Span,
        number: u32,
        file: &str,
        load: impl FnOnce(&mut Store, &Path, &str, &[PathBuf]) -> std::result::Result<T, SampleError>,
    ) -> Result<T> {
        let folder = self.library.files().get(number as usize).and_then(|f| f.path.parent());
        // A store whose last user panicked is whole: it only ever gains finished samples.
        let mut store = self.request.store.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let roots: Vec<_> = self.library.roots(number).map(|(root, _)| root.to_path_buf()).collect();
        let loaded = load(&mut store, folder.unwrap_or(Path::new(".")), file, &roots);
        for note in store.take_notes() {
            let note = note.diagnostic(span);
            if !self.warnings.contains(&note) {
                self.warnings.push(note);
            }
        }
        loaded.map_err(|error| error.diagnostic(span).into())
    }
}

/// Whether a written value means that there is none: null, and the number 0 as an oscillator's frequency (the text "0" is 0 Hz).
fn stands_for_absent(spec: &spec::NodeSpec, param: &Param) -> bool {
    match param.value {
        Value::Null => true,
        Value::Number(x) => x == 0.0 && spec.name == "osc" && param.name == "freq",
        _ => false,
    }
}

/// How many channels a node puts out, by its table entry and its inputs.
fn channels(
    spec: &'static spec::NodeSpec,
    inputs: &[Inputs],
    fixed: &[Option<Fixed>],
    wires: &[Wire],
) -> usize {
    let stereo_input = || {
        spec.params.iter().zip(inputs).any(|(param, inputs)| {
            let keeps = matches!(param.kind, ParamKind::Signal(Stereo::Keep) | ParamKind::Pair);
            keeps && wires[inputs.ports.clone()].iter().any(Wire::is_stereo)
        })
    };
    match spec.channels {
        Channels::Mono => 1,
        Channels::Stereo => 2,
        Channels::AsInputs | Channels::AsFile => 1 + usize::from(stereo_input()),
        Channels::StereoWith(names) => {
            let moved = names.iter().filter_map(|name| spec.param(name)).any(|(index, _)| {
                let number = matches!(fixed[index], Some(Fixed::Number(x)) if x != 0.0);
                number || wires[inputs[index].ports.clone()].iter().any(|w| w.as_number() != Some(0.0))
            });
            1 + usize::from(moved || stereo_input())
        }
    }
}

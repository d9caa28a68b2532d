//! Warnings about what is written but does not do what it seems to: ids that nobody reads, names that others hide. Works on expanded
//! sounds; loader thread and command line.

use std::collections::{HashMap, HashSet};

use super::diagnostic::Diagnostic;
use super::model::{Expr, ExprKind, Node, Param, Span, Target, Value};
use super::{Library, vocabulary};

/// Names that always mean the clock below a `context`.
const CLOCK: &[&str] = &["t", "time"];

/// What the sounds of a library name.
#[derive(Default)]
pub(super) struct Names {
    /// Every id, where its node stands.
    ids: HashMap<Span, String>,
    /// All names in expressions, and the ids that `reference` nodes ask for.
    read: HashSet<String>,
    findings: Vec<Diagnostic>,
    /// Some sounds could not be read: what they name is not known.
    incomplete: bool,
}

impl Names {
    /// Takes notice of a sound that has errors.
    pub fn broken(&mut self) {
        self.incomplete = true;
    }

    /// Takes notice of a sound.
    pub fn add(&mut self, root: &Node) {
        let mut seen = Sound::default();
        seen.node(root);
        for (name, place, value) in &seen.variables {
            // The node that is the variable's own value may be called like it.
            let own = |id: &Span| id.file == value.file && (value.start..value.end).contains(&id.start);
            if CLOCK.contains(&name.as_str()) {
                let message = format!("`{name}` always means the clock: this variable is never read");
                let warning = Diagnostic::warning("hidden-name", *place, message);
                self.findings.push(warning.hint("give the variable another name"));
            }
            for (_, id) in seen.ids.iter().filter(|(id, span)| id == name && !own(span)) {
                let message = format!("`{name}` is also the id of a node, which hides this variable");
                let warning = Diagnostic::warning("hidden-name", *place, message);
                self.findings.push(warning.hint("rename one of the two").related(*id, "this node's id"));
            }
        }
        self.ids.extend(seen.ids.into_iter().map(|(name, span)| (span, name)));
        self.read.extend(seen.read);
    }

    /// What was found in all sounds, and in the library's variables.
    pub fn findings(self, library: &Library) -> Vec<Diagnostic> {
        let mut findings = self.findings;
        let versioned = |span: &Span| library.version(span.file) > 0;
        let unread = |(span, name): &(&Span, &String)| versioned(span) && !self.read.contains(*name);
        for (span, name) in self.ids.iter().filter(|id| !self.incomplete && unread(id)) {
            let message = format!("nothing reads the id `{name}`");
            let hint = format!("remove the id, or read the node's output as `${name}`");
            findings.push(Diagnostic::warning("unused-id", *span, message).hint(hint));
        }
        let variables = library.vars().iter().map(|(name, _, span)| ("variable", name, span));
        let macros = library.macros().iter().map(|m| ("macro", &m.name, &m.span));
        for (kind, name, span) in variables.chain(macros).filter(|(.., span)| versioned(span)) {
            let what = match name {
                _ if vocabulary::constant(name).is_some() => "constant",
                _ if vocabulary::note(name).is_some() => "note",
                _ if vocabulary::scale(name).is_some() => "scale",
                _ if CLOCK.contains(&name.as_str()) => "clock",
                _ => continue,
            };
            let message = match what {
                "clock" => format!("`{name}` always means the clock: this variable is never read"),
                _ => format!("the {kind} `{name}` hides the {what} of this name"),
            };
            findings.push(Diagnostic::warning("hidden-name", *span, message).hint("give it another name"));
        }
        findings
    }
}

/// What one sound names.
#[derive(Default)]
struct Sound {
    ids: Vec<(String, Span)>,
    /// Variables of contexts: name, its place, and that of the value.
    variables: Vec<(String, Span, Span)>,
    read: Vec<String>,
}

impl Sound {
    fn node(&mut self, node: &Node) {
        self.ids.extend(node.id.clone().map(|id| (id, node.span)));
        for param in &node.params {
            if node.spec.name == "context" && param.declared.is_none() {
                self.variables.push((param.name.clone(), param.key_span, param.span));
            }
            self.param(node, param);
        }
    }

    fn param(&mut self, node: &Node, param: &Param) {
        match &param.value {
            Value::Text(id) if node.spec.name == "reference" => {
                // An id, or a path that begins with one.
                self.read.extend(id.split(['.', '/']).map(str::to_owned));
            }
            value => self.value(value),
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Expr(expr) => self.expr(expr),
            Value::Curve(points) => {
                for point in points {
                    self.expr(&point.value);
                    point.position.iter().for_each(|p| self.expr(p));
                }
            }
            Value::List(items) => items.iter().for_each(|(item, _)| self.value(item)),
            Value::Steps(steps) => {
                for call in steps.iter().flatten() {
                    if let Target::Inline(node) = &call.target {
                        self.node(node);
                    }
                }
            }
            Value::Map(parts) => parts.iter().for_each(|part| self.value(&part.value)),
            Value::Node(node) => self.node(node),
            Value::Null
            | Value::Flag(_)
            | Value::Number(_)
            | Value::Text(_)
            | Value::Word(_)
            | Value::Color(_)
            | Value::Time(_)
            | Value::Notes(_) => {}
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Number(_) => {}
            ExprKind::Name { name, .. } => self.read.push(name.clone()),
            ExprKind::Unary(_, a) => self.expr(a),
            ExprKind::Binary(_, a, b) => [a, b].iter().for_each(|e| self.expr(e)),
            ExprKind::Call { args, .. } | ExprKind::List(args) => args.iter().for_each(|e| self.expr(e)),
            ExprKind::If { condition, then, otherwise } => {
                [condition, then, otherwise].iter().for_each(|e| self.expr(e));
            }
        }
    }
}

//! Values of parameters: numbers, expressions, interpolated lists and nodes become wires.

use crate::compile::formula;
use crate::compile::plan::{Ends, What, Wire};
use crate::language::Diagnostic;
use crate::language::model::{BinaryOp, Expr, ExprKind, Node, Param, Point, Span, Value};

use super::{Context, Lower, Result};

/// One side of an operation that the compiler writes itself.
enum Side {
    Number(f64),
    Wire(Wire),
}

impl Lower<'_> {
    /// A parameter's value as a wire. `node` is the node it belongs to.
    pub(super) fn value(
        &mut self,
        value: &Value,
        span: Span,
        node: &Node,
        name: &str,
        cx: &Context,
    ) -> Result<Wire> {
        match value {
            Value::Number(x) => match cx.overrides.iter().find(|(n, _)| n == name) {
                Some((_, slot)) => Ok(Wire::mono(crate::compile::plan::Value::Slot(*slot))),
                None => Ok(Wire::number(*x)),
            },
            Value::Flag(x) => Ok(Wire::number(f64::from(*x))),
            Value::Expr(expr) => self.formula(expr, cx, &[], &format!("{}.{name}", node.path)),
            Value::Curve(points) => self.curve(points, span, node, name, cx),
            Value::Node(child) => {
                let below = Context { overrides: vec![], ..cx.clone() };
                self.node(child, &below)
            }
            Value::Null
            | Value::Text(_)
            | Value::Word(_)
            | Value::Color(_)
            | Value::List(_)
            | Value::Map(_)
            | Value::Time(_)
            | Value::Notes(_)
            | Value::Steps(_) => {
                let message = format!(
                    "`{name}` of `{}` must be a number, an expression, a list of values or a node",
                    node.spec.name
                );
                Err(Diagnostic::error("wrong-type", span, message).into())
            }
        }
    }

    /// The value of a written parameter.
    pub(super) fn param(&mut self, param: &Param, node: &Node, cx: &Context) -> Result<Wire> {
        self.value(&param.value, param.span, node, &param.name, cx)
    }

    /// An expression: a number if it is constant, else a formula; one for each side where an input is stereo.
    pub(super) fn formula(
        &mut self,
        expr: &Expr,
        cx: &Context,
        args: &[(String, Wire)],
        id: &str,
    ) -> Result<Wire> {
        // A lone name is the wire itself.
        if let ExprKind::Name { name, .. } = &expr.kind {
            let argument = args.iter().rev().find(|(n, _)| n == name).map(|(_, w)| *w);
            let time = matches!(name.as_str(), "t" | "time");
            let wire = match argument {
                Some(wire) => Some(wire),
                None if time => None,
                None => self.named(name, &cx.env, expr.span)?,
            };
            if let Some(wire) = wire {
                return Ok(wire);
            }
        }
        let mut inputs = vec![];
        let program =
            formula::compile(expr, &mut |name, span| self.resolve(name, span, &cx.env, args, &mut inputs))
                .map_err(super::Failed)?;
        if let Some(x) = program.as_number() {
            return Ok(Wire::number(x));
        }
        let widths: Vec<usize> = inputs.iter().map(|w| 1 + usize::from(w.is_stereo())).collect();
        let channels = program.channels(&widths);
        Ok(self.push(What::Formula(program), inputs, channels, Ends::Never, format!("{id}.formula")))
    }

    /// A division written by the compiler itself: `number / name`.
    pub(super) fn number_over(&mut self, number: f64, by: Wire, span: Span) -> Result<Wire> {
        self.operation(BinaryOp::Divide, Side::Number(number), Side::Wire(by), span)
    }

    /// A time that is shorter by so many seconds, but not below 0.
    pub(super) fn shorter(&mut self, time: Wire, by: f64, span: Span) -> Result<Wire> {
        let time = self.operation(BinaryOp::Subtract, Side::Wire(time), Side::Number(by), span)?;
        Ok(time.as_number().map_or(time, |seconds| Wire::number(seconds.max(0.0))))
    }

    /// The whole part of a wire, from 0 to `most`.
    pub(super) fn whole(&mut self, wire: Wire, most: f64, span: Span) -> Result<Wire> {
        let number = |x| Expr { kind: ExprKind::Number(x), span };
        let call = |name: &str, args| Expr {
            kind: ExprKind::Call { name: name.to_owned(), name_span: span, args },
            span,
        };
        let name = Expr { kind: ExprKind::Name { name: "wire".to_owned(), dollar: false }, span };
        let whole = call("floor", vec![call("clip", vec![name, number(0.0), number(most)])]);
        self.formula(&whole, &Context::default(), &[("wire".to_owned(), wire)], "compiler")
    }

    fn operation(&mut self, op: BinaryOp, left: Side, right: Side, span: Span) -> Result<Wire> {
        let mut args = vec![];
        let mut part = |side: Side, name: &str| {
            let kind = match side {
                Side::Number(x) => ExprKind::Number(x),
                Side::Wire(wire) => {
                    args.push((name.to_owned(), wire));
                    ExprKind::Name { name: name.to_owned(), dollar: false }
                }
            };
            Box::new(Expr { kind, span })
        };
        let (left, right) = (part(left, "left"), part(right, "right"));
        let whole = Expr { kind: ExprKind::Binary(op, left, right), span };
        self.formula(&whole, &Context::default(), &args, "compiler")
    }

    /// An interpolated list.
    fn curve(&mut self, points: &[Point], span: Span, node: &Node, name: &str, cx: &Context) -> Result<Wire> {
        let seconds = match cx.duration {
            Some(seconds) if seconds.is_finite() => seconds,
            endless => {
                let why = match endless {
                    Some(_) => "a list of values needs a length, and voices have no end of their own",
                    None => "a list of values needs a length to be stretched over",
                };
                let hint = match cx.keeps.filter(|_| endless.is_none()) {
                    Some(kind) => {
                        format!("`{kind}` keeps its `duration` to itself: write one in this node as well")
                    }
                    None => "give this node, or one above it, a `duration` in seconds".to_owned(),
                };
                return Err(Diagnostic::error("no-duration", span, why).hint(hint).into());
            }
        };
        let mut inputs = vec![];
        let mut positions = vec![];
        for point in points {
            let value = self.formula(&point.value, cx, &[], &format!("{}.{name}", node.path))?;
            inputs.push(self.mono(value));
        }
        for point in points {
            positions.push(point.position.is_some());
            if let Some(position) = &point.position {
                let position = self.formula(position, cx, &[], &format!("{}.{name}", node.path))?;
                inputs.push(self.mono(position));
            }
        }
        let frames = (seconds * self.request.rate + 1e-9) as u64;
        let what = What::Curve { positions, frames };
        Ok(self.push(what, inputs, 1, Ends::Never, format!("{}.{name}.curve", node.path)))
    }
}

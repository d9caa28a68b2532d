//! Formulas: expression trees to register programs. Names are asked of a resolver, so that this room knows neither scopes nor
//! nodes. Loader thread.

mod dag;
mod emit;
mod functions;
#[cfg(test)]
mod tests;

use crate::kernel::formula::{Binary, FormulaProgram, Side, Unary};
use crate::language::model::{Expr, ExprKind, Span, UnaryOp};
use crate::language::{Diagnostic, vocabulary};
use dag::{Dag, Id, Node};
use functions::{Function, Statistic};

/// The deepest nesting that is followed.
const MAX_DEPTH: usize = 600;
/// The most parts that are read; `to_mono` reads its argument twice.
const MAX_PARTS: usize = 20_000;

/// What a name in an expression stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Name {
    /// A value that never changes.
    Number(f64),
    /// Input port of the formula's kernel.
    Input(usize),
    /// Seconds since the lane began.
    Time,
    /// Frames since the lane began.
    Frames,
    /// Whole semitones above a root.
    Scale(&'static [i32]),
}

/// The program of `expr`. `resolve` says what a name at a place stands for, or why it stands for nothing; it is asked once per
/// occurrence (twice below `to_mono`). All errors of the expression are reported together.
pub fn compile(
    expr: &Expr,
    resolve: &mut dyn FnMut(&str, Span) -> Result<Name, Diagnostic>,
) -> Result<FormulaProgram, Vec<Diagnostic>> {
    let mut lowering =
        Lowering { dag: Dag::default(), resolve, errors: vec![], randoms: vec![], depth: 0, parts: 0 };
    let root = lowering.value(expr, Side::Own);
    if !lowering.errors.is_empty() {
        return Err(lowering.errors);
    }
    let root = lowering.dag.narrow(root);
    emit::emit(&lowering.dag, root).map_err(|why| {
        vec![
            Diagnostic::error("formula-too-large", expr.span, format!("this expression is too large: {why}"))
                .hint("give parts of it to `expression` nodes of their own"),
        ]
    })
}

struct Lowering<'a> {
    dag: Dag,
    resolve: &'a mut dyn FnMut(&str, Span) -> Result<Name, Diagnostic>,
    errors: Vec<Diagnostic>,
    /// Calls of `rand` met so far; each has a random stream of its own.
    randoms: Vec<Span>,
    depth: usize,
    parts: usize,
}

impl Lowering<'_> {
    /// Notes an error and stands in for the value.
    fn fail(&mut self, error: Diagnostic) -> Id {
        if !self.errors.contains(&error) {
            self.errors.push(error);
        }
        self.dag.number(0.0)
    }

    fn value(&mut self, expr: &Expr, side: Side) -> Id {
        self.parts += 1;
        if self.depth > MAX_DEPTH || self.parts > MAX_PARTS {
            return self.fail(
                Diagnostic::error("formula-too-large", expr.span, "this expression is nested too deeply")
                    .hint("give parts of it to `expression` nodes of their own"),
            );
        }
        self.depth += 1;
        let id = self.kind(expr, side);
        self.depth -= 1;
        id
    }

    fn kind(&mut self, expr: &Expr, side: Side) -> Id {
        match &expr.kind {
            ExprKind::Number(x) => self.dag.number(*x),
            ExprKind::Name { name, .. } => self.name(name, expr.span, side),
            ExprKind::Unary(op, a) => {
                let a = self.value(a, side);
                let f = match op {
                    UnaryOp::Negate => Unary::Negate,
                    UnaryOp::Not => Unary::Not,
                };
                self.dag.unary(f, a)
            }
            ExprKind::Binary(op, a, b) => {
                let (a, b) = (self.value(a, side), self.value(b, side));
                let (f, swapped) = functions::operator(*op);
                let (a, b) = if swapped { (b, a) } else { (a, b) };
                self.dag.binary(f, a, b)
            }
            ExprKind::If { condition, then, otherwise } => {
                let [c, a, b] = [condition, then, otherwise].map(|e| self.value(e, side));
                self.dag.choose(c, a, b)
            }
            ExprKind::Call { name, name_span, args } => self.call(name, *name_span, args, expr.span, side),
            ExprKind::List(_) => self.fail(list_as_number(expr.span, "a list")),
        }
    }

    fn name(&mut self, name: &str, span: Span, side: Side) -> Id {
        match (self.resolve)(name, span) {
            Ok(Name::Number(x)) => self.dag.number(x),
            Ok(Name::Input(port)) => match u16::try_from(port) {
                Ok(port) => self.dag.add(Node::Input { port, side }),
                Err(_) => self.fail(Diagnostic::error("formula-too-large", span, "too many inputs")),
            },
            Ok(Name::Time) => self.dag.time(1.0, 0.0),
            Ok(Name::Frames) => self.dag.add(Node::Frames),
            Ok(Name::Scale(_)) => self.fail(list_as_number(span, &format!("`{name}`, a scale,"))),
            Err(error) => self.fail(error),
        }
    }

    fn call(&mut self, name: &str, name_span: Span, args: &[Expr], span: Span, side: Side) -> Id {
        let known = functions::FUNCTIONS.iter().find(|f| f.0 == name);
        let arity = vocabulary::function_named(name).map(|f| f.arity);
        let (Some(&(_, function)), Some((least, most))) = (known, arity) else {
            let error =
                Diagnostic::error("unknown-function", name_span, format!("there is no function `{name}`"));
            return self.fail(error);
        };
        if args.len() < least || args.len() > most {
            let wanted = if least == most { format!("{least}") } else { format!("{least} to {most}") };
            let message = format!("`{name}` takes {wanted} values, not {}", args.len());
            return self.fail(Diagnostic::error("wrong-arity", span, message));
        }
        match (function, args) {
            (Function::Unary(f), [a]) => {
                let a = self.value(a, side);
                self.dag.unary(f, a)
            }
            (Function::Binary(f), [a, b]) => {
                let (a, b) = (self.value(a, side), self.value(b, side));
                self.dag.binary(f, a, b)
            }
            (Function::Clip, [x, low, high]) => {
                let [x, low, high] = [x, low, high].map(|e| self.value(e, side));
                let x = self.dag.binary(Binary::Max, x, low);
                self.dag.binary(Binary::Min, x, high)
            }
            (Function::Where, [condition, then, otherwise]) => {
                let [c, a, b] = [condition, then, otherwise].map(|e| self.value(e, side));
                self.dag.choose(c, a, b)
            }
            (Function::ToMono, [x]) => {
                let (left, right) = (self.value(x, Side::Left), self.value(x, Side::Right));
                if left == right {
                    return left;
                }
                let sum = self.dag.binary(Binary::Add, left, right);
                let half = self.dag.number(0.5);
                self.dag.binary(Binary::Multiply, sum, half)
            }
            (Function::Statistic(which), [x]) => self.statistic(which, name, x, span, side),
            (_, args) => self.random(args, span, side),
        }
    }

    /// The items of a list or scale; `None` for anything else.
    fn items(&mut self, expr: &Expr, side: Side) -> Option<Vec<Id>> {
        match &expr.kind {
            ExprKind::List(items) => Some(items.iter().map(|item| self.value(item, side)).collect()),
            ExprKind::Name { name, .. } => match (self.resolve)(name, expr.span) {
                Ok(Name::Scale(scale)) => {
                    Some(scale.iter().map(|&st| self.dag.number(f64::from(st))).collect())
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn random(&mut self, args: &[Expr], span: Span, side: Side) -> Id {
        let stream = self.randoms.iter().position(|s| *s == span).unwrap_or_else(|| {
            self.randoms.push(span);
            self.randoms.len() - 1
        });
        let random = self.dag.add(Node::Random(stream as u32));
        match args {
            [] => random,
            [one] => match self.items(one, side) {
                Some(items) => self.pick(random, &items, one.span),
                None => {
                    let most = self.value(one, side);
                    self.dag.binary(Binary::Multiply, random, most)
                }
            },
            [low, high, ..] => {
                let (low, high) = (self.value(low, side), self.value(high, side));
                let range = self.dag.binary(Binary::Subtract, high, low);
                let above = self.dag.binary(Binary::Multiply, random, range);
                self.dag.binary(Binary::Add, above, low)
            }
        }
    }

    /// One of the items, all alike likely.
    fn pick(&mut self, random: Id, items: &[Id], span: Span) -> Id {
        let Some((&last, others)) = items.split_last() else {
            return self.fail(Diagnostic::error("empty-list", span, "there is nothing to choose from"));
        };
        let mut picked = last;
        for (k, &item) in others.iter().enumerate().rev() {
            let bound = self.dag.number((k + 1) as f64 / items.len() as f64);
            let below = self.dag.binary(Binary::Less, random, bound);
            picked = self.dag.choose(below, item, picked);
        }
        picked
    }

    fn statistic(&mut self, which: Statistic, name: &str, x: &Expr, span: Span, side: Side) -> Id {
        let items = match self.items(x, side) {
            Some(items) => items,
            None => {
                let x = self.value(x, side);
                if self.dag.as_number(x).is_none() {
                    let message = format!("`{name}` of a signal would depend on the host's block size");
                    return self
                        .fail(Diagnostic::error("block-statistic", span, message).hint(
                            "use a `smooth` or `follow` node for a running average, or give it a list",
                        ));
                }
                vec![x]
            }
        };
        let Some((&first, others)) = items.split_first() else {
            return self.fail(Diagnostic::error(
                "empty-list",
                span,
                format!("`{name}` needs at least one value"),
            ));
        };
        let sum = |dag: &mut Dag, first, others: &[Id]| {
            others.iter().fold(first, |sum, &x| dag.binary(Binary::Add, sum, x))
        };
        let total = sum(&mut self.dag, first, others);
        if which == Statistic::Sum {
            return total;
        }
        let count = self.dag.number(items.len() as f64);
        let mean = self.dag.binary(Binary::Divide, total, count);
        if which == Statistic::Mean {
            return mean;
        }
        let squares: Vec<Id> = items
            .iter()
            .map(|&x| {
                let away = self.dag.binary(Binary::Subtract, x, mean);
                self.dag.binary(Binary::Multiply, away, away)
            })
            .collect();
        let total = sum(&mut self.dag, squares[0], &squares[1..]);
        let variance = self.dag.binary(Binary::Divide, total, count);
        self.dag.unary(Unary::Sqrt, variance)
    }
}

fn list_as_number(span: Span, what: &str) -> Diagnostic {
    Diagnostic::error("list-as-number", span, format!("{what} cannot stand where a number is needed"))
        .hint("only `rand`, `sum`, `mean`, `std` and scale parameters take a list")
}

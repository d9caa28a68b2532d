//! Lists by what they mean: curves, pairs, lists of signals, items, scales.

use std::sync::Arc;

use super::value::Slot;
use super::{Lower, Reported};
use crate::language::model::{Expr, ExprKind, Point, Span, Value};
use crate::language::scalar::{Meaning, is_null, meaning};
use crate::language::tree::{Kind, Tree};
use crate::spec::ParamKind;

type Items<'t> = &'t [Arc<Tree>];

impl Lower<'_> {
    pub(super) fn list(
        &mut self,
        items: Items<'_>,
        tree: &Tree,
        slot: &Slot<'_>,
        path: &str,
    ) -> Result<Value, Reported> {
        match slot.kind {
            ParamKind::Signal(_) => self.curve(items, tree.span, slot),
            ParamKind::Pair if items.len() == 2 => self.signals(items, slot, path),
            ParamKind::Pair => {
                let message = format!(
                    "`{}` of `{}` takes exactly two values, not {}",
                    slot.name,
                    slot.owner.name,
                    items.len()
                );
                Err(self.error(
                    "wrong-type",
                    tree.span,
                    message,
                    format!("write `{}: [low, high]`", slot.name),
                ))
            }
            ParamKind::Signals | ParamKind::Steps | ParamKind::Play if items.is_empty() => {
                let message = format!("`{}` of `{}` is empty", slot.name, slot.owner.name);
                Err(self.error("wrong-type", tree.span, message, "a list needs at least one item"))
            }
            ParamKind::Signals => self.signals(items, slot, path),
            ParamKind::Steps | ParamKind::Play => self.steps(items, path),
            ParamKind::Items => self.items(items, slot),
            ParamKind::Scale if items.is_empty() => {
                let message = "a scale needs at least one step";
                Err(self.error("wrong-type", tree.span, message, "write `[0, 2, 4, 7, 9]`"))
            }
            ParamKind::Scale => self.scale(items, slot),
            _ => Err(self.wrong_type(tree, slot)),
        }
    }

    /// A list in which every item is a signal of its own. In lists of steps null holds the value before.
    fn signals(&mut self, items: Items<'_>, slot: &Slot<'_>, path: &str) -> Result<Value, Reported> {
        let holds = slot.kind == ParamKind::Signals && slot.name == "steps";
        let item_slot = slot.item();
        let mut values = vec![];
        let mut failed = false;
        for (i, item) in items.iter().enumerate() {
            if holds && is_null(item) {
                values.push((Value::Null, item.span));
                continue;
            }
            match self.value(item, &item_slot, &format!("{path}.{i}")) {
                Ok(value) => values.push((value.unwrap_or(Value::Null), item.span)),
                Err(Reported) => failed = true,
            }
        }
        if failed { Err(Reported) } else { Ok(Value::List(values)) }
    }

    /// A list of points. Items between the first and the last decide: all plain values are spaced equally, all pairs
    /// `[value, position]` stand where they say; the first and the last stand at 0 and 1 unless they say otherwise.
    fn curve(&mut self, items: Items<'_>, span: Span, slot: &Slot<'_>) -> Result<Value, Reported> {
        if items.is_empty() {
            return Err(self.error(
                "curve",
                span,
                format!("the list of points `{}` is empty", slot.name),
                "write `[1, 0]`",
            ));
        }
        let pair = |tree: &Tree| matches!(&tree.kind, Kind::List(_));
        let inner = items.get(1..items.len() - 1).unwrap_or(&[]);
        let pairs = inner.iter().filter(|t| pair(t)).count();
        let even = !inner.is_empty() && pairs == 0;
        let mixed = pairs != 0 && pairs != inner.len() || even && items.iter().any(|t| pair(t));
        if mixed {
            let message = "some points of this list have a position and some have none";
            let hint = "between first and last write either values, or pairs [value, position] throughout";
            return Err(self.error("curve", span, message, hint));
        }
        let mut points = vec![];
        let mut failed = false;
        for item in items {
            match self.point(item, slot) {
                Ok(point) => points.push(point),
                Err(Reported) => failed = true,
            }
        }
        if failed {
            return Err(Reported);
        }
        let mut before = 0.0;
        for point in &points {
            if let Some(ExprKind::Number(at)) = point.position.as_ref().map(|p| &p.kind) {
                if *at < before {
                    let hint = "sort the points by their positions, 0 to 1";
                    return Err(self.error(
                        "curve",
                        point.span,
                        "this point stands before the one in front of it",
                        hint,
                    ));
                }
                before = *at;
            }
        }
        Ok(Value::Curve(points))
    }

    fn point(&mut self, tree: &Tree, slot: &Slot<'_>) -> Result<Point, Reported> {
        let Kind::List(parts) = &tree.kind else {
            return Ok(Point {
                value: self.point_part(tree, &slot.item())?,
                position: None,
                span: tree.span,
            });
        };
        let [value, position] = &parts[..] else {
            let message =
                format!("a point is a value or a pair [value, position], not a list of {}", parts.len());
            return Err(self.error(
                "curve",
                tree.span,
                message,
                "write `[0.5, 0.1]` for 0.5 at a tenth of the duration",
            ));
        };
        let value = self.point_part(value, &slot.item());
        let position = self.point_part(position, &slot.position());
        Ok(Point { value: value?, position: Some(position?), span: tree.span })
    }

    fn point_part(&mut self, tree: &Tree, slot: &Slot<'_>) -> Result<Arc<Expr>, Reported> {
        if let Some(reported) = self.unreadable(tree) {
            return Err(reported);
        }
        match &tree.kind {
            Kind::Scalar(s) if !is_null(tree) => match self.signal(s, tree.span, slot)? {
                Value::Number(n) => Ok(Arc::new(Expr { kind: ExprKind::Number(n), span: tree.span })),
                Value::Expr(expr) => Ok(expr),
                _ => Err(self.wrong_type(tree, slot)),
            },
            _ => {
                let message = "points of a list are numbers or expressions";
                Err(self.error(
                    "curve",
                    tree.span,
                    message,
                    "give a node an id and read it as `$id`, or use `automation`",
                ))
            }
        }
    }

    /// Plain numbers and texts, not evaluated.
    fn items(&mut self, items: Items<'_>, slot: &Slot<'_>) -> Result<Value, Reported> {
        let mut values = vec![];
        let mut failed = false;
        for item in items {
            let value = match &item.kind {
                Kind::Scalar(s) => match meaning(s, self.version(item.span)) {
                    Meaning::Number(n) if n.is_finite() => Some(Value::Number(n)),
                    Meaning::Flag(on) => Some(Value::Number(f64::from(u8::from(on)))),
                    Meaning::Text => Some(Value::Text(s.text.to_string())),
                    _ => None,
                },
                _ => None,
            };
            match value {
                Some(value) => values.push((value, item.span)),
                None => {
                    self.wrong_type(item, slot);
                    failed = true;
                }
            }
        }
        if failed { Err(Reported) } else { Ok(Value::List(values)) }
    }

    /// Whole semitones above the root.
    fn scale(&mut self, items: Items<'_>, slot: &Slot<'_>) -> Result<Value, Reported> {
        let mut values = vec![];
        for item in items {
            let step = match &item.kind {
                Kind::Scalar(s) => match meaning(s, self.version(item.span)) {
                    Meaning::Number(n) if n.fract() == 0.0 && n.abs() <= 1200.0 => n,
                    _ => return Err(self.wrong_type(item, slot)),
                },
                _ => return Err(self.wrong_type(item, slot)),
            };
            values.push((Value::Number(step), item.span));
        }
        Ok(Value::List(values))
    }
}

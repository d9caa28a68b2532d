//! Numbers and expressions: units converted, ranges checked, text parsed with places that point into the file.

use super::value::{Slot, shorten};
use super::{Lower, Reported};
use crate::language::expr::{self, Places};
use crate::language::model::{BinaryOp, Expr, ExprKind, Span, Value};
use crate::language::quantity::{self, Reading, Worth, describe_unit};
use crate::language::scalar::{Meaning, meaning};
use crate::language::tree::Scalar;

impl Lower<'_> {
    /// A number or an expression.
    pub(super) fn signal(&mut self, scalar: &Scalar, span: Span, slot: &Slot<'_>) -> Result<Value, Reported> {
        match meaning(scalar, self.version(span)) {
            Meaning::Number(n) => return self.in_range(n, span, slot).map(Value::Number),
            Meaning::Flag(on) => {
                return self.in_range(f64::from(u8::from(on)), span, slot).map(Value::Number);
            }
            Meaning::Null | Meaning::Text => {}
        }
        if let Some(value) = self.quantity(scalar, span, slot)? {
            return Ok(value);
        }
        let expr = self.expression(scalar, span)?;
        match expr.kind {
            // A text stays an expression where it says 0: as a number, a frequency of 0 means that none is given.
            ExprKind::Number(n) if n != 0.0 => self.in_range(n, span, slot).map(Value::Number),
            _ => Ok(Value::Expr(expr.into())),
        }
    }

    pub(super) fn expression(&mut self, scalar: &Scalar, span: Span) -> Result<Expr, Reported> {
        let library = self.library;
        let source = library.files.get(span.file as usize).map_or("", |f| &*f.text);
        let places = Places::new(source, span, &scalar.text, scalar.style);
        expr::parse(&scalar.text, &places).map_err(|errors| {
            self.diagnostics.extend(errors);
            Reported
        })
    }

    /// A number with a unit, in the unit of the place; `None` if the text is something else.
    pub(super) fn quantity(
        &mut self,
        scalar: &Scalar,
        span: Span,
        slot: &Slot<'_>,
    ) -> Result<Option<Value>, Reported> {
        let text = scalar.text.trim();
        let quantity = match quantity::read(text, slot.unit, self.version(span) > 0) {
            Reading::Other => return Ok(None),
            Reading::Quantity(quantity) => quantity,
            Reading::UnknownUnit(unit, near) => {
                let hint = match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "known units are Hz, kHz, s, ms, dB, %, st, ct, bpm, rad, deg, beat, bar".into(),
                };
                return Err(self.error("unknown-unit", span, format!("there is no unit `{unit}`"), hint));
            }
        };
        match quantity.worth(slot.unit) {
            Some(Worth::Number(n)) => self.in_range(n, span, slot).map(|n| Some(Value::Number(n))),
            Some(Worth::Beats(beats)) => Ok(Some(Value::Expr(beats_of(beats, span).into()))),
            None => {
                let wanted = slot.unit.map_or("a plain number", describe_unit);
                let message = format!(
                    "`{}` is {}, but `{}` of `{}` is {wanted}",
                    shorten(text),
                    quantity.describe(),
                    slot.name,
                    slot.owner.name
                );
                Err(self.error(
                    "wrong-unit",
                    span,
                    message,
                    "a number without unit has the unit of its parameter",
                ))
            }
        }
    }

    /// The number, if it is one that can be used here.
    pub(super) fn in_range(&mut self, number: f64, span: Span, slot: &Slot<'_>) -> Result<f64, Reported> {
        let (name, owner) = (slot.name, slot.owner.name);
        if number == f64::INFINITY && slot.endless() {
            return Ok(number);
        }
        if !number.is_finite() {
            let message = format!("`{name}` of `{owner}` must be a finite number");
            return Err(self.error("out-of-range", span, message, "write an ordinary number"));
        }
        match slot.range {
            Some((low, high)) if number < low || number > high => {
                let suffix = slot.unit.map_or("", |u| u.suffix());
                let message = format!("`{name}` of `{owner}` must lie between {low} and {high} {suffix}")
                    .trim_end()
                    .to_string();
                Err(self.error(
                    "out-of-range",
                    span,
                    message,
                    format!("{number} is too {}", if number < low { "small" } else { "large" }),
                ))
            }
            _ => Ok(number),
        }
    }
}

/// `beats * beat`, the length of this many beats in seconds.
fn beats_of(beats: f64, span: Span) -> Expr {
    let number = Expr { kind: ExprKind::Number(beats), span };
    let beat = Expr { kind: ExprKind::Name { name: "beat".into(), dollar: false }, span };
    Expr { kind: ExprKind::Binary(BinaryOp::Multiply, number.into(), beat.into()), span }
}

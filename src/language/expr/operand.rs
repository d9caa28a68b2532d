//! What operators stand between: numbers, names, calls, brackets and lists.

use super::foreign;
use super::lexer::Token;
use super::parser::{Parsed, Parser, is_keyword, join};
use crate::language::diagnostic::Diagnostic;
use crate::language::model::{Expr, ExprKind, Span};
use crate::language::names::nearest;
use crate::language::vocabulary::{self, FUNCTIONS};

impl Parser<'_> {
    /// An operand with what may follow it: `.reshape(…)` means nothing for signals, everything else is refused with the reason.
    pub(super) fn postfix(&mut self) -> Parsed {
        let part = self.operand()?;
        loop {
            let lexeme = self.peek();
            match lexeme.token {
                Token::Sign(".") => {
                    self.next();
                    let name = self.next();
                    let span = join(self.span_of(lexeme), self.span_of(name));
                    if name.token != Token::Name("reshape") {
                        let hint = match name.token {
                            Token::Name(name) => foreign::method(name),
                            _ => None,
                        };
                        let hint = hint.unwrap_or("only numbers, names, functions and operators can be used");
                        return Err(self.error(span, "values have no attributes or methods", hint));
                    }
                    self.expect("(")?;
                    self.list(")")?;
                }
                Token::Sign("(") => {
                    let span = self.span_of(lexeme);
                    return Err(self.error(
                        span,
                        "only functions can be called",
                        "an operator such as `*` may be missing here",
                    ));
                }
                _ => return Ok(part),
            }
        }
    }

    fn operand(&mut self) -> Parsed {
        let lexeme = self.peek();
        let span = self.span_of(lexeme);
        match lexeme.token {
            Token::Number(value) => {
                self.next();
                self.node(ExprKind::Number(value), span, 1)
            }
            Token::Dollar(name) => {
                self.next();
                self.node(ExprKind::Name { name: name.into(), dollar: true }, span, 1)
            }
            Token::Name("np")
                if matches!(self.tokens.get(self.at + 1).map(|l| l.token), Some(Token::Sign("."))) =>
            {
                self.at += 2;
                match self.peek().token {
                    Token::Name(name) if vocabulary::function_named(name).is_some() => self.named(name),
                    Token::Name(name @ ("pi" | "e" | "inf")) => self.named(name),
                    Token::Name(name) => Err(self.not_available(name)),
                    _ => Err(self.unexpected("a function")),
                }
            }
            Token::Name(name) if is_keyword(name) || name == "lambda" => Err(self.unexpected("a value")),
            Token::Name(name) => self.named(name),
            Token::Sign("(") => {
                self.next();
                let part = self.nested(Self::ternary)?;
                self.expect(")")?;
                Ok(part)
            }
            Token::Sign("[") => {
                self.next();
                let (items, height) = self.list("]")?;
                let end = self.tokens[self.at - 1];
                self.node(ExprKind::List(items), join(span, self.span_of(end)), height + 1)
            }
            _ => Err(self.unexpected("a value")),
        }
    }

    /// A name behind `np.` that means nothing here; it comes next.
    fn not_available(&self, name: &str) -> Box<Diagnostic> {
        // `np.random.uniform(…)`: the last name says what was meant.
        let names = self.tokens[self.at..].iter().step_by(2).map_while(|l| match l.token {
            Token::Name(name) => Some(name),
            _ => None,
        });
        let dots = self.tokens[self.at + 1..].iter().step_by(2).take_while(|l| l.token == Token::Sign("."));
        let names: Vec<&str> = names.take(1 + dots.count()).collect();
        let place = self.span_of(self.peek());
        let known = names.iter().rev().find_map(|name| foreign::function(name));
        let near = nearest(name, FUNCTIONS.iter().map(|f| f.name));
        let (why, hint) = match (known, near) {
            (Some((why, instead)), _) => (format!(": {why}"), instead.to_string()),
            (None, Some(near)) => (String::new(), format!("did you mean `{near}`?")),
            (None, None) => (String::new(), "only the listed functions are".to_string()),
        };
        self.error(place, format!("`np.{}` is not available{why}", names.join(".")), &hint)
    }

    /// A name or a call; the name comes next.
    fn named(&mut self, name: &str) -> Parsed {
        let lexeme = self.next();
        let name_span = self.span_of(lexeme);
        if !matches!(self.peek().token, Token::Sign("(")) {
            let kind = match name {
                "True" => ExprKind::Number(1.0),
                "False" => ExprKind::Number(0.0),
                _ => ExprKind::Name { name: name.into(), dollar: false },
            };
            return self.node(kind, name_span, 1);
        }
        self.next();
        let (args, height) = self.list(")")?;
        let end = self.tokens[self.at - 1];
        let span = join(name_span, self.span_of(end));
        self.check_call(name, args.len(), name_span, span);
        self.node(ExprKind::Call { name: name.into(), name_span, args }, span, height + 1)
    }

    fn check_call(&mut self, name: &str, count: usize, name_span: Span, span: Span) {
        let Some(function) = vocabulary::function_named(name) else {
            let near = nearest(name, FUNCTIONS.iter().map(|f| f.name));
            let (why, hint) = match (foreign::function(name), near) {
                (Some((why, instead)), _) => (format!(": {why}"), instead.to_string()),
                (None, Some(near)) => (String::new(), format!("did you mean `{near}`?")),
                (None, None) => {
                    (String::new(), "an operator such as `*` may be missing before the bracket".into())
                }
            };
            let message = format!("there is no function `{name}`{why}");
            self.diagnostics.push(Diagnostic::error("unknown-function", name_span, message).hint(hint));
            return;
        };
        let (least, most) = function.arity;
        if !(least..=most).contains(&count) {
            let wanted = match (least, most) {
                (1, 1) => "one argument".to_string(),
                (a, b) if a == b => format!("{a} arguments"),
                (a, b) => format!("{a} to {b} arguments"),
            };
            let message = format!("`{name}` takes {wanted}, not {count}");
            self.diagnostics.push(
                Diagnostic::error("argument-count", span, message)
                    .hint(format!("write `{}`: {}", function.form, function.help)),
            );
        }
    }

    /// Values separated by commas up to the closing sign, and the height of the tallest.
    fn list(&mut self, close: &str) -> Result<(Vec<Expr>, usize), Box<Diagnostic>> {
        let (mut items, mut height) = (vec![], 0);
        while !self.take(close) {
            let part = self.nested(Self::ternary)?;
            height = height.max(part.height);
            items.push(part.expr);
            if !self.take(",") {
                self.expect(close)?;
                break;
            }
        }
        Ok((items, height))
    }
}

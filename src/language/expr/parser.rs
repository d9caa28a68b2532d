//! Tokens to trees by operator precedence (Pratt), with the precedences of Python. Comparisons may be chained: `a < b < c` becomes
//! `a < b and b < c`.

use super::Places;
use super::lexer::{Lexeme, Token, tokens};
use crate::language::diagnostic::Diagnostic;
use crate::language::limits::{EXPRESSION_HEIGHT, EXPRESSION_NESTING, EXPRESSION_PARTS};
use crate::language::model::{BinaryOp, Expr, ExprKind, Span, UnaryOp};
use crate::language::quantity;

pub(super) struct Parser<'p> {
    pub(super) tokens: Vec<Lexeme<'p>>,
    pub(super) at: usize,
    places: &'p Places,
    nesting: usize,
    parts: usize,
    /// Errors after which reading could go on.
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// A tree and its height.
pub(super) struct Part {
    pub expr: Expr,
    pub height: usize,
}

pub(super) type Parsed = Result<Part, Box<Diagnostic>>;

/// How strongly an operator binds on its left; the right side of `**` binds to the right.
const COMPARISON: u8 = 4;
const PREFIX: u8 = 10;
const POWER: u8 = 11;

fn binary(sign: &str) -> Option<(BinaryOp, u8)> {
    use BinaryOp as B;
    Some(match sign {
        "or" => (B::Or, 1),
        "and" => (B::And, 2),
        "<" => (B::Less, COMPARISON),
        "<=" => (B::LessEqual, COMPARISON),
        ">" => (B::Greater, COMPARISON),
        ">=" => (B::GreaterEqual, COMPARISON),
        "==" => (B::Equal, COMPARISON),
        "!=" => (B::NotEqual, COMPARISON),
        "|" => (B::Or, 5),
        "&" => (B::And, 6),
        "+" => (B::Add, 8),
        "-" => (B::Subtract, 8),
        "*" => (B::Multiply, 9),
        "/" => (B::Divide, 9),
        "//" => (B::FloorDivide, 9),
        "%" => (B::Modulo, 9),
        "**" => (B::Power, POWER),
        _ => return None,
    })
}

impl<'p> Parser<'p> {
    pub fn run(text: &'p str, places: &'p Places) -> Result<Expr, Vec<Diagnostic>> {
        let tokens = tokens(text).map_err(|u| {
            let span = places.span(u.start, u.end);
            vec![Diagnostic::error("expression", span, u.message).hint(u.hint)]
        })?;
        let mut parser = Parser { tokens, at: 0, places, nesting: 0, parts: 0, diagnostics: vec![] };
        let result = parser.ternary().and_then(|part| match parser.peek().token {
            Token::End => Ok(part.expr),
            _ => Err(parser.unexpected("an operator")),
        });
        match result {
            Ok(expr) if parser.diagnostics.is_empty() => Ok(expr),
            Ok(_) => Err(parser.diagnostics),
            Err(last) => {
                parser.diagnostics.push(*last);
                Err(parser.diagnostics)
            }
        }
    }

    pub(super) fn peek(&self) -> Lexeme<'p> {
        // The last token is `End` and is never passed.
        self.tokens[self.at.min(self.tokens.len() - 1)]
    }

    pub(super) fn next(&mut self) -> Lexeme<'p> {
        let lexeme = self.peek();
        self.at += 1;
        lexeme
    }

    /// Takes the sign or word if it comes next.
    pub(super) fn take(&mut self, sign: &str) -> bool {
        let found = match self.peek().token {
            Token::Sign(s) => s == sign,
            Token::Name(n) => n == sign && is_keyword(n),
            _ => false,
        };
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect(&mut self, sign: &str) -> Result<(), Box<Diagnostic>> {
        if self.take(sign) { Ok(()) } else { Err(self.unexpected(&format!("`{sign}`"))) }
    }

    pub(super) fn span_of(&self, lexeme: Lexeme<'_>) -> Span {
        self.places.span(lexeme.start, lexeme.end)
    }

    pub(super) fn error(&self, span: Span, message: impl Into<String>, hint: &str) -> Box<Diagnostic> {
        Box::new(Diagnostic::error("expression", span, message).hint(hint))
    }

    pub(super) fn unexpected(&self, wanted: &str) -> Box<Diagnostic> {
        let lexeme = self.peek();
        let span = self.span_of(lexeme);
        let (message, hint) = match lexeme.token {
            Token::End => (
                format!("the expression ends where {wanted} is needed"),
                match self.places.cut {
                    true => "complete it, or write it in quotes: without them it ends at the comma",
                    false => "complete it, or remove what is left over",
                },
            ),
            Token::Sign("=") => {
                ("`=` has no meaning in an expression".into(), "compare with `==`; arguments have no names")
            }
            Token::Sign("^") => ("`^` has no meaning in an expression".into(), "write a power as `a ** b`"),
            Token::Sign("[") => (
                "signals cannot be indexed: every frame is calculated by itself".into(),
                "a list stands only inside of rand([…]) or a scale; for other frames use a `delay` node",
            ),
            Token::Sign(sign) => {
                (format!("found `{sign}` where {wanted} is needed"), "check brackets and operators before it")
            }
            Token::Name(name) if quantity::is_unit(name) && self.after_number() => (
                format!("the unit `{name}` cannot stand within an expression"),
                "a unit stands behind a number that is alone: convert it, or give it a name with `context`",
            ),
            Token::Name("for") => (
                "signals cannot be gone through: every frame is calculated by itself".into(),
                "use a `multiply` node for copies, or write the formula for one frame",
            ),
            Token::Name("lambda") => {
                ("functions cannot be made here".into(), "give a part of a formula a name with `context`")
            }
            Token::Name("in" | "is") => {
                ("values can only be compared as numbers".into(), "write `==`, or `(x == 1) or (x == 2)`")
            }
            Token::Name(name) | Token::Dollar(name) => (
                format!("found `{name}` where {wanted} is needed"),
                "an operator such as `*` may be missing before it",
            ),
            Token::Number(_) => {
                (format!("found a number where {wanted} is needed"), "an operator may be missing before it")
            }
        };
        self.error(span, message, hint)
    }

    fn after_number(&self) -> bool {
        let before = self.at.checked_sub(1).and_then(|i| self.tokens.get(i));
        before.is_some_and(|lexeme| matches!(lexeme.token, Token::Number(_)))
    }

    /// Builds a node, within the bounds.
    pub(super) fn node(&mut self, kind: ExprKind, span: Span, height: usize) -> Parsed {
        self.parts += 1;
        self.bounded(span, height)?;
        Ok(Part { expr: Expr { kind, span }, height })
    }

    fn bounded(&self, span: Span, height: usize) -> Result<(), Box<Diagnostic>> {
        if self.parts <= EXPRESSION_PARTS && height <= EXPRESSION_HEIGHT {
            return Ok(());
        }
        let message = format!(
            "this expression is too long: more than {EXPRESSION_PARTS} parts or {EXPRESSION_HEIGHT} chained operators"
        );
        Err(self.error(span, message, "split it with a `context` or an `expression` node"))
    }

    pub(super) fn nested(&mut self, inner: impl FnOnce(&mut Self) -> Parsed) -> Parsed {
        if self.nesting >= EXPRESSION_NESTING {
            let span = self.span_of(self.peek());
            let message = format!("this expression is nested more than {EXPRESSION_NESTING} deep");
            return Err(self.error(span, message, "split it with a `context` or an `expression` node"));
        }
        self.nesting += 1;
        let result = inner(self);
        self.nesting -= 1;
        result
    }

    /// `a if c else b`, or anything simpler.
    pub(super) fn ternary(&mut self) -> Parsed {
        let then = self.operators(1)?;
        if !self.take("if") {
            return Ok(then);
        }
        let condition = self.operators(1)?;
        self.expect("else")?;
        let otherwise = self.nested(Self::ternary)?;
        let height = 1 + then.height.max(condition.height).max(otherwise.height);
        let span = join(then.expr.span, otherwise.expr.span);
        let kind = ExprKind::If {
            condition: Box::new(condition.expr),
            then: Box::new(then.expr),
            otherwise: Box::new(otherwise.expr),
        };
        self.node(kind, span, height)
    }

    /// Operators that bind at least as strongly as `least`.
    fn operators(&mut self, least: u8) -> Parsed {
        let mut left = self.prefix()?;
        loop {
            let sign = match self.peek().token {
                Token::Sign(sign) => sign,
                Token::Name(name) if is_keyword(name) => name,
                _ => return Ok(left),
            };
            let Some((op, strength)) = binary(sign).filter(|(_, strength)| *strength >= least) else {
                return Ok(left);
            };
            self.next();
            if strength == COMPARISON {
                left = self.comparison(left, op)?;
                continue;
            }
            let right =
                self.nested(|p| p.operators(if op == BinaryOp::Power { PREFIX } else { strength + 1 }))?;
            left = self.join_with(left, op, right)?;
        }
    }

    fn join_with(&mut self, left: Part, op: BinaryOp, right: Part) -> Parsed {
        let height = 1 + left.height.max(right.height);
        let span = join(left.expr.span, right.expr.span);
        self.node(ExprKind::Binary(op, Box::new(left.expr), Box::new(right.expr)), span, height)
    }

    /// Comparisons behind `left`, of which the first sign is taken already. The middle of a chain is evaluated twice.
    fn comparison(&mut self, mut left: Part, mut op: BinaryOp) -> Parsed {
        let mut chain: Option<Part> = None;
        loop {
            let right = self.nested(|p| p.operators(COMPARISON + 1))?;
            let next = match self.peek().token {
                Token::Sign(sign) => binary(sign).filter(|(_, strength)| *strength == COMPARISON),
                _ => None,
            };
            let following = match next {
                Some((op, _)) => {
                    self.next();
                    self.parts += size(&right.expr);
                    Some((op, Part { expr: right.expr.clone(), height: right.height }))
                }
                None => None,
            };
            let pair = self.join_with(left, op, right)?;
            let all = match chain {
                Some(before) => self.join_with(before, BinaryOp::And, pair)?,
                None => pair,
            };
            match following {
                Some(next) => (op, left) = next,
                None => return Ok(all),
            }
            chain = Some(all);
        }
    }

    fn prefix(&mut self) -> Parsed {
        let lexeme = self.peek();
        let start = self.span_of(lexeme);
        let (op, least) = match lexeme.token {
            Token::Sign("-") => (Some(UnaryOp::Negate), PREFIX),
            Token::Sign("+") => (None, PREFIX),
            Token::Sign("~") => (Some(UnaryOp::Not), PREFIX),
            Token::Name("not") => (Some(UnaryOp::Not), COMPARISON),
            _ => return self.postfix(),
        };
        self.next();
        let part = self.nested(|p| p.operators(least))?;
        let Some(op) = op else { return Ok(part) };
        let span = join(start, part.expr.span);
        let height = part.height + 1;
        match (op, &part.expr.kind) {
            (UnaryOp::Negate, ExprKind::Number(n)) => self.node(ExprKind::Number(-n), span, height),
            _ => self.node(ExprKind::Unary(op, Box::new(part.expr)), span, height),
        }
    }
}

pub(super) fn is_keyword(name: &str) -> bool {
    matches!(name, "if" | "else" | "and" | "or" | "not")
}

pub(super) fn join(first: Span, last: Span) -> Span {
    Span { end: last.end.max(first.end), ..first }
}

/// How many parts a tree has; its height is bounded.
fn size(expr: &Expr) -> usize {
    1 + match &expr.kind {
        ExprKind::Number(_) | ExprKind::Name { .. } => 0,
        ExprKind::Unary(_, a) => size(a),
        ExprKind::Binary(_, a, b) => size(a) + size(b),
        ExprKind::Call { args, .. } | ExprKind::List(args) => args.iter().map(size).sum(),
        ExprKind::If { condition, then, otherwise } => size(condition) + size(then) + size(otherwise),
    }
}

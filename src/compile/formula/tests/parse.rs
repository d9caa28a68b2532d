//! A small parser of expressions for tests and benches of formulas: numbers, names, operators, calls, lists, `a if c else b`.

use super::model::{BinaryOp, Expr, ExprKind, Span, UnaryOp};

pub struct Parser<'t> {
    text: &'t [u8],
    at: usize,
}

const LEVELS: &[&[(&str, BinaryOp)]] = &[
    &[("or", BinaryOp::Or)],
    &[("and", BinaryOp::And)],
    &[
        ("<=", BinaryOp::LessEqual),
        (">=", BinaryOp::GreaterEqual),
        ("==", BinaryOp::Equal),
        ("!=", BinaryOp::NotEqual),
        ("<", BinaryOp::Less),
        (">", BinaryOp::Greater),
    ],
    &[("+", BinaryOp::Add), ("-", BinaryOp::Subtract)],
    &[
        ("//", BinaryOp::FloorDivide),
        ("*", BinaryOp::Multiply),
        ("/", BinaryOp::Divide),
        ("%", BinaryOp::Modulo),
    ],
];

/// The tree of `text`, which must be right.
pub fn parse(text: &str) -> Expr {
    let mut parser = Parser { text: text.as_bytes(), at: 0 };
    let expr = parser.conditional();
    assert_eq!(parser.at, text.len(), "`{text}` was read to {}", parser.at);
    expr
}

impl Parser<'_> {
    fn eat(&mut self, token: &str) -> bool {
        while self.text.get(self.at) == Some(&b' ') {
            self.at += 1;
        }
        let rest = &self.text[self.at..];
        let word = |c: Option<&u8>| c.is_some_and(u8::is_ascii_alphanumeric);
        let found = rest.starts_with(token.as_bytes())
            && !(word(token.as_bytes().last()) && word(rest.get(token.len())))
            && !(token == "*" && rest.starts_with(b"**"));
        self.at += if found { token.len() } else { 0 };
        found
    }

    fn make(&self, start: usize, kind: ExprKind) -> Expr {
        let end = start + self.text[start..self.at].trim_ascii_end().len();
        Expr { kind, span: Span { file: 0, start: start as u32, end: end as u32 } }
    }

    fn conditional(&mut self) -> Expr {
        let start = self.at;
        let then = self.level(0);
        if !self.eat("if") {
            return then;
        }
        let condition = self.level(0).into();
        assert!(self.eat("else"));
        let otherwise = self.conditional().into();
        self.make(start, ExprKind::If { condition, then: then.into(), otherwise })
    }

    fn level(&mut self, level: usize) -> Expr {
        let start = self.at;
        let Some(operators) = LEVELS.get(level) else { return self.sign() };
        let mut left = self.level(level + 1);
        while let Some(&(_, op)) = operators.iter().find(|(token, _)| self.eat(token)) {
            let right = self.level(level + 1);
            left = self.make(start, ExprKind::Binary(op, left.into(), right.into()));
        }
        left
    }

    fn sign(&mut self) -> Expr {
        let start = self.at;
        for (token, op) in [("-", UnaryOp::Negate), ("not", UnaryOp::Not)] {
            if self.eat(token) {
                let a = self.sign();
                return self.make(start, ExprKind::Unary(op, a.into()));
            }
        }
        let base = self.atom();
        if self.eat("**") {
            let power = self.sign();
            return self.make(start, ExprKind::Binary(BinaryOp::Power, base.into(), power.into()));
        }
        base
    }

    fn list(&mut self, end: &str) -> Vec<Expr> {
        let mut items = Vec::new();
        while !self.eat(end) {
            items.push(self.conditional());
            self.eat(",");
        }
        items
    }

    fn atom(&mut self) -> Expr {
        if self.eat("(") {
            let inner = self.conditional();
            assert!(self.eat(")"));
            return inner;
        }
        let start = self.at;
        if self.eat("[") {
            let items = self.list("]");
            return self.make(start, ExprKind::List(items));
        }
        let part = |c: &u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'_' | b'$');
        let len = self.text[start..].iter().take_while(|c| part(c)).count();
        self.at += len;
        let word = std::str::from_utf8(&self.text[start..self.at]).unwrap_or("");
        if let Ok(number) = word.parse() {
            return self.make(start, ExprKind::Number(number));
        }
        let name = word.trim_start_matches('$').to_string();
        let name_span = Span { file: 0, start: start as u32, end: self.at as u32 };
        if self.eat("(") {
            let args = self.list(")");
            return self.make(start, ExprKind::Call { name, name_span, args });
        }
        self.make(start, ExprKind::Name { dollar: word.starts_with('$'), name })
    }
}

//! The expression language: text to [`Expr`] trees whose places point into the file. Closed: nothing but the names and functions of
//! `vocabulary` and the names a library defines itself. Size and depth are bounded, so that no text can exhaust the stack.

mod foreign;
mod lexer;
mod operand;
mod parser;
mod place;

use super::diagnostic::Diagnostic;
use super::model::Expr;
pub(super) use place::Places;

/// Parses the text of a scalar. All errors that leave the rest readable are reported together.
pub(super) fn parse(text: &str, places: &Places) -> Result<Expr, Vec<Diagnostic>> {
    parser::Parser::run(text, places)
}

/// Whether a word can be a name in expressions.
pub(super) fn is_name(word: &str) -> bool {
    lexer::is_word(word) && !parser::is_keyword(word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::model::{ExprKind, Span};
    use crate::language::tree::Style;

    fn read(text: &str) -> Result<Expr, Vec<Diagnostic>> {
        let span = Span { file: 0, start: 0, end: text.len() as u32 };
        parse(text, &Places::new(text, span, text, Style::Plain))
    }

    /// The tree with every bracket written out.
    fn show(expr: &Expr) -> String {
        let all = |items: &[Expr]| items.iter().map(show).collect::<Vec<_>>().join(" ");
        match &expr.kind {
            ExprKind::Number(n) => n.to_string(),
            ExprKind::Name { name, dollar } => format!("{}{name}", if *dollar { "$" } else { "" }),
            ExprKind::Unary(op, a) => format!("({op:?} {})", show(a)),
            ExprKind::Binary(op, a, b) => format!("({op:?} {} {})", show(a), show(b)),
            ExprKind::Call { name, args, .. } => format!("({name} {})", all(args)),
            ExprKind::If { condition, then, otherwise } => {
                format!("(if {} {} {})", show(condition), show(then), show(otherwise))
            }
            ExprKind::List(items) => format!("[{}]", all(items)),
        }
    }

    #[test]
    fn expression_precedence_is_that_of_python() {
        let cases = [
            ("1 + 2 * 3", "(Add 1 (Multiply 2 3))"),
            ("(1 + 2) * 3", "(Multiply (Add 1 2) 3)"),
            ("2 ** 3 ** 2", "(Power 2 (Power 3 2))"),
            ("-2 ** 2", "(Negate (Power 2 2))"),
            ("2 ** -1", "(Power 2 -1)"),
            ("-1 % 3 // 1", "(FloorDivide (Modulo -1 3) 1)"),
            ("a - b - c", "(Subtract (Subtract a b) c)"),
            ("not a < b", "(Not (Less a b))"),
            ("a < b < c", "(And (Less a b) (Less b c))"),
            ("a < b < c < d", "(And (And (Less a b) (Less b c)) (Less c d))"),
            ("(a < b) < c", "(Less (Less a b) c)"),
            ("a or b and not c", "(Or a (And b (Not c)))"),
            ("(a > 1) & ~(b > 2) | c", "(Or (And (Greater a 1) (Not (Greater b 2))) c)"),
            ("1 if a else 2 if b else 3", "(if a 1 (if b 2 3))"),
            ("$kick * .5e1", "(Multiply $kick 5)"),
            ("rand([1, 2, c4])", "(rand [1 2 c4])"),
            ("np.tanh(x) + np.pi", "(Add (tanh x) pi)"),
            ("x.reshape(-1, 1) * 2", "(Multiply x 2)"),
            ("C#3 + c#4 / 2", "(Add C#3 (Divide c#4 2))"),
            ("0x1F + 1_000", "(Add 31 1000)"),
            ("True", "1"),
            ("max(a,\n  b)", "(max a b)"),
            ("sin", "sin"),
        ];
        for (text, tree) in cases {
            match read(text) {
                Ok(expr) => assert_eq!(show(&expr), tree, "{text}"),
                Err(e) => panic!("{text}: {e:?}"),
            }
        }
    }

    #[test]
    fn expression_operators_of_the_reference_can_be_written() {
        let forms: Vec<&str> = crate::language::vocabulary::OPERATORS.iter().map(|o| o.form).collect();
        forms.iter().for_each(|form| assert!(read(form).is_ok(), "{form}"));
        // Each binds more tightly than the ones before it: it stays whole as their last operand.
        assert_eq!(
            show(&read("a or b and not c < d + e * f").unwrap()),
            "(Or a (And b (Not (Less c (Add d (Multiply e f))))))"
        );
    }

    #[test]
    fn expression_errors_point_at_their_place() {
        let cases = [
            ("a +", 3, "ends where a value"),
            ("(a", 2, "ends where `)`"),
            ("a b", 2, "found `b`"),
            ("2 * sine(x)", 4, "no function `sine`"),
            ("clip(x)", 0, "3 arguments, not 1"),
            ("x.real", 1, "no attributes"),
            ("np.fft(x)", 3, "`np.fft` is not available"),
            ("x[0]", 1, "cannot be indexed"),
            ("f(a=1)", 3, "`=` has no meaning"),
            ("a ^ b", 2, "`^` has no meaning"),
            ("a ? b", 2, "`?` has no meaning"),
            ("$ + 1", 0, "followed by the id"),
            ("c#", 1, "`#` has no meaning"),
            ("1e999", 0, "not a number"),
            ("", 0, "ends where a value"),
            ("if", 0, "found `if`"),
        ];
        for (text, start, message) in cases {
            let errors = read(text).expect_err(text);
            let found = errors
                .iter()
                .any(|e| e.message.contains(message) && e.span.is_some_and(|s| s.start == start));
            assert!(found, "{text}: {errors:?}");
        }
        assert_eq!(
            read("sine(x) + cosine(x) + clip(1)").expect_err("three").len(),
            3,
            "all errors are reported"
        );
    }

    #[test]
    fn expression_size_and_depth_are_bounded() {
        let deep = format!("{}1{}", "(".repeat(10_000), ")".repeat(10_000));
        assert!(read(&deep).expect_err("deep")[0].message.contains("nested more than"));
        for text in [
            "-".repeat(10_000) + "1",
            "not ".repeat(10_000) + "1",
            "1 if a else ".repeat(10_000) + "1",
            "2**".repeat(10_000) + "1",
        ] {
            assert!(read(&text).expect_err("deep")[0].message.contains("nested more than"));
        }
        let long = format!("1{}", " + 1".repeat(10_000));
        assert!(read(&long).expect_err("long")[0].message.contains("too long"));
        let chain = (0..60).fold("x".to_string(), |inner, _| format!("a < ({inner}) < b"));
        assert!(read(&chain).is_err(), "copies of a chain's middle count");
        assert!(read(&format!("max(1, 2){}", " + max(1, 2)".repeat(300))).is_ok());
    }
}

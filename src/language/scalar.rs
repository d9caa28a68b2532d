//! What a plain YAML scalar is: null, a flag, a number or text. Plain files follow YAML 1.1 as PyYAML reads it (`yes` is a flag,
//! `1e3` is text, `010` is eight); files that begin with `seiche: 1` follow the core schema of YAML 1.2.

use super::tree::{Kind, Scalar, Style, Tree};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Meaning {
    Null,
    Flag(bool),
    Number(f64),
    Text,
}

/// The meaning of a scalar in a file of this language version (0: plain file).
pub(super) fn meaning(scalar: &Scalar, version: u32) -> Meaning {
    if scalar.style != Style::Plain {
        return Meaning::Text;
    }
    let text = &*scalar.text;
    if matches!(text, "" | "~" | "null" | "Null" | "NULL") {
        return Meaning::Null;
    }
    if let Some(flag) = flag(text, version) {
        return Meaning::Flag(flag);
    }
    let number = if version == 0 { number_1_1(text) } else { number_1_2(text) };
    number.map_or(Meaning::Text, Meaning::Number)
}

/// Whether a tree is null: nothing, `~` or `null`.
pub(super) fn is_null(tree: &Tree) -> bool {
    matches!(&tree.kind, Kind::Scalar(s) if meaning(s, 0) == Meaning::Null)
}

fn flag(text: &str, version: u32) -> Option<bool> {
    let is = |word: &str| {
        // Lower, Capitalised or UPPER case; nothing in between.
        text.eq_ignore_ascii_case(word)
            && (text.bytes().all(|b| b.is_ascii_uppercase())
                || text[1..].bytes().all(|b| b.is_ascii_lowercase()))
    };
    if is("true") || version == 0 && (is("yes") || is("on")) {
        Some(true)
    } else if is("false") || version == 0 && (is("no") || is("off")) {
        Some(false)
    } else {
        None
    }
}

fn infinity(body: &str) -> Option<f64> {
    matches!(body, ".inf" | ".Inf" | ".INF").then_some(f64::INFINITY)
}

/// Splits a sign off: (is negative, had a sign, the rest).
fn signed(text: &str) -> (bool, bool, &str) {
    match text.as_bytes().first() {
        Some(b'-') => (true, true, &text[1..]),
        Some(b'+') => (false, true, &text[1..]),
        _ => (false, false, text),
    }
}

fn number_1_1(text: &str) -> Option<f64> {
    let (negative, has_sign, body) = signed(text);
    if matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Some(f64::NAN);
    }
    let size = infinity(body)
        .or_else(|| integer_1_1(body))
        .or_else(|| float_1_1(body, has_sign))
        .or_else(|| sexagesimal(body))?;
    Some(if negative { -size } else { size })
}

fn radix(digits: &str, radix: u32) -> Option<f64> {
    let clean: String = digits.chars().filter(|c| *c != '_').collect();
    if clean.is_empty() || !clean.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    Some(
        clean
            .chars()
            .filter_map(|c| c.to_digit(radix))
            .fold(0.0, |sum, d| sum * f64::from(radix) + f64::from(d)),
    )
}

fn integer_1_1(body: &str) -> Option<f64> {
    if let Some(digits) = body.strip_prefix("0b") {
        return radix(digits, 2);
    }
    if let Some(digits) = body.strip_prefix("0x") {
        return radix(digits, 16);
    }
    if body.len() > 1 && body.starts_with('0') {
        return radix(&body[1..], 8);
    }
    body.starts_with(|c: char| c.is_ascii_digit()).then(|| radix(body, 10)).flatten()
}

/// A point is required, an exponent needs its sign, and `-.5` is text: these are PyYAML's rules.
fn float_1_1(body: &str, has_sign: bool) -> Option<f64> {
    let (mantissa, exponent) = match body.find(['e', 'E']) {
        Some(at) => (&body[..at], Some(&body[at + 1..])),
        None => (body, None),
    };
    if let Some(exponent) = exponent {
        let (_, has_sign, digits) = signed(exponent);
        if !has_sign || digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
    }
    let (whole, fraction) = mantissa.split_once('.')?;
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let starts = |s: &str| s.starts_with(|c: char| c.is_ascii_digit());
    let with_whole = starts(whole) && digits(whole) && digits(fraction);
    let bare_point = whole.is_empty() && !has_sign && starts(fraction) && digits(fraction);
    (with_whole || bare_point).then(|| body.replace('_', "").parse().ok()).flatten()
}

/// `1:30` is 90, `1:30:00.5` is 5400.5.
fn sexagesimal(body: &str) -> Option<f64> {
    let mut parts = body.split(':');
    let first = parts.next()?;
    let mut total = first.starts_with(|c: char| c.is_ascii_digit()).then(|| radix(first, 10)).flatten()?;
    let rest: Vec<&str> = parts.collect();
    for (i, part) in rest.iter().enumerate() {
        let (digits, fraction) = part.split_once('.').unwrap_or((part, "0"));
        let last = i + 1 == rest.len();
        let whole = radix(digits, 10).filter(|v| *v < 60.0 && digits.len() <= 2)?;
        if !last && part.contains('.') || !fraction.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        total = total * 60.0 + whole + format!("0.{fraction}").parse::<f64>().ok()?;
    }
    (!rest.is_empty()).then_some(total)
}

fn number_1_2(text: &str) -> Option<f64> {
    if matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Some(f64::NAN);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return radix(digits, 8).filter(|_| !digits.contains('_'));
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return radix(digits, 16).filter(|_| !digits.contains('_'));
    }
    let (negative, _, body) = signed(text);
    infinity(body).map(|size| if negative { -size } else { size }).or_else(|| decimal(text))
}

/// A decimal number as programs write it: digits with an optional sign, point and exponent; no words such as `inf`.
pub(super) fn decimal(text: &str) -> Option<f64> {
    let (_, _, body) = signed(text);
    let starts = body.strip_prefix('.').unwrap_or(body).starts_with(|c: char| c.is_ascii_digit());
    let letters = body.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
    (starts && letters).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str, version: u32) -> Meaning {
        meaning(&Scalar { text: text.into(), style: Style::Plain }, version)
    }

    #[test]
    fn scalar_plain_files_follow_yaml_1_1() {
        let numbers = [
            ("1", 1.0),
            ("-3", -3.0),
            (".5", 0.5),
            ("1.", 1.0),
            ("1.5e+3", 1500.0),
            ("010", 8.0),
            ("0x1F", 31.0),
            ("0b101", 5.0),
            ("1_000", 1000.0),
            ("1:30", 90.0),
            ("1:30:00.5", 5400.5),
            ("-.inf", f64::NEG_INFINITY),
            ("+1.25", 1.25),
            ("0", 0.0),
            ("0.5", 0.5),
        ];
        for (text, value) in numbers {
            assert_eq!(plain(text, 0), Meaning::Number(value), "{text}");
        }
        for text in [
            "-.5", "+.5", "1e3", "1e-1", "1.5e3", "08", "y", "n", "tRue", "1:75", "._1", "-", ".", "0x", "ä",
            "1 2", "inf",
        ] {
            assert_eq!(plain(text, 0), Meaning::Text, "{text}");
        }
        for text in ["yes", "On", "TRUE", "true"] {
            assert_eq!(plain(text, 0), Meaning::Flag(true), "{text}");
        }
        assert_eq!(plain("off", 0), Meaning::Flag(false));
        assert_eq!(plain("~", 0), Meaning::Null);
        assert_eq!(plain("", 0), Meaning::Null);
    }

    #[test]
    fn scalar_versioned_files_follow_yaml_1_2() {
        let numbers = [
            ("1e3", 1000.0),
            ("-.5", -0.5),
            ("010", 10.0),
            ("0o10", 8.0),
            ("0x1F", 31.0),
            ("1.", 1.0),
            ("+2", 2.0),
        ];
        for (text, value) in numbers {
            assert_eq!(plain(text, 1), Meaning::Number(value), "{text}");
        }
        for text in ["yes", "on", "1_000", "1:30", "1e", "e3", "."] {
            assert_eq!(plain(text, 1), Meaning::Text, "{text}");
        }
        assert_eq!(plain("false", 1), Meaning::Flag(false));
    }

    #[test]
    fn scalar_quoted_is_always_text() {
        for style in [Style::SingleQuoted, Style::DoubleQuoted, Style::Block] {
            assert_eq!(meaning(&Scalar { text: "1".into(), style }, 0), Meaning::Text);
        }
    }
}

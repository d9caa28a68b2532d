//! Splits the text of an expression into tokens. Spaces and line breaks only separate; nothing is skipped silently.

use crate::language::vocabulary;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Token<'t> {
    Number(f64),
    /// A name, or a note with a sharp (`C#3`).
    Name(&'t str),
    /// `$name`, without the sign.
    Dollar(&'t str),
    /// An operator or bracket.
    Sign(&'static str),
    End,
}

/// A token and the bytes of the text it stands at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lexeme<'t> {
    pub token: Token<'t>,
    pub start: usize,
    pub end: usize,
}

/// What no token begins with: place, message and hint.
#[derive(Debug)]
pub(super) struct Unreadable {
    pub start: usize,
    pub end: usize,
    pub message: String,
    pub hint: &'static str,
}

/// Longer signs first, so that `**` is not read as two `*`.
const SIGNS: &[&str] = &[
    "**", "//", "<=", ">=", "==", "!=", "<<", ">>", "+", "-", "*", "/", "%", "<", ">", "&", "|", "~", "^",
    "(", ")", "[", "]", ",", ".", "=", ":",
];

/// Reads all tokens; the last one is `End`.
pub(super) fn tokens(text: &str) -> Result<Vec<Lexeme<'_>>, Unreadable> {
    let mut all = vec![];
    let mut at = 0;
    loop {
        at += text[at..].len() - text[at..].trim_start().len();
        let rest = &text[at..];
        let Some(first) = rest.chars().next() else {
            all.push(Lexeme { token: Token::End, start: at, end: at });
            return Ok(all);
        };
        let (token, length) = token(rest, first).map_err(|(length, message, hint)| Unreadable {
            start: at,
            end: at + length,
            message,
            hint,
        })?;
        all.push(Lexeme { token, start: at, end: at + length });
        at += length;
    }
}

type Refusal = (usize, String, &'static str);

fn token(rest: &str, first: char) -> Result<(Token<'_>, usize), Refusal> {
    let second = rest[first.len_utf8()..].chars().next();
    if first.is_ascii_digit() || first == '.' && second.is_some_and(|c| c.is_ascii_digit()) {
        return number(rest);
    }
    if first == '$' {
        let length = name_length(&rest[1..]);
        return match length {
            0 => Err((
                1,
                "`$` must be followed by the id of a node".into(),
                "write `$name` for a node with `id: name`",
            )),
            _ => Ok((Token::Dollar(&rest[1..=length]), 1 + length)),
        };
    }
    if first.is_alphabetic() || first == '_' {
        let length = note_length(rest).unwrap_or_else(|| name_length(rest));
        return Ok((Token::Name(&rest[..length]), length));
    }
    if let Some(sign) = SIGNS.iter().find(|s| rest.starts_with(**s)) {
        return Ok((Token::Sign(sign), sign.len()));
    }
    let hint = match first {
        '#' => "sharps are written like `C#3`; a comment needs a space before its `#`",
        '"' | '\'' => "an expression has no texts: remove the inner quotes",
        '!' => "write `not` for a negation, `!=` for `is not equal`",
        _ => "an expression consists of numbers, names, operators and brackets",
    };
    Err((first.len_utf8(), format!("`{}` has no meaning in an expression", first.escape_debug()), hint))
}

/// Length of the word of letters, digits and underscores that `rest` begins with.
fn name_length(rest: &str) -> usize {
    rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
}

/// Whether the whole of a text is one word.
pub(super) fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_') && name_length(text) == text.len()
}

/// Length of a note with a sharp, such as `c#4`.
fn note_length(rest: &str) -> Option<usize> {
    if rest.as_bytes().get(1) != Some(&b'#') {
        return None;
    }
    let digits = rest[2..].bytes().take_while(u8::is_ascii_digit).count();
    vocabulary::note(&rest[..2 + digits]).map(|_| 2 + digits)
}

fn number(rest: &str) -> Result<(Token<'_>, usize), Refusal> {
    let bytes = rest.as_bytes();
    let digit = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_digit);
    let run = |mut i: usize| {
        while digit(i) || bytes.get(i) == Some(&b'_') && digit(i + 1) {
            i += 1;
        }
        i
    };
    if rest.starts_with("0x") || rest.starts_with("0X") {
        let end = 2 + rest[2..].bytes().take_while(u8::is_ascii_hexdigit).count();
        return match u64::from_str_radix(&rest[2..end], 16) {
            Ok(value) => Ok((Token::Number(value as f64), end)),
            Err(_) => Err((
                end,
                format!("`{}` is not a number", &rest[..end]),
                "write hexadecimal numbers like `0x1F`",
            )),
        };
    }
    let mut end = run(0);
    if bytes.get(end) == Some(&b'.') {
        end = run(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        if digit(end + 1 + sign) {
            end = run(end + 1 + sign);
        }
    }
    match rest[..end].replace('_', "").parse::<f64>() {
        Ok(value) if value.is_finite() => Ok((Token::Number(value), end)),
        _ => Err((end, format!("`{}` is not a number that can be used", &rest[..end]), "write it shorter")),
    }
}

//! Where the characters of a scalar stand in the file: an expression is read from the text that YAML hands over (escapes resolved,
//! lines folded), but its errors must point at what was written.

use crate::language::model::Span;
use crate::language::tree::Style;

/// Maps byte ranges of a scalar's value to byte ranges of the file.
pub(in crate::language) struct Places {
    file: u32,
    map: Map,
    /// Whether the scalar ends at a comma, as it does without quotes inside of `{…}` and `[…]`.
    pub cut: bool,
}

enum Map {
    /// The value stands in the file as it is, from this byte on.
    Direct(u32),
    /// For every byte of the value the range it was written in.
    Each(Vec<(u32, u32)>),
}

impl Places {
    /// `source` is the file's text; `span` the scalar there, with quotes and all.
    pub fn new(source: &str, span: Span, value: &str, style: Style) -> Places {
        let start = span.start as usize;
        let written = source.get(start..span.end as usize).unwrap_or("");
        let quote = usize::from(matches!(style, Style::SingleQuoted | Style::DoubleQuoted));
        let direct = written.get(quote..).is_some_and(|w| w.starts_with(value));
        let map = if direct && style != Style::Block {
            Map::Direct((start + quote) as u32)
        } else {
            Map::Each(align(written, quote, value, style, start))
        };
        let behind = source.get(span.end as usize..).unwrap_or("").trim_start();
        Places { file: span.file, map, cut: style == Style::Plain && behind.starts_with(',') }
    }

    /// The place in the file of bytes `start..end` of the value.
    pub fn span(&self, start: usize, end: usize) -> Span {
        let (from, to) = match &self.map {
            Map::Direct(base) => (base + start as u32, base + end as u32),
            Map::Each(bytes) => {
                let last = bytes.last().map_or((0, 0), |b| (b.1, b.1));
                let from = bytes.get(start).copied().unwrap_or(last);
                let to = if end > start { bytes.get(end - 1).copied().unwrap_or(last) } else { from };
                (from.0, if end > start { to.1 } else { from.0 })
            }
        };
        Span { file: self.file, start: from, end: to.max(from) }
    }
}

/// Walks value and written text side by side. White space of the value may stand for any run of it in the text (folding).
fn align(written: &str, quote: usize, value: &str, style: Style, base: usize) -> Vec<(u32, u32)> {
    let mut at = match style {
        Style::Block => written.find('\n').map_or(written.len(), |i| i + 1),
        _ => quote,
    };
    let mut bytes = Vec::with_capacity(value.len());
    for c in value.chars() {
        if !c.is_whitespace() {
            at += leading_blanks(&written[at..], style);
        }
        let rest = &written[at..];
        let length = match rest.chars().next() {
            Some('\\') if style == Style::DoubleQuoted => escape_length(rest),
            Some('\'') if style == Style::SingleQuoted => rest.len().min(2),
            Some(w) if w == c => w.len_utf8(),
            // Folded away: the blank has no width of its own.
            _ => 0,
        };
        let place = ((base + at) as u32, (base + at + length) as u32);
        bytes.extend(std::iter::repeat_n(place, c.len_utf8()));
        at += length;
    }
    bytes
}

/// Length of the white space (and escaped line breaks) that `rest` begins with.
fn leading_blanks(rest: &str, style: Style) -> usize {
    let mut at = 0;
    loop {
        let tail = &rest[at..];
        let blanks = tail.len() - tail.trim_start().len();
        at += blanks;
        let broken = style == Style::DoubleQuoted && rest[at..].starts_with("\\\n");
        match (blanks, broken) {
            (_, true) => at += 2,
            (0, false) => return at,
            _ => {}
        }
    }
}

/// Length of the escape sequence that `rest` begins with.
fn escape_length(rest: &str) -> usize {
    let wanted = match rest.as_bytes().get(1) {
        Some(b'x') => 4,
        Some(b'u') => 6,
        Some(b'U') => 10,
        _ => 2,
    };
    rest.char_indices().nth(wanted).map_or(rest.len(), |(i, _)| i)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written<'a>(source: &'a str, value: &str, style: Style, word: &str) -> &'a str {
        let span = Span { file: 0, start: 0, end: source.len() as u32 };
        let at = value.find(word).unwrap();
        let place = Places::new(source, span, value, style).span(at, at + word.len());
        &source[place.start as usize..place.end as usize]
    }

    #[test]
    fn places_point_into_quoted_and_folded_text() {
        assert_eq!(written("a + bc", "a + bc", Style::Plain, "bc"), "bc");
        assert_eq!(written("'a + bc'", "a + bc", Style::SingleQuoted, "bc"), "bc");
        assert_eq!(written("'it''s + bc'", "it's + bc", Style::SingleQuoted, "bc"), "bc");
        assert_eq!(written("\"\\x61\\t+ \\u0062c\"", "a\t+ bc", Style::DoubleQuoted, "bc"), "\\u0062c");
        assert_eq!(written("\"a \\\n   + bc\"", "a + bc", Style::DoubleQuoted, "+ bc"), "+ bc");
        assert_eq!(written("a +\n    bc", "a + bc", Style::Plain, "bc"), "bc");
        assert_eq!(written(">-\n  a +\n  bc\n", "a + bc", Style::Block, "bc"), "bc");
        assert_eq!(written("\"ä\\\\ + bc", "ä\\ + bc", Style::DoubleQuoted, "bc"), "bc");
    }
}

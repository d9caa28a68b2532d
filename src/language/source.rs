//! Places in a text as people name them: lines and columns. Any thread but the audio thread.

use super::model::{SourceFile, Span};

/// Line and column of a byte offset, both counted from 1; columns count characters. Offsets past the end mean the end.
pub fn line_column(text: &str, offset: usize) -> (usize, usize) {
    let offset = floor_boundary(text, offset);
    let before = &text[..offset];
    let start = before.rfind('\n').map_or(0, |i| i + 1);
    let line = 1 + before.bytes().filter(|b| *b == b'\n').count();
    (line, 1 + before[start..].chars().count())
}

/// The whole lines that a byte range touches: where they begin in the text, and the text itself without its last line break.
pub fn lines_of(text: &str, start: usize, end: usize) -> (usize, &str) {
    let start = floor_boundary(text, start);
    let end = floor_boundary(text, end.max(start));
    let first = text[..start].rfind('\n').map_or(0, |i| i + 1);
    let last = text[end..].find('\n').map_or(text.len(), |i| end + i);
    (first, text[first..last].trim_end_matches('\r'))
}

/// The nearest character boundary at or before `offset`.
pub fn floor_boundary(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// `path:line:column` of a place.
pub fn place(files: &[SourceFile], span: Span) -> String {
    match files.get(span.file as usize) {
        Some(file) => {
            let (line, column) = line_column(&file.text, span.start as usize);
            format!("{}:{line}:{column}", file.path.display())
        }
        None => "?".to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn source_columns_count_characters_from_one() {
        let text = "a: 1\nä: ß x\r\n\tb\n";
        assert_eq!(line_column(text, 0), (1, 1));
        assert_eq!(line_column(text, text.find('ß').unwrap()), (2, 4));
        assert_eq!(line_column(text, text.find('x').unwrap()), (2, 6));
        assert_eq!(line_column(text, text.find('b').unwrap()), (3, 2));
        assert_eq!(line_column(text, 9_999), (4, 1));
        assert_eq!(line_column(text, text.find('ä').unwrap() + 1), (2, 1), "inside a character");
    }

    #[test]
    fn source_lines_are_whole() {
        let text = "one\ntwo\r\nthree";
        assert_eq!(lines_of(text, 5, 6), (4, "two"));
        assert_eq!(lines_of(text, 1, 5), (0, "one\ntwo"));
        assert_eq!(lines_of(text, 99, 99), (9, "three"));
    }
}

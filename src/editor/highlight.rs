//! Colours of a library's text: keys, nodes, numbers with their units, names of functions, strings with the expressions in them, remarks.
//! A line is understood by itself, so that a text that is only half typed is coloured, too. Window thread.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use egui::text::{LayoutJob, TextFormat};
use egui::{Color32, FontId, Galley, Ui};

use super::theme::{self, Palette};
use crate::session::help;

/// What a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ink {
    Plain,
    Remark,
    Key,
    /// A key that is a node.
    Node,
    Number,
    Text,
    /// A function, a reference, or a word that expressions know.
    Word,
    Sign,
}

/// Words that are no names.
const WORDS: [&str; 5] = ["if", "else", "true", "false", "null"];

/// The text of the last frame with its colours.
#[derive(Default)]
pub struct Highlight {
    last: Option<(u64, Arc<Galley>)>,
    nodes: Vec<&'static str>,
}

impl Highlight {
    /// Lays a text out, each line in a row; at once where it is the same as in the last frame.
    pub fn lay_out(&mut self, ui: &Ui, text: &str, font: &FontId) -> Arc<Galley> {
        let mut hash = DefaultHasher::new();
        (text, ui.visuals().dark_mode, font.size.to_bits(), ui.pixels_per_point().to_bits()).hash(&mut hash);
        let hash = hash.finish();
        if let Some((_, galley)) = self.last.as_ref().filter(|(known, _)| *known == hash) {
            return galley.clone();
        }
        if self.nodes.is_empty() {
            self.nodes = help::kinds();
        }
        let palette = theme::of(ui);
        let mut job = LayoutJob { text: text.to_owned(), ..LayoutJob::default() };
        job.wrap.max_width = f32::INFINITY;
        for (end, ink) in inks(text, &self.nodes) {
            let start = job.sections.last().map_or(0, |section| section.byte_range.end.0);
            let format = TextFormat::simple(font.clone(), colour(palette, ink));
            job.sections.push(egui::text::LayoutSection {
                leading_space: 0.0,
                byte_range: egui::text::ByteIndex(start)..egui::text::ByteIndex(end),
                format,
            });
        }
        let galley = ui.fonts_mut(|fonts| fonts.layout_job(job));
        self.last = Some((hash, galley.clone()));
        galley
    }
}

fn colour(palette: &Palette, ink: Ink) -> Color32 {
    match ink {
        Ink::Plain => palette.text,
        Ink::Remark | Ink::Sign => palette.quiet,
        Ink::Key => palette.key,
        Ink::Node | Ink::Word => palette.accent,
        Ink::Number => palette.number,
        Ink::Text => palette.string,
    }
}

/// The whole text in pieces: where each ends, and what it is. Neighbours that are the same are one.
fn inks(text: &str, nodes: &[&str]) -> Vec<(usize, Ink)> {
    let mut pieces: Vec<(usize, Ink)> = vec![];
    let mut put = |end: usize, ink: Ink| match pieces.last_mut() {
        Some((known, same)) if *same == ink => *known = end,
        _ => pieces.push((end, ink)),
    };
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        line_inks(line, nodes, |end, ink| put(start + end, ink));
        start += line.len();
    }
    pieces
}

fn line_inks(line: &str, nodes: &[&str], mut put: impl FnMut(usize, Ink)) {
    let mut quote = None;
    let mut at = 0;
    let mut before = ' ';
    while let Some(first) = line[at..].chars().next() {
        let rest = &line[at..];
        let plain = if quote.is_some() { Ink::Text } else { Ink::Plain };
        let (length, ink) = match first {
            '#' if quote.is_none() && before.is_whitespace() => (rest.len(), Ink::Remark),
            '"' | '\'' if quote.is_none() && !is_word(before) => {
                quote = Some(first);
                (1, Ink::Text)
            }
            _ if quote == Some(first) => {
                quote = None;
                (1, Ink::Text)
            }
            '0'..='9' if !is_word(before) => (number(rest), Ink::Number),
            '$' | 'a'..='z' | 'A'..='Z' | '_' => {
                let length = rest.find(|c: char| !is_word(c) && c != '$').unwrap_or(rest.len());
                (length, word(&rest[..length], &rest[length..], quote.is_some(), nodes).unwrap_or(plain))
            }
            _ if is_word(first) || first.is_whitespace() => (first.len_utf8(), plain),
            _ => (first.len_utf8(), if quote.is_some() { Ink::Text } else { Ink::Sign }),
        };
        before = line[at..at + length].chars().next_back().unwrap_or(' ');
        at += length;
        put(at, ink);
    }
}

/// What a word is, where it is something of its own.
fn word(word: &str, behind: &str, quoted: bool, nodes: &[&str]) -> Option<Ink> {
    let key =
        behind.strip_prefix(':').is_some_and(|rest| rest.chars().next().is_none_or(char::is_whitespace));
    match () {
        () if key && !quoted => Some(if nodes.contains(&word) { Ink::Node } else { Ink::Key }),
        () if word.starts_with('$') || behind.starts_with('(') || WORDS.contains(&word) => Some(Ink::Word),
        () => None,
    }
}

/// Length of a number with the unit that follows it.
fn number(text: &str) -> usize {
    let digits = text.find(|c: char| !matches!(c, '0'..='9' | '.')).unwrap_or(text.len());
    let power = text[digits..].strip_prefix(['e', 'E']).map_or(0, |rest| {
        let sign = usize::from(rest.starts_with(['+', '-']));
        let length = rest[sign..].chars().take_while(char::is_ascii_digit).count();
        if length > 0 { 1 + sign + length } else { 0 }
    });
    let end = digits + power;
    end + text[end..].find(|c: char| !(c.is_ascii_alphabetic() || c == '%')).unwrap_or(text.len() - end)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each piece that is not plain, with what it is.
    fn coloured(text: &str) -> Vec<(&str, Ink)> {
        let (mut start, mut all) = (0, vec![]);
        for (end, ink) in inks(text, &["osc", "filter"]) {
            let piece = text[start..end].trim();
            if ink != Ink::Plain && !piece.is_empty() {
                all.push((piece, ink));
            }
            start = end;
        }
        assert_eq!(start, text.len(), "everything has a colour");
        all
    }

    #[test]
    fn highlight_tells_keys_nodes_numbers_and_remarks() {
        let found = coloured("song:\n  osc: {freq: 440Hz, x: a}   # ünit\n");
        assert_eq!(
            found,
            [
                ("song", Ink::Key),
                (":", Ink::Sign),
                ("osc", Ink::Node),
                (":", Ink::Sign),
                ("{", Ink::Sign),
                ("freq", Ink::Key),
                (":", Ink::Sign),
                ("440Hz", Ink::Number),
                (",", Ink::Sign),
                ("x", Ink::Key),
                (":", Ink::Sign),
                ("}", Ink::Sign),
                ("# ünit", Ink::Remark)
            ]
        );
    }

    #[test]
    fn highlight_goes_into_the_expressions_of_strings() {
        let found = coloured("a: \"sin(2e-3 * $b) if t1 else 'x'\"\n");
        let of =
            |ink: Ink| found.iter().filter(|(_, own)| *own == ink).map(|(text, _)| *text).collect::<Vec<_>>();
        assert_eq!(of(Ink::Word), ["sin", "$b", "if", "else"]);
        assert_eq!(of(Ink::Number), ["2e-3"], "t1 is a name");
        assert_eq!(of(Ink::Key), ["a"]);
    }

    #[test]
    fn highlight_takes_whatever_is_typed() {
        for text in ["", "\"", "ü: 'ß", "1e", "1e+", "$", "a:b", "# x", "\r\n\t:", "12:30 #no#"] {
            coloured(text);
        }
    }
}

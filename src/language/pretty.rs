//! A library set in lines for people to read: what fits on a line stands in braces, everything else is indented. Scalars stay as
//! they were written. Any thread.

use super::tree::{Entry, Kind, Tree};
use super::{Diagnostic, yaml};

/// The same library in readable lines of at most `width` characters where that is possible.
///
/// # Errors
/// What is wrong with the text's YAML.
pub fn pretty(text: &str, width: usize) -> Result<String, Vec<Diagnostic>> {
    let file = yaml::read(text, 0);
    if !file.diagnostics.is_empty() {
        return Err(file.diagnostics);
    }
    let mut printer = Printer { text, width, out: String::new() };
    printer.map(&file.entries, 0);
    Ok(printer.out)
}

struct Printer<'t> {
    text: &'t str,
    width: usize,
    out: String,
}

impl Printer<'_> {
    fn map(&mut self, entries: &[Entry], indent: usize) {
        for entry in entries {
            let head = format!("{}{}:", " ".repeat(indent), self.key(entry));
            let flow = self.flow(&entry.value);
            // The sound and its node have lines of their own: that is the form to learn.
            let short = head.len() + 1 + flow.len() <= self.width && indent > 0;
            match &entry.value.kind {
                Kind::Map(inner) if !short && !inner.is_empty() => {
                    self.out.push_str(&format!("{head}\n"));
                    self.map(inner, indent + 2);
                }
                Kind::List(items) if !short && !items.is_empty() => {
                    self.out.push_str(&format!("{head}\n"));
                    for item in items {
                        self.out.push_str(&format!("{}- {}\n", " ".repeat(indent + 2), self.flow(item)));
                    }
                }
                _ => self.out.push_str(&format!("{head} {flow}\n")),
            }
        }
    }

    fn flow(&self, tree: &Tree) -> String {
        match &tree.kind {
            Kind::Broken => String::new(),
            Kind::Scalar(_) => self.slice(tree.span.start, tree.span.end),
            Kind::List(items) => {
                format!("[{}]", items.iter().map(|item| self.flow(item)).collect::<Vec<_>>().join(", "))
            }
            Kind::Map(entries) => {
                let entry = |e: &Entry| format!("{}: {}", self.key(e), self.flow(&e.value));
                format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
            }
        }
    }

    fn key(&self, entry: &Entry) -> String {
        self.slice(entry.key_span.start, entry.key_span.end)
    }

    fn slice(&self, start: u32, end: u32) -> String {
        self.text.get(start as usize..end as usize).unwrap_or("").trim_end().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::pretty;

    #[test]
    fn pretty_keeps_the_library_and_breaks_what_is_long() {
        let text = "a: {envelope: {attack: 0.01, signal: {osc: {freq: \"c#3\", amp: [0, 1], range: [0, .5]}}, decay: 1}}\n";
        let lines = "a:\n  envelope:\n    attack: 0.01\n    signal: {osc: {freq: \"c#3\", amp: [0, 1], range: [0, .5]}}\n    \
                     decay: 1\n";
        assert_eq!(pretty(text, 70).unwrap(), lines);
        assert_eq!(pretty(lines, 70).unwrap(), lines);
        assert!(pretty("a: {osc: [", 70).is_err());
    }
}

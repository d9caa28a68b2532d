//! Changes of texts at the places where they name files. Nothing else in them is touched.

use std::collections::BTreeMap;

use crate::language::model::Span;

/// What takes the place of which parts of the texts.
#[derive(Default)]
pub struct Edits(BTreeMap<(u32, u32, u32), String>);

impl Edits {
    pub fn replace(&mut self, span: Span, by: String) {
        self.0.entry((span.file, span.start, span.end)).or_insert(by);
    }

    /// The text of a file with its changes. One that does not fit into the text is left out.
    pub fn apply(&self, file: u32, text: &str) -> String {
        let mut new = text.to_owned();
        for ((_, start, end), by) in self.0.range((file, 0, 0)..=(file, u32::MAX, u32::MAX)).rev() {
            let range = *start as usize..*end as usize;
            if text.get(range.clone()).is_some() {
                new.replace_range(range, by);
            }
        }
        new
    }
}

/// A text as YAML and JSON write it in quotes.
pub fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

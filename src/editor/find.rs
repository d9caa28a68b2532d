//! Finds words in a text: a field that comes with Ctrl+F, the next and the one before, and how many there are. Window thread.

use egui::text::{CCursor, CCursorRange};
use egui::text_edit::TextEditState;
use egui::{Id, Key, Modifiers, TextEdit, Ui};

use super::theme;

/// What is looked for.
#[derive(Default)]
pub struct Find {
    open: bool,
    word: String,
}

impl Find {
    /// Opens the field, and puts the cursor there.
    pub fn open(&mut self, ui: &Ui) {
        self.open = true;
        ui.memory_mut(|memory| memory.request_focus(field()));
    }

    /// The row with the field, if it is open. The answer is the line (from 1) that is to be shown; what was found there is marked in the
    /// text field `id`.
    pub fn draw(&mut self, ui: &mut Ui, text: &str, id: Id) -> Option<usize> {
        if !self.open {
            return None;
        }
        let (mut step, mut close) = (0isize, false);
        if ui.memory(|memory| memory.has_focus(field())) {
            ui.input_mut(|input| {
                close = input.consume_key(Modifiers::NONE, Key::Escape);
                step -= isize::from(input.consume_key(Modifiers::SHIFT, Key::Enter));
                step += isize::from(input.consume_key(Modifiers::NONE, Key::Enter));
            });
        }
        let places = places(text, &self.word);
        ui.horizontal(|ui| {
            let edit = TextEdit::singleline(&mut self.word)
                .id(field())
                .hint_text("Find in this text")
                .desired_width(200.0);
            let edit = ui.add(edit);
            if edit.changed() {
                step = 0;
            }
            let some = !places.is_empty();
            let back =
                ui.add_enabled(some, egui::Button::new("Back")).on_hover_text("The one before (Shift+Enter)");
            let next = ui.add_enabled(some, egui::Button::new("Next")).on_hover_text("The next one (Enter)");
            step += isize::from(next.clicked()) - isize::from(back.clicked());
            let count = if self.word.is_empty() { String::new() } else { format!("{} found", places.len()) };
            ui.label(theme::quiet(ui, count));
            close |= ui.button("Close").on_hover_text("Escape").clicked();
        });
        if close {
            self.open = false;
            ui.memory_mut(|memory| memory.request_focus(id));
        }
        (step != 0).then(|| go(ui, id, text, &self.word, &places, step)).flatten()
    }
}

fn field() -> Id {
    Id::unique("find")
}

/// Where a word stands, in characters; capitals do not matter.
fn places(text: &str, word: &str) -> Vec<usize> {
    let small = |c: char| c.to_lowercase().next().unwrap_or(c);
    let text: Vec<char> = text.chars().map(small).collect();
    let word: Vec<char> = word.chars().map(small).collect();
    if word.is_empty() {
        return vec![];
    }
    text.windows(word.len()).enumerate().filter(|(_, window)| **window == word).map(|(at, _)| at).collect()
}

/// Marks the next one, or the one before; it goes round.
fn go(ui: &Ui, id: Id, text: &str, word: &str, places: &[usize], step: isize) -> Option<usize> {
    let mut state = TextEditState::load(ui.ctx(), id).unwrap_or_default();
    let here = state.cursor.char_range().map(|range| range.as_sorted_char_range().start.0);
    let found = match (here, step > 0) {
        (Some(here), true) => places.iter().find(|at| **at > here).or(places.first()),
        (Some(here), false) => places.iter().rev().find(|at| **at < here).or(places.last()),
        (None, true) => places.first(),
        (None, false) => places.last(),
    };
    let at = *found?;
    let range = CCursorRange::two(CCursor::new(at), CCursor::new(at + word.chars().count()));
    state.cursor.set_char_range(Some(range));
    state.store(ui.ctx(), id);
    Some(text.chars().take(at).filter(|c| *c == '\n').count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn find_counts_every_place_whatever_the_capitals() {
        assert_eq!(places("Osc: ösc\nOSC", "osc"), [0, 9]);
        assert_eq!(places("Osc: Ösc", "ösc"), [5]);
        assert_eq!(places("aaa", "aa"), [0, 1]);
        assert!(places("abc", "").is_empty() && places("", "x").is_empty());
    }
}

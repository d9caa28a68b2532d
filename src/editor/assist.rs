//! Help at the cursor of a text: a list of what may be typed there, and what is known of the word below the mouse. The list comes while
//! a word is typed, or when asked for; its keys are its own only while it is open. Window thread.

use egui::text::{CCursor, CCursorRange};
use egui::text_edit::{TextEditOutput, TextEditState};
use egui::{Area, Frame, Id, Key, Modifiers, Order, Ui};

use super::theme;
use crate::session::help::{Completion, complete, hover};

/// Candidates that are shown at once.
const ROWS: usize = 8;
/// Width of the help below them.
const WIDTH: f32 = 340.0;

#[derive(Clone, Copy)]
enum Act {
    Up,
    Down,
    Take,
}

const KEYS: [(Key, Act); 4] =
    [(Key::ArrowUp, Act::Up), (Key::ArrowDown, Act::Down), (Key::Enter, Act::Take), (Key::Tab, Act::Take)];

/// The list at the cursor.
#[derive(Default)]
pub struct Assist {
    open: Option<Completion>,
    chosen: usize,
    /// Where the cursor was when the list was made, in characters.
    cursor: usize,
    asked: bool,
    /// The character below the mouse, and what is known of it.
    pointed: Option<(usize, Option<String>)>,
}

impl Assist {
    /// Takes the keys that are the list's, before the text sees them.
    pub fn keys(&mut self, ui: &Ui, id: Id, text: &mut String) {
        // Escape has taken the focus from the text before anybody was asked: while the list is open it is meant for the list.
        if self.open.is_some() && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape)) {
            self.open = None;
            ui.memory_mut(|memory| memory.request_focus(id));
        }
        if !ui.memory(|memory| memory.has_focus(id)) {
            return;
        }
        self.asked = ui.input_mut(|input| input.consume_key(Modifiers::CTRL, Key::Space));
        let Some(count) = self.open.as_ref().map(|open| open.candidates.len()) else { return };
        let pressed =
            KEYS.iter().find(|(key, _)| ui.input_mut(|input| input.consume_key(Modifiers::NONE, *key)));
        match pressed.map(|(_, act)| act) {
            Some(Act::Up) => self.chosen = (self.chosen + count - 1) % count,
            Some(Act::Down) => self.chosen = (self.chosen + 1) % count,
            Some(Act::Take) => self.take(ui, id, text, self.chosen),
            None => {}
        }
    }

    /// Puts a candidate in the place of what was typed.
    fn take(&mut self, ui: &Ui, id: Id, text: &mut String, number: usize) {
        let Some(Completion { replace, candidates }) = self.open.take() else { return };
        let Some(candidate) = candidates.get(number) else { return };
        if text.get(replace.clone()).is_none() {
            return;
        }
        text.replace_range(replace.clone(), &candidate.insert);
        let end = text[..replace.start + candidate.insert.len()].chars().count();
        if let Some(mut state) = TextEditState::load(ui.ctx(), id) {
            state.cursor.set_char_range(Some(CCursorRange::one(CCursor::new(end))));
            state.store(ui.ctx(), id);
        }
        ui.memory_mut(|memory| memory.request_focus(id));
    }

    /// Says what is known of the word below the mouse.
    fn point(&mut self, ui: &Ui, edit: &TextEditOutput, text: &str, sounds: &[String]) {
        let response = &edit.response.response;
        let pointer = ui.input(|input| input.pointer.hover_pos()).filter(|_| response.hovered());
        let at = pointer.map(|at| edit.galley.cursor_from_pos(at - edit.galley_pos).index.0);
        let Some(at) = at.filter(|_| !response.changed()) else {
            self.pointed = None;
            return;
        };
        if self.pointed.as_ref().is_none_or(|(known, _)| *known != at) {
            self.pointed = Some((at, hover(text, byte(text, at), sounds).map(|found| found.text)));
        }
        if let Some((_, Some(found))) = &self.pointed {
            response.clone().on_hover_ui_at_pointer(|ui| {
                ui.set_max_width(WIDTH);
                ui.label(found);
            });
        }
    }

    /// Follows what was typed, and shows the list; after the text was shown.
    pub fn draw(&mut self, ui: &Ui, edit: &TextEditOutput, text: &mut String, sounds: &[String]) {
        let response = &edit.response.response;
        self.follow(edit, text, sounds);
        self.point(ui, edit, text, sounds);
        let (Some(open), Some(range)) = (&self.open, edit.cursor_range) else { return };
        let below =
            edit.galley.pos_from_cursor(range.primary).translate(edit.galley_pos.to_vec2()).left_bottom();
        let mut taken = None;
        let area =
            Area::new(response.id.with("list")).order(Order::Foreground).fixed_pos(below).constrain(true);
        let shown = area.show(ui.ctx(), |ui| {
            Frame::popup(ui.style()).show(ui, |ui| {
                let first = self.chosen.saturating_sub(ROWS - 1);
                for (number, candidate) in open.candidates.iter().enumerate().skip(first).take(ROWS) {
                    ui.horizontal(|ui| {
                        let label = ui.selectable_label(number == self.chosen, &candidate.label);
                        // Pressed, not clicked: by then the text has lost the focus.
                        if label.is_pointer_button_down_on() {
                            taken = Some(number);
                        }
                        ui.label(theme::quiet(ui, &candidate.detail));
                    });
                }
                let help = open.candidates.get(self.chosen).map_or("", |candidate| &candidate.help);
                if !help.is_empty() {
                    ui.separator();
                    ui.set_max_width(WIDTH);
                    ui.label(theme::quiet(ui, help));
                }
            });
        });
        match taken {
            Some(number) => self.take(ui, response.id, text, number),
            None if !response.has_focus() && !shown.response.contains_pointer() => self.open = None,
            None => {}
        }
    }

    /// Makes the list anew where something was typed, and closes it where the cursor has gone elsewhere.
    fn follow(&mut self, edit: &TextEditOutput, text: &str, sounds: &[String]) {
        let Some(range) = edit.cursor_range else { return };
        let cursor = range.primary.index.0;
        let typed = edit.response.response.changed();
        if !typed && !self.asked {
            if cursor != self.cursor {
                self.open = None;
            }
            return;
        }
        let list = complete(text, byte(text, cursor), sounds);
        let word = text.get(list.replace.clone()).unwrap_or_default();
        let done = list.candidates.first().is_none_or(|first| first.insert == word);
        // A list comes by itself only where a word has begun.
        let wanted = self.asked || !word.is_empty();
        (self.chosen, self.cursor) = (0, cursor);
        self.open = (wanted && !done).then_some(list);
    }
}

/// The byte at which a character begins.
fn byte(text: &str, character: usize) -> usize {
    text.char_indices().nth(character).map_or(text.len(), |(at, _)| at)
}

//! The samples of the sound: what of them is saved with the project, which are missing and where they lie, and the whole sound collected.
//! Window thread.

use std::path::PathBuf;

use egui::{Button, DragValue, RichText, ScrollArea, TextEdit, Ui};

use super::{Asked, Scene, theme};
use crate::session::{MOST_EMBED, Message};

/// What is being typed.
#[derive(Default)]
pub struct Samples {
    /// Where missing samples lie.
    found: String,
    /// Which one of them is meant; empty for all.
    which: String,
    /// Where to collect.
    place: String,
}

impl Samples {
    /// Whether there is anything to be said about samples.
    pub fn concerns(scene: &Scene<'_>) -> bool {
        let samples = &scene.snapshot.samples;
        samples.line().is_some() || !samples.missing.is_empty()
    }

    pub fn draw(&mut self, ui: &mut Ui, scene: &Scene<'_>, asked: &mut Asked) {
        theme::heading(ui, "SAVED WITH THE PROJECT");
        asked.messages.extend(self.kept(ui, scene));
        let missing = &scene.snapshot.samples.missing;
        if !missing.is_empty() {
            ui.add_space(10.0);
            asked.messages.extend(self.relink(ui, missing));
        }
    }

    /// What is in the project, how much may be, and where to collect all of it.
    fn kept(&mut self, ui: &mut Ui, scene: &Scene<'_>) -> Option<Message> {
        let samples = &scene.snapshot.samples;
        let mut asked = None;
        ui.horizontal(|ui| {
            ui.label(samples.line().unwrap_or_default());
            ui.label(theme::quiet(ui, "· at most"));
            let mut limit = samples.embed;
            let value = DragValue::new(&mut limit).range(0..=MOST_EMBED).suffix(" MB").update_while_editing(false);
            let about = "So many megabytes of samples are saved with the project, the smallest first; it plays without the files then. Of the others their places are saved.";
            let value = ui.add(value).on_hover_text(about);
            if limit != samples.embed && !value.dragged() {
                asked = Some(Message::Embed(limit));
            }
        });
        ui.horizontal(|ui| {
            let collect = ui.add_enabled(!self.place.trim().is_empty(), Button::new("Collect"));
            let collect = collect.on_hover_text("Write the texts and all their samples to a new folder, or into one file that ends in .seiche");
            let field = TextEdit::singleline(&mut self.place).hint_text("New folder, or song.seiche");
            ui.add(field.desired_width(f32::INFINITY));
            if collect.clicked() {
                asked = Some(Message::Collect(PathBuf::from(self.place.trim())));
            }
        });
        asked
    }

    /// The missing ones, and where they may be.
    fn relink(&mut self, ui: &mut Ui, missing: &[String]) -> Option<Message> {
        if !missing.contains(&self.which) {
            self.which.clear();
        }
        theme::heading(ui, &format!("MISSING SAMPLES  {}", missing.len()));
        let row = ui.text_style_height(&egui::TextStyle::Button) + 2.0 * ui.spacing().button_padding.y;
        ScrollArea::vertical()
            .id_salt("missing")
            .auto_shrink([false, true])
            .max_height(theme::MISSING)
            .show_rows(ui, row, missing.len(), |ui, rows| {
                for path in &missing[rows] {
                    let chosen = self.which == *path;
                    let line = Button::selectable(chosen, RichText::new(path).color(theme::of(ui).warm));
                    if ui.add(line).on_hover_text("Say where this one lies").clicked() {
                        self.which = if chosen { String::new() } else { path.clone() };
                    }
                }
            });
        let mut asked = None;
        ui.horizontal(|ui| {
            let name = if self.which.is_empty() { "Find all" } else { "Find this one" };
            let look = ui.add_enabled(!self.found.trim().is_empty(), Button::new(name));
            let look = look.on_hover_text("Looked for by content, then by path, then by name");
            let field =
                TextEdit::singleline(&mut self.found).hint_text("The file, or a folder where they lie");
            ui.add(field.desired_width(f32::INFINITY));
            if look.clicked() {
                let to = PathBuf::from(self.found.trim());
                asked = Some(Message::Relink { from: self.which.clone(), to });
            }
        });
        asked
    }
}

//! The samples of the sound: what of them is saved with the project, which are missing and where they lie, and the whole sound collected.
//! Window thread.

use std::path::PathBuf;

use egui::{Button, DragValue, RichText, ScrollArea, TextEdit, Ui};

use super::dialog::{self, Purpose};
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
    /// The folder where missing samples lie was chosen.
    pub fn look_in(&mut self, path: String) {
        self.found = path;
    }

    /// The place to collect to was chosen.
    pub fn collect_to(&mut self, path: String) {
        self.place = path;
    }

    /// Whether there is anything to be said about samples.
    pub fn concerns(scene: &Scene<'_>) -> bool {
        let samples = &scene.snapshot.samples;
        samples.line().is_some() || !samples.missing.is_empty()
    }

    pub fn draw(&mut self, ui: &mut Ui, scene: &Scene<'_>, asked: &mut Asked) {
        theme::heading(ui, "SAVED WITH THE PROJECT");
        self.kept(ui, scene, asked);
        let missing = &scene.snapshot.samples.missing;
        if !missing.is_empty() {
            ui.add_space(10.0);
            self.relink(ui, missing, asked);
        }
    }

    /// What is in the project, how much may be, and where to collect all of it.
    fn kept(&mut self, ui: &mut Ui, scene: &Scene<'_>, asked: &mut Asked) {
        let samples = &scene.snapshot.samples;
        ui.horizontal(|ui| {
            ui.label(samples.line().unwrap_or_default());
            ui.label(theme::quiet(ui, "· at most"));
            let mut limit = samples.embed;
            let value = DragValue::new(&mut limit).range(0..=MOST_EMBED).suffix(" MB").update_while_editing(false);
            let about = "So many megabytes of samples are saved with the project, the smallest first; it plays without the files then. Of the others their places are saved.";
            let value = ui.add(value).on_hover_text(about);
            if limit != samples.embed && !value.dragged() {
                asked.messages.push(Message::Embed(limit));
            }
        });
        ui.horizontal(|ui| {
            let collect = ui.add_enabled(!self.place.trim().is_empty(), Button::new("Collect"));
            let collect = collect.on_hover_text("Write the texts and all their samples to a new folder, or into one file that ends in .seiche");
            dialog::button(ui, "Choose ...", Purpose::Collect, &self.place, asked);
            let field = TextEdit::singleline(&mut self.place).hint_text("New folder, or song.seiche");
            ui.add(field.desired_width(f32::INFINITY));
            if collect.clicked() {
                asked.messages.push(Message::Collect(PathBuf::from(self.place.trim())));
            }
        });
    }

    /// The missing ones, and where they may be.
    fn relink(&mut self, ui: &mut Ui, missing: &[String], asked: &mut Asked) {
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
        ui.horizontal(|ui| {
            let name = if self.which.is_empty() { "Find all" } else { "Find this one" };
            let look = ui.add_enabled(!self.found.trim().is_empty(), Button::new(name));
            let look = look.on_hover_text("Looked for by content, then by path, then by name");
            dialog::button(ui, "Folder ...", Purpose::Missing, &self.found, asked);
            let field =
                TextEdit::singleline(&mut self.found).hint_text("The file, or a folder where they lie");
            ui.add(field.desired_width(f32::INFINITY));
            if look.clicked() {
                let to = PathBuf::from(self.found.trim());
                asked.messages.push(Message::Relink { from: self.which.clone(), to });
            }
        });
    }
}

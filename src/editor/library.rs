//! The library: its path with *Open* and *Reload*, and the list of its sounds. Window thread.

use std::path::PathBuf;

use egui::{Align, Key, Layout, RichText, ScrollArea, TextEdit, Ui};

use super::{Scene, theme};
use crate::session::{Message, Status};

/// What is being typed, and which path it was last filled from.
#[derive(Default)]
pub struct Library {
    typed: String,
    shown: String,
}

impl Library {
    /// The row with the path. Return or *Open* opens it; *Reload* reads the files again.
    pub fn open_row(&mut self, ui: &mut Ui, scene: &Scene<'_>) -> Option<Message> {
        if self.shown != scene.snapshot.path {
            self.shown.clone_from(&scene.snapshot.path);
            self.typed.clone_from(&scene.snapshot.path);
        }
        let mut asked = None;
        ui.horizontal(|ui| {
            ui.label(RichText::new("Seiche").heading().color(theme::ACCENT));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let reload = ui.add_enabled(!scene.snapshot.path.is_empty(), egui::Button::new("Reload"));
                if reload.on_hover_text("Take what the files have now").clicked() {
                    asked = Some(Message::TakeDisk);
                }
                let open = ui.add_enabled(!self.typed.trim().is_empty(), egui::Button::new("Open"));
                let field = TextEdit::singleline(&mut self.typed)
                    .hint_text("Path of a library: a .yaml file, a folder or a .seiche bundle")
                    .desired_width(f32::INFINITY);
                let field = ui.add(field);
                let entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
                if (open.clicked() || entered) && !self.typed.trim().is_empty() {
                    asked = Some(Message::Open(PathBuf::from(self.typed.trim())));
                }
            });
        });
        asked
    }

    /// The list of sounds; a click chooses one.
    pub fn sounds(&mut self, ui: &mut Ui, scene: &Scene<'_>) -> Option<Message> {
        let snapshot = scene.snapshot;
        theme::heading(ui, &format!("SOUNDS  {}", snapshot.sounds.len()));
        if snapshot.sounds.is_empty() {
            let text = match snapshot.status {
                Status::Loading => "Loading …",
                Status::Broken => "No sound could be read.",
                Status::Empty | Status::Playing => "Nothing is open.",
            };
            ui.label(RichText::new(text).color(theme::QUIET));
        }
        let mut asked = None;
        let row = ui.text_style_height(&egui::TextStyle::Button) + 2.0 * ui.spacing().button_padding.y;
        ScrollArea::vertical().auto_shrink(false).show_rows(ui, row, snapshot.sounds.len(), |ui, rows| {
            for name in &snapshot.sounds[rows] {
                let line = egui::Button::selectable(*name == snapshot.sound, name).truncate();
                if ui.add_sized([ui.available_width(), row], line).clicked() {
                    asked = Some(Message::Choose(name.clone()));
                }
            }
        });
        asked
    }
}

//! Says where the text that sounds is not the one in the files, and offers either. Window thread.

use egui::{Button, RichText, Ui};

use super::source::file_name;
use super::{Asked, Scene, theme};
use crate::session::{Disk, Message, Status};

/// A line for each of the two cases, or nothing.
pub fn draw(ui: &mut Ui, scene: &Scene<'_>, asked: &mut Asked) {
    let palette = theme::of(ui);
    let texts = &scene.snapshot.texts;
    // Broken texts: what sounds is an older one.
    let broken = scene.snapshot.status == Status::Broken && scene.snapshot.reload.is_some();
    if let Some(file) = texts.files.iter().find(|file| broken && !file.sounds) {
        ui.horizontal_wrapped(|ui| {
            let text = format!("Playing the last good version: {} has errors.", file_name(&file.path));
            ui.label(RichText::new(text).color(palette.fault));
            let back = ui.add_enabled(file.saved && file.disk != Disk::Same, Button::new("Put it back"));
            if back.on_hover_text("Write the last good version to the file").clicked() {
                asked.messages.push(Message::KeepSaved);
            }
        });
    }
    let differs = |disk: Disk| texts.files.iter().filter(move |file| file.disk == disk && !file.saved);
    let (other, missing) = (differs(Disk::Differs), differs(Disk::Missing));
    let lines = [
        (other.collect::<Vec<_>>(), "The disk has another text of", "Take disk"),
        (missing.collect::<Vec<_>>(), "The disk does not have", ""),
    ];
    for (files, text, take) in lines {
        let Some((first, more)) = files.split_first() else { continue };
        let more = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new(format!("{text} {}{more}.", file_name(&first.path))).color(palette.warm));
            if !take.is_empty() && ui.button(take).on_hover_text("Play what the files have").clicked() {
                asked.messages.push(Message::TakeDisk);
            }
            let keep = ui.button("Keep this").on_hover_text("Write what sounds to the files");
            if keep.clicked() {
                asked.messages.push(Message::KeepSaved);
            }
        });
    }
}

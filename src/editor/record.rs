//! The recorder: a switch that writes what is played while it is played, and one that writes what was played before anybody thought of
//! it. Window thread; the work is done elsewhere.

use std::path::{Path, PathBuf};

use egui::{Button, Grid, RichText, TextEdit, Ui};

use super::dialog::{self, Purpose};
use super::{Asked, Scene, theme};
use crate::session::{Saved, TakePlace};

/// What the user asks of the recorder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recorded {
    Start(TakePlace),
    Stop,
    /// Write the last two minutes, or as much as was played.
    SaveLast(TakePlace),
    /// Tracks and buses as well, or only the mix.
    Stems(bool),
    /// Write what a trigger, from 0, has heard, as a MIDI file.
    Strokes(u8, TakePlace),
}

/// Whether a take is being written.
pub fn runs(scene: &Scene<'_>) -> bool {
    scene.recording.running.is_some()
}

pub fn draw(ui: &mut Ui, scene: &Scene<'_>, asked: &mut Asked) {
    theme::heading(ui, "WHAT IS PLAYED, AS IT IS PLAYED");
    Grid::new("record").num_columns(2).spacing([16.0, 8.0]).show(ui, |ui| {
        let label = ui.label("Takes");
        let mut folder = scene.preferences.takes.clone();
        ui.horizontal(|ui| {
            dialog::button(ui, "Choose ...", Purpose::Takes, &folder, asked);
            let field = TextEdit::singleline(&mut folder)
                .hint_text("a folder: /music/takes")
                .desired_width(f32::INFINITY);
            if ui.add(field).labelled_by(label.id).changed() {
                asked.prefer(scene, |preferences| preferences.takes.clone_from(&folder));
            }
        });
        ui.end_row();
    });
    let place = place(scene);
    if let Err(why) = &place {
        ui.label(theme::quiet(ui, why.as_str()));
    }
    ui.horizontal_wrapped(|ui| buttons(ui, scene, place.ok(), asked));
    let now = scene.recording;
    if let Some((file, seconds)) = &now.running {
        ui.label(format!("{} so far: {}", clock(*seconds), name(file)));
    }
    outcome(ui, scene, asked);
}

/// What has been written last, or why nothing was.
pub fn outcome(ui: &mut Ui, scene: &Scene<'_>, asked: &mut Asked) {
    let now = scene.recording;
    if let Some(saved) = &now.saved {
        ui.horizontal_wrapped(|ui| {
            let files = if saved.files.len() > 1 {
                format!(" and {} more", saved.files.len() - 1)
            } else {
                String::new()
            };
            let first = saved.files.first().map(|file| name(file)).unwrap_or_default();
            let time = if is_midi(saved) { String::new() } else { format!(", {}", clock(saved.seconds)) };
            ui.label(format!("{first}{files}{time}"));
            if let Some(file) = saved.files.first()
                && ui.button("Show the folder").clicked()
            {
                asked.outside = file.parent().map(Path::to_path_buf);
            }
        });
        if let Some(note) = &saved.note {
            ui.label(theme::quiet(ui, note.as_str()));
        }
    }
    if let Some(fault) = &now.fault {
        ui.label(RichText::new(fault).color(theme::severity(ui, crate::session::Severity::Error)));
    }
}

fn buttons(ui: &mut Ui, scene: &Scene<'_>, place: Option<TakePlace>, asked: &mut Asked) {
    let now = scene.recording;
    if now.running.is_some() {
        if ui.button("Stop").clicked() {
            asked.recorded = Some(Recorded::Stop);
        }
    } else if ui.add_enabled(place.is_some(), Button::new("Record")).clicked() {
        asked.recorded = place.clone().map(Recorded::Start);
    }
    let last = Button::new(format!("Save the last {}", clock(now.kept)));
    let last = ui.add_enabled(place.is_some() && now.kept > 0.0, last);
    if last.on_hover_text("What was played is kept for two minutes, whether it is recorded or not").clicked()
    {
        asked.recorded = place.map(Recorded::SaveLast);
    }
    let mut stems = now.stems;
    let box_ = ui.checkbox(&mut stems, "Tracks and buses as well");
    if box_
        .on_hover_text("Each of them is a file of its own; keeping them takes memory while anything sounds")
        .changed()
    {
        asked.recorded = Some(Recorded::Stems(stems));
    }
}

/// Where takes go, or what must be mended before.
pub fn place(scene: &Scene<'_>) -> Result<TakePlace, String> {
    let folder = PathBuf::from(scene.preferences.takes.trim());
    if folder.as_os_str().is_empty() {
        return Err("Say in which folder takes are to lie.".into());
    }
    if !folder.is_absolute() {
        return Err("Write the whole path of the folder.".into());
    }
    if !folder.is_dir() {
        return Err("There is no such folder.".into());
    }
    let name = if scene.snapshot.sound.is_empty() { "Seiche".into() } else { scene.snapshot.sound.clone() };
    Ok(TakePlace { folder, name })
}

/// Whether it is a MIDI file that was written.
pub fn is_midi(saved: &Saved) -> bool {
    saved.files.first().is_some_and(|file| file.extension().is_some_and(|end| end == "mid"))
}

fn name(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Minutes and seconds.
pub fn clock(seconds: f64) -> String {
    let whole = seconds.max(0.0) as u64;
    format!("{}:{:02}", whole / 60, whole % 60)
}

//! Settings: those of every window (zoom, theme, motion, folders), and those of the instance (how keyboards are understood). Window thread.

use egui::{DragValue, Grid, ScrollArea, Ui};

use super::{Asked, Scene, keyboard, theme};
use crate::session::{Look, MOST_SAMPLES, Quality};

/// Zoom in percent.
const ZOOM: std::ops::RangeInclusive<f32> = 50.0..=400.0;
const STEPS: [f32; 7] = [50.0, 75.0, 100.0, 125.0, 150.0, 200.0, 300.0];
const LOOKS: [(Look, &str); 2] = [(Look::Dark, "Dark"), (Look::Light, "Light")];

/// The tiers, with what they do and how much they take.
pub const TIERS: [(Quality, &str, &str); 3] = [
    (
        Quality::Draft,
        "Draft",
        "Oscillators without exact sums of harmonics, samples read along straight lines: less work where notes are high or samples transposed",
    ),
    (Quality::Normal, "Normal", "As it is meant to be heard"),
    (
        Quality::High,
        "High",
        "Everything at four times the sample rate: FM, distortion and fast modulation hardly alias; four to seven times the work, and 34 frames of latency",
    ),
];

/// How finely the instance computes, live and offline.
fn quality(ui: &mut Ui, scene: &Scene<'_>, asked: &mut Asked) {
    theme::heading(ui, "QUALITY, SAVED WITH THE PROJECT");
    let mut tiers = scene.tiers;
    Grid::new("quality").num_columns(2).spacing([16.0, 8.0]).show(ui, |ui| {
        for (when, wanted) in [("Live", &mut tiers.live), ("Offline", &mut tiers.offline)] {
            ui.label(when);
            ui.horizontal_wrapped(|ui| {
                for (tier, name, help) in TIERS {
                    let button = ui.selectable_label(*wanted == tier, name);
                    let name = format!("{when} quality: {name}");
                    let on = *wanted == tier;
                    button
                        .widget_info(|| egui::WidgetInfo::selected(egui::Role::RadioButton, true, on, &name));
                    if button.on_hover_text(help).clicked() {
                        *wanted = tier;
                    }
                }
            });
            ui.end_row();
        }
    });
    if scene.plays_otherwise {
        ui.label(theme::quiet(ui, "The host takes it over when it begins to play anew."));
    }
    if tiers != scene.tiers {
        asked.tiers = Some(tiers);
    }
}

/// What is being typed.
#[derive(Default)]
pub struct Settings {
    zoom: Option<f32>,
}

impl Settings {
    pub fn draw(&mut self, ui: &mut Ui, scene: &Scene<'_>, asked: &mut Asked) {
        ScrollArea::vertical().id_salt("settings").auto_shrink(false).show(ui, |ui| {
            theme::heading(ui, "WINDOW");
            Grid::new("window").num_columns(2).spacing([16.0, 8.0]).show(ui, |ui| {
                let label = ui.label("Zoom");
                ui.horizontal_wrapped(|ui| self.zoom(ui, scene, asked, label.id));
                ui.end_row();
                ui.label("Theme");
                ui.horizontal(|ui| {
                    for (look, name) in LOOKS {
                        if ui.selectable_label(scene.preferences.look == look, name).clicked() {
                            asked.prefer(scene, |preferences| preferences.look = look);
                        }
                    }
                });
                ui.end_row();
                ui.label("Motion");
                let mut still = scene.preferences.still;
                let hint = "Nothing fades or slides, and the cursor does not blink";
                if ui.checkbox(&mut still, "Reduced").on_hover_text(hint).changed() {
                    asked.prefer(scene, |preferences| preferences.still = still);
                }
                ui.end_row();
            });
            ui.add_space(10.0);
            theme::heading(ui, "SAMPLES IN MEMORY");
            ui.horizontal_wrapped(|ui| {
                let label = ui.label("Keep up to");
                let mut room = scene.preferences.samples;
                let value = DragValue::new(&mut room).range(0..=MOST_SAMPLES).speed(8.0).suffix(" MB");
                let hint = "Of samples that nobody plays at the moment, so that they need not be decoded again; of all instances";
                let value = ui.add(value.update_while_editing(false)).labelled_by(label.id).on_hover_text(hint);
                if room != scene.preferences.samples && !value.dragged() {
                    asked.prefer(scene, |preferences| preferences.samples = room);
                }
                ui.label(theme::quiet(ui, "that nobody plays"));
            });
            ui.add_space(10.0);
            theme::heading(ui, "FOLDERS WITH LIBRARIES");
            if scene.preferences.folders.is_empty() {
                ui.label(theme::quiet(ui, "None. Type a folder in the browser and click Keep folder."));
            }
            for folder in &scene.preferences.folders {
                ui.horizontal(|ui| {
                    let button = ui.small_button("Forget");
                    let name = format!("Forget {folder}");
                    button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
                    if button
                        .on_hover_text("Do not list its libraries any more; nothing is deleted")
                        .clicked()
                    {
                        asked
                            .prefer(scene, |preferences| preferences.folders.retain(|known| known != folder));
                    }
                    ui.add(egui::Label::new(folder).truncate()).on_hover_text(folder);
                });
            }
            ui.add_space(10.0);
            asked.performance = keyboard::draw(ui, scene.performance);
            ui.add_space(10.0);
            quality(ui, scene, asked);
        });
    }

    /// The zoom is taken once the hand is off it: the window moves away below the pointer otherwise.
    fn zoom(&mut self, ui: &mut Ui, scene: &Scene<'_>, asked: &mut Asked, label: egui::Id) {
        let now = (scene.preferences.zoom * 100.0).round();
        let mut zoom = self.zoom.unwrap_or(now);
        let value = DragValue::new(&mut zoom).range(ZOOM).suffix(" %").update_while_editing(false);
        let response = ui.add(value).labelled_by(label).on_hover_text("Of everything in the window");
        self.zoom = response.dragged().then_some(zoom);
        let mut wanted = (zoom != now && !response.dragged()).then_some(zoom);
        for step in STEPS {
            if ui.selectable_label(now == step, format!("{step}")).clicked() {
                wanted = Some(step);
            }
        }
        if let Some(wanted) = wanted {
            asked.prefer(scene, |preferences| preferences.zoom = wanted / 100.0);
        }
    }
}

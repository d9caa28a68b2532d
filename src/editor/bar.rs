//! The bar at the top: the preset that is open with its neighbours, the sound, how it stands with the library, and the tabs below. Window
//! thread.

use egui::{Align, Button, ComboBox, Layout, RichText, Ui};

use super::{Asked, Panes, Scene, Tab, theme};
use crate::session::{Message, Severity, Status};

pub fn draw(ui: &mut Ui, scene: &Scene<'_>, panes: &mut Panes, asked: &mut Asked) {
    let size = egui::vec2(ui.available_width(), ui.spacing().interact_size.y + 6.0);
    // What stands at the right has its room before the rest shares what is left.
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
        standing(ui, scene);
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            if ui.available_width() > theme::NARROW / 2.0 {
                ui.label(RichText::new("Seiche").heading().color(theme::of(ui).accent));
            }
            panes.presets.draw(ui, scene, asked);
            sound(ui, scene, asked);
        });
    });
}

/// The sound that plays, and all others.
fn sound(ui: &mut Ui, scene: &Scene<'_>, asked: &mut Asked) {
    let snapshot = scene.snapshot;
    if snapshot.sounds.is_empty() {
        return;
    }
    let width = ui.available_width().min(theme::SOUND);
    let chosen = ComboBox::from_id_salt("sound").selected_text(&snapshot.sound).width(width).truncate();
    let shown = chosen.show_ui(ui, |ui| {
        for name in &snapshot.sounds {
            if ui.selectable_label(*name == snapshot.sound, name).clicked() {
                asked.messages.push(Message::Choose(name.clone()));
            }
        }
    });
    let name = format!("Sound: {}", snapshot.sound);
    shown.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, &name));
    shown.response.on_hover_text("The sound that plays");
}

/// How it stands, in a word or two.
fn standing(ui: &mut Ui, scene: &Scene<'_>) {
    let palette = theme::of(ui);
    let snapshot = scene.snapshot;
    let errors = snapshot.findings.iter().filter(|f| f.severity == Severity::Error).count();
    let (text, colour) = match snapshot.status {
        Status::Empty => ("Nothing is open".to_owned(), palette.quiet),
        Status::Loading => ("Loading …".to_owned(), palette.quiet),
        Status::Playing if scene.silenced.is_empty() => ("Plays".to_owned(), palette.accent),
        Status::Playing => ("Plays, with a fault".to_owned(), palette.fault),
        Status::Broken if errors == 1 => ("1 error".to_owned(), palette.fault),
        Status::Broken => (format!("{errors} errors"), palette.fault),
    };
    ui.label(RichText::new(text).color(colour));
}

/// The tabs that there are now; the one that is chosen is shown.
pub fn tabs(ui: &mut Ui, scene: &Scene<'_>, panes: &mut Panes, asked: &mut Asked, narrow: bool) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        if !narrow {
            let shown = scene.preferences.browser;
            let button = ui.selectable_label(shown, "Browser");
            if button.on_hover_text("Show or hide the list of sounds and libraries").clicked() {
                asked.prefer(scene, |preferences| preferences.browser = !shown);
            }
            ui.separator();
        }
        for tab in Tab::ALL.into_iter().filter(|tab| tab.stands(scene, narrow)) {
            let (name, help) = tab.words();
            let mark = tab.mark(scene).map_or(String::new(), |mark| format!("  {mark}"));
            let button = ui.add(Button::selectable(panes.tab == tab, format!("{name}{mark}")));
            if button.on_hover_text(help).clicked() {
                panes.tab = tab;
            }
        }
    });
}

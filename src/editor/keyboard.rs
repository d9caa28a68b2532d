//! How keyboards are understood: bend range and the zones of MPE. They belong to the instance, whatever library it plays. Window thread.

use egui::{ComboBox, DragValue, Grid, Ui};

use super::theme;
use crate::session::{MOST_MEMBERS, MOST_RANGE, Mpe, Performance};

const MODES: [(Mpe, &str, &str); 3] = [
    (Mpe::Off, "MPE off", "Every channel is an ordinary one"),
    (Mpe::Auto, "MPE auto", "Ordinary channels, until a keyboard says that it plays in zones"),
    (Mpe::On, "MPE on", "Each note has a channel of its own: zones as set here, or as the keyboard says"),
];

/// The settings. The answer is what they are to be, where that is new.
pub fn draw(ui: &mut Ui, performance: Performance) -> Option<Performance> {
    let mut wanted = performance;
    theme::heading(ui, "KEYBOARD, SAVED WITH THE PROJECT");
    Grid::new("keyboard").num_columns(2).spacing([16.0, 8.0]).show(ui, |ui| {
        let help = "Semitones that the wheel reaches, where neither the library nor the keyboard says it";
        range(ui, "Bend", &mut wanted.bend_range, help);
        ui.end_row();
        let label = ui.label("Channels");
        let shown = MODES.iter().find(|(mode, ..)| *mode == wanted.mpe).map_or("", |(_, name, _)| name);
        let modes = ComboBox::from_id_salt("mpe").selected_text(shown).show_ui(ui, |ui| {
            for (mode, name, help) in MODES {
                ui.selectable_value(&mut wanted.mpe, mode, name).on_hover_text(help);
            }
        });
        modes.response.labelled_by(label.id);
        ui.end_row();
        if wanted.mpe == Mpe::On {
            for (zone, name) in [(&mut wanted.lower, "Lower zone"), (&mut wanted.upper, "Upper zone")] {
                let label = ui.label(name);
                ui.horizontal(|ui| {
                    let members =
                        DragValue::new(&mut zone.members).range(0..=MOST_MEMBERS).suffix(" channels");
                    let members = ui.add(members).labelled_by(label.id);
                    members.on_hover_text("Channels beside the master; 0: no such zone");
                    range(ui, "bend", &mut zone.bend_range, "Semitones that a note of the zone bends");
                });
                ui.end_row();
            }
        }
    });
    let wanted = wanted.within_bounds();
    (wanted != performance).then_some(wanted)
}

fn range(ui: &mut Ui, name: &str, value: &mut u8, help: &str) {
    let label = ui.label(name);
    let value = DragValue::new(value).range(0..=MOST_RANGE).suffix(" st");
    ui.add(value).labelled_by(label.id).on_hover_text(help);
}

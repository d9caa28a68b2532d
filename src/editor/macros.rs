//! The library's macros: a slider for each, with its value in its own unit, which can be typed. A double click brings the default back.
//! What is turned goes to the host, not to the session. Window thread.

use egui::{Grid, PointerButton, Rect, RichText, ScrollArea, Slider, Ui, vec2};

use super::{Scene, theme};
use crate::session::Macro;

/// A macro that is being turned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Turn {
    /// From 0.
    pub slot: u8,
    /// Where it is turned to, 0..1.
    pub share: f32,
    /// The hand is still on it.
    pub holding: bool,
}

/// Two of them stand beside each other.
const COLUMNS: usize = 2;

/// All of them. The answer is what was turned in this frame.
pub fn draw(ui: &mut Ui, scene: &Scene<'_>) -> Option<Turn> {
    let macros = &scene.snapshot.macros;
    theme::heading(ui, &format!("MACROS  {}", macros.len()));
    let mut turned = None;
    ScrollArea::vertical().auto_shrink([false, true]).max_height(theme::MACROS).show(ui, |ui| {
        Grid::new("macros").num_columns(2 * COLUMNS).spacing([12.0, 4.0]).show(ui, |ui| {
            for (place, item) in macros.iter().enumerate() {
                ui.label(RichText::new(&item.title)).on_hover_text(help(item));
                let position = scene.positions.get(usize::from(item.slot)).copied();
                turned = turned.or(one(ui, item, position.unwrap_or(item.default as f32)));
                if place % COLUMNS == COLUMNS - 1 {
                    ui.end_row();
                }
            }
        });
    });
    turned
}

fn one(ui: &mut Ui, item: &Macro, position: f32) -> Option<Turn> {
    let mut share = f64::from(position);
    let slider = Slider::new(&mut share, 0.0..=1.0)
        .custom_formatter(|share, _| item.text(share))
        .custom_parser(|text| item.read(text))
        .update_while_editing(false);
    let response = ui.add(slider);
    response.widget_info(|| egui::WidgetInfo::slider(true, share, &item.title));
    let holding = response.dragged();
    // A slider hears no clicks of its own; those on the number beside it begin to edit that.
    let size = vec2(ui.spacing().slider_width, response.rect.height());
    let rail = Rect::from_min_size(response.rect.min, size);
    let twice = ui.input(|input| {
        let on_rail = input.pointer.interact_pos().is_some_and(|at| rail.contains(at));
        on_rail && input.pointer.button_double_clicked(PointerButton::Primary)
    });
    if twice {
        return Some(Turn { slot: item.slot, share: item.default as f32, holding: false });
    }
    let asked = response.changed() || response.drag_stopped();
    asked.then_some(Turn { slot: item.slot, share: share as f32, holding })
}

fn help(item: &Macro) -> String {
    let (low, high) = item.range_text();
    let default = item.text(item.default);
    format!(
        "`{}`, from {low} to {high}; a double click brings {default} back. The host's Macro {}.",
        item.name,
        item.slot + 1
    )
}

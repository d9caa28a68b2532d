//! The library's macros: a slider for each, with its value in its own unit, which can be typed, and the controller that moves it. A
//! double click brings the default back. What is turned goes to the host, not to the session. Window thread.

use egui::{Button, Grid, PointerButton, Rect, RichText, ScrollArea, Slider, Ui, vec2};

use super::{Scene, theme};
use crate::session::{Follows, Macro};

/// What is asked for about the controller of a macro, by its slot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Learning {
    /// It is to be learnt from the next controller that moves; `None`: no more.
    Wait(Option<u8>),
    Forget(u8),
}

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

/// All of them. The answer is what was turned in this frame, and what was asked for about controllers.
pub fn draw(ui: &mut Ui, scene: &Scene<'_>) -> (Option<Turn>, Option<Learning>) {
    let macros = &scene.snapshot.macros;
    theme::heading(ui, &format!("MACROS  {}", macros.len()));
    let (mut turned, mut learning) = (None, None);
    ScrollArea::vertical().auto_shrink([false, true]).max_height(theme::MACROS).show(ui, |ui| {
        Grid::new("macros").num_columns(3 * COLUMNS).spacing([12.0, 4.0]).show(ui, |ui| {
            for (place, item) in macros.iter().enumerate() {
                ui.label(RichText::new(&item.title)).on_hover_text(help(item));
                let position = scene.positions.get(usize::from(item.slot)).copied();
                let position = position.unwrap_or(item.default as f32);
                turned = turned.or(one(ui, item, position));
                let follows = scene.follows.get(usize::from(item.slot)).copied().unwrap_or_default();
                learning = learning.or(controller(ui, item.slot, position, follows));
                if place % COLUMNS == COLUMNS - 1 {
                    ui.end_row();
                }
            }
        });
    });
    (turned, learning)
}

/// The button of a macro's controller: learns one, or shows it and lets it be forgotten.
fn controller(ui: &mut Ui, slot: u8, position: f32, follows: Follows) -> Option<Learning> {
    let small = |text: &str| RichText::new(text).small();
    if follows.waits {
        let button = ui.add(Button::new(small("Move it ...").color(theme::ACCENT)).frame(false));
        let hint =
            "The next controller that you move on your MIDI device moves this macro. A click gives it up.";
        return button.on_hover_text(hint).clicked().then_some(Learning::Wait(None));
    }
    let Some(found) = follows.controller else {
        let button = ui.add(Button::new(small("Learn").color(theme::QUIET)).frame(false));
        let hint = "Let a controller of your MIDI device move this macro";
        return button.on_hover_text(hint).clicked().then_some(Learning::Wait(Some(slot)));
    };
    let (text, hint) = match follows.apart {
        None => (format!("CC {}", found.number), String::new()),
        Some(apart) => {
            let (sign, way) = if apart < position { ("⏶", "up") } else { ("⏷", "down") };
            let hint =
                format!(" It stands at {:.0} %: move it {way} until it meets the macro.", apart * 100.0);
            (format!("CC {} {sign}", found.number), hint)
        }
    };
    let mut asked = None;
    let menu = ui.menu_button(small(&text), |ui| {
        if ui.button("Learn another").clicked() {
            asked = Some(Learning::Wait(Some(slot)));
        }
        if ui.button("Forget").clicked() {
            asked = Some(Learning::Forget(slot));
        }
    });
    let fine = if found.fine { format!(" and {} (14 bits)", found.number + 32) } else { String::new() };
    menu.response
        .on_hover_text(format!("Controller {}{fine} of channel {}.{hint}", found.number, found.channel));
    asked
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

//! The library's macros: a knob for each, its value in its own unit, which can be typed, and the controller that moves it. A double click
//! brings the default back. What is turned goes to the host, not to the session. Window thread.

use egui::{Align, Button, Label, Layout, RichText, ScrollArea, Ui, vec2};

use super::host::Control;
use super::widgets::{Grip, knob, typed};
use super::{Asked, Scene, Turn, theme};
use crate::session::{Follows, Macro};

/// What is asked for about the controller of a macro, by its slot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Learning {
    /// It is to be learnt from the next controller that moves; `None`: no more.
    Wait(Option<u8>),
    Forget(u8),
}

/// Width and height of a macro.
const CELL: egui::Vec2 = vec2(82.0, 98.0);

/// All of them: in one row that scrolls where there is little height, else in as many as they need.
pub fn draw(ui: &mut Ui, scene: &Scene<'_>, asked: &mut Asked) {
    let macros = &scene.snapshot.macros;
    theme::heading(ui, &format!("MACROS  {}", macros.len()));
    let tall = ui.available_height() > 2.5 * CELL.y;
    ScrollArea::both().id_salt("macros").auto_shrink([false, true]).show(ui, |ui| {
        let row = Layout::left_to_right(Align::Min).with_main_wrap(tall);
        ui.with_layout(row, |ui| {
            for item in macros.iter() {
                ui.allocate_ui_with_layout(CELL, Layout::top_down(Align::Center), |ui| {
                    ui.set_min_size(CELL);
                    ui.spacing_mut().item_spacing.y = 2.0;
                    one(ui, scene, asked, item);
                });
            }
        });
    });
}

fn one(ui: &mut Ui, scene: &Scene<'_>, asked: &mut Asked, item: &Macro) {
    let control = Control::Macro(item.slot);
    let title = Label::new(RichText::new(&item.title).small()).truncate();
    ui.add(title).on_hover_text(help(item));
    let share = scene.host.share(control);
    let text = item.text(share.into());
    let grip = Grip { name: &item.title, share, first: item.default as f32, text: &text };
    if let Some(moved) = knob(ui, theme::KNOB, &grip) {
        asked.turns.push(Turn { control, share: moved.share, holding: moved.holding });
    }
    if let Some(share) = typed(ui, &item.title, &text, CELL.x).and_then(|text| item.read(&text)) {
        asked.turns.push(Turn { control, share: share.clamp(0.0, 1.0) as f32, holding: false });
    }
    let follows = scene.follows.get(usize::from(item.slot)).copied().unwrap_or_default();
    asked.learning = asked.learning.take().or(controller(ui, item, share, follows));
}

/// The button of a macro's controller: learns one, or shows it and lets it be forgotten.
fn controller(ui: &mut Ui, item: &Macro, position: f32, follows: Follows) -> Option<Learning> {
    let palette = theme::of(ui);
    let small = |text: &str| RichText::new(text).small();
    let named = |response: egui::Response, does: &str| {
        let name = format!("{does} {}", item.title);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
        response
    };
    if follows.waits {
        let button = named(
            ui.add(Button::new(small("Move it ...").color(palette.accent)).frame(false)),
            "Stop learning",
        );
        let hint =
            "The next controller that you move on your MIDI device moves this macro. A click gives it up.";
        return button.on_hover_text(hint).clicked().then_some(Learning::Wait(None));
    }
    let Some(found) = follows.controller else {
        let button = named(ui.add(Button::new(small("Learn").color(palette.quiet)).frame(false)), "Learn");
        let hint = "Let a controller of your MIDI device move this macro";
        return button.on_hover_text(hint).clicked().then_some(Learning::Wait(Some(item.slot)));
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
            asked = Some(Learning::Wait(Some(item.slot)));
        }
        if ui.button("Forget").clicked() {
            asked = Some(Learning::Forget(item.slot));
        }
    });
    let fine = if found.fine { format!(" and {} (14 bits)", found.number + 32) } else { String::new() };
    menu.response
        .on_hover_text(format!("Controller {}{fine} of channel {}.{hint}", found.number, found.channel));
    asked
}

fn help(item: &Macro) -> String {
    let (low, high) = item.range_text();
    let default = item.text(item.default);
    format!(
        "{}\n`{}`, from {low} to {high}; a double click brings {default} back, Shift turns finely. The host's Macro {}.",
        item.title,
        item.name,
        item.slot + 1
    )
}

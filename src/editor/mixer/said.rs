//! What only the text says of a strip: its width and where it goes. Moves are edits of the text, so they are asked for once, when the hand is
//! off; where the text computes a value, or has mistakes, they are shown and not moved. Window thread.

use egui::{Button, Role, Ui, WidgetInfo};

use crate::editor::widgets::{Grip, Moved, knob, typed};
use crate::editor::{Asked, Scene, theme};
use crate::session::{Message, Output, Strip, StripEdit, Width};

/// The widest that the knob turns to; the text may say more.
const WIDEST: f64 = 2.0;
/// The widest that can be typed.
const TYPED: f64 = 100.0;
/// Seconds for which a width stands where it was moved to, until it sounds.
const SOON: f64 = 1.0;
/// Outputs of *Seiche Multi* beside the main one.
const OUTPUTS: usize = 16;

const MISTAKES: &str = "The text has mistakes: mend them first";

/// The width: a knob where the text has a number.
pub fn width(ui: &mut Ui, scene: &Scene<'_>, asked: &mut Asked, strip: &Strip) {
    let name = format!("Width of {}", strip.name);
    let why = match strip.said.width {
        Width::Nowhere => return,
        Width::Mono => ("mono", "It has only one side"),
        Width::Computed => ("computed", "The text computes it, and can change it"),
        Width::Fixed(width) if scene.snapshot.texts.sound() => return turned(ui, asked, strip, &name, width),
        Width::Fixed(_) => ("as written", MISTAKES),
    };
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        ui.add_space(theme::SMALL_KNOB + 2.0);
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            ui.label(theme::quiet(ui, "Width").size(9.5));
            let value = ui.add(egui::Label::new(theme::quiet(ui, why.0).small()).truncate());
            value.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{name}: {}", why.0)));
            value.on_hover_text(why.1);
        });
    });
}

fn turned(ui: &mut Ui, asked: &mut Asked, strip: &Strip, name: &str, written: f64) {
    let (id, now) = (ui.scope_id().with("width"), ui.input(|input| input.time));
    let wanted: Option<(f64, f64)> = ui.data(|data| data.get_temp(id));
    let width = wanted.filter(|(_, until)| now < *until).map_or(written, |(width, _)| width);
    let text = |width: f64| format!("{width:.2}");
    let room = ui.available_width();
    let mut new = None;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        let share = (width / WIDEST).clamp(0.0, 1.0) as f32;
        let grip = Grip { name, share, first: (1.0 / WIDEST) as f32, text: &text(width) };
        let moved = knob(ui, theme::SMALL_KNOB, &grip);
        let to = |share: f32| (f64::from(share) * WIDEST * 100.0).round() / 100.0;
        new = moved.filter(|moved| !moved.holding).map(|moved| to(moved.share));
        let shown = moved.map_or(width, |Moved { share, .. }| to(share));
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            ui.label(theme::quiet(ui, "Width").size(9.5));
            let entered = typed(ui, name, &text(shown), room - theme::SMALL_KNOB - 2.0);
            new = entered.and_then(|text| read(&text)).or(new);
        });
    });
    if let Some(new) = new.filter(|new| (new - width).abs() > 1e-4) {
        ui.data_mut(|data| data.insert_temp(id, (new, now + SOON)));
        ui.ctx().request_repaint_after_secs(SOON as f32);
        asked.messages.push(Message::SetStrip { strip: strip.name.clone(), edit: StripEdit::Width(new) });
    }
}

/// A width as people type it: a factor, or per cent.
fn read(text: &str) -> Option<f64> {
    let text = text.trim();
    let width = match text.strip_suffix('%') {
        Some(share) => share.trim().parse::<f64>().ok()? / 100.0,
        None => text.parse().ok()?,
    };
    (0.0..=TYPED).contains(&width).then_some(width)
}

/// Where a strip can go, in a menu.
pub fn destinations(ui: &mut Ui, scene: &Scene<'_>, asked: &mut Asked, strip: &Strip) {
    let Some(to) = &strip.said.to else { return };
    let free = scene.snapshot.texts.sound();
    let mut choose = |ui: &mut Ui, shown: &str, out: &str, name: String| {
        let chosen = to.out == out;
        let response = ui.add_enabled(free, Button::selectable(chosen, shown));
        response.widget_info(|| WidgetInfo::selected(Role::RadioButton, free, chosen, &name));
        let help = if free { &name } else { MISTAKES };
        let response = response.on_hover_text(help).on_disabled_hover_text(help);
        if response.clicked() && !chosen {
            let (strip, edit) = (strip.name.clone(), StripEdit::Out(out.to_owned()));
            asked.messages.push(Message::SetStrip { strip, edit });
        }
    };
    ui.label(theme::quiet(ui, "Heard in").small());
    for name in ["main"].into_iter().chain(to.buses.iter().map(String::as_str)) {
        choose(ui, name, name, format!("Heard in {name}"));
    }
    ui.label(theme::quiet(ui, "or an output of its own").small());
    egui::Grid::new("outputs").num_columns(8).spacing([2.0, 2.0]).show(ui, |ui| {
        for output in 1..=OUTPUTS {
            let out = output.to_string();
            choose(ui, &out, &out, format!("Heard in output {output}"));
            if output % 8 == 0 {
                ui.end_row();
            }
        }
    });
    ui.separator();
}

/// Where a strip is heard, in a word.
pub fn place(strip: &Strip) -> String {
    match (&strip.said.to, strip.output) {
        (Some(to), _) if to.out.parse::<u8>().is_ok() => format!("output {}", to.out),
        (Some(to), _) => to.out.clone(),
        (None, Output::Main) => "main".into(),
        (None, Output::Aux(number)) => format!("output {}", number + 1),
        (None, Output::Inside) => "inside".into(),
    }
}

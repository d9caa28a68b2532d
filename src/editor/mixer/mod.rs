//! The mixer: a strip for each track with the host's controls, the buses with their meters, and the master with its loudness. What the
//! text says of a strip acts together with what is moved here; moves go to the host, which writes them down. Window thread.

mod said;

use egui::{Align, Button, Frame, Layout, Margin, RichText, ScrollArea, Stroke, Ui, UiBuilder, Vec2, vec2};

use super::host::{Control, StripControl};
use super::widgets::{Grip, Moved, decibels, fader, flat, knob, lamp, meter, over, typed};
use super::{Asked, Exporting, Forget, Scene, Turn, theme};
use crate::session::{Export, Freezing, Role, Strip};

/// Height below which a strip is scrolled, and that of its fader at least.
const LEAST: f32 = 360.0;
const FADER: f32 = 90.0;
/// Between strips; and the height of the bar that scrolls them.
const GAP: f32 = 6.0;
const SCROLL: f32 = 14.0;
/// Widths of a meter, and of the lamp for true peaks.
const METER: f32 = 16.0;
const OVER: f32 = 18.0;
/// Sends for which the host has controls: to the first bus and to the second.
const SENDS: [StripControl; 2] = [StripControl::SendA, StripControl::SendB];
/// Tracks that the host can move.
const MOVED: usize = 16;

pub fn draw(ui: &mut Ui, scene: &Scene<'_>, asked: &mut Asked) {
    let all = ui.available_rect_before_wrap();
    let (left, right) = all.split_left_right_at_x(all.right() - theme::MASTER);
    let height = all.height();
    ui.scope_builder(UiBuilder::new().id_salt("master").max_rect(right), |ui| {
        let area = ScrollArea::vertical().auto_shrink(false);
        area.show(ui, |ui| master(ui, scene, asked, height.max(LEAST)));
    });
    let left = left.with_max_x(left.right() - GAP);
    ui.scope_builder(UiBuilder::new().id_salt("strips").max_rect(left), |ui| {
        ScrollArea::both().auto_shrink(false).show(ui, |ui| strips(ui, scene, asked, left.size()));
    });
}

fn strips(ui: &mut Ui, scene: &Scene<'_>, asked: &mut Asked, room: Vec2) {
    let strips = &scene.snapshot.strips;
    if strips.is_empty() {
        ui.label(theme::quiet(ui, "No sound plays. Its tracks stand here then."));
    }
    let each = room.x / strips.len().max(1) as f32 - GAP;
    let size = vec2(each.clamp(theme::STRIP.0, theme::STRIP.1), (room.y - SCROLL).max(LEAST));
    let buses = strips.iter().filter(|strip| strip.role == Role::Bus);
    let buses: Vec<&str> = buses.map(|strip| strip.name.as_str()).collect();
    ui.with_layout(Layout::left_to_right(Align::Min), |ui| {
        ui.spacing_mut().item_spacing.x = GAP;
        for (number, strip) in strips.iter().enumerate() {
            ui.push_id(number, |ui| column(ui, size, |ui| one(ui, scene, asked, number, strip, &buses)));
        }
    });
}

/// A raised column of this size.
fn column(ui: &mut Ui, size: Vec2, show: impl FnOnce(&mut Ui)) {
    let frame =
        Frame::new().fill(theme::of(ui).raised).corner_radius(4.0).inner_margin(Margin::symmetric(4, 5));
    frame.show(ui, |ui| {
        let size = size - vec2(8.0, 10.0);
        ui.allocate_ui_with_layout(size, Layout::top_down(Align::Center), |ui| {
            ui.set_min_size(size);
            ui.spacing_mut().item_spacing = vec2(4.0, 4.0);
            show(ui);
        });
    });
}

/// A strip: where it goes, pan, sends, mute and solo, and the fader beside its meter.
fn one(ui: &mut Ui, scene: &Scene<'_>, asked: &mut Asked, number: usize, strip: &Strip, buses: &[&str]) {
    let colour = theme::of_strip(ui, strip);
    let line = ui.allocate_exact_size(vec2(ui.available_width(), 3.0), egui::Sense::hover()).0;
    ui.painter().rect_filled(line, 1.5, colour);
    let name = egui::Label::new(RichText::new(&strip.name).small().strong()).truncate();
    ui.add(name).on_hover_text(&strip.name);
    more(ui, scene, asked, strip);
    let moved = number < MOVED && strip.role == Role::Track;
    let control = |control| Control::Strip(number as u8, control);
    if moved {
        let what = format!("Pan of {}", strip.name);
        turned(ui, scene, asked, control(StripControl::Pan), &what, "Pan");
        said::width(ui, scene, asked, strip);
        for (send, (bus, letter)) in SENDS.into_iter().zip(buses.iter().zip(["A", "B"])) {
            let what = format!("Send of {} to {bus}", strip.name);
            turned(ui, scene, asked, control(send), &what, letter);
        }
        let wide = (ui.available_width() - 4.0) / 2.0;
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            ui.spacing_mut().interact_size.y = 18.0;
            let palette = theme::of(ui);
            let buttons = [
                ("M", "Mute", StripControl::Mute, palette.fault),
                ("S", "Solo", StripControl::Solo, palette.warm),
            ];
            for (letter, word, which, colour) in buttons {
                let name = format!("{word} {}", strip.name);
                if switch(ui, wide, letter, &name, scene.host.is_on(control(which)), colour) {
                    let share = if scene.host.is_on(control(which)) { 0.0 } else { 1.0 };
                    asked.turns.push(Turn { control: control(which), share, holding: false });
                }
            }
        });
    } else {
        said::width(ui, scene, asked, strip);
        let what = if strip.role == Role::Bus { "bus" } else { "beyond the host's 16" };
        ui.label(theme::quiet(ui, what).small());
    }
    let bars = scene.levels.strips.get(number).copied();
    if let Some(bars) = bars {
        let highest = bars[0].highest.max(bars[1].highest);
        let true_peak = scene.levels.overs.get(number).copied().unwrap_or(0.0);
        let wide = ui.available_width() - OVER - 2.0;
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 2.0;
            let lamps =
                [lamp(ui, wide, &strip.name, highest, highest > 1.0), over(ui, OVER, &strip.name, true_peak)];
            if lamps.contains(&true) {
                asked.forget = Some(Forget::Peaks(Some(number)));
            }
        });
    }
    if let Some(taken) = scene.levels.taken.get(number).copied().flatten() {
        let text = format!("GR {}", decibels(taken));
        let label = ui.label(theme::quiet(ui, &text).small());
        let name = format!("Gain reduction of {}: {}", strip.name, decibels(taken));
        label.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &name));
        label.on_hover_text("How far its compressors and limiters take it back");
    }
    let gain = control(StripControl::Gain);
    let high = (ui.available_height() - 22.0).max(FADER);
    let name = format!("Level of {}", strip.name);
    level(ui, scene, asked, moved.then_some(gain), &name, high, |ui| match bars {
        Some(bars) => meter(ui, vec2(METER, high), &format!("Meter of {}", strip.name), &bars),
        None => {
            ui.label(theme::quiet(ui, "not metered").small());
        }
    });
}

/// A fader with the meter beside it, and its value below.
fn level(
    ui: &mut Ui,
    scene: &Scene<'_>,
    asked: &mut Asked,
    control: Option<Control>,
    name: &str,
    high: f32,
    meter: impl FnOnce(&mut Ui),
) {
    let wide = ui.available_width();
    let Some(control) = control else {
        return meter(ui);
    };
    let (share, text) = read(scene, control);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        ui.add_space((wide - 26.0 - 6.0 - METER).max(0.0) / 2.0 - 3.0);
        let grip = Grip { name, share, first: scene.host.first(control), text: &text };
        give(asked, control, fader(ui, vec2(26.0, high), &grip));
        meter(ui);
    });
    take(scene, asked, control, typed(ui, name, &text, wide));
}

/// A small knob with its value beside it.
fn turned(ui: &mut Ui, scene: &Scene<'_>, asked: &mut Asked, control: Control, name: &str, short: &str) {
    let (share, text) = read(scene, control);
    let wide = ui.available_width();
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        let grip = Grip { name, share, first: scene.host.first(control), text: &text };
        give(asked, control, knob(ui, theme::SMALL_KNOB, &grip));
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            ui.label(theme::quiet(ui, short).size(9.5));
            let wide = wide - theme::SMALL_KNOB - 2.0;
            take(scene, asked, control, typed(ui, name, text.trim_end_matches(" dB"), wide));
        });
    });
}

fn read(scene: &Scene<'_>, control: Control) -> (f32, String) {
    let share = scene.host.share(control);
    (share, scene.host.text(control, share))
}

fn give(asked: &mut Asked, control: Control, moved: Option<Moved>) {
    asked.turns.extend(moved.map(|Moved { share, holding }| Turn { control, share, holding }));
}

/// What was typed goes to the host, if it means something.
fn take(scene: &Scene<'_>, asked: &mut Asked, control: Control, typed: Option<String>) {
    let share = typed.and_then(|text| scene.host.read(control, &text));
    asked.turns.extend(share.map(|share| Turn { control, share, holding: false }));
}

/// A button that is on or off. The answer is whether it was clicked.
fn switch(ui: &mut Ui, wide: f32, letter: &str, name: &str, on: bool, colour: egui::Color32) -> bool {
    let palette = theme::of(ui);
    let text = RichText::new(letter).small().strong().color(if on { palette.sunken } else { palette.quiet });
    let fill = if on { colour } else { palette.sunken };
    let button = Button::new(text).fill(fill).stroke(Stroke::new(1.0, palette.line));
    let response = flat(ui, vec2(wide, 18.0), button);
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::CheckBox, true, on, name));
    response.on_hover_text(name).clicked()
}

/// Where a track is heard; a click tells what else can be done with it.
fn more(ui: &mut Ui, scene: &Scene<'_>, asked: &mut Asked, strip: &Strip) {
    let name = format!("More about {}", strip.name);
    let button = Button::new(theme::quiet(ui, said::place(strip)).small()).truncate().frame(false);
    let (response, _) = egui::containers::menu::MenuButton::from_button(button).ui(ui, |ui| {
        said::destinations(ui, scene, asked, strip);
        if strip.role == Role::Track {
            freezing(ui, scene, asked, strip);
        }
    });
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
}

/// What plays a track from a recording of itself, or lets it play again.
fn freezing(ui: &mut Ui, scene: &Scene<'_>, asked: &mut Asked, strip: &Strip) {
    let ways = [
        (
            "Freeze before the fader",
            false,
            "Play it from a recording of itself; fader and sends go on working",
        ),
        ("Freeze behind the fader", true, "Play it from a recording of itself as it is in the mix"),
    ];
    for (text, post_fader, help) in ways {
        let plays = scene.rate > 0.0;
        if ui.add_enabled(plays, Button::new(text)).on_hover_text(help).clicked() {
            // As long, and at the tempo, as exports are.
            let Export { bpm, to: seconds, .. } = scene.preferences.export;
            let rate = scene.rate.round() as u32;
            let freezing = Freezing { track: strip.name.clone(), post_fader, bpm, seconds, rate };
            asked.export = Some(Exporting::Freeze(Box::new(freezing), scene.host.moved()));
        }
    }
    let free = ui.button("Set free");
    if free.on_hover_text("Let its source play again, where it is frozen").clicked() {
        asked.export = Some(Exporting::Unfreeze(strip.name.clone()));
    }
}

/// The sum: the gain of the instrument, its meter, and how loud it is.
fn master(ui: &mut Ui, scene: &Scene<'_>, asked: &mut Asked, height: f32) {
    column(ui, vec2(theme::MASTER, height), |ui| {
        ui.label(RichText::new("Master").small().strong());
        let loud = scene.loudness;
        let lines = [
            ("Momentary", "M", loud.momentary, "LUFS", "Loudness of the last 0.4 s"),
            ("Short", "S", loud.short, "LUFS", "Loudness of the last 3 s"),
            (
                "Integrated",
                "I",
                loud.integrated,
                "LUFS",
                "Loudness since the window was opened, or since the click on Anew",
            ),
            ("True peak", "TP", loud.true_peak, "dBTP", "The highest true peak since then"),
        ];
        egui::Grid::new("loudness").num_columns(2).spacing([6.0, 1.0]).show(ui, |ui| {
            for (name, _, value, unit, help) in lines {
                ui.label(theme::quiet(ui, name).small()).on_hover_text(help);
                let value = value.map_or("-".into(), |value| format!("{value:.1} {unit}"));
                ui.label(RichText::new(value).small());
                ui.end_row();
            }
        });
        if ui.small_button("Anew").on_hover_text("Measure the loudness anew").clicked() {
            asked.forget = Some(Forget::Loudness);
        }
        let bars = scene.levels.main;
        let highest = bars[0].highest.max(bars[1].highest);
        let over = highest > 1.0 || loud.true_peak.is_some_and(|peak| peak > 0.0);
        if lamp(ui, ui.available_width(), "the output", highest, over) {
            asked.forget = Some(Forget::Peaks(None));
        }
        let high = (ui.available_height() - 22.0).max(FADER);
        level(ui, scene, asked, Some(Control::Gain), "Level of the output", high, |ui| {
            meter(ui, vec2(METER, high), "Meter of the output", &bars);
        });
    });
}

//! A trigger's lane: its input as it comes, the threshold, and every stroke with its velocity, or with the reason why it is none. Window
//! thread.

use egui::{Align2, Button, Color32, FontId, RichText, Role, Sense, Stroke, Ui, WidgetInfo, pos2};

use super::super::{Asked, Recorded, Scene, Turn, record, theme};
use super::{HEIGHT, Lane, SECONDS, field, learn};
use crate::session::{COLUMN, Candidate, Fate, Reason, TakePlace};
use crate::units::gain_to_db;

/// The softest level that is drawn, in decibels.
const FLOOR: f64 = -60.0;

/// What strokes are called, and what it means.
const FATES: [(Fate, &str, &str); 5] = [
    (Fate::Accepted, "stroke", "Played"),
    (Fate::BelowThreshold, "too soft", "A stroke, but softer than the threshold"),
    (Fate::Masked, "too soon", "Too soon after the stroke before: hold and retrigger say how soon"),
    (Fate::Bleed(Reason::Unlike), "unlike", "Not this drum, as far as can be told: bleed"),
    (Fate::Bleed(Reason::Reference), "elsewhere", "The second microphone explains it: bleed"),
];

fn colour(ui: &Ui, fate: Fate) -> Color32 {
    let palette = theme::of(ui);
    match fate {
        Fate::Accepted => palette.accent,
        Fate::BelowThreshold => palette.quiet,
        Fate::Masked => palette.warm,
        Fate::Bleed(_) => palette.fault,
    }
}

pub fn draw(ui: &mut Ui, scene: &Scene<'_>, asked: &mut Asked, number: u8, lane: &Lane, rate: f64) {
    ui.add_space(8.0);
    let palette = theme::of(ui);
    let Lane { seen, learning } = lane;
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(format!("Trigger {}", number + 1)).strong());
        let learns = learning.is_some() || scene.host.is_on(learn(number));
        let name = format!("Let trigger {} learn", number + 1);
        let button = ui.selectable_label(learns, if learns { "Learns ..." } else { "Learn" });
        button.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, learns, &name));
        let hint =
            "Strike the drum eight times: it is told from others by that. The host's Learn of this trigger.";
        if button.on_hover_text(hint).clicked() {
            let share = if scene.host.is_on(learn(number)) { 0.0 } else { 1.0 };
            asked.turns.push(Turn { control: learn(number), share, holding: false });
        }
        let place = record::place(scene);
        let name = format!("Strokes of trigger {} to MIDI", number + 1);
        let button = ui.add_enabled(place.is_ok(), Button::new("To MIDI"));
        button.widget_info(|| WidgetInfo::labeled(Role::Button, place.is_ok(), &name));
        let why = place.as_ref().err().map_or("", String::as_str);
        let button = button.on_disabled_hover_text(format!("{why} Export has the field for it."));
        let hint =
            "Write the strokes since the host began to play, or went back, as a MIDI file beside the takes";
        if button.on_hover_text(hint).clicked() {
            asked.recorded = place.ok().map(|place| {
                let name = format!("{} trigger {}", place.name, number + 1);
                Recorded::Strokes(number, TakePlace { name, ..place })
            });
        }
        if let Some(strokes) = learning {
            ui.label(RichText::new(format!("{strokes} strokes heard")).small().color(palette.accent));
        }
        for (fate, name, help) in FATES {
            let count = seen.candidates.iter().filter(|one| one.fate == fate).count();
            let text = RichText::new(format!("{count} {name}")).small().color(colour(ui, fate));
            ui.label(text).on_hover_text(help);
        }
    });
    let rect = field(ui, HEIGHT, &format!("Input of trigger {}", number + 1));
    let painter = ui.painter();
    let per_frame = f64::from(rect.width()) / (SECONDS * rate);
    let x = |frame: u64| rect.right() - (seen.at.saturating_sub(frame) as f64 * per_frame) as f32;
    let y =
        |level: f64| rect.bottom() - rect.height() * ((level.max(FLOOR) - FLOOR) / -FLOOR).min(1.0) as f32;
    let last = seen.at / COLUMN;
    for (n, peak) in (0..).zip(seen.columns.iter().rev()) {
        let from = last.saturating_sub(n) * COLUMN;
        let (left, right) = (x(from).max(rect.left()), x(from + COLUMN));
        if right <= rect.left() {
            break;
        }
        let top = y(gain_to_db(f64::from(*peak)));
        let column = egui::Rect::from_x_y_ranges(left..=right, top..=rect.bottom());
        painter.rect_filled(column, 0.0, palette.line.gamma_multiply(0.7));
    }
    let threshold = y(f64::from(seen.threshold));
    painter.hline(rect.x_range(), threshold, Stroke::new(1.0, palette.warm));
    let text = format!("threshold {:.1} dB", seen.threshold);
    let at = pos2(rect.left() + 4.0, threshold - 1.0);
    painter.text(at, Align2::LEFT_BOTTOM, text, FontId::proportional(10.0), palette.warm);
    for one in seen.candidates.iter().filter(|one| x(one.at) >= rect.left()) {
        let at = x(one.at);
        let ink = colour(ui, one.fate);
        let played = one.fate == Fate::Accepted;
        let top = rect.bottom() - rect.height() * if played { one.velocity / 127.0 } else { 0.12 };
        painter.vline(at, top..=rect.bottom(), Stroke::new(if played { 2.5 } else { 1.5 }, ink));
        if played {
            painter.circle_filled(pos2(at, top), 3.0, ink);
        }
        let near = egui::Rect::from_x_y_ranges(at - 4.0..=at + 4.0, top - 6.0..=rect.bottom());
        let hover =
            ui.interact(near.intersect(rect), ui.scope_id().with(("stroke", number, one.at)), Sense::hover());
        hover.on_hover_text(words(one, seen.at, rate));
    }
}

/// A candidate in words.
fn words(one: &Candidate, now: u64, rate: f64) -> String {
    let (_, _, help) = FATES.into_iter().find(|(fate, ..)| *fate == one.fate).unwrap_or(FATES[0]);
    let ago = now.saturating_sub(one.at) as f64 / rate;
    format!("{help}\nvelocity {:.0}, {ago:.2} s ago", one.velocity)
}

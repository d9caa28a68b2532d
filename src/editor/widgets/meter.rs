//! Level meters: bars for left and right with the mean level inside, the held peak, and a lamp that stays lit after too much. Window
//! thread.

use egui::{Color32, Rect, Role, Sense, Stroke, Ui, Vec2, WidgetInfo, pos2, vec2};

use super::flat;
use crate::editor::levels::Bar;
use crate::editor::theme;
use crate::units::gain_to_db;

/// Lowest level that is drawn, in decibels, and the highest.
const FLOOR: f64 = -60.0;
const TOP: f64 = 6.0;

/// Two upright bars. `name` for those who do not see them.
pub fn meter(ui: &mut Ui, size: Vec2, name: &str, bars: &[Bar; 2]) {
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let peak = bars[0].peak.max(bars[1].peak);
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::ProgressIndicator, true, name);
        info.current_text_value = Some(decibels(peak));
        info
    });
    if ui.is_rect_visible(rect) {
        let palette = theme::of(ui);
        let painter = ui.painter();
        let wide = (rect.width() - 2.0) / 2.0;
        for (side, bar) in bars.iter().enumerate() {
            let left = rect.left() + side as f32 * (wide + 2.0);
            let own = Rect::from_min_size(pos2(left, rect.top()), vec2(wide, rect.height()));
            painter.rect_filled(own, 1.0, palette.sunken);
            let at = |factor: f32| own.bottom() - own.height() * position(factor);
            let filled = |factor: f32| Rect::from_min_max(pos2(own.left(), at(factor)), own.max);
            painter.rect_filled(filled(bar.level), 1.0, colour(ui, bar.level).gamma_multiply(0.6));
            painter.rect_filled(filled(bar.mean), 1.0, colour(ui, bar.level));
            if bar.peak > 0.001 {
                painter.hline(own.x_range(), at(bar.peak), Stroke::new(1.5, colour(ui, bar.peak)));
            }
        }
        painter.hline(
            rect.x_range(),
            rect.bottom() - rect.height() * position(1.0),
            Stroke::new(1.0, palette.line),
        );
    }
}

/// A lamp that tells of too much, and the highest level; a click puts it out. The answer is whether it was clicked.
pub fn lamp(ui: &mut Ui, width: f32, name: &str, peak: f32, lit: bool) -> bool {
    let palette = theme::of(ui);
    let (fill, text) = if lit { (palette.fault, palette.sunken) } else { (palette.sunken, palette.quiet) };
    let words = egui::RichText::new(short(peak)).small().color(text);
    let response = flat(ui, vec2(width, 16.0), egui::Button::new(words).fill(fill).truncate());
    let state = if lit { "too loud" } else { "not too loud" };
    response.widget_info(|| {
        WidgetInfo::labeled(
            Role::Button,
            true,
            format!("Highest peak of {name}: {}, {state}", decibels(peak)),
        )
    });
    response.on_hover_text(format!("{name}: {} at most. A click forgets it.", decibels(peak))).clicked()
}

/// A lamp that tells of too much between the samples; a click puts it out. The answer is whether it was clicked.
pub fn over(ui: &mut Ui, width: f32, name: &str, true_peak: f32) -> bool {
    let palette = theme::of(ui);
    let lit = true_peak > 1.0;
    let (fill, text) = if lit { (palette.fault, palette.sunken) } else { (palette.sunken, palette.quiet) };
    let words = egui::RichText::new("TP").size(9.0).color(text);
    let response = flat(ui, vec2(width, 16.0), egui::Button::new(words).fill(fill));
    let level = match true_peak {
        // It is looked for only where it can come near.
        x if x < 0.5 => "below -6 dBTP".to_owned(),
        x => format!("{:.1} dBTP", gain_to_db(f64::from(x))),
    };
    let state = if lit { "too loud" } else { "not too loud" };
    let told = format!("True peak of {name}: {level}, {state}");
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &told));
    response.on_hover_text(format!("{told}. A click forgets it.")).clicked()
}

/// Where on a meter a factor lies, 0..1.
pub fn position(factor: f32) -> f32 {
    let above = gain_to_db(f64::from(factor)).max(FLOOR) - FLOOR;
    (above / (TOP - FLOOR)).clamp(0.0, 1.0) as f32
}

fn colour(ui: &Ui, factor: f32) -> Color32 {
    let palette = theme::of(ui);
    match factor {
        f if f > 1.0 => palette.fault,
        f if f > 0.5 => palette.warm,
        _ => palette.accent,
    }
}

/// A factor as a level.
pub fn decibels(factor: f32) -> String {
    if factor < 1e-6 { "-inf dB".into() } else { format!("{:.1} dB", gain_to_db(f64::from(factor))) }
}

fn short(factor: f32) -> String {
    if factor < 1e-6 { "-inf".into() } else { format!("{:.1}", gain_to_db(f64::from(factor))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meter_position_is_in_decibels() {
        assert_eq!(position(0.0), 0.0);
        assert_eq!(position(4.0), 1.0);
        assert!((position(1.0) - 60.0 / 66.0).abs() < 1e-6);
        assert!((position(0.031_623) - 30.0 / 66.0).abs() < 1e-3);
    }
}

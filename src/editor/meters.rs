//! Level meters: the main output with held peaks, and one bar for each strip. Window thread.

use egui::{Color32, Rect, RichText, ScrollArea, Sense, Ui, pos2, vec2};

use super::{Scene, theme};
use crate::units::gain_to_db;

/// Lowest level that is drawn, in decibels.
const FLOOR: f64 = -60.0;
/// Fall of a bar and of a held peak, in decibels per second.
const FALL: f32 = 24.0;
const PEAK_FALL: f32 = 6.0;

/// Peak factors of this moment: main left and right, then left and right of each strip.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Levels {
    pub main: [Bar; 2],
    pub strips: Vec<[Bar; 2]>,
}

/// One bar: its length and its held peak, as factors.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bar {
    pub level: f32,
    pub peak: f32,
}

impl Bar {
    fn follow(&mut self, now: f32, time: f32) {
        let fallen = |value: f32, speed: f32| value * 10f32.powf(-speed * time / 20.0);
        self.level = fallen(self.level, FALL).max(now);
        self.peak = fallen(self.peak, PEAK_FALL).max(now);
    }
}

impl Levels {
    /// Lets the bars fall for `time` seconds and rise to the newest peaks.
    pub fn follow(&mut self, now: &crate::session::Levels, time: f32) {
        for (bar, peak) in self.main.iter_mut().zip(now.main) {
            bar.follow(peak, time);
        }
        self.strips.resize(now.strips.len(), Default::default());
        for (bars, peaks) in self.strips.iter_mut().zip(&now.strips) {
            for (bar, peak) in bars.iter_mut().zip(peaks) {
                bar.follow(*peak, time);
            }
        }
    }
}

pub fn draw(ui: &mut Ui, scene: &Scene<'_>) {
    theme::heading(ui, "OUTPUT");
    for (name, bar) in ["L", "R"].into_iter().zip(&scene.levels.main) {
        ui.horizontal(|ui| {
            ui.label(RichText::new(name).color(theme::QUIET).monospace());
            draw_bar(ui, name, *bar, 12.0);
        });
    }
    let peak = scene.levels.main.iter().map(|bar| bar.peak).fold(0.0, f32::max);
    ui.label(RichText::new(format!("peak {}", decibels(peak))).small().color(colour(peak)));
    ui.add_space(10.0);
    theme::heading(ui, &format!("STRIPS  {}", scene.snapshot.strips.len()));
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        for (name, bars) in scene.snapshot.strips.iter().zip(&scene.levels.strips) {
            ui.add(egui::Label::new(RichText::new(name).small()).truncate());
            for (side, bar) in ["left", "right"].into_iter().zip(bars) {
                draw_bar(ui, &format!("{name} {side}"), *bar, 4.0);
            }
            ui.add_space(2.0);
        }
    });
}

fn draw_bar(ui: &mut Ui, name: &str, bar: Bar, height: f32) {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ProgressIndicator, true, name));
    let painter = ui.painter();
    painter.rect_filled(rect, 2.0, theme::RAISED);
    let at = |factor: f32| rect.left() + rect.width() * position(factor);
    let filled = Rect::from_min_max(rect.min, pos2(at(bar.level), rect.max.y));
    painter.rect_filled(filled, 2.0, colour(bar.level));
    if bar.peak > 0.001 {
        let x = at(bar.peak).min(rect.right() - 1.0);
        painter.vline(x, rect.y_range(), egui::Stroke::new(1.5, colour(bar.peak)));
    }
}

/// Where on the bar a factor lies, 0..1.
fn position(factor: f32) -> f32 {
    let above = gain_to_db(f64::from(factor)).max(FLOOR) - FLOOR;
    (above / -FLOOR).clamp(0.0, 1.0) as f32
}

fn colour(factor: f32) -> Color32 {
    match factor {
        f if f > 1.0 => theme::FAULT,
        f if f > 0.5 => theme::WARM,
        _ => theme::ACCENT,
    }
}

fn decibels(factor: f32) -> String {
    if factor < 1e-6 { "-inf dB".into() } else { format!("{:.1} dB", gain_to_db(f64::from(factor))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn editor_meter_rises_at_once_and_falls_slowly() {
        let mut bar = Bar::default();
        bar.follow(1.0, 0.02);
        assert_eq!((bar.level, bar.peak), (1.0, 1.0));
        bar.follow(0.0, 1.0);
        assert!((gain_to_db(f64::from(bar.level)) + 24.0).abs() < 0.01);
        assert!((gain_to_db(f64::from(bar.peak)) + 6.0).abs() < 0.01);
    }

    #[test]
    fn editor_meter_position_is_in_decibels() {
        assert_eq!(position(0.0), 0.0);
        assert_eq!(position(1.0), 1.0);
        assert!((position(0.0316) - 0.5).abs() < 0.01);
    }
}

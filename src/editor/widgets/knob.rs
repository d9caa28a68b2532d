//! A knob: three quarters of a circle, filled from where it stood at first. Window thread.

use std::f32::consts::TAU;

use egui::{Sense, Shape, Stroke, Ui, epaint::PathShape, pos2, vec2};

use super::{Grip, Moved};
use crate::editor::theme;

/// Points of a hand's way for the whole turn.
const TRAVEL: f32 = 160.0;

/// Shows a knob of this diameter. The answer is where it was turned.
pub fn knob(ui: &mut Ui, size: f32, grip: &Grip<'_>) -> Option<Moved> {
    let (rect, response) = ui.allocate_exact_size(vec2(size, size), Sense::click_and_drag());
    let (share, moved) = grip.follow(ui, &response, TRAVEL);
    if ui.is_rect_visible(rect) {
        let palette = theme::of(ui);
        let (centre, radius) = (rect.center(), size / 2.0 - 3.0);
        let place = |share: f32, radius: f32| {
            let angle = TAU * (0.375 + 0.75 * share);
            pos2(centre.x + radius * angle.cos(), centre.y + radius * angle.sin())
        };
        let arc = |from: f32, to: f32, stroke: Stroke| {
            let (from, to) = (from.min(to), from.max(to));
            let steps = (2.0 + 30.0 * (to - from)) as usize;
            let points = (0..=steps).map(|n| place(from + (to - from) * n as f32 / steps as f32, radius));
            Shape::Path(PathShape::line(points.collect(), stroke))
        };
        let lit = response.hovered() || response.has_focus();
        let painter = ui.painter();
        painter.add(arc(0.0, 1.0, Stroke::new(3.0, palette.line.gamma_multiply(0.6))));
        painter.add(arc(grip.first, share, Stroke::new(3.0, palette.accent)));
        painter.circle_filled(centre, radius - 3.0, palette.raised);
        let hand = Stroke::new(2.0, if lit { palette.accent } else { palette.text });
        painter.line_segment([place(share, radius * 0.25), place(share, radius - 3.5)], hand);
        if response.has_focus() {
            painter.rect_stroke(rect, 4.0, Stroke::new(1.0, palette.accent), egui::StrokeKind::Inside);
        }
    }
    response.on_hover_text(format!("{}: {}", grip.name, grip.text));
    moved
}

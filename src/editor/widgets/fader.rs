//! A fader: a rail with a cap, and a mark where it stood at first. Window thread.

use egui::{Rect, Sense, Stroke, Ui, Vec2, pos2, vec2};

use super::{Grip, Moved};
use crate::editor::theme;

/// Height of the cap.
const CAP: f32 = 14.0;

/// Shows a fader of this size. The answer is where it was moved.
pub fn fader(ui: &mut Ui, size: Vec2, grip: &Grip<'_>) -> Option<Moved> {
    let (rect, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
    let travel = (rect.height() - CAP).max(1.0);
    let (share, moved) = grip.follow(ui, &response, travel);
    if ui.is_rect_visible(rect) {
        let palette = theme::of(ui);
        let at = |share: f32| rect.bottom() - CAP / 2.0 - share * travel;
        let painter = ui.painter();
        let rail = Rect::from_center_size(rect.center(), vec2(4.0, travel));
        painter.rect_filled(rail, 2.0, palette.line.gamma_multiply(0.6));
        let mark = Stroke::new(1.0, palette.line);
        painter.hline(rect.left()..=rect.right(), at(grip.first), mark);
        let lit = response.hovered() || response.has_focus();
        let cap = Rect::from_center_size(pos2(rect.center().x, at(share)), vec2(rect.width() - 2.0, CAP));
        let edge = if lit { palette.accent } else { palette.line };
        painter.rect(cap, 3.0, palette.raised, Stroke::new(1.0, edge), egui::StrokeKind::Inside);
        painter.hline(cap.x_range().shrink(3.0), cap.center().y, Stroke::new(2.0, palette.accent));
        if response.has_focus() {
            painter.rect_stroke(rect, 4.0, Stroke::new(1.0, palette.accent), egui::StrokeKind::Inside);
        }
    }
    response.on_hover_text(format!("{}: {}", grip.name, grip.text));
    moved
}

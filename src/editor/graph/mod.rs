//! The graph: the sound that plays as boxes and cables with live levels. A click on a box leads to its line in the text, or to its signal
//! in the scope. Window thread.

mod layout;

use std::sync::Arc;

use egui::epaint::CubicBezierShape;
use egui::{
    Align2, Color32, FontId, Rect, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2,
};

use super::levels::Bar;
use super::widgets::{decibels, position};
use super::{Scene, theme};
use crate::session::{Cable, Graph, GraphNode, Meters};
use layout::layout;

/// Letters of a box's name, at most.
const LETTERS: usize = 22;

/// Parts of names that say little.
const COMMON: [&str; 4] = ["mix", "mixer", "tracks", "signal"];

/// Behind these stand the names of tracks and buses.
const NAMED: [&str; 3] = ["tracks", "buses", "mix"];

/// Where a click on a box leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Led {
    /// To a line, from 1, of a file.
    Text(String, usize),
    /// To the signal of the node with this title.
    Scope(String),
}

/// What is drawn, and how loud it is.
#[derive(Default)]
pub struct Pane {
    graph: Arc<Graph>,
    places: Vec<Rect>,
    bars: Vec<Bar>,
    to_scope: bool,
}

impl Pane {
    /// Takes over what plays now, and the levels since the last look; only while it is seen.
    pub fn follow(&mut self, graph: &Arc<Graph>, meters: &Meters, time: f32) {
        meters.nodes.look();
        self.take(graph);
        for (bar, node) in self.bars.iter_mut().zip(&self.graph.nodes) {
            let now = node.lamp.take();
            bar.follow(now, 0.0, time);
        }
    }

    /// The boxes of this sound.
    fn take(&mut self, graph: &Arc<Graph>) {
        if Arc::ptr_eq(&self.graph, graph) {
            return;
        }
        let same = self.graph.nodes.len() == graph.nodes.len() && self.graph.cables == graph.cables;
        self.graph = graph.clone();
        if !same {
            self.places = layout(graph.nodes.len(), &graph.cables);
            self.bars = vec![Bar::default(); graph.nodes.len()];
        }
    }

    #[cfg(test)]
    pub fn fill(&mut self, graph: &Arc<Graph>, levels: &[f32]) {
        self.take(graph);
        self.bars.iter_mut().zip(levels).for_each(|(bar, level)| bar.follow(*level, 0.0, 0.03));
    }

    /// Draws it; where a click leads, if there was one.
    pub fn draw(&mut self, ui: &mut Ui, scene: &Scene<'_>) -> Option<Led> {
        self.take(&scene.snapshot.graph);
        ui.horizontal_wrapped(|ui| {
            ui.label(theme::quiet(ui, "A click on a box shows"));
            ui.selectable_value(&mut self.to_scope, false, "its line").on_hover_text("In the text");
            ui.selectable_value(&mut self.to_scope, true, "its signal").on_hover_text("In the scope");
        });
        if self.graph.nodes.is_empty() {
            ui.label(theme::quiet(ui, "No sound plays. Its nodes stand here then."));
            return None;
        }
        let all = self.places.iter().copied().reduce(Rect::union)?;
        let mut led = None;
        ScrollArea::both().id_salt("graph").auto_shrink(false).stick_to_right(true).show(ui, |ui| {
            // A small graph stands in the middle.
            let size = (all.size() + vec2(16.0, 16.0)).max(ui.available_size());
            let (field, _) = ui.allocate_exact_size(size, Sense::hover());
            let way = (field.min + (size - all.size()) / 2.0).to_vec2();
            for cable in &self.graph.cables {
                self.cable(ui, cable, way);
            }
            for (n, node) in self.graph.nodes.iter().enumerate() {
                if self.one(ui, n, node, self.places[n].translate(way)) {
                    led = match (&node.place, self.to_scope) {
                        (Some((file, line)), false) => Some(Led::Text(file.clone(), *line)),
                        _ => Some(Led::Scope(node.title())),
                    };
                }
            }
        });
        led
    }

    /// A box; whether it was clicked.
    fn one(&self, ui: &mut Ui, n: usize, node: &GraphNode, rect: Rect) -> bool {
        let response = ui.interact(rect, ui.scope_id().with(("node", n)), Sense::click());
        let bar = self.bars[n];
        response.widget_info(|| {
            let mut info = WidgetInfo::labeled(Role::Button, true, node.title());
            info.current_text_value = Some(decibels(bar.level));
            info
        });
        if response.gained_focus() {
            response.scroll_to_me(None);
        }
        if ui.is_rect_visible(rect) {
            let palette = theme::of(ui);
            let lit = response.hovered() || response.has_focus();
            let edge = if lit { palette.accent } else { palette.line.gamma_multiply(0.7) };
            let wide = if response.has_focus() { 2.0 } else { 1.0 };
            let painter = ui.painter();
            painter.rect(rect, 4.0, palette.raised, Stroke::new(wide, edge), StrokeKind::Inside);
            let at = rect.min + vec2(8.0, 5.0);
            let mark = if node.monitored { "•  " } else { "" };
            let kind = format!("{mark}{}", node.kind);
            painter.text(at, Align2::LEFT_TOP, kind, FontId::proportional(12.5), palette.text);
            let name = shortened(&node.name);
            painter.text(
                at + vec2(0.0, 16.0),
                Align2::LEFT_TOP,
                name,
                FontId::proportional(10.0),
                palette.quiet,
            );
            let rail = Rect::from_min_max(
                pos2(rect.left() + 6.0, rect.bottom() - 7.0),
                pos2(rect.right() - 6.0, rect.bottom() - 4.0),
            );
            painter.rect_filled(rail, 1.0, palette.sunken);
            let filled = rail.with_max_x(rail.left() + rail.width() * position(bar.level));
            painter.rect_filled(filled, 1.0, palette.accent);
        }
        let line = node.place.as_ref().map_or(String::new(), |(_, line)| format!(", line {line}"));
        response.on_hover_text(format!("{}{line}\n{}", node.title(), decibels(bar.level))).clicked()
    }

    /// From the right side of a box to the left side of another; one that comes around goes below both.
    fn cable(&self, ui: &Ui, cable: &Cable, way: egui::Vec2) {
        let (Some(from), Some(to)) = (self.places.get(cable.from), self.places.get(cable.to)) else { return };
        let (from, to) = (from.translate(way), to.translate(way));
        let palette = theme::of(ui);
        let sounds = self.bars[cable.from].level > 0.0;
        let ink = if sounds { palette.accent.gamma_multiply(0.8) } else { palette.line.gamma_multiply(0.8) };
        let (a, b) = (from.right_center(), to.left_center());
        let reach = if cable.back { 60.0 } else { ((b.x - a.x) / 2.0).max(16.0) };
        let down = if cable.back { layout::BOX.y + layout::GAP.y } else { 0.0 };
        let points = [a, a + vec2(reach, down), b + vec2(-reach, down), b];
        let stroke = Stroke::new(if cable.back { 1.0 } else { 1.5 }, ink);
        let curve = CubicBezierShape::from_points_stroke(points, false, Color32::TRANSPARENT, stroke);
        if ui.clip_rect().intersects(Rect::from_points(&points)) {
            ui.painter().add(curve);
        }
    }
}

/// A name without what every name has, in whole parts: where it begins (the track), and as much of its end as there is room for.
fn shortened(name: &str) -> String {
    let parts: Vec<&str> = name.split('.').collect();
    let from = parts.iter().position(|part| NAMED.contains(part)).map_or(0, |at| at + 1);
    let own: Vec<&str> = parts[from..].iter().copied().filter(|part| !COMMON.contains(part)).collect();
    let whole = own.join(".");
    let (Some((first, rest)), true) = (own.split_first(), whole.chars().count() > LETTERS) else {
        return whole;
    };
    let cut = |text: &str, most: usize| match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    };
    let ends = (1..rest.len()).map(|from| format!("{first} … {}", rest[from..].join(".")));
    let fits = |end: &String| end.chars().count() <= LETTERS;
    ends.into_iter().find(fits).unwrap_or_else(|| match rest.last() {
        Some(last) => format!("{} … {}", cut(first, LETTERS / 2 - 3), cut(last, LETTERS / 2 - 2)),
        None => cut(first, LETTERS - 1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn graph_names_are_cut_between_their_parts() {
        for (name, shown) in [
            ("mix.lead.filter.signal", "lead.filter"),
            ("mixer.tracks.lead.inserts.0.expression.cutoff", "lead … cutoff"),
            ("tempo.signal.context.signal.mixer.tracks.kick.track.volume", "kick.track.volume"),
            ("tempo.signal.mixer.buses.echo.sends.a_large_room", "echo … a_large_room"),
            ("a_track_with_a_very_long_name.and.another_long_one", "a_track_… … another_l…"),
            ("ä_track_with_a_very_long_name", "ä_track_with_a_very_l…"),
        ] {
            assert_eq!(shortened(name), shown);
            assert!(shortened(name).chars().count() <= LETTERS, "{shown}");
        }
    }
}

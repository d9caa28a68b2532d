//! The scope: the wave and the spectrum of the output, of a strip or of a node, where the node's voices are, and what triggers hear and
//! decide. Window thread.

mod analysis;
mod heads;
mod lane;

use std::sync::Arc;

use egui::{
    Align2, ComboBox, FontId, Rect, Role, ScrollArea, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2,
};

use super::host::Control;
use super::record::{self, is_midi};
use super::widgets::decibels;
use super::{Asked, Scene, theme};
use crate::session::{Drums, Graph, Lamp, Meters, TriggerSeen};
use analysis::{Spectrum, columns, steady};
use heads::Heads;

/// Seconds of the wave that may be shown.
const SPANS: [(f64, &str); 5] =
    [(0.01, "10 ms"), (0.03, "30 ms"), (0.1, "100 ms"), (0.3, "300 ms"), (1.0, "1 s")];
/// Seconds of which the level is told.
const LOOK: f64 = 0.3;
/// Frames that a spectrum is made of.
const FRAMES: usize = 8192;
/// Edges of the spectrum, in hertz and decibels.
const HERTZ: (f32, f32) = (20.0, 20_000.0);
const LEVELS: (f32, f32) = (-96.0, 0.0);
/// Seconds of a trigger's lane.
const SECONDS: f64 = 4.0;
const HEIGHT: f32 = 150.0;

/// What is shown, and what has been heard of it.
pub struct Scope {
    what: What,
    /// That of the node which is watched.
    lamp: Option<Arc<Lamp>>,
    span: usize,
    /// Nothing new is taken.
    held: bool,
    heard: Vec<[f32; 2]>,
    rate: f64,
    at: Option<u64>,
    spectrum: Spectrum,
    heads: Heads,
    triggers: Vec<(u8, Lane)>,
    /// By trigger: the frame that it had heard up to, and what of the output was written then.
    alive: [(u64, u64); 8],
}

/// Whose signal is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum What {
    #[default]
    Output,
    Strip(usize),
    /// The node with this title.
    Node(String),
}

/// What a trigger has heard and decided.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lane {
    pub seen: TriggerSeen,
    /// Strokes that it has learned so far, while it learns.
    pub learning: Option<u32>,
}

impl Default for Scope {
    fn default() -> Self {
        let spectrum = Spectrum::new(FRAMES);
        Self {
            what: What::Output,
            lamp: None,
            span: 2,
            held: false,
            heard: vec![],
            rate: 48_000.0,
            at: None,
            spectrum,
            heads: Heads::default(),
            triggers: vec![],
            alive: Default::default(),
        }
    }
}

impl Scope {
    /// Listens to what has come since the last look; only while it is seen.
    pub fn follow(&mut self, meters: &Meters, drums: &Drums, graph: &Graph) {
        meters.watch(if let What::Strip(strip) = self.what { Some(strip) } else { None });
        let node = if let What::Node(title) = &self.what { graph.find(title) } else { None };
        self.light(node.map(|node| &node.lamp));
        if self.lamp.is_some() {
            meters.nodes.look();
        }
        if self.held {
            return;
        }
        self.heads.voices = self.lamp.as_ref().map_or(vec![], |lamp| lamp.voices(meters.nodes.now()));
        if self.rate != meters.rate() {
            (self.rate, self.at) = (meters.rate(), None);
            self.heard.clear();
        }
        let tap = match self.what {
            What::Output => &meters.main,
            What::Strip(_) => &meters.scope,
            What::Node(_) => &meters.nodes.trail,
        };
        let from = self.at.unwrap_or_else(|| tap.written());
        let (to, first) = tap.read(from, &mut self.heard);
        if first > from {
            // Something was missed: what is left does not belong to what came before.
            let new = (to - first) as usize;
            self.heard.drain(..self.heard.len() - new);
        }
        self.at = Some(to);
        let kept = (self.rate as usize).max(2 * FRAMES) + FRAMES;
        let over = self.heard.len().saturating_sub(kept);
        self.heard.drain(..over);
        self.listen(drums, meters.main.written());
    }

    /// The triggers that go on hearing while the output goes on to frame `written`: others belong to sounds that are no more.
    fn listen(&mut self, drums: &Drums, written: u64) {
        self.triggers.clear();
        for ((number, drum), alive) in drums.all().zip(&mut self.alive) {
            let at = drum.sight.heard();
            if alive.0 != at {
                *alive = (at, written);
            }
            if at > 0 && written < alive.1 + self.rate as u64 {
                let (seen, learning) = (drum.sight.look(SECONDS, self.rate), drum.learning());
                self.triggers.push((number, Lane { seen, learning }));
            }
        }
    }

    /// Nobody looks any more.
    pub fn rest(&mut self, meters: &Meters) {
        if self.at.take().is_some() {
            meters.watch(None);
            self.light(None);
        }
    }

    /// Shows the signal of the node with this title from now on.
    pub fn show(&mut self, node: String) {
        self.choose(What::Node(node));
    }

    fn choose(&mut self, what: What) {
        if self.what != what {
            (self.what, self.at) = (what, None);
            self.heard.clear();
        }
    }

    /// Watches this lamp, and no other.
    fn light(&mut self, lamp: Option<&Arc<Lamp>>) {
        if self.lamp.as_ref().map(Arc::as_ptr) == lamp.map(Arc::as_ptr) {
            return;
        }
        self.lamp.iter().for_each(|old| old.watch(false));
        self.lamp = lamp.cloned();
        self.lamp.iter().for_each(|new| new.watch(true));
    }

    #[cfg(test)]
    pub fn fill(&mut self, heard: Vec<[f32; 2]>, triggers: Vec<(u8, Lane)>) {
        (self.heard, self.triggers) = (heard, triggers);
    }

    #[cfg(test)]
    pub fn voices(&self) -> &[crate::session::Voice] {
        &self.heads.voices
    }

    #[cfg(test)]
    pub fn heard(&self) -> &[[f32; 2]] {
        &self.heard
    }

    pub fn draw(&mut self, ui: &mut Ui, scene: &Scene<'_>, asked: &mut Asked) {
        self.chooser(ui, scene);
        ScrollArea::vertical().id_salt("scope").auto_shrink(false).show(ui, |ui| {
            let node =
                if let What::Node(title) = &self.what { scene.snapshot.graph.find(title) } else { None };
            if let Some(node) = node {
                self.heads.draw(ui, node);
            }
            let high = ((ui.available_height() - 20.0) / 2.0).clamp(80.0, HEIGHT * 1.5);
            let high = if self.triggers.is_empty() { high } else { high.min(HEIGHT) };
            self.wave(ui, high);
            self.shape(ui, high);
            for (number, lane) in &self.triggers {
                lane::draw(ui, scene, asked, *number, lane, self.rate);
            }
            let now = scene.recording;
            if !self.triggers.is_empty() && (now.fault.is_some() || now.saved.as_ref().is_some_and(is_midi)) {
                record::outcome(ui, scene, asked);
            }
        });
    }

    fn chooser(&mut self, ui: &mut Ui, scene: &Scene<'_>) {
        let (strips, graph) = (&scene.snapshot.strips, &scene.snapshot.graph);
        let known = match &self.what {
            What::Output => true,
            What::Strip(strip) => *strip < strips.len(),
            What::Node(title) => graph.find(title).is_some(),
        };
        if !known {
            self.choose(What::Output);
        }
        ui.horizontal_wrapped(|ui| {
            let shown = match &self.what {
                What::Output => "Output",
                What::Strip(strip) => &strips[*strip].name,
                What::Node(title) => title,
            };
            let (name, mut chosen) = (format!("Shows: {shown}"), self.what.clone());
            let combo = ComboBox::from_id_salt("what").selected_text(shown).show_ui(ui, |ui| {
                ui.selectable_value(&mut chosen, What::Output, "Output");
                for (number, strip) in strips.iter().enumerate() {
                    ui.selectable_value(&mut chosen, What::Strip(number), &strip.name);
                }
                // What the text wants to be seen; any other node is chosen in the graph.
                for node in graph.nodes.iter().filter(|node| node.monitored) {
                    ui.selectable_value(&mut chosen, What::Node(node.title()), node.title());
                }
            });
            combo.response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, &name));
            self.choose(chosen);
            for (number, (_, name)) in SPANS.into_iter().enumerate() {
                ui.selectable_value(&mut self.span, number, name);
            }
            let hint = "Keep what is seen, to look at it";
            if ui.selectable_label(self.held, "Hold").on_hover_text(hint).clicked() {
                self.held = !self.held;
            }
            self.level(ui);
        });
    }

    /// Left above right, from the same steady place.
    fn wave(&self, ui: &mut Ui, high: f32) {
        let rect = field(ui, high, "Wave");
        let palette = theme::of(ui);
        let wanted = (SPANS[self.span].0 * self.rate) as usize;
        let part = steady(&self.heard, wanted);
        let highest = peak(part);
        // What moves other things may be of any size.
        let scale = if matches!(self.what, What::Node(_)) && highest > 1.0 { 1.0 / highest } else { 1.0 };
        let wide = rect.width().max(1.0) as usize;
        for side in 0..2 {
            let half = Rect::from_min_size(
                pos2(rect.left(), rect.top() + side as f32 * rect.height() / 2.0),
                vec2(rect.width(), rect.height() / 2.0),
            );
            let middle = half.center().y;
            ui.painter().hline(half.x_range(), middle, Stroke::new(1.0, palette.line.gamma_multiply(0.5)));
            let at = |value: f32| middle - (value * scale).clamp(-1.0, 1.0) * (half.height() / 2.0 - 2.0);
            let stroke = Stroke::new(1.0, palette.accent);
            if part.len() < wide {
                let step = half.width() / part.len().max(2) as f32;
                let point =
                    |(n, frame): (usize, &[f32; 2])| pos2(half.left() + n as f32 * step, at(frame[side]));
                let points = part.iter().enumerate().map(point).collect();
                ui.painter().add(Shape::line(points, Stroke::new(1.5, palette.accent)));
                continue;
            }
            for (n, (low, top)) in columns(part, side, wide).into_iter().enumerate() {
                let x = half.left() + n as f32 + 0.5;
                ui.painter().vline(x, at(top) - 0.5..=at(low) + 0.5, stroke);
            }
        }
        for (side, name) in ["L", "R"].into_iter().enumerate() {
            let at = pos2(rect.left() + 4.0, rect.top() + side as f32 * rect.height() / 2.0 + 2.0);
            ui.painter().text(at, Align2::LEFT_TOP, name, FontId::proportional(10.0), palette.quiet);
        }
        if scale < 1.0 {
            let (at, text) = (rect.right_top() + vec2(-4.0, 2.0), format!("up to {highest:.4}"));
            ui.painter().text(at, Align2::RIGHT_TOP, text, FontId::proportional(10.0), palette.quiet);
        }
    }

    /// How loud the newest moment is.
    fn level(&self, ui: &mut Ui) {
        let newest = &self.heard[self.heard.len().saturating_sub((LOOK * self.rate) as usize)..];
        let sum: f64 = newest.as_flattened().iter().map(|x| f64::from(*x).powi(2)).sum();
        let mean = (sum / (2 * newest.len().max(1)) as f64).sqrt() as f32;
        ui.label(theme::quiet(ui, format!("peak {}, mean {}", decibels(peak(newest)), decibels(mean))));
    }

    fn shape(&mut self, ui: &mut Ui, high: f32) {
        let rect = field(ui, high, "Spectrum");
        let palette = theme::of(ui);
        let across = |hertz: f32| (hertz / HERTZ.0).ln() / (HERTZ.1 / HERTZ.0).ln();
        let x = |hertz: f32| rect.left() + rect.width() * across(hertz);
        let y = |level: f32| {
            let share = (level.clamp(LEVELS.0, LEVELS.1) - LEVELS.0) / (LEVELS.1 - LEVELS.0);
            rect.bottom() - rect.height() * share
        };
        let font = FontId::proportional(10.0);
        let faint = Stroke::new(1.0, palette.line.gamma_multiply(0.4));
        for (hertz, name) in [
            (50.0, "50"),
            (100.0, "100"),
            (200.0, "200"),
            (500.0, "500"),
            (1e3, "1 kHz"),
            (2e3, "2"),
            (5e3, "5"),
            (1e4, "10"),
        ] {
            ui.painter().vline(x(hertz), rect.y_range(), faint);
            let at = pos2(x(hertz) + 2.0, rect.bottom() - 1.0);
            ui.painter().text(at, Align2::LEFT_BOTTOM, name, font.clone(), palette.quiet);
        }
        for level in [-24.0, -48.0, -72.0] {
            ui.painter().hline(rect.x_range(), y(level), faint);
            let at = pos2(rect.left() + 2.0, y(level));
            ui.painter().text(at, Align2::LEFT_TOP, format!("{level:.0} dB"), font.clone(), palette.quiet);
        }
        let wide = rect.width().max(2.0) as usize;
        let edge = |n: usize| HERTZ.0 * (HERTZ.1 / HERTZ.0).powf(n as f32 / wide as f32);
        let levels = self.spectrum.levels(&self.heard, self.rate, (0..=wide).map(edge));
        let points =
            levels.iter().enumerate().map(|(n, level)| pos2(rect.left() + n as f32 + 0.5, y(*level)));
        ui.painter().add(Shape::line(points.collect(), Stroke::new(1.5, palette.accent)));
    }
}

/// The highest value, regardless of its sign.
fn peak(frames: &[[f32; 2]]) -> f32 {
    frames.as_flattened().iter().fold(0.0, |highest, value| highest.max(value.abs()))
}

/// A sunken field over the whole width.
fn field(ui: &mut Ui, high: f32, name: &str) -> Rect {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), high), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, name));
    ui.painter().rect_filled(rect, 3.0, theme::of(ui).sunken);
    rect
}

/// The parameter that lets a trigger learn.
fn learn(number: u8) -> Control {
    Control::Trigger(number, crate::session::TriggerControl::Learn)
}

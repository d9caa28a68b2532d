//! The scope: the wave and the spectrum of the output or of a strip, and what triggers hear and decide. Window thread.

mod analysis;
mod lane;

use egui::{
    Align2, ComboBox, FontId, Rect, Role, ScrollArea, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2,
};

use super::host::Control;
use super::{Asked, Scene, theme};
use crate::session::{Drums, Meters, TriggerSeen};
use analysis::{Spectrum, columns, steady};

/// Seconds of the wave that may be shown.
const SPANS: [(f64, &str); 5] =
    [(0.01, "10 ms"), (0.03, "30 ms"), (0.1, "100 ms"), (0.3, "300 ms"), (1.0, "1 s")];
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
    /// A strip; none: the output.
    strip: Option<usize>,
    span: usize,
    /// Nothing new is taken.
    held: bool,
    heard: Vec<[f32; 2]>,
    rate: f64,
    at: Option<u64>,
    spectrum: Spectrum,
    triggers: Vec<(u8, Lane)>,
    /// By trigger: the frame that it had heard up to, and what of the output was written then.
    alive: [(u64, u64); 8],
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
            strip: None,
            span: 2,
            held: false,
            heard: vec![],
            rate: 48_000.0,
            at: None,
            spectrum,
            triggers: vec![],
            alive: Default::default(),
        }
    }
}

impl Scope {
    /// Listens to what has come since the last look; only while it is seen.
    pub fn follow(&mut self, meters: &Meters, drums: &Drums) {
        meters.watch(self.strip);
        if self.held {
            return;
        }
        if self.rate != meters.rate() {
            (self.rate, self.at) = (meters.rate(), None);
            self.heard.clear();
        }
        let tap = if self.strip.is_some() { &meters.scope } else { &meters.main };
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
        }
    }

    #[cfg(test)]
    pub fn fill(&mut self, heard: Vec<[f32; 2]>, triggers: Vec<(u8, Lane)>) {
        (self.heard, self.triggers) = (heard, triggers);
    }

    #[cfg(test)]
    pub fn heard(&self) -> &[[f32; 2]] {
        &self.heard
    }

    pub fn draw(&mut self, ui: &mut Ui, scene: &Scene<'_>, asked: &mut Asked) {
        self.choose(ui, scene);
        ScrollArea::vertical().id_salt("scope").auto_shrink(false).show(ui, |ui| {
            let high = ((ui.available_height() - 20.0) / 2.0).clamp(80.0, HEIGHT * 1.5);
            let high = if self.triggers.is_empty() { high } else { high.min(HEIGHT) };
            self.wave(ui, high);
            self.shape(ui, high);
            for (number, lane) in &self.triggers {
                lane::draw(ui, scene, asked, *number, lane, self.rate);
            }
        });
    }

    fn choose(&mut self, ui: &mut Ui, scene: &Scene<'_>) {
        let strips = &scene.snapshot.strips;
        self.strip = self.strip.filter(|strip| *strip < strips.len());
        ui.horizontal_wrapped(|ui| {
            let shown = self.strip.map_or("Output", |strip| &strips[strip].name);
            let mut chosen = self.strip;
            let combo = ComboBox::from_id_salt("what").selected_text(shown).show_ui(ui, |ui| {
                ui.selectable_value(&mut chosen, None, "Output");
                for (number, strip) in strips.iter().enumerate() {
                    ui.selectable_value(&mut chosen, Some(number), &strip.name);
                }
            });
            let name = format!("Shows: {shown}");
            combo.response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, &name));
            if chosen != self.strip {
                (self.strip, self.at) = (chosen, None);
                self.heard.clear();
            }
            for (number, (_, name)) in SPANS.into_iter().enumerate() {
                ui.selectable_value(&mut self.span, number, name);
            }
            let hint = "Keep what is seen, to look at it";
            if ui.selectable_label(self.held, "Hold").on_hover_text(hint).clicked() {
                self.held = !self.held;
            }
        });
    }

    /// Left above right, from the same steady place.
    fn wave(&self, ui: &mut Ui, high: f32) {
        let rect = field(ui, high, "Wave");
        let palette = theme::of(ui);
        let wanted = (SPANS[self.span].0 * self.rate) as usize;
        let part = steady(&self.heard, wanted);
        let wide = rect.width().max(1.0) as usize;
        for side in 0..2 {
            let half = Rect::from_min_size(
                pos2(rect.left(), rect.top() + side as f32 * rect.height() / 2.0),
                vec2(rect.width(), rect.height() / 2.0),
            );
            let middle = half.center().y;
            ui.painter().hline(half.x_range(), middle, Stroke::new(1.0, palette.line.gamma_multiply(0.5)));
            let at = |value: f32| middle - value.clamp(-1.0, 1.0) * (half.height() / 2.0 - 2.0);
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

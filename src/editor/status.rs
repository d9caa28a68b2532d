//! The line at the bottom: how busy the engine is, how many voices sound, what the samples take, what the last change of the sound was,
//! which version this is. Window thread.

use egui::{Align, Layout, Ui};

use super::{Scene, theme};
use crate::session::{Counts, Reading, Session};

/// Averages the load over some frames, so that the figure can be read.
#[derive(Default)]
pub struct Status {
    before: Reading,
    shown: f32,
}

impl Status {
    pub fn load(&mut self, session: &Session) -> f32 {
        let (share, now) = session.load().since(self.before);
        self.before = now;
        self.shown += (share - self.shown) * 0.1;
        self.shown
    }
}

pub fn draw(ui: &mut Ui, scene: &Scene<'_>) {
    let size = egui::vec2(ui.available_width(), ui.spacing().interact_size.y);
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
        if ui.available_width() > theme::NARROW {
            ui.label(theme::quiet(ui, concat!("Seiche ", env!("CARGO_PKG_VERSION"))));
        }
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| figures(ui, scene));
    });
}

fn figures(ui: &mut Ui, scene: &Scene<'_>) {
    ui.label(format!("CPU {:.1} %", scene.load * 100.0));
    ui.label(theme::quiet(ui, "·"));
    ui.label(match scene.voices {
        1 => "1 voice".into(),
        n => format!("{n} voices"),
    });
    if scene.snapshot.latency > 0 {
        ui.label(theme::quiet(ui, "·"));
        let about = "A limiter looks ahead; the host makes everything else as late.";
        ui.label(format!("{} frames late", scene.snapshot.latency)).on_hover_text(about);
    }
    if scene.samples.entries > 0 {
        ui.label(theme::quiet(ui, "·"));
        let (line, details) = samples(&scene.samples);
        ui.label(line).on_hover_text(details);
    }
    if let Some(reload) = &scene.snapshot.reload {
        ui.label(theme::quiet(ui, "·"));
        let line = egui::Label::new(theme::quiet(ui, reload.line())).truncate();
        ui.add(line).on_hover_text(reload.details().join("\n"));
    }
}

/// How it stands with the samples: in a few words, and in full.
fn samples(counts: &Counts) -> (String, String) {
    let mb = |bytes: usize| format!("{:.1} MB", bytes as f64 / f64::from(1 << 20));
    let many = if counts.entries == 1 { "1 sample".into() } else { format!("{} samples", counts.entries) };
    let Counts { decodes, hits, evictions, .. } = counts;
    let details = format!(
        "The samples of all instances take {}; up to {} are kept that nobody plays.\n{decodes} decoded · {hits} found in memory · {evictions} dropped",
        mb(counts.bytes),
        mb(counts.budget)
    );
    (format!("{many}, {}", mb(counts.bytes)), details)
}

//! What is wrong with the library: every error and warning with its place, the source line and a hint. Window thread.

use egui::{RichText, ScrollArea, Ui};

use super::{Scene, theme};
use crate::session::{Finding, Severity, Status};

pub fn draw(ui: &mut Ui, scene: &Scene<'_>) {
    let snapshot = scene.snapshot;
    let (text, colour) = match snapshot.status {
        Status::Empty => ("Open a library to begin.", theme::QUIET),
        Status::Loading => ("Loading …", theme::QUIET),
        Status::Playing if snapshot.findings.is_empty() => ("No errors.", theme::QUIET),
        Status::Playing => ("The library plays.", theme::TEXT),
        Status::Broken => ("The text has errors. What played before goes on.", theme::FAULT),
    };
    theme::heading(ui, "MESSAGES");
    for name in scene.silenced {
        ui.label(
            RichText::new(format!("{name} was silenced: its output was not finite.")).color(theme::FAULT),
        );
    }
    ui.label(RichText::new(text).color(colour));
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        for finding in &snapshot.findings {
            ui.add_space(6.0);
            draw_finding(ui, finding);
        }
    });
}

fn draw_finding(ui: &mut Ui, finding: &Finding) {
    let colour = match finding.severity {
        Severity::Error => theme::FAULT,
        Severity::Warning => theme::WARM,
        Severity::Note => theme::QUIET,
    };
    if let Some(place) = &finding.place {
        ui.label(
            RichText::new(format!("{}:{}:{}", place.file, place.line, place.column))
                .small()
                .color(theme::QUIET),
        );
    }
    ui.label(RichText::new(&finding.message).color(colour));
    if let Some(place) = &finding.place
        && !place.text.trim().is_empty()
    {
        ui.label(RichText::new(place.text.trim_end()).monospace().background_color(theme::RAISED));
    }
    if let Some(hint) = &finding.hint {
        ui.label(RichText::new(hint).color(theme::QUIET));
    }
}

//! What is wrong with the library: every error and warning with its place, the source line and a hint. Window thread.

use egui::{RichText, ScrollArea, Ui};

use super::{Scene, theme};
use crate::session::{Finding, Place, Status};

/// Whether there is anything to be said.
pub fn concern(scene: &Scene<'_>) -> bool {
    let snapshot = scene.snapshot;
    let said = snapshot.findings.len() + snapshot.notices.len() + scene.silenced.len();
    said > 0 || snapshot.status == Status::Broken
}

/// The answer is the place that was clicked.
pub fn draw<'a>(ui: &mut Ui, scene: &Scene<'a>) -> Option<&'a Place> {
    let (snapshot, palette) = (scene.snapshot, theme::of(ui));
    let (text, colour) = match snapshot.status {
        Status::Empty => ("Open a library to begin.", palette.quiet),
        Status::Loading => ("Loading …", palette.quiet),
        Status::Playing if snapshot.findings.is_empty() => ("No errors.", palette.quiet),
        Status::Playing => ("The library plays.", palette.text),
        Status::Broken => ("The text has errors. What played before goes on.", palette.fault),
    };
    theme::heading(ui, "MESSAGES");
    for name in scene.silenced {
        ui.label(
            RichText::new(format!("{name} was silenced: its output was not finite.")).color(palette.fault),
        );
    }
    ui.label(RichText::new(text).color(colour));
    let mut clicked = None;
    ScrollArea::vertical().id_salt("messages").auto_shrink(false).show(ui, |ui| {
        for finding in snapshot.findings.iter().chain(&snapshot.notices) {
            ui.add_space(6.0);
            clicked = draw_finding(ui, finding).or(clicked);
        }
    });
    clicked
}

fn draw_finding<'a>(ui: &mut Ui, finding: &'a Finding) -> Option<&'a Place> {
    let palette = theme::of(ui);
    let mut clicked = None;
    if let Some(place) = &finding.place {
        let text = format!("{}:{}:{}", place.file, place.line, place.column);
        let link = ui.link(RichText::new(text).small().color(palette.quiet));
        if link.on_hover_text("Show this line").clicked() {
            clicked = Some(place);
        }
    }
    ui.label(RichText::new(&finding.message).color(theme::severity(ui, finding.severity)));
    if let Some(place) = &finding.place
        && !place.text.trim().is_empty()
    {
        ui.label(RichText::new(place.text.trim_end()).monospace().background_color(palette.raised));
    }
    if let Some(hint) = &finding.hint {
        ui.label(RichText::new(hint).color(palette.quiet));
    }
    clicked
}

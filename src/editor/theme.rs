//! Colours, sizes and type of the window: dark, calm, one accent. Window thread.

use egui::{Color32, Context, FontId, Stroke, TextStyle, Visuals};

use crate::session::Severity;

/// First size of the window in logical points.
pub const SIZE: (f32, f32) = (1000.0, 700.0);
/// Widths of the side panes.
pub const SOUNDS: f32 = 180.0;
pub const METERS: f32 = 170.0;
/// Of the line numbers.
pub const GUTTER: f32 = 38.0;
/// Most height of the macros, and of the missing samples; more of them scroll.
pub const MACROS: f32 = 110.0;
pub const MISSING: f32 = 80.0;
/// Of the list of presets: width, and most height.
pub const PRESETS: (f32, f32) = (300.0, 380.0);
/// First height of the messages.
pub const MESSAGES: f32 = 190.0;

pub const BACK: Color32 = Color32::from_rgb(24, 27, 32);
pub const RAISED: Color32 = Color32::from_rgb(32, 36, 43);
pub const TEXT: Color32 = Color32::from_rgb(214, 219, 226);
pub const QUIET: Color32 = Color32::from_rgb(139, 148, 160);
pub const FAINT: Color32 = Color32::from_rgb(84, 92, 104);
pub const ACCENT: Color32 = Color32::from_rgb(92, 184, 178);
pub const WARM: Color32 = Color32::from_rgb(224, 178, 92);
pub const FAULT: Color32 = Color32::from_rgb(232, 107, 99);

pub fn apply(context: &Context) {
    let mut visuals = Visuals::dark();
    visuals.panel_fill = BACK;
    visuals.window_fill = BACK;
    visuals.extreme_bg_color = Color32::from_rgb(17, 19, 23);
    visuals.override_text_color = Some(TEXT);
    visuals.selection.bg_fill = ACCENT.gamma_multiply(0.35);
    visuals.selection.stroke = Stroke::new(1.0, TEXT);
    visuals.hyperlink_color = ACCENT;
    context.set_visuals(visuals);
    context.all_styles_mut(|style| {
        style.spacing.item_spacing = egui::vec2(8.0, 6.0);
        style.spacing.button_padding = egui::vec2(10.0, 4.0);
        let size = |name: &TextStyle| match name {
            TextStyle::Heading => 16.0,
            TextStyle::Small => 11.0,
            _ => 13.5,
        };
        for (name, font) in &mut style.text_styles {
            *font = FontId::new(size(name), font.family.clone());
        }
    });
}

/// The colour of a finding.
pub fn severity(severity: Severity) -> Color32 {
    match severity {
        Severity::Error => FAULT,
        Severity::Warning => WARM,
        Severity::Note => QUIET,
    }
}

/// The heading of a pane.
pub fn heading(ui: &mut egui::Ui, text: &str) {
    ui.label(egui::RichText::new(text).color(QUIET).small());
}

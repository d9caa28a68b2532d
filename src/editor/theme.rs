//! Colours, sizes and type of the window: calm, one accent, dark and light. All text is at least 4.5 times as bright as what it stands
//! on, or as dark (a test holds that). Window thread.

use egui::{Color32, Context, CornerRadius, FontId, Margin, RichText, Stroke, TextStyle, Theme, Ui, Visuals};

use crate::session::{Color, Look, Severity, Strip};

/// First size of the window in logical points, and the least that it is good for.
pub const SIZE: (f32, f32) = (1000.0, 700.0);
pub const LEAST: (f32, f32) = (480.0, 360.0);
/// Below this width, panes at the side become tabs.
pub const NARROW: f32 = 720.0;
/// Below this height, what can be left out is.
pub const LOW: f32 = 520.0;
/// Width of the browser.
pub const BROWSER: f32 = 220.0;
/// Of the sound in the bar, at most; and letters of the preset's name.
pub const SOUND: f32 = 220.0;
pub const PRESET: usize = 18;
/// Of the line numbers.
pub const GUTTER: f32 = 42.0;
/// Most height of the missing samples; more of them scroll.
pub const MISSING: f32 = 160.0;
/// Of the list of presets: width, and most height.
pub const PRESETS: (f32, f32) = (320.0, 380.0);
/// First height of the messages.
pub const MESSAGES: f32 = 160.0;
/// Height of the row of macros.
pub const MACROS: f32 = 142.0;
/// Widths of a strip of the mixer, the least and the most, and of the master.
pub const STRIP: (f32, f32) = (60.0, 92.0);
pub const MASTER: f32 = 132.0;
/// Diameters of knobs.
pub const KNOB: f32 = 38.0;
pub const SMALL_KNOB: f32 = 24.0;

/// The colours of a theme.
pub struct Palette {
    /// What everything stands on, what is raised above it, and what is let into it.
    pub back: Color32,
    pub raised: Color32,
    pub sunken: Color32,
    /// Lines and marks that are no text.
    pub line: Color32,
    pub text: Color32,
    /// Text of less weight.
    pub quiet: Color32,
    pub accent: Color32,
    pub warm: Color32,
    pub fault: Color32,
    /// Words of a library's text.
    pub key: Color32,
    pub number: Color32,
    pub string: Color32,
    /// Tell strips apart.
    pub strips: [Color32; 8],
}

const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

pub static DARK: Palette = Palette {
    back: rgb(0x181B20),
    raised: rgb(0x21252C),
    sunken: rgb(0x111317),
    line: rgb(0x4B535F),
    text: rgb(0xD9DEE5),
    quiet: rgb(0x97A1AE),
    accent: rgb(0x5CC0B8),
    warm: rgb(0xE2B45E),
    fault: rgb(0xF07A70),
    key: rgb(0x7FB2E8),
    number: rgb(0xE2B45E),
    string: rgb(0x9CCB86),
    strips: [
        rgb(0x5CC0B8),
        rgb(0x7FB2E8),
        rgb(0xE2B45E),
        rgb(0xD98BB4),
        rgb(0x9CCB86),
        rgb(0xE08A5B),
        rgb(0xA999E6),
        rgb(0xBFC6CF),
    ],
};

pub static LIGHT: Palette = Palette {
    back: rgb(0xF3F4F6),
    raised: rgb(0xE6E8EC),
    sunken: rgb(0xFFFFFF),
    line: rgb(0xA3ABB6),
    text: rgb(0x1E2329),
    quiet: rgb(0x535C68),
    accent: rgb(0x0B6E66),
    warm: rgb(0x7A5200),
    fault: rgb(0xAD231B),
    key: rgb(0x14549C),
    number: rgb(0x7A5200),
    string: rgb(0x35661B),
    strips: [
        rgb(0x0B6E66),
        rgb(0x14549C),
        rgb(0x7A5200),
        rgb(0x93306A),
        rgb(0x35661B),
        rgb(0x94410F),
        rgb(0x53409F),
        rgb(0x535C68),
    ],
};

/// The colours that hold here.
pub fn of(ui: &Ui) -> &'static Palette {
    if ui.visuals().dark_mode { &DARK } else { &LIGHT }
}

/// Sets fonts and colours of both themes; once, when the window is built.
pub fn dress(context: &Context) {
    for (theme, visuals, palette) in
        [(Theme::Dark, Visuals::dark(), &DARK), (Theme::Light, Visuals::light(), &LIGHT)]
    {
        context.set_visuals_of(theme, colour(visuals, palette));
    }
    context.all_styles_mut(|style| {
        style.spacing.item_spacing = egui::vec2(8.0, 6.0);
        style.spacing.button_padding = egui::vec2(9.0, 4.0);
        style.spacing.menu_margin = Margin::same(8);
        style.interaction.tooltip_delay = 0.4;
        let size = |name: &TextStyle| match name {
            TextStyle::Heading => 16.0,
            TextStyle::Small => 11.0,
            TextStyle::Monospace => 13.0,
            _ => 13.5,
        };
        for (name, font) in &mut style.text_styles {
            *font = FontId::new(size(name), font.family.clone());
        }
    });
}

fn colour(mut visuals: Visuals, palette: &Palette) -> Visuals {
    visuals.panel_fill = palette.back;
    visuals.window_fill = palette.raised;
    visuals.extreme_bg_color = palette.sunken;
    visuals.text_edit_bg_color = Some(palette.sunken);
    visuals.faint_bg_color = palette.raised;
    visuals.weak_text_color = Some(palette.quiet);
    visuals.selection.bg_fill = palette.accent.gamma_multiply(0.3);
    visuals.selection.stroke = Stroke::new(1.5, palette.text);
    visuals.hyperlink_color = palette.accent;
    visuals.warn_fg_color = palette.warm;
    visuals.error_fg_color = palette.fault;
    visuals.window_stroke = Stroke::new(1.0, palette.line);
    let widgets = &mut visuals.widgets;
    let states = [
        (&mut widgets.noninteractive, palette.back, palette.line.gamma_multiply(0.5)),
        (&mut widgets.inactive, palette.raised, palette.line.gamma_multiply(0.6)),
        (&mut widgets.hovered, palette.raised, palette.accent),
        (&mut widgets.active, palette.sunken, palette.accent),
        (&mut widgets.open, palette.raised, palette.accent),
    ];
    for (state, fill, edge) in states {
        (state.bg_fill, state.weak_bg_fill) = (fill, fill);
        state.bg_stroke = Stroke::new(1.0, edge);
        state.fg_stroke = Stroke::new(1.0, palette.text);
        state.corner_radius = CornerRadius::same(4);
        state.expansion = 0.0;
    }
    visuals
}

/// What the preferences say about it; costs nothing where that is as before.
pub fn follow(context: &Context, look: Look, still: bool) {
    let theme = if look == Look::Light { Theme::Light } else { Theme::Dark };
    context.set_theme(theme);
    let time = if still { 0.0 } else { 0.08 };
    if context.style_of(theme).animation_time != time {
        context.all_styles_mut(|style| {
            style.animation_time = time;
            style.visuals.text_cursor.blink = !still;
            if still {
                style.scroll_animation = egui::style::ScrollAnimation::none();
            }
        });
    }
}

/// The colour of a finding.
pub fn severity(ui: &Ui, severity: Severity) -> Color32 {
    let palette = of(ui);
    match severity {
        Severity::Error => palette.fault,
        Severity::Warning => palette.warm,
        Severity::Note => palette.quiet,
    }
}

/// The heading of a pane.
pub fn heading(ui: &mut Ui, text: &str) {
    ui.label(quiet(ui, text).small());
}

/// Text of less weight.
pub fn quiet(ui: &Ui, text: impl Into<String>) -> RichText {
    RichText::new(text).color(of(ui).quiet)
}

/// The colour of what has this name: always the same.
pub fn of_name(ui: &Ui, name: &str) -> Color32 {
    let strips = &of(ui).strips;
    let sum = name.bytes().fold(0usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    strips[sum % strips.len()]
}

/// The colour of a strip: what its text says, made to stand out against the strip, or else that of its name.
pub fn of_strip(ui: &Ui, strip: &Strip) -> Color32 {
    let Some(Color([red, green, blue])) = strip.said.color else { return of_name(ui, &strip.name) };
    let palette = of(ui);
    legible(Color32::from_rgb(red, green, blue), palette.raised, palette.text)
}

/// Contrast that marks have at least, as WCAG 2 asks for.
const MARKS: f64 = 3.0;

/// A colour that is moved towards `text` as little as it needs to be seen on `ground`.
fn legible(colour: Color32, ground: Color32, text: Color32) -> Color32 {
    let steps = (0..=20u8).map(|step| colour.lerp_to_gamma(text, f32::from(step) / 20.0));
    steps.into_iter().find(|colour| contrast(*colour, ground) >= MARKS).unwrap_or(text)
}

/// Contrast as WCAG 2 defines it: the ratio of the luminances, 1..=21.
fn contrast(a: Color32, b: Color32) -> f64 {
    let light = |colour: Color32| {
        let part = |x: u8| {
            let x = f64::from(x) / 255.0;
            if x <= 0.04045 { x / 12.92 } else { ((x + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(colour.r()) + 0.7152 * part(colour.g()) + 0.0722 * part(colour.b())
    };
    let (a, b) = (light(a), light(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn theme_text_is_readable_on_everything_it_stands_on() {
        for (theme, p) in [("dark", &DARK), ("light", &LIGHT)] {
            let chosen = p.accent.gamma_multiply(0.3);
            for ground in [p.back, p.raised, p.sunken] {
                let texts = [p.text, p.quiet, p.accent, p.warm, p.fault, p.key, p.number, p.string];
                for (number, text) in texts.into_iter().chain(p.strips).enumerate() {
                    let ratio = contrast(text, ground);
                    assert!(ratio >= 4.5, "{theme}: text {number} on {ground:?} has {ratio:.2}");
                }
                let ratio = contrast(p.text, ground.blend(chosen));
                assert!(ratio >= 4.5, "{theme}: what is chosen on {ground:?} has {ratio:.2}");
            }
        }
    }

    #[test]
    fn theme_strip_colours_stand_out_whatever_the_text_says() {
        for p in [&DARK, &LIGHT] {
            for hex in [0x000000, 0xFFFFFF, 0xFFFF00, 0x000080, 0x808080, 0x0000FF, 0x181B20, 0xF3F4F6] {
                let shown = legible(rgb(hex), p.raised, p.text);
                assert!(contrast(shown, p.raised) >= MARKS, "{hex:06x} is {shown:?}");
            }
        }
        assert_eq!(legible(rgb(0x5CC0B8), DARK.raised, DARK.text), rgb(0x5CC0B8), "it is bright enough");
        let blue = legible(rgb(0x0000FF), DARK.raised, DARK.text);
        assert!(blue.b() > blue.r() && blue.b() > blue.g(), "{blue:?} is still blue");
    }

    #[test]
    fn theme_gives_a_name_always_the_same_colour() {
        let context = Context::default();
        dress(&context);
        let mut output = context.run_ui(egui::RawInput::default(), |ui| {
            assert_eq!(of_name(ui, "drums"), of_name(ui, "drums"));
            let all: std::collections::HashSet<_> =
                ["drums", "bass", "keys", "pad", "voice", "hat"].map(|name| of_name(ui, name)).into();
            assert!(all.len() > 2, "{all:?}");
        });
        output.textures_delta.clear();
    }
}

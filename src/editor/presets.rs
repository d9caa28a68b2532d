//! The presets: the one that is open with its neighbours on both sides, and all of them to choose from. Window thread.

use egui::containers::menu::{MenuButton, MenuConfig};
use egui::{Button, PopupCloseBehavior, ScrollArea, TextEdit, Ui};

use super::{Asked, Scene, theme};
use crate::session::{Message, Pick, Preset, PresetPlace};

/// What is remembered between frames.
#[derive(Default)]
pub struct Presets {
    /// Whether the session was asked which ones there are.
    asked: bool,
    /// What is typed to find one.
    word: String,
}

impl Presets {
    /// The preset that is open, and the ways to others.
    pub fn draw(&mut self, ui: &mut Ui, scene: &Scene<'_>, asked: &mut Asked) {
        let snapshot = scene.snapshot;
        let current = snapshot.preset.and_then(|at| snapshot.presets.get(at));
        if !std::mem::replace(&mut self.asked, true) {
            asked.messages.push(Message::ListPresets);
        }
        let ways = [("⏴", -1, "The preset before"), ("⏵", 1, "The next preset")];
        let step = |ui: &mut Ui, asked: &mut Asked, (label, step, hint): (&str, i32, &str)| {
            let button = ui.add(Button::new(label));
            button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, hint));
            if button.on_hover_text(hint).clicked() {
                asked.messages.push(Message::Preset(Pick::Step(step)));
            }
        };
        step(ui, asked, ways[0]);
        let title = current.map_or("Presets", |preset| &preset.name);
        let stays = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
        let button = Button::new(shortened(title));
        let (opened, _) = MenuButton::from_button(button).config(stays).ui(ui, |ui| {
            if let Some(place) = self.list(ui, scene) {
                asked.messages.push(Message::Preset(Pick::At(place)));
                ui.close();
            }
        });
        let hint = current.map(about).filter(|about| !about.is_empty());
        if opened.on_hover_text(hint.unwrap_or_else(|| "All presets".into())).clicked() {
            asked.messages.push(Message::ListPresets);
        }
        step(ui, asked, ways[1]);
    }

    /// All of them, or those with what is typed. The answer is where the clicked one is.
    fn list(&mut self, ui: &mut Ui, scene: &Scene<'_>) -> Option<PresetPlace> {
        ui.set_width(theme::PRESETS.0);
        ui.add(TextEdit::singleline(&mut self.word).hint_text("Find").desired_width(f32::INFINITY));
        let word = self.word.trim().to_lowercase();
        let found = scene.snapshot.presets.iter().enumerate().filter(|(_, preset)| has(preset, &word));
        let found: Vec<(usize, &Preset)> = found.collect();
        if found.is_empty() {
            ui.label(theme::quiet(ui, "No preset has that."));
        }
        let mut chosen = None;
        ScrollArea::vertical().max_height(theme::PRESETS.1).show(ui, |ui| {
            let mut group = None;
            for (at, preset) in found {
                let own = category(preset);
                if group != Some(own) {
                    theme::heading(ui, own);
                    group = Some(own);
                }
                let line = Button::selectable(scene.snapshot.preset == Some(at), &preset.name).truncate();
                if ui.add(line).on_hover_text(about(preset)).clicked() {
                    chosen = Some(preset.place.clone());
                }
            }
        });
        chosen
    }
}

/// A name that is not too long for the bar.
fn shortened(name: &str) -> String {
    match name.char_indices().nth(theme::PRESET) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

pub fn category(preset: &Preset) -> &str {
    match &preset.place {
        PresetPlace::Factory(_) => "FACTORY",
        PresetPlace::File(_) if preset.category.is_empty() => "YOURS",
        PresetPlace::File(_) => &preset.category,
    }
}

/// What it says about itself, in a line.
pub fn about(preset: &Preset) -> String {
    let about = &preset.about;
    let author = about.author.as_ref().map(|author| format!("by {author}"));
    let tags = (!about.tags.is_empty()).then(|| about.tags.join(", "));
    let all: Vec<String> = [author, tags, about.description.clone()].into_iter().flatten().collect();
    all.join(" · ")
}

/// Whether it has all words, in small letters, in what it says about itself.
pub fn has(preset: &Preset, words: &str) -> bool {
    let all = format!("{}\n{}\n{}", preset.name, category(preset), about(preset)).to_lowercase();
    words.split_whitespace().all(|word| all.contains(word))
}

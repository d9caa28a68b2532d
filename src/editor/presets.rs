//! The presets: the one that is open with its neighbours on both sides, and all of them to choose from. Window thread.

use egui::containers::menu::{MenuButton, MenuConfig};
use egui::{Button, Label, PopupCloseBehavior, RichText, ScrollArea, TextEdit, Ui};

use super::{Scene, theme};
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
    /// The row with the preset. The answer is what the user asked for.
    pub fn draw(&mut self, ui: &mut Ui, scene: &Scene<'_>) -> Option<Message> {
        let snapshot = scene.snapshot;
        let current = snapshot.preset.and_then(|at| snapshot.presets.get(at));
        let mut asked = (!std::mem::replace(&mut self.asked, true)).then_some(Message::ListPresets);
        ui.horizontal(|ui| {
            for (label, step, hint) in [("<", -1, "The preset before"), (">", 1, "The next preset")] {
                if ui.add(Button::new(label)).on_hover_text(hint).clicked() {
                    asked = Some(Message::Preset(Pick::Step(step)));
                }
            }
            let title = current.map_or("Presets", |preset| &preset.name);
            let stays = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
            let (opened, _) = MenuButton::new(title).config(stays).ui(ui, |ui| {
                if let Some(place) = self.list(ui, scene) {
                    asked = Some(Message::Preset(Pick::At(place)));
                    ui.close();
                }
            });
            if opened.on_hover_text("All presets").clicked() {
                asked = asked.take().or(Some(Message::ListPresets));
            }
            if let Some(preset) = current {
                let line = Label::new(RichText::new(about(preset)).color(theme::QUIET)).truncate();
                ui.add(line);
            }
        });
        asked
    }

    /// All of them, or those with what is typed. The answer is where the clicked one is.
    fn list(&mut self, ui: &mut Ui, scene: &Scene<'_>) -> Option<PresetPlace> {
        ui.set_width(theme::PRESETS.0);
        ui.add(TextEdit::singleline(&mut self.word).hint_text("Find").desired_width(f32::INFINITY));
        let word = self.word.trim().to_lowercase();
        let found = scene.snapshot.presets.iter().enumerate().filter(|(_, preset)| has(preset, &word));
        let found: Vec<(usize, &Preset)> = found.collect();
        if found.is_empty() {
            ui.label(RichText::new("No preset has that.").color(theme::QUIET));
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

fn category(preset: &Preset) -> &str {
    match &preset.place {
        PresetPlace::Factory(_) => "FACTORY",
        PresetPlace::File(_) if preset.category.is_empty() => "YOURS",
        PresetPlace::File(_) => &preset.category,
    }
}

/// What it says about itself, in a line.
fn about(preset: &Preset) -> String {
    let about = &preset.about;
    let author = about.author.as_ref().map(|author| format!("by {author}"));
    let tags = (!about.tags.is_empty()).then(|| about.tags.join(", "));
    let all: Vec<String> = [author, tags, about.description.clone()].into_iter().flatten().collect();
    all.join(" · ")
}

/// Whether it has a word, in small letters, in what it says about itself.
fn has(preset: &Preset, word: &str) -> bool {
    let all = format!("{}\n{}\n{}", preset.name, category(preset), about(preset));
    all.to_lowercase().contains(word)
}

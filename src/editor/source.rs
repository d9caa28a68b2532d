//! The library's texts, to be read and edited: one file at a time, with line numbers and marks where something is wrong. What is typed
//! stays here, whatever happens to the file, until it is played or saved. Window thread.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use egui::{
    Align, Button, ComboBox, FontId, Id, Key, Modifiers, Rect, RichText, ScrollArea, TextBuffer, TextEdit,
    TextStyle, Ui, pos2,
};

use super::assist::Assist;
use super::find::Find;
use super::highlight::Highlight;
use super::{Asked, Scene, theme};
use crate::session::{File, Finding, Message, Shown, Typed};

/// Longer texts are not shown: laying them out would make the window slow.
const LONGEST: usize = 256 << 10;

/// Keys that act while the text has the focus.
const KEYS: [(Modifiers, Key, Action); 6] = [
    (Modifiers::COMMAND.plus(Modifiers::ALT).plus(Modifiers::SHIFT), Key::Z, Action::Redo),
    (Modifiers::COMMAND.plus(Modifiers::ALT), Key::Z, Action::Undo),
    (Modifiers::COMMAND.plus(Modifiers::ALT), Key::Y, Action::Redo),
    (Modifiers::COMMAND, Key::S, Action::Save),
    (Modifiers::COMMAND, Key::Enter, Action::Play),
    (Modifiers::COMMAND, Key::F, Action::Find),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Action {
    Play,
    Save,
    Undo,
    Redo,
    Find,
    /// In the program that the system has for such files.
    OpenOutside,
}

/// What is being typed, in each file, and which file is shown.
#[derive(Default)]
pub struct Source {
    chosen: String,
    drafts: BTreeMap<String, Draft>,
    /// Line to be brought into view.
    go_to: Option<usize>,
    assist: Assist,
    highlight: Highlight,
    find: Find,
    /// Which of the session's texts have been taken over.
    epoch: Option<u64>,
    /// What the session was told last.
    told: Vec<File>,
}

/// The text of a file in the window.
struct Draft {
    text: String,
    /// What the session had when the typing began; nothing is known of it yet where the text is older than the window.
    base: Option<Arc<str>>,
}

impl Draft {
    fn is_typed(&self) -> bool {
        self.base.as_ref().is_none_or(|base| self.text != **base)
    }

    /// Takes over what the session has now, unless something has been typed that it does not have.
    fn follow(&mut self, text: &Arc<str>) {
        let typed = self.base.is_none() || self.is_typed();
        if self.text == **text {
            self.base = Some(text.clone());
        } else if !typed {
            (self.text, self.base) = (text.to_string(), Some(text.clone()));
        } else {
            self.base.get_or_insert_with(|| text.clone());
        }
    }
}

impl Source {
    /// Shows this line (counted from 1) of a file.
    pub fn show(&mut self, file: &str, line: usize) {
        self.chosen = file.to_owned();
        self.go_to = Some(line);
    }

    /// Writes something at the end of the text that is shown, and shows it. The answer is what plays that text, and whether it has nothing else that was
    /// typed and not played yet; none where there is no text.
    pub fn append(&mut self, files: &[Shown], entry: &str) -> Option<(Message, bool)> {
        self.follow(files);
        let draft = self.drafts.get_mut(&self.chosen)?;
        let typed = draft.is_typed();
        if !draft.text.is_empty() && !draft.text.ends_with('\n') {
            draft.text.push('\n');
        }
        draft.text.push_str(entry);
        self.go_to = Some(draft.text.lines().count());
        Some((Message::Edit { file: self.chosen.clone(), text: draft.text.as_str().into() }, !typed))
    }

    /// Takes over what was typed before this window was opened, or came with a project.
    pub fn recall(&mut self, typed: &Typed) {
        if self.epoch == Some(typed.epoch) {
            return;
        }
        self.epoch = Some(typed.epoch);
        for File { path, text } in &typed.files {
            self.drafts.insert(path.clone(), Draft { text: text.to_string(), base: None });
        }
        self.told.clone_from(&typed.files);
    }

    /// All that is typed, where that is not what the session was told last.
    pub fn typed(&mut self) -> Option<Vec<File>> {
        let typed = || self.drafts.iter().filter(|(_, draft)| draft.is_typed());
        let same = |((path, draft), file): ((&String, &Draft), &File)| {
            *path == file.path && draft.text == *file.text
        };
        if typed().count() == self.told.len() && typed().zip(&self.told).all(same) {
            return None;
        }
        let file =
            |(path, draft): (&String, &Draft)| File { path: path.clone(), text: draft.text.as_str().into() };
        self.told = typed().map(file).collect();
        Some(self.told.clone())
    }

    pub fn draw(&mut self, ui: &mut Ui, scene: &Scene<'_>, asked: &mut Asked) {
        let files = &scene.snapshot.texts.files;
        self.follow(files);
        if self.drafts.is_empty() {
            ui.label(theme::quiet(
                ui,
                "Open a library to see its text: choose a preset above, or type a path in the browser.",
            ));
            return;
        }
        let shown = files.iter().find(|file| file.path == self.chosen);
        let id = Id::unique("text");
        let mut action = None;
        if ui.memory(|memory| memory.has_focus(id)) {
            let pressed = |(keys, key, _): &&(Modifiers, Key, Action)| {
                ui.input_mut(|input| input.consume_key(*keys, *key))
            };
            action = KEYS.iter().find(pressed).map(|(.., action)| *action);
        }
        action = self.row(ui, scene, shown).or(action);
        self.changed_meanwhile(ui, shown);
        if let Some(draft) = self.drafts.get(&self.chosen) {
            self.go_to = self.find.draw(ui, &draft.text, id).or(self.go_to);
        }
        self.text(ui, scene, id);
        match action {
            Some(Action::Find) => self.find.open(ui),
            Some(Action::OpenOutside) => asked.outside = shown.map(|file| file.path.clone().into()),
            Some(action) => asked.messages.extend(self.ask(action, scene, shown)),
            None => {}
        }
    }

    /// Keeps what is typed, and of the rest only the text that is shown: libraries can be large.
    fn follow(&mut self, files: &[Shown]) {
        let known = |path: &String| files.iter().any(|file| file.path == *path);
        // What was typed in a file that is gone is no loss where it stands in another: it was saved under another name.
        let elsewhere = |draft: &Draft| files.iter().any(|file| *file.text == draft.text);
        self.drafts.retain(|path, draft| match known(path) {
            true => draft.is_typed() || *path == self.chosen,
            false => draft.is_typed() && !elsewhere(draft),
        });
        if !known(&self.chosen) && !self.drafts.contains_key(&self.chosen) {
            let first = files.first().map(|file| &file.path).or(self.drafts.keys().next());
            self.chosen = first.cloned().unwrap_or_default();
        }
        for file in files {
            if file.path == self.chosen || self.drafts.contains_key(&file.path) {
                let (text, base) = (String::new(), Some("".into()));
                self.drafts.entry(file.path.clone()).or_insert(Draft { text, base }).follow(&file.text);
            }
        }
    }

    /// Paths of all files, and of those that the library has lost while something was typed for them.
    fn paths(&self, files: &[Shown]) -> Vec<String> {
        let lost = self.drafts.keys().filter(|path| files.iter().all(|file| file.path != **path));
        files.iter().map(|file| &file.path).chain(lost).cloned().collect()
    }

    /// The row above the text: which file, how it stands with it, and what can be done.
    fn row(&mut self, ui: &mut Ui, scene: &Scene<'_>, shown: Option<&Shown>) -> Option<Action> {
        let texts = &scene.snapshot.texts;
        let typed = self.drafts.get(&self.chosen).is_some_and(Draft::is_typed);
        let mut action = None;
        let step = |way: &Option<String>| if typed { None } else { way.clone() };
        let ways = |way: &Option<String>, name: &str, keys: &str| match (way, typed) {
            (_, true) => "Play or save what you have typed first".into(),
            (Some(what), _) => format!("{name} {what} ({keys})"),
            (None, _) => format!("There is nothing to {}", name.to_lowercase()),
        };
        let saved = shown.is_some_and(|file| file.saved);
        let (undo, redo) = (&texts.undo, &texts.redo);
        let outside = shown.is_some_and(|file| Path::new(&file.path).exists());
        let buttons = [
            ("Play", Action::Play, typed, "Play this text without saving it (Ctrl+Enter)".into()),
            ("Save", Action::Save, typed || !saved, "Save this text, and play it (Ctrl+S)".into()),
            ("Undo", Action::Undo, step(undo).is_some(), ways(undo, "Undo", "Ctrl+Alt+Z")),
            ("Redo", Action::Redo, step(redo).is_some(), ways(redo, "Redo", "Ctrl+Alt+Y")),
            ("Find", Action::Find, true, "Find words in this text (Ctrl+F)".into()),
            (
                "Open outside",
                Action::OpenOutside,
                outside,
                "Open the file in your own editor; what you save there is heard".into(),
            ),
        ];
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            let chosen = name(&self.chosen, typed);
            let combo = ComboBox::from_id_salt("file").selected_text(&chosen).show_ui(ui, |ui| {
                for path in self.paths(&texts.files) {
                    let name = name(&path, self.drafts.get(&path).is_some_and(Draft::is_typed));
                    ui.selectable_value(&mut self.chosen, path, name);
                }
            });
            let label = format!("File: {chosen}");
            combo.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, &label));
            for (label, does, possible, hint) in buttons {
                let button = ui.add_enabled(possible, Button::new(label));
                let button = button.on_hover_text(&hint).on_disabled_hover_text(&hint);
                if button.clicked() {
                    action = Some(does);
                }
            }
            ui.label(theme::quiet(ui, standing(typed, shown)));
        });
        action
    }

    /// Another text has come while something was typed: both are there, and the user chooses.
    fn changed_meanwhile(&mut self, ui: &mut Ui, shown: Option<&Shown>) {
        let (Some(draft), Some(shown)) = (self.drafts.get_mut(&self.chosen), shown) else { return };
        if draft.is_typed() && draft.base.as_ref() != Some(&shown.text) {
            ui.horizontal_wrapped(|ui| {
                let text = "This file has changed while you typed. Your text is kept.";
                ui.label(RichText::new(text).color(theme::of(ui).warm));
                if ui.button("Show the new text").clicked() {
                    (draft.text, draft.base) = (shown.text.to_string(), Some(shown.text.clone()));
                }
            });
        }
    }

    fn text(&mut self, ui: &mut Ui, scene: &Scene<'_>, id: Id) {
        let Some(draft) = self.drafts.get_mut(&self.chosen) else { return };
        if draft.text.len() > LONGEST {
            let text = format!("This text is longer than {} KB: edit it in another program.", LONGEST >> 10);
            ui.label(theme::quiet(ui, text));
            return;
        }
        let marks = marks(scene, &self.chosen);
        let font = TextStyle::Monospace.resolve(ui.style());
        let highlight = &mut self.highlight;
        // Long lines go on to the right, so that a line is a row.
        let mut layouter =
            |ui: &Ui, text: &dyn TextBuffer, _width: f32| highlight.lay_out(ui, text.as_str(), &font);
        let go_to = self.go_to.take();
        let assist = &mut self.assist;
        assist.keys(ui, id, &mut draft.text);
        ScrollArea::both().id_salt("text").auto_shrink(false).show(ui, |ui| {
            ui.horizontal_top(|ui| {
                let gutter = ui.allocate_exact_size(egui::vec2(theme::GUTTER, 1.0), egui::Sense::hover()).0;
                let edit = TextEdit::multiline(&mut draft.text)
                    .id(id)
                    .code_editor()
                    .frame(egui::Frame::NONE)
                    .desired_width(f32::INFINITY)
                    .min_size(ui.available_size())
                    .layouter(&mut layouter)
                    .show(ui);
                let name = format!("Text of {}", file_name(&self.chosen));
                ui.ctx().accesskit_node_builder(id, |node| node.set_label(name));
                assist.draw(ui, &edit, &mut draft.text, &scene.snapshot.sounds);
                let clip = ui.clip_rect();
                for (line, row) in edit.galley.rows.iter().enumerate() {
                    let rect = row.rect().translate(edit.galley_pos.to_vec2());
                    if go_to == Some(line + 1) {
                        ui.scroll_to_rect(rect, Some(Align::Center));
                    }
                    if rect.max.y >= clip.min.y && rect.min.y <= clip.max.y {
                        mark(ui, gutter.max.x, rect, line + 1, marks.get(&(line + 1)).copied());
                    }
                }
            });
        });
    }

    fn ask(&self, action: Action, scene: &Scene<'_>, shown: Option<&Shown>) -> Option<Message> {
        let texts = &scene.snapshot.texts;
        let draft = self.drafts.get(&self.chosen)?;
        let typed = draft.is_typed();
        let (file, text) = (self.chosen.clone(), Arc::from(draft.text.as_str()));
        match action {
            Action::Play => typed.then_some(Message::Edit { file, text }),
            Action::Save if typed || !shown.is_some_and(|file| file.saved) => {
                Some(Message::Save { file, text })
            }
            Action::Undo if !typed && texts.undo.is_some() => Some(Message::Undo),
            Action::Redo if !typed && texts.redo.is_some() => Some(Message::Redo),
            _ => None,
        }
    }
}

/// The file's own name; a dot tells that something is typed.
fn name(path: &str, typed: bool) -> String {
    let name = file_name(path);
    if typed { format!("{name} •") } else { name.into_owned() }
}

/// The last part of a path.
pub fn file_name(path: &str) -> Cow<'_, str> {
    Path::new(path).file_name().map_or(path.into(), |name| name.to_string_lossy())
}

/// How it stands with the text that is shown.
fn standing(typed: bool, shown: Option<&Shown>) -> &'static str {
    match shown {
        _ if typed => "typed, not played yet",
        Some(file) if !file.sounds => "has errors",
        Some(file) if !file.saved => "plays, not saved",
        _ => "plays",
    }
}

/// The worst of what is wrong in each line of a file.
fn marks<'a>(scene: &Scene<'a>, file: &str) -> BTreeMap<usize, &'a Finding> {
    let mut worst: BTreeMap<usize, &Finding> = BTreeMap::new();
    for finding in &scene.snapshot.findings {
        if let Some(place) = finding.place.as_ref().filter(|place| place.file == file) {
            let known = worst.entry(place.line).or_insert(finding);
            if finding.severity > known.severity {
                *known = finding;
            }
        }
    }
    worst
}

/// The number of a line, and what is wrong with it: at its end, and below what is meant.
fn mark(ui: &Ui, right: f32, row: Rect, number: usize, finding: Option<&Finding>) {
    let font = TextStyle::Monospace.resolve(ui.style());
    let small = FontId::monospace(font.size - 2.0);
    let colour = finding.map_or(theme::of(ui).quiet, |finding| theme::severity(ui, finding.severity));
    let painter = ui.painter();
    painter.text(pos2(right - 6.0, row.min.y), egui::Align2::RIGHT_TOP, number, small, colour);
    let Some(Finding { message, place: Some(place), .. }) = finding else { return };
    let letter = ui.fonts_mut(|fonts| fonts.glyph_width(&font, 'm'));
    let from = row.left() + letter * (place.column.max(1) - 1) as f32;
    let end = if row.right() > from { row.right() } else { from + letter };
    painter.hline(from..=end, row.bottom() - 1.0, egui::Stroke::new(1.5, colour));
    let at = pos2(end + 2.0 * letter, row.min.y);
    let message = message.lines().next().unwrap_or_default();
    painter.text(at, egui::Align2::LEFT_TOP, message, FontId::proportional(font.size - 1.5), colour);
}

//! The browser: the sounds of the library that is open, and all libraries there are (the factory's, the user's, those of further folders
//! and those opened before), with a field to find some, favourites, and a note for whoever is clicked. Window thread.

use std::path::PathBuf;

use egui::{
    Align, Button, EventFilter, Key, Label, Layout, Modifiers, Response, RichText, ScrollArea, TextEdit, Ui,
    vec2,
};

use super::dialog::{self, Purpose};
use super::presets::{about, category, has};
use super::source::file_name;
use super::{Asked, Scene, theme};
use crate::session::{Message, Pick, Preset, PresetPlace, Status};

/// What is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum List {
    Sounds,
    Libraries,
    Favourites,
    Recent,
}

const LISTS: [(List, &str, &str); 4] = [
    (List::Sounds, "Sounds", "The sounds of the library that is open"),
    (List::Libraries, "Libraries", "Those of the factory, yours, and those of your folders"),
    (List::Favourites, "★", "Your favourites"),
    (List::Recent, "Recent", "What was open before"),
];

/// A line of the list of libraries.
enum Row<'a> {
    Heading(&'a str),
    Library(usize, &'a Preset),
}

/// What is being typed, and what is listed.
#[derive(Default)]
pub struct Browser {
    /// None chosen yet: the sounds, where there are any.
    list: Option<List>,
    word: String,
    /// A path, and the one that it was last filled from.
    typed: String,
    shown: String,
    /// Folders that the session was told of.
    folders: Vec<String>,
    /// The line that the arrow keys go to.
    next: Option<usize>,
}

impl Browser {
    pub fn draw(&mut self, ui: &mut Ui, scene: &Scene<'_>, asked: &mut Asked) {
        if self.folders != scene.preferences.folders {
            self.folders.clone_from(&scene.preferences.folders);
            asked.messages.push(Message::Folders(self.folders.iter().map(PathBuf::from).collect()));
        }
        self.open_row(ui, scene, asked);
        let first = if scene.snapshot.sounds.is_empty() { List::Libraries } else { List::Sounds };
        let chosen = self.list.unwrap_or(first);
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = 1.0;
            ui.spacing_mut().button_padding.x = 6.0;
            for (list, name, help) in LISTS {
                let button = ui.selectable_label(chosen == list, name);
                if name == "★" {
                    let own = || egui::WidgetInfo::selected(egui::Role::Button, true, chosen == list, help);
                    button.widget_info(own);
                }
                if button.on_hover_text(help).clicked() {
                    self.list = Some(list);
                    if list != List::Sounds {
                        asked.messages.push(Message::ListPresets);
                    }
                }
            }
        });
        let field = TextEdit::singleline(&mut self.word).hint_text("Find").desired_width(f32::INFINITY);
        named(ui.add(field), "Find a sound or library");
        let words = self.word.trim().to_lowercase();
        ui.with_layout(Layout::bottom_up(Align::Min), |ui| {
            let mut audition = scene.preferences.audition;
            let hint = "A note for every sound that is chosen by a click or the arrow keys";
            if ui.checkbox(&mut audition, "Play what is clicked").on_hover_text(hint).changed() {
                asked.prefer(scene, |preferences| preferences.audition = audition);
            }
            ui.with_layout(Layout::top_down_justified(Align::Min), |ui| match chosen {
                List::Sounds => self.sounds(ui, scene, asked, &words),
                List::Libraries => self.libraries(ui, scene, asked, |preset, _| has(preset, &words)),
                List::Favourites => {
                    self.libraries(ui, scene, asked, |preset, favourite| favourite && has(preset, &words));
                }
                List::Recent => recent(ui, scene, asked, &words),
            });
        });
    }

    /// The path of what is open. Return or *Open* opens what is typed; *Reload* reads the files again.
    fn open_row(&mut self, ui: &mut Ui, scene: &Scene<'_>, asked: &mut Asked) {
        if self.shown != scene.snapshot.path {
            self.shown.clone_from(&scene.snapshot.path);
            self.typed.clone_from(&scene.snapshot.path);
        }
        let field = TextEdit::singleline(&mut self.typed)
            .hint_text("Path of a .yaml file, a folder, a bundle")
            .desired_width(f32::INFINITY);
        let field = named(ui.add(field), "Path of a library");
        let entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        let typed = self.typed.trim();
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            let open = ui.add_enabled(!typed.is_empty(), Button::new("Open"));
            if (open.on_hover_text("Open this file, folder or bundle").clicked() || entered)
                && !typed.is_empty()
            {
                asked.messages.push(Message::Open(PathBuf::from(typed)));
            }
            let reload = ui.add_enabled(!scene.snapshot.path.is_empty(), Button::new("Reload"));
            if reload.on_hover_text("Take what the files have now").clicked() {
                asked.messages.push(Message::TakeDisk);
            }
            let known = scene.preferences.folders.iter().any(|folder| folder == typed);
            let keep = ui.add_enabled(!typed.is_empty() && !known, Button::new("Keep folder"));
            let hint = "List the libraries below this folder from now on; Settings lists the folders";
            if keep.on_hover_text(hint).clicked() {
                asked.prefer(scene, |preferences| preferences.folders.push(typed.to_owned()));
            }
        });
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            dialog::button(ui, "File ...", Purpose::Library, typed, asked);
            dialog::button(ui, "Folder ...", Purpose::Libraries, typed, asked);
        });
    }
}

impl Browser {
    /// The sounds of the library; a click, or the arrow keys, choose one.
    fn sounds(&mut self, ui: &mut Ui, scene: &Scene<'_>, asked: &mut Asked, words: &str) {
        let snapshot = scene.snapshot;
        theme::heading(ui, &format!("SOUNDS  {}", snapshot.sounds.len()));
        if snapshot.sounds.is_empty() {
            let text = match snapshot.status {
                Status::Loading => "Loading …",
                Status::Broken => "No sound could be read.",
                Status::Empty | Status::Playing => "Nothing is open.",
            };
            ui.label(theme::quiet(ui, text));
        }
        let has = |name: &&String| words.split_whitespace().all(|word| name.to_lowercase().contains(word));
        let found: Vec<&String> = snapshot.sounds.iter().filter(has).collect();
        if found.is_empty() && !snapshot.sounds.is_empty() {
            ui.label(theme::quiet(ui, "No sound has that."));
        }
        let row = row_height(ui);
        let area = ScrollArea::vertical().id_salt("sounds").auto_shrink(false);
        area.show_rows(ui, row, found.len(), |ui, rows| {
            for at in rows {
                let line = line(ui, *found[at] == snapshot.sound, found[at]);
                let to = self.walk(ui, &line, at, |to| found.get(to).is_some());
                if let Some(to) = to.or(line.clicked().then_some(at)) {
                    asked.messages.push(Message::Choose(found[to].clone()));
                }
            }
        });
    }

    /// The libraries that are wanted, by their groups. A click, or the arrow keys, open one; a star makes it a favourite.
    fn libraries(
        &mut self,
        ui: &mut Ui,
        scene: &Scene<'_>,
        asked: &mut Asked,
        wanted: impl Fn(&Preset, bool) -> bool,
    ) {
        let favourites = &scene.preferences.favourites;
        let mut rows = vec![];
        let mut group = None;
        for (at, preset) in scene.snapshot.presets.iter().enumerate() {
            if wanted(preset, favourites.contains(&preset.place.key())) {
                let own = category(preset);
                if group != Some(own) {
                    rows.push(Row::Heading(own));
                    group = Some(own);
                }
                rows.push(Row::Library(at, preset));
            }
        }
        if rows.is_empty() {
            ui.label(theme::quiet(ui, "No library is like that."));
        }
        let place = |to: usize| match rows.get(to) {
            Some(Row::Library(_, preset)) => Some(preset.place.clone()),
            _ => None,
        };
        let height = row_height(ui);
        let area = ScrollArea::vertical().id_salt("libraries").auto_shrink(false);
        area.show_rows(ui, height, rows.len(), |ui, range| {
            for row in range {
                match &rows[row] {
                    Row::Heading(name) => {
                        let size = vec2(ui.available_width(), height);
                        let text = theme::quiet(ui, *name).small();
                        ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Max), |ui| {
                            ui.set_min_size(size);
                            ui.add(Label::new(text).truncate());
                        });
                    }
                    Row::Library(at, preset) => {
                        let favourite = favourites.contains(&preset.place.key());
                        let line = library(ui, scene, asked, *at, preset, favourite);
                        let to = self.walk(ui, &line, row, |to| place(to).is_some());
                        if let Some(place) = to.or(line.clicked().then_some(row)).and_then(place) {
                            asked.messages.push(Message::Preset(Pick::At(place)));
                        }
                    }
                }
            }
        });
    }

    /// Where the arrow keys lead from a line of a list, if they do: the next one that `is_there`, or the one behind a heading.
    fn walk(
        &mut self,
        ui: &Ui,
        line: &Response,
        at: usize,
        is_there: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        if self.next == Some(at) {
            self.next = None;
            line.request_focus();
            line.scroll_to_me(None);
        }
        if !line.has_focus() {
            return None;
        }
        let filter = EventFilter { vertical_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(line.id, filter));
        let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        let ways = [
            (Key::ArrowDown, [Some(at + 1), Some(at + 2)]),
            (Key::ArrowUp, [at.checked_sub(1), at.checked_sub(2)]),
        ];
        let (_, steps) = ways.into_iter().find(|(key, _)| pressed(*key))?;
        self.next = steps.into_iter().flatten().find(|to| is_there(*to));
        // The line may be out of sight, and is drawn only then.
        let down = self.next.is_some_and(|next| next > at);
        ui.scroll_with_delta(vec2(0.0, if down { -1.0 } else { 1.0 } * row_height(ui)));
        self.next
    }
}

/// A library, with its star.
fn library(
    ui: &mut Ui,
    scene: &Scene<'_>,
    asked: &mut Asked,
    at: usize,
    preset: &Preset,
    favourite: bool,
) -> Response {
    let palette = theme::of(ui);
    let open = scene.snapshot.preset == Some(at);
    let show = |ui: &mut Ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        let (sign, colour) = if favourite { ("★", palette.warm) } else { ("☆", palette.quiet) };
        let star = ui.add(Button::new(RichText::new(sign).color(colour)).frame(false));
        let name = format!("{} is a favourite", preset.name);
        star.widget_info(|| egui::WidgetInfo::selected(egui::Role::CheckBox, true, favourite, &name));
        if star.on_hover_text("A favourite, or not").clicked() {
            asked.prefer(scene, |preferences| preferences.favour(&preset.place.key()));
        }
        let broken = preset.broken || (open && scene.snapshot.status == Status::Broken);
        let name = if broken { format!("{}  ⚠", preset.name) } else { preset.name.clone() };
        let mut help = about(preset);
        if let PresetPlace::File(path) = &preset.place {
            help = format!("{help}\n{}", path.display());
        }
        if broken {
            help += "\nIts text has errors.";
        }
        line(ui, open, &name).on_hover_text(help.trim())
    };
    ui.horizontal(show).inner
}

/// What was open before; a click opens it again.
fn recent(ui: &mut Ui, scene: &Scene<'_>, asked: &mut Asked, words: &str) {
    let has = |path: &&String| words.split_whitespace().all(|word| path.to_lowercase().contains(word));
    let found: Vec<&String> = scene.preferences.recent.iter().filter(has).collect();
    if found.is_empty() {
        ui.label(theme::quiet(ui, "Nothing was open before."));
    }
    let row = row_height(ui);
    ScrollArea::vertical().id_salt("recent").auto_shrink(false).show_rows(
        ui,
        row,
        found.len(),
        |ui, rows| {
            for path in &found[rows] {
                let line = line(ui, **path == scene.snapshot.path, &file_name(path));
                if line.clicked() {
                    asked.messages.push(Message::Open(PathBuf::from(path)));
                }
                line.on_hover_text(path.as_str());
            }
        },
    );
}

/// A line of a list, over its whole width, with its text at the left.
fn line(ui: &mut Ui, chosen: bool, name: &str) -> Response {
    let size = vec2(ui.available_width(), row_height(ui));
    let layout = Layout::left_to_right(Align::Center).with_main_justify(true).with_main_align(Align::Min);
    ui.allocate_ui_with_layout(size, layout, |ui| ui.add(Button::selectable(chosen, name).truncate())).inner
}

fn row_height(ui: &Ui) -> f32 {
    ui.text_style_height(&egui::TextStyle::Button) + 2.0 * ui.spacing().button_padding.y
}

fn named(response: Response, name: &str) -> Response {
    response.ctx.accesskit_node_builder(response.id, |node| node.set_label(name));
    response
}

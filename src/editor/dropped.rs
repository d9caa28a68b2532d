//! What is dropped onto the window: a library opens; a sample is offered to be copied beside the library and played as a new sound, or to stand in for
//! one that is missing. Window thread; files are copied elsewhere.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use egui::{Align2, Area, Button, Frame, Id, Modal, Order, Ui};

use super::errand::Errand;
use super::source::{Source, file_name};
use super::{Asked, Scene, theme};
use crate::session::{Message, help};

/// What libraries and samples end in.
const LIBRARIES: [&str; 3] = ["yaml", "yml", "seiche"];
const SAMPLES: [&str; 8] = ["wav", "wave", "aif", "aiff", "flac", "ogg", "oga", "mp3"];
/// Beside a library, where samples are copied to.
const FOLDER: &str = "samples";
/// Missing samples that a dropped one is offered for, at most.
const OFFERS: usize = 4;

/// What was dropped and is not done with.
#[derive(Default)]
pub struct Dropped {
    samples: VecDeque<PathBuf>,
    /// A sample on its way to the library; then its path seen from there.
    copy: Option<Errand<Result<String, String>>>,
    /// What could not be done.
    fault: Option<String>,
}

/// What a path is taken for.
#[derive(Debug, PartialEq, Eq)]
enum Thing {
    Library,
    Sample,
    /// A folder without a library.
    Folder,
    Other,
}

fn thing(path: &Path) -> Thing {
    let ends = |endings: &[&str], path: &Path| {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        ending.is_some_and(|ending| endings.contains(&ending.as_str()))
    };
    if path.is_dir() {
        let library = |entry: std::fs::DirEntry| ends(&LIBRARIES[..2], &entry.path());
        let some = std::fs::read_dir(path).is_ok_and(|all| all.flatten().any(library));
        return if some { Thing::Library } else { Thing::Folder };
    }
    match path {
        path if ends(&LIBRARIES, path) => Thing::Library,
        path if ends(&SAMPLES, path) => Thing::Sample,
        _ => Thing::Other,
    }
}

impl Dropped {
    /// Says what could not be done.
    pub fn tell(&mut self, fault: String) {
        self.fault = Some(fault);
    }

    /// The window goes: what is being copied is waited for.
    pub fn close(&mut self) {
        self.copy = None;
    }

    /// Takes what was dropped in this frame, and asks what is to become of it. True where the text is to be shown.
    pub fn draw(&mut self, ui: &mut Ui, scene: &Scene<'_>, source: &mut Source, asked: &mut Asked) -> bool {
        if ui.input(|input| !input.raw.hovered_files.is_empty()) {
            welcome(ui);
        }
        let dropped: Vec<PathBuf> =
            ui.input(|input| input.raw.dropped_files.iter().map(|file| file.path().to_owned()).collect());
        for path in dropped {
            self.take(path, scene, asked);
        }
        let copied = self.copy.as_ref().and_then(Errand::result);
        let mut shown = false;
        if let Some(copied) = copied {
            self.copy = None;
            match copied {
                Ok(path) => shown = self.play(&path, scene, source, asked),
                Err(why) => self.fault = Some(why),
            }
        }
        if self.fault.is_some() || (!self.samples.is_empty() && self.copy.is_none()) {
            self.ask(ui, scene, asked);
        }
        shown
    }

    fn take(&mut self, path: PathBuf, scene: &Scene<'_>, asked: &mut Asked) {
        let missing = !scene.snapshot.samples.missing.is_empty();
        match thing(&path) {
            Thing::Library => asked.messages.push(Message::Open(path)),
            Thing::Sample => self.samples.push_back(path),
            Thing::Folder if missing => {
                asked.messages.push(Message::Relink { from: String::new(), to: path });
            }
            Thing::Folder => asked.messages.push(Message::Open(path)),
            Thing::Other => {
                let name = file_name(&path.to_string_lossy()).into_owned();
                self.fault = Some(format!(
                    "{name} is neither a library (.yaml, .yml, .seiche, a folder of them) nor a sample (WAV, AIFF, FLAC, Ogg, MP3)."
                ));
            }
        }
    }

    /// What is to become of the first sample, or what went wrong.
    fn ask(&mut self, ui: &Ui, scene: &Scene<'_>, asked: &mut Asked) {
        let modal = Modal::new(Id::unique("dropped")).show(ui.ctx(), |ui| {
            ui.set_max_width(theme::PRESETS.0);
            if let Some(fault) = &self.fault {
                ui.label(fault.as_str());
                return ui.button("Close").clicked();
            }
            let Some(path) = self.samples.front().cloned() else { return true };
            let name = file_name(&path.to_string_lossy()).into_owned();
            theme::heading(ui, &name);
            let home = home(scene);
            let play = ui.add_enabled(home.is_ok(), Button::new("Play it as a new sound"));
            let told = match &home {
                Ok(_) => {
                    format!("Copied to {FOLDER} beside the library, and written at the end of the text.")
                }
                Err(why) => (*why).into(),
            };
            ui.label(theme::quiet(ui, told));
            if let (true, Ok(home)) = (play.clicked(), home) {
                let from = path.clone();
                self.copy = Errand::start(ui.ctx(), move |_| copy(&from, &home));
                return true;
            }
            let mut missing: Vec<&String> = scene.snapshot.samples.missing.iter().collect();
            missing.sort_by_key(|path| file_name(path) != name);
            for known in missing.into_iter().take(OFFERS) {
                if ui.button(format!("It is the missing {known}")).clicked() {
                    asked.messages.push(Message::Relink { from: known.clone(), to: path.clone() });
                    return true;
                }
            }
            ui.button("Leave it").clicked()
        });
        if (modal.inner || modal.should_close()) && self.fault.take().is_none() {
            self.samples.pop_front();
        }
    }

    /// Writes a sound that plays this sample, and plays it where nothing else was typed that nobody wants to hear yet.
    fn play(&mut self, path: &str, scene: &Scene<'_>, source: &mut Source, asked: &mut Asked) -> bool {
        let name = sound(path, &scene.snapshot.sounds);
        let entry = format!("\n{name}:\n  sample: {{file: {}}}\n", quoted(path));
        match source.append(&scene.snapshot.texts.files, &entry) {
            Some((message, plays)) => {
                if plays {
                    asked.messages.extend([message, Message::Choose(name)]);
                }
                true
            }
            None => {
                self.fault = Some("The library has no text that could be written to.".into());
                false
            }
        }
    }
}

/// That something may be let go here.
fn welcome(ui: &Ui) {
    let area = Area::new(Id::unique("welcome")).order(Order::Tooltip).interactable(false);
    area.anchor(Align2::CENTER_CENTER, egui::Vec2::ZERO).show(ui.ctx(), |ui| {
        Frame::popup(ui.style()).show(ui, |ui| {
            ui.label("Drop a library to open it, or a sample to play it.");
        });
    });
}

/// The folder of the library that is open.
fn home(scene: &Scene<'_>) -> Result<PathBuf, &'static str> {
    let path = Path::new(&scene.snapshot.path);
    match path.parent() {
        Some(_) if path.is_dir() => Ok(path.to_owned()),
        Some(parent) if path.is_file() && path.extension().is_some_and(|ending| ending != "seiche") => {
            Ok(parent.to_owned())
        }
        _ => Err("A sample lies beside its library: open a library of your own first, or save this one."),
    }
}

/// Brings a sample into a library's folder, under another name where that one is taken by something else. The answer is its path seen from there.
fn copy(from: &Path, home: &Path) -> Result<String, String> {
    let written = |path: &Path| path.to_string_lossy().replace('\\', "/");
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if let Ok(inside) = real(from).strip_prefix(real(home)) {
        return Ok(written(inside));
    }
    let fault = |fault: std::io::Error| format!("{} could not be copied: {fault}", from.display());
    let bytes = std::fs::read(from).map_err(fault)?;
    let folder = home.join(FOLDER);
    std::fs::create_dir_all(&folder).map_err(fault)?;
    let stem = from.file_stem().unwrap_or_default().to_string_lossy();
    let ending = from.extension().unwrap_or_default().to_string_lossy();
    for number in 1.. {
        let name = if number == 1 { format!("{stem}.{ending}") } else { format!("{stem} {number}.{ending}") };
        let to = folder.join(&name);
        match std::fs::read(&to) {
            Ok(there) if there == bytes => {}
            Ok(_) => continue,
            Err(_) => std::fs::write(&to, &bytes).map_err(fault)?,
        }
        return Ok(format!("{FOLDER}/{name}"));
    }
    Err(format!("There are too many samples of the name {stem}."))
}

/// A name for the sound of a sample that no other has.
fn sound(path: &str, known: &[String]) -> String {
    let stem = Path::new(path).file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
    let letters = stem.chars().map(|letter| if letter.is_alphanumeric() { letter } else { '_' });
    let name: String = letters.collect();
    // A name of digits alone would be a number; words of the language are no names.
    let plain = name.starts_with(char::is_alphabetic) && !help::is_word(&name);
    let name = if plain { name } else { format!("sound_{name}") };
    let names = (2..).map(|number| format!("{name}_{number}"));
    let free = |name: &String| !known.contains(name);
    std::iter::once(name.clone()).chain(names).find(free).unwrap_or_default()
}

/// As YAML reads it, whatever is in it.
fn quoted(path: &str) -> String {
    let plain =
        path.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '/' | '.' | '_' | '-'));
    if plain && path.starts_with(char::is_alphabetic) {
        path.into()
    } else {
        format!("'{}'", path.replace('\'', "''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::Scratch;

    #[test]
    fn drop_names_sounds_so_that_the_language_takes_them() {
        let known = ["kick".to_owned(), "kick_2".to_owned()];
        for (path, name) in [
            ("samples/Snare 01.wav", "snare_01"),
            ("samples/kick.wav", "kick_3"),
            ("samples/808.wav", "sound_808"),
            ("samples/about.wav", "sound_about"),
            ("samples/delay.wav", "sound_delay"),
            ("samples/Yes.wav", "sound_yes"),
            ("samples/Ü.wav", "ü"),
        ] {
            assert_eq!(sound(path, &known), name, "{path}");
        }
        assert_eq!(quoted("samples/kick.wav"), "samples/kick.wav");
        assert_eq!(quoted("samples/it's, {a} kick.wav"), "'samples/it''s, {a} kick.wav'");
    }

    #[test]
    fn drop_copies_once_and_never_over_another_file() {
        let scratch = Scratch::new("drop-copies");
        let (home, away) = (scratch.0.join("home"), scratch.0.join("away"));
        for folder in [&home, &away] {
            std::fs::create_dir(folder).unwrap();
        }
        let write = |path: &Path, text: &str| std::fs::write(path, text).unwrap();
        let (dropped, inside) = (away.join("a.wav"), home.join("b.wav"));
        write(&dropped, "one");
        write(&inside, "two");
        assert_eq!(copy(&dropped, &home).unwrap(), "samples/a.wav");
        assert_eq!(copy(&dropped, &home).unwrap(), "samples/a.wav", "it is there already");
        write(&dropped, "other");
        assert_eq!(copy(&dropped, &home).unwrap(), "samples/a 2.wav");
        assert_eq!(std::fs::read_to_string(home.join("samples/a.wav")).unwrap(), "one");
        assert_eq!(copy(&inside, &home).unwrap(), "b.wav", "what lies beside the library stays there");
        let gone = copy(&away.join("gone.wav"), &home).unwrap_err();
        assert!(gone.contains("gone.wav could not be copied"), "{gone}");
    }
}

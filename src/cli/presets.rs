//! `seiche presets`: which libraries stand ready to be played, those of the factory and the user's own.

use std::io::Write;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::library::presets::{FOLDER, Place, Preset, Shelf, user_folder};

/// Lists the presets in the order of the plug-in's `Preset Next`, numbered as MIDI program changes are (the first is 1).
#[derive(Args)]
#[command(after_help = format!("\
Your own presets are .yaml files in the folder that the last line names, and in folders there. A folder with a file of its own name
(night/night.yaml) is one preset, with all its files. {FOLDER} names another folder."))]
pub(super) struct Presets {
    /// Only those that have this word in their name, author, tags, category or description.
    word: Option<String>,
    /// How they are written.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// A line for each, for people.
    Text,
    /// One JSON array, for programs.
    Json,
}

impl Presets {
    pub fn run(self) -> ExitCode {
        let mut shelf = Shelf::of(user_folder());
        let word = self.word.unwrap_or_default().to_lowercase();
        let all: Vec<_> =
            shelf.list().into_iter().enumerate().filter(|(_, preset)| has(preset, &word)).collect();
        let text = match self.format {
            Format::Text => text(&all, &shelf),
            Format::Json => format!("{:#}\n", all.iter().map(object).collect::<Value>()),
        };
        // A reader that has seen enough closes the pipe: no fault of ours.
        let _ = std::io::stdout().write_all(text.as_bytes());
        ExitCode::SUCCESS
    }
}

fn has(preset: &Preset, word: &str) -> bool {
    let about = &preset.about;
    let texts =
        [Some(&preset.name), Some(&preset.category), about.author.as_ref(), about.description.as_ref()];
    texts.into_iter().flatten().chain(&about.tags).any(|text| text.to_lowercase().contains(word))
}

fn text(all: &[(usize, Preset)], shelf: &Shelf) -> String {
    let width =
        |of: fn(&Preset) -> usize| all.iter().map(|(_, preset)| of(preset)).max().unwrap_or(0).min(32);
    let (name, shelf_width) = (width(|p| p.name.chars().count()), width(|p| category(p).chars().count()));
    let line = |(number, preset): &(usize, Preset)| {
        let about = &preset.about;
        let author = about.author.as_ref().map(|author| format!("by {author}"));
        let tags = (!about.tags.is_empty()).then(|| format!("[{}]", about.tags.join(", ")));
        let rest: Vec<String> = [author, tags].into_iter().flatten().collect();
        let line = format!(
            "{:>4}  {:name$}  {:shelf_width$}  {}",
            number + 1,
            preset.name,
            category(preset),
            rest.join("  ")
        );
        format!("{}\n", line.trim_end())
    };
    let own = match shelf.folder() {
        Some(folder) => format!("Your presets: {}\n", folder.display()),
        None => String::new(),
    };
    all.iter().map(line).collect::<String>() + &own
}

fn category(preset: &Preset) -> &str {
    match &preset.place {
        Place::Factory(_) => "(factory)",
        Place::File(_) => &preset.category,
    }
}

fn object((number, preset): &(usize, Preset)) -> Value {
    let about = &preset.about;
    let path = match &preset.place {
        Place::Factory(_) => Value::Null,
        Place::File(path) => path.display().to_string().into(),
    };
    json!({
        "number": number + 1,
        "name": preset.name,
        "factory": path.is_null(),
        "path": path,
        "category": preset.category,
        "author": about.author,
        "tags": about.tags,
        "description": about.description,
        "license": about.license,
        "url": about.url,
        "sound": about.sound,
    })
}

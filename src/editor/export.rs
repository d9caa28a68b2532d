//! The export: what is to be written, what must be mended before, and the bounces with how far they are and what they measured. Window
//! thread; the work is done elsewhere.

use std::path::{Path, PathBuf};

use egui::{
    Button, CollapsingHeader, ComboBox, DragValue, Grid, ProgressBar, RichText, ScrollArea, TextEdit, Ui,
};

use super::dialog::{self, Purpose};
use super::settings::TIERS;
use super::{Asked, Exporting, Scene, record, theme};
use crate::session::{
    Bits, Ending, Entry, Export, Foretold, Format, Guess, Loudened, Progress, Report, Standing, Status, Stems,
};

const FORMATS: [(Format, &str); 4] =
    [(Format::Wav, "WAV"), (Format::Bwf, "Broadcast WAV"), (Format::Aiff, "AIFF"), (Format::Flac, "FLAC")];
const BITS: [(Bits, &str); 3] =
    [(Bits::Sixteen, "16 bit"), (Bits::TwentyFour, "24 bit"), (Bits::Float, "32 bit float")];
const RATES: [(u32, &str); 6] = [
    (44_100, "44.1 kHz"),
    (48_000, "48 kHz"),
    (88_200, "88.2 kHz"),
    (96_000, "96 kHz"),
    (176_400, "176.4 kHz"),
    (192_000, "192 kHz"),
];
const ENDINGS: [(Ending, &str); 3] = [
    (Ending::Cut, "Cut"),
    (Ending::Rings, "Rings out"),
    (Ending::Wrapped, "Rings into the beginning (a loop)"),
];
const STEMS: [(Stems, &str); 4] = [
    (Stems::None, "Only the mix"),
    (Stems::Dry, "Tracks before their effects"),
    (Stems::PostInsert, "Tracks behind their effects"),
    (Stems::PostFader, "Tracks behind their faders"),
];
const LEVELS: [(Loudened, &str, &str); 4] = [
    (Loudened::AsItIs, "As it is", ""),
    (Loudened::Peak(-1.0), "Peak", " dBFS"),
    (Loudened::TruePeak(-1.0), "True peak", " dBTP"),
    (Loudened::Lufs(-16.0), "Loudness", " LUFS"),
];

/// Seconds after which free space is looked up again.
const LOOK: f64 = 5.0;

/// What is being set up; the preferences keep what was exported last.
#[derive(Default)]
pub struct Pane {
    wish: Option<Export>,
    /// What was foretold last.
    heard: Option<Export>,
    /// Bytes that are free, where that was looked up last and when.
    free: Option<(String, f64, Option<u64>)>,
}

/// Whether anything is being written.
pub fn runs(scene: &Scene<'_>) -> bool {
    scene.exports.iter().any(|entry| matches!(entry.standing, Standing::Running(_)))
}

/// How far it is, for the tab.
pub fn mark(scene: &Scene<'_>) -> Option<String> {
    let running = scene.exports.iter().find_map(|entry| match &entry.standing {
        Standing::Running(progress) => Some(progress.done),
        _ => None,
    });
    let take =
        scene.recording.running.as_ref().map(|(_, seconds)| format!("REC {}", record::clock(*seconds)));
    running.map(|done| format!("{:.0} %", done * 100.0)).or(take)
}

impl Pane {
    /// The file was chosen.
    pub fn write_to(&mut self, scene: &Scene<'_>, path: String) {
        self.wish.get_or_insert_with(|| scene.preferences.export.clone()).path = path;
    }

    pub fn draw(&mut self, ui: &mut Ui, scene: &Scene<'_>, asked: &mut Asked) {
        let wish = self.wish.get_or_insert_with(|| scene.preferences.export.clone());
        ScrollArea::vertical().id_salt("export").auto_shrink(false).show(ui, |ui| {
            theme::heading(ui, "WHAT SOUNDS, AS FILES");
            Grid::new("export").num_columns(2).spacing([16.0, 8.0]).show(ui, |ui| form(ui, wish, asked));
            foretell(ui, scene, wish, &mut self.heard, asked);
            let free = free(ui, wish, &mut self.free);
            begin(ui, scene, wish, free, asked);
            if !scene.exports.is_empty() {
                ui.add_space(10.0);
                theme::heading(ui, "EXPORTS");
            }
            for entry in scene.exports.iter().rev() {
                ui.push_id(entry.id, |ui| one(ui, entry, asked));
            }
            ui.add_space(10.0);
            record::draw(ui, scene, asked);
        });
    }
}

fn form(ui: &mut Ui, wish: &mut Export, asked: &mut Asked) {
    let label = ui.label("File");
    ui.horizontal(|ui| {
        dialog::button(ui, "Choose ...", Purpose::Export, &wish.path, asked);
        let field =
            TextEdit::singleline(&mut wish.path).hint_text("/music/night.wav").desired_width(f32::INFINITY);
        ui.add(field).labelled_by(label.id);
    });
    ui.end_row();
    ui.label("Format");
    ui.horizontal_wrapped(|ui| {
        choice(ui, "Format", &FORMATS, &mut wish.format);
        choice(ui, "Bits", &BITS, &mut wish.bits);
        choice(ui, "Rate", &RATES, &mut wish.rate);
        choice(ui, "Quality", &TIERS.map(|(tier, name, _)| (tier, name)), &mut wish.quality);
    });
    ui.end_row();
    ui.label("Range");
    ui.horizontal_wrapped(|ui| {
        seconds(ui, "from", &mut wish.from);
        let mut set = wish.to.is_some();
        ui.checkbox(&mut set, "to").on_hover_text("Without an end it is as long as the sound says");
        let mut to = wish.to.unwrap_or(wish.from + 30.0);
        ui.add_enabled_ui(set, |ui| seconds(ui, "", &mut to));
        wish.to = set.then_some(to);
        choice(ui, "Ending", &ENDINGS, &mut wish.ending);
    });
    ui.end_row();
    ui.label("Tempo");
    ui.horizontal_wrapped(|ui| {
        let mut set = wish.bpm.is_some();
        ui.checkbox(&mut set, "as in a host of")
            .on_hover_text("Otherwise the sound plays by itself, in its own tempo");
        let mut bpm = wish.bpm.unwrap_or(120.0);
        let value = DragValue::new(&mut bpm)
            .range(1.0..=1000.0)
            .speed(0.1)
            .suffix(" bpm")
            .update_while_editing(false);
        named(ui.add_enabled(set, value), "Tempo");
        wish.bpm = set.then_some(bpm);
    });
    ui.end_row();
    ui.label("Stems");
    choice(ui, "Stems", &STEMS, &mut wish.stems);
    ui.end_row();
    ui.label("Level");
    ui.horizontal_wrapped(|ui| level(ui, &mut wish.loudness));
    ui.end_row();
}

/// How loud everything becomes, by one gain.
fn level(ui: &mut Ui, wish: &mut Loudened) {
    let same = |a: &Loudened, b: &Loudened| std::mem::discriminant(a) == std::mem::discriminant(b);
    let (_, shown, unit) = LEVELS.into_iter().find(|(level, ..)| same(level, wish)).unwrap_or(LEVELS[0]);
    let combo = ComboBox::from_id_salt("level").selected_text(shown).show_ui(ui, |ui| {
        for (level, name, _) in LEVELS {
            if ui.selectable_label(same(&level, wish), name).clicked() {
                *wish = level;
            }
        }
    });
    told(&combo.response, "Level", shown);
    if let Loudened::Peak(value) | Loudened::TruePeak(value) | Loudened::Lufs(value) = wish {
        let field =
            DragValue::new(value).range(-60.0..=0.0).speed(0.1).suffix(unit).update_while_editing(false);
        named(ui.add(field), "Level of the loudest");
    }
}

fn seconds(ui: &mut Ui, label: &str, value: &mut f64) {
    if !label.is_empty() {
        ui.label(label);
    }
    let field =
        DragValue::new(value).range(0.0..=86_400.0).speed(0.1).suffix(" s").update_while_editing(false);
    named(ui.add(field), if label.is_empty() { "End" } else { "Beginning" });
}

fn choice<T: Copy + PartialEq>(ui: &mut Ui, name: &str, all: &[(T, &str)], value: &mut T) {
    let shown = all.iter().find(|(known, _)| known == value).map_or("", |(_, text)| text);
    let combo = ComboBox::from_id_salt(name).selected_text(shown).show_ui(ui, |ui| {
        for (known, text) in all {
            ui.selectable_value(value, *known, *text);
        }
    });
    told(&combo.response, name, shown);
}

fn told(response: &egui::Response, name: &str, shown: &str) {
    response
        .widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, format!("{name}: {shown}")));
}

fn named(response: egui::Response, name: &str) {
    response.ctx.accesskit_node_builder(response.id, |node| node.set_label(name));
}

/// Bytes that are free where it is to be written: asked again now and then.
fn free(ui: &Ui, wish: &Export, known: &mut Option<(String, f64, Option<u64>)>) -> Option<u64> {
    let now = ui.input(|input| input.time);
    if known.as_ref().is_none_or(|(path, at, _)| *path != wish.path || (now - at).abs() > LOOK) {
        *known = Some((wish.path.clone(), now, wish.free()));
    }
    known.as_ref().and_then(|(.., free)| *free)
}

/// How loud it is going to be: asked for by a button, as it takes a while.
fn foretell(ui: &mut Ui, scene: &Scene<'_>, wish: &Export, heard: &mut Option<Export>, asked: &mut Asked) {
    let same =
        heard.as_ref().is_some_and(|heard| Export { path: wish.path.clone(), ..heard.clone() } == *wish);
    if !same && heard.take().is_some() {
        asked.export = Some(Exporting::Forget);
    }
    ui.horizontal_wrapped(|ui| {
        let listens = *scene.foretold == Foretold::Listening;
        let open = scene.snapshot.status != Status::Empty;
        let button = ui.add_enabled(open && !listens, Button::new("Foretell the level"));
        let hint = "Listen ahead: how loud the mix is going to be, before anything is written";
        if button.on_hover_text(hint).clicked() {
            *heard = Some(wish.clone());
            asked.export = Some(Exporting::Foretell(Box::new(wish.clone()), scene.host.moved()));
        }
        let palette = theme::of(ui);
        let told = |guess: &Guess| match (guess.expected, guess.bound) {
            (None, _) => "It is going to be silent.".into(),
            (Some(peak), Some(most)) if most > peak + 0.05 => {
                format!("Its peak is going to be near {peak:.1} dBFS, and not above {most:.1}.")
            }
            (Some(peak), _) => format!("Its peak is going to be near {peak:.1} dBFS."),
        };
        match scene.foretold {
            Foretold::Nothing => {}
            Foretold::Listening => drop(ui.label(theme::quiet(ui, "Listening ahead ..."))),
            Foretold::Known(forecast) => {
                let loud = forecast.mix.expected.is_some_and(|peak| peak > 0.0);
                let ink = if loud { palette.fault } else { palette.accent };
                let text = ui.label(RichText::new(told(&forecast.mix)).color(ink));
                if !forecast.weak.is_empty() {
                    text.on_hover_text(format!("It may be wrong: {}.", forecast.weak.join("; ")));
                }
            }
            Foretold::Unknown(why) => drop(ui.label(RichText::new(why).color(palette.warm))),
        }
    });
    if let Foretold::Known(forecast) = scene.foretold {
        CollapsingHeader::new("Levels of the tracks").show(ui, |ui| {
            Grid::new("foretold").num_columns(2).spacing([10.0, 2.0]).show(ui, |ui| {
                for (name, guess) in &forecast.strips {
                    ui.label(theme::quiet(ui, name).small());
                    let level = guess.expected.map_or("silent".into(), |peak| format!("{peak:.1} dBFS"));
                    ui.label(RichText::new(level).small());
                    ui.end_row();
                }
            });
        });
    }
}

/// The button, with what must be mended first.
fn begin(ui: &mut Ui, scene: &Scene<'_>, wish: &Export, free: Option<u64>, asked: &mut Asked) {
    let mut faults = wish.faults();
    if scene.snapshot.status == Status::Empty {
        faults.insert(0, "Nothing is open.".into());
    }
    let palette = theme::of(ui);
    for fault in &faults {
        ui.label(RichText::new(fault).color(palette.warm));
    }
    let missing = scene.snapshot.samples.missing.len();
    let notes = [
        (missing > 0, format!("{missing} samples are missing and will be silent.")),
        (wish.replaces(), "The file is there already and will be replaced.".into()),
        (wish.bytes().is_some(), format!("The mix will take {}.", megabytes(wish.bytes().unwrap_or(0)))),
    ];
    if let (Some(free), Some(bytes)) = (free, wish.bytes())
        && bytes > free
    {
        let text = format!("There are only {} free: that is not enough.", megabytes(free));
        ui.label(RichText::new(text).color(palette.fault));
    } else if let Some(free) = free {
        ui.label(theme::quiet(ui, format!("{} are free there.", megabytes(free))));
    }
    for (_, note) in notes.into_iter().filter(|(is, _)| *is) {
        ui.label(theme::quiet(ui, note));
    }
    let button = ui.add_enabled(faults.is_empty(), Button::new("Export"));
    let button = button.on_hover_text(
        "Write what sounds now, with the mixer and macros as they stand; you can go on playing",
    );
    named(button.clone(), "Begin the export");
    if button.clicked() {
        asked.prefer(scene, |preferences| preferences.export = wish.clone());
        asked.export = Some(Exporting::Begin(Box::new(wish.clone()), scene.host.moved()));
    }
}

fn megabytes(bytes: u64) -> String {
    if bytes < 10_000_000_000 {
        format!("{:.1} MB", bytes as f64 / 1e6)
    } else {
        format!("{:.0} GB", bytes as f64 / 1e9)
    }
}

/// An export: its progress, or what came of it.
fn one(ui: &mut Ui, entry: &Entry, asked: &mut Asked) {
    let palette = theme::of(ui);
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(&entry.name).strong());
        match &entry.standing {
            Standing::Waiting => {
                ui.label(theme::quiet(ui, "waits"));
            }
            Standing::Running(progress) => {
                let left = progress
                    .left
                    .map_or(String::new(), |left| format!(", {} left", time(left.as_secs_f64())));
                ui.label(theme::quiet(ui, format!("{} of sound written{left}", time(progress.written))));
            }
            Standing::Done(report) => {
                let faster =
                    format!("{:.1} s, {:.0} times real time", report.seconds, report.real_time_factor);
                ui.label(RichText::new(format!("done in {faster}")).color(palette.accent));
            }
            Standing::Failed(failure) => {
                ui.label(RichText::new(failure.to_string()).color(palette.fault));
            }
        }
    });
    match &entry.standing {
        Standing::Waiting => cancel(ui, entry, asked),
        Standing::Running(progress) => running(ui, entry, progress, asked),
        Standing::Done(report) => done(ui, report, asked),
        Standing::Failed(_) => {}
    }
}

fn cancel(ui: &mut Ui, entry: &Entry, asked: &mut Asked) {
    if ui.button("Cancel").on_hover_text("No file is left of it").clicked() {
        asked.export = Some(Exporting::Cancel(entry.id));
    }
}

/// The whole, and each track.
fn running(ui: &mut Ui, entry: &Entry, progress: &Progress, asked: &mut Asked) {
    bar(ui, &entry.name, progress.done as f32);
    ui.horizontal(|ui| {
        cancel(ui, entry, asked);
        let (word, hint) = if progress.paused { ("Go on", "Go on") } else { ("Hold", "Hold it for a while") };
        if ui.button(word).on_hover_text(hint).clicked() {
            asked.export = Some(Exporting::Pause(entry.id, !progress.paused));
        }
    });
    CollapsingHeader::new("Tracks").default_open(true).show(ui, |ui| {
        Grid::new("tracks").num_columns(2).spacing([10.0, 2.0]).show(ui, |ui| {
            for (name, done) in &progress.parts {
                ui.add(egui::Label::new(theme::quiet(ui, name).small()).truncate());
                bar(ui, name, *done as f32);
                ui.end_row();
            }
        });
    });
}

fn bar(ui: &mut Ui, name: &str, done: f32) {
    let wide = ui.available_width().min(360.0);
    let bar = ui.add(ProgressBar::new(done).desired_width(wide).desired_height(10.0));
    bar.widget_info(|| {
        let mut info =
            egui::WidgetInfo::labeled(egui::Role::ProgressIndicator, true, format!("Progress of {name}"));
        info.current_text_value = Some(format!("{:.0} %", done * 100.0));
        info
    });
}

/// What was measured, and where it lies.
fn done(ui: &mut Ui, report: &Report, asked: &mut Asked) {
    let palette = theme::of(ui);
    Grid::new("files").num_columns(5).spacing([14.0, 2.0]).show(ui, |ui| {
        for file in &report.files {
            let level =
                |value: Option<f64>, unit: &str| value.map_or("silent".into(), |x| format!("{x:.1} {unit}"));
            let name = file.path.as_deref().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
            ui.label(RichText::new(name).small());
            ui.label(theme::quiet(ui, level(file.levels.peak, "dBFS")).small());
            ui.label(theme::quiet(ui, level(file.levels.true_peak, "dBTP")).small());
            ui.label(theme::quiet(ui, level(file.levels.lufs, "LUFS")).small());
            let clipped =
                if file.clipped > 0 { format!("{} samples clipped", file.clipped) } else { String::new() };
            ui.label(RichText::new(clipped).small().color(palette.fault));
            ui.end_row();
        }
    });
    for fault in &report.faults {
        let text = format!("{} was {} at {:.2} s ({})", fault.part, fault.done, fault.at, fault.cause);
        ui.label(RichText::new(text).color(palette.fault));
    }
    for warning in &report.warnings {
        ui.label(RichText::new(warning).color(palette.warm));
    }
    let folder = report.files.first().and_then(|file| file.path.as_deref()?.parent().map(PathBuf::from));
    if let Some(folder) = folder
        && ui.button("Show the folder").on_hover_text(folder.display().to_string()).clicked()
    {
        asked.outside = Some(folder);
    }
}

/// Minutes and seconds.
fn time(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    format!("{}:{:02}", whole / 60, whole % 60)
}

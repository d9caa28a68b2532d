//! The window, in egui: one pane a file. Panes see a [`Scene`] (what the session knows, and figures of this moment) and say in [`Asked`]
//! what the user wants; they know neither framework nor engine, so they can be drawn in a test. Window thread.

mod assist;
mod audition;
mod bar;
mod browser;
mod dialog;
mod disk;
mod dropped;
mod errand;
mod export;
mod find;
mod findings;
mod graph;
mod highlight;
mod host;
mod keyboard;
mod levels;
mod macros;
mod mixer;
mod presets;
mod record;
mod samples;
mod scope;
mod settings;
mod source;
mod status;
#[cfg(test)]
mod tests;
mod theme;
mod widgets;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use dialog::{Answer, Purpose};
use egui::{CentralPanel, Frame, Margin, Panel, Ui};
use graph::Led;

use crate::session::{
    Control, Counts, Entry, Export, Follows, Foretold, Freezing, Kept, Loudness, Loudnesses, Message,
    Performance, Preferences, Recording, Session, Snapshot, Tiers,
};

pub use host::{Host, Turn};
pub use levels::Levels;
pub use macros::Learning;
pub use record::Recorded;
pub use status::Busy;
pub use theme::{LEAST, SIZE};

/// Everything a pane may show.
pub struct Scene<'a> {
    pub snapshot: &'a Snapshot,
    pub levels: &'a Levels,
    pub loudness: Loudnesses,
    /// How busy the audio thread is.
    pub busy: Busy,
    pub voices: usize,
    /// Frames per second; 0 where nothing plays.
    pub rate: f64,
    /// The decoded samples of all instances in the process.
    pub samples: Counts,
    /// Strips that were silenced because of a fault.
    pub silenced: &'a [String],
    pub host: &'a dyn Host,
    /// The controllers that move the macros.
    pub follows: &'a [Follows],
    /// How keyboards are understood.
    pub performance: Performance,
    pub tiers: Tiers,
    /// Another tier plays: the host has to stop and begin anew.
    pub plays_otherwise: bool,
    /// What the user wants of every window.
    pub preferences: &'a Preferences,
    /// The exports, the oldest first.
    pub exports: &'a [Entry],
    /// How loud the one that is being set up is going to be.
    pub foretold: &'a Foretold,
    pub recording: &'a Recording,
}

/// Seconds of what was played that are saved afterwards, at most.
const KEPT: f64 = 120.0;

/// What the user asked for in a frame.
#[derive(Default)]
pub struct Asked {
    /// Of the session.
    pub messages: Vec<Message>,
    /// Of the host.
    pub turns: Vec<Turn>,
    /// Of the instance's own settings.
    pub performance: Option<Performance>,
    pub tiers: Option<Tiers>,
    /// About the controllers of macros.
    pub learning: Option<Learning>,
    pub preferences: Option<Preferences>,
    pub forget: Option<Forget>,
    pub export: Option<Exporting>,
    pub recorded: Option<Recorded>,
    /// A file or folder that is to be opened in another program.
    pub outside: Option<PathBuf>,
    /// A dialog of the desktop for a file or folder, which begins at this path.
    choose: Option<(Purpose, String)>,
}

/// What is to become of an export.
#[derive(Clone, Debug, PartialEq)]
pub enum Exporting {
    Begin(Box<Export>, Vec<(Control, f32)>),
    /// Listen how loud it is going to be.
    Foretell(Box<Export>, Vec<(Control, f32)>),
    /// It is going to be another one.
    Forget,
    Cancel(u64),
    /// Hold it, or go on.
    Pause(u64, bool),
    /// Play a track from a recording of itself, which is made like an export.
    Freeze(Box<Freezing>, Vec<(Control, f32)>),
    /// Let the track play by itself again.
    Unfreeze(String),
}

/// What is to be measured anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forget {
    /// The highest peaks of a strip; `None`: of the main output.
    Peaks(Option<usize>),
    Loudness,
}

impl Asked {
    /// Changes the preferences.
    fn prefer(&mut self, scene: &Scene<'_>, change: impl FnOnce(&mut Preferences)) {
        change(self.preferences.get_or_insert_with(|| scene.preferences.clone()));
    }
}

/// What stands in the middle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Tab {
    Browser,
    #[default]
    Source,
    Mixer,
    Macros,
    Graph,
    Scope,
    Samples,
    Export,
    Settings,
}

impl Tab {
    const ALL: [Tab; 9] = [
        Tab::Browser,
        Tab::Source,
        Tab::Mixer,
        Tab::Macros,
        Tab::Graph,
        Tab::Scope,
        Tab::Samples,
        Tab::Export,
        Tab::Settings,
    ];

    /// Its name, and what it is for.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Tab::Browser => ("Browser", "Sounds and libraries"),
            Tab::Source => ("Text", "The texts of the library"),
            Tab::Mixer => ("Mixer", "Tracks, buses and the output"),
            Tab::Macros => ("Macros", "The values that are turned while it plays"),
            Tab::Samples => ("Samples", "What is saved with the project, and what is missing"),
            Tab::Graph => ("Graph", "The nodes of the sound that plays, with their levels"),
            Tab::Scope => ("Scope", "Waves, spectra, and what triggers hear"),
            Tab::Export => ("Export", "What sounds, as files"),
            Tab::Settings => ("Settings", "The window, and how keyboards are understood"),
        }
    }

    /// Whether there is anything to be seen; `narrow`: there is no room at the sides.
    fn stands(self, scene: &Scene<'_>, narrow: bool) -> bool {
        match self {
            Tab::Browser => narrow,
            Tab::Macros => narrow && !scene.snapshot.macros.is_empty(),
            Tab::Samples => samples::Samples::concerns(scene),
            Tab::Source | Tab::Mixer | Tab::Graph | Tab::Scope | Tab::Export | Tab::Settings => true,
        }
    }

    /// What is worth a look there.
    fn mark(self, scene: &Scene<'_>) -> Option<String> {
        let missing = scene.snapshot.samples.missing.len();
        match self {
            Tab::Samples if missing > 0 => Some(format!("{missing} missing")),
            Tab::Export => export::mark(scene),
            _ => None,
        }
    }
}

/// What the panes remember between frames.
#[derive(Default)]
pub struct Panes {
    tab: Tab,
    browser: browser::Browser,
    presets: presets::Presets,
    source: source::Source,
    samples: samples::Samples,
    settings: settings::Settings,
    export: export::Pane,
    scope: scope::Scope,
    graph: graph::Pane,
    dropped: dropped::Dropped,
    dialog: dialog::Dialog,
}

/// The window of one instance; what it remembers between frames.
pub struct Editor {
    session: Arc<Session>,
    kept: Arc<Kept>,
    panes: Panes,
    status: status::Status,
    levels: Levels,
    loudness: Loudness,
    audition: audition::Auditioning,
}

/// What is to be drawn again soon, while something moves.
const FRAME: Duration = Duration::from_millis(33);

impl Editor {
    pub fn new(session: Arc<Session>, kept: Arc<Kept>) -> Self {
        Self {
            session,
            kept,
            panes: Panes::default(),
            status: Default::default(),
            levels: Levels::default(),
            loudness: Loudness::default(),
            audition: Default::default(),
        }
    }

    /// Sets fonts and colours; once, when the window is built.
    pub fn dress(context: &egui::Context) {
        theme::dress(context);
    }

    /// Shows the pane of this name, if there is one.
    pub fn show_tab(&mut self, name: &str) {
        if let Some(tab) = Tab::ALL.into_iter().find(|tab| tab.words().0 == name) {
            self.panes.tab = tab;
        }
    }

    /// The window has this size now, in points.
    pub fn resized(&mut self, size: (f32, f32)) {
        self.kept.change(|preferences| preferences.size = size);
    }

    /// Nobody looks any more.
    pub fn closed(&mut self) {
        self.session.audition().press(None);
        self.panes.dialog.close();
        self.panes.dropped.close();
    }

    /// Draws everything and sends the session what the user asked for. The answer is whether a sound was chosen, and what is to be
    /// turned.
    pub fn draw(&mut self, ui: &mut Ui, host: &dyn Host) -> (bool, Vec<Turn>) {
        let snapshot = self.session.snapshot();
        let time = ui.input(|input| input.stable_dt).min(0.2);
        let levels = self.session.levels();
        self.levels.follow(&levels, time);
        let meters = self.session.meters();
        let loudness = meters.as_ref().map(|meters| self.loudness.follow(&meters.main, meters.rate()));
        if let Some(meters) = &meters {
            let graph = &snapshot.graph;
            match self.panes.tab {
                Tab::Scope => self.panes.scope.follow(meters, self.session.drums(), graph),
                Tab::Graph => self.panes.graph.follow(graph, meters, time),
                Tab::Mixer => {
                    meters.nodes.look();
                    self.levels.take_back(&snapshot.strips, graph);
                }
                _ => {}
            }
            if self.panes.tab != Tab::Scope {
                self.panes.scope.rest(meters);
            }
        }
        let rate = self.session.rate();
        let busy = self.status.busy(&self.session, rate);
        let silenced = levels.silenced(&snapshot);
        let preferences = self.kept.now();
        theme::follow(ui.ctx(), preferences.look, preferences.still);
        ui.ctx().set_zoom_factor(preferences.zoom);
        let scene = Scene {
            snapshot: &snapshot,
            levels: &self.levels,
            loudness: loudness.unwrap_or_default(),
            busy,
            voices: levels.voices,
            rate,
            samples: self.session.samples(),
            silenced: &silenced,
            host,
            performance: self.session.performance(),
            tiers: self.session.tiers(),
            plays_otherwise: self.session.plays_otherwise(),
            follows: &self.session.learn().look(),
            preferences: &preferences,
            exports: &self.session.exports().entries(),
            foretold: &self.session.foretelling().look(),
            recording: &self.session.recorder().state(),
        };
        self.panes.source.recall(&self.session.typed());
        let asked = draw(ui, &scene, &mut self.panes);
        let runs = export::runs(&scene) || record::runs(&scene);
        if !self.levels.rest() || levels.voices > 0 || runs {
            ui.ctx().request_repaint_after(FRAME);
        }
        if preferences.audition {
            self.audition.want(&asked.messages);
        }
        self.audition.follow(ui, &self.session, &snapshot);
        self.carry_out(asked, &snapshot)
    }

    fn carry_out(&mut self, asked: Asked, snapshot: &Snapshot) -> (bool, Vec<Turn>) {
        let Asked {
            messages,
            turns,
            performance,
            tiers,
            learning,
            preferences,
            forget,
            export,
            recorded,
            outside,
            ..
        } = asked;
        let recorder = self.session.recorder();
        match recorded {
            Some(Recorded::Start(place)) => recorder.start(place),
            Some(Recorded::Stop) => recorder.stop(),
            Some(Recorded::SaveLast(place)) => recorder.save_last(KEPT, place),
            Some(Recorded::Stems(stems)) => recorder.set_stems(stems),
            Some(Recorded::Strokes(slot, place)) => self.session.save_strokes(slot, place),
            None => {}
        }
        match export {
            Some(Exporting::Begin(export, controls)) => {
                self.session.export(*export, controls);
            }
            Some(Exporting::Foretell(export, controls)) => self.session.foretell(*export, controls),
            Some(Exporting::Forget) => self.session.foretelling().forget(),
            Some(Exporting::Cancel(id)) => self.session.exports().cancel(id),
            Some(Exporting::Pause(id, pause)) => self.session.exports().pause(id, pause),
            Some(Exporting::Freeze(freezing, controls)) => {
                self.session.freeze(*freezing, controls);
            }
            Some(Exporting::Unfreeze(track)) => {
                self.session.unfreeze(&track);
            }
            None => {}
        }
        if let Some(path) = outside {
            // Where the system has no program for it, nothing happens, as with any other link.
            let _ = open::that_detached(path);
        }
        if let Some(tiers) = tiers {
            self.session.set_tiers(tiers);
        }
        if let Some(performance) = performance {
            self.session.perform(performance);
        }
        match learning {
            Some(Learning::Wait(slot)) => self.session.learn().wait(slot),
            Some(Learning::Forget(slot)) => self.session.bind(slot, None),
            None => {}
        }
        if let Some(files) = self.panes.source.typed() {
            self.session.keep_typed(files);
        }
        let room = self.kept.now().samples;
        self.kept.change(|now| {
            *now = preferences.unwrap_or_else(|| now.clone());
            now.remember(&snapshot.path);
        });
        if self.kept.now().samples != room {
            self.kept.make_room();
        }
        match forget {
            Some(Forget::Peaks(strip)) => self.levels.forget(strip),
            Some(Forget::Loudness) => self.loudness.reset(),
            None => {}
        }
        let chose = messages.iter().any(|message| matches!(message, Message::Choose(_)));
        messages.into_iter().for_each(|message| self.session.send(message));
        (chose, turns)
    }
}

/// Lays the panes out. The answer is what the user asked for in this frame.
pub fn draw(ui: &mut Ui, scene: &Scene<'_>, panes: &mut Panes) -> Asked {
    let mut asked = Asked::default();
    let size = ui.available_size();
    let (narrow, low) = (size.x < theme::NARROW, size.y < theme::LOW);
    let palette = theme::of(ui);
    let pane = Frame::new().inner_margin(Margin::symmetric(10, 8)).fill(palette.back);
    let raised = pane.fill(palette.raised).inner_margin(Margin::symmetric(10, 6));
    Panel::top("bar").frame(raised).show(ui, |ui| bar::draw(ui, scene, panes, &mut asked));
    Panel::bottom("status").frame(raised).show(ui, |ui| status::draw(ui, scene));
    if !narrow && scene.preferences.browser {
        let browser =
            Panel::left("browser").frame(pane).default_size(theme::BROWSER).size_range(150.0..=420.0);
        browser.show(ui, |ui| panes.browser.draw(ui, scene, &mut asked));
    }
    if findings::concern(scene) && !low {
        let messages = Panel::bottom("messages").frame(pane).resizable(true).default_size(theme::MESSAGES);
        messages.show(ui, |ui| {
            if let Some(place) = findings::draw(ui, scene) {
                panes.source.show(&place.file, place.line);
                panes.tab = Tab::Source;
            }
        });
    }
    let macros = !scene.snapshot.macros.is_empty();
    if macros && !narrow && !low {
        Panel::bottom("macros")
            .frame(pane)
            .exact_size(theme::MACROS)
            .show(ui, |ui| macros::draw(ui, scene, &mut asked));
    }
    let tabs = pane.inner_margin(Margin { bottom: 0, ..pane.inner_margin });
    Panel::top("tabs").frame(tabs).show_separator_line(false).show(ui, |ui| {
        bar::tabs(ui, scene, panes, &mut asked, narrow);
    });
    if !panes.tab.stands(scene, narrow) {
        panes.tab = Tab::Source;
    }
    CentralPanel::default().frame(pane).show(ui, |ui| match panes.tab {
        Tab::Browser => panes.browser.draw(ui, scene, &mut asked),
        Tab::Source => {
            disk::draw(ui, scene, &mut asked);
            panes.source.draw(ui, scene, &mut asked);
        }
        Tab::Mixer => mixer::draw(ui, scene, &mut asked),
        Tab::Macros => macros::draw(ui, scene, &mut asked),
        Tab::Samples => panes.samples.draw(ui, scene, &mut asked),
        Tab::Graph => match panes.graph.draw(ui, scene) {
            Some(Led::Text(file, line)) => {
                panes.source.show(&file, line);
                panes.tab = Tab::Source;
            }
            Some(Led::Scope(node)) => {
                panes.scope.show(node);
                panes.tab = Tab::Scope;
            }
            None => {}
        },
        Tab::Scope => panes.scope.draw(ui, scene, &mut asked),
        Tab::Export => panes.export.draw(ui, scene, &mut asked),
        Tab::Settings => panes.settings.draw(ui, scene, &mut asked),
    });
    if panes.dropped.draw(ui, scene, &mut panes.source, &mut asked) {
        panes.tab = Tab::Source;
    }
    panes.choose(ui, scene, &mut asked);
    asked
}

impl Panes {
    /// Opens the dialog that a pane wants, and hands on what was chosen in one.
    fn choose(&mut self, ui: &Ui, scene: &Scene<'_>, asked: &mut Asked) {
        if let Some((purpose, start)) = asked.choose.take() {
            self.dialog.open(ui.ctx(), purpose, &start);
        }
        let path = match self.dialog.answer() {
            Some((purpose, Answer::Chosen(path))) => (purpose, path),
            Some((_, Answer::Unable(why))) => return self.dropped.tell(why),
            Some((_, Answer::Nothing)) | None => return,
        };
        let text = |path: PathBuf| path.to_string_lossy().into_owned();
        match path {
            (Purpose::Library | Purpose::Libraries, path) => asked.messages.push(Message::Open(path)),
            (Purpose::Export, path) => self.export.write_to(scene, text(path)),
            (Purpose::Takes, path) => asked.prefer(scene, |preferences| preferences.takes = text(path)),
            (Purpose::Missing, path) => self.samples.look_in(text(path)),
            (Purpose::Collect, path) => self.samples.collect_to(text(path)),
        }
    }
}

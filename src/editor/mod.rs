//! The window, in egui: one pane a file. Panes see a [`Scene`] (what the session knows, and figures of this moment) and answer with a
//! message for the session; they know neither framework nor engine, so they can be drawn in a test. Window thread.

mod assist;
mod disk;
mod findings;
mod keyboard;
mod library;
mod macros;
mod meters;
mod presets;
mod samples;
mod source;
mod status;
#[cfg(test)]
mod tests;
mod theme;

use std::sync::Arc;

use egui::{CentralPanel, Frame, Panel, Ui};

use crate::session::{Counts, Follows, Message, Performance, Session, Snapshot};

pub use macros::{Learning, Turn};
pub use meters::Levels;
pub use theme::SIZE;

/// Everything a pane may show.
pub struct Scene<'a> {
    pub snapshot: &'a Snapshot,
    pub levels: &'a Levels,
    /// Share of its time that the audio thread needs, 0..1.
    pub load: f32,
    pub voices: usize,
    /// The decoded samples of all instances in the process.
    pub samples: Counts,
    /// Strips that were silenced because of a fault.
    pub silenced: &'a [String],
    /// Where the macros stand, 0..1, by their slots.
    pub positions: &'a [f32],
    /// The controllers that move them.
    pub follows: &'a [Follows],
    /// How keyboards are understood.
    pub performance: Performance,
}

/// What the user asked for in a frame.
#[derive(Default)]
pub struct Asked {
    /// Of the session.
    pub message: Option<Message>,
    /// Of the host.
    pub turn: Option<Turn>,
    /// Of the instance's own settings.
    pub performance: Option<Performance>,
    /// About the controllers of macros.
    pub learning: Option<Learning>,
}

/// What the panes remember between frames.
#[derive(Default)]
pub struct Panes {
    library: library::Library,
    presets: presets::Presets,
    source: source::Source,
    samples: samples::Samples,
}

/// The window of one instance; what it remembers between frames.
pub struct Editor {
    session: Arc<Session>,
    panes: Panes,
    status: status::Status,
    levels: Levels,
}

impl Editor {
    pub fn new(session: Arc<Session>) -> Self {
        Self { session, panes: Panes::default(), status: Default::default(), levels: Levels::default() }
    }

    /// Sets fonts and colours; once, when the window is built.
    pub fn dress(context: &egui::Context) {
        theme::apply(context);
    }

    /// Draws everything and sends the session what the user asked for. `positions`: where the host's macros stand, 0..1. The answer is
    /// whether a sound was chosen, and what is to be turned.
    pub fn draw(&mut self, ui: &mut Ui, positions: &[f32]) -> (bool, Option<Turn>) {
        let snapshot = self.session.snapshot();
        let time = ui.input(|input| input.stable_dt);
        let levels = self.session.levels();
        self.levels.follow(&levels, time);
        let load = self.status.load(&self.session);
        let silenced = levels.silenced(&snapshot);
        let scene = Scene {
            snapshot: &snapshot,
            levels: &self.levels,
            load,
            voices: levels.voices,
            samples: self.session.samples(),
            silenced: &silenced,
            positions,
            performance: self.session.performance(),
            follows: &self.session.learn().look(),
        };
        self.panes.source.recall(&self.session.typed());
        let Asked { message, turn, performance, learning } = draw(ui, &scene, &mut self.panes);
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
        let chose = matches!(message, Some(Message::Choose(_)));
        if let Some(message) = message {
            self.session.send(message);
        }
        (chose, turn)
    }
}

/// Lays the panes out. The answer is what the user asked for in this frame.
pub fn draw(ui: &mut Ui, scene: &Scene<'_>, panes: &mut Panes) -> Asked {
    let Panes { library, presets, source, samples } = panes;
    let (mut asked, mut turn, mut performance, mut learning) = (None, None, None, None);
    let pane = Frame::new().inner_margin(12).fill(theme::BACK);
    Panel::top("open").frame(pane).show(ui, |ui| {
        asked = library.open_row(ui, scene);
        asked = asked.take().or(presets.draw(ui, scene));
    });
    Panel::bottom("status").frame(pane.fill(theme::RAISED)).show(ui, |ui| status::draw(ui, scene));
    Panel::bottom("keyboard").frame(pane).show(ui, |ui| performance = keyboard::draw(ui, scene.performance));
    Panel::right("meters")
        .frame(pane)
        .resizable(false)
        .exact_size(theme::METERS)
        .show(ui, |ui| meters::draw(ui, scene));
    Panel::left("sounds").frame(pane).exact_size(theme::SOUNDS).show(ui, |ui| {
        asked = asked.take().or(library.sounds(ui, scene));
    });
    if !scene.snapshot.macros.is_empty() {
        Panel::bottom("macros").frame(pane).show(ui, |ui| (turn, learning) = macros::draw(ui, scene));
    }
    if samples::Samples::concerns(scene) {
        Panel::bottom("samples").frame(pane).show(ui, |ui| asked = asked.take().or(samples.draw(ui, scene)));
    }
    Panel::bottom("messages").frame(pane).resizable(true).default_size(theme::MESSAGES).show(ui, |ui| {
        if let Some(place) = findings::draw(ui, scene) {
            source.show(&place.file, place.line);
        }
    });
    CentralPanel::default().frame(pane).show(ui, |ui| {
        asked = asked.take().or(disk::draw(ui, scene));
        asked = asked.take().or(source.draw(ui, scene));
    });
    Asked { message: asked, turn, performance, learning }
}

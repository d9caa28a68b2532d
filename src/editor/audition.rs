//! A note for whoever clicks a sound or a library: it begins once that is what sounds, and ends by itself. Window thread.

use egui::Ui;

use super::FRAME;
use crate::session::{Message, Pick, PresetPlace, Session, Snapshot, Status};

/// Seconds that a note lasts, and that are waited for its sound.
const LENGTH: f64 = 0.7;
const PATIENCE: f64 = 5.0;
/// The key of a sound whose keys have no names: middle C.
const KEY: u8 = 60;

/// What is to be heard.
#[derive(Clone, Debug, PartialEq)]
enum Wish {
    Sound(String),
    Library(PresetPlace),
}

impl Wish {
    fn is_there(&self, snapshot: &Snapshot) -> bool {
        let there = match self {
            Wish::Sound(name) => snapshot.sound == *name,
            Wish::Library(place) => snapshot
                .preset
                .and_then(|at| snapshot.presets.get(at))
                .is_some_and(|preset| preset.place == *place),
        };
        there && snapshot.status == Status::Playing
    }
}

/// How far it is.
#[derive(Debug, Default)]
enum Stage {
    #[default]
    Silent,
    /// Since when, by egui's clock; none yet.
    Waiting(Wish, Option<f64>),
    Sounding(f64),
}

/// See the head of this file.
#[derive(Debug, Default)]
pub struct Auditioning(Stage);

impl Auditioning {
    /// Listens for what the browser has asked for.
    pub fn want(&mut self, messages: &[Message]) {
        for message in messages {
            let wish = match message {
                Message::Choose(name) => Wish::Sound(name.clone()),
                Message::Preset(Pick::At(place)) => Wish::Library(place.clone()),
                _ => continue,
            };
            self.0 = Stage::Waiting(wish, None);
        }
    }

    /// Presses and releases the key.
    pub fn follow(&mut self, ui: &Ui, session: &Session, snapshot: &Snapshot) {
        let now = ui.input(|input| input.time);
        self.0 = match std::mem::take(&mut self.0) {
            Stage::Silent => return,
            // The sound that was there before is released first; and what is asked for now is not carried out yet.
            Stage::Waiting(wish, None) => {
                session.audition().press(None);
                Stage::Waiting(wish, Some(now))
            }
            Stage::Waiting(wish, Some(_)) if wish.is_there(snapshot) => {
                let named = snapshot.note_names.iter().map(|name| name.key).min();
                session.audition().press(Some(named.unwrap_or(KEY)));
                Stage::Sounding(now + LENGTH)
            }
            Stage::Waiting(_, Some(since)) if now > since + PATIENCE => Stage::Silent,
            Stage::Sounding(until) if now >= until => {
                session.audition().press(None);
                Stage::Silent
            }
            other => other,
        };
        ui.ctx().request_repaint_after(FRAME);
    }
}

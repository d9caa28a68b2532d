//! One note at a time: which key sounds, and what becomes of the note that sounds when it is another one. Audio thread.

use crate::kernel::voices::pool::Place;

use super::manner::Mode;
use super::note::{NoteVariable, Press};
use super::{MidiIn, Moment};

impl MidiIn {
    /// A key goes down where one note sounds.
    pub(super) fn press_one(&mut self, moment: &Moment, press: Press) {
        let another = self.held.iter().next().is_some();
        self.held.press(press);
        if self.held.chosen(self.manner.priority) == Some(press) {
            self.sound(moment, press, another);
        }
    }

    /// Several keys are found down at once: only the one that is to sound is struck.
    pub(super) fn sound_chosen(&mut self, moment: &Moment) {
        if let Some(press) = self.held.chosen(self.manner.priority) {
            self.sound(moment, press, false);
        }
    }

    /// The key of the note that sounds is up: another one that is down sounds instead, if there is one.
    pub(super) fn go_back(&mut self, moment: &Moment, index: usize) -> bool {
        if self.manner.mode == Mode::Poly || index + 1 != self.notes.len() {
            return false;
        }
        let Some(press) = self.held.chosen(self.manner.priority) else { return false };
        self.sound(moment, press, true);
        true
    }

    /// Another key sounds: the voice goes there, or gives way to a new one.
    fn sound(&mut self, moment: &Moment, press: Press, another_is_down: bool) {
        let open = self.notes.last().is_some_and(|note| note.open);
        let glide = self.glide_to(moment, &press, another_is_down || open);
        if self.manner.mode == Mode::Mono || !open {
            self.cut(|_| true);
            self.begin(moment, press, glide);
            return;
        }
        let index = self.notes.len() - 1;
        let keep = self.notes[index].place;
        self.cut(|note| note.place != keep);
        self.go_to(moment, press, glide, keep);
    }

    /// The voice goes to another key. Its velocity stays that of the first one.
    fn go_to(&mut self, moment: &Moment, press: Press, frames: f32, place: Place) {
        let Some(index) = self.notes.iter().position(|note| note.place == place) else { return };
        self.portamento.to(self.semitones(press.key), moment.at, frames);
        let note = &mut self.notes[index];
        note.press = Press { velocity: note.press.velocity, ..press };
        note.part = moment.keyboard.part(press.channel);
        (note.down, note.latched, note.listens) = (true, false, true);
        (note.tuning, note.pressure, note.brightness) = (press.tone.tuning, 0.0, 0.0);
        (note.pan, note.gain, note.vibrato) = (press.tone.pan, 1.0, 0.0);
        note.macros.fill(0.0);
        for n in 0..self.variables.len() {
            if let (NoteVariable::Glide, slot) = self.variables[n] {
                self.pool.set(place, slot, frames);
            }
        }
        self.tell(index, moment.keyboard, |v| !matches!(v, NoteVariable::Lead | NoteVariable::Glide));
    }
}

//! `midi_in`: a voice for every note from the host, with the note's values as scope variables that follow the hand. Which notes sound, and
//! how they end, is said by its [`Manner`]; below a `pattern` they are those that were written (`player`). Audio thread; all memory is made beforehand.

mod manner;
mod mono;
mod note;
mod player;
mod portamento;
mod sender;

use std::slice::{from_mut, from_ref};

use crate::kernel::carry::{Passage, same};
use crate::kernel::event::{Expression, MACROS, What};
use crate::kernel::keyboard::{Change, Keyboard};
use crate::kernel::pass::{Kernel, Pass, Start, silence};

use super::numbers::Numbers;
use super::pool::{Opening, Pool, PoolPlan};
pub use manner::{Choke, Keys, Manner, Mode, Priority, Steal};
use manner::{Held, bit};
use note::Note;
pub use note::{NAMES, NoteVariable, Press, Reads, Tone};
use player::Player;
pub use player::ScorePlan;
use portamento::Portamento;
pub use sender::NotesOut;

pub struct MidiInPlan {
    pub pool: PoolPlan,
    pub manner: Manner,
    /// Slots of the variables that the voices read.
    pub variables: Vec<(NoteVariable, u32)>,
    /// Hertz of each key, 0 for keys that play nothing; `None`: twelve equal steps.
    pub tuning: Option<Box<[f32; 128]>>,
    pub rate: f64,
    /// Notes that were written, instead of those of the host.
    pub score: Option<ScorePlan>,
    /// Voices end by themselves, whatever becomes of their key.
    pub rings: bool,
}

pub struct MidiIn {
    pool: Pool,
    manner: Manner,
    variables: Vec<(NoteVariable, u32)>,
    /// Hertz of the keys, and semitones above 1 Hz.
    keys: Box<[f32; 128]>,
    pitches: Box<[f64; 128]>,
    /// Voices end with their key when nothing in them looks at the gate.
    gated: bool,
    /// Those that sound and do not fade, the oldest first.
    notes: Vec<Note>,
    /// The keys that are down, where one note sounds.
    held: Held,
    portamento: Portamento,
    set: Vec<(u32, f32)>,
    started: u64,
    numbers: Numbers,
    /// Notes have been taken over, and the voices may read what nobody has told them.
    untold: bool,
    /// Plays notes that were written.
    player: Option<Box<Player>>,
}

/// When something happens, and what is known of the keyboard then.
struct Moment<'a> {
    pass: &'a Pass<'a>,
    frame: usize,
    /// The same as an absolute frame.
    at: u64,
    keyboard: &'a Keyboard,
    /// Frames that a glide takes.
    glide: f32,
}

impl MidiIn {
    pub fn new(plan: MidiInPlan) -> Self {
        let pool = Pool::new(plan.pool);
        let equal = || std::array::from_fn(|key| crate::units::key_to_hertz(key as f64) as f32);
        let keys = plan.tuning.unwrap_or_else(|| Box::new(equal()));
        Self {
            notes: Vec::with_capacity(pool.room()),
            gated: plan.rings || plan.variables.iter().any(|(v, _)| *v == NoteVariable::Gate),
            set: Vec::with_capacity(plan.variables.len()),
            pitches: Box::new(keys.map(|hertz| 12.0 * f64::from(hertz.max(f32::MIN_POSITIVE)).log2())),
            keys,
            held: Held::new(),
            portamento: Portamento::new(plan.rate),
            pool,
            manner: plan.manner,
            variables: plan.variables,
            started: 0,
            numbers: Numbers::default(),
            untold: false,
            player: plan.score.map(|score| Box::new(Player::new(score, plan.rings))),
        }
    }

    /// Whether anything here cares for a message: time is cut only there.
    fn cares(&self, what: &What) -> bool {
        match what {
            What::Control { .. } => false,
            What::Controller { number, .. } => matches!(number, 6 | 38 | 64 | 66 | 74 | 120..),
            _ => true,
        }
    }

    fn handle(&mut self, moment: &Moment, what: What, change: Change) {
        match what {
            What::NoteOn { channel, key, note, velocity } if key < 128 && channel < 16 => {
                self.choke(moment.keyboard.part(channel), key);
                self.press(moment, Press { channel, key, id: note, velocity, tone: Tone::default() });
            }
            What::NoteOff { channel, key, note, velocity } => {
                self.held.release(channel, key, note);
                self.come_up(moment, |n| n.press.is(channel, key, note), velocity);
            }
            What::Choke { channel, key, note } => {
                self.held.release(channel, key, note);
                self.cut(|n| n.press.is(channel, key, note));
            }
            What::Expression { channel, key, note, kind, value } => {
                for index in 0..self.notes.len() {
                    let Press { channel: c, key: k, id, .. } = self.notes[index].press;
                    let matches = (note < 0 || id < 0 || id == note)
                        && (key < 0 || i16::from(k) == key)
                        && (channel < 0 || i16::from(c) == channel);
                    if matches {
                        self.express(moment, index, kind, value);
                    }
                }
            }
            _ => self.follow(moment, change),
        }
    }

    /// What a message to a channel is to the notes.
    fn follow(&mut self, moment: &Moment, change: Change) {
        match change {
            Change::Nothing => {}
            Change::Values(channels) => {
                for index in 0..self.notes.len() {
                    if self.notes[index].hears(channels) {
                        self.touch(moment, index);
                    }
                }
            }
            Change::Pedal(channels) => self.lift(moment, channels),
            Change::Latch(channels) => {
                for note in self.notes.iter_mut().filter(|n| n.down && n.counts_for(channels)) {
                    note.latched = true;
                }
            }
            Change::Unlatch(channels) => {
                self.notes.iter_mut().filter(|n| n.counts_for(channels)).for_each(|n| n.latched = false);
                self.lift(moment, channels);
            }
            Change::Reset(channels) => {
                for index in 0..self.notes.len() {
                    if self.notes[index].counts_for(channels) {
                        let note = &mut self.notes[index];
                        (note.pressure, note.latched) = (0.0, false);
                        self.touch(moment, index);
                    }
                }
                self.lift(moment, channels);
            }
            Change::NotesOff(channels) => {
                self.held.forget(channels);
                self.come_up(moment, |n| n.counts_for(channels), 0.0);
            }
            Change::SoundOff(channels) => {
                self.held.forget(channels);
                self.cut(|n| n.counts_for(channels));
            }
        }
    }

    /// A note on any channel fades those of its choke groups.
    fn choke(&mut self, part: u8, key: u8) {
        let cut = self.manner.cut_by(part, key);
        if cut != 0 {
            self.cut(|n| cut & bit(n.press.key) != 0);
        }
    }

    /// Fades notes; they hear nothing any more.
    fn cut(&mut self, which: impl Fn(&Note) -> bool) {
        let pool = &mut self.pool;
        self.notes.retain(|note| {
            let cut = which(note);
            if cut {
                pool.fade(note.place);
            }
            !cut
        });
    }

    /// Whether a note is its own, and its key plays anything.
    fn hears(&self, moment: &Moment, press: &Press) -> bool {
        let part = moment.keyboard.part(press.channel);
        self.manner.plays(part, press.key) && self.keys[usize::from(press.key)] != 0.0
    }

    fn press(&mut self, moment: &Moment, press: Press) {
        let part = moment.keyboard.part(press.channel);
        if !self.hears(moment, &press) {
            return;
        }
        match self.manner.mode {
            Mode::Poly => {
                let glide = self.glide_to(moment, &press, self.notes.iter().any(|n| n.down));
                if self.manner.replace {
                    self.cut(|n| n.press.key == press.key && n.part == part);
                }
                self.begin(moment, press, glide);
            }
            Mode::Mono | Mode::Legato => self.press_one(moment, press),
        }
    }

    /// Begins a voice, for which another may have to give way. `frames`: of the glide there.
    fn begin(&mut self, moment: &Moment, press: Press, frames: f32) {
        while self.pool.playing(moment.pass.lane) >= self.manner.limit && self.steal() {}
        let lead = self.portamento.to(self.semitones(press.key), moment.at, frames);
        let voice = (self.started % self.manner.limit as u64) as f32 + 1.0;
        self.started += 1;
        let note = Note::new(Default::default(), press, moment.keyboard, voice);
        self.set.clear();
        for (variable, slot) in &self.variables {
            let value = match variable {
                NoteVariable::Lead => lead,
                NoteVariable::Glide => frames,
                variable => self.value(&note, *variable, moment.keyboard),
            };
            self.set.push((*slot, value));
        }
        let number = self.numbers.next(moment.pass, moment.frame);
        let parent = moment.pass.lane;
        let opening = Opening { parent, at: moment.at, voice: number, life: None, set: &self.set };
        if let Some(place) = self.pool.start(&opening) {
            self.notes.retain(|n| n.place != place);
            if self.notes.len() < self.notes.capacity() {
                self.notes.push(Note { place, ..note });
            }
        }
    }

    /// Lets a voice fade for another; false where there is none.
    fn steal(&mut self) -> bool {
        let level = |note: &Note| match self.manner.steal {
            Steal::Oldest => 0.0,
            Steal::Quietest => self.pool.level(note.place),
        };
        // Of equals the first, which is the oldest.
        let order = |a: &Note, b: &Note| a.open.cmp(&b.open).then(level(a).total_cmp(&level(b)));
        let first = (0..self.notes.len()).min_by(|a, b| order(&self.notes[*a], &self.notes[*b]));
        let Some(index) = first else { return false };
        let note = self.notes.remove(index);
        self.pool.fade(note.place);
        true
    }

    /// A variable of a note as it is now.
    fn value(&self, note: &Note, variable: NoteVariable, keyboard: &Keyboard) -> f32 {
        let Press { channel, key, velocity, .. } = note.press;
        match variable {
            NoteVariable::Hertz => self.keys[usize::from(key & 127)],
            NoteVariable::Shift => note.tuning + keyboard.shift(channel, self.manner.bend_range),
            NoteVariable::Lead | NoteVariable::Glide => 0.0,
            NoteVariable::Note => f32::from(key),
            NoteVariable::Velocity => velocity,
            NoteVariable::Gate => f32::from(u8::from(note.open)),
            NoteVariable::ReleaseVelocity => note.release,
            NoteVariable::Pressure => note.pressure.max(keyboard.pressure(channel)),
            NoteVariable::Brightness => note.brightness.max(keyboard.brightness(channel)),
            NoteVariable::Bend => keyboard.bend(channel),
            NoteVariable::Pan => note.pan,
            NoteVariable::Gain => note.gain,
            NoteVariable::Vibrato => note.vibrato,
            NoteVariable::Voice => note.voice,
            NoteVariable::Macro(slot) => note.macros[usize::from(slot) % MACROS],
        }
    }

    /// Tells a voice variables of its note.
    fn tell(&mut self, index: usize, keyboard: &Keyboard, which: impl Fn(NoteVariable) -> bool) {
        let note = self.notes[index];
        for n in 0..self.variables.len() {
            let (variable, slot) = self.variables[n];
            if which(variable) {
                let value = self.value(&note, variable, keyboard);
                self.pool.set(note.place, slot, value);
            }
        }
    }

    /// Tells a voice what a hand does.
    fn touch(&mut self, moment: &Moment, index: usize) {
        self.tell(index, moment.keyboard, is_touched);
    }

    fn express(&mut self, moment: &Moment, index: usize, kind: Expression, value: f32) {
        let note = &mut self.notes[index];
        match kind {
            Expression::Tuning => note.tuning = value,
            Expression::Pressure => note.pressure = value,
            Expression::Brightness => note.brightness = value,
            Expression::Gain => note.gain = value,
            Expression::Pan => note.pan = value * 2.0 - 1.0,
            Expression::Vibrato => note.vibrato = value,
            Expression::Macro(slot) => note.macros[usize::from(slot) % MACROS] = value,
        }
        if note.listens {
            self.touch(moment, index);
        }
    }

    /// Keys come up; a pedal may hold their notes.
    fn come_up(&mut self, moment: &Moment, which: impl Fn(&Note) -> bool, velocity: f32) {
        for note in self.notes.iter_mut().filter(|n| n.down && which(n)) {
            (note.down, note.release) = (false, velocity);
        }
        self.close(moment);
    }

    /// A pedal has moved.
    fn lift(&mut self, moment: &Moment, channels: u16) {
        if self.notes.iter().any(|n| n.counts_for(channels)) {
            self.close(moment);
        }
    }

    /// Lets go of what nothing holds any more.
    fn close(&mut self, moment: &Moment) {
        let mut index = 0;
        while index < self.notes.len() {
            let note = self.notes[index];
            if !note.open || note.down || note.is_held(moment.keyboard) || self.go_back(moment, index) {
                index += 1;
                continue;
            }
            if !self.gated {
                self.notes.remove(index);
                self.pool.fade(note.place);
                continue;
            }
            self.notes[index].open = false;
            self.tell(index, moment.keyboard, |v| {
                matches!(v, NoteVariable::Gate | NoteVariable::ReleaseVelocity)
            });
            // What is played next on the channel of an MPE note is not meant for it.
            self.notes[index].listens = !moment.keyboard.is_member(note.press.channel);
            self.pool.release(note.place);
            index += 1;
        }
    }

    fn semitones(&self, key: u8) -> f64 {
        self.pitches[usize::from(key & 127)]
    }

    /// Tells voices that were taken over all that is known of their notes.
    fn tell_all(&mut self, keyboard: &Keyboard) {
        for index in 0..self.notes.len() {
            let listens = self.notes[index].listens;
            self.tell(index, keyboard, |v| listens || !is_touched(v));
        }
    }

    /// In how many frames a note glides there from the one before; 0: it does not.
    fn glide_to(&self, moment: &Moment, press: &Press, another_is_down: bool) -> f32 {
        let manner = if another_is_down || !self.manner.only_legato { moment.glide } else { 0.0 };
        let frames = if press.tone.glide >= 1.0 { press.tone.glide } else { manner };
        if frames >= 1.0 && self.portamento.has_begun() { frames } else { 0.0 }
    }

    /// Frames of a glide that begins at a frame of the pass, as the manner says.
    fn glide_at(&self, pass: &Pass, frame: usize) -> f32 {
        self.manner.portamento.map_or(0.0, |port| {
            let (values, flat) = pass.raw(port, 0);
            self.portamento.frames(values[if flat { 0 } else { frame * pass.width() }])
        })
    }
}

/// Whether a hand moves it while the note sounds.
fn is_touched(variable: NoteVariable) -> bool {
    use NoteVariable::*;
    matches!(variable, Shift | Pressure | Brightness | Bend | Pan | Gain | Vibrato | Macro(_))
}

impl Kernel for MidiIn {
    fn pools(&self) -> &[Pool] {
        from_ref(&self.pool)
    }

    fn pools_mut(&mut self) -> &mut [Pool] {
        from_mut(&mut self.pool)
    }

    fn plays(&self, press: &Press) -> bool {
        let same =
            |other: &Press| (other.channel, other.key, other.id) == (press.channel, press.key, press.id);
        // Written notes are not the host's.
        self.player.is_none()
            && (self.notes.iter().any(|note| same(&note.press) && self.pool.sounding(note.place))
                || self.held.iter().any(|held| same(&held)))
    }

    fn take(&mut self, old: &mut dyn Kernel, passages: &mut [Passage], at: u64) {
        let Some(old) = same::<Self>(old) else { return };
        Pool::take(from_mut(&mut self.pool), from_mut(&mut old.pool), passages, at);
        self.started = old.started;
        self.numbers = old.numbers;
        self.portamento = old.portamento;
        let room = self.notes.capacity();
        let pool = &self.pool;
        let notes = old.notes.iter().filter_map(|n| Some(Note { place: n.place.after(0, passages)?, ..*n }));
        self.notes.extend(notes.filter(|n| pool.sounding(n.place)).take(room));
        match (self.manner.mode, old.manner.mode) {
            (Mode::Poly, _) => {}
            (_, Mode::Poly) => self.held.extend(self.notes.iter().filter(|n| n.down).map(|n| n.press)),
            _ => self.held.extend(old.held.iter()),
        }
        self.untold = true;
        if let (Some(new), Some(old)) = (&mut self.player, &old.player) {
            new.take(old);
        }
    }

    fn start(&mut self, lane: usize, start: Start) {
        self.pool.clear(lane, start.at);
        self.notes.clear();
        self.held.clear();
        self.portamento.forget();
        if let Some(player) = &mut self.player {
            player.start();
        }
        self.started = start.voice.wrapping_mul(65_536);
        self.numbers = Numbers::within(start);
    }

    fn stop(&mut self, lane: usize, at: u64) {
        self.pool.clear(lane, at);
    }

    fn render(&mut self, pass: &mut Pass) {
        silence(pass);
        let mut from = 0;
        let events = pass.events;
        // No hand moves what was written.
        let mut keyboard = if self.player.is_some() { Keyboard::default() } else { pass.controls.keyboard };
        if std::mem::take(&mut self.untold) {
            self.tell_all(&keyboard);
        }
        if let Some(mut player) = self.player.take() {
            self.play(pass, &mut player);
            self.player = Some(player);
            pass.outputs[0].ends.fill(pass.frames as u8);
            return;
        }
        for event in events {
            let change = keyboard.follow(&event.what);
            if !self.cares(&event.what) {
                continue;
            }
            let frame = (event.at as usize).saturating_sub(pass.block_frame).min(pass.frames - 1);
            if frame > from {
                self.pool.render(pass, from, frame);
                from = frame;
            }
            self.notes.retain(|n| self.pool.sounding(n.place));
            let glide = self.glide_at(pass, frame);
            let at = pass.at + frame as u64;
            let moment = Moment { pass, frame, at, keyboard: &keyboard, glide };
            self.handle(&moment, event.what, change);
        }
        self.pool.render(pass, from, pass.frames);
        pass.outputs[0].ends.fill(pass.frames as u8);
    }
}

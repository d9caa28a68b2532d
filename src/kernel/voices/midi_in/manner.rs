//! In which manner `midi_in` plays: which notes, how many at once, which of the keys that are down, and what cuts what. Plain data, made by
//! the compiler.

use super::note::Press;

/// Keys as a bit each.
pub type Keys = u128;

/// What the compiler knows of a `midi_in`.
#[derive(Clone, Debug, PartialEq)]
pub struct Manner {
    /// Notes on this channel, or in this zone, are played; `None`: on all.
    pub channel: Option<u8>,
    pub keys: Keys,
    pub mode: Mode,
    /// Which of the keys that are down sounds, where one does.
    pub priority: Priority,
    /// How many voices sound at once.
    pub limit: usize,
    pub steal: Steal,
    /// A note fades what still sounds of its own key.
    pub replace: bool,
    /// The input that says how many seconds a glide from key to key takes.
    pub portamento: Option<usize>,
    /// Only while another key is down.
    pub only_legato: bool,
    /// Pitch bend range in semitones, if the text says it.
    pub bend_range: Option<f32>,
    /// The groups in which keys cut each other.
    pub groups: Vec<(Keys, u16)>,
    /// Everything in the program that cuts notes of those groups.
    pub chokes: Vec<Choke>,
}

/// How many notes sound, and whether each begins anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Poly,
    /// One note; each begins anew.
    Mono,
    /// One note; while a key is down it goes on at another pitch.
    Legato,
}

/// Which key sounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    Last,
    Low,
    High,
}

/// Which voice gives way; those that are released come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steal {
    Oldest,
    Quietest,
}

/// Keys whose notes cut others of their group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choke {
    pub channel: Option<u8>,
    pub keys: Keys,
    pub group: u16,
}

/// The key's bit.
pub fn bit(key: u8) -> Keys {
    1 << (key & 127)
}

impl Manner {
    /// Whether a note of this channel (or zone) is its own.
    pub fn plays(&self, part: u8, key: u8) -> bool {
        self.channel.is_none_or(|channel| channel == part) && self.keys & bit(key) != 0
    }

    /// Keys of its own that a note cuts.
    pub fn cut_by(&self, part: u8, key: u8) -> Keys {
        let cuts = |choke: &&Choke| choke.channel.is_none_or(|c| c == part) && choke.keys & bit(key) != 0;
        let mut cut = 0;
        for choke in self.chokes.iter().filter(cuts) {
            for (keys, _) in self.groups.iter().filter(|(_, group)| *group == choke.group) {
                cut |= keys;
            }
        }
        cut
    }
}

/// The keys that are down where one note sounds, in the order in which they were pressed.
pub struct Held {
    presses: Vec<Press>,
}

impl Held {
    pub fn new() -> Self {
        Self { presses: Vec::with_capacity(128) }
    }

    /// A key goes down. Where there is no room, the oldest is forgotten.
    pub fn press(&mut self, press: Press) {
        self.release(press.channel, press.key, -1);
        if self.presses.len() == self.presses.capacity() {
            self.presses.remove(0);
        }
        self.presses.push(press);
    }

    pub fn release(&mut self, channel: u8, key: u8, id: i32) {
        self.presses.retain(|press| !press.is(channel, key, id));
    }

    /// The keys of these channels come up.
    pub fn forget(&mut self, channels: u16) {
        self.presses.retain(|press| channels >> (press.channel & 15) & 1 == 0);
    }

    pub fn clear(&mut self) {
        self.presses.clear();
    }

    pub fn extend(&mut self, presses: impl Iterator<Item = Press>) {
        let room = self.presses.capacity() - self.presses.len();
        self.presses.extend(presses.take(room));
    }

    pub fn iter(&self) -> impl Iterator<Item = Press> {
        self.presses.iter().copied()
    }

    /// The key that is to sound.
    pub fn chosen(&self, priority: Priority) -> Option<Press> {
        // Of equal keys (on several channels) the one pressed last.
        let last_of =
            |better: fn(u8, u8) -> bool| self.iter().reduce(|a, b| if better(a.key, b.key) { a } else { b });
        match priority {
            Priority::Last => self.presses.last().copied(),
            Priority::Low => last_of(|a, b| a < b),
            Priority::High => last_of(|a, b| a > b),
        }
    }
}

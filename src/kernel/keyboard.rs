//! What keyboards send beside notes, channel by channel: bends, pressure, brightness, pedals, registered parameters; and the zones of MPE,
//! where each channel carries one note. A plain state that follows events in their order: the engine keeps one of what was before a
//! piece, kernels go on from a copy. Any thread; never allocates.

use serde::{Deserialize, Serialize};

use super::event::What;

/// A message for all channels or all keys.
pub const ANY: u8 = u8::MAX;

/// How an instance understands keyboards: its own settings, saved with the project beside the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Performance {
    pub mpe: Mpe,
    /// Whose master is channel 1.
    pub lower: Zone,
    /// Whose master is channel 16.
    pub upper: Zone,
    /// Semitones up and down that a bend wheel reaches where neither the library nor the keyboard says it, 0 to 96.
    pub bend_range: u8,
}

/// Whether channels are zones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mpe {
    /// Every channel is an ordinary one.
    Off,
    /// So it is, until a keyboard says that it plays in zones.
    #[default]
    Auto,
    /// In the zones of the settings, or as the keyboard says.
    On,
}

/// A zone of MPE: a master channel and so many members beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Zone {
    /// 0: there is no such zone.
    pub members: u8,
    /// Semitones up and down that its notes bend, 0 to 96.
    pub bend_range: u8,
}

/// The range of members unless it is said otherwise, as the specification of MPE has it.
pub const MEMBER_RANGE: u8 = 48;
/// The range of bend wheels unless it is said otherwise.
pub const WHEEL_RANGE: u8 = 2;
/// The widest range.
pub const MOST_RANGE: u8 = 96;
/// Members of a zone that has all channels.
pub const MOST_MEMBERS: u8 = 15;

impl Default for Zone {
    fn default() -> Self {
        Self { members: 0, bend_range: MEMBER_RANGE }
    }
}

impl Default for Performance {
    fn default() -> Self {
        let lower = Zone { members: MOST_MEMBERS, ..Zone::default() };
        Self { mpe: Mpe::default(), lower, upper: Zone::default(), bend_range: WHEEL_RANGE }
    }
}

impl Performance {
    /// The same within all bounds: zones do not overlap.
    pub fn within_bounds(mut self) -> Self {
        self.lower.members = self.lower.members.min(MOST_MEMBERS);
        self.upper.members = self.upper.members.min(room(self.lower.members));
        for range in [&mut self.bend_range, &mut self.lower.bend_range, &mut self.upper.bend_range] {
            *range = (*range).min(MOST_RANGE);
        }
        self
    }

    /// As one number, for an atomic.
    pub fn to_bits(self) -> u64 {
        let Self { mpe, lower, upper, bend_range } = self;
        let bytes =
            [mpe as u8, lower.members, lower.bend_range, upper.members, upper.bend_range, bend_range, 0, 0];
        u64::from_le_bytes(bytes)
    }

    /// From [`Performance::to_bits`]; never out of bounds.
    pub fn from_bits(bits: u64) -> Self {
        let [mpe, lower, lower_range, upper, upper_range, bend_range, ..] = bits.to_le_bytes();
        let mpe = [Mpe::Off, Mpe::Auto, Mpe::On][usize::from(mpe.min(2))];
        let zone = |members, bend_range| Zone { members, bend_range };
        Self { mpe, lower: zone(lower, lower_range), upper: zone(upper, upper_range), bend_range }
            .within_bounds()
    }
}

/// Members that one zone leaves to the other, which needs a master, too.
fn room(members: u8) -> u8 {
    (MOST_MEMBERS - 1).saturating_sub(members)
}

/// What a message is to notes; channels as a bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Nothing,
    /// Bend, pressure or brightness are others.
    Values(u16),
    /// The sustain pedal has moved.
    Pedal(u16),
    /// The sostenuto pedal goes down: it holds what is held.
    Latch(u16),
    /// The sostenuto pedal comes up.
    Unlatch(u16),
    /// Controllers, and what was said of single notes, are as in the beginning.
    Reset(u16),
    /// All keys are up.
    NotesOff(u16),
    /// Silence at once.
    SoundOff(u16),
}

/// No registered parameter is chosen.
const NO_PARAMETER: u16 = 0x3fff;
/// Registered parameters.
const BEND_RANGE: u16 = 0;
const ZONE: u16 = 6;

const ALL: u16 = u16::MAX;

/// All sixteen channels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Keyboard {
    performance: Performance,
    /// Members of the lower and the upper zone, and how far they bend, in semitones.
    members: [u8; 2],
    reach: [f32; 2],
    bend: [f32; 16],
    pressure: [f32; 16],
    brightness: [f32; 16],
    /// Semitones that a wheel reaches, where the keyboard has said it.
    ranges: [Option<f32>; 16],
    /// The registered parameter that data goes to.
    parameter: [u16; 16],
    sustain: u16,
    sostenuto: u16,
}

impl Default for Keyboard {
    fn default() -> Self {
        let mut keyboard = Self {
            performance: Performance::default(),
            members: [0; 2],
            reach: [0.0; 2],
            bend: [0.0; 16],
            pressure: [0.0; 16],
            brightness: [0.0; 16],
            ranges: [None; 16],
            parameter: [NO_PARAMETER; 16],
            sustain: 0,
            sostenuto: 0,
        };
        keyboard.divide();
        keyboard
    }
}

/// The master of a zone.
fn master(zone: usize) -> usize {
    15 * zone
}

impl Keyboard {
    /// All that was played is forgotten; the settings stay.
    pub fn reset(&mut self) {
        let performance = self.performance;
        *self = Self { performance, ..Self::default() };
        self.divide();
    }

    /// The zones are as the settings have them.
    fn divide(&mut self) {
        let Performance { mpe, lower, upper, .. } = self.performance;
        let on = mpe == Mpe::On;
        self.members = [lower, upper].map(|zone| if on { zone.members } else { 0 });
        self.reach = [lower, upper].map(|zone| f32::from(zone.bend_range));
    }

    /// Takes a message in.
    pub fn follow(&mut self, what: &What) -> Change {
        match *what {
            What::Bend { channel, value } if channel < 16 => {
                self.bend[usize::from(channel)] = value;
                Change::Values(self.heard_by(channel))
            }
            What::Pressure { channel, value } if channel < 16 => {
                self.pressure[usize::from(channel)] = value;
                Change::Values(self.heard_by(channel))
            }
            What::Controller { channel, number, value } if channel < 16 => {
                self.controller(channel, number, value)
            }
            What::Perform(performance) => {
                let performance = performance.within_bounds();
                let old = std::mem::replace(&mut self.performance, performance);
                if (Performance { bend_range: old.bend_range, ..performance }) != old {
                    self.divide();
                }
                Change::Values(ALL)
            }
            _ => Change::Nothing,
        }
    }

    fn controller(&mut self, channel: u8, number: u8, value: f32) -> Change {
        let (at, heard) = (usize::from(channel), self.heard_by(channel));
        let seven = (value * 127.0).round().clamp(0.0, 127.0) as u16;
        let (down, bit) = (value >= 64.0 / 127.0, 1 << channel);
        let press = |pedal: &mut u16| {
            let before = std::mem::replace(pedal, if down { *pedal | bit } else { *pedal & !bit });
            before != *pedal
        };
        match number {
            74 => {
                self.brightness[at] = value;
                Change::Values(heard)
            }
            64 if press(&mut self.sustain) => Change::Pedal(heard),
            66 if press(&mut self.sostenuto) => {
                if down {
                    Change::Latch(heard)
                } else {
                    Change::Unlatch(heard)
                }
            }
            98 | 99 => {
                self.parameter[at] = NO_PARAMETER;
                Change::Nothing
            }
            100 => {
                self.parameter[at] = self.parameter[at] & !0x7f | seven;
                Change::Nothing
            }
            101 => {
                self.parameter[at] = self.parameter[at] & 0x7f | seven << 7;
                Change::Nothing
            }
            6 => self.data(channel, |_| f32::from(seven)),
            // The fine part of a range is in cents.
            38 if self.parameter[at] == BEND_RANGE => {
                self.data(channel, |coarse| coarse.floor() + f32::from(seven) / 100.0)
            }
            120 => Change::SoundOff(heard),
            121 => {
                for channel in (0..16).filter(|c| heard >> c & 1 != 0) {
                    (self.bend[channel], self.pressure[channel]) = (0.0, 0.0);
                    self.parameter[channel] = NO_PARAMETER;
                }
                self.sustain &= !heard;
                self.sostenuto &= !heard;
                Change::Reset(heard)
            }
            123..=127 => Change::NotesOff(heard),
            _ => Change::Nothing,
        }
    }

    /// Data for the registered parameter that is chosen.
    fn data(&mut self, channel: u8, value: impl Fn(f32) -> f32) -> Change {
        let at = usize::from(channel);
        match (self.parameter[at], self.zone(channel)) {
            // One member speaks for all.
            (BEND_RANGE, Some(zone)) => {
                self.reach[zone] = value(self.reach[zone]);
                Change::Values(self.heard_by(master(zone) as u8))
            }
            (BEND_RANGE, None) => {
                self.ranges[at] = Some(value(self.ranges[at].unwrap_or(0.0)));
                Change::Values(self.heard_by(channel))
            }
            (ZONE, _) if matches!(channel, 0 | 15) && self.performance.mpe != Mpe::Off => {
                self.make_zone(at / 15, value(0.0) as u8);
                Change::Values(ALL)
            }
            _ => Change::Nothing,
        }
    }

    /// A keyboard says that it plays in a zone, or does no more; the last one said takes channels from the other.
    fn make_zone(&mut self, zone: usize, members: u8) {
        self.members[zone] = members.min(MOST_MEMBERS);
        let other = &mut self.members[1 - zone];
        *other = (*other).min(room(members));
        self.reach[zone] = f32::from(MEMBER_RANGE);
        self.ranges[master(zone)] = Some(f32::from(WHEEL_RANGE));
        let heard = self.heard_by(master(zone) as u8);
        for channel in (0..16).filter(|c| heard >> c & 1 != 0) {
            self.bend[channel] = 0.0;
            self.pressure[channel] = 0.0;
            self.brightness[channel] = 0.0;
        }
    }

    /// The zone that a channel is a member of.
    fn zone(&self, channel: u8) -> Option<usize> {
        let [lower, upper] = self.members;
        match channel {
            1..=15 if channel <= lower => Some(0),
            0..=14 if channel >= 15 - upper && channel < 15 => Some(1),
            _ => None,
        }
    }

    /// Whether notes of the channel have it for themselves.
    pub fn is_member(&self, channel: u8) -> bool {
        self.zone(channel).is_some()
    }

    /// The channel that a note counts for: its zone's master, or its own.
    pub fn part(&self, channel: u8) -> u8 {
        self.zone(channel).map_or(channel, |zone| master(zone) as u8)
    }

    /// The channels that hear a message on this one.
    fn heard_by(&self, channel: u8) -> u16 {
        let own = 1u16 << channel;
        let members = |zone: usize| {
            let count = u32::from(self.members[zone]);
            let bits = ((1u32 << count) - 1) as u16;
            if zone == 0 { bits << 1 } else { bits << (15 - count) }
        };
        match channel {
            0 => own | members(0),
            15 if self.zone(15).is_none() => own | members(1),
            _ => own,
        }
    }

    /// How far a wheel reaches that is no member's, in semitones; `own`: what the library says.
    fn range(&self, channel: usize, own: Option<f32>) -> f32 {
        self.ranges[channel].or(own).unwrap_or(f32::from(self.performance.bend_range))
    }

    /// Semitones by which notes of a channel are bent; `own`: how far the library lets wheels reach.
    pub fn shift(&self, channel: u8, own: Option<f32>) -> f32 {
        let at = usize::from(channel & 15);
        match self.zone(channel) {
            Some(zone) => {
                let wheel = master(zone);
                self.bend[at] * self.reach[zone] + self.bend[wheel] * self.range(wheel, own)
            }
            None => self.bend[at] * self.range(at, own),
        }
    }

    /// Bend of a channel and its master, -1..1.
    pub fn bend(&self, channel: u8) -> f32 {
        let master = self.zone(channel).map_or(0.0, |zone| self.bend[master(zone)]);
        (self.bend[usize::from(channel & 15)] + master).clamp(-1.0, 1.0)
    }

    /// Pressure of a channel or its master, whichever is more, 0..1.
    pub fn pressure(&self, channel: u8) -> f32 {
        self.more(&self.pressure, channel)
    }

    /// Brightness (controller 74) in the same way.
    pub fn brightness(&self, channel: u8) -> f32 {
        self.more(&self.brightness, channel)
    }

    fn more(&self, values: &[f32; 16], channel: u8) -> f32 {
        let master = self.zone(channel).map_or(0.0, |zone| values[master(zone)]);
        values[usize::from(channel & 15)].max(master)
    }

    /// Whether a sustain pedal holds notes of a channel.
    pub fn sustains(&self, channel: u8) -> bool {
        let bits = 1u16 << (channel & 15) | 1 << (self.part(channel) & 15);
        self.sustain & bits != 0
    }
}

#[cfg(test)]
mod tests;

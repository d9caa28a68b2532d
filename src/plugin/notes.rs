//! Between the framework's note events and the engine's. Audio thread; nothing here allocates.

use nice_plug::midi::{Channel, Key, VoiceID};
use nice_plug::prelude::*;

use crate::engine::{ANY, Event, Expression, Press, What};

/// The engine's event for one of the host, at frame `at` of the piece; `None` for what the engine does not know (program changes, system
/// exclusive messages, notes on without a key).
pub fn from_host<S>(event: &NoteEvent<S>, at: u32) -> Option<Event> {
    let what = match *event {
        NoteEvent::NoteOn { voice_id, channel, key, velocity, .. } => What::NoteOn {
            channel: channel.number().unwrap_or(0),
            key: key.number()?,
            note: note(voice_id),
            velocity: velocity.clamp(0.0, 1.0),
        },
        NoteEvent::NoteOff { voice_id, channel, key, velocity, .. } => What::NoteOff {
            channel: channel.number().unwrap_or(ANY),
            key: key.number().unwrap_or(ANY),
            note: note(voice_id),
            velocity: velocity.clamp(0.0, 1.0),
        },
        NoteEvent::Choke { voice_id, channel, key, .. } => {
            let (channel, key) = (channel.number().unwrap_or(ANY), key.number().unwrap_or(ANY));
            What::Choke { channel, key, note: note(voice_id) }
        }
        NoteEvent::PolyVolume { voice_id, channel, key, gain, .. } => {
            expression(voice_id, channel, key, Expression::Gain, gain)
        }
        // The framework says -1..1, the engine 0..1.
        NoteEvent::PolyPan { voice_id, channel, key, pan, .. } => {
            expression(voice_id, channel, key, Expression::Pan, (pan + 1.0) * 0.5)
        }
        NoteEvent::PolyTuning { voice_id, channel, key, tuning, .. } => {
            expression(voice_id, channel, key, Expression::Tuning, tuning)
        }
        NoteEvent::PolyVibrato { voice_id, channel, key, vibrato, .. } => {
            expression(voice_id, channel, key, Expression::Vibrato, vibrato)
        }
        NoteEvent::PolyPressure { voice_id, channel, key, pressure, .. } => {
            expression(voice_id, channel, key, Expression::Pressure, pressure)
        }
        NoteEvent::PolyBrightness { voice_id, channel, key, brightness, .. } => {
            expression(voice_id, channel, key, Expression::Brightness, brightness)
        }
        NoteEvent::PolyModulation { voice_id, poly_modulation_id, normalized_offset, .. } => {
            What::Expression {
                channel: -1,
                key: -1,
                note: voice_id,
                kind: Expression::Macro(poly_modulation_id as u8),
                value: normalized_offset,
            }
        }
        NoteEvent::MidiPitchBend { channel, value, .. } => What::Bend { channel, value: bend(value) },
        NoteEvent::MidiChannelPressure { channel, pressure, .. } => {
            What::Pressure { channel, value: pressure }
        }
        NoteEvent::MidiCC { channel, cc, value, .. } => What::Controller { channel, number: cc, value },
        _ => return None,
    };
    Some(Event { at, what })
}

/// The framework's event for one that the engine puts out; `None` for what is not sent to hosts.
pub fn to_host<S>(event: &Event) -> Option<NoteEvent<S>> {
    let timing = event.at;
    Some(match event.what {
        What::NoteOn { channel, key, note, velocity } => NoteEvent::NoteOn {
            timing,
            voice_id: voice(note),
            channel: on_channel(channel),
            key: with_key(key),
            velocity,
        },
        What::NoteOff { channel, key, note, velocity } => NoteEvent::NoteOff {
            timing,
            voice_id: voice(note),
            channel: on_channel(channel),
            key: with_key(key),
            velocity,
        },
        What::Choke { channel, key, note } => NoteEvent::Choke {
            timing,
            voice_id: voice(note),
            channel: on_channel(channel),
            key: with_key(key),
        },
        What::Bend { channel, value } => NoteEvent::MidiPitchBend { timing, channel, value: wheel(value) },
        What::Pressure { channel, value } => {
            NoteEvent::MidiChannelPressure { timing, channel, pressure: value }
        }
        What::Controller { channel, number, value } => {
            NoteEvent::MidiCC { timing, channel, cc: number, value }
        }
        What::Expression { .. } | What::Control { .. } | What::Perform(_) => return None,
    })
}

/// What the host is told of a note that is over.
pub fn over<S>(note: &Press, timing: u32) -> NoteEvent<S> {
    let voice_id = voice(note.id);
    NoteEvent::VoiceTerminated {
        timing,
        voice_id,
        channel: on_channel(note.channel),
        key: with_key(note.key),
    }
}

fn expression(voice: VoiceID, channel: Channel, key: Key, kind: Expression, value: f32) -> What {
    let or_any = |n: Option<u8>| n.map_or(-1, i16::from);
    What::Expression {
        channel: or_any(channel.number()),
        key: or_any(key.number()),
        note: note(voice),
        kind,
        value,
    }
}

/// Positions of a bend wheel, 0..16383, below and above its rest.
const WHEEL: f32 = 16_383.0;
const REST: f32 = 8_192.0;

/// A wheel's position, 0..1, as -1..1. The rest is exactly 0, though it does not lie in the middle.
fn bend(value: f32) -> f32 {
    let off = (value * WHEEL).round().clamp(0.0, WHEEL) - REST;
    if off < 0.0 { off / REST } else { off / (WHEEL - REST) }
}

/// The other way.
fn wheel(bend: f32) -> f32 {
    let off = if bend < 0.0 { bend * REST } else { bend * (WHEEL - REST) };
    (REST + off) / WHEEL
}

fn on_channel(channel: u8) -> Channel {
    if channel == ANY { Channel::Wildcard } else { Channel::Number(channel) }
}

fn with_key(key: u8) -> Key {
    if key == ANY { Key::Wildcard } else { Key::Number(key) }
}

/// -1 stands for "the host has no ids".
fn note(voice: VoiceID) -> i32 {
    voice.id().unwrap_or(-1)
}

fn voice(note: i32) -> VoiceID {
    if note < 0 { VoiceID::Wildcard } else { VoiceID::ID(note) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_survive_the_way_out_and_in() {
        let all = [
            What::NoteOn { channel: 3, key: 60, note: 7, velocity: 0.5 },
            What::NoteOff { channel: 3, key: 60, note: -1, velocity: 0.25 },
            What::Choke { channel: 15, key: 127, note: 0 },
            What::Bend { channel: 1, value: -0.5 },
            What::Pressure { channel: 2, value: 0.75 },
            What::Controller { channel: 0, number: 74, value: 1.0 },
        ];
        for what in all {
            let event = Event { at: 9, what };
            let host: NoteEvent<()> = to_host(&event).unwrap();
            assert_eq!(host.timing(), 9);
            assert_eq!(from_host(&host, 9), Some(event));
        }
    }

    #[test]
    fn notes_bend_wheel_rests_exactly_and_reaches_both_ends() {
        let bent = |raw: [u8; 2]| {
            let event = NoteEvent::<()>::from_midi(0, &[0xe0, raw[0], raw[1]]).unwrap();
            match from_host(&event, 0).unwrap().what {
                What::Bend { value, .. } => value,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!([bent([0, 0]), bent([0, 0x40]), bent([0x7f, 0x7f])], [-1.0, 0.0, 1.0]);
        assert!(bent([1, 0x40]) > 0.0 && bent([0x7f, 0x3f]) < 0.0);
    }

    #[test]
    fn notes_off_for_all_channels_or_keys_is_for_all() {
        let (voice_id, channel, key) = (VoiceID::Wildcard, Channel::Wildcard, Key::Wildcard);
        let off = NoteEvent::<()>::NoteOff { timing: 0, voice_id, channel, key, velocity: 0.0 };
        let choke = NoteEvent::<()>::Choke { timing: 0, voice_id, channel, key };
        let (any, note) = (ANY, -1);
        let wanted = [
            What::NoteOff { channel: any, key: any, note, velocity: 0.0 },
            What::Choke { channel: any, key: any, note },
        ];
        for (event, what) in [off, choke].iter().zip(wanted) {
            assert_eq!(from_host(event, 3), Some(Event { at: 3, what }));
            assert_eq!(
                from_host(&to_host::<()>(&Event { at: 0, what }).unwrap(), 3),
                Some(Event { at: 3, what })
            );
        }
    }

    #[test]
    fn notes_pan_expression_is_centred_at_one_half() {
        let pan: NoteEvent<()> = NoteEvent::PolyPan {
            timing: 0,
            voice_id: VoiceID::Wildcard,
            channel: Channel::Wildcard,
            key: Key::Number(60),
            pan: 0.0,
        };
        let expected = What::Expression { channel: -1, key: 60, note: -1, kind: Expression::Pan, value: 0.5 };
        assert_eq!(from_host(&pan, 4), Some(Event { at: 4, what: expected }));
    }
}

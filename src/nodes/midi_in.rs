//! `midi_in`: a voice for every note from the host. A rule of the compiler; `kernel::voices::MidiIn` runs it.

use crate::spec::*;
use crate::units::Unit;

use super::{NodeDef, Runs, Structure};

pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "midi_in",
        help: "Plays notes from the host or a keyboard: a voice for each, which knows `freq`, `velocity`, `gate` and more.",
        params: &[
            ParamSpec::integer("channel", 0.0, (-1.0, 15.0), "MIDI channel, 0 to 15; -1 listens to all."),
            ParamSpec::integer(
                "voices",
                8.0,
                (1.0, 256.0),
                "How many notes may sound at once; the oldest gives way with a short fade.",
            ),
            ParamSpec::number(
                "bend_range",
                Unit::Semitones,
                2.0,
                (0.0, 96.0),
                "How far the pitch bend wheel reaches, up and down.",
            ),
            ParamSpec::ignored("device", "Does nothing: the host chooses the device."),
            ParamSpec::signal("signal", "What every note plays; usually an `envelope` with `gate: gate`."),
        ],
        extra: Extra::Refused,
        channels: Channels::AsInputs,
        ends: Ends::Never,
        example: "example: {midi_in: {signal: {envelope: {attack: 0.01, decay: 0.3, sustain: 0.5, release: 0.3, gate: gate, signal: {osc: {type: tri, freq: freq, amp: velocity * 0.5}}}}}}\n",
    },
    runs: Runs::Structure(Structure::MidiIn),
};

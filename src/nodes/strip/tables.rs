//! What can be written for tracks, buses and sends of the mixer, as tables. Data only; any thread.

use crate::nodes::{NodeDef, Runs};
use crate::spec::*;
use crate::units::Unit;

const GAIN: ParamSpec =
    ParamSpec::control("gain", Unit::Decibels, 0.0, "Level of the fader; the host's is added to it.");
const PAN: ParamSpec = ParamSpec::control(
    "pan",
    Unit::Pan,
    0.0,
    "Place from -1 (left) to 1 (right); the host's is added to it.",
);
const PAN_LAW: ParamSpec = ParamSpec {
    default: Default::Absent,
    ..ParamSpec::of(
        ParamKind::Choice(&[
            Choice {
                word: "power",
                aliases: &["equal power"],
                help: "Equal power: 3 dB more at the sides. For mono tracks, if not said.",
            },
            Choice { word: "linear", aliases: &[], help: "Equal sum of both sides: 6 dB more at the sides." },
            Choice {
                word: "balance",
                aliases: &[],
                help: "Only the far side becomes softer. For stereo tracks, if not said.",
            },
        ]),
        "pan_law",
        "How `pan` divides the level; in the middle every law leaves it as it is.",
    )
};
const WIDTH: ParamSpec = ParamSpec::control(
    "width",
    Unit::None,
    1.0,
    "Stereo width, a factor of the difference between the sides: 0 is mono, 1 leaves it, 2 is twice as wide.",
);
const POLARITY: ParamSpec = ParamSpec {
    default: Default::Word("normal"),
    ..ParamSpec::of(
        ParamKind::Choice(&[
            Choice { word: "normal", aliases: &[], help: "As it is." },
            Choice { word: "inverted", aliases: &["invert", "reversed"], help: "Both sides upside down." },
            Choice { word: "left", aliases: &[], help: "Only the left side upside down." },
            Choice { word: "right", aliases: &[], help: "Only the right side upside down." },
        ]),
        "polarity",
        "Turns the signal upside down.",
    )
};
const MUTE: ParamSpec = ParamSpec::flag("mute", "Silences it, and all that it sends.");
const SENDS: ParamSpec = ParamSpec::of(
    ParamKind::Map(&SEND),
    "sends",
    "Buses it is sent to: `{room: -12 dB}`, or `{room: {level: -12 dB, pre_fader: true}}`.",
);
const INSERTS: ParamSpec = ParamSpec::of(
    ParamKind::Chain,
    "inserts",
    "Effects it goes through before the fader, one behind the other. They need no `signal`; `$input` is what comes in.",
);
const OUT: ParamSpec = ParamSpec::of(
    ParamKind::Text,
    "out",
    "Where it goes: `main` (if not said), an output 1 to 16 of *Seiche Multi*, or the name of a bus.",
);
const COLOR: ParamSpec = ParamSpec::of(
    ParamKind::Color,
    "color",
    "Its colour in the window: a name such as `teal`, or `'#4080ff'` in quotes. Without one it is chosen by the name.",
);

/// A track of the mixer, and the kernel of every fader and send. (Not among the node kinds: it stands only in the mixer.)
pub static DEF: NodeDef = NodeDef {
    spec: NodeSpec {
        name: "strip",
        help: "A track of the mixer. Where none of these keys is written, the track is the node itself.",
        params: &[
            ParamSpec::signal("signal", "What the track plays."),
            GAIN,
            PAN,
            PAN_LAW,
            WIDTH,
            POLARITY,
            MUTE,
            ParamSpec::flag(
                "solo",
                "As soon as one track is soloed, only soloed tracks and the buses are heard.",
            ),
            ParamSpec::flag("solo_safe", "It is heard even while others are soloed."),
            SENDS,
            INSERTS,
            OUT,
            COLOR,
        ],
        extra: Extra::Refused,
        channels: Channels::Stereo,
        ends: Ends::With("signal"),
        example: "",
    },
    runs: Runs::Kernel(super::make),
};

/// A bus of the mixer.
pub static BUS: NodeSpec = NodeSpec {
    name: "bus",
    help: "A bus of the mixer: everything that is sent to it, through one effect. It is heard even while tracks are soloed.",
    params: &[
        ParamSpec::of(
            ParamKind::Chain,
            "signal",
            "What becomes of all that is sent to the bus: an effect, or a list of them. They need no `signal`; `$input` is what comes in.",
        ),
        GAIN,
        PAN,
        PAN_LAW,
        WIDTH,
        POLARITY,
        MUTE,
        SENDS,
        INSERTS,
        OUT,
        COLOR,
    ],
    extra: Extra::Refused,
    channels: Channels::Stereo,
    ends: Ends::With("signal"),
    example: "",
};

/// A send of a track or bus to a bus.
pub static SEND: NodeSpec = NodeSpec {
    name: "send",
    help: "How much of a track or bus goes to a bus.",
    params: &[
        ParamSpec {
            default: Default::Number(0.0),
            ..ParamSpec::optional("level", Unit::Decibels, "Level of the send; the host's is added to it.")
        },
        ParamSpec::flag("pre_fader", "It is taken before the fader; mute and solo still count."),
    ],
    extra: Extra::Refused,
    channels: Channels::Stereo,
    ends: Ends::Never,
    example: "",
};

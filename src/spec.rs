//! What a node kind *is*, as plain data: its name, parameters, units, ranges, defaults and help. Validation, documentation, schema,
//! completion and the compiler all read these tables, so that a node is described exactly once. Any thread; never any signal code.

mod color;

pub use color::{COLORS, Color};

use crate::units::Unit;

/// Everything the other rooms need to know about one node kind.
#[derive(Debug, PartialEq)]
pub struct NodeSpec {
    /// The key used in YAML.
    pub name: &'static str,
    /// One line for hover help and the reference.
    pub help: &'static str,
    /// Declared parameters. Their order is the order in which they are evaluated.
    pub params: &'static [ParamSpec],
    /// Whether other keys are accepted, and what they mean.
    pub extra: Extra,
    /// How many channels the node puts out.
    pub channels: Channels,
    /// When the node's output ends.
    pub ends: Ends,
    /// A small library (sound `example`) that shows the node at work; rendered by a test.
    pub example: &'static str,
}

/// One parameter of a node kind.
#[derive(Debug, PartialEq)]
pub struct ParamSpec {
    pub name: &'static str,
    pub kind: ParamKind,
    pub unit: Unit,
    pub default: Default,
    /// Meaningful range for fixed numbers, in the parameter's unit; values outside are an error.
    pub range: Option<(f64, f64)>,
    pub help: &'static str,
}

/// What may be written for a parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ParamKind {
    /// Number, expression, interpolated list or node ("wavable"): an input of the kernel.
    Signal(Stereo),
    /// A number or an expression that is read when a stage starts; `$id` is not visible. Also an input of the kernel.
    Formula,
    /// Exactly two signals `[low, high]`: two inputs of the kernel.
    Pair,
    /// A list of signals (`snap.values`, `automation.steps`): as many inputs as there are items.
    Signals,
    /// A fixed number.
    Number,
    /// A fixed whole number.
    Integer,
    /// `true` or `false`.
    Flag,
    /// Plain text.
    Text,
    /// One of a set of words, in any case.
    Choice(&'static [Choice]),
    /// Sequencer steps: rests, sound calls, inline nodes, lists of them.
    Steps,
    /// What is played by something that is no list of steps: a sound call, a node, or a list of them that is gone through.
    Play,
    /// A list of plain numbers or texts (`multiply.items`).
    Items,
    /// A scale: a list of whole semitones or an expression naming one.
    Scale,
    /// Names and what belongs to each: the parameters of this table, or only a value for the first of them.
    Map(&'static NodeSpec),
    /// A node or a list of nodes, each of which is given what comes out of the one before as its `signal`, and as `$input`.
    Chain,
    /// A musical time: a number of beats, a number with a unit, the length of a note, or the name of a marker of the song.
    Time,
    /// A number in the unit of the place where the node stands.
    Worth,
    /// A list of entries with the parameters of this table: mappings, lists of their values in order, or only the first of them.
    Table(&'static NodeSpec),
    /// Notes: text in the compact notation, lines of strokes by their keys, or a list of entries of this table.
    Notes(&'static NodeSpec),
    /// A sound by its name, or a node.
    Sound,
    /// A colour: a name of [`COLORS`], or `#rrggbb`.
    Color,
    /// Anything, and a warning that it does nothing: keys of libraries for other programs. The help says why.
    Ignored,
}

impl ParamKind {
    /// What may be written, as the end of "… takes …".
    pub fn takes(self) -> &'static str {
        match self {
            ParamKind::Signal(_) => "a number, an expression, a list of points or a node",
            ParamKind::Formula => "a number or an expression",
            ParamKind::Pair => "a list of two values, `[low, high]`",
            ParamKind::Signals => "a list of values",
            ParamKind::Number => "a number",
            ParamKind::Integer => "a whole number",
            ParamKind::Flag => "true or false",
            ParamKind::Text => "text",
            ParamKind::Choice(_) => "a word",
            ParamKind::Steps => "a list of steps",
            ParamKind::Play => "a sound, a node or a list of them",
            ParamKind::Items => "a list of numbers or texts",
            ParamKind::Scale => "a list of whole semitones or the name of a scale",
            ParamKind::Map(_) => "names with their parameters",
            ParamKind::Chain => "a node or a list of nodes",
            ParamKind::Time => "a musical time, such as `2 bars`",
            ParamKind::Worth => "a number in the unit of the place",
            ParamKind::Table(_) => "a list of entries",
            ParamKind::Notes(_) => "notes",
            ParamKind::Sound => "a sound or a node",
            ParamKind::Color => "a colour: a name, or `'#rrggbb'`",
            ParamKind::Ignored => "anything, and does nothing",
        }
    }
}

/// A word that a [`ParamKind::Choice`] accepts. `aliases` mean the same and are accepted without a warning.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    pub word: &'static str,
    pub aliases: &'static [&'static str],
    pub help: &'static str,
}

/// What a mono input makes of a stereo signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stereo {
    /// The kernel works on every channel.
    Keep,
    /// Averaged to (left + right) / 2 before the kernel sees it.
    Average,
    /// Averaged, and read only at control points and at a lane's first frame: what feeds it need not compute the others.
    Control,
}

/// What a parameter is when it is not written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Default {
    Required,
    /// Absent; the kernel can ask whether it was given.
    Absent,
    Number(f64),
    Flag(bool),
    Word(&'static str),
    Pair(f64, f64),
    /// No limit: as often, or as long, as the sound lasts.
    Infinite,
}

/// Keys of a node that are not declared parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extra {
    /// An error with the nearest known name.
    Refused,
    /// Named signals (`mix` tracks, `expression` arguments, `context` variables, `select` paths), with what they are called.
    Named(&'static str),
}

/// Output channels of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channels {
    Mono,
    /// Stereo as soon as one of its `Stereo::Keep` inputs (or pair ends) is.
    AsInputs,
    Stereo,
    /// As the file it plays (or what was rendered for it beforehand), and stereo as soon as one of its `Stereo::Keep` inputs is.
    AsFile,
    /// Stereo when one of its `Stereo::Keep` inputs is, or when one of these parameters is anything but a fixed 0.
    StereoWith(&'static [&'static str]),
}

/// When the output of a node ends by itself (an ended signal is silence, and lets what stands above end).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    Never,
    /// With the signal in the parameter of this name.
    With(&'static str),
    /// When all of its named inputs that are nodes have ended.
    WithAllNamed,
    /// The kernel reports it (tails, envelopes, files, own durations).
    Own,
}

/// Fewest and most frames that a loop may be late.
pub const LATE: (f64, f64) = (1.0, 1e6);

/// Node kinds that plain files did not know when they were written: there a sound of this name goes before the kind.
pub const ADDED: &[&str] =
    &["reverb", "compressor", "limiter", "mixer", "trigger", "pattern", "clips", "song", "curve"];

/// Node kinds after which people like to call their sounds: that is no reason for a warning.
pub const ALIKE: &[&str] = &["pattern", "clips", "song", "curve"];

/// Keys that every node accepts beside its own parameters; `feedback` only in versioned files.
pub const COMMON: &[ParamSpec] = &[
    ParamSpec::of(
        ParamKind::Text,
        "id",
        "Name of the node: expressions read its output as `$name`, and its state survives when the library is read again.",
    ),
    ParamSpec {
        name: "duration",
        kind: ParamKind::Number,
        unit: Unit::Seconds,
        default: Default::Absent,
        range: Some((0.0, 1e6)),
        help: "How long the node lasts, and the length over which lists of values below it are stretched.",
    },
    ParamSpec {
        name: "feedback",
        kind: ParamKind::Integer,
        unit: Unit::None,
        default: Default::Absent,
        range: Some(LATE),
        help: "How many frames later the node is heard where `$name` is read before it runs, in files that begin with `seiche: 1`; \
               else what the file's own `feedback` says, or 64. Below 64 the loop runs in steps of so many frames, which takes more time.",
    },
    ParamSpec::of(
        ParamKind::Text,
        "monitor",
        "Shows the node's output in the window: `true`, `bipolar`, or `{type: level, range: [0, 1]}`.",
    ),
];

impl NodeSpec {
    /// The declared parameter of this name, with its index in the table.
    pub fn param(&self, name: &str) -> Option<(usize, &'static ParamSpec)> {
        self.params.iter().enumerate().find(|(_, p)| p.name == name)
    }
}

/// The tables of what stands in these node kinds by name ([`ParamKind::Map`]) or in lists, each once, in the order in which they are met.
pub fn parts(specs: &[&'static NodeSpec]) -> Vec<&'static NodeSpec> {
    let mut found: Vec<&'static NodeSpec> = vec![];
    let mut open: Vec<&'static NodeSpec> = specs.iter().rev().copied().collect();
    while let Some(spec) = open.pop() {
        for param in spec.params {
            if let ParamKind::Map(part) | ParamKind::Table(part) | ParamKind::Notes(part) = param.kind
                && !found.iter().any(|known| known.name == part.name)
            {
                found.push(part);
                open.push(part);
            }
        }
    }
    found
}

impl ParamSpec {
    /// An input, mono or stereo, that must be written.
    pub const fn signal(name: &'static str, help: &'static str) -> ParamSpec {
        ParamSpec { default: Default::Required, ..ParamSpec::of(ParamKind::Signal(Stereo::Keep), name, help) }
    }

    /// A parameter that may be absent, with no unit and no range. A table entry changes what is otherwise: `ParamSpec { .. }` with
    /// `..ParamSpec::of(kind, "name", "help")`.
    pub const fn of(kind: ParamKind, name: &'static str, help: &'static str) -> ParamSpec {
        ParamSpec { name, kind, unit: Unit::None, default: Default::Absent, range: None, help }
    }

    /// `true` or `false`, `false` when absent.
    pub const fn flag(name: &'static str, help: &'static str) -> ParamSpec {
        ParamSpec { default: Default::Flag(false), ..ParamSpec::of(ParamKind::Flag, name, help) }
    }

    /// A fixed whole number with its range.
    pub const fn integer(
        name: &'static str,
        default: f64,
        range: (f64, f64),
        help: &'static str,
    ) -> ParamSpec {
        ParamSpec { kind: ParamKind::Integer, ..ParamSpec::number(name, Unit::None, default, range, help) }
    }

    /// A mono control input with a default value.
    pub const fn control(name: &'static str, unit: Unit, default: f64, help: &'static str) -> ParamSpec {
        ParamSpec { default: Default::Number(default), ..ParamSpec::optional(name, unit, help) }
    }

    /// A mono control input that may be absent.
    pub const fn optional(name: &'static str, unit: Unit, help: &'static str) -> ParamSpec {
        ParamSpec { unit, ..ParamSpec::of(ParamKind::Signal(Stereo::Average), name, help) }
    }

    /// A key that is accepted with a warning, and does nothing.
    pub const fn ignored(name: &'static str, why: &'static str) -> ParamSpec {
        ParamSpec::of(ParamKind::Ignored, name, why)
    }

    /// A fixed number with its range.
    pub const fn number(
        name: &'static str,
        unit: Unit,
        default: f64,
        range: (f64, f64),
        help: &'static str,
    ) -> ParamSpec {
        ParamSpec {
            unit,
            default: Default::Number(default),
            range: Some(range),
            ..ParamSpec::of(ParamKind::Number, name, help)
        }
    }
}

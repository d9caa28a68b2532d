//! What a `trigger` is built from. Plain data; any thread.

use crate::dsp::drum::Settings;

use crate::kernel::voices::StepCall;

/// What comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// The voices.
    Sound,
    /// 1 for one frame at each stroke.
    Hits,
    /// The velocity of the last stroke, 0..1.
    Velocity,
    /// What the detector hears behind its gain and filters.
    Listen,
}

/// What a voice knows of its stroke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HitVariable {
    Velocity,
    Peak,
    Brightness,
    Gate,
}

impl HitVariable {
    pub const ALL: [(&str, HitVariable); 6] = [
        ("velocity", HitVariable::Velocity),
        ("vel", HitVariable::Velocity),
        ("v", HitVariable::Velocity),
        ("peak", HitVariable::Peak),
        ("brightness", HitVariable::Brightness),
        ("gate", HitVariable::Gate),
    ];
}

/// A setting that moves while it listens.
pub type Knob = fn(&mut Settings, f32);

/// What the detector is told, beside its input.
#[derive(Clone, Debug)]
pub struct HitPlan {
    /// Its number among the host's triggers.
    pub slot: Option<u8>,
    /// Input that is heard; none: what comes in from outside.
    pub input: Option<usize>,
    pub settings: Settings,
    /// Input of the second microphone.
    pub reference: Option<usize>,
    /// Inputs that say how much of what comes in is added.
    pub dry: Option<usize>,
    /// Settings that follow inputs.
    pub moving: Vec<(usize, Knob)>,
    pub output: Output,
    /// What each stroke starts, one after the other.
    pub steps: Vec<Vec<StepCall>>,
    /// Per pool, the slots of [`HitVariable::ALL`].
    pub variables: Vec<Vec<Option<u32>>>,
    /// How many voices of a pool sound at once.
    pub limit: usize,
    /// A stroke ends what the one before has started.
    pub choke: bool,
    /// Key and channel of the note for the host.
    pub note: Option<(u8, u8)>,
    /// Frames after which the note ends, and the gate closes.
    pub length: u64,
    /// Frames by which it puts out its strokes late, and by which its input is late at the output.
    pub late: u64,
    pub dry_late: u64,
}

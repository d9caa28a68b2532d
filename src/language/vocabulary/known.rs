//! Names that expressions know without anybody having defined them: everywhere, and below nodes that bring musical time, notes or
//! copies. The values are made by the compiler, whose tests hold this table against what it makes. Any thread.

/// A name with its other spellings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// The name, then shorter or older spellings.
    pub names: &'static [&'static str],
    pub help: &'static str,
}

const fn known(names: &'static [&'static str], help: &'static str) -> Known {
    Known { names, help }
}

/// Names that are known everywhere.
pub const EVERYWHERE: &[Known] = &[
    known(&["t", "time"], "Seconds since the node began; in a voice, since its note or step began."),
    known(&["n", "samples"], "The same as `t`, in frames."),
    known(super::RATE_NAMES, "Sample rate in hertz."),
];

/// Names that are known below a node of this kind.
pub const BELOW: &[(&str, &[Known])] =
    &[("tempo", TEMPO), ("midi_in", NOTE), ("spawn", SPAWNED), ("trigger", STRUCK), ("multiply", COPY)];

const TEMPO: &[Known] = &[
    known(&["bpm"], "Beats per minute: the host's, or those of the `tempo` node."),
    known(&["beat"], "Length of a beat (a quarter) in seconds."),
    known(&["bar"], "Length of a bar in seconds: four beats, or what the host's metre says."),
    known(&["eighth"], "Length of an eighth in seconds."),
    known(&["sixteenth"], "Length of a sixteenth in seconds."),
    known(&["triplet"], "Length of an eighth triplet (a third of a beat) in seconds."),
    known(&["beat_number"], "Which beat it is, from 1 on."),
    known(&["bar_number"], "Which bar it is, from 1 on."),
    known(&["eighth_number"], "Which eighth it is, from 1 on."),
    known(&["sixteenth_number"], "Which sixteenth it is, from 1 on."),
    known(&["triplet_number"], "Which triplet it is, from 1 on."),
    known(&["beat_tick"], "1 for one frame when a beat begins, else 0: a trigger."),
    known(&["bar_tick"], "1 for one frame when a bar begins, else 0."),
    known(&["eighth_tick"], "1 for one frame when an eighth begins, else 0."),
    known(&["sixteenth_tick"], "1 for one frame when a sixteenth begins, else 0."),
    known(&["triplet_tick"], "1 for one frame when a triplet begins, else 0."),
    known(&["two_bar_tick"], "1 for one frame every two bars, else 0."),
    known(&["four_bar_tick"], "1 for one frame every four bars, else 0."),
    known(&["eight_bar_tick"], "1 for one frame every eight bars, else 0."),
    known(&["sixteen_bar_tick"], "1 for one frame every sixteen bars, else 0."),
];

const NOTE: &[Known] = &[
    known(&["freq", "f"], "Frequency of the note in hertz, with pitch bend."),
    known(&["note", "key", "n"], "Number of the key: 60 is c4."),
    known(&["velocity", "vel", "v", "amp", "a"], "How hard the key was struck, 0 to 1."),
    known(&["gate"], "1 while the key is down, then 0: for the `gate` of an envelope."),
    known(&["release_velocity"], "How fast the key was let go, 0 to 1."),
    known(&["pressure"], "Pressure on the key after the stroke (aftertouch), 0 to 1."),
    known(&["brightness"], "Brightness of the note (in MPE the finger's slide), 0 to 1."),
    known(&["bend"], "Pitch bend, -1 to 1; already contained in `freq`."),
    known(&["pan"], "The note's place in the stereo field, -1 (left) to 1 (right)."),
    known(&["gain"], "The note's level, a factor; 1 where the host says nothing."),
    known(&["vibrato"], "The note's vibrato, 0 to 1."),
    known(&["voice"], "Number of the note's voice, 1 to `voices`, going round: to spread voices."),
    known(&["age"], "Seconds since the note began."),
];

const SPAWNED: &[Known] = &[
    known(&["gate"], "Always 1: what is written for notes can be spawned as well."),
    known(&["trigger_offset"], "Always 0: a voice begins at the very frame of its trigger."),
];

const STRUCK: &[Known] = &[
    known(&["velocity", "vel", "v"], "How hard the drum was struck, 0 to 1."),
    known(&["peak"], "The stroke's highest amplitude, a factor."),
    known(&["brightness"], "How much of the stroke's power is above 1.5 kHz, 0 to 1."),
    known(&["gate"], "1 until `length` has passed, then 0."),
];

const COPY: &[Known] = &[
    known(&["i"], "Number of the copy, from 1 on."),
    known(&["n"], "How many copies there are."),
    known(&["item"], "The copy's value from the list `items`."),
];

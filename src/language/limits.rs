//! What a library may ask for at most: every bound in one place, so that no text and no file can exhaust memory, time or stack.
//! What goes beyond is refused with a finding that names the bound. Read by the loader's rooms; nothing here does anything.

/// Bytes of one text file.
pub const FILE_BYTES: usize = 16 << 20;
/// Text files of one library.
pub const FILES: usize = 10_000;
/// Values of one text file, with everything behind an alias counted where it is used.
pub const YAML_VALUES: u32 = 200_000;
/// Lists and mappings within each other.
pub const YAML_DEPTH: usize = 64;

/// Parts of one expression: numbers, names, operators, calls.
pub const EXPRESSION_PARTS: usize = 4_096;
/// Brackets, calls and signs within each other.
pub const EXPRESSION_NESTING: usize = 64;
/// Height of an expression's tree; a chain such as `a + b + c + …` is as tall as it has operators.
pub const EXPRESSION_HEIGHT: usize = 512;

/// Keys of one node: parameters, tracks, variables.
pub const KEYS: usize = 1_000;
/// Variables of a library.
pub const VARIABLES: usize = 1_000;
/// Macros of a library: the host has so many parameters for them.
pub const MACROS: usize = 16;
/// Nodes of one sound with its sub-patches.
pub const NODES: usize = 20_000;
/// Nodes and sub-patches within each other.
pub const NESTED: usize = 100;
/// Nodes of one sound with all that its steps start, counted as often as the compiler looks at them.
pub const COMPILED_NODES: usize = 100_000;
/// Nodes within each other with all that steps start.
pub const COMPILED_NESTED: usize = 150;
/// Nodes that one check of a library expands; real libraries need a hundredth.
pub const CHECKED_NODES: usize = 2_000_000;
/// Findings that a check returns.
pub const FINDINGS: usize = 1_000;

/// Notes of all patterns and clips of a sound.
pub const NOTES: usize = 2_000_000;

/// Voices of one node.
pub const VOICES: usize = 256;
/// Copies that `multiply` makes.
pub const COPIES: usize = 1_024;
/// Lanes of a graph: voices within voices multiply.
pub const LANES: usize = 4_096;
/// Bytes that one sound may take while it plays, without its samples.
pub const PROGRAM_BYTES: usize = 384 << 20;

/// Seconds that the compiler renders beforehand for one sound, all its nodes together.
pub const AHEAD_SECONDS: usize = 60;
/// Seconds that it may take for each of them: a few signals are slow.
pub const AHEAD_PATIENCE: u64 = 10;

/// Bytes of a sample's file.
pub const SAMPLE_BYTES: u64 = 512 << 20;
/// Channels of a sample.
pub const SAMPLE_CHANNELS: usize = 64;
/// Decoded values of a sample, all channels together (512 MB of memory).
pub const SAMPLE_VALUES: usize = 1 << 27;

/// One bound as the reference page shows it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    pub what: &'static str,
    pub most: f64,
    /// What is counted; empty for plain numbers. `bytes` are shown in MB.
    pub unit: &'static str,
}

impl Limit {
    pub const fn new(what: &'static str, most: usize, unit: &'static str) -> Limit {
        Limit { what, most: most as f64, unit }
    }
}

/// The bounds that people may meet.
pub const LIMITS: &[Limit] = &[
    Limit::new("size of a text file", FILE_BYTES, "bytes"),
    Limit::new("files of a library", FILES, ""),
    Limit::new("size of a sample's file", SAMPLE_BYTES as usize, "bytes"),
    Limit::new("channels of a sample", SAMPLE_CHANNELS, ""),
    Limit::new("frames of a sample times its channels", SAMPLE_VALUES, ""),
    Limit::new("values in a file", YAML_VALUES as usize, ""),
    Limit::new("lists and mappings inside of each other", YAML_DEPTH, ""),
    Limit::new("keys of a node", KEYS, ""),
    Limit::new("variables of a library", VARIABLES, ""),
    Limit::new("macros of a library", MACROS, ""),
    Limit::new("nodes of a sound, with those of the sounds that it uses", NODES, ""),
    Limit::new("nodes inside of each other", NESTED, ""),
    Limit::new("nodes of a sound and of all that its steps start", COMPILED_NODES, ""),
    Limit::new("nodes inside of each other, with those that steps start", COMPILED_NESTED, ""),
    Limit::new("parts of an expression (numbers, names, operators)", EXPRESSION_PARTS, ""),
    Limit::new("brackets inside of each other in an expression", EXPRESSION_NESTING, ""),
    Limit::new("operators in a chain such as `a + b + c`", EXPRESSION_HEIGHT, ""),
    Limit::new("notes of all `pattern`s and `clips` of a sound", NOTES, ""),
    Limit::new("voices at once of `midi_in` and `spawn`", VOICES, ""),
    Limit::new("copies of a `multiply`", COPIES, ""),
    Limit::new("voices of one node, with voices inside of voices multiplied", LANES, ""),
    Limit::new("sound rendered beforehand (`invert` and others), for one sound", AHEAD_SECONDS, "s"),
    Limit::new("memory of a sound that plays, without its samples", PROGRAM_BYTES, "bytes"),
];

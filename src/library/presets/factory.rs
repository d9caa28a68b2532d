//! The libraries that are part of the program: one line for each, its own file first, then those that it plays the sounds of.

/// One of them.
pub struct Factory {
    /// As hosts and projects know it: never to be changed.
    pub name: &'static str,
    pub files: &'static [(&'static str, &'static str)],
}

macro_rules! factory {
    ($($name:literal: $($file:literal)+;)+) => {
        &[$(Factory { name: $name, files: &[$(($file, include_str!(concat!("../../../presets/", $file)))),+] }),+]
    };
}

/// In the order in which they are listed.
pub const FACTORY: &[Factory] = factory! {
    "Drums": "drums.yaml";
    "Synth": "synth.yaml";
    "Song": "song.yaml" "drums.yaml" "synth.yaml";
    "Tide": "tide.yaml" "drums.yaml" "synth.yaml";
};

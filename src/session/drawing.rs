//! The sound that plays, as the window draws it: boxes with names and their lines in the text, and cables between them. Made by the loader;
//! the lamps in it are lit by the audio thread while somebody looks.

use std::collections::HashMap;
use std::sync::Arc;

pub use crate::compile::{Cable, Files};
use crate::compile::{Drawing, Drawn};
use crate::engine::Lamp;
use crate::language::model::SourceFile;

/// The boxes, each before those that it reaches, and the cables.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    pub nodes: Vec<GraphNode>,
    pub cables: Vec<Cable>,
}

/// A node that runs.
#[derive(Clone, Debug, PartialEq)]
pub struct GraphNode {
    /// Where it stands in the sound; empty for the sound as a whole.
    pub name: String,
    pub kind: &'static str,
    /// File, and line from 1.
    pub place: Option<(String, usize)>,
    /// `monitor` is written for it.
    pub monitored: bool,
    pub lamp: Arc<Lamp>,
    /// What it plays, where it plays files.
    pub files: Files,
}

impl GraphNode {
    /// What tells it apart: kind and name.
    pub fn title(&self) -> String {
        if self.name.is_empty() { self.kind.to_owned() } else { format!("{} of {}", self.kind, self.name) }
    }
}

impl GraphNode {
    /// Whether it takes its signal back where that is loud.
    pub fn has_dynamics(&self) -> bool {
        matches!(self.kind, "compressor" | "limiter")
    }

    /// Whether it stands in the strip of this name, outside of its voices.
    pub fn is_of(&self, strip: &str) -> bool {
        self.name.split('.').any(|part| part == strip)
    }
}

impl Graph {
    pub(super) fn of(drawing: Drawing, files: &[SourceFile]) -> Graph {
        let mut lines: HashMap<u32, Vec<usize>> = HashMap::new();
        let mut node = |drawn: Drawn| {
            let place = files.get(drawn.span.file as usize).map(|file| {
                let newlines = lines.entry(drawn.span.file).or_insert_with(|| {
                    file.text
                        .bytes()
                        .enumerate()
                        .filter(|(_, byte)| *byte == b'\n')
                        .map(|(at, _)| at)
                        .collect()
                });
                let line = newlines.partition_point(|at| *at < drawn.span.start as usize) + 1;
                (file.path.display().to_string(), line)
            });
            let Drawn { path, kind, monitored, lamp, files, .. } = drawn;
            GraphNode { name: name(&path, kind), kind, place, monitored, lamp, files }
        };
        Graph { nodes: drawing.boxes.into_iter().map(&mut node).collect(), cables: drawing.cables }
    }

    /// The node of this title, the first where there are several.
    pub fn find(&self, title: &str) -> Option<&GraphNode> {
        self.nodes.iter().find(|node| node.title() == title)
    }
}

/// A path without the sound's name, its root, and the kind at its end.
fn name(path: &str, kind: &str) -> String {
    let inside = path.split_once('.').map_or("", |(_, inside)| inside);
    let inside = inside.strip_prefix("root").map_or(inside, |inside| inside.trim_start_matches('.'));
    let own = inside.strip_suffix(kind).unwrap_or(inside);
    own.trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawing_names_are_paths_without_sound_root_and_kind() {
        for (path, kind, expected) in [
            ("song.root.mix.lead.strip", "strip", "mix.lead"),
            ("song.root", "osc", ""),
            ("song.root.mix.lead.filter.signal", "osc", "mix.lead.filter.signal"),
            ("song", "midi_in", ""),
        ] {
            assert_eq!(name(path, kind), expected, "{path}");
        }
    }
}

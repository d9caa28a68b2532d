//! A compiled sound as it can be drawn: a box for each node that runs, and a cable where the output of one reaches another, whatever sums
//! and formulas lie between. Loader thread.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use super::plan::Wire;
use super::sketch::{GraphSketch, Part};
use crate::kernel::Audio;
use crate::kernel::lamp::Lamp;
use crate::language::model::Span;

/// Nodes whose signal somebody wants to see, by the ids of their operations: what kind of node it is, and where it was written.
pub(super) type Monitored = HashMap<String, (&'static str, Span)>;

/// The boxes in an order in which each stands before those that it reaches, and the cables.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drawing {
    pub boxes: Vec<Drawn>,
    pub cables: Vec<Cable>,
}

/// A node that runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn {
    /// Its path in the text: the sound's name, then parameters and kinds.
    pub path: String,
    pub kind: &'static str,
    pub span: Span,
    /// `monitor` is written for it.
    pub monitored: bool,
    pub lamp: Arc<Lamp>,
    pub files: Files,
}

/// The files that a node plays, as long as anything does: whoever looks keeps none in memory. Equal where they are the same.
#[derive(Clone, Debug, Default)]
pub struct Files(pub Vec<Weak<Audio>>);

impl PartialEq for Files {
    fn eq(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.0.iter().zip(&other.0).all(|(a, b)| a.ptr_eq(b))
    }
}

/// A signal from a box to another, by their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cable {
    pub from: usize,
    pub to: usize,
    /// It comes around: what is read is older.
    pub back: bool,
}

/// What a wire comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Box(usize),
    /// A feedback line of a graph, by the numbers of both.
    Line(usize, usize),
}

#[derive(Default)]
struct Walk<'a> {
    drawing: Drawing,
    monitored: Option<&'a Monitored>,
    /// Graphs so far.
    graphs: usize,
    lines: HashMap<(usize, usize), Vec<Source>>,
    reads: Vec<(usize, Source)>,
}

impl Drawing {
    pub(super) fn of(graph: &GraphSketch, monitored: &Monitored) -> Drawing {
        let mut walk = Walk { monitored: Some(monitored), ..Walk::default() };
        walk.graph(graph, &[]);
        let Walk { mut drawing, lines, reads, .. } = walk;
        for (to, source) in reads {
            match source {
                Source::Box(from) => drawing.cables.push(Cable { from, to, back: false }),
                Source::Line(..) => {
                    let mut seen = vec![];
                    let sources = written(&lines, source, &mut seen);
                    drawing.cables.extend(sources.into_iter().map(|from| Cable { from, to, back: true }));
                }
            }
        }
        drawing.cables.sort_unstable();
        drawing.cables.dedup();
        drawing
    }
}

/// The boxes that are written into a feedback line, through others if need be.
fn written(
    lines: &HashMap<(usize, usize), Vec<Source>>,
    source: Source,
    seen: &mut Vec<Source>,
) -> Vec<usize> {
    match source {
        Source::Box(from) => vec![from],
        _ if seen.contains(&source) => vec![],
        Source::Line(graph, line) => {
            seen.push(source);
            let written_there = lines.get(&(graph, line)).into_iter().flatten();
            written_there.flat_map(|source| written(lines, *source, seen)).collect()
        }
    }
}

impl Walk<'_> {
    /// Draws a graph whose imports come from `around`, by the inputs of the operation that plays it; what its outputs come from.
    fn graph(&mut self, graph: &GraphSketch, around: &[Vec<Source>]) -> Vec<Source> {
        let number = self.graphs;
        self.graphs += 1;
        let mut sources: Vec<Vec<Source>> = vec![];
        for op in &graph.ops {
            let inputs: Vec<Vec<Source>> = op.inputs.iter().map(|wire| of_wire(wire, &sources)).collect();
            let mut all = union(&inputs);
            let monitored = self.monitored.and_then(|monitored| monitored.get(&op.id));
            sources.push(match op.part {
                Part::Import { index, .. } => around.get(index).cloned().unwrap_or_default(),
                Part::Read(line, _) => vec![Source::Line(number, line)],
                Part::Write(line, _) => {
                    self.lines.insert((number, line), all);
                    vec![]
                }
                part => {
                    for pool in &op.pools {
                        for source in self.graph(pool.graph(), &inputs) {
                            if !all.contains(&source) {
                                all.push(source);
                            }
                        }
                    }
                    let kind = match (part, monitored) {
                        (Part::Kernel(_), Some((kind, _))) => kind,
                        (Part::Kernel(kind) | Part::Voices(kind), _) => kind,
                        _ => "",
                    };
                    match op.span.or(monitored.map(|(_, span)| *span)) {
                        Some(span) => {
                            let (path, lamp, files) = (
                                op.id.clone(),
                                op.lamp.clone(),
                                Files(op.audio.iter().map(Arc::downgrade).collect()),
                            );
                            let monitored = monitored.is_some();
                            let drawn = Drawn { path, kind, span, monitored, lamp, files };
                            self.drawing.boxes.push(drawn);
                            let here = self.drawing.boxes.len() - 1;
                            self.reads.extend(all.into_iter().map(|source| (here, source)));
                            vec![Source::Box(here)]
                        }
                        None => all,
                    }
                }
            });
        }
        union(&graph.outputs.iter().map(|wire| of_wire(wire, &sources)).collect::<Vec<_>>())
    }
}

fn of_wire(wire: &Wire, sources: &[Vec<Source>]) -> Vec<Source> {
    union(&wire.ops().filter_map(|op| sources.get(op).cloned()).collect::<Vec<_>>())
}

fn union(all: &[Vec<Source>]) -> Vec<Source> {
    let mut union = vec![];
    for source in all.iter().flatten() {
        if !union.contains(source) {
            union.push(*source);
        }
    }
    union
}

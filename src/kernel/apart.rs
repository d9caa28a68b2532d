//! A graph taken apart for a while: its steps move, with all they remember, to portions that may run at the same time, and come back
//! behind the block. Portions hand each other signals over cables, of an earlier one only. Whoever renders offline; made once, with
//! allocations; lending and taking back make none.

use std::collections::HashMap;
use std::ops::Range;

use super::feedback::Loop;
use super::graph::{Graph, Step, Work};
use super::pass::{Port, Source};

/// Some of a graph's steps, as a graph of their own.
pub struct Portion {
    /// Empty of steps while they are at home.
    pub graph: Graph,
    /// Cables, and the tiles of `graph` that they bring values to, or take them from.
    pub reads: Vec<(usize, u32)>,
    pub writes: Vec<(usize, u32)>,
    /// For each of its steps what it reads and writes here; while the steps are lent, what they do at home.
    ports: Vec<(Box<[Port]>, [u32; 2])>,
    lines: Vec<usize>,
}

/// How a graph is taken apart.
pub struct Apart {
    /// In an order in which none reads what comes later.
    pub portions: Vec<Portion>,
    /// For each cable, the portion that puts it out.
    pub sources: Vec<usize>,
    /// Cables, and the tiles of the whole that outputs are taken from.
    pub outputs: Vec<(usize, u32)>,
    /// The portion of each step.
    pub of: Vec<u32>,
}

impl Apart {
    /// `of` says for each step of `graph` to which portion it goes; what goes round in a loop stays together. `outputs` are read behind
    /// the graph.
    pub fn new(graph: &Graph, of: &[u32], outputs: impl Iterator<Item = Source>) -> Apart {
        let mut draft = Draft::new(of.iter().max().map_or(0, |last| *last as usize + 1));
        let mut loops = graph.loops().iter().peekable();
        for ((index, step), portion) in graph.steps().iter().enumerate().zip(of) {
            let portion = *portion as usize;
            if let Some(next) = loops.peek()
                && next.steps.start == index
            {
                draft.enter(portion, next);
            }
            let source = |draft: &mut Draft, source| match source {
                Source::Tile(tile) => Source::Tile(draft.read(portion, tile)),
                slot => slot,
            };
            let port = |draft: &mut Draft, port: &Port| Port {
                left: source(draft, port.left),
                right: source(draft, port.right),
            };
            let inputs = step.inputs.iter().map(|input| port(&mut draft, input)).collect();
            let mut outputs = step.outputs;
            outputs[..step.channels].iter_mut().for_each(|tile| *tile = draft.write(portion, *tile));
            let own = &mut draft.portions[portion];
            own.ports.push((inputs, outputs));
            if let Work::FeedbackRead(line) | Work::FeedbackWrite(line) = step.work
                && !own.lines.contains(&line)
            {
                own.lines.push(line);
            }
            if let Some(done) = loops.next_if(|next| next.steps.end == index + 1) {
                draft.leave(portion, done);
            }
        }
        let mut known = vec![];
        for output in outputs {
            if let Source::Tile(tile) = output
                && !known.iter().any(|(_, known)| *known == tile)
                && let Some(cable) = draft.cable(tile)
            {
                known.push((cable, tile));
            }
        }
        let portions = draft.portions.into_iter().map(|own| own.build(graph)).collect();
        Apart { portions, sources: draft.sources, outputs: known, of: of.to_vec() }
    }
}

/// A portion in the making.
#[derive(Default)]
struct Own {
    tiles: u32,
    reads: Vec<(usize, u32)>,
    writes: Vec<(usize, u32)>,
    ports: Vec<(Box<[Port]>, [u32; 2])>,
    lines: Vec<usize>,
    loops: Vec<Loop>,
}

struct Draft {
    portions: Vec<Own>,
    /// Who has written each tile of the whole last: a portion, and the tile there.
    holders: HashMap<u32, (usize, u32)>,
    cables: HashMap<(usize, u32), usize>,
    sources: Vec<usize>,
}

impl Draft {
    fn new(portions: usize) -> Draft {
        let portions = (0..portions).map(|_| Own::default()).collect();
        Draft { portions, holders: HashMap::new(), cables: HashMap::new(), sources: vec![] }
    }

    fn tile(&mut self, portion: usize) -> u32 {
        let own = &mut self.portions[portion];
        own.tiles += 1;
        own.tiles - 1
    }

    /// The tile of a portion that stands for one of the whole, which it reads.
    fn read(&mut self, portion: usize, tile: u32) -> u32 {
        match self.holders.get(&tile) {
            Some((holder, own)) if *holder == portion => *own,
            Some(_) => {
                let Some(cable) = self.cable(tile) else { return self.write(portion, tile) };
                let known = self.portions[portion].reads.iter().find(|(known, _)| *known == cable);
                known.map(|(_, own)| *own).unwrap_or_else(|| {
                    let own = self.tile(portion);
                    self.portions[portion].reads.push((cable, own));
                    own
                })
            }
            // Nobody writes it.
            None => self.write(portion, tile),
        }
    }

    /// The same for one that it writes.
    fn write(&mut self, portion: usize, tile: u32) -> u32 {
        let own = self.tile(portion);
        self.holders.insert(tile, (portion, own));
        own
    }

    /// The cable that brings a tile of the whole to other portions.
    fn cable(&mut self, tile: u32) -> Option<usize> {
        let (holder, own) = *self.holders.get(&tile)?;
        Some(*self.cables.entry((holder, own)).or_insert_with(|| {
            let cable = self.sources.len();
            self.sources.push(holder);
            self.portions[holder].writes.push((cable, own));
            cable
        }))
    }

    fn enter(&mut self, portion: usize, whole: &Loop) {
        let start = self.portions[portion].ports.len();
        let steps: Range<usize> = start..start + whole.steps.len();
        let enter = whole.enter.iter().map(|(outer, own)| {
            let outer = self.read(portion, *outer);
            (outer, self.write(portion, *own))
        });
        let enter = enter.collect();
        let made = Loop { steps, grain: whole.grain, enter, leave: vec![] };
        self.portions[portion].loops.push(made);
    }

    fn leave(&mut self, portion: usize, whole: &Loop) {
        let leave = whole.leave.iter().map(|(own, outer)| {
            let own = self.read(portion, *own);
            (own, self.write(portion, *outer))
        });
        let leave = leave.collect();
        if let Some(made) = self.portions[portion].loops.last_mut() {
            made.leave = leave;
        }
    }
}

impl Own {
    fn build(self, whole: &Graph) -> Portion {
        let Own { tiles, reads, writes, ports, lines, loops } = self;
        Portion { graph: whole.empty_like(tiles as usize, ports.len(), loops), reads, writes, ports, lines }
    }
}

impl Portion {
    /// Takes what it needs of the whole, beside the steps, which come one by one.
    pub fn leave_home(&mut self, whole: &mut Graph) {
        self.graph.same_time(whole);
        self.swap_lines(whole);
    }

    /// Gives that back.
    pub fn come_home(&mut self, whole: &mut Graph) {
        self.swap_lines(whole);
    }

    fn swap_lines(&mut self, whole: &mut Graph) {
        for line in &self.lines {
            whole.swap_line(&mut self.graph, *line);
        }
    }

    /// Takes the next of its steps.
    pub fn take(&mut self, mut step: Step) {
        self.change(self.graph.steps().len(), &mut step);
        self.graph.push_step(step);
    }

    /// Gives its last step back.
    pub fn give(&mut self) -> Option<Step> {
        let mut step = self.graph.pop_step()?;
        self.change(self.graph.steps().len(), &mut step);
        Some(step)
    }

    /// Between what a step reads and writes at home and what it does here.
    fn change(&mut self, number: usize, step: &mut Step) {
        let (inputs, outputs) = &mut self.ports[number];
        std::mem::swap(inputs, &mut step.inputs);
        std::mem::swap(outputs, &mut step.outputs);
    }
}

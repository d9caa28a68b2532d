//! A compiled graph: kernels in order, the tiles and slots between them, and the loop that runs them for a piece of time. The main
//! sound is a graph of one lane; the voices of a pool share a graph with a lane each. Built by the loader, run by the audio thread.

use std::ops::Range;
use std::sync::Arc;

use super::feedback::{Feedback, Loop};
use super::isa::{Isa, Width};
use super::lamp::{Lamp, Seen, Told};
use super::pass::{Kernel, Pass, Piece, Port, Source, Start};
use super::tape::Tape;
use super::tile::{TILE, Tile};
use super::voices::{Pool, Press};
use crate::dsp::lane::MAX_LANES;

/// How the end of a step's output follows from its inputs.
#[derive(Clone, Debug, PartialEq)]
pub enum EndRule {
    Never,
    /// With this input.
    With(usize),
    /// When all of these inputs have ended.
    AllOf(Vec<usize>),
    /// The kernel says it.
    Own,
}

/// What a step does.
pub enum Work {
    Kernel(Box<dyn Kernel>),
    /// Reads what was written into a feedback line as many frames ago as the line is late.
    FeedbackRead(usize),
    /// Writes its input into a feedback line.
    FeedbackWrite(usize),
}

/// Work at its place in the order.
pub struct Step {
    /// Key of the node's state.
    pub id: String,
    pub work: Work,
    pub inputs: Box<[Port]>,
    /// Output tiles; the second only for two channels.
    pub outputs: [u32; 2],
    pub channels: usize,
    pub ends: EndRule,
    /// Only values at control points and at a lane's first frame are read.
    pub sparse: bool,
    /// It comes from the program before and runs only until that has faded.
    pub leaving: bool,
    /// Absolute frame at which it came into the running graph, if that is later than its lanes: its own time began then.
    pub born: Option<u64>,
    /// Tells whoever looks how loud it is.
    pub lamp: Arc<Lamp>,
}

impl Step {
    /// How many nodes it stands for: itself, and those of its voices.
    pub fn nodes(&self) -> usize {
        let Work::Kernel(kernel) = &self.work else { return 1 };
        1 + kernel.pools().iter().map(Pool::nodes).sum::<usize>()
    }
}

/// Values that change only between passes: `lanes` of them per slot.
pub struct Slots {
    memory: Tile,
    lanes: usize,
}

impl Slots {
    /// Slots with the same value in every lane.
    pub fn new(values: &[f32], lanes: usize) -> Self {
        let mut memory = Tile::new((values.len() * lanes).div_ceil(TILE).max(1));
        for (slot, value) in values.iter().enumerate() {
            memory.floats_mut()[slot * lanes..(slot + 1) * lanes].fill(*value);
        }
        Self { memory, lanes }
    }

    pub fn set(&mut self, slot: u32, lane: usize, value: f32) {
        self.memory.floats_mut()[slot as usize * self.lanes + lane] = value;
    }

    pub fn get(&self, slot: u32, lane: usize) -> f32 {
        self.memory.floats()[slot as usize * self.lanes + lane]
    }
}

/// Somebody who looks on while steps run.
pub trait Watch {
    fn before(&mut self, _step: usize) {}
    /// The step has put out so many frames.
    fn after(&mut self, _step: usize, _outputs: &[Box<Tile>], _frames: usize) {}
}

impl Watch for () {}

/// The kernels of a sound or a voice, in the order in which they run.
pub struct Graph {
    lanes: usize,
    rate: f64,
    isa: Isa,
    steps: Vec<Step>,
    #[expect(
        clippy::vec_box,
        reason = "a step's outputs are taken out and put back by moving a pointer each"
    )]
    tiles: Vec<Box<Tile>>,
    /// Stand in for the outputs of the step that runs.
    stand_ins: [Box<Tile>; 2],
    slots: Slots,
    feedback: Vec<Feedback>,
    /// Ranges of steps that run in parts of a piece, in order.
    loops: Vec<Loop>,
    /// Per tape of the graph's buffers, per lane: new for every voice.
    tapes: Vec<Vec<Arc<Tape>>>,
    ages: Vec<u64>,
    /// The same for the step that runs, where it is younger than the lanes.
    own_ages: Vec<u64>,
    /// How each lane was started.
    starts: Vec<Start>,
    /// Lanes that were started and not stopped.
    alive: Vec<bool>,
    /// Absolute frames in which steps that leave run.
    leaving: Range<u64>,
    /// The steps that have voices.
    pools: Vec<usize>,
    /// Passes rendered, for tests and statistics.
    passes: u64,
    /// It is the whole sound, which belongs to the song, and not a voice.
    of_song: bool,
}

impl Graph {
    /// How many lanes are kept for `voices` voices: one, or whole packs.
    pub fn lanes_for(voices: usize) -> usize {
        match voices {
            0 | 1 => 1,
            2..=8 => 8,
            n => n.next_multiple_of(MAX_LANES),
        }
    }

    /// The keys of the steps, in their order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().map(|step| step.id.as_str())
    }

    /// `of_song`: it is the whole sound, and not a voice.
    pub fn new(
        steps: Vec<Step>,
        tiles: usize,
        slots: &[f32],
        lanes: usize,
        rate: f64,
        of_song: bool,
    ) -> Self {
        let pack = lanes.min(MAX_LANES);
        let has_voices = |s: &Step| matches!(&s.work, Work::Kernel(k) if !k.pools().is_empty());
        let pools = steps.iter().enumerate().filter(|(_, s)| has_voices(s)).map(|(n, _)| n).collect();
        Self {
            lanes,
            rate,
            isa: Isa::detect(),
            steps,
            tiles: (0..tiles).map(|_| Box::new(Tile::new(pack))).collect(),
            stand_ins: Default::default(),
            slots: Slots::new(slots, lanes),
            feedback: vec![],
            loops: vec![],
            tapes: vec![],
            ages: vec![0; lanes],
            own_ages: vec![0; lanes],
            starts: vec![Start { at: 0, voice: 0 }; lanes],
            alive: vec![false; lanes],
            leaving: 0..0,
            pools,
            passes: 0,
            of_song,
        }
    }

    /// Gives the graph the tapes that its buffers, and those of voices further in, share.
    pub fn with_tapes(mut self, tapes: Vec<Vec<Arc<Tape>>>) -> Self {
        self.tapes = tapes;
        self
    }

    /// Gives the graph its feedback lines, by how many frames late they are, and the loops that run in parts.
    pub fn with_loops(mut self, lines: &[usize], loops: Vec<Loop>) -> Self {
        self.feedback = lines.iter().map(|late| Feedback::new(*late, self.lanes)).collect();
        self.loops = loops;
        self
    }

    pub fn lanes(&self) -> usize {
        self.lanes
    }

    pub fn rate(&self) -> f64 {
        self.rate
    }

    pub fn slots_mut(&mut self) -> &mut Slots {
        &mut self.slots
    }

    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The last one, to be spoilt.
    #[cfg(test)]
    pub fn last_step(&mut self) -> &mut Step {
        self.steps.last_mut().expect("a step")
    }

    pub fn age(&self, lane: usize) -> u64 {
        self.ages[lane]
    }

    pub fn passes(&self) -> u64 {
        self.passes
    }

    /// Frames that may sound on after everything that drives the graph is silent: the longest chain is not known, so the sum.
    pub fn tail(&self) -> u64 {
        let tail = |s: &Step| match &s.work {
            Work::Kernel(kernel) => kernel.tail(),
            Work::FeedbackRead(line) => self.feedback[*line].late() as u64,
            Work::FeedbackWrite(_) => 0,
        };
        self.steps.iter().map(tail).fold(0, u64::saturating_add)
    }

    /// Voices that sound in this graph.
    pub fn voices(&self) -> usize {
        let voices = |step: &usize| match &self.steps[*step].work {
            Work::Kernel(kernel) => kernel.pools().iter().map(Pool::sounding_voices).sum(),
            _ => 0,
        };
        self.pools.iter().map(voices).sum()
    }

    /// Whether a note that the host began still sounds in this graph (not in the graphs of its voices).
    pub fn plays(&self, note: &Press) -> bool {
        let plays = |step: &usize| match &self.steps[*step].work {
            Work::Kernel(kernel) => kernel.plays(note),
            _ => false,
        };
        self.pools.iter().any(plays)
    }

    pub fn tile(&self, tile: u32) -> &Tile {
        &self.tiles[tile as usize]
    }

    pub fn tile_mut(&mut self, tile: u32) -> &mut Tile {
        &mut self.tiles[tile as usize]
    }

    pub(super) fn loops(&self) -> &[Loop] {
        &self.loops
    }

    /// A graph of one lane for some of this one's steps, which has none yet.
    pub(super) fn empty_like(&self, tiles: usize, steps: usize, loops: Vec<Loop>) -> Graph {
        let mut graph = Graph::new(Vec::with_capacity(steps), tiles, &[], 1, self.rate, self.of_song);
        graph.slots.memory = Tile::new(self.slots.memory.floats().len() / TILE);
        graph.feedback = self.feedback.iter().map(|_| Feedback::new(0, 0)).collect();
        graph.loops = loops;
        graph
    }

    /// Goes on at the time of another graph of one lane, with the values of its slots.
    pub(super) fn same_time(&mut self, other: &Graph) {
        self.slots.memory.floats_mut().copy_from_slice(other.slots.memory.floats());
        self.ages.copy_from_slice(&other.ages);
        self.starts.copy_from_slice(&other.starts);
        self.leaving = other.leaving.clone();
    }

    pub(super) fn swap_line(&mut self, other: &mut Graph, line: usize) {
        if let (Some(own), Some(other)) = (self.feedback.get_mut(line), other.feedback.get_mut(line)) {
            std::mem::swap(own, other);
        }
    }

    pub(super) fn push_step(&mut self, step: Step) {
        self.steps.push(step);
    }

    pub(super) fn pop_step(&mut self) -> Option<Step> {
        self.steps.pop()
    }

    /// Hands all steps over, in order: they are rendered elsewhere, and come back before anything else happens to the graph.
    pub fn lend(&mut self, each: impl FnMut(Step)) {
        self.steps.drain(..).for_each(each);
    }

    /// Takes the steps back, the last one first, that were rendered for so many frames.
    pub fn take_back(&mut self, steps: impl Iterator<Item = Step>, frames: usize) {
        self.steps.extend(steps);
        self.steps.reverse();
        self.grow(0, 1, frames as i64);
    }

    pub(super) fn step_mut(&mut self, step: u32) -> Option<&mut Step> {
        self.steps.get_mut(step as usize)
    }

    /// Takes over the clocks of the lanes and the variables of the voices.
    pub(super) fn take_lanes(&mut self, old: &mut Graph, variables: usize) {
        std::mem::swap(&mut self.ages, &mut old.ages);
        std::mem::swap(&mut self.starts, &mut old.starts);
        std::mem::swap(&mut self.alive, &mut old.alive);
        let variables = variables * self.lanes;
        let (new, old) = (self.slots.memory.floats_mut(), old.slots.memory.floats());
        if let (Some(new), Some(old)) = (new.get_mut(..variables), old.get(..variables)) {
            new.copy_from_slice(old);
        }
    }

    /// Lets a memory of buffers go on in one of another shape.
    pub(super) fn take_tapes(&mut self, old: &Graph, from: usize, to: usize) {
        if let (Some(new), Some(old)) = (self.tapes.get(to), old.tapes.get(from)) {
            new.iter().zip(old).for_each(|(new, old)| new.take(old));
        }
    }

    pub(super) fn take_line(&mut self, old: &mut Graph, from: usize, to: usize) {
        if let (Some(new), Some(old)) = (self.feedback.get_mut(to), old.feedback.get_mut(from)) {
            std::mem::swap(new, old);
        }
    }

    /// Begins a step that the program before did not have, in the lanes that sound.
    pub(super) fn bear(&mut self, step: u32, at: u64, sounds: &impl Fn(usize) -> bool) {
        let Some(step) = self.steps.get_mut(step as usize) else { return };
        step.born = Some(at);
        if let Work::Kernel(kernel) = &mut step.work {
            for lane in (0..self.lanes).filter(|lane| sounds(*lane)) {
                kernel.start(lane, Start { at, ..self.starts[lane] });
            }
        }
    }

    /// Nothing of it goes on: see [`Kernel::hush`].
    pub fn hush(&mut self, at: u64) {
        for step in &mut self.steps {
            if let Work::Kernel(kernel) = &mut step.work {
                kernel.hush(at);
            }
        }
    }

    /// What comes from the program before begins to leave.
    pub(super) fn leave(&mut self, at: u64) {
        self.leaving = at..at + (super::carry::FADE * self.rate).ceil() as u64;
        for step in &mut self.steps {
            if let Work::Kernel(kernel) = &mut step.work {
                kernel.succeeded(at);
                if step.leaving {
                    kernel.hush(at);
                }
            }
        }
    }

    /// Whether something of the program before still sounds at a frame.
    pub fn leaving(&self, at: u64) -> bool {
        self.leaving.contains(&at)
    }

    /// Begins a voice (or the sound): all state of the lane is new.
    pub fn start(&mut self, lane: usize, start: Start) {
        self.ages[lane] = 0;
        self.starts[lane] = start;
        self.alive[lane] = true;
        if start.at < self.leaving.start {
            self.leaving = 0..0;
        }
        for tape in self.tapes.iter().filter_map(|lanes| lanes.get(lane)) {
            tape.reset();
        }
        for step in &mut self.steps {
            if let Work::Kernel(kernel) = &mut step.work {
                kernel.start(lane, start);
            }
        }
        for line in &mut self.feedback {
            line.start(lane);
        }
    }

    /// The voice in a lane is over.
    pub fn stop(&mut self, lane: usize, at: u64) {
        self.alive[lane] = false;
        for step in &mut self.steps {
            if let Work::Kernel(kernel) = &mut step.work {
                kernel.stop(lane, at);
            }
        }
    }

    /// Runs every kernel for the lanes `lane..lane + width`. The voices' clocks move on.
    pub fn render(&mut self, piece: &Piece, lane: usize, width: Width) {
        self.render_watched(piece, lane, width, &mut ());
    }

    /// As [`Graph::render`], while somebody looks on.
    pub fn render_watched(&mut self, piece: &Piece, lane: usize, width: Width, watch: &mut impl Watch) {
        debug_assert!(piece.frames >= 1 && piece.at % TILE as u64 + piece.frames as u64 <= TILE as u64);
        let lanes = width as usize;
        self.passes += 1;
        let mut done = 0;
        for n in 0..self.loops.len() {
            let steps = self.loops[n].steps.clone();
            self.run(done..steps.start, piece, lane, width, watch);
            self.run_loop(n, piece, lane, width, watch);
            done = steps.end;
        }
        self.run(done..self.steps.len(), piece, lane, width, watch);
        self.grow(lane, lanes, piece.frames as i64);
    }

    /// Moves the clocks of the voices on, or back.
    fn grow(&mut self, lane: usize, lanes: usize, frames: i64) {
        for age in &mut self.ages[lane..lane + lanes] {
            *age = age.wrapping_add_signed(frames);
        }
    }

    /// Runs a loop's steps part by part.
    fn run_loop(&mut self, n: usize, piece: &Piece, lane: usize, width: Width, watch: &mut impl Watch) {
        let (steps, lanes) = (self.loops[n].steps.clone(), width as usize);
        for (from, part) in self.loops[n].parts(piece) {
            self.loops[n].enter(&mut self.tiles, from, part.frames, lanes);
            self.run(steps.clone(), &part, lane, width, watch);
            self.loops[n].leave(&mut self.tiles, from, part.frames, lanes);
            self.grow(lane, lanes, part.frames as i64);
        }
        self.grow(lane, lanes, -(piece.frames as i64));
    }

    fn run(&mut self, steps: Range<usize>, piece: &Piece, lane: usize, width: Width, watch: &mut impl Watch) {
        let lanes = width as usize;
        let draws_by_song = self.of_song && piece.song.host && piece.song.rolling;
        let position = [piece.song.frame as u64];
        let first = steps.start;
        let onlooker = piece.controls.onlooker.as_deref().filter(|onlooker| onlooker.looks());
        for (number, step) in self.steps[steps].iter_mut().enumerate() {
            watch.before(first + number);
            if step.leaving && !self.leaving.contains(&piece.at) {
                continue;
            }
            let mut ages = &self.ages;
            if let Some(own) = step.born.and_then(|born| piece.at.checked_sub(born)) {
                for k in lane..lane + lanes {
                    self.own_ages[k] = self.ages[k].min(own);
                }
                ages = &self.own_ages;
            }
            let outputs = &mut self.stand_ins[..step.channels];
            for (tile, index) in outputs.iter_mut().zip(step.outputs) {
                std::mem::swap(tile, &mut self.tiles[index as usize]);
            }
            let mut pass = Pass {
                piece,
                isa: self.isa,
                width,
                frames: piece.frames,
                rate: self.rate,
                sparse: step.sparse,
                lane,
                ages,
                draws: if draws_by_song { &position } else { ages },
                draws_by_song,
                inputs: &step.inputs,
                tiles: &self.tiles,
                slots: self.slots.memory.floats(),
                lanes: self.lanes,
                outputs,
            };
            // What ended before this piece stays silent, and its kernel need not run.
            let over = lanes == 1
                && match &step.ends {
                    EndRule::With(port) => pass.ends(*port)[0] == 0,
                    _ => false,
                };
            if over {
                for tile in pass.outputs.iter_mut() {
                    tile.set_flat::<f32>(0.0);
                    tile.ends[0] = 0;
                }
            } else {
                match &mut step.work {
                    Work::Kernel(kernel) => kernel.render(&mut pass),
                    Work::FeedbackRead(line) => self.feedback[*line].read(&mut pass),
                    Work::FeedbackWrite(line) => self.feedback[*line].write(&pass),
                }
                finish(&step.ends, &mut pass, lanes);
            }
            watch.after(first + number, &self.stand_ins[..step.channels], piece.frames);
            if let Some(onlooker) = onlooker {
                let (outputs, alive) = (&self.stand_ins[..step.channels], &self.alive[lane..lane + lanes]);
                let (at, frames, held) = (piece.at, piece.frames, step.sparse);
                let mut taken_back = None;
                for k in (0..lanes).filter(|k| alive[*k]) {
                    let told =
                        if let Work::Kernel(kernel) = &step.work { kernel.tells(lane + k) } else { None };
                    match told {
                        Some(Told::TakenBack(x)) => {
                            taken_back = Some(taken_back.map_or(x, |least: f32| least.min(x)));
                        }
                        Some(told) => step.lamp.tell(at, ages[lane + k], told),
                        None => {}
                    }
                }
                onlooker.see(&step.lamp, &Seen { outputs, at, frames, alive, held, taken_back });
            }
            for (tile, index) in self.stand_ins[..step.channels].iter_mut().zip(step.outputs) {
                std::mem::swap(tile, &mut self.tiles[index as usize]);
            }
        }
    }

    /// Values of a one-lane graph's port for the piece just rendered, and whether the first holds throughout.
    pub fn values(&self, source: Source) -> (&[f32], bool) {
        match source {
            Source::Slot(slot) => (&self.slots.memory.floats()[slot as usize * self.lanes..], true),
            Source::Tile(tile) => (self.tiles[tile as usize].floats(), self.tiles[tile as usize].flat),
        }
    }

    pub fn isa(&self) -> Isa {
        self.isa
    }
}

/// Works out where the step's output ends, and silences what comes after.
fn finish(rule: &EndRule, pass: &mut Pass, lanes: usize) {
    if pass.outputs.is_empty() {
        return;
    }
    let frames = pass.frames as u8;
    let ends = match rule {
        EndRule::Never => [frames; MAX_LANES],
        EndRule::Own => return,
        EndRule::With(port) => pass.ends(*port),
        EndRule::AllOf(ports) => {
            let mut latest = [if ports.is_empty() { frames } else { 0 }; MAX_LANES];
            for port in ports {
                for (l, e) in latest.iter_mut().zip(pass.ends(*port)) {
                    *l = (*l).max(e);
                }
            }
            latest
        }
    };
    // All of them, rather than up to the first: that is one instruction.
    if ends[..lanes].iter().fold(false, |any, e| any | (*e < frames)) {
        for tile in pass.outputs.iter_mut() {
            silence_after(tile, &ends, lanes, pass.frames);
        }
    }
    pass.outputs[0].ends = ends;
}

/// Zeroes every lane from its end on.
pub(crate) fn silence_after(tile: &mut Tile, ends: &[u8; MAX_LANES], lanes: usize, frames: usize) {
    if tile.flat {
        if tile.floats()[..lanes].iter().all(|x| *x == 0.0) {
            return;
        }
        tile.unflatten(lanes, frames);
    }
    let floats = tile.floats_mut();
    for (k, end) in ends[..lanes].iter().enumerate() {
        for frame in *end as usize..frames {
            floats[frame * lanes + k] = 0.0;
        }
    }
}

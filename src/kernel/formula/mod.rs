//! Formulas as kernels: a register machine whose every step works on a whole piece of signal, so that a formula is interpreted
//! once per pass and not once per frame. The loader builds it, the audio thread runs it; running never allocates.

mod machine;
mod memo;
mod program;
mod time;
mod wide;

pub use program::{
    Binary, CONSTANTS, FormulaProgram, MAX_REGISTERS, MAX_STEPS, Operand, Side, Step, Unary, Wide,
};

use super::isa::{self, Elementwise};
use super::lane::Lane;
use super::pass::{Kernel, Pass, Start};
use super::tile::Tile;
use machine::{CHUNK, Machine};
use memo::Memo;
use time::{Clock, Wheel};

/// Frames for which `rand` keeps its value, at 44.1 kHz.
const RANDOM_PERIOD: f64 = 2048.0;

/// A formula at work. It puts out as many channels as its pass asks for.
pub struct FormulaKernel {
    program: FormulaProgram,
    /// Registers of [`CHUNK`] values each, then constants of one line each (a tile is aligned memory).
    memory: Tile,
    wide: Vec<f64>,
    wheels: Vec<Wheel>,
    random_period: u64,
    seed: u64,
    /// Per lane: what tells its random streams from those of other voices.
    voices: Vec<u64>,
    memo: Option<Memo>,
    /// Every input stands still in this pass, and so does the result: one frame is enough.
    still: bool,
}

impl FormulaKernel {
    /// A kernel with state for `lanes` voices at `rate` frames per second; `seed` is that of the node.
    pub fn new(program: FormulaProgram, lanes: usize, rate: f64, seed: u64) -> FormulaKernel {
        let floats = program.registers * CHUNK + program.constants.len() * 16;
        let mut memory = Tile::new(floats.div_ceil(super::TILE).max(1));
        for (k, &value) in program.constants.iter().enumerate() {
            let at = program.registers * CHUNK + k * 16;
            memory.floats_mut()[at..at + 16].fill(value);
        }
        FormulaKernel {
            memory,
            wide: vec![0.0; program.wide * CHUNK],
            wheels: Wheel::of(&program, rate),
            random_period: (RANDOM_PERIOD * rate / 44_100.0).round().max(1.0) as u64,
            seed,
            voices: vec![0; lanes],
            memo: Memo::new(&program, lanes),
            still: false,
            program,
        }
    }
}

impl Kernel for FormulaKernel {
    fn render(&mut self, pass: &mut Pass) {
        self.still = self.memo.as_ref().is_some_and(|memo| memo.applies(pass));
        if !self.still {
            isa::run_elements(self, pass);
        } else if !self.memo.as_ref().is_some_and(|memo| memo.recall(pass)) {
            isa::run_elements(self, pass);
            if let Some(memo) = &mut self.memo {
                memo.keep(pass);
            }
        }
    }

    fn start(&mut self, lane: usize, start: Start) {
        self.voices[lane] = start.voice;
    }
}

impl Elementwise for FormulaKernel {
    #[inline(always)]
    fn elements<P: Lane>(&mut self, pass: &mut Pass) {
        let width = pass.width();
        let clock = Clock {
            ages: &pass.ages[pass.lane..],
            draws: &pass.draws[pass.lane..],
            voices: &self.voices[pass.lane..],
            wheels: &self.wheels,
            seed: self.seed,
            frames: pass.frames,
            rate: pass.rate,
            period: self.random_period,
        };
        let outputs = std::mem::take(&mut pass.outputs);
        for (channel, output) in outputs.iter_mut().enumerate() {
            // A register holds `CHUNK` values: the whole pass, or a part of one with many lanes; a single frame where only some
            // are read. One call of the machine for all, so that it is compiled into this function.
            let step = CHUNK / width;
            let mut points = (pass.sparse && !self.still).then(|| pass.points());
            let mut next = 0;
            let end = if self.still { 1 } else { pass.frames };
            loop {
                let (first, frames) = match &mut points {
                    Some(points) => (points.next().unwrap_or(end), 1),
                    None => (next, step.min(end - next)),
                };
                if first >= end {
                    break;
                }
                let memory = (&mut self.memory, &mut self.wide[..], &mut **output);
                let mut machine = Machine::<P>::new(&self.program, memory, width, first, frames);
                machine.run(&self.program, pass, channel, &clock);
                machine.put_out(self.program.result);
                next = first + frames;
            }
        }
        pass.outputs = outputs;
    }
}

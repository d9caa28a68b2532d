//! The small network that says whether a stroke has just begun, how long ago, and how loud it will become. Audio thread; sums run in
//! a fixed order, so that the same levels give the same bits everywhere.

use std::sync::OnceLock;

use super::history::{EARLY, LATE, inputs};
use super::profile::Stroke;

/// Widest layer.
pub const WIDEST: usize = 256;

/// What a model says.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Opinion {
    /// Logarithm of the odds that a stroke has begun within the model's window.
    pub odds: f32,
    /// Seconds since it began, if there is one.
    pub age: f32,
    /// How much louder the stroke's peak will be than the loudest of the last 10 ms, in units of level.
    pub growth: f32,
}

/// Seconds and levels that the model's outputs count in.
pub const AGE_UNIT: f32 = 0.01;
pub const GROWTH_UNIT: f32 = 4.0;

/// What training has made: two models, and the drums that are listened for before anything is learned.
#[derive(Clone, Debug)]
pub struct Trained {
    /// Decides about a stroke within its first milliseconds.
    pub early: Model,
    /// Decides 6 to 10 ms after its beginning.
    pub late: Model,
    /// A stroke of -6 dBFS: kick, snare, tom, any.
    pub presets: [Stroke; 4],
}

/// The table that `cargo xtask train-trigger` writes.
static TABLE: &str = include_str!("weights.txt");

impl Trained {
    /// The checked-in weights; read once.
    pub fn shipped() -> &'static Trained {
        static SHIPPED: OnceLock<Trained> = OnceLock::new();
        SHIPPED.get_or_init(|| Trained::read(TABLE).expect("the checked-in table is whole"))
    }

    /// Reads a table: lines of whole numbers, each with a name; numbers count in parts of the number behind the name. Lines that begin with `#`
    /// are for people. `None`: the table is not whole.
    pub fn read(table: &str) -> Option<Trained> {
        let mut lines = table.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        let mut row = |name: &str| -> Option<Vec<f32>> {
            let mut words = lines.next()?.split_whitespace();
            words.next().filter(|word| *word == name)?;
            let unit: f32 = words.next()?.parse().ok()?;
            words.map(|word| Some(word.parse::<i32>().ok()? as f32 / unit)).collect()
        };
        let mut model = |inputs: usize| -> Option<Model> {
            let mut inputs = inputs;
            let mut layers: [Layer; 3] = Default::default();
            for layer in &mut layers {
                let bias = row("bias")?;
                let outputs = bias.len();
                let mut weights = Vec::with_capacity(inputs * outputs);
                for _ in 0..inputs {
                    weights.extend(row("row").filter(|row| row.len() == outputs)?);
                }
                *layer = Layer { inputs, outputs, weights, bias };
                inputs = outputs;
            }
            (inputs == 3).then_some(Model { layers })
        };
        let early = model(inputs(EARLY))?;
        let late = model(inputs(LATE))?;
        let mut presets = [Stroke::default(); 4];
        for preset in &mut presets {
            *preset = Stroke { levels: row("drum")?.try_into().ok()?, rise: row("rise")?.try_into().ok()? };
        }
        Some(Trained { early, late, presets })
    }

    /// Writes a table that [`Trained::read`] reads, in steps of 1/1024.
    pub fn write(&self) -> String {
        let mut table = String::new();
        let mut row = |name: &str, unit: f32, values: &[f32]| {
            table += &format!("{name} {unit}");
            for value in values {
                table += &format!(" {}", (value * unit).round() as i32);
            }
            table += "\n";
        };
        for layer in self.early.layers.iter().chain(&self.late.layers) {
            row("bias", 1024.0, &layer.bias);
            layer.weights.chunks_exact(layer.outputs).for_each(|weights| row("row", 1024.0, weights));
        }
        for preset in &self.presets {
            row("drum", 64.0, &preset.levels);
            row("rise", 64.0, &preset.rise);
        }
        table
    }
}

/// A layer: outputs are `bias + Σ input · weight`.
#[derive(Clone, Debug, Default)]
pub struct Layer {
    pub inputs: usize,
    pub outputs: usize,
    /// Row by row of inputs.
    pub weights: Vec<f32>,
    pub bias: Vec<f32>,
}

impl Layer {
    /// Groups of outputs stay in registers; every output's sum runs over the inputs in their order.
    #[inline]
    pub fn run(&self, x: &[f32], y: &mut [f32]) {
        const GROUP: usize = 32;
        let whole = self.outputs / GROUP * GROUP;
        for from in (0..whole).step_by(GROUP) {
            let mut sums = [0.0; GROUP];
            sums.copy_from_slice(&self.bias[from..from + GROUP]);
            for (x, row) in x.iter().zip(self.weights.chunks_exact(self.outputs)) {
                let row = &row[from..from + GROUP];
                for i in 0..GROUP {
                    sums[i] += *x * row[i];
                }
            }
            y[from..from + GROUP].copy_from_slice(&sums);
        }
        for i in whole..self.outputs {
            y[i] = self.bias[i];
            for (x, row) in x.iter().zip(self.weights.chunks_exact(self.outputs)) {
                y[i] += *x * row[i];
            }
        }
    }
}

/// What the layers between do to a number.
#[inline(always)]
pub fn bend(x: f32) -> f32 {
    if x > 0.0 { x } else { 0.1 * x }
}

/// Three layers.
#[derive(Clone, Debug, Default)]
pub struct Model {
    pub layers: [Layer; 3],
}

impl Model {
    /// `x`: the inputs of `history::look`.
    pub fn ask(&self, x: &[f32]) -> Opinion {
        let (mut one, mut two, mut out) = ([0.0; WIDEST], [0.0; WIDEST], [0.0; 3]);
        self.layers[0].run(x, &mut one);
        let one = &mut one[..self.layers[0].outputs];
        one.iter_mut().for_each(|x| *x = bend(*x));
        self.layers[1].run(one, &mut two);
        let two = &mut two[..self.layers[1].outputs];
        two.iter_mut().for_each(|x| *x = bend(*x));
        self.layers[2].run(two, &mut out);
        Opinion { odds: out[0], age: out[1] * AGE_UNIT, growth: out[2] * GROWTH_UNIT }
    }
}

//! Training: stochastic gradient descent (Adam) on a network of three layers, on examples drawn anew for every step.

use seiche::dsp::drum::model::{Layer, Model, bend};

/// A source of random numbers: the same seed, the same numbers (xorshift64*, Vigna).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// 0..1.
    pub fn share(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1u64 << 24) as f32
    }

    pub fn below(&mut self, n: usize) -> usize {
        (((self.next() >> 32) * n as u64) >> 32) as usize
    }

    /// Normally distributed (mean 0, deviation 1).
    pub fn normal(&mut self) -> f32 {
        let sum: f32 = (0..12).map(|_| self.share()).sum();
        sum - 6.0
    }
}

/// An example: inputs, and what should come out.
pub struct Example {
    pub inputs: Vec<f32>,
    /// 1: a stroke has begun within the window.
    pub is: f32,
    /// Age and growth in the model's units, where there is a stroke.
    pub age: f32,
    pub growth: f32,
}

/// Σ a·b, in eight sums that the compiler turns into vectors.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0; 8];
    for (a, b) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        for i in 0..8 {
            sums[i] += a[i] * b[i];
        }
    }
    let rest = a.len() / 8 * 8;
    sums.iter().sum::<f32>() + a[rest..].iter().zip(&b[rest..]).map(|(a, b)| a * b).sum::<f32>()
}

struct Slope {
    weights: Vec<f32>,
    bias: Vec<f32>,
    m: Vec<f32>,
    v: Vec<f32>,
}

pub struct Trainer {
    pub model: Model,
    slopes: Vec<Slope>,
    steps: i32,
}

impl Trainer {
    pub fn new(sizes: [usize; 4], random: &mut Random) -> Trainer {
        let layers: Vec<Layer> = sizes
            .windows(2)
            .map(|s| {
                // Inputs are levels in units of 3 dB, and much larger than what the layers between put out.
                let scale = (2.0 / s[0] as f32).sqrt() * if s[0] == sizes[0] { 0.2 } else { 1.0 };
                Layer {
                    inputs: s[0],
                    outputs: s[1],
                    weights: (0..s[0] * s[1]).map(|_| random.normal() * scale).collect(),
                    bias: vec![0.0; s[1]],
                }
            })
            .collect();
        let slopes = layers
            .iter()
            .map(|l| Slope {
                weights: vec![0.0; l.weights.len()],
                bias: vec![0.0; l.outputs],
                m: vec![0.0; l.weights.len() + l.outputs],
                v: vec![0.0; l.weights.len() + l.outputs],
            })
            .collect();
        Trainer { model: Model { layers: layers.try_into().expect("three") }, slopes, steps: 0 }
    }

    /// Goes down the slope of a batch. Returns the mean loss of its decisions.
    pub fn step(&mut self, batch: &[Example], rate: f32) -> f32 {
        for s in &mut self.slopes {
            s.weights.fill(0.0);
            s.bias.fill(0.0);
        }
        let [l0, l1, l2] = &self.model.layers;
        let (mut a, mut b) = (vec![0.0; l0.outputs], vec![0.0; l1.outputs]);
        let (mut da, mut db) = (vec![0.0; l0.outputs], vec![0.0; l1.outputs]);
        let mut loss = 0.0;
        for e in batch {
            l0.run(&e.inputs, &mut a);
            let one: Vec<f32> = a.iter().map(|&x| bend(x)).collect();
            l1.run(&one, &mut b);
            let two: Vec<f32> = b.iter().map(|&x| bend(x)).collect();
            let mut out = [0.0; 3];
            l2.run(&two, &mut out);
            let p = 1.0 / (1.0 + (-out[0]).exp());
            loss -= if e.is > 0.5 { p.max(1e-7).ln() } else { (1.0 - p).max(1e-7).ln() };
            let d = [
                p - e.is,
                8.0 * e.is * (out[1] - e.age).clamp(-0.1, 0.1),
                1.5 * e.is * (out[2] - e.growth).clamp(-0.2, 0.2),
            ];
            let back = |layer: &Layer, slope: &mut Slope, x: &[f32], d: &[f32], dx: Option<&mut [f32]>| {
                let n = layer.outputs;
                for (g, d) in slope.bias.iter_mut().zip(d) {
                    *g += *d;
                }
                for (x, row) in x.iter().zip(slope.weights.chunks_exact_mut(n)) {
                    for (g, d) in row.iter_mut().zip(d) {
                        *g += *x * *d;
                    }
                }
                if let Some(dx) = dx {
                    for (dx, row) in dx.iter_mut().zip(layer.weights.chunks_exact(n)) {
                        *dx = dot(row, d);
                    }
                }
            };
            back(l2, &mut self.slopes[2], &two, &d, Some(&mut db));
            for (d, x) in db.iter_mut().zip(&b) {
                *d *= if *x > 0.0 { 1.0 } else { 0.1 };
            }
            back(l1, &mut self.slopes[1], &one, &db, Some(&mut da));
            for (d, x) in da.iter_mut().zip(&a) {
                *d *= if *x > 0.0 { 1.0 } else { 0.1 };
            }
            back(l0, &mut self.slopes[0], &e.inputs, &da, None);
        }
        self.steps += 1;
        let count = batch.len() as f32;
        let (c1, c2) = (1.0 - 0.9f32.powi(self.steps), 1.0 - 0.999f32.powi(self.steps));
        for (layer, s) in self.model.layers.iter_mut().zip(&mut self.slopes) {
            let n = layer.weights.len();
            let all = layer.weights.iter_mut().zip(&s.weights).chain(layer.bias.iter_mut().zip(&s.bias));
            for (i, (w, g)) in all.enumerate() {
                let g = g / count + if i < n { 1e-5 * *w } else { 0.0 };
                s.m[i] += 0.1 * (g - s.m[i]);
                s.v[i] += 0.001 * (g * g - s.v[i]);
                *w -= rate * (s.m[i] / c1) / ((s.v[i] / c2).sqrt() + 1e-8);
            }
        }
        loss / count
    }
}

//! What formulas cost: nanoseconds per frame of three expressions in passes of 64 frames, beside plain loops.
//! `cargo bench --no-default-features --bench formula`

use std::f64::consts::TAU;
use std::time::Instant;

use seiche::compile::formula::{Name, compile};
use seiche::kernel::formula::FormulaKernel;
use seiche::kernel::{Controls, EndRule, Graph, Piece, Song, Start, Step, Width, Work};
use seiche::language::model;

#[path = "../src/compile/formula/tests/parse.rs"]
mod parse;

/// A formula and the same by hand: one frame of a plain loop, in 64 bits and with the system's mathematics.
struct Case {
    name: &'static str,
    text: &'static str,
    native: fn(u64, &mut [f32; 64]),
}

fn sine(t: f64, hertz: f64) -> f64 {
    (t * TAU * hertz).sin()
}

const FORMULAS: [Case; 3] = [
    Case {
        name: "small",
        text: "sin(t*tau*440)*0.5",
        native: |at, out| frames(at, out, |t| sine(t, 440.0) * 0.5),
    },
    Case {
        name: "20 operations",
        text: "(sin(t*tau*220 + 2*sin(t*tau*110))*exp(0-3*t)*0.6 + 0.2*sin(t*tau*660))*0.9 + 0.05",
        native: |at, out| {
            frames(at, out, |t| {
                let tone = (t * TAU * 220.0 + 2.0 * sine(t, 110.0)).sin();
                (tone * (-3.0 * t).exp() * 0.6 + 0.2 * sine(t, 660.0)) * 0.9 + 0.05
            })
        },
    },
    Case {
        name: "large",
        text: "tanh(1.5*(sin(t*tau*110+0.3*sin(t*tau*5)) + 0.5*sin(t*tau*220+0.3*sin(t*tau*5)) + 0.33*sin(t*tau*330) \
         + 0.25*sin(t*tau*440) + 0.2*sin(t*tau*550) + 0.16*sin(t*tau*660)) * exp(0-2*t) * (0.7+0.3*sin(t*tau*3))) \
         * (1-exp(0-200*t)) * 0.8",
        native: |at, out| {
            frames(at, out, |t| {
                let sway = 0.3 * sine(t, 5.0);
                let tone = (t * TAU * 110.0 + sway).sin()
                    + 0.5 * (t * TAU * 220.0 + sway).sin()
                    + 0.33 * sine(t, 330.0)
                    + 0.25 * sine(t, 440.0)
                    + 0.2 * sine(t, 550.0)
                    + 0.16 * sine(t, 660.0);
                let loud = (-2.0 * t).exp() * (0.7 + 0.3 * sine(t, 3.0));
                (1.5 * tone * loud).tanh() * (1.0 - (-200.0 * t).exp()) * 0.8
            })
        },
    },
];
const RATE: f64 = 48_000.0;
/// Half a second of one lane, or as much work in more lanes: short enough to fit between interruptions.
const PASSES: u64 = 375;

fn main() {
    let only = std::env::args().find(|a| FORMULAS.iter().any(|c| c.name == a));
    for Case { name, text, native } in FORMULAS.iter().filter(|c| only.as_deref().is_none_or(|o| o == c.name))
    {
        let program = compile(&parse::parse(text), &mut |name, _| {
            Ok(if name == "tau" { Name::Number(TAU) } else { Name::Time })
        })
        .expect("the formulas are right");
        let steps = program.steps();
        let mut one = f64::INFINITY;
        let mut by_hand = f64::INFINITY;
        for (width, lanes) in [(Width::One, 1), (Width::ThirtyTwo, 32)] {
            let kernel = FormulaKernel::new(program.clone(), lanes, RATE, 1);
            let step = Step {
                id: String::new(),
                work: Work::Kernel(Box::new(kernel)),
                inputs: Box::new([]),
                outputs: [0, 0],
                channels: 1,
                ends: EndRule::Never,
                sparse: false,
                leaving: false,
                born: None,
                lamp: Default::default(),
            };
            let mut graph = Graph::new(vec![step], 1, &[], lanes, RATE, false);
            let mut best = f64::INFINITY;
            for _ in 0..200 {
                (0..lanes).for_each(|lane| graph.start(lane, Start { at: 0, voice: lane as u64 }));
                let began = Instant::now();
                let passes = PASSES / lanes as u64;
                render(&mut graph, width, passes);
                best = best.min(began.elapsed().as_secs_f64() * 1e9 / (passes * 64 * lanes as u64) as f64);
                if lanes == 1 {
                    by_hand = by_hand.min(plain(*native));
                }
            }
            if lanes == 1 {
                one = best;
            }
            println!(
                "{name:13} {steps:2} steps, {lanes:2} lanes: {best:.2} ns per frame and lane ({:?})",
                graph.isa()
            );
        }
        println!("{name:13} by hand, 1 lane: {by_hand:.2} ns per frame, {:.1} times one lane", by_hand / one);
    }
}

#[inline(always)]
fn frames(at: u64, out: &mut [f32; 64], value: impl Fn(f64) -> f64) {
    for (n, x) in out.iter_mut().enumerate() {
        *x = value((at + n as u64) as f64 / RATE) as f32;
    }
}

/// Nanoseconds per frame of a plain loop over the frames.
fn plain(native: fn(u64, &mut [f32; 64])) -> f64 {
    let mut block = [0.0f32; 64];
    let began = Instant::now();
    for pass in 0..PASSES {
        native(pass * 64, &mut block);
        std::hint::black_box(&block);
    }
    began.elapsed().as_secs_f64() * 1e9 / (PASSES * 64) as f64
}

fn render(graph: &mut Graph, width: Width, passes: u64) {
    let controls = Controls::default();
    for pass in 0..passes {
        let piece = Piece {
            at: pass * 64,
            frames: 64,
            song: Song::default(),
            events: &[],
            block_frame: 0,
            controls: &controls,
            sidechain: [&[], &[]],
        };
        graph.render(&piece, 0, width);
        std::hint::black_box(graph.tile(0));
    }
}

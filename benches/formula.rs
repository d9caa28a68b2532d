//! What formulas cost: nanoseconds per frame of three expressions, one lane, passes of 64 frames.
//! `cargo bench --no-default-features --bench formula`

use std::time::Instant;

use seiche::compile::formula::{Name, compile};
use seiche::kernel::formula::FormulaKernel;
use seiche::kernel::{Controls, EndRule, Graph, Piece, Song, Start, Step, Width, Work};
use seiche::language::model;

#[path = "../src/compile/formula/tests/parse.rs"]
mod parse;

const FORMULAS: [(&str, &str); 3] = [
    ("small", "sin(t*tau*440)*0.5"),
    ("medium", "sin(t*tau*220 + 2*sin(t*tau*110))*exp(0-3*t)*0.6 + 0.2*sin(t*tau*660)"),
    (
        "large",
        "tanh(1.5*(sin(t*tau*110+0.3*sin(t*tau*5)) + 0.5*sin(t*tau*220+0.3*sin(t*tau*5)) + 0.33*sin(t*tau*330) \
         + 0.25*sin(t*tau*440) + 0.2*sin(t*tau*550) + 0.16*sin(t*tau*660)) * exp(0-2*t) * (0.7+0.3*sin(t*tau*3))) \
         * (1-exp(0-200*t)) * 0.8",
    ),
];
const RATE: f64 = 48_000.0;
/// Half a second of one lane, or as much work in more lanes: short enough to fit between interruptions.
const PASSES: u64 = 375;

fn main() {
    for (name, text) in FORMULAS {
        let program = compile(&parse::parse(text), &mut |name, _| {
            Ok(if name == "tau" { Name::Number(std::f64::consts::TAU) } else { Name::Time })
        })
        .expect("the formulas are right");
        let steps = program.steps();
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
            };
            let mut graph = Graph::new(vec![step], 1, &[], lanes, RATE);
            let mut best = f64::INFINITY;
            for _ in 0..200 {
                (0..lanes).for_each(|lane| graph.start(lane, Start { at: 0, voice: lane as u64 }));
                let began = Instant::now();
                let passes = PASSES / lanes as u64;
                render(&mut graph, width, passes);
                best = best.min(began.elapsed().as_secs_f64() * 1e9 / (passes * 64 * lanes as u64) as f64);
            }
            println!(
                "{name:6} {steps:2} steps, {lanes:2} lanes: {best:.2} ns per frame and lane ({:?})",
                graph.isa()
            );
        }
    }
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

use std::sync::Arc;

use super::*;
use crate::compile::parts::{Part, Parts};
use crate::compile::{Program, Strip};
use crate::engine::{Engine, Io, PROGRAM_FAULT};
use crate::kernel::{EndRule, Graph, Kernel, Pass, Port, Source, Start, Step, Work};

/// Passes its input on, or panics, from a frame on.
struct Odd {
    from: u64,
}

impl Kernel for Odd {
    fn render(&mut self, pass: &mut Pass) {
        assert!(pass.at < self.from, "a panic on purpose");
        let x = pass.input::<f32>(0).at(0);
        pass.outputs[0].set_flat(x);
    }
    fn start(&mut self, _: usize, _: Start) {}
}

fn step(from: u64, input: Source, output: u32) -> Step {
    Step {
        id: "lead.odd".into(),
        work: Work::Kernel(Box::new(Odd { from })),
        inputs: Box::new([Port::mono(input)]),
        outputs: [output, 0],
        channels: 1,
        ends: EndRule::With(0),
        sparse: false,
        leaving: false,
        born: None,
        lamp: Default::default(),
    }
}

fn player(from: u64) -> PartPlayer {
    let step = step(from, Source::Tile(0), 1);
    let graph = Graph::new(vec![step], 2, &[], 1, 48_000.0, true);
    let part = Part { graph, outbox: Arc::default(), reads: vec![0], writes: vec![1] };
    let parts = Parts {
        name: "x".into(),
        rate: 48_000.0,
        latency: 0,
        length: None,
        soloed: false,
        strips: vec![],
        stems: vec![],
        parts: vec![],
        arrangement: Default::default(),
        drums: None,
        warnings: vec![],
        notes: vec![],
    };
    PartPlayer::new(part, &parts)
}

fn place(at: u64, frames: usize) -> Place<'static> {
    Place { at, frames, events: &[], transport: None, ended: false }
}

/// What comes in: half a volt, over so many frames.
fn input(place: &Place) -> Stretch {
    let mut stretch = Stretch::default();
    stretch.silence(place);
    stretch.values.fill(0.5);
    stretch
}

#[test]
fn part_that_panics_is_silent_from_there_on_and_says_which_node() {
    let mut player = player(200);
    let mut outputs = [Stretch::new(512)];
    let first = place(0, 512);
    assert!(player.render(&first, &[&input(&first)], &mut outputs, &|| Stop::No));
    let fault = player.fault().expect("a fault");
    assert_eq!((fault.cause, fault.at, fault.node.as_deref()), (Cause::Panicked, 256, Some("lead.odd")));
    assert!(outputs[0].values[..256].iter().all(|x| *x == 0.5));
    assert!(outputs[0].values[256..].iter().all(|x| *x == 0.0));
    let second = place(512, 100);
    assert!(player.render(&second, &[&input(&second)], &mut outputs, &|| Stop::No));
    assert_eq!(outputs[0].values, [0.0; 100]);
}

#[test]
fn part_stops_when_nobody_wants_it_or_it_takes_too_long() {
    let mut outputs = [Stretch::new(512)];
    let here = place(0, 512);
    assert!(!player(u64::MAX).render(&here, &[&input(&here)], &mut outputs, &|| Stop::Cancelled));
    let mut slow = player(u64::MAX);
    assert!(slow.render(&here, &[&input(&here)], &mut outputs, &|| Stop::TooSlow));
    assert_eq!(slow.fault().map(|fault| fault.cause), Some(Cause::TooSlow));
    assert!(outputs[0].values.iter().all(|x| *x == 0.0));
}

#[test]
fn stretch_goes_to_bytes_and_back() {
    let here = place(30, 200);
    let mut stretch = input(&here);
    stretch.values[7] = -0.25;
    let mut bytes = vec![];
    stretch.to_bytes(&mut bytes);
    let mut back = Stretch::default();
    assert_eq!(back.take_bytes(&bytes, 200), Some(bytes.len()));
    assert_eq!((&back.values, &back.pieces), (&stretch.values, &stretch.pieces));
    assert_eq!(back.take_bytes(&bytes, 199), None);
    assert_eq!(back.take_bytes(&bytes[..bytes.len() - 1], 200), None);
    assert_eq!(back.take_bytes(&[255; 20], 200), None);
}

/// Two tracks, one of which panics.
fn program() -> Box<Program> {
    let steps = vec![step(200, Source::Slot(0), 0), step(u64::MAX, Source::Slot(0), 1)];
    let strip = |name: &str, tile| {
        let strip = Strip { name: name.into(), channels: 1, ..Strip::default() };
        (strip, Port::mono(Source::Tile(tile)))
    };
    Box::new(Program {
        name: "x".into(),
        rate: 48_000.0,
        number: 1,
        carry: None,
        after: vec![],
        graph: Graph::new(steps, 2, &[0.25], 1, 48_000.0, true),
        part_of: vec![0, 1],
        strips: vec![strip("a", 0), strip("b", 1)],
        names: Arc::new(["a".into(), "b".into()]),
        soloed: false,
        latency: 0,
        outbox: Arc::default(),
        unmoved: 0,
        length: None,
    })
}

#[test]
fn offline_blocks_end_a_program_that_panics_at_the_piece_at_which_it_ends_live() {
    let play = |offline: Option<Offline>, block: usize| {
        let (mut engine, mut remote) = Engine::new(48_000.0);
        let apart = offline.is_some();
        engine.render_offline(offline);
        assert!(remote.send(program()).is_ok());
        let [mut left, mut right] = [vec![0.0f32; 1_024], vec![0.0f32; 1_024]];
        for (left, right) in left.chunks_mut(block).zip(right.chunks_mut(block)) {
            let io = Io { sidechain: None, main: [left, right], aux: &mut [], stems: &mut [] };
            engine.process(io, &[], None);
        }
        assert_eq!((engine.taken_apart() > 0, remote.meters().faults()), (apart, PROGRAM_FAULT));
        left
    };
    let live = play(None, 64);
    assert!(live[..256].iter().all(|x| *x == 0.5) && live[256..].iter().all(|x| *x == 0.0));
    for (threads, block) in [(1, 512), (2, 512), (3, 1_024)] {
        assert!(play(Some(Offline::new(threads, block, 0)), block) == live, "{threads} threads");
    }
}

use std::sync::Arc;

use super::*;
use crate::compile::parts::{Part, Parts};
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

fn player(from: u64) -> PartPlayer {
    let step = Step {
        id: "lead.odd".into(),
        work: Work::Kernel(Box::new(Odd { from })),
        inputs: Box::new([Port::mono(Source::Tile(0))]),
        outputs: [1, 0],
        channels: 1,
        ends: EndRule::With(0),
        sparse: false,
        leaving: false,
        born: None,
        lamp: Default::default(),
    };
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

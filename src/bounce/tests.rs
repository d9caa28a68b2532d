//! Faults that no text can bring about: kernels that panic. Each test spoils parts of its own thread's bounces.

use std::cell::Cell;
use std::path::PathBuf;
use std::sync::Mutex;

use super::*;
use crate::compile::Request;
use crate::compile::parts::{Cut, Part, Point, StemWish, compile_parts};
use crate::engine::Gear;
use crate::kernel::{Kernel, Pass, Start, Work};
use crate::language::Library;
use crate::library::samples::Store;
use crate::quality::Quality;

thread_local! {
    /// The part whose last node panics, in bounces that this thread makes.
    static SPOILT: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Panics after so many frames.
struct Trap(u64);

impl Kernel for Trap {
    fn render(&mut self, pass: &mut Pass) {
        assert!(pass.at < self.0, "a panic on purpose");
        pass.outputs.iter_mut().for_each(|output| output.set_flat(0.25));
    }
    fn start(&mut self, _: usize, _: Start) {}
}

/// The part as it is, or with a trap in it.
pub(super) fn spoilt(number: usize, mut part: Part) -> Part {
    if SPOILT.get() == Some(number) {
        part.graph.last_step().work = Work::Kernel(Box::new(Trap(4_000)));
    }
    part
}

fn bounce(policy: Policy, spoil: Option<usize>) -> Result<Bounced, Failure> {
    let tracks: String =
        (0..8).map(|n| format!("      t{n}: {{osc: {{freq: {}, amp: 0.1}}}}\n", 100 + 20 * n)).collect();
    let text = format!("seiche: 1\nx:\n  mixer:\n    tracks:\n{tracks}");
    let specs: Vec<_> = crate::nodes::ALL.iter().map(|def| &def.spec).collect();
    let library = Library::read(vec![(PathBuf::from("x.yaml"), text.into_bytes())], &specs);
    let store = Mutex::new(Store::default());
    let request = Request {
        library: &library,
        sound: "x",
        overrides: &[],
        rate: 48_000.0,
        quality: Quality::Normal,
        seed: 0,
        store: &store,
    };
    let stems = Some(StemWish { point: Point::PostFader, master: false });
    let parts = compile_parts(&request, Cut { stems, whole: false }).expect("parts");
    let memory = |source| Output { source, target: None, measure: Measure::Peak };
    let wish = Export {
        gear: Gear::new(Quality::Normal, 48_000.0),
        length: Length { from: 0, to: 8_000, tail: Tail::None },
        events: vec![],
        transport: None,
        outputs: (0..8).map(|n| memory(Source::Stem(n))).collect(),
        level: Level::default(),
        crew: Crew { workers: 2, chunk: 1_000, ahead: 2, ..Crew::default() },
        policy,
        time_limit: None,
        cache: None,
    };
    SPOILT.set(spoil);
    let bounced = export(&parts, &request, &wish, &Control::default(), &mut |_| {});
    SPOILT.set(None);
    bounced
}

#[test]
fn faults_of_kernels_that_panic_stay_in_their_track() {
    let clean = bounce(Policy::Stop, None).expect("bounced");
    for odd in 0..8 {
        let Err(Failure::Part { part, fault, .. }) = bounce(Policy::Stop, Some(odd)) else {
            panic!("track {odd} has panicked, and nobody says so")
        };
        assert_eq!((part, fault.cause.name()), (format!("t{odd}"), "panicked"));
        for (policy, done) in [(Policy::Silence, "silenced"), (Policy::Skip, "left out")] {
            let bounced = bounce(policy, Some(odd)).expect("bounced");
            let [fault] = bounced.report.faults.as_slice() else { panic!("{:?}", bounced.report.faults) };
            assert_eq!(
                (fault.part.as_str(), fault.cause, fault.done),
                (&*format!("t{odd}"), "panicked", done)
            );
            assert!(fault.node.as_ref().is_some_and(|node| node.contains("x")), "{fault:?}");
            for track in (0..8).filter(|track| *track != odd) {
                assert!(bounced.audio[track] == clean.audio[track], "track {track} beside {odd}");
            }
            assert!(bounced.audio[odd][0][4_100..].iter().all(|x| *x == 0.0));
        }
    }
}

//! A program is tried out before it is heard: a copy of it plays a few silent blocks with a few notes. Loader thread; what is handed to
//! the audio thread has never run.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Engine, Event, Io, PROGRAM_FAULT, What, strip_fault};
use crate::compile::Program;
use crate::kernel::TILE;

/// How long a trial is, in tiles.
const BLOCKS: usize = 8;
/// Notes are held for so many of them.
const HELD: usize = 4;
const KEYS: [u8; 3] = [36, 60, 84];

/// Why a program should not be heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A node of it panics.
    Panics,
    /// These tracks put out something that is not finite.
    NotFinite(Vec<String>),
}

/// Plays the beginning of a program.
///
/// # Errors
/// What is wrong with it.
pub fn try_out(program: Box<Program>) -> Result<(), Fault> {
    let names: Vec<String> = program.strips().map(|strip| strip.name.clone()).collect();
    let faults = catch_unwind(AssertUnwindSafe(|| play(program))).unwrap_or(PROGRAM_FAULT);
    match faults {
        0 => Ok(()),
        _ if faults & PROGRAM_FAULT != 0 => Err(Fault::Panics),
        _ => {
            let faulty = names.into_iter().enumerate().filter(|(strip, _)| faults & strip_fault(*strip) != 0);
            Err(Fault::NotFinite(faulty.map(|(_, name)| name).collect()))
        }
    }
}

/// The faults that it shows.
fn play(program: Box<Program>) -> u64 {
    let (mut engine, mut remote) = Engine::new(program.rate);
    if remote.send(program).is_err() {
        return 0;
    }
    let events = |block: usize| -> Vec<Event> {
        let all = (0..16).flat_map(|channel| KEYS.map(|key| (channel, key)));
        let what = |(channel, key)| match block {
            0 => Some(What::NoteOn { channel, key, note: -1, velocity: 0.8 }),
            HELD => Some(What::NoteOff { channel, key, note: -1, velocity: 0.5 }),
            _ => None,
        };
        all.filter_map(what).map(|what| Event { at: 0, what }).collect()
    };
    let mut main = [[0.0f32; TILE]; 2];
    for block in 0..BLOCKS {
        let [left, right] = &mut main;
        let io = Io { sidechain: None, main: [left, right], aux: &mut [], stems: &mut [] };
        // (Not guarded against allocating: this is the loader's thread.)
        engine.process_guarded(io, &events(block), None);
    }
    engine.meters.faults()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::compile::Strip;
    use crate::kernel::{EndRule, Graph, Kernel, Pass, Port, Source, Start, Step, Work};

    /// Puts out a value, or panics, from a frame on.
    struct Odd {
        value: Option<f32>,
        from: u64,
    }

    impl Kernel for Odd {
        fn render(&mut self, pass: &mut Pass) {
            let value = if pass.at < self.from { Some(0.1) } else { self.value };
            pass.outputs[0].set_flat(value.expect("a panic on purpose"));
        }
        fn start(&mut self, _: usize, _: Start) {}
    }

    fn program(value: Option<f32>, from: u64) -> Box<Program> {
        let step = Step {
            id: String::new(),
            work: Work::Kernel(Box::new(Odd { value, from })),
            inputs: Box::new([]),
            outputs: [0; 2],
            channels: 1,
            ends: EndRule::Never,
            sparse: false,
            leaving: false,
            born: None,
            lamp: Default::default(),
        };
        let port = Port::mono(Source::Tile(0));
        Box::new(Program {
            names: std::sync::Arc::new([]),
            name: "odd".into(),
            rate: 48_000.0,
            number: 0,
            carry: None,
            after: vec![],
            graph: Graph::new(vec![step], 1, &[], 1, 48_000.0, true),
            part_of: vec![],
            strips: vec![(Strip { name: "lead".into(), channels: 1, ..Strip::default() }, port)],
            soloed: false,
            latency: 0,
            outbox: Arc::default(),
            unmoved: 0,
            length: None,
        })
    }

    #[test]
    fn trial_finds_panics_and_what_is_not_finite() {
        assert_eq!(try_out(program(Some(0.5), 0)), Ok(()));
        for from in [0, 200] {
            assert_eq!(try_out(program(None, from)), Err(Fault::Panics));
            let lead = Err(Fault::NotFinite(vec!["lead".into()]));
            assert_eq!(try_out(program(Some(f32::INFINITY), from)), lead);
            assert_eq!(try_out(program(Some(f32::NAN), from)), lead);
        }
    }

    #[test]
    fn trial_names_any_number_of_tracks() {
        let mut many = program(Some(f32::NAN), 0);
        let (strip, port) = many.strips.remove(0);
        many.strips = (0..70).map(|n| (Strip { name: n.to_string(), ..strip.clone() }, port)).collect();
        assert_eq!(try_out(many), Err(Fault::NotFinite((0..70).map(|n| n.to_string()).collect())));
    }
}

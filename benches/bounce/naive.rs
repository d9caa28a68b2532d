//! What the bounce is measured against: one instrument after the other, samples decoded anew for each, notes converted one by one, buffers
//! of their own for each block, a set of effects for each track and send. It runs the same engine; nothing else is made slow.

use std::sync::Mutex;
use std::time::Instant;

use seiche::bounce::{Job, render};
use seiche::compile::{self, Request};
use seiche::engine::Event;
use seiche::language::render as show;
use seiche::library::samples::Store;
use seiche::library::vault::Vault;
use seiche::quality::Quality;

use super::song::{Note, Song, convert};
use super::{Bench, FRAMES, RATE};

/// Frames of a block of the browser.
const BLOCK: usize = 128;

/// Notes as they come: each is converted and put at its place by itself.
pub fn one_by_one(notes: &[Note]) -> Vec<Event> {
    let mut events: Vec<Event> = vec![];
    for note in notes {
        for event in convert(note) {
            let place = events.partition_point(|known| known.at <= event.at);
            events.insert(place, event);
        }
    }
    events
}

/// The song, naively. Seconds that it took.
pub fn bounce(bench: &Bench, song: &Song) -> f64 {
    let begin = Instant::now();
    let mut sum = [vec![0.0f32; FRAMES], vec![0.0f32; FRAMES]];
    for track in 0..song.tracks.len() {
        let text = song.alone(track).text();
        let library = bench.library(&text);
        let store = Mutex::new(Store::new(Vault::new(0), Box::new(|| false)));
        let request = Request {
            library: &library,
            sound: "x",
            overrides: &[],
            rate: RATE,
            quality: Quality::Normal,
            seed: 0,
            store: &store,
        };
        let program = match compile::compile(&request) {
            Ok(compiled) => compiled.program,
            Err(e) => panic!("{}", show(&e, library.files(), false)),
        };
        let events = one_by_one(&song.notes(track));
        let job = Job { frames: FRAMES, events: &events, blocks: &[BLOCK], ..Job::default() };
        let rendering = render(program, &job, &mut |_| {
            std::hint::black_box([vec![0.0f32; BLOCK], vec![0.0f32; BLOCK]]);
            true
        });
        for (sum, side) in sum.iter_mut().zip(&rendering.main) {
            sum.iter_mut().zip(side).for_each(|(sum, x)| *sum += x);
        }
    }
    std::hint::black_box(sum);
    begin.elapsed().as_secs_f64()
}

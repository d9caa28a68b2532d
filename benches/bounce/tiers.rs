//! What the quality tiers cost, in processor time of a bounce by one worker.

use std::path::Path;

use seiche::engine::Gear;
use seiche::quality::Quality;

use super::{Bench, RATE, reference};

pub fn run(bench: &Bench, _: &Path) {
    let song = reference();
    let took = |quality| {
        let once = || {
            let change = |export: &mut super::Export| {
                (export.crew.workers, export.gear) = (1, Gear::new(quality, RATE));
            };
            bench.bounce(&song, change).cpu
        };
        super::best(once)
    };
    let [draft, normal, high] = Quality::ALL.map(took);
    println!(
        "tiers: draft {:.2}, normal 1, high {:.2}; high takes {:.1} times as long as draft (asked: at least 3)",
        draft / normal,
        high / normal,
        high / draft
    );
}

//! Reference workloads: a dense song, a long one in flat memory, and a tiny pattern.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Mutex;
use std::time::Instant;

use seiche::bounce::{
    Container, Control, Crew, Depth, Export, Length, Level, Measure, Output, Policy, Report, Shape, Source,
    Tags, Tail, Target,
};
use seiche::compile::Request;
use seiche::compile::parts::{Cut, compile_parts};
use seiche::engine::{Event, Gear, What};
use seiche::language::render as show;
use seiche::library::samples::Store;
use seiche::quality::Quality;

use super::song::{Song, Track};
use super::{Bench, RATE, best, resident};

/// A bounce of a text into a file; its report, and the seconds from the text to the file.
fn bounce(
    bench: &Bench,
    text: &str,
    seconds: f64,
    events: Vec<Event>,
    folder: &Path,
    workers: usize,
) -> (f64, Report) {
    let begin = Instant::now();
    let library = bench.library(text);
    let store = Mutex::new(Store::default());
    let request = Request {
        library: &library,
        sound: "x",
        overrides: &[],
        rate: RATE,
        quality: Quality::Normal,
        seed: 0,
        store: &store,
    };
    let parts = compile_parts(&request, Cut::default())
        .unwrap_or_else(|e| panic!("{}", show(&e, library.files(), false)));
    let target = Target {
        path: folder.join("workload.wav"),
        container: Container::Wav,
        shape: Shape { channels: 2, rate: RATE as u32, depth: Depth::Int24 },
        dither: None,
        tags: Tags::default(),
    };
    let export = Export {
        gear: Gear::new(Quality::Normal, RATE),
        length: Length { from: 0, to: (seconds * RATE) as u64, tail: Tail::None },
        events,
        transport: None,
        outputs: vec![Output { source: Source::Mix, target: Some(target), measure: Measure::Peak }],
        level: Level::default(),
        crew: Crew { workers, ..Crew::default() },
        policy: Policy::Stop,
        time_limit: None,
        cache: None,
    };
    let bounced = seiche::bounce::export(&parts, &request, &export, &Control::default(), &mut |_| {});
    let report = bounced.unwrap_or_else(|e| panic!("{e}")).report;
    (begin.elapsed().as_secs_f64(), report)
}

/// Sixteen tracks, 20,000 notes, four sends each, thirty effects, three minutes.
pub fn dense(bench: &Bench, folder: &Path) {
    const SECONDS: f64 = 180.0;
    const NOTES: usize = 20_000;
    let mut text = String::from("seiche: 1\nx:\n  mixer:\n    tracks:\n");
    for n in 0..16 {
        // Twenty-six effects on tracks, four on buses.
        let inserts = if n < 10 {
            "{filter: {cutoff: 6000}}, {compressor: {threshold: -20 dB, ratio: 3}}"
        } else {
            "{filter: {cutoff: 6000}}"
        };
        let _ = writeln!(
            text,
            "      t{n}: {{signal: {{midi_in: {{channel: {n}, voices: 16, signal: {{envelope: {{gate: gate, release: 0.2, signal: \
             {{filter: {{cutoff: 2000, signal: {{osc: {{type: saw, freq: freq, amp: 0.03 * velocity}}}}}}}}}}}}}}}}, inserts: [{inserts}], \
             sends: {{a: -12 dB, b: -12 dB, c: -18 dB, d: -18 dB}}}}"
        );
    }
    text += "    buses:\n      a: {signal: {reverb: {size: 0.8, decay: 2}}}\n      b: {signal: {delay: {time: 0.3}}}\n      \
             c: {signal: {reverb: {size: 0.3, decay: 0.5}}}\n      d: {signal: {delay: {time: 0.2}}}\n";
    let mut events: Vec<Event> = (0..NOTES)
        .flat_map(|n| {
            let (at, channel, key) =
                ((n as f64 * SECONDS * RATE / NOTES as f64) as u32, (n % 16) as u8, (36 + n * 7 % 48) as u8);
            let on = What::NoteOn { channel, key, note: -1, velocity: 0.5 };
            [
                Event { at, what: on },
                Event { at: at + 9_600, what: What::NoteOff { channel, key, note: -1, velocity: 0.5 } },
            ]
        })
        .collect();
    events.sort_by_key(|event| event.at);
    let (seconds, report) = bounce(bench, &text, SECONDS, events, folder, 0);
    println!(
        "dense song, 16 tracks, 20,000 notes, 30 effects: {:.1} times real time on {} workers (asked 40 on 8 cores), idle {:.0} %",
        SECONDS / seconds,
        report.workers,
        report.idle * 100.0
    );
}

/// Sixty-four tracks, ten minutes, into a file.
pub fn long(bench: &Bench, folder: &Path) {
    const SECONDS: f64 = 600.0;
    let text = Song::new(&[Track { short: true, ..Track::default() }; 64]).text();
    // The first seconds make all that there is but the length.
    bounce(bench, &text, 1.0, vec![], folder, 2);
    let before = resident();
    let (seconds, report) = bounce(bench, &text, SECONDS, vec![], folder, 2);
    println!(
        "64 tracks, 10 min: {seconds:.1} s, signals {} MB, {} MB in all, {} MB more than for one second (asked: at most 100)",
        report.memory.buffers >> 20,
        resident() >> 20,
        resident().saturating_sub(before) >> 20,
    );
}

/// One bar of one track: what it costs to begin.
pub fn tiny(bench: &Bench, folder: &Path) {
    let text = "seiche: 1\nx: {mix: {t: {osc: {freq: 100, amp: 0.1}}}}\n";
    let seconds = best(|| bounce(bench, text, 2.0, vec![], folder, 0).0);
    println!("one bar, one track: {:.1} ms from the text to the file (asked 5 to begin)", seconds * 1e3);
}

//! Holds the engine against renders of the reference program, sound by sound. The cases live beside the project; without
//! them there is nothing to compare and the test says so.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use seiche::bounce::{self, Job};
use seiche::compile::{self, Request};
use seiche::language::{Library, render as show};
use seiche::library::samples::Store;
use seiche::quality::Quality;

const RATE: f64 = 44_100.0;

fn specs() -> Vec<&'static seiche::spec::NodeSpec> {
    seiche::nodes::ALL.iter().map(|d| &d.spec).collect()
}

#[test]
fn conformance_sounds_equal_the_reference() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance");
    let Ok(cases) = std::fs::read_dir(folder.join("cases")) else {
        println!("no conformance cases beside the project: nothing compared");
        return;
    };
    let mut paths: Vec<PathBuf> = cases.filter_map(|e| Some(e.ok()?.path())).collect();
    paths.sort();
    let only = std::env::var("ONLY").unwrap_or_default();
    let mut report = BTreeMap::new();
    for path in paths {
        let bytes = std::fs::read(&path).unwrap();
        let library = Library::read(vec![(path.clone(), bytes)], &specs());
        let case = path.file_stem().unwrap().to_str().unwrap().to_owned();
        for d in library.diagnostics() {
            report.insert(format!("{case} (file)"), show(std::slice::from_ref(d), library.files(), false));
        }
        let names: Vec<String> = library.sounds().map(|(n, _)| n.to_owned()).collect();
        for name in names {
            let key = format!("{case}__{name}");
            if !key.contains(&only) {
                continue;
            }
            let verdict = compare(&library, &name, &folder.join("reference").join(format!("{key}.wav")));
            report.insert(key, verdict);
        }
    }
    for (key, verdict) in &report {
        println!("{key}: {verdict}");
    }
    let excused = |key: &str| BETTER.iter().any(|(k, _)| *k == key);
    let bad: Vec<&String> = report
        .iter()
        .filter(|(k, v)| !v.starts_with("ok") && !k.ends_with("(file)") && !excused(k))
        .map(|(k, _)| k)
        .collect();
    assert!(bad.is_empty(), "{bad:?}");
}

/// Sounds for which ours is deliberately better than the reference, and why.
const BETTER: &[(&str, &str)] = &[
    // Fault 4: the reference drops the remainder of every step length, so its steps run early.
    ("05_sequencer__basic", "steps carry their remainder"),
    ("05_sequencer__inline", "steps carry their remainder"),
    ("05_sequencer__stereo_step", "steps carry their remainder"),
    ("09_automation__as_freq", "steps carry their remainder"),
    ("09_automation__odd_interval", "steps carry their remainder"),
    ("09_automation__nodes", "steps carry their remainder"),
    ("11_triggers__select_number", "steps carry their remainder"),
    // Fault 45: the reference's retrigger never ends.
    ("04_delay__retrigger_movement", "ends with its last echo"),
    ("04_delay__retrigger_spread", "ends with its last echo"),
];

#[test]
fn conformance_steps_carry_their_remainder() {
    // 133 bpm in sixteenths: 4973.68 frames a step. After 17 steps the reference is 11 frames early, ours at most one.
    let text = "s: {automation: {interval: 60 / 133 / 4, steps: [1, 2, 3, 4, 5]}}";
    let library = Library::read(vec![("s.yaml".into(), text.as_bytes().to_vec())], &specs());
    let store = std::sync::Mutex::new(Store::default());
    let request = Request {
        library: &library,
        sound: "s",
        overrides: &[],
        rate: RATE,
        quality: Quality::Normal,
        seed: 0,
        store: &store,
    };
    let program = compile::compile(&request).ok().unwrap().program;
    let got = bounce::render(program, &Job { frames: 88_200, ..Job::default() }, &mut |_| true);
    let steps: Vec<usize> = (1..88_200).filter(|n| got.main[0][*n] != got.main[0][*n - 1]).collect();
    for (k, at) in steps.iter().enumerate() {
        assert_eq!(*at, ((k + 1) as f64 * 60.0 / 133.0 / 4.0 * RATE) as usize);
    }
    assert_eq!(steps.len(), 17);
}

fn compare(library: &Library, name: &str, reference: &Path) -> String {
    let store = std::sync::Mutex::new(Store::default());
    let request = Request {
        library,
        sound: name,
        overrides: &[],
        rate: RATE,
        quality: Quality::Normal,
        seed: 0,
        store: &store,
    };
    let compiled = match compile::compile(&request) {
        Ok(c) => c,
        Err(errors) => return format!("does not compile:\n{}", show(&errors, library.files(), false)),
    };
    let wanted = hound::WavReader::open(reference).ok().map(|mut r| {
        let channels = r.spec().channels as usize;
        let samples: Vec<f32> = r.samples::<f32>().map(Result::unwrap).collect();
        (channels, samples)
    });
    let frames = wanted.as_ref().map_or(44_100, |(c, s)| s.len() / c);
    let mut program = compiled.program;
    // The references were rendered without looking at how long a sound says it lasts.
    program.length = None;
    let got = bounce::render(program, &Job { frames, ..Job::default() }, &mut |_| true);
    if got.faults != 0 {
        return "fault".into();
    }
    let Some((channels, wanted)) = wanted else { return "ok (no reference)".into() };
    if channels != got.channels {
        return format!("{} channels instead of {channels}", got.channels);
    }
    let length = got.main[0].len();
    if length.abs_diff(frames) > 1 {
        return format!("{length} frames instead of {frames}");
    }
    let mut worst = (0.0f32, 0);
    let mut off = 0;
    for frame in 0..length.min(frames) {
        let difference = (0..channels).map(|c| (got.main[c][frame] - wanted[frame * channels + c]).abs());
        let difference = difference.fold(0.0, |a: f32, b| if b.is_nan() { f32::INFINITY } else { a.max(b) });
        if difference > 1e-4 {
            off += 1;
        }
        if difference > worst.0 {
            worst = (difference, frame);
        }
    }
    if off * 1000 > length {
        return format!("{off} of {length} frames differ; worst {} at {}", worst.0, worst.1);
    }
    format!("ok ({} off, worst {:.1e})", off, worst.0)
}

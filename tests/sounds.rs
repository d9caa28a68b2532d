//! The language as it sounds: small libraries in `tests/language/sounds/*.txt`, each with properties of what comes out, or with
//! the findings that `seiche check` gives for it.
//!
//! A case is written as in `tests/language.rs`: a title, one or more files, and behind `>>>` one line for each expectation. Sounds
//! are rendered at 44100 Hz for 0.25 s; the sound that lines speak about is the first one, until a line names another.
//!
//! ```text
//! === a saw rises through 0
//! a: {osc: {type: saw, freq: 441}}
//! b: {osc: {type: ramp, freq: 441}}
//! >>>
//! at 0 0.02            value of frame 0, left (and of a mono sound), within 0.0001
//! negative b           opposite in every frame
//! sound b              now speak about the sound b
//! frequency 441
//! ```
//!
//! What can be said: `at FRAME VALUE…` (further values stand for the frames that follow), `right FRAME VALUE…`, `all VALUE`,
//! `all LEFT RIGHT`, `peak VALUE`, `rms VALUE` (both within 1 %), `within LOW HIGH`, `frequency HERTZ` (within 0.5 %, by rising
//! zero crossings), `silent FROM TO`, `loud FROM TO` (a peak above 0.01), `changes FRAME…` (all frames whose value is not that of
//! the frame before), `ends FRAME`, `endless`, `channels 1|2`, `equals SOUND`, `negative SOUND`, `differs SOUND`, `swapped SOUND`,
//! `tracks NAME…`.
//!
//! Settings for what follows: `sound NAME`, `seconds S`, `rate HERTZ`, `note FRAME KEY VELOCITY [CHANNEL]`, `off FRAME KEY
//! [CHANNEL]`, `bend FRAME VALUE`, `pressure FRAME VALUE`, `cc FRAME NUMBER VALUE [CHANNEL]` (0 to 1), `macro FRAME SLOT SHARE`,
//! `host BPM`, `set NAME VALUE`.
//!
//! Any other line is a finding, as in `tests/language.rs`; all findings must be listed. Beside the files lie `ramp.wav` (1000 frames
//! at 44100 Hz, mono, frame k is k / 1000), `stereo.wav` (left 0.5, right -0.25) `half.wav` (as ramp.wav, at 22050 Hz), and
//! above them `outside.wav` (0.5). Files of a case may be YAML or tunings (`.scl`, `.kbm`).

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use seiche::bounce::{self, Depth, Job, Rendering};
use seiche::compile::{self, Request};
use seiche::engine::{Control, Event, Transport, What};
use seiche::language::{Library, render as show_all, vocabulary};
use seiche::library::samples::Store;
use seiche::quality::Quality;

#[path = "language/cases.rs"]
mod cases;

use cases::{Case, all, matches, show};

/// Fewest cases of sounds and findings together.
const FEWEST: usize = 400;

#[test]
fn sounds_cases_hold() {
    let folder = Folder::new();
    let only = std::env::var("ONLY").unwrap_or_default();
    let cases = all("tests/language/sounds");
    let mut failures = vec![];
    for case in cases.iter().filter(|c| c.place.contains(&only)) {
        let wrong = check(case, &folder.0);
        if !wrong.is_empty() {
            failures.push(format!("{}\n    {}\n", case.place, wrong.join("\n    ")));
        }
    }
    println!("{} cases of sounds", cases.len());
    assert!(failures.is_empty(), "{} of {} cases fail\n{}", failures.len(), cases.len(), failures.join("\n"));
}

#[test]
fn sounds_cases_are_many_and_leave_nothing_out() {
    let cases = all("tests/language/sounds");
    let count = cases.len() + all("tests/language").len();
    println!("{count} cases of sounds and findings");
    let mut words = HashSet::new();
    for text in cases.iter().flat_map(|c| &c.files).map(|(_, bytes)| String::from_utf8_lossy(bytes)) {
        words.extend(text.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_owned));
    }
    let mut missing = vec![];
    for spec in seiche::nodes::ALL.iter().map(|d| &d.spec) {
        let names = spec.params.iter().map(|p| p.name).chain([spec.name]);
        missing.extend(names.filter(|n| !words.contains(*n)).map(|n| format!("{}: {n}", spec.name)));
    }
    let functions = vocabulary::FUNCTIONS.iter().map(|f| f.name);
    let names = functions.chain(vocabulary::constant_names()).chain(vocabulary::scale_names());
    missing.extend(names.chain(TEMPO.iter().copied()).filter(|n| !words.contains(*n)).map(str::to_owned));
    assert!(missing.is_empty(), "no case names {missing:?}");
    assert!(count >= FEWEST, "only {count} cases");
}

/// Names below a `tempo`.
const TEMPO: &[&str] = &[
    "bpm",
    "beat",
    "bar",
    "eighth",
    "sixteenth",
    "triplet",
    "bar_number",
    "beat_number",
    "eighth_number",
    "sixteenth_number",
    "triplet_number",
    "bar_tick",
    "beat_tick",
    "eighth_tick",
    "sixteenth_tick",
    "triplet_tick",
    "two_bar_tick",
    "four_bar_tick",
    "eight_bar_tick",
    "sixteen_bar_tick",
];

/// The folder that all cases are read as if they stood in.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        let path = std::env::temp_dir().join(format!("seiche-sounds-{}/library", std::process::id()));
        std::fs::create_dir_all(&path).expect("folder");
        let ramp: Vec<f32> = (0..1000).map(|k| k as f32 / 1000.0).collect();
        let wav = |name: &str, sides: &[&[f32]], rate| {
            bounce::write_wav(&path.join(name), sides, rate, Depth::Float32).expect("written");
        };
        wav("ramp.wav", &[&ramp], 44_100);
        wav("half.wav", &[&ramp], 22_050);
        wav("../outside.wav", &[&[0.5; 1000]], 44_100);
        wav("stereo.wav", &[&[0.5; 1000], &[-0.25; 1000]], 44_100);
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(self.0.join(".."));
    }
}

/// How a sound is rendered.
#[derive(Clone)]
struct Setup {
    sound: String,
    seconds: f64,
    rate: f64,
    events: Vec<Event>,
    host: Option<f64>,
    set: Vec<(String, f64)>,
}

/// What is wrong with a case.
fn check(case: &Case, folder: &Path) -> Vec<String> {
    let specs: Vec<_> = seiche::nodes::ALL.iter().map(|d| &d.spec).collect();
    let mut files = vec![];
    for (name, bytes) in &case.files {
        // Samples and tunings are found by what is on the disk.
        std::fs::write(folder.join(name), bytes).expect("written");
        files.push((folder.join(name), bytes.clone()));
    }
    let library = Library::read(files, &specs);
    let store = Mutex::new(Store::default());
    let prefix = format!("{}/", folder.display());
    let one = case.files.len() == 1;
    let found: Vec<String> = compile::check(&library, 44_100.0, &store)
        .iter()
        .map(|d| match one {
            true => show(&library, d, true),
            false => show(&library, d, false).replace(&prefix, ""),
        })
        .collect();
    let (expected, claims): (Vec<&String>, Vec<&String>) =
        case.expected.iter().filter(|l| *l != "ok").partition(|line| is_finding(line));
    let mut wrong = vec![];
    if found.len() != expected.len() || !expected.iter().zip(&found).all(|(e, f)| matches(e, f)) {
        wrong.push(format!("findings:\n      {}", found.join("\n      ")));
    }
    if case.expected.is_empty() {
        wrong.push("nothing is expected".into());
    }
    let first = library.sounds().next().map_or("", |(name, _)| name).to_owned();
    let mut setup =
        Setup { sound: first, seconds: 0.25, rate: 44_100.0, events: vec![], host: None, set: vec![] };
    let mut rendering = None;
    for line in claims {
        let words: Vec<&str> = line.split_whitespace().collect();
        if apply(&mut setup, &words) {
            rendering = None;
            continue;
        }
        let other = |name: &str| render(&library, &Setup { sound: name.into(), ..setup.clone() }, &store);
        if rendering.is_none() {
            rendering = Some(render(&library, &setup, &store));
        }
        let verdict = match &rendering {
            Some(Ok(rendering)) => claim(rendering, &words, &other),
            Some(Err(why)) => Err(why.clone()),
            None => Ok(()),
        };
        if let Err(why) = verdict {
            wrong.push(format!("{line}: {why}"));
        }
    }
    wrong
}

/// Findings begin with a place, behind their severity if they are no errors.
fn is_finding(line: &str) -> bool {
    let mut words = line.split_whitespace().filter(|word| !matches!(*word, "warning" | "note"));
    words.next().is_some_and(|word| word.contains(':') || word == "?")
}

/// Applies a setting; `false` where the line is none.
fn apply(setup: &mut Setup, words: &[&str]) -> bool {
    let number = |i: usize| words.get(i).and_then(|w| w.parse::<f64>().ok());
    let need = |i: usize| number(i).unwrap_or_else(|| panic!("{words:?} needs a number"));
    let mut event = |what| setup.events.push(Event { at: need(1) as u32, what });
    let channel = |i: usize| number(i).unwrap_or(0.0) as u8;
    match words[0] {
        "sound" => setup.sound = words[1].into(),
        "seconds" => setup.seconds = need(1),
        "rate" => setup.rate = need(1),
        "host" => setup.host = Some(need(1)),
        "set" => setup.set.push((words[1].into(), need(2))),
        "note" => event(What::NoteOn {
            channel: channel(4),
            key: need(2) as u8,
            note: -1,
            velocity: need(3) as f32,
        }),
        "off" => {
            event(What::NoteOff { channel: channel(3), key: need(2) as u8, note: -1, velocity: 0.5 });
        }
        "bend" => event(What::Bend { channel: 0, value: need(2) as f32 }),
        "pressure" => event(What::Pressure { channel: 0, value: need(2) as f32 }),
        "cc" => event(What::Controller { channel: channel(4), number: need(2) as u8, value: need(3) as f32 }),
        "macro" => event(What::Control { control: Control::Macro(need(2) as u8 - 1), value: need(3) as f32 }),
        _ => return false,
    }
    true
}

fn render(library: &Library, setup: &Setup, store: &Mutex<Store>) -> Result<Rendering, String> {
    let request = Request {
        library,
        sound: &setup.sound,
        overrides: &setup.set,
        rate: setup.rate,
        quality: Quality::Normal,
        seed: 0,
        store,
    };
    let compiled = compile::compile(&request).map_err(|e| show_all(&e, library.files(), false))?;
    let transport = setup.host.map(Transport::starting);
    let frames = (setup.seconds * setup.rate) as usize;
    let job = Job {
        frames,
        events: &setup.events,
        transport,
        stems: true,
        blocks: &[512, 1, 441, 64, 2048, 7],
        ..Job::default()
    };
    let rendering = bounce::render(compiled.program, &job, &mut |_| true);
    if rendering.faults != 0 {
        return Err("the sound failed while it played".into());
    }
    Ok(rendering)
}

type Verdict = Result<(), String>;

/// Whether a rendering is what a line says.
fn claim(r: &Rendering, words: &[&str], other: &dyn Fn(&str) -> Result<Rendering, String>) -> Verdict {
    let numbers: Vec<f64> = words[1..].iter().map_while(|w| w.parse().ok()).collect();
    let [left, right] = &r.main;
    let near = |a: f32, b: f64| (f64::from(a) - b).abs() <= 1e-4 * b.abs().max(1.0) || f64::from(a) == b;
    let one_percent = |a: f64, b: f64| (a - b).abs() <= 0.01 * b.abs() + 1e-6;
    let say = |holds: bool, found: String| if holds { Ok(()) } else { Err(format!("found {found}")) };
    let values = |side: &[f32]| {
        let (start, wanted) = (numbers[0] as usize, &numbers[1..]);
        let got = side.get(start..start + wanted.len()).unwrap_or(&[]);
        let same = got.len() == wanted.len() && !wanted.is_empty();
        say(same && got.iter().zip(wanted).all(|(a, b)| near(*a, *b)), format!("{got:?}"))
    };
    let peak = |range: &[f32]| range.iter().fold(0.0f32, |p, x| p.max(x.abs()));
    let stretch = || {
        let from = (numbers[0] as usize).min(left.len());
        &left[from..(numbers[1] as usize).clamp(from, left.len())]
    };
    match words[0] {
        "at" => values(left),
        "right" => values(right),
        "all" => {
            let (l, r) = (numbers[0], numbers.get(1).copied().unwrap_or(numbers[0]));
            let off = (0..left.len()).find(|n| !near(left[*n], l) || !near(right[*n], r));
            let off = off.or((left.is_empty()).then_some(0));
            say(
                off.is_none(),
                off.map_or(String::new(), |n| format!("{:?} at {n}", left.get(n).zip(right.get(n)))),
            )
        }
        "peak" => say(one_percent(peak(left).into(), numbers[0]), peak(left).to_string()),
        "rms" => {
            let square: f64 = left.iter().map(|x| f64::from(*x).powi(2)).sum();
            let rms = (square / left.len().max(1) as f64).sqrt();
            say(one_percent(rms, numbers[0]), rms.to_string())
        }
        "within" => {
            let (low, high) = left.iter().fold((f32::MAX, f32::MIN), |(l, h), x| (l.min(*x), h.max(*x)));
            let inside = f64::from(low) >= numbers[0] - 1e-4 && f64::from(high) <= numbers[1] + 1e-4;
            say(inside && !left.is_empty(), format!("{low} to {high}"))
        }
        "frequency" => {
            let hertz = frequency(left, r.main[0].len());
            say((hertz - numbers[0]).abs() < 0.005 * numbers[0], hertz.to_string())
        }
        "silent" => say(peak(stretch()) == 0.0, format!("a peak of {}", peak(stretch()))),
        "loud" => say(peak(stretch()) > 0.01, format!("a peak of {}", peak(stretch()))),
        "changes" => {
            let found: Vec<f64> =
                (1..left.len()).filter(|n| left[*n] != left[n - 1]).map(|n| n as f64).collect();
            say(found == numbers, format!("{:?}", &found[..found.len().min(12)]))
        }
        "ends" => {
            let frame = r.ended_at.map(|frame| frame as f64);
            say(frame == Some(numbers[0]), format!("{frame:?}"))
        }
        "endless" => say(r.ended_at.is_none(), format!("{:?}", r.ended_at)),
        "channels" => say(r.channels as f64 == numbers[0], r.channels.to_string()),
        "tracks" => {
            let names: Vec<&str> = r.stems.iter().map(|(name, _)| name.as_str()).collect();
            say(names == words[1..], format!("{names:?}"))
        }
        relation => {
            let second = other(words.get(1).copied().unwrap_or(""))?;
            let off = compare(r, &second, relation)?;
            match relation {
                "differs" => say(off.is_some(), "no difference".into()),
                _ => say(off.is_none(), off.unwrap_or_default()),
            }
        }
    }
}

/// The first difference between two renderings, in the sense of `relation`.
fn compare(a: &Rendering, b: &Rendering, relation: &str) -> Result<Option<String>, String> {
    let (sign, sides) = match relation {
        "equals" | "differs" => (1.0, [0, 1]),
        "negative" => (-1.0, [0, 1]),
        "swapped" => (1.0, [1, 0]),
        word => return Err(format!("`{word}` means nothing here")),
    };
    if a.main[0].len() != b.main[0].len() {
        return Ok(Some(format!("{} and {} frames", a.main[0].len(), b.main[0].len())));
    }
    for side in [0, 1] {
        let pairs = a.main[side].iter().zip(&b.main[sides[side]]);
        for (n, (x, y)) in pairs.enumerate() {
            let same =
                (x - sign * y).abs() <= 1e-5 * x.abs().max(1.0) || x.is_nan() && y.is_nan() || *x == sign * y;
            if !same {
                return Ok(Some(format!("{x} and {y} at {n}")));
            }
        }
    }
    Ok(None)
}

/// Frequency from the first to the last rising zero crossing, in hertz at 44.1 kHz.
fn frequency(x: &[f32], frames: usize) -> f64 {
    let rising: Vec<f64> = (1..frames)
        .filter(|n| x[n - 1] < 0.0 && x[*n] >= 0.0)
        .map(|n| n as f64 - f64::from(x[n] / (x[n] - x[n - 1])))
        .collect();
    match rising[..] {
        [first, .., last] => (rising.len() - 1) as f64 * 44_100.0 / (last - first),
        _ => 0.0,
    }
}

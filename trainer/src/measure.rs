//! The measurement: the detector in its three modes beside what people use instead, in one run, scored by the evaluator of the corpora.
//!
//! The peers: a bare threshold, a gate (envelope, threshold, hysteresis, hold, velocity from the peak of the first 1.5 ms; the best of
//! seven settings on the set `tune`), and aubio, if its program is installed.

use std::path::{Path, PathBuf};
use std::process::Command;

use seiche::dsp::drum::{Detector, Fate, Instrument, Mode, Profile, Settings};

use crate::corpora;
use crate::corpus::{Fault, wav};

/// Seconds, velocity, and when it was known.
type Hits = Vec<(f64, f32, f64)>;

/// A recording of a corpus.
struct Take {
    path: PathBuf,
    samples: Vec<f32>,
    rate: f64,
    instrument: Instrument,
}

type System = (&'static str, fn(&Take) -> Option<Hits>);

const SYSTEMS: &[System] = &[
    ("naive: every sample that rises above -20 dBFS", |take| Some(naive(take))),
    ("gate: 18 dB below the loudest peak, hysteresis 6 dB, hold 50 ms", |take| Some(gate(take))),
    ("aubio: hfc, hop 64, threshold 0.6", aubio),
    ("Seiche live", |take| Some(seiche(take, Mode::Live, true))),
    ("Seiche tight", |take| Some(seiche(take, Mode::Tight, true))),
    ("Seiche exact", |take| Some(seiche(take, Mode::Exact, true))),
    ("Seiche live, nothing learned", |take| Some(seiche(take, Mode::Live, false))),
    ("Seiche exact, nothing learned", |take| Some(seiche(take, Mode::Exact, false))),
];

/// Prints a table for every system and corpus.
pub fn run(folder: &Path, tools: &Path) -> Result<(), Fault> {
    let script = tools.join("evaluate.py");
    if !script.is_file() {
        return Err(format!("{}: there is no evaluator", script.display()).into());
    }
    let folders = if folder.join("manifest.json").is_file() {
        vec![folder.to_owned()]
    } else {
        corpora(folder, &[""])?
    };
    let out = std::env::temp_dir().join(format!("seiche-hits-{}", std::process::id()));
    let done = folders.iter().try_for_each(|folder| corpus(folder, &script, &out));
    let _ = std::fs::remove_dir_all(&out);
    done
}

fn corpus(folder: &Path, script: &Path, out: &Path) -> Result<(), Fault> {
    println!("\n# {}", folder.file_name().unwrap_or_default().to_string_lossy());
    for (number, (name, system)) in SYSTEMS.iter().enumerate() {
        let hits = out.join(number.to_string());
        std::fs::create_dir_all(&hits)?;
        if !takes(folder, |name, take| {
            let Some(found) = system(take) else { return Ok(false) };
            let mut table = String::from("time_s,velocity,emit_s\n");
            for (time, velocity, known) in found {
                table += &format!("{time:.7},{velocity:.1},{known:.7}\n");
            }
            std::fs::write(hits.join(format!("{name}.csv")), table)?;
            Ok(true)
        })? {
            println!("\n## {name}: not installed");
            continue;
        }
        let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".into());
        let mut command = Command::new(python);
        let command = command.arg(script).arg("--truth").arg(folder).arg("--det").arg(&hits);
        let printed = command.args(["--label", name]).output()?;
        if !printed.status.success() {
            return Err(String::from_utf8_lossy(&printed.stderr).into_owned().into());
        }
        println!("\n{}", String::from_utf8_lossy(&printed.stdout).trim_end());
    }
    Ok(())
}

/// Does `work` with every recording of a corpus, until it says no.
fn takes(folder: &Path, mut work: impl FnMut(&str, &Take) -> Result<bool, Fault>) -> Result<bool, Fault> {
    let manifest: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("manifest.json"))?)?;
    for entry in manifest["files"].as_array().ok_or("no files in the manifest")? {
        let name = entry["name"].as_str().unwrap_or_default();
        let path = folder.join(format!("{name}.wav"));
        let (samples, rate) = wav(&path)?;
        let instrument = crate::corpus::instrument(entry["inst"].as_str().unwrap_or_default());
        if !work(name, &Take { path, samples, rate: f64::from(rate), instrument })? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn seiche(take: &Take, mode: Mode, learn: bool) -> Hits {
    let settings = Settings { mode, instrument: take.instrument, ..Settings::default() };
    let mut detector = Detector::new(take.rate, settings);
    if learn {
        let mut first = Detector::new(take.rate, Settings { mode: Mode::Exact, ..settings });
        first.process(&take.samples, None, None, |_| {});
        if let Some(profile) = Profile::of_strokes(first.strokes(), take.instrument) {
            detector.listen_for(profile);
        }
    }
    let latency = f64::from(detector.latency());
    let mut hits = Vec::new();
    detector.process(&take.samples, None, None, |heard| {
        if heard.fate == Fate::Accepted {
            let at = heard.at as f64;
            hits.push(((at - latency) / take.rate, heard.velocity, at / take.rate));
        }
    });
    hits
}

/// A rising edge of the bare signal.
fn naive(take: &Take) -> Hits {
    let high = |n: usize| take.samples[n].abs() >= 0.1;
    let rises = (1..take.samples.len()).filter(|n| high(*n) && !high(n - 1));
    rises.map(|n| n as f64 / take.rate).map(|at| (at, 127.0, at)).collect()
}

/// What most plug-ins do, with the gain set right.
fn gate(take: &Take) -> Hits {
    let loudest = |samples: &[f32]| samples.iter().fold(0.0f32, |most, x| most.max(x.abs()));
    let full = loudest(&take.samples);
    let (open, close) = (full * 0.126, full * 0.063);
    let (hold, scan) = ((0.050 * take.rate) as usize, (0.0015 * take.rate) as usize);
    let fall = (-1.0 / (0.015 * take.rate)).exp() as f32;
    let (mut hits, mut shut, mut free, mut envelope) = (Vec::new(), true, 0, 0.0f32);
    for (n, x) in take.samples.iter().enumerate() {
        envelope = x.abs().max(envelope * fall);
        if shut && envelope >= open && n >= free {
            let peak = loudest(&take.samples[n..(n + scan).min(take.samples.len())]) / full;
            let at = n as f64 / take.rate;
            hits.push((at, (127.0 * peak.powf(1.0 / 1.5)).clamp(1.0, 127.0), at));
            (shut, free) = (false, n + hold);
        } else if envelope < close && n >= free {
            shut = true;
        }
    }
    hits
}

fn aubio(take: &Take) -> Option<Hits> {
    let mut command = Command::new("aubioonset");
    let command = command.args(["-O", "hfc", "-B", "256", "-H", "64", "-t", "0.6", "-s", "-50", "-i"]);
    let printed = command.arg(&take.path).output().ok()?;
    let text = String::from_utf8_lossy(&printed.stdout).into_owned();
    let times = text.lines().filter_map(|line| line.trim().parse().ok());
    Some(times.map(|at: f64| (at, 0.0, at)).collect())
}

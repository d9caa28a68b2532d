//! A corpus as the trainer sees it: every file as levels, hop by hop, with what it truly holds.

use std::path::Path;

use seiche::dsp::drum::Instrument;
use seiche::dsp::drum::bands::{Bands, HOPS, Levels};
use seiche::dsp::drum::contrast::Contrast;
use seiche::dsp::drum::profile::{Profile, STROKE, Stroke, Strokes};

use crate::train::Random;

/// A true stroke.
#[derive(Clone, Copy)]
pub struct Truth {
    /// Seconds.
    pub at: f64,
    /// Level of its own peak (log2 of the square).
    pub peak: f32,
    /// Below what sounds already: neither missed nor a mistake.
    pub masked: bool,
}

pub struct File {
    pub instrument: Instrument,
    pub levels: Vec<Levels>,
    /// Hops at which the detector would ask its model.
    pub active: Vec<bool>,
    pub truth: Vec<Truth>,
    /// Strokes of other drums.
    pub bleed: Vec<f64>,
    /// What learning would find.
    pub profile: Profile,
}

pub type Fault = Box<dyn std::error::Error>;

/// The samples of the first channel, and the rate.
pub fn wav(path: &Path) -> Result<(Vec<f32>, u32), Fault> {
    let mut reader = hound::WavReader::open(path)?;
    let spec = reader.spec();
    let channels = usize::from(spec.channels);
    let samples: Result<Vec<f32>, _> = match spec.sample_format {
        hound::SampleFormat::Float => reader.samples::<f32>().step_by(channels).collect(),
        hound::SampleFormat::Int => {
            let scale = 1.0 / (1u32 << (spec.bits_per_sample - 1)) as f32;
            reader.samples::<i32>().step_by(channels).map(|x| x.map(|x| x as f32 * scale)).collect()
        }
    };
    Ok((samples?, spec.sample_rate))
}

/// Rows of a CSV file with a header.
fn table(path: &Path) -> Result<Vec<Vec<String>>, Fault> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(text.lines().skip(1).map(|line| line.trim().split(',').map(str::to_owned).collect()).collect())
}

/// Reads a corpus. More than half of its files are played faster or slower, and with it higher or lower, by up to 0.4 octaves: new drums
/// out of the same ones.
pub fn read(folder: &Path, seed: u64) -> Result<Vec<File>, Fault> {
    let manifest: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("manifest.json"))?)?;
    let list = manifest["files"].as_array().ok_or("no files in the manifest")?;
    let mut random = Random::new(seed);
    let mut files = Vec::new();
    for entry in list {
        let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
        let name = text("name");
        let (samples, rate) = wav(&folder.join(format!("{name}.wav")))?;
        let rate = f64::from(rate);
        let faster = match random.share() < 0.4 {
            true => 1.0,
            false => 2f64.powf(f64::from(random.share()) * 0.8 - 0.4),
        };
        let parse = |text: &str| text.parse::<f64>().map_err(|_| format!("{name}: no number: {text}"));
        let mut truth = Vec::new();
        for row in table(&folder.join(format!("{name}.truth.csv")))? {
            truth.push(Truth {
                at: parse(&row[0])? / rate / faster,
                peak: (parse(&row[3])? / (10.0 * 2f64.log10())) as f32,
                masked: row[7] == "1",
            });
        }
        truth.sort_by(|a, b| a.at.total_cmp(&b.at));
        let mut bleed = Vec::new();
        for row in table(&folder.join(format!("{name}.bleed.csv")))? {
            bleed.push(parse(&row[0])? / rate / faster);
        }
        bleed.sort_by(f64::total_cmp);
        let instrument = instrument(&text("inst"));
        let mut bands = Bands::new(rate * faster);
        let mut contrast = Contrast::default();
        let (mut levels, mut active) = (Vec::new(), Vec::new());
        let mut rest = &samples[..];
        while !rest.is_empty() {
            let (taken, hop) = bands.hear(rest);
            rest = &rest[taken..];
            if let Some(hop) = hop {
                active.push(contrast.follow(&hop));
                levels.push(hop);
            }
        }
        let mut strokes = Strokes::default();
        for t in truth.iter().filter(|t| !t.masked) {
            let from = (t.at * HOPS) as usize;
            strokes.take(Stroke::of(&levels[from.min(levels.len())..(from + STROKE).min(levels.len())]));
        }
        let profile = Profile::of_strokes(&strokes, instrument).ok_or("a file without strokes")?;
        files.push(File { instrument, levels, active, truth, bleed, profile });
    }
    Ok(files)
}

/// The instrument that a corpus names; a second snare or tom is one, too.
pub fn instrument(name: &str) -> Instrument {
    Instrument::named(name.trim_end_matches('2')).unwrap_or_default()
}

//! `seiche triggers`: the strokes of a recorded drum as a table or a MIDI file, by the detector that plays in a host.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

use crate::bounce::{self, Depth};
use crate::dsp::drum::{Detector, Fate, Heard, Instrument, Mode, Profile, Reason, Settings};
use crate::library;
use crate::score::{DrumNote, write_strokes};

/// What went wrong, in one sentence for people.
type Fault = String;

/// Beats of a second in the MIDI files.
const BEATS: f64 = 2.0;

/// Find the strokes of a recorded drum and write them as a table or a MIDI file. Exit code 0: written; 1: a file cannot be read or
/// written; 2: a wrong command line.
#[derive(Args)]
#[command(after_help = "\
Examples:
  seiche triggers snare.wav -o snare.mid --instrument snare --learn auto
  seiche triggers kick.wav -o kick.csv --mode live --hold 30
  seiche triggers tom.wav --learn tom_alone.wav --reference snare.wav --candidates

A table has a line for each stroke: when it is (seconds), its velocity (1 to 127), and when it was known. In exact and tight mode strokes
stand where they begin; in live mode where their note goes out.")]
pub(super) struct Triggers {
    /// A sound file; its channels are averaged.
    file: PathBuf,
    /// The file to write, .csv or .mid [default: the table goes to the standard output].
    #[arg(short, long, value_name = "X.csv|X.mid")]
    out: Option<PathBuf>,
    /// How long a stroke is listened to: not at all (as in a host without latency), 1.5 ms, or 10 ms.
    #[arg(long, value_enum, default_value = "exact")]
    mode: ModeName,
    /// What kind of drum it is.
    #[arg(long, default_value = "any", value_parser = instruments())]
    instrument: Instrument,
    /// Learn the drum first: from the eight loudest strokes of another recording, or of the same one.
    #[arg(long, value_name = "FILE|auto")]
    learn: Option<String>,
    /// A recording of the drum that bleeds into this one, as long as this one.
    #[arg(long, value_name = "FILE")]
    reference: Option<PathBuf>,
    /// Write what the detector hears, behind gain and filters, into a WAV file.
    #[arg(long, value_name = "X.wav")]
    listen: Option<PathBuf>,
    /// Tell of everything that was considered, and why it was refused.
    #[arg(long)]
    candidates: bool,
    /// Input gain in decibels, -24 to 24.
    #[arg(long, default_value = "0", value_parser = decibels(-24.0, 24.0), allow_negative_numbers = true)]
    gain: f32,
    /// Softer peaks are no strokes: decibels below full scale, -60 to 0.
    #[arg(long, default_value_t = Settings::default().threshold, value_parser = decibels(-60.0, 0.0), allow_negative_numbers = true)]
    threshold: f32,
    /// How far below the threshold the signal must fall before softer strokes are refused again, 0 to 24 dB.
    #[arg(long, default_value = "6", value_parser = decibels(0.0, 24.0))]
    hysteresis: f32,
    /// How readily something counts as a stroke, 0 to 100 %.
    #[arg(long, default_value = "50", value_parser = percent)]
    sensitivity: f32,
    /// No further stroke for so many milliseconds, 5 to 500.
    #[arg(long, default_value = "12", value_parser = milliseconds(5.0, 500.0))]
    hold: f64,
    /// No stroke that is at least 6 dB softer than the last one for so many milliseconds, 0 to 1000.
    #[arg(long, default_value = "0", value_parser = milliseconds(0.0, 1000.0))]
    retrigger: f64,
    /// How much a loud stroke keeps softer ones out while it rings, 0 to 100 %.
    #[arg(long, default_value = "50", value_parser = percent)]
    cancel: f32,
    /// The detector's high-pass filter, 20 to 20000 Hz [default: off].
    #[arg(long, value_parser = decibels(20.0, 20_000.0))]
    high_pass: Option<f32>,
    /// The detector's low-pass filter, 20 to 20000 Hz [default: off].
    #[arg(long, value_parser = decibels(20.0, 20_000.0))]
    low_pass: Option<f32>,
    /// The least time that a stroke is listened to for its velocity, 0 to 10 ms.
    #[arg(long, default_value = "0", value_parser = milliseconds(0.0, 10.0))]
    scan: f64,
    /// How loudness becomes velocity.
    #[arg(long, value_enum, default_value = "linear")]
    curve: CurveName,
    /// Least and greatest velocity.
    #[arg(long, default_value = "1..127", value_parser = velocities, value_name = "MIN..MAX")]
    velocity: (f32, f32),
    /// One velocity for all strokes, 1 to 127.
    #[arg(long, value_parser = decibels(1.0, 127.0))]
    fixed: Option<f32>,
    /// How much strokes must have the drum's own colour, 0 to 100 %.
    #[arg(long = "match", default_value = "0", value_parser = percent)]
    likeness: f32,
    /// How much of what sounds on the reference is refused, 0 to 100 %.
    #[arg(long, default_value = "50", value_parser = percent)]
    reject: f32,
    /// Moves every stroke, -20 to 20 ms.
    #[arg(long, default_value = "0", value_parser = milliseconds(-20.0, 20.0), allow_negative_numbers = true)]
    align: f64,
    /// Keep to the preset or the learned drum, whatever is played.
    #[arg(long)]
    steady: bool,
    /// Note of the MIDI file, 0 to 127 [default: 36, 38 or 45 for kick, snare or tom].
    #[arg(long, value_parser = clap::value_parser!(u8).range(0..=127))]
    note: Option<u8>,
    /// Channel of the MIDI file, 1 to 16.
    #[arg(long, default_value = "10", value_parser = clap::value_parser!(u8).range(1..=16))]
    channel: u8,
    /// Length of the notes in milliseconds, 1 to 10000.
    #[arg(long, default_value = "50", value_parser = milliseconds(1.0, 10_000.0))]
    length: f64,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ModeName {
    Live,
    Tight,
    Exact,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CurveName {
    Linear,
    Log,
    Exp,
}

fn number(text: &str, low: f64, high: f64) -> Result<f64, String> {
    let value = text.parse().ok().filter(|x: &f64| (low..=high).contains(x));
    value.ok_or_else(|| format!("write a number from {low} to {high}"))
}

fn instruments() -> impl TypedValueParser<Value = Instrument> {
    let names = Instrument::NAMED.map(|(_, name)| name);
    PossibleValuesParser::new(names).map(|name| Instrument::named(&name).unwrap_or_default())
}

fn decibels(low: f64, high: f64) -> impl Fn(&str) -> Result<f32, String> + Clone {
    move |text| number(text, low, high).map(|x| x as f32)
}

fn percent(text: &str) -> Result<f32, String> {
    number(text, 0.0, 100.0).map(|x| (x / 100.0) as f32)
}

/// As seconds.
fn milliseconds(low: f64, high: f64) -> impl Fn(&str) -> Result<f64, String> + Clone {
    move |text| number(text, low, high).map(|x| x / 1000.0)
}

fn velocities(text: &str) -> Result<(f32, f32), String> {
    let parts = text.split_once("..").ok_or("write MIN..MAX, for example 20..127")?;
    let (least, greatest) = (number(parts.0, 1.0, 127.0)?, number(parts.1, 1.0, 127.0)?);
    if least > greatest {
        return Err("the least velocity comes first".into());
    }
    Ok((least as f32, greatest as f32))
}

/// One channel of audio.
struct Track {
    rate: f64,
    samples: Vec<f32>,
}

impl Triggers {
    pub fn run(self) -> ExitCode {
        match self.find() {
            Ok(()) => ExitCode::SUCCESS,
            Err(fault) => {
                eprintln!("seiche: {fault}");
                ExitCode::FAILURE
            }
        }
    }

    fn find(&self) -> Result<(), Fault> {
        if let Some(out) = &self.out
            && !is(out, "csv")
            && !is(out, "mid")
        {
            return Err(format!("{}: write a name that ends in .csv or .mid", out.display()));
        }
        let track = read(&self.file)?;
        let reference = self.reference.as_deref().map(read).transpose()?;
        if reference.as_ref().is_some_and(|r| r.rate != track.rate) {
            return Err("the reference has another sample rate than the file".into());
        }
        let settings = self.settings();
        let mut detector = Detector::new(track.rate, settings);
        if let Some(profile) = self.learned(&track)? {
            detector.listen_for(profile);
        }
        let mut reference = reference.map(|r| r.samples);
        if let Some(reference) = &mut reference {
            reference.resize(track.samples.len(), 0.0);
        }
        let mut listen = vec![0.0; if self.listen.is_some() { track.samples.len() } else { 0 }];
        let mut heard = Vec::new();
        // What is decided at the end goes out a little behind it.
        let rest = vec![0.0; (0.05 * track.rate) as usize];
        let listened = self.listen.is_some().then_some(&mut listen[..]);
        detector.process(&track.samples, reference.as_deref(), listened, |h| heard.push(h));
        detector.process(&rest, None, None, |h| heard.push(h));
        if let Some(path) = &self.listen {
            bounce::write_wav(path, &[&listen], track.rate as u32, Depth::Float32)
                .map_err(|e| cannot_write(path, &e))?;
        }
        if !self.candidates {
            heard.retain(|h| h.fate == Fate::Accepted);
        }
        self.write(&heard, track.rate, detector.latency())
    }

    fn settings(&self) -> Settings {
        Settings {
            mode: match self.mode {
                ModeName::Live => Mode::Live,
                ModeName::Tight => Mode::Tight,
                ModeName::Exact => Mode::Exact,
            },
            instrument: self.instrument,
            gain: self.gain,
            threshold: self.threshold,
            hysteresis: self.hysteresis,
            sensitivity: self.sensitivity,
            hold: self.hold,
            retrigger: self.retrigger,
            cancel: self.cancel,
            high_pass: self.high_pass,
            low_pass: self.low_pass,
            scan: self.scan,
            curve: match self.curve {
                CurveName::Linear => 0.0,
                CurveName::Log => 1.0,
                CurveName::Exp => -1.0,
            },
            least: self.velocity.0,
            greatest: self.velocity.1,
            fixed: self.fixed,
            likeness: self.likeness,
            reject: self.reject,
            align: self.align,
            adapt: !self.steady,
        }
    }

    /// The drum of the recording that is learned from.
    fn learned(&self, track: &Track) -> Result<Option<Profile>, Fault> {
        let other;
        let (path, from) = match self.learn.as_deref() {
            None => return Ok(None),
            Some("auto") => (self.file.as_path(), track),
            Some(path) => {
                other = read(Path::new(path))?;
                (Path::new(path), &other)
            }
        };
        // All strokes count, also where the ones to be found should be louder.
        let settings = Settings { mode: Mode::Exact, likeness: 0.0, align: 0.0, ..self.settings() };
        let mut detector = Detector::new(from.rate, settings);
        detector.process(&from.samples, None, None, |_| {});
        let profile = Profile::of_strokes(detector.strokes(), settings.instrument);
        profile.map(Some).ok_or_else(|| format!("{}: there are no strokes to learn from", path.display()))
    }

    fn write(&self, heard: &[Heard], rate: f64, latency: u32) -> Result<(), Fault> {
        let table = || self.table(heard, rate, latency);
        match &self.out {
            None => {
                // A reader that has seen enough closes the pipe: no fault of ours.
                let _ = std::io::stdout().write_all(table().as_bytes());
                Ok(())
            }
            Some(path) => {
                let bytes =
                    if is(path, "mid") { self.midi(heard, rate, latency)? } else { table().into_bytes() };
                std::fs::write(path, bytes).map_err(|e| cannot_write(path, &e))?;
                let strokes = heard.iter().filter(|h| h.fate == Fate::Accepted).count();
                println!("wrote     {}\nstrokes   {strokes}", path.display());
                Ok(())
            }
        }
    }

    /// Seconds, velocity, and when it was known; with all candidates their fate as well.
    fn table(&self, heard: &[Heard], rate: f64, latency: u32) -> String {
        let mut text = String::from("time_s,velocity,emit_s");
        text += if self.candidates { ",fate,odds\n" } else { "\n" };
        for h in heard {
            let time = place(h, latency) / rate;
            text += &format!("{time:.7},{:.1},{:.7}", h.velocity, h.at as f64 / rate);
            if self.candidates {
                let fate = match h.fate {
                    Fate::Accepted => "accepted",
                    Fate::BelowThreshold => "below threshold",
                    Fate::Masked => "masked",
                    Fate::Bleed(Reason::Unlike) => "bleed: unlike a stroke",
                    Fate::Bleed(Reason::Reference) => "bleed: on the reference",
                };
                text += &format!(",{fate},{:.2}", h.odds);
            }
            text += "\n";
        }
        text
    }

    fn midi(&self, heard: &[Heard], rate: f64, latency: u32) -> Result<Vec<u8>, Fault> {
        let accepted = heard.iter().filter(|h| h.fate == Fate::Accepted);
        let strokes: Vec<(f64, f32)> =
            accepted.map(|h| (place(h, latency) / rate * BEATS, h.velocity)).collect();
        let note = DrumNote {
            key: self.note.unwrap_or(self.instrument.key()),
            channel: self.channel - 1,
            length: self.length * BEATS,
        };
        write_strokes(&strokes, note, BEATS * 60.0)
    }
}

/// Frame of a stroke in the recording.
fn place(heard: &Heard, latency: u32) -> f64 {
    (heard.at as f64 - f64::from(latency)).max(0.0)
}

fn is(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case(extension))
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Fault {
    format!("{}: cannot be written ({error})", path.display())
}

fn read(path: &Path) -> Result<Track, Fault> {
    let audio = library::audio(path).map_err(|e| e.to_string())?;
    let scale = 1.0 / audio.channels.len() as f32;
    let mut samples = vec![0.0; audio.frames()];
    for channel in &audio.channels {
        for (sum, x) in samples.iter_mut().zip(channel) {
            *sum += x * scale;
        }
    }
    Ok(Track { rate: audio.rate, samples })
}

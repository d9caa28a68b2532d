//! `seiche render`: a sound into a WAV file, by the engine that plays it in a host, as fast as it can.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::Instant;

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};

use crate::bounce::{self, Depth, Job, Rendering};
use crate::compile::{self, Compiled, Request};
use crate::engine::{Control, Event, Transport, What, strip_fault};
use crate::language::{Diagnostic, Library, nearest, render as show, vocabulary};
use crate::library::{self, samples::Store};
use crate::nodes;

/// What went wrong, in one sentence for people.
type Fault = String;

/// A sound that does not say how long it lasts is rendered for so many seconds.
const DEFAULT_SECONDS: f64 = 4.0;
/// Renders of fewer seconds show no progress.
const SHORT_SECONDS: f64 = 20.0;
/// Longest WAV data in bytes, with room for the header.
const LARGEST_FILE: f64 = 4_294_967_000.0;

/// Renders a sound of a library into a WAV file (stereo). Exit code 0: rendered; 1: the library has errors, the sound failed
/// while it played, or a file cannot be read or written; 2: a wrong command line.
#[derive(Args)]
#[command(after_help = "\
Examples:
  seiche render hello.yaml                          the only sound of the file, as hello.wav
  seiche render presets --sound song --stems        a folder is one library; one file more for each track of the mix
  seiche render presets --sound kick --set tune=41 --set decay=0.6 --out low_kick.wav
  seiche render night.yaml --macro brightness=2kHz --macro drive=-6dB
  seiche render presets --sound song --bpm 96 --seconds 82 --rate 48000 --bits 32f

A sound lasts as long as the longest `duration` written in it, or 4 seconds where there is none; --seconds says otherwise. What plays
by notes (midi_in) is silent here: start it from a sequencer, or play it in the plug-in.")]
pub(super) struct Render {
    /// A file, or a folder whose .yaml and .yml files make one library.
    file: PathBuf,
    /// Which sound; may be left out where there is only one.
    #[arg(long, value_name = "NAME")]
    sound: Option<String>,
    /// How long.
    #[arg(long, value_parser = seconds, allow_negative_numbers = true)]
    seconds: Option<f64>,
    /// Frames per second.
    #[arg(long, default_value = "44100", value_parser = clap::value_parser!(u32).range(1000..=384_000))]
    rate: u32,
    /// The file to write [default: NAME.wav in this folder].
    #[arg(long, value_name = "X.wav")]
    out: Option<PathBuf>,
    /// Write each track of the mix as well: X_01_drums.wav, X_02_bass.wav and so on.
    #[arg(long)]
    stems: bool,
    /// How samples are written: 16 or 24 bit whole numbers, or 32-bit float, which cannot clip.
    #[arg(long, value_enum, default_value = "24")]
    bits: Bits,
    /// Set a variable or parameter of the sound: a number or a note name. May be given several times.
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting)]
    set: Vec<(String, f64)>,
    /// Turn a macro of the library, for the whole sound: a value of its range, with a unit where it has one. May be given several
    /// times.
    #[arg(long = "macro", value_name = "NAME=VALUE", value_parser = turn)]
    macros: Vec<(String, String)>,
    /// Play as in a host of this tempo, from the first bar; it comes before the tempo of the sound.
    #[arg(long, value_parser = tempo)]
    bpm: Option<f64>,
    /// Seed of everything random: the same seed gives the same file.
    #[arg(long, default_value = "0")]
    seed: u64,
    /// Frames that are rendered at a time; makes no difference to the result.
    #[arg(long, default_value = "512", value_parser = clap::value_parser!(u32).range(1..=1 << 20))]
    block: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Bits {
    #[value(name = "16")]
    Sixteen,
    #[value(name = "24")]
    TwentyFour,
    #[value(name = "32f")]
    Float,
}

impl Bits {
    fn depth(self) -> (Depth, u32) {
        match self {
            Bits::Sixteen => (Depth::Int16, 2),
            Bits::TwentyFour => (Depth::Int24, 3),
            Bits::Float => (Depth::Float32, 4),
        }
    }
}

fn number(text: &str, low: f64, high: f64, what: &str) -> Result<f64, String> {
    let value = text.parse().ok().filter(|x: &f64| (low..=high).contains(x));
    value.ok_or_else(|| format!("write {what} from {low} to {high}"))
}

fn seconds(text: &str) -> Result<f64, String> {
    number(text, 0.001, 86_400.0, "seconds")
}

fn tempo(text: &str) -> Result<f64, String> {
    number(text, 1.0, 1000.0, "beats per minute")
}

fn setting(text: &str) -> Result<(String, f64), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE, for example cutoff=800")?;
    let number = value.parse().ok().filter(|x: &f64| x.is_finite());
    let value = number.or_else(|| vocabulary::note(value));
    let value = value.ok_or("the value is a number or a note name, for example cutoff=800 or freq=a3")?;
    Ok((name.trim().to_owned(), value))
}

fn turn(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE, for example brightness=800Hz")?;
    Ok((name.trim().to_owned(), value.to_owned()))
}

impl Render {
    pub fn run(self) -> ExitCode {
        self.render().unwrap_or_else(|fault| {
            eprintln!("seiche: {fault}");
            ExitCode::FAILURE
        })
    }

    fn render(self) -> Result<ExitCode, Fault> {
        let files = library::read(&self.file).map_err(|d| d.message)?;
        let specs: Vec<_> = nodes::ALL.iter().map(|def| &def.spec).collect();
        let library = Library::read(files, &specs);
        report(library.diagnostics(), &library);
        if library.diagnostics().iter().any(Diagnostic::is_error) {
            return Ok(ExitCode::FAILURE);
        }
        let sound = self.choose(&library)?;
        let turned = self.turned(&library)?;
        let store = Mutex::new(Store::default());
        let request = Request {
            library: &library,
            sound: &sound,
            overrides: &self.set,
            rate: f64::from(self.rate),
            seed: self.seed,
            store: &store,
        };
        let Compiled { program, warnings, .. } = match compile::compile(&request) {
            Ok(compiled) => compiled,
            Err(errors) => {
                report(&errors, &library);
                return Ok(ExitCode::FAILURE);
            }
        };
        report(&warnings, &library);

        let rate = f64::from(self.rate);
        let own = program.length.map(|frames| frames as f64 / rate);
        let length = self.seconds.or(own).unwrap_or(DEFAULT_SECONDS);
        let (depth, bytes) = self.bits.depth();
        if length * rate * f64::from(2 * bytes) > LARGEST_FILE {
            return Err(format!(
                "{length} s are more than a WAV file can hold (4 GiB): write fewer --seconds"
            ));
        }
        let strips: Vec<String> = program.strips().map(|s| s.name.clone()).collect();
        let blocks = [self.block as usize];
        let job = Job {
            frames: (length * rate).round() as usize,
            events: &turned,
            transport: self.bpm.map(start_of_song),
            stems: self.stems,
            blocks: &blocks,
        };
        let bar = progress_bar(length, job.frames);
        let began = Instant::now();
        let rendering = bounce::render(program, &job, &mut |done| {
            bar.set_position(done as u64);
            true
        });
        let spent = began.elapsed().as_secs_f64();
        bar.finish_and_clear();

        if self.seconds.is_none() && own.is_none() && rendering.ended_at.is_none() {
            eprintln!(
                "seiche: `{sound}` does not say how long it lasts: {length} s (--seconds says otherwise)"
            );
        }
        let out = self.out.unwrap_or_else(|| PathBuf::from(format!("{}.wav", safe(&sound))));
        write(&out, &rendering.main, self.rate, depth)?;
        for (number, (name, sides)) in rendering.stems.iter().enumerate() {
            write(&stem_path(&out, number + 1, name), sides, self.rate, depth)?;
        }
        let text = summary(&rendering, &out, rate, spent, self.bits)?;
        // A closed pipe (`seiche render … | head`) is no fault.
        let _ = std::io::stdout().write_all(text.as_bytes());
        Ok(faults(rendering.faults, &strips))
    }

    /// The macros that are turned, from the beginning on.
    fn turned(&self, library: &Library) -> Result<Vec<Event>, Fault> {
        let turn = |(name, text): &(String, String)| {
            let all = library.macros();
            let Some(item) = all.iter().find(|m| m.name == *name) else {
                let names: Vec<&str> = all.iter().map(|m| m.name.as_str()).collect();
                let hint =
                    nearest(name, names.iter().copied()).map(|near| format!("did you mean `{near}`? "));
                let list = if names.is_empty() {
                    "it has none".into()
                } else {
                    format!("its macros are: {}", names.join(", "))
                };
                return Err(format!("the library has no macro `{name}`; {}{list}", hint.unwrap_or_default()));
            };
            let share =
                item.read(text).filter(|share| (-1e-9..=1.0 + 1e-9).contains(share)).ok_or_else(|| {
                    let (low, high) = item.range_text();
                    format!("`{text}` is no value of the macro `{name}`: it goes from {low} to {high}")
                })?;
            let control = Control::Macro(item.slot);
            Ok(Event { at: 0, what: What::Control { control, value: share.clamp(0.0, 1.0) as f32 } })
        };
        self.macros.iter().map(turn).collect()
    }

    /// The sound that was asked for, or the only one.
    fn choose(&self, library: &Library) -> Result<String, Fault> {
        let names: Vec<&str> = library.sounds().map(|(name, _)| name).collect();
        let list = || format!("the sounds of {} are: {}", self.file.display(), names.join(", "));
        match (&self.sound, names.as_slice()) {
            (_, []) => Err(format!("{}: there is no sound in this library", self.file.display())),
            (None, [only]) => Ok((*only).to_owned()),
            (None, _) => Err(format!("say which sound with --sound; {}", list())),
            (Some(name), _) if names.contains(&name.as_str()) => Ok(name.clone()),
            (Some(name), _) => {
                let hint = nearest(name, names.iter().copied());
                let hint = hint.map_or(String::new(), |near| format!("did you mean `{near}`? "));
                Err(format!("there is no sound `{name}`; {hint}{}", list()))
            }
        }
    }
}

fn report(diagnostics: &[Diagnostic], library: &Library) {
    if !diagnostics.is_empty() {
        eprint!("{}", show(diagnostics, library.files(), std::io::stderr().is_terminal()));
    }
}

/// A host that begins to play at the first bar.
fn start_of_song(tempo: f64) -> Transport {
    Transport { playing: true, tempo, beats: 0.0, frame: Some(0), time_signature: (4, 4), bar: None }
}

/// Shown on a terminal only, and only where there is something to wait for.
fn progress_bar(seconds: f64, frames: usize) -> ProgressBar {
    if seconds < SHORT_SECONDS || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(frames as u64);
    if let Ok(style) = ProgressStyle::with_template("rendering {bar:40} {percent:>3} %, {eta} left") {
        bar.set_style(style);
    }
    bar
}

fn write(path: &Path, sides: &[Vec<f32>; 2], rate: u32, depth: Depth) -> Result<(), Fault> {
    bounce::write_wav(path, &[&sides[0], &sides[1]], rate, depth)
        .map_err(|e| format!("{}: cannot be written ({e})", path.display()))
}

/// `mix.wav` and the first strip `Hi-hat!` make `mix_01_Hi-hat.wav`.
fn stem_path(out: &Path, number: usize, name: &str) -> PathBuf {
    let stem = out.file_stem().unwrap_or_default().to_string_lossy();
    out.with_file_name(format!("{stem}_{number:02}_{}.wav", safe(name)))
}

/// A name that every file system takes: letters, digits, `-` and `_`.
fn safe(name: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || c == '-' { c } else { '_' };
    let name: String = name.chars().map(plain).take(60).collect();
    match name.trim_matches('_') {
        "" => "sound".to_owned(),
        trimmed => trimmed.to_owned(),
    }
}

fn summary(rendering: &Rendering, out: &Path, rate: f64, spent: f64, bits: Bits) -> Result<String, Fault> {
    let [left, right] = &rendering.main;
    let seconds = left.len() as f64 / rate;
    let peak = left.iter().chain(right).fold(0.0f32, |p, x| p.max(x.abs()));
    let decibels =
        |level: f64| if level > 0.0 { format!("{:.1} dBFS", 20.0 * level.log10()) } else { "silent".into() };
    let stems = match rendering.stems.len() {
        0 => String::new(),
        n => format!(" and {n} stems beside it"),
    };
    let mut text = format!("wrote     {}{stems}\n", out.display());
    text += &format!("duration  {seconds:.3} s at {rate} Hz\n");
    text += &format!("peak      {}\n", decibels(f64::from(peak)));
    text += &format!("loudness  {}\n", loudness(left, right, rate)?);
    text += &format!("voices    {} at most\n", rendering.voices);
    text += &format!("speed     {:.0} times real time\n", seconds / spent.max(1e-9));
    if peak > 1.0 && bits != Bits::Float {
        text +=
            "clipped   louder than a file of whole numbers can hold: lower its levels, or write --bits 32f\n";
    }
    Ok(text)
}

/// Integrated loudness of the whole (EBU R 128).
fn loudness(left: &[f32], right: &[f32], rate: f64) -> Result<String, Fault> {
    let measured = ebur128::EbuR128::new(2, rate as u32, ebur128::Mode::I).and_then(|mut meter| {
        meter.add_frames_planar_f32(&[left, right])?;
        meter.loudness_global()
    });
    match measured {
        Ok(lufs) if lufs.is_finite() => Ok(format!("{lufs:.1} LUFS")),
        Ok(_) => Ok("too short or too quiet to tell".into()),
        Err(e) => Err(format!("the loudness cannot be measured ({e})")),
    }
}

/// Tells which tracks failed while they played.
fn faults(faults: u64, strips: &[String]) -> ExitCode {
    if faults == 0 {
        return ExitCode::SUCCESS;
    }
    let named: Vec<&str> = strips
        .iter()
        .enumerate()
        .filter(|(i, _)| faults & strip_fault(*i) != 0)
        .map(|(_, n)| n.as_str())
        .collect();
    match named.as_slice() {
        [] => eprintln!("seiche: the sound failed while it played; the file is silent from there on"),
        names => eprintln!(
            "seiche: not finite and therefore silent: {} (a division by zero, or a loop that grows?)",
            names.join(", ")
        ),
    }
    ExitCode::FAILURE
}

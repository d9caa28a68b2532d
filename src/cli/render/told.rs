//! What `seiche render` tells: how far it is, and what has come of it.

use std::io::{IsTerminal, Write};

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};

use crate::bounce::{Forecast, Guess, Levels, Progress, Report, level};

/// Renders of fewer seconds show no bar.
const SHORT_SECONDS: f64 = 20.0;
/// Steps of the bar.
const STEPS: u64 = 1_000;

/// How the progress is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Telling {
    /// A bar, on terminals and for long sounds.
    Bar,
    /// A line of JSON to the standard error, several times a second.
    Json,
    None,
}

/// Tells it.
pub struct Teller {
    telling: Telling,
    bar: ProgressBar,
}

impl Teller {
    pub fn new(telling: Telling, seconds: f64) -> Teller {
        let shown = telling == Telling::Bar && seconds >= SHORT_SECONDS && std::io::stderr().is_terminal();
        let bar = if shown { ProgressBar::new(STEPS) } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("rendering {bar:40} {percent:>3} %, {msg}") {
            bar.set_style(style);
        }
        Teller { telling, bar }
    }

    pub fn tell(&self, progress: &Progress) {
        let left = progress.left.map(|left| left.as_secs_f64());
        self.bar.set_position((progress.done * STEPS as f64) as u64);
        self.bar.set_message(left.map_or(String::new(), |left| format!("{left:.0} s left")));
        if self.telling == Telling::Json {
            let parts: serde_json::Map<String, serde_json::Value> =
                progress.parts.iter().map(|(name, share)| (name.clone(), (*share).into())).collect();
            let line = serde_json::json!({
                "done": progress.done, "left": left, "written": progress.written, "parts": parts,
            });
            // Nobody who listens is no fault.
            let _ = writeln!(std::io::stderr(), "{line}");
        }
    }

    pub fn done(&self) {
        self.bar.finish_and_clear();
    }
}

/// How loud it is going to be, and what is done about it.
pub fn forecast(forecast: &Forecast, gain: Option<f64>) -> String {
    let line = |name: &str, guess: &Guess| {
        let bound = guess.bound.map_or(String::new(), |bound| format!(", at most {bound:.1} dBFS"));
        format!("foretold  {name}: peak {}{bound}\n", level(guess.expected, "dBFS"))
    };
    let mut text = line("mix", &forecast.mix);
    text.extend(forecast.strips.iter().map(|(name, guess)| line(name, guess)));
    text.extend(forecast.weak.iter().map(|why| format!("foretold  weakly: {why}\n")));
    text.extend(gain.map(|gain| format!("headroom  {gain:+.2} dB on everything\n")));
    text
}

/// What has come of it, for people.
pub fn summary(report: &Report, whole_numbers: bool) -> String {
    let Some(main) = report.files.first() else { return String::new() };
    let stems = match report.files.len() {
        0 | 1 => String::new(),
        n => format!(" and {} stems beside it", n - 1),
    };
    let path = main.path.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
    let Levels { peak, true_peak, lufs, .. } = main.levels;
    let mut text = format!("wrote     {path}{stems}\n");
    text += &format!("duration  {:.3} s at {} Hz\n", main.frames as f64 / report.rate, report.rate);
    text += &format!("peak      {}", level(peak, "dBFS"));
    text += &true_peak.map_or("\n".to_owned(), |peak| format!(" ({peak:.1} dBTP)\n"));
    text += &format!(
        "loudness  {}\n",
        lufs.map_or("too short or too quiet to tell".into(), |x| format!("{x:.1} LUFS"))
    );
    if report.gain != 0.0 {
        text += &format!("gain      {:+.2} dB\n", report.gain);
    }
    text += &format!("voices    {} at most\n", report.parts.iter().map(|part| part.voices).sum::<usize>());
    text += &format!("speed     {:.0} times real time\n", report.real_time_factor);
    let cached = report.cache.hits;
    if cached > 0 {
        text += &format!("cache     {cached} of {} parts were as before\n", report.parts.len());
    }
    if whole_numbers && main.clipped > 0 {
        text +=
            "clipped   louder than a file of whole numbers can hold: lower its levels, or write --bits 32f\n";
    }
    text
}

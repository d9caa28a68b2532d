//! The options of `seiche render`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::told::Telling;
use super::values::{
    Headroom, Place, TailWish, When, headroom, level, marker, range, seconds, setting, tag, tail, tempo, turn,
};
use crate::bounce::{Container, Depth, Policy, names};
use crate::compile::parts::Point;
use crate::quality::Quality;

/// Renders a sound of a library into an audio file (stereo). Exit code 0: rendered; 1: the library has errors, the sound failed
/// while it played, or a file cannot be read or written; 2: a wrong command line.
#[derive(Args)]
#[command(after_help = "\
Examples:
  seiche render hello.yaml                          the only sound of the file, as hello.wav
  seiche render presets --sound song --stems        a folder is one library; one file more for each track of the mix
  seiche render presets --sound kick --set tune=41 --set decay=0.6 --out low_kick.wav
  seiche render night.yaml --macro brightness=2kHz --macro drive=-6dB
  seiche render presets --sound song --bpm 96 --seconds 82 --rate 48000 --bits 32f
  seiche render presets --sound song --bpm 96 --range 4bars..8bars --tail wrapped --format flac
  seiche render night.yaml --range intro..verse --out intro.wav
  seiche render presets --sound keys --midi tune.mid --headroom auto
  seiche render presets --sound song --stems=dry --lufs -14 --true-peak -1 --report song.json

A sound lasts as long as the longest `duration` written in it, else as the song or pattern in it, as the MIDI file, or 4 seconds where
there is none of these; --seconds says otherwise. What plays by notes (midi_in) is silent without a pattern or --midi.")]
pub struct Render {
    /// A file, or a folder whose .yaml and .yml files make one library.
    pub file: PathBuf,
    /// Which sound; may be left out where there is only one.
    #[arg(long, value_name = "NAME")]
    pub sound: Option<String>,
    /// How long.
    #[arg(long, value_parser = seconds, allow_negative_numbers = true)]
    pub seconds: Option<f64>,
    /// Frames per second.
    #[arg(long, default_value = "44100", value_parser = clap::value_parser!(u32).range(1000..=384_000))]
    pub rate: u32,
    /// How finely it is computed: high runs everything at four times the rate, so that FM and distortion hardly alias; draft saves sums of harmonics and interpolation.
    #[arg(long, value_enum, default_value = "normal")]
    pub quality: Tier,
    /// The file to write [default: NAME.wav in this folder].
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// What file is written: broadcast WAV says when it was, FLAC is smaller.
    #[arg(long, value_enum, default_value = "wav")]
    pub format: Format,
    /// How samples are written: 16 or 24 bit whole numbers, or 32-bit float, which cannot clip.
    #[arg(long, value_enum, default_value = "24")]
    pub bits: Bits,
    /// Triangular dither of whole numbers, or plain rounding.
    #[arg(long, value_enum, default_value = "tpdf")]
    pub dither: Dither,
    /// Write each track and bus of the mix as well: X_01_drums.wav, X_02_bass.wav and so on; before its effects (dry), behind them, or
    /// behind its fader.
    #[arg(long, value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "post-fader")]
    pub stems: Option<Stems>,
    /// Send each stem through the effects of the master, on its own.
    #[arg(long, requires = "stems")]
    pub stems_with_master: bool,
    /// How the files of stems are called; in braces stand out, sound, number, track or kind.
    #[arg(long, value_name = "TEMPLATE", default_value = names::STEMS)]
    pub stem_names: String,
    /// Leave files alone that are there already.
    #[arg(long)]
    pub keep_existing: bool,
    /// Play the notes of this MIDI file.
    #[arg(long, value_name = "FILE")]
    pub midi: Option<PathBuf>,
    /// Only a part of the song: FROM..TO, each as 2.5s, 1:30, 8beats, 2bars, 48000frames, or the name of a marker or section of the song;
    /// without TO, up to its end.
    #[arg(long, value_parser = range, conflicts_with = "seconds")]
    pub range: Option<(Place, Place)>,
    /// What is kept behind the end, where a host's transport stops: none, auto (until it is silent), a time, or wrapped into the
    /// beginning, for seamless loops [default: none; auto with --midi].
    #[arg(long, value_parser = tail)]
    pub tail: Option<TailWish>,
    /// Make it as loud as this peak, in dBFS. All files get the same gain; with several levels, the smallest.
    #[arg(long, value_name = "DB", value_parser = level, allow_negative_numbers = true)]
    pub peak: Option<f64>,
    /// Make it as loud as this true peak, in dBTP.
    #[arg(long, value_name = "DB", value_parser = level, allow_negative_numbers = true)]
    pub true_peak: Option<f64>,
    /// Make it as loud as this integrated loudness, in LUFS.
    #[arg(long, value_name = "LUFS", value_parser = level, allow_negative_numbers = true)]
    pub lufs: Option<f64>,
    /// Make it softer, if need be, so that no peak is above this, in dBFS; or auto: by what is foretold before rendering.
    #[arg(long, value_name = "DB", value_parser = headroom, allow_negative_numbers = true, num_args = 0..=1, default_missing_value = "0")]
    pub headroom: Option<Headroom>,
    /// Say beforehand how loud it is going to be: the mix, and each track and bus.
    #[arg(long)]
    pub forecast: bool,
    /// A text for the file: title, artist, comment or key. May be given several times.
    #[arg(long, value_name = "NAME=TEXT", value_parser = tag)]
    pub tag: Vec<(String, String)>,
    /// A marker in the files, at a time of the song. May be given several times.
    #[arg(long, value_name = "TIME=NAME", value_parser = marker)]
    pub marker: Vec<(When, String)>,
    /// Threads that work [default: one for each core]; makes no difference to the result.
    #[arg(long, default_value = "0", value_parser = clap::value_parser!(u16).range(0..=256), hide_default_value = true)]
    pub workers: u16,
    /// Megabytes that signals on their way between tracks may take: with less it takes longer, and is the same.
    #[arg(long, value_name = "MB", default_value = "64", value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub memory: u32,
    /// What is done with a track that fails: stop, skip it from the beginning, or silence it from there on (of a track that lacks a
    /// sample, only that).
    #[arg(long, value_enum, default_value = "silence")]
    pub on_fault: OnFault,
    /// How long the work for a single track may take; then it has failed.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub time_limit: Option<f64>,
    /// Keep what tracks have put out in this folder, and render only those that have changed.
    #[arg(long, value_name = "FOLDER")]
    pub cache: Option<PathBuf>,
    /// How the progress is told.
    #[arg(long, value_enum, default_value = "bar")]
    pub progress: Telling,
    /// Write down what was done and measured: as JSON, or as text into a .txt file.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Set a variable or parameter of the sound: a number or a note name. May be given several times.
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting)]
    pub set: Vec<(String, f64)>,
    /// Turn a macro of the library, for the whole sound: a value of its range, with a unit where it has one. May be given several
    /// times.
    #[arg(long = "macro", value_name = "NAME=VALUE", value_parser = turn)]
    pub macros: Vec<(String, String)>,
    /// Play as in a host of this tempo, from the first bar; it comes before the tempo of the sound.
    #[arg(long, value_parser = tempo)]
    pub bpm: Option<f64>,
    /// Seed of everything random: the same seed gives the same file.
    #[arg(long, default_value = "0")]
    pub seed: u64,
    /// Frames that are rendered at a time; makes no difference to the result.
    #[arg(long, default_value = "4096", value_parser = clap::value_parser!(u32).range(1..=1 << 20))]
    pub block: u32,
}

/// How finely it is computed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Tier {
    Draft,
    Normal,
    High,
}

impl Tier {
    pub fn quality(self) -> Quality {
        match self {
            Tier::Draft => Quality::Draft,
            Tier::Normal => Quality::Normal,
            Tier::High => Quality::High,
        }
    }
}

/// How samples are written.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Bits {
    #[value(name = "16")]
    Sixteen,
    #[value(name = "24")]
    TwentyFour,
    #[value(name = "32f")]
    Float,
}

impl Bits {
    pub fn depth(self) -> Depth {
        match self {
            Bits::Sixteen => Depth::Int16,
            Bits::TwentyFour => Depth::Int24,
            Bits::Float => Depth::Float32,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Wav,
    Bwf,
    Aiff,
    Flac,
}

impl Format {
    pub fn container(self) -> Container {
        match self {
            Format::Wav => Container::Wav,
            Format::Bwf => Container::Bwf,
            Format::Aiff => Container::Aiff,
            Format::Flac => Container::Flac,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Dither {
    Tpdf,
    None,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Stems {
    Dry,
    PostInsert,
    PostFader,
}

impl Stems {
    pub fn point(self) -> Point {
        match self {
            Stems::Dry => Point::Dry,
            Stems::PostInsert => Point::PostInsert,
            Stems::PostFader => Point::PostFader,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OnFault {
    Stop,
    Skip,
    Silence,
}

impl OnFault {
    pub fn policy(self) -> Policy {
        match self {
            OnFault::Stop => Policy::Stop,
            OnFault::Skip => Policy::Skip,
            OnFault::Silence => Policy::Silence,
        }
    }
}

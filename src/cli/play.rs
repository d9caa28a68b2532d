//! `seiche play`: a library at the system's audio and MIDI, with the window or without.

use std::path::PathBuf;
use std::process::ExitCode;

use super::opened;
use crate::plugin::standalone::{Backend, Wish, play};

/// See `seiche play --help`.
#[derive(clap::Args)]
pub struct Play {
    /// Library: a YAML file, a folder of them, or a bundle
    library: PathBuf,
    /// Sound to be played; the library's first unless given
    #[arg(short, long)]
    sound: Option<String>,
    /// Play without the window, until Ctrl+C
    #[arg(long)]
    no_window: bool,
    /// What the sound comes out of
    #[arg(short, long, value_enum, default_value_t = Audio::Auto)]
    backend: Audio,
    /// Output device of ALSA; an empty name lists them
    #[arg(short, long)]
    output: Option<String>,
    /// Port that notes come from, of ALSA or JACK; an empty name lists those of ALSA
    #[arg(short, long)]
    midi: Option<String>,
    /// Frames per second; JACK has its own
    #[arg(short, long, default_value_t = 48_000, value_parser = clap::value_parser!(u32).range(8_000..=384_000))]
    rate: u32,
    /// Frames of a block; JACK has its own
    #[arg(long, default_value_t = 512, value_parser = clap::value_parser!(u32).range(16..=8_192))]
    block: u32,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Audio {
    /// JACK where its server runs, or else ALSA
    Auto,
    Jack,
    Alsa,
}

impl Play {
    pub fn run(self) -> ExitCode {
        opened::end(self.play())
    }

    fn play(self) -> Result<(), String> {
        if !self.library.exists() {
            return Err(format!("{}: there is no such file or folder", self.library.display()));
        }
        let backend = match self.backend {
            Audio::Auto => Backend::Auto,
            Audio::Jack => Backend::Jack,
            Audio::Alsa => Backend::Alsa,
        };
        let Play { library, sound, output, midi, rate, block, .. } = self;
        let library = std::path::absolute(&library).unwrap_or(library);
        play(Wish { library, sound, window: !self.no_window, backend, output, midi, rate, block })
    }
}
